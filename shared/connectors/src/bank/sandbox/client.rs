//! The conversation with the sandbox bank.

use async_trait::async_trait;
use domain::acquiring::{Method, Return};
use domain::id::Tenant;
use domain::order::{BankReport, BankState};
use domain::time::Timestamp;

use super::translate;
use super::wire::{ChargeAnswer, CommandBody, ForgetAnswer, ForgetBody, Outcome, PaymentAnswer, StatusBody};
use crate::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Charged, Incoming, Known,
    PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use crate::http::Http;
use crate::nspk;
use crate::peer::{Malformed, Peer};

/// The sandbox bank, as one tenant speaks to it.
#[derive(Debug, Clone)]
pub struct SandboxBank {
    peer: Peer,
}

impl SandboxBank {
    /// The bank at `base_url`. `secret` is derived for [`super::PURPOSE`]. `now` is the real clock, for signatures.
    pub fn new(base_url: &str, tenant: &Tenant, secret: Vec<u8>, now: Timestamp) -> Self {
        Self { peer: Peer::new(base_url, tenant, secret, now) }
    }

    async fn outcome(
        &self,
        http: &dyn Http,
        path: &str,
        number: &str,
        body: &impl serde::Serialize,
    ) -> Result<BankReport, BankError> {
        let outcome: Outcome = self.peer.call(http, path, body).await?;
        of(&outcome.number, number)?;
        Ok(translate::report(&outcome)?)
    }

    /// A command, which is answered with what became of it: a bank that has taken it knows it.
    async fn command(&self, http: &dyn Http, path: &str, body: &CommandBody) -> Result<BankReport, BankError> {
        let report = self.outcome(http, path, &body.number, body).await?;
        match report.state {
            BankState::NotFound => Err(Malformed::at("/state", "a state of a command").into()),
            BankState::Succeeded(amount)
                if amount.minor() != body.amount || amount.currency().code() != body.currency =>
            {
                Err(Malformed::at("/amount", "the amount of the command").into())
            }
            _ => Ok(report),
        }
    }
}

#[async_trait]
impl Bank for SandboxBank {
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError> {
        let body = translate::payment(request);
        let answer: PaymentAnswer = self.peer.call(http, "/sandbox/bank/v1/payments", &body).await?;
        of(&answer.number, &request.number)?;
        let show = match (request.method, answer.sbp) {
            (Method::Sbp, Some(link)) => {
                let read = nspk::read(&link).map_err(|error| Malformed::at("/sbp", error.to_string()))?;
                if read.sum != Some(request.amount) {
                    return Err(Malformed::at("/sbp", "a link over the amount of the payment").into());
                }
                Show::Sbp(link)
            }
            (Method::Sbp, None) => return Err(Malformed::at("/sbp", "a link of the СБП").into()),
            _ => Show::Page(page(answer.url)?),
        };
        Ok(Registered { reference: answer.reference, show })
    }

    async fn charge(&self, http: &dyn Http, request: &ChargeRequest) -> Result<Charged, BankError> {
        let body = translate::charge(request);
        let answer: ChargeAnswer = self.peer.call(http, "/sandbox/bank/v1/charges", &body).await?;
        of(&answer.payment.number, &request.payment.number)?;
        let report = translate::report(&answer.payment)?;
        if report.state == BankState::NotFound {
            return Err(Malformed::at("/payment/state", "a state of a payment").into());
        }
        Ok(Charged { report, page: answer.url.map(page).transpose()? })
    }

    async fn ask(&self, http: &dyn Http, question: &Question) -> Result<BankReport, BankError> {
        let body = StatusBody { number: question.number.clone() };
        self.outcome(http, "/sandbox/bank/v1/payments/status", &question.number, &body).await
    }

    async fn capture(&self, http: &dyn Http, request: &CaptureRequest) -> Result<BankReport, BankError> {
        self.command(http, "/sandbox/bank/v1/captures", &translate::capture(request)).await
    }

    async fn give_back(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError> {
        let path = match request.kind {
            Return::Void => "/sandbox/bank/v1/voids",
            Return::Reversal => "/sandbox/bank/v1/reversals",
            Return::Refund => "/sandbox/bank/v1/refunds",
        };
        self.command(http, path, &translate::give_back(request)).await
    }

    async fn withdraw(&self, http: &dyn Http, payment: &Known) -> Result<BankReport, BankError> {
        let body = StatusBody { number: payment.number.clone() };
        self.outcome(http, "/sandbox/bank/v1/payments/withdraw", &payment.number, &body).await
    }

    async fn forget(&self, http: &dyn Http, customer: &str, token: &str) -> Result<(), BankError> {
        let body = ForgetBody { customer: customer.to_owned(), token: token.to_owned() };
        let answer: ForgetAnswer = self.peer.call(http, "/sandbox/bank/v1/means/forget", &body).await?;
        if answer.token == token { Ok(()) } else { Err(Malformed::at("/token", "the token that was sent").into()) }
    }

    fn callback(&self, now: Timestamp, incoming: &Incoming) -> Result<Option<Callback>, CallbackError> {
        let outcome: Outcome = self.peer.verified(now, &incoming.headers, &incoming.body)?;
        let report = translate::report(&outcome)?;
        if report.state == BankState::NotFound {
            return Err(Malformed::at("/state", "pending, succeeded or declined").into());
        }
        Ok(Some(Callback { number: outcome.number, report, proven: true, answer: CallbackAnswer::EMPTY }))
    }
}

fn of(said: &str, asked: &str) -> Result<(), Malformed> {
    if said == asked { Ok(()) } else { Err(Malformed::at("/number", "the number that was sent")) }
}

fn page(url: String) -> Result<String, Malformed> {
    let plain = url.starts_with("https://") || url.starts_with("http://");
    if plain { Ok(url) } else { Err(Malformed::at("/url", "an absolute http(s) URL")) }
}
