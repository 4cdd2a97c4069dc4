//! Both languages: ours and the gateway's.

use domain::acquiring::{Method, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::Money;
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::{MOSCOW, Timestamp};

use super::wire::{CardAuthInfo, Loyalty, Number, StatusAnswer, method};
use crate::bank::{BankError, ChargeRequest, PaymentRequest};
use crate::peer::Malformed;

/// A request's fields in order.
pub type Words = Vec<(&'static str, String)>;

/// The document's limit on a description; Sberbank hands its first 24 characters on to the processing.
const DESCRIPTION_MAX: usize = 512;
/// `orderNumber` and `externalRefundId` have at most 32 characters.
const NUMBER_MAX: usize = 32;
/// The rouble's number before 1998, which older gateways still answer with.
const RUR: i64 = 810;

/// What the gateway has no way to do, told before anything is sent.
///
/// # Errors
/// It can not.
pub fn can(request: &PaymentRequest) -> Result<(), BankError> {
    match request.method {
        Method::Sbp if request.stages == Stages::Two => return Err(unsupported("hold by СБП")),
        Method::Sbp if request.save => return Err(unsupported("saving of a means by СБП")),
        Method::Card | Method::SberPay | Method::MirPay | Method::Sbp => {}
        _ => return Err(unsupported("such means")),
    }
    numbered(&request.number)?;
    positive(request.amount)
}

/// Holds a number to the gateway's limit.
///
/// # Errors
/// It is too long.
pub fn numbered(number: &str) -> Result<(), BankError> {
    if number.chars().count() <= NUMBER_MAX { Ok(()) } else { Err(unsupported("number of more than 32 characters")) }
}

/// An amount to be moved. Nought means *everything* to the gateway and must never be said.
///
/// # Errors
/// It is nought or less.
pub fn positive(amount: Money) -> Result<(), BankError> {
    if amount.is_positive() { Ok(()) } else { Err(unsupported("movement of nothing")) }
}

/// A refusal of ours, before anything is sent.
pub fn unsupported(what: &str) -> BankError {
    BankError::Refused { status: 0, code: "unsupported".to_owned(), message: format!("the bank has no {what}") }
}

/// The method and the fields that register a payment.
pub fn registration(request: &PaymentRequest) -> (&'static str, Words) {
    let mut words = vec![
        ("orderNumber", request.number.clone()),
        ("amount", request.amount.minor().to_string()),
        ("currency", request.amount.currency().numeric().to_string()),
        ("returnUrl", request.return_url.clone()),
        ("failUrl", request.return_url.clone()),
        ("description", description(&request.description)),
        ("language", language(request.language).to_owned()),
        ("expirationDate", moscow(request.expires_at)),
        ("dynamicCallbackUrl", request.callback_url.clone()),
    ];
    if let Some(customer) = request.customer.as_ref().filter(|_| request.save) {
        // Without the buyer's consent no `clientId`: the gateway would offer to save, or save by itself.
        words.push(("clientId", customer.clone()));
        words.push(("features", "FORCE_CREATE_BINDING".to_owned()));
    }
    words.extend(request.email.clone().map(|email| ("email", email)));
    words.extend(request.phone.clone().map(|phone| ("phone", phone)));
    let method = match request.stages {
        Stages::One => method::REGISTER,
        Stages::Two => method::REGISTER_PRE_AUTH,
    };
    (method, words)
}

/// The method and the fields that register a payment from a stored credential: only it can pay such an order.
pub fn charge_registration(request: &ChargeRequest) -> (&'static str, Words) {
    let (method, mut words) = registration(&request.payment);
    words.extend(request.payment.customer.clone().map(|customer| ("clientId", customer)));
    words.push(("bindingId", request.token.clone()));
    (method, words)
}

/// The fields that pay a registered order from a stored credential.
pub fn charge(request: &ChargeRequest, order: &str) -> Words {
    // Transaction initiator: F the buyer, there and pressing the button; U the shop, nobody there.
    let initiator = if request.buyer_present { "F" } else { "U" };
    vec![
        ("mdOrder", order.to_owned()),
        ("bindingId", request.token.clone()),
        ("tii", initiator.to_owned()),
        ("language", language(request.payment.language).to_owned()),
    ]
}

/// The code of a language.
pub const fn language(language: Language) -> &'static str {
    match language {
        Language::Ru => "ru",
        Language::En => "en",
    }
}

/// Sberbank forbids `%`, `+` and line ends in a description.
fn description(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '%' || c == '+' { ' ' } else { c }).take(DESCRIPTION_MAX).collect()
}

/// Dates have no zone and are Moscow's.
fn moscow(at: Timestamp) -> String {
    MOSCOW.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The gateway's own id of the order.
pub fn order_id(answer: &StatusAnswer) -> Option<&str> {
    let named = answer.attributes.iter().find(|attribute| attribute.name.as_deref() == Some("mdOrder"));
    named.and_then(|attribute| attribute.value.as_deref()).filter(|id| !id.is_empty())
}

/// Holds an answer to what was asked about.
///
/// # Errors
/// It is about another order, amount or currency.
pub fn of(answer: &StatusAnswer, number: &str, amount: Money) -> Result<(), Malformed> {
    if answer.order_number.as_deref().is_some_and(|found| found != number) {
        return Err(Malformed::at("/orderNumber", "the number that was asked about"));
    }
    if answer.amount != Some(Number(amount.minor())) {
        return Err(Malformed::at("/amount", "the amount that was registered"));
    }
    let currency = i64::from(amount.currency().numeric());
    let same = |found: Number| found.0 == currency || (found.0 == RUR && currency == 643);
    if !answer.currency.is_none_or(same) {
        return Err(Malformed::at("/currency", "the currency that was registered"));
    }
    Ok(())
}

/// How an order stands, in our words.
///
/// # Errors
/// It makes no sense.
pub fn report(answer: &StatusAnswer, amount: Money) -> Result<BankReport, Malformed> {
    let state = state(answer, amount)?;
    let mut report = BankReport::new(order_id(answer).map(str::to_owned), state);
    let stands =
        matches!(state, BankState::Stands(standing) if !standing.held.is_zero() || !standing.captured.is_zero());
    // Paid from a stored credential it names that credential again: nothing new was saved.
    let stored = answer.payment_way.as_deref().is_some_and(|way| way.ends_with("_BINDING"));
    if stands && !stored {
        report.saved = saved(answer);
    }
    let (taken, _) = points(answer);
    if stands && taken > 0 {
        report.points = Some(Money::new(taken, amount.currency()));
    }
    if stands && accrued(answer) > 0 {
        report.accrued = Some(Money::new(accrued(answer), amount.currency()));
    }
    Ok(report)
}

fn state(answer: &StatusAnswer, amount: Money) -> Result<BankState, Malformed> {
    let status = answer.order_status.ok_or_else(|| Malformed::at("/orderStatus", "present"))?.0;
    match status {
        0 | 5 | 7 => Ok(BankState::Pending),
        6 => Ok(BankState::Declined(reason(answer.action_code.map(|code| code.0)))),
        1..=4 | 8 => stands(answer, status, amount),
        _ => Err(Malformed::at("/orderStatus", "0 to 8")),
    }
}

/// The amounts of an order somebody has paid, in money: points are told beside them (see [`super::wire::PaymentAmountInfo`]).
fn stands(answer: &StatusAnswer, status: i64, amount: Money) -> Result<BankState, Malformed> {
    let info = answer.payment_amount_info.unwrap_or_default();
    let most = amount.minor().saturating_sub(points(answer).0);
    let part = |value: Option<Number>, pointer: &str| match value {
        Some(Number(minor)) if (0..=most).contains(&minor) => Ok(minor),
        Some(_) => Err(Malformed::at(pointer, "from nought to what was registered, less the points")),
        // A reversed order has nothing to tell; of any other the version of the answer is too old.
        None if status == 3 => Ok(0),
        None => Err(Malformed::at(pointer, "present: version 03 of getOrderStatusExtended")),
    };
    let approved = part(info.approved_amount, "/paymentAmountInfo/approvedAmount")?;
    let deposited = part(info.deposited_amount, "/paymentAmountInfo/depositedAmount")?;
    let refunded = part(info.refunded_amount, "/paymentAmountInfo/refundedAmount")?;
    // A refund is taken off `depositedAmount`. Where the two exceed what was to be paid, that gateway does not take it off.
    let captured = if deposited + refunded <= most { deposited + refunded } else { deposited };
    let (held, captured, refunded) = match status {
        1 => (approved, 0, 0),
        3 => (0, captured, captured), // let go, or captured and undone: nothing stands either way
        8 => (approved.saturating_sub(captured), captured, refunded),
        _ => (0, captured, refunded),
    };
    if refunded > captured {
        return Err(Malformed::at("/paymentAmountInfo/refundedAmount", "at most what was captured"));
    }
    if status != 3 && held == 0 && captured == 0 {
        // Nought all over would read as a payment that was let go.
        return Err(Malformed::at("/paymentAmountInfo", "an amount with this orderStatus"));
    }
    let money = |minor| Money::new(minor, amount.currency());
    Ok(BankState::Stands(Standing { held: money(held), captured: money(captured), refunded: money(refunded) }))
}

/// Points taken, and given back of them. Where they are told of in both places, they are the same ones.
fn points(answer: &StatusAnswer) -> (i64, i64) {
    let loyalties = answer.order_bundle.iter().flat_map(|bundle| &bundle.loyalties);
    let value = |number: Option<Number>| number.map_or(0, |number| number.0.max(0));
    let add = |(taken, back): (i64, i64), loyalty: &Loyalty| {
        let taken = taken.saturating_add(value(loyalty.bonus_amount_for_debit));
        (taken, back.saturating_add(value(loyalty.bonus_amount_refunded)))
    };
    let (taken, back) = loyalties.fold((0, 0), add);
    let newer = answer.loyalty_info.and_then(|info| info.payment_bonus).unwrap_or_default();
    (taken.max(value(newer.approved_amount_bonus)), back.max(value(newer.refunded_amount_bonus)))
}

/// An order that was paid with points beside money: what is captured or goes back of it is told the gateway as the sum of both,
/// which it divides "according to the proportion of money and points upon payment"; all of it is what is left of either
/// (Sberbank's wiki, spasibo: autoRefund, autoCompletion).
#[derive(Debug, Clone, Copy)]
pub struct Composite {
    /// What was paid: in money, and together.
    paid: (i64, i64),
    /// Points that stand.
    left: i64,
}

impl Composite {
    /// Nothing for an order of money alone, or of which only money stands.
    pub fn of(answer: &StatusAnswer, amount: Money) -> Option<Self> {
        let (taken, back) = points(answer);
        let Ok(BankState::Stands(now)) = state(answer, amount) else { return None };
        let approved = answer.payment_amount_info.and_then(|info| info.approved_amount).map_or(0, |number| number.0);
        // Some gateways tell what was approved of holds only.
        let money = if approved > 0 { approved } else { amount.minor().saturating_sub(taken) };
        let whole = Self { paid: (money, amount.minor()), left: 0 };
        // Whether those of a smaller capture are still told of is not said.
        let base = now.held.minor().saturating_add(now.captured.minor());
        let stood = whole.share(base)?.saturating_sub(base).min(taken);
        let left = stood.saturating_sub(back);
        (left > 0).then_some(Self { left, ..whole })
    }

    /// The sum of money and points that `money` is the money of, out of `standing`. How the gateway rounds is not said: rounded
    /// up here, no kopeck of the money can be missing.
    ///
    /// # Errors
    /// It does not fit.
    pub fn sum(&self, money: Money, standing: Money) -> Result<i64, BankError> {
        let minor = money.minor();
        let all = minor.saturating_add(self.left);
        if money == standing {
            return Ok(all);
        }
        self.share(minor).map(|sum| sum.min(all)).ok_or_else(|| unsupported("sum of money and points so great"))
    }

    fn share(&self, minor: i64) -> Option<i64> {
        let (money, together) = (i128::from(self.paid.0), i128::from(self.paid.1));
        let product = i128::from(minor).checked_mul(together)?.checked_add(money.checked_sub(1)?)?;
        i64::try_from(product.checked_div(money)?).ok()
    }
}

/// Points the bank gives the buyer for the payment.
fn accrued(answer: &StatusAnswer) -> i64 {
    let loyalties = answer.order_bundle.iter().flat_map(|bundle| &bundle.loyalties);
    let given = loyalties.map(|loyalty| loyalty.bonus_amount_for_credit.map_or(0, |number| number.0.max(0)));
    given.fold(0, i64::saturating_add)
}

/// Whether a refund of this number was done.
pub fn has_refund(answer: &StatusAnswer, number: &str) -> bool {
    let done = |code: Option<Number>| code.is_none_or(|code| code.0 == 0);
    answer.refunds.iter().any(|refund| refund.external_refund_id.as_deref() == Some(number) && done(refund.action_code))
}

/// Why the last try of an order failed that may still be paid.
pub fn failed_try(answer: &StatusAnswer) -> Option<DeclineReason> {
    let Number(tried) = answer.action_code.filter(|_| answer.order_status == Some(Number(0)))?;
    // Nobody has tried, or it is not over.
    (!matches!(tried, 0 | -100 | -9_000 | 1_001 | 2_008)).then(|| reason(Some(tried)))
}

fn saved(answer: &StatusAnswer) -> Option<SavedMeans> {
    let token = answer.binding_info.as_ref()?.binding_id.clone().filter(|token| !token.is_empty())?;
    let card = answer.card_auth_info.clone().unwrap_or_default();
    let valid_until = card.expiration.and_then(|Number(date)| month(date));
    Some(SavedMeans { token, label: label(&card), valid_until })
}

/// `YYYYMM` as `yyyy-mm`.
fn month(date: i64) -> Option<String> {
    let (year, month) = (date / 100, date % 100);
    ((2_000..2_100).contains(&year) && (1..=12).contains(&month)).then(|| format!("{year}-{month:02}"))
}

/// `Мир •• 1234`.
fn label(card: &CardAuthInfo) -> String {
    let pan = card.masked_pan.as_deref().or(card.pan.as_deref()).unwrap_or_default();
    let scheme = match card.payment_system.as_deref() {
        Some("MIR") => "Мир",
        Some("VISA") => "Visa",
        Some("MASTERCARD") => "MasterCard",
        Some("CUP") => "UnionPay",
        _ => match pan.as_bytes() {
            [b'2', b'2', b'0', b'0'..=b'4', ..] => "Мир",
            [b'4', ..] => "Visa",
            [b'5', b'1'..=b'5', ..] => "MasterCard",
            [b'6', b'2', ..] => "UnionPay",
            _ => "Карта",
        },
    };
    let last: String = pan.chars().rev().take(4).take_while(char::is_ascii_digit).collect();
    if last.len() == 4 {
        format!("{scheme} •• {}", last.chars().rev().collect::<String>())
    } else {
        scheme.to_owned()
    }
}

/// Why the processing declined (Sberbank, Action codes). Reasons that say nothing to the buyer are another's.
pub fn reason(action_code: Option<i64>) -> DeclineReason {
    match action_code {
        Some(116) => DeclineReason::InsufficientFunds,
        // Restricted, expired, PIN tries exceeded, lost, or on the gateway's own list.
        Some(100 | 101 | 104 | 106 | 208 | -2000) => DeclineReason::CardBlocked,
        // 3-D Secure was not passed, or could not be tried.
        Some(1 | -2005 | -2006 | -2010 | -2011 | -2020..=-2015) => DeclineReason::AuthenticationFailed,
        // Nobody declined: the order was withdrawn.
        Some(2022 | 4005) => DeclineReason::CancelledByBuyer,
        // The time for entering a card ran out, with or without a try.
        Some(-2007 | -100) => DeclineReason::TimedOut,
        _ => DeclineReason::Other,
    }
}
