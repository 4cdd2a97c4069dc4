//! The room that **renders**: papers an accountant files. The report and act of a month as PDF, XLSX and CSV, the formalised XML of
//! electronic document exchange, and orders as other programs read them (`CommerceML`, CSV).
//!
//! Invariant: a month's paper is written from a [`domain::report::Report`] and the lines it was folded from, in one pass and bounded memory, and is
//! refused when the lines do not add up to the report. The same input gives the same bytes. Nothing here reads a clock, decides a sum or
//! knows where a paper goes.
//!
//! Every writer is fed the same way, because whoever reads the lines reads them page by page:
//! `start(out, report)`, then `line(&line)` for each, then `finish()`.

pub mod commerceml;
pub mod diadoc;
pub mod orders;
pub mod pdf;
pub mod register;
pub mod upd;
pub mod words;
pub mod xlsx;
mod xml;

use domain::report::Wrong;

/// Why a paper could not be written: ours, always.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The place it is written to failed.
    #[error("the paper could not be written")]
    Io(#[from] std::io::Error),
    /// The lines are not those of the report.
    #[error("the report does not hold")]
    Report(#[from] Wrong),
    /// More lines than a sheet of a spreadsheet has rows.
    #[error("a sheet has no room for {0} lines")]
    TooLong(u64),
    /// The spreadsheet could not be made.
    #[error("the spreadsheet could not be made")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The PDF could not be made.
    #[error("the PDF could not be made: {0}")]
    Pdf(&'static str),
    /// There is nothing to put into an act: an electronic one needs at least one service.
    #[error("no service was rendered in {0}, there is nothing to accept")]
    NoService(domain::report::Period),
    /// More was given back than earned: that takes a correction document (УКД), not an act.
    #[error("more fee was given back than withheld: {0}")]
    Negative(domain::money::Money),
    /// A requisite does not fit the format.
    #[error("{0} does not fit the format")]
    Requisite(&'static str),
    /// The parts of an order do not work out.
    #[error("the amounts of {0} do not work out")]
    Amounts(String, #[source] domain::money::MoneyError),
}

/// A sum that does not fit.
impl From<domain::money::MoneyError> for PaperError {
    fn from(error: domain::money::MoneyError) -> Self {
        Self::Report(error.into())
    }
}
