//! What is bought, by whom, and what was agreed: the part of an order that never changes once the buyer has agreed to it.

use serde::{Deserialize, Serialize};

use crate::acquiring::{Account, Lapse, Method, Stages, Wish, of_entity};
use crate::consent::ConsentEvidence;
use crate::money::Money;
use crate::order::ReceiptScheme;
use crate::partner::{Button, Channel, Returns};
pub use crate::receipt::Subject;
use crate::receipt::{AgentSign, Measure, Supplier};
use crate::tax::{RateSource, Taxation, VatRate};

/// The offer the partner made and, once the buyer consented, the agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The merchant's order number.
    #[serde(rename = "n")]
    pub number: String,
    /// A line for people, e.g. `Выписка ЕГРН`.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is bought.
    #[serde(rename = "l")]
    pub lines: Vec<Line>,
    /// E-mail, and who gave it.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Contact>,
    /// Telephone in E.164, and who gave it.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Contact>,
    /// Where the buyer wants to be told; empty until the buyer chose and nothing was passed.
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// This order's own return addresses.
    #[serde(rename = "r", default, skip_serializing_if = "no_returns")]
    pub returns: Returns,
    /// Label of the button.
    #[serde(rename = "b", default, skip_serializing_if = "is_default")]
    pub button: Button,
    /// Language of pages and messages.
    #[serde(rename = "g", default, skip_serializing_if = "is_default")]
    pub language: Language,
    /// The partner's own text, given back as it came.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Keys of the partner's templates by event, kept for the templates to come.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<String>,
    /// What the sandbox shall do with this test order.
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    pub scenario: Scenario,
    /// The buyer's consents.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentEvidence>,
    /// How it is to be paid.
    #[serde(rename = "y", default, skip_serializing_if = "is_default")]
    pub payment: PaymentTerms,
    /// Which receipts say what.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub receipts: ReceiptScheme,
    /// The firm that buys, where it is one.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub firm: Option<Firm>,
}

/// A firm that buys (tags 1227 and 1228).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firm {
    /// Tag 1227.
    #[serde(rename = "n")]
    pub name: String,
    /// Tag 1228.
    #[serde(rename = "i")]
    pub inn: String,
}

/// How an order is to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PaymentTerms {
    /// In how many stages.
    #[serde(rename = "g", default, skip_serializing_if = "is_default")]
    pub stages: Stages,
    /// When held money is captured.
    #[serde(rename = "w", default, skip_serializing_if = "is_default")]
    pub capture: CaptureRule,
    /// What becomes of a hold nobody captured in time.
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub hold_end: Lapse,
    /// What the buyer comes for.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub purpose: Purpose,
    /// The shop's own id of the buyer.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The price in the shop's currency, where that is another one.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
    /// Most that may be paid with bonus points.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub points_max: Option<Money>,
    /// Parts of the order that are paid separately.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// Children whose payments must succeed, at least; with fewer, everything goes back.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub children_least: u8,
    /// Which of the shop's sites the order came from.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The means the offer may be paid by; all that are there when empty.
    #[serde(rename = "m", default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// What is held to check means that are left for later.
    #[serde(rename = "v", default, skip_serializing_if = "is_default")]
    pub verification: VerificationAmount,
}

impl PaymentTerms {
    /// Whether means saved at an account can be charged for every child: by that account itself, or by the account of the child's own
    /// legal entity. The sandbox's own bank, which is no account, takes everything.
    pub fn serves_children(&self, accounts: &[Account], saved_at: Option<&str>, method: Method) -> bool {
        let stages = self.stages;
        let own = accounts.iter().find(|account| Some(account.id.as_str()) == saved_at);
        self.children.iter().all(|child| match child.entity.as_deref() {
            None => {
                own.is_none_or(|own| own.terms(method).is_some_and(|terms| terms.takes(child.amount, stages, false)))
            }
            entity => {
                let wish = Wish { method, amount: child.amount, stages, save: false, entity };
                of_entity(accounts, saved_at, &wish).is_some()
            }
        })
    }
}

/// When held money is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureRule {
    /// By command, or by a rule of the partner's.
    #[default]
    Manual,
    /// When the order is fulfilled.
    Fulfilled,
}

/// What is held for a moment to check means nothing is paid by yet: some banks hold no less than ten roubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum VerificationAmount {
    /// 1.00.
    #[default]
    #[serde(rename = "1.00")]
    One,
    /// 10.00.
    #[serde(rename = "10.00")]
    Ten,
}

impl VerificationAmount {
    /// In kopecks.
    pub const fn minor(self) -> i64 {
        match self {
            Self::One => 100,
            Self::Ten => 1_000,
        }
    }
}

/// What a buyer comes to the checkout for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To pay.
    #[default]
    Pay,
    /// To order now and be charged later, by saved means.
    Order,
    /// To save means and nothing else.
    SaveMeans,
}

/// A price in another currency, and the rate it was converted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// The price.
    #[serde(rename = "a")]
    pub amount: Money,
    /// Units of the order's currency for one of the price's.
    #[serde(rename = "r")]
    pub rate: rust_decimal::Decimal,
    /// The day the rate is in force since.
    #[serde(rename = "d")]
    pub since: jiff::civil::Date,
}

/// A part of an order that is paid separately: a warehouse's, a seller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// The shop's name of it.
    #[serde(rename = "n")]
    pub name: String,
    /// Its lines, counted from 1. Every line belongs to just one child.
    #[serde(rename = "l")]
    pub lines: Vec<u8>,
    /// Its part of the amount.
    #[serde(rename = "a")]
    pub amount: Money,
    /// ИНН of the legal entity it is paid to, where that is not the order's.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn no_returns(value: &Returns) -> bool {
    *value == Returns::default()
}

/// One line of the basket. Amount is what is paid for the line; price is per unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Name, at most 128 characters (tag 1030).
    #[serde(rename = "n")]
    pub name: String,
    /// Price of a unit.
    #[serde(rename = "p")]
    pub price: Money,
    /// Quantity, a decimal with at most 6 places, such as `1` or `0.5` (tag 1023).
    #[serde(rename = "q")]
    pub quantity: rust_decimal::Decimal,
    /// Price times quantity, rounded to the kopeck (tag 1043).
    #[serde(rename = "a")]
    pub amount: Money,
    /// VAT rate of the principal (tag 1199).
    #[serde(rename = "v")]
    pub vat: VatRate,
    /// Goods or service (tag 1212).
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    pub subject: Subject,
    /// What a receipt must know of it besides.
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    pub particulars: Particulars,
}

/// What a receipt must know of a line beyond its price.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Particulars {
    /// Tag 2108.
    #[serde(rename = "m", default, skip_serializing_if = "is_default")]
    pub measure: Measure,
    /// The seller, where it is not the partner (tags 1224 and 1226).
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Box<Supplier>>,
    /// Tag 1222, where it is not the partner's contract's.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentSign>,
    /// Tag 1055, where it is not the register's owner's. Lines of several systems go into several receipts.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub taxation: Option<Taxation>,
    /// The code of the one marked unit the line is, group separators (0x1D) included.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// Tag 1291: the line is a part of a marked unit, numerator and denominator.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<(u32, u32)>,
    /// The line is the delivery of the others.
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    pub delivery: bool,
    /// The shop's category, where its tariff prices by it.
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The shop's code of what is sold: the article other programs know it by.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Where the VAT rate came from.
    #[serde(rename = "r", default, skip_serializing_if = "is_default")]
    pub rate_from: RateSource,
}

/// A contact and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The address or the number.
    #[serde(rename = "v")]
    pub value: String,
    /// Who gave it.
    #[serde(rename = "s")]
    pub source: Source,
}

/// Where a personal datum came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Passed by the partner.
    Partner,
    /// Entered by the buyer at checkout.
    Buyer,
}

/// Language of pages and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

/// What the sandbox does with a test order beyond what its test cards say. Live orders carry the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scenario {
    /// How the sandbox executor behaves.
    #[serde(default)]
    pub execution: ExecutionScenario,
    /// How the sandbox register behaves.
    #[serde(default)]
    pub receipt: ReceiptScenario,
}

/// How the sandbox executor behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionScenario {
    /// Reports success at once.
    #[default]
    Automatic,
    /// Waits to be told through the sandbox.
    Manual,
    /// Reports that it cannot execute.
    Failing,
}

/// How the sandbox register behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptScenario {
    /// Issues and calls back.
    #[default]
    Prompt,
    /// Issues, and its callback gets lost.
    Silent,
    /// Refuses the first document with a passing error.
    FailingOnce,
    /// Forgets the first id, so that the document must come again under another one.
    Expiring,
    /// Prints 20 % where it was sent 22 %.
    OtherRate,
    /// Refuses the marking code.
    MarkRefused,
    /// Is broken: nothing is ever printed by it.
    Broken,
}

impl ReceiptScenario {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Prompt,
        Self::Silent,
        Self::FailingOnce,
        Self::Expiring,
        Self::OtherRate,
        Self::MarkRefused,
        Self::Broken,
    ];

    /// The code used in the API and in the sandbox's rows.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Silent => "silent",
            Self::FailingOnce => "failing_once",
            Self::Expiring => "expiring",
            Self::OtherRate => "other_rate",
            Self::MarkRefused => "mark_refused",
            Self::Broken => "broken",
        }
    }
}

impl Details {
    /// Channels that both were chosen and have a contact.
    pub fn reachable(&self) -> impl Iterator<Item = (Channel, &str)> {
        self.channels.iter().filter_map(|channel| {
            let contact = match channel {
                Channel::Email => &self.email,
                Channel::Sms => &self.phone,
            };
            contact.as_ref().map(|contact| (*channel, contact.value.as_str()))
        })
    }

    /// The contact an electronic receipt goes to (tag 1008): the e-mail where there is one, else the telephone.
    pub fn receipt_contact(&self) -> Option<&str> {
        self.email.as_ref().or(self.phone.as_ref()).map(|contact| contact.value.as_str())
    }
}
