//! Receipts: what is printed on them, who takes money where, which marked units go out, registers and corrections.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::orders::wish;
use crate::{Answer, Api};

const SETTINGS: &str = "/v1/partner/receipts";
const REGISTERS: &str = "/v1/operator/partners/demoshop/test/registers";
const MARK: &str = "010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==";
const OTHER_MARK: &str = "010460193600546421SERIAL0000014\u{1d}91EE05\u{1d}92dGVzdA==";

fn points() -> Value {
    json!([
        { "id": "pvz-7", "kind": "pickup", "name": "ПВЗ на Тверской", "place": "Москва, Тверская ул., 7" },
        { "id": "courier", "kind": "courier", "name": "Курьеры", "place": "Москва, адрес покупателя" },
    ])
}

fn reachable(number: &str) -> Value {
    let mut order = wish(number);
    order["buyer"] = json!({ "email": support::BUYER_EMAIL });
    order
}

async fn collect(api: &Api, path: &str, body: &Value) -> Answer {
    let answer = api.post(&format!("{path}/collect"), body).await;
    api.world.settle().await;
    answer
}

#[tokio::test]
async fn cash_at_a_pick_up_point_pays_the_order_once_and_the_receipt_says_so() {
    let api = Api::new().await;
    assert_eq!(api.put(SETTINGS, &json!({ "points": points() })).await.status, 200);
    let path = api.order(&reachable("A-1")).await;
    let taken = json!({
        "method": "cash", "reference": "PKO-118", "point": "pvz-7",
        "cashier": { "name": "Петрова А. И.", "inn": "500100732259" },
    });
    for _ in 0..2 {
        let answer = collect(&api, &path, &taken).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.json()["operations"].as_array().unwrap().len(), 1);
    }
    let order = api.get(&path).await.json();
    assert_eq!((&order["captured"], &order["operations"][0]["method"]), (&"3000.00".into(), &"cash".into()));
    let receipt = &order["receipts"][0];
    assert_eq!(
        (&receipt["no"], &receipt["stage"], &receipt["settlement"], &receipt["state"], &receipt["total"]),
        (&1.into(), &"full".into(), &4.into(), &"issued".into(), &"3000.00".into()),
    );
    let operation = format!("{}.1", order["billnumber"].as_str().unwrap());
    assert_eq!(
        (&receipt["operation"], &receipt["differs"], &receipt["corrects"], &receipt["register"]),
        (&operation.into(), &Value::Null, &Value::Null, &Value::Null)
    );
    let kept = api.world.load(&api.order_at(&path).await.id).await;
    let partner = workflows::perform::partner(&api.world.ports, &api.world.shop).await.unwrap();
    let printed = workflows::receipt::document(
        &api.world.ports.settings,
        &kept.order,
        &kept.details,
        &partner,
        &kept.order.receipts[0],
    );
    let printed = printed.unwrap();
    assert_eq!((printed.place.as_str(), printed.internet), ("Москва, Тверская ул., 7", false));
    assert_eq!(printed.payments.cash, printed.total);
    let cashier = printed.cashier.unwrap();
    assert_eq!((cashier.name.as_str(), cashier.inn.as_deref()), ("Петрова А. И.", Some("500100732259")));
    let other = json!({ "method": "cash", "reference": "PKO-119" });
    assert_eq!(collect(&api, &path, &other).await.problem(), (409, "order_not_payable".into()));
}

#[tokio::test]
async fn what_is_wrong_with_collected_money_is_pointed_to_and_nothing_is_taken() {
    let api = Api::new().await;
    let path = api.order(&reachable("A-1")).await;
    let cash = |field: &str, value: Value| {
        let mut body = json!({ "method": "cash", "reference": "1" });
        body[field] = value;
        body
    };
    for (body, at, code) in [
        (cash("method", json!("card")), "/method", "unknown_value"),
        (cash("reference", json!("")), "/reference", "reference"),
        (cash("reference", json!("ПКО 1")), "/reference", "reference"),
        (cash("reference", json!("1".repeat(37))), "/reference", "reference"),
        (json!({ "method": "terminal", "reference": "12345" }), "/reference", "reference"),
        (cash("point", json!("nowhere")), "/point", "unknown_point"),
        (cash("cashier", json!({ "name": "" })), "/cashier/name", "cashier"),
        (cash("cashier", json!({ "name": "x".repeat(65) })), "/cashier/name", "cashier"),
        (cash("cashier", json!({ "name": "А", "inn": "500100732258" })), "/cashier/inn", "inn"),
        (cash("cashier", json!({ "name": "А", "inn": "7707083893" })), "/cashier/inn", "inn"),
        (cash("place", json!("x")), "/place", "unknown"),
    ] {
        let answer = collect(&api, &path, &body).await;
        let found = answer.faults();
        assert!(found.contains(&(at.to_owned(), code.to_owned())), "{body}: {found:?}");
    }
    let nobody = api.order(&wish("A-2")).await;
    let answer = collect(&api, &nobody, &json!({ "method": "cash", "reference": "1" })).await;
    assert_eq!(answer.faults(), [("/buyer".into(), "required".into())]);
    assert_eq!(api.get(&path).await.json()["captured"], "0.00");
}

fn marked(number: &str, execution: &str) -> Value {
    let line = |name: &str, subject: &str| json!({ "name": name, "price": "100.00", "subject": subject });
    json!({
        "number": number,
        "lines": [line("Ботинки", "goods_marked"), line("Доставка", "service"), line("Туфли", "goods_marked")],
        "buyer": { "email": support::BUYER_EMAIL },
        "receipts": "prepayment",
        "scenario": { "execution": execution },
    })
}

#[tokio::test]
async fn marked_units_are_named_after_the_payment_and_printed_at_the_hand_over() {
    let api = Api::new().await;
    let path = api.paid(&marked("A-1", "manual"), "success").await;
    let order = api.get(&path).await.json();
    assert_eq!((&order["lines"][0]["subject"], &order["lines"][0]["marked"]), (&"goods_marked".into(), &false.into()));
    assert_eq!(
        (&order["receipts"][0]["stage"], &order["receipts"][0]["settlement"]),
        (&"prepayment".into(), &1.into())
    );
    let marks = json!([{ "line": 1, "mark": MARK }, { "line": 3, "mark": OTHER_MARK }]);
    for _ in 0..2 {
        let answer = api.put(&format!("{path}/marks"), &marks).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let order = answer.json();
        let named: Vec<_> = (0..3).map(|at| order["lines"][at]["marked"].clone()).collect();
        assert_eq!(named, [true, false, true]);
        let set = order["timeline"].as_array().unwrap().iter().filter(|entry| entry["event"] == "receipt.marks_set");
        assert_eq!(set.count(), 1, "the same codes again change nothing");
        assert_eq!(order["amount"], "300.00");
    }
    // A prepayment names no units: its receipt stays as it was printed.
    assert_eq!(api.order_at(&path).await.receipts[0].attempt, 0);
    let fulfil = format!("/sandbox/executions/{}/fulfil", path.rsplit('/').next().unwrap());
    assert_eq!(api.world.api(http::Method::POST, &fulfil, &api.world.key, "").await.status, 200);
    api.world.settle().await;
    let order = api.get(&path).await.json();
    let closing = &order["receipts"][1];
    assert_eq!((&closing["stage"], &closing["state"]), (&"closing".into(), &"issued".into()), "{order:#}");
    // What was printed stays.
    let late = json!([{ "line": 1, "mark": OTHER_MARK }]);
    assert_eq!(api.put(&format!("{path}/marks"), &late).await.problem(), (409, "not_markable".into()));
    assert_eq!(api.put(&format!("{path}/marks"), &marks).await.status, 200, "the same is no change");
}

#[tokio::test]
async fn a_receipt_its_register_refused_for_want_of_a_code_is_printed_once_there_is_one() {
    let api = Api::new().await;
    let path = api.paid(&marked("A-1", "automatic"), "success").await;
    let order = api.order_at(&path).await;
    assert!(order.receipts[1].fiscal.is_none(), "the register prints no marked goods without their codes");
    let marks = json!([{ "line": 1, "mark": MARK }, { "line": 3, "mark": OTHER_MARK }]);
    let answer = api.put(&format!("{path}/marks"), &marks).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(api.order_at(&path).await.receipts[1].attempt, 1, "a new id");
    api.world.settle().await;
    assert_eq!(api.get(&path).await.json()["receipts"][1]["state"], "issued");
}

#[tokio::test]
async fn what_is_wrong_with_a_mark_is_pointed_to() {
    let api = Api::new().await;
    let path = api.paid(&marked("A-1", "manual"), "success").await;
    let one = |line: u8, mark: &str| json!([{ "line": line, "mark": mark }]);
    let twice = json!([{ "line": 1, "mark": MARK }, { "line": 1, "mark": OTHER_MARK }]);
    for (body, at, code) in [
        (json!([]), "", "count"),
        (one(0, MARK), "/0/line", "line"),
        (one(4, MARK), "/0/line", "line"),
        (one(2, MARK), "/0/line", "mark_unwanted"),
        (one(1, "4606203090785"), "/0/mark", "mark_broken"),
        (one(1, &MARK.replace('\u{1d}', "")), "/0/mark", "mark_broken"),
        (one(1, ""), "/0/mark", "mark_broken"),
        (twice, "/1/line", "line_twice"),
    ] {
        let answer = api.put(&format!("{path}/marks"), &body).await;
        assert_eq!(answer.faults(), [(at.to_owned(), code.to_owned())], "{body}");
    }
}

#[tokio::test]
async fn lines_tell_where_their_rate_came_from_and_whose_they_are() {
    let api = Api::new().await;
    let rates = json!({ "categories": { "books": "vat10" }, "delivery": [{ "method": "post", "vat": "vat0" }] });
    assert_eq!(api.put(SETTINGS, &json!({ "rates": rates })).await.status, 200);
    let mut order = wish("A-1");
    order["amount"] = "4.00".into();
    order["lines"] = json!([
        { "name": "Книга", "price": "1.00", "category": "books", "subject": "goods" },
        { "name": "Почта", "price": "1.00", "delivery": "post" },
        { "name": "Справка", "price": "1.00" },
        { "name": "Сахар", "price": "1.00", "vat": "vat22", "measure": 11,
          "supplier": { "name": "ООО «Сахар»", "inn": "7707083893", "phones": ["+74950000001"] } },
    ]);
    let made = api.post("/v1/orders", &order).await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let lines = made.json()["lines"].clone();
    let told: Vec<_> = (0..4).map(|at| (lines[at]["vat"].clone(), lines[at]["vat_from"].clone())).collect();
    let wanted = [("vat10", "category"), ("vat0", "delivery"), ("none", "seller"), ("vat22", "line")];
    assert_eq!(told, wanted.map(|(rate, from)| (json!(rate), json!(from))));
    assert_eq!(lines[3]["supplier"], json!({ "name": "ООО «Сахар»", "inn": "7707083893" }));
    assert_eq!((&lines[3]["measure"], &lines[0]["supplier"]), (&11.into(), &Value::Null));
}

#[tokio::test]
async fn receipt_settings_are_replaced_whole_and_what_is_the_operators_stays() {
    let api = Api::new().await;
    let nothing = json!({
        "scheme": "full", "closing_days": 30, "sell_unchecked": false, "rates": {}, "points": [], "logo": null,
        "agent_sign": "agent", "registers": [],
    });
    assert_eq!(api.get(SETTINGS).await.json(), nothing);
    let registers = json!({ "registers": [register()], "agent_sign": "commissioner" });
    assert_eq!(api.operator("PUT", REGISTERS, Some(&registers)).await.status, 200);
    let logo = format!("data:image/png;base64,{}", STANDARD.encode(b"\x89PNG\r\n\x1a\n"));
    let mut wanted = partner_api::examples::receipt_settings_request();
    (wanted["logo"], wanted["sell_unchecked"]) = (logo.into(), true.into());
    let set = api.put(SETTINGS, &wanted).await;
    assert_eq!(set.status, 200, "{}", String::from_utf8_lossy(&set.body));
    let read = api.get(SETTINGS).await;
    assert_eq!(read.json(), set.json());
    for (name, value) in wanted.as_object().unwrap() {
        assert_eq!(read.json()[name], *value, "{name}");
    }
    assert_eq!(
        (&read.json()["agent_sign"], &read.json()["registers"][0]["id"]),
        (&"commissioner".into(), &"atol-main".into())
    );
    assert!(!String::from_utf8_lossy(&read.body).contains("very-secret"));
    let mut emptied = nothing.clone();
    (emptied["agent_sign"], emptied["registers"]) =
        (read.json()["agent_sign"].clone(), read.json()["registers"].clone());
    assert_eq!(api.put(SETTINGS, &json!({})).await.json(), emptied);

    let point = |field: &str, value: Value| {
        let mut point = points()[0].clone();
        point[field] = value;
        json!({ "points": [point] })
    };
    let svg = format!("data:image/svg+xml;base64,{}", STANDARD.encode("<svg><script>alert(1)</script></svg>"));
    for (body, at, code) in [
        (json!({ "scheme": "later" }), "/scheme", "unknown_value"),
        (json!({ "rates": { "products": { "a": null } } }), "/rates/products/a", "required"),
        (json!({ "rates": { "categories": { "a/b": "vat18" } } }), "/rates/categories/a~1b", "unknown_value"),
        (json!({ "rates": { "delivery": [{ "method": "post" }] } }), "/rates/delivery/0/vat", "required"),
        (json!({ "closing_days": 0 }), "/closing_days", "range"),
        (json!({ "closing_days": 367 }), "/closing_days", "range"),
        (json!({ "rates": { "products": { "a": "vat20" } } }), "/rates/products/a", "vat_not_in_force"),
        (
            json!({ "rates": { "delivery": [{ "region": "Moscow", "vat": "vat22" }] } }),
            "/rates/delivery/0/region",
            "region",
        ),
        (json!({ "points": [points()[0], points()[0]] }), "/points/1/id", "id"),
        (point("id", json!("ПВЗ")), "/points/0/id", "id"),
        (point("kind", json!("kiosk")), "/points/0/kind", "unknown_value"),
        (point("name", json!("")), "/points/0/name", "name"),
        (point("place", json!("x".repeat(257))), "/points/0/place", "place"),
        (json!({ "logo": "https://shop.example/logo.png" }), "/logo", "logo"),
        (json!({ "logo": svg }), "/logo", "logo_active"),
        (json!({ "agent_sign": "agent" }), "/agent_sign", "unknown"),
    ] {
        assert_eq!(api.put(SETTINGS, &body).await.faults(), [(at.to_owned(), code.to_owned())], "{body}");
    }
    assert_eq!(api.get(SETTINGS).await.json(), emptied);
}

fn register() -> Value {
    json!({
        "id": "atol-main", "kind": "atol_v5", "ffd": "1.2", "priority": 1, "group": "main_1",
        "credentials": { "login": "shop", "password": "very-secret" },
    })
}

#[tokio::test]
async fn registers_are_connected_without_their_secrets_being_shown() {
    let api = Api::new().await;
    let mut own = register();
    (own["id"], own["kind"], own["ffd"]) = ("own".into(), "orange_data".into(), "1.05".into());
    own["enabled"] = false.into();
    own["owner"] = json!({
        "name": "ООО «Магазин»", "inn": "7707083893", "address": "Москва", "email": "r@shop.example", "phone": "+74950000001",
        "taxation": "usn_income",
    });
    let set = api.operator("PUT", REGISTERS, Some(&json!({ "registers": [register(), own] }))).await;
    assert_eq!(set.status, 200, "{}", String::from_utf8_lossy(&set.body));
    assert!(!String::from_utf8_lossy(&set.body).contains("very-secret"));
    let read = api.operator("GET", REGISTERS, None).await.json();
    assert_eq!(read, set.json());
    let first = &read["registers"][0];
    assert_eq!(first["callback_url"], format!("{}/callbacks/till/demoshop.t/atol-main", support::BASE_URL));
    assert_eq!((&first["credentials"], &first["enabled"]), (&json!(["login", "password"]), &true.into()));
    assert_eq!(
        (&read["registers"][1]["ffd"], &read["registers"][1]["owner"]["taxation"]),
        (&"1.05".into(), &"usn_income".into())
    );

    // Secrets that are not given again stay, but follow to no other address.
    let mut again = register();
    again.as_object_mut().unwrap().remove("credentials");
    assert_eq!(api.operator("PUT", REGISTERS, Some(&json!({ "registers": [again] }))).await.status, 200);
    let partner = workflows::perform::partner(&api.world.ports, &api.world.shop).await.unwrap();
    assert_eq!(partner.receipts.registers[0].credentials.of("password"), "very-secret");
    let left: Vec<_> = partner.receipts.registers.iter().map(|one| (one.id.as_str(), one.enabled)).collect();
    assert_eq!(left, [("atol-main", true), ("own", false)], "what it may have printed is seen through");
    let many: Vec<Value> = (0..19)
        .map(|no| {
            let mut one = register();
            one["id"] = format!("r{no}").into();
            one
        })
        .collect();
    let answer = api.operator("PUT", REGISTERS, Some(&json!({ "registers": many }))).await;
    assert_eq!(answer.faults(), [("/registers".into(), "count".into())], "with the two that are left out");
    again["address"] = "https://elsewhere.example".into();
    let moved = api.operator("PUT", REGISTERS, Some(&json!({ "registers": [again] }))).await;
    assert_eq!(moved.faults(), [("/registers/0/credentials".into(), "required".into())]);

    for (at, value, code) in [
        ("id", json!("sandbox"), "id"),
        ("id", json!("Касса"), "id"),
        ("kind", json!("sandbox"), "unknown_value"),
        ("ffd", json!("1.1"), "unknown_value"),
        ("address", json!("ftp://register.example"), "url"),
        ("group", json!(""), "group"),
    ] {
        let mut wrong = register();
        wrong[at] = value.clone();
        let answer = api.operator("PUT", REGISTERS, Some(&json!({ "registers": [wrong] }))).await;
        assert_eq!(answer.faults(), [(format!("/registers/0/{at}"), code.to_owned())], "{at} {value}");
    }
    let mut wrong = own.clone();
    wrong["owner"] =
        json!({ "name": "", "inn": "7707083894", "address": "", "email": "x", "phone": "8495", "taxation": "envd" });
    let answer = api.operator("PUT", REGISTERS, Some(&json!({ "registers": [wrong], "agent_sign": "friend" }))).await;
    assert_eq!(answer.faults().len(), 7, "{:?}", answer.faults());
    let token = &api.world.key;
    for method in ["GET", "PUT", "POST"] {
        assert_eq!(
            api.call(method, REGISTERS, token, Some(&json!({ "registers": [] }))).await.problem().0,
            404,
            "{method}"
        );
    }
}

#[tokio::test]
async fn the_usual_taxation_system_is_the_same_said_or_not() {
    let api = Api::new().await;
    let mut order = reachable("A-1");
    let line = order["lines"][0].clone();
    order["lines"] = json!([line, line, line]);
    order["lines"][1]["taxation"] = "usn_income".into();
    order["lines"][2]["taxation"] = "patent".into();
    let path = api.paid(&order, "success").await;
    let totals: Vec<_> = api.get(&path).await.json()["receipts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|receipt| receipt["total"].clone())
        .collect();
    assert_eq!(totals, ["6000.00", "3000.00"]);
}

#[tokio::test]
async fn the_operator_has_a_wrong_receipt_undone_and_printed_anew() {
    let api = Api::new().await;
    let path = api.paid(&wish("A-1"), "success").await;
    let id = path.rsplit('/').next().unwrap();
    let correct = |no: &str| format!("/v1/operator/orders/{id}/receipts/{no}/correct");
    assert_eq!(api.operator("POST", &correct("1"), None).await.problem(), (409, "nothing_to_correct".into()));
    assert_eq!(api.operator("POST", &correct("9"), None).await.problem(), (409, "no_receipt".into()));
    for nowhere in [correct("x"), correct("1").replace(id, "ord_t_demoshop_1"), correct("1").replace(id, "nobody")] {
        assert_eq!(api.operator("POST", &nowhere, None).await.problem().0, 404, "{nowhere}");
    }
    assert_eq!(api.call("POST", &correct("1"), &api.world.key, None).await.problem().0, 404);

    let mut scenario = reachable("A-2");
    scenario["lines"][0]["vat"] = "vat22".into();
    scenario["scenario"] = json!({ "receipt": "other_rate" });
    let path = api.paid(&scenario, "success").await;
    let order = api.get(&path).await.json();
    assert!(
        order["receipts"][0]["differs"].as_str().is_some_and(|text| text.contains("1199") || text.contains("1102")),
        "{order:#}"
    );
    let correct = format!("/v1/operator/orders/{}/receipts/1/correct", path.rsplit('/').next().unwrap());
    for _ in 0..2 {
        assert_eq!(api.operator("POST", &correct, None).await.status, 200);
    }
    let order = api.get(&path).await.json();
    let receipts = order["receipts"].as_array().unwrap();
    let corrections: Vec<_> = receipts[1..].iter().map(|one| (one["kind"].clone(), one["corrects"].clone())).collect();
    assert_eq!(corrections, [(json!("refund"), json!(1)), (json!("sale"), json!(1))]);
}
