//! Both languages: ours and Assist's.

use domain::acquiring::{Method, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::{Currency, Money, MoneyError};
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::{SignedDuration, Timestamp};
use jiff::{Span, tz::TimeZone};

use super::wire::{self, DONE, Operation, OperationType, Order, OrderState};
use crate::bank::{ChargeRequest, PaymentRequest};
use crate::peer::Malformed;

/// Fields of a form, in order.
pub type Fields = Vec<(&'static str, String)>;

/// Days that are looked at at once. Assist looks at three where nothing is said and refuses spans that are too long, without
/// saying which are; a month is what its clients ask for.
const LOOK_DAYS: i64 = 30;
/// Spans that are looked at, at most: a year and more.
const SPANS_MAX: usize = 14;
/// Years a recurrent may be used for.
const RECURRING_YEARS: i64 = 3;
/// Greatest amount of one recurrent payment.
const RECURRING_MAX: &str = "1000000.00";

/// What cannot be asked of Assist, in words; nothing is sent then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsupported(pub &'static str);

/// An amount as Assist wants it: `.` and two decimals.
pub fn amount(money: Money) -> String {
    money.to_decimal().to_string()
}

/// A payment in Assist's words, without who asks ("List of the authorized request parameters").
///
/// # Errors
/// Assist has no such means or no second stage for it.
pub fn payment(merchant: &str, secret: &str, request: &PaymentRequest, now: Timestamp) -> Result<Fields, Unsupported> {
    let shown = match request.method {
        Method::Card => "CardPayment",
        Method::MirPay => "MirPayPayment",
        Method::Sbp => "FastPayPayment",
        _ => return Err(Unsupported("such means")),
    };
    let held = request.stages == Stages::Two;
    if held && request.method == Method::Sbp {
        return Err(Unsupported("second stage for СБП"));
    }
    if request.save && request.method != Method::Card {
        return Err(Unsupported("saving of such means"));
    }
    let order_amount = amount(request.amount);
    let currency = request.amount.currency().code();
    let points = request.points_max.map(amount).unwrap_or_default();
    // A recurrent and a customer's number exclude each other.
    let customer = request.customer.clone().filter(|_| !request.save).unwrap_or_default();
    let mut fields: Fields = vec![
        ("OrderNumber", request.number.clone()),
        ("OrderAmount", order_amount.clone()),
        ("OrderCurrency", currency.to_owned()),
        ("OrderComment", cut(&request.description, 256)),
        ("Delay", if held { "1" } else { "0" }.to_owned()),
        ("Language", language(request.language).to_owned()),
        ("URL_RETURN_OK", request.return_url.clone()),
        ("URL_RETURN_NO", request.return_url.clone()),
    ];
    fields.extend(wire::MEANS.map(|name| (name, if name == shown { "1" } else { "0" }.to_owned())));
    let optional = [
        ("OrderMaxPoints", points.clone()),
        ("CustomerNumber", customer.clone()),
        ("Email", request.email.clone().filter(|email| email.chars().count() <= 128).unwrap_or_default()),
        ("MobilePhone", request.phone.clone().filter(|phone| phone.len() <= 20).unwrap_or_default()),
    ];
    fields.extend(optional.into_iter().filter(|(_, value)| !value.is_empty()));
    if request.save {
        fields.extend(recurring(now));
    }
    if !secret.is_empty() {
        let text = wire::request_text(&[merchant, &request.number, &order_amount, currency, &points, &customer]);
        fields.push(("Checkvalue", wire::check_value(secret, &text)));
    }
    Ok(fields)
}

/// All four limits are mandatory with the indicator; ours are as wide as they may be, the shop decides each charge.
fn recurring(now: Timestamp) -> Fields {
    let today = now.to_zoned(TimeZone::UTC).date();
    let last = today.saturating_add(Span::new().years(RECURRING_YEARS));
    vec![
        ("RecurringIndicator", "1".to_owned()),
        ("RecurringMinAmount", "0.01".to_owned()),
        ("RecurringMaxAmount", RECURRING_MAX.to_owned()),
        ("RecurringPeriod", "1".to_owned()),
        ("RecurringMaxDate", last.strftime("%d.%m.%Y").to_string()),
    ]
}

/// A payment from saved means in Assist's words, without who asks ("Recurring payments").
///
/// # Errors
/// Recurrents have one stage, and are cards.
pub fn charge(request: &ChargeRequest) -> Result<Fields, Unsupported> {
    let payment = &request.payment;
    if payment.stages == Stages::Two {
        return Err(Unsupported("second stage for saved means"));
    }
    if payment.method != Method::Card {
        return Err(Unsupported("charge of such means"));
    }
    if !wire::is_bill(&request.token) {
        return Err(Unsupported("token that is no billnumber"));
    }
    Ok(vec![
        ("BillNumber", request.token.clone()),
        ("OrderNumber", payment.number.clone()),
        ("Amount", amount(payment.amount)),
        ("Currency", payment.amount.currency().code().to_owned()),
        ("OrderComment", cut(&payment.description, 256)),
    ])
}

/// The spans of time in which the orders of a number may have been made, as fields in GMT: from when the number itself was made,
/// which begins with a ULID, until now. The first has almost always all of them.
pub fn spans(number: &str, now: Timestamp) -> Vec<Fields> {
    let span = |days| SignedDuration::from_hours(24 * days);
    let made = made_at(number).unwrap_or_else(|| now.saturating_sub(span(LOOK_DAYS - 2)).unwrap_or(now));
    // A day early: their clock is not ours.
    let mut from = made.saturating_sub(span(1)).unwrap_or(made);
    let mut spans = Vec::new();
    while spans.len() < SPANS_MAX {
        let until = from.saturating_add(span(LOOK_DAYS)).unwrap_or(from);
        spans.push(fields_of(from, until));
        if until > now {
            break;
        }
        from = until;
    }
    spans
}

/// When a ULID was made.
fn made_at(number: &str) -> Option<Timestamp> {
    const DIGITS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let time = number.get(..10).filter(|_| number.len() >= 26)?.to_ascii_uppercase();
    let milliseconds = time.chars().try_fold(0_i64, |sum, digit| {
        let value = i64::try_from(DIGITS.find(digit)?).ok()?;
        sum.checked_mul(32)?.checked_add(value)
    })?;
    Timestamp::from_millisecond(milliseconds).ok()
}

fn fields_of(from: Timestamp, until: Timestamp) -> Fields {
    const START: [&str; 5] = ["StartYear", "StartMonth", "StartDay", "StartHour", "StartMin"];
    const END: [&str; 5] = ["EndYear", "EndMonth", "EndDay", "EndHour", "EndMin"];
    let parts = |at: Timestamp| {
        let at = at.to_zoned(TimeZone::UTC);
        let small = [at.month(), at.day(), at.hour(), at.minute()].map(|part| part.to_string());
        [vec![at.year().to_string()], small.to_vec()].concat()
    };
    START.into_iter().zip(parts(from)).chain(END.into_iter().zip(parts(until))).collect()
}

/// Assist's code of a language.
pub const fn language(language: Language) -> &'static str {
    match language {
        Language::Ru => "RU",
        Language::En => "EN",
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// How the reference of a payment is written: the first billnumber under its number, as an operation's when money is held first.
pub fn reference(bill: &str, stages: Stages) -> String {
    let plain = wire::plain_bill(bill);
    match stages {
        Stages::One => plain.to_owned(),
        Stages::Two => format!("{plain}.1"),
    }
}

/// What is known of a payment before Assist is asked.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Its number.
    pub number: &'a str,
    /// Its amount.
    pub amount: Money,
    /// In how many stages.
    pub stages: Stages,
    /// Whether payments in test mode count.
    pub test: bool,
}

/// How a payment stands: everything under its order number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The first billnumber under the number.
    pub bill: Option<String>,
    /// How it stands.
    pub state: BankState,
    /// What was paid with bonus points, which are no part of the amounts above.
    pub points: Option<Money>,
    /// Bonus points that the bank gives for it.
    pub accrued: Option<Money>,
    /// The means that paid, as a recurrent is charged.
    pub saved: Option<SavedMeans>,
    /// Orders with money in them, and how each stands: they take commands.
    pub orders: Vec<(Order, Standing)>,
}

impl Payment {
    /// The whole of it, nothing where no money ever was.
    pub fn standing(&self, nothing: Money) -> Standing {
        match self.state {
            BankState::Stands(standing) => standing,
            _ => Standing { held: nothing.zero(), captured: nothing.zero(), refunded: nothing.zero() },
        }
    }

    /// In our words.
    pub fn report(&self, stages: Stages) -> BankReport {
        let reference = self.bill.as_deref().map(|bill| reference(bill, stages));
        let (saved, points, accrued) = (self.saved.clone(), self.points, self.accrued);
        BankReport { saved, points, accrued, ..BankReport::new(reference, self.state) }
    }
}

/// Reads how a payment stands from everything Assist knows under its order number.
///
/// An attempt that failed leaves an order behind and another is made under the same number: the one with money in it counts,
/// and if there is money in two, both do.
///
/// # Errors
/// Another payment, another amount, or amounts that can not be.
pub fn stands(orders: Vec<Order>, expected: &Expected<'_>) -> Result<Payment, Malformed> {
    let bill = orders.first().map(|order| order.plain_bill().to_owned());
    let state = BankState::NotFound;
    let mut found = Payment { bill, state, points: None, accrued: None, saved: None, orders: Vec::new() };
    let mut whole: Option<Standing> = None;
    for order in orders {
        match one(&order, expected)? {
            One::Open => found.state = BankState::Pending,
            One::Failed(_) if found.state == BankState::Pending => {}
            One::Failed(reason) => found.state = BankState::Declined(reason),
            One::Stands(standing) => {
                whole = Some(match whole {
                    Some(other) => both(other, standing).map_err(|_| impossible())?,
                    None => standing,
                });
                let paid = done(&order, OperationType::Payment).next();
                found.saved = found.saved.or_else(|| paid.and_then(|paid| means(&order, paid)));
                let amount = |kind, which: &dyn Fn(&Operation) -> bool| {
                    let operations = done(&order, kind).filter(|operation| which(operation));
                    let sum = sum_in_points(operations, expected.amount);
                    Some(sum).filter(|sum| sum.is_positive())
                };
                found.points =
                    amount(OperationType::Payment, &|operation| is_points(&order, operation)).or(found.points);
                found.accrued = amount(OperationType::Accrual, &|_| true).or(found.accrued);
                found.orders.push((order, standing));
            }
        }
    }
    if let Some(standing) = whole {
        found.state = BankState::Stands(standing);
    }
    Ok(found)
}

enum One {
    Open,
    Failed(DeclineReason),
    Stands(Standing),
}

fn one(order: &Order, expected: &Expected<'_>) -> Result<One, Malformed> {
    if order.number != expected.number {
        return Err(Malformed::at("/result/order/ordernumber", "the number that was asked about"));
    }
    if money(&order.amount, &order.currency) != Ok(expected.amount) {
        return Err(Malformed::at("/result/order/orderamount", "the amount that was registered"));
    }
    if order.test_mode == "1" && !expected.test {
        return Err(Malformed::at("/result/order/testmode", "0: in test mode no money moves"));
    }
    let state = OrderState::parse(&order.state)
        .ok_or_else(|| Malformed::at("/result/order/orderstate", "one of the nine states of an order"))?;
    let of = |kind| sum(done(order, kind).filter(|operation| !is_points(order, operation)), expected.amount);
    let (paid, charged, cancelled) =
        (of(OperationType::Payment)?, of(OperationType::Charge)?, of(OperationType::Cancel)?);
    // A flat answer, or one without operations, tells of the state alone: then it is about the whole amount.
    let paid = if paid.is_zero() { expected.amount } else { paid };
    let zero = expected.amount.zero();
    let captured = |captured, refunded| Standing { held: zero, captured, refunded };
    let standing = match state {
        OrderState::InProcess => return Ok(One::Open),
        OrderState::Declined => return Ok(One::Failed(reason(order))),
        OrderState::Timeout => return Ok(One::Failed(DeclineReason::TimedOut)),
        OrderState::Delayed => Standing { held: less(paid, cancelled)?, captured: zero, refunded: zero },
        OrderState::Approved | OrderState::PartialApproved if charged.is_zero() => captured(paid, cancelled),
        // Of a part that was confirmed nothing is known but what the operation says.
        OrderState::PartialDelayed if charged.is_zero() => return Err(impossible()),
        OrderState::Approved | OrderState::PartialApproved | OrderState::PartialDelayed => captured(charged, cancelled),
        OrderState::Canceled if !charged.is_zero() => captured(charged, charged),
        OrderState::PartialCanceled if !charged.is_zero() => captured(charged, cancelled),
        OrderState::Canceled if expected.stages == Stages::Two => captured(zero, zero),
        OrderState::PartialCanceled if expected.stages == Stages::Two => {
            Standing { held: less(paid, cancelled)?, captured: zero, refunded: zero }
        }
        OrderState::Canceled => captured(paid, paid),
        OrderState::PartialCanceled => captured(paid, cancelled),
    };
    less(standing.captured, standing.refunded)?;
    Ok(One::Stands(standing))
}

fn both(one: Standing, other: Standing) -> Result<Standing, MoneyError> {
    Ok(Standing {
        held: one.held.plus(other.held)?,
        captured: one.captured.plus(other.captured)?,
        refunded: one.refunded.plus(other.refunded)?,
    })
}

fn impossible() -> Malformed {
    Malformed::at("/result/order/operation/amount", "amounts that fit the order's state")
}

fn less(from: Money, amount: Money) -> Result<Money, Malformed> {
    from.minus(amount).ok().filter(|rest| rest.minor() >= 0).ok_or_else(impossible)
}

/// Operations of a kind that were done, in order.
pub fn done(order: &Order, kind: OperationType) -> impl Iterator<Item = &Operation> + Clone {
    order.operations.iter().filter(move |found| found.kind == Some(kind) && found.response == DONE)
}

/// What operations moved.
///
/// # Errors
/// Not amounts, or of another currency.
pub fn sum<'a>(operations: impl Iterator<Item = &'a Operation>, like: Money) -> Result<Money, Malformed> {
    let mut whole = like.zero();
    for operation in operations {
        let amount = money(&operation.amount, &operation.currency)?;
        whole = whole.plus(amount).map_err(|_| impossible())?;
    }
    Ok(whole)
}

/// Whether an operation moved bonus points: one of the means of a second successful payment in the same order.
pub fn is_points(order: &Order, operation: &Operation) -> bool {
    let mut paid = done(order, OperationType::Payment).map(|paid| paid.mean_type.as_str());
    let money = paid.next();
    money != Some(operation.mean_type.as_str()) && paid.any(|points| points == operation.mean_type)
}

/// What operations in points came to, each for a unit of the payment's currency. What is no amount comes to nothing.
fn sum_in_points<'a>(operations: impl Iterator<Item = &'a Operation>, like: Money) -> Money {
    let code = like.currency().code();
    let amounts = operations.filter_map(|operation| money(&operation.amount, code).ok());
    amounts.fold(like.zero(), |sum, amount| sum.plus(amount).unwrap_or(sum))
}

/// Reads an amount. Assist's older hosts write `,` for `.` and `RUR` for `RUB`.
///
/// # Errors
/// Not an amount.
pub fn money(amount: &str, currency: &str) -> Result<Money, Malformed> {
    let code = if currency == "RUR" { "RUB" } else { currency };
    let currency = Currency::from_code(code).ok_or_else(|| Malformed::at("/currency", "an ISO 4217 code"))?;
    Money::parse_major(&amount.replace(',', "."), currency)
        .map_err(|_| Malformed::at("/amount", "an amount with two decimals"))
}

fn reason(order: &Order) -> DeclineReason {
    order.operations.last().map_or(DeclineReason::Other, |last| declined(&last.response, &last.auth_result))
}

/// Why Assist declined ("Response codes").
pub fn declined(response: &str, auth_result: &str) -> DeclineReason {
    match response {
        _ if auth_result == "N" => DeclineReason::AuthenticationFailed,
        "AS102" => DeclineReason::InsufficientFunds,
        // Wrong date of expiry; suspected fraud: this card will not do.
        "AS104" | "AS108" => DeclineReason::CardBlocked,
        _ => DeclineReason::Other,
    }
}

/// The means that paid. Only cards are charged again, by the billnumber of the payment.
fn means(order: &Order, paid: &Operation) -> Option<SavedMeans> {
    let tail: String = paid.mean_number.chars().rev().take(4).collect();
    if tail.len() < 4 || !tail.bytes().all(|b| b.is_ascii_digit()) || !wire::is_bill(order.plain_bill()) {
        return None;
    }
    let tail: String = tail.chars().rev().collect();
    let scheme = match paid.mean_type.to_ascii_uppercase().as_str() {
        "MIR" => "Мир".to_owned(),
        "VISA" => "Visa".to_owned(),
        "" => "Карта".to_owned(),
        _ => cut(&paid.mean_type, 20),
    };
    let valid_until = paid.expires.split_once('/').and_then(|(month, year)| {
        let plain = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        (plain(month) && plain(year)).then(|| format!("20{year}-{month}"))
    });
    Some(SavedMeans { token: order.plain_bill().to_owned(), label: format!("{scheme} •• {tail}"), valid_until })
}
