//! What is sent again when the queues were lost: all that is on record, but nothing before its time.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::money::Money;
use domain::order::{BankReport, BankState, Command, TaskId};
use local::lines::Lines;
use local::mailbox::Mailbox;
use local::{demo, stack};
use runtime::ids::SystemRandom;
use storage::memory::MemoryTable;
use storage::store::Store;
use workflows::orders::{Created, LineRequest, OrderRequest};
use workflows::perform::{Work, apply};
use workflows::ports::{Message, Ports, Queue, QueueError};
use workflows::{clock, orders, sweep};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Message>>>);

#[async_trait]
impl Queue for Kept {
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        self.0.lock().unwrap().extend(messages);
        Ok(())
    }
}

impl Kept {
    fn take(&self) -> Vec<(Work, &'static str)> {
        let messages = std::mem::take(&mut *self.0.lock().unwrap());
        messages.iter().map(|message| (serde_json::from_str(&message.body).unwrap(), message.queue.name())).collect()
    }
}

async fn order(ports: &Ports, number: &str) -> domain::id::OrderId {
    let line = LineRequest { name: "Выписка".to_owned(), price: "100.00".to_owned(), ..LineRequest::default() };
    let request = OrderRequest { number: number.to_owned(), lines: vec![line], ..OrderRequest::default() };
    let Created::Order { order, details, .. } =
        orders::create(ports, &demo::tenant().unwrap(), &request, None).await.unwrap()
    else {
        panic!("not created")
    };
    ports.store.put_agreement(&order.id, &details, 1).await.unwrap();
    apply(ports, &order.id, &Command::StartPayment(domain::order::Start::default())).await.unwrap();
    order.id
}

#[tokio::test]
async fn tasks_on_record_are_sent_again_but_a_bank_is_not_asked_before_its_time() {
    let queue = Kept::default();
    let store = Store::new(Arc::new(MemoryTable::default()));
    let mailbox = Arc::new(Mailbox::new(Lines::in_memory()));
    let settings = stack::settings("http://localhost:1", "secret".to_owned(), "");
    let ports = stack::ports(store, mailbox, Arc::new(queue.clone()), settings);
    let tenant = demo::tenant().unwrap();
    demo::ensure(&ports, &tenant, &demo::Keys::new(&SystemRandom), "http://localhost:1").await.unwrap();

    let (paid, open) = (order(&ports, "A-1").await, order(&ports, "A-2").await);
    let report = BankReport::new(None, BankState::Succeeded(Money::rub(10_000)));
    apply(&ports, &paid, &Command::BankReported { operation: 1, report, asked: true }).await.unwrap();
    // One of its tasks has failed and waits for its next attempt.
    let failed = Command::TaskFailed { task: TaskId::Receipt(1), forever: false, retry_after_seconds: None };
    apply(&ports, &paid, &failed).await.unwrap();
    queue.take();

    let sent = sweep::resend_all(&ports, &tenant).await.unwrap();
    let works = queue.take();
    assert_eq!(sent, works.len());
    assert!(works.iter().all(|(work, _)| work.order == paid && work.snapshot.is_none() && !work.replay));
    let tasks: Vec<_> = works.iter().map(|(work, _)| work.task).collect();
    assert!(
        tasks.contains(&TaskId::HandOver) && tasks.iter().any(|task| matches!(task, TaskId::Webhook(_))),
        "{tasks:?}"
    );
    assert!(!tasks.contains(&TaskId::Receipt(1)), "{tasks:?}");

    clock::advance(&ports, &tenant, 3_600).await.unwrap();
    sweep::resend_all(&ports, &tenant).await.unwrap();
    let works = queue.take();
    let has = |order, task| works.iter().any(|(work, _)| work.order == order && work.task == task);
    assert!(has(open, TaskId::AskBank(1)) && has(paid, TaskId::Receipt(1)), "{works:?}");
}
