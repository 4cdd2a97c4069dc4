//! Both languages: ours and the sandbox executor's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::details::{ExecutionScenario, Line};

use super::wire::{Buyer, CancelWord, JobBody, JobLine, OutcomeBody, ReportBody, ResultBody, Scenario};
use crate::fulfilment::{
    CancelAnswer, ExecutionOutcome, ExecutionReport, FILE_BASE64_BYTES_MAX, Job, ResultContent, TEXT_BYTES_MAX,
};
use crate::peer::Malformed;

/// An order in the executor's words.
pub fn job(job: &Job) -> JobBody {
    JobBody {
        order: job.order.to_string(),
        number: job.number.clone(),
        lines: job.lines.iter().map(line).collect(),
        buyer: Buyer { email: job.email.clone(), phone: job.phone.clone() },
        metadata: job.metadata.clone(),
        scenario: match job.scenario {
            ExecutionScenario::Automatic => Scenario::Automatic,
            ExecutionScenario::Manual => Scenario::Manual,
            ExecutionScenario::Failing => Scenario::Failing,
        },
        callback_url: job.callback_url.clone(),
    }
}

fn line(line: &Line) -> JobLine {
    JobLine {
        name: line.name.clone(),
        quantity: line.quantity.normalize().to_string(),
        amount: format!("{}{}", line.amount.minor(), line.amount.currency().code()),
    }
}

/// A cancellation's answer in our words.
pub const fn cancel_answer(word: CancelWord) -> CancelAnswer {
    match word {
        CancelWord::Cancelled => CancelAnswer::Cancelled,
        CancelWord::TooLate => CancelAnswer::TooLate,
        CancelWord::NotFound => CancelAnswer::NotFound,
    }
}

/// A report in our words.
///
/// # Errors
/// Not an order id, or a result that is too large or not of its form.
pub fn report(body: ReportBody) -> Result<ExecutionReport, Malformed> {
    let order = body.order.parse().map_err(|_| Malformed::at("/order", "an order id"))?;
    let outcome = match body.outcome {
        OutcomeBody::Fulfilled { result } => ExecutionOutcome::Fulfilled { result: content(result)? },
        OutcomeBody::Failed { reason } => {
            ExecutionOutcome::Failed { reason: reason.chars().filter(|c| !c.is_control()).take(500).collect() }
        }
    };
    Ok(ExecutionReport { order, outcome })
}

/// A result in our words; used by the sandbox too, which holds its users to the same limits.
///
/// # Errors
/// Too large, or not of its form.
pub fn content(result: ResultBody) -> Result<ResultContent, Malformed> {
    match result {
        ResultBody::Text { text } if text.trim().is_empty() => {
            Err(Malformed::at("/result/text", "a text that is not blank"))
        }
        ResultBody::Text { text } if text.len() > TEXT_BYTES_MAX => {
            Err(Malformed::at("/result/text", "at most 20 kB of text"))
        }
        ResultBody::Text { text } => Ok(ResultContent::Text(text)),
        ResultBody::Link { url } => {
            let good = url.len() <= 2_048 && domain::partner::origin(&url).is_some() && !url.contains(char::is_control);
            if good {
                Ok(ResultContent::Link(url))
            } else {
                Err(Malformed::at("/result/url", "an absolute http(s) URL"))
            }
        }
        ResultBody::File { name, media_type, base64 } => {
            let plain = (1..=120).contains(&name.chars().count())
                && !name.contains(['/', '\\', '"'])
                && !name.contains(char::is_control);
            if !plain {
                return Err(Malformed::at("/result/name", "a file name without a path, 1 to 120 characters"));
            }
            if !is_media_type(&media_type) {
                return Err(Malformed::at("/result/media_type", "type/subtype"));
            }
            if base64.len() > FILE_BASE64_BYTES_MAX || base64.is_empty() || STANDARD.decode(&base64).is_err() {
                return Err(Malformed::at("/result/base64", "standard base64, at most 200 kB"));
            }
            Ok(ResultContent::File { name, media_type, base64 })
        }
    }
}

fn is_media_type(text: &str) -> bool {
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-_".contains(&b));
    text.len() <= 100 && text.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
}
