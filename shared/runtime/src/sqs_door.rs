//! The door of the workers: a batch of messages in, the ids of those that failed out.

use std::error::Error;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use tracing::Instrument;
use workflows::ports::Ports;

use crate::reach::Reach;
use crate::start::StartError;

/// Why a message was not dealt with. Each kind is tried again by the queue and ends in its dead-letter queue; they differ in
/// whom the log calls.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The message is not what this worker reads.
    #[error("the message is not readable")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
    /// Someone outside did not do their part.
    #[error("the outside did not answer as it should")]
    Outside(#[source] Box<dyn Error + Send + Sync>),
    /// We did not do ours.
    #[error("the message could not be dealt with")]
    Ours(#[source] Box<dyn Error + Send + Sync>),
}

/// Serves messages until Lambda ends the process.
///
/// # Errors
/// The environment is not usable, or Lambda ended the conversation.
pub async fn serve_sqs<R: Reach, Fut>(
    handler: impl Fn(Ports, String) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    Fut: Future<Output = Result<(), WorkerError>> + Send + 'static,
{
    let ports = crate::start::ports::<R>().await?;
    let answer = service_fn(|event: LambdaEvent<SqsEvent>| {
        let (ports, handler) = (ports.clone(), handler.clone());
        async move { Ok::<_, std::convert::Infallible>(handle_batch(ports, event.payload, handler).await) }
    });
    lambda_runtime::run(answer).await.map_err(StartError::Lambda)
}

/// Deals with all messages of a batch at the same time (a batch has at most ten) and names those that failed. A panic fails
/// only its own message. A failed message without an id fails the whole batch, as Lambda reads an empty id.
pub async fn handle_batch<F, Fut>(ports: Ports, event: SqsEvent, handler: F) -> SqsBatchResponse
where
    F: Fn(Ports, String) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<(), WorkerError>> + Send + 'static,
{
    let running: Vec<_> = event
        .records
        .into_iter()
        .map(|message| {
            let id = message.message_id.unwrap_or_default();
            let attempt = message.attributes.get("ApproximateReceiveCount").map_or("?", String::as_str);
            let span = tracing::info_span!("message", message_id = %id, attempt);
            let (ports, handler) = (ports.clone(), handler.clone());
            let work = async move { handler(ports, message.body.unwrap_or_default()).await };
            (id, span.clone(), tokio::spawn(work.instrument(span)))
        })
        .collect();
    let mut response = SqsBatchResponse::default();
    for (id, span, work) in running {
        let outcome = work.await;
        let _within = span.enter();
        match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(error @ WorkerError::Outside(_))) => {
                tracing::warn!(error = crate::log::chain(&error), "a message failed");
            }
            Ok(Err(error)) => tracing::error!(error = crate::log::chain(&error), "a message failed"),
            // Its place is in the log by the hook of `log.rs`; its text may quote the message and is not.
            Err(_) => tracing::error!("a message ended in a panic"),
        }
        response.add_failure(id);
    }
    response
}

/// Serves whole batches until Lambda ends the process: for a worker that does with many messages at once what it would do with
/// one.
///
/// # Errors
/// The environment is not usable, or Lambda ended the conversation.
pub async fn serve_sqs_whole<R: Reach, Fut>(
    handler: impl Fn(Ports, Vec<String>) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    Fut: Future<Output = Vec<Result<(), WorkerError>>> + Send + 'static,
{
    let ports = crate::start::ports::<R>().await?;
    let answer = service_fn(|event: LambdaEvent<SqsEvent>| {
        let (ports, handler) = (ports.clone(), handler.clone());
        async move { Ok::<_, std::convert::Infallible>(handle_whole(ports, event.payload, handler).await) }
    });
    lambda_runtime::run(answer).await.map_err(StartError::Lambda)
}

/// Hands a batch on whole and names the messages that failed; without an outcome of its own, as after a panic, a message has.
pub async fn handle_whole<F, Fut>(ports: Ports, event: SqsEvent, handler: F) -> SqsBatchResponse
where
    F: Fn(Ports, Vec<String>) -> Fut + Send + 'static,
    Fut: Future<Output = Vec<Result<(), WorkerError>>> + Send + 'static,
{
    let (ids, bodies): (Vec<_>, Vec<_>) = event
        .records
        .into_iter()
        .map(|message| (message.message_id.unwrap_or_default(), message.body.unwrap_or_default()))
        .unzip();
    let work = tokio::spawn(async move { handler(ports, bodies).await });
    let outcomes = work.await.unwrap_or_else(|_| {
        tracing::error!("a batch ended in a panic");
        Vec::new()
    });
    let mut outcomes = outcomes.into_iter();
    let mut response = SqsBatchResponse::default();
    let (messages, mut first) = (ids.len(), None);
    for id in ids {
        match outcomes.next() {
            Some(Ok(())) => {}
            failed => {
                first = first.or(failed.and_then(Result::err));
                response.add_failure(id);
            }
        }
    }
    // They fail together and for one reason as a rule: a line for each would say nothing more.
    let failed = response.batch_item_failures.len();
    match first {
        Some(error @ WorkerError::Outside(_)) => {
            tracing::warn!(error = crate::log::chain(&error), failed, messages, "messages of a batch failed");
        }
        Some(error) => {
            tracing::error!(error = crate::log::chain(&error), failed, messages, "messages of a batch failed");
        }
        None => {}
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> SqsEvent {
        let record = |id: Option<&str>, body: Option<&str>| serde_json::json!({ "messageId": id, "body": body });
        let records = [
            record(Some("fine"), Some("fine")),
            record(Some("outside"), Some("outside")),
            record(Some("panic"), Some("panic")),
            record(Some("panic-at-once"), Some("panic at once")),
            record(Some("empty"), None),
            record(Some("fine-too"), Some("fine")),
        ];
        serde_json::from_value(serde_json::json!({ "Records": records })).unwrap()
    }

    fn failed(response: &SqsBatchResponse) -> Vec<&str> {
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect()
    }

    async fn deal(_: Ports, body: String) -> Result<(), WorkerError> {
        match body.as_str() {
            "fine" => Ok(()),
            "outside" => Err(WorkerError::Outside("the bank is silent".into())),
            "panic" => panic!("in the middle"),
            _ => Err(WorkerError::Unreadable("not JSON".into())),
        }
    }

    #[tokio::test]
    async fn only_messages_that_failed_are_named_and_a_panic_fails_one() {
        let handler = |ports, body: String| {
            assert_ne!(body, "panic at once");
            deal(ports, body)
        };
        let response = handle_batch(crate::start::tests::ports(), event(), handler).await;
        assert_eq!(failed(&response), ["outside", "panic", "panic-at-once", "empty"]);
    }

    #[tokio::test]
    async fn a_failed_message_without_an_id_fails_the_batch() {
        let event = serde_json::from_value(serde_json::json!({ "Records": [{ "body": "outside" }] })).unwrap();
        let response = handle_batch(crate::start::tests::ports(), event, deal).await;
        assert_eq!(failed(&response), [""]);
        assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#);
    }
    async fn deal_whole(ports: Ports, bodies: Vec<String>) -> Vec<Result<(), WorkerError>> {
        let mut outcomes = Vec::new();
        for body in bodies {
            outcomes.push(deal(ports.clone(), body).await);
        }
        outcomes
    }

    #[tokio::test]
    async fn of_a_batch_that_is_dealt_with_whole_only_what_failed_is_named() {
        let mut event = event();
        event.records.retain(|message| message.message_id.as_deref().is_some_and(|id| !id.starts_with("panic")));
        let response = handle_whole(crate::start::tests::ports(), event, deal_whole).await;
        assert_eq!(failed(&response), ["outside", "empty"]);
    }

    #[tokio::test]
    async fn of_a_batch_that_ends_in_a_panic_everything_is_brought_again() {
        let response = handle_whole(crate::start::tests::ports(), event(), deal_whole).await;
        assert_eq!(response.batch_item_failures.len(), event().records.len());
    }
}
