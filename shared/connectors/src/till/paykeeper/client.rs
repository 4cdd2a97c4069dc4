//! The conversation with Касса `PayKeeper`.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use bytes::Bytes;
use domain::acquiring::Credentials;
use domain::receipt::ReceiptDocument;
use domain::receipt::register::Register;
use domain::time::Timestamp;
use url::form_urlencoded;

use super::translate;
use super::wire::{BY_ID, OneOrMany, PRINT, ReceiptRow, Token, Verdict};
use crate::http::{Http, Request, Response};
use crate::peer::{Malformed, accepted, read};
use crate::till::reading::{before, class_of, failed, refused, send, unsupported};
use crate::till::sandbox::translate::sno;
use crate::till::{CallbackError, FailureClass, Question, Till, TillAnswer, TillCallback, TillError, Tokens};

/// The longest body of a callback that is read.
const CALLBACK_MAX: usize = 64 * 1024;

/// Касса `PayKeeper`, as one cabinet speaks to it.
pub struct PaykeeperTill {
    address: String,
    credentials: Credentials,
    tokens: Arc<Tokens>,
}

impl std::fmt::Debug for PaykeeperTill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaykeeperTill").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What came of a request.
enum Reached {
    /// An answer.
    Answer(Response),
    /// The user is not let in.
    Barred,
}

impl PaykeeperTill {
    /// A contract's register; no request carries the time.
    pub fn new(register: &Register, tokens: Arc<Tokens>, _now: Timestamp) -> Self {
        let credentials = register.credentials.clone();
        let address = register.address.as_deref().unwrap_or_else(|| credentials.of("server"));
        Self { address: address.trim_end_matches('/').to_owned(), credentials, tokens }
    }

    fn token_key(&self) -> String {
        format!("{} {}", self.address, self.credentials.of("user"))
    }

    async fn exchange(&self, http: &dyn Http, path: &str, form: Option<String>) -> Result<Reached, TillError> {
        let pair = format!("{}:{}", self.credentials.of("user"), self.credentials.of("password"));
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        let mut headers = vec![("authorization", format!("Basic {basic}")), ("accept", "application/json".to_owned())];
        let method = if form.is_some() { ::http::Method::POST } else { ::http::Method::GET };
        if form.is_some() {
            headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        }
        let url = format!("{}{path}", self.address);
        let body = Bytes::from(form.unwrap_or_default());
        let response = send(http, Request { method, url, headers, body, partner_given: false }).await?;
        // Who is not let in is sent to a page to sign in.
        if matches!(response.status, 301 | 302 | 303 | 307 | 308 | 401 | 403) {
            return Ok(Reached::Barred);
        }
        accepted(&response)?;
        Ok(Reached::Answer(response))
    }

    async fn token(&self, http: &dyn Http) -> Result<Option<String>, TillError> {
        let key = self.token_key();
        if let Some(token) = self.tokens.get(&key) {
            return Ok(Some(token));
        }
        let Reached::Answer(response) = self.exchange(http, "/info/settings/token/", None).await? else {
            return Ok(None);
        };
        let Token { token } = read(&response.body)?;
        self.tokens.put(&key, token.clone());
        Ok(Some(token))
    }

    /// Prints, or finds what the same key has printed.
    async fn receipt(&self, http: &dyn Http, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
        if self.address.is_empty() {
            return Ok(failed(FailureClass::Register, "credentials", "server is the cabinet's address"));
        }
        let set_to = self.credentials.of("taxation");
        if !set_to.is_empty() && set_to != sno(document.taxation) {
            return Ok(unsupported("another taxation system than the register is set to"));
        }
        let fields = match translate::fields(document) {
            Ok(fields) => fields,
            Err(answer) => return Ok(answer),
        };
        let mut verdict = Verdict::default();
        for _ in 0..2 {
            let Some(token) = self.token(http).await.map_err(before)? else { return Ok(barred()) };
            let form = form(&fields, ("token", &token));
            let Reached::Answer(response) = self.exchange(http, PRINT, Some(form)).await? else {
                return Ok(barred());
            };
            verdict = one(read(&response.body)?, "")?;
            // The token changes once a day, and that may be between the two requests.
            if verdict.receipt_id.is_empty() && is_about_token(&verdict.msg) {
                self.tokens.forget(&self.token_key());
                continue;
            }
            break;
        }
        if verdict.receipt_id.is_empty() {
            if verdict.result != "fail" && verdict.msg.is_empty() {
                return Err(Malformed::at("/receipt_id", "the receipt's number").into());
            }
            let class = if is_about_token(&verdict.msg) { FailureClass::Register } else { class_of(&verdict.msg) };
            return Ok(failed(class, "fail", &verdict.msg));
        }
        self.standing(http, &verdict.receipt_id, document).await
    }

    async fn standing(
        &self,
        http: &dyn Http,
        receipt_id: &str,
        document: &ReceiptDocument,
    ) -> Result<TillAnswer, TillError> {
        let query = form(&[], ("id", receipt_id));
        // The receipt is there: whoever does not show it does not undo it.
        let Reached::Answer(response) = self.exchange(http, &format!("{BY_ID}?{query}"), None).await? else {
            return Err(refused(401, "auth", "the user may print receipts, but not see them"));
        };
        let row: ReceiptRow = one(read(&response.body)?, "")?;
        if row.result == "fail" {
            return Err(refused(200, "fail", &row.msg));
        }
        if row.id != receipt_id {
            return Err(Malformed::at("/id", "the receipt that was asked for").into());
        }
        Ok(translate::answer(&row, document)?)
    }
}

#[async_trait]
impl Till for PaykeeperTill {
    async fn print(
        &self,
        http: &dyn Http,
        document: &ReceiptDocument,
        _callback_url: &str,
    ) -> Result<TillAnswer, TillError> {
        self.receipt(http, document).await
    }

    /// The key makes a print a question: the cabinet knows receipts by a number of its own, which an answer that got lost took along.
    async fn ask(&self, http: &dyn Http, question: Question<'_>) -> Result<TillAnswer, TillError> {
        self.receipt(http, question.document).await
    }

    /// Reads the key of whatever form or JSON came: how it stands, the cabinet is asked.
    fn callback(
        &self,
        _now: Timestamp,
        _headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<TillCallback, CallbackError> {
        let missing = || Malformed::at("/receipt_key", "present");
        let body = raw_body.get(..raw_body.len().min(CALLBACK_MAX)).unwrap_or_default();
        let of_json = || {
            let told: serde_json::Value = serde_json::from_slice(body).ok()?;
            told.get("receipt_key")?.as_str().map(ToOwned::to_owned)
        };
        let of_form = || {
            form_urlencoded::parse(body).find(|(name, _)| name == "receipt_key").map(|(_, value)| value.into_owned())
        };
        let external_id = of_json().or_else(of_form).filter(|key| !key.is_empty()).ok_or_else(missing)?;
        Ok(TillCallback { external_id, answer: None })
    }
}

fn form(fields: &[(&'static str, String)], last: (&str, &str)) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).append_pair(last.0, last.1).finish()
}

fn one<T>(told: OneOrMany<T>, pointer: &str) -> Result<T, Malformed> {
    match told {
        OneOrMany::One(one) => Ok(one),
        OneOrMany::Many(many) => {
            many.into_iter().next().ok_or_else(|| Malformed::at(&format!("{pointer}/0"), "an object"))
        }
    }
}

/// «Токен безопасности не верен», in whatever words it comes next time.
fn is_about_token(msg: &str) -> bool {
    let msg = msg.to_lowercase();
    msg.contains("токен") || msg.contains("token")
}

fn barred() -> TillAnswer {
    failed(FailureClass::Register, "auth", "the user or the password is not accepted")
}
