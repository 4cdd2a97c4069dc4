//! The OpenAPI document, made from the code: operations and shapes from their annotations, refusals from the problems themselves.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::Ref;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Required, ResponseBuilder, Server};
use utoipa::{OpenApi, ToSchema};

use crate::{
    banks, clearing, concerns, couriers, debts, deliveries, devices, discrepancies, docs, examples, exchanges, files,
    income, keys, ledger, letters, means, operator, orders, outcomes, partner, payments, payouts, prepaid, receipts,
    reconciliation, refusals, reports, statistics, subscriptions, tariffs, transfers, usage, values, webhook,
};

/// Where the API is, in the document that lies in `docs/`.
pub const EXAMPLE_URL: &str = "https://pay.example";

/// What the operator reads first.
const FOR_OPERATORS: &str = "What the platform's own people do: enrol partners and connect their banks and registers, set tariffs, record what \
banks made of payouts, reconcile, answer for tax and look after receipts.\n\n\
Every request bears the operator's token as `Authorization: Bearer …`; to anybody else none of these paths is there. Shapes, times, amounts and \
refusals are as in the partners' reference (`/docs`), which lists every problem code.";

/// Whose reference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A partner's developer: all that an API key opens.
    Partner,
    /// The platform's operator: all that the operator's token opens.
    Operator,
}

impl Reader {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Partner, Self::Operator];

    /// The document's path.
    pub fn document_path(self) -> &'static str {
        match self {
            Self::Partner => "/openapi.json",
            Self::Operator => "/openapi-operator.json",
        }
    }

    fn reads(self, path: &str) -> bool {
        path.contains("operator") == (self == Self::Operator)
    }
}

/// Groups of operations, in reading order.
pub const TAGS: [&str; 12] = [
    "Orders",
    "Payments",
    "Subscriptions",
    "Deliveries",
    "Exchanges",
    "Ledger",
    "Reports",
    "Payouts",
    "Tariffs",
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
        description = "Take a payment for what you sell and have your part paid out: make an order, send the buyer to its `checkout_url`, hear of every change by signed webhooks, read the books, get the payout.\n\nEvery request bears `Authorization: Bearer ak_test_…` or `ak_live_…`. A test key sees test orders only, which are paid at the sandbox bank; a live key sees live orders only. A courier's key opens the orders given to it, and no other door. What is another's is answered as what is not there.\n\nAmounts are strings of roubles with two decimals; times are UTC (RFC 3339). Bodies are JSON of at most 64 kB; unknown fields are refused. Every refusal is application/problem+json with a stable code, and has changed nothing.",
        license(name = "Proprietary"),
    ),
    paths(
        orders::create,
        orders::list,
        orders::one,
        files::document,
        files::table,
        payments::capture,
        payments::cancel,
        payments::edit,
        payments::charge,
        payments::status,
        payments::terminal,
        payments::collect,
        payments::marks,
        couriers::give,
        couriers::take_back,
        couriers::orders,
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
        debts::list,
        transfers::overdue,
        transfers::registry,
        transfers::load,
        income::register,
        income::report,
        income::remittances,
        income::remit,
        income::payment_order,
        statistics::read,
        statistics::file,
        reports::list,
        reports::one,
        reports::act,
        reports::workbook,
        reports::register,
        reports::electronic,
        payouts::list,
        payouts::request,
        payouts::one,
        payouts::file,
        prepaid::read,
        prepaid::move_available,
        prepaid::pay_in,
        tariffs::list,
        tariffs::page,
        tariffs::own,
        tariffs::pay_month,
        tariffs::activate,
        tariffs::publish,
        tariffs::assign,
        tariffs::make_promo,
        usage::read,
        usage::of_partner,
        usage::prices,
        usage::set_prices,
        webhook::read,
        webhook::set,
        webhook::remove,
        partner::read,
        keys::issue_to_courier,
        keys::list_own,
        keys::revoke_own,
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
        devices::job,
        devices::not_printed,
        letters::look,
        letters::send,
        concerns::list,
        reconciliation::read,
        reconciliation::set,
        reconciliation::load_registry,
        reconciliation::load_report,
        reconciliation::list_papers,
        reconciliation::compare,
        reconciliation::list_runs,
        reconciliation::control,
        reconciliation::close,
        reconciliation::reopen,
        discrepancies::list,
        discrepancies::one,
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
        docs::operators_document,
        docs::operators_page,
    ),
    components(schemas(ProblemView, workflows::webhook::WebhookPayload)),
    tags(
        (name = "Orders", description = "Made by your server, paid by the buyer."),
        (name = "Payments", description = "What is done with an order's money: held, captured, given back; means that are charged again."),
        (name = "Subscriptions", description = "Saved means charged by a schedule the buyer has agreed to."),
        (name = "Deliveries", description = "What was told to whom, and telling it again."),
        (name = "Exchanges", description = "What went over the line between us and the banks, both ways, masked."),
        (name = "Ledger", description = "Double entry: every posting names both accounts."),
        (name = "Reports", description = "Months that are closed, and their papers."),
        (name = "Payouts", description = "Your part going out."),
        (name = "Tariffs", description = "What our services cost, and what is paid ahead for them."),
        (name = "Settings", description = "Your own."),
        (name = "Operator", description = "For the platform's operator; for anybody else it is not there."),
        (name = "Documentation", description = "This."),
    ),
)]
struct Api;

/// A reader's document of the API at an address.
pub fn document(reader: Reader, base_url: &str) -> Document {
    let mut document = Api::openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document.servers = Some(vec![Server::new(base_url)]);
    document.paths.paths.retain(|path, _| reader.reads(path));
    let (name, description) = match reader {
        Reader::Partner => ("api_key", "A partner's API key, `ak_test_…` or `ak_live_…`."),
        Reader::Operator => ("operator_token", "The operator's token of this deployment."),
    };
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
    document.components.get_or_insert_default().add_security_scheme(name, SecurityScheme::Http(bearer));
    for (path, item) in &mut document.paths.paths {
        for operation in refusals::operations(item) {
            refusals::tell(path, operation);
        }
    }
    refusals::gather(&mut document);
    match reader {
        Reader::Partner => document.webhooks = Some(webhooks()),
        Reader::Operator => {
            "Apikassa: the operator's API".clone_into(&mut document.info.title);
            document.info.description = Some(FOR_OPERATORS.to_owned());
        }
    }
    leave_out(&mut document);
    values::close(&mut document);
    document
}

/// Leaves out groups without an operation and shapes nothing points to.
fn leave_out(document: &mut Document) {
    let operations = document.paths.paths.values_mut().flat_map(refusals::operations);
    let used: BTreeSet<_> = operations.flat_map(|operation| operation.tags.clone().unwrap_or_default()).collect();
    document.tags.iter_mut().for_each(|tags| tags.retain(|tag| used.contains(&tag.name)));
    let mut needed = BTreeSet::new();
    let mut open = vec![serde_json::to_value((&document.paths, &document.webhooks)).unwrap_or_default()];
    let Some(components) = &mut document.components else { return };
    open.push(serde_json::to_value(&components.responses).unwrap_or_default());
    while let Some(value) = open.pop() {
        for name in pointed_to(&value) {
            if let Some(schema) = components.schemas.get(&name).filter(|_| !needed.contains(&name)) {
                open.push(serde_json::to_value(schema).unwrap_or_default());
                needed.insert(name);
            }
        }
    }
    components.schemas.retain(|name, _| needed.contains(name));
}

/// The schemas a value points to.
fn pointed_to(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text.strip_prefix("#/components/schemas/").map(str::to_owned).into_iter().collect(),
        Value::Array(items) => items.iter().flat_map(pointed_to).collect(),
        Value::Object(fields) => fields.values().flat_map(pointed_to).collect(),
        _ => Vec::new(),
    }
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
