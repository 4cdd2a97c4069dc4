//! The conversation with КИТ Онлайн.

use async_trait::async_trait;
use bytes::Bytes;
use domain::acquiring::Credentials;
use domain::receipt::ReceiptDocument;
use domain::receipt::register::Register;
use domain::time::Timestamp;
use serde::Serialize;

use super::translate;
use super::wire::{Answer, Asking, KNOWN, SendCheck, StateCheck};
use crate::http::{Http, Request};
use crate::peer::{accepted, read};
use crate::till::reading::{failed, send};
use crate::till::{CallbackError, FailureClass, Question, Till, TillAnswer, TillCallback, TillError};

/// КИТ Онлайн, as one company speaks to it.
#[derive(Clone)]
pub struct KitOnlineTill {
    address: String,
    credentials: Credentials,
}

impl std::fmt::Debug for KitOnlineTill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KitOnlineTill").field("address", &self.address).finish_non_exhaustive()
    }
}

impl KitOnlineTill {
    /// A contract's register; no request carries the time.
    pub fn new(register: &Register, _now: Timestamp) -> Self {
        let address = register.address.as_deref().unwrap_or(super::ADDRESS);
        Self { address: address.trim_end_matches('/').to_owned(), credentials: register.credentials.clone() }
    }

    /// Who asks about a document; nothing where the company's number is none.
    fn asking(&self, check_id: &str) -> Result<Asking, TillAnswer> {
        let company = self.credentials.of("company_id");
        let company_id =
            company.parse().map_err(|_| failed(FailureClass::Register, "credentials", "company_id is a number"))?;
        Ok(Asking {
            company_id,
            user_login: self.credentials.of("login").to_owned(),
            sign: translate::sign(company, self.credentials.of("password"), check_id),
            fiscal_data: Some("1".to_owned()),
            link: Some("1".to_owned()),
        })
    }

    async fn call(&self, http: &dyn Http, method: &str, body: &impl Serialize) -> Result<Answer, TillError> {
        let body = serde_json::to_vec(body).map_err(|error| TillError::NotSent(Box::new(error)))?;
        let request = Request {
            method: ::http::Method::POST,
            url: format!("{}/WebService.svc/{method}", self.address),
            headers: vec![("content-type", "application/json; charset=utf-8".to_owned())],
            body: Bytes::from(body),
            partner_given: false,
        };
        let response = send(http, request).await?;
        accepted(&response)?;
        Ok(read(&response.body)?)
    }

    async fn state(&self, http: &dyn Http, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
        let request = match self.asking(&document.external_id) {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        let body = StateCheck { request, check_number: document.external_id.clone() };
        let told = self.call(http, "StateCheck", &body).await?;
        translate::answer(&told, document)
    }
}

#[async_trait]
impl Till for KitOnlineTill {
    async fn print(
        &self,
        http: &dyn Http,
        document: &ReceiptDocument,
        _callback_url: &str,
    ) -> Result<TillAnswer, TillError> {
        let asked = translate::check(document).and_then(|check| Ok((self.asking(&document.external_id)?, check)));
        let (request, check) = match asked {
            Ok(asked) => asked,
            Err(answer) => return Ok(answer),
        };
        let told = self.call(http, "SendCheck", &SendCheck { request, check }).await?;
        if told.result_code == KNOWN {
            return self.state(http, document).await;
        }
        translate::answer(&told, document)
    }

    async fn ask(&self, http: &dyn Http, question: Question<'_>) -> Result<TillAnswer, TillError> {
        self.state(http, question.document).await
    }

    /// Nothing is ever told by itself: whoever says so is somebody else.
    fn callback(
        &self,
        _now: Timestamp,
        _headers: &::http::HeaderMap,
        _raw_body: &[u8],
    ) -> Result<TillCallback, CallbackError> {
        Err(CallbackError::Unsigned)
    }
}
