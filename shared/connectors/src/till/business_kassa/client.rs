//! The conversation with Бизнес.Ру Чеки.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use domain::receipt::ReceiptDocument;
use domain::receipt::register::Register;
use domain::time::Timestamp;

use super::translate;
use super::wire::{Check, CommandRow, Commands, NewCommand, Refusal, Taken, Token};
use crate::http::{Http, Request, Response};
use crate::peer::{accepted, read};
use crate::till::reading::{before, class_of, failed, refused, send};
use crate::till::{CallbackError, FailureClass, Question, Till, TillAnswer, TillCallback, TillError, Tokens};

/// Бизнес.Ру Чеки, as one integration speaks to it.
pub struct BusinessKassaTill {
    address: String,
    app_id: String,
    secret: String,
    tokens: Arc<Tokens>,
    now: Timestamp,
    /// Questions so far: what makes their nonces differ.
    questions: AtomicU32,
}

impl std::fmt::Debug for BusinessKassaTill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusinessKassaTill")
            .field("address", &self.address)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// What came of a request that needs a token.
enum Reached {
    /// An answer.
    Answer(Response),
    /// The door stays shut with a fresh token as well, or there is none to be had.
    Barred(String),
}

impl BusinessKassaTill {
    /// A contract's register. `now` is the real clock: nonces of questions are made of it.
    pub fn new(register: &Register, tokens: Arc<Tokens>, now: Timestamp) -> Self {
        let address = register.address.as_deref().unwrap_or_else(|| super::address(register.ffd));
        Self {
            address: address.trim_end_matches('/').to_owned(),
            app_id: register.credentials.of("app_id").to_owned(),
            secret: register.credentials.of("secret").to_owned(),
            tokens,
            now,
            questions: AtomicU32::new(0),
        }
    }

    fn token_key(&self) -> String {
        format!("{} {}", self.address, self.app_id)
    }

    fn nonce(&self) -> String {
        let no = self.questions.fetch_add(1, Ordering::Relaxed);
        format!("{}.{no}", self.now.as_microsecond())
    }

    fn get(&self, path: &str, mut parameters: BTreeMap<&str, String>) -> Result<Request, TillError> {
        parameters.insert("app_id", self.app_id.clone());
        parameters.insert("nonce", self.nonce());
        let (query, sign) = translate::signed_query(&parameters, &self.secret).map_err(not_sent)?;
        Ok(Request {
            method: ::http::Method::GET,
            url: format!("{}/{path}?{query}", self.address),
            headers: vec![("accept", "application/json".to_owned()), ("sign", sign)],
            body: Bytes::new(),
            partner_given: false,
        })
    }

    fn post(
        &self,
        document: &ReceiptDocument,
        command: Check,
        nonce: String,
        token: &str,
    ) -> Result<Request, TillError> {
        let body = NewCommand {
            app_id: self.app_id.clone(),
            command,
            nonce,
            token: token.to_owned(),
            kind: translate::command_type(document.kind).to_owned(),
        };
        let body = translate::php_json(&body).map_err(not_sent)?;
        let headers = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", "application/json; charset=utf-8".to_owned()),
            ("sign", translate::sign(&body, &self.secret)),
        ];
        let url = format!("{}/Command", self.address);
        Ok(Request { method: ::http::Method::POST, url, headers, body: Bytes::from(body), partner_given: false })
    }

    /// Sends what needs a token; once more with a fresh one when it is refused. The number is of the try, from 0.
    async fn reach(
        &self,
        http: &dyn Http,
        request: impl Fn(&str, u8) -> Result<Request, TillError> + Send + Sync,
    ) -> Result<Reached, TillError> {
        let key = self.token_key();
        let mut said = String::new();
        for attempt in 0..2 {
            let token = match self.tokens.get(&key) {
                Some(token) => token,
                None => match self.fresh_token(http).await.map_err(before)? {
                    Ok(token) => token,
                    Err(said) => return Ok(Reached::Barred(said)),
                },
            };
            let response = send(http, request(&token, attempt)?).await?;
            if !is_shut(&response) {
                return Ok(Reached::Answer(response));
            }
            self.tokens.forget(&key);
            said = words(&response);
        }
        Ok(Reached::Barred(said))
    }

    async fn fresh_token(&self, http: &dyn Http) -> Result<Result<String, String>, TillError> {
        let response = send(http, self.get("Token", BTreeMap::new())?).await?;
        if is_shut(&response) || matches!(response.status, 400 | 422) {
            return Ok(Err(words(&response)));
        }
        accepted(&response)?;
        let Token { token } = read(&response.body)?;
        self.tokens.put(&self.token_key(), token.clone());
        Ok(Ok(token))
    }

    /// The commands under our number, whatever became of them, the first one first.
    async fn commands(&self, http: &dyn Http, c_num: &str) -> Result<Result<Vec<CommandRow>, TillAnswer>, TillError> {
        let question = |token: &str, _| {
            let parameters = BTreeMap::from([("c_num", c_num.to_owned()), ("token", token.to_owned())]);
            self.get("Command", parameters)
        };
        let response = match self.reach(http, question).await? {
            Reached::Answer(response) => response,
            Reached::Barred(said) => return Ok(Err(barred(&said))),
        };
        if response.status == 404 {
            return Ok(Ok(Vec::new()));
        }
        if matches!(response.status, 400 | 422) {
            return Err(refused(response.status, "question", &words(&response)));
        }
        accepted(&response)?;
        let mut rows = match read(&response.body)? {
            Commands::Plain(rows) | Commands::Named { commands: rows } => rows,
        };
        // The filter may find what only contains the number.
        rows.retain(|row| row.c_num == c_num);
        rows.sort_by_key(|row| row.id.parse::<u64>().unwrap_or(u64::MAX));
        Ok(Ok(rows))
    }
}

#[async_trait]
impl Till for BusinessKassaTill {
    async fn print(
        &self,
        http: &dyn Http,
        document: &ReceiptDocument,
        _callback_url: &str,
    ) -> Result<TillAnswer, TillError> {
        let command = match translate::check(document) {
            Ok(command) => command,
            Err(answer) => return Ok(answer),
        };
        let known = match self.commands(http, &document.external_id).await.map_err(before)? {
            Ok(known) => known,
            Err(answer) => return Ok(answer),
        };
        if let Some(answer) = translate::answer(&known, document)?
            && !translate::may_come_again(&answer)
        {
            return Ok(answer);
        }
        let request = |token: &str, attempt: u8| {
            let nonce = format!("{}.{}.{attempt}", document.external_id, known.len());
            self.post(document, command.clone(), nonce, token)
        };
        let response = match self.reach(http, request).await? {
            Reached::Answer(response) => response,
            Reached::Barred(said) => return Ok(barred(&said)),
        };
        if matches!(response.status, 400 | 422) {
            let said = words(&response);
            return Ok(failed(class_of(&said), response.status.to_string(), &said));
        }
        accepted(&response)?;
        let Taken { command_id: _ } = read(&response.body)?;
        Ok(TillAnswer::Waiting)
    }

    async fn ask(&self, http: &dyn Http, question: Question<'_>) -> Result<TillAnswer, TillError> {
        let rows = match self.commands(http, &question.document.external_id).await? {
            Ok(rows) => rows,
            Err(answer) => return Ok(answer),
        };
        Ok(translate::answer(&rows, question.document)?.unwrap_or(TillAnswer::NotFound))
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

const fn is_shut(response: &Response) -> bool {
    matches!(response.status, 401 | 403)
}

fn words(response: &Response) -> String {
    let refusal: Refusal = serde_json::from_slice(&response.body).unwrap_or_default();
    if refusal.message.is_empty() { format!("status {}", response.status) } else { refusal.message }
}

fn barred(said: &str) -> TillAnswer {
    failed(FailureClass::Register, "auth", said)
}

fn not_sent(error: serde_json::Error) -> TillError {
    TillError::NotSent(Box::new(error))
}
