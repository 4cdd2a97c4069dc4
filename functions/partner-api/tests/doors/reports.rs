//! Reports of closed months, and their papers.

use domain::id::{Mode, Tenant};
use domain::partner::Partner;
use serde_json::{Value, json};

use crate::Api;
use crate::orders::wish;

const DAY: i64 = 24 * 3_600;

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}

/// A world whose November is closed: two paid, one of them refunded, one never paid.
async fn november() -> Api {
    let api = Api::new().await; // 21 November
    api.paid(&wish("A-1"), "success").await;
    let gone = api.paid(&wish("A-2"), "success").await;
    assert_eq!(api.post(&format!("{gone}/cancel"), &json!({})).await.status, 200);
    api.world.settle().await;
    api.post("/v1/orders", &wish("A-3")).await;
    api.world.pass(11 * DAY, 6 * 3_600).await;
    api.world.close_days().await;
    api
}

#[tokio::test]
async fn a_closed_month_is_read_as_sums_and_as_papers() {
    let api = november().await;
    let list = api.get("/v1/reports").await.json();
    let report = api.get("/v1/reports/2026-11").await.json();
    assert_eq!((&list["reports"], &list["next_cursor"]), (&json!([report]), &Value::Null));
    assert_eq!(
        (&report["month"], &report["number"], &report["issued"]),
        (&json!("2026-11"), &json!(1), &json!("2026-11-30"))
    );
    assert_eq!(
        (&report["opening"], &report["closing"], &report["fee"]),
        (&json!("0.00"), &json!("0.00"), &json!("105.00"))
    );
    let told: Vec<_> = report["events"].as_array().unwrap().iter().map(|sum| (&sum["event"], &sum["count"])).collect();
    let told = json!(told);
    assert_eq!(told, json!([["paid", 2], ["refunded", 1], ["restored", 0], ["cancelled", 1]]));
    assert_eq!(report["movements"], json!([{"kind": "payout", "count": 1, "amount": "2895.00", "vat": "0.00"}]));

    for (file, media_type, name, begins) in [
        ("act.pdf", "application/pdf", "act-2026-11.pdf", b"%PDF".as_slice()),
        (
            "report.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "report-2026-11.xlsx",
            b"PK".as_slice(),
        ),
        ("report.csv", "text/csv; charset=utf-8", "report-2026-11.csv", "\u{feff}".as_bytes()),
    ] {
        let answer = api.get(&format!("/v1/reports/2026-11/{file}")).await;
        assert_eq!(answer.status, 200, "{file} {}", text(&answer.body));
        assert_eq!(answer.headers["content-type"], media_type);
        assert_eq!(answer.headers["content-disposition"], format!("attachment; filename=\"{name}\""));
        assert!(answer.body.starts_with(begins), "{file}");
    }
    let register = text(&api.get("/v1/reports/2026-11/report.csv").await.body);
    assert_eq!(register.trim_end().lines().count(), 5, "{register}");

    // What the УПД needs is told by the operator, and the month's document is what it was when it was closed.
    let missing = api.get("/v1/reports/2026-11/upd.xml").await.problem();
    assert_eq!(missing, (409, "upd_requisites".to_owned()));
}

#[tokio::test]
async fn what_is_not_closed_or_anothers_is_not_there() {
    let api = november().await;
    let other = Tenant::try_new("othershop", Mode::Test).unwrap();
    let other = api.world.enrol(&other, &support::partner()).await;
    for file in ["", "/act.pdf", "/report.xlsx", "/report.csv", "/upd.xml"] {
        for month in ["2026-12", "2026-10", "2026-1", "nonsense", "2026-13", "%FF"] {
            let answer = api.get(&format!("/v1/reports/{month}{file}")).await;
            assert_eq!(answer.problem().0, 404, "{month}{file}");
        }
        let path = format!("/v1/reports/2026-11{file}");
        assert_eq!(api.call("GET", &path, &other, None).await.problem().0, 404, "{file}");
        assert_eq!(api.call("GET", &path, "", None).await.problem().0, 401, "{file}");
    }
    assert_eq!(api.call("GET", "/v1/reports", &other, None).await.json()["reports"], json!([]));
    assert_eq!(api.get("/v1/reports?limit=0").await.problem().0, 422);
}

#[tokio::test]
async fn an_upd_is_made_once_all_it_names_is_known() {
    let api = Api::new().await;
    let mut body = partner_api::examples::partner_request();
    body["id"] = json!("demoshop");
    body["inn"] = json!("7700000016");
    body["kpp"] = json!("770001001");
    let signatory = json!({
        "position": "Генеральный директор", "surname": "Иванов", "name": "Иван", "patronymic": "Иванович", "basis": "Устава",
    });
    body["legal"] = json!({
        "address": "117312, г. Москва, пр-кт Образцовый, д. 5",
        "ogrn": "1027700132195",
        "signatory": signatory,
        "agent_signatory": signatory,
        "contract": {"number": "А-1", "date": "2026-01-15"},
        "exchange": {"agent": "2BM-7700000023-1", "partner": "2BM-7700000016-1"},
    });
    let enrol = async |body: &Value| {
        let body = body.to_string();
        api.world.api(http::Method::POST, "/v1/operator/partners", support::OPERATOR_TOKEN, &body).await
    };
    assert_eq!(enrol(&body).await.status, 201); // its live tenant is new
    // What is not said again stays.
    body.as_object_mut().unwrap().remove("legal");
    assert_eq!(enrol(&body).await.status, 200);
    let partner: Partner =
        (*api.world.ports.store.partner(&api.world.shop, api.world.now().await).await.unwrap().unwrap()).clone();
    assert_eq!(partner.legal.contract.unwrap().number, "А-1");
    for (pointer, wrong) in [
        ("/legal/ogrn", json!({"ogrn": "12"})),
        ("/legal/contract/date", json!({"contract": {"number": "1", "date": "15.01.2026"}})),
        ("/legal/exchange/agent", json!({"exchange": {"agent": "a b", "partner": "b"}})),
        (
            "/legal/signatory/surname",
            json!({"signatory": {"position": "x", "surname": " ", "name": "x", "basis": "x"}}),
        ),
    ] {
        body["legal"] = wrong;
        let answer = enrol(&body).await;
        assert_eq!((answer.status, answer.json()["errors"][0]["pointer"].as_str().unwrap()), (422, pointer));
    }

    api.paid(&wish("A-1"), "success").await;
    api.world.pass(11 * DAY, 6 * 3_600).await;
    api.world.close_days().await;
    let answer = api.get("/v1/reports/2026-11/upd.xml").await;
    assert_eq!(answer.status, 200, "{}", text(&answer.body));
    assert_eq!(answer.headers["content-type"], "application/xml; charset=windows-1251");
    let name = answer.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"ON_NSCHFDOPPR_2BM-7700000016-1_2BM-7700000023-1_"), "{name}");
    assert!(answer.body.starts_with(b"<?xml"));
}
