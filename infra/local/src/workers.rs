//! Which worker reads which queue, as the event sources of `template.yaml` have it.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use runtime::{handle_batch, handle_whole};
use workflows::ports::{Ports, QueueName};

/// Has a batch dealt with by the function that reads the queue.
pub async fn deal(ports: Ports, queue: QueueName, event: SqsEvent) -> SqsBatchResponse {
    match queue {
        QueueName::BankOperation => handle_batch(ports, event, bank_operation::handle).await,
        QueueName::Receipt => handle_batch(ports, event, receipt::handle).await,
        QueueName::Notification => handle_batch(ports, event, notification::handle).await,
        QueueName::Webhook => handle_batch(ports, event, webhook::handle).await,
        QueueName::Fulfilment => handle_batch(ports, event, fulfilment::handle).await,
        QueueName::Exchange => handle_whole(ports, event, exchange::handle).await,
        QueueName::Sandbox => handle_batch(ports, event, sandbox_worker::handle).await,
    }
}
