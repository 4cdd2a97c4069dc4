"""A buyer pays and a partner does with the money what can be done, through one of our connectors to its double: checkout to refund.

    journey.py PROTOCOL      rbs, tbank, paykeeper, assist, yookassa; or sandbox, the sandbox's own bank

APIKASSA_URL is a local stack, APIKASSA_KEY a test partner's key. What the protocol's accounts can not do is left out, and said.
"""

import os
import re
import sys
import time
import uuid

from shop import SECONDS_MAX, Shop

URL, PROTOCOL = os.environ["APIKASSA_URL"].rstrip("/"), sys.argv[1]
shop = Shop(URL, os.environ["APIKASSA_KEY"], PROTOCOL)
call, api, check, order, wait = shop.call, shop.api, shop.check, shop.order, shop.wait
agree, at_bank = shop.agree, shop.at_bank


def money(seen):
    return seen["payment_state"], seen["held"], seen["captured"], seen["returned"]


api("PUT", "/sandbox/banks", {"bank": None if PROTOCOL == "sandbox" else PROTOCOL})
accounts = [account for account in api("GET", "/v1/accounts")["accounts"] if account["enabled"]]
terms = {method["method"]: method for account in accounts for method in account["methods"]}
if PROTOCOL == "sandbox":
    on = {"hold": "approved", "save": "approved", "partial_capture": True, "partial_void": True, "partial_refund": True}
    terms = {"card": on, "sbp": {**on, "hold": "off"}}
card = terms["card"]
others = [name for name in terms if name not in ("card", "sbp")]
print(f"    methods: {', '.join(terms)}")

made = order()
at_bank(agree(made, method="card"), "success")
seen = wait("a card pays at once", made, lambda o: o["payment_state"] == "approved" and o["status"] in ("paid", "executing"))
check("all of it is captured", money(seen)[1:] == ("0.00", "1000.00", "0.00"), seen)
wait("the receipt is there", made, lambda o: [r["state"] for r in o["receipts"]] == ["issued"])
if card["partial_refund"]:
    api("POST", f"/v1/orders/{made['id']}/cancel", {"amount": "150.00", "reason": "разбилось"})
    wait("a part goes back by amount", made, lambda o: money(o) == ("partial_canceled", "0.00", "1000.00", "150.00"))
    api("POST", f"/v1/orders/{made['id']}/cancel", {"lines": [{"line": 2, "quantity": "0.5"}]})
    seen = wait("a part goes back by lines", made, lambda o: o["returned"] != "150.00" and o["payment_state"] == "partial_canceled")
api("POST", f"/v1/orders/{made['id']}/cancel", {})
seen = wait("the rest goes back", made, lambda o: o["status"] == "refunded" and o["returned"] == "1000.00")
wait("every refund has its receipt", made, lambda o: all(r["state"] == "issued" for r in o["receipts"])
     and len(o["receipts"]) == (4 if card["partial_refund"] else 2))

made = order()
page = agree(made, method="card")
at_bank(page, "insufficient_funds")
# Some gateways let the buyer try again on the same page: then a decline ends nothing yet.
open_page = PROTOCOL in ("rbs", "paykeeper")
seen = wait("a decline ends the try, or leaves the bank's page open", made, lambda o: o["status"] == "awaiting_payment"
            or open_page and o["status"] == "checking_payment")
if seen["status"] == "awaiting_payment":
    reason = seen["operations"][0]["decline_reason"]
    check("and has its reason", reason == "insufficient_funds" or open_page, seen["operations"])
if seen["status"] == "awaiting_payment" or PROTOCOL == "paykeeper":
    at_bank(page if seen["status"] == "checking_payment" else agree(made, method="card"), "success")
    wait("the next try pays", made, lambda o: o["payment_state"] == "approved")

made = order()
at_bank(agree(made, method="card"), "silent")
wait("a bank that tells nothing is asked when the buyer comes back", made, lambda o: o["payment_state"] == "approved")

if card["hold"] == "approved":
    two = {"stages": 2}
    made = order(payment=two)
    at_bank(agree(made, method="card"), "success")
    wait("a card is held", made, lambda o: o["payment_state"] == "delayed" and o["held"] == "1000.00")
    if card["partial_capture"]:
        api("POST", f"/v1/orders/{made['id']}/capture", {"lines": [{"line": 1}]})
        wait("a part is captured, the rest let go", made, lambda o: money(o) == ("partial_approved", "0.00", "600.00", "0.00"))
        api("POST", f"/v1/orders/{made['id']}/cancel", {})
        wait("and goes back", made, lambda o: money(o)[2:] == ("600.00", "600.00") and o["status"] == "refunded")
    made = order(payment=two)
    at_bank(agree(made, method="card"), "success")
    wait("another card is held", made, lambda o: o["payment_state"] == "delayed")
    api("POST", f"/v1/orders/{made['id']}/capture", {})
    wait("all is captured", made, lambda o: money(o) == ("approved", "0.00", "1000.00", "0.00"))
    made = order(payment=two)
    at_bank(agree(made, method="card"), "success")
    wait("a third card is held", made, lambda o: o["payment_state"] == "delayed")
    api("POST", f"/v1/orders/{made['id']}/cancel", {"reason": "нет на складе"})
    seen = wait("the hold is let go", made, lambda o: o["status"] == "cancelled" and money(o) == ("canceled", "0.00", "0.00", "0.00"))
    check("nothing was taken, so there is no receipt", seen["receipts"] == [], seen)
else:
    print("    no holds")

if card["save"] == "approved":
    customer = f"buyer-{uuid.uuid4().hex[:8]}"
    made = order(customer=customer)
    at_bank(agree(made, method="card", consent_means="on"), "success")
    wait("a card is saved with its payment", made, lambda o: o["payment_state"] == "approved")
    deadline = time.monotonic() + SECONDS_MAX
    while not (means := api("GET", f"/v1/customers/{customer}/means")["means"]) and time.monotonic() < deadline:
        time.sleep(0.1)
    check("the wallet has it, masked", len(means) == 1 and "•" in means[0]["label"], means)
    made = order(customer=customer, charge={"means": means[0]["id"], "reason": "подписка"})
    wait("it is charged without the buyer", made, lambda o: o["payment_state"] == "approved")
    made = order(customer=customer)
    where = agree(made, means=means[0]["id"])
    if "/sandbox/" in where:
        at_bank(where, "success")
    call("GET", made["checkout_url"] + "/return")
    wait("the buyer pays with it", made, lambda o: o["payment_state"] == "approved")
    code, _, text = call("DELETE", f"/v1/customers/{customer}/means/{means[0]['id']}")
    check("it is deleted", code == 204, text)
    check("and gone", api("GET", f"/v1/customers/{customer}/means")["means"] == [])
    code, _, text = call("POST", "/v1/orders", {"number": uuid.uuid4().hex, "lines": [{"name": "Чай", "price": "1.00"}],
                         "buyer": {"email": "b@example.com"}, "customer": customer,
                         "charge": {"means": means[0]["id"], "reason": "ещё раз"}})
    check("nobody can charge it", code == 422, text)
else:
    print("    no saved means")

if "sbp" in terms:
    made = order(payment={"methods": ["sbp"]})
    where = agree(made, method="sbp")
    if "/c/" in where:
        code, _, page = call("GET", where)
        link = re.search(r"https://qr\.nspk\.ru/[^\"'<\s]+", page)
        if link is None:
            # The page shows it in its own way; the bank's link is in the order.
            sys.exit(f"NOT an SBP link on the page: {page[:800]}")
        qr_id = re.search(r"qr\.nspk\.ru/([A-Z0-9]+)", link.group(0)).group(1)
        partner = made["id"].split("_")[2]
        at_bank(f"{URL}/sandbox/sbp/{partner}/{qr_id}", "success")
        call("GET", made["checkout_url"] + "/return")
    else:
        at_bank(where, "success")
    wait("the СБП pays", made, lambda o: o["payment_state"] == "approved")
    api("POST", f"/v1/orders/{made['id']}/cancel", {})
    wait("and the money goes back", made, lambda o: o["status"] == "refunded")
else:
    print("    no СБП")
api("PUT", "/sandbox/banks", {"bank": None})
