//! The operator enrols partners.

use domain::id::{Mode, Tenant};
use serde_json::{Value, json};

use crate::orders::wish;
use crate::{Answer, Api, shape};

fn request() -> Value {
    let mut request = partner_api::examples::partner_request();
    request["id"] = json!("newshop");
    request
}

async fn enrol(api: &Api, body: &Value) -> Answer {
    api.call("POST", "/v1/operator/partners", support::OPERATOR_TOKEN, Some(body)).await
}

#[tokio::test]
async fn a_partner_is_enrolled_and_can_work_at_once() {
    let api = Api::new().await;
    let answer = enrol(&api, &request()).await;
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    let enrolled = answer.json();
    assert_eq!(shape(&enrolled), shape(&partner_api::examples::enrolled()));
    let secret = |pointer: &str| enrolled.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let (test, live) = (secret("/test/api_key"), secret("/live/api_key"));
    assert!(test.starts_with("ak_test_newshop_") && live.starts_with("ak_live_newshop_"));
    assert_ne!(secret("/test/form_secret"), secret("/live/form_secret"));
    assert_ne!(secret("/test/webhook_secret"), secret("/live/webhook_secret"));

    assert_eq!(api.call("POST", "/v1/orders", &test, Some(&wish("A-1"))).await.status, 201);
    assert_eq!(api.call("POST", "/v1/orders", &live, Some(&wish("A-1"))).await.problem().1, "bank_not_connected");
    let mut settings = api.call("GET", "/v1/partner", &test, None).await.json();
    let mut documented = partner_api::examples::partner();
    documented["id"] = json!("newshop");
    assert_eq!(settings, documented);
    settings["mode"] = json!("live");
    assert_eq!(api.call("GET", "/v1/partner", &live, None).await.json(), settings);
}

#[tokio::test]
async fn a_change_keeps_secrets_and_keys() {
    let api = Api::new().await;
    let mut body = request();
    body["webhook_url"].take();
    let first = enrol(&api, &body).await.json();
    assert_eq!(first["test"]["webhook_secret"], Value::Null);
    let key = first["test"]["api_key"].as_str().unwrap();
    let set = api.call("PUT", "/v1/webhook", key, Some(&json!({ "url": "https://own.example/" }))).await.json();
    let tenant = Tenant::try_new("newshop", Mode::Test).unwrap();
    let kept = || workflows::perform::partner(&api.world.ports, &tenant);

    body["name"] = json!("ООО «Новая справка»");
    body["commission"] =
        json!({ "percent": "2.25", "fixed": "1.50", "least": "10.00", "greatest": "500.00", "vat_percent": "22" });
    let changed = enrol(&api, &body).await;
    let nothing = json!({ "api_key": null, "form_secret": null, "webhook_secret": null });
    assert_eq!((changed.status, changed.json()), (200, json!({ "id": "newshop", "test": nothing, "live": nothing })));
    let partner = kept().await.unwrap();
    assert_eq!(partner.name, "ООО «Новая справка»");
    assert_eq!(
        (partner.commission.fixed_minor, partner.commission.least_minor, partner.commission.greatest_minor),
        (150, 1_000, Some(50_000))
    );
    assert_eq!(partner.commission.vat_percent, rust_decimal::Decimal::from(22));
    assert_eq!(partner.form_secret, first["test"]["form_secret"].as_str().unwrap());
    let endpoint = partner.webhook.clone().unwrap();
    assert_eq!(
        (endpoint.url.as_str(), Some(endpoint.secret.as_str())),
        ("https://own.example/", set["secret"].as_str())
    );

    body["webhook_url"] = json!("https://shop.example/other");
    body["issue_keys"] = json!(true);
    let changed = enrol(&api, &body).await.json();
    assert_eq!(changed["test"]["webhook_secret"], Value::Null, "the test tenant had one");
    assert!(changed["live"]["webhook_secret"].is_string(), "the live one had none");
    let new_key = changed["test"]["api_key"].as_str().unwrap();
    assert_ne!(new_key, key);
    for key in [key, new_key] {
        assert_eq!(api.call("GET", "/v1/partner", key, None).await.status, 200);
    }
    let endpoint = kept().await.unwrap().webhook.clone().unwrap();
    assert_eq!(
        (endpoint.url.as_str(), Some(endpoint.secret.as_str())),
        ("https://shop.example/other", set["secret"].as_str())
    );
}

#[tokio::test]
async fn nobody_else_learns_that_it_is_there() {
    let api = Api::new().await;
    let rows = api.rows();
    let absent = api.call("POST", "/v1/operator/nothing", "x", Some(&request())).await.json();
    for token in ["", "wrong", &api.world.key] {
        for method in ["POST", "GET", "DELETE", "PUT"] {
            let mut answer = api.call(method, "/v1/operator/partners", token, Some(&request())).await.json();
            answer["instance"] = absent["instance"].clone();
            assert_eq!(answer, absent, "{method} {token}");
        }
    }
    assert_eq!(api.rows(), rows);
}

#[tokio::test]
async fn what_is_wrong_with_a_partner_is_pointed_to_and_nothing_is_kept() {
    let api = Api::new().await;
    let rows = api.rows();
    let cases: [(&str, Value, &str); 46] = [
        ("/id", json!("ab"), "id"),
        ("/id", json!("New-Shop"), "id"),
        ("/id", json!("x".repeat(21)), "id"),
        ("/name", json!(" "), "required"),
        ("/name", json!("x".repeat(161)), "too_long"),
        ("/name", json!("a\nb"), "control_character"),
        ("/inn", json!("7728168970"), "inn_company"),
        ("/inn", json!("772816897"), "inn_company"),
        ("/inn", json!(""), "inn_company"),
        ("/kpp", json!("77280100"), "kpp"),
        ("/kpp", json!(null), "kpp"),
        ("/phone", json!("123"), "phone"),
        ("/support_email", json!("help"), "email"),
        ("/site", json!("javascript:alert(1)"), "url"),
        ("/site", json!("http://shop.example"), "url"),
        ("/vat", json!("vat18"), "unknown_value"),
        ("/vat", json!("vat20"), "vat_not_in_force"),
        ("/commission/percent", json!("50.0001"), "percent"),
        ("/commission/percent", json!("-1"), "percent"),
        ("/commission/percent", json!("3.12345"), "percent"),
        ("/commission/percent", json!("3e0"), "percent"),
        ("/commission/percent", json!(""), "percent"),
        ("/commission/fixed", json!("1.001"), "amount"),
        ("/commission/least", json!("-1"), "amount"),
        ("/commission/greatest", json!("10000000.01"), "amount"),
        ("/returns/success", json!("https://a b/"), "url"),
        ("/returns/failure", json!("ftp://shop.example/"), "url"),
        ("/return_origins/0", json!("https://shop.example/path"), "origin"),
        ("/return_origins/0", json!("shop.example"), "origin"),
        ("/webhook_url", json!("https://10.0.0.1/"), "private_host"),
        ("/payout/account/number", json!("40702810900000000001"), "account_key"),
        ("/payout/account/number", json!("40817810700000000001"), "account_class"),
        ("/payout/account/number", json!("40702840500000000001"), "account_currency"),
        ("/payout/account/number", json!("4070281020000000000"), "account"),
        ("/payout/account/number", json!("я0702810200000000001"), "account"),
        ("/payout/account/bic", json!("4525225"), "bic"),
        ("/payout/account/bank", json!(""), "required"),
        ("/payout/account/correspondent", json!("30101810400000000226"), "correspondent"),
        ("/payout/account/correspondent", json!("30101810500000000225"), "correspondent_key"),
        ("/payout/account", json!(null), "destination"),
        ("/payout/working_days", json!(31), "range"),
        ("/payout/debt_days", json!(0), "range"),
        ("/payment_timeout_seconds", json!(10), "range"),
        ("/channels", json!([]), "count"),
        ("/channels/0", json!("pigeon"), "unknown_value"),
        ("/button", json!("buy"), "unknown_value"),
    ];
    for (at, value, code) in cases {
        let mut body = request();
        *body.pointer_mut(at).unwrap_or(&mut Value::Null) = value.clone();
        let (within, name) = at.rsplit_once('/').unwrap();
        if let Some(Value::Object(within)) = body.pointer_mut(within) {
            within.insert(name.to_owned(), value.clone());
        }
        let faults = enrol(&api, &body).await.faults();
        assert_eq!(faults, [(at.to_owned(), code.to_owned())], "{at} {value}");
    }
    let mut body = request();
    body["payout"]["from"] = body["payout"]["account"].clone();
    body["payout"]["from"]["number"] = json!("40702810900000000001");
    let faults = enrol(&api, &body).await.faults();
    assert_eq!(faults, [("/payout/from/number".to_owned(), "account_key".to_owned())]);
    let mut wallet = request();
    wallet["payout"]["from"] = wallet["payout"]["account"].take();
    wallet["payout"]["wallet"] = json!({ "operator": "yoomoney", "number": "4100116075156746" });
    wallet["payout"]["payee"] = json!({ "kind": "person", "name": "Иванов Иван", "inn": "500100732259" });
    assert_eq!(enrol(&api, &wallet).await.faults(), [("/payout/from".to_owned(), "destination".to_owned())]);
    let mut proprietor = request();
    proprietor["inn"] = json!("500100732259");
    proprietor["payout"]["account"]["number"] = json!("40802810100000000001");
    assert_eq!(enrol(&api, &proprietor).await.faults(), [("/kpp".into(), "kpp_unwanted".into())]);
    // To a natural person's wallet: their ИНН, kind and wallet are checked too.
    let mut person = request();
    person["payout"] = json!({ "automatic": true, "wallet": { "operator": "yoomoney", "number": "4100116075156746" } });
    assert_eq!(enrol(&api, &person).await.faults(), [("/payout/wallet/number".into(), "wallet_owner".into())]);
    person["payout"]["payee"] = json!({ "kind": "person", "name": "Иванов Иван", "inn": "500100732258" });
    assert_eq!(enrol(&api, &person).await.faults(), [("/payout/payee/inn".into(), "inn_person".into())]);
    person["payout"]["payee"]["inn"] = json!("500100732259");
    person["payout"]["wallet"]["number"] = json!("410011607");
    assert_eq!(enrol(&api, &person).await.faults(), [("/payout/wallet/number".into(), "wallet".into())]);
    person["payout"]["payee"]["kind"] = json!("company");
    assert_eq!(enrol(&api, &person).await.faults(), [("/payout/payee/kind".into(), "unknown_value".into())]);
    let mut bounds = request();
    bounds["commission"] = json!({ "percent": "1", "least": "10.00", "greatest": "5.00" });
    assert_eq!(enrol(&api, &bounds).await.faults(), [("/commission/greatest".into(), "below_least".into())]);
    let mut many = request();
    many["return_origins"] = vec!["https://shop.example"; 21].into();
    assert_eq!(enrol(&api, &many).await.faults(), [("/return_origins".into(), "count".into())]);
    let mut all_wrong = request();
    (all_wrong["inn"], all_wrong["vat"], all_wrong["phone"]) = (json!("1"), json!("x"), json!("y"));
    assert_eq!(enrol(&api, &all_wrong).await.faults().len(), 3, "everything wrong is said at once");
    all_wrong["extra"] = json!(1);
    assert_eq!(enrol(&api, &all_wrong).await.faults(), [("/extra".into(), "unknown".into())]);
    assert_eq!(api.rows(), rows);

    proprietor["kpp"].take();
    assert_eq!(enrol(&api, &proprietor).await.status, 201, "a sole proprietor is taken");
}
