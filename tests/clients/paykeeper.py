"""PayKeeper's protocol spoken to its double from another side, by nothing but Python's own library.

Neither PyPI nor npm has a client of this protocol (the public ones come by Composer or from GitHub, which the checks may not reach), so
these words are written once more, from the vendor's documents («JSON API», «Приём POST оповещений»), with nothing of ours imported.
Public software drives the double with paykeeper.php and paykeeper_pretix.py beside this file, where GitHub is in reach:
JustCommunication-ru/paykeeper-sdk (15fd6dd), Pathologic/commerce-payment-paykeeper (f0bda3b) and csmplay/pretix-paykeeper (c88ebd7) make,
list, count and withdraw invoices, are paid, check and answer notifications and send money back, whole and in part; by hand
Eseath/paykeeper-php-sdk (3c91a9c) too, with guzzle/psr7 2.7: `PAYKEEPER_SDK=FOLDER:FOLDER… tests/clients/run paykeeper`.

DOUBLE: address of the double; CREDENTIALS: JSON; RECEIVER: host:port to listen on; PAY: what addresses of the buyer's page begin with.
"""

import base64
import datetime
import hashlib
import http.server
import json
import os
import queue
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid

DOUBLE = os.environ["DOUBLE"].rstrip("/")
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
RECEIVER = os.environ["RECEIVER"]
PAY = os.environ["PAY"].rstrip("/")
SECRET = CREDENTIALS["secret"]
MOSCOW = datetime.timezone(datetime.timedelta(hours=3))

told = queue.Queue()
deaf = threading.Event()  # answers a notification wrongly, once


def check(what, holds, found=""):
    print(("ok   " if holds else "FAIL ") + what, flush=True)
    if not holds:
        sys.exit(f"{what}: found {found!r}")


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Receiver(http.server.BaseHTTPRequestHandler):
    """Hears notifications and answers as the vendor wants it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        answer = "OK" if deaf.is_set() else "OK " + md5(fields["id"] + SECRET)
        deaf.clear()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(answer.encode())
        told.put((self.headers["Content-Type"], body, fields))

    def log_message(self, *_):
        pass


class Stay(urllib.request.HTTPRedirectHandler):
    """Shows where an answer leads instead of going there."""

    def redirect_request(self, *_):
        return None


browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)


def exchange(url, form=None, headers=None):
    data = None if form is None else urllib.parse.urlencode(form).encode()
    try:
        with browser.open(urllib.request.Request(url, data, headers or {}), timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def basic(password):
    pair = f"{CREDENTIALS['user']}:{password}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


def get(path, **query):
    pairs = urllib.parse.urlencode(query, doseq=True)
    status, _, body = exchange(f"{DOUBLE}{path}?{pairs}", headers=basic(CREDENTIALS["password"]))
    check(f"GET {path} is answered", status == 200, (status, body))
    return json.loads(body) if body else []


def change(path, token=None, **form):
    form["token"] = token or get("/info/settings/token/")["token"]
    status, _, body = exchange(DOUBLE + path, form, basic(CREDENTIALS["password"]))
    check(f"POST {path} is answered", status == 200, (status, body))
    return json.loads(body)


def pay(url, card):
    """Opens a page of the vendor's and pays at what it leads to."""
    status, headers, _ = exchange(url)
    page = headers.get("Location", "")
    check(f"{urllib.parse.urlsplit(url).path.split('/')[-3]} leads to the buyer's page", status == 303 and page.startswith(PAY + "/"), page)
    status, headers, _ = exchange(page, {"card": card})
    check(f"the card {card} is taken", status == 303, status)
    return headers["Location"]


def heard(order, wanted_sum):
    kind, _, fields = told.get(timeout=20)
    check("a notification is a form", kind == "application/x-www-form-urlencoded", kind)
    key = md5(fields["id"] + fields["sum"] + fields["clientid"] + fields["orderid"] + SECRET)
    check("its key is md5 of id, sum, clientid, orderid and the secret word", fields["key"] == key, fields)
    check("it tells of this order and this sum", (fields["orderid"], fields["sum"]) == (order, wanted_sum), fields)
    return fields


def today(days=0):
    return (datetime.datetime.now(MOSCOW) + datetime.timedelta(days=days)).date().isoformat()


def find(order):
    rows = get("/info/payments/search/", query=order, beg_date=today(-1), end_date=today(1))
    return [row for row in rows if row["orderid"] == order]


def by_id(payment):
    [row] = get("/info/payments/byid/", id=payment, advanced="true")
    return row


def main():
    host, port = RECEIVER.rsplit(":", 1)
    receiver = http.server.ThreadingHTTPServer((host, int(port)), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    order = "py-" + uuid.uuid4().hex[:20]

    status, _, body = exchange(DOUBLE + "/info/settings/token/", headers=basic("guessed"))
    check("a wrong password stays outside", status == 401 and "token" not in body, status)
    refused = change("/change/invoice/preview/", token="0" * 32, pay_amount="1.00")
    check("a wrong token is refused in the vendor's words", refused == {"result": "fail", "msg": "Токен безопасности не верен."}, refused)
    check("a sum of nothing is refused", change("/change/invoice/preview/", pay_amount="0")["result"] == "fail")

    service = json.dumps({"service_name": "Выписка / копия", "user_result_callback": "https://shop.test/back", "lang": "ru"})
    expiry = (datetime.datetime.now(MOSCOW) + datetime.timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
    asked = {"pay_amount": "1234.50", "clientid": "Иванов Иван", "orderid": order, "service_name": service, "expiry": expiry}
    made = change("/change/invoice/preview/", **asked)
    invoice = get("/info/invoice/byid/", id=made["invoice_id"])
    stands = (invoice["status"], invoice["pay_amount"], invoice["orderid"], invoice["expiry_datetime"], invoice["paymentid"])
    check("an invoice is made as it was asked for", stands == ("created", "1234.50", order, expiry, None), invoice)
    listed = get("/info/invoice/list/", start_date=today(-1), end_date=today(1), **{"status[]": ["created", "sent"], "limit": 100, "from": 0})
    check("it is among the open ones", made["invoice_id"] in [one["id"] for one in listed], listed)
    check("nobody has paid", find(order) == [])
    other = change("/change/invoice/preview/", **asked)["invoice_id"]
    check("the same order number makes another invoice", other != made["invoice_id"], other)
    check("it is withdrawn", change("/change/invoice/revoke/", id=other)["result"] == "success")
    check("and over", get("/info/invoice/byid/", id=other)["status"] == "expired")
    check("an invoice nobody made is not found", get("/info/invoice/byid/", id="1") == {"result": "fail", "msg": "Счёт не найден."})

    check("the buyer goes back to the shop", pay(made["invoice_url"], "success") == "https://shop.test/back")
    fields = heard(order, "1234.50")
    payment = fields["id"]
    check("the client comes back to the letter", fields["clientid"] == "Иванов Иван", fields)
    row = by_id(payment)
    check("the money was taken", row["status"] in ("obtained", "success", "stuck") and row["pay_amount"] == "1234.50", row)
    check("the search finds it", [one["id"] for one in find(order)] == [payment])
    check("the invoice is paid by it", get("/info/invoice/byid/", id=made["invoice_id"])["paymentid"] == payment)
    check("a capture of what is captured is refused", change("/change/payment/capture/", id=payment)["result"] == "fail")
    check("too much does not go back", change("/change/payment/reverse/", id=payment, amount="1234.51", partial="true")["result"] == "fail")
    check("a part goes back", change("/change/payment/reverse/", id=payment, amount="234.50", partial="true")["result"] == "success")
    row = by_id(payment)
    check("a part is back", (row["status"], row["refund_amount"]) == ("partially_refunded", "234.50"), row)
    check("the rest goes back", change("/change/payment/reverse/", id=payment, amount="1000.00", partial="false")["result"] == "success")
    check("all is back", by_id(payment)["status"] == "refunded")
    back = [(one["amount"], one["status"]) for one in get("/info/refunds/bypaymentid/", id=payment)]
    check("both refunds are listed", back == [("234.50", "done"), ("1000.00", "done")], back)

    def hold(letter):
        number = order + letter
        url = change("/change/invoice/preview/", **{**asked, "orderid": number})["invoice_url"]
        pay(url + "?pstype=" + CREDENTIALS["pstype_hold"], "success")
        fields = heard(number, "1234.50")
        check("authorized only: no date of capture", fields["batch_date"] == "" and fields["ps_id"] in CREDENTIALS["hold_systems"].split(","), fields)
        return fields["id"]

    held = hold("a")
    check("a hold is captured", change("/change/payment/capture/", id=held)["result"] == "success")
    check("and has a date of capture", bool(by_id(held)["BATCH_DATE"]))
    held = hold("b")
    check("a partial reverse captures the rest", change("/change/payment/reverse/", id=held, amount="234.50", partial="true")["result"] == "success")
    row = by_id(held)
    check("captured in part", (row["status"], row["refund_amount"], bool(row["BATCH_DATE"])) == ("partially_refunded", "234.50", True), row)
    held = hold("c")
    check("a hold is let go", change("/change/payment/reverse/", id=held, amount="1234.50", partial="false")["result"] == "success")
    row = by_id(held)
    check("let go, never captured", (row["status"], row["BATCH_DATE"]) == ("refunded", None), row)

    number = order + "d"
    form = {"sum": "100.00", "clientid": "client-7", "orderid": number, "service_name": "Подписка", "client_email": "a@b.test", "client_phone": ""}
    form["sign"] = hashlib.sha256(("".join(form.values()) + SECRET).encode()).hexdigest()
    status, headers, _ = exchange(DOUBLE + "/create/", {**form, "sign": "0" * 64})
    check("a form with a wrong signature leads nowhere", status != 303, status)
    status, headers, _ = exchange(DOUBLE + "/create/", {**form, "msgtype": "createbinding"})
    check("the form leads to the buyer's page", status == 303 and headers["Location"].startswith(PAY + "/"), status)
    deaf.set()
    exchange(headers["Location"], {"card": "success"})
    token = heard(number, "100.00")["bank_id"]
    check("a saved card is named", token != "")
    check("who answers wrongly is told again later", by_id(find(number)[0]["id"])["status"] == "obtained")
    number = order + "e"
    charged = change("/change/binding/execute/", bank_id=token, orderid=number, sum="55.00", clientid="client-7", service_name="Подписка")
    check("a saved card is charged", charged["result"] == "success", charged)
    check("it is told of", heard(number, "55.00")["id"] == charged["payment_id"])
    unknown = change("/change/binding/execute/", bank_id="nobody", orderid=number, sum="55.00")
    check("an unknown card is not", unknown["result"] == "fail", unknown)
    receiver.shutdown()


if __name__ == "__main__":
    main()
