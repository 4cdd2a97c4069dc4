//! Everything a workflow needs from outside, in one value: replace it and any history can be replayed from a seed.

use std::sync::Arc;

use async_trait::async_trait;
use connectors::channel::Channels;
use connectors::client_bank::Payer;
use connectors::http::Http;
use connectors::till::Tokens;
use domain::receipt::Agent;
use domain::time::Timestamp;
use storage::store::Store;

/// The outside.
#[derive(Clone)]
pub struct Ports {
    /// What is remembered.
    pub store: Store,
    /// HTTP to banks, registers, executors and partners.
    pub http: Arc<dyn Http>,
    /// Channels to the buyer.
    pub channels: Arc<dyn Channels>,
    /// Queues to the workers.
    pub queue: Arc<dyn Queue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Settings of this deployment.
    pub settings: Arc<Settings>,
    /// Session tokens of cash registers.
    pub tokens: Arc<Tokens>,
}

/// The real time; a test partner's own clock is this plus the offset its store keeps.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Randomness that must not be guessed.
pub trait Random: Send + Sync {
    /// Fills a buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The workers' queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueName {
    /// Asks banks, refunds.
    BankOperation,
    /// Issues receipts.
    Receipt,
    /// Tells buyers.
    Notification,
    /// Tells partners.
    Webhook,
    /// Hands over to execution.
    Fulfilment,
    /// Keeps the journal of exchanges with banks.
    Exchange,
    /// The sandbox's own work.
    Sandbox,
}

impl QueueName {
    /// All queues.
    pub const ALL: [Self; 7] = [
        Self::BankOperation,
        Self::Receipt,
        Self::Notification,
        Self::Webhook,
        Self::Fulfilment,
        Self::Exchange,
        Self::Sandbox,
    ];

    /// The queue's name in the template and in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BankOperation => "bank-operation",
            Self::Receipt => "receipt",
            Self::Notification => "notification",
            Self::Webhook => "webhook",
            Self::Fulfilment => "fulfilment",
            Self::Exchange => "exchange",
            Self::Sandbox => "sandbox",
        }
    }
}

/// A message to a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub queue: QueueName,
    /// JSON text.
    pub body: String,
    /// Seconds before it is seen, at most 900.
    pub delay_seconds: u16,
}

/// The queue could not be reached or did not answer. What was committed is found again by the sweep.
#[derive(Debug, thiserror::Error)]
#[error("the queue {queue} did not take a message: {reason}")]
pub struct QueueError {
    /// Which.
    pub queue: &'static str,
    /// Why.
    pub reason: String,
}

/// Queues. At least once, in any order.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends messages, each to its queue.
    async fn send(&self, messages: Vec<Message>) -> Result<(), QueueError>;
}

/// Settings of one deployment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Public address of the doors, without a trailing slash: `https://pay.example`.
    pub base_url: String,
    /// Key from which all of the platform's own signatures are derived.
    pub master_secret: MasterSecret,
    /// The agent, as receipts and pages name it.
    pub agent: Agent,
    /// The agent's bank account, from which payouts go out.
    pub payer: Payer,
    /// SHA-256 (hex) of the operator's token, which may do what no partner may (create partners, move test clocks of all).
    pub operator_token_sha256: String,
    /// Whether partner-given URLs may be private addresses: only on one machine and in emulators.
    pub allow_private_hosts: bool,
    /// Days an exchange with a bank stays in the journal.
    pub exchange_days: u32,
}

impl Settings {
    /// Days an exchange with a bank stays in the journal when nothing is said: a year in which a buyer may contest a payment, and
    /// a month to answer.
    pub const EXCHANGE_DAYS: u32 = 400;
}

/// The platform's secret; never printed.
#[derive(Clone)]
pub struct MasterSecret(pub Vec<u8>);

impl std::fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
