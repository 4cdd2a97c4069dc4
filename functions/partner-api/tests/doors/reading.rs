//! What became of an order: deliveries, books, balance, payouts.

use std::collections::BTreeSet;

use domain::id::{Mode, Tenant};
use domain::partner::{Partner, PayoutTerms};
use serde_json::{Value, json};

use crate::orders::wish;
use crate::{Api, shape};

const DAY: i64 = 24 * 3_600;

/// Whether bytes hold a text in CP1251, where the Russian letters lie in a row.
fn find(bytes: &[u8], text: &str) -> bool {
    let byte = |c: char| match c {
        'А'..='я' => u8::try_from(u32::from(c) - u32::from('А') + 0xC0).unwrap(),
        other => u8::try_from(u32::from(other)).unwrap(),
    };
    let text: Vec<u8> = text.chars().map(byte).collect();
    bytes.windows(text.len()).any(|window| window == text)
}

/// A world whose shop asks for its payouts.
async fn by_hand() -> Api {
    let api = Api::new().await;
    let before = support::partner();
    let partner = Partner { payout: PayoutTerms { automatic: false, ..before.payout.clone() }, ..before };
    api.world.ports.store.put_partner(&api.world.shop, &partner).await.unwrap();
    api
}

async fn paid(api: &Api, number: &str) -> String {
    let id = api.post("/v1/orders", &wish(number)).await.json()["id"].as_str().unwrap().to_owned();
    let order = api.world.load(&id.parse().unwrap()).await.order;
    api.world.pay(&order, "success").await;
    api.world.settle().await;
    id
}

async fn balance(api: &Api) -> (String, String) {
    let balance = api.get("/v1/balance").await.json();
    assert_eq!(balance["currency"], "RUB");
    let text = |name: &str| balance[name].as_str().unwrap().to_owned();
    (text("available"), text("pending"))
}

#[tokio::test]
async fn a_paid_order_is_in_the_books_and_is_paid_out_when_asked_for() {
    let api = by_hand().await;
    assert_eq!(balance(&api).await, ("0.00".into(), "0.00".into()));
    assert_eq!(
        api.call("POST", "/v1/payouts", &api.world.key, None).await.problem(),
        (409, "nothing_to_pay_out".into())
    );
    let id = paid(&api, "A-1").await;
    assert_eq!(balance(&api).await, ("0.00".into(), "2895.00".into()));
    assert_eq!(api.call("POST", "/v1/payouts", &api.world.key, None).await.problem().1, "nothing_to_pay_out");

    let ledger = api.get(&format!("/v1/orders/{id}/ledger")).await.json();
    assert_eq!(shape(&ledger), shape(&partner_api::examples::ledger_page()));
    let rows: Vec<_> = ledger["postings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["debit"].clone(), row["credit"].clone(), row["amount"].clone()))
        .collect();
    assert_eq!(
        rows,
        [
            ("bank".into(), "partner".into(), "3000.00".into()),
            ("partner".into(), "fee".into(), "105.00".into()),
            ("partner".into(), "available".into(), "2895.00".into())
        ]
    );

    api.world.pass(4 * DAY, 6 * 3_600).await;
    assert_eq!(balance(&api).await, ("2895.00".into(), "0.00".into()));
    let asked = api.call("POST", "/v1/payouts", &api.world.key, None).await;
    assert_eq!(asked.status, 201, "{}", String::from_utf8_lossy(&asked.body));
    let list = asked.json();
    assert_eq!(shape(&list), shape(&partner_api::examples::payout_list()));
    assert_eq!(api.get("/v1/payouts").await.json(), list);
    assert_eq!(balance(&api).await, ("0.00".into(), "0.00".into()));
    assert_eq!(api.call("POST", "/v1/payouts", &api.world.key, None).await.problem().1, "nothing_to_pay_out");

    let payout = &list["payouts"][0];
    assert_eq!((&payout["amount"], &payout["orders"][0]["number"]), (&"2895.00".into(), &"A-1".into()));
    let path = format!("/v1/payouts/{}", payout["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.json(), *payout);
    let file = api.get(payout["payment_order_url"].as_str().unwrap()).await;
    assert_eq!((file.status, file.header("content-type")), (200, "text/plain; charset=windows-1251"));
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"payment-order-{}.txt\"", payout["number"])
    );
    assert!(file.body.starts_with(b"1CClientBankExchange\r\n"));
    for line in ["Сумма=2895.00\r\n", "ПлательщикИНН=7700000023\r\n", "ПолучательИНН=7700000016\r\n"]
    {
        assert!(find(&file.body, line), "{line}");
    }

    let order = api.get(&format!("/v1/orders/{id}")).await.json();
    assert_eq!((&order["status"], &order["payout"]), (&"paid_out".into(), &payout["id"]));
    let outgoing = api.get(&format!("/v1/orders/{id}/ledger")).await.json()["postings"][3].clone();
    assert_eq!((&outgoing["debit"], &outgoing["credit"]), (&"available".into(), &"payout".into()));

    // Nobody else's.
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let other = api.world.enrol(&live, &support::partner()).await;
    for path in [path.clone(), format!("{path}/payment-order.txt"), "/v1/payouts/po_1".into(), "/v1/payouts/%FF".into()]
    {
        assert_eq!(api.call("GET", &path, &other, None).await.problem().0, 404, "{path}");
    }
    assert_eq!(api.call("GET", "/v1/payouts", &other, None).await.json()["payouts"], json!([]));
    assert_eq!(api.call("GET", "/v1/balance", &other, None).await.json()["available"], "0.00");
    assert_eq!(api.call("GET", "/v1/ledger", &other, None).await.json()["postings"], json!([]));
}

#[tokio::test]
async fn payouts_are_listed_newest_first_page_by_page() {
    let api = by_hand().await;
    let mut numbers = Vec::new();
    for no in 0..3 {
        paid(&api, &format!("A-{no}")).await;
        api.world.pass(4 * DAY, 12 * 3_600).await;
        let made = api.call("POST", "/v1/payouts", &api.world.key, None).await.json();
        numbers.insert(0, made["payouts"][0]["id"].clone());
    }
    let first = api.get("/v1/payouts?limit=2").await.json();
    let second =
        api.get(&format!("/v1/payouts?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await.json();
    let ids = |page: &Value| {
        page["payouts"].as_array().unwrap().iter().map(|payout| payout["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!([ids(&first), ids(&second)].concat(), numbers);
    assert_eq!(second["next_cursor"], Value::Null);
}

#[tokio::test]
async fn the_ledger_of_a_month_has_the_postings_made_in_it_whenever_their_orders_were_made() {
    let api = by_hand().await; // 21 November
    for no in 0..5 {
        paid(&api, &format!("A-{no}")).await;
        api.world.advance(1);
    }
    api.world.pass(5 * DAY, 12 * 3_600).await;
    api.world.pass(5 * DAY, 12 * 3_600).await; // 1 December
    assert_eq!(api.call("POST", "/v1/payouts", &api.world.key, None).await.status, 201);
    paid(&api, "B-1").await;

    let all = async |month: &str, limit: usize| {
        let (mut rows, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = api.get(&format!("/v1/ledger?month={month}&limit={limit}{cursor}")).await.json();
            rows.extend(page["postings"].as_array().unwrap().iter().cloned());
            pages += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (rows, pages),
            }
        }
    };
    let count = |rows: &[Value], event: &str| rows.iter().filter(|row| row["event"] == event).count();
    for limit in [1, 2, 5, 100] {
        let (november, _) = all("2026-11", limit).await;
        assert_eq!((november.len(), count(&november, "order.paid")), (15, 10), "{limit}");
        let (december, pages) = all("2026-12", limit).await;
        assert_eq!((count(&december, "order.paid"), count(&december, "order.paid_out")), (2, 5), "{limit}");
        assert!(limit > 1 || pages >= 6);
    }
    assert_eq!(all("2027-01", 10).await.0, Vec::<Value>::new());
    let (december, _) = all("2026-12", 50).await;
    assert_eq!(api.get("/v1/ledger").await.json()["postings"], json!(december), "this month when none is named");
    assert_eq!(api.get("/v1/ledger?month=2026").await.faults()[0].0, "/month");
}

#[tokio::test]
async fn the_delivery_log_tells_of_every_attempt_and_a_webhook_can_be_sent_again() {
    let api = Api::new().await;
    let id = paid(&api, "A-1").await;
    let path = format!("/v1/orders/{id}/deliveries");
    let log = api.get(&path).await.json();
    let deliveries = log["deliveries"].as_array().unwrap();
    let told = |channel: &str, event: &str| {
        deliveries
            .iter()
            .find(|one| one["channel"] == channel && one["event"] == event)
            .unwrap_or_else(|| panic!("{log:#}"))
    };
    let webhook = told("webhook", "order.paid");
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(webhook), names(&partner_api::examples::delivery_list()["deliveries"][0]));
    assert_eq!((&webhook["state"], &webhook["attempts"][0]["status"]), (&"delivered".into(), &200.into()));
    assert_eq!(webhook["delivered_at"], webhook["attempts"][0]["at"]);

    let entry = &webhook["entry"];
    let before = api.world.net.webhooks().len();
    let replayed = api.call("POST", &format!("{path}/{entry}/replay"), &api.world.key, None).await;
    assert_eq!((replayed.status, replayed.json()["message_id"].clone()), (202, webhook["message_id"].clone()));
    api.world.settle().await;
    let sent = api.world.net.webhooks();
    assert_eq!(sent.len(), before + 1);
    let last = sent.last().unwrap();
    let header = |name: &str| last.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str());
    assert_eq!(header("webhook-id"), webhook["message_id"].as_str());
    let library = standardwebhooks::Webhook::new(support::WEBHOOK_SECRET).unwrap();
    let signed =
        library.sign(header("webhook-id").unwrap(), header("webhook-timestamp").unwrap().parse().unwrap(), &last.body);
    assert_eq!(signed.unwrap(), header("webhook-signature").unwrap());
    let body: Value = serde_json::from_slice(&last.body).unwrap();
    assert_eq!(names(&body), names(&partner_api::examples::webhook()));
    assert_eq!(names(&body["data"]), names(&partner_api::examples::paid_order()));
    let again = api.get(&path).await.json();
    let again = again["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["entry"] == *entry && one["channel"] == "webhook")
        .unwrap()
        .clone();
    assert_eq!(again["attempts"].as_array().unwrap().len(), 2);

    for none in ["0", "1", "999", "65536", "-1", "+3", "x"] {
        let answer = api.call("POST", &format!("{path}/{none}/replay"), &api.world.key, None).await;
        assert_eq!(answer.problem().0, 404, "{none}");
    }
    assert_eq!(api.call("DELETE", "/v1/webhook", &api.world.key, None).await.status, 204);
    let nowhere = api.call("POST", &format!("{path}/{entry}/replay"), &api.world.key, None).await;
    assert_eq!(nowhere.problem(), (409, "webhook_not_set".into()));
}

#[tokio::test]
async fn a_webhook_nobody_takes_is_pending_with_its_next_attempt() {
    let api = Api::new().await;
    api.world.net.faults(|call| match call {
        support::Call::Http(request) if request.url == support::WEBHOOK_URL => Some(support::Fault::Silence),
        _ => None,
    });
    let id = paid(&api, "A-1").await;
    let log = api.get(&format!("/v1/orders/{id}/deliveries")).await.json();
    let webhook = log["deliveries"].as_array().unwrap().iter().find(|one| one["channel"] == "webhook").unwrap().clone();
    assert_eq!((&webhook["state"], &webhook["delivered_at"]), (&"pending".into(), &Value::Null));
    assert!(webhook["next_attempt_at"].is_string());
    let attempt = &webhook["attempts"][0];
    assert!(attempt["status"].is_null() && attempt["note"].as_str().is_some_and(|note| !note.is_empty()), "{attempt}");
}
