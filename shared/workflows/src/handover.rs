//! Where people hand goods over: money a person takes, in a shop, at a door, at a pick-up point, and the marked units that go out.

use domain::acquiring::Method;
use domain::id::OrderId;
use domain::marking;
use domain::order::{Collected, Command};
use domain::partner::Partner;
use domain::receipt::{Cashier, laws};
use serde::{Deserialize, Serialize};
use storage::table::Freshness;
use utoipa::ToSchema;

use crate::error::WorkflowError;
use crate::orders::{Invalid, LINES_MAX};
use crate::payments::{Done, invalid, run};
use crate::ports::Ports;
use crate::{perform, receipt};

/// Money a person has taken.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectRequest {
    /// `cash`, or `terminal` for a card at a terminal beside the platform (mPOS, soft-POS).
    #[schema(example = "cash")]
    pub method: String,
    /// What tells this money from other: the terminal's retrieval reference number, 6 to 36 Latin letters, digits and hyphens; for cash the
    /// number of your paper, 1 to 36 of them.
    #[schema(example = "PKO-118")]
    pub reference: String,
    /// Where: one of your points of sale, by its id. The checkout's address when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pvz-7")]
    pub point: Option<String>,
    /// Who took it (tags 1021 and 1203).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cashier: Option<CashierRequest>,
}

/// The person at the till.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CashierRequest {
    /// Name, 1 to 64 characters (tag 1021).
    #[schema(example = "Петрова А. И.")]
    pub name: String,
    /// The person's own ИНН, 12 digits (tag 1203).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "500100732259")]
    pub inn: Option<String>,
}

/// Which marked unit a line is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRequest {
    /// The line, counted from 1.
    #[schema(example = 1)]
    pub line: u8,
    /// The marking code as it was scanned, group separators (U+001D) included (tag 2000).
    #[schema(example = "010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==")]
    pub mark: String,
}

/// Records money a person has taken: the order is paid, and its receipt names the place and the person.
pub async fn collect(ports: &Ports, id: &OrderId, request: &CollectRequest) -> Result<Done, WorkflowError> {
    let partner = perform::partner(ports, id.tenant()).await?;
    let mut wrong = Vec::new();
    let method = match request.method.as_str() {
        "cash" => Some(Method::Cash),
        "terminal" => Some(Method::Terminal),
        _ => None,
    };
    if method.is_none() {
        wrong.push(invalid("/method", "unknown_value", "Допустимы: cash, terminal.", "One of: cash, terminal."));
    }
    let least = if method == Some(Method::Cash) { 1 } else { 6 };
    if !is_reference(&request.reference, least) {
        wrong.push(invalid(
            "/reference",
            "reference",
            &format!("{least}–36 латинских букв, цифр и дефисов."),
            &format!("{least} to 36 Latin letters, digits and hyphens."),
        ));
    }
    let place = place(&partner, request, &mut wrong);
    let cashier = request.cashier.as_ref().map(|cashier| cashier_of(cashier, &mut wrong));
    let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    if loaded.details.receipt_contact().is_none() {
        let (ru, en) = ("Без контакта покупателя чек не отправить.", "A receipt needs a contact of the buyer.");
        wrong.push(invalid("/buyer", "required", ru, en));
    }
    let Some(method) = method.filter(|_| wrong.is_empty()) else { return Ok(Done::Invalid(wrong)) };
    // Cash changes hands between people: it is not settled on the Internet, wherever that was.
    let by_person = place.is_some() || cashier.is_some() || method == Method::Cash;
    let place = place.unwrap_or_else(|| ports.settings.base_url.clone());
    let collected = by_person.then_some(Collected { place, cashier });
    run(ports, id, &Command::Collect { method, reference: request.reference.clone(), collected }).await
}

/// Whether a reference is one a terminal or a person may have written.
pub(crate) fn is_reference(text: &str, least: usize) -> bool {
    (least..=36).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn place(partner: &Partner, request: &CollectRequest, wrong: &mut Vec<Invalid>) -> Option<String> {
    let asked = request.point.as_deref()?;
    let point = partner.receipts.points.iter().find(|point| point.id == asked);
    if point.is_none() {
        let (ru, en) = ("Такой точки продаж в настройках нет.", "Your settings have no such point of sale.");
        wrong.push(invalid("/point", "unknown_point", ru, en));
    }
    point.map(|point| point.place.clone())
}

fn cashier_of(asked: &CashierRequest, wrong: &mut Vec<Invalid>) -> Cashier {
    if !laws::is_text(&asked.name, 64) {
        let rule = &laws::rule::CASHIER;
        wrong.push(invalid("/cashier/name", rule.code, rule.ru, rule.en));
    }
    // A cashier is a person: the number of a firm is no number of theirs.
    if asked.inn.as_deref().is_some_and(|inn| inn.len() != 12 || !laws::is_inn(inn)) {
        let (ru, en) = (
            "ИНН физического лица: 12 цифр с верными контрольными. Тег 1203.",
            "The ИНН of a person: 12 digits with right check digits. Tag 1203.",
        );
        wrong.push(invalid("/cashier/inn", laws::rule::INN.code, ru, en));
    }
    Cashier { name: asked.name.clone(), inn: asked.inn.clone() }
}

/// Names the marked units that are handed over. A receipt that is at its register now is asked after first: what was printed
/// stays as it is, and what may yet be printed is not sent a second time under another id.
pub async fn marks(ports: &Ports, id: &OrderId, asked: &[MarkRequest]) -> Result<Done, WorkflowError> {
    let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    let basket = loaded.order.basket(&loaded.details);
    let mut wrong = Vec::new();
    if asked.is_empty() || asked.len() > LINES_MAX {
        wrong.push(invalid("", "count", "От 1 до 100 кодов.", "1 to 100 codes."));
    }
    for (at, one) in asked.iter().take(LINES_MAX).enumerate() {
        let line = basket.get(usize::from(one.line).wrapping_sub(1));
        let mut say = |field: &str, code, ru: &str, en: &str| {
            wrong.push(invalid(format!("/{at}/{field}"), code, ru, en));
        };
        match line {
            None => say("line", "line", "Такой строки нет.", "No such line."),
            Some(_) if asked.iter().take(at).any(|other| other.line == one.line) => {
                say("line", "line_twice", "Строка названа дважды.", "The line is named twice.");
            }
            Some(line) if !line.subject.is_marked() => {
                let rule = &laws::rule::MARK_UNWANTED;
                say("line", rule.code, rule.ru, rule.en);
            }
            Some(line) if line.quantity != rust_decimal::Decimal::ONE => {
                let rule = &laws::rule::MARK_ONE;
                say("line", rule.code, rule.ru, rule.en);
            }
            Some(_) => {}
        }
        match marking::parse(&one.mark) {
            Ok(mark) if mark.names_a_unit() => {}
            Ok(_) => say(
                "mark",
                laws::rule::MARK_BROKEN.code,
                "Это штрихкод товара, а не код маркировки единицы.",
                "This is a product's barcode, no marking code of one unit.",
            ),
            Err(error) => say("mark", laws::rule::MARK_BROKEN.code, &error.ru(), &error.to_string()),
        }
    }
    if !wrong.is_empty() {
        return Ok(Done::Invalid(wrong));
    }
    let named = |receipt: &domain::order::Receipt| {
        let covered = loaded.order.receipt_parts(receipt, &loaded.details);
        covered.map_or(true, |covered| covered.iter().any(|part| asked.iter().any(|one| one.line == part.line)))
    };
    for due in loaded.order.receipts.iter().filter(|receipt| receipt.fiscal.is_none()) {
        if !due.stage.settlement().is_before() && named(due) {
            receipt::not_under_way(ports, &loaded.order, &loaded.details, due).await?;
        }
    }
    let marks = asked.iter().map(|one| (one.line, one.mark.clone())).collect();
    run(ports, id, &Command::SetMarks { marks }).await
}
