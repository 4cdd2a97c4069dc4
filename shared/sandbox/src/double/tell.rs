//! What a double tells by itself: rendered once in its family's words, kept in the deal's row until it is heard, repeated to
//! the byte on the family's own schedule.

use bytes::Bytes;
use connectors::http::Request;
use domain::money::Money;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use workflows::ports::Ports;

use super::Terminal;
use super::machine::Deal;
use crate::SandboxError;
use crate::callback::Call;
use crate::rows::{self, Next, Thing as _};

/// What happened to a deal. How it stood then is in the deal that comes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The money is held. Two stages only; and stale, after a capture, for the card `out_of_order`.
    Authorized,
    /// Money was taken: at once in one stage, by a capture in two, or by the bank when a hold lapsed.
    Captured {
        /// How much.
        amount: Money,
    },
    /// No money was taken.
    Declined,
    /// Nobody paid in time.
    TimedOut,
    /// Held money was let go.
    Voided {
        /// How much.
        amount: Money,
    },
    /// A refund is done.
    Refunded {
        /// Which.
        id: String,
    },
    /// A refund that was done is taken back. Most banks say nothing of it.
    RefundCancelled {
        /// Which.
        id: String,
    },
    /// The means were saved. Comes after the event that took or held the money.
    Bound,
    /// Saved means were forgotten.
    Unbound,
}

/// One callback, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// `GET` or `POST`.
    pub method: String,
    /// Where to, absolute, with its query.
    pub url: String,
    /// `Content-Type`; empty for none.
    pub content_type: String,
    /// The body; empty for `GET`.
    pub body: String,
    /// Seconds after what happened until it is sent.
    pub delay_seconds: i64,
}

impl Outgoing {
    /// A `POST` that is sent at once.
    pub fn post(url: impl Into<String>, content_type: &str, body: impl Into<String>) -> Self {
        let content_type = content_type.to_owned();
        Self { method: "POST".to_owned(), url: url.into(), content_type, body: body.into(), delay_seconds: 0 }
    }

    /// A `GET` that is sent at once.
    pub fn get(url: impl Into<String>) -> Self {
        let none = String::new();
        Self { method: "GET".to_owned(), url: url.into(), content_type: none.clone(), body: none, delay_seconds: 0 }
    }
}

/// Makes the callbacks that were begun, in order, and strikes off those that were heard.
pub(super) async fn make(
    ports: &Ports,
    terminal: &Terminal,
    reference: &str,
    now: Timestamp,
    begun: Vec<Call<Outgoing>>,
) -> Result<(), SandboxError> {
    let tenant = &terminal.tenant;
    let mut heard = Vec::new();
    for Call { no, body: outgoing, .. } in begun {
        // Where it is sealed with a time, that is the real one: how old a request is has nothing to do with a test clock.
        let seal = terminal.family.seal(terminal, ports.clock.now(), &outgoing);
        match ports.http.send(request(ports, seal, &outgoing)).await {
            Ok(response) if terminal.family.heard(terminal, &outgoing, response.status, &response.body) => {
                heard.push(no);
            }
            Ok(response) => {
                tracing::warn!(%tenant, reference, status = response.status, "a callback was not accepted");
            }
            Err(error) => tracing::warn!(%tenant, reference, %error, "a callback was not answered"),
        }
    }
    let due = rows::change(ports, tenant, reference, |deal: Option<Deal>| {
        let Some(mut deal) = deal else {
            return Next::Keep(None);
        };
        if deal.calls.end(&heard) {
            let due = deal.due();
            return Next::Put(deal, due);
        }
        Next::Keep(deal.due())
    })
    .await?;
    rows::wake::<Deal>(ports, tenant, reference, now, due).await;
    Ok(())
}

/// A callback as it is sent, with the header that seals it.
pub(crate) fn request(ports: &Ports, seal: Option<(&'static str, String)>, outgoing: &Outgoing) -> Request {
    let mut headers = Vec::new();
    if !outgoing.content_type.is_empty() {
        headers.push(("content-type", outgoing.content_type.clone()));
    }
    headers.extend(seal);
    let ours = outgoing.url.strip_prefix(&ports.settings.base_url).is_some_and(|rest| rest.starts_with('/'));
    Request {
        method: if outgoing.method == "GET" { http::Method::GET } else { http::Method::POST },
        url: outgoing.url.clone(),
        headers,
        body: Bytes::from(outgoing.body.clone()),
        partner_given: !ours,
    }
}
