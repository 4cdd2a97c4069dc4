//! The OpenAPI document, made from the code: operations and shapes from their annotations, refusals from the problems themselves.

use http::StatusCode;
use runtime::Problem;
use runtime::problem::MEDIA_TYPE;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter, ParameterIn, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::Ref;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi as Document, RefOr, Required, ResponseBuilder, Server};
use utoipa::{OpenApi, ToSchema};

use crate::{
    banks, clearing, deliveries, devices, docs, examples, exchanges, keys, ledger, means, operator, orders, outcomes,
    partner, payments, payouts, problems, receipts, subscriptions, webhook,
};

/// Where the API is, in the document that lies in `docs/`.
pub const EXAMPLE_URL: &str = "https://pay.example";

/// Groups of operations, in reading order.
pub const TAGS: [&str; 10] = [
    "Orders",
    "Payments",
    "Subscriptions",
    "Deliveries",
    "Exchanges",
    "Ledger",
    "Payouts",
    "Settings",
    "Operator",
    "Documentation",
];

/// A refusal (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView {
    /// Path of what is known about the code.
    #[schema(example = "/docs#problem-order_number_taken")]
    pub r#type: String,
    /// The code in words, always the same, in English.
    pub title: String,
    /// HTTP status.
    #[schema(example = 409)]
    pub status: u16,
    /// Stable code: decide by it.
    #[schema(example = "order_number_taken")]
    pub code: String,
    /// What it is this time, for a developer.
    pub detail: Option<String>,
    /// Id of the request, for our support.
    #[schema(example = "urn:apikassa:request:1f0c3a528f4e4c59")]
    pub instance: Option<String>,
    /// The code in words, for people.
    pub messages: MessagesView,
    /// What is wrong with which field.
    pub errors: Option<Vec<FieldErrorView>>,
    /// Seconds after which it is worth trying again.
    pub retry_after_seconds: Option<u32>,
}

/// Words for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Messages)]
pub struct MessagesView {
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FieldError)]
pub struct FieldErrorView {
    /// JSON pointer into the body; of a query parameter, `/` and its name.
    #[schema(example = "/lines/0/price")]
    pub pointer: String,
    /// Stable code of the rule.
    #[schema(example = "price")]
    pub code: String,
    /// The rule in words.
    pub messages: MessagesView,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Apikassa API",
        description = "Take a payment for what you sell and have your part paid out: make an order, send the buyer to its `checkout_url`, hear of every change by signed webhooks, read the books, get the payout.\n\nEvery request bears `Authorization: Bearer ak_test_…` or `ak_live_…`. A test key sees test orders only, which are paid at the sandbox bank; a live key sees live orders only. What is another's is answered as what is not there.\n\nAmounts are strings of roubles with two decimals; times are UTC (RFC 3339). Bodies are JSON of at most 64 kB; unknown fields are refused. Every refusal is application/problem+json with a stable code, and has changed nothing.",
        license(name = "Proprietary"),
    ),
    paths(
        orders::create,
        orders::list,
        orders::one,
        payments::capture,
        payments::cancel,
        payments::edit,
        payments::charge,
        payments::status,
        payments::terminal,
        payments::collect,
        payments::marks,
        means::list,
        means::change,
        means::delete,
        means::wallet_link,
        subscriptions::create,
        subscriptions::list,
        subscriptions::one,
        subscriptions::cancel,
        subscriptions::resume,
        deliveries::list,
        deliveries::replay,
        exchanges::of_order,
        exchanges::list,
        exchanges::export,
        ledger::of_order,
        outcomes::load,
        outcomes::record,
        ledger::of_month,
        ledger::days,
        ledger::statement,
        clearing::read,
        clearing::file,
        ledger::balance,
        payouts::list,
        payouts::request,
        payouts::one,
        payouts::file,
        webhook::read,
        webhook::set,
        webhook::remove,
        partner::read,
        receipts::read,
        receipts::set,
        banks::catalogue,
        devices::models,
        banks::accounts,
        banks::read_settings,
        banks::settings,
        operator::enrol,
        banks::connect_accounts,
        banks::freeze,
        devices::issue_key,
        devices::look,
        receipts::list,
        receipts::connect,
        receipts::correct,
        keys::issue,
        keys::list,
        keys::revoke,
        subscriptions::cancel_by_operator,
        exchanges::list_any,
        exchanges::export_any,
        docs::document,
        docs::page,
    ),
    components(schemas(ProblemView, workflows::webhook::WebhookPayload)),
    tags(
        (name = "Orders", description = "Made by your server, paid by the buyer."),
        (name = "Payments", description = "What is done with an order's money: held, captured, given back; means that are charged again."),
        (name = "Subscriptions", description = "Saved means charged by a schedule the buyer has agreed to."),
        (name = "Deliveries", description = "What was told to whom, and telling it again."),
        (name = "Exchanges", description = "What went over the line between us and the banks, both ways, masked."),
        (name = "Ledger", description = "Double entry: every posting names both accounts."),
        (name = "Payouts", description = "Your part going out."),
        (name = "Settings", description = "Your own."),
        (name = "Operator", description = "For the platform's operator; for anybody else it is not there."),
        (name = "Documentation", description = "This."),
    ),
)]
struct Api;

/// The document of the API at an address.
pub fn document(base_url: &str) -> Document {
    let mut document = Api::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document.servers = Some(vec![Server::new(base_url)]);
    let components = document.components.get_or_insert_default();
    for (name, description) in [
        ("api_key", "A partner's API key, `ak_test_…` or `ak_live_…`."),
        ("operator_token", "The operator's token of this deployment."),
    ] {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
        components.add_security_scheme(name, SecurityScheme::Http(bearer));
    }
    for (path, item) in &mut document.paths.paths {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            refusals(path, operation);
        }
    }
    document.webhooks = Some(webhooks());
    document
}

/// Adds what an operation may refuse with: what follows from its shape, and what it alone knows.
fn refusals(path: &str, operation: &mut Operation) {
    let by_operator = path.starts_with("/v1/operator/");
    if operation.security.is_none() {
        return;
    }
    let mut found = vec![Problem::internal_logged(), problems::unavailable()];
    if !by_operator {
        found.push(Problem::unauthorized());
    }
    if by_operator || path.contains('{') || matches!(operation.operation_id.as_deref(), Some("webhook")) {
        found.push(Problem::not_found());
    }
    let invalid =
        || problems::fault("/lines/0/price", "price", "Цена в рублях больше нуля.", "A price in roubles above zero.");
    if operation.request_body.is_some() {
        found.extend([problems::json_malformed(), Problem::too_large(), Problem::unsupported_media_type(), invalid()]);
    } else if operation.parameters.iter().flatten().any(in_query) {
        found.push(problems::fault("/limit", "range", "От 1 до 100.", "1 to 100."));
    }
    match operation.operation_id.as_deref() {
        Some("create_order") => found.extend([
            problems::idempotency_key_malformed(),
            problems::order_number_taken(),
            problems::bank_not_connected(),
            problems::idempotency_key_reused(),
        ]),
        Some("create_subscription") => found.push(problems::subscription_number_taken()),
        Some("issue_key" | "enrol_partner") => found.push(problems::keys_full()),
        Some("clearing_file") => found.push(problems::clearing_too_large()),
        Some("replay_webhook") => found.push(problems::webhook_not_set()),
        Some("request_payout") => found.push(problems::nothing_to_pay_out()),
        _ => {}
    }
    found.extend(problems::refusals(refused(operation.operation_id.as_deref().unwrap_or_default())));
    found.sort_by_key(|problem| problem.status);
    for same in found.chunk_by(|left, right| left.status == right.status) {
        let status = same.first().map_or(StatusCode::INTERNAL_SERVER_ERROR, |problem| problem.status);
        operation.responses.responses.insert(status.as_str().to_owned(), RefOr::T(refusal(same)));
    }
}

/// What the domain may refuse of an operation, by the codes.
fn refused(operation: &str) -> &'static [&'static str] {
    match operation {
        "create_order" => &["order_expired", "unsupported", "amounts"],
        "create_subscription" => &["unsupported"],
        "capture_order" => &[
            "payment_under_way",
            "operation_under_way",
            "nothing_held",
            "part",
            "unsupported",
            "amounts",
            "order_full",
        ],
        "cancel_order" => &[
            "order_not_payable",
            "payment_under_way",
            "operation_under_way",
            "nothing_stands",
            "part",
            "unsupported",
            "paid_out",
            "terminal_reference",
            "amounts",
            "order_full",
        ],
        "edit_order" => &["operation_under_way", "unsupported", "not_editable", "above_hold", "amounts"],
        "charge_order" => &["order_expired", "order_not_payable", "payment_under_way", "unsupported", "no_means"],
        "shop_status" => &[
            "order_expired",
            "order_not_payable",
            "payment_under_way",
            "operation_under_way",
            "nothing_held",
            "nothing_stands",
            "part",
            "unsupported",
            "no_means",
            "paid_out",
            "terminal_reference",
            "amounts",
            "order_full",
        ],
        "set_marks" => &["not_markable", "amounts", "order_full"],
        "correct_receipt" => &["no_receipt", "nothing_to_correct", "order_full"],
        "record_terminal" | "collect_order" => {
            &["order_expired", "order_not_payable", "payment_under_way", "amounts", "order_full"]
        }
        _ => &[],
    }
}

fn in_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Query, .. }))
}

/// One status with the problems it may carry.
fn refusal(same: &[Problem]) -> utoipa::openapi::Response {
    let codes: Vec<_> = same.iter().map(|problem| format!("`{}`: {}.", problem.code, problem.title_en)).collect();
    let schema = Ref::from_schema_name("Problem");
    let mut content = ContentBuilder::new().schema(Some(schema));
    if let [one] = same {
        content = content.example(Some(example(one)));
    } else {
        let examples = same.iter().map(|problem| {
            let value = utoipa::openapi::example::ExampleBuilder::new().value(Some(example(problem))).build();
            (problem.code, RefOr::T(value))
        });
        content = content.examples_from_iter(examples);
    }
    let mut response = ResponseBuilder::new().description(codes.join(" ")).content(MEDIA_TYPE, content.build());
    if same.iter().any(|problem| problem.status == StatusCode::SERVICE_UNAVAILABLE) {
        let header = HeaderBuilder::new().description(Some("Seconds after which it is worth trying again.")).build();
        response = response.header("Retry-After", header);
    }
    response.build()
}

/// A problem as it is answered.
pub fn example(problem: &Problem) -> Value {
    let mut value = json!({
        "type": format!("/docs#problem-{}", problem.code),
        "title": problem.title_en,
        "status": problem.status.as_u16(),
        "code": problem.code,
        "messages": { "ru": problem.title_ru, "en": problem.title_en },
    });
    if !problem.errors.is_empty() {
        let errors = problem.errors.iter().map(|error| {
            json!({
                "pointer": error.pointer,
                "code": error.code,
                "messages": { "ru": error.message_ru, "en": error.message_en },
            })
        });
        value["errors"] = errors.collect();
    }
    if let Some(seconds) = problem.retry_after_seconds {
        value["retry_after_seconds"] = json!(seconds);
    }
    value
}

/// What the API itself sends.
fn webhooks() -> Paths {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("WebhookPayload")))
        .example(Some(examples::webhook()))
        .build();
    let body = RequestBodyBuilder::new()
        .description(Some("What happened, and the order as it was then."))
        .content("application/json", content)
        .required(Some(Required::True))
        .build();
    let taken =
        ResponseBuilder::new().description("Any 2xx: taken. Nothing of the answer is read but its status.").build();
    let gone = ResponseBuilder::new().description("410: send nothing more until the address is set anew.").build();
    let operation = OperationBuilder::new()
        .operation_id(Some("order_changed"))
        .tag("Deliveries")
        .summary(Some("Hear of an order's change"))
        .description(Some(docs::WEBHOOKS))
        .request_body(Some(body))
        .response("2XX", taken)
        .response("410", gone)
        .build();
    let mut webhooks = Paths::new();
    webhooks.paths.insert("order_changed".to_owned(), PathItem::new(HttpMethod::Post, operation));
    webhooks
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn the_documented_problem_is_the_answered_one() {
        for problem in problems::all().into_iter().chain([problems::fault("/a", "b", "в", "c")]) {
            let documented = example(&problem);
            let body = problem.into_response().into_body().collect().await.unwrap().to_bytes();
            assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), documented);
        }
    }
}
