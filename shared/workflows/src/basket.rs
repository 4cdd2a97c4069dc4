//! The basket of an order: each line checked, its VAT rate found, and all of it held against the laws of the receipts it will need.

use std::str::FromStr;

use domain::details::{Firm, Line, Particulars, Subject};
use domain::money::{Currency, Money};
use domain::order::{Issuer, ReceiptScheme, Stage, preview};
use domain::partner::Partner;
use domain::receipt::laws::{self, rule};
use domain::receipt::register;
use domain::receipt::{AgentSign, Measure, Supplier};
use domain::tax::{Shipment, Taxation, VatRate};
use domain::time::{Timestamp, moscow_date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::orders::{Check, Invalid};
use crate::ports::Settings;
use crate::terms::Rate;

/// One line of the basket.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineRequest {
    /// Name, 1 to 128 characters (FFD tag 1030).
    #[schema(example = "Выписка ЕГРН")]
    pub name: String,
    /// Price of a unit in roubles.
    #[schema(example = "3000.00")]
    pub price: String,
    /// Quantity, at most 6 decimals; 1 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1")]
    pub quantity: Option<String>,
    /// `none`, `vat0`, `vat5`, `vat7`, `vat10`, `vat22`; otherwise the rule for the delivery, the product or its category, and at last the
    /// partner's own rate. Which of them gave it stands in the answer as `vat_from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "none")]
    pub vat: Option<String>,
    /// What it is (tag 1212): `service`, `goods`, `work`, `excise`, `intellectual`, `property_right`, `deposit`, `other`, `goods_marked`,
    /// `excise_marked`, `goods_uncoded`, `excise_uncoded`; `service` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the quantity counts, the code of tag 2108: 0 pieces, 11 kilograms, 22 metres, 41 litres and so on; 0 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<u8>,
    /// The seller, where it is not you: a marketplace names one for each line (tags 1171, 1225, 1226).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<SupplierRequest>,
    /// As what the line is sold for its principal (tag 1222): `agent`, `attorney`, `commissioner`, `paying_agent` and so on; as your contract
    /// says when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_sign: Option<String>,
    /// Taxation system (tag 1055) where it is not the register's owner's: `osn`, `usn_income`, `usn_income_outcome`, `esn`, `patent`. Lines of
    /// several systems go into several receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taxation: Option<String>,
    /// The marking code of the one unit this line is, as it was scanned, group separators (U+001D) included (tag 2000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The line is a part of the marked unit (tag 1291).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<FractionRequest>,
    /// Your product code: for its VAT rate, and the article of it in exports for 1С.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Your category, for its VAT rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The line is the delivery of the others: your name of the way it is delivered, for its VAT rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// Region it is delivered to, ISO 3166-2, for its VAT rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "RU-MOW")]
    pub region: Option<String>,
}

/// The seller of a line.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierRequest {
    /// Name (tag 1225).
    #[schema(example = "ООО «Продавец»")]
    pub name: String,
    /// ИНН (tag 1226).
    #[schema(example = "7727401209")]
    pub inn: String,
    /// Telephones (tag 1171), `+` and digits.
    #[schema(example = json!(["+74951234567"]))]
    pub phones: Vec<String>,
}

/// A firm that buys.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirmRequest {
    /// Name (tag 1227).
    pub name: String,
    /// ИНН (tag 1228).
    pub inn: String,
}

/// A part of a marked unit.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FractionRequest {
    /// How many of its parts.
    pub numerator: u32,
    /// How many parts it has.
    pub denominator: u32,
}

/// Checks one line.
pub(crate) fn line(
    check: &mut Check,
    at: usize,
    asked: &LineRequest,
    rate: Option<&Rate>,
    partner: &Partner,
    now: Timestamp,
) -> Option<Line> {
    let before = check.invalid.len();
    let pointer = |field: &str| format!("/lines/{at}/{field}");
    check.text(&pointer("name"), &asked.name, 128);
    let currency = rate.map_or(Currency::RUB, |rate| rate.currency);
    let price = Money::parse_major(&asked.price, currency).ok();
    let price = price.and_then(|price| rate.map_or(Some(price), |rate| rate.convert(price)));
    let price = price.filter(|price| price.is_positive());
    if price.is_none() {
        check.say(
            pointer("price"),
            "price",
            "Цена в рублях больше нуля, например 3000.00.",
            "A price in roubles above zero such as 3000.00.",
        );
    }
    let text = asked.quantity.as_deref().unwrap_or("1");
    let plain = text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let quantity = Decimal::from_str(text).ok().filter(|q| plain && *q > Decimal::ZERO && q.scale() <= 6);
    if quantity.is_none() {
        check.say(
            pointer("quantity"),
            "quantity",
            "Количество больше нуля, не больше 6 знаков после точки.",
            "A quantity above zero with at most 6 decimals.",
        );
    }
    let rates = [
        ("none", VatRate::None),
        ("vat0", VatRate::Vat0),
        ("vat5", VatRate::Vat5),
        ("vat7", VatRate::Vat7),
        ("vat10", VatRate::Vat10),
        ("vat20", VatRate::Vat20),
        ("vat22", VatRate::Vat22),
    ];
    let named = asked.vat.as_deref().map(|name| check.choice(&pointer("vat"), Some(name), &rates, partner.vat));
    let delivery = asked.delivery.as_deref();
    let delivery = delivery.map(|way| Shipment { method: Some(way), region: asked.region.as_deref() });
    let (product, category) = (asked.product.as_deref(), asked.category.as_deref());
    let (vat, rate_from) = partner.receipts.rates.resolve(named, product, category, delivery, partner.vat);
    if !vat.in_force(moscow_date(now)) {
        check.say(
            pointer("vat"),
            "vat_not_in_force",
            "Ставка НДС сегодня не действует (тег 1199).",
            "The VAT rate is not in force today (tag 1199).",
        );
    }
    let subjects = Subject::ALL.map(|subject| (subject.code(), subject));
    let subject = check.choice(&pointer("subject"), asked.subject.as_deref(), &subjects, Subject::Service);
    // Kept only where it may be priced by: it is stored with every order.
    let category = asked.category.clone().filter(|_| !partner.tariffs.assigned.is_empty());
    let product = asked.product.clone();
    let particulars = Particulars { rate_from, category, product, ..particulars(check, &pointer, asked) };
    let (price, quantity) = (price?, quantity?);
    let amount = price.times(quantity).ok().filter(|amount| amount.is_positive());
    if amount.is_none() {
        check.say(
            pointer("quantity"),
            "line_amount",
            "Стоимость строки меньше копейки или слишком велика.",
            "The line's amount is below a kopeck or too large.",
        );
    }
    let amount = amount?;
    (check.invalid.len() == before).then(|| Line {
        name: asked.name.clone(),
        price,
        quantity: quantity.normalize(),
        amount,
        vat,
        subject,
        particulars,
    })
}

fn particulars(check: &mut Check, pointer: &dyn Fn(&str) -> String, asked: &LineRequest) -> Particulars {
    let measure = asked.measure.map_or(Some(Measure::PIECE), Measure::of);
    if measure.is_none() {
        let (ru, en) = ("Код меры количества (тег 2108).", "A code of the measures of quantity (tag 2108).");
        check.say(pointer("measure"), "measure", ru, en);
    }
    let signs = AgentSign::ALL.map(|sign| (sign.code(), Some(sign)));
    let agent = check.choice(&pointer("agent_sign"), asked.agent_sign.as_deref(), &signs, None);
    let systems = Taxation::ALL.map(|taxation| (taxation.code(), Some(taxation)));
    let taxation = check.choice(&pointer("taxation"), asked.taxation.as_deref(), &systems, None);
    for (name, text, most) in [
        ("product", &asked.product, 64),
        ("category", &asked.category, 64),
        ("delivery", &asked.delivery, 64),
        ("region", &asked.region, 16),
        ("mark", &asked.mark, 300),
    ] {
        // A marking code has its control characters.
        if let Some(text) = text {
            check.text(&pointer(name), &text.replace('\u{1d}', " "), most);
        }
    }
    Particulars {
        measure: measure.unwrap_or_default(),
        supplier: asked
            .supplier
            .as_ref()
            .map(|of| Box::new(Supplier { name: of.name.clone(), inn: of.inn.clone(), phones: of.phones.clone() })),
        agent,
        taxation,
        mark: asked.mark.clone(),
        fraction: asked.fraction.map(|part| (part.numerator, part.denominator)),
        delivery: asked.delivery.is_some(),
        ..Particulars::default()
    }
}

/// Checks the firm that buys.
pub(crate) fn firm(check: &mut Check, asked: Option<&FirmRequest>) -> Option<Firm> {
    let asked = asked?;
    check.text("/buyer/firm/name", &asked.name, 256);
    if !laws::is_inn(&asked.inn) {
        let (ru, en) = said(&rule::INN, 1228);
        check.say("/buyer/firm/inn", rule::INN.code, &ru, &en);
    }
    Some(Firm { name: asked.name.clone(), inn: asked.inn.clone() })
}

fn said(rule: &laws::Rule, tag: u16) -> (String, String) {
    (format!("{} Тег {tag}.", rule.ru), format!("{} Tag {tag}.", rule.en))
}

/// A line that names the taxation system it would have anyway names none: else the two ways to say the same would go into two
/// receipts.
pub(crate) fn one_taxation(mut lines: Vec<Line>, settings: &Settings, partner: &Partner) -> Vec<Line> {
    if let Some(usual) = register::taxation(&partner.receipts.registers, &settings.agent) {
        for line in lines.iter_mut().filter(|line| line.particulars.taxation == Some(usual)) {
            line.particulars.taxation = None;
        }
    }
    lines
}

/// What no register would print of an order: found when the order is made, not when it is paid.
pub(crate) fn unlawful(
    lines: &[Line],
    scheme: ReceiptScheme,
    settings: &Settings,
    partner: &Partner,
    now: Timestamp,
) -> Vec<Invalid> {
    let issuer = Issuer { agent: &settings.agent, partner, register: None, place: &settings.base_url };
    let stages: &[Stage] = match scheme {
        ReceiptScheme::Full => &[Stage::Full],
        ReceiptScheme::Prepayment => &[Stage::Prepayment, Stage::Closing],
        ReceiptScheme::Advance => &[Stage::Closing],
    };
    let mut found: Vec<Invalid> = Vec::new();
    for stage in stages {
        let Ok(document) = preview(lines, *stage, issuer) else { continue };
        for breach in laws::breaches(&document, moscow_date(now)) {
            let Some(field) = breach.pointer.strip_prefix("/items/") else { continue };
            // Which unit is handed over may be known later.
            let later = *stage == Stage::Closing && breach.rule.code == rule::MARK_MISSING.code;
            let pointer = format!("/lines/{field}");
            if later || found.iter().any(|known| known.pointer == pointer && known.code == breach.rule.code) {
                continue;
            }
            let (ru, en) = said(breach.rule, breach.tag);
            found.push(Invalid { pointer, code: breach.rule.code, ru, en });
        }
    }
    found
}
