//! How an order is to be paid, as a partner asks for it: stages, purpose, methods, children, prices in another currency.

use domain::acquiring::{Lapse, Method, Stages, Wish};
use domain::details::{CaptureRule, Child, Line, Original, PaymentTerms, Purpose};
use domain::id::Tenant;
use domain::money::{Currency, Money};
use domain::partner::Partner;
use domain::time::{Timestamp, moscow_date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::connect;
use crate::orders::{Check, OrderRequest};

/// Children a split order can have.
pub const CHILDREN_MAX: usize = 10;

/// How an order is to be paid; what is left out is the partner's setting.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentTermsRequest {
    /// 1: the money is taken at once. 2: it is held first and captured later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 2)]
    pub stages: Option<u8>,
    /// When held money is captured: `manual` by command or by a rule for your statuses, `fulfilled` when the order is fulfilled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<String>,
    /// What becomes of a hold nobody captured before the bank's deadline: `release` or `capture`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_end: Option<String>,
    /// `pay` now; `order` now and be charged later by saved means; `save_means` and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Methods to offer: `card`, `sbp`, `mir_pay`, `yandex_pay`, `sber_pay`, `t_pay`, `mts_pay`, `dolyami`; all that work when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["card", "sbp"]))]
    pub methods: Vec<String>,
    /// Most that may be paid with the bank's bonus points, in roubles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points_max: Option<String>,
}

/// An order paid in several payments: one buyer, one page, one charge for each child.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitRequest {
    /// The children, 2 to 10. Every line belongs to just one.
    pub children: Vec<ChildRequest>,
    /// Children whose payments must succeed at least; all when left out. With fewer, everything goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<u8>,
}

/// A part of an order that is paid separately: a warehouse's, a seller's.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildRequest {
    /// Your name of it, 1 to 64 characters.
    #[schema(example = "Склад 1")]
    pub name: String,
    /// Its lines, counted from 1.
    #[schema(example = json!([1, 2]))]
    pub lines: Vec<u8>,
    /// ИНН of the legal entity it is paid to, where that is not the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
}

/// A charge of saved means, without the buyer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChargeRequest {
    /// The means, `mns_…`.
    pub means: String,
    /// Why, 1 to 200 characters; the buyer is told.
    #[schema(example = "Ежемесячная подписка")]
    pub reason: String,
}

/// The rate prices of a request are converted by; nothing for roubles.
pub(crate) fn rate(check: &mut Check, request: &OrderRequest, partner: &Partner, now: Timestamp) -> Option<Rate> {
    let code = request.currency.as_deref().unwrap_or("RUB");
    let currency = Currency::from_code(code).filter(|currency| *currency != Currency::RUB);
    if code == "RUB" {
        return None;
    }
    let found = currency.and_then(|currency| partner.payment.rate(currency, moscow_date(now)));
    if found.is_none() {
        check.say(
            "/currency",
            "currency",
            "Рубли (RUB) или валюта, для которой в настройках есть действующий курс.",
            "RUB, or a currency with a rate in force in your settings.",
        );
    }
    found.map(|rate| Rate { currency: rate.currency, roubles: rate.rate, since: rate.since })
}

/// Roubles for one unit of a currency.
#[derive(Debug, Clone)]
pub(crate) struct Rate {
    pub currency: Currency,
    pub roubles: rust_decimal::Decimal,
    pub since: jiff::civil::Date,
}

impl Rate {
    /// A price in roubles.
    pub fn convert(&self, price: Money) -> Option<Money> {
        let factor = rust_decimal::Decimal::from(price.minor()).checked_mul(self.roubles)?;
        let exponent = price.currency().exponent().map_or(2, u32::from);
        let kopecks = factor
            .checked_mul(rust_decimal::Decimal::new(100, 0))?
            .checked_div(rust_decimal::Decimal::from(10_u64.checked_pow(exponent)?))?;
        Money::rub(1).times(kopecks).ok()
    }
}

/// Checks how an order is to be paid.
pub(crate) fn terms(
    check: &mut Check,
    request: &OrderRequest,
    tenant: &Tenant,
    partner: &Partner,
    lines: &[Line],
    original: Option<Original>,
) -> PaymentTerms {
    let asked = request.payment.clone().unwrap_or_default();
    let settings = &partner.payment;
    let stages = match asked.stages {
        None => settings.stages,
        Some(1) => Stages::One,
        Some(2) => Stages::Two,
        Some(_) => {
            check.say("/payment/stages", "range", "1 или 2.", "1 or 2.");
            Stages::One
        }
    };
    let captures = [("manual", CaptureRule::Manual), ("fulfilled", CaptureRule::Fulfilled)];
    let capture = check.choice("/payment/capture", asked.capture.as_deref(), &captures, settings.capture);
    let ends = [("release", Lapse::Released), ("capture", Lapse::Captured)];
    let hold_end = check.choice("/payment/hold_end", asked.hold_end.as_deref(), &ends, settings.hold_end);
    let purposes = [("pay", Purpose::Pay), ("order", Purpose::Order), ("save_means", Purpose::SaveMeans)];
    let mut purpose = check.choice("/payment/purpose", asked.purpose.as_deref(), &purposes, Purpose::Pay);
    if request.charge.is_some() {
        // Whatever else was asked for: should the charge be declined, the buyer can pay on the order's page.
        purpose = Purpose::Pay;
    }
    let mut methods = Vec::new();
    for (at, code) in asked.methods.iter().take(10).enumerate() {
        match Method::parse(code).filter(|method| !method.is_collected()) {
            Some(method) if !methods.contains(&method) => methods.push(method),
            Some(_) => {}
            None => {
                check.say(format!("/payment/methods/{at}"), "unknown_value", "Такого способа нет.", "No such method.");
            }
        }
    }
    let customer = request.customer.clone();
    if let Some(customer) = &customer {
        check.text("/customer", customer, 64);
    }
    let saved = purpose != Purpose::Pay || request.split.is_some() || request.charge.is_some();
    if customer.is_none() && saved {
        check.say(
            "/customer",
            "required",
            "Чтобы сохранить способ оплаты, нужен ваш идентификатор покупателя.",
            "To save means, your own id of the buyer is needed.",
        );
    }
    let points_max = asked.points_max.as_deref().and_then(|text| {
        let points = Money::parse_major(text, Currency::RUB).ok().filter(|points| points.is_positive());
        if points.is_none() {
            check.say(
                "/payment/points_max",
                "amount",
                "Сумма в рублях больше нуля.",
                "An amount in roubles above zero.",
            );
        }
        points
    });
    let (children, children_least) = children(check, request, partner, lines);
    let mut terms = PaymentTerms {
        stages,
        capture,
        hold_end,
        purpose,
        customer,
        original,
        points_max,
        children,
        children_least,
        origin: None,
        methods,
        verification: settings.verification,
    };
    if purpose == Purpose::SaveMeans {
        terms.stages = Stages::Two;
    }
    offered(check, tenant, partner, lines, &terms);
    terms
}

/// An order nothing could pay for is refused before it is made.
fn offered(check: &mut Check, tenant: &Tenant, partner: &Partner, lines: &[Line], terms: &PaymentTerms) {
    let Ok(amount) = lines.iter().try_fold(Money::rub(0), |sum, line| sum.plus(line.amount)) else { return };
    let verify = terms.purpose != Purpose::Pay || !terms.children.is_empty();
    let stages = if verify { Stages::Two } else { terms.stages };
    let payable = Method::ALL.into_iter().filter(|method| !method.is_collected()).any(|method| {
        let wish = Wish { method, amount, stages, save: verify, entity: None };
        let serves =
            |route: &connect::Route| terms.serves_children(&partner.accounts, route.account.as_deref(), method);
        (terms.methods.is_empty() || terms.methods.contains(&method))
            && connect::routes(tenant, partner, &wish).iter().any(serves)
    });
    if !payable && amount.is_positive() {
        check.say(
            "/payment",
            "no_account",
            "Ни один подключённый банк не примет такой платёж: проверьте сумму, способы и стадии.",
            "No bank that is connected takes such a payment: check amount, methods and stages.",
        );
    }
}

fn children(check: &mut Check, request: &OrderRequest, partner: &Partner, lines: &[Line]) -> (Vec<Child>, u8) {
    let Some(split) = &request.split else { return (Vec::new(), 0) };
    if !(2..=CHILDREN_MAX).contains(&split.children.len()) {
        check.say("/split/children", "count", "От 2 до 10 частей.", "2 to 10 children.");
    }
    let mut seen = vec![false; lines.len()];
    let mut children = Vec::new();
    for (at, asked) in split.children.iter().take(CHILDREN_MAX).enumerate() {
        check.text(&format!("/split/children/{at}/name"), &asked.name, 64);
        let mut amount = Money::rub(0);
        for (index, no) in asked.lines.iter().enumerate() {
            let place = usize::from(*no).wrapping_sub(1);
            match (seen.get(place).copied(), lines.get(place)) {
                (Some(false), Some(line)) => {
                    seen[place] = true;
                    amount = amount.plus(line.amount).unwrap_or(amount);
                }
                _ => check.say(
                    format!("/split/children/{at}/lines/{index}"),
                    "line",
                    "Такой строки нет, или она уже в другой части.",
                    "No such line, or it belongs to another child.",
                ),
            }
        }
        if asked.lines.is_empty() {
            check.say(format!("/split/children/{at}/lines"), "required", "Назовите строки.", "Name the lines.");
        }
        if asked.entity.as_ref().is_some_and(|entity| {
            partner.accounts.iter().all(|account| account.entity.as_ref() != Some(entity) || !account.enabled)
        }) {
            check.say(
                format!("/split/children/{at}/entity"),
                "no_account",
                "Для этого юрлица банк не подключён.",
                "No bank is connected for this legal entity.",
            );
        }
        children.push(Child {
            name: asked.name.clone(),
            lines: asked.lines.clone(),
            amount,
            entity: asked.entity.clone(),
        });
    }
    if seen.contains(&false) && lines.len() == request.lines.len() {
        check.say(
            "/split/children",
            "lines",
            "Каждая строка должна быть в одной из частей.",
            "Every line must belong to a child.",
        );
    }
    let least = split.least.unwrap_or(0);
    if usize::from(least) > children.len() {
        check.say("/split/least", "range", "Не больше числа частей.", "At most the number of children.");
    }
    (children, least)
}
