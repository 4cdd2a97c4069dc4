//! One world: some orders, weeks of virtual time with faults, then calm, then the audit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use connectors::client_bank::Payer;
use domain::commission::CommissionTerms;
use domain::id::{Mode, Tenant};
use domain::order::{OperationKind, Order};
use domain::partner::{BankAccount, Button, Channel, Partner, PaymentSettings, PayoutTerms, Returns, WebhookEndpoint};
use domain::receipt::Agent;
use domain::tax::{Taxation, VatRate};
use rust_decimal::Decimal;
use storage::memory::MemoryTable;
use storage::store::Store;
use storage::table::Table;
use workflows::ports::{MasterSecret, Ports, QueueName, Settings};

use super::dice::Dice;
use super::outside::{FaultyChannels, FaultyHttp, FaultyQueue, FaultyTable, SeededRandom, SkewedClock, World};
use super::people::People;
use super::processes::{Processes, promise};
use crate::doors::{Doors, dispatch};

const BASE_URL: &str = "https://pay.simulated.example";
const START: i64 = 1_795_000_000;
/// Rounds with faults.
const ROUNDS: usize = 45;
/// Times a message is received before it is dead.
const RECEIVES_MAX: u8 = 5;
/// Virtual seconds of calm: longer than webhooks are tried, orders mature and tasks wait.
const CALM_SECONDS: i64 = 16 * 24 * 3_600;

/// What came of a world.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Hash of all that happened.
    pub trace: [u8; 32],
    /// What breaks a rule.
    pub findings: Vec<String>,
    /// Orders by status at the end.
    pub statuses: BTreeMap<String, usize>,
    /// Faults that happened.
    pub faults: usize,
    /// Processes that died.
    pub crashes: usize,
    /// Steps taken.
    pub steps: usize,
    /// Letters a buyer got more than once.
    pub doubled_letters: usize,
}

/// Simulates one world.
pub fn simulate_world(seed: u64, orders: u64) -> Outcome {
    let dice = Dice::new(seed);
    let faulty = Arc::new(AtomicBool::new(false));
    let stale = {
        let (dice, faulty) = (dice.clone(), Arc::clone(&faulty));
        Arc::new(move || faulty.load(Ordering::Relaxed) && dice.chance(200))
    };
    let memory = MemoryTable::lagging(stale);
    let world = World::new(dice, faulty, Arc::new(memory.clone()));
    let mut outcome = Outcome::default();
    let Ok(tenant) = Tenant::try_new("simshop", Mode::Test) else { return outcome };
    let machines: Vec<Ports> = (0..3).map(|_| machine(&world)).collect();
    *world.machines.lock().unwrap_or_else(PoisonError::into_inner) = machines.iter().map(answering).collect();
    let Some(key) = wait(&world, set_up(machines[0].clone(), tenant.clone())) else {
        outcome.findings.push("the world could not be set up".to_owned());
        return outcome;
    };
    let people: Vec<People> = (0..orders).map(|n| People::new(world.clone(), key.clone(), format!("S-{n}"))).collect();

    world.faulty.store(true, Ordering::Relaxed);
    for round in 0..ROUNDS {
        for someone in &people {
            if world.dice.chance(450) {
                world.processes.start(someone.clone().act());
            }
        }
        deliver(&world, &machines, 800);
        if world.dice.chance(500) {
            tick(&world, &machines);
        }
        if !world.processes.run() {
            outcome.findings.push("the world did not come to rest".to_owned());
            return outcome;
        }
        // First the minutes in which people pay, then the days in which everything else happens.
        let minutes = [1, 5, 10, 20, 30, 60, 90, 200];
        let days = [10, 60, 300, 600, 1_300, 3_600, 20_000, 90_000, 260_000];
        let step = if round < ROUNDS / 2 { world.dice.one_of(&minutes) } else { world.dice.one_of(&days) };
        world.seconds.fetch_add(step, Ordering::Relaxed);
    }
    world.faulty.store(false, Ordering::Relaxed);
    if !calm(&world, &machines) {
        outcome.findings.push("the world did not come to rest".to_owned());
        return outcome;
    }
    prove(&world, &machines[0], &tenant, &people, &mut outcome);
    for item in memory.all_items() {
        world.dice.note(&format!("{} {} {} {}", item.key.pk, item.key.sk, item.version, item.body));
    }
    outcome.trace = world.dice.trace();
    outcome.faults = world.faults.load(Ordering::Relaxed);
    (outcome.steps, outcome.crashes) = world.processes.counts();
    outcome
}

impl World {
    /// A world without faults, people or machines, on a table.
    pub fn new(dice: Dice, faulty: Arc<AtomicBool>, table: Arc<dyn Table>) -> Self {
        Self {
            processes: Processes::new(dice.clone()),
            seconds: Arc::new(AtomicI64::new(START)),
            faulty,
            faults: Arc::new(AtomicUsize::new(0)),
            table,
            queue: Arc::default(),
            dead: Arc::new(AtomicUsize::new(0)),
            machines: Arc::default(),
            heard: Arc::default(),
            letters: Arc::default(),
            dice,
        }
    }
}

/// The doors of a machine.
pub fn answering(ports: &Ports) -> Router {
    Router::new().fallback(dispatch).with_state(Doors::new(ports))
}

/// A machine: its own view of the table, its own clock.
pub fn machine(world: &World) -> Ports {
    let skew = i64::try_from(world.dice.below(121)).unwrap_or(0) - 60;
    let settings = Settings {
        base_url: BASE_URL.to_owned(),
        master_secret: MasterSecret(b"a simulated secret of thirty-two bytes".to_vec()),
        agent: Agent {
            name: "ООО «Апикасса»".to_owned(),
            inn: "7700000016".to_owned(),
            address: "115035, г. Москва, ул. Балчуг, д. 7".to_owned(),
            email: "help@apikassa.example".to_owned(),
            phone: "+78005553535".to_owned(),
            taxation: Taxation::UsnIncome,
        },
        payer: Payer {
            name: "ООО «Апикасса»".to_owned(),
            inn: "7700000016".to_owned(),
            account: "40702810938000000001".to_owned(),
            bic: "044525225".to_owned(),
            bank: "ПАО СБЕРБАНК".to_owned(),
            correspondent: "30101810400000000225".to_owned(),
        },
        operator_token_sha256: String::new(),
        allow_private_hosts: false,
        exchange_days: Settings::EXCHANGE_DAYS,
    };
    Ports {
        store: Store::new(Arc::new(FaultyTable(world.clone()))),
        http: Arc::new(FaultyHttp { world: world.clone(), base_url: BASE_URL.to_owned() }),
        channels: Arc::new(FaultyChannels(world.clone())),
        queue: Arc::new(FaultyQueue(world.clone())),
        clock: Arc::new(SkewedClock { world: world.clone(), skew }),
        random: Arc::new(SeededRandom(world.dice.clone())),
        settings: Arc::new(settings),
    }
}

/// Runs one future to its end, alone but for what it starts.
pub fn wait<T: Send + 'static>(world: &World, future: impl Future<Output = Option<T>> + Send + 'static) -> Option<T> {
    let (give, awaited) = promise();
    world.processes.start(async move {
        if let Some(value) = future.await {
            give.keep(value);
        }
    });
    world.processes.run();
    let slot = Arc::new(Mutex::new(None));
    let into = Arc::clone(&slot);
    world.processes.start(async move {
        let value = awaited.value().await;
        *into.lock().unwrap_or_else(PoisonError::into_inner) = value;
    });
    world.processes.run();
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Makes the partner everyone here buys from; answers its key.
pub async fn set_up(ports: Ports, tenant: Tenant) -> Option<String> {
    let partner = Partner {
        name: "ООО «Справка»".to_owned(),
        inn: "7700000023".to_owned(),
        kpp: None,
        phone: "+74951234567".to_owned(),
        support_email: "help@shop.example".to_owned(),
        site: None,
        vat: VatRate::None,
        commission: CommissionTerms {
            percent: Decimal::new(35, 1),
            fixed_minor: 0,
            least_minor: 1_000,
            greatest_minor: None,
        },
        returns: Returns { success: Some("https://shop.example/back".to_owned()), failure: None },
        return_origins: Vec::new(),
        form_secret: "a form secret".to_owned(),
        webhook: Some(WebhookEndpoint {
            url: "https://shop.example/hook".to_owned(),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
            gone: false,
        }),
        payout: PayoutTerms {
            automatic: true,
            account: BankAccount {
                number: "40702810900000000001".to_owned(),
                bic: "044525225".to_owned(),
                bank: "ПАО СБЕРБАНК".to_owned(),
                correspondent: "30101810400000000225".to_owned(),
            },
        },
        payment_timeout_seconds: 1_200,
        channels: vec![Channel::Email, Channel::Sms],
        button: Button::Pay,
        accounts: Vec::new(),
        payment: PaymentSettings::default(),
    };
    ports.store.put_partner(&tenant, &partner).await.ok()?;
    workflows::access::issue_key(&ports, &tenant).await.ok()
}

/// Brings waiting messages to workers, each `per_mille` times in a thousand; in any order.
fn deliver(world: &World, machines: &[Ports], per_mille: usize) {
    let waiting = std::mem::take(&mut *world.queue.lock().unwrap_or_else(PoisonError::into_inner));
    for (message, received) in waiting {
        if !world.dice.chance(per_mille) {
            world.queue.lock().unwrap_or_else(PoisonError::into_inner).push((message, received));
            continue;
        }
        let ports = machines[world.dice.below(machines.len())].clone();
        let (give, awaited) = promise();
        let body = message.body.clone();
        let queue = message.queue;
        world.processes.start(async move { give.keep(work(ports, queue, body).await) });
        // The queue's own side: what was not worked off is brought again, until it has come too often.
        let world = world.clone();
        world.clone().processes.start(async move {
            if awaited.value().await == Some(true) {
                return;
            }
            if received + 1 >= RECEIVES_MAX {
                world.dead.fetch_add(1, Ordering::Relaxed);
            } else {
                world.queue.lock().unwrap_or_else(PoisonError::into_inner).push((message, received + 1));
            }
        });
    }
}

/// Has a worker do one message; answers whether it is done.
pub async fn work(ports: Ports, queue: QueueName, body: String) -> bool {
    match queue {
        QueueName::BankOperation => bank_operation::handle(ports, body).await.is_ok(),
        QueueName::Receipt => receipt::handle(ports, body).await.is_ok(),
        QueueName::Notification => notification::handle(ports, body).await.is_ok(),
        QueueName::Webhook => webhook::handle(ports, body).await.is_ok(),
        QueueName::Fulfilment => fulfilment::handle(ports, body).await.is_ok(),
        QueueName::Exchange => exchange::handle(ports, vec![body]).await.iter().all(Result::is_ok),
        QueueName::Sandbox => sandbox_worker::handle(ports, body).await.is_ok(),
    }
}

fn tick(world: &World, machines: &[Ports]) {
    let ports = machines[world.dice.below(machines.len())].clone();
    world.processes.start(async move {
        let _ = deadlines::tick(ports).await;
    });
}

/// Lets everything come to its end without faults.
fn calm(world: &World, machines: &[Ports]) -> bool {
    let until = world.seconds.load(Ordering::Relaxed) + CALM_SECONDS;
    let steps = [5, 60, 600, 1_300, 3_600, 7_200, 20_000];
    let mut round = 0;
    while world.seconds.load(Ordering::Relaxed) < until {
        for _ in 0..3 {
            deliver(world, machines, 1_000);
            if !world.processes.run() {
                return false;
            }
        }
        tick(world, machines);
        if !world.processes.run() {
            return false;
        }
        world.seconds.fetch_add(steps[round % steps.len()], Ordering::Relaxed);
        round += 1;
    }
    for _ in 0..5 {
        deliver(world, machines, 1_000);
        if !world.processes.run() {
            return false;
        }
    }
    true
}

fn prove(world: &World, ports: &Ports, tenant: &Tenant, people: &[People], outcome: &mut Outcome) {
    for someone in people {
        let known = someone.known.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.findings.extend(known.wrong.iter().map(|wrong| format!("{}: {wrong}", someone.number)));
    }
    let left = world.queue.lock().unwrap_or_else(PoisonError::into_inner).len();
    if left > 0 {
        outcome.findings.push(format!("{left} messages are left after weeks of calm"));
    }
    let audited = {
        let ports = ports.clone();
        wait(world, async move { workflows::audit::audit(&ports, &|| ()).await.ok() })
    };
    let Some(report) = audited else {
        outcome.findings.push("the audit failed".to_owned());
        return;
    };
    for finding in report.findings {
        outcome.findings.push(format!("{} {}: {}", finding.subject, finding.rule, finding.text));
    }
    let orders = {
        let (ports, tenant) = (ports.clone(), tenant.clone());
        wait(world, async move {
            let now = workflows::clock::now(&ports, &tenant).await.ok()?;
            workflows::payouts::recent_orders(&ports, &tenant, now).await.ok()
        })
    };
    let Some(orders) = orders else {
        outcome.findings.push("the orders could not be read".to_owned());
        return;
    };
    let rows = {
        let (ports, tenant) = (ports.clone(), tenant.clone());
        wait(world, async move {
            let bank = ports.store.sandbox_rows(&tenant, "bank", 100_000).await.ok()?;
            let till = ports.store.sandbox_rows(&tenant, "till", 100_000).await.ok()?;
            Some((bank, till))
        })
    };
    let Some((bank, till)) = rows else {
        outcome.findings.push("the sandbox's rows could not be read".to_owned());
        return;
    };
    for order in &orders {
        *outcome.statuses.entry(order.status().code().to_owned()).or_default() += 1;
        for task in &order.tasks {
            outcome.findings.push(format!("{} task {} is not done after weeks of calm", order.id, task.id));
        }
    }
    bank_agrees(&bank.into_iter().map(|(_, row)| row.body).collect::<Vec<_>>(), &orders, &mut outcome.findings);
    till_agrees(&till.into_iter().map(|(id, _)| id).collect(), &orders, &mut outcome.findings);
    everybody_knows(world, &orders, outcome);
}

/// What the bank took and gave back is what our orders say, operation by operation.
fn bank_agrees(rows: &[String], orders: &[Order], findings: &mut Vec<String>) {
    let mut captured: BTreeMap<String, (bool, i64)> = BTreeMap::new();
    for row in rows {
        let Ok(row) = serde_json::from_str::<serde_json::Value>(row) else { continue };
        let number = row["request"]["number"].as_str().unwrap_or_default().to_owned();
        let taken = row["state"] == "captured";
        let back = row["refunds"].as_array().map_or(0, Vec::len);
        captured.insert(number, (taken, i64::try_from(back).unwrap_or(0)));
    }
    for order in orders {
        for payment in order.payments() {
            let number = workflows::bank::operation_number(&order.id, payment);
            let (taken, back) = captured.remove(&number).unwrap_or_default();
            if taken != payment.succeeded() {
                findings.push(format!("{number}: the bank took the money: {taken}; we say {}", payment.succeeded()));
            }
            let refunded = order.operations.iter().filter(|operation| {
                operation.kind == OperationKind::Return { of: payment.no } && operation.succeeded()
            });
            let refunded = i64::try_from(refunded.count()).unwrap_or(0);
            if refunded != back {
                findings.push(format!("{number}: the bank gave back {back} times, we say {refunded}"));
            }
        }
    }
    for (number, (taken, _)) in captured {
        if taken {
            findings.push(format!("{number}: the bank took money we know nothing of"));
        }
    }
}

/// The register printed a document for each of our receipts, and no other.
fn till_agrees(printed: &BTreeSet<String>, orders: &[Order], findings: &mut Vec<String>) {
    let mut ours = BTreeSet::new();
    for order in orders {
        let covered: BTreeSet<u8> = order.receipts.iter().filter(|r| r.fiscal.is_some()).map(|r| r.operation).collect();
        let moved: BTreeSet<u8> =
            order.operations.iter().filter(|o| Order::receipt_due(o).is_some()).map(|o| o.no).collect();
        if covered != moved {
            findings.push(format!("{}: money moved by operations {moved:?}, receipts cover {covered:?}", order.id));
        }
        ours.extend(order.receipts.iter().map(|receipt| domain::receipt::external_id(&order.id, receipt.no)));
    }
    for id in printed.difference(&ours) {
        findings.push(format!("the register printed {id}, which is none of our receipts"));
    }
    for id in ours.difference(printed) {
        findings.push(format!("the register never printed {id}"));
    }
}

/// Every change reached the partner and, where it is one for the buyer, the buyer.
fn everybody_knows(world: &World, orders: &[Order], outcome: &mut Outcome) {
    let heard: BTreeSet<String> = world.heard.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    let letters = world.letters.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let known: BTreeSet<&String> = letters.iter().collect();
    outcome.doubled_letters = letters.len() - known.len();
    for order in orders {
        for entry in &order.journal {
            let id = workflows::webhook::message_id(&order.id, entry.no);
            if entry.event.webhook().is_some() && !heard.contains(&id) {
                outcome.findings.push(format!("{}: the partner never heard of {}", order.id, entry.event.code()));
            }
            let prefix = format!("{}-n{}", order.id, entry.no);
            let told = ["e", "s"].iter().any(|channel| known.contains(&format!("{prefix}{channel}")));
            if entry.event.told_to_buyer() && !told {
                outcome.findings.push(format!("{}: the buyer was never told of {}", order.id, entry.event.code()));
            }
        }
    }
}
