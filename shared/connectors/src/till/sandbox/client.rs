//! The conversation with the sandbox register.

use async_trait::async_trait;
use domain::details::ReceiptScenario;
use domain::id::Tenant;
use domain::receipt::ReceiptDocument;
use domain::time::Timestamp;

use super::translate;
use super::wire::{Report, ReportBody};
use crate::http::Http;
use crate::peer::{Malformed, Peer, PeerError, accepted, read};
use crate::till::{CallbackError, Question, Till, TillAnswer, TillCallback, TillError};

/// The sandbox register, as one tenant speaks to it about one order.
#[derive(Debug, Clone)]
pub struct SandboxTill {
    peer: Peer,
    scenario: ReceiptScenario,
}

impl SandboxTill {
    /// The register at `base_url`. `secret` is derived for [`super::PURPOSE`]. `scenario` is the test order's; `now` is the real clock, for signatures.
    pub fn new(base_url: &str, tenant: &Tenant, secret: Vec<u8>, now: Timestamp, scenario: ReceiptScenario) -> Self {
        Self { peer: Peer::new(base_url, tenant, secret, now), scenario }
    }

    async fn answer(
        &self,
        http: &dyn Http,
        path: &str,
        external_id: &str,
        body: &impl serde::Serialize,
    ) -> Result<TillAnswer, TillError> {
        let response = self.peer.post(http, path, body).await?;
        // A refused document comes with 400 and the same shape of report; only what is no report is a refusal of the request.
        if response.status != 400 {
            accepted(&response)?;
        }
        let report: Report = match read(&response.body) {
            Ok(report) => report,
            Err(malformed) => {
                accepted(&response)?;
                return Err(malformed.into());
            }
        };
        if report.external_id != external_id {
            return Err(Malformed::at("/external_id", "the id that was sent").into());
        }
        Ok(translate::answer(&report)?)
    }
}

#[async_trait]
impl Till for SandboxTill {
    async fn print(
        &self,
        http: &dyn Http,
        document: &ReceiptDocument,
        callback_url: &str,
    ) -> Result<TillAnswer, TillError> {
        let body = translate::document(document, callback_url, self.scenario, self.peer.now)
            .map_err(|error| PeerError::NotSent(Box::new(error)))?;
        self.answer(http, translate::path(document.kind, document.correction.is_some()), &document.external_id, &body)
            .await
    }

    async fn ask(&self, http: &dyn Http, question: Question<'_>) -> Result<TillAnswer, TillError> {
        let external_id = &question.document.external_id;
        let body = ReportBody { external_id: external_id.clone() };
        self.answer(http, "/sandbox/till/v5/report", external_id, &body).await
    }

    fn callback(
        &self,
        now: Timestamp,
        headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<TillCallback, CallbackError> {
        let report: Report = self.peer.verified(now, headers, raw_body)?;
        if report.external_id.is_empty() {
            return Err(Malformed::at("/external_id", "present").into());
        }
        let answer = translate::answer(&report)?;
        Ok(TillCallback { external_id: report.external_id, answer: Some(answer) })
    }
}
