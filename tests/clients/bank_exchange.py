"""Parsers we did not write read the payment orders we write, and agree with each other (client-bank-1c, client-bank-exchange-1c)."""

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import client_bank_1c
from client_bank_exchange_1c import Document, Header

FILE = Path(__file__).parents[2] / "shared/connectors/tests/wire/1c_client_bank_exchange.cp1251"
# Of each order: number, date, amount, both accounts, the payee's ИНН and БИК.
WANTED = [
    ("7", date(2026, 11, 22), Decimal("2895.00"), "40702810900000000009", "40702810200000000001", "7700000023", "044525225"),
    ("8", date(2026, 11, 22), Decimal("0.01"), "40702810900000000009", "40702810200000000001", "7700000023", "044525225"),
]


def main(path):
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n"), "every line ends with CR LF"

    strict = client_bank_1c.load(data)
    assert strict.info["ВерсияФормата"] == "1.03" and strict.info["Кодировка"] == "Windows", strict.info
    keys = ("Номер", "Дата", "Сумма", "ПлательщикСчет", "ПолучательРасчСчет", "ПолучательИНН", "ПолучательБИК")
    read = [tuple(document[key] for key in keys) for document in strict.documents]
    assert read == WANTED, read

    # The other one knows which keys a bank requires: writing a document out with its checks on fails when one is missing.
    # (Its `Statement` wants balances, which payment orders do not have.)
    text = data.decode("cp1251").replace("\r\n", "\n")
    header, documents = Header.from_text(text), Document.from_text(text)
    read = [
        (of.number, of.date, of.amount, of.payer.account, of.receiver.account_number, of.receiver.inn, of.receiver.bank_bic)
        for of in documents
    ]
    assert read == WANTED, read
    # The city of a bank, required there, is part of the bank's name with us; the taxes' keys are for payments to the budget.
    header.to_text(validate=True)
    for of in documents:
        of.payer.bank_2_city = of.receiver.bank_2_city = "Москва"
        for part in (of.payer, of.receiver, of.payment):
            part.to_text(validate=True)
        assert of.payment.purpose.startswith("Перечисление принципалу"), of.payment.purpose
    print(f"client-bank-1c and client-bank-exchange-1c read {len(read)} payment orders of {path.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
