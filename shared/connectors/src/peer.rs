//! One signed exchange with somebody outside who speaks JSON, and what can come of it.
//!
//! *It did not happen* and *we do not know whether it happened* never share a variant: the one may be tried again at once, the
//! other must be asked about.

use bytes::Bytes;
use domain::id::Tenant;
use domain::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::http::{Http, HttpError, Request, Response};
use crate::signature::{self, SignatureError};

/// The header that says which tenant's secret signs.
pub const TERMINAL: &str = "x-terminal";

/// Why the other side gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It did not happen: no connection was made, or the other side asked to come later.
    #[error("the request did not reach the other side")]
    NotSent(#[source] Cause),
    /// It may have happened: ask, never repeat.
    #[error("the other side did not answer; it may have done it")]
    Unknown(#[source] Cause),
    /// The other side said no. Ours to fix.
    #[error("the other side refused with {status} `{code}`: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its stable code.
        code: String,
        /// Its words, cut to 300 characters.
        message: String,
    },
    /// It answered, and the answer makes no sense to us; it may have done it.
    #[error("the answer is not readable at `{pointer}`: {rule}")]
    Unreadable {
        /// JSON pointer.
        pointer: String,
        /// What was wanted there.
        rule: String,
    },
}

/// What lies under a [`PeerError`].
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl PeerError {
    /// Whether the other side may have done what it was asked to.
    pub const fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::Unreadable { .. })
    }
}

/// Why what came in from outside is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// No signature.
    #[error("the callback is not signed")]
    Unsigned,
    /// Not theirs, or changed on the way.
    #[error("the callback's signature is wrong")]
    WrongSignature,
    /// Signed too long ago.
    #[error("the callback's signature is stale")]
    Stale,
    /// Theirs, but not understood.
    #[error("the callback is not readable at `{pointer}`: {rule}")]
    Malformed {
        /// JSON pointer.
        pointer: String,
        /// What was wanted there.
        rule: String,
    },
}

impl From<SignatureError> for CallbackError {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Unsigned => Self::Unsigned,
            SignatureError::Wrong => Self::WrongSignature,
            SignatureError::Stale { .. } => Self::Stale,
        }
    }
}

/// What was read is not what was agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// JSON pointer.
    pub pointer: String,
    /// What was wanted there.
    pub rule: String,
}

impl Malformed {
    /// `rule` is broken at `pointer`.
    pub fn at(pointer: &str, rule: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), rule: rule.into() }
    }
}

impl From<Malformed> for PeerError {
    fn from(Malformed { pointer, rule }: Malformed) -> Self {
        Self::Unreadable { pointer, rule }
    }
}

impl From<Malformed> for CallbackError {
    fn from(Malformed { pointer, rule }: Malformed) -> Self {
        Self::Malformed { pointer, rule }
    }
}

/// Reads JSON and names the place where it is not as agreed.
///
/// # Errors
/// Not JSON, or not of this shape.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Malformed> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer: String = error.path().iter().map(pointer_part).collect();
        // serde's words may quote a value of the body; the kind of error is enough and says nothing of anybody.
        let rule = match error.inner().classify() {
            serde_json::error::Category::Data => shape_rule(error.inner()),
            _ => "well-formed JSON".to_owned(),
        };
        Malformed { pointer, rule }
    })?;
    json.end().map_err(|_| Malformed::at("", "one JSON value and nothing after it"))?;
    Ok(value)
}

fn pointer_part(segment: &serde_path_to_error::Segment) -> String {
    match segment {
        serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
        serde_path_to_error::Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        serde_path_to_error::Segment::Enum { variant } => format!("/{variant}"),
        serde_path_to_error::Segment::Unknown => String::new(),
    }
}

/// `missing field …`, `unknown field …`, or what was expected; never the value that was found.
fn shape_rule(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if text.starts_with("missing field") || text.starts_with("unknown field") {
        return text.chars().take(200).collect();
    }
    match text.rsplit_once("expected ") {
        Some((_, wanted)) => format!("expected {}", wanted.chars().take(160).collect::<String>()),
        None => "another form".to_owned(),
    }
}

/// The other end of a signed conversation.
#[derive(Clone)]
pub struct Peer {
    /// Its address without a trailing slash.
    pub base_url: String,
    /// Who we are to it.
    pub terminal: String,
    /// Signs and verifies.
    pub secret: Vec<u8>,
    /// The real clock, for signatures.
    pub now: Timestamp,
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer")
            .field("base_url", &self.base_url)
            .field("terminal", &self.terminal)
            .finish_non_exhaustive()
    }
}

impl Peer {
    /// A tenant's conversation, signed with the secret derived for it ([`signature::derive`]). `now` is the real clock, not the
    /// test partner's own.
    pub fn new(base_url: &str, tenant: &Tenant, secret: Vec<u8>, now: Timestamp) -> Self {
        Self { base_url: base_url.trim_end_matches('/').to_owned(), terminal: tenant.to_string(), secret, now }
    }

    /// Sends a signed body to a path of the other side's and waits for whatever it answers.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn post(&self, http: &dyn Http, path: &str, body: &impl Serialize) -> Result<Response, PeerError> {
        let body = serde_json::to_vec(body).map_err(|error| PeerError::NotSent(Box::new(error)))?;
        let url = format!("{}{path}", self.base_url);
        post_signed(http, url, Some(&self.terminal), &self.secret, self.now, body).await.map_err(|error| match error {
            HttpError::NotSent(_) => PeerError::NotSent(Box::new(error)),
            HttpError::Unknown(_) => PeerError::Unknown(Box::new(error)),
        })
    }

    /// Sends a signed body and reads the answer, a refusal told from silence.
    ///
    /// # Errors
    /// There was no answer, it was a refusal, or it is not readable.
    pub async fn call<T: DeserializeOwned>(
        &self,
        http: &dyn Http,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, PeerError> {
        let response = self.post(http, path, body).await?;
        accepted(&response)?;
        Ok(read(&response.body)?)
    }

    /// Holds a callback to its signature and reads it.
    ///
    /// # Errors
    /// Not signed by this peer, not lately, or not readable.
    pub fn verified<T: DeserializeOwned>(
        &self,
        now: Timestamp,
        headers: &::http::HeaderMap,
        raw_body: &[u8],
    ) -> Result<T, CallbackError> {
        let mut found = headers.get_all(signature::HEADER).iter();
        let header = found.next().and_then(|value| value.to_str().ok());
        if found.next().is_some() {
            return Err(CallbackError::Unsigned); // two signatures are none: somebody on the way added one
        }
        signature::verify(&self.secret, now, header, raw_body)?;
        Ok(read(raw_body)?)
    }
}

/// Posts a JSON body with its signature.
///
/// # Errors
/// There was no answer.
pub async fn post_signed(
    http: &dyn Http,
    url: String,
    terminal: Option<&str>,
    secret: &[u8],
    now: Timestamp,
    body: Vec<u8>,
) -> Result<Response, HttpError> {
    let mut headers = vec![
        ("content-type", "application/json; charset=utf-8".to_owned()),
        (signature::HEADER, signature::sign(secret, now, &body)),
    ];
    headers.extend(terminal.map(|terminal| (TERMINAL, terminal.to_owned())));
    http.send(Request { method: ::http::Method::POST, url, headers, body: Bytes::from(body), partner_given: false })
        .await
}

/// An answer that is not one: only its status says something.
#[derive(Debug, thiserror::Error)]
#[error("the other side answered {0}")]
struct Status(u16);

/// The words of a refusal (RFC 9457).
#[derive(Debug, Default, Deserialize)]
struct Problem {
    #[serde(default)]
    code: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    detail: String,
}

/// Tells an answer from a refusal and from silence in the shape of an answer.
///
/// # Errors
/// It is no answer, or a refusal.
pub fn accepted(response: &Response) -> Result<(), PeerError> {
    match response.status {
        200..=299 => Ok(()),
        // Refused at the door, before anything was done.
        429 => Err(PeerError::NotSent(Box::new(Status(429)))),
        // A gateway gave up waiting, or the other side broke: what it did before is not known.
        408 | 500..=599 => Err(PeerError::Unknown(Box::new(Status(response.status)))),
        status => {
            let problem: Problem = serde_json::from_slice(&response.body).unwrap_or_default();
            let cut = |text: String, most: usize| text.chars().filter(|c| !c.is_control()).take(most).collect();
            let words = if problem.detail.is_empty() { problem.title } else { problem.detail };
            Err(PeerError::Refused { status, code: cut(problem.code, 60), message: cut(words, 300) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Body {
        #[expect(dead_code, reason = "only its reading is tested")]
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only its reading is tested")]
        amount: i64,
    }

    #[test]
    fn the_place_is_named_and_the_value_is_not() {
        let cases: [(&str, &str); 5] = [
            (r#"{"list":[{"amount":1},{"amount":"4111111111111111"}]}"#, "/list/1/amount"),
            (r#"{"list":[{}]}"#, "/list/0"),
            (r"{}", ""),
            (r#"{"list":["#, "/list"),
            (r#"{"list":[]} x"#, ""),
        ];
        for (body, pointer) in cases {
            let malformed = read::<Body>(body.as_bytes()).unwrap_err();
            assert_eq!(malformed.pointer, pointer, "{body}: {malformed:?}");
            assert!(!malformed.rule.contains("4111"), "{malformed:?}");
        }
    }

    #[test]
    fn silence_refusal_and_not_sent_are_three_things() {
        let answer = |status| Response {
            status,
            headers: Vec::new(),
            body: Bytes::from_static(br#"{"code":"x","detail":"y"}"#),
        };
        assert!(accepted(&answer(201)).is_ok());
        assert!(matches!(accepted(&answer(429)), Err(PeerError::NotSent(_))));
        for status in [408, 500, 502, 503, 504] {
            assert!(matches!(accepted(&answer(status)), Err(PeerError::Unknown(_))), "{status}");
        }
        for status in [301, 400, 401, 404, 409, 422] {
            let Err(PeerError::Refused { code, message, .. }) = accepted(&answer(status)) else { panic!("{status}") };
            assert_eq!((code.as_str(), message.as_str()), ("x", "y"));
        }
    }
}
