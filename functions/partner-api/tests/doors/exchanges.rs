//! The journal of exchanges with banks: paged, searched, exported, each tenant's its own.

use domain::exchange::{Exchange, Outcome, Passage, Purpose};
use domain::id::{Mode, OrderId, Tenant};
use domain::time::Timestamp;
use serde_json::{Value, json};
use support::OPERATOR_TOKEN;

use crate::orders::wish;
use crate::{Api, shape};

fn exchange(tenant: &Tenant, order: Option<&OrderId>, no: i64, at: Timestamp) -> Exchange {
    Exchange {
        id: format!("{no:020x}"),
        at,
        tenant: tenant.clone(),
        account: Some("main".into()),
        order: order.cloned(),
        operation: Some(1),
        purpose: if no % 2 == 0 { Purpose::Ask } else { Purpose::Register },
        method: "POST".into(),
        url: "https://bank.example/rest/register.do".into(),
        request: Passage {
            headers: vec![("content-type".into(), "text/plain".into())],
            body: format!("no {no}"),
            bytes: 5,
        },
        status: Some(200),
        answer: Some(Passage { headers: Vec::new(), body: "ДА".repeat(20), bytes: 80 }),
        outcome: Outcome::Answered,
        note: String::new(),
        milliseconds: 3,
    }
}

/// Exchanges as the queue brings them: in batches that overlap and are out of order.
async fn kept(api: &Api, exchanges: &[Exchange]) {
    let bodies: Vec<_> = exchanges.iter().map(|exchange| serde_json::to_string(exchange).unwrap()).collect();
    for batch in bodies.chunks(7).rev().chain(bodies.chunks(5)) {
        assert!(workflows::exchange::keep(&api.world.ports, batch).await.iter().all(Result::is_ok));
    }
}

/// Everything, page by page; how many pages it took.
async fn pages(api: &Api, token: &str, path: &str) -> (Vec<Value>, usize) {
    let (mut all, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let answer = api.call("GET", &format!("{path}{cursor}"), token, None).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let page = answer.json();
        all.extend(page["exchanges"].as_array().unwrap().iter().cloned());
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (all, pages),
        }
    }
}

fn ids(exchanges: &[Value]) -> Vec<String> {
    exchanges.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_exchange_is_on_one_page_and_the_newest_comes_first() {
    let api = Api::new().await;
    let shop = api.world.shop.clone();
    let now = api.world.now().await.as_millisecond();
    // Some at the same moment, some in one slot, some days apart.
    let moments = (0..60_i64).map(|no| now - (no / 3) * 71_000 - (no / 20) * 2 * 86_400_000);
    let all: Vec<_> =
        moments.zip(0..).map(|(at, no)| exchange(&shop, None, no, Timestamp::from_millisecond(at).unwrap())).collect();
    kept(&api, &all).await;
    let mut expected: Vec<_> = all.iter().map(Exchange::place).collect();
    expected.sort_by(|left, right| right.cmp(left));
    let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
    for limit in [1, 2, 7, 59, 60, 100] {
        let (found, pages) = pages(&api, &api.world.key, &format!("/v1/exchanges?limit={limit}")).await;
        assert_eq!(ids(&found), expected, "{limit}");
        assert!(pages >= 60_usize.div_ceil(limit), "{pages} pages of {limit}");
    }
    let (found, _) = pages(&api, &api.world.key, "/v1/exchanges?text=NO%2041&limit=5").await;
    assert_eq!(ids(&found), [format!("{:020x}", 41)]);
    let mut example = partner_api::examples::exchange();
    (example["order"], example["answer"]["headers"]) = (Value::Null, json!([]));
    assert_eq!(shape(&found[0]), shape(&example));

    // A stretch of time: its beginning belongs to it, its end does not.
    let (from, to) = (all[40].at, all[20].at);
    let (found, _) = pages(&api, &api.world.key, &format!("/v1/exchanges?from={from}&to={to}&limit=3")).await;
    let within: Vec<_> = all.iter().filter(|one| one.at >= from && one.at < to).collect();
    assert_eq!(found.len(), within.len());
    let day = from.to_string()[..10].to_owned();
    assert!(!pages(&api, &api.world.key, &format!("/v1/exchanges?from={day}&limit=50")).await.0.is_empty());
}

#[tokio::test]
async fn nobody_sees_anothers_but_the_operator() {
    let api = Api::new().await;
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let live_key = api.world.enrol(&live, &support::partner()).await;
    let now = api.world.now().await;
    let (mine, theirs) = (api.world.shop.clone(), live.clone());
    let order = OrderId::new(theirs.clone(), "A-1", now);
    kept(&api, &[exchange(&mine, None, 1, now), exchange(&theirs, Some(&order), 2, now)]).await;

    let (own, _) = pages(&api, &api.world.key, "/v1/exchanges?limit=10").await;
    assert_eq!(ids(&own), [format!("{:020x}", 1)]);
    let (own, _) = pages(&api, &live_key, "/v1/exchanges?limit=10").await;
    assert_eq!(ids(&own), [format!("{:020x}", 2)]);
    assert_eq!(api.get(&format!("/v1/exchanges?order={order}")).await.faults(), [("/order".into(), "order".into())]);
    assert_eq!(api.get(&format!("/v1/orders/{order}/exchanges")).await.problem().0, 404);
    let cursor = {
        let more: Vec<_> = (3..9).map(|no| exchange(&theirs, None, no, now)).collect();
        kept(&api, &more).await;
        api.call("GET", "/v1/exchanges?limit=2", &live_key, None).await.json()["next_cursor"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(api.get(&format!("/v1/exchanges?cursor={cursor}")).await.faults()[0].0, "/cursor");
    let other = api.call("GET", &format!("/v1/exchanges?text=x&cursor={cursor}"), &live_key, None).await;
    assert_eq!(other.faults()[0].0, "/cursor", "given out for another question");

    let path = "/v1/operator/exchanges?tenant=demoshop.l&limit=3";
    assert_eq!(pages(&api, OPERATOR_TOKEN, path).await.0.len(), 7);
    assert_eq!(api.call("GET", path, &api.world.key, None).await.problem().0, 404);
    for wrong in ["", "?tenant=demoshop", "?tenant=nobody.t"] {
        let answer = api.call("GET", &format!("/v1/operator/exchanges{wrong}"), OPERATOR_TOKEN, None).await;
        assert_eq!(answer.faults(), [("/tenant".into(), "tenant".into())], "{wrong}");
    }
    let lines = api.call("GET", "/v1/operator/exchanges.ndjson?tenant=demoshop.l", OPERATOR_TOKEN, None).await;
    assert_eq!((lines.status, String::from_utf8(lines.body).unwrap().lines().count()), (200, 7));
}

#[tokio::test]
async fn an_export_is_taken_part_by_part() {
    let api = Api::new().await;
    let shop = api.world.shop.clone();
    let now = api.world.now().await.as_millisecond();
    let long = |no: i64| Exchange {
        // Long, and with little in it that repeats: about 20 kB as a line.
        request: Passage {
            body: (0..2_800).map(|at| ((at * 7_919 + no * 104_729) % 65_521).to_string()).collect(),
            ..Passage::default()
        },
        ..exchange(&shop, None, no, Timestamp::from_millisecond(now - no * 1_000).unwrap())
    };
    let all: Vec<_> = (0..450).map(long).collect();
    for batch in all.chunks(100) {
        kept(&api, batch).await;
    }
    let (mut path, mut seen, mut parts) = ("/v1/exchanges.ndjson?from=2026-11-01".to_owned(), Vec::new(), 0);
    loop {
        let part = api.get(&path).await;
        assert_eq!((part.status, part.header("content-type")), (200, "application/x-ndjson"));
        assert!(part.body.len() < 4_300_000, "{}", part.body.len());
        for line in part.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            seen.push(serde_json::from_slice::<Value>(line).unwrap());
        }
        parts += 1;
        let link = part.header("link");
        if link.is_empty() {
            break;
        }
        let (address, rel) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rel, "; rel=\"next\"");
        address.strip_prefix(support::BASE_URL).unwrap().clone_into(&mut path);
    }
    assert!(parts >= 2, "{parts}");
    assert_eq!(ids(&seen), all.iter().map(|one| one.id.clone()).collect::<Vec<_>>());
    assert_eq!(api.call("GET", "/v1/exchanges.ndjson", "", None).await.problem().0, 401);
}

#[tokio::test]
async fn what_is_asked_for_is_held_to_its_rules() {
    let api = Api::new().await;
    for (query, pointer) in [
        ("from=yesterday", "/from"),
        ("to=2026-13-01", "/to"),
        ("from=2020-01-01", "/from"),
        ("text=", "/text"),
        ("order=ord_t_othershop_01kavxa3hs8g5xv6qt7mh3v2kc", "/order"),
        ("limit=0", "/limit"),
        ("cursor=x", "/cursor"),
        ("month=2026-11", "/month"),
    ] {
        assert_eq!(api.get(&format!("/v1/exchanges?{query}")).await.faults()[0].0, pointer, "{query}");
    }
    // Nothing is found between an end and a beginning.
    let none = api.get("/v1/exchanges?from=2026-11-20&to=2026-11-10").await.json();
    assert_eq!(none, json!({ "exchanges": [], "next_cursor": null }));
}

#[tokio::test]
async fn an_orders_exchanges_are_found_months_later_and_page_by_page() {
    let api = Api::new().await;
    let id = api.post("/v1/orders", &wish("A-1")).await.json()["id"].as_str().unwrap().to_owned();
    let order: OrderId = id.parse().unwrap();
    let at = api.world.now().await;
    let shop = api.world.shop.clone();
    let all: Vec<_> = (0..20)
        .map(|no| {
            let owner = (no % 2 == 0).then_some(&order);
            exchange(&shop, owner, no, domain::time::plus_seconds(at, no * 400))
        })
        .collect();
    kept(&api, &all).await;
    for later in [0, 100 * 24 * 3_600] {
        api.world.pass(later, 6 * 3_600).await;
        if later == 0 {
            api.world.pass(3_600 * 3, 600).await;
        }
        let (found, _) = pages(&api, &api.world.key, &format!("/v1/orders/{id}/exchanges?limit=3")).await;
        assert_eq!(found.len(), 10);
        assert!(found.iter().all(|one| one["order"] == id));
        let (found, _) = pages(&api, &api.world.key, &format!("/v1/exchanges?order={id}&limit=4")).await;
        assert_eq!(found.len(), 10, "from its creation on");
    }
}
