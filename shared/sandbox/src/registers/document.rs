//! A document at a doubled register: what it says, how it stands, and what becomes of it.

use std::collections::BTreeMap;

use domain::details::ReceiptScenario;
use domain::money::Money;
use domain::receipt::register::RegisterKind;
use domain::receipt::{Fiscal, Item, ReceiptDocument};
use domain::tax::VatRate;
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Device;
use crate::callback::Calls;
use crate::double::Outgoing;
use crate::rows::Thing;

/// What a register is asked to print, validated by its dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// Which register.
    pub kind: RegisterKind,
    /// The vendor's body read back; its external id is the vendor's.
    pub content: ReceiptDocument,
    /// Where the outcome is told, where the body names it.
    pub callback_url: Option<String>,
    /// What the dialect wants to remember.
    pub words: Value,
    /// What shall go wrong; nothing asks the device's list.
    pub fault: Option<Fault>,
}

/// What goes wrong with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It is printed, and nobody is told.
    Silent,
    /// It is taken, and the answer to that gets lost.
    LostAnswer,
    /// The register does not get to it in time at first.
    FailingOnce,
    /// Its id is spent before the register gets to it.
    Expiring,
    /// 20 % is printed where 22 % was sent.
    OtherRate,
    /// The check of a marking code fails.
    MarkRefused,
    /// The register prints nothing any more.
    Broken,
    /// The session token is refused once; about requests, not documents.
    Session,
    /// It reaches the register twice on the way, and the answer to the second time is heard: the register has it already.
    Duplicate,
    /// It breaks a rule of the register's own and is refused at the door; about requests, not documents.
    Refused,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Silent,
        Self::LostAnswer,
        Self::FailingOnce,
        Self::Expiring,
        Self::OtherRate,
        Self::MarkRefused,
        Self::Broken,
        Self::Session,
        Self::Duplicate,
        Self::Refused,
    ];

    /// The code used by the doors and in rows.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::LostAnswer => "lost_answer",
            Self::FailingOnce => "failing_once",
            Self::Expiring => "expiring",
            Self::OtherRate => "other_rate",
            Self::MarkRefused => "mark_refused",
            Self::Broken => "broken",
            Self::Session => "session",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
        }
    }

    /// Whether it happens to requests, so that no document carries it.
    pub const fn is_of_requests(self) -> bool {
        matches!(self, Self::Session | Self::Refused)
    }

    /// What a test order's scenario plays.
    pub const fn of(scenario: ReceiptScenario) -> Option<Self> {
        match scenario {
            ReceiptScenario::Prompt => None,
            ReceiptScenario::Silent => Some(Self::Silent),
            ReceiptScenario::FailingOnce => Some(Self::FailingOnce),
            ReceiptScenario::Expiring => Some(Self::Expiring),
            ReceiptScenario::OtherRate => Some(Self::OtherRate),
            ReceiptScenario::MarkRefused => Some(Self::MarkRefused),
            ReceiptScenario::Broken => Some(Self::Broken),
        }
    }
}

/// How a document stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Taken.
    Waiting,
    /// Printed.
    Done(Box<Printed>),
    /// Not printed.
    Failed(Failure),
}

/// What was printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// The fiscal attributes.
    pub fiscal: Fiscal,
    /// Tag 1199 of each item.
    pub rates: Vec<u8>,
    /// Tax or, without any, turnover by the rate of tag 1199.
    pub vats: BTreeMap<u8, Money>,
}

/// Why a document was not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The register did not get to it in time.
    Timeout,
    /// Its id is spent.
    Expired,
    /// The code of a marked unit did not pass its check.
    Mark {
        /// Which item, from 0.
        item: u8,
    },
    /// The register prints nothing any more.
    Broken,
}

/// A document as a register keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Which register.
    pub kind: RegisterKind,
    /// The id the platform gave it.
    pub external_id: String,
    /// The register's own id.
    pub reference: String,
    /// What it says.
    pub content: ReceiptDocument,
    /// Where its outcome is told, where it named that itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// What the dialect remembers.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub words: Value,
    /// What goes wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// How it stands.
    pub state: State,
    /// When it was taken.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub taken_at: Timestamp,
    /// When it was printed or failed.
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// When it is printed, where that needs nobody.
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    pub(super) print_at: Option<Timestamp>,
    /// When the sweep prints it, should the queue have forgotten.
    #[serde(default, with = "jiff::fmt::serde::timestamp::second::optional", skip_serializing_if = "Option::is_none")]
    pub(super) look_at: Option<Timestamp>,
    pub(super) failures: u8,
    pub(super) calls: Calls<Outgoing>,
}

impl Thing for Document {
    const KIND: &'static str = "document";

    fn due(&self) -> Option<Timestamp> {
        self.look_at.into_iter().chain(self.calls.due()).min()
    }
}

impl Document {
    pub(super) fn new(new: NewDocument, reference: String, now: Timestamp) -> Self {
        Self {
            kind: new.kind,
            external_id: new.content.external_id.clone(),
            reference,
            content: new.content,
            callback_url: new.callback_url,
            words: new.words,
            fault: new.fault,
            state: State::Waiting,
            taken_at: now,
            ended_at: None,
            print_at: None,
            look_at: None,
            failures: 0,
            calls: Calls::default(),
        }
    }

    /// Where its outcome is told.
    pub fn callback_url<'a>(&'a self, device: &'a Device) -> &'a str {
        self.callback_url.as_deref().unwrap_or(&device.callback_url)
    }

    /// The key of its row: ids of one register may be those of another.
    pub(super) fn key(kind: RegisterKind, reference: &str) -> String {
        format!("{}:{reference}", kind.code())
    }

    pub(super) fn queue(&mut self, delay_seconds: Option<i64>, net_seconds: i64, now: Timestamp) {
        self.state = State::Waiting;
        self.ended_at = None;
        self.print_at = delay_seconds.map(|delay| plus_seconds(now, delay));
        self.look_at = self.print_at.map(|at| plus_seconds(at, net_seconds));
    }

    /// Whether it is printed now without anybody's doing.
    pub(super) fn is_ripe(&self, now: Timestamp) -> bool {
        self.state == State::Waiting && self.print_at.is_some_and(|at| at <= now)
    }

    /// What keeps it from being printed.
    pub(super) fn failure(&self) -> Option<Failure> {
        match self.fault? {
            Fault::FailingOnce if self.failures == 0 => Some(Failure::Timeout),
            Fault::Expiring => Some(Failure::Expired),
            Fault::Broken => Some(Failure::Broken),
            Fault::MarkRefused if !self.content.sell_unchecked => {
                let item = self.content.items.iter().position(|item| item.mark.is_some())?;
                Some(Failure::Mark { item: u8::try_from(item).unwrap_or(u8::MAX) })
            }
            _ => None,
        }
    }

    /// What is printed, which with [`Fault::OtherRate`] is not what was sent.
    pub(super) fn printed(&self, fiscal: Fiscal) -> Printed {
        let mut content = self.content.clone();
        if self.fault == Some(Fault::OtherRate) {
            for item in content.items.iter_mut().filter(|item| item.vat == VatRate::Vat22) {
                item.vat = VatRate::Vat20;
            }
        }
        let rates = content.items.iter().map(Item::tag_1199).collect();
        // A sum that does not fit was refused at the door.
        Printed { fiscal, rates, vats: content.vats().unwrap_or_default() }
    }

    pub(super) fn end(&mut self, state: State, now: Timestamp) {
        if matches!(state, State::Failed(_)) {
            self.failures = self.failures.saturating_add(1);
        }
        self.state = state;
        self.ended_at = Some(now);
        self.print_at = None;
        self.look_at = None;
    }
}
