//! One world: some orders, weeks of virtual time with faults, then calm, then the audit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use connectors::client_bank::Payer;
use domain::acquiring::{Account, Feature, Method};
use domain::commission::CommissionTerms;
use domain::id::{Mode, Tenant};
use domain::order::Command;
use domain::partner::{
    BankAccount, Button, Channel, Legal, Partner, PaymentSettings, PayoutTerms, ReceiptSettings, Returns, StatusAction,
    WebhookEndpoint,
};
use domain::receipt::Agent;
use domain::subscription::Canceller;
use domain::tariff::Tariffs;
use domain::tax::{Taxation, VatRate};
use rust_decimal::Decimal;
use serde_json::json;
use storage::memory::MemoryTable;
use storage::store::Store;
use storage::table::{Freshness, Table};
use workflows::connect::{self, Family};
use workflows::ports::{MasterSecret, Ports, QueueName, Settings};

use super::checks::{Standing, prove};
use super::devices;
use super::dice::Dice;
use super::outside::{FaultyChannels, FaultyHttp, FaultyQueue, FaultyTable, SeededRandom, SkewedClock, World};
use super::people::People;
use super::processes::{Processes, promise};
use crate::doors::{Doors, dispatch};

pub(super) const BASE_URL: &str = "https://pay.simulated.example";
const START: i64 = 1_795_000_000;
/// Rounds with faults.
const ROUNDS: usize = 45;
/// The rounds in which the operator may have charges without the buyer stopped.
const FROZEN_FROM: usize = 24;
const FROZEN_UNTIL: usize = 32;
/// Times a message is received before it is dead.
const RECEIVES_MAX: u8 = 5;
/// Times an operator has what was printed wrong corrected, at most.
const CORRECTIONS: usize = 12;
/// Virtual seconds of calm: longer than webhooks are tried, orders mature and tasks wait.
const CALM_SECONDS: i64 = 16 * 24 * 3_600;
/// Virtual seconds in which the last charges of subscriptions come to their end: their orders wait six days for a bank that is silent.
const SETTLING_SECONDS: i64 = 9 * 24 * 3_600;

/// What came of a world.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Hash of all that happened.
    pub trace: [u8; 32],
    /// What breaks a rule.
    pub findings: Vec<String>,
    /// Orders by status at the end.
    pub statuses: BTreeMap<String, usize>,
    /// What was played how often.
    pub played: BTreeMap<String, usize>,
    /// Faults that happened.
    pub faults: usize,
    /// Processes that died.
    pub crashes: usize,
    /// Steps taken.
    pub steps: usize,
    /// Letters a buyer got more than once.
    pub doubled_letters: usize,
}

/// Registers of vendors whose doubles print by themselves.
const REGISTERS: [&str; 7] =
    ["atol_v4", "atol_v5", "orange_data", "paykeeper", "kit_online", "business_kassa", "business_kassa_v4"];

/// What goes wrong at them.
const FAULTS: [&str; 10] =
    ["none", "none", "none", "silent", "silent", "lost_answer", "failing_once", "expiring", "other_rate", "broken"];

/// Simulates one world.
pub fn simulate_world(seed: u64, orders: u64) -> Outcome {
    let dice = Dice::new(seed);
    let faulty = Arc::new(AtomicBool::new(false));
    let stale = {
        let (dice, faulty) = (dice.clone(), Arc::clone(&faulty));
        Arc::new(move || faulty.load(Ordering::Relaxed) && dice.chance(200))
    };
    let memory = MemoryTable::lagging(stale);
    let world = World { moody: true, ..World::new(dice, faulty, Arc::new(memory.clone())) };
    let mut outcome = Outcome::default();
    let Ok(tenant) = Tenant::try_new("simshop", Mode::Test) else { return outcome };
    let machines: Vec<Ports> = (0..3).map(|_| machine(&world)).collect();
    *world.machines.lock().unwrap_or_else(PoisonError::into_inner) = machines.iter().map(answering).collect();
    let accounts = {
        let (ports, tenant) = (machines[0].clone(), tenant.clone());
        wait(&world, async move { Some(doubles(&ports, &tenant).await) }).unwrap_or_default()
    };
    let accounts = choose(&world, accounts);
    let Some(key) = wait(&world, set_up(machines[0].clone(), tenant.clone(), accounts)) else {
        outcome.findings.push("the world could not be set up".to_owned());
        return outcome;
    };
    let devices = devices::connect(&world, &machines[0], &tenant);
    world.devices.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&devices);
    if devices.is_empty() {
        choose_registers(&world, &key);
    }
    let someone = |n| People::new(world.clone(), machines[0].clone(), key.clone(), format!("S-{n}"));
    let people: Vec<People> = (0..orders).map(someone).collect();

    world.faulty.store(true, Ordering::Relaxed);
    for round in 0..ROUNDS {
        for someone in &people {
            if world.dice.chance(450) {
                world.processes.start(someone.clone().act());
            }
        }
        for device in &devices {
            device.round(&world, &machines[world.dice.below(machines.len())]);
        }
        if round == ROUNDS / 3 && devices.is_empty() && world.dice.chance(200) {
            choose_registers(&world, &key);
        }
        if round == ROUNDS / 3 && world.dice.chance(200) {
            // The partner changes banks; what was paid before stays where it is.
            let (ports, tenant, world_now) = (machines[1].clone(), tenant.clone(), world.clone());
            world.processes.start(async move {
                let change = |partner: Option<Partner>| {
                    let mut partner = partner?;
                    partner.accounts = choose(&world_now, std::mem::take(&mut partner.accounts));
                    Some((partner, ()))
                };
                let _ = ports.store.change_partner(&tenant, change).await;
            });
        }
        if round == FROZEN_FROM && world.dice.chance(150) {
            freeze(&world, &machines[1], &tenant, true);
        }
        if round == FROZEN_UNTIL {
            freeze(&world, &machines[0], &tenant, false);
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
    let mut rests = calm(&world, &machines, CALM_SECONDS);
    let standing = {
        let (ports, of) = (machines[0].clone(), tenant.clone());
        wait(&world, async move { end_all(&ports, &of).await }).unwrap_or_default()
    };
    if !standing.subscriptions.is_empty() {
        // What was charged a moment before comes to its end as well.
        rests &= calm(&world, &machines, SETTLING_SECONDS);
    }
    if !rests {
        outcome.findings.push("the world did not come to rest".to_owned());
        return outcome;
    }
    // What was printed wrong an operator has corrected, as long as something was: what undoes it may be printed wrong again.
    for _ in 0..CORRECTIONS {
        let (ports, of) = (machines[0].clone(), tenant.clone());
        if wait(&world, async move { correct(&ports, &of).await }) != Some(true) {
            break;
        }
        if !calm(&world, &machines, CALM_SECONDS) {
            outcome.findings.push("the world did not come to rest".to_owned());
            return outcome;
        }
    }
    prove(&world, &machines[0], &tenant, &people, &standing, &mut outcome);
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
            notices: Arc::default(),
            devices: Arc::default(),
            callbacks: Arc::default(),
            moody: false,
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
        tokens: Arc::default(),
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

/// Which registers print: the sandbox's own, or the doubles of some vendors', and what goes wrong there.
fn choose_registers(world: &World, key: &str) {
    let dice = &world.dice;
    let mut known = REGISTERS.to_vec();
    let wanted = dice.one_of(&[0, 0, 0, 1, 1, 2, 3]);
    let chosen: Vec<&str> = (0..wanted).map(|_| known.swap_remove(dice.below(known.len()))).collect();
    let mut asked = vec![("/sandbox/registers".to_owned(), json!({ "registers": chosen }))];
    for (at, register) in chosen.iter().enumerate() {
        // The last one is never broken: then nothing would ever be printed.
        let breaks = at + 1 < chosen.len();
        // Nor is anything printed wrong where nothing can be corrected.
        let corrects = !chosen.iter().any(|register| register.starts_with("kit") || *register == "business_kassa");
        let faults: Vec<&str> = (0..dice.below(20))
            .map(|_| dice.one_of(&FAULTS))
            .filter(|fault| breaks || *fault != "broken")
            .filter(|fault| corrects || *fault != "other_rate")
            .filter(|fault| *fault != "none")
            .collect();
        asked.push((format!("/sandbox/registers/{register}/faults"), json!({ "next": faults })));
    }
    let faulty = world.faulty.swap(false, Ordering::Relaxed);
    for (path, body) in asked {
        let request = http::Request::builder()
            .method("PUT")
            .uri(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {key}"))
            .body(body.to_string().into_bytes());
        let Ok(request) = request else { continue };
        let calling = world.clone();
        wait(world, async move { calling.call(request).await.map(|response| response.status) });
    }
    world.faulty.store(faulty, Ordering::Relaxed);
}

/// The operator ends all subscriptions; answers how they stood before.
async fn end_all(ports: &Ports, tenant: &Tenant) -> Option<Standing> {
    let now = workflows::clock::now(ports, tenant).await.ok()?;
    let (subscriptions, _) = ports.store.subscriptions(tenant, None, 1_000).await.ok()?;
    for subscription in &subscriptions {
        workflows::subscriptions::cancel(ports, tenant, &subscription.id, Canceller::Operator).await.ok()?;
    }
    Some(Standing { now, subscriptions })
}

/// Has every receipt that was printed wrong corrected; answers whether there was one.
async fn correct(ports: &Ports, tenant: &Tenant) -> Option<bool> {
    let now = workflows::clock::now(ports, tenant).await.ok()?;
    let mut any = false;
    for order in workflows::payouts::recent_orders(ports, tenant, now, Freshness::Consistent).await.ok()? {
        let loaded = ports.store.load(&order.id, Freshness::Consistent).await.ok()??;
        let receipts = &loaded.order.receipts;
        let corrected = |no: u8| receipts.iter().any(|receipt| receipt.corrects == Some(no));
        let wrong = receipts.iter().filter(|receipt| receipt.differs.is_some() && !corrected(receipt.no));
        for receipt in wrong.map(|receipt| receipt.no) {
            workflows::perform::apply(ports, &order.id, &Command::CorrectReceipt { receipt }).await.ok()?;
            any = true;
        }
    }
    Some(any)
}

/// The partner's accounts at the doubles of all banks that can be connected.
async fn doubles(ports: &Ports, tenant: &Tenant) -> Vec<Account> {
    let mut accounts = Vec::new();
    for family in Family::ALL {
        let Some(doubled) = sandbox::double::Family::parse(family.code()) else { continue };
        let Ok(terminal) = sandbox::double::terminal(ports, tenant, doubled).await else { continue };
        let mut account = connect::double_account(family, terminal.address, terminal.credentials);
        for terms in account.methods.iter_mut().filter(|terms| terms.method == Method::Card) {
            // What some banks grant on application was applied for.
            terms.hold = Feature::Approved;
            terms.save = Feature::Approved;
        }
        if !account.methods.is_empty() && connectors::bank::open(&account, ports.clock.now()).is_some() {
            accounts.push(account);
        }
    }
    accounts
}

/// The operator has the partner's charges without the buyer stopped, or lets them go on.
fn freeze(world: &World, ports: &Ports, tenant: &Tenant, frozen: bool) {
    let ports = Ports { store: Store::new(world.table.clone()), ..ports.clone() };
    let tenant = tenant.clone();
    world.processes.start(async move {
        let change = |partner: Option<Partner>| {
            let mut partner = partner?;
            partner.payment.charges_frozen = frozen;
            Some((partner, ()))
        };
        let _ = ports.store.change_partner(&tenant, change).await;
    });
}

/// Which of the accounts take payments: none, so that the sandbox's own bank does; one; or several.
fn choose(world: &World, mut accounts: Vec<Account>) -> Vec<Account> {
    let wanted = world.dice.one_of(&[0, 0, 0, 0, 1, 1, 1, 1, 2]).min(accounts.len());
    for account in &mut accounts {
        account.enabled = false;
    }
    for _ in 0..wanted {
        let at = world.dice.below(accounts.len());
        accounts[at].enabled = true;
        accounts[at].priority = u8::try_from(world.dice.below(3)).unwrap_or(0);
    }
    accounts
}

/// Makes the partner everyone here buys from; answers its key.
pub async fn set_up(ports: Ports, tenant: Tenant, accounts: Vec<Account>) -> Option<String> {
    let statuses = [("picked", StatusAction::Capture), ("ready", StatusAction::Charge), ("gone", StatusAction::Cancel)];
    let statuses = statuses.into_iter().map(|(status, action)| (status.to_owned(), action)).collect();
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
            vat_percent: Decimal::from(22),
        },
        tariffs: Tariffs::default(),
        returns: Returns { success: Some("https://shop.example/back".to_owned()), failure: None },
        return_origins: Vec::new(),
        form_secret: "a form secret".to_owned(),
        webhook: Some(WebhookEndpoint {
            url: "https://shop.example/hook".to_owned(),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
            gone: false,
        }),
        payout: PayoutTerms {
            refunds_paid_out: true,
            ..PayoutTerms::new(
                true,
                BankAccount {
                    number: "40702810200000000001".to_owned(),
                    bic: "044525225".to_owned(),
                    bank: "ПАО СБЕРБАНК".to_owned(),
                    correspondent: "30101810400000000225".to_owned(),
                },
            )
        },
        payment_timeout_seconds: 1_200,
        channels: vec![Channel::Email, Channel::Sms],
        button: Button::Pay,
        accounts,
        payment: PaymentSettings { statuses, ..PaymentSettings::default() },
        receipts: ReceiptSettings::default(),
        legal: Legal::default(),
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
        let _ = deadlines::tick(ports.clone()).await;
        let _ = month_close::tick(ports).await;
    });
}

/// Lets everything come to its end without faults.
fn calm(world: &World, machines: &[Ports], seconds: i64) -> bool {
    let until = world.seconds.load(Ordering::Relaxed) + seconds;
    let steps = [5, 60, 600, 1_300, 3_600, 7_200, 20_000];
    let mut round = 0;
    let devices = world.devices.lock().unwrap_or_else(PoisonError::into_inner).clone();
    while world.seconds.load(Ordering::Relaxed) < until {
        for device in &devices {
            device.calm(world, &machines[0]);
        }
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
