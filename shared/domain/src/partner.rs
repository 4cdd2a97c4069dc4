//! A partner's settings in one mode: who they are, what is printed about them, what they are charged, where they want to hear.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::acquiring::{Account, Lapse, Stages};
use crate::commission::CommissionTerms;
use crate::details::{CaptureRule, VerificationAmount};
use crate::income_tax::Residency;
use crate::maturity::Wait;
use crate::money::Currency;
use crate::order::ReceiptScheme;
use crate::receipt::AgentSign;
use crate::receipt::register::Register;
use crate::report::{Contract, Signatory};
use crate::requisites::{self, PayeeKind, WalletOperator};
use crate::tariff::Tariffs;
use crate::tax::{RateRules, VatRate};

/// Settings of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// Name as printed on receipts, e.g. `ООО «Справка»`.
    pub name: String,
    /// ИНН, 10 or 12 digits.
    pub inn: String,
    /// КПП of a legal entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpp: Option<String>,
    /// Telephone of the supplier (tag 1171), E.164.
    pub phone: String,
    /// Where buyers' questions go.
    pub support_email: String,
    /// The shop's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// VAT rate of lines that name none.
    pub vat: VatRate,
    /// The agent's fee: the individual terms, where no tariff is assigned.
    pub commission: CommissionTerms,
    /// The tariffs that hold instead, and what else prices orders.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tariffs: Tariffs,
    /// Where buyers return to when an order names no addresses of its own.
    pub returns: Returns,
    /// Origins (`https://shop.example`) an order's own return addresses may lie under, besides those of `returns`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub return_origins: Vec<String>,
    /// Signs redirect forms and return parameters, and nothing else.
    pub form_secret: String,
    /// Where webhooks go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookEndpoint>,
    /// How payouts are made.
    pub payout: PayoutTerms,
    /// Seconds an order waits for its payment.
    pub payment_timeout_seconds: u32,
    /// Channels the buyer may be told through.
    pub channels: Vec<Channel>,
    /// Label of the button.
    #[serde(default)]
    pub button: Button,
    /// Contracts with banks. A test partner without any has the sandbox's own bank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<Account>,
    /// How orders are paid that do not say so themselves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub payment: PaymentSettings,
    /// What is printed on receipts, and by which registers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub receipts: ReceiptSettings,
    /// What documents say besides.
    #[serde(default, skip_serializing_if = "is_default")]
    pub legal: Legal,
}

/// What a month's documents say of the contract and its sides; what is not known is left out of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Legal {
    /// The partner's registered address in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The partner's ОГРН or ОГРНИП.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ogrn: Option<String>,
    /// Who signs for the partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatory: Option<Signatory>,
    /// Who signs for the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_signatory: Option<Signatory>,
    /// The agency contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
    /// The sides' ids in electronic document exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Participants>,
    /// The accountant's e-mail address, to which closed months are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accountant: Option<String>,
}

/// The ids of the contract's sides as participants of electronic document exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participants {
    /// The agent's.
    pub agent: String,
    /// The partner's.
    pub partner: String,
}

/// What is printed on a partner's receipts, and by which registers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptSettings {
    /// When receipts say what, for orders that do not say so themselves.
    #[serde(default)]
    pub scheme: ReceiptScheme,
    /// Tag 1222: as what the agent sells for the partner, as their contract says.
    #[serde(default)]
    pub agent_sign: AgentSign,
    /// Days after a payment in which a prepayment should be closed; then the partner is warned.
    #[serde(default = "closing_days")]
    pub closing_days: u16,
    /// Marked goods are sold although the check of their codes fails or can not be made.
    #[serde(default)]
    pub sell_unchecked: bool,
    /// VAT rates by product, category and delivery.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rates: RateRules,
    /// Shops, couriers and pick-up points where money is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<PointOfSale>,
    /// The logo on receipts, as a `data:` address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// Registers; the platform's where there are none, the sandbox's own for tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registers: Vec<Register>,
}

const fn closing_days() -> u16 {
    30
}

impl Default for ReceiptSettings {
    fn default() -> Self {
        Self {
            scheme: ReceiptScheme::default(),
            agent_sign: AgentSign::default(),
            closing_days: closing_days(),
            sell_unchecked: false,
            rates: RateRules::default(),
            points: Vec::new(),
            logo: None,
            registers: Vec::new(),
        }
    }
}

/// A place where a person takes money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointOfSale {
    /// Names it in the API: 1 to 20 of `a-z 0-9 -`.
    pub id: String,
    /// What it is.
    pub kind: PointKind,
    /// For people.
    pub name: String,
    /// Tag 1187: where it is settled.
    pub place: String,
}

/// Kinds of points of sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// A shop.
    Shop,
    /// A courier.
    Courier,
    /// A pick-up point (ПВЗ).
    Pickup,
}

impl PointKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Shop, Self::Courier, Self::Pickup];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Courier => "courier",
            Self::Pickup => "pickup",
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How a partner's orders are paid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentSettings {
    /// In how many stages.
    #[serde(default)]
    pub stages: Stages,
    /// When held money is captured.
    #[serde(default)]
    pub capture: CaptureRule,
    /// What becomes of a hold nobody captured in time.
    #[serde(default)]
    pub hold_end: Lapse,
    /// What the shop's own order statuses do to the payment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<String, StatusAction>,
    /// Rates of the shop's currencies, each in force since a day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<Rate>,
    /// What is held to check means that are left for later.
    #[serde(default)]
    pub verification: VerificationAmount,
    /// An operator has stopped charges without the buyer: banks freeze accounts that abuse them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub charges_frozen: bool,
}

/// What one of the shop's own statuses does to an order's payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusAction {
    /// Captures all that is held.
    Capture,
    /// Charges the means the buyer has left.
    Charge,
    /// Cancels the order.
    Cancel,
}

/// Roubles for one unit of a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The shop's currency.
    pub currency: Currency,
    /// Roubles for one unit.
    pub rate: Decimal,
    /// The Moscow day it is in force since.
    pub since: Date,
}

impl PaymentSettings {
    /// The rate of a currency on a day: the latest one in force.
    pub fn rate(&self, currency: Currency, on: Date) -> Option<&Rate> {
        let fits = |rate: &&Rate| rate.currency == currency && rate.since <= on;
        self.rates.iter().filter(fits).max_by_key(|rate| rate.since)
    }
}

/// Return addresses, absolute `https` URLs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Returns {
    /// After a payment.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub success: Option<String>,
    /// After a refusal, a cancellation or an expiry.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Where and how a partner hears of changes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    /// Absolute URL.
    pub url: String,
    /// Standard Webhooks secret, `whsec_` and base64.
    pub secret: String,
    /// The endpoint answered 410 Gone: nothing is sent until the partner names it anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

impl std::fmt::Debug for WebhookEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookEndpoint")
            .field("url", &self.url)
            .field("secret", &"***")
            .field("gone", &self.gone)
            .finish()
    }
}

/// How the partner's money goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutTerms {
    /// Mature orders are paid out without being asked for.
    pub automatic: bool,
    /// Where to.
    #[serde(flatten)]
    pub to: Destination,
    /// Orders whose money was paid out may be refunded: what goes back is taken off the next payouts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refunds_paid_out: bool,
    /// How long a fulfilled order's money waits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wait: Wait,
    /// The nominal account payouts leave from; the agent's settlement account where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<BankAccount>,
    /// A natural person who is paid; the partner itself where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payee: Option<Payee>,
    /// Days what the partner owes may be netted in before it is invoiced; [`DEBT_DAYS`] where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debt_days: Option<u16>,
}

/// Days what a partner owes may be netted in where the operator has said nothing.
pub const DEBT_DAYS: u16 = 10;

impl PayoutTerms {
    /// Payouts to the partner's own account, and everything else as usual.
    pub const fn new(automatic: bool, account: BankAccount) -> Self {
        Self {
            automatic,
            to: Destination::Account(account),
            refunds_paid_out: false,
            wait: Wait::Hours(72),
            from: None,
            payee: None,
            debt_days: None,
        }
    }
}

/// Where money goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// An account with a bank.
    Account(BankAccount),
    /// An e-wallet.
    Wallet(WalletAccount),
}

impl Destination {
    /// The account's or the wallet's number.
    pub fn number(&self) -> &str {
        match self {
            Self::Account(account) => &account.number,
            Self::Wallet(wallet) => &wallet.number,
        }
    }

    /// The bank account, where it is one.
    pub const fn account(&self) -> Option<&BankAccount> {
        match self {
            Self::Account(account) => Some(account),
            Self::Wallet(_) => None,
        }
    }

    /// The wallet, where it is one.
    pub const fn wallet(&self) -> Option<&WalletAccount> {
        match self {
            Self::Account(_) => None,
            Self::Wallet(wallet) => Some(wallet),
        }
    }

    /// As what is held to the rules of requisites.
    pub fn requisites(&self) -> requisites::Destination<'_> {
        match self {
            Self::Account(account) => requisites::Destination::Account {
                bic: &account.bic,
                number: &account.number,
                correspondent: &account.correspondent,
            },
            Self::Wallet(wallet) => {
                requisites::Destination::Wallet { operator: wallet.operator, number: &wallet.number }
            }
        }
    }
}

/// An e-wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletAccount {
    /// Whose.
    pub operator: WalletOperator,
    /// Its number.
    pub number: String,
}

/// A natural person who is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    /// A natural person, or one who pays the tax on professional income.
    pub kind: PayeeKind,
    /// Surname, name, patronymic.
    pub name: String,
    /// ИНН, 12 digits.
    pub inn: String,
    /// Their status for income tax.
    pub residency: Residency,
}

impl Partner {
    /// The kind of the partner itself, told by its ИНН.
    pub fn kind(&self) -> PayeeKind {
        own_kind(&self.inn)
    }

    /// Who is paid: kind, name and ИНН.
    pub fn paid(&self) -> (PayeeKind, &str, &str) {
        self.payout
            .payee
            .as_ref()
            .map_or((self.kind(), &self.name, &self.inn), |payee| (payee.kind, &payee.name, &payee.inn))
    }
}

/// A legal entity's ИНН has ten digits, a sole proprietor's twelve.
pub const fn own_kind(inn: &str) -> PayeeKind {
    if inn.len() == 12 { PayeeKind::Entrepreneur } else { PayeeKind::Company }
}

/// An account at a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    /// Account number, 20 digits.
    pub number: String,
    /// БИК, 9 digits.
    pub bic: String,
    /// The bank's name.
    pub bank: String,
    /// The bank's correspondent account, 20 digits.
    pub correspondent: String,
}

/// A way to reach the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];
}

/// The label of the button that commits the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Button {
    /// «Оплатить».
    #[default]
    Pay,
    /// «Заказать».
    Order,
}

impl Partner {
    /// Whether the partner hears of changes.
    pub fn wants_webhooks(&self) -> bool {
        self.webhook.as_ref().is_some_and(|endpoint| !endpoint.gone)
    }

    /// Whether a buyer may be sent to `url`: it lies under an origin the partner has named. Keeps the checkout from being an
    /// open redirect.
    pub fn may_return_to(&self, url: &str) -> bool {
        let named = self.returns.success.iter().chain(&self.returns.failure).filter_map(|url| origin(url));
        named.chain(self.return_origins.iter().map(String::as_str)).any(|allowed| origin(url) == Some(allowed))
    }
}

/// `scheme://host[:port]` of an absolute http(s) URL without user information.
pub fn origin(url: &str) -> Option<&str> {
    let after = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let start = url.len() - after.len();
    let end = after.find(['/', '?', '#', '\\']).map_or(url.len(), |at| start + at);
    let host = &url[start..end];
    let plain = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
    plain.then(|| &url[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_ends_where_the_host_ends() {
        assert_eq!(origin("https://shop.example/a?b"), Some("https://shop.example"));
        assert_eq!(origin("http://localhost:8080/x"), Some("http://localhost:8080"));
        for text in
            ["https://shop.example@evil.example/", "javascript:alert(1)", "//evil.example", "https://", "https://a b/"]
        {
            assert_eq!(origin(text), None, "{text}");
        }
        assert_ne!(origin("https://shop.example.evil.example/"), Some("https://shop.example"));
        assert_eq!(origin("https://shop.example\\@evil.example/"), Some("https://shop.example"));
    }
}
