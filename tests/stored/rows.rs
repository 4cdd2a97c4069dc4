//! One row of every shape that today's program writes: taken out of the table of a world in which everything has happened.

use std::collections::BTreeMap;

use domain::order::{DeclineReason, Status};
use domain::partner::{Button, Channel, Partner};
use domain::time::Timestamp;
use serde_json::{Value, json};
use storage::keys;
use storage::table::Item;
use support::{START, World, wish};
use workflows::access::KeyRole;
use workflows::orders::{OrderRequest, ScenarioRequest};
use workflows::payments::PartRequest;
use workflows::subscriptions::{Made, PhaseRequest, SubscriptionRequest};

const DAY: i64 = 24 * 3_600;

/// So many seconds after every world begins.
pub fn moment(seconds: i64) -> Timestamp {
    let start: Timestamp = START.parse().unwrap();
    domain::time::plus_seconds(start, seconds)
}

fn by_email(number: &str) -> OrderRequest {
    let mut wish = wish(number);
    wish.buyer.email = Some(support::BUYER_EMAIL.to_owned());
    wish.channels = vec!["email".to_owned()];
    wish
}

fn with(number: &str, execution: Option<&str>, receipt: Option<&str>) -> OrderRequest {
    let text = |text: Option<&str>| text.map(ToOwned::to_owned);
    OrderRequest {
        scenario: Some(ScenarioRequest { execution: text(execution), receipt: text(receipt) }),
        ..by_email(number)
    }
}

/// A wish with everything in it.
fn full(number: &str) -> OrderRequest {
    let mut wish = by_email(number);
    wish.lines[0].quantity = Some("0.5".to_owned());
    wish.lines[0].vat = Some("vat22".to_owned());
    wish.lines[0].subject = Some("goods".to_owned());
    wish.lines[0].measure = Some(11);
    wish.description = Some("Выписка".to_owned());
    wish.buyer.phone = Some(support::BUYER_PHONE.to_owned());
    wish.channels.push("sms".to_owned());
    wish.returns.success = Some("https://shop.example/own".to_owned());
    wish.returns.failure = Some("https://shop.example/own-failed".to_owned());
    wish.button = Some("order".to_owned());
    wish.language = Some("en".to_owned());
    wish.metadata = Some("{\"cart\":7}".to_owned());
    wish.templates = vec!["plain".to_owned()];
    wish
}

/// The rows, by the names of their files.
pub async fn shapes_of_today() -> BTreeMap<String, Value> {
    let mut shapes = BTreeMap::new();
    Box::pin(heads(&mut shapes)).await;
    returns(&mut shapes).await;
    others(&mut shapes).await;
    sites_and_subscriptions(&mut shapes).await;
    books(&mut shapes).await;
    tariffs(&mut shapes).await;
    payees(&mut shapes).await;
    products(&mut shapes).await;
    reconciled(&mut shapes).await;
    shapes
}

/// A natural person's payout with its tax, its register and its remittance, and what is owed and invoiced after a refund.
async fn payees(shapes: &mut BTreeMap<String, Value>) {
    let world = World::new().await;
    let mut partner = support::partner();
    partner.payout.wait = domain::maturity::Wait::WorkingDays(3);
    partner.payout.refunds_paid_out = true;
    partner.payout.debt_days = Some(5);
    partner.payout.payee = Some(domain::partner::Payee {
        kind: domain::requisites::PayeeKind::Person,
        name: "Иванов Иван Иванович".to_owned(),
        inn: "500100732259".to_owned(),
        residency: domain::income_tax::Residency::Resident,
    });
    partner.payout.to = domain::partner::Destination::Wallet(domain::partner::WalletAccount {
        operator: domain::requisites::WalletOperator::Yoomoney,
        number: "4100116075156746".to_owned(),
    });
    world.ports.store.put_partner(&world.shop, &partner).await.unwrap();
    let order = world.order(&by_email("S-1")).await;
    world.pay(&order, "success").await;
    world.settle().await;
    world.pass(6 * 86_400, 86_400).await;
    head(shapes, &world, &order, Status::PaidOut, "paid-out-working-days").await;
    let path = format!("/v1/orders/{}/cancel", order.id);
    assert_eq!(world.api(http::Method::POST, &path, &world.key, "{}").await.status, 200);
    world.settle().await;
    world.pass(2 * 86_400, 86_400).await;
    let owes =
        world.table.all_items().into_iter().find(|item| item.key.pk.ends_with("#p") && item.key.pk.starts_with("L#"));
    shapes.insert("purse-owes".to_owned(), row(&owes.unwrap()));
    world.pass(20 * 86_400, 86_400).await;
    world.close_days().await;
    workflows::income::remit(&world.ports, Some(&world.shop)).await.unwrap();
    let names =
        ["partner-person", "payout-person", "invoice", "invoice-number", "remittance", "income-row", "income-year"];
    for item in world.table.all_items() {
        let name = match item.key.pk.split('#').collect::<Vec<_>>().as_slice() {
            ["P", tenant] if *tenant == world.shop.to_string() => "partner-person",
            ["Y", _] if item.body.contains("\"tax\"") => "payout-person",
            ["F", _] => "invoice",
            ["Z", "i", _] => "invoice-number",
            ["U", _, "r"] => "remittance",
            ["U", ..] if keys::is_income_row(&item.key) => "income-row",
            ["U", ..] => "income-year",
            _ => continue,
        };
        shapes.entry(name.to_owned()).or_insert_with(|| row(&item));
    }
    for name in names {
        assert!(shapes.contains_key(name), "{name}");
    }
}

/// A fulfilled order whose money matures, a payout that came back, sealed days and a closed month.
async fn books(shapes: &mut BTreeMap<String, Value>) {
    let world = World::new().await;
    let since = domain::time::moscow_date(moment(0));
    let prices = domain::usage::Kind::ALL.map(|kind| domain::usage::Price { kind, since, price: 2.into() });
    workflows::usage::set_prices(&world.ports, prices.to_vec()).await.unwrap();
    let sent = domain::usage::Sent { kind: domain::usage::Kind::Sms, units: 2 };
    world.ports.store.put_sent(&world.shop, since, "S-17-1-notice", sent).await.unwrap();
    let order = world.order(&by_email("S-1")).await;
    world.pay(&order, "success").await;
    world.settle().await;
    head(shapes, &world, &order, Status::Fulfilled, "fulfilled-maturing").await;
    world.pass(4 * 86_400, 86_400).await;
    let (payouts, _) = world.ports.store.payouts(&world.shop, None, 10).await.unwrap();
    let on = domain::time::moscow_date(world.now().await);
    let returned = domain::payout::PayoutReport::Returned { on, reason: "счёт закрыт".to_owned() };
    let id = &payouts[0].id;
    workflows::payouts::report(&world.ports, &world.shop, id, &returned, Some("line.1")).await.unwrap();
    world.pass(30 * 86_400, 86_400).await;
    world.close_days().await;
    for item in world.table.all_items() {
        let name = match item.key.pk.split('#').collect::<Vec<_>>().as_slice() {
            ["Y", _] => "payout-returned",
            ["Z", _] => "payment-order-number",
            ["G", _] => "sealed-day",
            ["H", _, "s"] => "message-of-no-order",
            ["H", _] if item.key.sk.starts_with(keys::USAGE_MONTH) => "usage-of-a-month",
            ["H", _] => "usage-of-a-day",
            ["PRICES"] => "supplier-prices",
            ["L", _] if item.key.sk.contains("usage.booked") => "book-entry-of-usage",
            ["L", _] => "book-entry",
            ["L", _, "c"] => "book-claim",
            ["L", _, "p"] => "purse",
            ["M", _] => "report-in-pages",
            ["M", _, _] => match item.key.sk.get(..1) {
                Some("l") => "report-page",
                Some("m") => "report-page-of-movements",
                _ if item.key.sk == "@draft" => "report-draft",
                _ => "report-letters",
            },
            _ => continue,
        };
        shapes.entry(name.to_owned()).or_insert_with(|| row(&item));
    }
    for name in [
        "payout-returned",
        "payment-order-number",
        "sealed-day",
        "book-entry",
        "book-claim",
        "purse",
        "report-in-pages",
        "message-of-no-order",
        "usage-of-a-day",
        "usage-of-a-month",
        "supplier-prices",
        "book-entry-of-usage",
    ] {
        assert!(shapes.contains_key(name), "{name}");
    }
}

/// A tariff with everything in it, an order it prices, what is paid ahead, and a partner who has it all.
async fn tariffs(shapes: &mut BTreeMap<String, Value>) {
    use domain::commission::CommissionTerms;
    use domain::tariff::{Api, Assigned, Group, Promo, RefundedFee, Rule, Tariffs, Version};
    let world = World::new().await;
    let (ports, shop) = (&world.ports, &world.shop);
    let percent = |percent: i64| CommissionTerms {
        percent: percent.into(),
        fixed_minor: 100,
        least_minor: 1_000,
        greatest_minor: Some(50_000),
        vat_percent: 0.into(),
    };
    let version = Version {
        no: 1,
        from: world.now().await,
        general: percent(3),
        rules: vec![Rule { group: Some(Group::Card), category: Some("books".to_owned()), terms: percent(5) }],
        refunds: RefundedFee::Kept,
        vat_percent: Some(22.into()),
        api: Api::Order { price_minor: 2_500, least_minor: 9_000 },
    };
    let name = ("Базовый".to_owned(), "Basic".to_owned());
    workflows::tariffs::put(ports, "basic", &name, &version).await.unwrap().unwrap();
    let last_day = domain::time::moscow_date(moment(30 * DAY));
    let promo = Promo { code: "START3".to_owned(), off: 50.into(), months: 3, last_day };
    ports.store.put_promo(&promo).await.unwrap();
    let mut mine = Tariffs { credit_minor: 10_000, ..Tariffs::default() };
    mine.assign(Assigned { tariff: Some("basic".to_owned()), from: world.now().await });
    mine.activate(&promo, world.now().await).unwrap();
    ports.store.put_partner(shop, &Partner { tariffs: mine, ..support::partner() }).await.unwrap();
    let mut wish = by_email("S-1");
    wish.lines[0].category = Some("books".to_owned());
    let order = world.order(&wish).await;
    world.pay(&order, "success").await;
    world.settle().await;
    head(shapes, &world, &order, Status::Fulfilled, "of-a-tariff").await;
    for item in world.table.all_items() {
        let name = match (item.key.pk.split('#').collect::<Vec<_>>().as_slice(), item.key.sk.as_str()) {
            (["TARIFFS"], _) => "tariff",
            (["PROMOS"], _) => "promo",
            (["L", _, "p"], "S") => "prepaid",
            (["P", _], _) => "partner-with-a-tariff",
            _ => continue,
        };
        shapes.insert(name.to_owned(), row(&item));
    }
    assert!(["tariff", "promo", "prepaid", "partner-with-a-tariff"].iter().all(|name| shapes.contains_key(*name)));
}

/// An order whose lines name what is sold by the shop's codes.
async fn products(shapes: &mut BTreeMap<String, Value>) {
    let world = World::new().await;
    let mut wish = by_email("S-1");
    wish.lines[0].product = Some("tea-1".to_owned());
    let order = world.order(&wish).await;
    head(shapes, &world, &order, Status::Awaiting, "with-a-product").await;
    world.agree(&order).await;
    head(shapes, &world, &order, Status::Checking, "agreed-with-a-product").await;
}

/// A registry that lacks an order whose bank charges a fee, and has a stranger's row.
async fn reconciled(shapes: &mut BTreeMap<String, Value>) {
    let world = World::new().await;
    let path = "/sandbox/banks/rbs";
    let bank = world.api(http::Method::GET, path, &world.key, "").await.json();
    let credentials = serde_json::from_value(bank["credentials"].clone()).unwrap();
    let family = connectors::bank::catalogue::Family::Rbs;
    let address = bank["address"].as_str().unwrap().to_owned();
    let mut account = workflows::connect::double_account(family, address, credentials);
    let tariff = json!([{"since": "2026-01-01", "percent": "2.1", "refunds": "returned"}]);
    account.acquiring = serde_json::from_value(tariff).unwrap();
    world.enrol(&world.shop, &Partner { accounts: vec![account], ..support::partner() }).await;
    let order = world.order(&by_email("S-1")).await;
    let form = world.agree(&order).await.location();
    let page = world.get(&form).await.location();
    world.pay_at_bank(&page, "success").await;
    world.settle().await;
    head(shapes, &world, &order, Status::Fulfilled, "charged-by-its-bank").await;
    let format = json!({"day_format": "%Y-%m-%d", "columns": {"day": 1, "amount": 2, "reference": 3}, "header": false});
    let rules =
        json!({"strangers": true, "accounts": {"rbs": {"registry": format, "deposits": {"payer_inn": "7707083893"}}}});
    let rules = serde_json::from_value(rules).unwrap();
    workflows::reconciliation::set_rules(&world.ports, &world.shop, &rules).await.unwrap();
    let day = domain::time::moscow_date(world.now().await);
    let next = day.tomorrow().unwrap();
    for (day, file) in [(day, format!("{day};17.50;stranger\n")), (next, String::new())] {
        let of = ("rbs", day, "");
        workflows::reconciliation::papers::load_registry(&world.ports, &world.shop, of, file.as_bytes()).await.unwrap();
    }
    world.pass(3 * DAY, DAY).await;
    let scope = domain::reconcile::Scope { from: day, until: next };
    workflows::reconciliation::run::run(&world.ports, &world.shop, scope).await.unwrap();
    let filed = world.ports.store.discrepancies(&world.shop, day, next).await.unwrap();
    let missing = filed.iter().find(|one| one.found.ours.is_some()).unwrap();
    let action = workflows::reconciliation::close::Action::Correct(domain::ledger::Account::PartnerAvailable);
    let said = ("деньги не пришли", "Иванова");
    workflows::reconciliation::close::act(&world.ports, &world.shop, &missing.found.id, action, said).await.unwrap();
    for item in world.table.all_items() {
        let name = match item.key.pk.split('#').collect::<Vec<_>>().as_slice() {
            ["P", _] => "partner-with-tariff",
            ["W", _] if item.key.sk == "settings" => "reconciliation-rules",
            ["W", _] => "reconciliation-progress",
            ["W", _, "p"] => "paper",
            ["W", _, "z", _] => "paper-page",
            ["W", _, "d"] if item.version > 1 => "discrepancy-corrected",
            ["W", _, "d"] => "discrepancy-open",
            ["W", _, "i"] => "discrepancy-day",
            ["W", _, "r"] => "reconciliation-run",
            _ => continue,
        };
        shapes.entry(name.to_owned()).or_insert_with(|| row(&item));
    }
    for name in ["paper", "paper-page", "discrepancy-corrected", "discrepancy-open", "reconciliation-run"] {
        assert!(shapes.contains_key(name), "{name}");
    }
}

fn row(item: &Item) -> Value {
    let body: Value = if item.body.is_empty() { Value::Null } else { serde_json::from_str(&item.body).unwrap() };
    let due = item.due.as_ref().map(|due| json!({ "bucket": due.bucket, "at": due.at }));
    json!({ "key": { "pk": item.key.pk, "sk": item.key.sk }, "version": item.version, "body": body, "due": due, "ttl": item.ttl })
}

async fn head(
    shapes: &mut BTreeMap<String, Value>,
    world: &World,
    order: &domain::order::Order,
    status: Status,
    name: &str,
) {
    assert_eq!(world.status(&order.id).await, status, "{name}");
    let items = world.table.all_items();
    let head = keys::head(&order.id);
    let mut add = |name: String, wanted: &dyn Fn(&Item) -> bool| {
        if let Some(found) = items.iter().find(|item| wanted(item)) {
            shapes.insert(name, row(found));
        }
    };
    add(format!("order-{name}"), &|item| item.key == head);
    add(format!("agreement-{name}"), &|item| item.key == keys::agreement(&order.id));
}

/// Order heads in every state, each with its agreement.
async fn heads(shapes: &mut BTreeMap<String, Value>) {
    let world = World::new().await;
    let plain = world.order(&by_email("S-1")).await;
    let everything = world.order(&full("S-2")).await;
    let no_contacts = world.order(&wish("S-3")).await;
    head(shapes, &world, &plain, Status::Awaiting, "awaiting").await;
    head(shapes, &world, &everything, Status::Awaiting, "awaiting-with-everything").await;
    head(shapes, &world, &no_contacts, Status::Awaiting, "awaiting-without-contacts").await;
    world.agree(&plain).await;
    head(shapes, &world, &plain, Status::Checking, "checking").await;
    world.agree(&everything).await;
    world.agree(&no_contacts).await;
    head(shapes, &world, &everything, Status::Checking, "checking-with-everything").await;
    head(shapes, &world, &no_contacts, Status::Checking, "checking-buyers-contacts").await;

    let declined = world.order(&by_email("S-4")).await;
    for card in ["insufficient_funds", "blocked"] {
        world.pay(&declined, card).await;
    }
    assert_eq!(
        workflows::checkout::last_decline(&world.load(&declined.id).await.order),
        Some(DeclineReason::CardBlocked)
    );
    head(shapes, &world, &declined, Status::Awaiting, "declined-twice").await;

    let paid = world.order(&with("S-5", Some("manual"), None)).await;
    world.pay(&paid, "success").await;
    head(shapes, &world, &paid, Status::Paid, "paid").await;
    let failing = world.order(&with("S-6", Some("failing"), Some("failing_once"))).await;
    world.pay(&failing, "success").await;
    let automatic = world.order(&with("S-7", None, Some("silent"))).await;
    world.pay(&automatic, "success").await;
    let late = world.order(&by_email("S-8")).await;
    world.pay(&late, "after_expiry").await;
    world.settle().await;
    head(shapes, &world, &paid, Status::Executing, "executing").await;
    head(shapes, &world, &failing, Status::Refunded, "refunded-receipt-due").await;
    head(shapes, &world, &automatic, Status::Fulfilled, "fulfilled-receipt-due").await;
    world.pass(3_600, 600).await;
    head(shapes, &world, &automatic, Status::Fulfilled, "fulfilled").await;
    head(shapes, &world, &late, Status::Refunded, "paid-too-late-refunded").await;
    head(shapes, &world, &plain, Status::Expired, "expired").await;
    world.pass(3 * DAY, 3_600).await;
    head(shapes, &world, &automatic, Status::PaidOut, "paid-out").await;
    head(shapes, &world, &paid, Status::Overdue, "overdue").await;
    let token = workflows::links::checkout_token(&world.ports.settings, &paid.id);
    let csrf = workflows::links::form_token(&world.ports.settings, &paid.id, "cancel");
    workflows::checkout::cancel(&world.ports, &token, &csrf).await.unwrap();
    head(shapes, &world, &paid, Status::Refunding, "cancelled-refunding").await;
    world.settle().await;
    head(shapes, &world, &paid, Status::Refunded, "cancelled-refunded").await;
}

/// A part of an order's money that was asked back under a key.
async fn returns(shapes: &mut BTreeMap<String, Value>) {
    let world = World::new().await;
    let order = world.order(&by_email("S-1")).await;
    world.pay(&order, "success").await;
    let part = PartRequest { amount: Some("100.00".to_owned()), ..PartRequest::default() };
    workflows::payments::cancel(&world.ports, &order.id, &part, Some("return-1")).await.unwrap();
    head(shapes, &world, &order, Status::Paid, "asked-back-under-a-key").await;
}

/// One of every other kind of row.
async fn others(shapes: &mut BTreeMap<String, Value>) {
    let world = World::new().await;
    let modest = Partner {
        kpp: None,
        site: None,
        webhook: None,
        button: Button::Order,
        channels: vec![Channel::Email],
        ..support::partner()
    };
    let other: domain::id::Tenant = "othershop.l".parse().unwrap();
    world.enrol(&other, &modest).await;
    let wish = full("S-1");
    workflows::orders::create(&world.ports, &world.shop, &wish, Some("key-1")).await.unwrap();
    let order = world.order(&wish).await;
    world.net.faults(|call| match call {
        support::Call::Http(request) if request.url.starts_with("https://shop.example") => {
            Some(support::Fault::NotDone)
        }
        _ => None,
    });
    world.pay(&order, "success").await;
    world.settle().await;
    world.net.no_faults();
    let manual = world.order(&with("S-2", Some("manual"), Some("failing_once"))).await;
    world.pay(&manual, "insufficient_funds").await;
    world.pay(&manual, "success").await;
    world.settle().await;
    let open = world.order(&with("S-3", Some("failing"), None)).await;
    world.agree(&open).await;
    let refused = world.order(&with("S-4", Some("failing"), None)).await;
    world.pay(&refused, "doubled").await;
    world.settle().await;
    world.advance_shop(3 * DAY).await;
    world.settle().await;
    let gone = domain::partner::WebhookEndpoint { gone: true, ..support::partner().webhook.unwrap() };
    world.table_row(shapes);
    world.ports.store.put_partner(&world.shop, &Partner { webhook: Some(gone), ..support::partner() }).await.unwrap();
    let items = world.table.all_items();
    let found = items.iter().find(|item| item.key == keys::partner(&world.shop)).unwrap();
    shapes.insert("partner-webhook-gone".to_owned(), row(found));
}

/// Keys with names, saved means and what is charged to them by a schedule.
async fn sites_and_subscriptions(shapes: &mut BTreeMap<String, Value>) {
    let world = World::new().await;
    let (ports, shop) = (&world.ports, &world.shop);
    let add = |shapes: &mut BTreeMap<String, Value>, name: &str, key: &storage::table::Key| {
        let items = world.table.all_items();
        let found = items.iter().find(|item| item.key == *key).unwrap_or_else(|| panic!("{name}"));
        shapes.insert(name.to_owned(), row(found));
    };
    let (site, _) =
        workflows::access::issue_named_key(ports, shop, "RetailCRM", KeyRole::Partner).await.unwrap().unwrap();
    let (old, _) = workflows::access::issue_named_key(ports, shop, "1С", KeyRole::Partner).await.unwrap().unwrap();
    assert!(workflows::access::revoke_key(ports, shop, &old.sha256).await.unwrap());
    add(shapes, "api-key-named", &keys::api_key(&site.sha256));
    add(shapes, "api-key-revoked", &keys::api_key(&old.sha256));
    add(shapes, "api-key-list", &keys::api_keys(shop));
    let (courier, _) =
        workflows::access::issue_named_key(ports, shop, "Курьер", KeyRole::Courier).await.unwrap().unwrap();
    add(shapes, "api-key-courier", &keys::api_key(&courier.sha256));
    add(shapes, "api-key-list-with-courier", &keys::api_keys(shop));

    let saved_with = world.order(&by_email("S-1")).await;
    for (name, given) in [("couriers-order", true), ("couriers-order-taken-back", false)] {
        workflows::couriers::give(ports, &saved_with.id, &courier.sha256, given).await.unwrap();
        add(shapes, name, &keys::given(&saved_with.id, &courier.sha256));
    }
    let agreed = domain::consent::AgreedText { version: "2026-11-21.ru".to_owned(), sha256: "0".repeat(64) };
    let kept = domain::wallet::Kept {
        id: domain::order::means_id(&saved_with.id, 1),
        account: None,
        method: domain::acquiring::Method::Card,
        means: domain::acquiring::SavedMeans {
            token: "token".to_owned(),
            label: "Мир •• 0001".to_owned(),
            valid_until: Some("2028-11".to_owned()),
        },
        enabled: true,
        deleted: false,
        at: moment(60),
        order: saved_with.id.clone(),
        agreed: Some(agreed),
    };
    ports.store.keep_means(shop, "buyer-1", &kept).await.unwrap();
    add(shapes, "saved-means", &keys::means(shop, "buyer-1", &kept.id));
    let phase = |amount: &str, count| PhaseRequest { amount: amount.to_owned(), count };
    let request = SubscriptionRequest {
        number: "S-17".to_owned(),
        customer: "buyer-1".to_owned(),
        means: kept.id.clone(),
        phases: vec![phase("1.00", Some(1)), phase("500.00", None)],
        every: "month".to_owned(),
        description: "Подписка".to_owned(),
        terms_version: "2026-11-01".to_owned(),
        rises_agreed: true,
        ..SubscriptionRequest::default()
    };
    let made = workflows::subscriptions::create(ports, shop, &request, Some("RetailCRM")).await.unwrap();
    let Made::Subscription { mut subscription, .. } = made else { panic!("{made:?}") };
    let key = keys::subscription(shop, &subscription.id);
    add(shapes, "subscription-new", &key);
    let now = moment(3_600);
    for name in ["charging", "declined", "paid", "noticed", "charging-told", "paused", "resumed", "ended"] {
        match name {
            "charging" | "charging-told" => subscription.begun(&saved_with.id, domain::money::Money::rub(100), now),
            "declined" => subscription.refused(now),
            "paid" => {
                subscription.begun(&saved_with.id, domain::money::Money::rub(100), now);
                subscription.paid(now);
            }
            "noticed" => subscription.noticed(now),
            "paused" => subscription.pause(domain::subscription::Pause::NoMeans),
            "resumed" => assert!(subscription.resume(None, now)),
            _ => assert!(subscription.cancel(domain::subscription::Canceller::Buyer, now)),
        }
        subscription.version += 1;
        ports.store.put_subscription(shop, &subscription).await.unwrap();
        add(shapes, &format!("subscription-{name}"), &key);
    }
}

trait TableRow {
    fn table_row(&self, shapes: &mut BTreeMap<String, Value>);
}

impl TableRow for World {
    /// The rows of the table that are no heads, each with a name of its kind; of alike ones the first three.
    fn table_row(&self, shapes: &mut BTreeMap<String, Value>) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for item in self.table.all_items() {
            let parts: Vec<&str> = item.key.pk.split('#').collect();
            let kind = match (parts[0], item.key.sk.len()) {
                // Heads and the books have files of their own names.
                ("O", keys::HEAD_LENGTH) | ("Z" | "G" | "H" | "L" | "M", _) => continue,
                ("O", _) if item.key.sk.ends_with("#A") => continue,
                ("O", _) => {
                    let task = item.key.sk.rsplit('#').next().unwrap();
                    let channel = if task.starts_with('w') {
                        "webhook"
                    } else if task.ends_with('e') {
                        "email"
                    } else if item.body.contains("\"p\":") {
                        "sms-in-parts"
                    } else {
                        "sms"
                    };
                    format!("delivery-{channel}")
                }
                ("X", _) => "result".to_owned(),
                ("N", _) => "number-claim".to_owned(),
                ("I", _) => "idempotency-claim".to_owned(),
                ("P", _) => "partner".to_owned(),
                ("TENANTS", _) => "tenant".to_owned(),
                ("K", _) => "api-key".to_owned(),
                ("C", _) => format!("counter-{}", parts[1]),
                ("Y", _) => "payout".to_owned(),
                ("B", _) => "saved-means".to_owned(),
                ("R", _) => "subscription".to_owned(),
                ("A", _) => "api-key-list".to_owned(),
                ("E", _) => "exchanges".to_owned(),
                ("Q", _) => "receipt-of-concern".to_owned(),
                ("S", _) => format!("sandbox-{}", parts[2]),
                _ => panic!("{:?} is a new kind of row: give it a name here and a type in main.rs", item.key),
            };
            let count = counts.entry(kind.clone()).or_default();
            *count += 1;
            if *count <= 3 {
                shapes.insert(format!("{kind}-{count}"), row(&item));
            }
        }
    }
}
