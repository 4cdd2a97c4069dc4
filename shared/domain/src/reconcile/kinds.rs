//! The twelve kinds of discrepancy: what each means, what the accountant does about it, and which posting closes it.

use serde::{Deserialize, Serialize};

use crate::ledger::Account;

/// What is wrong. Every discrepancy has one kind; one transaction may have several discrepancies.
///
/// *Theirs* is a registry of a bank, a report of a register or a statement. A correcting posting always moves the account the
/// discrepancy is about ([`super::Discrepancy::account`]) by what is outstanding of its difference; the account on the other
/// side is the accountant's choice, and what is usual is said here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Theirs has a movement of an order of ours that our journal has not: a callback that never came, a refund made in the bank's
    /// own cabinet, a chargeback; or a receipt the register printed and we hold to be unprinted; or a deposit for days of which
    /// no registry has any money. Do: ask the bank for the operation's state, so that the journal learns of it and the
    /// discrepancy closes by itself. Posting, where the journal can not learn it (a chargeback): the bank's account against the
    /// partner's; a receipt has none.
    MissingHere,
    /// Our journal has money taken (or a refund undone) that the registries of its day and of the days of tolerance lack; or the
    /// statement lacks a deposit for a registry. Do: ask the bank; most often the registry is not complete. Posting, where the
    /// money never came: the partner's account against the bank's; for a deposit none, it is money outstanding.
    MissingThere,
    /// Both have it, in one currency, with different amounts: a transaction, a printed receipt's total, or a deposit that is not
    /// what its registries come to. Do: find which is right by the bank's document. Posting: the bank's account against the
    /// partner's (a wrong amount of ours) or against corrections (kopecks written off). A receipt has none: a correction
    /// receipt.
    Amount,
    /// The bank kept another fee than its contract says, or charged one where there is no movement (a failed authorization). The
    /// agent's own fee is no part of it. Do: claim it back or accept it. Posting: the acquirer's fee against the bank's account.
    Fee,
    /// Both have it, in different currencies; the amounts are not compared. Do: ask the bank at which rate it converted. Posting:
    /// none by itself; it is explained, or goes when the registry is corrected.
    Currency,
    /// The same movement twice: a row that repeats another in everything, a movement our journal has twice, a receipt printed
    /// twice, a payout that left twice, a deposit that came twice. Do: claim it back, refund it, or ask for a correct registry.
    /// Posting: the bank's account against the partner's or against corrections, where the money did move; a receipt has none: a
    /// refund or correction receipt.
    Duplicate,
    /// Both have it, on days further apart than the tolerance. Do: look in which month it falls; explain. Posting: none.
    Date,
    /// We hold a refund to be done and told the buyer so; the bank's registries lack it after the days a refund may take, or list
    /// its cancellation. The buyer has no money. Do: refund again, as a new operation. Posting: the refund's own, reversed: the
    /// bank's account against the partner's.
    CancelledRefund,
    /// A receipt is due and the register's report of its day and of the days of tolerance lacks it, whatever we hold of it. Do:
    /// print it, with a correction receipt where its day has passed. Posting: none.
    MissingReceipt,
    /// The register printed tax at other rates, or another tax at the same rates and the same total. Do: a correction receipt.
    /// Posting: none.
    WrongRate,
    /// A payout and the statement disagree: another amount left, nothing left in the days a payment order takes, it came back and
    /// we hold it to be gone, or the other way round. Do: ask the bank, correct the partner's details, send it again. Posting: money
    /// in transit against the partner's.
    Payout,
    /// Theirs has something that names nothing of ours: a row of an unknown order, a receipt of an unknown id, a line of the
    /// statement that is no payout and no deposit. Do: find whose it is; perhaps another shop's on the same terminal. Posting:
    /// the bank's account against corrections, until it is found.
    Orphan,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::MissingHere,
        Self::MissingThere,
        Self::Amount,
        Self::Fee,
        Self::Currency,
        Self::Duplicate,
        Self::Date,
        Self::CancelledRefund,
        Self::MissingReceipt,
        Self::WrongRate,
        Self::Payout,
        Self::Orphan,
    ];

    /// The account a correction of the kind usually stands against; none where documents close it. What concerns the partner goes to
    /// what they are owed *available*: nothing else of it would ever be paid out, or taken off a payout.
    pub const fn usual(self) -> Option<Account> {
        match self {
            Self::Fee => Some(Account::Acquiring),
            Self::Amount | Self::Orphan => Some(Account::Adjustment),
            Self::MissingHere | Self::MissingThere | Self::Duplicate | Self::CancelledRefund | Self::Payout => {
                Some(Account::PartnerAvailable)
            }
            Self::Currency | Self::Date | Self::MissingReceipt | Self::WrongRate => None,
        }
    }

    /// The stable code used in rows, ids and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MissingHere => "missing_here",
            Self::MissingThere => "missing_there",
            Self::Amount => "amount",
            Self::Fee => "fee",
            Self::Currency => "currency",
            Self::Duplicate => "duplicate",
            Self::Date => "date",
            Self::CancelledRefund => "cancelled_refund",
            Self::MissingReceipt => "missing_receipt",
            Self::WrongRate => "wrong_rate",
            Self::Payout => "payout",
            Self::Orphan => "orphan",
        }
    }
}
