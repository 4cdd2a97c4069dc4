//! Cost figures: DynamoDB units and calls of one order's life, step by step; keys shared by a partner's orders; the checkout page.
//!
//! The doors and workers are the real ones; the table counts what AWS would bill (see `storage::metered`, which is held to what
//! an independent implementation of DynamoDB reports). What the sandbox keeps for itself is not part of a live order and is left
//! out: its rows, and the reading of a test partner's own clock.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use connectors::http::Response;
use domain::id::{Mode, Tenant};
use serde_json::{Value, json};
use storage::keys;
use storage::memory::MemoryTable;
use storage::metered::{Meter, MeteredTable};
use workflows::ports::{Message, Ports, QueueName};

use crate::cli::BenchArgs;
use crate::simulate::dice::Dice;
use crate::simulate::outside::World;
use crate::simulate::world::{answering, machine, set_up, wait, work};

const GOALS: [(&str, u64, u64, u64); 3] = [("paid", 12, 4, 14), ("refunded", 9, 9, 99), ("abandoned", 4, 9, 99)];
/// Orders by one partner, for shared keys.
const MANY: usize = 1_000;
/// Messages of the journal of exchanges with banks that are kept together.
const JOURNAL_BATCH: usize = 1_000;
/// Seconds in which they come: the window of `template.yaml`.
const JOURNAL_SECONDS: usize = 300;

/// Units and calls of one step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cost {
    calls: u64,
    write_units: u64,
    read_half_units: u64,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.write_units += other.write_units;
        self.read_half_units += other.read_half_units;
    }
}

/// A bench: one machine, no faults, a counting table.
struct Bench {
    world: World,
    ports: Ports,
    meter: Meter,
    key: String,
}

impl Bench {
    fn new() -> Option<Self> {
        let meter = Meter::new(|key| keys::kind(key).to_owned());
        let table = MeteredTable::new(MemoryTable::new(), meter.clone());
        let world = World::new(Dice::new(1), Arc::new(AtomicBool::new(false)), Arc::new(table));
        let ports = machine(&world);
        *world.machines.lock().unwrap_or_else(PoisonError::into_inner) = vec![answering(&ports)];
        let tenant = Tenant::try_new("simshop", Mode::Test).ok()?;
        meter.start("set-up");
        let key = wait(&world, set_up(ports.clone(), tenant, Vec::new()))?;
        Some(Self { world, ports, meter, key })
    }

    fn call(&self, label: &str, request: http::Request<Vec<u8>>) -> Option<Response> {
        self.meter.start(label);
        let world = self.world.clone();
        wait(&self.world, async move { world.call(request).await })
    }

    fn post(&self, label: &str, path: &str, form: &str) -> Option<Response> {
        let request = http::Request::builder()
            .method("POST")
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.as_bytes().to_vec());
        self.call(label, request.ok()?)
    }

    fn get(&self, label: &str, path: &str) -> Option<Response> {
        self.call(label, http::Request::builder().uri(path).body(Vec::new()).ok()?)
    }

    fn json(&self, label: &str, path: &str, body: &Value) -> Option<Value> {
        let request = http::Request::builder()
            .method("POST")
            .uri(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.key))
            .body(body.to_string().into_bytes());
        let response = self.call(label, request.ok()?)?;
        serde_json::from_slice(&response.body).ok()
    }

    /// Brings the messages of one queue to their worker, and what the sandbox then does.
    fn deliver(&self, queue: QueueName, label: &str) {
        loop {
            let message = {
                let mut waiting = self.world.queue.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(at) = waiting.iter().position(|(message, _)| message.queue == queue) else { return };
                waiting.remove(at).0
            };
            self.meter.start(label);
            let ports = self.ports.clone();
            wait(&self.world, async move { Some(work(ports, queue, message.body).await) });
        }
    }

    /// Keeps the messages of one queue back.
    fn hold(&self, queue: QueueName) -> Vec<(Message, u8)> {
        let mut waiting = self.world.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let (held, rest) = std::mem::take(&mut *waiting).into_iter().partition(|(message, _)| message.queue == queue);
        *waiting = rest;
        held
    }

    /// Brings held messages back.
    fn bring(&self, held: Vec<(Message, u8)>) {
        self.world.queue.lock().unwrap_or_else(PoisonError::into_inner).extend(held);
    }

    fn tick(&self, label: &str) {
        self.meter.start(label);
        let ports = self.ports.clone();
        wait(&self.world, async move { deadlines::tick(ports).await.ok() });
    }

    fn advance(&self, seconds: i64) {
        self.world.seconds.fetch_add(seconds, Ordering::Relaxed);
    }

    fn create(&self, number: &str, execution: &str) -> Option<(String, String)> {
        self.ask("01 create", &asked(number, &json!({ "scenario": { "execution": execution } })))
    }

    /// Has an order made; answers its id and the path of its page.
    fn ask(&self, label: &str, request: &Value) -> Option<(String, String)> {
        let order = self.json(label, "/v1/orders", request)?;
        let page = order["checkout_url"].as_str()?.split_once("://")?.1;
        Some((order["id"].as_str()?.to_owned(), page[page.find('/')?..].to_owned()))
    }

    fn pay(&self, page: &str) -> Option<()> {
        self.pay_by(["02 checkout page", "03 pay button", "04 bank callback"], page, "")
    }

    /// The buyer pays at the bank's page; `more` is what else is in the form.
    fn pay_by(&self, labels: [&str; 3], page: &str, more: &str) -> Option<()> {
        let html = String::from_utf8_lossy(&self.get(labels[0], page)?.body).into_owned();
        let csrf = html.split_once("name=\"csrf\"")?.1.split_once("value=\"")?.1.split_once('"')?.0.to_owned();
        let form = format!("csrf={csrf}&consent_personal_data=1&consent_terms=1{more}");
        let bank = self.post(labels[1], &format!("{page}/pay"), &form)?.header("location")?.to_owned();
        let path =
            bank.split_once("://").map_or(bank.as_str(), |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]).to_owned();
        self.post(labels[2], &path, "card=success").map(drop)
    }

    /// A buyer of a former order has left their card. Answers its id.
    fn saved_card(&self) -> Option<String> {
        let request = asked("B-0", &json!({ "customer": "buyer-1" }));
        let (_, page) = self.ask("set-up", &request)?;
        self.pay_by(["set-up"; 3], &page, "&consent_means=1")?;
        self.all("set-up");
        let request = http::Request::builder()
            .uri("/v1/customers/buyer-1/means")
            .header("authorization", format!("Bearer {}", self.key))
            .body(Vec::new());
        let list: Value = serde_json::from_slice(&self.call("set-up", request.ok()?)?.body).ok()?;
        list["means"][0]["id"].as_str().map(ToOwned::to_owned)
    }

    /// Brings all messages to their workers, once for each queue.
    fn all(&self, label: &str) {
        for queue in QueueName::ALL {
            self.deliver(queue, label);
        }
    }

    /// Costs by step, without the sandbox's own and with the partner's settings apart.
    fn costs(&self) -> (Vec<(String, Cost)>, Cost) {
        let mut steps: Vec<(String, Cost)> = Vec::new();
        let mut settings = Cost::default();
        for line in self.meter.report() {
            let cost = Cost { calls: line.calls, write_units: line.write_units, read_half_units: line.read_half_units };
            match line.kind.as_str() {
                "sandbox" => {}
                "partner settings" | "counter" | "due index" => settings.add(cost),
                _ if line.label == "set-up" => {}
                _ => match steps.iter_mut().find(|(label, _)| *label == line.label) {
                    Some((_, sum)) => sum.add(cost),
                    None => steps.push((line.label.clone(), cost)),
                },
            }
        }
        (steps, settings)
    }
}

/// The life of a paid order until its payout.
fn paid() -> Option<Bench> {
    let bench = Bench::new()?;
    let (_, page) = bench.create("B-1", "automatic")?;
    bench.pay(&page)?;
    bench.deliver(QueueName::Webhook, "05 webhook: paid");
    // Messages of one commit are worked off at once; the register answers after the executor has taken the order.
    bench.deliver(QueueName::Fulfilment, "08 hand-over");
    let executor = bench.hold(QueueName::Sandbox);
    bench.deliver(QueueName::Receipt, "06 receipt");
    bench.deliver(QueueName::Sandbox, "06 receipt");
    bench.deliver(QueueName::Notification, "07 e-mail with the receipt");
    bench.deliver(QueueName::Webhook, "09 webhooks: handed over, receipt issued");
    bench.bring(executor);
    bench.deliver(QueueName::Sandbox, "11 executor reports");
    bench.deliver(QueueName::Notification, "12 e-mail with the result");
    bench.deliver(QueueName::Webhook, "13 webhook: fulfilled");
    bench.advance(1_300);
    bench.tick("14 housekeeping visit");
    bench.advance(24 * 3_600);
    bench.tick("15 reminder");
    bench.deliver(QueueName::Notification, "15 reminder");
    bench.advance(3 * 24 * 3_600);
    bench.tick("16 payout");
    bench.deliver(QueueName::Webhook, "17 webhook: paid out");
    Some(bench)
}

/// An order cancelled after three days.
fn refunded() -> Option<Bench> {
    let bench = Bench::new()?;
    let (_, page) = bench.create("B-2", "manual")?;
    bench.pay(&page)?;
    let queues =
        [QueueName::Receipt, QueueName::Sandbox, QueueName::Notification, QueueName::Fulfilment, QueueName::Webhook];
    for queue in queues {
        bench.deliver(queue, "05 until handed over");
    }
    bench.advance(3 * 24 * 3_600 + 60);
    bench.tick("06 until overdue");
    for queue in queues {
        bench.deliver(queue, "06 until overdue");
    }
    let html = String::from_utf8_lossy(&bench.get("07 cancel page", &format!("{page}/cancel"))?.body).into_owned();
    let csrf = html.split_once("name=\"csrf\"")?.1.split_once("value=\"")?.1.split_once('"')?.0.to_owned();
    bench.post("08 cancel button", &format!("{page}/cancel"), &format!("csrf={csrf}"))?;
    bench.deliver(QueueName::Webhook, "09 webhooks: cancelled, refund started");
    bench.deliver(QueueName::Fulfilment, "10 tell the executor");
    bench.deliver(QueueName::BankOperation, "11 refund at the bank");
    bench.deliver(QueueName::Receipt, "12 refund receipt");
    bench.deliver(QueueName::Sandbox, "12 refund receipt");
    bench.deliver(QueueName::Notification, "13 e-mails: cancelled, refund receipt");
    bench.deliver(QueueName::Webhook, "14 webhooks: refunded, receipt");
    Some(bench)
}

/// An order nobody pays.
fn abandoned() -> Option<Bench> {
    let bench = Bench::new()?;
    let (_, page) = bench.create("B-3", "automatic")?;
    bench.get("02 checkout page", &page)?;
    bench.advance(1_300);
    bench.tick("03 expiry");
    bench.deliver(QueueName::Webhook, "04 webhook: expired");
    Some(bench)
}

/// An order that is held, captured by the partner, and has its receipt.
fn two_stage() -> Option<Bench> {
    let bench = Bench::new()?;
    let request = asked("B-5", &json!({ "payment": { "stages": 2 }, "scenario": { "execution": "manual" } }));
    let (id, page) = bench.ask("01 create", &request)?;
    bench.pay(&page)?;
    let executor = bench.hold(QueueName::Fulfilment);
    bench.deliver(QueueName::Webhook, "05 webhook: held");
    bench.deliver(QueueName::Notification, "06 e-mail: held");
    bench.json("07 capture command", &format!("/v1/orders/{id}/capture"), &json!({}))?;
    bench.deliver(QueueName::BankOperation, "08 capture at the bank");
    bench.deliver(QueueName::Receipt, "09 receipt");
    bench.deliver(QueueName::Sandbox, "09 receipt");
    bench.deliver(QueueName::Notification, "10 e-mail with the receipt");
    bench.deliver(QueueName::Webhook, "11 webhooks: paid, receipt issued");
    bench.bring(executor);
    bench.deliver(QueueName::Fulfilment, "12 hand-over");
    Some(bench)
}

/// An order that is charged to a saved card as it is made.
fn charged() -> Option<Bench> {
    let bench = Bench::new()?;
    let means = bench.saved_card()?;
    let more = json!({ "customer": "buyer-1", "charge": { "means": means, "reason": "Подписка" } });
    bench.ask("01 create, to be charged", &asked("B-6", &more))?;
    bench.deliver(QueueName::BankOperation, "02 charge at the bank, its callback");
    bench.deliver(QueueName::Receipt, "03 receipt");
    bench.deliver(QueueName::Sandbox, "03 receipt");
    bench.deliver(QueueName::Notification, "04 e-mail with the receipt");
    bench.deliver(QueueName::Webhook, "05 webhooks: paid, receipt issued");
    bench.deliver(QueueName::Fulfilment, "06 hand-over");
    Some(bench)
}

/// A part of a paid order's money goes back.
fn partly_refunded() -> Option<Bench> {
    let bench = Bench::new()?;
    let (id, page) = bench.create("B-7", "manual")?;
    bench.pay(&page)?;
    bench.all("05 until handed over");
    bench.all("05 until handed over");
    bench.json("06 cancel command", &format!("/v1/orders/{id}/cancel"), &json!({ "amount": "1000.00" }))?;
    bench.deliver(QueueName::BankOperation, "07 refund at the bank, its callback");
    bench.deliver(QueueName::Receipt, "08 refund receipt");
    bench.deliver(QueueName::Sandbox, "08 refund receipt");
    bench.deliver(QueueName::Notification, "09 e-mail with the receipt");
    bench.deliver(QueueName::Webhook, "10 webhooks: refunded, receipt issued");
    bench.advance(24 * 3_600 + 60);
    bench.tick("11 asked again a day later");
    bench.deliver(QueueName::BankOperation, "11 asked again a day later");
    Some(bench)
}

/// One buyer pays two warehouses.
fn split() -> Option<Bench> {
    let bench = Bench::new()?;
    let more = json!({
        "customer": "buyer-2",
        "lines": [{ "name": "Стол", "price": "2000.00" }, { "name": "Стул", "price": "1000.00" }],
        "split": { "children": [{ "name": "Склад 1", "lines": [1] }, { "name": "Склад 2", "lines": [2] }] },
    });
    let (_, page) = bench.ask("01 create", &asked("B-8", &more))?;
    bench.pay_by(
        ["02 checkout page", "03 pay button", "04 bank callback: the card is checked"],
        &page,
        "&consent_means=1",
    )?;
    bench.deliver(QueueName::BankOperation, "05 rouble let go, card kept, two charges, their callbacks");
    bench.deliver(QueueName::Receipt, "06 two receipts");
    bench.deliver(QueueName::Sandbox, "06 two receipts");
    bench.deliver(QueueName::Notification, "07 e-mails with the receipts");
    bench.deliver(QueueName::Webhook, "08 webhooks: saved, paid twice, split ended, receipts");
    bench.deliver(QueueName::Fulfilment, "09 hand-over");
    Some(bench)
}

/// Writes per order to keys that more than one order shares.
fn shared_keys() -> Option<Vec<(String, u64)>> {
    let bench = Bench::new()?;
    for n in 0..MANY {
        let (_, page) = bench.create(&format!("M-{n}"), "automatic")?;
        bench.pay(&page)?;
        for queue in QueueName::ALL {
            bench.deliver(queue, "many");
        }
    }
    let shared = bench
        .meter
        .touches()
        .into_iter()
        .filter(|(key, _)| matches!(keys::kind(key), "partner settings" | "counter" | "payout" | "other"));
    Some(shared.map(|(key, writes)| (format!("{} {}", key.pk, key.sk), writes)).collect())
}

/// An order over 3,000 roubles, and what else is asked for.
fn asked(number: &str, more: &Value) -> Value {
    let mut request = json!({
        "number": number,
        "lines": [{ "name": "Выписка ЕГРН", "price": "3000.00" }],
        "buyer": { "email": "ivanova@example.com" },
        "channels": ["email"],
    });
    if let (Some(request), Some(more)) = (request.as_object_mut(), more.as_object()) {
        request.extend(more.clone());
    }
    request
}

/// What keeping a batch of the journal of exchanges with banks costs.
struct Journal {
    partners: usize,
    messages: usize,
    orders: usize,
    cost: Cost,
}

/// A window's exchanges, as paid orders make them at the sandbox bank, kept in one batch; of one partner, or spread over many.
fn journal(partners: usize) -> Option<Journal> {
    let bench = Bench::new()?;
    let (mut messages, mut orders, mut seconds) = (Vec::new(), 0, 0);
    while messages.len() < JOURNAL_BATCH {
        let (_, page) = bench.create(&format!("J-{orders}"), "automatic")?;
        bench.pay(&page)?;
        orders += 1;
        messages.extend(bench.hold(QueueName::Exchange).into_iter().map(|(message, _)| message.body));
        let due = messages.len() * JOURNAL_SECONDS / JOURNAL_BATCH;
        bench.advance(i64::try_from(due - seconds).ok()?);
        seconds = due;
    }
    messages.truncate(JOURNAL_BATCH);
    let of_partner = |(no, body): (usize, String)| {
        let mut message: Value = serde_json::from_str(&body).ok()?;
        message["n"] = json!(format!("shop{}.l", no % partners));
        Some(message.to_string())
    };
    let bodies = messages.into_iter().enumerate().map(of_partner).collect::<Option<Vec<_>>>()?;
    let messages = bodies.len();
    bench.meter.start("journal");
    let ports = bench.ports.clone();
    wait(&bench.world, async move { exchange::handle(ports, bodies).await.iter().all(Result::is_ok).then_some(()) })?;
    let mut cost = Cost::default();
    for line in bench.meter.report().into_iter().filter(|line| line.label == "journal") {
        cost.add(Cost { calls: line.calls, write_units: line.write_units, read_half_units: line.read_half_units });
    }
    Some(Journal { partners, messages, orders, cost })
}

/// `part` of `whole`, with three decimals.
fn share(part: u64, whole: usize) -> String {
    let whole = u64::try_from(whole).unwrap_or(1).max(1);
    let thousandths = (part * 1_000).div_ceil(whole);
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

struct Section {
    name: &'static str,
    steps: Vec<(String, Cost)>,
    /// Steps that belong to the goal.
    counted: fn(&str) -> bool,
    settings: Cost,
}

impl Section {
    fn total(&self) -> Cost {
        let mut sum = Cost::default();
        for (_, cost) in self.steps.iter().filter(|(label, _)| (self.counted)(label)) {
            sum.add(*cost);
        }
        sum
    }
}

impl Section {
    fn all(&self) -> Cost {
        let mut sum = Cost::default();
        for (_, cost) in &self.steps {
            sum.add(*cost);
        }
        sum
    }
}

fn half(units: u64) -> String {
    format!("{}.{}", units / 2, if units.is_multiple_of(2) { 0 } else { 5 })
}

/// Prints the figures.
pub fn run(args: &BenchArgs) -> ExitCode {
    let lives = (paid(), refunded(), abandoned(), two_stage(), charged(), partly_refunded(), split());
    let (Some(paid), Some(refunded), Some(abandoned), Some(two_stage), Some(charged), Some(part), Some(split)) = lives
    else {
        anstream::eprintln!("bench: an order did not get to its end");
        return ExitCode::FAILURE;
    };
    let page = page_bytes();
    let shared = shared_keys().unwrap_or_default();
    let journals: Vec<_> = [1, 100].into_iter().filter_map(journal).collect();
    let section = |name, bench: &Bench, counted| {
        let (steps, settings) = bench.costs();
        Section { name, steps, counted, settings }
    };
    let sections = [
        // Until the money is in, its receipt issued, buyer and partner told.
        section("paid", &paid, |label: &str| label < "08"),
        // From the cancelled page on: money back, its receipt issued, executor told.
        section("refunded", &refunded, |label: &str| matches!(&label[..2], "07" | "08" | "10" | "11" | "12")),
        section("abandoned", &abandoned, |label: &str| label < "04"),
        // The same as for a paid one, with the command and the bank's answer between hold and receipt.
        section("two-stage", &two_stage, |label: &str| label < "12"),
        section("charged", &charged, |label: &str| label < "06"),
        // From the command on: money back, its receipt issued, buyer and partner told, asked about once more.
        section("partly refunded", &part, |label: &str| label > "06"),
        section("split", &split, |label: &str| label < "09"),
    ];
    if args.json {
        anstream::println!("{}", as_json(&sections, page, &shared, &journals));
    } else {
        print(&sections, page, &shared, &journals);
    }
    ExitCode::SUCCESS
}

fn print(sections: &[Section], page: Option<usize>, shared: &[(String, u64)], journals: &[Journal]) {
    for section in sections {
        anstream::println!("{} order: DynamoDB calls, write units, read units", section.name);
        for (label, cost) in &section.steps {
            let mark = if (section.counted)(label) { '•' } else { ' ' };
            let (calls, writes, reads) = (cost.calls, cost.write_units, half(cost.read_half_units));
            anstream::println!("  {mark} {label:<56} {calls:>3} {writes:>4} {reads:>5}");
        }
        let total = section.total();
        let goal = GOALS.iter().find(|(name, ..)| *name == section.name);
        let goal = goal.map(|(_, writes, reads, calls)| match section.name {
            "paid" => format!("goal {calls} calls, {writes} write, {reads} read units"),
            _ => format!("goal {writes} write units"),
        });
        let (calls, writes, reads) = (total.calls, total.write_units, half(total.read_half_units));
        anstream::println!("  = {:<56} {calls:>3} {writes:>4} {reads:>5}   {}", "sum of •", goal.unwrap_or_default());
        let all = section.all();
        let (calls, writes, reads) = (all.calls, all.write_units, half(all.read_half_units));
        anstream::println!(
            "    {:<56} {calls:>3} {writes:>4} {reads:>5}",
            "all of it, as if it were the only order of its minutes"
        );
        let settings = section.settings;
        anstream::println!(
            "    shared by all orders (settings per minute, leases, looks at the due index): {} calls, {} write, {} read units\n",
            settings.calls,
            settings.write_units,
            half(settings.read_half_units)
        );
    }
    if let Some(bytes) = page {
        anstream::println!("checkout page: {bytes} bytes, 1 request, no script needed   goal 10000 bytes");
    }
    let most = shared.iter().map(|(_, writes)| *writes).max().unwrap_or(0);
    anstream::println!(
        "\n{MANY} orders of one partner: writes to keys that orders share, most {most} to one key   goal {}",
        MANY / 10
    );
    for (key, writes) in shared {
        anstream::println!("  {key:<40} {writes:>6}");
    }
    anstream::println!(
        "\njournal of exchanges with banks, beside the orders: one batch of {JOURNAL_BATCH} messages that came in {JOURNAL_SECONDS} s, as paid orders make them"
    );
    for Journal { partners, messages, orders, cost } in journals {
        anstream::println!(
            "  of {partners:>3} partners: {} calls, {} write units; {} calls and {} write units an exchange, {} write units a paid order",
            cost.calls,
            cost.write_units,
            share(cost.calls, *messages),
            share(cost.write_units, *messages),
            share(cost.write_units, *orders),
        );
    }
}

fn page_bytes() -> Option<usize> {
    let bench = Bench::new()?;
    bench.saved_card()?;
    let request = json!({
        "number": "B-4",
        "customer": "buyer-1",
        "description": "Документы на квартиру",
        "lines": [
            { "name": "Выписка ЕГРН об основных характеристиках", "price": "350.00" },
            { "name": "Выписка ЕГРН о переходе прав", "price": "290.00" },
            { "name": "Отчёт о собственниках", "price": "594.50" },
        ],
    });
    let (_, page) = bench.ask("01 create", &request)?;
    Some(bench.get("02 checkout page", &page)?.body.len())
}

fn as_json(sections: &[Section], page: Option<usize>, shared: &[(String, u64)], journals: &[Journal]) -> Value {
    let mut report = BTreeMap::new();
    for section in sections {
        let total = section.total();
        let steps: Vec<_> = section
            .steps
            .iter()
            .map(|(label, cost)| {
                json!({
                    "step": label, "counted": (section.counted)(label), "calls": cost.calls,
                    "write_units": cost.write_units, "read_half_units": cost.read_half_units,
                })
            })
            .collect();
        report.insert(
            section.name,
            json!({
                "calls": total.calls, "write_units": total.write_units,
                "read_half_units": total.read_half_units, "steps": steps,
            }),
        );
    }
    let journals = journals.iter().map(|journal| {
        json!({
            "partners": journal.partners, "messages": journal.messages, "paid_orders": journal.orders,
            "calls": journal.cost.calls, "write_units": journal.cost.write_units,
        })
    });
    let journals: Vec<_> = journals.collect();
    json!({ "orders": report, "checkout_page_bytes": page, "shared_keys": shared, "journal_of_exchanges": journals })
}
