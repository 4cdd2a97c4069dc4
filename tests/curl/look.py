"""What curl can not do: look into what it brought. Each verb reads files and prints a value; it ends with 1 when it is not as wished.

    look.py get FILE EXPRESSION           a value of JSON `v`, such as 'v["status"]'
    look.py check FILE EXPRESSION…        every one holds of JSON `v`; also known: `o`, the order (of a webhook too), its `events`,
                                          its `receipts` by kind, the `postings` of a ledger
    look.py hook FILE ORDER TYPE [TIMES]  the latest webhook of an order, once it came so often
    look.py letter FILE TO PATTERN        the latest letter to somebody whose subject or text fits a pattern, as JSON
    look.py field FILE NAME               a hidden field of a page's form
    look.py page FILE PATTERN…            every pattern is found in a page's text as people read it
    look.py link FILE PATTERN             the first address in a page or a text that fits
    look.py sign SECRET NAME=VALUE…       a form's fields with their signature, as curl's --data takes them
    look.py signed SECRET URL             the parameters of an address as JSON, if their signature is right
    look.py bank FILE                     a 1CClientBankExchange file as JSON: its head, and its documents
    look.py reversed FILE                 every posting of a ledger is undone by another one
"""

import collections
import hashlib
import hmac
import html
import json
import re
import sys
import urllib.parse


def load(file):
    with open(file, encoding="utf-8") as text:
        return json.load(text)


def seen(expression, v):
    names = {"v": v, "re": re}
    if isinstance(v, dict):
        order = v["payload"]["data"] if "payload" in v else v  # of a webhook, or the answer itself
        names["o"] = order
        names["events"] = [entry["event"] for entry in order.get("timeline") or []]
        names["receipts"] = {receipt["kind"]: receipt for receipt in order.get("receipts") or []}
        names["postings"] = [(p["debit"], p["credit"], p["amount"]) for p in v.get("postings") or []]
    return eval(expression, names)


def get(file, expression):
    value = seen(expression, load(file))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check(file, *expressions):
    v = load(file)
    for expression in expressions:
        try:
            holds = seen(expression, v)
        except (KeyError, IndexError, TypeError) as error:
            holds, expression = False, f"{expression}  ({error!r})"
        if not holds:
            raise SystemExit(f"does not hold: {expression}")


def hook(file, order, kind, times="1"):
    with open(file, encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    found = [r for r in records if r["payload"]["type"] == kind and r["payload"]["data"]["id"] == order]
    if len(found) < int(times):
        raise SystemExit(1)
    return json.dumps(found[-1], ensure_ascii=False)


def letters(value):
    """Letters of the local mailbox, and as the emulator's SES took them, in one shape."""
    if isinstance(value, dict) and isinstance(value.get("messages"), dict):
        taken = [letter for letters in value["messages"].values() for letter in letters]
        taken.sort(key=lambda letter: letter["Timestamp"])
        return [
            {"to": letter["To"], "subject": letter["Subject"], "text": letter["BodyText"], "html": letter["BodyHtml"]}
            for letter in taken
        ]
    return value if isinstance(value, list) else next(v for v in value.values() if isinstance(v, list))


def letter(file, to, pattern):
    fits = [
        letter
        for letter in letters(load(file))
        if to in letter["to"] and re.search(pattern, f"{letter.get('subject')}\n{letter['text']}")
    ]
    if not fits:
        raise SystemExit(1)
    return json.dumps(fits[-1], ensure_ascii=False)


def source(file):
    with open(file, encoding="utf-8", errors="replace") as text:
        return text.read()


def field(file, name):
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', source(file))
    if not found:
        raise SystemExit(f"the page has no hidden field {name}")
    return html.unescape(found[1])


def page(file, *patterns):
    text = re.sub(r"<(style|script)\b.*?</\1>", " ", source(file), flags=re.S)
    text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    text = re.sub(r"\s+", " ", text)
    for pattern in patterns:
        if not re.search(pattern, text):
            raise SystemExit(f"the page does not say: {pattern}\nit says: {text}")


def link(file, pattern):
    found = re.search(rf"[\"'\s(;=]((?:https?:/)?/[^\"'\s<>)]*{pattern}[^\"'\s<>)]*)", " " + source(file))
    if not found:
        raise SystemExit(f"no address fits {pattern}")
    return html.unescape(found[1])


def signature(secret, fields):
    text = "".join(f"{name}={fields[name]}\n" for name in sorted(fields) if name != "signature")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def sign(secret, *pairs):
    fields = dict(pair.split("=", 1) for pair in pairs)
    return urllib.parse.urlencode({**fields, "signature": signature(secret, fields)})


def signed(secret, url):
    fields = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, strict_parsing=True))
    if not hmac.compare_digest(signature(secret, fields), fields.get("signature", "")):
        raise SystemExit(f"the signature does not hold: {url}")
    return json.dumps(fields, ensure_ascii=False)


def bank(file):
    with open(file, "rb") as stream:
        data = stream.read()
    text = data.decode("cp1251")
    lines = text.split("\r\n")
    if lines[0] != "1CClientBankExchange" or lines[-2:] != ["КонецФайла", ""] or "\n" in text.replace("\r\n", ""):
        raise SystemExit(f"not a 1CClientBankExchange file:\n{text}")
    head, documents, within = {}, [], None
    for line in lines[1:-2]:
        name, _, value = line.partition("=")
        if name == "СекцияДокумент":
            within = {"вид": value}
        elif name == "КонецДокумента":
            documents.append(within)
            within = None
        elif within is None:
            head[name] = value
        elif name in within:
            raise SystemExit(f"{name} comes twice")
        else:
            within[name] = value
    if within is not None:
        raise SystemExit("a document does not end")
    return json.dumps({"head": head, "documents": documents}, ensure_ascii=False)


def reversed_(file):
    balance = collections.Counter()
    for posting in load(file)["postings"]:
        kopecks = int(posting["amount"].replace(".", ""))
        balance[posting["debit"]] += kopecks
        balance[posting["credit"]] -= kopecks
    if not balance or any(balance.values()):
        raise SystemExit(f"the books of the order are not level: {dict(balance)}")


VERBS = {
    "get": get,
    "check": check,
    "hook": hook,
    "letter": letter,
    "field": field,
    "page": page,
    "link": link,
    "sign": sign,
    "signed": signed,
    "bank": bank,
    "reversed": reversed_,
}

try:
    said = VERBS[sys.argv[1]](*sys.argv[2:])
except FileNotFoundError as error:
    raise SystemExit(str(error)) from None
if said is not None:
    print(said)
