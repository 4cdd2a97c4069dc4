//! `/pay`: a partner's page sends the buyer here with signed fields, and an order is made of them.
//!
//! The signature is over every field that came, in the form it came, so that a field added, changed or doubled on the way is
//! refused. Who the partner is, and whether there is such a partner, is not told to who has not signed. Sending the same form
//! again, or going back and forward in the browser, finds the same order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::id::{Mode, Tenant};
use domain::order::Order;
use http::{HeaderMap, StatusCode};
use pages::Lang;
use workflows::error::WorkflowError;
use workflows::links;
use workflows::orders::{
    self, BuyerRequest, Created, Invalid, LINES_MAX, LineRequest, OrderRequest, PaymentTermsRequest, ReturnsRequest,
};
use workflows::perform;
use workflows::ports::Ports;

use crate::answer::{self, Pairs, Reader, see_other};
use crate::view::pick;

/// Seconds a signed form may be old, or ahead of our clock.
const AGE_SECONDS_MAX: i64 = 24 * 3_600;
/// Fields of a form, at most: the fixed ones and five of each line.
const FIELDS_MAX: usize = 32 + 5 * LINES_MAX;

/// Fields that may come once, besides those of numbered lines.
const FIELDS: [&str; 26] = [
    "partner",
    "mode",
    "number",
    "amount",
    "currency",
    "name",
    "description",
    "email",
    "phone",
    "channels",
    "templates",
    "language",
    "button",
    "success_url",
    "failure_url",
    "metadata",
    "timeout",
    "customer",
    "stages",
    "capture",
    "hold_end",
    "purpose",
    "methods",
    "points_max",
    "at",
    "signature",
];

/// Why no order is made of a form.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// The fields themselves are not as they should be.
    Form(StatusCode, Vec<Wrong>),
    /// Not signed by a partner we know.
    Signature,
    /// Signed too long ago, or in the future.
    Stale,
    /// The number has been used for another order.
    NumberTaken,
    /// The partner cannot take payments in this mode yet.
    NotConnected,
    /// The partner's own account does not cover another order.
    NotCovered,
}

/// A field, and the rule it breaks, in both languages.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    field: String,
    ru: String,
    en: String,
}

fn wrong(field: &str, ru: &str, en: &str) -> Wrong {
    Wrong { field: field.chars().take(40).collect(), ru: ru.to_owned(), en: en.to_owned() }
}

/// `GET /pay?…`.
pub(crate) async fn by_query(State(ports): State<Ports>, RawQuery(query): RawQuery, reader: Reader) -> Response {
    let fields = answer::pairs(query.unwrap_or_default().as_bytes());
    taken(&ports, fields, &reader).await
}

/// `POST /pay`. Fields of the address count as well.
pub(crate) async fn by_body(
    State(ports): State<Ports>,
    RawQuery(query): RawQuery,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut fields = answer::pairs(query.unwrap_or_default().as_bytes());
    match answer::form(&headers, &body) {
        Ok(form) => fields.extend(form),
        Err(status) => return reader.failure(status),
    }
    taken(&ports, fields, &reader).await
}

async fn taken(ports: &Ports, fields: Pairs, reader: &Reader) -> Response {
    let named = answer::value(&fields, "language").and_then(Lang::parse);
    let outcome = create(ports, fields).await.map(|made| match made {
        Ok(order) => {
            let url = links::checkout_url(&ports.settings, &order.id);
            // Where the form names no language, the buyer's browser does.
            match (named, reader.preferred) {
                (None, Lang::En) => see_other(&format!("{url}?lang=en")),
                _ => see_other(&url),
            }
        }
        Err(refused) => refusal(&refused, named.unwrap_or(reader.preferred), reader),
    });
    reader.answer(outcome)
}

/// Verifies, reads, and makes the order. Nothing is kept of a form that is refused.
async fn create(ports: &Ports, pairs: Pairs) -> Result<Result<Order, Refused>, WorkflowError> {
    let fields = match once(pairs) {
        Ok(fields) => fields,
        Err(refused) => return Ok(Err(refused)),
    };
    let Some(tenant) = signer(ports, &fields).await? else { return Ok(Err(Refused::Signature)) };
    let now = ports.clock.now().as_second();
    match fields.get("at").map(|at| at.parse::<i64>()) {
        Some(Ok(at)) if now.abs_diff(at) <= AGE_SECONDS_MAX.unsigned_abs() => {}
        Some(Ok(_)) => return Ok(Err(Refused::Stale)),
        _ => {
            let at = wrong("at", "Время подписи: секунды Unix.", "When it was signed, in Unix seconds.");
            return Ok(Err(Refused::Form(StatusCode::BAD_REQUEST, vec![at])));
        }
    }
    let request = match request(&fields) {
        Ok(request) => request,
        Err(faults) => return Ok(Err(Refused::Form(StatusCode::UNPROCESSABLE_ENTITY, faults))),
    };
    match Box::pin(orders::create(ports, &tenant, &request, None)).await {
        Ok(Created::Order { order, .. }) => Ok(Ok(*order)),
        Ok(Created::Invalid(invalid)) => {
            let faults = invalid.into_iter().map(|invalid| in_form(invalid, fields.contains_key("name"))).collect();
            Ok(Err(Refused::Form(StatusCode::UNPROCESSABLE_ENTITY, faults)))
        }
        Ok(Created::TooLittle(_)) => Ok(Err(Refused::NotCovered)),
        Ok(Created::NumberTaken | Created::KeyReused) => Ok(Err(Refused::NumberTaken)),
        Err(WorkflowError::NotConnected(..)) => Ok(Err(Refused::NotConnected)),
        Err(other) => Err(other),
    }
}

/// Each field once.
fn once(pairs: Pairs) -> Result<BTreeMap<String, String>, Refused> {
    let bad = |faults| Err(Refused::Form(StatusCode::BAD_REQUEST, faults));
    if pairs.len() > FIELDS_MAX {
        return bad(vec![wrong("…", "Слишком много полей.", "Too many fields.")]);
    }
    let mut fields = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, value) in pairs {
        match fields.entry(name) {
            Entry::Occupied(taken) => faults.push(wrong(taken.key(), "Поле передано дважды.", "The field came twice.")),
            Entry::Vacant(free) => {
                free.insert(value);
            }
        }
    }
    if faults.is_empty() { Ok(fields) } else { bad(faults) }
}

/// The tenant whose secret signed the fields. An unknown partner takes the same way as a wrong signature.
async fn signer(ports: &Ports, fields: &BTreeMap<String, String>) -> Result<Option<Tenant>, WorkflowError> {
    let text = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let mode = match text("mode") {
        "test" => Some(Mode::Test),
        "live" => Some(Mode::Live),
        _ => None,
    };
    let tenant = mode.and_then(|mode| Tenant::try_new(text("partner"), mode).ok());
    let mut known = None;
    if let Some(tenant) = tenant {
        match perform::partner(ports, &tenant).await {
            Ok(partner) => known = Some((tenant, partner)),
            Err(WorkflowError::NotFound) => {}
            Err(other) => return Err(other),
        }
    }
    let secret = known.as_ref().map_or("nobody’s", |(_, partner)| partner.form_secret.as_str());
    let holds = links::fields_signature_holds(secret, fields);
    Ok(known.filter(|_| holds).map(|(tenant, _)| tenant))
}

/// The wish for an order that the fields express.
fn request(fields: &BTreeMap<String, String>) -> Result<OrderRequest, Vec<Wrong>> {
    let mut faults = Vec::new();
    let mut lines: BTreeMap<usize, LineRequest> = BTreeMap::new();
    for (name, text) in fields {
        if FIELDS.contains(&name.as_str()) {
            continue;
        }
        let slot = line_field(name).and_then(|(no, part)| {
            let line = lines.entry(no).or_default();
            match part {
                "name" => line.name.clone_from(text),
                "price" => line.price.clone_from(text),
                "quantity" => line.quantity = Some(text.clone()),
                "vat" => line.vat = Some(text.clone()),
                "subject" => line.subject = Some(text.clone()),
                _ => return None,
            }
            Some(())
        });
        if slot.is_none() {
            faults.push(wrong(name, "Неизвестное поле.", "The field is not known."));
        }
    }
    let text = |name: &str| fields.get(name).cloned();
    let list = |name: &str| -> Vec<String> {
        let parts = fields.get(name).into_iter().flat_map(|text| text.split(','));
        parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    };
    let mut amount = text("amount");
    if lines.keys().copied().ne(1..=lines.len()) {
        faults.push(wrong("line…", "Строки нумеруются подряд с 1.", "Lines are numbered from 1 without gaps."));
    }
    match (text("name"), lines.is_empty()) {
        (Some(name), true) => {
            let price = amount.take().unwrap_or_default();
            lines.insert(1, LineRequest { name, price, ..LineRequest::default() });
        }
        (Some(_), false) => {
            let (ru, en) =
                ("Либо name, либо строки line1_name, line2_name, …", "Either name, or line1_name, line2_name, …");
            faults.push(wrong("name", ru, en));
        }
        (None, _) => {}
    }
    let timeout = text("timeout").map(|text| text.parse::<u32>());
    if timeout.as_ref().is_some_and(Result::is_err) {
        faults.push(wrong("timeout", "Целое число секунд.", "A whole number of seconds."));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(OrderRequest {
        number: text("number").unwrap_or_default(),
        lines: lines.into_values().collect(),
        amount,
        currency: text("currency"),
        description: text("description"),
        buyer: BuyerRequest { email: text("email"), phone: text("phone"), firm: None },
        channels: list("channels"),
        returns: ReturnsRequest { success: text("success_url"), failure: text("failure_url") },
        button: text("button"),
        language: text("language"),
        metadata: text("metadata"),
        templates: list("templates"),
        payment_timeout_seconds: timeout.and_then(Result::ok),
        scenario: None,
        customer: text("customer"),
        payment: payment(fields, &list("methods")),
        split: None,
        charge: None,
        receipts: None,
    })
}

/// How the order is to be paid, where the form says so.
fn payment(fields: &BTreeMap<String, String>, methods: &[String]) -> Option<PaymentTermsRequest> {
    let text = |name: &str| fields.get(name).cloned();
    // What is no small number is refused like a number of stages nobody knows.
    let stages = text("stages").map(|text| text.parse::<u8>().unwrap_or(0));
    let request = PaymentTermsRequest {
        stages,
        capture: text("capture"),
        hold_end: text("hold_end"),
        purpose: text("purpose"),
        methods: methods.to_vec(),
        points_max: text("points_max"),
    };
    let said = stages.is_some() || !methods.is_empty();
    let said = said || ["capture", "hold_end", "purpose", "points_max"].iter().any(|name| fields.contains_key(*name));
    said.then_some(request)
}

/// `line12_price` is the `price` of line 12.
fn line_field(name: &str) -> Option<(usize, &str)> {
    let (no, part) = name.strip_prefix("line")?.split_once('_')?;
    let plain = !no.starts_with('0') && no.len() <= 3 && no.bytes().all(|b| b.is_ascii_digit());
    let no = no.parse().ok().filter(|no| plain && (1..=LINES_MAX).contains(no))?;
    Some((no, part))
}

/// What is wrong with the wish, said of the form's own field.
fn in_form(invalid: Invalid, single: bool) -> Wrong {
    let Invalid { pointer, ru, en, .. } = invalid;
    let parts: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
    let field = match parts.as_slice() {
        ["lines", _, "name"] if single => "name".to_owned(),
        ["lines", ..] if single => "amount".to_owned(),
        ["lines", at, part] => match at.parse::<usize>() {
            Ok(at) => format!("line{}_{part}", at.saturating_add(1)),
            Err(_) => "lines".to_owned(),
        },
        ["lines", ..] => "line1_name".to_owned(),
        ["buyer" | "payment", part] => (*part).to_owned(),
        ["returns", part] => format!("{part}_url"),
        ["payment_timeout_seconds"] => "timeout".to_owned(),
        ["payment", "methods", ..] => "methods".to_owned(),
        [first, ..] => (*first).to_owned(),
        [] => String::new(),
    };
    Wrong { field, ru, en }
}

fn refusal(refused: &Refused, lang: Lang, reader: &Reader) -> Response {
    let (status, title, text) = match refused {
        Refused::Form(status, faults) => {
            let told = faults.iter().map(|fault| format!("{}: {}", fault.field, pick(lang, &fault.ru, &fault.en)));
            let lead = pick(
                lang,
                "Магазин передал неверные поля, заказ не создан, деньги не списаны.",
                "The shop sent fields that are not valid. No order was made, nothing was charged.",
            );
            let title = pick(lang, "Заказ не удалось принять", "The order could not be taken");
            (*status, title, format!("{lead} {}", told.collect::<Vec<_>>().join(" ")))
        }
        Refused::Signature => (
            StatusCode::UNAUTHORIZED,
            pick(lang, "Подпись не подошла", "The signature is not right"),
            pick(
                lang,
                "Поле signature не соответствует остальным полям или магазину. Заказ не создан, деньги не списаны. Вернитесь в магазин и попробуйте ещё раз.",
                "The field signature does not fit the other fields or the shop. No order was made, nothing was charged. Go back to the shop and try again.",
            )
            .to_owned(),
        ),
        Refused::Stale => (
            StatusCode::BAD_REQUEST,
            pick(lang, "Ссылка устарела", "The link is too old"),
            pick(
                lang,
                "Поле at: подписанные поля действуют 24 часа. Заказ не создан, деньги не списаны. Вернитесь в магазин и оформите заказ ещё раз.",
                "at: signed fields are good for 24 hours. No order was made, nothing was charged. Go back to the shop and order again.",
            )
            .to_owned(),
        ),
        Refused::NumberTaken => (
            StatusCode::CONFLICT,
            pick(lang, "Такой номер заказа уже есть", "The order number is taken"),
            pick(
                lang,
                "Поле number: с этим номером магазин уже создал другой заказ. Новый заказ не создан, деньги не списаны.",
                "number: the shop has made another order with this number. No new order was made, nothing was charged.",
            )
            .to_owned(),
        ),
        // Why is the shop's own business.
        Refused::NotCovered => (
            StatusCode::CONFLICT,
            pick(lang, "Магазин сейчас не принимает заказы", "The shop takes no orders now"),
            pick(
                lang,
                "Заказ не создан, деньги не списаны. Попробуйте позже или напишите в магазин.",
                "No order was made, nothing was charged. Try later, or write to the shop.",
            )
            .to_owned(),
        ),
        Refused::NotConnected => (
            StatusCode::CONFLICT,
            pick(lang, "Магазин ещё не принимает оплату", "The shop does not take payments yet"),
            pick(
                lang,
                "Подключение магазина к банку не завершено. Заказ не создан, деньги не списаны.",
                "The shop is not connected to a bank yet. No order was made, nothing was charged.",
            )
            .to_owned(),
        ),
    };
    reader.failure_in_words(status, lang, Some((title, &text)), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn one_name_and_an_amount_make_one_line() {
        let request = request(&fields(&[("number", "1"), ("name", "Справка"), ("amount", "10.50")])).unwrap();
        assert_eq!((request.lines.len(), request.lines[0].price.as_str(), request.amount), (1, "10.50", None));
    }

    #[test]
    fn numbered_lines_come_in_their_order() {
        let form: Vec<(String, String)> = (1..=11)
            .flat_map(|no| [(format!("line{no}_name"), no.to_string()), (format!("line{no}_price"), "1".into())])
            .collect();
        let request = request(&form.into_iter().collect()).unwrap();
        let names: Vec<_> = request.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
    }

    #[test]
    fn what_is_not_a_field_is_named() {
        for name in ["line0_name", "line01_name", "line101_name", "line1_prize", "line1", "linex_name", "utm_source"] {
            let faults = request(&fields(&[(name, "x")])).unwrap_err();
            assert!(faults.iter().any(|fault| fault.field == name), "{name}: {faults:?}");
        }
        let gap = request(&fields(&[("line2_name", "x")])).unwrap_err();
        assert_eq!(gap[0].field, "line…");
        let both = request(&fields(&[("name", "x"), ("line1_name", "x")])).unwrap_err();
        assert_eq!(both[0].field, "name");
    }
}
