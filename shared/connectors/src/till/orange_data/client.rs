//! The conversation with `OrangeData`.

use async_trait::async_trait;
use bytes::Bytes;
use domain::receipt::register::Register;
use domain::receipt::{Ffd, ReceiptDocument};
use domain::time::Timestamp;

use super::key::{Key, KeyError};
use super::translate::{self, Contract};
use super::wire::{Done, EXPIRED, Errors, MarkErrors, RETRY_AFTER, SIGNATURE, Told};
use crate::http::{Http, HttpError, Identity, Request, Response};
use crate::peer::{Malformed, PeerError, accepted, read};
use crate::till::{CallbackError, FailureClass, Question, Till, TillAnswer, TillCallback, TillError};

/// The vendor's address.
const ADDRESS: &str = "https://api.orangedata.ru:12003";

/// `OrangeData`, as one owner's group of registers is spoken to.
pub struct OrangeDataTill {
    address: String,
    contract: Contract,
    private_key: String,
    identity: Option<Identity>,
}

impl std::fmt::Debug for OrangeDataTill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrangeDataTill")
            .field("address", &self.address)
            .field("contract", &self.contract)
            .finish_non_exhaustive()
    }
}

impl OrangeDataTill {
    /// The registers of a contract. Keys are read when they are needed.
    pub fn new(register: &Register) -> Self {
        let credentials = &register.credentials;
        let inn = credentials.of("inn").to_owned();
        let key = Some(credentials.of("key")).filter(|key| !key.is_empty()).unwrap_or(&inn).to_owned();
        let certificate = credentials.of("certificate");
        Self {
            address: register.address.as_deref().unwrap_or(ADDRESS).trim_end_matches('/').to_owned(),
            contract: Contract { inn, key, group: register.group.clone(), courier: credentials.of("courier") == "yes" },
            private_key: credentials.of("private_key").to_owned(),
            identity: (!certificate.is_empty()).then(|| Identity::new(certificate, credentials.of("certificate_key"))),
        }
    }

    async fn send(
        &self,
        http: &dyn Http,
        path: &str,
        signed: Option<(String, Vec<u8>)>,
    ) -> Result<Response, TillError> {
        let mut headers = vec![("accept", "application/json".to_owned())];
        let (method, body) = match signed {
            None => (::http::Method::GET, Bytes::new()),
            Some((signature, body)) => {
                headers.push(("content-type", "application/json; charset=utf-8".to_owned()));
                headers.push((SIGNATURE, signature));
                (::http::Method::POST, Bytes::from(body))
            }
        };
        let request =
            Request { method, url: format!("{}/api/v2/{path}", self.address), headers, body, partner_given: false };
        let response = match &self.identity {
            Some(identity) => http.send_as(request, identity).await,
            None => http.send(request).await,
        };
        response.map_err(|error| match error {
            HttpError::NotSent(_) => PeerError::NotSent(Box::new(error)),
            HttpError::Unknown(_) => PeerError::Unknown(Box::new(error)),
        })
    }

    fn signed(&self, body: Vec<u8>) -> Result<(String, Vec<u8>), KeyError> {
        Ok((Key::parse(&self.private_key)?.sign(&body)?, body))
    }

    /// How a document stands (2.2, 2.4, 2.8).
    async fn look(&self, http: &dyn Http, document: &ReceiptDocument) -> Result<TillAnswer, TillError> {
        let path = format!("{}/{}/status/{}", translate::path(document), self.contract.inn, document.external_id);
        let response = self.send(http, &path, None).await?;
        let empty = response.body.iter().all(u8::is_ascii_whitespace);
        match response.status {
            200 => printed(document, &response.body).map_err(TillError::from),
            202 => Ok(TillAnswer::Waiting),
            400 if empty || read::<Errors>(&response.body).is_ok() => Ok(TillAnswer::NotFound),
            // A gateway on the way says 524 too, when it has waited too long, and has a page for it.
            EXPIRED if empty => {
                Ok(TillAnswer::Failed(translate::failed(FailureClass::Expired, "524", "expired in the queue")))
            }
            422 => Ok(TillAnswer::Failed(translate::unmarked(&read::<MarkErrors>(&response.body)?))),
            _ => Err(unexpected(&response)),
        }
    }

    /// What is refused may have been taken before, and its answer lost: only what the register does not know is not printed.
    async fn unless_known(
        &self,
        http: &dyn Http,
        document: &ReceiptDocument,
        failed: crate::till::Failed,
    ) -> Result<TillAnswer, TillError> {
        match self.look(http, document).await? {
            TillAnswer::NotFound => Ok(TillAnswer::Failed(failed)),
            known => Ok(known),
        }
    }
}

fn printed(document: &ReceiptDocument, body: &[u8]) -> Result<TillAnswer, Malformed> {
    let (id, printed) = if document.correction.is_some() && document.ffd == Ffd::V1_05 {
        let done: Done<_> = read(body)?;
        (done.id.clone(), translate::corrected(&done)?)
    } else {
        let done: Done<_> = read(body)?;
        (done.id.clone(), translate::printed(&done)?)
    };
    if id != document.external_id {
        return Err(Malformed::at("/id", "the id that was asked about"));
    }
    Ok(TillAnswer::Printed(Box::new(printed)))
}

fn not_let_in() -> TillAnswer {
    let text = "the client certificate is not accepted";
    TillAnswer::Failed(translate::failed(FailureClass::Register, "401", text))
}

/// An answer of a status the manual does not have for the question.
fn unexpected(response: &Response) -> TillError {
    match accepted(response) {
        Err(error) => error,
        Ok(()) => Malformed::at("", format!("a status of the manual, not {}", response.status)).into(),
    }
}

#[async_trait]
impl Till for OrangeDataTill {
    async fn print(
        &self,
        http: &dyn Http,
        document: &ReceiptDocument,
        callback_url: &str,
    ) -> Result<TillAnswer, TillError> {
        let signed = match translate::command(&self.contract, document, callback_url) {
            Ok(body) => self.signed(body),
            // It never was sent, and never is.
            Err(failed) => return Ok(TillAnswer::Failed(failed)),
        };
        let signed = match signed {
            Ok(signed) => signed,
            Err(error) => {
                let failed = translate::failed(FailureClass::Register, "private_key", &error.to_string());
                return self.unless_known(http, document, failed).await;
            }
        };
        let response = self.send(http, &format!("{}/", translate::path(document)), Some(signed)).await?;
        match response.status {
            201 => Ok(TillAnswer::Waiting),
            409 => match self.look(http, document).await? {
                TillAnswer::NotFound => Ok(TillAnswer::Waiting), // it has just said that it knows the id
                known => Ok(known),
            },
            400 => match read::<Errors>(&response.body) {
                Ok(errors) => self.unless_known(http, document, translate::refused(400, &errors)).await,
                // The web server's page, where it takes the certificate for none.
                Err(_) if String::from_utf8_lossy(&response.body).contains("SSL certificate") => Ok(not_let_in()),
                Err(_) => Err(unexpected(&response)),
            },
            401 => Ok(not_let_in()),
            503 => match response.header(RETRY_AFTER) {
                Some(seconds) => {
                    let text = format!("the queue is full for {seconds} s");
                    Ok(TillAnswer::Failed(translate::failed(FailureClass::Passing, "503", &text)))
                }
                // Not the register's own words: what stands before it may have passed the command on.
                None => Err(unexpected(&response)),
            },
            _ => Err(unexpected(&response)),
        }
    }

    async fn ask(&self, http: &dyn Http, question: Question<'_>) -> Result<TillAnswer, TillError> {
        self.look(http, question.document).await
    }

    fn callback(
        &self,
        _now: Timestamp,
        _headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<TillCallback, CallbackError> {
        let Told { id } = read(raw_body)?;
        Ok(TillCallback { external_id: id, answer: None })
    }
}
