//! What became of payouts, as the operator's accountant reads it off the bank's statement.

use axum::Json;
use axum::extract::{Path, State};
use domain::payout::PayoutReport;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::payouts;
use workflows::ports::Ports;

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
    let (payout, _) = payouts::report(&ports, &owner.tenant, &owner.id, &report).await?;
    Ok(Json(view(&payout)))
}
