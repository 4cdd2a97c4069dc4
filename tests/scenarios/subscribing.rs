//! Subscriptions over the months: announced, charged, declined, paused, ended; and whatever crashes, charged once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use connectors::bank::catalogue::Family;
use domain::acquiring::Credentials;
use domain::details::Language;
use domain::id::OrderId;
use domain::money::Money;
use domain::order::{Initiator, Order, Status};
use domain::partner::Partner;
use domain::subscription::{Canceller, Pause, State, Subscription};
use domain::time::{Timestamp, moscow_date};
use http::Method;
use storage::memory::MemoryTable;
use storage::store::Store;
use storage::table::{Freshness, Item, Key, Page, Range, Table, TableError, Write};
use support::{BUYER_EMAIL, Call, Fault, World, wish};
use tokio::sync::Semaphore;
use workflows::orders::{LineRequest, PaymentTermsRequest};
use workflows::ports::Ports;
use workflows::subscriptions::{self, Made, PhaseRequest, SubscriptionRequest};

use crate::story::{DAY, HOUR};

const CUSTOMER: &str = "buyer-1";

/// Has the buyer save a test card; answers with the id of the means.
async fn saved(world: &World, card: &str) -> String {
    let mut wish = wish(&format!("save-{card}"));
    wish.customer = Some(CUSTOMER.to_owned());
    wish.buyer.email = Some(BUYER_EMAIL.to_owned());
    wish.payment =
        Some(PaymentTermsRequest { purpose: Some("save_means".to_owned()), ..PaymentTermsRequest::default() });
    wish.lines =
        vec![LineRequest { name: "Карта".to_owned(), price: "1.00".to_owned(), ..LineRequest::default() }];
    let order = world.order(&wish).await;
    let page = world.page(&order);
    let known = world.get(&page).await.inputs();
    let mut fields: BTreeMap<&str, &str> = known.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("consent_personal_data", "1"), ("consent_terms", "1"), ("consent_means", "1"), ("method", "card")]);
    let fields: Vec<_> = fields.into_iter().collect();
    let bank = world.post(&format!("{page}/pay"), &fields).await.location();
    world.pay_at_bank(&bank, card).await;
    world.settle().await;
    assert_eq!(world.status(&order.id).await, Status::MeansSaved);
    domain::order::means_id(&order.id, 1)
}

fn phases(list: &[(&str, Option<u32>)]) -> Vec<PhaseRequest> {
    list.iter().map(|(amount, count)| PhaseRequest { amount: (*amount).to_owned(), count: *count }).collect()
}

async fn subscribe(
    world: &World,
    means: &str,
    every: &str,
    first_at: Option<&str>,
    list: &[(&str, Option<u32>)],
) -> String {
    let request = SubscriptionRequest {
        number: "S-1".to_owned(),
        customer: CUSTOMER.to_owned(),
        means: means.to_owned(),
        phases: phases(list),
        every: every.to_owned(),
        first_at: first_at.map(ToOwned::to_owned),
        description: "Подписка".to_owned(),
        terms_version: "2026-11-01".to_owned(),
        rises_agreed: true,
        ..SubscriptionRequest::default()
    };
    match subscriptions::create(&world.ports, &world.shop, &request, None).await.unwrap() {
        Made::Subscription { subscription, .. } => subscription.id,
        other => panic!("{other:?}"),
    }
}

async fn now(world: &World, id: &str) -> Subscription {
    subscriptions::one(&world.ports, &world.shop, id).await.unwrap()
}

async fn order(world: &World, id: &OrderId) -> Order {
    world.load(id).await.order
}

/// What was charged: the day and the amount of every order of the subscription that was paid, with its payments.
async fn charged(world: &World, subscription: &Subscription) -> Vec<(String, Money, usize)> {
    let mut found = Vec::new();
    for charge in &subscription.charges {
        let order = order(world, &charge.order).await;
        let paid = order.first(domain::order::Event::Captured);
        if let Some(at) = paid {
            assert_eq!(order.amount, charge.amount, "the amount is the phase's, exactly");
            assert!(order.payments().all(|payment| payment.by == Initiator::Schedule));
            assert_eq!(order.payments().filter(|payment| payment.succeeded()).count(), 1, "charged once");
            found.push((moscow_date(at).to_string(), order.amount, order.payments().count()));
        }
    }
    found
}

/// Letters about charges to come: when they were sent is told by their order.
fn notices(world: &World) -> Vec<String> {
    let letters = world.mailbox.emails();
    letters.into_iter().filter(|letter| letter.subject.starts_with("Списание")).map(|letter| letter.text).collect()
}

#[tokio::test]
async fn a_year_of_one_rouble_then_five_hundred_then_a_thousand() {
    let world = World::new().await; // 21 November 2026
    let means = saved(&world, "success").await;
    let list = [("1.00", Some(1)), ("500.00", Some(1)), ("1000.00", None)];
    let id = subscribe(&world, &means, "month", Some("2026-12-31T09:00:00Z"), &list).await;
    world.pass(39 * DAY + HOUR, 6 * HOUR).await; // 30 December
    let letters = notices(&world);
    assert_eq!(letters.len(), 1);
    assert!(letters[0].contains("31.12.2026 спишется 1.00"), "{}", letters[0]);
    assert!(!letters[0].contains("растёт"), "the first price is no rise");
    assert!(now(&world, &id).await.charges.is_empty(), "told a day before");
    world.pass(365 * DAY, 6 * HOUR).await; // 30 December 2027

    let subscription = now(&world, &id).await;
    let charged = charged(&world, &subscription).await;
    let days: Vec<_> = charged.iter().map(|(day, ..)| day.as_str()).collect();
    assert_eq!(
        days,
        [
            "2026-12-31",
            "2027-01-31",
            "2027-02-28",
            "2027-03-31",
            "2027-04-30",
            "2027-05-31",
            "2027-06-30",
            "2027-07-31",
            "2027-08-31",
            "2027-09-30",
            "2027-10-31",
            "2027-11-30",
        ]
    );
    let amounts: Vec<_> = charged.iter().map(|(_, amount, _)| amount.minor()).collect();
    assert_eq!(amounts[..3], [100, 50_000, 100_000]);
    assert!(amounts[2..].iter().all(|minor| *minor == 100_000));
    assert_eq!(subscription.state, State::Active);

    let letters = notices(&world);
    assert_eq!(letters.len(), 13, "one for each charge, and for the next");
    assert!(letters[1].contains("Цена растёт") && letters[1].contains("2026-11-01"), "{}", letters[1]);
    assert!(letters[2].contains("Цена растёт") && !letters[3].contains("Цена растёт"));
    assert!(letters.iter().all(|letter| letter.contains("/s/demoshop.t~sub_")), "every letter has the way out");
    let report = workflows::audit::audit(&world.ports, &|| ()).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
}

#[tokio::test]
async fn a_week_ends_with_its_last_phase() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "week", None, &[("10.00", Some(2)), ("5.00", Some(1))]).await;
    world.pass(40 * DAY, 3 * HOUR).await;
    let subscription = now(&world, &id).await;
    let days: Vec<_> = charged(&world, &subscription).await.into_iter().map(|(day, ..)| day).collect();
    assert_eq!(days, ["2026-11-21", "2026-11-28", "2026-12-05"]);
    assert_eq!((subscription.state, subscription.due()), (State::Completed, None));
    assert_eq!(notices(&world).len(), 2, "the first charge followed the agreement at once");
}

#[tokio::test]
async fn a_card_without_money_is_tried_on_four_days_and_another_card_goes_on() {
    let world = World::new().await;
    let poor = saved(&world, "charge_declined").await;
    let id = subscribe(&world, &poor, "month", None, &[("500.00", None)]).await;
    let mut tries = Vec::new();
    for _ in 0..5 {
        world.pass(HOUR, 600).await;
        let subscription = now(&world, &id).await;
        let order = order(&world, &subscription.charges[0].order).await;
        tries.push((subscription.declined, order.payments().count()));
        world.pass(23 * HOUR, HOUR).await;
    }
    assert_eq!(tries, [(1, 1), (2, 2), (3, 3), (4, 4), (4, 4)]);
    let paused = now(&world, &id).await;
    assert_eq!((paused.state, paused.charges.len()), (State::Paused(Pause::Declined), 1));
    let first = order(&world, &paused.charges[0].order).await;
    assert_eq!(first.status(), Status::Cancelled, "what is not tried again can not be paid any more");
    world.pass(60 * DAY, DAY).await;
    assert_eq!(now(&world, &id).await.charges.len(), 1, "nothing happens while it is paused");

    let rich = saved(&world, "success").await;
    let resumed = subscriptions::resume(&world.ports, &world.shop, &id, Some(&rich)).await.unwrap().unwrap();
    assert_eq!(resumed.state, State::Active);
    let before = notices(&world).len();
    world.pass(2 * DAY, HOUR).await;
    let subscription = now(&world, &id).await;
    assert_eq!(notices(&world).len(), before + 1, "told a day before");
    assert_eq!(charged(&world, &subscription).await.len(), 1, "two months that were missed are not made up for");
    assert_eq!((subscription.charge, subscription.means == rich), (2, true));
    assert_eq!(order(&world, &first.id).await.status(), Status::Cancelled);
}

#[tokio::test]
async fn a_buyer_who_ends_it_by_the_link_is_charged_no_more() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", None, &[("500.00", None)]).await;
    world.pass(29 * DAY + 6 * HOUR, 6 * HOUR).await;
    let letter = notices(&world).pop().unwrap();
    let link = letter.split_whitespace().find(|word| word.contains("/s/")).unwrap().to_owned();
    let page = world.get(&link).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Подписка") && page.text().contains("Следующее списание"));
    let csrf = page.input("csrf").unwrap();
    let path = link.strip_prefix(support::BASE_URL).unwrap();
    assert_eq!(world.post(path, &[("csrf", "x")]).await.status, 403);
    assert_eq!(world.get(&format!("{path}x")).await.status, 404);
    assert_eq!(now(&world, &id).await.state, State::Active);
    for _ in 0..2 {
        let ended = world.post(path, &[("csrf", &csrf)]).await;
        assert_eq!(ended.status, 303);
        assert!(world.get(&ended.location()).await.text().contains("Отменена"));
    }
    assert_eq!(now(&world, &id).await.state, State::Cancelled(Canceller::Buyer));
    assert!(world.get(&format!("{path}?lang=en")).await.text().contains("nothing more will be charged"));
    world.pass(60 * DAY, DAY).await;
    assert_eq!(charged(&world, &now(&world, &id).await).await.len(), 1);
}

#[tokio::test]
async fn a_card_the_buyer_has_switched_off_pauses_it() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", None, &[("500.00", None)]).await;
    world.pass(DAY, HOUR).await;
    workflows::wallet::enable(&world.ports, &world.shop, CUSTOMER, &means, false).await.unwrap();
    world.pass(31 * DAY, 6 * HOUR).await;
    let subscription = now(&world, &id).await;
    assert_eq!((subscription.state, subscription.charges.len()), (State::Paused(Pause::NoMeans), 1));
    let still_off = subscriptions::resume(&world.ports, &world.shop, &id, None).await.unwrap().unwrap_err();
    assert_eq!((still_off[0].pointer.as_str(), still_off[0].code), ("/means", "no_means"));
    // On again, but the shop has gone to another bank, which knows nothing of the card: it would be asked for in vain for ever.
    workflows::wallet::enable(&world.ports, &world.shop, CUSTOMER, &means, true).await.unwrap();
    let elsewhere =
        workflows::connect::double_account(Family::Rbs, "https://bank.example".to_owned(), Credentials::default());
    let partner = Partner { accounts: vec![elsewhere], ..support::partner() };
    world.ports.store.put_partner(&world.shop, &partner).await.unwrap();
    let unknown = subscriptions::resume(&world.ports, &world.shop, &id, None).await.unwrap().unwrap_err();
    assert_eq!((unknown[0].pointer.as_str(), unknown[0].code), ("/means", "no_account"));
    world.ports.store.put_partner(&world.shop, &support::partner()).await.unwrap();
    let resumed = subscriptions::resume(&world.ports, &world.shop, &id, None).await.unwrap().unwrap();
    assert_eq!(resumed.state, State::Active);
}

#[tokio::test]
async fn a_letter_that_does_not_go_out_delays_the_charge() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", Some("2026-12-01T09:00:00Z"), &[("500.00", None)]).await;
    world.mailbox.faults(|_| Some(Fault::NotDone));
    world.pass(12 * DAY, 6 * HOUR).await; // 3 December
    assert!(now(&world, &id).await.charges.is_empty(), "nobody is charged without a word");
    world.mailbox.no_faults();
    world.pass(23 * HOUR, HOUR).await;
    assert!(now(&world, &id).await.charges.is_empty());
    world.pass(2 * HOUR, HOUR).await;
    assert_eq!(charged(&world, &now(&world, &id).await).await.len(), 1);
    world.mailbox.faults(|_| Some(Fault::Refused));
    world.pass(31 * DAY, 6 * HOUR).await;
    assert_eq!(now(&world, &id).await.state, State::Paused(Pause::Unreachable));
}

#[tokio::test]
async fn charges_the_operator_has_stopped_wait() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", Some("2026-12-01T09:00:00Z"), &[("500.00", None)]).await;
    let frozen = async |frozen: bool| {
        let mut partner = support::partner();
        partner.payment.charges_frozen = frozen;
        world.ports.store.put_partner(&world.shop, &partner).await.unwrap();
    };
    frozen(true).await;
    world.pass(15 * DAY, 6 * HOUR).await;
    let waiting = now(&world, &id).await;
    assert_eq!((waiting.state, waiting.charges.len(), waiting.declined), (State::Active, 0, 0));
    assert_eq!(notices(&world).len(), 1, "the first of December");
    frozen(false).await;
    world.pass(DAY, HOUR).await;
    let letters = notices(&world);
    assert!(letters.len() == 2 && letters[1].contains(".12.2026 спишется 500.00"), "{letters:?}");
    let told = now(&world, &id).await;
    assert!(told.charges.is_empty() && told.noticed_at.is_some(), "the day that was announced is long over");
    world.pass(DAY + HOUR, HOUR).await;
    assert_eq!(charged(&world, &now(&world, &id).await).await.len(), 1);
}

#[tokio::test]
async fn an_answer_of_the_bank_that_is_lost_charges_nothing_twice() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", None, &[("500.00", None)]).await;
    world.net.faults(|call| match call {
        Call::Http(request) if request.url.ends_with("/bank/v1/charges") => Some(Fault::AnswerLost),
        _ => None,
    });
    world.pass(2 * HOUR, 600).await;
    world.net.no_faults();
    world.pass(DAY, HOUR).await;
    let subscription = now(&world, &id).await;
    assert_eq!(charged(&world, &subscription).await.len(), 1);
    assert_eq!(subscription.charge, 2);
    assert_eq!(deals(&world).await, 2, "the saved card's check, and one charge");
}

/// How many writes a process still does before it dies, and whether the last one happens all the same.
struct Life {
    left: AtomicI64,
    happens: bool,
}

/// The table of a process that dies.
struct Mortal(MemoryTable, Arc<Life>);

impl Mortal {
    /// Whether a write is done, and whether its answer is heard.
    fn write(&self) -> (bool, bool) {
        let left = self.1.left.load(Ordering::Relaxed);
        if left == i64::MAX {
            return (true, true);
        }
        self.1.left.store(left - 1, Ordering::Relaxed);
        (left > 0 || (left == 0 && self.1.happens), left > 0)
    }

    async fn done<T>(&self, work: impl Future<Output = Result<T, TableError>>) -> Result<T, TableError> {
        let (done, heard) = self.write();
        let outcome = if done { Some(work.await) } else { None };
        match outcome {
            Some(outcome) if heard => outcome,
            _ => Err(TableError::Unknown("the process is dead".into())),
        }
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

/// Payments the bank knows.
async fn deals(world: &World) -> usize {
    world.ports.store.sandbox_rows(&world.shop, "deal", 100).await.unwrap().len()
}

#[tokio::test]
async fn a_sweep_that_dies_anywhere_and_two_at_once_charge_once() {
    // The process dies at each of its first writes, before or after it; another one takes over.
    for (writes, happens) in (0..12).flat_map(|writes| [(writes, false), (writes, true)]) {
        let table = MemoryTable::new();
        let life = Arc::new(Life { left: AtomicI64::new(i64::MAX), happens });
        let (mortal, spark) = (table.clone(), Arc::clone(&life));
        let wrap: Arc<support::Wrap> = Arc::new(move |ports| {
            let table = Mortal(mortal.clone(), Arc::clone(&spark));
            Ports { store: Store::new(Arc::new(table)), ..ports }
        });
        let mut world = World::build(1, table, Some(wrap)).await;
        let means = saved(&world, "success").await;
        let id = subscribe(&world, &means, "month", None, &[("500.00", Some(1))]).await;
        life.left.store(writes, Ordering::Relaxed);
        let _swept = workflows::sweep::everything(&world.ports).await;
        world.pump_all().await;
        life.left.store(i64::MAX, Ordering::Relaxed);
        world.restart();
        world.pass(2 * DAY, HOUR).await;
        let subscription = now(&world, &id).await;
        let days: Vec<_> = charged(&world, &subscription).await.into_iter().map(|(day, ..)| day).collect();
        // On the same day: a crash is no decline, after which it would be tried the day after.
        assert_eq!((subscription.state, days), (State::Completed, vec!["2026-11-21".to_owned()]), "{writes}");
        assert_eq!(deals(&world).await, 2, "{writes}");
    }
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", None, &[("500.00", Some(1))]).await;
    let bucket = storage::keys::test_subscription_due_bucket(&world.shop);
    let at: Timestamp = world.now().await;
    let sweep = || subscriptions::sweep(&world.ports, &bucket, at);
    let (one, two) = tokio::join!(sweep(), sweep());
    assert!(one.is_ok() && two.is_ok());
    world.settle().await;
    world.pass(DAY, HOUR).await;
    assert_eq!(charged(&world, &now(&world, &id).await).await.len(), 1);
    assert_eq!(deals(&world).await, 2);
}

/// A table of a process that stops before a call, until it is let go on.
struct Halting(MemoryTable, Arc<Semaphore>);

impl Halting {
    async fn go(&self) {
        self.1.acquire().await.unwrap().forget();
    }
}

#[async_trait]
impl Table for Halting {
    async fn get(&self, key: &Key, freshness: Freshness) -> Result<Option<Item>, TableError> {
        self.go().await;
        self.0.get(key, freshness).await
    }

    async fn query(&self, range: &Range, freshness: Freshness) -> Result<Page, TableError> {
        self.go().await;
        self.0.query(range, freshness).await
    }

    async fn put(&self, write: Write) -> Result<(), TableError> {
        self.go().await;
        self.0.put(write).await
    }

    async fn commit(&self, writes: Vec<Write>) -> Result<(), TableError> {
        self.go().await;
        self.0.commit(writes).await
    }

    async fn due(&self, bucket: &str, until: i64, limit: usize) -> Result<Vec<(Key, i64)>, TableError> {
        self.go().await;
        self.0.due(bucket, until, limit).await
    }

    async fn add(&self, key: &Key, amount: u64) -> Result<u64, TableError> {
        self.go().await;
        self.0.add(key, amount).await
    }
}

/// Payments of a subscription that have begun, and how many orders it has.
async fn begun(world: &World, id: &str) -> (usize, usize) {
    let now = world.now().await;
    let orders =
        workflows::payouts::recent_orders(&world.ports, &world.shop, now, Freshness::Consistent).await.unwrap();
    let own: Vec<_> = orders.iter().filter(|order| order.number.starts_with(id)).collect();
    (own.iter().map(|order| order.payments().count()).sum(), own.len())
}

#[tokio::test]
async fn nobody_is_charged_after_the_answer_that_it_is_over_wherever_the_sweep_was() {
    let mut seen = [false; 2];
    for calls in 0..60 {
        let table = MemoryTable::new();
        let world = World::build(1, table.clone(), None).await;
        let means = saved(&world, "success").await;
        let id = subscribe(&world, &means, "month", None, &[("500.00", None)]).await;
        let gate = Arc::new(Semaphore::new(calls));
        let halting = Halting(table, Arc::clone(&gate));
        let slow = Ports { store: Store::new(Arc::new(halting)), ..world.ports.clone() };
        let (bucket, at) = (storage::keys::test_subscription_due_bucket(&world.shop), world.now().await);
        let sweep = tokio::spawn(async move { subscriptions::sweep(&slow, &bucket, at).await });
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let halfway = !sweep.is_finished();
        subscriptions::cancel(&world.ports, &world.shop, &id, Canceller::Buyer).await.unwrap();
        let (payments, _) = begun(&world, &id).await;
        seen[payments] = true;
        gate.add_permits(10_000);
        assert!(sweep.await.unwrap().is_ok());
        world.settle().await;
        world.pass(8 * DAY, 6 * HOUR).await;
        assert_eq!(begun(&world, &id).await.0, payments, "{calls} calls before the end");
        let subscription = now(&world, &id).await;
        assert_eq!(charged(&world, &subscription).await.len(), payments, "{calls}");
        for charge in &subscription.charges {
            let order = world.ports.store.load(&charge.order, Freshness::Consistent).await.unwrap();
            assert!(
                order.is_none_or(|loaded| loaded.order.status() != Status::Expired),
                "{calls}: nobody was to pay it"
            );
        }
        let report = workflows::audit::audit(&world.ports, &|| ()).await.unwrap();
        assert!(report.is_clean(), "{calls}: {:#?}", report.findings);
        if !halfway {
            break;
        }
    }
    assert_eq!(seen, [true; 2], "before the charge and after it");
}

#[tokio::test]
async fn a_declined_charge_the_buyer_pays_by_hand_is_not_made_again_when_it_is_resumed() {
    let world = World::new().await;
    let poor = saved(&world, "charge_declined").await;
    let id = subscribe(&world, &poor, "month", None, &[("500.00", None)]).await;
    world.pass(HOUR, 600).await;
    let declined = now(&world, &id).await.charges[0].order.clone();
    let loaded = world.load(&declined).await.order;
    assert_eq!(loaded.status(), Status::Awaiting);
    // The buyer is at the bank's page while the card they had left is switched off.
    let page = world.page(&loaded);
    let known = world.get(&page).await.inputs();
    let mut fields: BTreeMap<&str, &str> = known.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("consent_personal_data", "1"), ("consent_terms", "1"), ("method", "card"), ("email", BUYER_EMAIL)]);
    let fields: Vec<_> = fields.into_iter().collect();
    let bank = world.post(&format!("{page}/pay"), &fields).await.location();
    workflows::wallet::enable(&world.ports, &world.shop, CUSTOMER, &poor, false).await.unwrap();
    world.pass(25 * HOUR, HOUR).await;
    assert_eq!(now(&world, &id).await.state, State::Paused(Pause::NoMeans));
    let rich = saved(&world, "success").await;
    let resumed = subscriptions::resume(&world.ports, &world.shop, &id, Some(&rich)).await;
    assert!(resumed.is_err(), "what comes of the payment is not known yet");
    world.pay_at_bank(&bank, "success").await;
    world.settle().await;
    assert!(order(&world, &declined).await.has(domain::order::Event::Captured));
    let resumed = subscriptions::resume(&world.ports, &world.shop, &id, Some(&rich)).await.unwrap().unwrap();
    assert_eq!((resumed.state, resumed.charge), (State::Active, 2));
    world.pass(2 * DAY, HOUR).await;
    let subscription = now(&world, &id).await;
    let paid: Vec<_> = subscription.charges.iter().map(|charge| (charge.no, charge.paid)).collect();
    assert_eq!(paid, [(1, Some(true)), (2, Some(true))]);
    let report = workflows::audit::audit(&world.ports, &|| ()).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
}

#[tokio::test]
async fn a_first_charge_that_was_held_up_for_days_is_announced_before_it_is_made() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", None, &[("500.00", None)]).await;
    let mut partner = support::partner();
    partner.payment.charges_frozen = true;
    world.ports.store.put_partner(&world.shop, &partner).await.unwrap();
    world.pass(3 * DAY, 6 * HOUR).await;
    world.ports.store.put_partner(&world.shop, &support::partner()).await.unwrap();
    world.pass(3 * DAY, HOUR).await;
    let subscription = now(&world, &id).await;
    assert_eq!((charged(&world, &subscription).await.len(), notices(&world).len()), (1, 1));
    let charge = &subscription.charges[0];
    assert!(charge.told.is_some_and(|told| charge.at.as_second() - told.as_second() >= DAY));
}

#[tokio::test]
async fn somebody_elses_order_under_the_number_is_not_charged() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", Some("2026-12-01T09:00:00Z"), &[("500.00", None)]).await;
    let mut wish = wish(&format!("{id}-1"));
    wish.customer = Some(CUSTOMER.to_owned());
    wish.payment_timeout_seconds = Some(2_592_000);
    let others = world.order(&wish).await;
    world.pass(11 * DAY, 6 * HOUR).await;
    assert_eq!(now(&world, &id).await.state, State::Paused(Pause::Refused));
    assert_eq!(order(&world, &others.id).await.payments().count(), 0);
}

#[tokio::test]
async fn an_english_buyer_is_told_in_english_by_text_message_where_there_is_no_address() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id =
        subscribe(&world, &means, "month", Some("2026-12-01T09:00:00Z"), &[("1.00", Some(1)), ("500.00", None)]).await;
    let mut english = now(&world, &id).await;
    (english.language, english.email, english.phone) = (Language::En, None, Some(support::BUYER_PHONE.to_owned()));
    english.version += 1;
    world.ports.store.put_subscription(&world.shop, &english).await.unwrap();
    world.pass(41 * DAY, 6 * HOUR).await;
    let texts: Vec<_> =
        world.mailbox.texts().into_iter().map(|sms| sms.text).filter(|text| text.contains("/s/")).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("will be charged on 01.12") && texts[1].contains("(was "), "{texts:?}");
}

#[tokio::test]
async fn the_api_tells_of_it_all() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", None, &[("500.00", None)]).await;
    world.pass(DAY, HOUR).await;
    let told = world.api(Method::GET, &format!("/v1/subscriptions/{id}"), &world.key, "").await.json();
    assert_eq!((&told["charges"][0]["state"], &told["charges"][0]["no"]), (&"paid".into(), &1.into()));
    assert_eq!(told["next"]["at"], "2026-12-21T09:00:00Z");
    let order = told["charges"][0]["order"].as_str().unwrap();
    let order = world.api(Method::GET, &format!("/v1/orders/{order}"), &world.key, "").await.json();
    assert_eq!((&order["number"], &order["captured"]), (&format!("{id}-1").into(), &"500.00".into()));
    assert_eq!(
        (&order["operations"][0]["by"], &order["operations"][0]["reason"]),
        (&"schedule".into(), &"Подписка".into())
    );
}

#[tokio::test]
async fn a_notice_whose_message_is_lost_is_sent_again_and_one_that_comes_twice_is_one_letter() {
    let world = World::new().await;
    let means = saved(&world, "success").await;
    let id = subscribe(&world, &means, "month", Some("2026-12-01T09:00:00Z"), &[("500.00", None)]).await;
    world.advance(9 * DAY); // 30 November
    world.tick().await;
    let waiting = world.queue.waiting().into_iter();
    let lost: Vec<_> = waiting.filter(|one| one.message.body.contains(&id)).collect();
    assert_eq!(lost.len(), 1);
    assert!(world.queue.take(lost[0].no).is_some());
    world.pass(10 * 60, 600).await;
    assert!(notices(&world).is_empty());
    world.pass(10 * 60, 600).await;
    assert_eq!(notices(&world).len(), 1);
    for waiting in lost {
        assert!(world.deliver(waiting).await.outcome.is_ok());
    }
    assert_eq!(notices(&world).len(), 1);
    let told = now(&world, &id).await;
    let counted = world.ports.store.sent_since(&world.shop, jiff::civil::Date::MIN).await.unwrap();
    assert_eq!(
        counted.iter().map(|(_, sent)| sent.kind).collect::<Vec<_>>(),
        [domain::usage::Kind::Email],
        "it counts"
    );
    assert!(told.noticed_at.is_some() && told.charges.is_empty());
    world.pass(DAY + HOUR, HOUR).await;
    assert_eq!(charged(&world, &now(&world, &id).await).await.len(), 1);
}
