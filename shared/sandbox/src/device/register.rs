//! The machine: a fiscal drive with its counters, a shift of 24 hours, paper, and what can go wrong with them.
//!
//! Numbers are given by the drive and never twice; what it has printed stays in it, whatever its agent forgets.

use connectors::till::device::catalogue::{self, Closing, DRIVE_DOCUMENTS, Model};
use connectors::till::device::{translate, wire};
use domain::receipt::Fiscal;
use domain::receipt::device::{Outcome, SHIFT_SECONDS, TEST_DRIVES, Trouble};
use domain::receipt::laws::breaches;
use domain::time::{Timestamp, moscow_date, plus_seconds, whole_seconds};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the machine, on or off by itself")]
pub struct Register {
    /// Key of its model.
    pub model: String,
    /// Serial number (tag 1013).
    pub serial: String,
    /// РН ККТ (tag 1037).
    pub registration: String,
    /// Its drive.
    pub drive: Drive,
    /// The open shift.
    pub shift: Option<Shift>,
    /// Number of the last shift (tag 1038).
    pub shifts: u32,
    /// There is paper.
    pub paper: bool,
    /// It receipts without paper what is settled on the Internet.
    pub paperless: bool,
    /// Its agent reaches it.
    pub reachable: bool,
    /// It refuses marking codes.
    pub refuses_marks: bool,
    /// It is programmed to print this rate (tag 1199), whatever it is sent.
    pub prints_rate: Option<u8>,
}

/// A fiscal drive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drive {
    /// Tag 1041.
    pub number: String,
    /// Its last day.
    pub until: Date,
    /// Documents that fit into it.
    pub documents_max: u32,
    /// Number of its last document (tag 1040).
    pub last: u32,
    /// Receipts in it, with their numbers.
    pub receipts: Vec<Kept>,
}

/// A receipt in a drive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    receipt: wire::Receipt,
    outcome: Outcome,
}

/// An open shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Receipts in it.
    pub receipts: u32,
}

impl Drive {
    /// A drive for tests, begun at `now` for some months. `no` tells it from others.
    pub fn new(no: u32, now: Timestamp, months: i32) -> Self {
        let today = moscow_date(now);
        Self {
            number: format!("{TEST_DRIVES}0789{no:08}"),
            until: today.checked_add(months.months()).unwrap_or(today),
            documents_max: DRIVE_DOCUMENTS,
            last: 0,
            receipts: Vec::new(),
        }
    }

    /// Documents it has left.
    pub fn left(&self) -> u32 {
        self.documents_max.saturating_sub(self.last)
    }

    /// The receipts it has signed, oldest first.
    pub fn printed(&self) -> impl Iterator<Item = &Fiscal> {
        self.receipts.iter().map(|kept| &kept.outcome.fiscal)
    }

    fn next(&mut self) -> u32 {
        self.last = self.last.saturating_add(1);
        self.last
    }
}

impl Register {
    /// A register of a model with a new drive of 15 months, registered (document 1). `no` tells it from others. Nothing for a model
    /// that is not in the catalogue.
    pub fn new(model: &str, no: u32, now: Timestamp) -> Option<Self> {
        let mut drive = Drive::new(no, now, 15);
        drive.next();
        Some(Self {
            model: catalogue::find(model)?.key.to_owned(),
            serial: format!("00106{no:09}"),
            registration: format!("{no:010}{:06}", 700_000 + no % 100_000),
            drive,
            shift: None,
            shifts: 0,
            paper: true,
            paperless: false,
            reachable: true,
            refuses_marks: false,
            prints_rate: None,
        })
    }

    fn model(&self) -> Option<&'static Model> {
        catalogue::find(&self.model)
    }

    /// Puts another drive in.
    pub fn replace_drive(&mut self, drive: Drive) {
        self.drive = drive;
        self.drive.next();
        self.shift = None;
        self.shifts = 0;
    }

    /// Closes the shift: a document of its own.
    pub fn close_shift(&mut self) {
        if self.shift.take().is_some() {
            self.drive.next();
        }
    }

    /// Prints a receipt, and keeps it.
    ///
    /// # Errors
    /// It has not, and why.
    pub fn print(&mut self, id: &str, receipt: &wire::Receipt, now: Timestamp) -> Result<Outcome, (Trouble, String)> {
        let trouble = |why, text: &str| Err((why, text.to_owned()));
        if !self.reachable {
            return trouble(Trouble::Offline, "the register does not answer");
        }
        if self.drive.until < moscow_date(now) {
            return trouble(Trouble::DriveExpired, "the drive's key has expired");
        }
        // The report that closes the shift must still fit.
        if self.drive.left() <= 2 {
            return trouble(Trouble::DriveFull, "the drive's archive is full");
        }
        if !(self.paper || self.paperless && receipt.internet) {
            return trouble(Trouble::PaperOut, "no paper");
        }
        let document = match translate::document(id, receipt) {
            Ok(document) => document,
            Err(malformed) => return Err((Trouble::Document, format!("{}: {}", malformed.pointer, malformed.rule))),
        };
        if let Some(breach) = breaches(&document, moscow_date(now)).first() {
            return Err((Trouble::Document, format!("{} (tag {}): {}", breach.pointer, breach.tag, breach.rule.code)));
        }
        if self.refuses_marks && !receipt.sell_unchecked && receipt.items.iter().any(|item| item.mark.is_some()) {
            return trouble(Trouble::MarkingRefused, "the code is not in circulation");
        }
        let over = |shift: Shift| plus_seconds(shift.opened_at, SHIFT_SECONDS) <= now;
        if self.shift.is_some_and(over) {
            if self.model().is_none_or(|model| model.closing == Closing::Agent) {
                return trouble(Trouble::ShiftOver24h, "the shift has lasted for 24 hours");
            }
            self.close_shift();
        }
        if self.shift.is_none() {
            self.drive.next();
            self.shifts = self.shifts.saturating_add(1);
            self.shift = Some(Shift { opened_at: now, receipts: 0 });
        }
        let number = self.shift.as_mut().map_or(1, |shift| {
            shift.receipts = shift.receipts.saturating_add(1);
            shift.receipts
        });
        let fiscal = Fiscal {
            drive: self.drive.number.clone(),
            document: u64::from(self.drive.next()),
            sign: sign(&self.drive, receipt),
            register: self.registration.clone(),
            shift: self.shifts,
            number,
            at: whole_seconds(now),
            total: document.total,
        };
        let rates = receipt.items.iter().map(|item| self.prints_rate.unwrap_or(item.rate)).collect();
        let outcome = Outcome { fiscal, rates: Some(rates) };
        self.drive.receipts.push(Kept { receipt: receipt.clone(), outcome: outcome.clone() });
        Ok(outcome)
    }

    /// Whether a receipt was printed after a document: what a driver finds by reading the drive's archive. Nothing is known while
    /// the register does not answer.
    pub fn find(&self, receipt: &wire::Receipt, after: Option<&wire::After>) -> Option<Option<&Outcome>> {
        let later =
            |fiscal: &Fiscal| after.is_none_or(|after| after.drive != fiscal.drive || after.document < fiscal.document);
        let same = |kept: &&Kept| {
            let (one, other) = (&kept.receipt, receipt);
            let items = |of: &wire::Receipt| -> Vec<(String, String)> {
                of.items.iter().map(|item| (item.name.clone(), item.amount.clone())).collect()
            };
            one.kind == other.kind && one.total == other.total && items(one) == items(other)
        };
        let found = self.drive.receipts.iter().filter(|kept| later(&kept.outcome.fiscal)).find(same);
        self.reachable.then_some(found.map(|kept| &kept.outcome))
    }

    /// What it tells of itself.
    pub fn state(&self, software: &str) -> wire::State {
        wire::State {
            model: self.model.clone(),
            serial: self.serial.clone(),
            registration: Some(self.registration.clone()),
            drive: self.drive.number.clone(),
            drive_until: self.drive.until,
            documents_left: self.drive.left(),
            shift_opened_at: self.shift.map(|shift| shift.opened_at.to_string()),
            paper: Some(self.paper),
            software: software.to_owned(),
        }
    }
}

/// Ten digits that follow from the drive, its last number and the total (a real drive's key makes four bytes of them).
fn sign(drive: &Drive, receipt: &wire::Receipt) -> String {
    let digest = Sha256::digest(format!("{}\n{}\n{}", drive.number, drive.last, receipt.total));
    let four = digest.iter().take(4).fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    format!("{:010}", four.max(1))
}
