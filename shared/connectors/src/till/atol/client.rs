//! The conversation with АТОЛ Онлайн.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::receipt::ReceiptDocument;
use domain::receipt::register::{Register, RegisterKind};
use domain::time::Timestamp;
use http::Method;

use super::Version;
use super::translate::{self, Registered, Said, Unsayable};
use super::wire::{Answer, CODE_EXPIRED_TOKEN, CODE_MISSING_TOKEN, Login, Token};
use crate::http::{Http, HttpError, Request, Response};
use crate::peer::{Malformed, accepted, read};
use crate::till::{CallbackError, Failed, FailureClass, Question, Till, TillAnswer, TillCallback, TillError, Tokens};

/// Where the service is.
const ADDRESS: &str = "https://online.atol.ru/possystem";

/// A group of registers, as one login speaks to it.
#[derive(Clone)]
pub struct AtolTill {
    version: Version,
    /// With the version, without a trailing slash.
    address: String,
    group: String,
    login: String,
    password: String,
    tokens: Arc<Tokens>,
    now: Timestamp,
}

impl std::fmt::Debug for AtolTill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AtolTill").field("address", &self.address).field("group", &self.group).finish_non_exhaustive()
    }
}

/// What came instead of an answer.
enum Not {
    /// Nothing usable.
    Error(TillError),
    /// No token is to be had: nothing was sent.
    Barred(Failed),
}

impl From<TillError> for Not {
    fn from(error: TillError) -> Self {
        Self::Error(error)
    }
}

impl AtolTill {
    /// The registers of a contract. `now` is the real clock, for what is told as the document's time.
    pub fn new(register: &Register, tokens: Arc<Tokens>, now: Timestamp) -> Self {
        let version = Version::of(register.kind);
        let credentials = &register.credentials;
        let base = match (&register.address, register.kind) {
            (Some(address), _) => address.trim_end_matches('/').to_owned(),
            (None, RegisterKind::BusinessKassaV4) => {
                format!("https://check.business.ru/api-{}", credentials.of("partner"))
            }
            (None, _) => ADDRESS.to_owned(),
        };
        Self {
            version,
            address: format!("{base}/{}", version.segment()),
            group: register.group.clone().unwrap_or_default(),
            login: credentials.of("login").to_owned(),
            password: credentials.of("password").to_owned(),
            tokens,
            now,
        }
    }

    fn token_key(&self) -> String {
        format!("{}\n{}", self.address, self.login)
    }

    /// The token that is known, else a new one. Whatever goes wrong here, no document was sent.
    async fn token(&self, http: &dyn Http) -> Result<String, Not> {
        let key = self.token_key();
        if let Some(token) = self.tokens.get(&key) {
            return Ok(token);
        }
        let not_sent = |error: Box<dyn std::error::Error + Send + Sync>| Not::Error(TillError::NotSent(error));
        let login = Login { login: &self.login, pass: &self.password };
        let body = serde_json::to_vec(&login).map_err(|error| not_sent(Box::new(error)))?;
        let request = Request {
            method: Method::POST,
            url: format!("{}/getToken", self.address),
            headers: vec![("content-type", "application/json; charset=utf-8".to_owned())],
            body: Bytes::from(body),
            partner_given: false,
        };
        let response = http.send(request).await.map_err(|error| not_sent(Box::new(error)))?;
        let Ok(answer) = read::<Token>(&response.body) else {
            accepted(&response).map_err(|error| not_sent(Box::new(error)))?;
            return Err(not_sent(Box::new(Said(0))));
        };
        match (answer.token.filter(|token| !token.is_empty()), answer.error) {
            (_, Some(error)) if matches!(error.code, 12 | 14 | 20 | 21) => {
                Err(Not::Barred(translate::failed(FailureClass::Register, &error)))
            }
            (_, Some(error)) => Err(not_sent(Box::new(Said(error.code)))),
            (Some(token), None) => {
                self.tokens.put(&key, token.clone());
                Ok(token)
            }
            (None, None) => Err(not_sent(Box::new(Said(0)))),
        }
    }

    /// One exchange; a token that has expired meanwhile is renewed once.
    async fn call(&self, http: &dyn Http, method: Method, path: &str, body: Bytes) -> Result<Answer, Not> {
        let mut renewed = false;
        loop {
            let token = self.token(http).await?;
            let request = Request {
                method: method.clone(),
                url: format!("{}/{}/{path}", self.address, self.group),
                headers: vec![("content-type", "application/json; charset=utf-8".to_owned()), ("token", token)],
                body: body.clone(),
                partner_given: false,
            };
            let response = http.send(request).await.map_err(|error| match error {
                HttpError::NotSent(_) => TillError::NotSent(Box::new(error)),
                HttpError::Unknown(_) => TillError::Unknown(Box::new(error)),
            })?;
            let answer = answer(&response)?;
            let stale = answer.error.as_ref().is_some_and(|error| {
                error.kind != "driver" && matches!(error.code, CODE_MISSING_TOKEN | CODE_EXPIRED_TOKEN)
            });
            if !stale || renewed {
                return Ok(answer);
            }
            self.tokens.forget(&self.token_key());
            renewed = true;
        }
    }

    async fn report(&self, http: &dyn Http, uuid: &str, external_id: &str) -> Result<TillAnswer, TillError> {
        let path = format!("report/{uuid}");
        let answer = match self.call(http, Method::GET, &path, Bytes::new()).await {
            Ok(answer) => answer,
            Err(Not::Error(error)) => return Err(error),
            // The document is with them; that we may not ask now says nothing of it.
            Err(Not::Barred(Failed { code, text, .. })) => {
                return Err(TillError::Refused { status: 401, code, message: text });
            }
        };
        if answer.external_id.as_ref().is_some_and(|told| told != external_id) {
            return Err(Malformed::at("/external_id", "the id that was sent").into());
        }
        if answer.uuid.as_ref().is_some_and(|told| told != uuid) {
            return Err(Malformed::at("/uuid", "the id that was asked about").into());
        }
        translate::report(&answer)
    }
}

/// A body that is an answer is one whatever its status: refusals come with 400, 401 and 403.
fn answer(response: &Response) -> Result<Answer, TillError> {
    if response.status >= 500 || matches!(response.status, 408 | 429) {
        accepted(response)?;
    }
    match read::<Answer>(&response.body) {
        Ok(answer) if answer.error.is_some() || (200..300).contains(&response.status) => Ok(answer),
        Ok(_) => {
            accepted(response)?;
            Err(Malformed::at("/error", "present with this status").into())
        }
        Err(malformed) => {
            accepted(response)?;
            Err(malformed.into())
        }
    }
}

#[async_trait]
impl Till for AtolTill {
    async fn print(
        &self,
        http: &dyn Http,
        document: &ReceiptDocument,
        callback_url: &str,
    ) -> Result<TillAnswer, TillError> {
        let body = match translate::document(self.version, document, callback_url, self.now) {
            Ok(body) => body,
            Err(error @ (Unsayable::Correction | Unsayable::Mark(_))) => {
                let class = if error == Unsayable::Correction { FailureClass::Document } else { FailureClass::Mark };
                return Ok(TillAnswer::Failed(Failed { class, code: String::new(), text: error.to_string() }));
            }
            Err(error) => return Err(TillError::NotSent(Box::new(error))),
        };
        let body = serde_json::to_vec(&body).map_err(|error| TillError::NotSent(Box::new(error)))?;
        let sent = self.call(http, Method::POST, translate::operation(document), Bytes::from(body)).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(Not::Error(error)) => return Err(error),
            Err(Not::Barred(failed)) => return Ok(TillAnswer::Failed(failed)),
        };
        match translate::registered(&answer)? {
            Registered::Not(failed) => Ok(TillAnswer::Failed(failed)),
            Registered::Before(None) => Ok(TillAnswer::Waiting),
            Registered::Before(Some(uuid)) => self.report(http, &uuid, &document.external_id).await,
            // The description leaves open whether an id of a finished document is called a duplicate: its report tells.
            Registered::As(uuid) => {
                Ok(self.report(http, &uuid, &document.external_id).await.unwrap_or(TillAnswer::Waiting))
            }
        }
    }

    /// The same document again: its external id makes that a question.
    async fn ask(&self, http: &dyn Http, question: Question<'_>) -> Result<TillAnswer, TillError> {
        self.print(http, question.document, question.callback_url).await
    }

    fn callback(
        &self,
        _now: Timestamp,
        _headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<TillCallback, CallbackError> {
        let answer: Answer = read(raw_body)?;
        match answer.external_id.filter(|id| !id.is_empty()) {
            // Nobody has signed it: it is a reason to ask, no more.
            Some(external_id) => Ok(TillCallback { external_id, answer: None }),
            None => Err(Malformed::at("/external_id", "present").into()),
        }
    }
}
