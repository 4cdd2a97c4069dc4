"""A buyer pays and a partner hands over and gives back at each cash register's double, first with nothing wrong, then with everything.

    registers.py [REGISTER…]      atol_v4 atol_v5 business_kassa_v4 orange_data paykeeper kit_online business_kassa; all when none is named

Every register has a partner of its own, enrolled and connected by the operator as in docs/API.md, with a second register to go to.
What was printed is read at the doubles, what is believed at the order; they must be the same receipts, whatever was lost between them.

APIKASSA_URL is a local stack, APIKASSA_OPERATOR_TOKEN the operator's.
"""

import json
import os
import sys
import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

from shop import SECONDS_MAX, Shop

URL, OPERATOR = os.environ["APIKASSA_URL"].rstrip("/"), os.environ["APIKASSA_OPERATOR_TOKEN"]
AT_ONCE = 4  # registers; each waits more than it works
NATURAL_SECONDS = 2.5  # then what is due later is made due by the test clock
SETTLING_SECONDS = 0.5  # for what has become due, before the clock moves again
ADVANCE_SECONDS = 1_300  # more than a task waits for its answer
A_TRY_SECONDS = 13_000  # more than the longest wait between two tries of a receipt
REFUSALS = 8  # until the audit speaks of a receipt
AUDIT = threading.Lock()
SELLER = "7700000016"
# Two codes of one product, so that the second names another unit.
MARKS = [f"010460193600546421SERIAL{no:07}\x1d91EE05\x1d92dGVzdA==" for no in (13, 14)]


@dataclass(frozen=True)
class Protocol:
    """What a register's protocol can say."""

    tells: bool = False  # what became of a document, by itself
    tokens: bool = False  # have to be asked for, and end
    rates: bool = False  # of what was printed
    marks: bool = True  # of units can be sent
    corrections: bool = True  # have items, or are plain receipts
    looks: bool = False  # can be asked about a document without sending it; then one it has refused moves on


PROTOCOLS = {
    "atol_v4": Protocol(tells=True, tokens=True),
    "atol_v5": Protocol(tells=True, tokens=True),
    "business_kassa_v4": Protocol(tells=True, tokens=True),
    "orange_data": Protocol(tells=True, rates=True, looks=True),
    "paykeeper": Protocol(tells=True, tokens=True, rates=True),
    "kit_online": Protocol(marks=False, looks=True),
    "business_kassa": Protocol(tokens=True, rates=True, marks=False, corrections=False, looks=True),
}


def printed(documents):
    return [document for document in documents if document["state"] == "printed"]


def name(code):
    """A register's id is its protocol's, as ids are written."""
    return code.replace("_", "-")


def events(order):
    return [event["event"] for event in order["timeline"]]


def settled(order):
    return bool(order["receipts"]) and all(receipt["state"] == "issued" for receipt in order["receipts"])


class Till:
    """A partner at one register, and at a second one for what the first can not print."""

    def __init__(self, code):
        self.code, self.protocol, self.said = code, PROTOCOLS[code], []
        self.spare = "atol_v5" if code == "orange_data" else "orange_data"
        self.orders, self.receipts = [], Counter()
        self.shop = Shop(URL, None, code, self.said.append)
        self.shop.key = self.enrolled()
        self.connect()

    def operator(self, method, path, body=None, status=200):
        return self.shop.api(method, f"/v1/operator{path}", body, status, key=OPERATOR)

    def enrolled(self):
        self.partner = f"till{self.code.replace('_', '')}"
        account = {"number": "40702810200000000001", "bic": "044525225", "bank": "ПАО СБЕРБАНК", "correspondent": "30101810400000000225"}
        terms = {"id": self.partner, "name": "ООО «Чайная»", "inn": SELLER, "kpp": "770001001", "phone": "+74950000001",
                 "support_email": "help@tea.example", "vat": "vat22", "commission": {"percent": "3.5"},
                 "payout": {"automatic": False, "account": account}, "issue_keys": True}
        code, _, text = self.shop.call("POST", "/v1/operator/partners", terms, key=OPERATOR)
        self.shop.check("the operator enrols a partner", code in (200, 201), text)
        return json.loads(text)["test"]["api_key"]

    def connect(self):
        """The operator's contracts, with what the vendors have told: here their doubles."""
        registers = []
        for place, code in enumerate((self.code, self.spare)):
            told = self.shop.api("GET", f"/sandbox/registers/{code}")
            registers.append({"id": name(code), "kind": code, "ffd": told["ffd"], "priority": place, "group": told["group"],
                              "address": told["address"], "credentials": told["credentials"]})
        body = {"agent_sign": "agent", "registers": registers}
        seen = self.operator("PUT", f"/partners/{self.partner}/test/registers", body)
        self.shop.check("and connects them to two registers", [known["kind"] for known in seen["registers"]] == [self.code, self.spare], seen)
        chosen = self.shop.api("GET", "/sandbox/registers")["registers"]
        self.shop.check("the first of them is the first choice", chosen == [self.code, self.spare], chosen)

    def spoil(self, *following, always=None, code=None):
        self.shop.api("PUT", f"/sandbox/registers/{code or self.code}/faults", {"next": following, "always": always})

    def left(self, code=None):
        return self.shop.api("GET", f"/sandbox/registers/{code or self.code}")["faults"]["next"]

    def documents(self, made, code=None):
        told = self.shop.api("GET", f"/sandbox/registers/{code or self.code}/documents?order={made['id']}")
        self.must("the journal is complete", told["complete"], len(told["documents"]))
        return told["documents"]

    def advance(self, seconds=ADVANCE_SECONDS):
        """What is due within these seconds happens now."""
        code, _, text = self.shop.call("POST", "/sandbox/clock", {"advance_seconds": seconds})
        # What could not all be done at once is done by the next sweep.
        self.must("the test clock moves", code in (200, 503), {"code": code, "text": text})

    def wait(self, name, made, holds):
        """Waits for what happens by itself, then for what happens in time."""
        moves_at = time.monotonic() + (NATURAL_SECONDS if self.protocol.tells else 0)

        def nudge():
            nonlocal moves_at
            if time.monotonic() >= moves_at:
                self.advance()
                moves_at = time.monotonic() + SETTLING_SECONDS

        return self.shop.wait(name, made, holds, nudge)

    def paid(self, name, **wish):
        made = self.shop.order(**wish)
        self.orders.append(made)
        self.shop.at_bank(self.shop.agree(made, method="card"), "success")
        self.shop.wait(name, made, lambda order: order["payment_state"] == "approved")
        return made

    def hand_over(self, made):
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            code, _, text = self.shop.call("POST", f"/sandbox/executions/{made['id']}/fulfil")
            if code == 200:
                break
            self.must("the executor has it", time.monotonic() < deadline, {"code": code, "text": text})
            time.sleep(0.1)
        self.shop.wait("it is handed over", made, lambda order: order["status"] in ("fulfilled", "refunded"))

    def must(self, name, holds, found=None):
        """Says nothing where it holds."""
        if not holds:
            self.shop.check(name, False, found)

    def holds(self, made, expected):
        """What the registers printed of an order is `expected`, in that order, and is what the order believes, once."""
        order = self.shop.read(made)
        receipts = order["receipts"]
        books = {code: printed(self.documents(made, code)) for code in (self.code, self.spare)}
        on_paper = Counter((name(code), *(paper[word] for word in ("drive", "document", "sign"))) for code in books for paper in books[code])
        believed = Counter(tuple(receipt[word] for word in ("register", "fiscal_drive", "fiscal_document", "fiscal_sign")) for receipt in receipts)
        self.must("printed once is what the order has", on_paper == believed, {"printed": list(on_paper), "order": receipts})
        by_sign = {paper["sign"]: paper for papers in books.values() for paper in papers}
        papers = [by_sign[receipt["fiscal_sign"]] for receipt in receipts]
        said = [(paper["kind"], paper["total"], paper["payments"], [item["1199"] for item in paper["items"]],
                 sorted({item["1214"] for item in paper["items"]})) for paper in papers]
        self.must("they say what they must", said == expected, {"said": said, "expected": expected})
        agents = {(item["1222"], item["1226"]) for paper in papers for item in paper["items"]}
        self.must("for their principal, by an agent", agents == {(64, SELLER)}, sorted(map(str, agents)))
        sides = {"sale": 1, "refund": -1}
        sums = [sides[paper["kind"]] * Decimal(amount) for paper in papers for tag, amount in paper["payments"].items() if tag != "1215"]
        self.must("over the money that is kept", sum(sums) == Decimal(order["captured"]) - Decimal(order["returned"]), {"sums": list(map(str, sums)), "order": order})
        for receipt in receipts:
            self.page(receipt)
        self.shop.say(f"ok  printed, believed and shown: {', '.join(f'{kind} {total} by {rates}' for kind, total, _, rates, _ in said)}")

    def page(self, receipt):
        code, _, page = self.shop.call("GET", receipt["url"])
        sign, drive, number = receipt["fiscal_sign"], receipt["fiscal_drive"], receipt["fiscal_document"]
        shown = code == 200 and all(str(word) in page for word in (sign, drive, number, SELLER, "Признак агента", "<svg"))
        self.must(f"receipt {receipt['no']} has its page, with the requisites and a QR code", shown, {"code": code, "page": page[:3000]})
        qr = dict(pair.split("=", 1) for pair in receipt["qr"].split("&"))
        # In the code the sign has no zeros in front.
        told = (qr["s"], qr["fn"], qr["i"], qr["fp"].zfill(10))
        self.must("the code says the same", told == (receipt["total"], drive, str(number), sign), receipt["qr"])

    # --- the journeys ---

    def full(self):
        made = self.paid("a card pays")
        self.wait("the receipt is there", made, settled)
        self.hand_over(made)
        self.shop.api("POST", f"/v1/orders/{made['id']}/cancel", {"lines": [{"line": 1, "quantity": "1"}]})
        self.wait("a part goes back, and has its receipt", made, lambda order: order["returned"] == "300.00" and len(order["receipts"]) == 2 and settled(order))
        sale = ("sale", "1000.00", {"1081": "1000.00"}, [11, 11], [4])
        self.holds(made, [sale, ("refund", "300.00", {"1081": "300.00"}, [11], [4])])

    def prepayment(self, *faults):
        """Three receipts that need one another; a fault each."""
        self.spoil(*faults)
        made = self.paid(f"a card pays in advance{': «' + '», «'.join(faults) + '»' if faults else ''}", receipts="prepayment")
        self.wait("the prepayment has its receipt", made, settled)
        self.hand_over(made)
        self.wait("the hand-over closes it", made, lambda order: [one["stage"] for one in order["receipts"]] == ["prepayment", "closing"] and settled(order))
        self.shop.api("POST", f"/v1/orders/{made['id']}/cancel", {"lines": [{"line": 1, "quantity": "1"}]})
        self.wait("a part goes back", made, lambda order: order["returned"] == "300.00" and len(order["receipts"]) == 3 and settled(order))
        self.holds(made, [("sale", "1000.00", {"1081": "1000.00"}, [12, 12], [1]), ("sale", "1000.00", {"1215": "1000.00"}, [11, 11], [4]),
                          ("refund", "300.00", {"1081": "300.00"}, [11], [4])])
        self.must("the faults were played", self.left() == [], self.left())

    def one(self, rate=11):
        return [("sale", "1000.00", {"1081": "1000.00"}, [rate, rate], [4])]

    def with_fault(self, fault):
        """One fault, then the receipt is there all the same, and once."""
        self.spoil(fault)
        made = self.paid(f"«{fault}»: a card pays")
        seen = self.wait(f"«{fault}»: and the receipt is there", made, settled)
        self.shop.check(f"«{fault}» was played", self.left() == [], self.left())
        self.holds(made, self.one())
        return seen

    def at_first(self, fault):
        seen = self.with_fault(fault)
        self.shop.check(f"«{fault}»: at the first register", seen["receipts"][0]["register"] == name(self.code), seen["receipts"])
        return seen

    def late(self, fault):
        """The register ends the job unprinted: it goes there again."""
        seen = self.at_first(fault)
        failed = [document["failure"] for document in self.documents(seen) if document["state"] == "failed"]
        # A full queue is no job yet, and a job the register itself takes up again is the same one.
        self.shop.check(f"«{fault}»: the job that was ended stays ended", len(failed) == 1 or self.code in ("orange_data", "paykeeper"), failed)

    def moved(self):
        seen = self.with_fault("broken")
        self.shop.check("a register that is broken hands it on", seen["receipts"][0]["register"] == name(self.spare), seen["receipts"])
        self.shop.check("and the order says so", "receipt.moved" in events(seen), seen["timeline"])

    def findings(self, made):
        """What the audit says of an order now; a look at all orders of all partners, so one at a time."""
        with AUDIT:
            _, _, text = self.shop.call("GET", "/local/audit.json", seconds=120)
        return [finding["rule"] for finding in json.loads(text)["findings"] if finding["subject"] == made["id"]]

    def refused(self):
        """A rule of the register's own is broken: no other words for it, so somebody has to mend the register."""
        self.spoil(*["refused"] * REFUSALS)
        made = self.paid("«refused»: a card pays")
        if self.protocol.looks:
            seen = self.wait("«refused»: what the register never took goes to the next", made, settled)
            self.shop.check("it is printed there", seen["receipts"][0]["register"] == name(self.spare), seen["receipts"])
            self.spoil()
            self.holds(made, self.one())
            return
        deadline = time.monotonic() + SECONDS_MAX * 2
        while left := self.left():
            nothing = not settled(self.shop.read(made)) and not self.documents(made) and not self.documents(made, self.spare)
            self.must("«refused»: it is printed nowhere", nothing and time.monotonic() < deadline, left)
            self.advance(A_TRY_SECONDS)
            began = time.monotonic()
            while self.left() == left and time.monotonic() - began < NATURAL_SECONDS:
                time.sleep(0.05)
        self.shop.say("ok  «refused»: it is printed nowhere, however often it is tried")
        deadline = time.monotonic() + SECONDS_MAX
        while "stuck.receipt" not in (found := self.findings(made)):
            self.must("«refused»: and the audit says so", time.monotonic() < deadline, found)
        self.shop.say("ok  «refused»: and the audit says so")
        self.advance(A_TRY_SECONDS)
        self.wait("«refused»: the register is mended, and prints it", made, settled)
        self.holds(made, self.one())

    def marked(self):
        lines = [{"name": "Кроссовки", "price": "1000.00", "subject": "goods_marked", "mark": MARKS[0]}]
        self.spoil(*(["mark_refused"] if self.protocol.marks else []))
        made = self.paid("«mark_refused»: a card pays for a marked unit", lines=lines)
        rates = [("sale", "1000.00", {"1081": "1000.00"}, [11], [4])]
        if not self.protocol.marks:
            seen = self.wait("a register without words for marks hands it on", made, settled)
            self.shop.check("it is printed at the next", seen["receipts"][0]["register"] == name(self.spare), seen["receipts"])
            self.shop.check("nothing of it came to the first", self.documents(made) == [], self.documents(made))
            self.holds(made, rates)
            return
        refused = lambda _: [document.get("failure") for document in self.documents(made)] == ["mark"]
        seen = self.wait("the code does not pass", made, refused)
        self.shop.check("and nothing is printed", not settled(seen), seen)
        self.advance(60)
        seen = self.shop.read(made)
        self.shop.check("however often it is tried", not settled(seen) and refused(seen), self.documents(made))
        self.shop.api("PUT", f"/v1/orders/{made['id']}/marks", [{"line": 1, "mark": MARKS[1]}])
        self.wait("another unit is taken", made, settled)
        self.holds(made, rates)
        marks = [document["items"][0]["mark"] for document in printed(self.documents(made))]
        self.shop.check("and that unit is printed", len(marks) == 1 and "SERIAL0000014" in marks[0], marks)

    def other_rate(self):
        self.spoil("other_rate")
        made = self.paid("«other_rate»: a card pays")
        seen = self.wait("another rate is printed than was sent", made, settled)
        if not self.protocol.rates:
            self.shop.check("the protocol tells no rates: nobody can know", seen["receipts"][0]["differs"] is None, seen["receipts"])
            self.holds(made, self.one(1))
            return
        self.shop.check("that is seen, and told", seen["receipts"][0]["differs"] and "receipt.differs" in events(seen), seen)
        self.shop.check("the audit says so", "receipt.differs" in self.findings(made), self.findings(made))
        for _ in range(2):
            self.operator("POST", f"/orders/{made['id']}/receipts/1/correct")
        seen = self.wait("the operator has it corrected, once", made, lambda order: len(order["receipts"]) == 3 and settled(order))
        self.shop.check("both name the wrong one", [one["corrects"] for one in seen["receipts"]] == [None, 1, 1], seen["receipts"])
        of = "1000.00", {"1081": "1000.00"}
        self.holds(made, [("sale", *of, [1, 1], [4]), ("refund", *of, [1, 1], [4]), ("sale", *of, [11, 11], [4])])
        wanted = self.spare if not self.protocol.corrections else self.code
        places = [one["register"] for one in seen["receipts"]]
        self.shop.check("where corrections have words", places == [name(self.code), *[name(wanted)] * 2], places)

    def nothing_else(self):
        """All that was printed belongs to the orders that were made."""
        for code in (self.code, self.spare):
            everything = self.documents({"id": ""}, code)
            known = {made["id"] for made in self.orders}
            strange = [document["external_id"] for document in everything if document["external_id"].rsplit("-r", 1)[0] not in known]
            self.shop.check(f"{code} has nothing but these orders'", strange == [], strange)
            numbers = Counter(document["document"] for document in printed(everything))
            self.shop.check(f"and gave each of its {len(numbers)} numbers once", all(many == 1 for many in numbers.values()), numbers)

    def run(self):
        self.full()
        self.prepayment()
        self.prepayment("lost_answer", "failing_once", "duplicate")
        self.at_first("lost_answer")
        self.at_first("duplicate")
        if self.protocol.tokens:
            self.at_first("session")
        if self.protocol.tells:
            self.at_first("silent")
        self.late("failing_once")
        self.late("expiring")
        self.moved()
        self.refused()
        self.marked()
        self.other_rate()
        self.nothing_else()
        return self


def journey(code):
    began, till = time.monotonic(), None
    said = []
    try:
        till = Till(code)
        said = till.said
        till.run()
        return code, said, None, time.monotonic() - began
    except SystemExit as wrong:
        return code, till.said if till else said, str(wrong), time.monotonic() - began
    except Exception:
        return code, till.said if till else said, f"NOT {code}: {traceback.format_exc()}", time.monotonic() - began


def main():
    codes = sys.argv[1:] or list(PROTOCOLS)
    failed = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for code, said, wrong, seconds in pool.map(journey, codes):
            print(f"\n{code}: a buyer and a partner, at the register's double ({seconds:.0f} s)")
            print("\n".join(said), flush=True)
            if wrong is not None:
                print(wrong, flush=True)
                failed.append(code)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
