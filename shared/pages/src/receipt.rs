//! The fiscal receipt as buyers and accountants expect it: 54-ФЗ article 4.7, FFD 1.2.
//!
//! Its labels are Russian in every language: they are the law's own words, and a tax office reads them.

use std::fmt::Write as _;

use askama::Template;

use crate::{
    Lang, Page,
    format::{amount, receipt_moment},
    page::{Shell, finish},
    qr::qr_svg,
    words::{Words, words},
};

/// Tag 1054.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptKind {
    /// Приход.
    Income,
    /// Возврат прихода.
    IncomeRefund,
}

impl ReceiptKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Income => "Приход",
            Self::IncomeRefund => "Возврат прихода",
        }
    }
}

/// Which of an order's receipts it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReceiptStage {
    /// Money and hand-over are one.
    #[default]
    Full,
    /// Money before the hand-over: a prepayment or an advance.
    Before,
    /// The hand-over of what was paid before.
    Closing,
}

/// What a receipt is to one that was printed wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mends {
    /// It says the contrary of the wrong one.
    Undoes,
    /// It says what the wrong one should have said.
    Replaces,
}

/// The person at the till, tags 1021 and 1203.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cashier {
    /// Tag 1021.
    pub name: String,
    /// Tag 1203.
    pub inn: Option<String>,
}

/// A firm that buys, tags 1227 and 1228.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuyerFirm {
    /// Tag 1227.
    pub name: Option<String>,
    /// Tag 1228.
    pub inn: Option<String>,
}

/// What a correction corrects, tags 1173, 1174 and 1192.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Correction {
    /// Number of the tax office's order, tag 1179; `None` for one's own accord.
    pub order: Option<String>,
    /// Tag 1178: the day of what is corrected, `21.11.2026`.
    pub date: String,
    /// Tag 1192: the fiscal sign of the wrong receipt.
    pub wrong_sign: Option<String>,
}

/// The principal of an agent's line, tags 1224, 1225, 1226, 1171.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Supplier {
    /// Name, tag 1225.
    pub name: String,
    /// ИНН, tag 1226.
    pub inn: String,
    /// Phone, tag 1171.
    pub phone: Option<String>,
}

/// One line, tag 1059.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiptLine {
    /// Tag 1030.
    pub name: String,
    /// It is one marked unit with its code, tag 2000: printed as `[М]` before the name.
    pub is_marked: bool,
    /// Tag 1023 with the measure of tag 2108 in words: `2 шт.`.
    pub quantity: String,
    /// Tag 1079, kopecks.
    pub price_minor: i64,
    /// Tag 1043, kopecks.
    pub amount_minor: i64,
    /// Tag 1199 in words: `НДС 22%`, `НДС не облагается`.
    pub vat: String,
    /// Tag 1200, kopecks; `None` where no VAT is named.
    pub vat_minor: Option<i64>,
    /// Tag 1212 in words: `Услуга`.
    pub subject: String,
    /// Tag 1214 in words: `Полный расчет`.
    pub method: String,
    /// Tag 1222 in words: `Агент`.
    pub agent_sign: Option<String>,
    /// Tag 1224.
    pub supplier: Option<Supplier>,
}

/// A sum by VAT rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VatSum {
    /// `Сумма НДС 22%`, `Сумма без НДС`.
    pub label: String,
    /// Kopecks.
    pub amount_minor: i64,
}

/// A fiscal receipt with all requisites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptView {
    /// The language of the page around the receipt.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: Option<String>,
    /// Приход or возврат прихода, tag 1054.
    pub kind: ReceiptKind,
    /// Which of the order's receipts it is.
    pub stage: ReceiptStage,
    /// What it corrects, where it is a correction.
    pub correction: Option<Correction>,
    /// What it is to a wrong one; known of plain receipts too, which mend in FFD 1.05.
    pub mends: Option<Mends>,
    /// A receipt of a test till; the page says so.
    pub test_mode: bool,
    /// The partner's logo, `data:image/…`.
    pub logo: Option<String>,
    /// The partner's name for the page's title.
    pub partner_name: String,
    /// Our order number.
    pub bill: String,
    /// Back to the order's page.
    pub order_url: Option<String>,
    /// User of the till, tag 1048.
    pub user_name: String,
    /// Tag 1018.
    pub user_inn: String,
    /// Settlement address, tag 1009.
    pub settlement_address: String,
    /// Settlement place, tag 1187: the shop's site.
    pub settlement_place: String,
    /// Tag 1055 in words: `ОСН`, `УСН доход`.
    pub tax_system: String,
    /// Who took the money, where a person did.
    pub cashier: Option<Cashier>,
    /// Tag 1036 for an automatic till.
    pub automat_number: Option<String>,
    /// Tag 1012, Unix milliseconds.
    pub at_ms: i64,
    /// Shift, tag 1038.
    pub shift: String,
    /// Number in the shift, tag 1042.
    pub number: String,
    /// What was bought.
    pub lines: Vec<ReceiptLine>,
    /// Tag 1020, kopecks.
    pub total_minor: i64,
    /// Tag 1031, kopecks; printed when not zero.
    pub cash_minor: i64,
    /// Tag 1081, kopecks; printed when not zero, or when nothing else is.
    pub electronic_minor: i64,
    /// Offset of a prepayment, tag 1215, kopecks; printed when not zero.
    pub prepaid_minor: i64,
    /// Sums by VAT rate.
    pub vats: Vec<VatSum>,
    /// Tag 1008.
    pub buyer_contact: Option<String>,
    /// The firm that buys, where it is one.
    pub buyer_firm: Option<BuyerFirm>,
    /// Tag 1117.
    pub sender_email: String,
    /// РН ККТ, tag 1037.
    pub till_registration: String,
    /// ФН, tag 1041.
    pub fiscal_drive: String,
    /// ФД, tag 1040.
    pub fiscal_document: String,
    /// ФПД, tag 1077.
    pub fiscal_sign: String,
    /// Tag 1060.
    pub fns_site: String,
    /// The text of the QR code: `t=…&s=…&fn=…&i=…&fp=…&n=1`.
    pub qr: String,
}

/// A label and its value.
pub(crate) struct Row {
    pub label: String,
    pub value: String,
    /// Printed large.
    pub strong: bool,
}

/// Characters of a label and its value that stand beside each other on a phone.
const BESIDE_CHARACTERS_MAX: usize = 38;
/// Characters of the longest word of a label and of its value, which break nowhere, that stand beside each other in a wide typeface.
const UNBROKEN_CHARACTERS_MAX: usize = 28;
/// Characters of a value that stand in one column with those of other rows; the widest label may be another's.
const COLUMN_CHARACTERS_MAX: usize = 10;

impl Row {
    /// Whether the value stands below its label: mail programs break it anywhere to get it beside.
    pub(crate) fn is_long(&self) -> bool {
        let value = self.value.chars().count();
        let word = self.label.split(' ').map(|word| word.chars().count()).max().unwrap_or(0);
        word + value > UNBROKEN_CHARACTERS_MAX || self.label.chars().count() + value > BESIDE_CHARACTERS_MAX
    }

    /// Whether label and value stand beside each other in a table of their own, so that no other row makes theirs too wide.
    pub(crate) fn is_wide(&self) -> bool {
        self.strong || self.value.chars().count() > COLUMN_CHARACTERS_MAX
    }
}

fn row(label: impl Into<String>, value: impl Into<String>) -> Row {
    Row { label: label.into(), value: value.into(), strong: false }
}

/// A line with everything under it.
pub(crate) struct Item {
    pub name: String,
    /// `2 шт. × 600,00`.
    pub calculation: String,
    /// `= 1 200,00`.
    pub amount: String,
    pub details: Vec<Row>,
}

/// The receipt laid out once, for paper, page, mail and text alike.
pub(crate) struct Layout {
    pub title: &'static str,
    pub head: Vec<String>,
    pub kind: &'static str,
    pub place: Vec<Row>,
    pub items: Vec<Item>,
    pub sums: Vec<Row>,
    pub fiscal: Vec<Row>,
}

pub(crate) fn layout(view: &ReceiptView) -> Layout {
    let sum = |minor| amount(minor, Lang::Ru);
    let items = view
        .lines
        .iter()
        .map(|line| {
            let mut details = vec![row(line.vat.clone(), line.vat_minor.map(sum).unwrap_or_default())];
            details.push(row("Предмет расчета", line.subject.clone()));
            details.push(row("Способ расчета", line.method.clone()));
            details.extend(line.agent_sign.clone().map(|sign| row("Признак агента", sign)));
            if let Some(supplier) = &line.supplier {
                details.push(row("Поставщик", supplier.name.clone()));
                details.push(row("ИНН поставщика", supplier.inn.clone()));
                details.extend(supplier.phone.clone().map(|phone| row("Тел. поставщика", phone)));
            }
            Item {
                name: if line.is_marked { format!("[М] {}", line.name) } else { line.name.clone() },
                calculation: format!("{} × {}", line.quantity, sum(line.price_minor)),
                amount: format!("= {}", sum(line.amount_minor)),
                details,
            }
        })
        .collect();

    let mut sums = vec![Row { strong: true, ..row("ИТОГ", sum(view.total_minor)) }];
    if view.cash_minor != 0 {
        sums.push(row("НАЛИЧНЫМИ", sum(view.cash_minor)));
    }
    if view.electronic_minor != 0 || (view.cash_minor == 0 && view.prepaid_minor == 0) {
        sums.push(row("БЕЗНАЛИЧНЫМИ", sum(view.electronic_minor)));
    }
    if view.prepaid_minor != 0 {
        sums.push(row("ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)", sum(view.prepaid_minor)));
    }
    sums.extend(view.vats.iter().map(|vat| row(vat.label.clone(), sum(vat.amount_minor))));

    let mut place = vec![
        row("Дата и время", receipt_moment(view.at_ms)),
        row("Смена", view.shift.clone()),
        row("Чек", view.number.clone()),
        row("СНО", view.tax_system.clone()),
        row("Место расчетов", view.settlement_place.clone()),
    ];
    if let Some(cashier) = &view.cashier {
        place.push(row("Кассир", cashier.name.clone()));
        place.extend(cashier.inn.clone().map(|inn| row("ИНН кассира", inn)));
    }
    if let Some(correction) = &view.correction {
        let basis = correction.order.as_ref().map_or("самостоятельно", |_| "по предписанию");
        place.push(row("Тип коррекции", basis));
        place.push(row("Дата корректируемого расчета", correction.date.clone()));
        place.extend(correction.order.clone().map(|order| row("Номер предписания", order)));
        place.extend(correction.wrong_sign.clone().map(|sign| row("ФПД ошибочного чека", sign)));
    }
    place.extend(view.automat_number.clone().map(|number| row("Номер автомата", number)));

    let mut fiscal: Vec<Row> =
        view.buyer_contact.clone().map(|contact| row("Эл. адр. покупателя", contact)).into_iter().collect();
    if let Some(firm) = &view.buyer_firm {
        fiscal.extend(firm.name.clone().map(|name| row("Покупатель", name)));
        fiscal.extend(firm.inn.clone().map(|inn| row("ИНН покупателя", inn)));
    }
    fiscal.extend([
        row("Эл. адр. отправителя", view.sender_email.clone()),
        row("РН ККТ", view.till_registration.clone()),
        row("ФН", view.fiscal_drive.clone()),
        row("ФД", view.fiscal_document.clone()),
        row("ФПД", view.fiscal_sign.clone()),
        row("Сайт ФНС", view.fns_site.clone()),
    ]);
    Layout {
        title: if view.correction.is_some() {
            "Кассовый чек коррекции"
        } else {
            "Кассовый чек"
        },
        head: vec![view.user_name.clone(), format!("ИНН {}", view.user_inn), view.settlement_address.clone()],
        kind: view.kind.word(),
        place,
        items,
        sums,
        fiscal,
    }
}

impl ReceiptView {
    /// What a buyer may not understand of it.
    fn note(&self, w: &Words) -> Option<&'static str> {
        match (self.mends, self.stage, self.kind) {
            (Some(mends), ..) => Some(mends.text(w)),
            (None, ReceiptStage::Before, ReceiptKind::Income) => Some(w.receipt_before),
            (None, ReceiptStage::Closing, ReceiptKind::Income) => Some(w.mail_closing_text),
            (None, ..) => None,
        }
    }
}

impl Mends {
    pub(crate) const fn text(self, w: &Words) -> &'static str {
        match self {
            Self::Undoes => w.mail_undoing_text,
            Self::Replaces => w.mail_replacing_text,
        }
    }
}

/// The receipt as plain text with all requisites, for the text part of a mail.
pub fn receipt_text(view: &ReceiptView) -> String {
    let paper = layout(view);
    let mut text = format!("{}\n", paper.title.to_uppercase());
    for line in &paper.head {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "{}", paper.kind);
    rows(&mut text, "", &paper.place);
    for (position, item) in paper.items.iter().enumerate() {
        let _ = writeln!(text, "\n{}. {}\n   {} {}", position + 1, item.name, item.calculation, item.amount);
        rows(&mut text, "   ", &item.details);
    }
    text.push('\n');
    rows(&mut text, "", &paper.sums);
    text.push('\n');
    rows(&mut text, "", &paper.fiscal);
    text
}

fn rows(text: &mut String, indent: &str, rows: &[Row]) {
    for row in rows {
        let _ = if row.value.is_empty() {
            writeln!(text, "{indent}{}", row.label)
        } else {
            writeln!(text, "{indent}{}: {}", row.label, row.value)
        };
    }
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    v: &'a ReceiptView,
    paper: Layout,
    note: Option<&'static str>,
    qr: Option<String>,
}

/// The receipt's page; printed, it is a strip of 80 mm.
pub fn receipt(view: &ReceiptView) -> Page {
    let w = words(view.lang);
    let title = format!("{} {} · {}", w.receipt_title, view.fiscal_document, view.partner_name);
    let shell = Shell::new(view.lang, title, &[include_str!("../styles/receipt.css")])
        .with_language_url(view.language_url.as_deref())
        .with_test_mode(view.test_mode);
    finish(
        &shell,
        &ReceiptTemplate {
            shell: &shell,
            w,
            v: view,
            paper: layout(view),
            note: view.note(w),
            qr: qr_svg(&view.qr, w.receipt_qr),
        },
    )
}
