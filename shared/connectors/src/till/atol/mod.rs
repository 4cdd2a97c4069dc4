//! АТОЛ Онлайн, protocols v4 (FFD 1.05) and v5 (FFD 1.2), and the dialect of v4 that Бизнес.Ру Чеки speaks.
//!
//! Documents: «Описание протокола v4 (ФФД 1.05)», version 5.23 of 09.12.2025, whose sections are cited here; v5 by its public
//! clients. Credentials: `login` and `password` of the settings file; the group of registers is the contract's `group`. At
//! Бизнес.Ру Чеки `partner` too: the part of the address that stands for the integrator.
//!
//! The service knows a document by a uuid it tells when the document is registered. We keep none: the same external id sent
//! again is answered with that uuid (section 6.1; error 33) and registers nothing new, so that asking is sending again, then
//! asking for the report. An id is spent by the first document that is registered under it, also where that failed.
//!
//! What it can not do: callbacks are not signed, so that they only say that it is worth asking; VAT rates are not told back; v4
//! has no corrections of refunds, and its corrections have no items, so that none is sent there; reports are kept 32 days.

mod client;
pub mod translate;
pub mod wire;

pub use client::AtolTill;

use domain::receipt::register::RegisterKind;

/// Which version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// FFD 1.05.
    V4,
    /// FFD 1.2.
    V5,
}

impl Version {
    /// The version a kind of register speaks.
    pub const fn of(kind: RegisterKind) -> Self {
        if matches!(kind, RegisterKind::AtolV5) { Self::V5 } else { Self::V4 }
    }

    /// Its part of an address.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::V4 => "v4",
            Self::V5 => "v5",
        }
    }
}
