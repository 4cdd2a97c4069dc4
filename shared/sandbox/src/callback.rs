//! Callbacks: kept in the row of what they are about until they are answered, so that a crash forgets none.

use connectors::peer::post_signed;
use connectors::signature;
use domain::id::Tenant;
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use workflows::ports::Ports;

use crate::SandboxError;
use crate::rows::{self, Next, Thing};

/// Seconds between the attempts: at once, then after 30 s, 5 min and 30 min, as gateways commonly do.
pub const WAITS_SECONDS: [i64; 3] = [30, 300, 1_800];

/// A callback that is still to be answered; `B` is what is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call<B = String> {
    /// Which, within the row.
    pub no: u32,
    /// What is said, to the byte: a repetition says the same.
    pub body: B,
    /// Attempts begun.
    attempts: usize,
    /// When to try (again), should nothing be heard of the attempt that is under way.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    at: Timestamp,
}

/// The callbacks of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls<B = String> {
    last: u32,
    open: Vec<Call<B>>,
}

impl<B> Default for Calls<B> {
    fn default() -> Self {
        Self { last: 0, open: Vec::new() }
    }
}

impl Calls {
    /// Adds a JSON body, to be sent now.
    pub fn add(&mut self, now: Timestamp, body: &impl Serialize) {
        let Ok(body) = serde_json::to_string(body) else { return };
        self.push(now, body);
    }
}

impl<B: Clone> Calls<B> {
    /// Adds one, to be made at `at`.
    pub fn push(&mut self, at: Timestamp, body: B) {
        self.last += 1;
        self.open.push(Call { no: self.last, body, attempts: 0, at });
    }

    /// When the next one is to be made.
    pub fn due(&self) -> Option<Timestamp> {
        self.open.iter().map(|call| call.at).min()
    }

    /// Takes those to be made now, each leased to the caller until its next attempt: the attempt is on record before it is
    /// made, and nobody else makes it at the same time. `waits`: seconds between the attempts.
    pub fn begin(&mut self, now: Timestamp, waits: &[i64]) -> Vec<Call<B>> {
        let mut begun = Vec::new();
        self.open.retain_mut(|call| {
            if call.at > now {
                return true;
            }
            let wait = waits.get(call.attempts);
            call.attempts += 1;
            call.at = plus_seconds(now, wait.copied().unwrap_or(0));
            begun.push(call.clone());
            wait.is_some() // the last attempt leaves nothing behind
        });
        begun
    }

    /// Makes all of them now, with as many attempts as at first; answers whether there were any.
    pub fn hasten(&mut self, now: Timestamp) -> bool {
        for call in &mut self.open {
            call.at = now;
            call.attempts = 0;
        }
        !self.open.is_empty()
    }

    /// Strikes off what was answered; answers whether there was anything to strike off.
    pub fn end(&mut self, answered: &[u32]) -> bool {
        let before = self.open.len();
        self.open.retain(|call| !answered.contains(&call.no));
        self.open.len() != before
    }
}

/// A thing that calls back.
pub trait Calling: Thing {
    /// What the callbacks' secret is derived for.
    const PURPOSE: &'static str;

    /// Its callbacks.
    fn calls(&mut self) -> &mut Calls;

    /// Where to.
    fn callback_url(&self) -> &str;
}

/// Makes the callbacks that were begun, in order, and strikes off those that were answered with 2xx. Answers the last status
/// heard, if any.
pub async fn make<T: Calling>(
    ports: &Ports,
    tenant: &Tenant,
    id: &str,
    now: Timestamp,
    url: &str,
    begun: Vec<Call>,
) -> Result<Option<u16>, SandboxError> {
    if begun.is_empty() {
        return Ok(None);
    }
    let secret = signature::derive(&ports.settings.master_secret.0, T::PURPOSE, tenant);
    let mut answered = Vec::new();
    let mut heard = None;
    for call in begun {
        // Signed by the real clock: how old a request is has nothing to do with the test partner's own time.
        let real = ports.clock.now();
        let sent = post_signed(ports.http.as_ref(), url.to_owned(), None, &secret, real, call.body.into_bytes()).await;
        match sent {
            Ok(response) => {
                heard = Some(response.status);
                if (200..300).contains(&response.status) {
                    answered.push(call.no);
                } else {
                    tracing::warn!(%tenant, kind = T::KIND, id, status = response.status, "a callback was not accepted");
                }
            }
            Err(error) => tracing::warn!(%tenant, kind = T::KIND, id, %error, "a callback was not answered"),
        }
    }
    let due = rows::change(ports, tenant, id, |thing: Option<T>| {
        let Some(mut thing) = thing else {
            return Next::Keep(None);
        };
        if thing.calls().end(&answered) {
            let due = thing.due();
            return Next::Put(thing, due);
        }
        Next::Keep(thing.due())
    })
    .await?;
    rows::wake::<T>(ports, tenant, id, now, due).await;
    Ok(heard)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn four_attempts_and_no_more() {
        let mut calls = Calls::default();
        calls.add(at(0), &"x");
        let mut made = Vec::new();
        while let Some(due) = calls.due() {
            assert!(calls.begin(plus_seconds(due, -1), &WAITS_SECONDS).is_empty(), "not before its time");
            assert_eq!(calls.begin(due, &WAITS_SECONDS).len(), 1);
            made.push(due.as_second());
            assert!(made.len() < 10);
        }
        assert_eq!(made, [0, 30, 330, 2_130]);
    }

    #[test]
    fn what_was_answered_is_struck_off_alone() {
        let mut calls = Calls::default();
        calls.add(at(0), &"a");
        calls.add(at(0), &"b");
        let begun = calls.begin(at(0), &WAITS_SECONDS);
        assert_eq!(begun.len(), 2);
        assert!(calls.end(&[begun[0].no]));
        assert_eq!(
            calls.begin(at(30), &WAITS_SECONDS).iter().map(|call| call.body.as_str()).collect::<Vec<_>>(),
            [r#""b""#]
        );
    }
}
