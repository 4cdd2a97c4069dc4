//! Papers loaded, days compared, discrepancies closed and opened again: the operator's accountant at the door.

use std::fmt::Write as _;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use support::OPERATOR_TOKEN;

use crate::orders::wish;
use crate::{Answer, Api};

const DOORS: &str = "/v1/operator/partners/demoshop/test/reconciliation";
const DAY: i64 = 24 * 3_600;
/// What the world begins with.
const FIRST: &str = "2026-11-21";

fn rules() -> Value {
    json!({"strangers": true, "accounts": {"sandbox": {
        "registry": {
            "encoding": "windows1251", "day_format": "%d.%m.%Y",
            "columns": {"day": "Дата", "amount": "Сумма", "number": "Заказ", "operation": "Операция"},
        },
        "deposits": {"how": "net", "purpose": "возмещение"},
    }}})
}

fn registry(rows: &[(&str, &str, &str, &str)]) -> Vec<u8> {
    let mut text = "Дата;Сумма;Заказ;Операция\r\n".to_owned();
    for (day, amount, number, operation) in rows {
        let _ = write!(text, "{day};{amount};{number};{operation}\r\n");
    }
    encoding_rs::WINDOWS_1251.encode(&text).0.into_owned()
}

async fn load(api: &Api, token: &str, query: &str, file: Vec<u8>) -> Answer {
    let request = Request::builder().method("POST").uri(format!("{DOORS}/registries/{query}"));
    let request = request.header("authorization", format!("Bearer {token}")).header("content-type", "text/csv");
    api.ask(request.body(Body::from(file)).unwrap()).await
}

/// A paid order, rules, and registries of its day and of the next: one with an amount a rouble less, one with a stranger's row.
async fn differs() -> (Api, String) {
    let api = Api::new().await;
    api.paid(&wish("A-1"), "success").await;
    api.world.pass(3 * DAY, DAY / 4).await;
    let clearing = api.get(&format!("/v1/clearing?date={FIRST}")).await.json();
    let operation = clearing["transactions"][0]["operation"].as_str().unwrap().to_owned();
    assert_eq!(api.operator("PUT", DOORS, Some(&rules())).await.status, 200);
    let first = registry(&[("21.11.2026", "2999,00", "A-1", &operation), ("21.11.2026", "17,50", "Z-9", "")]);
    assert_eq!(load(&api, OPERATOR_TOKEN, &format!("sandbox?day={FIRST}"), first).await.status, 201);
    assert_eq!(load(&api, OPERATOR_TOKEN, "sandbox?day=2026-11-22", registry(&[])).await.status, 201);
    (api, operation)
}

async fn run(api: &Api) -> Value {
    let wish = json!({"from": FIRST, "until": "2026-11-23"});
    let ran = api.operator("POST", &format!("{DOORS}/runs"), Some(&wish)).await;
    assert_eq!(ran.status, 200, "{}", String::from_utf8_lossy(&ran.body));
    ran.json()
}

#[tokio::test]
async fn rules_are_the_operators_and_what_is_wrong_with_them_is_pointed_to() {
    let api = Api::new().await;
    assert_eq!(api.get(DOORS).await.status, 404, "partners do not learn of it");
    assert_eq!(api.operator("GET", DOORS, None).await.json()["accounts"], json!({}));
    for (wrong, pointer) in [
        (json!({"accounts": {"nobody": rules()["accounts"]["sandbox"]}}), "/accounts/nobody"),
        (
            json!({"registers": {"none": {"day_format": "%d", "columns": {"day": 1, "drive": 2, "document": 3, "total": 4}}}}),
            "/registers/none",
        ),
        (json!({"settlement": "4070281"}), "/settlement"),
    ] {
        assert_eq!(api.operator("PUT", DOORS, Some(&wrong)).await.faults()[0].0, pointer);
    }
    assert_eq!(api.operator("PUT", DOORS, Some(&json!({"acounts": {}}))).await.problem().0, 422);
    assert_eq!(api.operator("PUT", DOORS, Some(&rules())).await.status, 200);
    let read = api.operator("GET", DOORS, None).await.json();
    assert_eq!(read["accounts"]["sandbox"]["deposits"]["days_before"], 1);
    assert_eq!(api.operator("PUT", DOORS, Some(&read)).await.json(), read, "what is read can be set");
    let other = DOORS.replace("demoshop", "nobody1");
    assert_eq!(api.operator("GET", &other, None).await.status, 404);
}

#[tokio::test]
async fn a_registry_is_loaded_once_and_a_damaged_one_is_refused_whole() {
    let (api, operation) = differs().await;
    let good = || registry(&[("21.11.2026", "2999,00", "A-1", &operation), ("21.11.2026", "17,50", "Z-9", "")]);
    let path = format!("sandbox?day={FIRST}");
    let rows = api.rows();
    let again = load(&api, OPERATOR_TOKEN, &path, good()).await;
    assert_eq!((again.status, again.json()["new"].clone(), api.rows()), (200, json!(false), rows));
    assert_eq!((&again.json()["paper"]["rows"], &again.json()["paper"]["net"]), (&json!(2), &json!("3016.50")));
    assert_eq!(load(&api, &api.world.key, &path, good()).await.status, 404);
    let broken = registry(&[("21.11.2026", "1,000.00", "A-1", "")]);
    let refused = load(&api, OPERATOR_TOKEN, &path, broken).await;
    assert_eq!(refused.faults(), [(String::new(), "paper".to_owned())]);
    assert!(String::from_utf8_lossy(&refused.body).contains("line 2, column `Сумма`"));
    assert_eq!(
        load(&api, OPERATOR_TOKEN, "other?day=2026-11-21", good()).await.problem(),
        (409, "not_reconciled".into())
    );
    assert_eq!(load(&api, OPERATOR_TOKEN, "sandbox", good()).await.faults(), [("/day".into(), "required".into())]);
    let part = load(&api, OPERATOR_TOKEN, "sandbox?day=2026-11-21&part=sbp", good()).await;
    assert_eq!(part.faults(), [("/part".into(), "part".into())]);
    let papers = api.operator("GET", &format!("{DOORS}/papers?from=2026-11-01&until=2026-11-30"), None).await.json();
    assert_eq!(papers["papers"].as_array().unwrap().len(), 2);
    let wide = registry(&vec![("21.11.2026", "1,00", "Z-1", ""); 9_000]);
    assert!(wide.len() > 64 * 1024);
    assert_eq!(load(&api, OPERATOR_TOKEN, "sandbox?day=2026-11-23", wide).await.status, 201);
}

#[tokio::test]
async fn the_work_list_is_filtered_paged_closed_by_postings_and_opened_again() {
    let (api, operation) = differs().await;
    let ran = run(&api).await;
    assert_eq!((&ran["found"], &ran["opened"]), (&json!(2), &json!(2)), "{ran:#}");
    let list = async |query: &str| {
        let answer = api.operator("GET", &format!("{DOORS}/discrepancies{query}"), None).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    };
    let all = list("").await["discrepancies"].as_array().unwrap().clone();
    assert_eq!(all.len(), 2);
    for (query, count) in [
        ("?kind=amount", 1),
        ("?kind=fee", 0),
        ("?state=closed", 0),
        ("?state=open&account=sandbox&day=2026-11-21", 2),
        ("?day=2026-11-22", 0),
        ("?account=other", 0),
    ] {
        assert_eq!(list(query).await["discrepancies"].as_array().unwrap().len(), count, "{query}");
    }
    let page = list("?limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let second = list(&format!("?limit=1&cursor={cursor}")).await;
    assert_ne!(page["discrepancies"][0]["id"], second["discrepancies"][0]["id"]);
    assert!(second["next_cursor"].is_null());
    for query in ["?kind=lost", "?state=maybe", "?day=yesterday", "?cursor=x"] {
        assert_eq!(api.operator("GET", &format!("{DOORS}/discrepancies{query}"), None).await.problem().0, 422);
    }

    let amount = list("?kind=amount").await["discrepancies"][0].clone();
    assert_eq!((&amount["outstanding"], &amount["usual"]), (&json!("-1.00"), &json!("adjust")));
    let path = format!("{DOORS}/discrepancies/{}", amount["id"].as_str().unwrap());
    assert_eq!(api.operator("GET", &path, None).await.json(), amount);
    let act = async |what: &str, body: Value| api.operator("POST", &format!("{path}/{what}"), Some(&body)).await;
    for (wrong, pointer) in [
        (json!({"reason": " ", "by": "Иванова"}), "/reason"),
        (json!({"reason": "так", "by": ""}), "/by"),
        (json!({"reason": "так", "by": "Иванова", "against": "partner"}), "/against"),
        (json!({"reason": "так", "by": "Иванова", "against": "bank"}), "/against"),
    ] {
        assert_eq!(act("close", wrong).await.faults()[0].0, pointer);
    }
    let reopen = json!({"reason": "рано", "by": "Иванова"});
    assert_eq!(act("reopen", reopen.clone()).await.problem(), (409, "discrepancy_open".into()));
    let close = json!({"reason": "за счёт партнёра", "by": "Иванова", "against": "available"});
    let balance = async || api.get("/v1/balance").await.json()["available"].clone();
    let before = balance().await;
    let closed = act("close", close.clone()).await;
    assert_eq!(closed.status, 200, "{}", String::from_utf8_lossy(&closed.body));
    let closed = closed.json();
    let posting = &closed["corrections"][0];
    assert_eq!(
        (&posting["debit"], &posting["credit"], &posting["amount"]),
        (&json!("available"), &json!("bank"), &json!("1.00"))
    );
    assert_eq!(balance().await, json!(minus(&before, 100)));
    assert_eq!(act("close", close.clone()).await.problem(), (409, "discrepancy_closed".into()));
    assert_eq!(run(&api).await["reopened"], 0, "found again, it stays closed");
    let open = act("reopen", reopen).await.json();
    assert_eq!((&open["state"], &open["outstanding"]), (&json!("open"), &json!("-1.00")));
    assert_eq!(balance().await, before, "what was posted is taken back");
    assert_eq!(act("close", json!({"reason": "так", "by": "Иванова"})).await.faults()[0].1, "outstanding");
    assert_eq!(act("close", close).await.status, 200);

    // A document of the other side closes what it explains.
    let right = registry(&[("21.11.2026", "2999,00", "A-1", &operation)]);
    assert_eq!(load(&api, OPERATOR_TOKEN, &format!("sandbox?day={FIRST}"), right).await.status, 201);
    assert_eq!(run(&api).await["closed"], 1);
    let gone = list("?kind=orphan").await["discrepancies"][0].clone();
    assert_eq!(gone["resolution"], "resolved by registry sandbox 2026-11-21, registry sandbox 2026-11-22");
    assert_eq!(gone["history"].as_array().unwrap().len(), 2);

    let bad = api.operator("GET", &format!("{DOORS}/discrepancies/dis_1"), None).await;
    assert_eq!(bad.problem().0, 422);
    let none = format!("{DOORS}/discrepancies/dis_{}", "0".repeat(26));
    assert_eq!(api.operator("GET", &none, None).await.status, 404);
    let far = json!({"from": "2026-01-01", "until": "2026-11-23"});
    assert_eq!(api.operator("POST", &format!("{DOORS}/runs"), Some(&far)).await.faults()[0].0, "/until");
    api.world.pass(DAY, DAY / 4).await;
    api.world.close_days().await;
    let report = workflows::audit::audit(&api.world.ports, &|| ()).await.unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    let control = api.operator("GET", &format!("{DOORS}/control?from={FIRST}&until={FIRST}"), None).await.json();
    assert_eq!(control["days"][0]["clearing"]["difference"], "0.00", "{control:#}");
}

/// An amount in roubles less some kopecks.
fn minus(roubles: &Value, kopecks: i64) -> String {
    let minor: i64 = roubles.as_str().unwrap().replace('.', "").parse().unwrap();
    domain::money::Money::rub(minor - kopecks).to_decimal().to_string()
}
