//! Both languages: ours and the sandbox bank's.

use domain::acquiring::{Method, SavedMeans, Stages, Standing};
use domain::details::Language;
use domain::money::{Currency, Money};
use domain::order::{BankReport, BankState, DeclineReason};

use super::wire::{ChargeBody, CommandBody, Outcome, PaymentBody, Saved, State};
use crate::bank::{CaptureRequest, ChargeRequest, Known, PaymentRequest, ReturnRequest};
use crate::peer::Malformed;

/// A payment in the bank's words.
pub fn payment(request: &PaymentRequest) -> PaymentBody {
    PaymentBody {
        number: request.number.clone(),
        bill: request.bill.clone(),
        amount: request.amount.minor(),
        currency: request.amount.currency().code().to_owned(),
        description: request.description.chars().take(250).collect(),
        return_url: request.return_url.clone(),
        callback_url: request.callback_url.clone(),
        expires_at: request.expires_at.to_string(),
        language: match request.language {
            Language::Ru => "ru",
            Language::En => "en",
        }
        .to_owned(),
        merchant: request.merchant.clone(),
        stages: (request.stages == Stages::Two).then(|| "two".to_owned()),
        method: (request.method != Method::Card).then(|| request.method.code().to_owned()),
        customer: request.customer.clone(),
        save: request.save,
        points_max: request.points_max.map(Money::minor),
    }
}

/// A charge in the bank's words.
pub fn charge(request: &ChargeRequest) -> ChargeBody {
    let payment = payment(&request.payment);
    ChargeBody { payment, token: request.token.clone(), buyer_present: request.buyer_present }
}

/// A capture in the bank's words.
pub fn capture(request: &CaptureRequest) -> CommandBody {
    command(&request.number, &request.payment, request.amount)
}

/// A void, reversal or refund in the bank's words.
pub fn give_back(request: &ReturnRequest) -> CommandBody {
    command(&request.number, &request.payment, request.amount)
}

fn command(number: &str, payment: &Known, amount: Money) -> CommandBody {
    CommandBody {
        number: number.to_owned(),
        payment_number: payment.number.clone(),
        payment_reference: payment.reference.clone(),
        amount: amount.minor(),
        currency: amount.currency().code().to_owned(),
    }
}

/// An outcome in our words.
///
/// # Errors
/// Money without an amount, in no currency we know, or more of it than there can be.
pub fn report(outcome: &Outcome) -> Result<BankReport, Malformed> {
    let money = |pointer: &str, minor: Option<i64>| {
        let minor = minor.filter(|minor| *minor >= 0);
        let minor = minor.ok_or_else(|| Malformed::at(pointer, "minor units, where money moved"))?;
        let currency = outcome.currency.as_deref().and_then(Currency::from_code);
        let currency = currency.ok_or_else(|| Malformed::at("/currency", "an ISO 4217 code, where money moved"))?;
        Ok(Money::new(minor, currency))
    };
    let state = match outcome.state {
        State::Pending => BankState::Pending,
        State::NotFound => BankState::NotFound,
        State::Declined => BankState::Declined(reason(outcome.reason.as_deref())),
        State::Succeeded => BankState::Succeeded(money("/amount", outcome.amount)?),
        State::Stands => {
            let standing = Standing {
                held: money("/held", outcome.held)?,
                captured: money("/captured", outcome.captured)?,
                refunded: money("/refunded", outcome.refunded)?,
            };
            if standing.refunded.minor() > standing.captured.minor() {
                return Err(Malformed::at("/refunded", "no more than was captured"));
            }
            BankState::Stands(standing)
        }
    };
    let points = outcome.points.map(|points| money("/points", Some(points))).transpose()?;
    let saved =
        outcome.saved.clone().map(|Saved { token, label, valid_until }| SavedMeans { token, label, valid_until });
    Ok(BankReport { points, saved, ..BankReport::new(outcome.reference.clone(), state) })
}

/// The bank's reasons have our codes; one we do not know is still a decline.
fn reason(code: Option<&str>) -> DeclineReason {
    const KNOWN: [DeclineReason; 5] = [
        DeclineReason::InsufficientFunds,
        DeclineReason::CardBlocked,
        DeclineReason::AuthenticationFailed,
        DeclineReason::CancelledByBuyer,
        DeclineReason::TimedOut,
    ];
    KNOWN.into_iter().find(|known| Some(known.code()) == code).unwrap_or(DeclineReason::Other)
}
