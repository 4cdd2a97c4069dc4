//! Tariffs: published for everybody, put by the operator, assigned to partners; promo codes.

use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use domain::commission::CommissionTerms;
use domain::id::Tenant;
use domain::money::Money;
use domain::partner::Partner;
use domain::tariff::{
    Activation, Api, Group, LEAST_MINOR, Phase, Promo, PromoRefusal, RULES_MAX, RefundedFee, Rule, Tariff, Version,
    VersionRefusal,
};
use domain::time::{MOSCOW, Timestamp, moscow_date, whole_seconds};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use http::{HeaderValue, StatusCode, Uri};
use jiff::civil::Date;
use pages::{Lang, TariffApi, TariffCard, TariffFee, TariffPhase, TariffVersion, TariffsView};
use runtime::{Path, Problem};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::tariffs::{self, Assignment, Month, Unassignable};
use workflows::{clock, prepaid};

use crate::access::{Caller, OperatedTenant, Operator, TenantPath};
use crate::operator::{self, Check, CommissionRequest};
use crate::partner::CommissionView;
use crate::prepaid::PrepaidView;
use crate::problems::{self, Answer};
use crate::web;

/// Seconds the published list may be kept.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=60");
/// Most VAT on the fee, in percent.
const VAT_PERCENT_MAX: u8 = 30;
/// Months a promo code may work for.
const MONTHS_MAX: u8 = 60;

/// A tariff with all its versions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TariffView {
    /// Names it.
    #[schema(example = "basic")]
    pub id: String,
    /// For people.
    pub name: NamesView,
    /// The latest first; announced ones too.
    pub versions: Vec<VersionView>,
}

/// A name in both languages.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TariffName)]
pub struct NamesView {
    /// Russian.
    #[schema(example = "Базовый")]
    pub ru: String,
    /// English.
    #[schema(example = "Basic")]
    pub en: String,
}

/// A version of a tariff. Once in force it never changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VersionView {
    /// 1, 2, …
    pub no: u32,
    /// `announced`, `in_force` or `past`.
    #[schema(example = "in_force")]
    pub state: &'static str,
    /// Orders made at this moment or later are priced by it.
    #[schema(example = "2026-12-01T00:00:00Z")]
    pub from: String,
    /// When the next one comes into force.
    pub until: Option<String>,
    /// The fee of whatever no rule is about.
    pub fee: FeeView,
    /// More special fees. A rule of a category goes before one of a way to pay, a rule of both before either.
    pub rules: Vec<RuleView>,
    /// What a refund does to the fee: `reversed` or `kept`.
    #[schema(example = "reversed")]
    pub refunds: &'static str,
    /// VAT in percent charged on top of the fee.
    #[schema(example = "22")]
    pub vat_percent: String,
    /// The price of the API, which is no part of the fee.
    pub api: ApiView,
}

/// A fee, without VAT.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TariffFee)]
pub struct FeeView {
    /// Percent of the payment.
    #[schema(example = "3.5")]
    pub percent: String,
    /// Fixed part in roubles.
    #[schema(example = "0.00")]
    pub fixed: String,
    /// Least fee in roubles.
    #[schema(example = "0.00")]
    pub least: String,
    /// Greatest fee in roubles.
    pub greatest: Option<String>,
}

/// The fee of a way to pay, of a category, or of both together.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TariffRule)]
pub struct RuleView {
    /// `card`, `sbp`, `instalments`, `terminal`, `cash`; any where it is null.
    #[schema(example = "sbp")]
    pub method: Option<&'static str>,
    /// Your category of the goods; any where it is null.
    pub category: Option<String>,
    /// How much.
    pub fee: FeeView,
}

/// The price of the API, VAT in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TariffApi)]
pub struct ApiView {
    /// `month`, or `order` («Базовый»: each order is charged from what is paid ahead).
    #[schema(example = "order")]
    pub charged: &'static str,
    /// Roubles, a month or an order.
    #[schema(example = "25.00")]
    pub price: String,
    /// Roubles that must be paid ahead for an order, at least.
    #[schema(example = "90.00")]
    pub least: Option<String>,
}

/// All tariffs.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TariffList {
    /// By id.
    pub tariffs: Vec<TariffView>,
}

/// What your orders are priced by.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnTariff {
    /// The tariff; null where your individual terms hold.
    pub tariff: Option<TariffView>,
    /// Your individual terms, which hold where no tariff is assigned.
    pub individual: CommissionView,
    /// What was assigned since when, and what will be.
    pub assigned: Vec<AssignedView>,
    /// Until when the API is paid, where your tariff is paid by the month.
    pub paid_until: Option<String>,
    /// Promo codes you have activated.
    pub promo_codes: Vec<ActivationView>,
    /// What is paid ahead.
    pub prepaid: PrepaidView,
}

/// A tariff since a moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AssignedView {
    /// The tariff; null for individual terms.
    #[schema(example = "basic")]
    pub tariff: Option<String>,
    /// Since when.
    #[schema(example = "2026-12-01T00:00:00Z")]
    pub from: String,
}

/// A promo code that was activated.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActivationView {
    /// The code.
    #[schema(example = "START3")]
    pub code: String,
    /// Percent of the fee it lets off; 100 makes it free.
    #[schema(example = "100")]
    pub off_percent: String,
    /// Since when.
    pub from: String,
    /// Orders made at this moment or later are priced without it.
    pub until: String,
}

impl From<&Activation> for ActivationView {
    fn from(activation: &Activation) -> Self {
        let Activation { code, off, from, until } = activation;
        let off_percent = off.normalize().to_string();
        Self { code: code.clone(), off_percent, from: from.to_string(), until: until.to_string() }
    }
}

/// A version to publish.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionRequest {
    /// The tariff's name, at most 60 characters.
    pub name: NamesView,
    /// When it comes into force: a moment, or a day (Moscow) from its beginning. Two minutes ahead at least; the first version of a tariff
    /// may begin at once, and does when this is left out.
    #[schema(example = "2026-12-01")]
    pub from: Option<String>,
    /// The fee of whatever no rule is about.
    pub fee: FeeRequest,
    /// More special fees, at most 20.
    #[serde(default)]
    pub rules: Vec<RuleRequest>,
    /// What a refund does to the fee: `reversed` (when left out) or `kept`.
    pub refunds: Option<String>,
    /// VAT on the fee, a whole number of percent; as the platform's taxation says when left out.
    #[schema(example = "22")]
    pub vat_percent: Option<String>,
    /// The price of the API.
    pub api: ApiRequest,
}

/// A fee.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TariffFeeRequest)]
pub struct FeeRequest {
    /// Percent of the payment, 0 to 50, at most 4 decimals.
    #[schema(example = "3.5")]
    pub percent: String,
    /// Fixed part in roubles.
    pub fixed: Option<String>,
    /// Least fee in roubles.
    pub least: Option<String>,
    /// Greatest fee in roubles.
    pub greatest: Option<String>,
}

/// The fee of a way to pay, of a category, or of both together.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TariffRuleRequest)]
pub struct RuleRequest {
    /// `card`, `sbp`, `instalments`, `terminal`, `cash`.
    #[schema(example = "sbp")]
    pub method: Option<String>,
    /// The shop's category, at most 64 characters.
    pub category: Option<String>,
    /// How much.
    pub fee: FeeRequest,
}

/// The price of the API, VAT in it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TariffApiRequest)]
pub struct ApiRequest {
    /// `month` or `order`.
    #[schema(example = "order")]
    pub charged: String,
    /// Roubles.
    #[schema(example = "25.00")]
    pub price: String,
    /// Roubles that must be paid ahead for an order, at least: 90.00 when left out. Only where orders are charged.
    pub least: Option<String>,
}

/// A partner's tariff.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignRequest {
    /// The tariff; null for the partner's individual terms.
    #[schema(example = "basic")]
    pub tariff: Option<String>,
    /// Since when: a moment, or a day (Moscow) from its beginning; at once when left out.
    #[schema(example = "2026-12-01")]
    pub from: Option<String>,
    /// Roubles the account of what is paid ahead may be overdrawn by; as before when left out.
    #[schema(example = "0.00")]
    pub credit: Option<String>,
}

/// A promo code to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoRequest {
    /// Percent of the fee it lets off, 1 to 100, at most 2 decimals; 100 makes it free.
    #[schema(example = "100")]
    pub off_percent: String,
    /// Months it works for after its activation, 1 to 60.
    #[schema(example = 3)]
    pub months: u8,
    /// The last day (Moscow) it can be activated on.
    #[schema(example = "2026-12-31")]
    pub last_day: String,
}

/// A promo code.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PromoView {
    /// The code.
    #[schema(example = "START3")]
    pub code: String,
    /// Percent of the fee it lets off.
    #[schema(example = "100")]
    pub off_percent: String,
    /// Months it works for.
    pub months: u8,
    /// The last day it can be activated on.
    #[schema(example = "2026-12-31")]
    pub last_day: String,
}

/// A promo code to activate.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateRequest {
    /// The code; small letters are as good as capitals.
    #[schema(example = "START3")]
    pub code: String,
}

fn roubles(minor: i64) -> String {
    Money::rub(minor).to_decimal().to_string()
}

fn fee_view(terms: &CommissionTerms) -> FeeView {
    FeeView {
        percent: terms.percent.normalize().to_string(),
        fixed: roubles(terms.fixed_minor),
        least: roubles(terms.least_minor),
        greatest: terms.greatest_minor.map(roubles),
    }
}

fn vat(ports: &Ports, version: &Version, now: Timestamp) -> String {
    let day = moscow_date(version.from.max(now));
    let by_taxation = || tariffs::vat_percent(ports.settings.agent.taxation, day);
    version.vat_percent.unwrap_or_else(by_taxation).normalize().to_string()
}

/// Versions, the latest first, each with where it stands and when the next one begins.
fn latest_first(tariff: &Tariff, now: Timestamp) -> impl Iterator<Item = (&Version, Phase, Option<Timestamp>)> {
    tariff.versions.iter().enumerate().rev().filter_map(move |(at, version)| {
        let next = tariff.versions.get(at + 1).map(|next| next.from);
        Some((version, tariff.phase(version.no, now)?, next))
    })
}

fn view(ports: &Ports, tariff: &Tariff, now: Timestamp) -> TariffView {
    let versions = latest_first(tariff, now).map(|(version, phase, until)| VersionView {
        no: version.no,
        state: phase.code(),
        from: version.from.to_string(),
        until: until.map(|until| until.to_string()),
        fee: fee_view(&version.general),
        rules: version
            .rules
            .iter()
            .map(|rule| RuleView {
                method: rule.group.map(Group::code),
                category: rule.category.clone(),
                fee: fee_view(&rule.terms),
            })
            .collect(),
        refunds: version.refunds.code(),
        vat_percent: vat(ports, version, now),
        api: match version.api {
            Api::Month { price_minor } => ApiView { charged: "month", price: roubles(price_minor), least: None },
            Api::Order { price_minor, least_minor } => {
                ApiView { charged: "order", price: roubles(price_minor), least: Some(roubles(least_minor)) }
            }
        },
    });
    let (ru, en) = tariff.name.clone();
    TariffView { id: tariff.id.clone(), name: NamesView { ru, en }, versions: versions.collect() }
}

/// List the tariffs
///
/// With every version: past, in force, and announced. No key is needed.
#[utoipa::path(
    get,
    path = "/v1/tariffs",
    operation_id = "tariffs",
    tag = "Tariffs",
    responses((status = 200, description = "The tariffs.", body = TariffList)),
)]
pub async fn list(State(ports): State<Ports>) -> Answer<Response> {
    let now = whole_seconds(ports.clock.now());
    let tariffs = tariffs::all(&ports).await?;
    let tariffs = tariffs.iter().map(|tariff| view(&ports, tariff, now)).collect();
    let mut response = Json(TariffList { tariffs }).into_response();
    response.headers_mut().insert(CACHE_CONTROL, KEPT);
    Ok(response)
}

/// Read the tariffs as a page
///
/// For people, in Russian; in English with `?lang=en`. No key is needed.
#[utoipa::path(
    get,
    path = "/tariffs",
    operation_id = "tariffs_page",
    tag = "Tariffs",
    params(("lang" = Option<String>, Query, description = "`ru` or `en`.", example = "en")),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html; charset=utf-8")),
)]
pub async fn page(State(ports): State<Ports>, uri: Uri) -> Answer<Response> {
    let now = whole_seconds(ports.clock.now());
    // People come with whatever a mail or a search engine has added.
    let english = uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "lang=en"));
    let (lang, other) = if english { (Lang::En, "/tariffs") } else { (Lang::Ru, "/tariffs?lang=en") };
    let fee = |group: Option<Group>, category: Option<String>, terms: &CommissionTerms| TariffFee {
        method: group.map(Group::code),
        category,
        percent: terms.percent.normalize().to_string(),
        fixed_minor: terms.fixed_minor,
        least_minor: terms.least_minor,
        greatest_minor: terms.greatest_minor,
    };
    let card = |tariff: &Tariff| TariffCard {
        name: if lang == Lang::En { tariff.name.1.clone() } else { tariff.name.0.clone() },
        versions: latest_first(tariff, now)
            .map(|(version, phase, until)| TariffVersion {
                no: version.no,
                phase: match phase {
                    Phase::Announced => TariffPhase::Announced,
                    Phase::InForce => TariffPhase::InForce,
                    Phase::Past => TariffPhase::Past,
                },
                from_ms: version.from.as_millisecond(),
                until_ms: until.map(Timestamp::as_millisecond),
                fees: std::iter::once(fee(None, None, &version.general))
                    .chain(version.rules.iter().map(|rule| fee(rule.group, rule.category.clone(), &rule.terms)))
                    .collect(),
                fee_kept: version.refunds == RefundedFee::Kept,
                vat_percent: vat(&ports, version, now),
                api: match version.api {
                    Api::Month { price_minor } => TariffApi::Month(price_minor),
                    Api::Order { price_minor, least_minor } => TariffApi::Order(price_minor, least_minor),
                },
            })
            .collect(),
    };
    let agent = &ports.settings.agent;
    let page = pages::tariffs(&TariffsView {
        lang,
        language_url: Some(other.to_owned()),
        publisher: format!("{}, ИНН {}", agent.name, agent.inn),
        tariffs: tariffs::all(&ports).await?.iter().map(card).collect(),
    });
    let mut response = Html(page.html.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, KEPT);
    if let Ok(policy) = HeaderValue::try_from(page.content_security_policy("")) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

async fn own_view(ports: &Ports, tenant: &Tenant, partner: &Partner) -> Answer<OwnTariff> {
    let now = clock::now(ports, tenant).await.map_err(WorkflowError::from)?;
    let tariffs = tariffs::all(ports).await?;
    let mine = partner.tariffs.at(now).and_then(|id| tariffs.iter().find(|tariff| tariff.id == id));
    let assigned = partner.tariffs.assigned.iter();
    let mut prepaid = prepaid::standing(ports, tenant).await?;
    prepaid.credit = Money::rub(partner.tariffs.credit_minor);
    Ok(OwnTariff {
        tariff: mine.map(|tariff| view(ports, tariff, now)),
        individual: CommissionView::from(&partner.commission),
        assigned: assigned.map(|one| AssignedView { tariff: one.tariff.clone(), from: one.from.to_string() }).collect(),
        paid_until: partner.tariffs.paid_until.map(|until| until.to_string()),
        promo_codes: partner.tariffs.promos.iter().map(ActivationView::from).collect(),
        prepaid: PrepaidView::from(&prepaid),
    })
}

/// Read your tariff
///
/// What your orders are priced by now and will be, your promo codes, and what is paid ahead.
#[utoipa::path(
    get,
    path = "/v1/partner/tariff",
    operation_id = "own_tariff",
    tag = "Tariffs",
    responses((status = 200, description = "Your tariff.", body = OwnTariff)),
    security(("api_key" = [])),
)]
pub async fn own(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<OwnTariff>> {
    let partner = workflows::perform::partner(&ports, &tenant).await?;
    Ok(Json(own_view(&ports, &tenant, &partner).await?))
}

/// Pay for a month of the API
///
/// From what is paid ahead, where your tariff asks for it: without it no orders are made. The month follows the one that is paid, or begins
/// now. A month that is paid and has not begun is not followed by another: 409.
#[utoipa::path(
    post,
    path = "/v1/partner/tariff/month",
    operation_id = "pay_month",
    tag = "Tariffs",
    responses((status = 200, description = "It is paid.", body = OwnTariff)),
    security(("api_key" = [])),
)]
pub async fn pay_month(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<OwnTariff>> {
    match tariffs::pay_month(&ports, &tenant).await? {
        Month::None => Err(problems::no_month_to_pay().into()),
        Month::TooLittle(shortage) => Err(problems::prepaid_too_low(&shortage).into()),
        Month::Paid(tariffs) => {
            let partner = workflows::perform::partner(&ports, &tenant).await?;
            let partner = Partner { tariffs, ..(*partner).clone() };
            Ok(Json(own_view(&ports, &tenant, &partner).await?))
        }
    }
}

/// Activate a promo code
///
/// Once for each partner and code. Orders made from now on, and until it ends, cost less.
#[utoipa::path(
    post,
    path = "/v1/partner/promo-codes",
    operation_id = "activate_promo_code",
    tag = "Tariffs",
    request_body(content = ActivateRequest, example = json!({"code": "START3"})),
    responses((status = 201, description = "It works from now on.", body = ActivationView)),
    security(("api_key" = [])),
)]
pub async fn activate(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    web::Json(asked): web::Json<ActivateRequest>,
) -> Answer<(StatusCode, Json<ActivationView>)> {
    let code = asked.code.trim().to_ascii_uppercase();
    if !is_code(&code) {
        return Err(problems::fault("/code", "code", "От 3 до 20 знаков A-Z 0-9.", "3 to 20 of A-Z 0-9.").into());
    }
    match tariffs::activate(&ports, &tenant, &code).await? {
        None => Err(Problem::not_found().into()),
        Some(Err(PromoRefusal::Used(at))) => Err(problems::promo_used().detail(format!("at {at}")).into()),
        Some(Err(PromoRefusal::Over(day))) => Err(problems::promo_over().detail(format!("after {day}")).into()),
        Some(Ok(activation)) => Ok((StatusCode::CREATED, Json(ActivationView::from(&activation)))),
    }
}

fn is_code(code: &str) -> bool {
    (3..=20).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn is_id(id: &str) -> bool {
    let plain = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (1..=20).contains(&id.len()) && plain
}

/// A moment, or the beginning of a day in Moscow.
fn moment(text: &str) -> Option<Timestamp> {
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let moment = match day {
        Some(day) => MOSCOW.to_timestamp(day.at(0, 0, 0, 0)).ok(),
        None => text.parse::<Timestamp>().ok(),
    };
    moment.map(whole_seconds)
}

fn from(check: &mut Check, text: Option<&str>) -> Option<Timestamp> {
    let text = text?;
    let moment = moment(text);
    if moment.is_none() {
        let (ru, en) =
            ("День 2026-12-01 или момент 2026-12-01T00:00:00Z.", "A day 2026-12-01 or a moment 2026-12-01T00:00:00Z.");
        check.say("/from", "moment", ru, en);
    }
    moment
}

fn terms(check: &mut Check, at: &str, asked: &FeeRequest) -> Option<CommissionTerms> {
    let FeeRequest { percent, fixed, least, greatest } = asked.clone();
    operator::commission(check, at, &CommissionRequest { percent, fixed, least, greatest, vat_percent: None })
}

fn rule(check: &mut Check, at: usize, asked: &RuleRequest) -> Option<Rule> {
    let pointer = |name: &str| format!("/rules/{at}{name}");
    let groups = Group::ALL.map(|group| (group.code(), group));
    let group = asked.method.as_deref().map(|code| check.choice(&pointer("/method"), code, &groups));
    let category = asked.category.as_deref().map(|text| check.text(&pointer("/category"), text, 64));
    if group.is_none() && category.is_none() {
        let (ru, en) = ("Укажите способ оплаты или категорию.", "Name a way to pay or a category.");
        check.say(&pointer(""), "required", ru, en);
    }
    let terms = terms(check, &pointer("/fee"), &asked.fee);
    Some(Rule { group: group.flatten(), category, terms: terms? })
}

fn api(check: &mut Check, asked: &ApiRequest) -> Option<Api> {
    let price = check.roubles("/api/price", Some(&asked.price));
    let least = check.roubles("/api/least", asked.least.as_deref());
    let by_order = check.choice("/api/charged", &asked.charged, &[("month", false), ("order", true)])?;
    if !by_order && asked.least.is_some() {
        let (ru, en) = ("Только если платят за заказ.", "Only where orders are charged.");
        check.say("/api/least", "not_allowed", ru, en);
    }
    let price_minor = price?;
    Some(if by_order {
        Api::Order { price_minor, least_minor: least.unwrap_or(LEAST_MINOR) }
    } else {
        Api::Month { price_minor }
    })
}

/// Reads a version whole, so that everything wrong is said at once.
fn version(asked: &VersionRequest, no: u32, now: Timestamp) -> Result<Version, Problem> {
    let mut check = Check { errors: Vec::new(), lenient: false };
    check.text("/name/ru", &asked.name.ru, 60);
    check.text("/name/en", &asked.name.en, 60);
    let from = match asked.from.as_deref() {
        None if no == 1 => Some(now),
        None => {
            check.say("/from", "required", "Укажите, с какого момента действует.", "Say from when it is in force.");
            None
        }
        text => from(&mut check, text),
    };
    let general = terms(&mut check, "/fee", &asked.fee);
    if asked.rules.len() > RULES_MAX {
        check.say("/rules", "count", "Не больше 20.", "At most 20.");
    }
    let rules: Vec<Rule> =
        asked.rules.iter().take(RULES_MAX).enumerate().filter_map(|(at, asked)| rule(&mut check, at, asked)).collect();
    for (at, one) in rules.iter().enumerate() {
        if rules.iter().take(at).any(|other| other.group == one.group && other.category == one.category) {
            let (ru, en) = ("Такое правило уже есть.", "There is such a rule already.");
            check.say(&format!("/rules/{at}"), "repeated", ru, en);
        }
    }
    let refunds = [RefundedFee::Reversed, RefundedFee::Kept].map(|refunds| (refunds.code(), refunds));
    let refunds = match asked.refunds.as_deref() {
        None => Some(RefundedFee::Reversed),
        Some(text) => check.choice("/refunds", text, &refunds),
    };
    let percent =
        asked.vat_percent.as_deref().map(|text| text.parse::<u8>().ok().filter(|vat| *vat <= VAT_PERCENT_MAX));
    if percent == Some(None) {
        check.say("/vat_percent", "percent", "Целое число от 0 до 30.", "A whole number from 0 to 30.");
    }
    let api = api(&mut check, &asked.api);
    match (check.errors.is_empty(), from, general, refunds, api) {
        (true, Some(from), Some(general), Some(refunds), Some(api)) => {
            let vat_percent = percent.flatten().map(Decimal::from);
            Ok(Version { no, from, general, rules, refunds, vat_percent, api })
        }
        _ => Err(Problem::unprocessable(check.errors)),
    }
}

/// Publish a version of a tariff
///
/// The next one, or one that is only announced, anew. A version in force never changes. Published again just so, it changes nothing.
#[utoipa::path(
    put,
    path = "/v1/operator/tariffs/{tariff}/versions/{no}",
    operation_id = "publish_tariff",
    tag = "Operator",
    params(
        ("tariff" = String, Path, description = "1 to 20 of `a-z 0-9 -`.", example = "basic"),
        ("no" = u32, Path, description = "1, 2, … without gaps.", example = 1),
    ),
    request_body(content = VersionRequest, example = json!({
        "name": {"ru": "Базовый", "en": "Basic"},
        "fee": {"percent": "3.5", "least": "10.00"},
        "rules": [{"method": "sbp", "fee": {"percent": "1.2"}}],
        "refunds": "reversed",
        "api": {"charged": "order", "price": "25.00"},
    })),
    responses((status = 200, description = "The tariff.", body = TariffView)),
    security(("operator_token" = [])),
)]
pub async fn publish(
    State(ports): State<Ports>,
    Operator: Operator,
    Path((tariff, no)): Path<(String, u32)>,
    web::Json(asked): web::Json<VersionRequest>,
) -> Answer<Json<TariffView>> {
    if !is_id(&tariff) || no == 0 {
        return Err(Problem::not_found().into());
    }
    let now = whole_seconds(ports.clock.now());
    let mut version = version(&asked, no, now)?;
    if asked.from.is_none() {
        // Said again without a moment, it is the moment of the first time.
        let stored = tariffs::all(&ports).await?;
        let there = stored.iter().find(|one| one.id == tariff).and_then(|one| one.versions.first());
        version.from = there.map_or(version.from, |there| there.from);
    }
    let name = (asked.name.ru.trim().to_owned(), asked.name.en.trim().to_owned());
    match tariffs::put(&ports, &tariff, &name, &version).await? {
        Ok((tariff, _)) => Ok(Json(view(&ports, &tariff, now))),
        Err(VersionRefusal::InForce(_)) => Err(problems::version_in_force().into()),
        Err(VersionRefusal::Number(next)) => {
            Err(problems::version_number().detail(format!("the next one is {next}")).into())
        }
        Err(VersionRefusal::From(earliest)) => {
            let ru = format!("Не раньше {earliest} и по порядку редакций.");
            let en = format!("{earliest} at the earliest, and in the order of the versions.");
            Err(problems::fault("/from", "too_early", &ru, &en).into())
        }
    }
}

/// Assign a tariff to a partner
///
/// From a moment on; orders made before stay as they were priced. Other instances hear of it within a minute.
#[utoipa::path(
    put,
    path = "/v1/operator/partners/{partner}/{mode}/tariff",
    operation_id = "assign_tariff",
    tag = "Operator",
    params(TenantPath),
    request_body(content = AssignRequest, example = json!({"tariff": "basic", "from": "2026-12-01", "credit": "0.00"})),
    responses((status = 200, description = "What the partner's orders are priced by.", body = OwnTariff)),
    security(("operator_token" = [])),
)]
pub async fn assign(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    web::Json(asked): web::Json<AssignRequest>,
) -> Answer<Json<OwnTariff>> {
    let mut check = Check { errors: Vec::new(), lenient: false };
    let from = from(&mut check, asked.from.as_deref());
    let credit_minor = check.roubles("/credit", asked.credit.as_deref());
    if !check.errors.is_empty() {
        return Err(Problem::unprocessable(check.errors).into());
    }
    let assignment = Assignment { tariff: asked.tariff, from, credit_minor };
    let fault = match tariffs::assign(&ports, &tenant, &assignment).await? {
        Ok(tariffs) => {
            let partner = workflows::perform::partner(&ports, &tenant).await?;
            let partner = Partner { tariffs, ..(*partner).clone() };
            return Ok(Json(own_view(&ports, &tenant, &partner).await?));
        }
        Err(Unassignable::Unknown) => ("/tariff", "unknown", "Такого тарифа нет.", "There is no such tariff."),
        Err(Unassignable::NotInForce) => {
            ("/from", "not_in_force", "К этому моменту тариф ещё не действует.", "The tariff is not in force by then.")
        }
        Err(Unassignable::Past) => ("/from", "past", "Не раньше текущего момента.", "Not before now."),
    };
    let (pointer, code, ru, en) = fault;
    Err(problems::fault(pointer, code, ru, en).into())
}

/// Make a promo code
///
/// Made again just so, it changes nothing; a code never changes what it gives.
#[utoipa::path(
    put,
    path = "/v1/operator/promo-codes/{code}",
    operation_id = "make_promo_code",
    tag = "Operator",
    params(("code" = String, Path, description = "3 to 20 of `A-Z 0-9`.", example = "START3")),
    request_body(content = PromoRequest, example = json!({"off_percent": "100", "months": 3, "last_day": "2026-12-31"})),
    responses((status = 200, description = "The promo code.", body = PromoView)),
    security(("operator_token" = [])),
)]
pub async fn make_promo(
    State(ports): State<Ports>,
    Operator: Operator,
    Path(code): Path<String>,
    web::Json(asked): web::Json<PromoRequest>,
) -> Answer<Json<PromoView>> {
    if !is_code(&code) {
        return Err(Problem::not_found().into());
    }
    let mut check = Check { errors: Vec::new(), lenient: false };
    let plain =
        asked.off_percent.len() <= 6 && asked.off_percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let off = asked.off_percent.parse::<Decimal>().ok();
    let off = off.filter(|off| plain && off.scale() <= 2 && (Decimal::ONE..=Decimal::ONE_HUNDRED).contains(off));
    if off.is_none() {
        let (ru, en) = ("От 1 до 100, не больше 2 знаков после точки.", "1 to 100 with at most 2 decimals.");
        check.say("/off_percent", "percent", ru, en);
    }
    if !(1..=MONTHS_MAX).contains(&asked.months) {
        check.say("/months", "range", "От 1 до 60.", "1 to 60.");
    }
    let last_day = asked.last_day.parse::<Date>().ok().filter(|_| asked.last_day.len() == 10);
    if last_day.is_none() {
        check.say("/last_day", "date", "День вида 2026-12-31.", "A day such as 2026-12-31.");
    }
    let (Some(off), Some(last_day), true) = (off, last_day, check.errors.is_empty()) else {
        return Err(Problem::unprocessable(check.errors).into());
    };
    let promo = Promo { code, off, months: asked.months, last_day };
    let there = ports.store.put_promo(&promo).await.map_err(WorkflowError::from)?;
    if there != promo {
        return Err(problems::promo_taken().into());
    }
    let Promo { code, off, months, last_day } = there;
    Ok(Json(PromoView { code, off_percent: off.normalize().to_string(), months, last_day: last_day.to_string() }))
}
