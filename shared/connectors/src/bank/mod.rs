//! Banks: the one trait every bank's dialect is translated to.
//!
//! A stable external number goes with every payment, capture and return, so that a repetition is recognised on the other side
//! and an unknown outcome can be asked about. A connector says what the bank said; what it means for the order is decided in
//! the domain.

pub mod assist;
pub mod catalogue;
pub mod paykeeper;
pub mod rbs;
pub mod sandbox;
pub mod tbank;
pub mod yookassa;

use async_trait::async_trait;
use bytes::Bytes;
use domain::acquiring::{Method, Return, SavedMeans, Stages};
use domain::details::Language;
use domain::money::Money;
use domain::order::BankReport;
use domain::time::Timestamp;

pub use self::catalogue::open;
use crate::http::Http;
pub use crate::peer::{CallbackError, PeerError as BankError};

/// A payment as a bank is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRequest {
    /// Stable external id of the payment operation: at most 30 of `A-Z a-z 0-9 _ -` for every bank but the sandbox's own.
    pub number: String,
    /// `bill.operation`, for people.
    pub bill: String,
    /// What is to be paid.
    pub amount: Money,
    /// By what means.
    pub method: Method,
    /// In how many stages.
    pub stages: Stages,
    /// A line for the buyer.
    pub description: String,
    /// Where the bank sends the buyer afterwards.
    pub return_url: String,
    /// Where the bank tells the outcome.
    pub callback_url: String,
    /// Until when the bank may take the money.
    pub expires_at: Timestamp,
    /// Language of the bank's page.
    pub language: Language,
    /// The shop's name on the bank's page.
    pub merchant: String,
    /// The shop's own id of the buyer, under which means are saved.
    pub customer: Option<String>,
    /// The buyer has agreed that the means be saved. Never without `customer`.
    pub save: bool,
    /// Most that may be paid with the bank's bonus points.
    pub points_max: Option<Money>,
    /// The buyer's e-mail, where it is known.
    pub email: Option<String>,
    /// The buyer's telephone, E.164, where it is known.
    pub phone: Option<String>,
}

/// A payment the bank knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The bank's own id.
    pub reference: String,
    /// What the buyer is shown.
    pub show: Show,
}

/// What the buyer is shown to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show {
    /// The bank's page, an absolute http(s) URL.
    Page(String),
    /// A link of the СБП, shown as a QR code or opened on the telephone.
    Sbp(String),
}

/// A charge of saved means: no page, and perhaps no buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeRequest {
    /// The payment, its `save` false; `return_url` is used where the bank asks for a check of the buyer after all.
    pub payment: PaymentRequest,
    /// The bank's token.
    pub token: String,
    /// Whether the buyer is there: they pressed the button a moment ago.
    pub buyer_present: bool,
}

/// A payment the bank has been told of, as it is named afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its stable external id.
    pub number: String,
    /// The bank's own id, where it is known.
    pub reference: Option<String>,
    /// What was to be paid.
    pub amount: Money,
    /// What was captured of it, as far as is known: some banks name only what is left.
    pub captured: Option<Money>,
    /// By what means.
    pub method: Method,
    /// In how many stages.
    pub stages: Stages,
}

/// Capture of held money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRequest {
    /// Stable external id of the capture.
    pub number: String,
    /// The payment.
    pub payment: Known,
    /// What is held now.
    pub held: Money,
    /// What is captured; the rest is let go.
    pub amount: Money,
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnRequest {
    /// Stable external id of the return.
    pub number: String,
    /// The payment.
    pub payment: Known,
    /// How.
    pub kind: Return,
    /// What goes back.
    pub amount: Money,
    /// What stands before: what is held (void), or captured and not given back (reversal, refund).
    pub standing: Money,
}

/// A question about an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Stable external id of the operation that is asked about.
    pub number: String,
    /// The payment it belongs to; itself, when it is the payment.
    pub payment: Known,
    /// The bank's own id of the operation, where it is known and not the payment's.
    pub reference: Option<String>,
}

/// What a bank tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The stable external id of the operation it is about; where a bank tells of a payment whatever was done with it, the
    /// payment's.
    pub number: String,
    /// How it stands.
    pub report: BankReport,
    /// Whether it can be believed as it is. A bank that signs nothing is asked instead.
    pub proven: bool,
    /// What the bank wants to hear.
    pub answer: CallbackAnswer,
}

/// The answer a bank wants to its callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// `Content-Type`; nothing for an empty answer.
    pub content_type: Option<&'static str>,
    /// Body.
    pub body: String,
}

impl CallbackAnswer {
    /// 200 and nothing else.
    pub const EMPTY: Self = Self { content_type: None, body: String::new() };
}

/// A callback as it came, to the byte.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Headers.
    pub headers: ::http::HeaderMap,
    /// What stands after `?`, undecoded.
    pub query: String,
    /// Body.
    pub body: Bytes,
    /// The caller's network address.
    pub peer: Option<std::net::IpAddr>,
}

/// A bank.
///
/// Every method may be repeated with the same number: it is answered alike and done once. What a bank can not do is refused
/// with [`BankError::Refused`] before anything is sent.
#[async_trait]
pub trait Bank: Send + Sync {
    /// Makes a payment known to the bank.
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError>;

    /// Takes a payment from saved means. `Pending` with a page of the bank's when the buyer has to pass a check there.
    async fn charge(&self, http: &dyn Http, request: &ChargeRequest) -> Result<Charged, BankError>;

    /// How an operation stands. A bank that knows payments only answers [`domain::order::BankState::Stands`].
    async fn ask(&self, http: &dyn Http, question: &Question) -> Result<BankReport, BankError>;

    /// Captures held money.
    async fn capture(&self, http: &dyn Http, request: &CaptureRequest) -> Result<BankReport, BankError>;

    /// Sends money back, or lets it go.
    async fn give_back(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError>;

    /// Ends a payment nobody has paid, so that nobody can any more, and answers how it stands then: its buyer may have been
    /// faster. Ended already is done. Not every bank can: there it ends with its time.
    async fn withdraw(&self, _http: &dyn Http, _payment: &Known) -> Result<BankReport, BankError> {
        let (code, message) = ("unsupported".to_owned(), "the bank ends no payment before its time".to_owned());
        Err(BankError::Refused { status: 0, code, message })
    }

    /// Forgets saved means. Forgotten already is done.
    async fn forget(&self, http: &dyn Http, customer: &str, token: &str) -> Result<(), BankError>;

    /// Means it keeps for a customer, where it tells of them with no payment: a bank that names them whenever it is asked about
    /// the payment that saved them has no need of it, and answers nothing.
    async fn kept(&self, _http: &dyn Http, _customer: &str) -> Result<Vec<SavedMeans>, BankError> {
        Ok(Vec::new())
    }

    /// Verifies and translates what the bank told by itself: over what was received, in constant time. `now` is the real
    /// clock. Nothing when it is genuine and tells nothing of a payment; it is answered with 200 all the same.
    fn callback(&self, now: Timestamp, incoming: &Incoming) -> Result<Option<Callback>, CallbackError>;

    /// What the bank wants to hear when it told nothing of a payment.
    fn answer_to_nothing(&self) -> CallbackAnswer {
        CallbackAnswer::EMPTY
    }
}

/// What came of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charged {
    /// How it stands.
    pub report: BankReport,
    /// The bank's page, where the buyer has to pass a check.
    pub page: Option<String>,
}
