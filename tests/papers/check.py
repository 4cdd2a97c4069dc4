"""Reads the rendered papers of each month with openpyxl, pypdf, lxml and the csv module, and reckons every sum again from the raw lines."""

import csv
import datetime
import io
import json
import os
import re
import sys
from decimal import Decimal
from pathlib import Path

import openpyxl
import pypdf
from lxml import etree

HERE = Path(__file__).parent
SIGN = {"paid": 1, "restored": 1, "refunded": -1, "cancelled": 0}
GAINS = {"payout_returned", "settled", "credited"}
EVENTS = {"paid": "Оплата", "refunded": "Возврат", "restored": "Возврат отозван", "cancelled": "Отмена"}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
checks = 0


def hold(condition, *told):
    global checks
    checks += 1
    if not condition:
        raise SystemExit("does not hold: " + " ".join(map(str, told)))


def rub(text):
    assert text.endswith("RUB"), text
    return Decimal(text[:-3]) / 100


class Month:
    """The lines, and the sums they should lead to."""

    def __init__(self, folder):
        self.folder = folder
        told = json.loads((folder / "told.json").read_text())
        self.told = told
        self.head, self.lines, self.movements = told["head"], told["lines"], told["movements"]
        self.rows = [self.row(line) for line in self.lines]
        self.sums = [sum((row[at] for row in self.rows), Decimal(0)) for at in range(4)]
        turnover, self.fee, self.vat, net = self.sums
        moved = sum((rub(m["amount"]) * (1 if m["kind"] in GAINS else -1) for m in self.movements), Decimal(0))
        self.closing = rub(self.head["opening"]) + net + moved
        hold(self.closing == rub(told["closing"]), folder.name, "closing", self.closing, told["closing"])
        self.services = [(rub(m["amount"]), rub(m["vat"])) for m in self.movements if m["kind"] == "service"]
        if self.fee > 0:
            self.services.insert(0, (self.fee, self.vat))

    @staticmethod
    def row(line):
        sign = SIGN[line["event"]]
        amount, fee, vat = (rub(line[name]) for name in ("amount", "fee", "vat"))
        held = Decimal(0) if line.get("at_principal") else amount
        return sign * amount, sign * fee, sign * vat, sign * (held - fee)


def day(text):
    return datetime.date.fromisoformat(text)


def shown(money):
    """As documents write it."""
    text = f"{abs(money):,.2f}".replace(",", "\u202f").replace(".", ",")
    return ("\u2212" if money < 0 else "") + text


def check_csv(month):
    raw = (month.folder / "register.csv").read_bytes()
    hold(raw.startswith(b"\xef\xbb\xbf"), "the mark")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    hold(len(rows) == len(month.lines) + 1, "rows", len(rows))
    for number, (row, line, sums) in enumerate(zip(rows[1:], month.lines, month.rows), 1):
        hold(len(row) == 15, row)
        hold(row[0] == str(number) and row[1] == EVENTS[line["event"]], row)
        hold(row[2].removeprefix("'") == line["order"], row[2])
        for cell in row[1:9] + row[14:]:
            hold(not cell.startswith(FORMULA), "a formula in CSV", cell)
        hold(row[6] == day(line["on"]).strftime("%d.%m.%Y"), row[6])
        numbers = [Decimal(cell.replace(",", ".")) for cell in row[9:14]]
        hold(numbers == [rub(line["amount"]), *sums], numbers, sums)
        hold(bool(row[14]) == ("corrects" in line), row[14])


def check_xlsx(month):
    path = month.folder / "report.xlsx"
    formulas, values = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    hold(formulas.sheetnames == ["Акт", "Реестр", "Движения"], formulas.sheetnames)
    sheet, seen = formulas["Реестр"], values["Реестр"]
    hold(sheet.freeze_panes == "A2", sheet.freeze_panes)
    last = len(month.lines) + 1
    hold(sheet.max_row == last + (1 if month.lines else 0), sheet.max_row)
    for at, (line, sums) in enumerate(zip(month.lines, month.rows), 2):
        cells = sheet[at]
        order = cells[2]
        hold(order.data_type == "s" and order.value == line["order"], "a text", order.value, order.data_type)
        if line["order"].startswith(FORMULA):
            hold(order.quotePrefix, "no quote prefix", order.value)
        hold(cells[6].is_date and cells[6].value.date() == day(line["on"]), "a date", cells[6].value)
        numbers = [cells[column] for column in range(9, 14)]
        hold(all(cell.data_type == "n" and cell.number_format == "#,##0.00" for cell in numbers), "numbers")
        exact = [Decimal(str(cell.value)).quantize(Decimal("0.01")) for cell in numbers]
        hold(exact == [rub(line["amount"]), *sums], exact, sums)
    if month.lines:
        for letter, total in zip("KLMN", month.sums):
            hold(sheet[f"{letter}{last + 1}"].value == f"=SUM({letter}2:{letter}{last})", "the formula", letter)
            kept = Decimal(str(seen[f"{letter}{last + 1}"].value)).quantize(Decimal("0.01"))
            hold(kept == total, "the formula's value", letter, kept, total)
    act = {row[0].value: row[2].value for row in values["Акт"].iter_rows() if row[0].value}
    hold(Decimal(str(act["Остаток на конец"])).quantize(Decimal("0.01")) == month.closing, act)
    moves = values["Движения"]
    hold(moves.max_row == len(month.movements) + (2 if month.movements else 1), moves.max_row)
    for book in (formulas,):
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    hold(cell.data_type != "f" or cell.value.startswith("=SUM("), "a formula of somebody else's", cell.value)


def check_pdf(month):
    reader = pypdf.PdfReader(month.folder / "report.pdf")
    pages = [page.extract_text() for page in reader.pages]
    whole = "\n".join(pages)
    flat = re.sub(r"[\s\u00a0]+", " ", whole)
    for number, page in enumerate(pages, 1):
        hold(re.search(rf"стр\. {number} из {len(pages)}\b", re.sub(r"\s+", " ", page)), "page", number, page[-80:])
    appendix = [page for page in pages if "реестр заказов" in page]
    in_files = month.told["register_sha256"]
    hold(len(appendix) == (0 if in_files else -(-len(month.lines) // 40)), "pages of the register", len(appendix))
    if in_files:
        hold(in_files in whole.replace("\n", "").replace(" ", ""), "the register's hash")
        hold(f"{len(month.lines):,} строк".replace(",", " ") in flat, "lines of the register")
        hold("report-2026-11.xlsx" in whole and "report-2026-11.csv" in whole, "the register's files")
    for page in appendix:
        hold(all(name in page for name in ("Событие", "Номер счёта", "К перечислению")), "the head is on every page")
    text = "\n".join(appendix)
    for line, sums in [] if in_files else zip(month.lines, month.rows):
        hold(line["bill"] in text, "bill", line["bill"])
        hold(shown(sums[3]) in text, "net", shown(sums[3]))
    for money in [month.closing, rub(month.head["opening"])] + (month.sums if month.lines else []):
        hold(shown(money) in whole, "a total", shown(money))
    for party in (month.head["agent"], month.head["principal"]):
        hold(party["inn"] in whole, party["inn"])
        hold(re.sub(r"\s+", "", party["name"]) in re.sub(r"\s+", "", whole), party["name"])
    hold("Агент не уплачивает за принципала налоги" in flat, "row 138")
    hold(("кроме НДФЛ" in flat) == any(m["kind"] == "withheld" for m in month.movements), "НДФЛ")
    for correction in {line["corrects"]["number"] for line in month.lines if "corrects" in line}:
        hold(f"№ {correction} за октябрь 2026 г." in flat, "what is corrected", correction)
    fonts = set()
    for page in reader.pages:
        left, bottom, right, top = (float(edge) for edge in page.mediabox)
        hold(right > left and top > bottom, "a page")
        for font in page["/Resources"]["/Font"].values():
            (inner,) = font.get_object()["/DescendantFonts"]
            descriptor = inner.get_object()["/FontDescriptor"].get_object()
            fonts.add(descriptor["/FontName"])
            hold(any(name in descriptor for name in ("/FontFile2", "/FontFile3")), "embedded")
    hold(all(re.match(r"/[A-Z]{6}\+Roboto", name) for name in fonts), "subset", fonts)
    metadata = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    hold("pdfaid" in metadata, "PDF/A")


def check_upd(month):
    files = list(month.folder.glob("ON_NSCHFDOPPR_*.xml"))
    if not month.services:
        hold(not files, "an act of nothing")
        return
    (path,) = files
    raw = path.read_bytes()
    hold(raw.startswith(b'<?xml version="1.0" encoding="windows-1251"?>'), "the declaration")
    raw.decode("cp1251")
    tree = etree.parse(path)
    schemes = [HERE / "upd.xsd"] + [Path(p) for p in [os.environ.get("UPD_XSD")] if p]
    for scheme in schemes:
        schema = etree.XMLSchema(etree.parse(scheme))
        hold(schema.validate(tree), scheme.name, schema.error_log)
    root = tree.getroot()
    hold(root.get("ИдФайл") == path.stem, "the file's name is its id")
    hold(len(path.stem.split("_")) == 12, "twelve parts", path.stem)
    document = root[0]
    taxed = month.head["vat"] != "none"
    hold(document.get("Функция") == ("СЧФДОП" if taxed else "ДОП"), "function")
    items = document.findall("ТаблСчФакт/СведТов")
    hold(len(items) == len(month.services), "services")
    for item, (gross, vat) in zip(items, month.services):
        hold(Decimal(item.get("СтТовУчНал")) == gross and Decimal(item.get("СтТовБезНДС")) == gross - vat, "sums")
        hold(Decimal(item.get("ЦенаТов")) * Decimal(item.get("КолТов")) == gross - vat, "price")
        hold((item.findtext("СумНал/СумНал") or "без НДС") == (f"{vat:.2f}" if taxed else "без НДС"), "tax")
        hold(item.get("НалСт") == (month.head["vat"].removeprefix("vat") + "%" if taxed else "без НДС"), "rate")
    whole = document.find("ТаблСчФакт/ВсегоОпл")
    hold(Decimal(whole.get("СтТовУчНалВсего")) == sum(gross for gross, _ in month.services), "all")
    hold(Decimal(whole.get("СтТовБезНДСВсего")) == sum(gross - vat for gross, vat in month.services), "all")
    diadoc = etree.parse(month.folder / "diadoc.xml")
    if os.environ.get("DIADOC_XSD"):
        schema = etree.XMLSchema(etree.parse(os.environ["DIADOC_XSD"]))
        hold(schema.validate(diadoc), "Diadoc", schema.error_log)
    table = diadoc.getroot().find("Table")
    hold(Decimal(table.get("Total")) == Decimal(whole.get("СтТовУчНалВсего")), "the same sum for Diadoc")
    hold(diadoc.getroot().get("DocumentNumber") == document.find("СвСчФакт").get("НомерДок"), "the same number")


def main():
    months = [Month(folder) for folder in sorted(Path(sys.argv[1]).iterdir())]
    hold(len(months) == 6, "six months")
    for month in months:
        for check in (check_csv, check_xlsx, check_pdf, check_upd):
            check(month)
        print(f"{month.folder.name}: {len(month.lines)} lines, {len(month.movements)} movements, closing {month.closing}")
    print(f"{checks} checks hold")


main()
