"""VTIXy Payment Assist (PyPI `VTIXyPayment_Assist`, a ticket shop's client of Assist) hears, believes and confirms what the double tells.

The client's own code runs unchanged: it holds a notification to its check value, answers it, confirms a held payment and reads the state
of an order. It was made for Python 2 and Django 1.5, so it stands on small stand-ins of them; its shop is a stand-in too. It has no words
for creating an order, for XML and for sending money back: those are said here after the forms of Assist's manual, with check values of our
own making by the manual's formula.

DOUBLE       address of the double for the partner, http://127.0.0.1:3000/sandbox/assist/demoshop
CREDENTIALS  JSON object of the partner's credentials
RECEIVER     host:port to listen on; the partner's callbacks go to http://RECEIVER/ (PUT /sandbox/banks/assist)
PAY          what the addresses of the buyer's page begin with, http://127.0.0.1:3000/sandbox/deal/demoshop
"""

import hashlib
import importlib.resources
import json
import os
import queue
import re
import sys
import threading
import types
import uuid
import xml.etree.ElementTree as ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import requests

DOUBLE, PAY = os.environ["DOUBLE"], os.environ["PAY"]
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
HOST, PORT = os.environ["RECEIVER"].rsplit(":", 1)
SECONDS_MAX = 10  # a callback that was not heard by then never comes
ACCESS = {"Merchant_ID": CREDENTIALS["merchant_id"], "Login": CREDENTIALS["login"], "Password": CREDENTIALS["password"]}

heard = queue.Queue()
orders = {}  # the client's shop: number -> price, sold, transaction_id


def check(name, holds, found=None):
    if not holds:
        sys.exit(f"NOT {name}: {found!r}")
    print(f"ok  {name}")


def same(name, found, wanted):
    check(name, found == wanted, {"found": found, "wanted": wanted})


# What the client stands on.


class Answer:
    def __init__(self, content="", content_type="text/html", status=200):
        self.content, self.content_type, self.status = content, content_type, status


def render_to_response(template, context, content_type):
    """The client's own templates, which need nothing but names put in."""
    text = (importlib.resources.files("vtixy_payment_assist") / "templates" / template).read_text()
    return Answer(re.sub(r"{{ (\w+) }}", lambda name: str(context[name[1]]), text), content_type)


class Letter:
    """The buyer's letter is not what is tried here."""

    def __init__(self, *args, **kwargs):
        pass

    def render(self, context=None):
        return ""

    def attach_alternative(self, *args):
        pass

    def send(self):
        pass


class NotThere(Exception):
    response = types.SimpleNamespace(status_code=404)


class Shop:
    """The client's shop, `slumber.API(...)`: `.orders(number).get()` and `.patch({...})`."""

    def __init__(self, *args, **kwargs):
        pass

    def orders(self, number):
        self.number = number
        return self

    def get(self):
        if self.number not in orders:
            raise NotThere
        return {"id": self.number, **orders[self.number]}

    def patch(self, changed):
        orders[self.number].update(changed)


class Text:
    """An answer whose body is text, as Python 2 had it."""

    def __init__(self, answer):
        self.status_code, self.content, self.text = answer.status_code, answer.text, answer.text


def module(name, **members):
    made = sys.modules[name] = types.ModuleType(name)
    made.__dict__.update(members)
    return made


def client():
    settings = types.SimpleNamespace(
        VTIXY_ASSIST_SALT=CREDENTIALS["secret"],
        VTIXY_ASSIST_TEST_MODE=True,
        VTIXY_ASSIST_MERCHANT_ID=CREDENTIALS["merchant_id"],
        VTIXY_ASSIST_LOGIN=CREDENTIALS["login"],
        VTIXY_ASSIST_PASSWORD=CREDENTIALS["password"],
        VTIXY_ASSIST_CONFIRM_URL=f"{DOUBLE}/charge/charge.cfm",
        VTIXY_ASSIST_CHECK_URL=f"{DOUBLE}/orderstate/orderstate.cfm",
        VTIXY_HOST="",
        VTIXY_LOGIN="",
        VTIXY_PASSWORD="",
        VTIXY_MAIL_TICKETS_URL="%s/%s",
        VTIXY_MAIL_SUBJECT_PREFIX="",
        VTIXY_MAIL_FROM_NAME="",
        VTIXY_MAIL_FROM_EMAIL="",
    )
    for name in ["django", "django.core", "django.template", "django.views", "django.views.decorators", "slumber"]:
        module(name)
    sys.modules["django.template"].Context = dict
    sys.modules["slumber"].API = Shop
    module("django.conf", settings=settings)
    module("django.core.mail", EmailMultiAlternatives=Letter)
    module("django.http", HttpResponse=Answer)
    module("django.shortcuts", render_to_response=render_to_response)
    module("django.template.loader", get_template=Letter)
    module("django.views.decorators.csrf", csrf_exempt=lambda view: view)
    module("slumber.exceptions", HttpClientError=NotThere)
    import vtixy_payment_assist.views as views

    views.hashlib = types.SimpleNamespace(md5=lambda text: hashlib.md5(text.encode()))
    views.requests = types.SimpleNamespace(post=lambda url, data: Text(requests.post(url, data=data, timeout=SECONDS_MAX)))
    return views


class Receiver(BaseHTTPRequestHandler):
    """Hands what comes to the client, and answers what the client answers."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        fields = dict(parse_qsl(body, keep_blank_values=True))
        try:
            answer = views.confirm(types.SimpleNamespace(POST=fields))
        except Exception as error:
            answer = Answer(repr(error), "text/plain", 500)
        body = answer.content.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        heard.put((fields, answer))

    def log_message(self, *args):
        pass


def told(state):
    """The next notification of a state, and what the client answered."""
    try:
        fields, answer = heard.get(timeout=SECONDS_MAX)
    except queue.Empty:
        sys.exit(f"NOT told of {state}")
    check(f"{state} is told", fields["orderstate"] == state, fields)
    return fields, answer


def accepted(answer, fields):
    result = ElementTree.fromstring(answer.content)
    same("the client believes it", (result.get("firstcode"), result.get("secondcode")), ("0", "0"))
    same("and says which", result.findtext("order/billnumber"), fields["billnumber"])


def state(number):
    return json.loads(views.check(None, number).content)["state"]


# What the client has no words for, after the manual.


def upper_md5(text):
    return hashlib.md5(text.encode()).hexdigest().upper()


def check_value(*values):
    salt, text = hashlib.md5(CREDENTIALS["secret"].encode()).hexdigest(), hashlib.md5(";".join(values).encode()).hexdigest()
    return upper_md5((salt + text).upper())


def form(number, amount, **more):
    """The manual's form of a payment."""
    orders[number] = {"price": amount, "sold": False, "transaction_id": None}
    fields = {
        "Merchant_ID": CREDENTIALS["merchant_id"],
        "OrderNumber": number,
        "OrderAmount": amount,
        "OrderCurrency": "RUB",
        "Language": "RU",
        "Email": "test@test.ru",
        "OrderComment": "Оплата заказа 28-A",
        "URL_RETURN_OK": "https://shop.example/yes",
        "URL_RETURN_NO": "https://shop.example/no",
        "CardPayment": "1",
        **more,
    }
    fields.setdefault("Checkvalue", check_value(*(fields[name] for name in ("Merchant_ID", "OrderNumber", "OrderAmount", "OrderCurrency"))))
    return fields


def post(path, **fields):
    return requests.post(f"{DOUBLE}{path}", data=fields, allow_redirects=False, timeout=SECONDS_MAX)


def create(number, amount, **more):
    answer = post("/pay/payrequest.cfm", **form(number, amount, **more)).json()
    same("an order is created", answer["orderstate"], "In Process")
    check("the page is the buyer's page of the double", answer["URL"].startswith(f"{PAY}/"), answer)
    return answer["URL"]


def pay(page, **fields):
    answer = requests.post(page, data=fields, allow_redirects=False, timeout=SECONDS_MAX)
    check(f"the page takes {fields}", answer.status_code == 303, (answer.status_code, answer.text[:200]))
    return answer.headers["Location"]


def service(path, **fields):
    result = ElementTree.fromstring(post(path, **ACCESS, Format="3", **fields).content)
    return (result.get("firstcode"), result.get("secondcode")), result


def new(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def browser_form():
    number = new("A")
    answer = post("/pay/order.cfm", **form(number, "237.40"))
    same("the browser is sent to the page", (answer.status_code, answer.headers["Location"].startswith(PAY)), (302, True))
    wrong = post("/pay/order.cfm", **form(number, "237.40", Checkvalue="0" * 32))
    check("a wrong check value leads nowhere", "ErrorID=" in wrong.headers["Location"], wrong.headers)
    same("the client sees the order wait", state(number), "NEW")
    same("and knows nothing of another", state("nobody"), "NOT FOUND")


def two_stages():
    number = new("B")
    page = create(number, "100.00", Delay="1")
    location = pay(page, card="success")
    check("the buyer comes back with the order's number", f"ordernumber={number}" in location, location)
    # The client confirms while it hears: of that it is told meanwhile, and finds the order sold.
    (first, answer), (second, other) = told_both("Delayed", "Approved")
    same("the operations are the payment and its confirmation", (first["operationtype"], second["operationtype"]), ("100", "200"))
    accepted(answer, first)
    accepted(other, second)
    same("the shop sold it under the bill", (orders[number]["sold"], orders[number]["transaction_id"]), (True, first["billnumber"]))
    same("the client reads it as confirmed", state(number), "CONFIRMED")
    return number, first["billnumber"].split(".")[0]


def told_both(*states):
    found = {}
    for _ in states:
        try:
            fields, answer = heard.get(timeout=SECONDS_MAX)
        except queue.Empty:
            sys.exit(f"NOT told of {states}: {found}")
        found[fields["orderstate"]] = (fields, answer)
    check(f"{' and '.join(states)} are told", set(found) == set(states), found)
    return [found[state] for state in states]


def cancels(number, bill):
    codes, result = service("/cancel/cancel.cfm", Billnumber=bill, Amount="30.00", Currency="RUB")
    order = result.find("orders/order")
    same("a part goes back", (codes, order.findtext("responsecode"), order.findtext("orderstate")), (("0", "0"), "AS000", "PartialCanceled"))
    accepted(told("PartialCanceled")[1], {"billnumber": f"{bill}.3"})
    same("no more than is left", service("/cancel/cancel.cfm", Billnumber=bill, Amount="70.01", Currency="RUB")[0], ("5", "108"))
    codes, result = service("/cancel/wscancel.cfm", Billnumber=bill)
    same("the rest goes back", (codes, result.findtext("orders/order/operation/amount")), (("0", "0"), "70.00"))
    told("Canceled")
    same("the client reads it as canceled", state(number), "CANCELED")
    codes, result = service("/orderresult/orderresult.cfm", Ordernumber=number)
    kinds = [operation.findtext("operationtype") for operation in result.findall("order/operation")]
    same("every operation is listed", (codes, kinds), (("0", "0"), ["100", "200", "300", "300"]))


def a_hold_let_go():
    number = new("C")
    orders_before = dict(orders)
    page = create(number, "50.00", Delay="1")
    orders.clear()  # the shop does not know the order: the client says so and does not confirm
    pay(page, card="challenge")
    pay(page, code="111111")
    fields, answer = told("Delayed")
    result = ElementTree.fromstring(answer.content)
    same("the client knows no such order", (result.get("firstcode"), result.get("secondcode")), ("10", "201"))
    orders.update(orders_before)
    same("the client reads it as held", state(number), "PENDED")
    bill = fields["billnumber"].split(".")[0]
    same("a hold is let go whole or not at all", service("/cancel/cancel.cfm", Billnumber=bill, Amount="1.00", Currency="RUB")[0], ("5", "108"))
    codes, result = service("/cancel/cancel.cfm", Billnumber=bill)
    same("the hold is let go", (codes, result.findtext("orders/order/orderstate")), (("0", "0"), "Canceled"))
    told("Canceled")
    same("it can not be confirmed any more", service("/charge/charge.cfm", Billnumber=bill)[0], ("1", "307"))


def declines():
    number = new("D")
    pay(create(number, "10.00"), card="insufficient_funds")
    fields, answer = told("Declined")
    same("the code says why", fields["responsecode"], "AS102")
    accepted(answer, fields)
    same("the client reads it as declined", state(number), "DECLINED")
    check("nothing was sold", not orders[number]["sold"], orders[number])


def doubts():
    number = new("E")
    pay(create(number, "20.00"), card="success")
    fields, answer = told("Approved")
    accepted(answer, fields)
    for name, value in [("amount", "2.00"), ("orderstate", "Delayed"), ("ordernumber", "other"), ("checkvalue", "0" * 32)]:
        answer = views.confirm(types.SimpleNamespace(POST={**fields, name: value}))
        result = ElementTree.fromstring(answer.content)
        same(f"the client does not believe another {name}", (result.get("firstcode"), result.get("secondcode")), ("9", "6"))
    # A wrong price is not sold: the client's answer ends the repetition all the same.
    number = new("F")
    page = create(number, "20.00")
    orders[number]["price"] = "21.00"
    pay(page, card="success")
    result = ElementTree.fromstring(told("Approved")[1].content)
    same("the client compares the amount", (result.get("firstcode"), result.get("secondcode")), ("5", "108"))


def strangers():
    wrong = {**ACCESS, "Password": "wrong-password"}
    answer = requests.post(f"{DOUBLE}/orderstate/orderstate.cfm", data={**wrong, "Ordernumber": "A", "Format": "3"}, timeout=SECONDS_MAX)
    same("another's password", ElementTree.fromstring(answer.content).get("firstcode"), "7")


views = client()


def main():
    server = ThreadingHTTPServer((HOST, int(PORT)), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser_form()
    number, bill = two_stages()
    cancels(number, bill)
    a_hold_let_go()
    declines()
    doubts()
    strangers()
    check("nothing else was told", heard.empty(), heard.qsize())
    server.shutdown()


main()
