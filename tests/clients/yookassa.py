"""YooKassa's own SDK (PyPI `yookassa`) drives the double of YooKassa, and reads its callbacks.

DOUBLE       address of the double for the partner, http://127.0.0.1:3000/sandbox/yookassa/demoshop
CREDENTIALS  JSON object of the partner's credentials
RECEIVER     host:port to listen on; the partner's callbacks go to http://RECEIVER/ (PUT /sandbox/banks/yookassa)
PAY          what the addresses of the buyer's page begin with, http://127.0.0.1:3000/sandbox/deal/demoshop
"""

import json
import os
import queue
import sys
import threading
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# This file has the SDK's name, and its folder comes first: the SDK is meant.
sys.path.remove(os.path.dirname(os.path.abspath(__file__)))

import requests
from yookassa import Configuration, Payment, PaymentMethod, Refund, SbpBanks, Settings, Webhook
from yookassa.domain.common import SecurityHelper
from yookassa.domain.exceptions import BadRequestError, ForbiddenError, NotFoundError, UnauthorizedError
from yookassa.domain.notification import WebhookNotificationFactory

DOUBLE, PAY = os.environ["DOUBLE"], os.environ["PAY"]
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
HOST, PORT = os.environ["RECEIVER"].rsplit(":", 1)
RETURN_URL = "https://shop.example/back"
SECONDS_MAX = 10  # a callback that was not heard by then never comes

heard = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    """Hears callbacks as a shop of the SDK's would."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        heard.put((self.headers.get("Content-Type", ""), self.client_address[0], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


def check(name, holds, found=None):
    if not holds:
        sys.exit(f"NOT {name}: {found!r}")
    print(f"ok  {name}")


def same(name, found, wanted):
    check(name, found == wanted, {"found": found, "wanted": wanted})


def raises(name, error, call, description=None):
    try:
        found = call()
    except error as caught:
        words = (caught.content or {}).get("description", "")
        check(name, description is None or description in words, caught.content)
        return
    check(name, False, found)


def rubles(value):
    return {"value": value, "currency": "RUB"}


def wanted(value="100.00", capture=True, **more):
    return {
        "amount": rubles(value),
        "capture": capture,
        "confirmation": {"type": "redirect", "return_url": RETURN_URL},
        "description": "Заказ №72",
        "metadata": {"order_id": "72"},
        **more,
    }


def pay(payment, **form):
    url = payment.confirmation.confirmation_url
    check("the page is the buyer's page of the double", url == f"{PAY}/{payment.id}", url)
    return buy(payment.id, **form)


def buy(reference, **form):
    answer = requests.post(f"{PAY}/{reference}", data=form, allow_redirects=False, timeout=SECONDS_MAX)
    check(f"the page takes {form}", answer.status_code == 303, (answer.status_code, answer.text[:200]))
    return answer.headers["Location"]


def told(event):
    """The object of the next callback, read by the SDK. It is not signed: what matters is asked about again."""
    try:
        kind, address, body = heard.get(timeout=SECONDS_MAX)
    except queue.Empty:
        sys.exit(f"NOT told of {event}")
    check(f"{event} is JSON", kind.startswith("application/json"), kind)
    check("nobody outside the bank's networks is trusted by the SDK", not SecurityHelper().is_ip_trusted(address), address)
    notification = WebhookNotificationFactory().create(json.loads(body))
    same("a callback of the event", (notification.type, notification.event), ("notification", event))
    return notification.object


def shop():
    me = Settings.get_account_settings()
    same("the shop is the one of the credentials", me.account_id, CREDENTIALS["shop_id"])
    check("the shop takes cards and the СБП", {"bank_card", "sbp"} <= set(me.payment_methods), me.payment_methods)
    check("members of the СБП are listed", all(len(bank.bank_id) == 12 for bank in SbpBanks.list().items))


def one_stage():
    key = str(uuid.uuid4())
    payment = Payment.create(wanted(), key)
    same("a new payment waits for the buyer", (payment.status, payment.paid), ("pending", False))
    same("the shop's own pairs come back", payment.metadata["order_id"], "72")
    same("the same key and body: the same payment", Payment.create(wanted(), key).id, payment.id)
    raises("the same key, another body", BadRequestError, lambda: Payment.create(wanted("1.00"), key), "Idempotence key duplicated")
    same("the buyer comes back to the shop", pay(payment, card="success"), RETURN_URL)
    same("the callback is of the payment", told("payment.succeeded").id, payment.id)
    payment = Payment.find_one(payment.id)
    same("the payment is paid", (payment.status, payment.paid, payment.refundable), ("succeeded", True, True))
    same("the card is shown masked", (payment.payment_method.card.first6, payment.payment_method.card.last4), ("220220", "0001"))
    check("the shop gets less than the buyer paid", Decimal(0) < payment.income_amount.value < payment.amount.value)
    return payment


def two_stages():
    payment = Payment.create(wanted(capture=False))
    pay(payment, card="challenge")
    same("the issuer's check is passed", buy(payment.id, code="111111"), RETURN_URL)
    same("a hold is told of", told("payment.waiting_for_capture").id, payment.id)
    payment = Payment.find_one(payment.id)
    same("the money is held", payment.status, "waiting_for_capture")
    check("the issuer checked the buyer", payment.authorization_details.three_d_secure.applied)
    raises("more than is held is not captured", BadRequestError, lambda: Payment.capture(payment.id, {"amount": rubles("100.01")}))
    taken = Payment.capture(payment.id, {"amount": rubles("60.00")})
    same("a part is captured", (taken.status, taken.amount.value), ("succeeded", Decimal("60.00")))
    same("the capture is told of", told("payment.succeeded").amount.value, Decimal("60.00"))
    raises("a captured payment is not canceled", BadRequestError, lambda: Payment.cancel(payment.id), "waiting_for_capture")
    payment = Payment.create(wanted(capture=False))
    pay(payment, card="success")
    told("payment.waiting_for_capture")
    canceled = Payment.cancel(payment.id)
    reason = (canceled.status, canceled.cancellation_details.party, canceled.cancellation_details.reason)
    same("a hold is let go", reason, ("canceled", "merchant", "canceled_by_merchant"))
    same("that is told of", told("payment.canceled").id, payment.id)


def refunds(payment):
    key = str(uuid.uuid4())
    asked = {"payment_id": payment.id, "amount": rubles("30.00"), "description": "Возврат", "metadata": {"return": "1"}}
    first = Refund.create(asked, key)
    same("a part goes back", (first.status, first.amount.value, first.payment_id), ("succeeded", Decimal("30.00"), payment.id))
    same("the same key: the same refund", Refund.create(asked, key).id, first.id)
    object = told("refund.succeeded")
    same("the SDK reads the refund's callback", (object.id, object.metadata["return"]), (first.id, "1"))
    raises("no more than is left", BadRequestError, lambda: Refund.create({**asked, "amount": rubles("70.01")}))
    Refund.create({**asked, "amount": rubles("70.00")})
    told("refund.succeeded")
    same("the refund is found", Refund.find_one(first.id).amount.value, Decimal("30.00"))
    same("refunds of the payment are listed", len(Refund.list({"payment_id": payment.id}).items), 2)
    payment = Payment.find_one(payment.id)
    same("all of it went back", (payment.refunded_amount.value, payment.refundable), (Decimal("100.00"), False))


def later_refunds():
    payment = Payment.create(wanted())
    pay(payment, card="refund_slow")
    told("payment.succeeded")
    same("a refund may take its time", Refund.create({"payment_id": payment.id, "amount": rubles("1.00")}).status, "pending")
    payment = Payment.create(wanted())
    pay(payment, card="refund_refused")
    told("payment.succeeded")
    refund = Refund.create({"payment_id": payment.id, "amount": rubles("1.00")})
    same("a refund may be declined", (refund.status, refund.cancellation_details.reason), ("canceled", "rejected_by_payee"))


def declines():
    for card, reason in [("insufficient_funds", "insufficient_funds"), ("blocked", "payment_method_restricted")]:
        payment = Payment.create(wanted())
        pay(payment, card=card)
        same(f"{card} is told of", told("payment.canceled").cancellation_details.reason, reason)
        same(f"{card} takes nothing", Payment.find_one(payment.id).status, "canceled")


def saved_means():
    payment = Payment.create(wanted(save_payment_method=True, merchant_customer_id="buyer-7"))
    pay(payment, card="success")
    means = told("payment.succeeded").payment_method
    check("the card is saved", means.saved, means)
    charge = {"amount": rubles("10.00"), "capture": True, "payment_method_id": means.id, "description": "Заказ №73"}
    charged = Payment.create(charge)
    same("it is charged without a page", (charged.status, charged.confirmation), ("succeeded", None))
    told("payment.succeeded")
    raises("means nobody saved are not charged", BadRequestError, lambda: Payment.create({**charge, "payment_method_id": charged.id[::-1]}), "payment_method_id")
    asked = {"type": "bank_card", "confirmation": {"type": "redirect", "return_url": RETURN_URL}}
    method = PaymentMethod.create(asked)
    same("means are saved without a payment", (method.status, method.saved), ("pending", False))
    buy(method.id, card="success")
    same("that is told of", told("payment_method.active").id, method.id)
    method = PaymentMethod.find_one(method.id)
    same("they can be charged", (method.status, method.saved), ("active", True))
    same("and are", Payment.create({**charge, "payment_method_id": method.id}).status, "succeeded")
    told("payment.succeeded")


def sbp():
    payment = Payment.create(wanted(payment_method_data={"type": "sbp"}, confirmation={"type": "qr"}))
    link = payment.confirmation.confirmation_data
    check("the СБП is a link", link.startswith("https://qr.nspk.ru/AD") and "&sum=10000&" in link, link)
    buy(payment.id, card="success")
    same("it is paid", told("payment.succeeded").payment_method.type, "sbp")
    raises("the СБП can not be held", BadRequestError, lambda: Payment.create(wanted(capture=False, payment_method_data={"type": "sbp"})))


def lists(payment):
    since = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
    first = Payment.list({"limit": 2, "created_at.gte": since, "status": "succeeded"})
    same("a part of the list", len(first.items), 2)
    seen, cursor = [one.id for one in first.items], first.next_cursor
    while cursor:
        part = Payment.list({"limit": 2, "created_at.gte": since, "status": "succeeded", "cursor": cursor})
        seen, cursor = seen + [one.id for one in part.items], part.next_cursor
    check("every payment is in it once", payment.id in seen and len(seen) == len(set(seen)), seen)


def refusals():
    raises("a payment nobody made", NotFoundError, lambda: Payment.find_one("22e12f66-000f-5000-8000-18db351245c7"))
    raises("a refund nobody made", NotFoundError, lambda: Refund.find_one("216749f7-0016-50be-b000-078d43a63ae4"))
    raises("webhooks by API are not for a shop", ForbiddenError, Webhook.list)
    Configuration.secret_key = "test_wrong"
    raises("another's key", UnauthorizedError, lambda: Payment.create(wanted()), "Error in shopId or secret key")


def main():
    server = ThreadingHTTPServer((HOST, int(PORT)), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Configuration.configure(CREDENTIALS["shop_id"], CREDENTIALS["secret_key"], api_url=f"{DOUBLE}/v3")
    shop()
    payment = one_stage()
    two_stages()
    refunds(payment)
    later_refunds()
    declines()
    saved_means()
    sbp()
    lists(payment)
    refusals()
    check("nothing else was told", heard.empty(), heard.qsize())
    server.shutdown()


main()
