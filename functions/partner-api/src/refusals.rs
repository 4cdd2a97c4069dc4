//! What every operation may refuse with, in the OpenAPI document: said once among the components, and pointed to.

use std::collections::BTreeMap;

use http::StatusCode;
use runtime::Problem;
use runtime::problem::MEDIA_TYPE;
use serde_json::{Value, json};
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::Ref;
use utoipa::openapi::{ContentBuilder, HeaderBuilder, OpenApi as Document, RefOr, Response, ResponseBuilder};

use crate::{discrepancies, problems};

/// Code of what is wrong with a query's `limit`, the example of a fault in a query.
const FAULT_OF_QUERY: &str = "range";

/// Operations a courier's key may use.
const FOR_COURIERS: [&str; 4] = ["order", "collect_order", "set_marks", "courier_orders"];

/// Adds what an operation may refuse with: what follows from its shape, and what it alone knows.
pub fn tell(path: &str, operation: &mut Operation) {
    let by_operator = path.starts_with("/v1/operator/");
    if operation.security.is_none() {
        return;
    }
    let mut found = vec![Problem::internal_logged(), problems::unavailable()];
    if !by_operator {
        found.push(Problem::unauthorized());
        if !FOR_COURIERS.contains(&operation.operation_id.as_deref().unwrap_or_default()) {
            found.push(problems::courier_key());
        }
    }
    if by_operator || path.contains('{') || matches!(operation.operation_id.as_deref(), Some("webhook")) {
        found.push(Problem::not_found());
    }
    let invalid =
        || problems::fault("/lines/0/price", "price", "Цена в рублях больше нуля.", "A price in roubles above zero.");
    if operation.request_body.is_some() {
        found.extend([problems::json_malformed(), Problem::too_large(), Problem::unsupported_media_type(), invalid()]);
    } else if operation.parameters.iter().flatten().any(in_query) {
        found.push(problems::fault("/limit", FAULT_OF_QUERY, "От 1 до 100.", "1 to 100."));
    }
    match operation.operation_id.as_deref() {
        Some("create_order") => found.extend([
            problems::idempotency_key_malformed(),
            problems::order_number_taken(),
            problems::PREPAID_TOO_LOW,
            problems::TARIFF_UNPAID,
            problems::bank_not_connected(),
            problems::idempotency_key_reused(),
        ]),
        Some("pay_month") => found.extend([problems::TARIFF_UNPAID, problems::no_month_to_pay()]),
        Some("move_to_prepaid") => found.extend([problems::available_too_low(), problems::reference_taken()]),
        Some("pay_in_prepaid") => found.push(problems::reference_taken()),
        Some("publish_tariff") => found.extend([problems::version_in_force(), problems::version_number()]),
        Some("make_promo_code") => found.push(problems::promo_taken()),
        Some("activate_promo_code") => {
            found.extend([Problem::not_found(), problems::promo_over(), problems::promo_used()]);
        }
        Some("create_subscription") => found.push(problems::subscription_number_taken()),
        Some("issue_key" | "issue_courier_key" | "enrol_partner") => found.push(problems::keys_full()),
        Some("declare_not_printed") => {
            found.extend([problems::job_leased(), problems::job_printed(), problems::job_unconfirmed()]);
        }
        Some("clearing_file") => found.push(problems::clearing_too_large()),
        Some("statistics_file") => found.push(problems::statistics_too_large()),
        Some("report_act") => found.push(problems::report_too_large()),
        Some("report_workbook" | "report_register") => {
            found.extend([problems::report_in_parts(), problems::report_too_large()]);
        }
        Some("report_upd") => found.extend([
            problems::report_too_large(),
            problems::upd_negative(),
            problems::upd_no_service(),
            problems::upd_requisites(),
        ]),
        Some("replay_webhook") => found.push(problems::webhook_not_set()),
        Some("request_payout") => found.push(problems::nothing_to_pay_out()),
        Some("load_registry" | "load_register_report" | "reconcile") => found.push(problems::not_reconciled()),
        Some("discrepancy") => found.push(discrepancies::no_id()),
        Some("close_discrepancy") => found.push(problems::discrepancy_closed()),
        Some("reopen_discrepancy") => found.push(problems::discrepancy_open()),
        Some("payout_outcome") => found.push(problems::payout_ended()),
        Some("statement") => found.push(problems::nothing_sealed()),
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
            "return_key_reused",
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

/// What a problem's example is called: its code; a fault of the query has a name of its own beside one of the body.
fn example_name(problem: &Problem) -> String {
    let of_query = problem.errors.iter().any(|error| error.code == FAULT_OF_QUERY);
    if of_query { format!("{}_query", problem.code) } else { problem.code.to_owned() }
}

/// One status with the problems it may carry.
fn refusal(same: &[Problem]) -> Response {
    let codes: Vec<_> = same.iter().map(|problem| format!("`{}`: {}.", problem.code, problem.title_en)).collect();
    let schema = Ref::from_schema_name("Problem");
    let examples = same.iter().map(|problem| {
        let value = ExampleBuilder::new().value(Some(example(problem))).build();
        (example_name(problem), RefOr::T(value))
    });
    let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples);
    let mut response = ResponseBuilder::new().description(codes.join(" ")).content(MEDIA_TYPE, content.build());
    if same.iter().any(|problem| problem.status == StatusCode::SERVICE_UNAVAILABLE) {
        let header = HeaderBuilder::new().description(Some("Seconds after which it is worth trying again.")).build();
        response = response.header("Retry-After", header);
    }
    response.build()
}

/// Puts every example among the components, and every refusal that several operations share; operations point to them.
pub fn gather(document: &mut Document) {
    let components = document.components.get_or_insert_default();
    let mut shared: BTreeMap<String, (Response, usize)> = BTreeMap::new();
    for response in document.paths.paths.values_mut().flat_map(operations).flat_map(refusals_of) {
        let RefOr::T(response) = response else { continue };
        for (name, example) in examples_of(response) {
            let kept = components.examples.entry(name.clone()).or_insert_with(|| example.clone());
            if kept == example {
                *example = RefOr::Ref(Ref::new(format!("#/components/examples/{name}")));
            }
        }
        let (kept, times) = shared.entry(name(response)).or_insert_with(|| (response.clone(), 0));
        *times += usize::from(kept == response);
    }
    shared.retain(|_, (_, times)| *times > 1);
    for response in document.paths.paths.values_mut().flat_map(operations).flat_map(refusals_of) {
        let RefOr::T(told) = response else { continue };
        let name = name(told);
        if shared.get(&name).is_some_and(|(kept, _)| kept == told) {
            *response = RefOr::Ref(Ref::from_response_name(name));
        }
    }
    components.responses = shared.into_iter().map(|(name, (response, _))| (name, RefOr::T(response))).collect();
}

/// The operations of a path.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
    operations.into_iter().filter_map(Option::as_mut)
}

fn refusals_of(operation: &mut Operation) -> impl Iterator<Item = &mut RefOr<Response>> {
    let responses = operation.responses.responses.iter_mut();
    responses.filter(|(status, _)| status.starts_with(['4', '5'])).map(|(_, response)| response)
}

fn examples_of(response: &mut Response) -> impl Iterator<Item = (&String, &mut RefOr<Example>)> {
    let contents = response.content.values_mut().filter_map(|content| match content {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    });
    contents.flat_map(|content| &mut content.examples)
}

/// A refusal's name: those of its examples.
fn name(response: &mut Response) -> String {
    let names: Vec<_> = examples_of(response).map(|(name, _)| name.clone()).collect();
    names.join(".")
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
