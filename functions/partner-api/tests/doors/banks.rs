//! The catalogue of banks, accounts, payment settings.

use domain::id::{Mode, Tenant};
use serde_json::{Value, json};

use crate::Api;

const ACCOUNTS: &str = "/v1/operator/partners/demoshop/live/accounts";

fn account() -> Value {
    json!({ "id": "sber-main", "bank": "sberbank", "credentials": { "user": "shop-api", "password": "very-secret" } })
}

async fn live(api: &Api) -> String {
    let live = Tenant::try_new("demoshop", Mode::Live).unwrap();
    api.world.enrol(&live, &support::partner()).await
}

#[tokio::test]
async fn banks_are_listed_and_those_that_are_gone_are_marked() {
    let api = Api::new().await;
    let list = api.get("/v1/banks").await.json();
    let banks = list["banks"].as_array().unwrap();
    assert!(banks.len() >= 15, "{}", banks.len());
    let bank = |key: &str| banks.iter().find(|bank| bank["key"] == key).unwrap_or_else(|| panic!("{key}"));
    assert_eq!((&bank("sberbank")["protocol"], &bank("sberbank")["gone"]), (&"rbs".into(), &Value::Null));
    assert!(banks.iter().any(|bank| bank["gone"].is_string()));
    assert_eq!(api.call("GET", "/v1/banks", "", None).await.problem().0, 401);
}

#[tokio::test]
async fn accounts_are_connected_by_the_operator_and_shown_without_secrets() {
    let api = Api::new().await;
    let key = live(&api).await;
    let body = json!({ "accounts": [account(), {
        "id": "t2", "bank": "sberbank", "entity": "7700000016", "priority": 5, "enabled": false, "nominal": true,
        "address": "https://bank.example/", "credentials": { "user": "x", "password": "y" },
    }] });
    let set = api.operator("PUT", ACCOUNTS, Some(&body)).await;
    assert_eq!(set.status, 200, "{}", String::from_utf8_lossy(&set.body));
    let read = api.call("GET", "/v1/accounts", &key, None).await;
    assert_eq!(read.json(), set.json());
    let text = String::from_utf8(read.body.clone()).unwrap();
    assert!(!text.contains("very-secret") && !text.contains("shop-api"));
    let accounts = read.json()["accounts"].clone();
    let first = &accounts[0];
    assert_eq!(first["credentials"], json!(["password", "user"]));
    assert_eq!(first["callback_url"], format!("{}/callbacks/bank/demoshop.l/sber-main", support::BASE_URL));
    assert!(first["methods"].as_array().is_some_and(|methods| !methods.is_empty()), "the usual terms of the protocol");
    let second = &accounts[1];
    assert_eq!(
        (&second["enabled"], &second["nominal"], &second["priority"], &second["entity"]),
        (&false.into(), &true.into(), &5.into(), &"7700000016".into())
    );

    // What the bank charges stays, and secrets do, that are not given again.
    let tariff =
        json!({"since": "2026-01-01", "percent": "2.1", "fixed_minor": 0, "least_minor": 350, "refunds": "kept"});
    let mut charged = account();
    charged["acquiring"] = json!([tariff]);
    let set = api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": [charged] }))).await.json();
    assert_eq!(set["accounts"][0]["acquiring"], json!([tariff]));
    let mut again = account();
    again.as_object_mut().unwrap().remove("credentials");
    again["priority"] = json!(3);
    let set = api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": [again] }))).await.json();
    assert_eq!(set["accounts"].as_array().unwrap().len(), 2, "the other is switched off, not forgotten");
    assert_eq!(
        (&set["accounts"][0]["priority"], &set["accounts"][0]["credentials"][0]),
        (&3.into(), &"password".into())
    );
    assert_eq!(set["accounts"][0]["acquiring"], json!([tariff]));
    let tenant = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let partner = workflows::perform::partner(&api.world.ports, &tenant).await.unwrap();
    assert_eq!(partner.accounts[0].credentials.of("password"), "very-secret");
    assert_eq!(api.get("/v1/accounts").await.json()["accounts"], json!([]), "the test tenant has its own");
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_pointed_to_and_nothing_is_kept() {
    let api = Api::new().await;
    let key = live(&api).await;
    let gone = api.get("/v1/banks").await.json()["banks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|bank| bank["gone"].is_string())
        .unwrap()["key"]
        .clone();
    let tariff = |percent: &str, least: i64| json!({"since": "2026-01-01", "percent": percent, "least_minor": least});
    let terms = |change: Value| {
        let mut terms = json!({"method": "card", "least_minor": 100, "greatest_minor": 100_000, "currencies": ["RUB"]});
        terms.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        terms
    };
    let cases: [(&str, Value, &str); 25] = [
        ("methods", json!([terms(json!({ "method": "dolyami" }))]), "methods"),
        ("methods", json!([terms(json!({ "method": "sbp", "hold": "approved", "hold_seconds": 86_400 }))]), "methods"),
        ("credentials", json!({ "userName": "shop-api", "password": "x" }), "unknown_value"),
        ("credentials", json!({ "user": "shop-api" }), "required"),
        ("credentials", json!({ "user": "shop-api", "password": "" }), "required"),
        ("credentials", json!({}), "required"),
        ("bank", json!("tbank"), "credentials"),
        ("methods", json!([terms(json!({})), terms(json!({}))]), "methods"),
        ("methods", json!([terms(json!({ "method": "cash" }))]), "methods"),
        ("methods", json!([terms(json!({ "least_minor": 0 }))]), "methods"),
        ("methods", json!([terms(json!({ "greatest_minor": 99 }))]), "methods"),
        ("methods", json!([terms(json!({ "currencies": [] }))]), "methods"),
        ("methods", json!([terms(json!({ "hold": "approved" }))]), "methods"),
        ("acquiring", json!([tariff("50.1", 0)]), "acquiring"),
        ("acquiring", json!([tariff("2", -1)]), "acquiring"),
        ("acquiring", json!([tariff("2", 0), tariff("3", 0)]), "acquiring"),
        ("id", json!(""), "id"),
        ("id", json!("Sber"), "id"),
        ("id", json!("x".repeat(21)), "id"),
        ("id", json!("sandbox"), "id"),
        ("bank", json!("no-such-bank"), "unknown_value"),
        ("bank", gone, "bank_gone"),
        ("entity", json!("7700000017"), "inn"),
        ("address", json!("ftp://bank.example"), "url"),
        ("credentials", Value::Null, "required"),
    ];
    for (field, value, code) in cases {
        let mut wrong = account();
        wrong[field] = value.clone();
        let answer = api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": [wrong] }))).await;
        let (field, code) = if code == "credentials" { ("credentials", "unknown_value") } else { (field, code) };
        assert_eq!(answer.faults(), [(format!("/accounts/0/{field}"), code.to_owned())], "{field} {value}");
    }
    let mut nowhere = account();
    nowhere["bank"] = json!("psb");
    let answer = api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": [nowhere] }))).await;
    assert_eq!(
        answer.faults(),
        [("/accounts/0/address".into(), "required".into())],
        "no address of its own, none given"
    );
    let twice = json!({ "accounts": [account(), account()] });
    assert_eq!(api.operator("PUT", ACCOUNTS, Some(&twice)).await.faults(), [("/accounts/1/id".into(), "id".into())]);
    let many: Vec<_> = (0..21)
        .map(|no| {
            let mut one = account();
            one["id"] = format!("a{no}").into();
            one
        })
        .collect();
    let many = json!({ "accounts": many });
    assert_eq!(api.operator("PUT", ACCOUNTS, Some(&many)).await.faults(), [("/accounts".into(), "count".into())]);
    let unknown = json!({ "accounts": [], "extra": 1 });
    assert_eq!(api.operator("PUT", ACCOUNTS, Some(&unknown)).await.faults(), [("/extra".into(), "unknown".into())]);
    assert_eq!(api.call("GET", "/v1/accounts", &key, None).await.json()["accounts"], json!([]));
}

#[tokio::test]
async fn an_id_stays_with_its_bank() {
    let api = Api::new().await;
    live(&api).await;
    assert_eq!(api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": [account()] }))).await.status, 200);
    let mut other = account();
    other["bank"] = json!("alfabank");
    let answer = api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": [other.clone()] }))).await;
    assert_eq!(answer.faults(), [("/accounts/0/bank".into(), "bank_pinned".into())]);
    other["id"] = json!("alfa");
    let mut old = account();
    old["enabled"] = json!(false);
    assert_eq!(api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": [old, other] }))).await.status, 200);
}

#[tokio::test]
async fn an_account_that_is_left_out_is_switched_off_and_old_payments_still_go_back_through_it() {
    let api = Api::new().await;
    live(&api).await;
    assert_eq!(api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": [account()] }))).await.status, 200);
    let mut new = account();
    new["id"] = json!("second");
    for accounts in [json!([new]), json!([])] {
        let set = api.operator("PUT", ACCOUNTS, Some(&json!({ "accounts": accounts }))).await.json();
        let off: Vec<_> = set["accounts"].as_array().unwrap().iter().filter(|one| one["enabled"] == false).collect();
        assert!(off.iter().any(|one| one["id"] == account()["id"]), "{set}");
        assert_eq!(set["accounts"].as_array().unwrap().len(), 2, "{set}");
    }
    let tenant = Tenant::try_new("demoshop", Mode::Live).unwrap();
    let partner = workflows::perform::partner(&api.world.ports, &tenant).await.unwrap();
    let secrets: Vec<_> = partner.accounts.iter().map(|one| (one.enabled, one.credentials.of("password"))).collect();
    assert_eq!(secrets, [(false, "very-secret"), (false, "very-secret")]);
}

#[tokio::test]
async fn only_the_operator_connects_and_only_partners_that_are_there() {
    let api = Api::new().await;
    let accounts = json!({ "accounts": [] });
    let frozen = json!({ "frozen": true });
    let routes = [(ACCOUNTS, &accounts), ("/v1/operator/partners/demoshop/live/charges", &frozen)];
    for (path, body) in routes {
        // The live tenant is not there yet.
        assert_eq!(api.operator("PUT", path, Some(body)).await.problem().0, 404, "{path}");
        for (from, to) in [("/live/", "/both/"), ("demoshop", "No"), ("demoshop", "nobody")] {
            assert_eq!(api.operator("PUT", &path.replace(from, to), Some(body)).await.problem().0, 404, "{path} {to}");
        }
        for token in ["", "wrong", &api.world.key] {
            for method in ["PUT", "GET", "POST"] {
                assert_eq!(api.call(method, path, token, Some(body)).await.problem().0, 404, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn payment_settings_are_replaced_whole_and_what_is_the_operators_stays() {
    let api = Api::new().await;
    let nothing = json!({ "stages": "one", "capture": "manual", "hold_end": "released", "verification": "1.00" });
    assert_eq!(api.get("/v1/payment-settings").await.json(), nothing);
    let settings = json!({
        "stages": "two", "capture": "fulfilled", "hold_end": "captured", "statuses": { "picked": "capture" },
        "rates": [{ "currency": "USD", "rate": "95.1", "since": "2026-11-21" }],
        "verification": "10.00",
    });
    assert_eq!(api.put("/v1/payment-settings", &settings).await.json(), settings);
    assert_eq!(api.get("/v1/payment-settings").await.json(), settings);
    let frozen = "/v1/operator/partners/demoshop/test/charges";
    assert_eq!(api.operator("PUT", frozen, Some(&json!({ "frozen": true }))).await.status, 204);
    let mut stays = nothing.clone();
    stays["charges_frozen"] = json!(true);
    assert_eq!(api.put("/v1/payment-settings", &json!({})).await.json(), stays);

    let statuses: Value =
        (0..51).map(|no| (format!("s{no}"), json!("capture"))).collect::<serde_json::Map<_, _>>().into();
    let rate = |rate: &str| json!([{ "currency": "USD", "rate": rate, "since": "2026-11-21" }]);
    for (body, at, code) in [
        (json!({ "statuses": statuses }), "/statuses", "count"),
        (json!({ "statuses": { "": "capture" } }), "/statuses", "count"),
        (json!({ "statuses": { "x".repeat(65): "capture" } }), "/statuses", "count"),
        (json!({ "rates": rate("0") }), "/rates", "rate"),
        (json!({ "rates": rate("-1") }), "/rates", "rate"),
        (json!({ "charges_frozen": true }), "/charges_frozen", "operator_only"),
        (json!({ "stage": "two" }), "/stage", "unknown"),
    ] {
        let answer = api.put("/v1/payment-settings", &body).await;
        assert_eq!(answer.faults(), [(at.to_owned(), code.to_owned())], "{body}");
    }
    for body in [
        json!({ "stages": "three" }),
        json!({ "verification": "5.00" }),
        json!({ "statuses": { "picked": "explode" } }),
    ] {
        assert_eq!(api.put("/v1/payment-settings", &body).await.problem().0, 422, "{body}");
    }
    assert_eq!(api.get("/v1/payment-settings").await.json(), stays);
}
