//! Receipts at the cash registers: one document per receipt, whatever gets lost on the way.
//!
//! A receipt is pinned to one register. It moves to another only when its register says that it has not printed and will not, or,
//! after some failures, that it has never heard of it: an unknown outcome is asked about, never printed a second time.

use connectors::bank::CallbackError;
use connectors::till::{Failed, FailureClass, Question, TillAnswer, TillError, difference};
use domain::details::Details;
use domain::id::{OrderId, Tenant};
use domain::order::{Command, Issuer, NotPrinted, Order, Receipt, TaskId};
use domain::partner::Partner;
use domain::receipt::ReceiptDocument;
use domain::receipt::register::Register;
use storage::table::Freshness;

use crate::bank::finish;
use crate::connect;
use crate::error::WorkflowError;
use crate::perform::{self, Applied, apply, apply_knowing};
use crate::ports::{Ports, Settings};

/// Failures of a receipt's task after which its register is asked whether it knows the receipt at all.
const FAILURES_BEFORE_ASKING: u8 = 4;

/// The worker of the queue `receipt`: has a receipt printed, or learns what became of it. The register knows the receipt by
/// a stable id, so that asking to print it again prints nothing new.
pub async fn work(ports: &Ports, body: &str) -> Result<(), WorkflowError> {
    let work = perform::work(body)?;
    let (id, task) = (work.order.clone(), work.task);
    let TaskId::Receipt(no) = task else { return Ok(()) };
    let Some((order, details)) = perform::subject(ports, work).await? else {
        return Ok(());
    };
    let Some(receipt) = order.receipts.iter().find(|receipt| receipt.no == no) else {
        return Ok(());
    };
    let outcome = Box::pin(print(ports, &order, &details, receipt)).await;
    finish(ports, &id, task, outcome).await
}

async fn print(ports: &Ports, order: &Order, details: &Details, receipt: &Receipt) -> Result<(), WorkflowError> {
    let id = &order.id;
    let partner = perform::partner(ports, id.tenant()).await?;
    let document = document(&ports.settings, order, details, &partner, receipt)?;
    let callback_url = callback_url(&ports.settings, id, receipt.register.as_deref());
    let till = connect::till(ports, id.tenant(), &partner, receipt.register.as_deref(), details.scenario.receipt)?;
    let failures =
        order.tasks.iter().find(|task| task.id == TaskId::Receipt(receipt.no)).map_or(0, |task| task.failures);
    let question = Question { document: &document, callback_url: &callback_url };
    if failures >= FAILURES_BEFORE_ASKING && register(&partner, receipt).is_some() {
        match till.ask(ports.http.as_ref(), question).await.map_err(|error| outside(&error))? {
            // It never came there, or was refused at the door; what was sent long ago does not arrive any more.
            TillAnswer::NotFound => {
                return apply(ports, id, &not_printed(receipt, NotPrinted::Register)).await.map(|_| ());
            }
            // It was not printed, and may be sent again.
            TillAnswer::Failed(Failed { class: FailureClass::Passing, .. }) => {}
            answer => return record(ports, id, receipt, &document, answer, None).await.map(|_| ()),
        }
    }
    let mut answer =
        till.print(ports.http.as_ref(), &document, &callback_url).await.map_err(|error| outside(&error))?;
    let moves = matches!(&answer, TillAnswer::Failed(failed) if failed.class == FailureClass::Register);
    if moves && failures > 0 {
        // An earlier attempt may have come through: it is asked for before another register is tried.
        let known = till.ask(ports.http.as_ref(), question).await.map_err(|error| outside(&error))?;
        if known != TillAnswer::NotFound {
            answer = known;
        }
    }
    record(ports, id, receipt, &document, answer, None).await.map(|_| ())
}

/// Makes sure that a register is not about to print a receipt, nor has: what it has printed is recorded.
pub(crate) async fn not_under_way(
    ports: &Ports,
    order: &Order,
    details: &Details,
    receipt: &Receipt,
) -> Result<(), WorkflowError> {
    let id = &order.id;
    let partner = perform::partner(ports, id.tenant()).await?;
    let document = document(&ports.settings, order, details, &partner, receipt)?;
    let callback_url = callback_url(&ports.settings, id, receipt.register.as_deref());
    let till = connect::till(ports, id.tenant(), &partner, receipt.register.as_deref(), details.scenario.receipt)?;
    let question = Question { document: &document, callback_url: &callback_url };
    match till.ask(ports.http.as_ref(), question).await.map_err(|error| outside(&error))? {
        TillAnswer::NotFound | TillAnswer::Failed(_) => Ok(()),
        printed @ TillAnswer::Printed(_) => record(ports, id, receipt, &document, printed, None).await.map(|_| ()),
        TillAnswer::Waiting => {
            let reason = format!("it has receipt {} and has not said what became of it", receipt.no);
            Err(WorkflowError::Outside { who: "the register", reason })
        }
    }
}

fn outside(error: &TillError) -> WorkflowError {
    WorkflowError::Outside { who: "the register", reason: error.to_string() }
}

/// The register a receipt is pinned to; nothing for the sandbox's own.
pub fn register<'a>(partner: &'a Partner, receipt: &Receipt) -> Option<&'a Register> {
    let id = receipt.register.as_deref()?;
    partner.receipts.registers.iter().find(|register| register.id == id)
}

/// What a register is sent, and what pages and letters show.
pub fn document(
    settings: &Settings,
    order: &Order,
    details: &Details,
    partner: &Partner,
    receipt: &Receipt,
) -> Result<ReceiptDocument, WorkflowError> {
    let register = register(partner, receipt);
    let issuer = Issuer { agent: &settings.agent, partner, register, place: &settings.base_url };
    Ok(order.receipt_document(receipt, details, issuer)?)
}

/// Where a register tells what became of a receipt.
pub fn callback_url(settings: &Settings, order: &OrderId, register: Option<&str>) -> String {
    match register {
        None => format!("{}/callbacks/till/sandbox/{order}", settings.base_url),
        Some(register) => register_callback_url(settings, order.tenant(), register),
    }
}

/// Where one of a tenant's registers tells what became of its receipts.
pub fn register_callback_url(settings: &Settings, tenant: &Tenant, register: &str) -> String {
    format!("{}/callbacks/till/{tenant}/{register}", settings.base_url)
}

/// Has a receipt that was printed wrong undone and printed anew.
pub async fn correct(ports: &Ports, id: &OrderId, no: u8) -> Result<Applied, WorkflowError> {
    apply(ports, id, &Command::CorrectReceipt { receipt: no }).await
}

/// Who tells of a receipt.
#[derive(Debug, Clone, Copy)]
pub enum Teller<'a> {
    /// The sandbox's own register, of an order.
    Own(&'a OrderId),
    /// A tenant's register.
    Register(&'a Tenant, &'a str),
}

/// Records what a register says in a callback. Where the protocol proves nothing, the register is asked.
pub async fn callback(
    ports: &Ports,
    teller: Teller<'_>,
    headers: &http::HeaderMap,
    body: &[u8],
) -> Result<Result<Option<Applied>, CallbackError>, WorkflowError> {
    let (tenant, register) = match teller {
        Teller::Own(order) => (order.tenant(), None),
        Teller::Register(tenant, register) => (tenant, Some(register)),
    };
    let partner = perform::partner(ports, tenant).await?;
    let till = connect::till(ports, tenant, &partner, register, domain::details::ReceiptScenario::default())?;
    let told = match till.callback(ports.clock.now(), headers, body) {
        Ok(told) => told,
        Err(error) => return Ok(Err(error)),
    };
    let Some(found) = pinned(ports, &partner, tenant, register, &told.external_id, Freshness::Eventual).await? else {
        return Ok(Ok(None));
    };
    if matches!(teller, Teller::Own(order) if *order != found.order) {
        return Err(WorkflowError::NotFound);
    }
    let callback_url = callback_url(&ports.settings, &found.order, register);
    let answer = if let Some(answer) = told.answer {
        answer
    } else {
        let question = Question { document: &found.document, callback_url: &callback_url };
        till.ask(ports.http.as_ref(), question).await.map_err(|error| outside(&error))?
    };
    record(ports, &found.order, &found.receipt, &found.document, answer, Some(found.known)).await.map(Ok)
}

/// A receipt by the id its register knows it by.
pub(crate) struct Pinned {
    order: OrderId,
    /// The order as it was looked at.
    known: (Order, Details),
    /// The receipt as it is on record.
    pub receipt: Receipt,
    /// What the register is sent.
    pub document: ReceiptDocument,
}

/// The receipt of an external id, while it is with that register. Nothing when it has moved on: what the register did with it then
/// is looked at by people, from the log.
pub(crate) async fn pinned(
    ports: &Ports,
    partner: &Partner,
    tenant: &Tenant,
    register: Option<&str>,
    external_id: &str,
    freshness: Freshness,
) -> Result<Option<Pinned>, WorkflowError> {
    let (id, no) = receipt_of(external_id).filter(|(id, _)| id.tenant() == tenant).ok_or(WorkflowError::NotFound)?;
    let loaded = ports.store.load(&id, freshness).await?.ok_or(WorkflowError::NotFound)?;
    let receipt = loaded.order.receipts.iter().find(|receipt| receipt.no == no).ok_or(WorkflowError::NotFound)?;
    if receipt.register.as_deref() != register || loaded.order.external_id(receipt) != external_id {
        tracing::error!(order = %id, receipt = no, register, "a register has a receipt that is not with it any more");
        return Ok(None);
    }
    let document = document(&ports.settings, &loaded.order, &loaded.details, partner, receipt)?;
    let receipt = receipt.clone();
    Ok(Some(Pinned { order: id, known: (loaded.order, loaded.details), receipt, document }))
}

/// Records what is known to be so of a receipt, while it is with that register.
pub(crate) async fn told(
    ports: &Ports,
    partner: &Partner,
    tenant: &Tenant,
    register: &str,
    external_id: &str,
    answer: TillAnswer,
) -> Result<(), WorkflowError> {
    let Some(found) = pinned(ports, partner, tenant, Some(register), external_id, Freshness::Consistent).await? else {
        return Ok(());
    };
    record(ports, &found.order, &found.receipt, &found.document, answer, Some(found.known)).await.map(|_| ())
}

/// The order and the receipt of an external id.
fn receipt_of(external_id: &str) -> Option<(OrderId, u8)> {
    let (order, receipt) = external_id.rsplit_once("-r")?;
    let no = receipt.split_once('a').map_or(receipt, |(no, _)| no);
    Some((order.parse().ok()?, no.parse().ok()?))
}

async fn record(
    ports: &Ports,
    id: &OrderId,
    receipt: &Receipt,
    document: &ReceiptDocument,
    answer: TillAnswer,
    known: Option<(Order, Details)>,
) -> Result<Option<Applied>, WorkflowError> {
    let no = receipt.no;
    match answer {
        TillAnswer::Printed(printed) => {
            let differs = difference(document, &printed);
            if let Some(differs) = &differs {
                tracing::error!(order = %id, receipt = no, differs = differs.text, "a register printed something else");
            }
            let command = Command::ReceiptIssued { receipt: no, fiscal: printed.fiscal, differs };
            // The order was looked at to find the receipt: that look counts.
            let applied = match known {
                Some((order, details)) => apply_knowing(ports, order, details, &command).await,
                None => apply(ports, id, &command).await,
            };
            applied.map(Some)
        }
        TillAnswer::Waiting | TillAnswer::NotFound => Ok(None),
        TillAnswer::Failed(Failed { class, code, text }) => {
            let why = match class {
                FailureClass::Expired => Some(NotPrinted::Expired),
                FailureClass::Register => Some(NotPrinted::Register),
                FailureClass::Passing | FailureClass::Document | FailureClass::Mark => None,
            };
            if let Some(why) = why {
                tracing::warn!(order = %id, receipt = no, code, text, "a register did not print a receipt");
                return apply(ports, id, &not_printed(receipt, why)).await.map(Some);
            }
            if class != FailureClass::Passing {
                // It is tried again, for a register may be mended; but somebody must mend it, or the document.
                tracing::error!(order = %id, receipt = no, code, text, "a register refuses a receipt");
            }
            let reason = format!("error {code} ({class:?}): {text}");
            let failed = Err(WorkflowError::Outside { who: "the register", reason });
            finish(ports, id, TaskId::Receipt(no), failed).await?;
            Ok(None)
        }
    }
}

fn not_printed(receipt: &Receipt, why: NotPrinted) -> Command {
    let register = receipt.register.clone();
    Command::ReceiptNotPrinted { receipt: receipt.no, register, attempt: receipt.attempt, why }
}
