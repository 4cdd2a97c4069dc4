"""Two public clients of T-Bank's acquiring (PyPI `tbank` and `tbank-securepay`) drive the double of T-Bank.

The first makes payments and verifies the double's notifications; the second, whose answers are plain JSON, does what the first has no
words for: СБП, parts of holds, repetition under `ExternalRequestId`.

DOUBLE       address of the double for the partner, http://127.0.0.1:3000/sandbox/tbank/demoshop
CREDENTIALS  JSON object of the partner's credentials
RECEIVER     host:port to listen on; payments name it as their NotificationURL
PAY          what the addresses of the buyer's page begin with, http://127.0.0.1:3000/sandbox/deal/demoshop
"""

import json
import os
import queue
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# This file has the client's name, and its folder comes first: the client is meant.
sys.path.remove(os.path.dirname(os.path.abspath(__file__)))

import httpx
from tbank.acquiring.models import InitRequest
from tbank.acquiring.sync import AcquiringClient
from tbank.acquiring.webhooks import parse_notification, verify_notification
from tbank.core.errors import InsufficientFundsError, TBankAPIError
from tbank_securepay import PaymentCancelParams, PaymentConfirmParams, TKassaClient

DOUBLE, PAY = os.environ["DOUBLE"].rstrip("/"), os.environ["PAY"].rstrip("/")
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
TERMINAL, PASSWORD = CREDENTIALS["terminal_key"], CREDENTIALS["password"]
HOST, PORT = os.environ["RECEIVER"].rsplit(":", 1)
HEARD_URL = f"http://{os.environ['RECEIVER']}/notified"
SECONDS_MAX = 10  # a notification that was not heard by then never comes

heard = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    """Hears notifications as a shop would, and answers what the bank wants to hear."""

    def do_POST(self):
        heard.put(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0)))))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, *args):
        pass


class ToDouble(httpx.HTTPTransport):
    """Takes what `tbank-securepay` sends to the bank's address, which it has no setting for, to the double."""

    def handle_request(self, request):
        prefix = "https://securepay.tinkoff.ru/"
        if not str(request.url).startswith(prefix):
            sys.exit(f"NOT the bank's address: {request.url}")
        request.url = httpx.URL(f"{DOUBLE}/{str(request.url)[len(prefix):]}")
        request.headers["Host"] = request.url.netloc.decode()
        return super().handle_request(request)


def check(name, holds, found=None):
    if not holds:
        sys.exit(f"NOT {name}: {found!r}")
    print(f"ok  {name}")


def same(name, found, wanted):
    check(name, found == wanted, {"found": found, "wanted": wanted})


def refused(name, code, call, error=TBankAPIError):
    try:
        answer = call()
    except error as said:
        same(name, said.code, code)
        return said
    sys.exit(f"NOT {name}: {answer!r}")


def told(name, *statuses):
    """The next notifications, each verified by the client; none of them with a field changed."""
    found = []
    for status in statuses:
        try:
            one = heard.get(timeout=SECONDS_MAX)
        except queue.Empty:
            sys.exit(f"NOT {name}: no {status}")
        if not verify_notification(one, PASSWORD):
            sys.exit(f"NOT {name}: the token is wrong: {one!r}")
        for changed in ({**one, "Amount": 1}, {**one, "Added": "later"}, {**one, "Token": "0" * 64}):
            if verify_notification(changed, PASSWORD):
                sys.exit(f"NOT {name}: a changed notification has a right token: {changed!r}")
        found.append(parse_notification(one))
    same(name, [one.status.value for one in found], list(statuses))
    check(f"{name}: nothing else is told", heard.empty())
    return found


def pay(url, **form):
    """The buyer's part at the bank's page."""
    check("the form is at the bank", url.startswith(f"{PAY}/"), url)
    answer = httpx.post(url, data=form)
    same("the buyer goes on", answer.status_code, 303)
    return answer.headers["location"]


def order():
    return f"py-{uuid.uuid4().hex[:20]}"


def payment(**more):
    return InitRequest(
        **{
            "amount": 150_000,
            "order_id": order(),
            "description": "Выписка ЕГРН",
            "notification_url": HEARD_URL,
            "success_url": "https://shop.example/back?ok=${Success}&code=${ErrorCode}",
            "fail_url": "https://shop.example/back?ok=${Success}&code=${ErrorCode}",
            "pay_type": "O",
            **more,
        }
    )


def one_stage(client):
    asked = payment()
    made = client.init(asked)
    same("a payment is made", (made.success, made.status.value, made.amount), (True, "NEW", 150_000))
    said = refused("a number is used once", "8", lambda: client.init(asked))
    same("and that is said as the bank says it", said.details, "Заказ с таким order_id уже существует.")
    same("the buyer comes back", pay(made.payment_url, card="success"), "https://shop.example/back?ok=true&code=0")
    last = told("one stage is told", "AUTHORIZED", "CONFIRMED")[-1]
    same("of this payment", (last.order_id, str(last.payment_id), last.amount), (asked.order_id, made.payment_id, 150_000))
    same("the card is shown", (last.pan, last.exp_date), ("220138******0013", "1230"))
    state = client.get_state(made.payment_id)
    same("the state is known", (state.status.value, state.amount, state.order_id), ("CONFIRMED", 150_000, asked.order_id))
    [listed] = client.check_order(asked.order_id).payments
    same("the order lists it", (listed.payment_id, listed.status, listed.amount), (made.payment_id, "CONFIRMED", 150_000))
    part = client.cancel(made.payment_id, 50_000)
    same("a part goes back", (part.status.value, part.original_amount, part.new_amount), ("PARTIAL_REFUNDED", 150_000, 100_000))
    same("what is left is told", told("a part is told", "PARTIAL_REFUNDED")[0].amount, 100_000)
    refused("no more than is left goes back", "330", lambda: client.cancel(made.payment_id, 100_001))
    rest = client.cancel(made.payment_id)
    same("the rest goes back", (rest.status.value, rest.original_amount, rest.new_amount), ("REFUNDED", 100_000, 0))
    told("the rest is told", "REFUNDED")
    refused("nothing is left", "8", lambda: client.cancel(made.payment_id))


def two_stages(client):
    held = client.init(payment(pay_type="T"))
    pay(held.payment_url, card="success")
    same("a hold is told", told("two stages", "AUTHORIZED")[0].amount, 150_000)
    refused("no more than is held is captured", "330", lambda: client.confirm(held.payment_id, 150_001))
    same("a part is captured", client.confirm(held.payment_id, 90_000).status.value, "CONFIRMED")
    same("and no more", client.get_state(held.payment_id).amount, 90_000)
    same("the part is told", told("a capture", "CONFIRMED")[0].amount, 90_000)
    refused("once", "8", lambda: client.confirm(held.payment_id, 90_000))
    let_go = client.init(payment(pay_type="T"))
    pay(let_go.payment_url, card="success")
    told("another hold", "AUTHORIZED")
    gone = client.cancel(let_go.payment_id)
    same("a hold is let go", (gone.status.value, gone.new_amount), ("REVERSED", 0))
    told("that is told", "REVERSED")


def ends_without_money(client):
    unpaid = client.init(payment())
    same("a payment nobody has paid is cancelled", client.cancel(unpaid.payment_id, 1_000).status.value, "CANCELED")
    told("that is told", "CANCELED")
    asked = payment()
    poor = client.init(asked)
    same("the buyer comes back without", pay(poor.payment_url, card="insufficient_funds"), "https://shop.example/back?ok=false&code=1051")
    [said] = told("a decline is told", "REJECTED")
    same("with its reason", (said.success, said.error_code), (False, "1051"))
    [listed] = client.check_order(asked.order_id).payments
    same("the order says why", (listed.status, listed.success, listed.error_code), ("REJECTED", False, "1051"))
    checked = client.init(payment())
    pay(checked.payment_url, card="challenge")
    pay(checked.payment_url, code="111111")
    told("a check is passed", "AUTHORIZED", "CONFIRMED")


def saved_cards(client):
    customer = f"buyer-{uuid.uuid4().hex[:12]}"
    same("a buyer is made known", client.add_customer(customer, email="buyer@shop.example").customer_key, customer)
    refused("once", "7", lambda: client.add_customer(customer))
    same("and looked up", client.get_customer(customer).email, "buyer@shop.example")
    same("without cards", client.get_card_list(customer), [])
    saved = []
    for card in ("success", "charge_declined"):
        made = client.init(payment(recurrent="Y", customer_key=customer))
        pay(made.payment_url, card=card)
        last = told(f"a card is saved ({card})", "AUTHORIZED", "CONFIRMED")[-1]
        check("with what it is charged by", last.rebill_id and last.card_id, last)
        saved.append(last)
    cards = client.get_card_list(customer)
    same("cards are listed", [card.rebill_id for card in cards], [str(one.rebill_id) for one in saved])
    for stages, statuses in (("O", ("AUTHORIZED", "CONFIRMED")), ("T", ("AUTHORIZED",))):
        charge = client.init(payment(pay_type=stages))
        done = client.charge(charge.payment_id, cards[0].rebill_id)
        same("a saved card is charged", (done.status.value, done.amount), (statuses[-1], 150_000))
        told("that is told", *statuses)
        refused("a payment is charged once", "8", lambda: client.charge(charge.payment_id, cards[0].rebill_id))
    poor = client.init(payment())
    refused("a charge is declined", "1051", lambda: client.charge(poor.payment_id, cards[1].rebill_id), InsufficientFundsError)
    told("that is told", "REJECTED")
    same("a card is removed", client.remove_card(customer, cards[0].card_id).status.value, "D")
    same("and is gone", [card.card_id for card in client.get_card_list(customer)], [cards[1].card_id])
    late = client.init(payment())
    refused("what was removed is not charged", "104", lambda: client.charge(late.payment_id, cards[0].rebill_id))


def by_sbp(client, plain):
    def made(**more):
        answer = plain.post("Init", {"Amount": 20_000, "OrderId": order(), "NotificationURL": HEARD_URL, **more})
        check("a payment is made by the other client", answer["Success"], answer)
        return answer["PaymentId"]

    def state(number):
        return plain.get_state(number).status

    for more, wanted in (({}, "CONFIRMED"), ({"IsRejected": True}, "REJECTED"), ({"IsDeadlineExpired": True}, "DEADLINE_EXPIRED")):
        number = made()
        link = plain.get_qr(PaymentId=number, DataType="PAYLOAD")["Data"]
        check("a link of the СБП", link.startswith("https://qr.nspk.ru/AD") and "&sum=20000&cur=RUB&crc=" in link, link)
        same("shown, it waits", state(number), "FORM_SHOWED")
        check("the buyer's part is played", plain.sbp_pay_test(PaymentId=number, **more)["Success"])
        same(f"the СБП ends {wanted}", state(number), wanted)
        if wanted != "DEADLINE_EXPIRED":
            told("that is told", wanted)
    number = made()
    plain.get_qr(PaymentId=number)
    plain.sbp_pay_test(PaymentId=number)
    told("another is paid", "CONFIRMED")
    back = plain.payment_cancel(PaymentCancelParams(number))
    same("money goes back by and by", (back["Status"], back["NewAmount"]), ("ASYNC_REFUNDING", 0))
    told("that it is back is told", "REFUNDED")
    same("and known", (state(number), client.get_qr_state(number).status), ("REFUNDED", "REFUNDED"))
    small = plain.post("Init", {"Amount": 999, "OrderId": order()})
    same("ten roubles at least", plain.get_qr(PaymentId=small["PaymentId"])["ErrorCode"], "3016")

    asked = client.add_account_qr("Подписка")
    same("an account is to be bound", client.get_add_account_qr_state(asked.request_key).status.value, "NEW")
    sbp = PAY.replace("/sandbox/deal/", "/sandbox/sbp/")
    led = httpx.get(f"{sbp}/{asked.data.split('/')[-1].split('?')[0]}")
    pay(str(led.url.join(led.headers["location"])), card="success")
    bound = client.get_add_account_qr_state(asked.request_key)
    same("it is bound", bound.status.value, "ACTIVE")
    one = heard.get(timeout=SECONDS_MAX)
    check("the binding is told: its token", verify_notification(one, PASSWORD), one)
    same("the binding is told", (one["NotificationType"], one["Status"]), ("LINKACCOUNT", "ACTIVE"))
    number = made(Recurrent="Y", DATA={"QR": "true"})
    same("and charged", client.charge_qr(number, bound.account_token).success, True)
    told("that is told", "CONFIRMED")


def repeated(plain):
    made = plain.post("Init", {"Amount": 20_000, "OrderId": order(), "PayType": "T", "NotificationURL": HEARD_URL})
    number = made["PaymentId"]
    pay(made["PaymentURL"], card="success")
    told("a hold of the other client", "AUTHORIZED")
    for _ in range(2):
        again = plain.payment_cancel(PaymentCancelParams(number, 5_000, external_request_id="void-1"))
        same("a part of a hold is let go once", (again["Status"], again["NewAmount"]), ("PARTIAL_REVERSED", 15_000))
    # Read as it is: the first client has no word for this state, and verifies its token all the same.
    one = heard.get(timeout=SECONDS_MAX)
    check("a part is told once", verify_notification(one, PASSWORD) and one["Status"] == "PARTIAL_REVERSED", one)
    same("the rest is captured", plain.payment_confirm(PaymentConfirmParams(number))["Status"], "CONFIRMED")
    told("that is told", "CONFIRMED")
    for _ in range(2):
        again = plain.payment_cancel(PaymentCancelParams(number, 5_000, external_request_id="refund-1"))
        same("a refund is made once", (again["Status"], again["NewAmount"]), ("PARTIAL_REFUNDED", 10_000))
    told("a refund is told once", "PARTIAL_REFUNDED")
    same("what is left is known", plain.get_state(number).raw["Amount"], 10_000)


def main():
    server = ThreadingHTTPServer((HOST, int(PORT)), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stranger = AcquiringClient(TERMINAL, "guessed", base_url=f"{DOUBLE}/v2")
    refused("a stranger's token is wrong", "204", lambda: stranger.init(payment()))
    nobody = AcquiringClient("1DEMO", PASSWORD, base_url=f"{DOUBLE}/v2")
    refused("nobody's terminal is unknown", "501", lambda: nobody.init(payment()))
    with (
        AcquiringClient(TERMINAL, PASSWORD, base_url=f"{DOUBLE}/v2") as client,
        TKassaClient(TERMINAL, PASSWORD, client=httpx.Client(transport=ToDouble())) as plain,
    ):
        refused("an amount is too small", "251", lambda: client.init(payment(amount=99)))
        refused("an unknown payment is not found", "255", lambda: client.get_state("1"))
        refused("an unknown order is not found", "335", lambda: client.check_order(order()))
        one_stage(client)
        two_stages(client)
        ends_without_money(client)
        saved_cards(client)
        by_sbp(client, plain)
        repeated(plain)


main()
