//! Stationary registers whose agent fetches its jobs: what a job and a register's desk are, who may take what and when, and what a
//! register tells of itself.
//!
//! ```text
//! a job     Waiting ──take──▶ Out ──done──▶ Printed      sent again from Failed or Gone: surely not printed
//!              │  ▲            └──failed──▶ Failed
//!              │  └── sent again ────────────┘
//!              ├── nobody fetches it ──▶ Failed      a person may declare a job Failed, from any state but Printed
//!              └── its receipt is with another register ──▶ Gone
//! ```
//!
//! A register prints one thing at a time, so its desk holds one job, and no other is given out before that one is closed. That is
//! what makes the last document of a register the answer to *was it printed?*.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Fiscal;
use crate::time::{Timestamp, plus_seconds};

/// Seconds a job is an agent's alone: a long receipt with marking codes to check prints within one minute.
pub const LEASE_SECONDS: i64 = 180;
/// Seconds a job waits to be fetched before another register is tried: a receipt is wanted while the buyer still looks for it.
pub const FETCHED_WITHIN_SECONDS: i64 = 30 * 60;
/// Seconds without a word after which a register is thought to be away.
pub const SILENT_SECONDS: i64 = 15 * 60;
/// Seconds a shift may be open (приказ ФНС ЕД-7-20/662@, tag 2: no receipt after 24 hours).
pub const SHIFT_SECONDS: i64 = 24 * 3_600;
/// Days before a drive ends at which the operator is told: it takes days to buy another and register it.
pub const DRIVE_DAYS_LEFT: i32 = 30;
/// Documents a drive has left when the operator is told.
pub const DRIVE_DOCUMENTS_LEFT: u32 = 5_000;
/// What the numbers of drives for tests begin with; the tax service knows nothing of what they sign.
pub const TEST_DRIVES: &str = "9999";

/// A document a register is to print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// When it was put there, last.
    #[serde(rename = "t", with = "jiff::fmt::serde::timestamp::second::required")]
    pub since: Timestamp,
    /// How it stands.
    #[serde(rename = "s")]
    pub state: JobState,
}

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Never given out since it was put there.
    Waiting,
    /// Given out: it may be printed.
    Out,
    /// Printed.
    Printed(Outcome),
    /// Surely not printed.
    Failed(NotDone),
    /// Not to be printed here: its receipt is with another register, or has been printed.
    Gone,
}

/// What was printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The fiscal attributes.
    #[serde(rename = "f")]
    pub fiscal: Fiscal,
    /// Tag 1199 of each item as it was printed, where the agent tells.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<Vec<u8>>,
}

/// Why it was not printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotDone {
    /// The lease it was given out under; 0 where nobody fetched it.
    #[serde(rename = "l")]
    pub lease: u32,
    /// Why.
    #[serde(rename = "c")]
    pub why: Trouble,
    /// The agent's words.
    #[serde(rename = "x", default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What keeps a register from printing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// No paper, or the lid is open.
    PaperOut,
    /// The agent does not reach the register.
    Offline,
    /// The shift is older than 24 hours and the register does not close it by itself.
    #[serde(rename = "shift_over_24h")]
    ShiftOver24h,
    /// The drive's memory is full.
    DriveFull,
    /// The drive's time is over.
    DriveExpired,
    /// A marking code did not pass its check.
    MarkingRefused,
    /// The register refuses the document.
    Document,
    /// No agent has fetched the job.
    NotFetched,
    /// A person has made sure that it was not printed.
    Declared,
}

impl Trouble {
    /// What an agent may tell.
    pub const TOLD: [Self; 7] = [
        Self::PaperOut,
        Self::Offline,
        Self::ShiftOver24h,
        Self::DriveFull,
        Self::DriveExpired,
        Self::MarkingRefused,
        Self::Document,
    ];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PaperOut => "paper_out",
            Self::Offline => "offline",
            Self::ShiftOver24h => "shift_over_24h",
            Self::DriveFull => "drive_full",
            Self::DriveExpired => "drive_expired",
            Self::MarkingRefused => "marking_refused",
            Self::Document => "document",
            Self::NotFetched => "not_fetched",
            Self::Declared => "declared",
        }
    }
}

impl Job {
    /// A job that is put out now.
    pub const fn new(now: Timestamp) -> Self {
        Self { since: now, state: JobState::Waiting }
    }

    /// Whether there is nothing more to do.
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, JobState::Printed(_) | JobState::Failed(_) | JobState::Gone)
    }

    /// Whether nobody came for it in time. It was never given out, so it is surely not printed.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.state == JobState::Waiting && plus_seconds(self.since, FETCHED_WITHIN_SECONDS) <= now
    }
}

/// A register's desk: who may come for jobs, and the job that is out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// SHA-256 (hex) of the one key its agent has.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub key_sha256: Option<String>,
    /// Leases given so far; the last one's number.
    #[serde(rename = "n", default)]
    pub leases: u32,
    /// The job that is out.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub out: Option<Lease>,
    /// The last document of a job that is on record: what is printed later has a higher number in the same drive.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Document>,
}

/// A job given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The job's external id.
    #[serde(rename = "j")]
    pub job: String,
    /// The number of the lease.
    #[serde(rename = "n")]
    pub no: u32,
    /// It is the agent's alone until then.
    #[serde(rename = "u", with = "jiff::fmt::serde::timestamp::second::required")]
    pub until: Timestamp,
}

/// A fiscal document by its drive and number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Tag 1041.
    #[serde(rename = "fn")]
    pub drive: String,
    /// Tag 1040.
    #[serde(rename = "fd")]
    pub number: u64,
}

impl From<&Fiscal> for Document {
    fn from(fiscal: &Fiscal) -> Self {
        Self { drive: fiscal.drive.clone(), number: fiscal.document }
    }
}

/// What may be given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing until then: a job is out.
    Nothing(Timestamp),
    /// This one again, and no other: what became of it is not known.
    Again(String),
    /// Any.
    Any,
}

impl Desk {
    /// What may be given out now.
    pub fn next(&self, now: Timestamp) -> Next {
        match &self.out {
            Some(lease) if lease.until > now => Next::Nothing(lease.until),
            Some(lease) => Next::Again(lease.job.clone()),
            None => Next::Any,
        }
    }

    /// Gives a job out.
    pub fn lease(&mut self, job: &str, now: Timestamp) -> Lease {
        self.leases = self.leases.saturating_add(1);
        let lease = Lease { job: job.to_owned(), no: self.leases, until: plus_seconds(now, LEASE_SECONDS) };
        self.out = Some(lease.clone());
        lease
    }

    /// Takes a closed job off; answers whether anything has changed.
    pub fn close(&mut self, job: &str, state: &JobState) -> bool {
        let before = self.clone();
        if let JobState::Printed(outcome) = state {
            let printed = Document::from(&outcome.fiscal);
            let newer =
                self.last.as_ref().is_none_or(|last| last.drive != printed.drive || last.number < printed.number);
            if newer {
                self.last = Some(printed);
            }
        }
        if self.out.as_ref().is_some_and(|lease| lease.job == job) {
            self.out = None;
        }
        *self != before
    }
}

/// What a register tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// When it was told, by our clock.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Key of the model in the catalogue.
    pub model: String,
    /// Serial number (tag 1013).
    pub serial: String,
    /// РН ККТ (tag 1037).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// ФН (tag 1041).
    pub drive: String,
    /// The last day of the drive.
    pub drive_until: Date,
    /// Documents the drive has left.
    pub documents_left: u32,
    /// When the shift was opened; nothing while it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift_opened_at: Option<Timestamp>,
    /// Whether there is paper; nothing for a register without a printer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<bool>,
    /// Name and version of the agent and the register's firmware.
    pub software: String,
}

/// What the operator is told about a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// It has not been heard of.
    Silent,
    /// No paper.
    PaperOut,
    /// The shift has been open for more than 24 hours.
    #[serde(rename = "shift_over_24h")]
    ShiftOver24h,
    /// The drive ends soon.
    DriveEnds,
    /// The drive's time is over.
    DriveExpired,
    /// The drive is nearly full.
    DriveNearlyFull,
    /// The drive is full.
    DriveFull,
    /// A drive for tests.
    TestDrive,
}

impl Condition {
    /// What is to be told about it.
    pub fn warnings(&self, now: Timestamp) -> Vec<Warning> {
        let today = crate::time::moscow_date(now);
        let left = today.until(self.drive_until).map_or(0, |span| span.get_days());
        let shift = self.shift_opened_at.is_some_and(|opened| plus_seconds(opened, SHIFT_SECONDS) <= now);
        [
            (plus_seconds(self.at, SILENT_SECONDS) <= now, Warning::Silent),
            (self.paper == Some(false), Warning::PaperOut),
            (shift, Warning::ShiftOver24h),
            ((0..DRIVE_DAYS_LEFT).contains(&left), Warning::DriveEnds),
            (self.drive_until < today, Warning::DriveExpired),
            ((1..DRIVE_DOCUMENTS_LEFT).contains(&self.documents_left), Warning::DriveNearlyFull),
            (self.documents_left == 0, Warning::DriveFull),
            (self.drive.starts_with(TEST_DRIVES), Warning::TestDrive),
        ]
        .into_iter()
        .filter_map(|(is, warning)| is.then_some(warning))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Money;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn printed(number: u64) -> JobState {
        let fiscal = Fiscal {
            drive: "9999078900001234".into(),
            document: number,
            sign: "1234567890".into(),
            register: "0000000001234567".into(),
            shift: 1,
            number: 1,
            at: at("2026-11-21T09:00:00Z"),
            total: Money::rub(100),
        };
        JobState::Printed(Outcome { fiscal, rates: None })
    }

    #[test]
    fn a_desk_gives_out_one_job_until_it_is_closed() {
        let (start, mut desk) = (at("2026-11-21T09:00:00Z"), Desk::default());
        assert_eq!(desk.next(start), Next::Any);
        let lease = desk.lease("a-r1", start);
        assert_eq!(desk.next(start), Next::Nothing(lease.until));
        assert_eq!(desk.next(lease.until), Next::Again("a-r1".into()));
        assert!(!desk.close("b-r1", &JobState::Waiting), "another job's end changes nothing");
        assert!(desk.close("a-r1", &printed(7)));
        assert_eq!(desk.next(start), Next::Any);
        assert_eq!(desk.last.as_ref().map(|last| last.number), Some(7));
        assert!(!desk.close("a-r1", &printed(6)), "an older document is no news");
        assert_eq!(desk.lease("b-r1", start).no, 2);
    }

    #[test]
    fn a_job_is_forgotten_only_while_nobody_has_it() {
        let job = Job::new(at("2026-11-21T09:00:00Z"));
        assert!(!job.is_forgotten(at("2026-11-21T09:29:59Z")));
        assert!(job.is_forgotten(at("2026-11-21T09:30:00Z")));
        let out = Job { state: JobState::Out, ..job };
        assert!(!out.is_forgotten(at("2027-11-21T09:30:00Z")));
    }

    #[test]
    fn warnings_are_told_in_time() {
        let now = at("2026-11-21T09:00:00Z");
        let fine = Condition {
            at: now,
            model: "emulator".into(),
            serial: "1".into(),
            registration: None,
            drive: "7380440800000001".into(),
            drive_until: jiff::civil::date(2027, 11, 21),
            documents_left: 100_000,
            shift_opened_at: Some(now),
            paper: Some(true),
            software: "agent 1".into(),
        };
        assert_eq!(fine.warnings(now), []);
        assert_eq!(fine.warnings(plus_seconds(now, SHIFT_SECONDS)), [Warning::Silent, Warning::ShiftOver24h]);
        let told = |change: &dyn Fn(&mut Condition)| {
            let mut changed = fine.clone();
            change(&mut changed);
            changed.warnings(now)
        };
        assert_eq!(told(&|of| of.drive_until = jiff::civil::date(2026, 12, 20)), [Warning::DriveEnds]);
        assert_eq!(told(&|of| of.drive_until = jiff::civil::date(2026, 11, 20)), [Warning::DriveExpired]);
        assert_eq!(told(&|of| of.documents_left = 4_999), [Warning::DriveNearlyFull]);
        assert_eq!(told(&|of| of.documents_left = 0), [Warning::DriveFull]);
        assert_eq!(told(&|of| of.paper = Some(false)), [Warning::PaperOut]);
        assert_eq!(told(&|of| of.drive = "9999078900001234".into()), [Warning::TestDrive]);
    }

    #[test]
    fn codes_are_the_serialised_ones() {
        for why in Trouble::TOLD {
            assert_eq!(serde_json::to_value(why).unwrap(), why.code());
        }
    }
}
