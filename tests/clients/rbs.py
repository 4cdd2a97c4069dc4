"""A public client of Sberbank's gateway (PyPI `gocream-pysberbank`) drives the double of the RBS gateway.

DOUBLE       address of the double for the partner, http://127.0.0.1:3000/sandbox/rbs/demoshop
CREDENTIALS  JSON object of the partner's credentials
RECEIVER     host:port to listen on; every order asks for its callbacks there (dynamicCallbackUrl)
PAY          what the addresses of the buyer's page begin with, http://127.0.0.1:3000/sandbox/deal/demoshop

The library has no name for two stages, so a subclass adds them on its own request. It reads no callbacks, so their checksums are
held here to the rule the gateway's document publishes.
"""

import hashlib
import hmac
import json
import os
import queue
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from gocream_pysberbank.errors import SberbankApiException
from gocream_pysberbank.http import SberbankClient

DOUBLE, PAY = os.environ["DOUBLE"], os.environ["PAY"]
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
HOST, PORT = os.environ["RECEIVER"].rsplit(":", 1)
URL = DOUBLE + "/payment/{api_type}/{method}"
CALLBACK = f"http://{os.environ['RECEIVER']}/callback"
RUN = uuid.uuid4().hex[:8]
SECONDS_MAX = 10  # a callback that was not heard by then never comes

heard = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    """Hears callbacks as a shop would."""

    def do_GET(self):
        heard.put(parse_qsl(urlsplit(self.path).query, keep_blank_values=True, strict_parsing=True))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


class Client(SberbankClient):
    """The library's client with the gateway's methods it has no names for."""

    def call(self, method, **params):
        return self._make_request(self.url, self.api_type, method, params)

    def order(self, number, method="register"):
        return self.call(
            method,
            orderNumber=number,
            amount=300_000,
            currency=self.currency,
            returnUrl="https://shop.example/",
            dynamicCallbackUrl=CALLBACK,
        )


def check(name, holds, found=None):
    if not holds:
        sys.exit(f"NOT {name}: {found!r}")
    print(f"ok  {name}")


def same(name, found, wanted):
    check(name, found == wanted, {"found": found, "wanted": wanted})


def refused(name, code, call):
    try:
        found = call()
    except SberbankApiException as error:
        return same(name, error.code, code)
    check(name, False, found)


def at_page(form_url, form):
    there = requests.get(form_url, allow_redirects=False, timeout=10)
    page = urljoin(form_url, there.headers["location"])
    check("the order's page is the sandbox's", page.startswith(PAY + "/"), page)
    answer = requests.post(page, data=form, allow_redirects=False, timeout=10)
    same("the buyer is sent back", answer.status_code, 303)


def told(name, **wanted):
    fields = heard.get(timeout=SECONDS_MAX)
    signed = "".join(f"{name};{value};" for name, value in sorted(fields) if name not in ("checksum", "sign_alias"))
    key = CREDENTIALS["callback_key"].encode()
    checksum = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest().upper()
    fields = dict(fields)
    same(f"{name}: its checksum", fields["checksum"], checksum)
    same(name, {key: fields.get(key) for key in wanted}, wanted)


def amounts(client, **order):
    shown = client.order_status_extended(**order)
    info = shown["paymentAmountInfo"]
    return shown["orderStatus"], info["approvedAmount"], info["depositedAmount"], info["refundedAmount"]


def main():
    receiver = ThreadingHTTPServer((HOST, int(PORT)), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    client = Client(username=CREDENTIALS["user"], password=CREDENTIALS["password"], url=URL)
    by_token = Client(token=CREDENTIALS["token"], url=URL)

    plain = SberbankClient(username=CREDENTIALS["user"], password=CREDENTIALS["password"], url=URL)
    order = plain.register(f"p-{RUN}", 300_000, "https://shop.example/", description="Выписка ЕГРН", sessionTimeoutSecs=600)
    check("the library's own registration", order["formUrl"].endswith(order["orderId"]), order)
    same("it waits", plain.order_status_extended(orderNumber=f"p-{RUN}")["orderStatus"], 0)

    order = client.order(f"pa-{RUN}")
    at_page(order["formUrl"], {"card": "success"})
    told("a payment is told", operation="deposited", status="1", orderNumber=f"pa-{RUN}", mdOrder=order["orderId"])
    same("it was captured", amounts(client, orderId=order["orderId"]), (2, 300_000, 300_000, 0))
    same("a token is answered alike", amounts(by_token, orderId=order["orderId"]), (2, 300_000, 300_000, 0))
    same("a refund is taken", client.refund(order["orderId"], 100_000)["errorCode"], "0")
    told("a refund is told", operation="refunded", status="1", operationRefundedAmount="100000")
    same("it is taken off what was captured", amounts(client, orderId=order["orderId"]), (4, 300_000, 200_000, 100_000))
    refused("more than is left is refused", "7", lambda: client.refund(order["orderId"], 200_001))
    refused("a number is registered once", "1", lambda: client.order(f"pa-{RUN}"))
    refused("an unknown order is said to be one", "6", lambda: client.order_status_extended(orderNumber=f"none-{RUN}"))
    wrong = Client(username=CREDENTIALS["user"], password="wrong", url=URL)
    refused("a wrong password is refused", "5", lambda: wrong.order_status_extended(orderNumber=f"pa-{RUN}"))

    order = client.order(f"pb-{RUN}", method="registerPreAuth")
    at_page(order["formUrl"], {"card": "success"})
    told("a hold is told", operation="approved", status="1")
    same("it is held", amounts(client, orderId=order["orderId"]), (1, 300_000, 0, 0))
    client.call("deposit", orderId=order["orderId"], amount=200_000)
    told("a capture is told", operation="deposited", status="1")
    same("a part was captured", amounts(client, orderId=order["orderId"]), (2, 300_000, 200_000, 0))

    order = client.order(f"pc-{RUN}", method="registerPreAuth")
    at_page(order["formUrl"], {"card": "success"})
    told("another hold is told", operation="approved", status="1")
    same("it is reversed", client.reverse(order["orderId"])["errorCode"], "0")
    told("a reversal is told", operation="reversed", status="1")
    same("nothing stands", amounts(client, orderId=order["orderId"]), (3, 0, 0, 0))
    refused("it is reversed once", "7", lambda: client.reverse(order["orderId"]))

    order = client.order(f"pd-{RUN}")
    qr = client.call("sbp/c2b/qr/dynamic/get", mdOrder=order["orderId"], qrFormat="matrix")
    check("an order has its link of the СБП", qr["payload"].startswith("https://qr.nspk.ru/AD"), qr)
    same("it is not paid", client.call("sbp/c2b/qr/status", mdOrder=order["orderId"])["qrStatus"], "STARTED")
    check("nothing else was told", heard.empty(), list(heard.queue))


main()
