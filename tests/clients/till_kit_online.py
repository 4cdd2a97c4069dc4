"""КИТ Онлайн's protocol spoken to its double from another side, by nothing but Python's own library.

Neither PyPI nor npm has a client of this protocol (the public one, KitOnline.NET, comes by NuGet, which the checks can not reach), so
its words are written once more, with the check and the signature of that client's own tests and nothing of ours imported.

DOUBLE: address of the double; CREDENTIALS: JSON.
"""

import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

DOUBLE = os.environ["DOUBLE"].rstrip("/")
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
COMPANY, LOGIN, PASSWORD = int(CREDENTIALS["company_id"]), CREDENTIALS["login"], CREDENTIALS["password"]
SECONDS_MAX = 20  # a check that is not printed by then never is


def check(what, holds, found=""):
    print(("ok   " if holds else "FAIL ") + what, flush=True)
    if not holds:
        sys.exit(f"{what}: found {found!r}")


def sign(company, password, check_id):
    return hashlib.md5(f"{company}{password}{check_id}".encode()).hexdigest().upper()


def post(method, check_id, password=PASSWORD, **body):
    body["Request"] = {"CompanyId": COMPANY, "UserLogin": LOGIN, "Sign": sign(COMPANY, password, check_id), "FiscalData": "1", "Link": "1"}
    request = urllib.request.Request(
        f"{DOUBLE}/WebService.svc/{method}", json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as answer:
        check(f"{method} is answered with 200 and JSON", answer.status == 200)
        return json.loads(answer.read())


def subject(name, price, quantity, goods, **extra):
    return {"SubjectName": name, "Price": price, "Quantity": quantity, "Tax": 6, "PayAttribute": 4, "GoodsAttribute": goods, **extra}


def sale(check_id, **changed):
    agent = {"agentType": 64, "supplierINN": "7727401209", "supplierInfo": {"name": "ООО «Справка»", "phoneNumbers": ["+74951234567"]}}
    subjects = [subject("Маракуйя", 2500, 2, 1), subject("Курьерская доставка", 3734, 1, 4, **agent)]
    return {
        "CheckId": check_id, "CalculationType": 1, "TaxSystemType": 1, "Sum": 8734, "Email": "noreply@yandex.ru",
        "Pay": {"CashSum": 8734}, "Subjects": subjects, **changed,
    }


def printed(check_id):
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        state = post("StateCheck", check_id, CheckNumber=check_id)
        if state["CheckState"]["State"] > 30:
            return state
        time.sleep(0.5)
    sys.exit(f"{check_id} was not printed")


def main():
    check("the signature is the published one", sign(7, "tpass42", 101) == "A8F447DB87C96957B60F0996AF16A086")
    check_id = str(uuid.uuid4())
    check("a wrong password stays outside", post("SendCheck", check_id, "guessed", Check=sale(check_id))["ResultCode"] == 37)
    check("a check nobody sent is not found", post("StateCheck", check_id, CheckNumber=check_id)["ResultCode"] == 43)
    wrong = sale(check_id, Sum=8735)
    check("a sum that is not the items' is refused", post("SendCheck", check_id, Check=wrong)["ResultCode"] == 38)
    both = sale(check_id, Phone="9261234567")
    check("a letter and a telephone at once are refused", post("SendCheck", check_id, Check=both)["ResultCode"] == 51)
    taken = post("SendCheck", check_id, Check=sale(check_id))
    check("a check is taken", taken["ResultCode"] == 0 and isinstance(taken["CheckQueueId"], int), taken)
    check("and not taken twice", post("SendCheck", check_id, Check=sale(check_id))["ResultCode"] == 45)
    state = printed(check_id)
    data = state.get("FiscalData", {})
    check("it is printed", state["CheckState"]["State"] == 1000, state)
    check("with the attributes of a receipt", all(data[name] for name in ("Date", "Rnm", "StorageNumber", "Session", "CheckNumber", "Document", "Sign")), data)
    back = str(uuid.uuid4())
    refund = sale(back, CalculationType=2)
    check("it is given back", post("SendCheck", back, Check=refund)["ResultCode"] == 0)
    second = printed(back)["FiscalData"]
    check("by the next document of the same register", int(second["Document"]) == int(data["Document"]) + 1 and second["StorageNumber"] == data["StorageNumber"], second)


if __name__ == "__main__":
    main()
