//! The sandbox bank's API, for the platform's bank connector.

use axum::extract::State as Given;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connectors::bank::sandbox::PURPOSE;
use connectors::bank::sandbox::wire::{Outcome, PaymentAnswer, PaymentBody, RefundBody, State, StatusBody};
use domain::partner::origin;
use domain::time::{Timestamp, plus_seconds};

use super::{NoRefund, Payment, RefundOf, money, reference};
use crate::Shared;
use crate::door::{Received, Refusal, answer, machine_rule, signed_json};
use crate::rows::{self, Next};

/// Seconds a payment may be open, at most: 90 days, as T-Bank EACQ has it.
const OPEN_SECONDS_MAX: i64 = 90 * 24 * 3_600;

/// `POST /sandbox/bank/v1/payments`: the same number with the same body gets the same answer, with another body 409.
pub async fn register(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, PaymentBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let now = workflows::clock::now(&ports, &tenant).await?;
    let reference = reference(&ports, "pay", &tenant, &body.number);
    let registered = rows::change(&ports, &tenant, &reference, |before: Option<Payment>| match before {
        Some(before) if before.request == body => Next::Keep(Ok((StatusCode::OK, None))),
        Some(_) => Next::Keep(Err(number_reused())),
        // Held to the rules only when it is new: what was once taken is answered alike forever.
        None => match payment(&reference, &body, now) {
            Ok(payment) => {
                let due = payment.plan.first().map(|step| step.at);
                Next::Put(payment, Ok((StatusCode::CREATED, due)))
            }
            Err(refusal) => Next::Keep(Err(refusal)),
        },
    });
    let (status, due) = registered.await??;
    rows::wake::<Payment>(&ports, &tenant, &reference, now, due).await;
    let url = format!("{}/sandbox/bank/pay/{reference}", ports.settings.base_url);
    Ok(answer(status, PaymentAnswer { number: body.number, reference, url }))
}

fn payment(reference: &str, body: &PaymentBody, now: Timestamp) -> Result<Payment, Refusal> {
    let mut errors = Vec::new();
    let mut rule = |holds: bool, pointer: &str, wanted: &str| {
        if !holds {
            errors.push(machine_rule(pointer, wanted));
        }
    };
    rule(is_number(&body.number), "/number", NUMBER_RULE);
    rule(is_text(&body.bill, 40), "/bill", "1 to 40 characters");
    rule(is_text(&body.description, 250), "/description", "1 to 250 characters");
    rule(is_text(&body.merchant, 250), "/merchant", "1 to 250 characters");
    rule(is_url(&body.return_url), "/return_url", "an absolute http(s) URL, at most 2048 characters");
    rule(is_url(&body.callback_url), "/callback_url", "an absolute http(s) URL, at most 2048 characters");
    rule(matches!(body.language.as_str(), "ru" | "en"), "/language", "ru or en");
    rule(body.currency == "RUB", "/currency", "RUB");
    let amount = money(body.amount, "RUB");
    rule(amount.is_some(), "/amount", "kopecks, from 1 to 9999999999");
    let expires_at = body.expires_at.parse::<Timestamp>().ok().map(domain::time::whole_seconds);
    let open = expires_at.is_some_and(|at| at > now && at <= plus_seconds(now, OPEN_SECONDS_MAX));
    rule(open, "/expires_at", "RFC 3339, in the future and at most 90 days from now");
    match (amount, expires_at) {
        (Some(amount), Some(expires_at)) if errors.is_empty() => {
            Ok(Payment::new(reference.to_owned(), body.clone(), amount, expires_at))
        }
        _ => Err(Refusal::invalid(errors)),
    }
}

/// `POST /sandbox/bank/v1/payments/status`: payments and refunds alike.
pub async fn status(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, StatusBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let now = workflows::clock::now(&ports, &tenant).await?;
    let id = reference(&ports, "pay", &tenant, &body.number);
    if let Some(mut payment) = rows::load::<Payment>(&ports, &tenant, &id).await? {
        // Not written: the sweep comes to the same, whenever it comes.
        payment.advance(now);
        return Ok(answer(StatusCode::OK, payment.outcome()));
    }
    let id = reference(&ports, "ref", &tenant, &body.number);
    let outcome = match rows::load::<RefundOf>(&ports, &tenant, &id).await? {
        None => None,
        Some(of) => {
            let payment = rows::load::<Payment>(&ports, &tenant, &of.payment).await?;
            payment.and_then(|payment| payment.refund_outcome(&body.number))
        }
    };
    let unknown = Outcome {
        number: body.number,
        reference: None,
        state: State::NotFound,
        amount: None,
        currency: None,
        reason: None,
    };
    Ok(answer(StatusCode::OK, outcome.unwrap_or(unknown)))
}

/// `POST /sandbox/bank/v1/refunds`: up to what was captured; the same number gets the same answer.
pub async fn refund(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, RefundBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let mut errors = Vec::new();
    if !is_number(&body.number) {
        errors.push(machine_rule("/number", NUMBER_RULE));
    }
    let Some(amount) = money(body.amount, &body.currency) else {
        errors.push(machine_rule("/amount", "kopecks of RUB, from 1 to 9999999999"));
        return Err(Refusal::invalid(errors));
    };
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }
    let now = workflows::clock::now(&ports, &tenant).await?;
    let id = reference(&ports, "pay", &tenant, &body.payment_number);
    if rows::load::<Payment>(&ports, &tenant, &id).await?.is_none() {
        let english = "No payment has this number";
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "payment-not-found",
            english,
            "Платёж с таким номером не найден",
        ));
    }
    // The number is written down before the money moves, so that it can always be asked about.
    let refund_reference = reference(&ports, "ref", &tenant, &body.number);
    let of = rows::change(&ports, &tenant, &refund_reference, |before: Option<RefundOf>| match before {
        Some(before) => Next::Keep(before.payment),
        None => Next::Put(RefundOf { payment: id.clone() }, id.clone()),
    })
    .await?;
    if of != id {
        return Err(number_reused());
    }
    let outcome = rows::change(&ports, &tenant, &id, |payment: Option<Payment>| {
        let Some(mut payment) = payment else {
            return Next::Keep(Err(Refusal::not_found()));
        };
        payment.advance(now);
        match payment.refund(&body, amount, &refund_reference) {
            Ok(outcome) => Next::Put(payment, Ok(outcome)),
            Err(no) => Next::Keep(Err(no_refund(no))),
        }
    })
    .await??;
    Ok(answer(StatusCode::OK, outcome))
}

fn no_refund(no: NoRefund) -> Refusal {
    match no {
        NoRefund::NumberReused => number_reused(),
        NoRefund::NotCaptured => Refusal::new(
            StatusCode::CONFLICT,
            "not-captured",
            "The payment took no money",
            "По платежу не было списания",
        ),
        NoRefund::TooMuch => Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "exceeds-captured",
            "All refunds together would be more than was taken",
            "Сумма возвратов больше списанной",
        ),
        NoRefund::OtherReference => {
            Refusal::field("/payment_reference", "the bank's own id of the payment that payment_number names")
        }
    }
}

fn number_reused() -> Refusal {
    let english = "The number was used before with another content";
    Refusal::new(StatusCode::CONFLICT, "number-reused", english, "Номер уже использован с другими данными")
}

const NUMBER_RULE: &str = "1 to 100 of A-Z a-z 0-9 _ . -";

fn is_number(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.contains(char::is_control)
}

fn is_url(text: &str) -> bool {
    text.len() <= 2_048 && origin(text).is_some() && !text.contains(|c: char| c.is_control() || c.is_whitespace())
}
