//! Acquiring: by what means money is taken, through which account, and what that account can do.
//!
//! An account is one contract with one bank. What it can do differs by means, and the checkout offers only what will work.
//! Operations are pinned to the account that took them: a new account serves new payments only.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::acquirer::AcquirerTerms;
use crate::money::{Currency, Money};

/// By what means the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A bank card: Мир, Visa, Mastercard, Union Pay.
    #[default]
    Card,
    /// СБП: by QR code or link to the buyer's bank.
    Sbp,
    /// Mir Pay.
    MirPay,
    /// Yandex Pay.
    YandexPay,
    /// `SberPay`.
    SberPay,
    /// T-Pay.
    TPay,
    /// MTS Pay.
    MtsPay,
    /// «Долями»: the buyer pays in four parts, the shop is paid at once.
    Dolyami,
    /// A terminal beside the platform (mPOS, soft-POS): an operator records what it printed.
    Terminal,
    /// Cash, taken by a shop, a courier or a pick-up point of the partner's.
    Cash,
}

impl Method {
    /// All, in the order the checkout lists them.
    pub const ALL: [Self; 10] = [
        Self::Sbp,
        Self::Card,
        Self::MirPay,
        Self::YandexPay,
        Self::SberPay,
        Self::TPay,
        Self::MtsPay,
        Self::Dolyami,
        Self::Terminal,
        Self::Cash,
    ];

    /// The code used in the API and in forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Sbp => "sbp",
            Self::MirPay => "mir_pay",
            Self::YandexPay => "yandex_pay",
            Self::SberPay => "sber_pay",
            Self::TPay => "t_pay",
            Self::MtsPay => "mts_pay",
            Self::Dolyami => "dolyami",
            Self::Terminal => "terminal",
            Self::Cash => "cash",
        }
    }

    /// Whether a person takes the money, past the banks we speak to.
    pub const fn is_collected(self) -> bool {
        matches!(self, Self::Terminal | Self::Cash)
    }

    /// Reads a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.code() == code)
    }
}

/// In how many stages money is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stages {
    /// Authorized and captured at once.
    #[default]
    One,
    /// Held first; captured or let go by a later command.
    Two,
}

/// A feature a bank grants on application only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Not there.
    #[default]
    Off,
    /// Applied for; not to be used yet.
    Requested,
    /// Granted.
    Approved,
}

impl Feature {
    /// Whether it may be used.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::Approved)
    }
}

/// What the bank does by itself with a hold nobody captured in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lapse {
    /// Lets it go.
    #[default]
    Released,
    /// Captures it.
    Captured,
}

/// What an account can do by one means.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a feature a bank offers or does not, independent of the others"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodTerms {
    /// By what means.
    pub method: Method,
    /// Two-stage payments.
    #[serde(default)]
    pub hold: Feature,
    /// The means can be saved and charged again.
    #[serde(default)]
    pub save: Feature,
    /// Less than what is held can be captured; the rest is let go.
    #[serde(default)]
    pub partial_capture: bool,
    /// A part of a hold can be let go while the rest stays held.
    #[serde(default)]
    pub partial_void: bool,
    /// A part of what was captured can go back.
    #[serde(default)]
    pub partial_refund: bool,
    /// A capture can be reversed whole until it has cleared.
    #[serde(default)]
    pub reversal: bool,
    /// A part can be paid with the bank's bonus points.
    #[serde(default)]
    pub points: bool,
    /// Least amount in minor units.
    pub least_minor: i64,
    /// Greatest amount in minor units.
    pub greatest_minor: i64,
    /// Currencies, ISO 4217.
    pub currencies: Vec<Currency>,
    /// Seconds a hold stays, at most.
    #[serde(default)]
    pub hold_seconds: u32,
    /// The day of the authorization counts as the first of them: the hold ends with a Moscow day.
    #[serde(default)]
    pub hold_counts_today: bool,
    /// What becomes of a hold after that.
    #[serde(default)]
    pub lapse: Lapse,
}

impl MethodTerms {
    /// Whether a payment of `amount` in `stages` can be taken by it, the means saved if `save`.
    pub fn takes(&self, amount: Money, stages: Stages, save: bool) -> bool {
        (self.least_minor..=self.greatest_minor).contains(&amount.minor())
            && self.currencies.contains(&amount.currency())
            && (stages == Stages::One || self.hold.is_on())
            && (!save || self.save.is_on())
    }
}

/// Names and secrets a bank knows an account by. Never printed.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credentials(pub BTreeMap<String, String>);

impl Credentials {
    /// One of them; empty where it is not given.
    pub fn of(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// One contract with one bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Names it among a tenant's accounts and in callback addresses: 1 to 20 of `a-z 0-9 -`.
    pub id: String,
    /// The bank's key in the catalogue; says which protocol it speaks.
    pub bank: String,
    /// ИНН of the legal entity the contract is with; nothing for the agent itself. Entities are never mixed in one operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// Lower comes first.
    #[serde(default)]
    pub priority: u8,
    /// Takes new payments. Old ones are always seen through.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Money lands on a nominal account, past the settlement account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nominal: bool,
    /// What it can do, by means.
    pub methods: Vec<MethodTerms>,
    /// What the bank charges for it. Nothing is reckoned where nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acquiring: Vec<AcquirerTerms>,
    /// Address of the bank's API where it is not the catalogue's: a double, a numbered host. Without a trailing slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Names and secrets.
    pub credentials: Credentials,
}

const fn yes() -> bool {
    true
}

impl Account {
    /// What it can do by one means.
    pub fn terms(&self, method: Method) -> Option<&MethodTerms> {
        self.methods.iter().find(|terms| terms.method == method)
    }
}

/// What a payment needs of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish<'a> {
    /// By what means.
    pub method: Method,
    /// How much.
    pub amount: Money,
    /// In how many stages.
    pub stages: Stages,
    /// Whether the means shall be saved.
    pub save: bool,
    /// Whose contract, where it matters.
    pub entity: Option<&'a str>,
}

/// The accounts that can take a payment, the first choice first.
pub fn route<'a>(accounts: &'a [Account], wish: &Wish<'_>) -> Vec<&'a Account> {
    let fits = |account: &&Account| {
        account.enabled
            && account.entity.as_deref() == wish.entity
            && account.terms(wish.method).is_some_and(|terms| terms.takes(wish.amount, wish.stages, wish.save))
    };
    let mut found: Vec<_> = accounts.iter().filter(fits).collect();
    found.sort_by_key(|account| account.priority);
    found
}

/// The account through which a child's own legal entity charges means that are kept at another account: the entity's first choice at
/// the same bank, since no bank knows the means of another. Nothing where the entity has none that can.
pub fn of_entity<'a>(accounts: &'a [Account], kept_at: Option<&str>, wish: &Wish<'_>) -> Option<&'a Account> {
    let bank =
        accounts.iter().find(|account| Some(account.id.as_str()) == kept_at).map(|account| account.bank.as_str());
    route(accounts, wish).into_iter().find(|account| Some(account.bank.as_str()) == bank)
}

/// Means the buyer has allowed to be kept, as the bank names them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedMeans {
    /// The bank's token. A secret: it takes money.
    #[serde(rename = "t")]
    pub token: String,
    /// For people, masked: `Мир •• 1234`, or a bank's name for СБП.
    #[serde(rename = "l")]
    pub label: String,
    /// Until when a card is valid, `yyyy-mm`.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

impl fmt::Debug for SavedMeans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedMeans").field("label", &self.label).finish_non_exhaustive()
    }
}

/// How a whole payment stands at its bank: what is held, what was captured, and how much of that went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Held now: authorized, neither captured nor let go.
    pub held: Money,
    /// Captured in all, whatever went back later.
    pub captured: Money,
    /// Went back of it, for good.
    pub refunded: Money,
}

/// How captured or held money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Return {
    /// A hold is let go, whole or in part.
    Void,
    /// A capture is undone before it has cleared, whole.
    Reversal,
    /// Captured money is sent back.
    Refund,
}
