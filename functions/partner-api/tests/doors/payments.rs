//! What a partner does with an order's money.

use domain::id::{Mode, Tenant};
use domain::partner::Partner;
use serde_json::{Value, json};

use crate::orders::wish;
use crate::{Answer, Api};

/// Two lines, held.
fn two_stages(number: &str) -> Value {
    json!({
        "number": number,
        "lines": [{ "name": "Выписка", "price": "1000.00", "quantity": "2" }, { "name": "Доставка", "price": "500.00" }],
        "payment": { "stages": 2 },
        "buyer": { "email": support::BUYER_EMAIL },
        "scenario": { "execution": "manual" },
    })
}

async fn held(api: &Api, number: &str) -> String {
    api.paid(&two_stages(number), "success").await
}

async fn act(api: &Api, path: &str, what: &str, body: Value) -> Answer {
    let answer = api.post(&format!("{path}/{what}"), &body).await;
    api.world.settle().await;
    answer
}

/// State, held, captured and returned of an order.
async fn stands(api: &Api, path: &str) -> (String, String, String, String) {
    let order = api.get(path).await.json();
    let text = |name: &str| order[name].as_str().unwrap().to_owned();
    (text("payment_state"), text("held"), text("captured"), text("returned"))
}

fn figures(state: &str, held: &str, captured: &str, returned: &str) -> (String, String, String, String) {
    (state.into(), held.into(), captured.into(), returned.into())
}

#[tokio::test]
async fn what_is_held_is_captured_whole_and_once() {
    let api = Api::new().await;
    let path = held(&api, "A-1").await;
    let order = api.get(&path).await.json();
    assert!(order["hold_until"].is_string(), "{order:#}");
    assert_eq!(stands(&api, &path).await, figures("delayed", "2500.00", "0.00", "0.00"));
    assert_eq!(order["commission"], Value::Null, "nothing is earned by a hold");

    let answer = act(&api, &path, "capture", json!({})).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let operation = &answer.json()["operations"][1];
    assert_eq!((&operation["kind"], &operation["by"]), (&"capture".into(), &"partner".into()));
    assert_eq!(operation["of"], order["operations"][0]["number"]);
    assert_eq!(stands(&api, &path).await, figures("approved", "0.00", "2500.00", "0.00"));
    let again = act(&api, &path, "capture", json!({})).await;
    assert_eq!((again.status, again.json()["operations"].as_array().unwrap().len()), (200, 2), "once");
    assert_eq!(act(&api, &path, "capture", json!({ "amount": "1.00" })).await.problem(), (409, "nothing_held".into()));
}

#[tokio::test]
async fn a_part_is_captured_by_amount_or_by_lines_and_the_rest_is_let_go() {
    let api = Api::new().await;
    let path = held(&api, "A-1").await;
    assert_eq!(act(&api, &path, "capture", json!({ "amount": "2500.01" })).await.problem().1, "part");
    let too_much = json!({ "lines": [{ "line": 1, "quantity": "3" }] });
    assert_eq!(act(&api, &path, "capture", too_much).await.problem().1, "part");
    act(&api, &path, "capture", json!({ "amount": "1000.00" })).await;
    assert_eq!(stands(&api, &path).await, figures("partial_approved", "0.00", "1000.00", "0.00"));

    let path = held(&api, "A-2").await;
    let lines = json!({ "lines": [{ "line": 1, "quantity": "1" }, { "line": 2 }] });
    let answer = act(&api, &path, "capture", lines).await.json();
    let parts = &answer["operations"][1]["parts"];
    assert_eq!(
        *parts,
        json!([
            { "line": 1, "quantity": "1", "amount": "1000.00" }, { "line": 2, "quantity": "1", "amount": "500.00" },
        ])
    );
    assert_eq!(stands(&api, &path).await, figures("partial_approved", "0.00", "1500.00", "0.00"));
}

#[tokio::test]
async fn one_command_lets_go_reverses_and_refunds() {
    let api = Api::new().await;
    let kinds = |order: &Value| -> Vec<String> {
        let operations = order["operations"].as_array().unwrap();
        operations.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
    };
    let path = held(&api, "A-1").await;
    act(&api, &path, "cancel", json!({ "reason": "нет в наличии" })).await;
    let order = api.get(&path).await.json();
    assert_eq!((kinds(&order), &order["status"]), (vec!["payment".into(), "void".into()], &"cancelled".into()));
    assert_eq!(order["operations"][1]["reason"], "нет в наличии");
    let again = act(&api, &path, "cancel", json!({})).await;
    assert_eq!((again.status, kinds(&again.json()).len()), (200, 2), "once");

    let path = api.paid(&wish("A-2"), "success").await;
    act(&api, &path, "cancel", json!({})).await;
    assert_eq!(kinds(&api.get(&path).await.json()), ["payment", "reversal"], "on the day of the capture");
    assert_eq!(stands(&api, &path).await, figures("canceled", "0.00", "3000.00", "3000.00"));

    let path = api.paid(&wish("A-3"), "success").await;
    api.world.pass(24 * 3_600, 6 * 3_600).await;
    act(&api, &path, "cancel", json!({ "amount": "1000.00" })).await;
    assert_eq!(stands(&api, &path).await, figures("partial_canceled", "0.00", "3000.00", "1000.00"));
    act(&api, &path, "cancel", json!({ "amount": "500.00" })).await;
    assert_eq!(stands(&api, &path).await.3, "1500.00", "a part asked for twice is given back twice");
    assert_eq!(act(&api, &path, "cancel", json!({ "amount": "1500.01" })).await.problem().1, "part");
    act(&api, &path, "cancel", json!({})).await;
    assert_eq!(kinds(&api.get(&path).await.json()), ["payment", "refund", "refund", "refund"]);
    assert_eq!(api.get(&path).await.json()["status"], "refunded");
    assert_eq!(act(&api, &path, "cancel", json!({ "amount": "1.00" })).await.problem().1, "nothing_stands");
}

#[tokio::test]
async fn an_order_nobody_has_paid_is_cancelled_and_one_that_is_over_is_not() {
    let api = Api::new().await;
    let path = api.order(&wish("A-1")).await;
    assert_eq!(act(&api, &path, "capture", json!({})).await.problem().1, "nothing_held");
    assert_eq!(act(&api, &path, "cancel", json!({ "amount": "1.00" })).await.problem().1, "nothing_stands");
    assert_eq!(act(&api, &path, "cancel", json!({})).await.json()["status"], "cancelled");
    let path = api.order(&wish("A-2")).await;
    api.world.pass(1_500, 600).await;
    assert_eq!(act(&api, &path, "cancel", json!({})).await.problem(), (409, "order_not_payable".into()));
    let path = api.order(&wish("A-3")).await;
    api.world.agree(&api.order_at(&path).await).await;
    assert_eq!(act(&api, &path, "cancel", json!({})).await.problem(), (409, "payment_under_way".into()));
    let paid_out = api.paid(&wish("A-4"), "success").await;
    api.world.pass(5 * 24 * 3_600, 12 * 3_600).await;
    assert_eq!(act(&api, &paid_out, "cancel", json!({})).await.problem(), (409, "paid_out".into()));
    assert_eq!(act(&api, &paid_out, "cancel", json!({ "amount": "1.00" })).await.problem().1, "paid_out");
}

#[tokio::test]
async fn while_one_command_is_under_way_another_is_refused() {
    let api = Api::new().await;
    let path = held(&api, "A-1").await;
    // The workers are not let in between.
    assert_eq!(api.post(&format!("{path}/capture"), &json!({ "amount": "500.00" })).await.status, 200);
    let answer = api.post(&format!("{path}/cancel"), &json!({})).await;
    assert_eq!(answer.problem(), (409, "operation_under_way".into()));
    assert!(answer.json()["detail"].as_str().unwrap().contains("operation 2"));
}

#[tokio::test]
async fn a_held_basket_is_edited_down_and_not_up() {
    let api = Api::new().await;
    let path = held(&api, "A-1").await;
    let up = json!({ "lines": [{ "name": "Другое", "price": "2500.01" }] });
    assert_eq!(act(&api, &path, "edit", up).await.problem(), (409, "above_hold".into()));
    let down = json!({ "lines": [{ "name": "Другое", "price": "2000.00" }] });
    let answer = act(&api, &path, "edit", down.clone()).await;
    assert_eq!((answer.status, &answer.json()["amount"]), (200, &"2000.00".into()));
    assert_eq!(answer.json()["lines"][0]["name"], "Другое");
    let again = act(&api, &path, "edit", down).await.json();
    assert_eq!(again["timeline"].as_array().unwrap().len(), answer.json()["timeline"].as_array().unwrap().len());
    act(&api, &path, "capture", json!({})).await;
    assert_eq!(stands(&api, &path).await, figures("approved", "0.00", "2000.00", "0.00"));
    let late = json!({ "lines": [{ "name": "Поздно", "price": "1.00" }] });
    assert_eq!(act(&api, &path, "edit", late).await.problem(), (409, "not_editable".into()));
}

#[tokio::test]
async fn an_order_is_agreed_to_edited_upwards_and_charged_later() {
    let api = Api::new().await;
    let mut order = wish("A-1");
    (order["customer"], order["payment"]) = ("buyer-1".into(), json!({ "purpose": "order" }));
    let path = api.order(&order).await;
    let reason = || json!({ "reason": "Заказ собран" });
    assert_eq!(act(&api, &path, "charge", reason()).await.problem(), (409, "no_means".into()));
    api.agrees_and_saves(&path, "success").await;
    let agreed = api.get(&path).await.json();
    assert_eq!((&agreed["status"], &agreed["captured"]), (&"ordered".into(), &"0.00".into()), "{agreed:#}");
    assert!(agreed["means"].as_str().unwrap().starts_with("mns_"));
    let kinds: Vec<_> = agreed["operations"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["verification", "void"], "checked with a rouble that went back");

    let up = json!({ "lines": [{ "name": "Больше", "price": "4000.00" }] });
    assert_eq!(act(&api, &path, "edit", up).await.json()["amount"], "4000.00");
    let charged = act(&api, &path, "charge", reason()).await;
    assert_eq!(charged.status, 200, "{}", String::from_utf8_lossy(&charged.body));
    let order = api.get(&path).await.json();
    assert_eq!(stands(&api, &path).await, figures("approved", "0.00", "4000.00", "0.00"));
    let payment = &order["operations"][2];
    assert_eq!((&payment["by"], &payment["reason"]), (&"partner".into(), &"Заказ собран".into()));
    assert_eq!(act(&api, &path, "charge", reason()).await.problem(), (409, "order_not_payable".into()), "charged once");
}

#[tokio::test]
async fn an_order_is_charged_to_saved_means_at_once_unless_the_operator_has_stopped_that() {
    let api = Api::new().await;
    let means = api.saved("buyer-1", "success").await;
    let charge = |number: &str, means: &str| {
        let mut order = wish(number);
        order["customer"] = "buyer-1".into();
        order["buyer"] = json!({ "email": support::BUYER_EMAIL });
        order["charge"] = json!({ "means": means, "reason": "Замена товара" });
        order
    };
    let path = api.order(&charge("A-1", &means)).await;
    api.world.settle().await;
    assert_eq!(stands(&api, &path).await, figures("approved", "0.00", "3000.00", "0.00"));
    let again = api.post("/v1/orders", &charge("A-1", &means)).await;
    assert_eq!((again.status, again.json()["operations"].as_array().unwrap().len()), (200, 1), "charged once");

    let wrong = api.post("/v1/orders", &charge("A-2", "mns_x_1")).await;
    assert_eq!(wrong.faults(), [("/charge/means".into(), "no_means".into())]);
    let mut other = charge("A-2", &means);
    other["customer"] = "buyer-2".into();
    assert_eq!(api.post("/v1/orders", &other).await.faults(), [("/charge/means".into(), "no_means".into())]);
    for (at, value, code) in [
        ("/charge/reason", json!(""), "required"),
        ("/charge/reason", json!("x".repeat(201)), "too_long"),
        ("/charge/means", json!(""), "required"),
        ("/customer", json!("x".repeat(65)), "too_long"),
    ] {
        let mut order = charge("A-2", &means);
        *order.pointer_mut(at).unwrap() = value;
        assert_eq!(api.post("/v1/orders", &order).await.faults(), [(at.to_owned(), code.to_owned())]);
    }
    let mut unreachable = charge("A-2", &means);
    unreachable["buyer"] = json!({});
    assert_eq!(api.post("/v1/orders", &unreachable).await.faults(), [("/buyer".into(), "required".into())]);
    unreachable["customer"].take();
    assert!(api.post("/v1/orders", &unreachable).await.faults().contains(&("/customer".into(), "required".into())));

    let freeze = async |frozen: bool| {
        let path = "/v1/operator/partners/demoshop/test/charges";
        assert_eq!(api.operator("PUT", path, Some(&json!({ "frozen": frozen }))).await.status, 204);
    };
    freeze(true).await;
    assert_eq!(api.post("/v1/orders", &charge("A-3", &means)).await.problem(), (409, "unsupported".into()));
    freeze(false).await;
    assert_eq!(api.post("/v1/orders", &charge("A-3", &means)).await.status, 201);
}

#[tokio::test]
async fn a_terminals_money_is_recorded_once_and_given_back_by_a_terminal() {
    let api = Api::new().await;
    let reachable = |number: &str| {
        let mut order = wish(number);
        order["buyer"] = json!({ "email": support::BUYER_EMAIL });
        order
    };
    let nobody = api.order(&wish("A-0")).await;
    let answer = act(&api, &nobody, "terminal", json!({ "reference": "632112345678" })).await;
    assert_eq!(answer.faults(), [("/buyer".into(), "required".into())], "a receipt needs a contact");
    let path = api.order(&reachable("A-1")).await;
    for reference in ["", "12345", "ab cd ef", &"1".repeat(37), "номер1"] {
        let answer = act(&api, &path, "terminal", json!({ "reference": reference })).await;
        assert_eq!(answer.faults(), [("/reference".into(), "reference".into())], "{reference}");
    }
    let taken = json!({ "reference": "632112345678" });
    for _ in 0..2 {
        let answer = act(&api, &path, "terminal", taken.clone()).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let order = answer.json();
        assert_eq!(order["operations"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&order["operations"][0]["method"], &order["operations"][0]["bank_reference"]),
            (&"terminal".into(), &"632112345678".into())
        );
    }
    let other = act(&api, &path, "terminal", json!({ "reference": "999999999999" })).await;
    assert_eq!(other.problem(), (409, "order_not_payable".into()));
    assert_eq!(act(&api, &path, "cancel", json!({})).await.problem(), (409, "terminal_reference".into()));
    let back = act(&api, &path, "cancel", json!({ "terminal_reference": "632198765432" })).await;
    assert_eq!(back.json()["status"], "refunded");
    let path = api.order(&reachable("A-2")).await;
    api.world.pass(1_500, 600).await;
    assert_eq!(act(&api, &path, "terminal", taken).await.problem(), (409, "order_expired".into()));
}

#[tokio::test]
async fn the_shops_own_statuses_capture_charge_and_cancel() {
    let api = Api::new().await;
    let rules = json!({ "statuses": { "picked": "capture", "Подтверждено": "charge", "returned": "cancel" } });
    assert_eq!(api.put("/v1/payment-settings", &rules).await.status, 200);
    let told = |status: &str| json!({ "status": status });

    let path = held(&api, "A-1").await;
    let nothing = act(&api, &path, "status", told("packing")).await;
    assert_eq!((nothing.status, &nothing.json()["held"]), (200, &"2500.00".into()), "no rule, nothing done");
    for _ in 0..2 {
        assert_eq!(act(&api, &path, "status", told("picked")).await.status, 200);
    }
    let order = api.get(&path).await.json();
    assert_eq!((order["captured"].as_str(), order["operations"][1]["by"].as_str()), (Some("2500.00"), Some("rule")));
    assert_eq!(order["operations"].as_array().unwrap().len(), 2, "a status told twice captures once");

    let mut wish = wish("A-2");
    (wish["customer"], wish["payment"]) = ("buyer-1".into(), json!({ "purpose": "order" }));
    let path = api.order(&wish).await;
    assert_eq!(act(&api, &path, "status", told("Подтверждено")).await.problem(), (409, "no_means".into()));
    api.agrees_and_saves(&path, "success").await;
    assert_eq!(act(&api, &path, "status", told("Подтверждено")).await.status, 200);
    let order = api.get(&path).await.json();
    assert_eq!((&order["captured"], &order["operations"][2]["by"]), (&"3000.00".into(), &"rule".into()));
    assert_eq!(order["operations"][2]["reason"], "Подтверждено");

    let back = act(&api, &path, "status", told("returned")).await;
    assert_eq!(back.status, 200);
    let order = api.get(&path).await.json();
    assert_eq!((&order["status"], &order["returned"]), (&"refunded".into(), &"3000.00".into()));
    assert_eq!(
        (&order["operations"][3]["by"], &order["operations"][3]["reason"]),
        (&"rule".into(), &"returned".into())
    );
    assert_eq!(act(&api, &path, "status", told("picked")).await.problem().1, "nothing_held");
}

#[tokio::test]
async fn a_declined_charge_by_status_leaves_the_order_to_be_charged_again() {
    let api = Api::new().await;
    assert_eq!(api.put("/v1/payment-settings", &json!({ "statuses": { "go": "charge" } })).await.status, 200);
    let mut wish = wish("A-1");
    (wish["customer"], wish["payment"]) = ("buyer-1".into(), json!({ "purpose": "order" }));
    let path = api.order(&wish).await;
    api.agrees_and_saves(&path, "charge_declined").await;
    assert_eq!(act(&api, &path, "status", json!({ "status": "go" })).await.status, 200);
    let order = api.get(&path).await.json();
    assert_eq!((&order["status"], &order["payment_state"]), (&"ordered".into(), &"declined".into()));
    assert!(order["operations"][2]["decline_reason"].is_string());
}

#[tokio::test]
async fn what_is_wrong_with_a_wish_is_pointed_to() {
    let api = Api::new().await;
    let path = held(&api, "A-1").await;
    let parts: [(Value, &str, &str); 11] = [
        (json!({ "amount": "0.00" }), "/amount", "amount"),
        (json!({ "amount": "-1" }), "/amount", "amount"),
        (json!({ "amount": "1.001" }), "/amount", "amount"),
        (json!({ "amount": "1.00", "lines": [{ "line": 1 }] }), "/lines", "both"),
        (json!({ "lines": [{ "line": 0 }] }), "/lines/0/line", "line"),
        (json!({ "lines": [{ "line": 1 }, { "line": 3 }] }), "/lines/1/line", "line"),
        (json!({ "lines": [{ "line": 1, "quantity": "0" }] }), "/lines/0/quantity", "quantity"),
        (json!({ "lines": [{ "line": 1, "quantity": "0.0000001" }] }), "/lines/0/quantity", "quantity"),
        (json!({ "reason": "x".repeat(201) }), "/reason", "too_long"),
        (json!({ "amont": "1.00" }), "/amont", "unknown"),
        (json!({ "lines": [{ "line": 1, "quanity": "1" }] }), "/lines/0/quanity", "unknown"),
    ];
    for (body, at, code) in parts {
        for what in ["capture", "cancel"] {
            let answer = act(&api, &path, what, body.clone()).await;
            assert_eq!(answer.faults(), [(at.to_owned(), code.to_owned())], "{what} {body}");
        }
    }
    let edits: [(Value, &str, &str); 4] = [
        (json!({ "lines": [] }), "/lines", "count"),
        (json!({ "lines": [{ "name": "", "price": "1.00" }] }), "/lines/0/name", "required"),
        (json!({ "lines": [{ "name": "x", "price": "0" }] }), "/lines/0/price", "price"),
        (json!({ "lines": [{ "name": "x", "price": "10000000.01" }] }), "/lines", "amount_too_large"),
    ];
    for (body, at, code) in edits {
        let answer = act(&api, &path, "edit", body.clone()).await;
        assert_eq!(answer.faults(), [(at.to_owned(), code.to_owned())], "{body}");
    }
    for reason in [String::new(), "  ".into(), "x".repeat(201)] {
        let answer = act(&api, &path, "charge", json!({ "reason": reason })).await;
        assert_eq!(answer.faults(), [("/reason".into(), "required".into())]);
    }
    assert_eq!(stands(&api, &path).await, figures("delayed", "2500.00", "0.00", "0.00"), "nothing was done");
}

#[tokio::test]
async fn how_an_order_is_to_be_paid_is_checked_by_field() {
    let api = Api::new().await;
    let cases: [(Value, &str, &str); 13] = [
        (json!({ "payment": { "stages": 3 } }), "/payment/stages", "range"),
        (json!({ "payment": { "capture": "later" } }), "/payment/capture", "unknown_value"),
        (json!({ "payment": { "hold_end": "keep" } }), "/payment/hold_end", "unknown_value"),
        (json!({ "payment": { "purpose": "gift" } }), "/payment/purpose", "unknown_value"),
        (json!({ "payment": { "methods": ["card", "cash"] } }), "/payment/methods/1", "unknown_value"),
        (json!({ "payment": { "points_max": "0" } }), "/payment/points_max", "amount"),
        (json!({ "payment": { "methods": ["dolyami"] } }), "/payment", "no_account"),
        (json!({ "payment": { "purpose": "order" } }), "/customer", "required"),
        (json!({ "currency": "USD" }), "/currency", "currency"),
        (
            json!({ "customer": "b", "split": { "children": [{ "name": "a", "lines": [1] }] } }),
            "/split/children",
            "count",
        ),
        (
            json!({ "customer": "b", "split": { "children": [{ "name": "a", "lines": [1] }, { "name": "b", "lines": [1] }] } }),
            "/split/children/1/lines/0",
            "line",
        ),
        (
            json!({ "customer": "b", "split": { "children": [{ "name": "a", "lines": [1] }, { "name": "b", "lines": [] }] } }),
            "/split/children/1/lines",
            "required",
        ),
        (json!({ "origin": "site" }), "/origin", "unknown"),
    ];
    for (more, at, code) in cases {
        let mut order = wish("A-1");
        for (name, value) in more.as_object().unwrap() {
            order[name] = value.clone();
        }
        let faults = api.post("/v1/orders", &order).await.faults();
        assert!(faults.contains(&(at.to_owned(), code.to_owned())), "{more}: {faults:?}");
    }
    let rates = json!({ "rates": [{ "currency": "USD", "rate": "95.1", "since": "2026-11-01" }] });
    assert_eq!(api.put("/v1/payment-settings", &rates).await.status, 200);
    let mut order = wish("A-1");
    (order["currency"], order["lines"][0]["price"]) = ("USD".into(), "30.00".into());
    let path = api.order(&order).await;
    let order = api.get(&path).await.json();
    assert_eq!((&order["amount"], &order["currency"]), (&"2853.00".into(), &"RUB".into()));
    let original = json!({ "amount": "30.00", "currency": "USD", "rate": "95.1", "since": "2026-11-01" });
    assert_eq!(order["original"], original);
}

#[tokio::test]
async fn a_live_order_of_a_partner_without_accounts_is_refused() {
    let api = Api::new().await;
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let key = api.world.enrol(&live, &Partner { accounts: Vec::new(), ..support::partner() }).await;
    let answer = api.call("POST", "/v1/orders", &key, Some(&wish("A-1"))).await;
    assert_eq!(answer.problem(), (409, "bank_not_connected".into()));
}

#[tokio::test]
async fn anothers_order_is_not_there() {
    let api = Api::new().await;
    let path = held(&api, "A-1").await;
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let other = Tenant::try_new("othershop", Mode::Test).unwrap();
    let keys = [api.world.enrol(&live, &support::partner()).await, api.world.enrol(&other, &support::partner()).await];
    let bodies = [
        ("capture", json!({})),
        ("cancel", json!({})),
        ("edit", json!({ "lines": [{ "name": "x", "price": "1.00" }] })),
        ("charge", json!({ "reason": "x" })),
        ("status", json!({ "status": "x" })),
        ("terminal", json!({ "reference": "632112345678" })),
    ];
    let before = api.order_at(&path).await.version;
    for (what, body) in &bodies {
        let path = format!("{path}/{what}");
        for key in &keys {
            assert_eq!(api.call("POST", &path, key, Some(body)).await.problem().0, 404, "{what}");
        }
        assert_eq!(api.call("POST", &path, "", Some(body)).await.problem().0, 401, "{what}");
        let own = path.replace("ord_t_demoshop_", "ord_t_demoshop_0");
        assert_eq!(api.post(&own, body).await.problem().0, 404, "{what}");
    }
    assert_eq!(api.order_at(&path).await.version, before);
}
