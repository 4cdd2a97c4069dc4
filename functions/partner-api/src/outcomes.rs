//! What became of payouts, as the operator's accountant reads it off the bank's statement.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use domain::matching::Outcome;
use domain::payout::PayoutReport;
use jiff::civil::Date;
use runtime::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::payouts;
use workflows::ports::Ports;
use workflows::statements::{self, ImportError, Imported, Other};

use crate::access::Operator;
use crate::examples;
use crate::payouts::{PayoutView, view};
use crate::problems::{self, Answer};
use crate::web;

/// Characters of the bank's own words, at most.
const WORDS_MAX: usize = 210;

/// What the bank's statement says of a payout.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRequest {
    /// `confirmed`: it has left the account. `returned`: it came back.
    #[schema(example = "confirmed")]
    pub outcome: String,
    /// The statement's day.
    #[schema(example = "2026-11-23")]
    pub on: String,
    /// The bank's number of it, when confirmed; why it came back in the bank's words, when returned. 1 to 210 characters.
    #[schema(example = "481516")]
    pub text: String,
}

fn report(asked: &OutcomeRequest) -> Answer<PayoutReport> {
    let day = asked.on.len() == 10;
    let on = asked
        .on
        .parse::<Date>()
        .ok()
        .filter(|_| day)
        .ok_or_else(|| problems::fault("/on", "date", "День вида 2026-11-21.", "A day such as 2026-11-21."))?;
    let text = asked.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > WORDS_MAX || text.chars().any(char::is_control) {
        let (ru, en) = ("От 1 до 210 символов, без управляющих.", "1 to 210 characters, none of them a control one.");
        return Err(problems::fault("/text", "text", ru, en).into());
    }
    match asked.outcome.as_str() {
        "confirmed" => Ok(PayoutReport::Paid { on, reference: text }),
        "returned" => Ok(PayoutReport::Returned { on, reason: text }),
        _ => {
            Err(problems::fault("/outcome", "unknown", "confirmed или returned.", "`confirmed` or `returned`.").into())
        }
    }
}

/// Record a payout's outcome
///
/// What the bank's statement says of a payment order. A payout that came back stands on the partner's personal account and goes out with
/// their next payout. Said again, it changes nothing.
#[utoipa::path(
    post,
    path = "/v1/operator/payment-orders/{number}/outcome",
    operation_id = "payout_outcome",
    tag = "Operator",
    params(("number" = u32, Path, description = "Number of the payment order.", example = 7)),
    request_body = OutcomeRequest,
    responses((status = 200, description = "The payout as it is now.", body = PayoutView, example = json!(examples::payout()))),
    security(("operator_token" = [])),
)]
pub async fn record(
    State(ports): State<Ports>,
    Operator: Operator,
    Path(number): Path<u32>,
    web::Json(asked): web::Json<OutcomeRequest>,
) -> Answer<Json<PayoutView>> {
    let report = report(&asked)?;
    let owner = ports.store.payout_of_number(number).await.map_err(WorkflowError::from)?;
    let owner = owner.ok_or(WorkflowError::NotFound)?;
    let (payout, _) = payouts::report(&ports, &owner.tenant, &owner.id, &report, None).await?;
    Ok(Json(view(&payout)))
}

/// What became of a statement's lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatementImport {
    /// First day.
    #[schema(example = "2026-11-23")]
    pub since: String,
    /// Last day.
    #[schema(example = "2026-11-23")]
    pub until: String,
    /// Lines that were taken down just now: of payouts, and of banks' transfers to partners who are reconciled.
    pub recorded: usize,
    /// Every line, in the statement's order.
    pub lines: Vec<StatementLine>,
}

/// A line of a statement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StatementLine {
    /// The document's number.
    #[schema(example = "7")]
    pub number: String,
    /// Roubles, with two decimals.
    #[schema(example = "2895.00")]
    pub amount: String,
    /// `confirmed`, `returned`: taken down, unless a part of a payout came back. `partial`, `contradiction`, `candidates`: a person must
    /// look, nothing was taken down. `invoice`: a partner has paid an invoice of ours. `tax`: withheld tax has gone to the budget. `unknown`:
    /// none of these. `waiting`: the bank has not moved the money. `repeat`: taken down before.
    #[schema(example = "confirmed")]
    pub outcome: &'static str,
    /// Payouts it is about, or may be about.
    pub payouts: Vec<String>,
    /// The invoice it pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice: Option<String>,
}

fn shown(imported: &Imported) -> StatementImport {
    let Imported { statement, matches, others, recorded } = imported;
    let lines = statement.lines.iter().zip(matches).map(|(line, found)| {
        let (number, amount) = (line.number.clone(), line.amount.to_decimal().to_string());
        match others.get(&found.line) {
            Some(Other::Invoice(invoice)) => {
                let invoice = Some(invoice.clone());
                return StatementLine { number, amount, outcome: "invoice", payouts: Vec::new(), invoice };
            }
            Some(Other::Tax(_)) => {
                return StatementLine { number, amount, outcome: "tax", payouts: Vec::new(), invoice: None };
            }
            None => {}
        }
        let one = |payout: &String| vec![payout.clone()];
        let (outcome, payouts) = match &found.outcome {
            Outcome::Confirmed { payout, .. } => ("confirmed", one(payout)),
            Outcome::Partial { payout, .. } => ("partial", one(payout)),
            Outcome::Returned { payout, .. } => ("returned", one(payout)),
            Outcome::Contradiction { payout, .. } => ("contradiction", one(payout)),
            Outcome::Candidates { payouts } => ("candidates", payouts.clone()),
            Outcome::Unknown => ("unknown", Vec::new()),
            Outcome::Waiting => ("waiting", Vec::new()),
            Outcome::Repeat => ("repeat", Vec::new()),
        };
        StatementLine { number, amount, outcome, payouts, invoice: None }
    });
    StatementImport {
        since: statement.since.to_string(),
        until: statement.until.to_string(),
        recorded: *recorded,
        lines: lines.collect(),
    }
}

/// Load a bank statement
///
/// A `1CClientBankExchange` file in CP1251, CP866 or UTF-8. Payouts it confirms or sends back are taken down; a statement that is loaded
/// twice, or overlaps the one before, changes nothing a second time. A damaged file is refused whole, with the line and the key.
#[utoipa::path(
    post,
    path = "/v1/operator/statements",
    operation_id = "load_statement",
    tag = "Operator",
    request_body(content = String, content_type = "text/plain", description = "The file as the bank's client program saves it."),
    responses((status = 200, description = "What became of its lines.", body = StatementImport)),
    security(("operator_token" = [])),
)]
pub async fn load(State(ports): State<Ports>, Operator: Operator, bytes: Bytes) -> Answer<Json<StatementImport>> {
    match statements::import(&ports, &bytes).await {
        Ok(imported) => Ok(Json(shown(&imported))),
        Err(ImportError::Unreadable(error)) => {
            Err(problems::fault("", "statement", &error.ru(), &format!("{error}.")).into())
        }
        Err(ImportError::Failed(error)) => Err(error.into()),
    }
}
