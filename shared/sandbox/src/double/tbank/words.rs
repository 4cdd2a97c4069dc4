//! The bank's words: how a request is read, what is wrong with it, and how a payment stands.

use axum::body::Bytes;
use connectors::bank::tbank::token;
use connectors::peer::CallbackError;
use domain::money::Money;
use domain::order::DeclineReason;
use serde_json::{Map, Value, json};

use crate::SandboxError;
use crate::double::{Deal, DealState, RefundState, Terminal};

/// An error of the bank's (1.80, «Коды ошибок»).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    code: &'static str,
    message: &'static str,
    details: String,
    more: Map<String, Value>,
}

/// Why a request has no answer of its own.
#[derive(Debug)]
pub enum Fault {
    /// The bank says no.
    Said(Said),
    /// The double could not.
    Sandbox(SandboxError),
    /// No such method.
    NoMethod,
}

impl From<Said> for Fault {
    fn from(said: Said) -> Self {
        Self::Said(said)
    }
}

impl From<SandboxError> for Fault {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(error)
    }
}

impl Said {
    /// An error of this code.
    pub fn new(code: &'static str, message: &'static str, details: impl Into<String>) -> Self {
        Self { code, message, details: details.into(), more: Map::new() }
    }

    /// A field that breaks a rule.
    pub fn wrong(code: &'static str, details: impl Into<String>) -> Self {
        Self::new(code, "Неверные параметры.", details)
    }

    /// The payment is in no state for it.
    pub fn state(details: impl Into<String>) -> Self {
        Self::new("8", "Неверный статус транзакции.", details)
    }

    /// With more fields than an error has.
    #[must_use]
    pub fn with(self, more: Map<String, Value>) -> Self {
        Self { more, ..self }
    }

    /// As it is sent.
    pub fn body(&self) -> Value {
        let mut body = self.more.clone();
        body.insert("Success".to_owned(), json!(false));
        body.insert("ErrorCode".to_owned(), json!(self.code));
        body.insert("Message".to_owned(), json!(self.message));
        body.insert("Details".to_owned(), json!(self.details));
        Value::Object(body)
    }
}

/// A request whose token was found right.
#[derive(Debug, Clone)]
pub struct Asked(Map<String, Value>);

impl Asked {
    /// Reads a request of a terminal's.
    ///
    /// # Errors
    /// It is no JSON object, of another terminal, or signed otherwise.
    pub fn read(body: &Bytes, terminal: &Terminal) -> Result<Self, Said> {
        let fields: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Said::wrong("1", "Параметры не сопоставлены."))?;
        let asked = Self(fields);
        match asked.text("TerminalKey") {
            None => return Err(Said::wrong("210", "Размер поля TerminalKey должен быть от 1 до 20.")),
            Some(key) if key != terminal.credentials.of("terminal_key") => {
                return Err(Said::wrong("501", "Терминал не найден."));
            }
            Some(_) => {}
        }
        token::verify(body, terminal.credentials.of("password")).map_err(|error| match error {
            CallbackError::Malformed { .. } => Said::wrong("1", "Параметры не сопоставлены."),
            _ => Said::wrong("204", "Неверный токен. Проверьте пару TerminalKey/SecretKey."),
        })?;
        Ok(asked)
    }

    /// All of it but the token.
    pub fn words(&self) -> Value {
        let mut words = self.0.clone();
        words.remove(token::FIELD);
        Value::Object(words)
    }

    /// A field, whatever it is.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text or a number as text; an empty one is none.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = match self.get(name)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// A text that has to be there and within a length.
    ///
    /// # Errors
    /// It has not, or is not.
    pub fn sized(&self, name: &str, code: &'static str, most: usize) -> Result<String, Said> {
        let wrong = || Said::wrong(code, format!("Размер поля {name} должен быть от 1 до {most}."));
        self.text(name).filter(|text| text.chars().count() <= most).ok_or_else(wrong)
    }

    /// `true`, or the word.
    pub fn flag(&self, name: &str) -> bool {
        is_true(self.get(name))
    }

    /// Kopecks, at most ten digits, at least `least`.
    ///
    /// # Errors
    /// They are no number, or too few.
    pub fn amount(&self, least: i64) -> Result<Option<Money>, Said> {
        let Some(value) = self.get("Amount") else { return Ok(None) };
        let minor = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let minor: i64 = minor.ok_or_else(|| Said::wrong("247", "Параметр Amount не сопоставлен."))?;
        if minor < least {
            let details = format!("Неверная сумма. Сумма должна быть больше или равна {least} копеек.");
            return Err(Said::wrong("251", details));
        }
        if minor > 9_999_999_999 {
            let details = "Поле Amount числовое значение должно укладываться в формат (<10 цифр>.<0 цифр>).";
            return Err(Said::wrong("240", details));
        }
        Ok(Some(Money::rub(minor)))
    }

    /// One of the pairs in `DATA`.
    pub fn data(&self, name: &str) -> Option<&Value> {
        self.get("DATA").and_then(|data| data.get(name))
    }
}

/// `true`, or the word.
pub fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// Where a deal keeps that it is paid by the СБП.
pub const QR: &str = "qr";
/// Where a deal keeps the state it was ended in.
pub const ENDED: &str = "ended";

/// Whether a deal is paid by the СБП.
pub fn is_qr(deal: &Deal) -> bool {
    deal.notes.contains_key(QR) || is_binding(deal)
}

/// Whether a deal only binds an account.
pub fn is_binding(deal: &Deal) -> bool {
    deal.words.get("AccountQr").is_some()
}

/// A deal's state in the bank's word (1.8, table 2.11.3).
pub fn status(deal: &Deal) -> &'static str {
    let facts = deal.facts();
    if facts.refunds.iter().any(|refund| refund.state == RefundState::Pending) {
        return if is_qr(deal) { "ASYNC_REFUNDING" } else { "REFUNDING" };
    }
    match facts.state {
        DealState::Open if is_qr(deal) => "FORM_SHOWED",
        DealState::Open => "NEW",
        DealState::Challenge => "3DS_CHECKING",
        DealState::Processing => "AUTHORIZING",
        DealState::Held if facts.held == deal.amount => "AUTHORIZED",
        DealState::Held => "PARTIAL_REVERSED",
        DealState::Captured => "CONFIRMED",
        DealState::Voided => "REVERSED",
        DealState::PartlyRefunded => "PARTIAL_REFUNDED",
        DealState::Refunded => "REFUNDED",
        DealState::Declined => match (deal.notes.get(ENDED).and_then(Value::as_str), facts.reason) {
            (Some("CANCELED"), _) => "CANCELED",
            (Some("DEADLINE_EXPIRED"), _) | (None, Some(DeclineReason::TimedOut)) => "DEADLINE_EXPIRED",
            (None, Some(DeclineReason::AuthenticationFailed)) => "AUTH_FAIL",
            _ => "REJECTED",
        },
    }
}

/// What is left of a deal's money: held, or captured and not given back; before it was paid, all.
pub fn left(deal: &Deal) -> Money {
    let facts = deal.facts();
    match facts.state {
        DealState::Held | DealState::Voided => facts.held,
        DealState::Captured | DealState::PartlyRefunded | DealState::Refunded => {
            facts.captured.minus(facts.refunded).unwrap_or_else(|_| deal.amount.zero())
        }
        DealState::Open | DealState::Challenge | DealState::Processing | DealState::Declined => deal.amount,
    }
}

/// Why a deal was declined; `0` when it was not.
pub fn ended(deal: &Deal) -> (&'static str, &'static str) {
    if matches!(status(deal), "CANCELED" | "DEADLINE_EXPIRED") {
        return ("0", "OK");
    }
    match deal.facts().reason {
        None => ("0", "OK"),
        Some(DeclineReason::InsufficientFunds) => ("1051", "Недостаточно средств на карте"),
        Some(DeclineReason::CardBlocked) => ("1014", "Карта недействительна"),
        Some(DeclineReason::AuthenticationFailed) => ("101", "Не пройдена идентификация 3DS"),
        Some(_) => ("99", "Попробуйте повторить попытку позже"),
    }
}

/// What every answer about a deal says.
pub fn about(terminal: &Terminal, deal: &Deal) -> Map<String, Value> {
    let said = json!({
        "Success": true,
        "ErrorCode": "0",
        "Message": "OK",
        "TerminalKey": terminal.credentials.of("terminal_key"),
        "PaymentId": deal.reference,
        "OrderId": deal.number,
        "Status": status(deal),
    });
    match said {
        Value::Object(said) => said,
        _ => Map::new(),
    }
}

/// The same with the sum.
pub fn with_amount(terminal: &Terminal, deal: &Deal) -> Map<String, Value> {
    let mut said = about(terminal, deal);
    said.insert("Amount".to_owned(), json!(left(deal).minor()));
    said
}
