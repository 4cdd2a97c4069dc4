//! Receipts at the cash register: one document per receipt, whatever gets lost on the way.

use connectors::bank::CallbackError;
use connectors::till::TillAnswer;
use domain::id::OrderId;
use domain::order::{Command, TaskId};
use domain::receipt::{ReceiptDocument, external_id};

use crate::bank::finish;
use crate::connect;
use crate::error::WorkflowError;
use crate::perform::{self, Applied, apply};
use crate::ports::Ports;

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
    let outcome = async {
        let partner = perform::partner(ports, id.tenant()).await?;
        let settings = &ports.settings;
        let (agent, place) = (settings.agent.clone(), settings.base_url.clone());
        let lines = order.receipt_lines(receipt, &details)?;
        let document =
            ReceiptDocument::new(external_id(&id, no), receipt.kind, lines, &details, &partner, agent, place)?;
        let callback_url = format!("{}/callbacks/till/sandbox/{id}", settings.base_url);
        let till = connect::till(ports, id.tenant(), details.scenario.receipt)?;
        let answer = till.print(ports.http.as_ref(), &document, &callback_url).await;
        let answer =
            answer.map_err(|error| WorkflowError::Outside { who: "the register", reason: error.to_string() })?;
        record(ports, &id, no, answer).await.map(|_| ())
    };
    let outcome = outcome.await;
    finish(ports, &id, task, outcome).await
}

/// Records what the register says in a callback.
pub async fn callback(
    ports: &Ports,
    id: &OrderId,
    headers: &http::HeaderMap,
    body: &[u8],
) -> Result<Result<Option<Applied>, CallbackError>, WorkflowError> {
    let till = connect::till(ports, id.tenant(), domain::details::ReceiptScenario::default())?;
    let (external_id, answer) = match till.callback(ports.clock.now(), headers, body) {
        Ok(callback) => callback,
        Err(error) => return Ok(Err(error)),
    };
    let receipt = external_id.rsplit_once("-r").filter(|(order, _)| *order == id.to_string());
    let no = receipt.and_then(|(_, no)| no.parse().ok()).ok_or(WorkflowError::NotFound)?;
    record(ports, id, no, answer).await.map(Ok)
}

async fn record(ports: &Ports, id: &OrderId, no: u8, answer: TillAnswer) -> Result<Option<Applied>, WorkflowError> {
    match answer {
        TillAnswer::Printed(fiscal) => {
            apply(ports, id, &Command::ReceiptIssued { receipt: no, fiscal }).await.map(Some)
        }
        TillAnswer::Waiting | TillAnswer::NotFound => Ok(None),
        TillAnswer::Failed { code, text, passing } => {
            let reason = format!("error {code} ({}): {text}", if passing { "passing" } else { "lasting" });
            let failed = Err(WorkflowError::Outside { who: "the register", reason });
            finish(ports, id, TaskId::Receipt(no), failed).await?;
            Ok(None)
        }
    }
}
