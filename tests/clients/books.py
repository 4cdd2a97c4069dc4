"""The books, made again by programs that are not ours: Beancount, and a model that knows only how a day is sealed.

    books.py JOURNAL.beancount JOURNAL.json AUDIT.json

The files are what `apikassa journal`, the same with `--format json`, and `apikassa audit --json` print of one store. At the end one
kopeck is changed in either journal, and both programs must notice.
"""

import copy
import hashlib
import json
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from beancount import loader
from beancount.core.data import Transaction

MOSCOW = timezone(timedelta(hours=3))
ROOTS = {
    "Assets": {"bank", "nominal", "settlement", "cash", "debt"},
    "Liabilities": {"partner", "available", "prepaid", "reserved", "payout", "vat", "ndfl", "suppliers"},
    "Income": {"fee", "service"},
    "Expenses": {"acquirer", "messaging", "adjust"},
}


def day_of(seconds):
    return datetime.fromtimestamp(seconds, MOSCOW).date().isoformat()


def same(what, ours, theirs):
    """What two sides say, account by account; nothing and zero are one."""
    ours, theirs = ({key: value for key, value in side.items() if value} for side in (ours, theirs))
    return [] if ours == theirs else [f"{what}: {ours} by the model, {theirs} by Apikassa"]


def beancounted(text, told, audited):
    """What Beancount finds wrong with the ledger, and where its sums are not those of the audit and of the sealed days."""
    entries, errors, _ = loader.load_string(text)
    wrong = [f"{error.source.get('lineno')}: {error.message}" for error in errors]
    sums, by_day = defaultdict(Counter), defaultdict(lambda: defaultdict(Counter))
    for entry in entries:
        if not isinstance(entry, Transaction):
            continue
        for posting in entry.postings:
            root, tenant, account = posting.account.split(":")
            if account.lower() not in ROOTS[root]:
                wrong.append(f"{posting.account} is of another nature")
            tenant = ".".join(tenant.lower().rsplit("-", 1))
            minor = posting.units.number * 100
            if minor != minor.to_integral_value() or posting.units.currency != "RUB":
                wrong.append(f"{posting.units} is not kopecks")
            sums[tenant][account.lower()] += int(minor)
            by_day[tenant][entry.meta["recorded"].isoformat()][account.lower()] += int(minor)
    for tenant in sorted(sums.keys() | audited["balances"].keys()):
        wrong += same(tenant, sums[tenant], audited["balances"].get(tenant, {}))
    for tenant in told["tenants"]:
        days, so_far = by_day[tenant["tenant"]], Counter()
        recorded = iter(sorted(days))
        day = next(recorded, None)
        for sealed in tenant["sealed"]:
            while day is not None and day <= sealed["day"]:
                so_far.update(days[day])
                day = next(recorded, None)
            wrong += same(f"{tenant['tenant']} until {sealed['day']}", so_far, sealed["balances"])
    return wrong


def remade(told, audited):
    """Where the chain of seals, turnover and balances made from the entries are not what was sealed."""
    wrong = []
    for tenant in told["tenants"]:
        name, days = tenant["tenant"], defaultdict(list)
        for entry in tenant["entries"]:
            days[day_of(entry["at"])].append(entry)
        previous, before, balances = None, "", Counter()
        for number, sealed in enumerate(tenant["sealed"], 1):
            day, turnover = sealed["day"], defaultdict(lambda: defaultdict(Counter))
            text = f"{previous or ''}\n{day}\n"
            lines = sorted(days.pop(day, []), key=lambda entry: (entry["at"], entry["source"].encode(), entry["no"]))
            for entry in lines:
                for posting in entry["postings"]:
                    debit, credit, amount, since = (posting[key] for key in ("debit", "credit", "amount", "from"))
                    effective = entry["on"] or day_of(max(since or 0, entry["at"]))
                    minor = int(amount.removesuffix("RUB"))
                    roubles = f"{minor // 100}.{minor % 100:02} RUB"
                    fields = (entry["at"], entry["source"], entry["no"], entry["event"], debit, credit, roubles, effective)
                    text += "|".join(map(str, fields)) + f"|{'' if since is None else since}\n"
                    turnover[effective][debit]["d"] += minor
                    turnover[effective][credit]["c"] += minor
                    balances[debit] += minor
                    balances[credit] -= minor
            seal = hashlib.sha256(text.encode()).hexdigest()
            if (seal, previous, number, len(lines)) != tuple(sealed[key] for key in ("sha256", "previous_sha256", "no", "entries")):
                wrong.append(f"{name} {day}: {seal}, number {number}, {len(lines)} entries; sealed is {sealed['sha256']}")
            if not before < day:
                wrong.append(f"{name} {day}: after {before}")
            flat = {f"{on} {account} {side}": minor for on, accounts in turnover.items()
                    for account, sides in accounts.items() for side, minor in sides.items()}
            theirs = {f"{on} {account} {side}": minor for on, accounts in sealed["turnover"].items()
                      for account, sides in accounts.items() for side, minor in sides.items()}
            wrong += same(f"{name} {day}, turnover", flat, theirs) + same(f"{name} {day}", balances, sealed["balances"])
            previous, before = sealed["sha256"], day
        for day, entries in sorted(days.items()):
            if day <= before:
                wrong.append(f"{name} {day}: {len(entries)} entries of a day that was passed over")
            for posting in (posting for entry in entries for posting in entry["postings"]):
                minor = int(posting["amount"].removesuffix("RUB"))
                balances[posting["debit"]] += minor
                balances[posting["credit"]] -= minor
        wrong += same(f"{name}, trial balance", balances, audited["balances"].get(name, {}))
    return wrong


def a_kopeck_more(text, told):
    """Both journals with one posting changed on both its sides: the entry still balances, the books do not."""
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("  ") and line.endswith(" RUB"))
    for i in (at, at + 1):
        account, amount, _ = lines[i].split()
        step = Decimal("0.01").copy_sign(Decimal(amount))
        lines[i] = f"  {account}  {Decimal(amount) + step} RUB"
    changed = copy.deepcopy(told)
    tenant = next(tenant for tenant in changed["tenants"] if any(day["entries"] for day in tenant["sealed"]))
    posting = tenant["entries"][0]["postings"][0]
    posting["amount"] = f"{int(posting['amount'].removesuffix('RUB')) + 1}RUB"
    return "\n".join(lines), changed


def main():
    text, told, audited = (open(path, encoding="utf-8").read() for path in sys.argv[1:4])
    told, audited = json.loads(told), json.loads(audited)
    count = sum(len(entry["postings"]) for tenant in told["tenants"] for entry in tenant["entries"])
    sealed = sum(1 for tenant in told["tenants"] for day in tenant["sealed"] if day["entries"])
    if not count or not sealed:
        sys.exit(f"NOT books: {count} postings, {sealed} sealed days with entries: nothing to compare")
    for name, wrong in (("beancount", beancounted(text, told, audited)), ("seals", remade(told, audited))):
        if wrong:
            sys.exit(f"NOT books, {name}:\n" + "\n".join(wrong[:20]))
    print(f"ok  Beancount comes to the audit's balances and to those of every sealed day: {count} postings")
    print(f"ok  {sealed} sealed days with entries are sealed again from the journal, with the same seals")
    text, changed = a_kopeck_more(text, told)
    noticed = any("Balance failed" in wrong for wrong in beancounted(text, told, audited))
    if not noticed or not any("sealed is" in wrong for wrong in remade(changed, audited)):
        sys.exit("NOT books: a posting was changed by a kopeck, and nobody noticed")
    print("ok  a kopeck more in one posting is noticed by both")


main()
