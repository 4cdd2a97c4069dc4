//! The workers' queues in this process: delay, repetition, dead letters, as SQS has them; not durable, as SQS is.
//!
//! What is lost with the process is on record in its order, and is sent again at the next start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::time::Timestamp;
use serde::Serialize;
use tokio::sync::{Semaphore, mpsc};
use workflows::ports::{Message, Ports, Queue, QueueError, QueueName};

use crate::workers;

/// Times a message is received before it is a dead letter, as `template.yaml` has it.
pub const RECEIVES_MAX: u32 = 5;
/// Seconds until a failed message is seen again: 1, 2, 4, 8. On SQS it is the visibility timeout, which is longer than anyone
/// at a desk waits.
const AGAIN_SECONDS: u64 = 1;
/// Messages of one queue handled at the same time.
const AT_ONCE: usize = 8;
/// How long exchanges with banks are gathered before they are kept together. Five minutes on AWS, where nobody at a desk waits.
const GATHER_FOR: Duration = Duration::from_millis(200);
/// Exchanges kept together, at most.
const GATHER_MAX: usize = 1_000;
/// Dead letters kept to be looked at.
const DEAD_LETTERS_MAX: usize = 100;

/// The queues' end where messages go in. Clones share it.
#[derive(Clone)]
pub struct LocalQueue {
    inbox: mpsc::UnboundedSender<Message>,
    board: Board,
}

/// The queues' other end.
pub struct Outbox {
    messages: mpsc::UnboundedReceiver<Message>,
    board: Board,
}

/// Queues, empty.
pub fn queues() -> (LocalQueue, Outbox) {
    let (inbox, messages) = mpsc::unbounded_channel();
    let board = Board::default();
    (LocalQueue { inbox, board: board.clone() }, Outbox { messages, board })
}

#[async_trait]
impl Queue for LocalQueue {
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        for message in messages {
            let queue = message.queue;
            self.board.change(queue, |count| count.ready += 1);
            if self.inbox.send(message).is_err() {
                self.board.change(queue, |count| count.ready -= 1);
                return Err(QueueError { queue: queue.name(), reason: "the stack is stopping".to_owned() });
            }
        }
        Ok(())
    }
}

impl LocalQueue {
    /// What is in the queues.
    pub fn board(&self) -> Board {
        self.board.clone()
    }
}

/// What is in the queues now. Clones share it.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    queues: BTreeMap<&'static str, Count>,
    dead_letters: Vec<DeadLetter>,
    next_id: u64,
}

/// How many messages of a queue stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// To be handled now.
    pub ready: usize,
    /// Being handled.
    pub in_flight: usize,
    /// To be handled later, as its sender asked.
    pub delayed: usize,
    /// Failed, to be handled again.
    pub failed: usize,
}

/// A message no worker could deal with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its queue.
    pub queue: &'static str,
    /// Its body, without the order's snapshot, which has contacts in it.
    pub body: String,
    /// When it was given up.
    pub at: Timestamp,
}

impl Board {
    /// Counts by queue. Those of empty queues are there too, once they had a message.
    pub fn counts(&self) -> BTreeMap<&'static str, Count> {
        self.locked().queues.clone()
    }

    /// Whether nothing is to be done but what is delayed.
    pub fn is_quiet(&self) -> bool {
        self.locked().queues.values().all(|count| count.ready == 0 && count.in_flight == 0 && count.failed == 0)
    }

    /// Messages given up, newest last.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.locked().dead_letters.clone()
    }

    fn change(&self, queue: QueueName, change: impl FnOnce(&mut Count)) {
        change(self.locked().queues.entry(queue.name()).or_default());
    }

    fn id(&self) -> String {
        let mut state = self.locked();
        state.next_id += 1;
        format!("local-{}", state.next_id)
    }

    fn bury(&self, letter: DeadLetter) {
        let letters = &mut self.locked().dead_letters;
        if letters.len() >= DEAD_LETTERS_MAX {
            letters.remove(0);
        }
        letters.push(letter);
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outbox {
    /// Brings every message to its worker until the queues' other end is gone.
    pub async fn run(mut self, ports: Ports) {
        let rooms: BTreeMap<QueueName, Arc<Semaphore>> =
            QueueName::ALL.into_iter().map(|queue| (queue, Arc::new(Semaphore::new(AT_ONCE)))).collect();
        let (exchanges, gathered) = mpsc::unbounded_channel();
        tokio::spawn(gather(ports.clone(), self.board.clone(), gathered));
        while let Some(message) = self.messages.recv().await {
            if message.queue == QueueName::Exchange {
                // It ends only after this loop, with its sender.
                let _ = exchanges.send(message);
                continue;
            }
            let Some(room) = rooms.get(&message.queue).cloned() else { continue };
            tokio::spawn(live(ports.clone(), self.board.clone(), room, message));
        }
    }
}

/// Keeps exchanges together that came within a moment of each other. What fails is tried again as one message after the other.
async fn gather(ports: Ports, board: Board, mut messages: mpsc::UnboundedReceiver<Message>) {
    let queue = QueueName::Exchange;
    while let Some(first) = messages.recv().await {
        tokio::time::sleep(GATHER_FOR).await;
        let mut batch = vec![(board.id(), first)];
        while batch.len() < GATHER_MAX
            && let Ok(message) = messages.try_recv()
        {
            batch.push((board.id(), message));
        }
        let count = batch.len();
        board.change(queue, |counts| {
            counts.ready -= count;
            counts.in_flight += count;
        });
        let mut whole = SqsEvent::default();
        for (id, message) in &batch {
            whole.records.extend(event(id, &message.body, 1).records);
        }
        let answer = workers::deal(ports.clone(), queue, whole).await;
        board.change(queue, |counts| counts.in_flight -= count);
        for failed in answer.batch_item_failures {
            let Some((_, message)) = batch.iter().find(|(id, _)| *id == failed.item_identifier) else { continue };
            board.change(queue, |counts| counts.ready += 1);
            let room = Arc::new(Semaphore::new(AT_ONCE));
            tokio::spawn(live(ports.clone(), board.clone(), room, message.clone()));
        }
    }
}

/// A message's life.
async fn live(ports: Ports, board: Board, room: Arc<Semaphore>, message: Message) {
    let queue = message.queue;
    let id = board.id();
    if message.delay_seconds > 0 {
        board.change(queue, |count| {
            count.ready -= 1;
            count.delayed += 1;
        });
        tokio::time::sleep(Duration::from_secs(message.delay_seconds.into())).await;
        board.change(queue, |count| {
            count.delayed -= 1;
            count.ready += 1;
        });
    }
    for receive in 1..=RECEIVES_MAX {
        // The semaphore is never closed.
        let Ok(place) = room.acquire().await else { return };
        board.change(queue, |count| {
            count.ready -= 1;
            count.in_flight += 1;
        });
        let answer = workers::deal(ports.clone(), queue, event(&id, &message.body, receive)).await;
        let done = is_done(&answer);
        if done {
            board.change(queue, |count| count.in_flight -= 1);
            return;
        }
        drop(place);
        board.change(queue, |count| {
            count.in_flight -= 1;
            count.failed += 1;
        });
        if receive < RECEIVES_MAX {
            tokio::time::sleep(Duration::from_secs(AGAIN_SECONDS << (receive - 1))).await;
            board.change(queue, |count| {
                count.failed -= 1;
                count.ready += 1;
            });
        }
    }
    board.change(queue, |count| count.failed -= 1);
    tracing::error!(queue = queue.name(), message_id = id, "a message is a dead letter now");
    board.bury(DeadLetter { queue: queue.name(), body: bare(&message.body), at: ports.clock.now() });
}

fn is_done(answer: &SqsBatchResponse) -> bool {
    answer.batch_item_failures.is_empty()
}

/// One message as Lambda is given it.
fn event(id: &str, body: &str, receive: u32) -> SqsEvent {
    let mut message = SqsMessage::default();
    message.message_id = Some(id.to_owned());
    message.body = Some(body.to_owned());
    message.event_source = Some("aws:sqs".to_owned());
    message.attributes.insert("ApproximateReceiveCount".to_owned(), receive.to_string());
    let mut event = SqsEvent::default();
    event.records.push(message);
    event
}

fn bare(body: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(body) else {
        return "not JSON".to_owned();
    };
    if let Some(fields) = value.as_object_mut() {
        fields.remove("snapshot");
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use storage::memory::MemoryTable;
    use storage::store::Store;

    use super::*;
    use crate::lines::Lines;
    use crate::mailbox::Mailbox;
    use crate::stack;

    #[tokio::test(start_paused = true)]
    async fn a_message_no_worker_can_deal_with_becomes_a_dead_letter() {
        let (queue, outbox) = queues();
        let board = queue.board();
        let store = Store::new(Arc::new(MemoryTable::default()));
        let mailbox = Arc::new(Mailbox::new(Lines::in_memory()));
        let settings = stack::settings("http://localhost", String::new(), "");
        let ports = stack::ports(store, mailbox, Arc::new(queue), settings);
        tokio::spawn(outbox.run(ports.clone()));
        let body = "{\"snapshot\":1}".to_owned();
        ports.queue.send(vec![Message { queue: QueueName::Receipt, body, delay_seconds: 7 }]).await.unwrap();
        assert!(!board.is_quiet(), "until it is known to be delayed");
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert!(board.is_quiet() && board.counts()["receipt"].delayed == 1, "{:?}", board.counts());
        tokio::time::sleep(Duration::from_secs(15)).await;
        assert_eq!((board.counts()["receipt"].failed, board.dead_letters().len()), (1, 0), "7 + 1 + 2 + 4 + 8 seconds");
        tokio::time::sleep(Duration::from_secs(2)).await;
        let dead = board.dead_letters();
        assert_eq!((dead.len(), dead[0].body.as_str(), dead[0].queue), (1, "{}", "receipt"));
        assert!(board.is_quiet());
    }
    #[tokio::test(start_paused = true)]
    async fn exchanges_with_banks_are_kept_together() {
        let (queue, outbox) = queues();
        let board = queue.board();
        let table = MemoryTable::default();
        let mailbox = Arc::new(Mailbox::new(Lines::in_memory()));
        let settings = stack::settings("http://localhost", String::new(), "");
        let store = Store::new(Arc::new(table.clone()));
        let ports = stack::ports(store, mailbox, Arc::new(queue), settings);
        tokio::spawn(outbox.run(ports.clone()));
        let exchange = |no: u8| {
            let body = format!(
                r#"{{"i":"{no}","t":1795000000000,"n":"demoshop.t","w":"ask","m":"POST","u":"","q":{{}},"k":"answered"}}"#
            );
            Message { queue: QueueName::Exchange, body, delay_seconds: 0 }
        };
        let mut messages: Vec<_> = (0..50).map(exchange).collect();
        messages.push(Message { queue: QueueName::Exchange, body: "{}".to_owned(), delay_seconds: 0 });
        ports.queue.send(messages).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let rows = table.all_items();
        assert_eq!(rows.len(), 1, "fifty exchanges, one row");
        assert!(rows[0].ttl.is_some());
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!((board.dead_letters().len(), board.is_quiet()), (1, true), "what is no exchange");
    }
}
