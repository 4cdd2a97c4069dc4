//! The OpenAPI document: it names what there is, is well-formed, and lies in `docs/` as it is.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use partner_api::openapi::{self, Reader};
use partner_api::routes;
use serde::Serialize;
use serde_json::Value;

use crate::Api;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

fn document(reader: Reader) -> Value {
    serde_json::to_value(openapi::document(reader, openapi::EXAMPLE_URL)).unwrap()
}

fn documents() -> [Value; 2] {
    Reader::ALL.map(document)
}

fn named(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (path.clone(), method.clone())));
    all.collect()
}

#[tokio::test]
async fn every_route_is_named_and_every_name_is_a_route() {
    let api = Api::new().await;
    // For the operator what is not there is 404, too: so there is a partner with a key, a subscription and a register.
    let mut subscription = partner_api::examples::subscription_request();
    subscription["means"] = api.saved("buyer-1", "success").await.into();
    let subscription = api.post("/v1/subscriptions", &subscription).await.json()["id"].as_str().unwrap().to_owned();
    let paid = api.paid(&crate::orders::wish("A-1"), "success").await;
    let paid = paid.rsplit('/').next().unwrap().to_owned();
    let key = workflows::access::sha256_hex(&api.world.key);
    let mut partner = support::partner();
    let register = serde_json::json!({"id": "shop-1", "kind": "device", "credentials": {}});
    partner.receipts.registers = vec![serde_json::from_value(register).unwrap()];
    api.world.ports.store.put_partner(&api.world.shop, &partner).await.unwrap();
    let waits = api.paid(&crate::orders::wish("A-2"), "success").await;
    let job = format!("{}-r1", waits.rsplit('/').next().unwrap());
    // …and with a month that is closed.
    let row: Value = serde_json::from_str(include_str!("../../../../tests/stored/rows/report-in-pages.json")).unwrap();
    let mut closed: domain::report::Closed = serde_json::from_value(row["body"].clone()).unwrap();
    closed.head.period = "2026-11".to_owned().try_into().unwrap();
    api.world.ports.store.put_report(&api.world.shop, &closed).await.unwrap();
    let mut there = BTreeSet::new();
    for (path, _) in routes().chain(documents::routes()) {
        let id = match path {
            _ if path.contains("payouts") => "po_01kavxa3hs8g5xv6qt7mh3v2kc",
            _ if path.contains("subscriptions") => &subscription,
            _ if path.contains("receipts") => &paid,
            _ => "ord_t_demoshop_1",
        };
        let real = path.replace("{id}", id).replace("{entry}", "1").replace("{key}", &key).replace("{no}", "1");
        let real = real
            .replace("{partner}", "demoshop")
            .replace("{mode}", "test")
            .replace("{operator}", "yoomoney")
            .replace("{month}", "2026-11")
            .replace("{year}", "2026")
            .replace("{quarter}", "4")
            // There is no tax to remit: the door is known by what it says of a tenant that can not be.
            .replace("{number}/payment-order.txt", "1/payment-order.txt?tenant=nobody")
            .replace("{number}", "1")
            .replace("{tariff}", "basic")
            .replace("{code}", "START3")
            .replace("{register}", "shop-1")
            .replace("{job}", &job);
        for method in METHODS {
            // Without a key a route that is there says 401, or answers; the operator's says 415 to the operator.
            let token = if path.contains("operator") { support::OPERATOR_TOKEN } else { "" };
            let request = Request::builder().method(method.to_uppercase().as_str()).uri(&real);
            let request = request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
            let status = api.ask(request).await.status;
            if !matches!(status, 404 | 405) {
                there.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    let [partners, operators] = documents();
    assert_eq!(there, named(&partners).into_iter().chain(named(&operators)).collect());
}

#[test]
fn the_document_is_well_formed() {
    let mut ids = BTreeSet::new();
    let mut groups = BTreeSet::new();
    for document in documents() {
        groups.extend(well_formed(&document, &mut ids));
    }
    assert_eq!(groups, openapi::TAGS.iter().map(|tag| (*tag).to_owned()).collect());
}

/// The document's groups of operations.
fn well_formed(document: &Value, ids: &mut BTreeSet<String>) -> BTreeSet<String> {
    assert_eq!(document["openapi"], "3.1.0");
    let whole = document.to_string();
    for part in ["schemas", "responses", "examples"] {
        for name in document["components"][part].as_object().unwrap().keys() {
            assert!(whole.contains(&format!("\"#/components/{part}/{name}\"")), "nothing points to {part}/{name}");
        }
    }
    let secrets: BTreeSet<_> = document["components"]["securitySchemes"].as_object().unwrap().keys().collect();
    let tags: BTreeSet<_> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].clone())
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    for (path, method) in named(document) {
        let operation = &document["paths"][&path][&method];
        let what = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{what}");
        assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{what}");
        for text in ["summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| !text.is_empty()), "{what}: {text}");
        }
        let in_path: BTreeSet<_> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let declared: BTreeSet<_> =
            parameters.iter().filter(|one| one["in"] == "path").map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(declared, in_path, "{what}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{what}");
        let secured = operation["security"].is_array();
        let asked =
            operation["security"].as_array().into_iter().flatten().flat_map(|one| one.as_object().unwrap().keys());
        assert_eq!(asked.collect::<BTreeSet<_>>(), if secured { secrets.clone() } else { BTreeSet::new() }, "{what}");
        // What services cost is for everybody to read.
        assert_eq!(secured, path.starts_with("/v1/") && path != "/v1/tariffs", "{what}");
        assert_eq!(responses.contains_key("401"), secured && !path.contains("operator"), "{what}");
        for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
            let response = behind(document, response);
            let content = &response["content"]["application/problem+json"];
            assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{what} {status}");
            let examples = content["examples"].as_object().unwrap();
            assert!(!examples.is_empty(), "{what} {status}");
            for example in examples.values() {
                let value = &behind(document, example)["value"];
                assert_eq!(value["status"].to_string(), *status, "{what} {value}");
                let told = format!("`{}`: ", value["code"].as_str().unwrap());
                assert!(response["description"].as_str().unwrap().contains(&told), "{what} {status} {told}");
            }
        }
    }
    references(document, document);
    tags
}

/// What a place points to, or what lies there.
fn behind<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().map(|reference| reference.strip_prefix('#').unwrap());
    pointer.map_or(value, |pointer| document.pointer(pointer).unwrap())
}

/// Everything pointed to is there.
fn references(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let found = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                assert!(found.is_some(), "{reference}");
            }
            fields.values().for_each(|value| references(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| references(document, value)),
        _ => {}
    }
}

#[test]
fn every_code_is_documented_once_and_for_a_reason() {
    let text = documents().map(|document| document.to_string()).concat();
    let general = ["malformed", "not_found", "method_not_allowed"];
    // What the domain refuses of others than partners: banks, registers, executors, buyers.
    let others = [
        "no_operation",
        "amount_differs",
        "reference_differs",
        "contradiction",
        "execution_ended",
        "not_cancellable",
        "not_mature",
        "not_fulfilled",
    ];
    let mut unnamed = BTreeSet::new();
    for problem in partner_api::problems::all() {
        if !text.contains(&format!("`{}`: ", problem.code)) {
            unnamed.insert(problem.code);
        }
    }
    // Problems every route can have are named where they are met; these are named nowhere else than in the list of codes.
    assert!(unnamed.iter().all(|code| general.contains(code) || others.contains(code)), "{unnamed:?}");
    assert!(others.iter().all(|code| unnamed.contains(code)), "a partner can meet one of them: {unnamed:?}");
}

/// Indented by one space: the document is long and deep.
fn pretty(document: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    let indented = serde_json::ser::PrettyFormatter::with_indent(b" ");
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut text, indented)).unwrap();
    text.push(b'\n');
    text
}

#[expect(clippy::disallowed_methods, reason = "UPDATE=1 is how a person asks this test to write")]
#[test]
fn the_documents_in_docs_are_these() {
    for reader in Reader::ALL {
        let path = format!("{}/../../docs{}", env!("CARGO_MANIFEST_DIR"), reader.document_path());
        let document = document(reader);
        if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
            std::fs::write(&path, pretty(&document)).unwrap();
        }
        let kept: Option<Value> = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        assert!(kept == Some(document), "{path} is stale: run UPDATE=1 cargo test -p partner-api");
    }
}

#[tokio::test]
async fn the_operator_has_a_reference_of_their_own() {
    let api = Api::new().await;
    let json = api.call("GET", "/openapi-operator.json", "", None).await;
    assert_eq!((json.status, json.header("content-type")), (200, "application/json"));
    let page = api.call("GET", "/docs/operator", "", None).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains("/openapi-operator.json"));
    let partners = String::from_utf8(api.call("GET", "/docs", "", None).await.body).unwrap();
    for (path, _) in routes() {
        let shown = path.replace('{', "&#123;");
        let on = |page: &str| page.contains(&format!(">{shown}<")) || page.contains(&format!(">{path}<"));
        assert_eq!((on(&partners), on(&text)), (!path.contains("operator"), path.contains("operator")), "{path}");
    }
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let api = Api::new().await;
    let json = api.call("GET", "/openapi.json", "", None).await;
    assert_eq!((json.status, json.header("content-type")), (200, "application/json"));
    assert_eq!(json.json()["servers"][0]["url"], support::BASE_URL);
    let page = api.call("GET", "/docs", "", None).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let text = String::from_utf8(page.body).unwrap();
    for problem in partner_api::problems::all() {
        assert!(text.contains(&format!("id=\"problem-{}\"", problem.code)), "{}", problem.code);
    }
    // Refusals stand with each operation, though the document has them once.
    assert!(text.matches("“unavailable”: ").count() > 50);
    for needed in ["webhook-signature", "openssl dgst -sha256 -hmac", "/pay", "your return address", "lines[].price"] {
        assert!(text.contains(needed), "{needed}");
    }
}
