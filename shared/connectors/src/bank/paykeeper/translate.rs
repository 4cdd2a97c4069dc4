//! Both languages: ours and `PayKeeper`'s.

use domain::acquiring::{Credentials, Method, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::{Currency, Money, MoneyError};
use domain::time::{MOSCOW, Timestamp};
use md5::Md5;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::wire::{Notification, PaymentRow, RefundRow, Status};
use crate::bank::PaymentRequest;
use crate::peer::Malformed;

/// Characters of a description or a client's name that are sent; `PayKeeper` keeps 255.
const TEXT_MAX: usize = 250;

/// The payment systems of an account that only authorize.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldSystems {
    /// Every one: the whole cabinet works in two stages.
    All,
    /// These; perhaps none.
    Listed(Vec<String>),
}

impl HoldSystems {
    /// Reads the credential `hold_systems`.
    pub fn parse(text: &str) -> Self {
        if text.trim() == "all" {
            return Self::All;
        }
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        Self::Listed(ids.map(ToOwned::to_owned).collect())
    }

    /// Whether payments of this system are held first.
    pub fn contains(&self, system: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(ids) => ids.iter().any(|id| id == system),
        }
    }
}

/// The `pstype` a payment is led to; empty where the page offers everything there is. Nothing when the account can not take
/// it in so many stages.
pub fn pstype(credentials: &Credentials, holds: &HoldSystems, method: Method, stages: Stages) -> Option<String> {
    let own = credentials.of(&format!("pstype_{}", method.code()));
    let to_hold = credentials.of("pstype_hold");
    let some_hold = *holds != HoldSystems::Listed(Vec::new());
    let found = match (method, stages) {
        (Method::Sbp, Stages::One) if own.is_empty() => super::PSTYPE_SBP,
        (Method::Card, Stages::Two) if *holds == HoldSystems::All => own,
        (Method::Card, Stages::Two) if some_hold && !to_hold.is_empty() => to_hold,
        // Without a name the page would offer the buyer the systems that hold, too.
        (Method::Card, Stages::One) if *holds != HoldSystems::All && (!some_hold || !own.is_empty()) => own,
        (Method::Card, _) | (_, Stages::Two) => return None,
        _ if own.is_empty() => return None,
        _ => own,
    };
    Some(found.to_owned())
}

/// The shop's client: the one means are saved for, else the payment itself, so that a notification names what belongs together.
pub fn client_id(request: &PaymentRequest) -> String {
    request.customer.as_deref().unwrap_or(&request.number).chars().take(TEXT_MAX).collect()
}

/// An amount as `PayKeeper` writes it: `3000.00`.
pub fn roubles(amount: Money) -> String {
    amount.to_decimal().to_string()
}

/// Reads an amount; nothing stands for zero.
///
/// # Errors
/// Not an amount of roubles.
pub fn money(pointer: &str, text: &str) -> Result<Money, Malformed> {
    let text = if text.is_empty() { "0" } else { text };
    let wrong = |_: MoneyError| Malformed::at(pointer, "roubles with at most two decimals");
    Money::parse_major(text, Currency::RUB).map_err(wrong)
}

/// A moment in `PayKeeper`'s own time, Moscow's.
pub fn moscow(at: Timestamp) -> String {
    MOSCOW.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A date in `PayKeeper`'s own time.
pub fn moscow_day(at: Timestamp) -> String {
    domain::time::moscow_date(at).to_string()
}

/// A moment as HTTP writes it (RFC 9110, 5.6.7).
pub fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// The fields of an invoice, without the token.
pub fn invoice(request: &PaymentRequest) -> Vec<(&'static str, String)> {
    let service = serde_json::json!({
        "service_name": description(request),
        "user_result_callback": request.return_url,
        "lang": language(request.language),
    });
    let mut fields = vec![
        ("pay_amount", roubles(request.amount)),
        ("clientid", client_id(request)),
        ("orderid", request.number.clone()),
        ("service_name", service.to_string()),
        ("client_email", request.email.clone().unwrap_or_default()),
        ("client_phone", request.phone.clone().unwrap_or_default()),
        ("expiry", moscow(request.expires_at)),
    ];
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// The fields of the payment form that saves the card it is paid with («Привязка карты»: `msgtype=createbinding`).
pub fn binding_form(request: &PaymentRequest, pstype: &str, secret: &str) -> Vec<(&'static str, String)> {
    let mut fields = order(request, secret);
    fields.push(("msgtype", "createbinding".to_owned()));
    fields.push(("lang", language(request.language).to_owned()));
    fields.push(("user_result_callback", request.return_url.clone()));
    fields.push(("pstype", pstype.to_owned()));
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

/// The fields of a charge of a saved card, without the token («Привязка карты», 9.6).
pub fn charge(request: &PaymentRequest, bank_id: &str, pstype: &str, secret: &str) -> Vec<(&'static str, String)> {
    let mut fields = order(request, secret);
    fields.push(("bank_id", bank_id.to_owned()));
    fields.push(("pstype", pstype.to_owned()));
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

fn order(request: &PaymentRequest, secret: &str) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("sum", roubles(request.amount)),
        ("clientid", client_id(request)),
        ("orderid", request.number.clone()),
        ("service_name", description(request)),
        ("client_email", request.email.clone().unwrap_or_default()),
        ("client_phone", request.phone.clone().unwrap_or_default()),
    ];
    let values: Vec<_> = fields.iter().map(|(_, value)| value.as_str()).collect();
    let sign = order_sign(&values, secret);
    fields.push(("sign", sign));
    fields
}

/// The form's signature: SHA-256 of sum, client, order, service, e-mail and telephone, one after the other, and the secret word
/// («HTML-форма»).
pub fn order_sign(values: &[&str], secret: &str) -> String {
    let mut hash = Sha256::new();
    for value in values {
        hash.update(value);
    }
    hash.update(secret);
    hex::encode(hash.finalize())
}

fn description(request: &PaymentRequest) -> String {
    request.description.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}

const fn language(language: Language) -> &'static str {
    match language {
        Language::Ru => "ru",
        Language::En => "en",
    }
}

/// Fields as a form, or as the part of an address after `?`.
pub fn form<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The fields of a form, decoded.
pub fn pairs(form: &[u8]) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(form)
}

/// MD5 of texts one after the other and the secret word, in hexadecimal.
pub fn md5_of(parts: &[&str], secret: &str) -> String {
    let mut hash = Md5::new();
    for part in parts {
        hash.update(part);
    }
    hash.update(secret);
    hex::encode(hash.finalize())
}

impl Notification {
    /// Reads a notification. A field that comes twice is refused: which of the two is signed is not said.
    ///
    /// # Errors
    /// A field comes twice.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut found = Self::default();
        let mut key = String::new();
        for (name, value) in pairs(body) {
            let (field, pointer) = match &*name {
                "id" => (&mut found.id, "/id"),
                "sum" => (&mut found.sum, "/sum"),
                "clientid" => (&mut found.clientid, "/clientid"),
                "orderid" => (&mut found.orderid, "/orderid"),
                "key" => (&mut key, "/key"),
                "ps_id" => (&mut found.ps_id, "/ps_id"),
                "batch_date" => (&mut found.batch_date, "/batch_date"),
                "bank_id" => (&mut found.bank_id, "/bank_id"),
                "card_number" => (&mut found.card_number, "/card_number"),
                "card_expiry" => (&mut found.card_expiry, "/card_expiry"),
                _ => continue,
            };
            if !field.is_empty() {
                return Err(Malformed::at(pointer, "said once"));
            }
            *field = value.into_owned();
        }
        found.key = Some(key).filter(|key| !key.is_empty());
        Ok(found)
    }

    /// What its `key` has to be: over the values as they were received.
    pub fn expected_key(&self, secret: &str) -> String {
        md5_of(&[&self.id, &self.sum, &self.clientid, &self.orderid], secret)
    }
}

/// Whether a capture stands behind a `batch_date`: it names a moment that is over. A moment to come is when `PayKeeper` will
/// capture by itself.
fn is_captured(batch_date: &str, now: Timestamp) -> bool {
    moment(batch_date).is_some_and(|at| at <= MOSCOW.to_datetime(now))
}

/// A date with or without a time of the day.
fn moment(text: &str) -> Option<jiff::civil::DateTime> {
    let whole = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok();
    whole.or_else(|| text.parse::<jiff::civil::Date>().ok().map(|date| date.at(0, 0, 0, 0)))
}

/// How a payment that took money stands, and what of it is on its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// For good.
    pub standing: Standing,
    /// Asked back, not there yet.
    pub returning: Money,
}

/// How a payment stands that took money. `refunds` are its refunds.
///
/// What went back of an authorized payment no later than its capture was let go and never captured: a partial reverse of a hold
/// captures the rest.
///
/// # Errors
/// Amounts that are none, or that do not go together.
pub fn standing(
    row: &PaymentRow,
    refunds: &[RefundRow],
    holds: &HoldSystems,
    now: Timestamp,
) -> Result<Seen, Malformed> {
    let wrong = |_: MoneyError| Malformed::at("/refund_amount", "no more than the payment");
    let paid = money("/pay_amount", &row.pay_amount)?;
    let none = paid.zero();
    let two_stage = holds.contains(&row.payment_system_id);
    let captured_at = moment(&row.batch_date).filter(|_| is_captured(&row.batch_date, now));
    // A day without a time of the day lasts until its end.
    let until = captured_at.map(|at| if row.batch_date.len() > 10 { at } else { at.date().at(23, 59, 59, 0) });
    let (mut gone, mut let_go, mut returning) = (none, none, none);
    for refund in refunds {
        let amount = money("/amount", &refund.amount)?;
        match refund.status.as_str() {
            "done" => {
                gone = gone.plus(amount).map_err(wrong)?;
                let at = moment(&refund.datetime);
                if two_stage && at.zip(until).is_some_and(|(at, until)| at <= until) {
                    let_go = let_go.plus(amount).map_err(wrong)?;
                }
            }
            "started" => returning = returning.plus(amount).map_err(wrong)?,
            _ => {}
        }
    }
    if refunds.is_empty() {
        gone = money("/refund_amount", &row.refund_amount)?;
    }
    let rest = paid.minus(gone).map_err(wrong)?;
    if rest.minor() < 0 {
        return Err(Malformed::at("/refund_amount", "no more than the payment"));
    }
    // Held against the payment's own state: a word for a refund that is not known here must not hide one.
    let adds_up = match status(row)? {
        Status::Refunded => rest.is_zero(),
        Status::PartiallyRefunded => gone.is_positive(),
        _ => true,
    };
    if !adds_up {
        return Err(Malformed::at("/refund_amount", "what its refunds add up to"));
    }
    let standing = if two_stage && captured_at.is_none() {
        if gone.is_zero() || rest.is_zero() {
            Standing { held: rest, captured: none, refunded: none }
        } else {
            Standing { held: none, captured: rest, refunded: none } // a part was let go: the rest is captured with it
        }
    } else {
        let captured = paid.minus(let_go).map_err(wrong)?;
        Standing { held: none, captured, refunded: gone.minus(let_go).map_err(wrong)? }
    };
    Ok(Seen { standing, returning })
}

/// The state of a payment.
///
/// # Errors
/// A state the document does not have.
pub fn status(row: &PaymentRow) -> Result<Status, Malformed> {
    Status::parse(&row.status).ok_or_else(|| Malformed::at("/status", "a state of a payment"))
}

/// Saved means, where the bank has named them.
pub fn saved(bank_id: &str, card_number: &str, card_expiry: &str) -> Option<SavedMeans> {
    if bank_id.is_empty() {
        return None;
    }
    let scheme = match card_number.as_bytes() {
        [b'2', b'2', b'0', b'0'..=b'4', ..] => "Мир",
        [b'4', ..] => "Visa",
        [b'5' | b'2', ..] => "MasterCard",
        [b'6', b'2' | b'0', ..] => "UnionPay",
        _ => "Карта",
    };
    let digits: Vec<char> = card_number.chars().filter(char::is_ascii_digit).collect();
    let tail: String = digits.iter().skip(digits.len().saturating_sub(4)).collect();
    let label = if tail.len() == 4 { format!("{scheme} •• {tail}") } else { scheme.to_owned() };
    Some(SavedMeans { token: bank_id.to_owned(), label, valid_until: valid_until(card_expiry) })
}

/// `yyyy-mm` of a date written year first or month first.
fn valid_until(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let (year, month) = match parts.as_slice() {
        [year, month] if year.len() == 4 => ((*year).to_owned(), *month),
        [month, year] if year.len() == 4 => ((*year).to_owned(), *month),
        [month, year] if year.len() == 2 => (format!("20{year}"), *month),
        [both] if both.len() == 6 => (both.get(..4)?.to_owned(), both.get(4..)?),
        _ => return None,
    };
    let good = matches!(month.parse::<u8>(), Ok(1..=12));
    good.then(|| format!("{year}-{month:0>2}"))
}
