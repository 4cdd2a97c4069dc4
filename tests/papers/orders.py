"""Reads exported orders with lxml and the csv module, holds them against the scheme, and reckons their sums again."""

import csv
import io
import json
import os
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from lxml import etree

HERE = Path(__file__).parent
NAMESPACE = {"c": "urn:1C.ru:commerceml_2"}
checks = 0


def hold(condition, *told):
    global checks
    checks += 1
    if not condition:
        raise SystemExit("does not hold: " + " ".join(map(str, told)))


def rub(text):
    assert text.endswith("RUB"), text
    return Decimal(text[:-3]) / 100


def one(node, path):
    (found,) = node.xpath(path, namespaces=NAMESPACE)
    return found


def texts(node, path):
    return [found.text or "" for found in node.xpath(path, namespaces=NAMESPACE)]


def requisites(node):
    pairs = node.xpath("c:ЗначенияРеквизитов/c:ЗначениеРеквизита", namespaces=NAMESPACE)
    return {one(pair, "c:Наименование").text: one(pair, "c:Значение").text for pair in pairs}


def inside(amount, rate):
    return (amount * rate / (100 + rate)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def check_line(goods, line):
    amount = Decimal(one(goods, "c:Сумма").text)
    hold(amount == rub(line["amount"]), "a line's amount", amount)
    hold(Decimal(one(goods, "c:ЦенаЗаЕдиницу").text) == rub(line["price"]), "its price")
    hold(Decimal(one(goods, "c:Количество").text) == Decimal(line["quantity"]), "its quantity")
    hold(one(goods, "c:БазоваяЕдиница").get("Код") == line["unit"] == one(goods, "c:Единица").text, "its unit")
    hold(texts(goods, "c:Артикул") == [text for text in [line["product"]] if text], "its article")
    hold((one(goods, "c:Ид").text == "ORDER_DELIVERY") == line["delivery"], "the delivery")
    kinds = requisites(goods)
    hold(kinds["ВидНоменклатуры"] == kinds["ТипНоменклатуры"] and (not line["delivery"] or kinds["ТипНоменклатуры"] == "Услуга"), kinds)
    rates = texts(goods, "c:СтавкиНалогов/c:СтавкаНалога/c:Ставка")
    rate = line["vat"].removeprefix("vat")
    hold(rates == ([] if rate == "none" else [rate]), "its rate", rates)
    if rate == "none":
        hold(not texts(goods, "c:Налоги"), "no tax")
        return None
    tax = Decimal(one(goods, "c:Налоги/c:Налог/c:Сумма").text)
    hold(tax == inside(amount, Decimal(rate)), "its tax", tax, amount, rate)
    return rate, tax


def check_document(document, told):
    hold(one(document, "c:Номер").text == told["number"], "the number")
    whole = Decimal(one(document, "c:Сумма").text)
    lines = document.xpath("c:Товары/c:Товар", namespaces=NAMESPACE)
    hold(len(lines) == len(told["lines"]), "lines")
    hold(whole == rub(told["amount"]) == sum(Decimal(one(line, "c:Сумма").text) for line in lines), "the sum", whole)
    taxes = {}
    for goods, line in zip(lines, told["lines"]):
        found = check_line(goods, line)
        if found:
            taxes[found[0]] = taxes.get(found[0], Decimal(0)) + found[1]
    said = document.xpath("c:Налоги/c:Налог", namespaces=NAMESPACE)
    hold({one(tax, "c:Ставка").text: Decimal(one(tax, "c:Сумма").text) for tax in said} == taxes, "the taxes", taxes)
    hold(all(one(tax, "c:УчтеноВСумме").text == "true" for tax in said), "taxes are in the sum")
    buyer = one(document, "c:Контрагенты/c:Контрагент")
    hold(one(buyer, "c:Роль").text == "Покупатель", "the buyer")
    hold(texts(buyer, "c:ИНН") == [inn for inn in [told["inn"]] if inn], "the buyer's ИНН")
    hold(len(texts(buyer, "c:ОфициальноеНаименование")) == (len(told["inn"] or "") == 10), "a legal entity or not")
    contacts = dict(zip(texts(buyer, "c:Контакты/c:Контакт/c:Тип"), texts(buyer, "c:Контакты/c:Контакт/c:Значение")))
    hold((contacts.get("Почта"), contacts.get("Телефон мобильный")) == (told["email"], told["phone"]), contacts)
    hold({"Статус заказа", "Заказ оплачен", "Отменен", "ПометкаУдаления"} <= requisites(document).keys(), "requisites")


def main():
    folder = Path(sys.argv[1])
    told = json.loads((folder / "told.json").read_text())
    tree = etree.parse(folder / "orders.xml")
    schemes = [HERE / "commerceml.xsd"] + [Path(path) for path in [os.environ.get("COMMERCEML_XSD")] if path]
    for scheme in schemes:
        schema = etree.XMLSchema(etree.parse(scheme))
        hold(schema.validate(tree), scheme.name, schema.error_log)
    root = tree.getroot()
    hold(root.get("ВерсияСхемы") == "2.10", "the version")
    documents = root.xpath("c:Документ", namespaces=NAMESPACE)
    hold(len(documents) == len(told), "documents")
    for document, order in zip(documents, told):
        check_document(document, order)
    buyers = {one(document, "c:Контрагенты/c:Контрагент/c:Ид").text for document in documents}
    hold(len(buyers) < len(documents), "the same buyer has the same id")
    raw = (folder / "orders.csv").read_bytes()
    hold(raw.startswith(b"\xef\xbb\xbf"), "the mark")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    hold(len(rows) == len(told) + 1 and all(len(row) == 16 for row in rows), "rows")
    for row, order in zip(rows[1:], told):
        hold(row[0] == order["number"] and Decimal(row[6].replace(",", ".")) == rub(order["amount"]), row)
    print(f"{len(documents)} orders against {', '.join(scheme.name for scheme in schemes)}: {checks} checks hold")


main()
