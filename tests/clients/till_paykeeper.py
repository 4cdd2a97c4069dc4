"""Receipts of Касса PayKeeper's API spoken to its double from another side, by nothing but Python's own library.

Neither PyPI nor npm has a client of this protocol (the public ones are PHP and come by Composer, which the checks can not reach), so
these words are written once more, as public programs send `/change/receipt/print/`, with nothing of ours imported.

DOUBLE: address of the double; CREDENTIALS: JSON; RECEIVER: host:port to listen on.
"""

import base64
import http.server
import json
import os
import queue
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

DOUBLE = os.environ["DOUBLE"].rstrip("/")
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
RECEIVER = os.environ["RECEIVER"]
SECONDS_MAX = 20  # a receipt that is not printed by then never is

told = queue.Queue()
browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def check(what, holds, found=""):
    print(("ok   " if holds else "FAIL ") + what, flush=True)
    if not holds:
        sys.exit(f"{what}: found {found!r}")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Hears what became of receipts."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(200)
        self.end_headers()
        told.put(dict(urllib.parse.parse_qsl(body)))

    def log_message(self, *_):
        pass


def exchange(path, form=None, password=CREDENTIALS["password"]):
    data = None if form is None else urllib.parse.urlencode(form).encode()
    pair = base64.b64encode(f"{CREDENTIALS['user']}:{password}".encode()).decode()
    request = urllib.request.Request(DOUBLE + path, data, {"Authorization": f"Basic {pair}"})
    try:
        with browser.open(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as answer:
        return answer.code, {}


def receipt(key, token, **changed):
    agent = {"agent": {"type": "another"}, "supplier": {"name": "ООО «Справка»", "inn": "7727401209", "phones": ["+74951234567"]}}
    cart = [
        {"name": "Билет", "price": 1500, "quantity": 1, "sum": 1500, "tax": "none", "item_type": "service", "payment_type": "full", **agent},
        {"name": "Доставка", "price": 300.5, "quantity": 2, "sum": 601, "tax": "vat22", "item_type": "service", "payment_type": "full"},
    ]
    form = {
        "payment_id": "", "type": "sale", "is_post_sale": "false", "is_correction": "false", "refund_id": "", "contact": "buyer@mail.test",
        "sum_cashless": "2101.00", "sum_cash": 0, "sum_advance": 0, "sum_credit": 0, "sum_counter_payment": 0, "cart": json.dumps(cart),
        "receipt_key": key, "token": token, **changed,
    }
    return exchange("/change/receipt/print/", form)[1]


def printed(receipt_id):
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        row = exchange(f"/info/receipts/byid/?id={receipt_id}")[1]
        if row["status"] != "created":
            return row
        time.sleep(0.5)
    sys.exit(f"{receipt_id} was not printed")


def main():
    host, port = RECEIVER.rsplit(":", 1)
    receiver = http.server.ThreadingHTTPServer((host, int(port)), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    check("a wrong password stays outside", exchange("/info/settings/token/", password="guessed")[0] == 401)
    token = exchange("/info/settings/token/")[1]["token"]
    key = "py-" + uuid.uuid4().hex
    refused = receipt(key, "0" * 32)
    check("a wrong token is refused in the vendor's words", refused == {"result": "fail", "msg": "Токен безопасности не верен"}, refused)
    check("a sum that is not the cart's is refused", receipt(key, token, sum_cashless="2100.99")["result"] == "fail")
    made = receipt(key, token)
    check("a receipt is taken", bool(made["receipt_id"]), made)
    check("the same key is the same receipt", receipt(key, token)["receipt_id"] == made["receipt_id"])
    row = printed(made["receipt_id"])
    check("it is printed", (row["status"], row["receipt_key"], row["sum_cashless"]) == ("success", key, "2101.00"), row)
    check("with the attributes of a receipt", all(row[name] for name in ("fn", "fnd", "fpd", "rnkkt", "ts", "shift_number", "receipt_number")), row)
    heard = told.get(timeout=20)
    check("and told of", (heard["id"], heard["receipt_key"], heard["status"]) == (made["receipt_id"], key, "success"), heard)
    back = printed(receipt(key + "b", token, type="refund")["receipt_id"])
    check("it is given back by the next document", int(back["fnd"]) == int(row["fnd"]) + 1, back)
    missing = exchange("/info/receipts/byid/?id=1")[1]
    check("a receipt nobody printed is not found", missing == {"result": "fail", "msg": "Чек не найден"}, missing)
    receiver.shutdown()


if __name__ == "__main__":
    main()
