//! The one way out: a plain HTTP exchange behind a trait, so that silence, delay and loss can be played in a simulation.

use async_trait::async_trait;
use bytes::Bytes;

/// A request to someone outside.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: http::Method,
    /// Absolute URL.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: Bytes,
    /// Whether the address was given by a partner: then no private address is ever spoken to.
    pub partner_given: bool,
}

/// What came back. At most 256 kB of body are read.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
}

impl Response {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// It did not happen: the address is refused, or no connection was made.
    #[error("the request was not sent: {0}")]
    NotSent(String),
    /// It may have happened: the connection broke or fell silent after the request went out.
    #[error("no answer came: {0}")]
    Unknown(String),
}

/// Who we are to a server that asks its callers for a certificate (mutual TLS). Read when it is first used.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    certificates: String,
    key: String,
}

impl Identity {
    /// A certificate with its chain and its key, both PEM, the key without a password.
    pub fn new(certificates: &str, key: &str) -> Self {
        Self { certificates: certificates.to_owned(), key: key.to_owned() }
    }

    /// The certificate and its chain, PEM.
    pub fn certificates(&self) -> &str {
        &self.certificates
    }

    /// The certificate's key, PEM.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(***)")
    }
}

/// An HTTP client. Follows no redirects; waits at most ten seconds.
#[async_trait]
pub trait Http: Send + Sync {
    /// One exchange.
    async fn send(&self, request: Request) -> Result<Response, HttpError>;

    /// One exchange with a server that asks who we are. Whoever stands before the network passes the identity on; what has no
    /// network behind it (a double, a simulation) has nobody to show it to.
    async fn send_as(&self, request: Request, identity: &Identity) -> Result<Response, HttpError> {
        let _ = identity;
        self.send(request).await
    }
}
