//! The workers' queues on SQS.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::future::join_all;
use workflows::ports::{Message, Queue, QueueError, QueueName};

use crate::config::queue_variable;

/// Messages of one `SendMessageBatch`, at most (Amazon SQS API Reference).
const BATCH_MESSAGES_MAX: usize = 10;

/// Seconds of a message's delay, at most (Amazon SQS API Reference).
const DELAY_SECONDS_MAX: u16 = 900;

/// [`Queue`] on SQS. Every queue is tried, whatever became of the others; the first failure is told.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    urls: BTreeMap<QueueName, String>,
}

impl SqsQueue {
    /// Sends through `client` to these addresses.
    pub fn new(client: aws_sdk_sqs::Client, urls: BTreeMap<QueueName, String>) -> Self {
        Self { client, urls }
    }

    async fn send_batch(&self, queue: QueueName, batch: &[Message]) -> Result<(), QueueError> {
        let failed = |reason: String| QueueError { queue: queue.name(), reason };
        let url = self.urls.get(&queue).ok_or_else(|| failed(format!("{} is not set", queue_variable(queue))))?;
        let entries = batch
            .iter()
            .enumerate()
            .map(|(position, message)| {
                SendMessageBatchRequestEntry::builder()
                    .id(position.to_string())
                    .message_body(&message.body)
                    .delay_seconds(message.delay_seconds.min(DELAY_SECONDS_MAX).into())
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| failed(error.to_string()))?;
        let answer = self
            .client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| failed(error.code().map_or_else(|| crate::log::chain(&error), ToOwned::to_owned)))?;
        if answer.failed.is_empty() {
            return Ok(());
        }
        let codes: Vec<_> = answer.failed.iter().map(|entry| entry.code.as_str()).collect();
        Err(failed(format!("{} of {} messages: {}", codes.len(), batch.len(), codes.join(", "))))
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        let batches = batches(messages);
        let sent = join_all(batches.iter().map(|(queue, batch)| self.send_batch(*queue, batch))).await;
        sent.into_iter().collect()
    }
}

/// Messages by queue, in their order, as many together as one call takes.
fn batches(messages: Vec<Message>) -> Vec<(QueueName, Vec<Message>)> {
    let mut by_queue: BTreeMap<QueueName, Vec<Message>> = BTreeMap::new();
    for message in messages {
        by_queue.entry(message.queue).or_default().push(message);
    }
    by_queue
        .into_iter()
        .flat_map(|(queue, all)| {
            all.chunks(BATCH_MESSAGES_MAX).map(|batch| (queue, batch.to_vec())).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::config::retry::RetryConfig;
    use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn message(queue: QueueName, body: &str) -> Message {
        Message { queue, body: body.into(), delay_seconds: 0 }
    }

    #[test]
    fn messages_go_in_tens_each_to_its_queue() {
        let mut messages: Vec<_> = (0..23).map(|n| message(QueueName::Receipt, &n.to_string())).collect();
        messages.insert(5, message(QueueName::Webhook, "w"));
        let sizes: Vec<_> = batches(messages).iter().map(|(queue, batch)| (queue.name(), batch.len())).collect();
        assert_eq!(sizes, [("receipt", 10), ("receipt", 10), ("receipt", 3), ("webhook", 1)]);
    }

    /// An SQS that answers every call so.
    async fn sqs(body: &'static str) -> SqsQueue {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (mut buffer, mut heard) = (vec![0; 65_536], String::new());
                while !heard.contains("QueueUrl") {
                    let read = stream.read(&mut buffer).await.unwrap();
                    heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
                let status = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\n";
                let reply = format!("{status}content-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(reply.as_bytes()).await.unwrap();
            }
        });
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(&endpoint)
            .retry_config(RetryConfig::disabled())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let urls = BTreeMap::from([(QueueName::Receipt, format!("{endpoint}/1/receipt"))]);
        SqsQueue::new(aws_sdk_sqs::Client::from_conf(config), urls)
    }

    #[tokio::test]
    async fn a_message_that_was_not_taken_is_an_error_that_names_the_queue() {
        let queue = sqs(r#"{"Successful":[],"Failed":[{"Id":"0","Code":"Busy","SenderFault":false}]}"#).await;
        let error = queue.send(vec![message(QueueName::Receipt, "{}")]).await.unwrap_err();
        assert_eq!(error.to_string(), "the queue receipt did not take a message: 1 of 1 messages: Busy");
    }

    #[tokio::test]
    async fn a_queue_without_an_address_is_missed_when_something_is_sent_to_it() {
        let taken = r#"{"Successful":[{"Id":"0","MessageId":"m","MD5OfMessageBody":"99914b932bd37a50b983c5e7c90ae93b"}],"Failed":[]}"#;
        let queue = sqs(taken).await;
        queue.send(vec![message(QueueName::Receipt, "{}")]).await.unwrap();
        let error = queue.send(vec![message(QueueName::Sandbox, "{}")]).await.unwrap_err();
        assert_eq!(error.reason, "QUEUE_SANDBOX_URL is not set");
    }
}
