//! The accountant's work list: what differs between our journal and the papers, and what became of it.

use axum::Json;
use axum::extract::State;
use domain::ledger::Account;
use domain::reconcile::{Filed, Kind, Side, Subject};
use http::Uri;
use runtime::{Path, Problem};
use serde::Serialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;

use crate::access::{OperatedTenant, TenantPath};
use crate::problems::{self, Answer};
use crate::query::{List, Parameters, wrong};

/// Discrepancies read for one page, at most: a page that finds little is short.
const REACH: usize = 1_000;
/// Characters of an id.
const ID_CHARACTERS: usize = 30;

/// What one side says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SideView {
    /// Signed, with the currency.
    #[schema(example = "-3000.00 RUB")]
    pub amount: Option<String>,
    /// The bank's fee.
    pub fee: Option<String>,
    /// The day.
    #[schema(example = "2026-11-21")]
    pub day: Option<String>,
    /// Tax by rate (tag 1199).
    #[schema(value_type = Object)]
    pub vats: std::collections::BTreeMap<u8, String>,
    /// The line of the file.
    pub line: Option<u32>,
}

/// A possible partner of something that has several.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CandidateView {
    /// Our operation number, the bank's reference, or the line.
    pub name: String,
    /// Signed, with the currency.
    pub amount: String,
    /// The day.
    pub day: String,
}

/// A posting made for it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CorrectionView {
    /// When.
    pub at: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// Account debited.
    #[schema(example = "acquirer")]
    pub debit: &'static str,
    /// Account credited.
    #[schema(example = "bank")]
    pub credit: &'static str,
    /// Roubles.
    #[schema(example = "3.00")]
    pub amount: String,
}

/// Something that happened to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NoteView {
    /// When.
    pub at: String,
    /// Who; empty where a comparison did it.
    pub by: String,
    /// `opened`, `changed`, `reopened`, `resolved`, `corrected`, `explained`.
    #[schema(example = "resolved")]
    pub what: String,
    /// Why, or by what.
    pub text: String,
}

/// A discrepancy. The same thing found again has the same id.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiscrepancyView {
    /// Id.
    #[schema(example = "dis_00000000000000000000000000")]
    pub id: String,
    /// `missing_here`, `missing_there`, `amount`, `fee`, `currency`, `duplicate`, `date`, `cancelled_refund`, `missing_receipt`,
    /// `wrong_rate`, `payout`, `orphan`.
    #[schema(example = "fee")]
    pub kind: &'static str,
    /// `open` or `closed`.
    #[schema(example = "open")]
    pub state: &'static str,
    /// Its day: ours where we have it, theirs where we do not.
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// What it is about.
    #[schema(value_type = Object)]
    pub subject: Subject,
    /// What our journal says; `null` where it has nothing.
    pub ours: Option<SideView>,
    /// What the other side says.
    pub theirs: Option<SideView>,
    /// The account of our books it is about, where money is.
    #[schema(example = "bank")]
    pub account: Option<&'static str>,
    /// Roubles still to be posted to the account, debits less credits; `null` where no posting closes it.
    #[schema(example = "-3.00")]
    pub outstanding: Option<String>,
    /// The account a correction usually stands against.
    #[schema(example = "acquirer")]
    pub usual: Option<&'static str>,
    /// Possible partners.
    pub candidates: Vec<CandidateView>,
    /// Why it is closed.
    pub resolution: Option<String>,
    /// What was posted for it, oldest first.
    pub corrections: Vec<CorrectionView>,
    /// What happened to it, oldest first.
    pub history: Vec<NoteView>,
}

/// A part of the work list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiscrepancyList {
    /// Earliest day first.
    pub discrepancies: Vec<DiscrepancyView>,
    /// Send it back as `cursor` to go on; `null` on the last page. A page can be short, even empty, and still have one.
    pub next_cursor: Option<String>,
}

fn side(of: &Side) -> SideView {
    SideView {
        amount: of.amount.map(|amount| amount.to_string()),
        fee: of.fee.map(|fee| fee.to_string()),
        day: of.day.map(|day| day.to_string()),
        vats: of.vats.iter().map(|(tag, tax)| (*tag, tax.to_decimal().to_string())).collect(),
        line: of.line,
    }
}

impl DiscrepancyView {
    /// A discrepancy of the work list as the operator reads it.
    pub fn of(filed: &Filed) -> Self {
        let found = &filed.found;
        let corrections = found.corrections.iter().flat_map(|correction| {
            correction.postings.iter().map(|posting| CorrectionView {
                at: correction.at.to_string(),
                reason: correction.reason.clone(),
                by: correction.who.clone(),
                debit: posting.debit.code(),
                credit: posting.credit.code(),
                amount: posting.amount.to_decimal().to_string(),
            })
        });
        let candidates = found.candidates.iter().map(|one| CandidateView {
            name: one.name.clone(),
            amount: one.amount.to_string(),
            day: one.day.to_string(),
        });
        let history = filed.notes.iter().map(|note| NoteView {
            at: note.at.to_string(),
            by: note.who.clone(),
            what: note.what.clone(),
            text: note.text.clone(),
        });
        let outstanding = found.outstanding().ok().flatten();
        Self {
            id: found.id.clone(),
            kind: found.kind.code(),
            state: if found.is_open() { "open" } else { "closed" },
            day: found.day.to_string(),
            subject: found.subject.clone(),
            ours: found.ours.as_ref().map(side),
            theirs: found.theirs.as_ref().map(side),
            account: found.account.map(Account::code),
            outstanding: outstanding.map(|money| money.to_decimal().to_string()),
            usual: found.account.and_then(|_| found.kind.usual()).map(Account::code),
            candidates: candidates.collect(),
            resolution: filed.resolution(),
            corrections: corrections.collect(),
            history: history.collect(),
        }
    }
}

/// List discrepancies
///
/// The work list, earliest day first.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/discrepancies",
    operation_id = "discrepancies",
    tag = "Operator",
    params(
        TenantPath,
        ("state" = Option<String>, Query, description = "Only these: `open`, `closed`.", example = "open"),
        ("kind" = Option<String>, Query, description = "Only of this kind.", example = "fee"),
        ("account" = Option<String>, Query, description = "Only of this account or register.", example = "sber-main"),
        ("day" = Option<String>, Query, description = "Only of this day.", example = "2026-11-21"),
        ("limit" = Option<u32>, Query, description = "1 to 100, 50 when left out.", minimum = 1, maximum = 100, example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before."),
    ),
    responses((status = 200, description = "Discrepancies.", body = DiscrepancyList)),
    security(("operator_token" = [])),
)]
pub async fn list(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    uri: Uri,
) -> Answer<Json<DiscrepancyList>> {
    let parameters = Parameters::read(&uri, &["state", "kind", "account", "day", "limit", "cursor"])?;
    let limit = parameters.limit()?;
    let open = match parameters.text("state") {
        None => None,
        Some("open") => Some(true),
        Some("closed") => Some(false),
        Some(_) => return Err(wrong("state", "unknown_value", "open или closed.", "`open` or `closed`.").into()),
    };
    let kind = parameters.text("kind").map(|text| {
        let codes = Kind::ALL.map(Kind::code).join(", ");
        let found = Kind::ALL.into_iter().find(|known| known.code() == text);
        found.ok_or_else(|| {
            wrong("kind", "unknown_value", &format!("Допустимы: {codes}."), &format!("One of: {codes}."))
        })
    });
    let (kind, day) = (kind.transpose()?, parameters.day("day")?);
    let account = parameters.text("account");
    let fits = |one: &Filed| {
        open.is_none_or(|open| open == one.found.is_open())
            && kind.is_none_or(|kind| kind == one.found.kind)
            && day.is_none_or(|day| day == one.found.day)
            && account.is_none_or(|account| one.about() == Some(account))
    };
    let filter = format!("{open:?} {} {day:?} {}", kind.map_or("", Kind::code), account.unwrap_or_default());
    let list = List { tenant: &tenant, name: "discrepancies", filter: &filter };
    let mut place = parameters.place(&ports, &list)?;
    let (mut found, mut read) = (Vec::new(), 0);
    let next = loop {
        let page = ports.store.discrepancy_page(&tenant, place.clone(), limit.max(100)).await;
        let (page, next) = page.map_err(WorkflowError::from)?;
        read += page.len();
        let mut full = None;
        for (at, one) in &page {
            if fits(one) {
                found.push(DiscrepancyView::of(one));
            }
            if found.len() == limit {
                full = Some(at.clone());
                break;
            }
        }
        let end = page.last().map(|(at, _)| at.clone());
        match (full, next) {
            (Some(at), next) if next.is_some() || Some(&at) != end.as_ref() => break Some(at),
            (Some(_), _) | (None, None) => break None,
            (None, Some(next)) if read >= REACH => break Some(next),
            (None, next) => place = next,
        }
    };
    Ok(Json(DiscrepancyList {
        discrepancies: found,
        next_cursor: next.map(|place| list.cursor(&ports.settings, &place)),
    }))
}

/// What is no id of a discrepancy.
pub(crate) fn no_id() -> Problem {
    problems::fault("/discrepancy", "id", "dis_ и 26 шестнадцатеричных цифр.", "`dis_` and 26 hexadecimal digits.")
}

/// An id of a discrepancy, well-formed.
fn id(text: &str) -> Result<&str, Problem> {
    let digits = text.strip_prefix("dis_").filter(|_| text.len() == ID_CHARACTERS);
    let plain = digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if plain { Ok(text) } else { Err(no_id()) }
}

/// Look at a discrepancy
///
/// With its history and what was posted for it.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/discrepancies/{discrepancy}",
    operation_id = "discrepancy",
    tag = "Operator",
    params(TenantPath, ("discrepancy" = String, Path, description = "Its id.", example = "dis_00000000000000000000000000")),
    responses((status = 200, description = "The discrepancy.", body = DiscrepancyView)),
    security(("operator_token" = [])),
)]
pub async fn one(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, asked)): Path<(String, String, String)>,
) -> Answer<Json<DiscrepancyView>> {
    let found = ports.store.discrepancy(&tenant, id(&asked)?).await.map_err(WorkflowError::from)?;
    let found = found.ok_or(WorkflowError::NotFound)?;
    Ok(Json(DiscrepancyView::of(&found)))
}
