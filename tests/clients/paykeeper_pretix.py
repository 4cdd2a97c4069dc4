"""PayKeeper's double driven by a public plug-in of pretix, csmplay/pretix-paykeeper, where a checkout of it is at hand.

It is on no registry the checks can reach: `tests/clients/run` takes it from GitHub where that is in reach, or PAYKEEPER_SDK names the
checkouts, with `:` between them. Of pretix itself only as much stands below as the plug-in touches.

DOUBLE: address of the double; CREDENTIALS: JSON; RECEIVER: host:port to listen on; PAY: what addresses of the buyer's page begin with.
"""

import contextlib
import datetime
import decimal
import http.server
import json
import logging
import os
import queue
import sys
import threading
import types
import urllib.parse
import uuid

import django.conf
import requests

DOUBLE = os.environ["DOUBLE"].rstrip("/")
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
RECEIVER = os.environ["RECEIVER"]
PAY = os.environ["PAY"].rstrip("/")


def check(what, holds, found=""):
    print(("ok   " if holds else "FAIL ") + what, flush=True)
    if not holds:
        sys.exit(f"{what}: found {found!r}")


class Thing(types.SimpleNamespace):
    """Something of pretix's with these fields."""

    def save(self, **_):
        pass


class PaymentException(Exception):
    pass


class Provider:
    """What a provider of pretix's begins with."""

    def __init__(self, event):
        self.event, self.settings = event, event.settings


class Everywhere(contextlib.ContextDecorator):
    """What pretix needs to look beyond one event."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


class Settings(dict):
    def get(self, name, default=None, as_type=None):
        return super().get(name.removeprefix("payment_paykeeper_"), default)


class OrderPayment(Thing):
    PAYMENT_STATE_CONFIRMED = "confirmed"
    all = {}

    class DoesNotExist(Exception):
        pass

    class objects:
        @staticmethod
        def select_related(*_):
            return OrderPayment.objects

        @staticmethod
        def get(pk, provider):
            return OrderPayment.all[pk]

    def confirm(self):
        self.state = self.PAYMENT_STATE_CONFIRMED


class Order:
    STATUS_PAID = "p"


def plugin(checkout):
    """The plug-in's two modules, in a pretix of nothing but these names."""
    django.conf.settings.configure(USE_I18N=False)
    logging.getLogger("pretix_paykeeper").addHandler(logging.NullHandler())
    names = {
        "django_scopes": {"scopes_disabled": Everywhere},
        "pretix": {},
        "pretix.base": {},
        "pretix.base.models": {"Order": Order, "OrderPayment": OrderPayment},
        "pretix.base.payment": {"BasePaymentProvider": Provider, "PaymentException": PaymentException},
        "pretix.multidomain": {},
        "pretix.multidomain.urlreverse": {"build_absolute_uri": lambda *_, **__: "https://shop.test/back"},
    }
    for name, members in names.items():
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(members)
    package = types.ModuleType("pretix_paykeeper")
    package.__path__ = [os.path.join(checkout, "pretix_paykeeper")]
    sys.modules["pretix_paykeeper"] = package
    from pretix_paykeeper import payment, views

    def below(method):
        """It names paths from the root of a server: the double lives below one."""
        return lambda url, **words: method(DOUBLE + urllib.parse.urlsplit(url).path, **words)

    payment.http_requests = Thing(get=below(requests.get), post=below(requests.post), exceptions=requests.exceptions)
    return payment.PaykeeperPaymentProvider, views


def main():
    checkouts = [path for path in os.environ["PAYKEEPER_SDK"].split(":") if os.path.isdir(os.path.join(path, "pretix_paykeeper"))]
    if not checkouts:
        return print("skipped: PAYKEEPER_SDK names no checkout of pretix-paykeeper")
    provider_of, views = plugin(checkouts[0])
    told, forge = queue.Queue(), threading.Event()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fields = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            payment = OrderPayment.all[int(fields["orderid"].rsplit("-", 1)[1])]
            # Its view looks for the payment's id, which it has only learnt where it had reason to ask: here it has.
            info = json.loads(payment.info)
            payment.info = json.dumps({**info, "payment_id": provider._get_payment_id(info["invoice_id"])})
            forged = body.replace(b"sum=", b"sum=1") if forge.is_set() else body
            forge.clear()
            request = Thing(content_type=self.headers["Content-Type"], body=forged)
            answer = views.PaykeeperWebhookView().post(request)
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(answer.content)
            told.put(fields)

        def log_message(self, *_):
            pass

    host, port = RECEIVER.rsplit(":", 1)
    receiver = http.server.ThreadingHTTPServer((host, int(port)), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    root = urllib.parse.urljoin(DOUBLE, "/")
    settings = Settings(server_url=root, api_user=CREDENTIALS["user"], api_password=CREDENTIALS["password"], service_name="Билеты")
    settings["secret_word"] = CREDENTIALS["secret"]
    event = Thing(slug="fest", settings=settings)
    provider = provider_of(event)

    def begun(pk):
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        order = Thing(
            code=uuid.uuid4().hex[:8], secret="s", event=event, expires=expires, email="a@b.test", invoice_address=None, status="n",
            positions=Thing(all=list),
        )
        payment = OrderPayment(pk=pk, order=order, amount=decimal.Decimal("1234.50"), info="", state="created")
        OrderPayment.all[pk] = payment
        return payment, provider.execute_payment(None, payment)

    def paid(url):
        page = requests.get(url, allow_redirects=False).headers.get("Location", "")
        check("its address leads to the buyer's page", page.startswith(PAY + "/"), page)
        requests.post(page, data={"card": "success"}, allow_redirects=False)
        return told.get(timeout=20)

    def row(fields):
        return provider._get_payment_info(fields["id"])[0]

    def gives_back(payment, amount):
        refund = Thing(payment=payment, amount=decimal.Decimal(amount), is_done=False)
        refund.done = lambda: setattr(refund, "is_done", True)
        provider.execute_refund(refund)
        return refund.is_done

    payment, url = begun(1)
    check("an invoice is made", json.loads(payment.info)["invoice_url"] == url, payment.info)
    check("it is not paid yet", provider._check_invoice_status(json.loads(payment.info)["invoice_id"])["status"] == "created")
    forge.set()
    fields = paid(url)
    check("a notification with another sum is not believed", payment.state == "created", payment.state)
    provider._api_post("/change/payment/repeatcnt/", {"id": fields["id"], "token": provider._get_token()})
    told.get(timeout=20)
    check("the notification is believed, and the invoice is paid", payment.state == "confirmed", payment.state)
    check("it knows the payment", json.loads(payment.info)["payment_id"] == fields["id"], payment.info)
    check("its bare «OK» ends nothing", row(fields)["status"] == "obtained", row(fields))
    check("a part goes back", gives_back(payment, "234.50") and row(fields)["refund_amount"] == "234.50", row(fields))
    check("and the rest", gives_back(payment, "1000.00") and row(fields)["status"] == "refunded", row(fields))
    payment, url = begun(2)
    fields = paid(url)
    check("the whole goes back, without an amount", gives_back(payment, "1234.50") and row(fields)["status"] == "refunded", row(fields))
    with contextlib.suppress(PaymentException):
        sys.exit(f"given back twice: {gives_back(payment, '1234.50')}")
    check("once", row(fields)["refund_amount"] == "1234.50", row(fields))
    payment, url = begun(3)
    invoice = json.loads(payment.info)["invoice_id"]
    provider.cancel_payment(payment)
    check("an invoice is withdrawn", provider._check_invoice_status(invoice)["status"] == "expired")
    receiver.shutdown()


if __name__ == "__main__":
    main()
