//! The gateway's words (REST API of BPC's gateway). Requests are forms; answers are JSON, come with HTTP 200 whatever they say,
//! and may carry more fields than we know.

use std::fmt;

use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Methods, under the account's base path.
pub mod method {
    /// Registers an order paid in one stage (REST API, Order registration).
    pub const REGISTER: &str = "register.do";
    /// Registers an order paid in two stages (REST API, Order pre-authorization).
    pub const REGISTER_PRE_AUTH: &str = "registerPreAuth.do";
    /// Captures a hold (REST API, Deposit order).
    pub const DEPOSIT: &str = "deposit.do";
    /// Lets a hold go, or undoes a capture that has not cleared (REST API, Payment reversal).
    pub const REVERSE: &str = "reverse.do";
    /// Sends captured money back (REST API, Refund).
    pub const REFUND: &str = "refund.do";
    /// Captures a hold with the points beside it, each in its proportion (Sberbank, spasibo: autoCompletion).
    pub const AUTO_COMPLETION: &str = "autoCompletion.do";
    /// Sends money and points back, each in its proportion (Sberbank, spasibo: autoRefund).
    pub const AUTO_REFUND: &str = "autoRefund.do";
    /// Cancels an order nobody has paid (REST API, Cancel order).
    pub const DECLINE: &str = "decline.do";
    /// How an order stands (REST API, Order status).
    pub const STATUS: &str = "getOrderStatusExtended.do";
    /// Pays an order from a stored credential (REST API, Stored-credential payment).
    pub const PAY_BINDING: &str = "paymentOrderBinding.do";
    /// Lists stored credentials (REST API, Get stored credentials).
    pub const BINDINGS: &str = "getBindings.do";
    /// Deactivates a stored credential (REST API, Deactivate a stored credential).
    pub const UNBIND: &str = "unBindCard.do";
    /// The order's QR code of the СБП (Alfa-Bank, СБП: dynamic QR).
    pub const QR_GET: &str = "sbp/c2b/qr/dynamic/get.do";
    /// How that QR code stands (Alfa-Bank, СБП: status of a dynamic QR).
    pub const QR_STATUS: &str = "sbp/c2b/qr/status.do";
}

/// What editions of the gateway call the sum of money and points together. A field that is not known is passed over.
pub mod composite {
    /// Of a capture: in Sberbank's partner API v1, and in its wiki (spasibo: autoCompletion).
    pub const COMPLETION: [&str; 2] = ["compositeAmount", "compositeCompletionAmount"];
    /// Of a refund: in Sberbank's partner API v1, as its wiki calls that of a capture, and as that of any other refund.
    pub const REFUND: [&str; 3] = ["compositeAmount", "compositeRefundAmount", "amount"];
}

/// `errorCode`s all methods share.
pub mod code {
    /// No error; also said by leaving the field out.
    pub const NONE: i64 = 0;
    /// An order of this number is registered already.
    pub const DUPLICATE: i64 = 1;
    /// The stored credential is not there, or not active.
    pub const BINDING: i64 = 2;
    /// The currency is not known.
    pub const CURRENCY: i64 = 3;
    /// A mandatory field is not given.
    pub const EMPTY: i64 = 4;
    /// A field is wrong, or the caller may not do this.
    pub const INVALID: i64 = 5;
    /// There is no such order.
    pub const NOT_FOUND: i64 = 6;
    /// Not in the order's state, too much, or an error of the gateway's.
    pub const STATE: i64 = 7;
}

/// The fields of a form or a query, in order.
pub fn read_form(raw: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(raw).into_owned().collect()
}

/// A form or a query of fields.
pub fn write_form<'a>(fields: impl IntoIterator<Item = &'a (impl AsRef<str> + 'a, impl AsRef<str> + 'a)>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name.as_ref(), value.as_ref());
    }
    form.finish()
}

/// A whole number, which gateways of different ages write as a number or as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Number(pub i64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Loose;

        impl Visitor<'_> for Loose {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
                i64::try_from(value).map(Number).map_err(|_| E::custom("expected a whole number of 63 bits"))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Number, E> {
                value.trim().parse().map(Number).map_err(|_| E::custom("expected a whole number"))
            }
        }

        deserializer.deserialize_any(Loose)
    }
}

/// Whatever a method answers: whether it was refused, and what it says if not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Verdict {
    /// See [`code`].
    #[serde(default, rename = "errorCode")]
    pub error_code: Option<Number>,
    /// For people, in the language of the request.
    #[serde(default, rename = "errorMessage")]
    pub error_message: Option<String>,
}

/// The answer to a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterAnswer {
    /// The gateway's id of the order, a UUID; `mdOrder` elsewhere.
    #[serde(rename = "orderId")]
    pub order_id: String,
    /// The payment page.
    #[serde(rename = "formUrl")]
    pub form_url: String,
}

/// The answer of a method that only does something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DoneAnswer {}

/// The answer to a payment from a stored credential.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PayBindingAnswer {
    /// Where the buyer is checked; a form has to be posted there, so the payment page is shown instead.
    #[serde(default, rename = "acsUrl")]
    pub acs_url: Option<String>,
}

/// The answer to the request for a QR code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrAnswer {
    /// What the code says: a link of the СБП.
    pub payload: String,
    /// Id of the code.
    #[serde(default, rename = "qrId")]
    pub qr_id: Option<String>,
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusAnswer {
    /// The shop's number.
    pub order_number: Option<String>,
    /// 0 registered, 1 held, 2 captured, 3 reversed, 4 refunded (a part too), 5 buyer is being checked, 6 declined, 7 under
    /// way, 8 captured in part with more to come.
    pub order_status: Option<Number>,
    /// The processing's answer to the last attempt.
    pub action_code: Option<Number>,
    /// What was registered, minor units.
    pub amount: Option<Number>,
    /// ISO 4217, numeric.
    pub currency: Option<Number>,
    /// The gateway's id, under the name `mdOrder`.
    #[serde(deserialize_with = "lenient")]
    pub attributes: Vec<Attribute>,
    /// The card.
    pub card_auth_info: Option<CardAuthInfo>,
    /// The stored credential.
    pub binding_info: Option<BindingInfo>,
    /// Amounts; version 03 and later.
    pub payment_amount_info: Option<PaymentAmountInfo>,
    /// Refunds; version 05 and later.
    #[serde(deserialize_with = "lenient")]
    pub refunds: Vec<Refund>,
    /// How it was paid; version 09 and later.
    pub payment_way: Option<String>,
    /// The basket; version 01 and later.
    pub order_bundle: Option<OrderBundle>,
    /// Points, where the newer gateway tells of them (Sberbank, partner API v1).
    pub loyalty_info: Option<LoyaltyInfo>,
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Attribute {
    /// Name.
    pub name: Option<String>,
    /// Value.
    pub value: Option<String>,
}

/// `cardAuthInfo` (REST API, Order status).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CardAuthInfo {
    /// Six digits, asterisks, four digits.
    pub masked_pan: Option<String>,
    /// The same, from older gateways.
    pub pan: Option<String>,
    /// `YYYYMM`.
    pub expiration: Option<Number>,
    /// `MIR`, `VISA`, `MASTERCARD`, `CUP`, …; version 08 and later.
    pub payment_system: Option<String>,
}

/// `bindingInfo` (REST API, Order status).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BindingInfo {
    /// The shop's own id of the buyer.
    pub client_id: Option<String>,
    /// The stored credential.
    pub binding_id: Option<String>,
}

/// `paymentAmountInfo` (REST API, Order status), minor units: what moves between the card and the shop. Points are no part of it.
///
/// An order is registered with its whole sum, and the card pays that less the points the buyer chose at the page (Sberbank's
/// wiki, spasibo: testing, entering points on the payment page); the amount deposited is the one "to be debited from the card".
/// Its partner API v1 tells the same three amounts in points apart, in `loyaltyInfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PaymentAmountInfo {
    /// Authorized; a part that is let go is taken off.
    pub approved_amount: Option<Number>,
    /// Captured *and not given back*: a refund makes it smaller (REST API, Refund: `expectedDepositedAmount`).
    pub deposited_amount: Option<Number>,
    /// Given back in all.
    pub refunded_amount: Option<Number>,
}

/// One of `refunds` (REST API, Order status).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Refund {
    /// The shop's own id of the refund; version 21 and later.
    pub external_refund_id: Option<String>,
    /// Minor units.
    pub amount: Option<Number>,
    /// 0 when it was done.
    pub action_code: Option<Number>,
}

/// `orderBundle`, of which only points are read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct OrderBundle {
    /// Points, by position of the basket.
    #[serde(deserialize_with = "lenient")]
    pub loyalties: Vec<Loyalty>,
}

/// `loyaltyInfo`, of which only points that pay are read: those of `awardBonus` are told by what they are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoyaltyInfo {
    /// Points that pay.
    pub payment_bonus: Option<PaymentBonus>,
}

/// `paymentBonus`: points in minor units of the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PaymentBonus {
    /// Taken from the buyer's points with the payment.
    pub approved_amount_bonus: Option<Number>,
    /// Given back of them.
    pub refunded_amount_bonus: Option<Number>,
}

/// One of `loyalties` (REST API, Order status): points in minor units of the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Loyalty {
    /// Taken from the buyer's points.
    pub bonus_amount_for_debit: Option<Number>,
    /// Given back of them.
    pub bonus_amount_refunded: Option<Number>,
    /// Given to the buyer for the payment.
    pub bonus_amount_for_credit: Option<Number>,
}

/// A list, which gateways write as a list, as its only element, or as null. Elements of another form are passed over.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Array(list) => list,
        one @ serde_json::Value::Object(_) => vec![one],
        _ => Vec::new(),
    };
    Ok(list.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect())
}
