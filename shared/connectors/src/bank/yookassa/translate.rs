//! Both languages: ours and `YooKassa`'s.

use domain::acquiring::{Method, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::{Currency, Money};
use domain::order::{BankReport, BankState, DeclineReason};
use domain::time::Timestamp;

use super::wire::{
    Amount, CaptureBody, ConfirmationBody, Metadata, MethodBody, Payment, PaymentBody, PaymentMethod, Refund,
    RefundBody,
};
use super::{NUMBER, PAYMENT};
use crate::bank::{BankError, ChargeRequest, PaymentRequest, ReturnRequest, Show};
use crate::peer::Malformed;

/// Characters of a payment's `description`, at most.
const DESCRIPTION_MAX: usize = 128;
/// Characters of `merchant_customer_id`, at most.
const CUSTOMER_MAX: usize = 200;

/// The bank's word for a means. Nothing where it has none of its own.
pub const fn method(method: Method) -> Option<&'static str> {
    match method {
        Method::Card => Some("bank_card"),
        Method::Sbp => Some("sbp"),
        Method::SberPay => Some("sberbank"),
        Method::TPay => Some("tinkoff_bank"),
        Method::MirPay | Method::YandexPay | Method::MtsPay | Method::Dolyami | Method::Terminal | Method::Cash => None,
    }
}

/// An amount in the bank's words.
pub fn amount(money: Money) -> Amount {
    Amount { value: money.to_decimal().to_string(), currency: money.currency().code().to_owned() }
}

/// An amount in ours.
///
/// # Errors
/// Not an amount of money.
pub fn money(amount: &Amount, pointer: &str) -> Result<Money, Malformed> {
    let currency = Currency::from_code(&amount.currency)
        .ok_or_else(|| Malformed::at(&format!("{pointer}/currency"), "an ISO 4217 code"))?;
    Money::parse_major(&amount.value, currency)
        .map_err(|_| Malformed::at(&format!("{pointer}/value"), "major units with a point"))
}

/// A payment in the bank's words.
///
/// # Errors
/// By a means the bank does not take, or held where it can not be.
pub fn payment(request: &PaymentRequest) -> Result<PaymentBody, BankError> {
    let kind = method(request.method).ok_or_else(|| unsupported(request.method.code()))?;
    if request.method == Method::Sbp && request.stages == Stages::Two {
        return Err(unsupported("holding money of the СБП"));
    }
    let confirmation = match request.method {
        Method::Sbp => "qr",
        _ => "redirect",
    };
    Ok(PaymentBody {
        confirmation: Some(self::confirmation(confirmation, request)),
        payment_method_data: Some(MethodBody { kind: kind.to_owned() }),
        save_payment_method: request.save.then_some(true),
        ..common(request)
    })
}

/// A charge of saved means in the bank's words. A page to come back from is named only when the buyer is there to be sent to it.
pub fn charge(request: &ChargeRequest) -> PaymentBody {
    PaymentBody {
        confirmation: request.buyer_present.then(|| confirmation("redirect", &request.payment)),
        payment_method_id: Some(request.token.clone()),
        ..common(&request.payment)
    }
}

fn common(request: &PaymentRequest) -> PaymentBody {
    let metadata = [(NUMBER, request.number.as_str()), ("apikassa_bill", request.bill.as_str())];
    PaymentBody {
        amount: Some(amount(request.amount)),
        capture: request.stages == Stages::One,
        description: Some(request.description.chars().take(DESCRIPTION_MAX).collect()),
        metadata: Some(pairs(metadata)),
        merchant_customer_id: request.customer.clone().filter(|customer| customer.chars().count() <= CUSTOMER_MAX),
        ..PaymentBody::default()
    }
}

fn confirmation(kind: &str, request: &PaymentRequest) -> ConfirmationBody {
    let locale = match request.language {
        Language::Ru => "ru_RU",
        Language::En => "en_US",
    };
    ConfirmationBody {
        kind: kind.to_owned(),
        return_url: Some(request.return_url.clone()),
        locale: Some(locale.to_owned()),
    }
}

/// A capture in the bank's words.
pub fn capture(money: Money) -> CaptureBody {
    CaptureBody { amount: Some(amount(money)) }
}

/// A refund in the bank's words.
pub fn refund(request: &ReturnRequest, payment_id: &str) -> RefundBody {
    RefundBody {
        payment_id: Some(payment_id.to_owned()),
        amount: Some(amount(request.amount)),
        description: None,
        metadata: Some(pairs([(NUMBER, request.number.as_str()), (PAYMENT, request.payment.number.as_str())])),
    }
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Metadata {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Our number in what the bank keeps for us.
pub fn number(metadata: Option<&Metadata>) -> Option<&str> {
    metadata?.get(NUMBER).map(String::as_str)
}

/// Our number in something of a list that is not read yet.
pub fn number_in(item: &serde_json::Value) -> Option<&str> {
    item.pointer("/metadata")?.get(NUMBER)?.as_str()
}

/// How a payment stands, in our words. `asked` is what was to be paid.
///
/// # Errors
/// In no state we know, in another currency, or of more money than was asked for.
pub fn payment_report(payment: &Payment, asked: Money) -> Result<BankReport, Malformed> {
    Ok(BankReport {
        saved: payment.payment_method.as_ref().and_then(saved),
        ..BankReport::new(Some(payment.id.clone()), state(payment, asked)?)
    })
}

fn state(payment: &Payment, asked: Money) -> Result<BankState, Malformed> {
    let amount = bounded(&payment.amount, asked, "/amount")?;
    let nothing = amount.zero();
    let stands = |held, captured, refunded| Ok(BankState::Stands(Standing { held, captured, refunded }));
    match payment.status.as_str() {
        "pending" => Ok(BankState::Pending),
        "waiting_for_capture" => stands(amount, nothing, nothing),
        "succeeded" => {
            let refunded = payment.refunded_amount.as_ref();
            let refunded = refunded.map_or(Ok(nothing), |back| bounded(back, amount, "/refunded_amount"))?;
            stands(nothing, amount, refunded)
        }
        "canceled" => match payment.cancellation_details.as_ref().map(|details| details.reason.as_str()) {
            // It was paid and held, and nothing of it was taken.
            Some("canceled_by_merchant" | "expired_on_capture") => stands(nothing, nothing, nothing),
            other => Ok(BankState::Declined(reason(other))),
        },
        _ => Err(Malformed::at("/status", "pending, waiting_for_capture, succeeded or canceled")),
    }
}

/// Reads an amount that is never more than another.
fn bounded(amount: &Amount, most: Money, pointer: &str) -> Result<Money, Malformed> {
    let money = money(amount, pointer)?;
    let within = money.currency() == most.currency() && money.minor() <= most.minor();
    within.then_some(money).ok_or_else(|| Malformed::at(pointer, format!("at most {most}")))
}

/// Why a payment was canceled (<https://yookassa.ru/developers/payments/declined-payments>); a reason we do not know is still one.
fn reason(code: Option<&str>) -> DeclineReason {
    match code {
        Some("insufficient_funds") => DeclineReason::InsufficientFunds,
        Some("payment_method_restricted" | "card_expired") => DeclineReason::CardBlocked,
        Some("3d_secure_failed") => DeclineReason::AuthenticationFailed,
        Some("loan_declined_by_payer") => DeclineReason::CancelledByBuyer,
        Some("expired_on_confirmation" | "loan_application_expired") => DeclineReason::TimedOut,
        _ => DeclineReason::Other,
    }
}

fn saved(method: &PaymentMethod) -> Option<SavedMeans> {
    if !method.saved {
        return None;
    }
    let card = method.card.as_ref();
    let label = match card {
        Some(card) => format!("{} •• {}", scheme(card.card_type.as_deref()), last_four(&card.last4)),
        None if method.kind == "sbp" => "СБП".to_owned(),
        None => method.title.as_deref().unwrap_or(&method.kind).chars().take(60).collect(),
    };
    let valid_until = card.map(|card| format!("{}-{}", card.expiry_year, card.expiry_month));
    Some(SavedMeans { token: method.id.clone(), label, valid_until })
}

fn scheme(kind: Option<&str>) -> &str {
    match kind {
        Some("Mir") | None => "Мир",
        Some(other) => other,
    }
}

/// Never more than four digits, whatever was sent.
fn last_four(digits: &str) -> &str {
    let from = digits.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    digits.get(from..).unwrap_or_default()
}

/// How a refund stands, in our words.
///
/// # Errors
/// In no state we know, or not of an amount of money.
pub fn refund_report(refund: &Refund) -> Result<BankReport, Malformed> {
    let state = match refund.status.as_str() {
        "pending" => BankState::Pending,
        "succeeded" => BankState::Succeeded(money(&refund.amount, "/amount")?),
        // The bank's reasons tell of the shop's money and the receiving bank, never of the buyer.
        "canceled" => BankState::Declined(DeclineReason::Other),
        _ => return Err(Malformed::at("/status", "pending, succeeded or canceled")),
    };
    Ok(BankReport::new(Some(refund.id.clone()), state))
}

/// What the buyer is shown to pay.
///
/// # Errors
/// Neither a page nor a link of the СБП.
pub fn show(payment: &Payment) -> Result<Show, Malformed> {
    let confirmation = payment
        .confirmation
        .as_ref()
        .ok_or_else(|| Malformed::at("/confirmation", "present while the payment is pending"))?;
    if confirmation.kind == "qr" {
        let link = confirmation.confirmation_data.as_deref().filter(|link| is_sbp(link));
        return link
            .map(|link| Show::Sbp(link.to_owned()))
            .ok_or_else(|| Malformed::at("/confirmation/confirmation_data", "a link of the СБП"));
    }
    page(payment)
        .map(Show::Page)
        .ok_or_else(|| Malformed::at("/confirmation/confirmation_url", "an absolute http(s) URL"))
}

/// The bank's page, where there is one.
pub fn page(payment: &Payment) -> Option<String> {
    let url = payment.confirmation.as_ref()?.confirmation_url.as_deref()?;
    (url.starts_with("https://") || url.starts_with("http://")).then(|| url.to_owned())
}

fn is_sbp(link: &str) -> bool {
    let host = url::Url::parse(link).ok().filter(|url| url.scheme() == "https");
    host.as_ref().and_then(url::Url::host_str).is_some_and(|host| host.ends_with(".nspk.ru"))
}

/// When the order of a number was made: its first ten characters are the milliseconds of a ULID. Nothing when they are not.
pub fn made_at(number: &str) -> Option<Timestamp> {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let head = number.as_bytes().get(..10)?;
    let value = head.iter().try_fold(0_i64, |value, byte| {
        let digit = DIGITS.iter().position(|known| *known == byte.to_ascii_uppercase())?;
        value.checked_mul(32)?.checked_add(i64::try_from(digit).ok()?)
    })?;
    Timestamp::from_millisecond(value).ok()
}

/// What the bank can not do.
pub fn unsupported(what: &str) -> BankError {
    BankError::Refused { status: 0, code: "unsupported".to_owned(), message: format!("YooKassa has no {what}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_when_its_order_was_made() {
        let at = made_at("01KAVXA3HS8G5XV6QT7MH3V2KCo1").unwrap();
        assert_eq!(at.to_string().get(..7), Some("2025-11"), "{at}");
        assert_eq!(made_at("01KAVXA3HS"), made_at("01kavxa3hs8g5xv6qt7mh3v2kco1"));
        for number in ["", "01KAVXA3H", "order-1-of-shop", "ZZZZZZZZZZ"] {
            assert_eq!(made_at(number), None, "{number}");
        }
    }

    #[test]
    fn a_label_shows_four_digits_at_most() {
        for (sent, shown) in [("4444", "4444"), ("1234567890", "7890"), ("12", "12"), ("", ""), ("ффффф", "фффф")]
        {
            assert_eq!(last_four(sent), shown);
        }
    }
}
