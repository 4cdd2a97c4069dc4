//! Which words a field of a request may have, for the OpenAPI document: what is refused as `unknown_value` is no value of its schema.
//!
//! Only requests are so closed. Fields of answers may have words to come, and whoever reads them should bear that.

use domain::acquiring::Method;
use domain::details::{ReceiptScenario, Subject};
use domain::order::ReceiptScheme;
use domain::partner::PointKind;
use domain::receipt::AgentSign;
use domain::receipt::register::RegisterKind;
use domain::tariff::Group;
use domain::tax::{Taxation, VatRate};
use domain::usage::Kind;
use serde_json::Value;
use utoipa::openapi::schema::{ArrayItems, Object, SchemaType, Type};
use utoipa::openapi::{OpenApi as Document, RefOr, Schema};
use workflows::access::KeyRole;

/// The codes of an enumeration.
macro_rules! codes {
    ($of:ty) => {
        <$of>::ALL.iter().map(|one| one.code()).collect()
    };
}

/// A field of a request: its shape, its name, its values. Of a list, those of its items.
pub type Closed = (&'static str, &'static str, Vec<&'static str>);

/// Every closed field.
pub fn closed() -> Vec<Closed> {
    let channels = || vec!["email", "sms"];
    let registers: Vec<_> = RegisterKind::ALL.into_iter().filter(|kind| *kind != RegisterKind::Sandbox).collect();
    let methods = Method::ALL.into_iter().filter(|method| !method.is_collected());
    vec![
        ("LineRequest", "vat", codes!(VatRate)),
        ("LineRequest", "subject", codes!(Subject)),
        ("LineRequest", "agent_sign", codes!(AgentSign)),
        ("LineRequest", "taxation", codes!(Taxation)),
        ("OrderRequest", "button", vec!["pay", "order"]),
        ("OrderRequest", "language", vec!["ru", "en"]),
        ("OrderRequest", "receipts", codes!(ReceiptScheme)),
        ("OrderRequest", "channels", channels()),
        ("PaymentTermsRequest", "capture", vec!["manual", "fulfilled"]),
        ("PaymentTermsRequest", "hold_end", vec!["release", "capture"]),
        ("PaymentTermsRequest", "purpose", vec!["pay", "order", "save_means"]),
        ("PaymentTermsRequest", "methods", methods.map(Method::code).collect()),
        ("ScenarioRequest", "execution", vec!["automatic", "manual", "failing"]),
        ("ScenarioRequest", "receipt", codes!(ReceiptScenario)),
        ("SubscriptionRequest", "every", vec!["day", "week", "month"]),
        ("ReceiptSettingsRequest", "scheme", codes!(ReceiptScheme)),
        ("PointRequest", "kind", codes!(PointKind)),
        ("CollectRequest", "method", vec!["cash", "terminal"]),
        ("KeyRequest", "role", codes!(KeyRole)),
        ("PartnerRequest", "button", vec!["pay", "order"]),
        ("PartnerRequest", "vat", codes!(VatRate)),
        ("PartnerRequest", "channels", channels()),
        ("PayeeRequest", "kind", vec!["person", "self_employed"]),
        ("RegisterRequest", "kind", registers.iter().map(|kind| kind.code()).collect()),
        ("RegisterRequest", "ffd", vec!["1.05", "1.2"]),
        ("OwnerRequest", "taxation", codes!(Taxation)),
        ("RegistersRequest", "agent_sign", codes!(AgentSign)),
        ("TariffRuleRequest", "method", codes!(Group)),
        ("TariffApiRequest", "charged", vec!["month", "order"]),
        ("VersionRequest", "refunds", vec!["reversed", "kept"]),
        ("SupplierPrice", "kind", codes!(Kind)),
    ]
}

/// Writes the values into the document's shapes, those that are there.
pub(crate) fn close(document: &mut Document) {
    let Some(components) = &mut document.components else { return };
    for (shape, field, values) in closed() {
        let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(shape) else { continue };
        match object.properties.get_mut(field) {
            Some(RefOr::T(Schema::Object(field))) => only(field, &values),
            Some(RefOr::T(Schema::Array(list))) => {
                if let ArrayItems::RefOrSchema(items) = &mut list.items
                    && let RefOr::T(Schema::Object(item)) = &mut **items
                {
                    only(item, &values);
                }
            }
            _ => {}
        }
    }
}

fn only(field: &mut Object, values: &[&str]) {
    let mut values: Vec<Value> = values.iter().map(|value| Value::from(*value)).collect();
    if matches!(&field.schema_type, SchemaType::Array(types) if types.contains(&Type::Null)) {
        values.push(Value::Null);
    }
    field.enum_values = Some(values);
}
