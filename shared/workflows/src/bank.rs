//! Payments and refunds at the bank: told once, asked about whenever unknown.

pub use connectors::bank::Incoming;
use connectors::bank::{
    BankError, Callback, CallbackError, Known, PaymentRequest, Question, Registered, ReturnRequest, Show,
};
use domain::acquiring::{Method, Return, Stages};
use domain::details::Details;
use domain::exchange::Purpose;
use domain::id::OrderId;
use domain::money::Money;
use domain::order::{BankReport, Command, OperationKind, Order, TaskId};
use domain::partner::Partner;

use crate::error::WorkflowError;
use crate::exchange::{self, About, Fate, recorded};
use crate::perform::{self, Applied, apply, apply_knowing};
use crate::ports::Ports;
use crate::{connect, links};

/// The stable number the bank knows an operation by.
pub fn operation_number(order: &OrderId, operation: u8) -> String {
    format!("{order}-o{operation}")
}

fn operation_of(number: &str) -> Option<(OrderId, u8)> {
    let (order, operation) = number.rsplit_once("-o")?;
    Some((order.parse().ok()?, operation.parse().ok()?))
}

/// Tells the bank of a payment whose intention is on record, and records what it answers. Repeatable: the bank knows the
/// payment by a stable number.
pub async fn register(
    ports: &Ports,
    order: &Order,
    details: &Details,
    partner: &Partner,
    operation: u8,
) -> Result<Registered, WorkflowError> {
    let settings = &ports.settings;
    let number = operation_number(&order.id, operation);
    let page = links::checkout_url(settings, &order.id);
    let request = PaymentRequest {
        callback_url: format!("{}/callbacks/bank/sandbox/{}", settings.base_url, order.id),
        number,
        bill: format!("{}.{operation}", order.bill),
        amount: order.amount,
        description: details.description.clone().unwrap_or_else(|| order.number.clone()),
        return_url: format!("{page}/return"),
        expires_at: order.expires_at,
        language: details.language,
        merchant: partner.name.clone(),
        method: Method::Card,
        stages: Stages::One,
        customer: None,
        save: false,
        points_max: None,
        email: details.email.as_ref().map(|contact| contact.value.clone()),
        phone: details.phone.as_ref().map(|contact| contact.value.clone()),
    };
    let bank = connect::bank(ports, order.id.tenant())?;
    let http = recorded(ports, About::operation(&order.id, operation, Purpose::Register)).await;
    let registered = bank.register(&http, &request).await.map_err(WorkflowError::Bank)?;
    let Registered { reference, show } = registered.clone();
    let (Show::Page(url) | Show::Sbp(url)) = show;
    let command = Command::BankRegistered { operation, reference, url };
    apply_knowing(ports, order.clone(), details.clone(), &command).await?;
    Ok(registered)
}

/// Records what the bank says in a callback. The signature is verified over the bytes that came.
pub async fn callback(
    ports: &Ports,
    id: &OrderId,
    incoming: &Incoming,
) -> Result<Result<Applied, CallbackError>, WorkflowError> {
    let outcome = hear(ports, id, incoming).await;
    let about = About {
        tenant: id.tenant().clone(),
        account: None,
        order: Some(id.clone()),
        operation: None,
        purpose: Purpose::Callback,
    };
    exchange::came_in(ports, about, incoming, Fate::of(&outcome)).await;
    outcome
}

async fn hear(
    ports: &Ports,
    id: &OrderId,
    incoming: &Incoming,
) -> Result<Result<Applied, CallbackError>, WorkflowError> {
    let bank = connect::bank(ports, id.tenant())?;
    let Callback { number, report, .. } = match bank.callback(ports.clock.now(), incoming) {
        Ok(Some(callback)) => callback,
        Ok(None) => return Err(WorkflowError::NotFound),
        Err(error) => return Ok(Err(error)),
    };
    let Some((order, operation)) = operation_of(&number).filter(|(order, _)| order == id) else {
        return Err(WorkflowError::NotFound);
    };
    apply(ports, &order, &Command::BankReported { operation, report }).await.map(Ok)
}

/// Asks the bank how an operation stands, and records the answer.
pub async fn ask(ports: &Ports, id: &OrderId, operation: u8) -> Result<Applied, WorkflowError> {
    let bank = connect::bank(ports, id.tenant())?;
    let number = operation_number(id, operation);
    let payment = Known { number: number.clone(), reference: None, amount: Money::rub(0), method: Method::Card };
    let question = Question { number, payment, reference: None };
    let http = recorded(ports, About::operation(id, operation, Purpose::Ask)).await;
    let report = bank.ask(&http, &question).await.map_err(WorkflowError::Bank)?;
    apply(ports, id, &Command::BankReported { operation, report }).await
}

/// The worker of the queue `bank-operation`.
pub async fn work(ports: &Ports, body: &str) -> Result<(), WorkflowError> {
    let work = perform::work(body)?;
    let (id, task) = (work.order.clone(), work.task);
    let Some((order, _)) = perform::subject(ports, work).await? else {
        return Ok(());
    };
    let outcome = match task {
        TaskId::AskBank(operation) => ask_task(ports, &id, operation).await,
        TaskId::Refund(operation) => refund(ports, &order, operation).await,
        _ => return Ok(()),
    };
    finish(ports, &id, task, outcome).await
}

async fn ask_task(ports: &Ports, id: &OrderId, operation: u8) -> Result<(), WorkflowError> {
    let applied = ask(ports, id, operation).await?;
    if applied.order.operation(operation).is_some_and(domain::order::Operation::is_open) {
        // The bank does not know yet either: asked again later.
        let command =
            Command::TaskFailed { task: TaskId::AskBank(operation), forever: false, retry_after_seconds: None };
        apply(ports, id, &command).await?;
    } else {
        apply(ports, id, &Command::TaskDone(TaskId::AskBank(operation))).await?;
    }
    Ok(())
}

async fn refund(ports: &Ports, order: &Order, operation: u8) -> Result<(), WorkflowError> {
    let Some(refund) = order.operation(operation) else {
        return Ok(());
    };
    let OperationKind::Refund { of } = refund.kind else {
        return Ok(());
    };
    let payment = Known {
        number: operation_number(&order.id, of),
        reference: order.operation(of).and_then(|payment| payment.reference()).map(ToOwned::to_owned),
        amount: refund.amount,
        method: Method::Card,
    };
    let request = ReturnRequest {
        number: operation_number(&order.id, operation),
        payment,
        kind: Return::Refund,
        amount: refund.amount,
        standing: refund.amount,
    };
    let bank = connect::bank(ports, order.id.tenant())?;
    let http = recorded(ports, About::operation(&order.id, operation, Purpose::GiveBack)).await;
    let report: BankReport = bank.give_back(&http, &request).await.map_err(WorkflowError::Bank)?;
    let applied = apply(ports, &order.id, &Command::BankReported { operation, report }).await?;
    if applied.order.operation(operation).is_some_and(domain::order::Operation::is_open) {
        let command =
            Command::TaskFailed { task: TaskId::Refund(operation), forever: false, retry_after_seconds: None };
        apply(ports, &order.id, &command).await?;
    }
    Ok(())
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
