//! The documentation: the OpenAPI document, and the same for people, with what no schema says.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Json, response::Html};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use pages::{ApiDocsView, ApiOperation, ApiParameter, ApiResponse, Lang};
use serde_json::Value;
use workflows::links;
use workflows::ports::Ports;

use crate::openapi::{self, Reader, TAGS};
use crate::{problems, refusals};

/// How webhooks come and are verified.
pub const WEBHOOKS: &str = "Webhooks follow Standard Webhooks (standardwebhooks.com): verify them with one of its libraries and your \
`whsec_` secret.\n\n\
`webhook-id` is the same however often one is sent: keep it, and take a repeated one for done. `webhook-timestamp` is the Unix time of \
this attempt: refuse one more than five minutes off. `webhook-signature` is a list, parted by spaces, of `v1,` and the base64 of \
HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, keyed with the bytes behind `whsec_` (base64). Compare over the raw body, \
in constant time.\n\n\
Answer any 2xx within ten seconds. Anything else is tried again ten times over three days, at growing intervals; `Retry-After` is \
kept to, up to a day. 410 Gone stops everything until you set the address anew. Webhooks may come twice and out of order: decide by \
`data.status`, which is the order as it was when the webhook was made, or ask for the order.";

const SIGNED_FIELDS: &str = "Redirect forms and return parameters are signed in the same way, with your form secret (not the API key). \
Take all fields but `signature`, sort them by name (by bytes), write each as `name=value` and a line feed (LF, also after the last), \
and make the lower-case hex of HMAC-SHA256 over that UTF-8 text, keyed with the form secret's text. Values are signed as they are, \
before percent-encoding, and must not contain a line feed: replace it before you sign.";

const RETURN: &str = "After paying, giving up or waiting too long, the buyer is sent to the order's return address (or yours) with \
`order`, `number`, `status`, `amount`, `at` (Unix seconds), `email` and `phone` where the buyer entered them, and `signature`. Verify \
the signature, refuse an old `at`, and compare `amount` with yours. The address is in the buyer's hands: hand nothing over before a \
webhook or the API has told the same.";

const FORM: &str = "Instead of calling the API, a page of yours can send the buyer with a form (POST, or GET with the fields in the \
address). Fields: `partner`, `mode` (`test` or `live`), `number`, `at` (Unix seconds, at most a day old), and either `name` and \
`amount`, or `line1_name`, `line1_price`, `line1_quantity`, `line1_vat`, `line1_subject`, `line2_name` and so on; if wanted \
`currency`, `description`, `email`, `phone`, `channels`, `templates`, `language`, `button`, `success_url`, `failure_url`, `metadata`, \
`timeout`. Every field is signed; one that is unknown, doubled or changed is refused.";

/// Read this document
///
/// OpenAPI 3.1, made from the code that answers.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "Documentation",
    responses((status = 200, description = "The document.", body = Object)),
)]
pub async fn document(State(ports): State<Ports>) -> Response {
    document_of(Reader::Partner, &ports)
}

/// Read this page
///
/// The same for people, with signing rules and all problem codes.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "docs",
    tag = "Documentation",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html; charset=utf-8")),
)]
pub async fn page(State(ports): State<Ports>) -> Response {
    page_of(Reader::Partner, &ports)
}

/// Read this document
///
/// OpenAPI 3.1, made from the code that answers.
#[utoipa::path(
    get,
    path = "/openapi-operator.json",
    operation_id = "operators_openapi",
    tag = "Documentation",
    responses((status = 200, description = "The document.", body = Object)),
)]
pub async fn operators_document(State(ports): State<Ports>) -> Response {
    document_of(Reader::Operator, &ports)
}

/// Read this page
///
/// The same for people.
#[utoipa::path(
    get,
    path = "/docs/operator",
    operation_id = "operators_docs",
    tag = "Documentation",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html; charset=utf-8")),
)]
pub async fn operators_page(State(ports): State<Ports>) -> Response {
    page_of(Reader::Operator, &ports)
}

fn document_of(reader: Reader, ports: &Ports) -> Response {
    let mut response = Json(openapi::document(reader, &ports.settings.base_url)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

fn page_of(reader: Reader, ports: &Ports) -> Response {
    let value = serde_json::to_value(openapi::document(reader, &ports.settings.base_url)).unwrap_or_default();
    let page = pages::api_docs(&view(reader, &value));
    let mut response = Html(page.html.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    if let Ok(policy) = HeaderValue::try_from(page.content_security_policy("")) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The page of an OpenAPI document.
pub fn view(reader: Reader, document: &Value) -> ApiDocsView {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut operations: Vec<_> = operations(document, "paths").collect();
    operations.sort_by_key(|(order, _)| order.clone());
    let mut operations: Vec<_> = operations.into_iter().map(|(_, operation)| operation).collect();
    for (_, mut webhook) in self::operations(document, "webhooks") {
        "your webhook address".clone_into(&mut webhook.path);
        operations.push(webhook);
    }
    if reader == Reader::Partner {
        operations.extend(signing(&text("/servers/0/url")));
        operations.push(problem_codes());
    }
    ApiDocsView {
        lang: Lang::En,
        title: text("/info/title"),
        version: text("/info/version"),
        intro: quoted(&text("/info/description")),
        openapi_url: reader.document_path().to_owned(),
        operations,
    }
}

/// Operations of a part of the document, each with its place in reading order.
fn operations<'a>(
    document: &'a Value,
    part: &str,
) -> impl Iterator<Item = ((usize, String, usize), ApiOperation)> + 'a {
    const METHODS: [&str; 5] = ["post", "get", "put", "patch", "delete"];
    let paths = document[part].as_object().into_iter().flatten();
    paths.flat_map(move |(path, item)| {
        METHODS.iter().enumerate().filter_map(move |(rank, method)| {
            let found = item.get(*method)?;
            let tag = found.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
            let group = TAGS.iter().position(|known| *known == tag).unwrap_or(TAGS.len());
            Some(((group, path.clone(), rank), operation(document, path, method, found)))
        })
    })
}

fn operation(document: &Value, path: &str, method: &str, found: &Value) -> ApiOperation {
    let text = |value: &Value, name: &str| quoted(value[name].as_str().unwrap_or_default());
    let mut params: Vec<_> = found["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| ApiParameter {
            name: text(parameter, "name"),
            location: text(parameter, "in"),
            required: parameter["required"].as_bool().unwrap_or(false),
            kind: kind(document, &parameter["schema"]),
            description: text(parameter, "description"),
        })
        .collect();
    let body = &found["requestBody"]["content"]["application/json"];
    fields(document, &body["schema"], "", 0, &mut params);
    let responses = found["responses"].as_object().into_iter().flatten().map(|(status, response)| {
        let response = resolved(document, response);
        let content = response["content"].as_object().and_then(|content| content.values().next());
        ApiResponse {
            status: status.clone(),
            description: text(response, "description"),
            // One refusal is like the other; the problem codes have their own place.
            example: content.filter(|_| !status.starts_with(['4', '5'])).and_then(|content| example(document, content)),
        }
    });
    ApiOperation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(found, "summary"),
        description: text(found, "description"),
        request_example: example(document, body),
        params,
        responses: responses.collect(),
    }
}

/// Words for the page, which knows no markup: what is code in the document is quoted.
fn quoted(text: &str) -> String {
    let parts: Vec<_> = text.split('`').collect();
    let pairs =
        parts.iter().enumerate().map(|(at, part)| if at % 2 == 1 { format!("“{part}”") } else { (*part).to_owned() });
    pairs.collect()
}

/// A schema or an answer behind its references, and behind "this or null".
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    if let Some(real) = choices.into_iter().flatten().find(|choice| choice["type"] != "null") {
        return resolved(document, real);
    }
    match schema["$ref"].as_str().and_then(|reference| document.pointer(reference.strip_prefix('#')?)) {
        Some(real) => real,
        None => schema,
    }
}

fn kind(document: &Value, schema: &Value) -> String {
    let real = resolved(document, schema);
    let name = match &real["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or_default().to_owned()
        }
        _ => String::new(),
    };
    if name == "array" { format!("array of {}", kind(document, &real["items"])) } else { name }
}

/// The fields of a body, those of objects within named with a dot, those of lists with `[]`.
fn fields(document: &Value, schema: &Value, within: &str, depth: usize, into: &mut Vec<ApiParameter>) {
    let real = resolved(document, schema);
    let required: Vec<_> = real["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in real["properties"].as_object().into_iter().flatten() {
        let path = format!("{within}{name}");
        let shape = resolved(document, field);
        let description = field["description"].as_str().or_else(|| shape["description"].as_str()).unwrap_or_default();
        into.push(ApiParameter {
            name: path.clone(),
            location: "body".to_owned(),
            required: required.contains(&name.as_str()),
            kind: kind(document, field),
            description: quoted(description),
        });
        if depth < 3 {
            fields(document, shape, &format!("{path}."), depth + 1, into);
            fields(document, &shape["items"], &format!("{path}[]."), depth + 1, into);
        }
    }
}

/// The example of a content: its own, its first named one, or that of its schema's fields when each has one.
fn example(document: &Value, content: &Value) -> Option<String> {
    let named = || content["examples"].as_object().and_then(|examples| examples.values().next());
    let value = match (&content["example"], named()) {
        (Value::Null, Some(named)) => named["value"].clone(),
        (Value::Null, None) => {
            let properties = resolved(document, &content["schema"])["properties"].as_object()?;
            let samples = properties.iter().map(|(name, field)| Some((name.clone(), field.get("example")?.clone())));
            samples.collect::<Option<serde_json::Map<_, _>>>()?.into()
        }
        (value, _) => value.clone(),
    };
    serde_json::to_string_pretty(&value).ok()
}

/// The rules of signed fields, with examples that are signed as they are read.
fn signing(base_url: &str) -> [ApiOperation; 2] {
    const SECRET: &str = "form-secret-of-this-example";
    let signed = |pairs: &[(&str, &str)]| {
        let fields: BTreeMap<_, _> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let lines: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let signature = links::fields_signature(SECRET, &fields);
        let (lines, shell) = (lines.join("\n") + "\n", lines.join("\\n") + "\\n");
        let text = format!(
            "form secret:\n{SECRET}\n\nsigned text:\n{lines}\nprintf '{shell}' | openssl dgst -sha256 -hmac '{SECRET}'\n\nsignature:\n{signature}"
        );
        (fields, signature, text)
    };
    let (fields, signature, form_text) = signed(&[
        ("partner", "demoshop"),
        ("mode", "test"),
        ("number", "A-1002"),
        ("name", "Выписка ЕГРН"),
        ("amount", "3000.00"),
        ("email", "ivanova@example.com"),
        ("at", "1795255200"),
    ]);
    let inputs: Vec<_> = fields
        .iter()
        .chain([(&"signature".to_owned(), &signature)])
        .map(|(name, value)| format!("  <input type=\"hidden\" name=\"{name}\" value=\"{value}\">"))
        .collect();
    let html = format!(
        "<form method=\"post\" action=\"{base_url}/pay\">\n{}\n  <button>Оплатить</button>\n</form>",
        inputs.join("\n")
    );
    let form = ApiOperation {
        method: "POST".to_owned(),
        path: "/pay".to_owned(),
        summary: "Send the buyer with a signed form".to_owned(),
        description: quoted(&format!("{FORM}\n\n{SIGNED_FIELDS}")),
        params: Vec::new(),
        request_example: Some(format!("{form_text}\n\n{html}")),
        responses: vec![ApiResponse {
            status: "303".to_owned(),
            description: "The buyer is on the order's page. The same form again leads to the same order.".to_owned(),
            example: None,
        }],
    };
    let (mut fields, signature, return_text) = signed(&[
        ("order", "ord_t_demoshop_01kavxa3hs8g5xv6qt7mh3v2kc"),
        ("number", "A-1001"),
        ("status", "paid"),
        ("amount", "3000.00"),
        ("at", "1795255380"),
    ]);
    fields.insert("signature".to_owned(), signature);
    let url = links::with_query("https://shop.example/thanks", &fields);
    let back = ApiOperation {
        method: "GET".to_owned(),
        path: "your return address".to_owned(),
        summary: "Have the buyer back".to_owned(),
        description: quoted(&format!("{RETURN}\n\n{SIGNED_FIELDS}")),
        params: Vec::new(),
        request_example: Some(format!("{url}\n\n{return_text}")),
        responses: Vec::new(),
    };
    [form, back]
}

fn problem_codes() -> ApiOperation {
    let all = problems::all();
    let params = all.iter().map(|problem| ApiParameter {
        name: problem.code.to_owned(),
        location: "problem".to_owned(),
        required: false,
        kind: problem.status.as_u16().to_string(),
        description: format!("{}. {}.", problem.title_en, problem.title_ru),
    });
    let sample =
        problems::fault("/lines/0/price", "price", "Цена в рублях больше нуля.", "A price in roubles above zero.");
    ApiOperation {
        method: "ANY".to_owned(),
        path: "application/problem+json".to_owned(),
        summary: "Problem codes".to_owned(),
        description: quoted(
            "Every refusal is a problem (RFC 9457). Decide by `code`; show `messages.ru` or `messages.en` to people; `errors` \
            points to fields by JSON pointers. 5xx and broken connections tell nothing about what happened: repeat the same request with \
            the same Idempotency-Key and number.",
        ),
        params: params.collect(),
        request_example: None,
        responses: vec![ApiResponse {
            status: "422".to_owned(),
            description: "For example.".to_owned(),
            example: serde_json::to_string_pretty(&refusals::example(&sample)).ok(),
        }],
    }
}
