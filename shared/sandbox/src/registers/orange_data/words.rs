//! What the register says.

use connectors::till::orange_data::printable;
use domain::money::Money;
use domain::receipt::laws::Breach;
use domain::time::MOSCOW;
use serde_json::{Map, Value, json};

use super::door::No;
use super::read::Kind;
use crate::registers::{Device, Document, Printed};

/// A signature that does not hold, or is of another key (2.6.2).
pub const NOT_SIGNED: &str = "Подпись не прошла проверку";
/// The operator of fiscal data at the vendor's test stand (2.2.1).
pub const OFD: &str = "ООО \"Ярус\"(\"ОФД-Я\")";

/// A law of receipts that is broken.
pub fn broken(breach: &Breach) -> String {
    format!("{} (тег {}): {}", breach.pointer, breach.tag, breach.rule.ru)
}

/// A body that can not be read.
pub fn unreadable(malformed: &connectors::peer::Malformed) -> No {
    let sentence = match malformed.rule.as_str() {
        rule if rule.contains("`content`") => "Отсутствует содержимое документа 'Content'".to_owned(),
        rule if rule.contains("`id`") => "Не указан идентификатор документа 'Id'".to_owned(),
        rule if rule.contains("`inn`") => "Не указан ИНН организации 'INN'".to_owned(),
        rule => format!("Некорректный запрос: {} {rule}", malformed.pointer),
    };
    No::error(sentence)
}

/// What was printed (2.2.1): the content as it came, with what CP866 lacks left out, and rates and sums as they were printed.
pub fn done(device: &Device, document: &Document, printed: &Printed) -> Value {
    let fiscal = &printed.fiscal;
    json!({
        "id": document.external_id,
        "deviceSN": device.serial,
        "deviceRN": fiscal.register,
        "fsNumber": fiscal.drive,
        "ofdName": OFD,
        "ofdWebsite": "www.ofd-ya.ru",
        "ofdinn": "7728699517",
        "fnsWebsite": "www.nalog.gov.ru",
        "companyINN": document.content.agent.inn,
        "companyName": document.content.agent.name,
        "documentNumber": fiscal.document,
        "shiftNumber": fiscal.shift,
        "documentIndex": fiscal.number,
        "processedAt": MOSCOW.to_datetime(fiscal.at).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "content": content(document, printed),
        "change": 0.0,
        "fp": fiscal.sign,
        "callbackUrl": document.callback_url,
    })
}

fn content(document: &Document, printed: &Printed) -> Value {
    let kind = Kind::of(document.words["kind"].as_str().unwrap_or_default()).unwrap_or(Kind::Receipt);
    let mut content = document.words["content"].clone();
    let Some(fields) = content.as_object_mut() else { return content };
    let old = printed.rates.iter().any(|rate| matches!(rate, 1 | 3));
    if let Some(positions) = fields.get_mut("positions").and_then(Value::as_array_mut) {
        for (position, rate) in positions.iter_mut().zip(&printed.rates) {
            position["tax"] = json!(number(*rate));
            for text in ["/text", "/supplierInfo/name"] {
                if let Some(Value::String(text)) = position.pointer_mut(text) {
                    *text = as_printed(text);
                }
            }
        }
    }
    if kind != Kind::Correction || old {
        // The sums as printed: of a correction without items only the flag tells another rate.
        sums(fields, kind, printed, old);
    }
    content
}

fn sums(fields: &mut Map<String, Value>, kind: Kind, printed: &Printed, old: bool) {
    if old {
        fields.insert("useTax20".to_owned(), json!(true));
    } else {
        fields.remove("useTax20");
    }
    if kind == Kind::Correction {
        return;
    }
    fields.retain(|name, _| !name.starts_with("vat"));
    for (rate, amount) in &printed.vats {
        let no = match number(*rate) {
            3 => 5,
            4 => 6,
            5 => 3,
            6 => 4,
            no => no,
        };
        fields.insert(format!("vat{no}Sum"), roubles(*amount));
    }
}

/// Tag 1199 in the vendor's numbers (2.1.1.2); 22 % goes by the numbers of 20 %.
const fn number(rate: u8) -> u8 {
    match rate {
        11 => 1,
        12 => 3,
        rate => rate,
    }
}

fn roubles(amount: Money) -> Value {
    amount.to_decimal().to_string().parse().map_or(Value::Null, Value::Number)
}

/// Text as the drive has it: what CP866 lacks is not there (1.2.6).
fn as_printed(text: &str) -> String {
    let known = |c: &char| printable(&c.to_string()).contains(*c);
    text.chars().filter(known).collect()
}

/// Marking codes that did not pass (2.2.2).
pub fn unmarked(document: &Document, item: u8) -> Value {
    let code = document.content.items.get(usize::from(item)).and_then(|item| item.mark.clone());
    let check = json!({ "fsCheckStatus": 1, "fsCheckStatusCause": 0, "fsItemCodeType": 5, "checkResult": 1, "oismCheckResultCode": 0 });
    json!({ "errors": [{ "position": item, "itemCode": code, "checkResult": check }] })
}
