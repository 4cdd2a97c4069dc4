//! The conversation with the sandbox bank.

use async_trait::async_trait;
use domain::id::Tenant;
use domain::order::{BankReport, BankState};
use domain::time::Timestamp;

use super::translate;
use super::wire::{Outcome, PaymentAnswer, StatusBody};
use crate::bank::{
    Bank, BankError, Callback, CallbackAnswer, CallbackError, CaptureRequest, ChargeRequest, Charged, Incoming,
    PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use crate::http::Http;
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
        if outcome.number != number {
            return Err(Malformed::at("/number", "the number that was asked about").into());
        }
        Ok(translate::report(&outcome)?)
    }
}

#[async_trait]
impl Bank for SandboxBank {
    async fn register(&self, http: &dyn Http, request: &PaymentRequest) -> Result<Registered, BankError> {
        let body = translate::payment(request);
        let answer: PaymentAnswer = self.peer.call(http, "/sandbox/bank/v1/payments", &body).await?;
        if answer.number != request.number {
            return Err(Malformed::at("/number", "the number that was registered").into());
        }
        if !(answer.url.starts_with("https://") || answer.url.starts_with("http://")) {
            return Err(Malformed::at("/url", "an absolute http(s) URL").into());
        }
        Ok(Registered { reference: answer.reference, show: Show::Page(answer.url) })
    }

    async fn charge(&self, _http: &dyn Http, _request: &ChargeRequest) -> Result<Charged, BankError> {
        Err(unsupported("charge"))
    }

    async fn ask(&self, http: &dyn Http, question: &Question) -> Result<BankReport, BankError> {
        let body = StatusBody { number: question.number.clone() };
        self.outcome(http, "/sandbox/bank/v1/payments/status", &question.number, &body).await
    }

    async fn capture(&self, _http: &dyn Http, _request: &CaptureRequest) -> Result<BankReport, BankError> {
        Err(unsupported("capture"))
    }

    async fn give_back(&self, http: &dyn Http, request: &ReturnRequest) -> Result<BankReport, BankError> {
        let body = translate::refund(request);
        let report = self.outcome(http, "/sandbox/bank/v1/refunds", &request.number, &body).await?;
        if report.state == BankState::NotFound {
            return Err(Malformed::at("/state", "pending, succeeded or declined").into());
        }
        Ok(report)
    }

    async fn forget(&self, _http: &dyn Http, _customer: &str, _token: &str) -> Result<(), BankError> {
        Err(unsupported("forget"))
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

fn unsupported(what: &str) -> BankError {
    BankError::Refused { status: 0, code: "unsupported".to_owned(), message: format!("the bank has no {what}") }
}
