//! The agent: fetches a job, has it printed, tells what became of it. It remembers nothing: what it must know after a crash, its
//! register knows.

use bytes::Bytes;
use connectors::http::{Http, HttpError, Request, Response};
use connectors::till::device::{translate, wire};
use domain::receipt::device::Trouble;
use domain::time::Timestamp;
use http::Method;
use serde::Serialize;

use super::Register;

/// Times an outcome is told before the agent gives up; then the job comes again.
const TELLS_MAX: usize = 3;
/// What it calls itself.
const SOFTWARE: &str = "apikassa device 1";

/// Where an agent dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// With the job in hand.
    BeforePrinting,
    /// After the register has printed, before anybody was told.
    AfterPrinting,
}

/// What one turn came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// There was nothing to do.
    Idle,
    /// Nobody answered, or the key is not good: the HTTP status, 0 for silence.
    Refused(u16),
    /// A document is on record; whether it was printed by this turn or found in the register.
    Done {
        /// The job.
        id: String,
        /// It had been printed before.
        found: bool,
    },
    /// It was told that the job was not printed.
    Failed(String, Trouble),
    /// What became of the job could not be found out or told: it will come again.
    Unknown(String),
    /// It died.
    Crashed,
}

/// What became of a job, before it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// It is printed.
    Done {
        /// The job.
        id: String,
        /// The fiscal attributes.
        done: wire::Done,
        /// It had been printed before.
        found: bool,
    },
    /// It is surely not printed.
    Failed(String, wire::NotDone),
    /// Nobody knows.
    Unknown(String),
}

/// An agent with its register.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    base_url: String,
    place: String,
    key: String,
    /// The machine beside it.
    pub register: Register,
    /// It closes a shift that is over by itself.
    pub closes_shifts: bool,
    /// Where it dies next.
    pub crash: Option<Crash>,
}

impl Agent {
    /// The agent of the register `place` at `base_url`, with its device key.
    pub fn new(base_url: &str, place: &str, key: &str, register: Register) -> Self {
        let (base_url, place) = (base_url.trim_end_matches('/').to_owned(), place.to_owned());
        Self { base_url, place, key: key.to_owned(), register, closes_shifts: true, crash: None }
    }

    async fn post(&self, http: &dyn Http, path: &str, body: &impl Serialize) -> Result<Response, HttpError> {
        let body = serde_json::to_vec(body).map_err(|error| HttpError::NotSent(error.to_string()))?;
        let request = Request {
            method: Method::POST,
            url: format!("{}/v1/devices/{}/{path}", self.base_url, self.place),
            headers: vec![
                ("authorization", format!("Bearer {}", self.key)),
                ("content-type", "application/json".to_owned()),
            ],
            body: Bytes::from(body),
            partner_given: false,
        };
        http.send(request).await
    }

    /// Tells what the register is like now; answers the status, 0 for silence.
    pub async fn beat(&self, http: &dyn Http) -> u16 {
        self.post(http, "state", &self.register.state(SOFTWARE)).await.map_or(0, |answer| answer.status)
    }

    /// Comes for a job once, and sees it through as far as it goes.
    pub async fn turn(&mut self, http: &dyn Http, now: Timestamp) -> Turn {
        let job = match self.fetch(http).await {
            Ok(Some(job)) => job,
            Ok(None) => return Turn::Idle,
            Err(status) => return Turn::Refused(status),
        };
        if self.crash == Some(Crash::BeforePrinting) {
            self.crash = None;
            return Turn::Crashed;
        }
        let work = self.work(job, now);
        if self.crash == Some(Crash::AfterPrinting) {
            self.crash = None;
            return Turn::Crashed;
        }
        self.tell(http, work).await
    }

    /// Comes for a job.
    ///
    /// # Errors
    /// The status of another answer; 0 for none.
    pub async fn fetch(&self, http: &dyn Http) -> Result<Option<wire::Job>, u16> {
        let answer = self.post(http, "jobs/take", &serde_json::json!({})).await.map_err(|_| 0_u16)?;
        match answer.status {
            204 => Ok(None),
            200 => serde_json::from_slice(&answer.body).map(Some).map_err(|_| answer.status),
            other => Err(other),
        }
    }

    /// Has a job printed, unless it was; what is known then is to be kept before anybody is told.
    pub fn work(&mut self, job: wire::Job, now: Timestamp) -> Work {
        let id = job.external_id;
        if job.maybe_printed {
            match self.register.find(&job.receipt, job.printed_after.as_ref()) {
                // It does not answer: whether it has printed is not known, and nothing may be said.
                None => return Work::Unknown(id),
                Some(Some(outcome)) => return Work::Done { id, done: translate::done(outcome), found: true },
                Some(None) => {}
            }
        }
        let mut printed = self.register.print(&id, &job.receipt, now);
        if self.closes_shifts && matches!(printed, Err((Trouble::ShiftOver24h, _))) {
            self.register.close_shift();
            printed = self.register.print(&id, &job.receipt, now);
        }
        match printed {
            Ok(outcome) => Work::Done { id, done: translate::done(&outcome), found: false },
            Err((code, text)) => Work::Failed(id, wire::NotDone { lease: job.lease, code, text }),
        }
    }

    /// Tells what became of a job.
    pub async fn tell(&self, http: &dyn Http, work: Work) -> Turn {
        match work {
            Work::Unknown(id) => Turn::Unknown(id),
            Work::Done { id, done, found } => {
                let heard = self.insist(http, &format!("jobs/{id}/done"), &done).await;
                if heard { Turn::Done { id, found } } else { Turn::Unknown(id) }
            }
            Work::Failed(id, why) => {
                let heard = self.insist(http, &format!("jobs/{id}/failed"), &why).await;
                if heard { Turn::Failed(id, why.code) } else { Turn::Unknown(id) }
            }
        }
    }

    async fn insist(&self, http: &dyn Http, path: &str, body: &impl Serialize) -> bool {
        for _ in 0..TELLS_MAX {
            match self.post(http, path, body).await {
                Ok(answer) if answer.status == 204 => return true,
                Ok(answer) if answer.status < 500 => return false,
                _ => {}
            }
        }
        false
    }
}
