//! What a virtual register counts: documents, shifts, and the receipts of a shift, without a gap and none twice.
//!
//! A document's numbers and the register's counters lie in two rows. The counters' row is written first and remembers the
//! document it numbered last, so that a crash between the two is mended by whoever prints next: no number is given twice, and
//! none is lost.

use domain::id::Tenant;
use domain::receipt::Fiscal;
use domain::receipt::register::RegisterKind;
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::document::{Document, Printed};
use crate::rows::Thing;

/// Seconds a shift may last (54-ФЗ: 24 hours).
const SHIFT_SECONDS: i64 = 24 * 3_600;

/// A register's counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counters {
    drive: String,
    registration: String,
    /// Number of the last fiscal document, reports of shifts among them.
    document: u64,
    shift: u32,
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional")]
    shift_opened_at: Option<Timestamp>,
    number: u32,
    /// The document numbered last: its row may not know yet.
    pub(super) last: Option<Last>,
}

/// The document numbered last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Last {
    pub(super) reference: String,
    pub(super) printed: Printed,
}

impl Thing for Counters {
    const KIND: &'static str = "register";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// Serial numbers of a virtual register: its drive, its registration, its own.
pub(super) struct Serials {
    pub(super) drive: String,
    pub(super) registration: String,
    pub(super) serial: String,
}

impl Serials {
    pub(super) fn new(tenant: &Tenant, kind: RegisterKind) -> Self {
        let digits = |salt: &str, many: usize| -> String {
            let digest = Sha256::digest(format!("sandbox-register-{salt}\n{}\n{tenant}", kind.code()));
            digest.iter().take(many).map(|byte| char::from(b'0' + byte % 10)).collect()
        };
        Self {
            // Drives of this series are for tests only (OrangeData manual 2.31).
            drive: format!("9999{}", digits("drive", 12)),
            registration: format!("0000{}", digits("registration", 12)),
            serial: format!("0010{}", digits("serial", 10)),
        }
    }
}

impl Counters {
    pub(super) fn new(tenant: &Tenant, kind: RegisterKind) -> Self {
        let Serials { drive, registration, .. } = Serials::new(tenant, kind);
        Self { drive, registration, document: 0, shift: 0, shift_opened_at: None, number: 0, last: None }
    }

    /// Numbers a document.
    pub(super) fn print(&mut self, document: &Document, now: Timestamp) -> Printed {
        let open = self.shift_opened_at.is_some_and(|at| now < plus_seconds(at, SHIFT_SECONDS));
        if !open {
            // The report that closes a shift and the one that opens the next are fiscal documents too.
            self.document += if self.shift_opened_at.is_some() { 2 } else { 1 };
            self.shift += 1;
            self.shift_opened_at = Some(now);
            self.number = 0;
        }
        self.document += 1;
        self.number += 1;
        let total = document.content.total;
        let sign = Sha256::digest(format!("{}\n{}\n{}\n{total}", self.drive, self.document, document.external_id));
        let sign = u32::from_be_bytes([sign[0], sign[1], sign[2], sign[3]]);
        let printed = document.printed(Fiscal {
            drive: self.drive.clone(),
            document: self.document,
            sign: format!("{sign:010}"),
            register: self.registration.clone(),
            shift: self.shift,
            number: self.number,
            at: now,
            total,
        });
        self.last = Some(Last { reference: document.reference.clone(), printed: printed.clone() });
        printed
    }
}
