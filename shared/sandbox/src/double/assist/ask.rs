//! Requests to Assist: fields of a form or of JSON, names in whatever case the manual's samples have them; who asks; in what format.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use connectors::bank::assist::wire;
use domain::money::{Currency, Money};
use domain::time::{SignedDuration, Timestamp};
use jiff::civil::{Date, DateTime};
use jiff::{Span, tz::TimeZone};
use serde_json::Value;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::double::Terminal;

/// Days back in which orders are looked for where the request does not say.
const LOOK_DAYS: i64 = 3;
/// Days that are looked at at once, at most: the manual says that there is a limit, and not which.
const LOOK_DAYS_MAX: i64 = 62;

/// Why a request comes to nothing: whose fault, and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// `firstcode`.
    pub first: u16,
    /// `secondcode`.
    pub second: u16,
}

impl Failure {
    /// Nobody of that number, login and password.
    pub const STRANGER: Self = Self { first: 7, second: 141 };
    /// The check value is not of these parameters.
    pub const CHECK: Self = Self { first: 9, second: 6 };
    /// There is no such order.
    pub const NO_ORDER: Self = Self { first: 10, second: 201 };
    /// There is an order of that number.
    pub const DUPLICATE: Self = Self { first: 11, second: 201 };
    /// The order can not be confirmed.
    pub const CONFIRMATION: Self = Self { first: 1, second: 307 };
    /// The order can not be cancelled.
    pub const CANCELLATION: Self = Self { first: 1, second: 308 };
    /// The span of time is too long.
    pub const SPAN: Self = Self { first: 17, second: 4 };
    /// The format of the answer.
    pub const FORMAT: Self = Self::value(103);
    /// A currency.
    pub const CURRENCY: Self = Self::value(105);
    /// The order's number.
    pub const NUMBER: Self = Self::value(107);
    /// An amount.
    pub const AMOUNT: Self = Self::value(108);
    /// The attribute of two stages.
    pub const DELAY: Self = Self::value(109);
    /// A comment.
    pub const COMMENT: Self = Self::value(110);
    /// The beginning of a span of time.
    pub const START: Self = Self::value(129);
    /// Its end.
    pub const END: Self = Self::value(130);
    /// An address.
    pub const URL: Self = Self::value(154);
    /// The lines of a receipt.
    pub const CHEQUE: Self = Self::value(179);
    /// What recurrents may be.
    pub const RECURRING: Self = Self::value(320);
    /// An external id; the table has no code for it.
    pub const EXTERNAL: Self = Self::value(0);

    const fn value(second: u16) -> Self {
        Self { first: 5, second }
    }
}

/// In what an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// 1: fields between semicolons.
    Csv,
    /// 3.
    Xml,
    /// 5.
    Json,
}

/// A request's fields, their names in lower case.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    fields: BTreeMap<String, String>,
    json: bool,
}

impl Asked {
    /// Reads a body. What is not readable has no fields.
    pub fn read(headers: &HeaderMap, body: &Bytes) -> Self {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut asked = Self { json: kind.starts_with("application/json"), ..Self::default() };
        if asked.json {
            if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
                asked.take(fields);
            }
        } else {
            asked.pairs(body);
        }
        asked
    }

    /// Reads a query.
    pub fn query(query: &str) -> Self {
        let mut asked = Self::default();
        asked.pairs(query.as_bytes());
        asked
    }

    fn pairs(&mut self, body: &[u8]) {
        for (name, value) in form_urlencoded::parse(body) {
            self.fields.entry(name.to_ascii_lowercase()).or_insert_with(|| value.trim().to_owned());
        }
    }

    /// JSON has who asks in an object of its own (`merchant`), and the rest beside it.
    fn take(&mut self, fields: serde_json::Map<String, Value>) {
        for (name, value) in fields {
            let name = name.to_ascii_lowercase();
            match value {
                Value::Object(inner) if name == "merchant" => self.take(inner),
                Value::String(text) => {
                    self.fields.entry(name).or_insert_with(|| text.trim().to_owned());
                }
                Value::Null => {}
                other => {
                    self.fields.entry(name).or_insert_with(|| other.to_string());
                }
            }
        }
    }

    /// A field by its lower-case name; empty where it is not given.
    pub fn of(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// In what the answer is to be written.
    pub fn format(&self, usual: Format) -> Result<Format, Failure> {
        match self.of("format") {
            "" if self.json => Ok(Format::Json),
            "" => Ok(usual),
            "1" => Ok(Format::Csv),
            "3" => Ok(Format::Xml),
            "5" => Ok(Format::Json),
            _ => Err(Failure::FORMAT),
        }
    }

    /// Whether words are to be in English.
    pub fn english(&self, usual: bool) -> bool {
        match self.of("language") {
            "" => usual,
            language => language.eq_ignore_ascii_case("EN"),
        }
    }

    fn is(&self, terminal: &Terminal, field: &str, credential: &str) -> bool {
        let (found, wanted) = (self.of(field), terminal.credentials.of(credential));
        found.as_bytes().ct_eq(wanted.as_bytes()).into()
    }

    /// Whether it comes from the enterprise: number, login and password.
    pub fn is_from(&self, terminal: &Terminal) -> bool {
        let given = [("merchant_id", "merchant_id"), ("login", "login"), ("password", "password")];
        given.into_iter().fold(true, |all, (field, credential)| all & self.is(terminal, field, credential))
    }

    /// Whether a request for a payment is the enterprise's: by its login where it is given, by its check value where that is.
    /// One of them must be.
    pub fn may_pay(&self, terminal: &Terminal) -> Result<(), Failure> {
        let login = !self.of("login").is_empty() || !self.of("password").is_empty();
        if login && !self.is_from(terminal) || !self.is(terminal, "merchant_id", "merchant_id") {
            return Err(Failure::STRANGER);
        }
        let names = ["merchant_id", "ordernumber", "orderamount", "ordercurrency", "ordermaxpoints", "customernumber"];
        let more = ["disable3ds", "prepayment"];
        let values: Vec<&str> = names.into_iter().chain(more).map(|name| self.of(name)).collect();
        let checked =
            wire::is_checked(terminal.credentials.of("secret"), &wire::request_text(&values), self.of("checkvalue"));
        let given = !self.of("checkvalue").is_empty();
        if given == checked && (login || checked) { Ok(()) } else { Err(Failure::CHECK) }
    }

    /// An amount and its currency: at most 15 digits, `.` and two of them after it, or none.
    pub fn money(&self, amount: &str, currency: &str) -> Result<Money, Failure> {
        let code = if self.of(currency).is_empty() { "RUB" } else { self.of(currency) };
        let currency = Currency::from_code(code).filter(|found| *found == Currency::RUB).ok_or(Failure::CURRENCY)?;
        let text = self.of(amount);
        let decimals = text.split_once('.').map_or(2, |(_, decimals)| decimals.len());
        let money = Money::parse_major(text, currency).map_err(|_| Failure::AMOUNT)?;
        if money.is_positive() && text.len() <= 16 && decimals <= 2 { Ok(money) } else { Err(Failure::AMOUNT) }
    }

    /// The amount of a confirmation or a cancellation, given with its currency or not at all.
    pub fn part(&self) -> Result<Option<Money>, Failure> {
        match (self.of("amount").is_empty(), self.of("currency").is_empty()) {
            (true, true) => Ok(None),
            (false, false) => self.money("amount", "currency").map(Some),
            (true, false) => Err(Failure::AMOUNT),
            (false, true) => Err(Failure::CURRENCY),
        }
    }

    /// The billnumber it names, without an operation's number.
    pub fn bill(&self) -> Option<&str> {
        let bill = self.of("billnumber");
        wire::is_bill(bill).then(|| wire::plain_bill(bill))
    }

    /// From when until when orders are looked for.
    pub fn span(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Failure> {
        let at = now.to_zoned(TimeZone::UTC).datetime();
        let from = self.moment("start", at.saturating_sub(Span::new().days(LOOK_DAYS)), Failure::START)?;
        let until = self.moment("end", at, Failure::END)?.saturating_add(Span::new().seconds(59));
        let absolute = |at: DateTime, why| at.to_zoned(TimeZone::UTC).map(|at| at.timestamp()).map_err(|_| why);
        let (from, until) = (absolute(from, Failure::START)?, absolute(until, Failure::END)?);
        if until.duration_since(from) > SignedDuration::from_hours(24 * LOOK_DAYS_MAX) {
            return Err(Failure::SPAN);
        }
        Ok((from, until))
    }

    fn moment(&self, which: &str, usual: DateTime, why: Failure) -> Result<DateTime, Failure> {
        let part = |name: &str, usual: i16| match self.of(&format!("{which}{name}")) {
            "" => Ok(usual),
            text => text.parse::<i16>().map_err(|_| why),
        };
        let small =
            |name: &str, usual: i8| part(name, i16::from(usual)).and_then(|value| i8::try_from(value).map_err(|_| why));
        DateTime::new(
            part("year", usual.year())?,
            small("month", usual.month())?,
            small("day", usual.day())?,
            small("hour", usual.hour())?,
            small("min", usual.minute())?,
            0,
            0,
        )
        .map_err(|_| why)
    }

    /// What recurrents of a payment may be, where it asks for them.
    pub fn recurring(&self, now: Timestamp) -> Result<Option<Recurring>, Failure> {
        match self.of("recurringindicator") {
            "" | "0" => return Ok(None),
            "1" if self.of("customernumber").is_empty() => {}
            _ => return Err(Failure::RECURRING),
        }
        let least = self.money("recurringminamount", "ordercurrency")?;
        let greatest = self.money("recurringmaxamount", "ordercurrency")?;
        let until = Date::strptime("%d.%m.%Y", self.of("recurringmaxdate")).map_err(|_| Failure::RECURRING)?;
        let period = self.of("recurringperiod").parse::<u16>().map_err(|_| Failure::RECURRING)?;
        let past = until < now.to_zoned(TimeZone::UTC).date();
        if past || period == 0 || least.minor() > greatest.minor() {
            return Err(Failure::RECURRING);
        }
        Ok(Some(Recurring { least, greatest }))
    }

    /// The lines of a receipt, where there are any: a list, or an object with one. The manual's sample spells one key with a
    /// Cyrillic letter; that key and its Latin twin are both taken.
    pub fn cheque(&self) -> Result<Value, Failure> {
        let text = self.of("chequeitems");
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let value: Value = serde_json::from_str(text).map_err(|_| Failure::CHEQUE)?;
        let items = value.get("items").unwrap_or(&value).as_array().ok_or(Failure::CHEQUE)?;
        let named = items
            .iter()
            .all(|item| ["id", "name", "price", "quantity", "amount"].iter().all(|key| item.get(key).is_some()));
        if named { Ok(Value::from(items.clone())) } else { Err(Failure::CHEQUE) }
    }
}

/// What a recurrent payment may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recurring {
    /// At least.
    pub least: Money,
    /// At most.
    pub greatest: Money,
}
