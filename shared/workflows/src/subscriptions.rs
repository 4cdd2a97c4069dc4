//! Subscriptions: agreed to once, announced and charged by the sweep, each charge an order of its own.
//!
//! The order is what keeps a charge from being made twice: its number follows from the subscription and the charge, and it is
//! charged once more only when the bank has declined it before. Whatever crashes between two steps, the next sweep finds the
//! same order.

use std::fmt::Write as _;

use connectors::channel::{ChannelError, Email, Sms};
use domain::acquiring::{Stages, Wish};
use domain::details::{Details, Language};
use domain::id::{OrderId, Tenant};
use domain::money::{Currency, Money};
use domain::order::{Cancellation, Command, Event, Initiator, Order, RESEND_SECONDS, Refusal, Status, What};
use domain::partner::Partner;
use domain::subscription::{
    Canceller, Every, LOOK_SECONDS, Mandate, Pause, Phase, RETRY_SECONDS, State, Step, Subscription, rises,
    subscription_id,
};
use domain::time::{Timestamp, moscow_date, plus_seconds};
use domain::usage::{Kind, Sent, sms_parts};
use domain::wallet::Kept;
use pages::{MailButton, MailKind, MailView};
use serde::{Deserialize, Serialize};
use storage::keys;
use storage::store::StoreError;
use storage::table::Freshness;
use utoipa::ToSchema;

use crate::access::sha256_hex;
use crate::checkout::{page_agent, page_language, page_partner};
use crate::error::WorkflowError;
use crate::orders::{self, Asker, BuyerRequest, Check, Created, Invalid, LineRequest, OrderRequest};
use crate::perform::{self, apply};
use crate::ports::{Message, Ports, QueueName};
use crate::terms::{ChargeRequest, PaymentTermsRequest};
use crate::{clock, connect, links, payments, usage};

/// Phases of a subscription.
const PHASES_MAX: usize = 12;
/// Charges of a phase.
const COUNT_MAX: u32 = 1_200;
/// Seconds a first charge may lie ahead: a year and a day.
const AHEAD_SECONDS_MAX: i64 = 366 * 24 * 3_600;
/// Seconds an order of a subscription waits for its charge and the repetitions: six days.
const CHARGE_TIMEOUT_SECONDS: u32 = 6 * 24 * 3_600;
/// Subscriptions looked at in one bucket at once.
const PAGE: usize = 100;
/// Pages of one bucket in one run; the rest waits for the next minute.
const PAGES_MAX: usize = 20;
/// Steps of one subscription in one run: its notice, its charge and what came of it are three.
const STEPS_MAX: usize = 6;

/// What a partner asks for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// Your own number of it, 1 to 64 characters. Repeating a request with one number returns the same subscription.
    #[schema(example = "S-17")]
    pub number: String,
    /// Your own id of the buyer.
    #[schema(example = "buyer-1")]
    pub customer: String,
    /// Means the buyer has saved, `mns_…`.
    #[schema(example = "mns_01kavxa3hs8g5xv6qt7mh3v2kc_1")]
    pub means: String,
    /// What is charged how often, 1 to 12 phases.
    pub phases: Vec<PhaseRequest>,
    /// `day`, `week` or `month`; a month that is too short for the day of the first charge has its last day instead.
    #[schema(example = "month")]
    pub every: String,
    /// The first charge (RFC 3339); at once when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-12-01T09:00:00Z")]
    pub first_at: Option<String>,
    /// What it is for, 1 to 128 characters; the line of every receipt.
    #[schema(example = "Подписка «Справка плюс»")]
    pub description: String,
    /// The version of your terms the buyer agreed to, 1 to 64 characters.
    #[schema(example = "2026-11-01")]
    pub terms_version: String,
    /// Those terms have the clause that the price rises: needed when a phase costs more than the one before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(example = true)]
    pub rises_agreed: bool,
    /// Where the buyer is told; the contacts of the order that saved the means when left out.
    #[serde(default)]
    pub buyer: BuyerRequest,
}

/// A number of charges of one amount.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseRequest {
    /// What is charged each time, in roubles, exactly.
    #[schema(example = "500.00")]
    pub amount: String,
    /// How often, 1 to 1200; the last phase goes on for ever when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    pub count: Option<u32>,
}

/// What became of a wish for a subscription.
#[derive(Debug, Clone)]
pub enum Made {
    /// The subscription; `repeated` when it was there before.
    Subscription {
        /// The subscription.
        subscription: Box<Subscription>,
        /// It was there before.
        repeated: bool,
    },
    /// Fields are wrong; nothing was kept.
    Invalid(Vec<Invalid>),
    /// The number has been used for another subscription.
    NumberTaken,
}

/// Makes a subscription, or finds the one made before by the same request.
pub async fn create(
    ports: &Ports,
    tenant: &Tenant,
    request: &SubscriptionRequest,
    origin: Option<&str>,
) -> Result<Made, WorkflowError> {
    let request_sha256 = sha256_hex(&serde_json::to_string(request).map_err(WorkflowError::Message)?);
    let id = subscription_id(tenant, &request.number);
    let known = |found: Subscription| {
        if found.request_sha256 == request_sha256 {
            Made::Subscription { subscription: Box::new(found), repeated: true }
        } else {
            Made::NumberTaken
        }
    };
    if let Some(found) = ports.store.subscription(tenant, &id).await? {
        return Ok(known(found));
    }
    let partner = perform::partner(ports, tenant).await?;
    if partner.payment.charges_frozen {
        return Err(Refusal::Unsupported("charges without the buyer").into());
    }
    let now = clock::now(ports, tenant).await?;
    let mut check = Check { invalid: Vec::new() };
    check.text("/number", &request.number, 64);
    check.text("/customer", &request.customer, 64);
    check.text("/description", &request.description, 128);
    check.text("/terms_version", &request.terms_version, 64);
    let everies = [("day", Every::Day), ("week", Every::Week), ("month", Every::Month)];
    let every = check.choice("/every", Some(&request.every), &everies, Every::Month);
    let phases = phases(&mut check, request);
    let from = first_at(&mut check, request, now);
    let (mut email, mut phone) = contacts(&mut check, &request.buyer);
    let kept = means(ports, tenant, &mut check, request, &partner, &phases).await?;
    let mut language = Language::Ru;
    if let Some(kept) = &kept
        && let Some(saved_with) = ports.store.load(&kept.order, Freshness::Consistent).await?
    {
        language = saved_with.details.language;
        if email.is_none() && phone.is_none() {
            email = saved_with.details.email.map(|contact| contact.value);
            phone = saved_with.details.phone.map(|contact| contact.value);
        }
    }
    if kept.is_some() && email.is_none() && phone.is_none() {
        let (ru, en) = ("Без контакта покупателю не сообщить о списании.", "The buyer must be told of charges.");
        check.say("/buyer", "required", ru, en);
    }
    let (Some(kept), true) = (kept, check.invalid.is_empty()) else { return Ok(Made::Invalid(check.invalid)) };
    let subscription = Subscription {
        id: id.clone(),
        version: 1,
        number: request.number.clone(),
        request_sha256: request_sha256.clone(),
        customer: request.customer.clone(),
        means: kept.id,
        description: request.description.clone(),
        phases,
        every,
        from,
        mandate: Mandate {
            order: kept.order,
            text: kept.agreed,
            terms_version: request.terms_version.clone(),
            rises: request.rises_agreed,
        },
        email,
        phone,
        language,
        origin: origin.map(ToOwned::to_owned),
        created_at: now,
        state: State::Active,
        charge: 1,
        slot: 0,
        round: 0,
        declined: 0,
        noticed_at: None,
        not_before: None,
        charging: false,
        charges: Vec::new(),
        ended_at: None,
    };
    match ports.store.put_subscription(tenant, &subscription).await {
        Ok(()) => Ok(Made::Subscription { subscription: Box::new(subscription), repeated: false }),
        Err(StoreError::Conflict) => {
            let found = ports.store.subscription(tenant, &id).await?.ok_or(WorkflowError::Busy)?;
            Ok(known(found))
        }
        Err(other) => Err(other.into()),
    }
}

fn phases(check: &mut Check, request: &SubscriptionRequest) -> Vec<Phase> {
    if !(1..=PHASES_MAX).contains(&request.phases.len()) {
        check.say("/phases", "count", "От 1 до 12 этапов.", "1 to 12 phases.");
    }
    let last = request.phases.len().saturating_sub(1);
    let mut phases = Vec::new();
    for (at, asked) in request.phases.iter().take(PHASES_MAX).enumerate() {
        let amount = Money::parse_major(&asked.amount, Currency::RUB).ok();
        let amount = amount.filter(|amount| (1..=orders::AMOUNT_MINOR_MAX).contains(&amount.minor()));
        if amount.is_none() {
            let (ru, en) = ("Сумма в рублях больше нуля.", "An amount in roubles above zero.");
            check.say(format!("/phases/{at}/amount"), "amount", ru, en);
        }
        let fits = match asked.count {
            None => at == last,
            Some(count) => (1..=COUNT_MAX).contains(&count),
        };
        if !fits {
            let (ru, en) =
                ("От 1 до 1200; без числа только последний этап.", "1 to 1200; only the last phase may have none.");
            check.say(format!("/phases/{at}/count"), "count", ru, en);
        }
        phases.extend(amount.map(|amount| Phase { amount, count: asked.count }));
    }
    if rises(&phases) && !request.rises_agreed {
        let (ru, en) = (
            "Цена растёт: в оферте должен быть такой пункт, и покупатель должен его принять.",
            "The price rises: your terms need a clause that says so, and the buyer must have agreed to it.",
        );
        check.say("/rises_agreed", "required", ru, en);
    }
    phases
}

fn first_at(check: &mut Check, request: &SubscriptionRequest, now: Timestamp) -> Timestamp {
    let Some(text) = &request.first_at else { return now };
    let Ok(at) = text.parse::<Timestamp>().map(domain::time::whole_seconds) else {
        let (ru, en) = ("Момент вида 2026-12-01T09:00:00Z.", "A moment such as 2026-12-01T09:00:00Z.");
        check.say("/first_at", "moment", ru, en);
        return now;
    };
    if at < now {
        check.say("/first_at", "past", "Этот момент уже прошёл.", "This moment has passed.");
    } else if at > plus_seconds(now, AHEAD_SECONDS_MAX) {
        check.say("/first_at", "range", "Не дальше чем через год.", "At most a year ahead.");
    }
    at
}

fn contacts(check: &mut Check, buyer: &BuyerRequest) -> (Option<String>, Option<String>) {
    let email = buyer.email.as_deref().map(orders::email);
    if email == Some(None) {
        check.say("/buyer/email", "email", "Это не похоже на адрес электронной почты.", "Not an e-mail address.");
    }
    let phone = buyer.phone.as_deref().map(orders::phone);
    if phone == Some(None) {
        check.say("/buyer/phone", "phone", "Это не похоже на номер телефона.", "Not a telephone number.");
    }
    (email.flatten(), phone.flatten())
}

/// The means to charge, and whether their account takes every phase's amount.
async fn means(
    ports: &Ports,
    tenant: &Tenant,
    check: &mut Check,
    request: &SubscriptionRequest,
    partner: &Partner,
    phases: &[Phase],
) -> Result<Option<Kept>, WorkflowError> {
    let kept = payments::chargeable(ports, tenant, &request.customer, &request.means).await?;
    let Some(kept) = kept else {
        check.say("/means", "no_means", "У покупателя нет такого способа оплаты.", "The buyer has no such means.");
        return Ok(None);
    };
    for (at, phase) in phases.iter().enumerate() {
        if !takes(tenant, partner, &kept, phase.amount) {
            let (ru, en) = ("Банк этого способа такую сумму не примет.", "The bank of these means does not take it.");
            check.say(format!("/phases/{at}/amount"), "no_account", ru, en);
        }
    }
    Ok(Some(kept))
}

/// Whether the account means were saved at takes an amount from them.
fn takes(tenant: &Tenant, partner: &Partner, kept: &Kept, amount: Money) -> bool {
    let wish = Wish { method: kept.method, amount, stages: Stages::One, save: false, entity: None };
    connect::routes(tenant, partner, &wish).iter().any(|route| route.account == kept.account)
}

/// A subscription.
pub async fn one(ports: &Ports, tenant: &Tenant, id: &str) -> Result<Subscription, WorkflowError> {
    ports.store.subscription(tenant, id).await?.ok_or(WorkflowError::NotFound)
}

/// Changes a subscription as it is stored now; `change` answers whether there is anything to write.
async fn change(
    ports: &Ports,
    tenant: &Tenant,
    id: &str,
    mut change: impl FnMut(&mut Subscription) -> bool + Send,
) -> Result<Subscription, WorkflowError> {
    for _ in 0..5 {
        let mut subscription = one(ports, tenant, id).await?;
        if !change(&mut subscription) {
            return Ok(subscription);
        }
        subscription.version += 1;
        match ports.store.put_subscription(tenant, &subscription).await {
            Ok(()) => return Ok(subscription),
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(WorkflowError::Busy)
}

/// Ends a subscription. A charge the bank has been asked for is seen through; one that waits to be tried again is not.
pub async fn cancel(ports: &Ports, tenant: &Tenant, id: &str, by: Canceller) -> Result<Subscription, WorkflowError> {
    let now = clock::now(ports, tenant).await?;
    let subscription = change(ports, tenant, id, |subscription| subscription.cancel(by, now)).await?;
    give_up(ports, &subscription).await?;
    Ok(subscription)
}

/// Goes on with a subscription that was paused, by other means if wanted. Fields are wrong, or there is nothing to resume.
pub async fn resume(
    ports: &Ports,
    tenant: &Tenant,
    id: &str,
    means: Option<&str>,
) -> Result<Result<Subscription, Vec<Invalid>>, WorkflowError> {
    let before = one(ports, tenant, id).await?;
    let wanted = means.unwrap_or(&before.means).to_owned();
    let wrong = |code, ru: &str, en: &str| {
        Ok(Err(vec![Invalid { pointer: "/means".to_owned(), code, ru: ru.to_owned(), en: en.to_owned() }]))
    };
    let Some(kept) = payments::chargeable(ports, tenant, &before.customer, &wanted).await? else {
        return wrong("no_means", "У покупателя нет такого способа оплаты.", "The buyer has no such means.");
    };
    let partner = perform::partner(ports, tenant).await?;
    if !before.amounts_left().all(|amount| takes(tenant, &partner, &kept, amount)) {
        let (ru, en) =
            ("Банк этого способа такую сумму не примет.", "The bank of these means does not take the amount.");
        return wrong("no_account", ru, en);
    }
    // The order of the charge that failed can not be paid any more once there is another one.
    give_up(ports, &before).await?;
    let now = clock::now(ports, tenant).await?;
    if !matches!(before.state, State::Active)
        && let Some(open) = before.charges.last().filter(|charge| charge.paid != Some(true))
        && let Some(loaded) = ports.store.load(&open.order, Freshness::Consistent).await?
    {
        // The buyer may have paid it by hand before that, or be about to.
        if let Some(payment) = loaded.order.open_payment() {
            return Err(Refusal::PaymentUnderWay(payment.no).into());
        }
        if loaded.order.has(Event::Captured) && loaded.order.kept()?.is_positive() {
            let settle = |found: &mut Subscription| {
                let waits = matches!(found.state, State::Paused(_)) && found.charges.last() == Some(open);
                if waits {
                    found.paid(now);
                }
                waits
            };
            change(ports, tenant, id, settle).await?;
        }
    }
    change(ports, tenant, id, |subscription| subscription.resume(Some(wanted.clone()), now)).await.map(Ok)
}

/// Ends the order of a charge that is not to be made any more, if nobody has paid it.
async fn give_up(ports: &Ports, subscription: &Subscription) -> Result<(), WorkflowError> {
    let Some(open) = subscription.charges.last().filter(|charge| charge.paid != Some(true)) else { return Ok(()) };
    if matches!(subscription.state, State::Active) {
        return Ok(());
    }
    end(ports, &open.order).await
}

/// Ends an order nobody has paid.
async fn end(ports: &Ports, order: &OrderId) -> Result<(), WorkflowError> {
    let loaded = ports.store.load(order, Freshness::Consistent).await?;
    if loaded.is_none_or(|loaded| loaded.order.status() != Status::Awaiting) {
        return Ok(());
    }
    let cancellation =
        Cancellation { by: Initiator::Platform, what: What::Whole, reason: None, terminal: None, asked: None };
    match apply(ports, order, &Command::Cancel(cancellation)).await {
        Ok(_) | Err(WorkflowError::Refused(_)) => Ok(()),
        Err(other) => Err(other),
    }
}

/// What a run over subscriptions has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Subscriptions looked at.
    pub looked: usize,
    /// Of them those that could not be; they stay due.
    pub failed: usize,
}

/// Looks at the subscriptions of a bucket that are due.
pub async fn sweep(ports: &Ports, bucket: &str, now: Timestamp) -> Result<Swept, WorkflowError> {
    let mut swept = Swept::default();
    for _ in 0..PAGES_MAX {
        let due = ports.store.due_subscriptions(bucket, now, PAGE).await?;
        let (full, before) = (due.len() == PAGE, swept.failed);
        for (tenant, id) in due {
            swept.looked += 1;
            if let Err(error) = look(ports, &tenant, &id, now).await {
                swept.failed += 1;
                tracing::error!(%tenant, subscription = id, error = %error.chain(), "a subscription was not looked at");
            }
        }
        if !full || swept.failed - before == PAGE {
            break;
        }
    }
    Ok(swept)
}

/// Looks at all due subscriptions of live tenants.
pub(crate) async fn sweep_live(ports: &Ports, now: Timestamp) -> Result<Swept, WorkflowError> {
    let mut swept = Swept::default();
    for part in 0..keys::DUE_SPREAD {
        let more = Box::pin(sweep(ports, &keys::live_subscription_due_bucket(part), now)).await?;
        swept = Swept { looked: swept.looked + more.looked, failed: swept.failed + more.failed };
    }
    Ok(swept)
}

/// Does what is due of one subscription.
async fn look(ports: &Ports, tenant: &Tenant, id: &str, now: Timestamp) -> Result<(), WorkflowError> {
    for _ in 0..STEPS_MAX {
        let before = one(ports, tenant, id).await?;
        let mut next = before.clone();
        let mut ready = None;
        match before.step(now) {
            // The due index lags behind.
            Step::Wait(_) => return Ok(()),
            Step::Notice => next.wait(now, RESEND_SECONDS),
            Step::Charge => ready = Box::pin(prepare(ports, tenant, &mut next, now)).await?,
            Step::Look => outcome(ports, &mut next, now).await?,
        }
        next.version += 1;
        match ports.store.put_subscription(tenant, &next).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => {
                // Somebody ended it while the order was made: then nobody is to pay it.
                if let Some(Ready { order, .. }) = ready {
                    withdraw(ports, tenant, id, &order.id).await?;
                }
                continue;
            }
            Err(other) => return Err(other.into()),
        }
        if before.step(now) == Step::Notice {
            send_notice(ports, tenant, &next).await;
        }
        if let Some(ready) = ready {
            Box::pin(charge(ports, tenant, &next, ready, now)).await?;
        }
        give_up(ports, &next).await?;
    }
    Ok(())
}

/// An order that is to be charged once that is on record.
struct Ready {
    order: Order,
    details: Details,
    kept: Kept,
}

/// Makes the order of the next charge and says that it is begun. The order is looked for by its number first: it may have been made
/// before a crash, or with other means before a charge is tried again.
async fn prepare(
    ports: &Ports,
    tenant: &Tenant,
    next: &mut Subscription,
    now: Timestamp,
) -> Result<Option<Ready>, WorkflowError> {
    let Some(amount) = next.amount() else {
        next.pause(Pause::Refused);
        return Ok(None);
    };
    let Some(kept) = payments::chargeable(ports, tenant, &next.customer, &next.means).await? else {
        next.pause(Pause::NoMeans);
        return Ok(None);
    };
    let partner = perform::partner(ports, tenant).await?;
    if partner.payment.charges_frozen {
        next.wait(now, RETRY_SECONDS);
        return Ok(None);
    }
    if next.is_told_of_too_long_ago(now) {
        // Who has read of the first of the month is not charged on the twentieth.
        next.announce_anew();
        return Ok(None);
    }
    let number = next.order_number();
    let found = match ports.store.number(tenant, &number).await? {
        Some(claim) => ports.store.load(&claim.order, Freshness::Consistent).await?,
        None => None,
    };
    let (order, details) = if let Some(found) = found {
        let own = found.order.amount == amount
            && found.details.payment.customer.as_deref() == Some(&next.customer)
            && found.details.description.as_deref() == Some(&next.description);
        if !own {
            tracing::error!(order = %found.order.id, "the number of a subscription's order belongs to another order");
            next.pause(Pause::Refused);
            return Ok(None);
        }
        (found.order, found.details)
    } else {
        let request = wish(next, number, amount);
        let asker = Asker { by: Initiator::Schedule, origin: next.origin.as_deref() };
        match orders::make(ports, tenant, &request, None, asker).await {
            Ok((Created::Order { order, details, .. }, _)) => (*order, *details),
            Ok((Created::Invalid(_) | Created::NumberTaken | Created::KeyReused, _)) => {
                next.pause(Pause::Refused);
                return Ok(None);
            }
            // The partner may top their account up.
            Ok((Created::TooLittle(_), _)) | Err(WorkflowError::Refused(_)) => {
                next.wait(now, RETRY_SECONDS);
                return Ok(None);
            }
            Err(other) => return Err(other),
        }
    };
    next.begun(&order.id, amount, now);
    Ok(Some(Ready { order, details, kept }))
}

/// Charges the order of a charge that is on record as begun. What ends the subscription from then on ends the order, so that one of
/// the two comes first.
async fn charge(
    ports: &Ports,
    tenant: &Tenant,
    begun: &Subscription,
    ready: Ready,
    now: Timestamp,
) -> Result<(), WorkflowError> {
    let Ready { order, details, kept } = ready;
    let (id, declined) = (order.id.clone(), usize::from(begun.declined));
    let by = Initiator::Schedule;
    match payments::charge_once(ports, order, details, kept, by, &begun.description, declined).await {
        Ok(_) => Ok(()),
        // Under way or over: what came of it is looked at.
        Err(WorkflowError::Refused(Refusal::PaymentUnderWay(_) | Refusal::NotPayable(_) | Refusal::Expired(_))) => {
            Ok(())
        }
        // Its bank does not take it now.
        Err(WorkflowError::Refused(_)) => {
            let stand_back = |found: &mut Subscription| {
                let begun = found.charging && found.charges.last().is_some_and(|charge| charge.order == id);
                if begun {
                    found.not_taken(now);
                }
                begun
            };
            change(ports, tenant, &begun.id, stand_back).await.map(drop)
        }
        Err(other) => Err(other),
    }
}

/// Ends an order that was made for a subscription that does not know of it, unless it goes on and will.
async fn withdraw(ports: &Ports, tenant: &Tenant, id: &str, order: &OrderId) -> Result<(), WorkflowError> {
    let now = one(ports, tenant, id).await?;
    let wanted = now.state == State::Active || now.charges.iter().any(|charge| charge.order == *order);
    if wanted { Ok(()) } else { end(ports, order).await }
}

fn wish(subscription: &Subscription, number: String, amount: Money) -> OrderRequest {
    let roubles = amount.to_decimal().to_string();
    OrderRequest {
        number,
        lines: vec![LineRequest {
            name: subscription.description.clone(),
            price: roubles.clone(),
            ..LineRequest::default()
        }],
        amount: Some(roubles),
        description: Some(subscription.description.clone()),
        buyer: BuyerRequest { email: subscription.email.clone(), phone: subscription.phone.clone(), firm: None },
        language: Some(if subscription.language == Language::En { "en" } else { "ru" }.to_owned()),
        payment_timeout_seconds: Some(CHARGE_TIMEOUT_SECONDS),
        customer: Some(subscription.customer.clone()),
        payment: Some(PaymentTermsRequest { stages: Some(1), ..PaymentTermsRequest::default() }),
        charge: Some(ChargeRequest { means: subscription.means.clone(), reason: subscription.description.clone() }),
        ..OrderRequest::default()
    }
}

/// Looks what came of a charge.
async fn outcome(ports: &Ports, next: &mut Subscription, now: Timestamp) -> Result<(), WorkflowError> {
    let Some(id): Option<OrderId> = next.charges.last().map(|charge| charge.order.clone()) else {
        next.refused(now);
        return Ok(());
    };
    let loaded = ports.store.load(&id, Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    // What was taken was paid for, though it may have gone back since.
    if loaded.order.has(Event::Captured) {
        next.paid(now);
    } else if loaded.order.open_payment().is_some() {
        next.wait(now, LOOK_SECONDS);
    } else if loaded.order.status() == Status::Awaiting {
        let asked = loaded.order.payments().count() > usize::from(next.declined);
        if asked || next.state != State::Active {
            next.refused(now);
        } else {
            // Whoever began it died before the bank was asked: it has declined nothing.
            next.not_asked(now);
        }
    } else {
        // Expired, or ended by somebody: there is nothing to try again.
        next.refused(now);
        next.pause(Pause::Declined);
    }
    Ok(())
}

/// What the worker of the queue `notification` is sent about a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    tenant: Tenant,
    subscription: String,
    charge: u32,
}

/// Has a worker tell the buyer. A failure is logged and no more: the sweep asks again until it is on record that they were told.
async fn send_notice(ports: &Ports, tenant: &Tenant, subscription: &Subscription) {
    let (tenant, id, charge) = (tenant.clone(), subscription.id.clone(), subscription.charge);
    let Ok(body) = serde_json::to_string(&Notice { tenant, subscription: id, charge }) else { return };
    let message = Message { queue: QueueName::Notification, body, delay_seconds: 0 };
    if let Err(error) = ports.queue.send(vec![message]).await {
        tracing::warn!(subscription = subscription.id, %error, "a notice was not sent; the sweep will send it");
    }
}

/// Tells the buyer of the next charge: by letter, or by text message where there is no address. More than once only when the
/// record of it got lost; never not at all.
pub(crate) async fn tell(ports: &Ports, notice: &Notice) -> Result<(), WorkflowError> {
    let Notice { tenant, subscription: id, charge } = notice;
    let next = one(ports, tenant, id).await?;
    let now = clock::now(ports, tenant).await?;
    let planned = next.amount().zip(next.scheduled_at()).filter(|_| next.awaits_notice_of(*charge, now));
    let Some((amount, at)) = planned else { return Ok(()) };
    let at = at.max(plus_seconds(now, domain::subscription::NOTICE_LEAST_SECONDS));
    let partner = perform::partner(ports, tenant).await?;
    let next = &next;
    let reference = format!("{}-{}-notice", next.id, next.charge);
    let (mut sent, mut used) = (None, Sent { kind: Kind::Email, units: 1 });
    if let Some(to) = &next.email {
        let mail = pages::mail(&letter(ports, tenant, next, &partner, amount, at));
        let (subject, text, html) = (mail.subject, mail.text, mail.html);
        let email = Email { to: to.clone(), subject, text, html, inline: Vec::new(), reference: reference.clone() };
        sent = Some(ports.channels.email(email).await);
    }
    if matches!(sent, None | Some(Err(ChannelError::Refused(_))))
        && let Some(to) = &next.phone
    {
        let text = short(ports, tenant, next, &partner, amount, at);
        used = Sent { kind: Kind::Sms, units: sms_parts(&text) };
        sent = Some(ports.channels.sms(Sms { to: to.clone(), text, reference: reference.clone() }).await);
    }
    if matches!(sent, Some(Ok(_))) {
        usage::sent(ports, tenant, now, &reference, used).await;
    }
    match sent {
        Some(Err(error)) if !matches!(error, ChannelError::Refused(_)) => {
            tracing::warn!(subscription = id, %error, "a notice did not go out; the sweep will send it again");
            return Ok(());
        }
        sent => {
            let told = matches!(sent, Some(Ok(_)));
            let record = |found: &mut Subscription| {
                let open = found.awaits_notice_of(*charge, now);
                match (open, told) {
                    (false, _) => {}
                    (true, true) => found.noticed(now),
                    (true, false) => found.pause(Pause::Unreachable),
                }
                open
            };
            change(ports, tenant, id, record).await?;
        }
    }
    Ok(())
}

fn letter(
    ports: &Ports,
    tenant: &Tenant,
    subscription: &Subscription,
    partner: &Partner,
    amount: Money,
    at: Timestamp,
) -> MailView {
    let settings = &ports.settings;
    let url = links::subscription_url(settings, tenant, &subscription.id);
    let (date, description) = (moscow_date(at).strftime("%d.%m.%Y").to_string(), &subscription.description);
    let english = subscription.language == Language::En;
    let mut body = if english {
        format!("On {date} {amount} will be charged for “{description}”, from the means you have saved.")
    } else {
        format!("{date} спишется {amount} за «{description}» — с сохранённого вами способа оплаты.")
    };
    if let Some(before) = subscription.rises_from() {
        let version = &subscription.mandate.terms_version;
        let _ = if english {
            write!(body, "\n\nThe price rises from {before} to {amount}, as the terms of {version} say.")
        } else {
            write!(body, "\n\nЦена растёт: было {before}, станет {amount}. Так сказано в условиях от {version}.")
        };
    }
    body.push_str(if english {
        "\n\nYou can end the subscription at any time: then nothing more will be charged."
    } else {
        "\n\nПодписку можно отменить в любой момент: тогда больше ничего не спишется."
    });
    MailView {
        lang: page_language(subscription.language),
        partner: page_partner(partner),
        logo_content_id: None,
        agent: page_agent(settings),
        bill: subscription.id.clone(),
        number: subscription.number.clone(),
        amount_minor: amount.minor(),
        order_url: url.clone(),
        test_mode: tenant.is_test(),
        charge: None,
        kind: MailKind::Custom {
            subject: if english { format!("Charge on {date}") } else { format!("Списание {date}") },
            body,
            button: Some(MailButton {
                label: if english { "End the subscription" } else { "Отменить подписку" }.to_owned(),
                url,
            }),
        },
    }
}

fn short(
    ports: &Ports,
    tenant: &Tenant,
    subscription: &Subscription,
    partner: &Partner,
    amount: Money,
    at: Timestamp,
) -> String {
    let url = links::subscription_url(&ports.settings, tenant, &subscription.id);
    let (date, name) = (moscow_date(at).strftime("%d.%m").to_string(), &partner.name);
    match (subscription.language, subscription.rises_from()) {
        (Language::En, None) => format!("{name}: {amount} will be charged on {date}. End it: {url}"),
        (Language::En, Some(before)) => {
            format!("{name}: {amount} (was {before}) will be charged on {date}. End it: {url}")
        }
        (Language::Ru, None) => format!("{name}: {date} спишется {amount}. Отменить: {url}"),
        (Language::Ru, Some(before)) => format!("{name}: {date} спишется {amount} (было {before}). Отменить: {url}"),
    }
}

/// A subscription as its partner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubscriptionView {
    /// Id.
    #[schema(example = "sub_3zj9e2w7qd01kb51fg8s6n0y4h")]
    pub id: String,
    /// Your own number of it.
    pub number: String,
    /// Your own id of the buyer.
    pub customer: String,
    /// The means that are charged.
    pub means: String,
    /// What it is for.
    pub description: String,
    /// `active`, `paused`, `cancelled` or `completed`.
    #[schema(example = "active")]
    pub state: &'static str,
    /// Why it is paused: `declined`, `no_means`, `unreachable`, `refused`; or who cancelled it: `buyer`, `partner`, `operator`.
    pub reason: Option<&'static str>,
    /// What is charged how often.
    pub phases: Vec<PhaseView>,
    /// `day`, `week` or `month`.
    pub every: &'static str,
    /// The next charge, while it is active and one is left.
    pub next: Option<NextCharge>,
    /// The latest charges, oldest first; at most 60.
    pub charges: Vec<ChargeView>,
    /// What the buyer agreed to.
    pub consent: ConsentView,
    /// Which of your sites made it: the name of its API key.
    pub origin: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Where the buyer ends it.
    pub cancel_url: String,
}

/// A phase.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhaseView {
    /// What is charged each time, in roubles.
    pub amount: String,
    /// How often.
    pub count: Option<u32>,
}

/// The next charge.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NextCharge {
    /// Its number.
    pub no: u32,
    /// Its amount in roubles.
    pub amount: String,
    /// When it is made.
    pub at: String,
    /// When the buyer was told of it.
    pub noticed_at: Option<String>,
    /// How often the bank has declined it.
    pub declined: u8,
}

/// A charge.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChargeView {
    /// Its number.
    pub no: u32,
    /// Its order.
    pub order: String,
    /// Its amount in roubles.
    pub amount: String,
    /// When it was first asked for.
    pub at: String,
    /// `pending`, `paid` or `declined`.
    pub state: &'static str,
}

/// What the buyer agreed to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConsentView {
    /// The order whose agreement saved the means.
    pub order: String,
    /// The version of the words the buyer agreed to then.
    pub text_version: Option<String>,
    /// SHA-256 of those words.
    pub text_sha256: Option<String>,
    /// The version of your terms.
    pub terms_version: String,
    /// Those terms have the clause that the price rises.
    pub rises_agreed: bool,
}

/// A subscription as its partner sees it.
pub fn view(ports: &Ports, tenant: &Tenant, subscription: &Subscription) -> SubscriptionView {
    let roubles = |money: Money| money.to_decimal().to_string();
    let reason = match subscription.state {
        State::Active | State::Completed => None,
        State::Paused(why) => Some(why.code()),
        State::Cancelled(by) => Some(by.code()),
    };
    let at = subscription.charge_at();
    SubscriptionView {
        id: subscription.id.clone(),
        number: subscription.number.clone(),
        customer: subscription.customer.clone(),
        means: subscription.means.clone(),
        description: subscription.description.clone(),
        state: subscription.state.code(),
        reason,
        phases: subscription
            .phases
            .iter()
            .map(|phase| PhaseView { amount: roubles(phase.amount), count: phase.count })
            .collect(),
        every: subscription.every.code(),
        next: at.zip(subscription.amount()).map(|(at, amount)| NextCharge {
            no: subscription.charge,
            amount: roubles(amount),
            at: at.to_string(),
            noticed_at: subscription.noticed_at.map(|at| at.to_string()),
            declined: subscription.declined,
        }),
        charges: subscription
            .charges
            .iter()
            .map(|charge| ChargeView {
                no: charge.no,
                order: charge.order.to_string(),
                amount: roubles(charge.amount),
                at: charge.at.to_string(),
                state: match charge.paid {
                    None => "pending",
                    Some(true) => "paid",
                    Some(false) => "declined",
                },
            })
            .collect(),
        consent: ConsentView {
            order: subscription.mandate.order.to_string(),
            text_version: subscription.mandate.text.as_ref().map(|text| text.version.clone()),
            text_sha256: subscription.mandate.text.as_ref().map(|text| text.sha256.clone()),
            terms_version: subscription.mandate.terms_version.clone(),
            rises_agreed: subscription.mandate.rises,
        },
        origin: subscription.origin.clone(),
        created_at: subscription.created_at.to_string(),
        cancel_url: links::subscription_url(&ports.settings, tenant, &subscription.id),
    }
}
