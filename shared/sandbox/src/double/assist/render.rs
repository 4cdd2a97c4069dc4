//! Answers of the web services as they are written: fields between semicolons, XML, JSON.

use std::fmt::Write;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::ask::{Failure, Format};
use super::order::{Field, Operation, View};

/// How a service shapes what it tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The order alone: `orderstate`.
    Order,
    /// Orders with all their operations: `orderresult`.
    Orders,
    /// The order and the operation that was made, as one: `charge`, `cancel`, `rp`.
    Flat,
    /// The order with the operation that was made in it: `wscancel`.
    Nested,
}

/// What a service answers.
pub struct Reply<'a> {
    /// Name of the service, which is the root of its JSON.
    pub service: &'static str,
    /// How it shapes it.
    pub shape: Shape,
    /// The order, and the operation that was made.
    pub told: Option<(&'a View, Option<&'a Operation>)>,
}

/// Fields whose values are numbers in JSON.
const NUMBERS: [&str; 3] = ["testmode", "rate", "operationtype"];
/// Fields that JSON has in an object `customer`.
const CUSTOMER: [&str; 5] = ["firstname", "lastname", "middlename", "email", "ipaddress"];
/// Fields that JSON has in an object `checkdata` where an order has operations.
const CHECK: [&str; 3] = ["packetdate", "signature", "checkvalue"];

fn body(content_type: &'static str, status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// Writes an answer.
pub fn reply(format: Format, reply: &Reply<'_>) -> Response {
    match format {
        Format::Csv => body("text/plain; charset=utf-8", StatusCode::OK, csv(reply)),
        Format::Xml => body("text/xml; charset=utf-8", StatusCode::OK, xml(reply)),
        Format::Json => body("application/json; charset=utf-8", StatusCode::OK, json(reply).to_string()),
    }
}

/// Writes why there is none. JSON says it with a status, the others with codes.
pub fn failure(format: Format, why: Failure) -> Response {
    let Failure { first, second } = why;
    match format {
        Format::Csv => body("text/plain; charset=utf-8", StatusCode::OK, format!("error;{first};{second}\r\n")),
        Format::Xml => {
            let text =
                format!("{PROLOGUE}<result firstcode=\"{first}\" secondcode=\"{second}\" count=\"0\"></result>\n");
            body("text/xml; charset=utf-8", StatusCode::OK, text)
        }
        Format::Json => {
            let status = if why == Failure::STRANGER { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
            let detail = json!({ "firstcode": first.to_string(), "secondcode": second.to_string() });
            let fault = json!({ "fault": { "faultcode": "Client", "faultstring": "request is not accepted", "detail": detail } });
            body("application/json; charset=utf-8", status, fault.to_string())
        }
    }
}

/// The answer to a request for a payment, JSON always.
pub fn page(url: &str, expires: &str, state: &str) -> Response {
    let text = json!({ "URL": url, "expirationtime": expires, "orderstate": state }).to_string();
    body("application/json; charset=utf-8", StatusCode::OK, text)
}

/// Names in one line, values in the next.
fn csv(reply: &Reply<'_>) -> String {
    let Some((view, operation)) = reply.told else { return String::new() };
    let fields = operation.map_or_else(|| view.fields.clone(), |operation| view.flat(operation));
    // Nothing quotes or escapes here: what would break a line is left out.
    let plain = |value: &str| value.replace([';', '\r', '\n'], " ");
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = fields.iter().map(|(_, value)| plain(value)).collect();
    format!("{}\r\n{}\r\n", names.join(";"), values.join(";"))
}

const PROLOGUE: &str = "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!DOCTYPE result [\n<!ATTLIST result\nfirstcode \
                        CDATA #REQUIRED\nsecondcode CDATA #REQUIRED\ncount CDATA #REQUIRED>\n<!ELEMENT result ANY>\n]>\n";

fn xml(reply: &Reply<'_>) -> String {
    let mut order = String::new();
    if let Some((view, operation)) = reply.told {
        order.push_str("<order>");
        match (reply.shape, operation) {
            (Shape::Flat, Some(operation)) => elements(&mut order, &view.flat(operation)),
            (Shape::Nested, Some(operation)) => {
                elements(&mut order, &view.fields);
                one(&mut order, operation);
            }
            (Shape::Orders, _) => {
                elements(&mut order, &view.fields);
                view.operations.iter().for_each(|operation| one(&mut order, operation));
            }
            _ => elements(&mut order, &view.fields),
        }
        order.push_str("</order>");
    }
    if matches!(reply.shape, Shape::Flat | Shape::Nested) {
        order = format!("<orders>{order}</orders>");
    }
    let count = u8::from(reply.told.is_some());
    format!("{PROLOGUE}<result firstcode=\"0\" secondcode=\"0\" count=\"{count}\">{order}</result>\n")
}

fn one(text: &mut String, operation: &Operation) {
    text.push_str("<operation>");
    elements(text, &operation.fields);
    text.push_str("</operation>");
}

fn elements(text: &mut String, fields: &[Field]) {
    for (name, value) in fields {
        let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        // Writing to a string does not fail.
        let _ = write!(text, "<{name}>{value}</{name}>");
    }
}

fn json(reply: &Reply<'_>) -> Value {
    let inside = match (reply.shape, reply.told) {
        (Shape::Orders, told) => {
            let orders: Vec<Value> = told.iter().map(|(view, _)| order(view, &view.operations)).collect();
            json!({ "orders": orders })
        }
        (Shape::Nested, Some((view, Some(operation)))) => {
            json!({ "order": order(view, std::slice::from_ref(operation)), "checkdata": pick(&view.fields, &CHECK) })
        }
        (Shape::Flat, Some((view, Some(operation)))) => object(&view.flat(operation), &[]),
        (_, Some((view, _))) => object(&view.fields, &CHECK),
        (_, None) => Value::Null,
    };
    json!({ reply.service: inside })
}

fn order(view: &View, operations: &[Operation]) -> Value {
    let mut value = object(&view.fields, &CHECK);
    let list: Vec<Value> = operations.iter().map(|operation| plain(&operation.fields).into()).collect();
    value["operations"] = list.into();
    value
}

/// Fields as an object: those of the buyer in one of their own, those of the check too where `check` names them.
fn object(fields: &[Field], check: &[&str]) -> Value {
    let rest: Vec<Field> =
        fields.iter().filter(|(name, _)| !CUSTOMER.contains(name) && !check.contains(name)).cloned().collect();
    let mut value = plain(&rest);
    value.insert("customer".to_owned(), pick(fields, &CUSTOMER));
    if !check.is_empty() {
        value.insert("checkdata".to_owned(), pick(fields, check));
    }
    value.into()
}

fn pick(fields: &[Field], names: &[&str]) -> Value {
    let found: Vec<Field> = fields.iter().filter(|(name, _)| names.contains(name)).cloned().collect();
    plain(&found).into()
}

fn plain(fields: &[Field]) -> Map<String, Value> {
    let value = |name: &str, text: &str| match text.parse::<i64>() {
        Ok(number) if NUMBERS.contains(&name) => number.into(),
        _ => Value::from(text),
    };
    fields.iter().map(|(name, text)| ((*name).to_owned(), value(name, text))).collect()
}
