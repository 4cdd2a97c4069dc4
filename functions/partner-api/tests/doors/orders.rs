//! Orders: making them, once, and finding one's own.

use axum::body::Body;
use domain::id::{Mode, Tenant};
use http::Request;
use serde_json::{Value, json};

use crate::{Answer, Api, shape};

pub(crate) fn wish(number: &str) -> Value {
    json!({ "number": number, "lines": [{ "name": "Выписка ЕГРН", "price": "3000.00" }] })
}

async fn with_key(api: &Api, key: &str, body: &Value) -> Answer {
    let request = Request::post("/v1/orders")
        .header("authorization", format!("Bearer {}", api.world.key))
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    api.ask(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn an_order_is_made_and_looks_as_documented() {
    let api = Api::new().await;
    let mut wish = partner_api::examples::order_request();
    wish["returns"] = json!({ "success": "https://shop.example/thanks" });
    let made = api.post("/v1/orders", &wish).await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let order = made.json();
    assert_eq!(shape(&order), shape(&partner_api::examples::new_order()));
    assert_eq!(
        (&order["status"], &order["amount"], &order["mode"], &order["metadata"]),
        (&"awaiting_payment".into(), &"3000.00".into(), &"test".into(), &"basket 77".into())
    );
    let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
    assert_eq!(made.header("location"), path);
    assert_eq!(made.header("idempotent-replayed"), "");
    assert_eq!(api.get(&path).await.json(), order);
    let page = api.world.get(order["checkout_url"].as_str().unwrap()).await;
    assert_eq!(page.status, 200, "the buyer can be sent there");
}

#[tokio::test]
async fn a_repeated_request_finds_the_same_order_and_another_with_its_number_or_key_does_not() {
    let api = Api::new().await;
    let first = with_key(&api, "key 1", &wish("A-1")).await;
    assert_eq!(first.status, 201);
    let rows = api.rows();
    for again in [with_key(&api, "key 1", &wish("A-1")).await, api.post("/v1/orders", &wish("A-1")).await] {
        assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
        assert_eq!(again.json(), first.json());
        assert_eq!(again.header("location"), first.header("location"));
    }
    let mut other = wish("A-1");
    other["lines"][0]["price"] = json!("1.00");
    assert_eq!(with_key(&api, "key 1", &other).await.problem(), (422, "idempotency_key_reused".into()));
    assert_eq!(with_key(&api, "key 1", &wish("A-2")).await.problem(), (422, "idempotency_key_reused".into()));
    assert_eq!(api.post("/v1/orders", &other).await.problem(), (409, "order_number_taken".into()));
    assert_eq!(api.rows(), rows, "nothing was kept of what was refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_at_once_make_one_order() {
    let api = Api::new().await;
    let wish = wish("A-1");
    let mut ids = std::collections::BTreeSet::new();
    let mut made = 0;
    let mut tasks = tokio::task::JoinSet::new();
    let api = std::sync::Arc::new(api);
    for _ in 0..20 {
        let (api, wish) = (std::sync::Arc::clone(&api), wish.clone());
        tasks.spawn(async move { with_key(&api, "once", &wish).await });
    }
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.unwrap();
        made += u8::from(answer.status == 201);
        assert!(matches!(answer.status, 200 | 201));
        ids.insert(answer.json()["id"].as_str().unwrap().to_owned());
    }
    assert_eq!((made, ids.len()), (1, 1));
}

#[tokio::test]
async fn what_is_wrong_is_pointed_to_and_nothing_is_kept() {
    let api = Api::new().await;
    let rows = api.rows();
    let cases: [(&str, Value, &str, &str); 21] = [
        ("/number", json!(""), "/number", "required"),
        ("/number", json!("x".repeat(65)), "/number", "too_long"),
        ("/number", json!("a\u{0}b"), "/number", "control_character"),
        ("/number", json!(7), "/number", "invalid"),
        ("/lines", json!([]), "/lines", "count"),
        ("/lines/0/price", json!("0.00"), "/lines/0/price", "price"),
        ("/lines/0/price", json!("-1"), "/lines/0/price", "price"),
        ("/lines/0/price", json!("1.001"), "/lines/0/price", "price"),
        ("/lines/0/price", json!(3000), "/lines/0/price", "invalid"),
        ("/lines/0/name", json!(""), "/lines/0/name", "required"),
        ("/lines/0/vat", json!("vat99"), "/lines/0/vat", "unknown_value"),
        ("/lines/0/vat", json!("vat20"), "/lines/0/vat", "vat_not_in_force"),
        ("/lines/0/prise", json!("1"), "/lines/0/prise", "unknown"),
        ("/amount", json!("2999.00"), "/amount", "sum_mismatch"),
        ("/currency", json!("USD"), "/currency", "currency"),
        ("/buyer", json!({ "email": "nobody" }), "/buyer/email", "email"),
        ("/channels", json!(["fax"]), "/channels/0", "unknown_value"),
        ("/returns", json!({ "success": "https://evil.example/" }), "/returns/success", "origin_not_registered"),
        ("/payment_timeout_seconds", json!(59), "/payment_timeout_seconds", "range"),
        ("/scenario", json!({ "execution": "never" }), "/scenario/execution", "unknown_value"),
        ("/webhook", json!("x"), "/webhook", "unknown"),
    ];
    for (at, value, pointer, code) in cases {
        let mut body = wish("A-1");
        match at.rsplit_once('/').unwrap() {
            ("", name) => body[name] = value.clone(),
            (within, name) => body.pointer_mut(within).unwrap()[name] = value.clone(),
        }
        let faults = api.post("/v1/orders", &body).await.faults();
        assert!(faults.contains(&(pointer.to_owned(), code.to_owned())), "{at} {value}: {faults:?}");
    }
    assert_eq!(
        api.post("/v1/orders", &json!({ "number": "A-1" })).await.faults(),
        [("/lines".into(), "missing".into())]
    );
    assert_eq!(api.rows(), rows);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_at_the_door() {
    let api = Api::new().await;
    let rows = api.rows();
    let send = async |kind: Option<&str>, body: Vec<u8>| {
        let request = Request::post("/v1/orders").header("authorization", format!("Bearer {}", api.world.key));
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        api.ask(request.body(Body::from(body)).unwrap()).await.problem()
    };
    let json = Some("application/json");
    let code = |status, code: &str| (status, code.to_owned());
    let twice = format!("{0} {0}", wish("A-1"));
    for body in [&b""[..], b"{", b"{\"number\":\"A-1\",}", b"\xff", twice.as_bytes()] {
        assert_eq!(send(json, body.to_vec()).await, code(400, "json_malformed"), "{body:?}");
    }
    assert_eq!(send(None, b"{}".to_vec()).await.0, 415);
    assert_eq!(send(Some("text/plain"), b"{}".to_vec()).await.0, 415);
    assert_eq!(send(json, vec![b' '; 64 * 1024 + 1]).await.0, 413);
    for key in ["", &"k".repeat(201), "ключ"] {
        assert_eq!(with_key(&api, key, &wish("A-1")).await.problem(), code(400, "idempotency_key_malformed"), "{key}");
    }
    let twice = Request::post("/v1/orders")
        .header("authorization", format!("Bearer {}", api.world.key))
        .header("content-type", "application/json")
        .header("idempotency-key", "1")
        .header("idempotency-key", "2");
    let twice = api.ask(twice.body(Body::from(wish("A-1").to_string())).unwrap()).await;
    assert_eq!(twice.problem(), code(400, "idempotency_key_malformed"));
    assert_eq!(api.rows(), rows);
    assert_eq!(with_key(&api, &"k".repeat(200), &wish("A-1")).await.status, 201);
}

#[tokio::test]
async fn nobody_is_let_in_without_a_key() {
    let api = Api::new().await;
    let order = api.post("/v1/orders", &wish("A-1")).await.json();
    let id = order["id"].as_str().unwrap();
    let paths = [
        "/v1/orders".to_owned(),
        format!("/v1/orders/{id}"),
        "/v1/orders/nonsense".to_owned(),
        format!("/v1/orders/{id}/deliveries"),
        format!("/v1/orders/{id}/ledger"),
        "/v1/ledger".to_owned(),
        "/v1/balance".to_owned(),
        "/v1/payouts".to_owned(),
        "/v1/payouts/po_01kavxa3hs8g5xv6qt7mh3v2kc".to_owned(),
        "/v1/payouts/po_01kavxa3hs8g5xv6qt7mh3v2kc/payment-order.txt".to_owned(),
        "/v1/webhook".to_owned(),
        "/v1/partner".to_owned(),
    ];
    for path in &paths {
        for token in ["", "ak_test_demoshop_wrong", "operator", support::OPERATOR_TOKEN] {
            let answer = api.call("GET", path, token, None).await;
            assert_eq!(answer.problem().0, 401, "{path} {token}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
        let bare = api.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(bare.problem().0, 401);
        let key = format!("Bearer {}", api.world.key);
        let twice = Request::get(path).header("authorization", &key).header("authorization", &key);
        assert_eq!(api.ask(twice.body(Body::empty()).unwrap()).await.problem().0, 401);
    }
}

#[tokio::test]
async fn what_is_anothers_is_answered_as_what_never_was() {
    let api = Api::new().await;
    let mut order = api.post("/v1/orders", &wish("A-1")).await.json();
    let id = order["id"].take().as_str().unwrap().to_owned();
    let neighbour = Tenant::try_new("neighbour", Mode::Test).unwrap();
    let own_live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let keys =
        [api.world.enrol(&neighbour, &support::partner()).await, api.world.enrol(&own_live, &support::partner()).await];
    let never_was = id.replace(&id[id.len() - 3..], "zzz");
    let bare = |answer: &Answer| {
        let mut body = answer.json();
        body["instance"].take();
        (answer.status, body)
    };
    for key in &keys {
        for (method, rest) in
            [("GET", ""), ("GET", "/deliveries"), ("GET", "/ledger"), ("POST", "/deliveries/1/replay")]
        {
            let theirs = api.call(method, &format!("/v1/orders/{id}{rest}"), key, None).await;
            assert_eq!(theirs.problem().0, 404);
            for other in [&never_was, "nonsense", "ord_t_demoshop_%FF", &id.to_uppercase(), &id.replace("_t_", "_l_")] {
                let none = api.call(method, &format!("/v1/orders/{other}{rest}"), key, None).await;
                assert_eq!(bare(&none), bare(&theirs), "{other}");
            }
        }
        let found = api.call("GET", "/v1/orders?number=A-1", key, None).await.json();
        assert_eq!(found, json!({ "orders": [], "next_cursor": null }));
        let found = api.call("GET", "/v1/orders?month=2026-11", key, None).await.json();
        assert_eq!(found["orders"], json!([]));
        let made = api.call("POST", "/v1/orders", &keys[0], Some(&wish("A-1"))).await;
        assert!(matches!(made.status, 200 | 201), "a number is the partner's own");
    }
    // The own key: what never was, too.
    assert_eq!(api.get(&format!("/v1/orders/{never_was}")).await.problem().0, 404);
    assert_eq!(api.get(&format!("/v1/orders/{never_was}/ledger")).await.problem().0, 404);
}

#[tokio::test]
async fn a_live_order_needs_a_bank() {
    let api = Api::new().await;
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let key = api.world.enrol(&live, &support::partner()).await;
    let rows = api.rows();
    let answer = api.call("POST", "/v1/orders", &key, Some(&wish("A-1"))).await;
    assert_eq!(answer.problem(), (409, "bank_not_connected".into()));
    assert_eq!(api.rows(), rows);
}

#[tokio::test]
async fn orders_are_found_by_number_by_month_and_by_status_page_by_page() {
    let api = Api::new().await;
    let mut numbers = Vec::new();
    for no in 0..23 {
        numbers.push(format!("A-{no}"));
        assert_eq!(api.post("/v1/orders", &wish(&numbers[no])).await.status, 201);
        api.world.advance(1);
    }
    numbers.reverse();
    let found = api.get("/v1/orders?number=A-7").await.json();
    assert_eq!(found["orders"][0]["number"], "A-7");
    assert_eq!(shape(&found), {
        let mut documented = partner_api::examples::order_list();
        for unpaid in ["commission", "net"] {
            documented["orders"][0][unpaid].take();
        }
        shape(&documented)
    });
    assert_eq!(api.get("/v1/orders?number=B-7").await.json()["orders"], json!([]));

    let all = async |query: &str, limit: usize| {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("/v1/orders?limit={limit}{query}{cursor}")).await.json();
            let orders = page["orders"].as_array().unwrap();
            assert!(orders.len() <= limit);
            seen.extend(orders.iter().map(|order| order["number"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return seen,
            }
        }
    };
    for limit in [1, 5, 22, 23, 100] {
        assert_eq!(all("&month=2026-11", limit).await, numbers, "{limit}");
    }
    assert_eq!(all("", 10).await, numbers, "this month when none is named");
    assert_eq!(all("&month=2026-10", 10).await, Vec::<String>::new());
    assert_eq!(all("&status=awaiting_payment", 7).await, numbers);
    assert_eq!(all("&status=expired", 7).await, Vec::<String>::new());
    api.world.pass(3_600, 600).await;
    assert_eq!(all("&status=expired", 7).await, numbers);
}

#[tokio::test]
async fn bad_queries_and_changed_cursors_are_refused() {
    let api = Api::new().await;
    for no in 0..5 {
        api.post("/v1/orders", &wish(&format!("A-{no}"))).await;
        api.world.advance(1);
    }
    for (query, pointer) in [
        ("month=2026-13", "/month"),
        ("month=november", "/month"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=ten", "/limit"),
        ("status=lost", "/status"),
        ("cursor=abc", "/cursor"),
        ("cursor=", "/cursor"),
        ("cursor=%D1%8F", "/cursor"),
        ("moth=2026-11", "/moth"),
        ("limit=1&limit=2", "/limit"),
        ("number=A-1&limit=2", "/limit"),
        ("number=", "/number"),
    ] {
        assert_eq!(api.get(&format!("/v1/orders?{query}")).await.faults()[0].0, pointer, "{query}");
    }
    let long = "9".repeat(3_000);
    assert_eq!(api.get(&format!("/v1/orders?number={long}")).await.faults()[0].0, "/number");

    let page = api.get("/v1/orders?month=2026-11&limit=2").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(
        api.get(&format!("/v1/orders?month=2026-11&limit=3&cursor={cursor}")).await.status,
        200,
        "limits may change"
    );
    let neighbour = Tenant::try_new("neighbour", Mode::Test).unwrap();
    let other_key = api.world.enrol(&neighbour, &support::partner()).await;
    let refused = |answer: &Answer| assert_eq!(answer.faults(), [("/cursor".into(), "cursor".into())]);
    refused(&api.call("GET", &format!("/v1/orders?month=2026-11&cursor={cursor}"), &other_key, None).await);
    refused(&api.get(&format!("/v1/orders?month=2026-10&cursor={cursor}")).await);
    refused(&api.get(&format!("/v1/orders?month=2026-11&status=paid&cursor={cursor}")).await);
    refused(&api.get(&format!("/v1/ledger?month=2026-11&cursor={cursor}")).await);
    refused(&api.get(&format!("/v1/payouts?cursor={cursor}")).await);
    for at in 0..cursor.len() {
        let mut changed = cursor.as_bytes().to_vec();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        refused(&api.get(&format!("/v1/orders?month=2026-11&cursor={changed}")).await);
    }
}

#[tokio::test]
async fn no_order_is_lost_where_a_page_may_not_read_far() {
    let api = Api::new().await;
    let mut numbers = Vec::new();
    for no in 0..60 {
        numbers.insert(0, format!("A-{no}"));
        api.world.order(&support::wish(&numbers[0])).await;
        api.world.advance(1);
    }
    for (rows, queries, limit) in [(1, 1, 1), (1, 1, 10), (3, 2, 4), (7, 1, 50), (2, 3, 100)] {
        let reach = workflows::reading::Reach { rows, queries, ..workflows::reading::Reach::STANDARD };
        for rare in [false, true] {
            let wanted = |number: &str| !rare || number.ends_with('7');
            let (mut found, mut place) = (Vec::new(), None::<String>);
            loop {
                let page = workflows::reading::orders_of_month(
                    &api.world.ports,
                    &api.world.shop,
                    (2026, 11),
                    place.as_deref(),
                    limit,
                    reach,
                    |order| wanted(&order.number),
                );
                let page = page.await.unwrap();
                assert!(page.orders.len() <= limit);
                found.extend(page.orders.into_iter().map(|order| order.number));
                place = page.next;
                if place.is_none() {
                    break;
                }
            }
            let expected: Vec<_> = numbers.iter().filter(|number| wanted(number)).cloned().collect();
            assert_eq!(found, expected, "{reach:?} {limit} {rare}");
        }
    }
}
