//! «Мои карты»: the buyer sees the means saved at one shop, switches them off and on, deletes them, adds one.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use domain::acquiring::Method;
use domain::details::Purpose;
use domain::id::Tenant;
use domain::order::Status;
use domain::partner::Partner;
use domain::time::Timestamp;
use domain::wallet::Kept;
use http::{HeaderMap, StatusCode, Uri};
use pages::{Lang, WalletExpiredView, WalletMeans, WalletView};
use runtime::Path;
use workflows::checkout::{page_agent, page_partner};
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::{checkout, clock, links, perform, wallet};

use crate::answer::{self, Reader, page, see_other, value};
use crate::payment::{card_month, method_words};
use crate::view::{order_path, other_language, pick};

/// A buyer at a shop, as a link names them.
struct Owner {
    tenant: Tenant,
    customer: String,
    until: Timestamp,
    partner: Arc<Partner>,
    is_expired: bool,
}

async fn owner(ports: &Ports, token: &str) -> Result<Owner, WorkflowError> {
    let (tenant, customer, until) = links::open_wallet(&ports.settings, token).ok_or(WorkflowError::NotFound)?;
    let partner = perform::partner(ports, &tenant).await?;
    let is_expired = clock::now(ports, &tenant).await? >= until;
    Ok(Owner { tenant, customer, until, partner, is_expired })
}

/// `GET /w/{token}`. `?add=` names the page where another card is added, by its token.
pub(crate) async fn see(State(ports): State<Ports>, Path(token): Path<String>, reader: Reader, here: Uri) -> Response {
    let query = answer::pairs(here.query().unwrap_or_default().as_bytes());
    let shown = async {
        let owner = owner(&ports, &token).await?;
        let lang = reader.own_language();
        if owner.is_expired {
            return Ok(expired(&ports, &owner, lang));
        }
        let kept = wallet::list(&ports, &owner.tenant, &owner.customer).await?;
        let add = value(&query, "add");
        let add_url = match add {
            Some(add) => adding(&ports, &owner, add).await?,
            None => None,
        };
        // The other language keeps the way to another card.
        let carried = add.map(|add| links::with_query("", &[("add".to_owned(), add.to_owned())].into()));
        let more = |path: &str| match &carried {
            Some(carried) => format!("{path}{}", carried.replacen('?', "&", 1)),
            None => path.to_owned(),
        };
        let view = WalletView {
            lang,
            language_url: more(other_language(lang)),
            partner: page_partner(&owner.partner),
            agent: page_agent(&ports.settings),
            action_url: more(&format!("{}?lang={}", path(&token), lang.code())),
            csrf: links::wallet_form_token(&ports.settings, &owner.tenant, &owner.customer),
            means: kept.iter().map(|kept| means(kept, lang)).collect(),
            add_url,
            until_ms: owner.until.as_millisecond(),
            test_mode: owner.tenant.is_test(),
        };
        Ok(page(StatusCode::OK, &pages::wallet(&view), "'self'"))
    };
    reader.answer(shown.await)
}

fn path(token: &str) -> String {
    order_path(token).replacen("/c/", "/w/", 1)
}

/// The page of an order that adds a card, if it is this buyer's and still to be done.
async fn adding(ports: &Ports, owner: &Owner, token: &str) -> Result<Option<String>, WorkflowError> {
    let seen = match checkout::see(ports, token).await {
        Ok(seen) => seen,
        Err(WorkflowError::NotFound) => return Ok(None),
        Err(other) => return Err(other),
    };
    let terms = &seen.details.payment;
    let own = *seen.order.id.tenant() == owner.tenant && terms.customer.as_deref() == Some(owner.customer.as_str());
    let open = seen.order.status() == Status::Awaiting && seen.now < seen.order.expires_at;
    Ok((own && open && terms.purpose == Purpose::SaveMeans).then(|| order_path(token)))
}

fn means(kept: &Kept, lang: Lang) -> WalletMeans {
    WalletMeans {
        id: kept.id.clone(),
        label: kept.means.label.clone(),
        method: (kept.method != Method::Card).then(|| method_words(kept.method, lang).0.to_owned()),
        valid_until: kept.means.valid_until.as_deref().map(card_month),
        saved_at_ms: kept.at.as_millisecond(),
        enabled: kept.enabled,
    }
}

fn expired(ports: &Ports, owner: &Owner, lang: Lang) -> Response {
    let view = WalletExpiredView { lang, partner: page_partner(&owner.partner), agent: page_agent(&ports.settings) };
    page(StatusCode::GONE, &pages::wallet_expired(&view), "")
}

/// `POST /w/{token}` with `csrf`, `means` and `do`: `on`, `off` or `delete`.
pub(crate) async fn change(
    State(ports): State<Ports>,
    Path(token): Path<String>,
    reader: Reader,
    here: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = match answer::form(&headers, &body) {
        Ok(form) => form,
        Err(status) => return reader.failure(status),
    };
    let changed = async {
        let owner = owner(&ports, &token).await?;
        let Owner { tenant, customer, .. } = &owner;
        if owner.is_expired {
            return Ok(expired(&ports, &owner, reader.own_language()));
        }
        let csrf = value(&form, "csrf").unwrap_or_default();
        if !links::wallet_form_token_holds(&ports.settings, tenant, customer, csrf) {
            return Ok(reader.failure(StatusCode::FORBIDDEN));
        }
        let means = value(&form, "means").unwrap_or_default();
        match value(&form, "do") {
            Some("on") => drop(wallet::enable(&ports, tenant, customer, means, true).await?),
            Some("off") => drop(wallet::enable(&ports, tenant, customer, means, false).await?),
            Some("delete") => match wallet::delete(&ports, tenant, customer, means).await {
                Ok(()) => {}
                Err(error @ WorkflowError::Bank(_)) => {
                    tracing::warn!(error = error.chain(), "means could not be forgotten at the bank");
                    return Ok(not_forgotten(&token, &reader));
                }
                Err(other) => return Err(other),
            },
            _ => return Ok(reader.failure(StatusCode::BAD_REQUEST)),
        }
        let query = here.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(see_other(&format!("{}{query}", path(&token))))
    };
    reader.answer(changed.await)
}

/// The means are switched off already; only the bank has not been told.
fn not_forgotten(token: &str, reader: &Reader) -> Response {
    let lang = reader.own_language();
    let words = pick(
        lang,
        (
            "Банк сейчас не отвечает",
            "Карта отключена, списать с неё уже нельзя. Чтобы банк её забыл, удалите её ещё раз через минуту.",
        ),
        (
            "The bank is not answering now",
            "The card is switched off and can not be charged any more. Delete it again in a minute, so that the bank forgets it.",
        ),
    );
    let onward = (path(token), pick(lang, "Вернуться к картам", "Back to the cards").to_owned());
    reader.failure_in_words(StatusCode::SERVICE_UNAVAILABLE, lang, Some(words), Some(onward))
}
