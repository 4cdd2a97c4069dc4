//! Fields with a list of values: the OpenAPI documents name those the doors take, and no others.

use std::collections::BTreeSet;

use partner_api::openapi::{self, Reader};
use partner_api::{examples, values};
use serde_json::{Value, json};

use crate::Api;
use crate::orders::wish;

/// A shape's field, and a request that has it: method, path, body and where in it the field stands.
type Asked = (&'static str, &'static str, &'static str, &'static str, Value, &'static str);

/// One request for each closed field.
fn asked(order: &'static str) -> Vec<Asked> {
    let with = |mut body: Value, at: &str, value: Value| {
        let (rest, field) = at.rsplit_once('/').unwrap();
        body.pointer_mut(rest).unwrap()[field] = value;
        body
    };
    let order_with = |at, value| with(wish("A-1"), at, value);
    let subscription = examples::subscription_request();
    let receipts = examples::receipt_settings_request();
    let enrol = examples::partner_request();
    let mut person = enrol.clone();
    person["payout"]["payee"] = json!({ "kind": "person", "name": "Иванов Иван", "inn": "500100732259" });
    let owner = json!({
        "name": "ООО «Магазин»", "inn": "7707083893", "address": "Москва", "email": "r@shop.example", "phone": "+74950000001",
        "taxation": "osn",
    });
    let register = json!({ "id": "own", "kind": "atol_v5", "ffd": "1.2", "credentials": {}, "owner": owner });
    let registers = json!({ "registers": [register], "agent_sign": "agent" });
    let version = json!({
        "name": { "ru": "Базовый", "en": "Basic" }, "fee": { "percent": "3.5" }, "refunds": "kept", "vat_percent": "22",
        "rules": [{ "method": "sbp", "fee": { "percent": "1.2" } }], "api": { "charged": "order", "price": "25.00" },
    });
    let prices = json!({ "prices": [{ "kind": "sms", "price": "4.10", "since": "2026-11-01" }] });
    let [enrolling, connecting, publishing, pricing] = [
        "/v1/operator/partners",
        "/v1/operator/partners/demoshop/test/registers",
        "/v1/operator/tariffs/basic/versions/1",
        "/v1/operator/supplier-prices",
    ];
    vec![
        ("LineRequest", "vat", "POST", "/v1/orders", order_with("/lines/0/vat", json!("")), "/lines/0/vat"),
        ("LineRequest", "subject", "POST", "/v1/orders", order_with("/lines/0/subject", json!("")), "/lines/0/subject"),
        (
            "LineRequest",
            "agent_sign",
            "POST",
            "/v1/orders",
            order_with("/lines/0/agent_sign", json!("")),
            "/lines/0/agent_sign",
        ),
        (
            "LineRequest",
            "taxation",
            "POST",
            "/v1/orders",
            order_with("/lines/0/taxation", json!("")),
            "/lines/0/taxation",
        ),
        ("OrderRequest", "button", "POST", "/v1/orders", order_with("/button", json!("")), "/button"),
        ("OrderRequest", "language", "POST", "/v1/orders", order_with("/language", json!("")), "/language"),
        ("OrderRequest", "receipts", "POST", "/v1/orders", order_with("/receipts", json!("")), "/receipts"),
        ("OrderRequest", "channels", "POST", "/v1/orders", order_with("/channels", json!([""])), "/channels/0"),
        (
            "PaymentTermsRequest",
            "capture",
            "POST",
            "/v1/orders",
            order_with("/payment", json!({ "capture": "" })),
            "/payment/capture",
        ),
        (
            "PaymentTermsRequest",
            "hold_end",
            "POST",
            "/v1/orders",
            order_with("/payment", json!({ "hold_end": "" })),
            "/payment/hold_end",
        ),
        (
            "PaymentTermsRequest",
            "purpose",
            "POST",
            "/v1/orders",
            order_with("/payment", json!({ "purpose": "" })),
            "/payment/purpose",
        ),
        (
            "PaymentTermsRequest",
            "methods",
            "POST",
            "/v1/orders",
            order_with("/payment", json!({ "methods": [""] })),
            "/payment/methods/0",
        ),
        (
            "ScenarioRequest",
            "execution",
            "POST",
            "/v1/orders",
            order_with("/scenario", json!({ "execution": "" })),
            "/scenario/execution",
        ),
        (
            "ScenarioRequest",
            "receipt",
            "POST",
            "/v1/orders",
            order_with("/scenario", json!({ "receipt": "" })),
            "/scenario/receipt",
        ),
        ("SubscriptionRequest", "every", "POST", "/v1/subscriptions", subscription, "/every"),
        ("ReceiptSettingsRequest", "scheme", "PUT", "/v1/partner/receipts", receipts.clone(), "/scheme"),
        ("PointRequest", "kind", "PUT", "/v1/partner/receipts", receipts, "/points/0/kind"),
        ("CollectRequest", "method", "POST", order, json!({ "method": "cash", "reference": "1" }), "/method"),
        (
            "KeyRequest",
            "role",
            "POST",
            "/v1/operator/partners/demoshop/test/keys",
            json!({ "name": "k", "role": "" }),
            "/role",
        ),
        ("PartnerRequest", "button", "POST", enrolling, enrol.clone(), "/button"),
        ("PartnerRequest", "vat", "POST", enrolling, enrol.clone(), "/vat"),
        ("PartnerRequest", "channels", "POST", enrolling, with(enrol, "/channels", json!([""])), "/channels/0"),
        ("PayeeRequest", "kind", "POST", enrolling, person, "/payout/payee/kind"),
        ("RegisterRequest", "kind", "PUT", connecting, registers.clone(), "/registers/0/kind"),
        ("RegisterRequest", "ffd", "PUT", connecting, registers.clone(), "/registers/0/ffd"),
        ("OwnerRequest", "taxation", "PUT", connecting, registers.clone(), "/registers/0/owner/taxation"),
        ("RegistersRequest", "agent_sign", "PUT", connecting, registers, "/agent_sign"),
        ("TariffRuleRequest", "method", "PUT", publishing, version.clone(), "/rules/0/method"),
        ("TariffApiRequest", "charged", "PUT", publishing, version.clone(), "/api/charged"),
        ("VersionRequest", "refunds", "PUT", publishing, version, "/refunds"),
        ("SupplierPrice", "kind", "PUT", pricing, prices, "/prices/0/kind"),
    ]
}

#[tokio::test]
async fn what_a_field_may_say_is_what_the_doors_take() {
    let api = Api::new().await;
    let order: &'static str = format!("{}/collect", api.order(&wish("A-0")).await).leak();
    let asked = asked(order);
    let named: BTreeSet<_> = asked.iter().map(|(shape, field, ..)| (*shape, *field)).collect();
    let closed = values::closed();
    assert_eq!(closed.iter().map(|(shape, field, _)| (*shape, *field)).collect::<BTreeSet<_>>(), named);
    for (shape, field, values) in closed {
        let (_, _, method, path, mut body, at) =
            asked.iter().find(|one| (one.0, one.1) == (shape, field)).unwrap().clone();
        *body.pointer_mut(at).unwrap_or_else(|| panic!("{shape}.{field} is not in the request")) = json!("no-such");
        let token = if path.contains("operator") { support::OPERATOR_TOKEN } else { &api.world.key };
        let answer = api.call(method, path, token, Some(&body)).await.json();
        let fault = answer["errors"].as_array().and_then(|all| all.iter().find(|one| one["pointer"] == at));
        let fault = fault.unwrap_or_else(|| panic!("{shape}.{field}: {answer}"));
        assert_eq!(fault["code"], "unknown_value", "{shape}.{field}");
        if field != "methods" {
            assert_eq!(fault["messages"]["en"], format!("One of: {}.", values.join(", ")), "{shape}.{field}");
        }
        for value in values {
            *body.pointer_mut(at).unwrap() = json!(value);
            let answer = api.call(method, path, token, Some(&body)).await;
            let answer = if answer.status == 204 { Value::Null } else { answer.json() };
            let refused = answer["errors"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["pointer"] == at && one["code"] == "unknown_value"));
            assert!(!refused, "{shape}.{field} = {value}: {answer}");
        }
    }
}

#[test]
fn every_such_field_is_closed_in_the_documents() {
    let documents = Reader::ALL.map(|of| serde_json::to_value(openapi::document(of, openapi::EXAMPLE_URL)).unwrap());
    let closed = values::closed();
    for (shape, field, values) in &closed {
        let found = documents.iter().filter_map(|document| {
            let field = &document["components"]["schemas"][shape]["properties"][field];
            [field, &field["items"]].into_iter().find_map(|of| of["enum"].as_array().cloned())
        });
        let found: Vec<_> = found.collect();
        assert!(!found.is_empty(), "{shape}.{field}");
        for of in found {
            assert_eq!(of.iter().filter_map(Value::as_str).collect::<Vec<_>>(), *values, "{shape}.{field}");
        }
    }
}
