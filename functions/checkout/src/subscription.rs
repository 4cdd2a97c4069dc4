//! A buyer's subscription, by the link in every letter about it: what is charged next, and the button that ends it.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use domain::subscription::{Canceller, State as Stands, Subscription};
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode};
use pages::{SubscriptionCharge, SubscriptionState, SubscriptionView};
use runtime::Path;
use workflows::checkout::{page_agent, page_language, page_partner};
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::{links, perform, subscriptions};

use crate::answer::{self, Reader, page, see_other, value};
use crate::view::other_language;

/// Charges the page shows, at most.
const CHARGES_MAX: usize = 12;

/// `GET /s/{token}`.
pub(crate) async fn see(State(ports): State<Ports>, Path(token): Path<String>, reader: Reader) -> Response {
    let shown = async {
        let (tenant, id) = links::open_subscription(&ports.settings, &token).ok_or(WorkflowError::NotFound)?;
        let found = subscriptions::one(&ports, &tenant, &id).await?;
        let partner = perform::partner(&ports, &tenant).await?;
        let lang = reader.chosen.unwrap_or(page_language(found.language));
        let charge = |at: Timestamp, minor: i64| SubscriptionCharge { at_ms: at.as_millisecond(), amount_minor: minor };
        let paid = found.charges.iter().filter(|one| one.paid == Some(true));
        let mut paid: Vec<_> = paid.map(|one| charge(one.at, one.amount.minor())).collect();
        paid.drain(..paid.len().saturating_sub(CHARGES_MAX));
        let view = SubscriptionView {
            lang,
            language_url: other_language(lang).to_owned(),
            partner: page_partner(&partner),
            agent: page_agent(&ports.settings),
            description: found.description.clone(),
            state: state(&found),
            next: found.charge_at().zip(found.amount()).map(|(at, amount)| charge(at, amount.minor())),
            paid,
            action_url: format!("/s/{token}?lang={}", lang.code()),
            csrf: links::subscription_form_token(&ports.settings, &tenant, &id),
            test_mode: tenant.is_test(),
        };
        Ok(page(StatusCode::OK, &pages::subscription(&view), "'self'"))
    };
    reader.answer(shown.await)
}

const fn state(found: &Subscription) -> SubscriptionState {
    match found.state {
        Stands::Active => SubscriptionState::Active,
        Stands::Paused(_) => SubscriptionState::Paused,
        Stands::Cancelled(_) => SubscriptionState::Cancelled,
        Stands::Completed => SubscriptionState::Completed,
    }
}

/// `POST /s/{token}` with `csrf`: the buyer ends it.
pub(crate) async fn end(
    State(ports): State<Ports>,
    Path(token): Path<String>,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = match answer::form(&headers, &body) {
        Ok(form) => form,
        Err(status) => return reader.failure(status),
    };
    let ended = async {
        let (tenant, id) = links::open_subscription(&ports.settings, &token).ok_or(WorkflowError::NotFound)?;
        let csrf = value(&form, "csrf").unwrap_or_default();
        if !links::subscription_form_token_holds(&ports.settings, &tenant, &id, csrf) {
            return Ok(reader.failure(StatusCode::FORBIDDEN));
        }
        let found = subscriptions::cancel(&ports, &tenant, &id, Canceller::Buyer).await?;
        let lang = reader.chosen.unwrap_or(page_language(found.language));
        Ok(see_other(&format!("/s/{token}?lang={}", lang.code())))
    };
    reader.answer(ended.await)
}
