//! Payments at the bank: told once, asked about whenever unknown.
//!
//! A bank knows an operation by a stable number. The sandbox's own bank gets `{order}-o{operation}`; every other bank, whose
//! numbers may be no longer than 30 characters and are one tenant's anyway, the order's ULID and the operation. An attempt the
//! bank has declined is followed by one under a new number (`…a1`).

use connectors::bank::{
    BankError, Callback, CallbackError, CaptureRequest, ChargeRequest, Known, PaymentRequest, Question, Registered,
    ReturnRequest, Show,
};
pub use connectors::bank::{CallbackAnswer, Incoming};
use domain::acquiring::Return;
use domain::details::Details;
use domain::exchange::Purpose;
use domain::id::{OrderId, Tenant};
use domain::order::{
    BankReport, BankState, Command, DeclineReason, Event, Operation, OperationKind, Order, RESEND_SECONDS, TaskId,
    TransactionKind, means_id,
};
use domain::partner::Partner;
use domain::time::{Timestamp, plus_seconds};
use storage::store::Loaded;

use crate::connect::{self, At};
use crate::error::WorkflowError;
use crate::exchange::{self, About, Fate, recorded};
use crate::perform::{self, Applied, apply, apply_knowing};
use crate::ports::Ports;
use crate::{clock, links, wallet};

/// Questions about an operation whose answers are overtaken before somebody else is to ask.
const ASKED_MAX: usize = 3;

/// The stable number the bank knows an operation by.
pub fn operation_number(order: &OrderId, operation: &Operation) -> String {
    let name = if operation.account.is_some() { order.ulid() } else { format!("{order}-") };
    match operation.attempt() {
        0 => format!("{name}o{}", operation.no),
        attempt => format!("{name}o{}a{attempt}", operation.no),
    }
}

/// The order, operation and attempt a number names. Numbers given to banks other than the sandbox's own name no tenant.
fn operation_of(tenant: &Tenant, number: &str) -> Option<(OrderId, u8, u8)> {
    let (name, operation) = number.rsplit_once('o')?;
    let (operation, attempt) = operation.split_once('a').unwrap_or((operation, "0"));
    let (operation, attempt) = (operation.parse().ok()?, attempt.parse().ok()?);
    let order = match name.strip_suffix('-') {
        Some(order) => order.parse().ok()?,
        None => OrderId::of(tenant, name)?,
    };
    Some((order, operation, attempt))
}

/// An operation as its bank knows it.
fn known(order: &Order, operation: &Operation) -> Known {
    Known {
        number: operation_number(&order.id, operation),
        reference: operation.reference().map(ToOwned::to_owned),
        amount: operation.amount,
        captured: order.figures(operation).ok().map(|figures| figures.captured),
        method: operation.method,
        stages: operation.stages,
    }
}

/// The payment an operation belongs to; itself when it is one.
fn payment_of<'a>(order: &'a Order, operation: &'a Operation) -> &'a Operation {
    operation.kind.of().and_then(|of| order.operation(of)).unwrap_or(operation)
}

fn request(
    ports: &Ports,
    order: &Order,
    details: &Details,
    partner: &Partner,
    operation: &Operation,
) -> PaymentRequest {
    let settings = &ports.settings;
    let page = links::checkout_url(settings, &order.id);
    let contact = |contact: &Option<domain::details::Contact>| contact.as_ref().map(|contact| contact.value.clone());
    PaymentRequest {
        callback_url: connect::callback_url(settings, &order.id, operation.account.as_deref()),
        number: operation_number(&order.id, operation),
        bill: format!("{}.{}", order.bill, operation.no),
        amount: operation.amount,
        method: operation.method,
        stages: operation.stages,
        description: details.description.clone().unwrap_or_else(|| order.number.clone()),
        return_url: format!("{page}/return"),
        expires_at: expires_at(order, operation),
        language: details.language,
        merchant: partner.name.clone(),
        customer: details.payment.customer.clone(),
        save: operation.save && details.payment.customer.is_some(),
        points_max: details.payment.points_max.filter(|_| operation.kind == OperationKind::Payment),
        email: contact(&details.email),
        phone: contact(&details.phone),
    }
}

/// Until when a payment may be taken. A charge may begin long after the buyer agreed to it: it has as long from then on.
fn expires_at(order: &Order, operation: &Operation) -> Timestamp {
    match order.happened(Event::PaymentStarted, operation.no).filter(|_| operation.means.is_some()) {
        Some(started) => plus_seconds(started, order.expires_at.as_second() - order.created_at.as_second()),
        None => order.expires_at,
    }
}

/// What an exchange about an operation is put into the journal with.
fn about(order: &Order, operation: &Operation, purpose: Purpose) -> About {
    let about = About::operation(&order.id, operation.no, purpose);
    match &operation.account {
        Some(account) => about.over(account),
        None => about,
    }
}

/// What the buyer does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Pays on the bank's page.
    Page(String),
    /// Pays by the СБП, from our own page.
    Sbp,
    /// Nothing: the bank has said how it ended, or will.
    Look,
}

/// Tells the bank of a payment whose intention is on record, and records what it answers. Repeatable: the bank knows the
/// payment by a stable number. Saved means are charged at once.
pub async fn register(
    ports: &Ports,
    order: &Order,
    details: &Details,
    partner: &Partner,
    no: u8,
) -> Result<Next, WorkflowError> {
    let operation = order.operation(no).ok_or(WorkflowError::NotFound)?;
    let request = request(ports, order, details, partner, operation);
    let bank = connect::bank(ports, partner, At::operation(order, operation))?;
    let purpose = if operation.means.is_some() { Purpose::Charge } else { Purpose::Register };
    let http = recorded(ports, about(order, operation, purpose)).await;
    if operation.means.is_some() {
        let Some(token) = token(ports, order, details, operation).await? else {
            let declined = BankReport::new(None, BankState::Declined(DeclineReason::Other));
            report(ports, order.clone(), details.clone(), no, declined).await?;
            return Ok(Next::Look);
        };
        let charge = ChargeRequest { payment: request, token, buyer_present: true };
        let charged = bank.charge(&http, &charge).await.map_err(WorkflowError::Bank)?;
        let applied = report(ports, order.clone(), details.clone(), no, charged.report.clone()).await?;
        let Some(url) = charged.page else { return Ok(Next::Look) };
        if let Some(reference) = charged.report.reference {
            let command = Command::BankRegistered { operation: no, reference, url: url.clone() };
            apply_knowing(ports, applied.order, applied.details, &command).await?;
        }
        return Ok(Next::Page(url));
    }
    let Registered { reference, show } = bank.register(&http, &request).await.map_err(WorkflowError::Bank)?;
    let (url, next) = match show {
        Show::Page(url) => (url.clone(), Next::Page(url)),
        Show::Sbp(link) => (link, Next::Sbp),
    };
    let command = Command::BankRegistered { operation: no, reference, url };
    apply_knowing(ports, order.clone(), details.clone(), &command).await?;
    Ok(next)
}

/// Records what the bank answered to what it was told. Where it answers how the whole payment stands, that is an answer like any other.
async fn report(
    ports: &Ports,
    order: Order,
    details: Details,
    no: u8,
    report: BankReport,
) -> Result<Applied, WorkflowError> {
    if !matches!(report.state, BankState::Stands(_)) {
        let command = Command::BankReported { operation: no, report, asked: true };
        return apply_knowing(ports, order, details, &command).await;
    }
    let id = order.id.clone();
    match answered(ports, order, details, no, report).await {
        Err(WorkflowError::Busy) => ask(ports, &id, no).await,
        outcome => outcome,
    }
}

/// The bank's token of the means an operation charges: from the wallet, or from the order itself when they were saved with it
/// a moment ago and are not in the wallet yet. Nothing when they were deleted or switched off, or are another bank's.
async fn token(
    ports: &Ports,
    order: &Order,
    details: &Details,
    operation: &Operation,
) -> Result<Option<String>, WorkflowError> {
    let Some(means) = &operation.means else { return Ok(None) };
    if let Some(customer) = &details.payment.customer
        && let Some(kept) = ports.store.means(order.id.tenant(), customer, means).await?
    {
        let usable = kept.is_usable() && knows(ports, order, operation, kept.account.as_deref()).await?;
        return Ok(usable.then_some(kept.means.token));
    }
    let own = order.attempts().find(|saved| saved.saved.is_some() && means_id(&order.id, saved.no) == *means);
    let Some(saved) = own else { return Ok(None) };
    if !knows(ports, order, operation, saved.account.as_deref()).await? {
        return Ok(None);
    }
    Ok(saved.saved.as_ref().map(|saved| saved.token.clone()))
}

/// Whether the account an operation is pinned to can charge means that were saved at another one: only the part of an order that is
/// paid to a legal entity of its own, and only where both have the same bank.
async fn knows(
    ports: &Ports,
    order: &Order,
    operation: &Operation,
    saved_at: Option<&str>,
) -> Result<bool, WorkflowError> {
    if operation.account.as_deref() == saved_at {
        return Ok(true);
    }
    if operation.child.is_none() {
        return Ok(false);
    }
    let partner = perform::partner(ports, order.id.tenant()).await?;
    let bank = |id: Option<&str>| {
        let account = partner.accounts.iter().find(|account| Some(account.id.as_str()) == id);
        account.map(|account| account.bank.as_str())
    };
    Ok(bank(saved_at).is_some() && bank(saved_at) == bank(operation.account.as_deref()))
}

/// What a bank's callback came to.
#[derive(Debug)]
pub struct Heard {
    /// The order, unless the callback is about no payment.
    pub applied: Option<Applied>,
    /// What the bank wants to hear.
    pub answer: CallbackAnswer,
}

/// Records what the sandbox's own bank says in a callback about an order. The signature is verified over the bytes that came.
pub async fn callback(
    ports: &Ports,
    id: &OrderId,
    incoming: &Incoming,
) -> Result<Result<Heard, CallbackError>, WorkflowError> {
    let outcome = hear_of(ports, id, incoming).await;
    journal(ports, id.tenant(), None, Some(id), incoming, &outcome).await;
    outcome
}

/// Puts a callback into the journal, with what became of it.
async fn journal(
    ports: &Ports,
    tenant: &Tenant,
    account: Option<&str>,
    order: Option<&OrderId>,
    incoming: &Incoming,
    outcome: &Result<Result<Heard, CallbackError>, WorkflowError>,
) {
    let applied = outcome.as_ref().ok().and_then(|heard| heard.as_ref().ok());
    let known = applied.and_then(|heard| heard.applied.as_ref()).map(|applied| &applied.order.id);
    let about = About {
        tenant: tenant.clone(),
        account: account.map(ToOwned::to_owned),
        order: known.or(order).cloned(),
        operation: None,
        purpose: Purpose::Callback,
    };
    let fate = Fate::of(outcome);
    let fate = match applied {
        Some(heard) => fate.answered(heard.answer.clone()),
        None => fate,
    };
    exchange::came_in(ports, about, incoming, fate).await;
}

async fn hear_of(
    ports: &Ports,
    id: &OrderId,
    incoming: &Incoming,
) -> Result<Result<Heard, CallbackError>, WorkflowError> {
    let partner = perform::partner(ports, id.tenant()).await?;
    let bank = connect::bank(ports, &partner, At { tenant: id.tenant(), account: None })?;
    let callback = match bank.callback(ports.clock.now(), incoming) {
        Ok(callback) => callback,
        Err(error) => return Ok(Err(error)),
    };
    let Some(callback) = callback else { return Ok(Ok(Heard { applied: None, answer: bank.answer_to_nothing() })) };
    match operation_of(id.tenant(), &callback.number) {
        Some((order, operation, attempt)) if order == *id => {
            heard(ports, &order, (operation, attempt), callback).await.map(Ok)
        }
        _ => Err(WorkflowError::NotFound),
    }
}

/// Records what a bank says in a callback to an account.
pub async fn account_callback(
    ports: &Ports,
    tenant: &Tenant,
    account: &str,
    incoming: &Incoming,
) -> Result<Result<Heard, CallbackError>, WorkflowError> {
    let outcome = Box::pin(hear_account(ports, tenant, account, incoming)).await;
    journal(ports, tenant, Some(account), None, incoming, &outcome).await;
    outcome
}

async fn hear_account(
    ports: &Ports,
    tenant: &Tenant,
    account: &str,
    incoming: &Incoming,
) -> Result<Result<Heard, CallbackError>, WorkflowError> {
    let partner = perform::partner(ports, tenant).await?;
    let bank = connect::bank(ports, &partner, At { tenant, account: Some(account) })?;
    let callback = match bank.callback(ports.clock.now(), incoming) {
        Ok(Some(callback)) => callback,
        Ok(None) => return Ok(Ok(Heard { applied: None, answer: bank.answer_to_nothing() })),
        Err(error) => return Ok(Err(error)),
    };
    let (order, operation, attempt) = operation_of(tenant, &callback.number).ok_or(WorkflowError::NotFound)?;
    let loaded =
        ports.store.load(&order, storage::table::Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?;
    let pinned = loaded.order.operation(operation).and_then(|operation| operation.account.as_deref());
    if pinned != Some(account) {
        return Err(WorkflowError::NotFound);
    }
    heard(ports, &order, (operation, attempt), callback).await.map(Ok)
}

async fn heard(
    ports: &Ports,
    order: &OrderId,
    (no, attempt): (u8, u8),
    callback: Callback,
) -> Result<Heard, WorkflowError> {
    let Callback { report, proven, answer, .. } = callback;
    let applied = if proven {
        let report = report.of_attempt(attempt);
        apply(ports, order, &Command::BankReported { operation: no, report, asked: false }).await?
    } else {
        // A bank that signs nothing is only a reason to ask.
        ask(ports, order, no).await?
    };
    Ok(Heard { applied: Some(applied), answer })
}

/// Asks the bank how an operation stands, and records the answer.
pub async fn ask(ports: &Ports, id: &OrderId, no: u8) -> Result<Applied, WorkflowError> {
    let loaded = ports.store.load(id, storage::table::Freshness::Eventual).await?;
    let loaded = match loaded {
        Some(loaded) if loaded.order.operation(no).is_some() => loaded,
        _ => ports.store.load(id, storage::table::Freshness::Consistent).await?.ok_or(WorkflowError::NotFound)?,
    };
    Box::pin(ask_knowing(ports, loaded.order, loaded.details, no)).await
}

async fn ask_knowing(ports: &Ports, mut order: Order, mut details: Details, no: u8) -> Result<Applied, WorkflowError> {
    for _ in 0..ASKED_MAX {
        let operation = order.operation(no).ok_or(WorkflowError::NotFound)?;
        let report = answer(ports, &order, &details, operation).await?;
        let id = order.id.clone();
        match answered(ports, order, details, no, report).await {
            Err(WorkflowError::Busy) => {}
            outcome => return outcome,
        }
        let loaded = ports.store.load(&id, storage::table::Freshness::Consistent).await?;
        Loaded { order, details, .. } = loaded.ok_or(WorkflowError::NotFound)?;
    }
    Err(WorkflowError::Busy)
}

/// Records what the bank said of an operation when it was asked. Two answers may overtake each other: the older would undo what the
/// newer brought, and nobody would ask again. So an answer counts only while the payment stands here as it did before the question.
async fn answered(
    ports: &Ports,
    order: Order,
    details: Details,
    no: u8,
    report: BankReport,
) -> Result<Applied, WorkflowError> {
    let of = order.operation(no).map(|operation| payment_of(&order, operation).no).ok_or(WorkflowError::NotFound)?;
    let stood = operations_of_payment(&order, of);
    let command = Command::BankReported { operation: no, report, asked: true };
    perform::apply_while(ports, order, details, &command, &|now| operations_of_payment(now, of) == stood).await
}

/// A payment and what became of it, as they are on record.
fn operations_of_payment(order: &Order, payment: u8) -> Vec<Operation> {
    let of_payment = |of: &&Operation| of.no == payment || of.kind.of() == Some(payment);
    order.operations.iter().filter(of_payment).cloned().collect()
}

/// Ends a payment its buyer gives up, at the bank where it can be ended, and here. Nothing is given up while nobody knows how
/// it stands: the bank is asked first, and a bank that does not answer is an error.
pub(crate) async fn give_up(ports: &Ports, id: &OrderId, no: u8) -> Result<Applied, WorkflowError> {
    let asked = ask(ports, id, no).await?;
    let Some(operation) = asked.order.operation(no).filter(|operation| operation.may_be_given_up()) else {
        return Ok(asked);
    };
    let partner = perform::partner(ports, id.tenant()).await?;
    let bank = connect::bank(ports, &partner, At::operation(&asked.order, operation))?;
    let http = recorded(ports, about(&asked.order, operation, Purpose::Withdraw)).await;
    let ended = match bank.withdraw(&http, &known(&asked.order, operation)).await {
        Ok(said) => report(ports, asked.order.clone(), asked.details.clone(), no, said).await?,
        // It can not be ended there, or not any more: what comes of it all the same goes back.
        Err(BankError::Refused { .. }) => asked,
        Err(error) => return Err(WorkflowError::Bank(error)),
    };
    if !ended.order.operation(no).is_some_and(Operation::may_be_given_up) {
        return Ok(ended);
    }
    apply_knowing(ports, ended.order, ended.details, &Command::GiveUp { operation: no }).await
}

/// What the bank answers when it is asked about an operation.
async fn answer(
    ports: &Ports,
    order: &Order,
    details: &Details,
    operation: &Operation,
) -> Result<BankReport, WorkflowError> {
    let partner = perform::partner(ports, order.id.tenant()).await?;
    let bank = connect::bank(ports, &partner, At::operation(order, operation))?;
    let payment = payment_of(order, operation);
    let question = Question {
        number: operation_number(&order.id, operation),
        payment: known(order, payment),
        reference: if payment.no == operation.no { None } else { operation.reference().map(ToOwned::to_owned) },
    };
    let http = recorded(ports, about(order, operation, Purpose::Ask)).await;
    let report = bank.ask(&http, &question).await.map_err(WorkflowError::Bank)?.of_attempt(operation.attempt());
    let untold = operation.save && operation.saved.is_none() && report.saved.is_none();
    // Asked again a day later, of a verification nothing stands any more: its means do.
    let came = operation.succeeded() || has_come(&report);
    let Some(customer) = details.payment.customer.as_ref().filter(|_| untold && came) else {
        return Ok(report);
    };
    let saved = match bank.kept(&http, customer).await {
        Ok(kept) => wallet::only_new(ports, order.id.tenant(), customer, operation, kept).await?,
        // What the means are wanted for begins with them, and ends without.
        Err(error) if operation.kind == OperationKind::Verification => return Err(WorkflowError::Bank(error)),
        // Asked only for the means, a day later: asked again when the bank is back.
        Err(error @ (BankError::NotSent(_) | BankError::Unknown(_))) if operation.succeeded() => {
            return Err(WorkflowError::Bank(error));
        }
        // That the money came is not to wait for it.
        Err(error) => {
            tracing::warn!(order = %order.id, %error, "the bank does not say what means it keeps");
            None
        }
    };
    Ok(BankReport { saved, ..report })
}

/// Whether a report is of money that is or was held or taken.
fn has_come(report: &BankReport) -> bool {
    match report.state {
        BankState::Succeeded(amount) => amount.is_positive(),
        BankState::Stands(standing) => standing.held.is_positive() || standing.captured.is_positive(),
        BankState::Pending | BankState::Declined(_) | BankState::NotFound => false,
    }
}

/// The worker of the queue `bank-operation`.
pub async fn work(ports: &Ports, body: &str) -> Result<(), WorkflowError> {
    let work = perform::work(body)?;
    let (id, task) = (work.order.clone(), work.task);
    let Some((order, details)) = perform::subject(ports, work).await? else {
        return Ok(());
    };
    let outcome = match task {
        TaskId::AskBank(no) => Box::pin(ask_task(ports, order, details, no)).await,
        TaskId::TellBank(no) => Box::pin(tell(ports, order, details, no)).await,
        TaskId::KeepMeans(no) => wallet::keep(ports, &order, &details, no).await,
        _ => return Ok(()),
    };
    finish(ports, &id, task, outcome).await
}

async fn ask_task(ports: &Ports, order: Order, details: Details, no: u8) -> Result<(), WorkflowError> {
    let task = TaskId::AskBank(no);
    let planned = |order: &Order| order.tasks.iter().find(|open| open.id == task).map(|open| open.next_at);
    let (id, before) = (order.id.clone(), planned(&order));
    let now = clock::now(ports, id.tenant()).await?;
    if before.is_some_and(|at| at > plus_seconds(now, 2 * RESEND_SECONDS)) {
        // A message that comes twice, or late: the question was put meanwhile, and another is planned. It is not to be lost to
        // this one's answer.
        return Ok(());
    }
    let applied = ask_knowing(ports, order, details, no).await?;
    if planned(&applied.order) != before {
        return Ok(()); // the answer has it asked once more, a day later
    }
    let command = if applied.order.is_unsettled(no, now) {
        // The bank does not know yet either: asked again later.
        Command::TaskFailed { task, forever: false, retry_after_seconds: None }
    } else {
        Command::TaskDone(task)
    };
    apply(ports, &id, &command).await?;
    Ok(())
}

/// Whether the bank has perhaps been told of a charge before: an attempt failed, or whoever began one may have died with it.
async fn is_asked_first(ports: &Ports, order: &Order, operation: &Operation) -> Result<bool, WorkflowError> {
    let task = TaskId::TellBank(operation.no);
    if order.tasks.iter().any(|known| known.id == task && known.failures > 0) {
        return Ok(true);
    }
    let now = clock::now(ports, order.id.tenant()).await?;
    let started = order.happened(Event::PaymentStarted, operation.no);
    Ok(started.is_some_and(|started| plus_seconds(started, RESEND_SECONDS / 2) < now))
}

/// Does an operation's part at the bank: charges, captures, lets go, sends back.
async fn tell(ports: &Ports, order: Order, details: Details, no: u8) -> Result<(), WorkflowError> {
    let partner = perform::partner(ports, order.id.tenant()).await?;
    let Some(operation) = order.operation(no).filter(|operation| operation.is_open()) else {
        return Ok(());
    };
    let bank = connect::bank(ports, &partner, At::operation(&order, operation))?;
    let purpose = match operation.kind {
        OperationKind::Capture { .. } => Purpose::Capture,
        OperationKind::Return { .. } => Purpose::GiveBack,
        _ => Purpose::Charge,
    };
    let http = recorded(ports, about(&order, operation, purpose)).await;
    let payment = payment_of(&order, operation);
    if operation.kind.of().is_none() && is_asked_first(ports, &order, operation).await? {
        // Whether the charge reached the bank is not known, and not every bank knows its numbers for ever: asked before it is
        // repeated. What the bank has never heard of is told it again, under the same number.
        let said = answer(ports, &order, &details, operation).await?;
        if said.state != BankState::NotFound {
            let asked = answered(ports, order, details, no, said).await?;
            if asked.order.operation(no).is_some_and(Operation::is_open) {
                let task = TaskId::TellBank(no);
                let command = Command::TaskFailed { task, forever: false, retry_after_seconds: None };
                apply(ports, &asked.order.id, &command).await?;
            }
            return Ok(());
        }
    }
    let figures = order.figures(payment)?;
    let number = operation_number(&order.id, operation);
    let said = match operation.kind {
        OperationKind::Payment | OperationKind::Verification => {
            let request = request(ports, &order, &details, &partner, operation);
            match token(ports, &order, &details, operation).await? {
                Some(token) => {
                    let charge = ChargeRequest { payment: request, token, buyer_present: false };
                    let charged = bank.charge(&http, &charge).await;
                    declined_when_refused(charged.map(|charged| charged.report))
                }
                None => Ok(BankReport::new(None, BankState::Declined(DeclineReason::Other))),
            }
        }
        OperationKind::Capture { .. } => {
            let payment = known(&order, payment);
            let request = CaptureRequest { number, payment, held: figures.held, amount: operation.amount };
            declined_when_refused(bank.capture(&http, &request).await)
        }
        OperationKind::Return { of } => {
            if operation.attempt() > 0 {
                // It was declined before: perhaps because the payment stands otherwise than was thought. Where it does, what is
                // to be done now is decided anew; the task is still on the order's list.
                let asked = ask_knowing(ports, order.clone(), details.clone(), of).await?;
                if asked.changed || !asked.order.operation(no).is_some_and(Operation::is_open) {
                    return Ok(());
                }
            }
            let (kind, standing) = match operation.told() {
                Some(TransactionKind::Void) => (Return::Void, figures.held),
                Some(TransactionKind::Reversal) => (Return::Reversal, figures.kept()?),
                _ => (Return::Refund, figures.kept()?),
            };
            let payment = known(&order, payment);
            let request = ReturnRequest { number, payment, kind, amount: operation.amount, standing };
            declined_when_refused(bank.give_back(&http, &request).await)
        }
        OperationKind::PointsSpent { .. } | OperationKind::PointsAccrued { .. } => return Ok(()),
    };
    let said = said.map_err(WorkflowError::Bank)?.of_attempt(operation.attempt());
    let applied = report(ports, order, details, no, said).await?;
    if applied.order.operation(no).is_some_and(Operation::is_open) {
        let command = Command::TaskFailed { task: TaskId::TellBank(no), forever: false, retry_after_seconds: None };
        apply(ports, &applied.order.id, &command).await?;
    }
    Ok(())
}

/// A bank that says no has done nothing: that is an outcome, and no reason to repeat the very same request.
fn declined_when_refused(answer: Result<BankReport, BankError>) -> Result<BankReport, BankError> {
    match answer {
        Err(BankError::Refused { status, code, message }) => {
            tracing::warn!(status, code, message, "the bank refuses an operation");
            Ok(BankReport::new(None, BankState::Declined(DeclineReason::Other)))
        }
        other => other,
    }
}

/// Ends a task's attempt: what failed outside is put on the order's list for later; what failed in memory is left to the
/// queue, which brings the message again.
pub(crate) async fn finish(
    ports: &Ports,
    id: &OrderId,
    task: TaskId,
    outcome: Result<(), WorkflowError>,
) -> Result<(), WorkflowError> {
    let error = match outcome {
        Ok(()) => return Ok(()),
        Err(error @ (WorkflowError::Store(_) | WorkflowError::Busy)) => return Err(error),
        Err(error) => error,
    };
    let loud = !matches!(
        error,
        WorkflowError::Bank(BankError::NotSent(_) | BankError::Unknown(_)) | WorkflowError::Outside { .. }
    );
    if loud {
        tracing::error!(order = %id, %task, error = %error.chain(), "a task can not be done");
    } else {
        tracing::warn!(order = %id, %task, error = %error.chain(), "a task could not be done now");
    }
    apply(ports, id, &Command::TaskFailed { task, forever: false, retry_after_seconds: None }).await?;
    Ok(())
}
