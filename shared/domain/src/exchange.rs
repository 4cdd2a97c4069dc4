//! One exchange with a bank as it is kept: what went over the wire in both directions, masked before it gets here.
//!
//! A record only: no order is decided by it, and none waits for it.

use serde::{Deserialize, Serialize};

use crate::id::{OrderId, Tenant};
use crate::time::Timestamp;

/// Seconds of a slot: exchanges of one tenant and slot are kept side by side, all copies of one exchange with them.
pub const SLOT_SECONDS: i64 = 300;

/// What an exchange was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The bank is told of a payment.
    Register,
    /// Saved means are charged.
    Charge,
    /// The bank is asked how an operation stands.
    Ask,
    /// Held money is captured.
    Capture,
    /// Money goes back, or is let go.
    GiveBack,
    /// A payment nobody has paid is ended.
    Withdraw,
    /// Saved means are forgotten.
    Forget,
    /// The bank told something by itself.
    Callback,
}

impl Purpose {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Charge => "charge",
            Self::Ask => "ask",
            Self::Capture => "capture",
            Self::GiveBack => "give_back",
            Self::Withdraw => "withdraw",
            Self::Forget => "forget",
            Self::Callback => "callback",
        }
    }
}

/// What came of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The bank answered, whatever it said.
    Answered,
    /// No answer came: it may have happened.
    NoAnswer,
    /// It did not reach the bank.
    NotSent,
    /// A callback was believed and is on record.
    Taken,
    /// A callback was not believed, or said what can not be.
    Refused,
    /// A callback could not be dealt with now; the bank repeats it.
    Failed,
}

impl Outcome {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoAnswer => "no_answer",
            Self::NotSent => "not_sent",
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// One direction of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Passage {
    /// Headers in order, masked.
    #[serde(rename = "h", default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Body, masked and cut.
    #[serde(rename = "b", default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Bytes the body had on the wire.
    #[serde(rename = "l", default)]
    pub bytes: u64,
}

/// An exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Drawn by who made the exchange; the same however often the record is written.
    #[serde(rename = "i")]
    pub id: String,
    /// When it began, in the tenant's own time, to the millisecond.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// Whose.
    #[serde(rename = "n")]
    pub tenant: Tenant,
    /// Id of the account at the bank.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The order it was about, where that is known.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The order's operation.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<u8>,
    /// What for.
    #[serde(rename = "w")]
    pub purpose: Purpose,
    /// HTTP method.
    #[serde(rename = "m")]
    pub method: String,
    /// Address, its query masked.
    #[serde(rename = "u")]
    pub url: String,
    /// What was sent: by us, or by the bank in a callback.
    #[serde(rename = "q")]
    pub request: Passage,
    /// HTTP status of the answer, where there was one.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The answer, where there was one.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Passage>,
    /// What came of it.
    #[serde(rename = "k")]
    pub outcome: Outcome,
    /// Why there was no answer, or why a callback was not taken.
    #[serde(rename = "e", default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Milliseconds from beginning to end.
    #[serde(rename = "d", default)]
    pub milliseconds: u32,
}

/// An exchange's place in time. No two exchanges have the same.
pub type Place = (i64, String);

impl Exchange {
    /// Its place in time: Unix milliseconds, then the id.
    pub fn place(&self) -> Place {
        (self.at.as_millisecond(), self.id.clone())
    }

    /// The beginning of its slot.
    pub fn slot(&self) -> Timestamp {
        slot(self.at)
    }

    /// Whether a text stands anywhere in it. `lower` is in lower case.
    pub fn mentions(&self, lower: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(lower);
        let within = |passage: &Passage| {
            has(&passage.body) || passage.headers.iter().any(|(name, value)| has(name) || has(value))
        };
        has(&self.url)
            || has(&self.note)
            || has(&self.id)
            || has(self.purpose.code())
            || has(self.outcome.code())
            || self.order.as_ref().is_some_and(|order| has(&order.to_string()))
            || self.account.as_deref().is_some_and(has)
            || within(&self.request)
            || self.answer.as_ref().is_some_and(within)
    }
}

/// The beginning of the slot a moment lies in.
pub fn slot(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(SLOT_SECONDS)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Mode;

    fn exchange() -> Exchange {
        let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
        let at: Timestamp = "2026-11-21T10:03:07.123Z".parse().unwrap();
        Exchange {
            id: "0a1b".into(),
            at,
            order: Some(OrderId::new(tenant.clone(), "A-1", at)),
            tenant,
            account: None,
            operation: Some(1),
            purpose: Purpose::GiveBack,
            method: "POST".into(),
            url: "https://bank.example/refund.do".into(),
            request: Passage {
                headers: vec![("X-Shop".into(), "7".into())],
                body: "orderId=70906e55".into(),
                bytes: 16,
            },
            status: None,
            answer: None,
            outcome: Outcome::NoAnswer,
            note: "silence".into(),
            milliseconds: 10_000,
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let written = serde_json::to_string(&exchange()).unwrap();
        assert_eq!(serde_json::from_str::<Exchange>(&written).unwrap(), exchange());
    }

    #[test]
    fn a_slot_begins_with_its_five_minutes() {
        assert_eq!(exchange().slot().to_string(), "2026-11-21T10:00:00Z");
        assert_eq!(slot("2026-11-21T10:04:59Z".parse().unwrap()).to_string(), "2026-11-21T10:00:00Z");
        assert_eq!(slot("1969-12-31T23:59:59Z".parse().unwrap()).to_string(), "1969-12-31T23:55:00Z");
    }

    #[test]
    fn what_stands_in_it_is_found_whatever_its_case() {
        for text in ["70906E55", "Silence", "REFUND.do", "x-shop", "give_back", "no_answer", "ord_t_demoshop"] {
            assert!(exchange().mentions(&text.to_lowercase()), "{text}");
        }
        assert!(!exchange().mentions("captured"));
    }
}
