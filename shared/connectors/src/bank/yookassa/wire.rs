//! `YooKassa`'s words (<https://yookassa.ru/developers/api>). What comes back may carry more fields than we know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `amount` (API, "Payment object"): major units as text with a point, and ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// `2.00`.
    pub value: String,
    /// `RUB`.
    pub currency: String,
}

/// Own pairs of the shop, returned as they were given: at most 16, names to 32 characters, values to 512.
pub type Metadata = BTreeMap<String, String>;

/// `POST /v3/payments` (API, "Create a payment").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentBody {
    /// What is to be paid.
    pub amount: Option<Amount>,
    /// Take it at once; otherwise it is held until captured.
    #[serde(default)]
    pub capture: bool,
    /// For the buyer, at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The shop's own pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// How the buyer agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<ConfirmationBody>,
    /// By what means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method_data: Option<MethodBody>,
    /// Saved means to take it from, instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method_id: Option<String>,
    /// Save the means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save_payment_method: Option<bool>,
    /// The shop's own id of the buyer, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_customer_id: Option<String>,
}

/// `confirmation` of a request (API, "Create a payment").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmationBody {
    /// `redirect` to a page, `qr` for a link of the СБП.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where the buyer comes back to, at most 2048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    /// `ru_RU` or `en_US`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// `payment_method_data` of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodBody {
    /// `bank_card`, `sbp`, `sberbank`, `tinkoff_bank`, ….
    #[serde(rename = "type")]
    pub kind: String,
}

/// `POST /v3/payments/{id}/capture` (API, "Capture a payment").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureBody {
    /// What is captured; the rest is let go. Everything, when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
}

/// `POST /v3/refunds` (API, "Create a refund").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundBody {
    /// The payment's id.
    pub payment_id: Option<String>,
    /// What goes back.
    pub amount: Option<Amount>,
    /// Why, at most 250 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The shop's own pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
}

/// A payment (API, "Payment object").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id, 36 characters.
    pub id: String,
    /// `pending`, `waiting_for_capture`, `succeeded` or `canceled`.
    pub status: String,
    /// What is to be paid, is held, or was captured.
    pub amount: Amount,
    /// What the shop gets of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub income_amount: Option<Amount>,
    /// What went back, by refunds that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_amount: Option<Amount>,
    /// As given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// By what means it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<PaymentMethod>,
    /// When it was created, RFC 3339 with milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<String>,
    /// Until when a hold can be captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// How the buyer agrees; only while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// Made in a test shop.
    #[serde(default)]
    pub test: bool,
    /// The buyer has paid.
    #[serde(default)]
    pub paid: bool,
    /// It can be refunded.
    #[serde(default)]
    pub refundable: bool,
    /// As given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Why it was canceled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation_details: Option<CancellationDetails>,
    /// What the issuer said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<AuthorizationDetails>,
    /// As given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_customer_id: Option<String>,
}

/// `recipient` of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The shop's number.
    pub account_id: String,
    /// The number of its part.
    pub gateway_id: String,
}

/// `payment_method` of a payment, and the object of `/v3/payment_methods` (API, "Payment method object").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethod {
    /// `bank_card`, `sbp`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id: the token, once it is saved.
    pub id: String,
    /// It can be charged again.
    #[serde(default)]
    pub saved: bool,
    /// `pending`, `active` or `inactive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `Bank card *4444`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

/// `card` of a payment method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// First six digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first6: Option<String>,
    /// Last four digits.
    pub last4: String,
    /// `07`.
    pub expiry_month: String,
    /// `2027`.
    pub expiry_year: String,
    /// `Mir`, `Visa`, `MasterCard`, `UnionPay`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_type: Option<String>,
}

/// `confirmation` of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// `redirect` or `qr`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The page, with `redirect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation_url: Option<String>,
    /// The link of the СБП, with `qr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation_data: Option<String>,
    /// As given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// `cancellation_details` (<https://yookassa.ru/developers/payments/declined-payments>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationDetails {
    /// `merchant`, `yoo_money`, `payment_network`, `refund_network`.
    pub party: String,
    /// Why.
    pub reason: String,
}

/// `authorization_details`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationDetails {
    /// Retrieval reference number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrn: Option<String>,
    /// The issuer's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_code: Option<String>,
    /// Whether the buyer was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub three_d_secure: Option<ThreeDSecure>,
}

/// `three_d_secure`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreeDSecure {
    /// Whether the buyer was shown a page of the issuer's.
    pub applied: bool,
}

/// A refund (API, "Refund object").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id, 36 characters.
    pub id: String,
    /// The payment's id.
    pub payment_id: String,
    /// `pending`, `succeeded` or `canceled`.
    pub status: String,
    /// What goes back.
    pub amount: Amount,
    /// When it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// As given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// As given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Why it was canceled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation_details: Option<CancellationDetails>,
}

/// A part of a list, the newest first (<https://yookassa.ru/developers/using-api/lists>). Other software may use the same shop,
/// so what stands in a list is read only once it is found to be ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// `list`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// At most 100.
    pub items: Vec<serde_json::Value>,
    /// Where the next part begins, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A refusal (<https://yookassa.ru/developers/using-api/response-handling/response-format>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// `error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The refusal's own id, for the bank's support.
    #[serde(default)]
    pub id: String,
    /// `invalid_request`, `invalid_credentials`, `forbidden`, `not_found`, `too_many_requests`, `internal_server_error`.
    pub code: String,
    /// Words.
    #[serde(default)]
    pub description: String,
    /// The parameter that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
}

/// A callback (<https://yookassa.ru/developers/using-api/webhooks>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// `notification`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `payment.succeeded`, `refund.succeeded`, ….
    pub event: String,
    /// The payment, the refund, or what else it is about, as it was then.
    pub object: serde_json::Value,
}
