//! What a partner does with an order's money: captures, cancels, edits, charges, and the shop's own statuses that do it.

use std::str::FromStr;

use domain::acquiring::{Method, Wish};
use domain::details::Details;
use domain::id::{OrderId, Tenant};
use domain::money::{Currency, Money};
use domain::order::{Asked, Cancellation, Command, Initiator, Means, Order, Refusal, Start, Status, What};
use domain::partner::{Partner, StatusAction};
use domain::wallet::Kept;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use storage::store::StoreError;
use storage::table::Freshness;
use utoipa::ToSchema;

use crate::access::sha256_hex;
use crate::basket;
use crate::error::WorkflowError;
use crate::handover::{self, CollectRequest};
use crate::orders::{self, Invalid, LineRequest};
use crate::perform::{self, Applied, apply};
use crate::ports::Ports;
use crate::{clock, connect};

/// How much is meant: an amount, quantities of lines, or all that stands when both are left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartRequest {
    /// An amount in roubles, spread over all lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1000.00")]
    pub amount: Option<String>,
    /// Quantities of lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LinePart>,
    /// Why, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the terminal printed, when money it took is given back by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_reference: Option<String>,
}

/// Digits that are kept of a key and of a request under it.
const ASKED_DIGITS: usize = 16;

/// A quantity of a line.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinePart {
    /// The line, counted from 1.
    #[schema(example = 1)]
    pub line: u8,
    /// How many units of it; all that are left when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    pub quantity: Option<String>,
}

/// What came of a wish.
#[derive(Debug)]
pub enum Done {
    /// The order as it is now.
    Applied(Box<Applied>),
    /// Fields are wrong; nothing was done.
    Invalid(Vec<Invalid>),
}

pub(crate) fn invalid(pointer: impl Into<String>, code: &'static str, ru: &str, en: &str) -> Invalid {
    Invalid { pointer: pointer.into(), code, ru: ru.to_owned(), en: en.to_owned() }
}

/// Reads how much is meant. A line without a quantity is all that was ordered of it.
fn what(request: &PartRequest, basket: &[domain::details::Line]) -> Result<What, Vec<Invalid>> {
    let mut wrong = Vec::new();
    if request.amount.is_some() && !request.lines.is_empty() {
        wrong.push(invalid("/lines", "both", "Либо сумма, либо строки.", "Either an amount or lines."));
    }
    if request.reason.as_ref().is_some_and(|reason| reason.chars().count() > 200) {
        wrong.push(invalid("/reason", "too_long", "Не длиннее 200 символов.", "At most 200 characters."));
    }
    let amount = request.amount.as_deref().map(|text| Money::parse_major(text, Currency::RUB));
    if amount.as_ref().is_some_and(|amount| !amount.as_ref().is_ok_and(|amount| amount.is_positive())) {
        wrong.push(invalid("/amount", "amount", "Сумма в рублях больше нуля.", "An amount in roubles above zero."));
    }
    let mut lines = Vec::new();
    for (at, part) in request.lines.iter().take(orders::LINES_MAX).enumerate() {
        let line = basket.get(usize::from(part.line).wrapping_sub(1));
        let Some(line) = line else {
            wrong.push(invalid(format!("/lines/{at}/line"), "line", "Такой строки нет.", "No such line."));
            continue;
        };
        let quantity = match part.quantity.as_deref() {
            None => Some(line.quantity),
            Some(text) => {
                Decimal::from_str(text).ok().filter(|q| text.len() <= 20 && *q > Decimal::ZERO && q.scale() <= 6)
            }
        };
        match quantity {
            Some(quantity) => lines.push((part.line, quantity)),
            None => wrong.push(invalid(
                format!("/lines/{at}/quantity"),
                "quantity",
                "Количество больше нуля, не больше 6 знаков после точки.",
                "A quantity above zero with at most 6 decimals.",
            )),
        }
    }
    match (wrong.is_empty(), amount) {
        (false, _) => Err(wrong),
        (true, Some(Ok(amount))) => Ok(What::Amount(amount)),
        (true, _) if lines.is_empty() => Ok(What::Whole),
        (true, _) => Ok(What::Lines(lines)),
    }
}

async fn with_basket(
    ports: &Ports,
    id: &OrderId,
    request: &PartRequest,
) -> Result<Result<What, Vec<Invalid>>, WorkflowError> {
    if request.lines.is_empty() {
        return Ok(what(request, &[]));
    }
    let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    Ok(what(request, loaded.order.basket(&loaded.details)))
}

/// Captures held money.
pub async fn capture(ports: &Ports, id: &OrderId, request: &PartRequest) -> Result<Done, WorkflowError> {
    match with_basket(ports, id, request).await? {
        Err(wrong) => Ok(Done::Invalid(wrong)),
        Ok(what) => run(ports, id, &Command::Capture { what, by: Initiator::Partner }).await,
    }
}

/// Cancels the order, or gives a part of its money back: void, reversal or refund, as the payment stands. The same request with the
/// same `key` gives it back once.
pub async fn cancel(
    ports: &Ports,
    id: &OrderId,
    request: &PartRequest,
    key: Option<&str>,
) -> Result<Done, WorkflowError> {
    let what = match with_basket(ports, id, request).await? {
        Err(wrong) => return Ok(Done::Invalid(wrong)),
        Ok(what) => what,
    };
    let (reason, terminal) = (request.reason.clone(), request.terminal_reference.clone());
    let short = |text: &str| sha256_hex(text).chars().take(ASKED_DIGITS).collect();
    let body = serde_json::to_string(request).map_err(WorkflowError::Message)?;
    let asked = key.map(|key| Asked { key: short(key), body: short(&body) });
    run(ports, id, &Command::Cancel(Cancellation { by: Initiator::Partner, what, reason, terminal, asked })).await
}

/// Changes the basket of a held order down, of one that is only agreed to either way.
pub async fn edit(ports: &Ports, id: &OrderId, lines: &[LineRequest]) -> Result<Done, WorkflowError> {
    let partner = perform::partner(ports, id.tenant()).await?;
    let now = clock::now(ports, id.tenant()).await?;
    let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    let lawful = orders::lines(lines, &partner, now).and_then(|lines| {
        let lines = basket::one_taxation(lines, &ports.settings, &partner);
        let broken = basket::unlawful(&lines, loaded.details.receipts, &ports.settings, &partner, now);
        if broken.is_empty() { Ok(lines) } else { Err(broken) }
    });
    match lawful {
        Err(wrong) => Ok(Done::Invalid(wrong)),
        Ok(lines) => run(ports, id, &Command::Edit { lines, by: Initiator::Partner }).await,
    }
}

/// Records what a terminal beside the platform has taken.
pub async fn terminal(ports: &Ports, id: &OrderId, reference: &str) -> Result<Done, WorkflowError> {
    let (method, reference) = ("terminal".to_owned(), reference.to_owned());
    handover::collect(ports, id, &CollectRequest { method, reference, point: None, cashier: None }).await
}

/// Charges the means the buyer has left. `by` is who asks; `reason` is told to the buyer.
pub async fn charge(ports: &Ports, id: &OrderId, by: Initiator, reason: Option<&str>) -> Result<Done, WorkflowError> {
    if reason.is_none_or(|reason| reason.trim().is_empty() || reason.chars().count() > 200) {
        let (ru, en) =
            ("Причина, 1–200 символов: её увидит покупатель.", "The reason, 1 to 200 characters: the buyer is told.");
        return Ok(Done::Invalid(vec![invalid("/reason", "required", ru, en)]));
    }
    let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    let partner = perform::partner(ports, id.tenant()).await?;
    if partner.payment.charges_frozen {
        return Err(WorkflowError::Refused(Refusal::Unsupported("charges without the buyer")));
    }
    let Some(means) = loaded.order.means.clone() else {
        return Err(WorkflowError::Refused(match loaded.order.status() {
            Status::Ordered | Status::Awaiting => Refusal::NoMeans,
            other => Refusal::NotPayable(other),
        }));
    };
    let customer = loaded.details.payment.customer.as_deref().unwrap_or_default();
    let method = match ports.store.means(id.tenant(), customer, &means.id).await? {
        Some(kept) => kept.method,
        // Saved with this very order a moment ago, and not in the wallet yet.
        None => loaded
            .order
            .attempts()
            .find(|attempt| attempt.saved.is_some())
            .map(|saved| saved.method)
            .unwrap_or_default(),
    };
    let start = start(&partner, &loaded.order, &loaded.details, method, means, by, reason)?;
    run(ports, id, &Command::StartPayment(start)).await
}

/// A charge of saved means, through the account whose bank knows them.
fn start(
    partner: &Partner,
    order: &Order,
    details: &Details,
    method: Method,
    means: Means,
    by: Initiator,
    reason: Option<&str>,
) -> Result<Start, WorkflowError> {
    let tenant = order.id.tenant();
    let wish = Wish { method, amount: order.amount, stages: details.payment.stages, save: false, entity: None };
    let route = connect::routes(tenant, partner, &wish).into_iter().find(|route| route.account == means.account);
    let route = route.ok_or(Refusal::Unsupported("charges of these means for this amount"))?;
    Ok(Start {
        account: route.account,
        method,
        nominal: route.nominal,
        hold_seconds: route.terms.hold_seconds,
        hold_counts_today: route.terms.hold_counts_today,
        by,
        reason: reason.map(ToOwned::to_owned),
        means: Some(means.id),
        save: false,
    })
}

/// Charges an order to saved means, unless it was charged more than `declined` times before: whoever asks again after a crash
/// charges nothing twice.
pub(crate) async fn charge_once(
    ports: &Ports,
    order: Order,
    details: Details,
    kept: Kept,
    by: Initiator,
    reason: &str,
    declined: usize,
) -> Result<Applied, WorkflowError> {
    if order.status() != Status::Awaiting || order.payments().count() > declined {
        return Ok(Applied { order, details, changed: false });
    }
    let partner = perform::partner(ports, order.id.tenant()).await?;
    let means = Means { id: kept.id, account: kept.account };
    let start = start(&partner, &order, &details, kept.method, means, by, Some(reason))?;
    // There is no buyer to agree to anything: what was agreed is on record with the means.
    match ports.store.put_agreement(&order.id, &details, 1).await {
        Ok(()) | Err(StoreError::Conflict) => {}
        Err(other) => return Err(other.into()),
    }
    apply(ports, &order.id, &Command::StartPayment(start)).await
}

/// The shop's own status of an order, and what the partner's rules make of it. A status without a rule does nothing.
pub async fn status(ports: &Ports, id: &OrderId, status: &str) -> Result<Done, WorkflowError> {
    let partner = perform::partner(ports, id.tenant()).await?;
    let by = Initiator::Rule;
    match partner.payment.statuses.get(status) {
        Some(StatusAction::Capture) => run(ports, id, &Command::Capture { what: What::Whole, by }).await,
        Some(StatusAction::Charge) => charge(ports, id, by, Some(status)).await,
        Some(StatusAction::Cancel) => {
            let reason = Some(status.to_owned());
            run(
                ports,
                id,
                &Command::Cancel(Cancellation { by, what: What::Whole, reason, terminal: None, asked: None }),
            )
            .await
        }
        None => {
            let loaded = ports.store.load(id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
            Ok(Done::Applied(Box::new(Applied { order: loaded.order, details: loaded.details, changed: false })))
        }
    }
}

pub(crate) async fn run(ports: &Ports, id: &OrderId, command: &Command) -> Result<Done, WorkflowError> {
    Ok(Done::Applied(Box::new(apply(ports, id, command).await?)))
}

/// Checks the means a new order is to be charged to.
pub(crate) async fn chargeable(
    ports: &Ports,
    tenant: &Tenant,
    customer: &str,
    means: &str,
) -> Result<Option<Kept>, WorkflowError> {
    // Whatever they are listed as: who was told of them before they were saved once more knows them by this id.
    Ok(ports.store.means(tenant, customer, means).await?.filter(Kept::is_usable))
}
