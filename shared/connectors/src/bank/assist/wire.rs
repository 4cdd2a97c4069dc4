//! Assist's words: addresses, order states, answers in XML and JSON, check values.

use bytes::Bytes;
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::xml::{self, Element};
use crate::peer::{self, Malformed};

/// Registers a payment and answers where to send the buyer (page «`PayRequest`»).
pub const PAY_REQUEST: &str = "/pay/payrequest.cfm";
/// Confirms a payment of two stages ("Payment confirmation").
pub const CHARGE: &str = "/charge/charge.cfm";
/// Cancels or refunds; Assist chooses which ("Cancelation and Refund").
pub const CANCEL: &str = "/cancel/wscancel.cfm";
/// The operations under an order number ("Receiving operations results by order number").
pub const ORDER_RESULT: &str = "/orderresult/orderresult.cfm";
/// A payment from the means of an earlier one ("Recurring payments").
pub const RECURRENT: &str = "/recurrent/rp.cfm";

/// Fields that choose the means on Assist's page: `1` shows them, `0` hides ("List of the authorized request parameters").
pub const MEANS: [&str; 6] =
    ["CardPayment", "YMPayment", "WMPayment", "QIWIPayment", "MirPayPayment", "FastPayPayment"];

/// Response code of what was done.
pub const DONE: &str = "AS000";
/// Response code of what is being done ("wait").
pub const UNDER_WAY: &str = "AS300";

/// The nine states of an order («`OrderState` field values»).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// Created.
    InProcess,
    /// Held, waits for its confirmation.
    Delayed,
    /// Paid, or confirmed whole.
    Approved,
    /// Paid in part; Assist says it is not used.
    PartialApproved,
    /// Confirmed in part: the rest was let go.
    PartialDelayed,
    /// Cancelled whole: let go or sent back.
    Canceled,
    /// Cancelled in part.
    PartialCanceled,
    /// Did not succeed.
    Declined,
    /// Nothing was done in time.
    Timeout,
}

impl OrderState {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::InProcess,
        Self::Delayed,
        Self::Approved,
        Self::PartialApproved,
        Self::PartialDelayed,
        Self::Canceled,
        Self::PartialCanceled,
        Self::Declined,
        Self::Timeout,
    ];

    /// Assist's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InProcess => "In Process",
            Self::Delayed => "Delayed",
            Self::Approved => "Approved",
            Self::PartialApproved => "PartialApproved",
            Self::PartialDelayed => "PartialDelayed",
            Self::Canceled => "Canceled",
            Self::PartialCanceled => "PartialCanceled",
            Self::Declined => "Declined",
            Self::Timeout => "Timeout",
        }
    }

    /// Reads Assist's word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What an operation is for: `operationtype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationType {
    /// 100: the payment, or one of its halves where bonus points are used.
    Payment,
    /// 200: the confirmation of a payment in two stages.
    Charge,
    /// 300: a cancellation or a refund.
    Cancel,
    /// 500: bonus points that the bank gives for a payment.
    Accrual,
}

impl OperationType {
    /// Assist's number.
    pub const fn number(self) -> &'static str {
        match self {
            Self::Payment => "100",
            Self::Charge => "200",
            Self::Cancel => "300",
            Self::Accrual => "500",
        }
    }

    fn parse(number: &str) -> Option<Self> {
        [Self::Payment, Self::Charge, Self::Cancel, Self::Accrual].into_iter().find(|kind| kind.number() == number)
    }
}

/// The answer to [`PAY_REQUEST`], JSON whatever was asked for. The manual and Assist's own SDK spell the address differently.
#[derive(Debug, Clone, Deserialize)]
pub struct PayRequestAnswer {
    /// Where to send the buyer; empty where the order was not created.
    #[serde(default, rename = "URL", alias = "url", alias = "Url")]
    pub url: String,
    /// `In Process`, or `Decline`: not one of the nine.
    #[serde(default, rename = "orderstate")]
    pub order_state: String,
}

/// An answer of the web services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// 0, or whose the failure is: 2 Assist's own, 10 there is no such object, others the request's.
    pub first_code: String,
    /// 0, or what it is about.
    pub second_code: String,
    /// The orders it tells of, the earliest first.
    pub orders: Vec<Order>,
}

/// An order, which is one attempt under an order number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// `billnumber`, as it was written.
    pub bill: String,
    /// `ordernumber`: ours.
    pub number: String,
    /// `orderamount`.
    pub amount: String,
    /// `ordercurrency`.
    pub currency: String,
    /// `orderstate`.
    pub state: String,
    /// `testmode`: `1` where no money moves.
    pub test_mode: String,
    /// What was done in it. Answers to commands are flat and carry one.
    pub operations: Vec<Operation>,
}

impl Order {
    /// Its billnumber without an operation's number.
    pub fn plain_bill(&self) -> &str {
        plain_bill(&self.bill)
    }
}

/// One thing that was asked for within an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// `billnumber` in its extended form.
    pub bill: String,
    /// What it is for; nothing for a number we do not know.
    pub kind: Option<OperationType>,
    /// `amount`.
    pub amount: String,
    /// `currency`.
    pub currency: String,
    /// `responsecode`.
    pub response: String,
    /// `meantypename`: `VISA`, `MIR`, …
    pub mean_type: String,
    /// `meannumber`, masked.
    pub mean_number: String,
    /// `cardexpirationdate`, `12/25`.
    pub expires: String,
    /// `authresult`: `N` where the buyer did not pass 3-D Secure.
    pub auth_result: String,
}

/// A billnumber without an operation's number.
pub fn plain_bill(bill: &str) -> &str {
    bill.split_once('.').map_or(bill, |(plain, _)| plain)
}

/// Whether it is a billnumber: 15 or 16 digits, and perhaps an operation's number.
pub fn is_bill(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (plain, operation) = text.split_once('.').unwrap_or((text, "1"));
    (15..=16).contains(&plain.len()) && digits(plain) && (1..=3).contains(&operation.len()) && digits(operation)
}

/// Reads an answer in XML: `result` with its orders, within `orders` or not, with operations or flat.
///
/// # Errors
/// Not a document of this shape.
pub fn answer(body: &Bytes) -> Result<Answer, Malformed> {
    let result = xml::read(body)?;
    if result.name != "result" || result.attribute("firstcode").is_empty() {
        return Err(Malformed::at("", "an element `result` with a firstcode"));
    }
    let inside = result.child("orders").unwrap_or(&result);
    let orders = inside.children.iter().filter(|child| child.name == "order").map(|order| {
        let operations: Vec<_> =
            operations(order).map(|found| operation(&|name| found.value(name).to_owned())).collect();
        from(&|name| order.value(name).to_owned(), operations)
    });
    Ok(Answer {
        first_code: result.attribute("firstcode").to_owned(),
        second_code: result.attribute("secondcode").to_owned(),
        orders: orders.collect(),
    })
}

fn operations(order: &Element) -> impl Iterator<Item = &Element> {
    order.child("operations").unwrap_or(order).children.iter().filter(|child| child.name == "operation")
}

/// Reads the answer to [`CANCEL`] in JSON: `{"wscancel": {"order": {…, "operations": […]}}}`.
///
/// # Errors
/// Not JSON, or not of this shape.
pub fn cancel_answer(body: &[u8]) -> Result<Order, Malformed> {
    let value: Value = peer::read(body)?;
    let order = &value["wscancel"]["order"];
    if !order.is_object() {
        return Err(Malformed::at("/wscancel/order", "an object"));
    }
    let list = order["operations"].as_array().map(Vec::as_slice).unwrap_or_default();
    let operations = list.iter().map(|found| operation(&|name| text(&found[name]))).collect();
    Ok(from(&|name| text(&order[name]), operations))
}

/// Amounts come as strings and as numbers.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn from(value: &dyn Fn(&str) -> String, mut operations: Vec<Operation>) -> Order {
    if operations.is_empty() && !value("responsecode").is_empty() {
        operations.push(operation(value));
    }
    Order {
        bill: value("billnumber"),
        number: value("ordernumber"),
        amount: value("orderamount"),
        currency: value("ordercurrency"),
        state: value("orderstate"),
        test_mode: value("testmode"),
        operations,
    }
}

fn operation(value: &dyn Fn(&str) -> String) -> Operation {
    Operation {
        bill: value("billnumber"),
        kind: OperationType::parse(&value("operationtype")),
        amount: value("amount"),
        currency: value("currency"),
        response: value("responsecode"),
        mean_type: value("meantypename"),
        mean_number: value("meannumber"),
        expires: value("cardexpirationdate"),
        auth_result: value("authresult"),
    }
}

/// A check value: `upper(md5(upper(md5(secret) + md5(text))))`, md5 in hexadecimal.
pub fn check_value(secret: &str, text: &str) -> String {
    let digest = |text: &str| hex::encode(Md5::digest(text.as_bytes()));
    let both = format!("{}{}", digest(secret), digest(text)).to_ascii_uppercase();
    digest(&both).to_ascii_uppercase()
}

/// Whether a check value was made with `secret` over `text`; in constant time.
pub fn is_checked(secret: &str, text: &str, found: &str) -> bool {
    let wanted = check_value(secret, text);
    wanted.as_bytes().ct_eq(found.to_ascii_uppercase().as_bytes()).into()
}

/// What a request's check value is over: the values in this order, those that are not sent left out, between semicolons.
pub fn request_text(values: &[&str]) -> String {
    let sent: Vec<&str> = values.iter().copied().filter(|value| !value.is_empty()).collect();
    sent.join(";")
}

/// What a result's check value is over: the values as they came, with nothing between them.
pub fn result_text(merchant: &str, number: &str, amount: &str, currency: &str, state: &str) -> String {
    [merchant, number, amount, currency, state].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_has_fifteen_or_sixteen_digits() {
        for good in ["511111100096514", "5115708232808477", "5115708232808477.2", "5115708232808477.12"] {
            assert!(is_bill(good), "{good}");
        }
        for bad in [
            "",
            "51111110009651",
            "51157082328084771",
            "5115708232808477.",
            "5115708232808477.1234",
            "511570823280847x",
        ] {
            assert!(!is_bill(bad), "{bad}");
        }
        assert_eq!(
            (plain_bill("5115708232808477.2"), plain_bill("5115708232808477")),
            ("5115708232808477", "5115708232808477")
        );
    }

    #[test]
    fn states_are_assists_own_words() {
        for state in OrderState::ALL {
            assert_eq!(OrderState::parse(state.word()), Some(state));
        }
        assert_eq!(OrderState::parse("in process"), None);
        assert_eq!(OrderState::parse("Decline"), None);
    }
}
