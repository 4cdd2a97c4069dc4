//! A stationary register and its agent at our doors: whatever gets lost on the way, one receipt is printed once.
#![expect(clippy::unwrap_used, reason = "what a test can not go on without ends it, and says where")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use domain::acquiring::Credentials;
use domain::order::Order;
use domain::receipt::Ffd;
use domain::receipt::device::{FETCHED_WITHIN_SECONDS, LEASE_SECONDS, SHIFT_SECONDS, Trouble};
use domain::receipt::register::{Register as Contract, RegisterKind};
use http::Method;
use sandbox::device::{Agent, Crash, Drive, Register, Turn};
use serde_json::{Value, json};
use storage::memory::MemoryTable;
use storage::store::Store;
use storage::table::{Freshness, Item, Key, Page, Range, Table, TableError, Write};
use support::{BASE_URL, Call, Fault, OPERATOR_TOKEN, World, partner, wish};
use workflows::ports::{Clock, Ports};

fn contract(id: &str, priority: u8) -> Contract {
    Contract {
        id: id.to_owned(),
        kind: RegisterKind::Device,
        ffd: Ffd::V1_2,
        priority,
        enabled: true,
        owner: None,
        group: None,
        address: None,
        credentials: Credentials::default(),
    }
}

const REGISTERS: &str = "/v1/operator/partners/demoshop/test/registers";

async fn key(world: &World, register: &str) -> String {
    let answer = world.api(Method::POST, &format!("{REGISTERS}/{register}/device-key"), OPERATOR_TOKEN, "").await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["device_key"].as_str().unwrap().to_owned()
}

/// A world whose demo partner has these registers, and the agents of all of them.
async fn world(model: &str, registers: &[&str]) -> (World, Vec<Agent>) {
    let world = World::new().await;
    let agents = connect(&world, model, registers).await;
    (world, agents)
}

async fn connect(world: &World, model: &str, registers: &[&str]) -> Vec<Agent> {
    let mut partner = partner();
    partner.receipts.registers = (0..).zip(registers).map(|(priority, id)| contract(id, priority)).collect();
    world.ports.store.put_partner(&world.shop, &partner).await.unwrap();
    let mut agents = Vec::new();
    for (no, id) in (1..).zip(registers) {
        let register = Register::new(model, no, world.clock.now()).unwrap();
        agents.push(Agent::new(BASE_URL, id, &key(world, id).await, register));
    }
    agents
}

/// A paid order, whose receipt waits for the register.
async fn paid(world: &World, number: &str) -> Order {
    let order = world.order(&wish(number)).await;
    world.pay(&order, "success").await;
    world.settle().await;
    order
}

async fn turn(world: &World, agent: &mut Agent) -> Turn {
    let turn = agent.turn(world.net.as_ref(), world.clock.now()).await;
    world.settle().await;
    turn
}

/// Takes turns until the agent has nothing to do.
async fn work(world: &World, agent: &mut Agent) {
    while turn(world, agent).await != Turn::Idle {}
}

/// The fiscal document of an order's only receipt.
async fn document(world: &World, order: &Order) -> Option<u64> {
    let order = world.load(&order.id).await.order;
    assert_eq!(order.receipts.iter().filter(|receipt| receipt.operation == order.receipts[0].operation).count(), 1);
    order.receipts[0].fiscal.as_ref().map(|fiscal| fiscal.document)
}

fn is_done(turn: &Turn, was_found: bool) -> bool {
    matches!(turn, Turn::Done { found, .. } if *found == was_found)
}

#[tokio::test]
async fn a_receipt_is_printed_and_on_record() {
    let (world, mut agents) = world("atol-30f", &["shop-1"]).await;
    let agent = &mut agents[0];
    assert_eq!(turn(&world, agent).await, Turn::Idle);
    let order = paid(&world, "A-1").await;
    assert_eq!(document(&world, &order).await, None);
    assert!(is_done(&turn(&world, agent).await, false));
    // 1 is the registration, 2 the shift's opening.
    assert_eq!(document(&world, &order).await, Some(3));
    let receipt = &world.load(&order.id).await.order.receipts[0];
    assert_eq!(receipt.differs, None);
    assert_eq!(receipt.fiscal.as_ref().unwrap().register, agent.register.registration);
    assert_eq!(turn(&world, agent).await, Turn::Idle);
}

#[tokio::test]
async fn an_agent_that_dies_after_printing_finds_the_document_and_prints_no_other() {
    let (world, mut agents) = world("atol-30f", &["shop-1"]).await;
    let agent = &mut agents[0];
    let first = paid(&world, "A-1").await;
    let second = paid(&world, "A-2").await;
    agent.crash = Some(Crash::AfterPrinting);
    assert_eq!(turn(&world, agent).await, Turn::Crashed);
    // Nothing else is given out meanwhile: the last document must stay the answer.
    assert_eq!(turn(&world, agent).await, Turn::Idle);
    world.advance(LEASE_SECONDS);
    assert!(is_done(&turn(&world, agent).await, true));
    assert!(is_done(&turn(&world, agent).await, false));
    let documents = [document(&world, &first).await, document(&world, &second).await];
    assert!(documents == [Some(3), Some(4)] || documents == [Some(4), Some(3)], "{documents:?}");
    assert_eq!(agent.register.drive.receipts.len(), 2);
}

#[tokio::test]
async fn two_receipts_that_look_the_same_are_told_apart() {
    // The document before is on record: what lies after it can only be the job that is out.
    let (world, mut agents) = world("atol-30f", &["shop-1"]).await;
    let agent = &mut agents[0];
    let mut orders = Vec::new();
    for number in ["A-1", "A-2", "A-3"] {
        orders.push(paid(&world, number).await);
        agent.crash = Some(Crash::BeforePrinting);
        assert_eq!(turn(&world, agent).await, Turn::Crashed);
        world.advance(LEASE_SECONDS);
        assert!(is_done(&turn(&world, agent).await, false), "what was printed for another order is not its receipt");
    }
    for (order, no) in orders.iter().zip(3..) {
        assert_eq!(document(&world, order).await, Some(no));
    }
}

#[tokio::test]
async fn every_answer_may_get_lost() {
    for lost in ["/jobs/take", "/done", "/state"] {
        for fault in [Fault::AnswerLost, Fault::Silence] {
            let (world, mut agents) = world("atol-30f", &["shop-1"]).await;
            let agent = &mut agents[0];
            let order = paid(&world, "A-1").await;
            let mut left = 4;
            let fault = std::sync::Mutex::new(fault);
            world.net.faults(move |call| match call {
                Call::Http(request) if request.url.ends_with(lost) && left > 0 => {
                    left -= 1;
                    Some(match *fault.lock().unwrap() {
                        Fault::Silence => Fault::Silence,
                        _ => Fault::AnswerLost,
                    })
                }
                _ => None,
            });
            for _ in 0..8 {
                agent.beat(world.net.as_ref()).await;
                turn(&world, agent).await;
                world.pass(LEASE_SECONDS, LEASE_SECONDS).await;
            }
            assert_eq!(document(&world, &order).await, Some(3), "{lost}");
            assert_eq!(agent.register.drive.receipts.len(), 1, "{lost}");
        }
    }
}

#[tokio::test]
async fn what_is_told_twice_changes_nothing_and_what_contradicts_is_refused() {
    let (world, mut agents) = world("atol-30f", &["shop-1"]).await;
    let agent = &mut agents[0];
    let first = paid(&world, "A-1").await;
    assert!(is_done(&turn(&world, agent).await, false));
    let second = paid(&world, "A-2").await;
    let device = key(&world, "shop-1").await;
    let post = async |path: &str, body: &Value| {
        world.api(Method::POST, &format!("/v1/devices/shop-1/{path}"), &device, &body.to_string()).await
    };
    let fiscal = world.load(&first.id).await.order.receipts[0].fiscal.clone().unwrap();
    let done = json!({
        "1041": fiscal.drive, "1040": fiscal.document, "1077": fiscal.sign, "1037": fiscal.register,
        "1038": fiscal.shift, "1042": fiscal.number, "1012": fiscal.at.to_string(), "1020": "3000.00",
    });
    let rows = world.table.all_items();
    let (one, other) = (format!("jobs/{}-r1", first.id), format!("jobs/{}-r1", second.id));
    assert_eq!(post(&format!("{one}/done"), &done).await.status, 204);
    let is = |answer: support::Answer, status: u16, code: &str| {
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)));
    };
    is(post(&format!("{other}/done"), &done).await, 409, "document_of_another_job");
    let mut again = done.clone();
    again["1040"] = json!(fiscal.document + 1);
    is(post(&format!("{one}/done"), &again).await, 409, "printed_before");
    for (tag, wrong) in [
        ("1041", json!("999907890000000")),
        ("1041", json!("999907890000000x")),
        ("1037", json!("1")),
        ("1077", json!("123")),
        ("1040", json!(0)),
        ("1020", json!("3000.001")),
        ("1012", json!("2027-11-21T09:00:00Z")),
        ("1012", json!("yesterday")),
        ("1199", json!([99])),
        ("9999", json!(1)),
    ] {
        let mut told = done.clone();
        told[tag] = wrong;
        assert_eq!(post(&format!("{one}/done"), &told).await.status, 422, "{tag}");
    }
    // Nobody has the second job: it can not have failed.
    is(post(&format!("{other}/failed"), &json!({"lease": 1, "code": "paper_out"})).await, 409, "lease_over");
    is(post(&format!("{one}/failed"), &json!({"lease": 1, "code": "paper_out"})).await, 409, "lease_over");
    assert_eq!(post(&format!("{other}/failed"), &json!({"lease": 1, "code": "not_fetched"})).await.status, 422);
    is(post("jobs/ord_t_demoshop_x-r1/done", &done).await, 404, "not_found");
    assert_eq!(world.table.all_items(), rows);
}

#[tokio::test]
async fn only_the_registers_own_key_opens_its_doors() {
    let (world, agents) = world("atol-30f", &["shop-1", "shop-2"]).await;
    let take = async |register: &str, key: &str| {
        world.api(Method::POST, &format!("/v1/devices/{register}/jobs/take"), key, "").await.status
    };
    let (one, two) = (key(&world, "shop-1").await, key(&world, "shop-2").await);
    assert_eq!(take("shop-1", &one).await, 204);
    assert_eq!(take("shop-1", &two).await, 404);
    assert_eq!(take("shop-3", &one).await, 404);
    assert_eq!(take("shop-1", &world.key).await, 401);
    assert_eq!(take("shop-1", "dk_test_demoshop_nothing").await, 401);
    let new = key(&world, "shop-1").await;
    assert_eq!((take("shop-1", &one).await, take("shop-1", &new).await), (401, 204));
    // The first keys of all, which the agents still have.
    assert_eq!(agents[0].beat(world.net.as_ref()).await, 401);
    // A device key is no API key.
    assert_eq!(world.api(Method::GET, "/v1/orders", &new, "").await.status, 401);
    let path = format!("{REGISTERS}/shop-3/device-key");
    assert_eq!(world.api(Method::POST, &path, OPERATOR_TOKEN, "").await.status, 404);
    assert_eq!(world.api(Method::POST, &format!("{REGISTERS}/shop-1/device-key"), &world.key, "").await.status, 404);
}

#[tokio::test]
async fn paper_out_passes_when_there_is_paper() {
    let (world, mut agents) = world("shtrih-on-line", &["shop-1"]).await;
    let agent = &mut agents[0];
    let order = paid(&world, "A-1").await;
    agent.register.paper = false;
    assert!(matches!(turn(&world, agent).await, Turn::Failed(_, Trouble::PaperOut)));
    assert_eq!(turn(&world, agent).await, Turn::Idle);
    agent.register.paper = true;
    for _ in 0..20 {
        world.pass(300, 300).await;
        work(&world, agent).await;
    }
    assert_eq!(document(&world, &order).await, Some(3));
    assert_eq!(agent.register.drive.receipts.len(), 1);
}

#[tokio::test]
async fn a_shift_that_is_over_is_closed_by_whoever_closes_it() {
    for (model, closes, told) in [("modulkassa", false, false), ("atol-30f", true, false), ("atol-30f", false, true)] {
        let (world, mut agents) = world(model, &["shop-1"]).await;
        let agent = &mut agents[0];
        agent.closes_shifts = closes;
        paid(&world, "A-1").await;
        assert!(is_done(&turn(&world, agent).await, false));
        world.pass(SHIFT_SECONDS, SHIFT_SECONDS / 8).await;
        work(&world, agent).await;
        let before = agent.register.drive.receipts.len();
        let order = paid(&world, "A-2").await;
        if told {
            assert!(matches!(turn(&world, agent).await, Turn::Failed(_, Trouble::ShiftOver24h)));
            agent.register.close_shift();
            for _ in 0..20 {
                world.pass(300, 300).await;
                work(&world, agent).await;
            }
        } else {
            assert!(is_done(&turn(&world, agent).await, false), "{model}");
        }
        assert!(document(&world, &order).await.is_some(), "{model}");
        assert_eq!(agent.register.shifts, 2, "{model}");
        assert_eq!(agent.register.drive.receipts.len(), before + 1, "{model}");
    }
}

#[tokio::test]
async fn a_register_that_can_not_print_leaves_the_receipt_to_another() {
    for trouble in [Trouble::DriveFull, Trouble::DriveExpired, Trouble::NotFetched] {
        let (world, mut agents) = world("atol-77f", &["shop-1", "shop-2"]).await;
        match trouble {
            Trouble::DriveFull => agents[0].register.drive.last = agents[0].register.drive.documents_max - 2,
            Trouble::DriveExpired => agents[0].register.drive.until = jiff::civil::date(2026, 11, 20),
            _ => {}
        }
        let order = paid(&world, "A-1").await;
        if trouble == Trouble::NotFetched {
            for _ in 0..4 {
                world.pass(FETCHED_WITHIN_SECONDS / 2, 300).await;
                assert_eq!(document(&world, &order).await, None);
            }
            // It is back, too late.
            assert_eq!(turn(&world, &mut agents[0]).await, Turn::Idle);
        } else {
            assert!(matches!(turn(&world, &mut agents[0]).await, Turn::Failed(_, why) if why == trouble));
        }
        assert!(is_done(&turn(&world, &mut agents[1]).await, false), "{trouble:?}");
        let receipt = world.load(&order.id).await.order.receipts[0].clone();
        assert_eq!(receipt.register.as_deref(), Some("shop-2"));
        assert_eq!(receipt.fiscal.unwrap().drive, agents[1].register.drive.number);
        // The first one is put right: the receipt is not printed there as well, whatever the queue brings once more.
        agents[0].register.replace_drive(Drive::new(9, world.clock.now(), 36));
        world.pass(7_200, 600).await;
        work(&world, &mut agents[0]).await;
        assert_eq!(agents[0].register.drive.receipts.len(), 0);
    }
}

async fn declare(world: &World, register: &str, job: &str, body: &Value) -> support::Answer {
    let path = format!("{REGISTERS}/{register}/jobs/{job}/not-printed");
    world.api(Method::POST, &path, OPERATOR_TOKEN, &body.to_string()).await
}

#[tokio::test]
async fn a_job_lost_with_its_register_is_declared_not_printed_and_printed_by_another() {
    let (world, mut agents) = world("atol-77f", &["shop-1", "shop-2"]).await;
    let order = paid(&world, "A-1").await;
    let job = format!("{}-r1", order.id);
    agents[0].crash = Some(Crash::BeforePrinting);
    assert_eq!(turn(&world, &mut agents[0]).await, Turn::Crashed);
    let reason = json!({ "reason": "Касса сгорела, в ФН документа нет" });
    let sure = json!({ "reason": "Касса сгорела, в ФН документа нет", "confirmed": true });
    let code = |answer: &support::Answer| answer.json()["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(code(&declare(&world, "shop-1", &job, &reason).await), "job_unconfirmed");
    assert_eq!(code(&declare(&world, "shop-1", &job, &sure).await), "job_leased", "it may be printing");
    world.pass(LEASE_SECONDS, LEASE_SECONDS).await;
    for other in ["@desk", "@state", "x", &format!("{}-r2", order.id)] {
        assert_eq!(declare(&world, "shop-1", other, &sure).await.status, 404, "{other}");
    }
    assert_eq!(declare(&world, "shop-2", &job, &sure).await.status, 404, "it is not there");
    for bad in [json!({}), json!({ "reason": " ", "confirmed": true }), json!({ "reason": "x".repeat(201) })] {
        assert_eq!(declare(&world, "shop-1", &job, &bad).await.status, 422, "{bad}");
    }
    let path = format!("{REGISTERS}/shop-1/jobs/{job}/not-printed");
    assert_eq!(world.api(Method::POST, &path, &world.key, &sure.to_string()).await.status, 404, "the operator's alone");
    assert_eq!(document(&world, &order).await, None);
    for _ in 0..2 {
        let answer = declare(&world, "shop-1", &job, &sure).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        world.settle().await;
    }
    let receipt = world.load(&order.id).await.order.receipts[0].clone();
    assert_eq!(receipt.register.as_deref(), Some("shop-2"));
    let view = world.api(Method::GET, &format!("{REGISTERS}/shop-1/jobs/{job}"), OPERATOR_TOKEN, "").await.json();
    assert_eq!((&view["state"], &view["code"]), (&"failed".into(), &"declared".into()));
    assert_eq!(view["text"], "Касса сгорела, в ФН документа нет");
    assert!(is_done(&turn(&world, &mut agents[1]).await, false));
    // The first register comes back: it has nothing to print, and its desk is free.
    world.pass(7_200, 600).await;
    work(&world, &mut agents[0]).await;
    assert_eq!((agents[0].register.drive.receipts.len(), agents[1].register.drive.receipts.len()), (0, 1));
    let next = paid(&world, "A-2").await;
    assert!(is_done(&turn(&world, &mut agents[0]).await, false));
    assert!(document(&world, &next).await.is_some());
    let printed = format!("{}-r1", next.id);
    assert_eq!(code(&declare(&world, "shop-1", &printed, &sure).await), "job_printed");
}

#[tokio::test]
async fn what_no_agent_has_had_needs_no_confirmation() {
    let (world, mut agents) = world("atol-77f", &["shop-1", "shop-2"]).await;
    let reason = json!({ "reason": "Магазин закрыт" });
    let waits = paid(&world, "A-1").await;
    assert_eq!(declare(&world, "shop-1", &format!("{}-r1", waits.id), &reason).await.status, 204);
    world.settle().await;
    assert!(is_done(&turn(&world, &mut agents[1]).await, false));
    // What the register itself has refused neither, though it would come there again.
    let refused = paid(&world, "A-2").await;
    agents[0].register.paper = false;
    assert!(matches!(turn(&world, &mut agents[0]).await, Turn::Failed(_, Trouble::PaperOut)));
    assert_eq!(declare(&world, "shop-1", &format!("{}-r1", refused.id), &reason).await.status, 204);
    world.settle().await;
    assert!(is_done(&turn(&world, &mut agents[1]).await, false));
    agents[0].register.paper = true;
    world.pass(7_200, 600).await;
    work(&world, &mut agents[0]).await;
    assert_eq!((agents[0].register.drive.receipts.len(), agents[1].register.drive.receipts.len()), (0, 2));
}

#[tokio::test]
async fn a_message_brought_again_after_the_receipt_has_moved_prints_nothing() {
    let (world, mut agents) = world("atol-77f", &["shop-1", "shop-2"]).await;
    agents[0].register.drive.until = jiff::civil::date(2026, 11, 20);
    let order = world.order(&wish("A-1")).await;
    world.pay(&order, "success").await;
    let mut receipts = Vec::new();
    for waiting in world.queue.waiting() {
        if waiting.message.queue == workflows::ports::QueueName::Receipt {
            receipts.push(waiting);
        }
    }
    assert!(!receipts.is_empty());
    world.settle().await;
    assert!(matches!(turn(&world, &mut agents[0]).await, Turn::Failed(_, Trouble::DriveExpired)));
    agents[0].register.replace_drive(Drive::new(9, world.clock.now(), 36));
    for waiting in receipts {
        world.deliver(waiting).await;
    }
    // The job lies at the first register again, and is seen to be another's.
    assert_eq!(turn(&world, &mut agents[0]).await, Turn::Idle);
    assert!(is_done(&turn(&world, &mut agents[1]).await, false));
    work(&world, &mut agents[0]).await;
    assert_eq!(agents[0].register.drive.receipts.len(), 0);
}

#[tokio::test]
async fn an_agent_that_can_not_ask_its_register_says_nothing() {
    let (world, mut agents) = world("atol-30f", &["shop-1", "shop-2"]).await;
    let order = paid(&world, "A-1").await;
    agents[0].crash = Some(Crash::AfterPrinting);
    assert_eq!(turn(&world, &mut agents[0]).await, Turn::Crashed);
    agents[0].register.reachable = false;
    for _ in 0..4 {
        world.pass(3_600, 600).await;
        assert!(matches!(turn(&world, &mut agents[0]).await, Turn::Unknown(_)));
        assert_eq!(turn(&world, &mut agents[1]).await, Turn::Idle, "it may be printed: nobody else gets it");
    }
    agents[0].register.reachable = true;
    world.pass(LEASE_SECONDS, LEASE_SECONDS).await;
    assert!(is_done(&turn(&world, &mut agents[0]).await, true));
    assert_eq!(document(&world, &order).await, Some(3));
}

#[tokio::test]
async fn another_rate_than_was_sent_is_seen() {
    let (world, mut agents) = world("evotor-7-3", &["shop-1"]).await;
    agents[0].register.prints_rate = Some(11);
    let order = paid(&world, "A-1").await;
    assert!(is_done(&turn(&world, &mut agents[0]).await, false));
    assert!(world.load(&order.id).await.order.receipts[0].differs.is_some());
}

#[tokio::test]
async fn the_operator_sees_the_register() {
    let (world, mut agents) = world("evotor-10", &["shop-1"]).await;
    let look = async || world.api(Method::GET, &format!("{REGISTERS}/shop-1/device"), OPERATOR_TOKEN, "").await.json();
    let seen = look().await;
    assert_eq!((&seen["state"], &seen["warnings"], &seen["has_key"]), (&Value::Null, &json!(["silent"]), &json!(true)));
    agents[0].register.paper = false;
    assert_eq!(agents[0].beat(world.net.as_ref()).await, 204);
    paid(&world, "A-1").await;
    let seen = look().await;
    assert_eq!((&seen["waiting"], &seen["warnings"]), (&json!(1), &json!(["paper_out", "test_drive"])));
    assert_eq!(seen["state"]["drive"], agents[0].register.drive.number.as_str());
    agents[0].crash = Some(Crash::BeforePrinting);
    turn(&world, &mut agents[0]).await;
    assert_eq!(look().await["out"]["external_id"].as_str().unwrap().rsplit('-').next(), Some("r1"));
    let models = world.api(Method::GET, "/v1/devices/models", &world.key, "").await.json();
    assert_eq!(models["models"].as_array().unwrap().len(), 19);
}

// --- a process of ours that dies between two writes ---

struct Life {
    /// Writes left until it dies; as many as there are, while it lives.
    left: AtomicI64,
    /// Whether the write it dies at is done.
    happens: bool,
}

/// The table of a process that dies at one write, and of the next one, that lives.
struct Mortal(MemoryTable, Arc<Life>);

impl Mortal {
    async fn done<T>(&self, work: impl Future<Output = Result<T, TableError>>) -> Result<T, TableError> {
        let dies = self.1.left.load(Ordering::Relaxed) != i64::MAX && self.1.left.fetch_sub(1, Ordering::Relaxed) == 0;
        if dies && !self.1.happens {
            return Err(TableError::Unknown("the process is dead".into()));
        }
        let outcome = work.await;
        if dies { Err(TableError::Unknown("the process is dead".into())) } else { outcome }
    }
}

#[async_trait]
impl Table for Mortal {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        self.0.get(key, freshness).await
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        self.0.query(range, freshness).await
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        self.done(self.0.put(write)).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        self.done(self.0.commit(writes)).await
    }

    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        self.0.due(bucket, until, limit).await
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        self.done(self.0.add(key, amount)).await
    }
}

#[tokio::test]
async fn one_receipt_is_printed_wherever_a_write_is_lost() {
    for (writes, happens) in (0..12).flat_map(|writes| [(writes, false), (writes, true)]) {
        for trouble in [None, Some(Trouble::PaperOut), Some(Trouble::DriveExpired)] {
            let (table, life) = (MemoryTable::new(), Arc::new(Life { left: AtomicI64::new(i64::MAX), happens }));
            let (mortal, spark) = (table.clone(), Arc::clone(&life));
            let wrap: Arc<support::Wrap> = Arc::new(move |ports| {
                let table = Mortal(mortal.clone(), Arc::clone(&spark));
                Ports { store: Store::new(Arc::new(table)), ..ports }
            });
            let world = World::build(1, table, Some(wrap)).await;
            let mut agents = connect(&world, "atol-30f", &["shop-1", "shop-2"]).await;
            match trouble {
                Some(Trouble::PaperOut) => agents[0].register.paper = false,
                Some(_) => agents[0].register.drive.until = jiff::civil::date(2026, 11, 20),
                None => {}
            }
            let order = paid(&world, "A-1").await;
            life.left.store(writes, Ordering::Relaxed);
            turn(&world, &mut agents[0]).await;
            turn(&world, &mut agents[1]).await;
            life.left.store(i64::MAX, Ordering::Relaxed);
            agents[0].register.paper = true;
            for _ in 0..40 {
                world.pass(300, 300).await;
                for agent in &mut agents {
                    turn(&world, agent).await;
                }
            }
            let printed: Vec<_> = agents.iter().map(|agent| agent.register.drive.receipts.len()).collect();
            let place = format!("write {writes}, done: {happens}, {trouble:?}, printed {printed:?}");
            assert!(document(&world, &order).await.is_some(), "{place}");
            assert_eq!(printed.iter().sum::<usize>(), 1, "{place}");
        }
    }
}
