//! Both languages: ours and the sandbox bank's.

use domain::details::Language;
use domain::money::{Currency, Money};
use domain::order::{BankReport, BankState, DeclineReason};

use super::wire::{Outcome, PaymentBody, RefundBody, State};
use crate::bank::{PaymentRequest, ReturnRequest};
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
    }
}

/// A refund in the bank's words.
pub fn refund(request: &ReturnRequest) -> RefundBody {
    RefundBody {
        number: request.number.clone(),
        payment_number: request.payment.number.clone(),
        payment_reference: request.payment.reference.clone(),
        amount: request.amount.minor(),
        currency: request.amount.currency().code().to_owned(),
    }
}

/// An outcome in our words.
///
/// # Errors
/// A success without an amount, or in no currency we know.
pub fn report(outcome: &Outcome) -> Result<BankReport, Malformed> {
    let state = match outcome.state {
        State::Pending => BankState::Pending,
        State::NotFound => BankState::NotFound,
        State::Declined => BankState::Declined(reason(outcome.reason.as_deref())),
        State::Succeeded => {
            let minor = outcome.amount.ok_or_else(|| Malformed::at("/amount", "present with `succeeded`"))?;
            let currency = outcome.currency.as_deref().and_then(Currency::from_code);
            let currency = currency.ok_or_else(|| Malformed::at("/currency", "an ISO 4217 code with `succeeded`"))?;
            BankState::Succeeded(Money::new(minor, currency))
        }
    };
    Ok(BankReport::new(outcome.reference.clone(), state))
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
