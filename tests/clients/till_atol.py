"""A public client of АТОЛ Онлайн v4 (PyPI `django-atol`) drives the doubles that speak v4: АТОЛ's own and that of Бизнес.Ру Чеки.

The client is BSD and made for shops in Django: of it only the part that speaks to АТОЛ is used, without a database and without Celery.
No client of v5 is to be had from PyPI or npm; its double is held to the public PHP model by shared/sandbox/tests/registers/atol.rs.

REGISTERS: atol_v4 business_kassa_v4

DOUBLE       address of the double for the partner, http://127.0.0.1:3000/sandbox/atol_v4/demoshop
CREDENTIALS  JSON object of the partner's credentials
GROUP        code of the group of registers
FAULTS       address where faults are chosen, with KEY
RECEIVER     host:port to listen on; documents name it as their callback_url
"""

import datetime
import json
import logging
import os
import queue
import sys
import threading
import time
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.conf import settings

DOUBLE = os.environ["DOUBLE"].rstrip("/")
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
HOST, PORT = os.environ["RECEIVER"].rsplit(":", 1)
SECONDS_MAX = 20  # a document that is not printed by then never is

settings.configure(
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    RECEIPTS_ATOL_BASE_URL=f"{DOUBLE}/v4",
    RECEIPTS_ATOL_LOGIN=CREDENTIALS["login"],
    RECEIPTS_ATOL_PASSWORD=CREDENTIALS["password"],
    RECEIPTS_ATOL_GROUP_CODE=os.environ["GROUP"],
    RECEIPTS_ATOL_COMPANY_EMAIL="chek@romashka.ru",
    RECEIPTS_ATOL_TAX_SYSTEM="osn",
    RECEIPTS_ATOL_INN="5544332219",
    RECEIPTS_ATOL_PAYMENT_ADDRESS="http://magazin.ru/",
    RECEIPTS_ATOL_PAYMENT_METHOD="full_payment",
    RECEIPTS_ATOL_PAYMENT_OBJECT="service",
    RECEIPTS_ATOL_TAX_NAME="vat22",
    RECEIPTS_ATOL_CALLBACK_URL=f"http://{os.environ['RECEIVER']}/heard",
)

from atol import exceptions  # noqa: E402  the client reads its settings when it is imported
from atol.core import AtolAPI  # noqa: E402
from django.core.cache import cache  # noqa: E402

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
logging.disable(logging.CRITICAL)  # it logs whole requests, and all of its errors here are meant
heard = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    """Hears callbacks as a shop would."""

    def do_POST(self):
        heard.put(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0)))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def check(what, holds, found=""):
    print(("ok   " if holds else "FAIL ") + what, flush=True)
    if not holds:
        sys.exit(f"{what}: found {found!r}")


def raises(what, error, call):
    try:
        found = call()
    except error as raised:
        return check(what, type(raised) is error, raised)
    check(what, False, found)


def spoil(*faults):
    request = urllib.request.Request(
        os.environ["FAULTS"],
        json.dumps({"next": faults}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['KEY']}"},
        method="PUT",
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).read()


def sale(**other):
    known = {"timestamp": datetime.datetime.now(), "transaction_uuid": str(uuid.uuid4()), "purchase_name": "Выписка ЕГРН"}
    return {**known, "purchase_price": "300.00", "user_email": "kkt@kkt.ru", "user_phone": None, **other}


def printed(uid):
    """The report, once there is one."""
    for _ in range(SECONDS_MAX * 4):
        try:
            return client.report(uid).data
        except exceptions.AtolRecoverableError:
            time.sleep(0.25)
    sys.exit(f"{uid} is not printed")


threading.Thread(target=ThreadingHTTPServer((HOST, int(PORT)), Receiver).serve_forever, daemon=True).start()
client = AtolAPI()

first = sale()
taken = client.sell(**first)
check("a sale is taken", taken.data["status"] == "wait" and taken.data["error"] is None, taken.data)
check("and is one document, however often it comes", client.sell(**first).uuid == taken.uuid)
report = printed(taken.uuid)
check("it is printed", report["status"] == "done" and report["external_id"] == first["transaction_uuid"], report)
payload = report["payload"]
check("with what was paid", payload["total"] == 300, payload)
check("on a test drive", payload["fn_number"].startswith("9999") and len(payload["ecr_registration_number"]) == 16, payload)
check("and still is one document", client.sell(**first).uuid == taken.uuid)
told = heard.get(timeout=SECONDS_MAX)
check("it is told of", (told["uuid"], told["status"], told["payload"]) == (taken.uuid, "done", payload), told)

back = printed(client.sell_refund(**sale(user_email=None, user_phone="9251234567")).uuid)["payload"]
check("a refund is the next document", back["fiscal_document_number"] == payload["fiscal_document_number"] + 1, back)

key = f"atol_auth_token:{CREDENTIALS['login']}"
cache.set(key, "no token of ours")
client.report(taken.uuid)
check("a wrong token is renewed", cache.get(key) != "no token of ours")
spoil("session")
client.report(taken.uuid)
check("and one that has expired", cache.get(key) is not None)

settings.RECEIPTS_ATOL_TAX_NAME = "vat18"
raises("a rate that is none any more is refused", exceptions.AtolRecoverableError, lambda: client.sell(**sale()))
settings.RECEIPTS_ATOL_TAX_NAME = "vat22"
raises("a document nobody sent is not known", exceptions.AtolUnrecoverableError, lambda: client.report(str(uuid.uuid4())))

spoil("expiring")
spent = client.sell(**sale())


def until_it_fails():
    return printed(spent.uuid)


raises("an id that is spent asks for a new one", exceptions.AtolReceiptNotProcessed, until_it_fails)
settings.RECEIPTS_ATOL_PASSWORD = "wrong"
cache.delete(key)
raises("a wrong password opens nothing", exceptions.AtolRecoverableError, lambda: client.sell(**sale()))
