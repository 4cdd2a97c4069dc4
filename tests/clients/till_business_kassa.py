"""The own API of Бизнес.Ру Чеки spoken to its double from another side, by nothing but Python's own library.

Neither PyPI nor npm has a client of this API (the vendor's is PHP and comes by Composer, which the checks can not reach), so its words
are written once more, with the published examples of that client and its way to sign, and nothing of ours imported.

DOUBLE: address of the double; CREDENTIALS: JSON.
"""

import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

DOUBLE = os.environ["DOUBLE"].rstrip("/")
CREDENTIALS = json.loads(os.environ["CREDENTIALS"])
APP_ID, SECRET = CREDENTIALS["app_id"], CREDENTIALS["secret"]
SECONDS_MAX = 20  # a command that is not printed by then never is

browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def check(what, holds, found=""):
    print(("ok   " if holds else "FAIL ") + what, flush=True)
    if not holds:
        sys.exit(f"{what}: found {found!r}")


def as_php(parameters):
    """`json_encode(ksort(…), JSON_UNESCAPED_UNICODE)`."""
    ordered = dict(sorted(parameters.items()))
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def sign(text, secret=SECRET):
    return hashlib.md5((text + secret).encode()).hexdigest()


def exchange(request):
    try:
        with browser.open(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as answer:
        return answer.code, json.loads(answer.read())


def get(path, secret=SECRET, **parameters):
    parameters = {"app_id": APP_ID, "nonce": uuid.uuid4().hex, **parameters}
    url = f"{DOUBLE}/{path}?{urllib.parse.urlencode(parameters)}"
    return exchange(urllib.request.Request(url, headers={"sign": sign(as_php(parameters), secret)}))


def post(token, kind, command):
    body = as_php({"app_id": APP_ID, "nonce": uuid.uuid4().hex, "token": token, "type": kind, "command": command})
    headers = {"Content-Type": "application/json", "Accept": "application/json", "sign": sign(body)}
    return exchange(urllib.request.Request(f"{DOUBLE}/Command", body.encode(), headers))


def example(c_num, **changed):
    """The example of the vendor's client; its rate is this year's, and what is paid for before it is handed over has the calculated one."""
    good = {"count": 2, "price": 500, "sum": 1000, "name": "Товар 1", "nds_value": 122, "nds_not_apply": False, "payment_mode": 1, "item_type": 1}
    return {"author": "Тестовый кассир", "smsEmail54FZ": "test@test.ru", "c_num": c_num, "payed_cashless": 1000, "goods": [{**good, **changed}]}


def printed(token, command_id):
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        status, row = get(f"Command/{command_id}", token=token)
        check("a command is shown", status == 200, row)
        if all(row.get(name) for name in ("fiscal_document_number", "fiscal_document_attribute", "receipt_datetime")):
            return row
        time.sleep(0.5)
    sys.exit(f"{command_id} was not printed")


def main():
    status, refused = get("Token", secret="guessed")
    check("a wrong secret gets no token", status == 403 and "token" not in refused, refused)
    token = get("Token")[1]["token"]
    check("a wrong token asks nothing", get("StateSystem", token="guessed")[0] == 401)
    check("the system is there", get("StateSystem", token=token)[0] == 200)
    number = str(uuid.uuid4().int)[:12]
    status, refused = post(token, "printCheck", example(number, sum=1001))
    check("a sum that is not price times count is refused", status == 422 and refused["message"], refused)
    status, taken = post(token, "printCheck", example(number))
    check("a receipt is taken", status == 200 and taken["command_id"], taken)
    row = printed(token, taken["command_id"])
    check("it is the one that was sent", (row["c_num"], float(row["total"]), row["type"]) == (number, 1000.0, "printCheck"), row)
    [listed] = get("Command", token=token, c_num=number)[1]
    check("it is found by the shop's number", listed["id"] == taken["command_id"], listed)
    check("a number nobody used finds nothing", get("Command", token=token, c_num="0" + number)[1] == [])
    status, taken = post(token, "printPurchaseReturn", example("n" + number))
    back = printed(token, taken["command_id"])
    check("it is given back by the next document", int(back["fiscal_document_number"]) == int(row["fiscal_document_number"]) + 1, back)


if __name__ == "__main__":
    main()
