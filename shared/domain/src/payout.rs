//! A payout: the partner's part of fulfilled orders, sent by one payment order.

use serde::{Deserialize, Serialize};

use crate::id::OrderId;
use crate::money::Money;
use crate::partner::BankAccount;
use crate::time::Timestamp;

/// Orders one payout may carry: a DynamoDB transaction takes 100 writes, one of them the payout itself.
pub const ORDERS_MAX: usize = 90;

/// A payment order to a partner. Never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// `po_` and a ULID in lower case.
    pub id: String,
    /// Number of the payment order, 1 to 999 999.
    pub number: u32,
    /// When it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// How much.
    pub amount: Money,
    /// Payee's name.
    pub payee: String,
    /// Payee's ИНН.
    pub inn: String,
    /// Payee's КПП.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpp: Option<String>,
    /// Where to.
    pub account: BankAccount,
    /// The fulfilled orders behind it, and each one's part.
    pub orders: Vec<PayoutLine>,
}

/// One order's part of a payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutLine {
    /// The order.
    pub order: OrderId,
    /// The merchant's number of it.
    pub number: String,
    /// The partner's part.
    pub amount: Money,
}
