//! The test cards: what the tester chooses at a double's page, and what it makes happen. There are no card numbers here.

use serde::{Deserialize, Serialize};

/// The test cards, by the value of the form's field `card`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    /// The money is taken.
    Success,
    /// Not enough money.
    InsufficientFunds,
    /// The card is blocked.
    Blocked,
    /// A code is asked for.
    Challenge,
    /// The buyer goes away at the bank's page.
    Abandoned,
    /// The money is taken three minutes later.
    Late,
    /// The money is taken, and the bank tells nobody who does not ask.
    Silent,
    /// The bank says it timed out, and the money arrives after all.
    AfterExpiry,
    /// Every callback comes twice.
    Doubled,
    /// A stale callback comes after the right one.
    OutOfOrder,
    /// A refund is done ten minutes later.
    RefundSlow,
    /// The first refund is done, and an hour later it silently was not.
    RefundCancelled,
    /// The first refund is declined.
    RefundRefused,
    /// The bank lets a hold go after a day by itself.
    HoldDropped,
    /// Half is paid with bonus points, as far as they may be used.
    Points,
    /// Pays, and can be saved; a later charge of the saved means is declined.
    ChargeDeclined,
}

impl Card {
    /// All, as the page lists them.
    pub const ALL: [Self; 16] = [
        Self::Success,
        Self::InsufficientFunds,
        Self::Blocked,
        Self::Challenge,
        Self::Abandoned,
        Self::Late,
        Self::Silent,
        Self::AfterExpiry,
        Self::Doubled,
        Self::OutOfOrder,
        Self::RefundSlow,
        Self::RefundCancelled,
        Self::RefundRefused,
        Self::HoldDropped,
        Self::Points,
        Self::ChargeDeclined,
    ];

    /// The form's word.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::InsufficientFunds => "insufficient_funds",
            Self::Blocked => "blocked",
            Self::Challenge => "challenge",
            Self::Abandoned => "abandoned",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::AfterExpiry => "after_expiry",
            Self::Doubled => "doubled",
            Self::OutOfOrder => "out_of_order",
            Self::RefundSlow => "refund_slow",
            Self::RefundCancelled => "refund_cancelled",
            Self::RefundRefused => "refund_refused",
            Self::HoldDropped => "hold_dropped",
            Self::Points => "points",
            Self::ChargeDeclined => "charge_declined",
        }
    }

    /// Reads the form's word.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|card| card.id() == id)
    }

    /// Its last four digits, as far as it has any.
    pub const fn last_four(self) -> &'static str {
        match self {
            Self::Success => "0001",
            Self::InsufficientFunds => "0002",
            Self::Blocked => "0003",
            Self::Challenge => "0004",
            Self::Abandoned => "0005",
            Self::Late => "0006",
            Self::Silent => "0007",
            Self::AfterExpiry => "0008",
            Self::Doubled => "0009",
            Self::OutOfOrder => "0010",
            Self::RefundSlow => "0011",
            Self::RefundCancelled => "0012",
            Self::RefundRefused => "0013",
            Self::HoldDropped => "0014",
            Self::Points => "0015",
            Self::ChargeDeclined => "0016",
        }
    }

    /// What a bank shows of it.
    pub fn shown(self) -> CardShown {
        CardShown {
            pan_masked: format!("220220******{}", self.last_four()),
            scheme: "MIR",
            expiry: "2030/12",
            holder: "TEST BUYER",
        }
    }
}

/// What a bank shows of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardShown {
    /// First six and last four digits: `220220******0001`.
    pub pan_masked: String,
    /// Payment system, upper case.
    pub scheme: &'static str,
    /// `yyyy/mm`.
    pub expiry: &'static str,
    /// As embossed.
    pub holder: &'static str,
}
