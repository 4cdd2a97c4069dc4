//! The test partner's clock: moves forward only, and what is due then happens.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connectors::peer;
use serde::Deserialize;
use serde_json::json;
use storage::store::StoreError;
use workflows::clock::{self, ADVANCE_SECONDS_MAX};

use crate::door::{Received, Refusal, answer, bytes, partner};
use crate::{Shared, sweep_tenant};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

/// `GET /sandbox/clock`.
pub async fn show(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    let tenant = partner(&shared.ports, &headers).await?;
    let now = clock::now(&shared.ports, &tenant).await?;
    let ahead = now.as_second() - shared.ports.clock.now().as_second();
    Ok(answer(StatusCode::OK, json!({ "now": now.to_string(), "ahead_seconds": ahead })))
}

/// `POST /sandbox/clock`.
pub async fn advance(
    State(Shared { ports, sweep }): State<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let tenant = partner(&ports, &headers).await?;
    let Advance { advance_seconds } = peer::read(&bytes(received)?)?;
    if !(1..=ADVANCE_SECONDS_MAX).contains(&advance_seconds) {
        let english = format!("from 1 to {ADVANCE_SECONDS_MAX} (400 days); the clock only moves forward");
        let russian = format!("от 1 до {ADVANCE_SECONDS_MAX} (400 дней); часы идут только вперёд");
        return Err(Refusal::invalid(vec![("/advance_seconds".to_owned(), russian, english)]));
    }
    let now = match clock::advance(&ports, &tenant, advance_seconds).await {
        Err(StoreError::Conflict) => {
            // Not tried again by us: two who move the clock at once may not mean the sum.
            let english = "The clock is being moved by another request";
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "clock-is-moving",
                english,
                "Часы уже переводит другой запрос",
            ));
        }
        moved => moved?,
    };
    // First those outside, whose outcomes the orders then learn of; then the orders; then what the orders set going.
    let mut looked = sweep_tenant(&ports, &tenant).await?;
    if let Err(error) = sweep(ports.clone(), tenant.clone()).await {
        // The clock has moved; what is due stays due and the next sweep finds it.
        tracing::warn!(%tenant, %error, "what is due could not all be done at once");
        let english = "The clock was moved; what is due will be done by the next sweep";
        let russian = "Часы переведены; остальное, чему пришёл срок, выполнится при следующем обходе";
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "sweep-incomplete", english, russian));
    }
    looked += sweep_tenant(&ports, &tenant).await?;
    let ahead = now.as_second() - ports.clock.now().as_second();
    Ok(answer(StatusCode::OK, json!({ "now": now.to_string(), "ahead_seconds": ahead, "sandbox_rows_due": looked })))
}
