//! What is printed on a partner's receipts, and by which registers: the partner's settings, the operator's contracts and corrections.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use domain::acquiring::Credentials;
use domain::id::{OrderId, Tenant};
use domain::order::ReceiptScheme;
use domain::partner::{Partner, PointKind, PointOfSale, ReceiptSettings};
use domain::receipt::register::{Register, RegisterKind};
use domain::receipt::{Agent, AgentSign, Ffd, laws};
use domain::tax::{DeliveryRate, RateRules, Taxation, VatRate};
use domain::time::moscow_date;
use runtime::{FieldError, Path, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::ports::{Ports, Settings};
use workflows::view::{self, OrderView};
use workflows::{clock, perform, receipt};

use crate::access::{Caller, OperatedTenant, Operator, TenantPath};
use crate::problems::Answer;
use crate::{examples, logo, web};

/// Points of sale of a tenant, at most.
const POINTS_MAX: usize = 100;
/// Registers of a tenant, at most.
const REGISTERS_MAX: usize = 20;
/// Days a prepayment may wait before its partner is warned, at most: a year.
const CLOSING_DAYS_MAX: u16 = 366;

/// What is printed on your receipts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptSettingsRequest {
    /// For orders that do not say so themselves: `full`, one receipt when money comes; `prepayment` or `advance`, then a closing one when the
    /// order is fulfilled. `full` when left out.
    #[serde(default)]
    #[schema(example = "prepayment")]
    pub scheme: Option<String>,
    /// Days after a payment in which its prepayment should be closed; then `receipt.closing_late` warns you. 1 to 366; 30 when left out.
    #[serde(default)]
    #[schema(example = 30)]
    pub closing_days: Option<u16>,
    /// Marked goods are sold although the check of their codes fails or can not be made.
    #[serde(default)]
    pub sell_unchecked: bool,
    /// VAT rates of lines that name none: the rule for its delivery, its product, its category, else your own rate.
    #[serde(default)]
    pub rates: RatesRequest,
    /// Shops, couriers and pick-up points where money is taken, at most 100.
    #[serde(default)]
    pub points: Vec<PointRequest>,
    /// Your logo on receipts: `data:image/png;base64,…`, or `data:image/svg+xml;base64,…` without scripts; at most 8192 characters.
    #[serde(default)]
    pub logo: Option<String>,
}

/// VAT rates: `none`, `vat0`, `vat5`, `vat7`, `vat10`, `vat22`. A rule without a rate is refused.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatesRequest {
    /// By your product code, at most 500.
    #[serde(default)]
    #[schema(example = json!({ "book-1": "vat10" }))]
    pub products: BTreeMap<String, Option<String>>,
    /// By your category, at most 500.
    #[serde(default)]
    #[schema(example = json!({ "books": "vat10" }))]
    pub categories: BTreeMap<String, Option<String>>,
    /// Of delivery, at most 500: the first rule that fits.
    #[serde(default)]
    pub delivery: Vec<DeliveryRateRequest>,
}

/// The VAT rate of a way of delivery.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRateRequest {
    /// Your name of the way; every way when left out.
    #[serde(default)]
    #[schema(example = "courier")]
    pub method: Option<String>,
    /// Region, ISO 3166-2; every region when left out.
    #[serde(default)]
    #[schema(example = "RU-MOW")]
    pub region: Option<String>,
    /// The rate.
    #[serde(default)]
    #[schema(example = "vat22")]
    pub vat: Option<String>,
}

/// A place where a person takes money.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PointRequest {
    /// 1 to 20 of `a-z 0-9 -`.
    #[schema(example = "pvz-7")]
    pub id: String,
    /// `shop`, `courier` or `pickup`.
    #[schema(example = "pickup")]
    pub kind: String,
    /// For people.
    #[schema(example = "ПВЗ на Тверской")]
    pub name: String,
    /// Where it is settled, 1 to 256 characters (tag 1187).
    #[schema(example = "Москва, Тверская ул., 7")]
    pub place: String,
}

/// What is printed on a partner's receipts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReceiptSettingsView {
    /// For orders that do not say so themselves: `full`, `prepayment`, `advance`.
    pub scheme: &'static str,
    /// Days after a payment in which its prepayment should be closed.
    pub closing_days: u16,
    /// Marked goods are sold although the check of their codes fails or can not be made.
    pub sell_unchecked: bool,
    /// VAT rates by product, category and delivery.
    #[schema(value_type = Object)]
    pub rates: RateRules,
    /// Where money is taken.
    pub points: Vec<PointRequest>,
    /// The logo.
    pub logo: Option<String>,
    /// As what the platform sells for you, as your contract says (tag 1222).
    #[schema(example = "agent")]
    pub agent_sign: &'static str,
    /// The registers that print; the platform's where there are none.
    pub registers: Vec<RegisterView>,
}

/// A register, without its secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RegisterView {
    /// Id.
    #[schema(example = "atol-main")]
    pub id: String,
    /// Its protocol.
    #[schema(example = "atol_v5")]
    pub kind: &'static str,
    /// The version of the format it prints (tag 1209).
    #[schema(example = "1.2")]
    pub ffd: &'static str,
    /// Lower comes first.
    pub priority: u8,
    /// Takes new receipts.
    pub enabled: bool,
    /// Whose it is, where that is not the platform.
    pub owner: Option<OwnerRequest>,
    /// The group of registers, where the protocol has them.
    pub group: Option<String>,
    /// Where it sends callbacks.
    pub callback_url: String,
    /// Names of the credentials that are set.
    pub credentials: Vec<String>,
}

/// The owner of a register, as a receipt names them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerRequest {
    /// Name (tag 1048).
    pub name: String,
    /// ИНН (tag 1018).
    pub inn: String,
    /// Registered address (tag 1009).
    pub address: String,
    /// Sender of electronic receipts (tag 1117).
    pub email: String,
    /// Telephone for questions, `+` and digits.
    pub phone: String,
    /// `osn`, `usn_income`, `usn_income_outcome`, `esn` or `patent` (tag 1055).
    pub taxation: String,
}

/// A register as the operator gives it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// 1 to 20 of `a-z 0-9 -`.
    #[schema(example = "atol-main")]
    pub id: String,
    /// Its protocol: `atol_v4`, `atol_v5`, `orange_data`, `paykeeper`, `kit_online`, `business_kassa`, `business_kassa_v4`, `device`.
    #[schema(example = "atol_v5")]
    pub kind: String,
    /// `1.05` or `1.2`; `1.2` when left out.
    #[serde(default)]
    #[schema(example = "1.2")]
    pub ffd: Option<String>,
    /// Lower comes first.
    #[serde(default)]
    pub priority: u8,
    /// Takes new receipts; yes when left out. What it may have printed is always seen through.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Whose it is, where that is not the platform: then lines without a seller are the owner's own.
    #[serde(default)]
    pub owner: Option<OwnerRequest>,
    /// The group of registers, where the protocol has them.
    #[serde(default)]
    pub group: Option<String>,
    /// Address of the API where it is not the vendor's.
    #[serde(default)]
    pub address: Option<String>,
    /// Names and secrets as the protocol wants them; those of the register before when left out.
    #[serde(default)]
    pub credentials: Option<BTreeMap<String, String>>,
}

/// A tenant's registers as the operator gives them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistersRequest {
    /// All that print. One that is left out stays, switched off: what it may have printed is seen through.
    pub registers: Vec<RegisterRequest>,
    /// As what the platform sells for the partner, as their contract says (tag 1222): `agent`, `attorney`, `commissioner`, `paying_agent`,
    /// `paying_subagent`, `bank_paying_agent`, `bank_paying_subagent`. Stays when left out.
    #[serde(default)]
    #[schema(example = "agent")]
    pub agent_sign: Option<String>,
}

/// A tenant's registers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RegisterList {
    /// The registers.
    pub registers: Vec<RegisterView>,
    /// As what the platform sells for the partner (tag 1222).
    #[schema(example = "agent")]
    pub agent_sign: &'static str,
}

fn registers(settings: &Settings, tenant: &Tenant, receipts: &ReceiptSettings) -> Vec<RegisterView> {
    let shown = receipts.registers.iter().map(|register| RegisterView {
        id: register.id.clone(),
        kind: register.kind.code(),
        ffd: register.ffd.text(),
        priority: register.priority,
        enabled: register.enabled,
        owner: register.owner.as_ref().map(|owner| OwnerRequest {
            name: owner.name.clone(),
            inn: owner.inn.clone(),
            address: owner.address.clone(),
            email: owner.email.clone(),
            phone: owner.phone.clone(),
            taxation: owner.taxation.code().to_owned(),
        }),
        group: register.group.clone(),
        callback_url: receipt::register_callback_url(settings, tenant, &register.id),
        credentials: register.credentials.0.keys().cloned().collect(),
    });
    shown.collect()
}

fn shown(settings: &Settings, tenant: &Tenant, receipts: &ReceiptSettings) -> ReceiptSettingsView {
    let points = receipts.points.iter().map(|point| PointRequest {
        id: point.id.clone(),
        kind: point.kind.code().to_owned(),
        name: point.name.clone(),
        place: point.place.clone(),
    });
    ReceiptSettingsView {
        scheme: receipts.scheme.code(),
        closing_days: receipts.closing_days,
        sell_unchecked: receipts.sell_unchecked,
        rates: receipts.rates.clone(),
        points: points.collect(),
        logo: receipts.logo.clone(),
        agent_sign: receipts.agent_sign.code(),
        registers: registers(settings, tenant, receipts),
    }
}

/// Read what is printed on your receipts
///
/// As you and the operator have set it.
#[utoipa::path(
    get,
    path = "/v1/partner/receipts",
    operation_id = "receipt_settings",
    tag = "Settings",
    responses((status = 200, description = "The settings.", body = ReceiptSettingsView, example = json!(examples::receipt_settings()))),
    security(("api_key" = [])),
)]
pub async fn read(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<ReceiptSettingsView>> {
    let partner = perform::partner(&ports, &tenant).await?;
    Ok(Json(shown(&ports.settings, &tenant, &partner.receipts)))
}

/// Set what is printed on your receipts
///
/// Replaces what was set before; what is the operator's stays. Orders keep the scheme and the rates they were made with.
#[utoipa::path(
    put,
    path = "/v1/partner/receipts",
    operation_id = "set_receipt_settings",
    tag = "Settings",
    request_body(content = ReceiptSettingsRequest, example = json!(examples::receipt_settings_request())),
    responses((status = 200, description = "The settings.", body = ReceiptSettingsView, example = json!(examples::receipt_settings()))),
    security(("api_key" = [])),
)]
pub async fn set(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    web::Json(request): web::Json<ReceiptSettingsRequest>,
) -> Answer<Json<ReceiptSettingsView>> {
    let today = moscow_date(clock::now(&ports, &tenant).await.map_err(WorkflowError::from)?);
    let mut check = Check::default();
    let wanted = check.settings(&request, today);
    check.done()?;
    let set = |partner: Option<Partner>| {
        let mut partner = partner?;
        let before = partner.receipts;
        partner.receipts =
            ReceiptSettings { agent_sign: before.agent_sign, registers: before.registers, ..wanted.clone() };
        Some((partner.clone(), partner.receipts))
    };
    let receipts = ports.store.change_partner(&tenant, set).await.map_err(WorkflowError::from)?;
    Ok(Json(shown(&ports.settings, &tenant, &receipts.ok_or(WorkflowError::NotFound)?)))
}

/// List a partner's registers
///
/// Without secrets. The platform's own print where there are none.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/registers",
    operation_id = "registers",
    tag = "Operator",
    params(TenantPath),
    responses((status = 200, description = "The registers.", body = RegisterList)),
    security(("operator_token" = [])),
)]
pub async fn list(State(ports): State<Ports>, OperatedTenant(tenant): OperatedTenant) -> Answer<Json<RegisterList>> {
    let partner = perform::partner(&ports, &tenant).await?;
    Ok(Json(listed(&ports.settings, &tenant, &partner.receipts)))
}

fn listed(settings: &Settings, tenant: &Tenant, receipts: &ReceiptSettings) -> RegisterList {
    RegisterList { registers: registers(settings, tenant, receipts), agent_sign: receipts.agent_sign.code() }
}

/// Connect a partner to registers
///
/// All of one mode at once, and as what the platform sells for the partner. Credentials are never shown again.
#[utoipa::path(
    put,
    path = "/v1/operator/partners/{partner}/{mode}/registers",
    operation_id = "set_registers",
    tag = "Operator",
    params(TenantPath),
    request_body = RegistersRequest,
    responses((status = 200, description = "The registers.", body = RegisterList)),
    security(("operator_token" = [])),
)]
pub async fn connect(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    web::Json(request): web::Json<RegistersRequest>,
) -> Answer<Json<RegisterList>> {
    let mut refused = Ok(());
    // Held against what is stored now: what somebody else set a moment ago is not undone by what is left out here.
    let set = |partner: Option<Partner>| {
        let mut partner = partner?;
        let mut check = Check::default();
        let sign = check.registers_sign(request.agent_sign.as_deref());
        let wanted = check.registers(&request.registers, &partner.receipts, ports.settings.allow_private_hosts);
        refused = check.done();
        refused.as_ref().ok()?;
        partner.receipts.registers = wanted;
        partner.receipts.agent_sign = sign.unwrap_or(partner.receipts.agent_sign);
        Some((partner.clone(), partner.receipts))
    };
    let receipts = ports.store.change_partner(&tenant, set).await.map_err(WorkflowError::from)?;
    refused?;
    Ok(Json(listed(&ports.settings, &tenant, &receipts.ok_or(WorkflowError::NotFound)?)))
}

/// Correct a receipt
///
/// One that was printed otherwise than it was sent (`differs`): it is undone as it was printed, and printed anew as it should have been.
/// Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/v1/operator/orders/{id}/receipts/{no}/correct",
    operation_id = "correct_receipt",
    tag = "Operator",
    params(
        ("id" = String, Path, description = "Id of the order."),
        ("no" = u8, Path, description = "Number of the receipt in the order.", example = 1),
    ),
    responses((status = 200, description = "The order; the corrections are under way.", body = OrderView)),
    security(("operator_token" = [])),
)]
pub async fn correct(
    State(ports): State<Ports>,
    Operator: Operator,
    Path((id, no)): Path<(String, String)>,
) -> Answer<Json<OrderView>> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    let no: u8 = no.parse().map_err(|_| Problem::not_found())?;
    let applied = receipt::correct(&ports, &id, no).await?;
    Ok(Json(view::order(&ports.settings, &applied.order, &applied.details)))
}

/// 1 to 20 of `a-z 0-9 -`.
fn is_id(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Reads a request whole, so that everything wrong is said at once.
#[derive(Default)]
struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    fn say(&mut self, pointer: impl Into<String>, code: &'static str, ru: &str, en: &str) {
        self.errors.push(FieldError::new(pointer.into(), code, ru, en));
    }

    fn must(&mut self, holds: bool, pointer: String, rule: &laws::Rule) {
        if !holds {
            self.say(pointer, rule.code, rule.ru, rule.en);
        }
    }

    fn done(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::unprocessable(self.errors)) }
    }

    fn choice<T: Copy>(
        &mut self,
        pointer: &str,
        text: &str,
        choices: impl Iterator<Item = (&'static str, T)>,
    ) -> Option<T> {
        let choices: Vec<_> = choices.collect();
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names = choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            self.say(pointer, "unknown_value", &format!("Допустимы: {names}."), &format!("One of: {names}."));
        }
        found
    }

    /// An id that is none of those before it.
    fn id(&mut self, pointer: String, id: &str, taken: bool) {
        if !is_id(id) || taken {
            let (ru, en) = ("1–20 знаков a-z, 0-9, -; без повторов.", "1 to 20 of a-z, 0-9, -; no repetition.");
            self.say(pointer, "id", ru, en);
        }
    }

    fn settings(&mut self, asked: &ReceiptSettingsRequest, today: jiff::civil::Date) -> ReceiptSettings {
        let schemes = ReceiptScheme::ALL.map(|scheme| (scheme.code(), scheme));
        let scheme = asked.scheme.as_deref().map(|text| self.choice("/scheme", text, schemes.into_iter()));
        let closing_days = asked.closing_days.unwrap_or_else(|| ReceiptSettings::default().closing_days);
        if !(1..=CLOSING_DAYS_MAX).contains(&closing_days) {
            self.say("/closing_days", "range", "От 1 до 366 дней.", "1 to 366 days.");
        }
        let rates = self.rates(&asked.rates, today);
        if asked.points.len() > POINTS_MAX {
            self.say("/points", "count", "Не больше 100 точек продаж.", "At most 100 points of sale.");
        }
        let mut points: Vec<PointOfSale> = Vec::new();
        for (at, point) in asked.points.iter().take(POINTS_MAX).enumerate() {
            let pointer = |field: &str| format!("/points/{at}/{field}");
            self.id(pointer("id"), &point.id, points.iter().any(|known| known.id == point.id));
            let kinds = PointKind::ALL.map(|kind| (kind.code(), kind));
            let kind = self.choice(&pointer("kind"), &point.kind, kinds.into_iter());
            if !laws::is_text(&point.name, 100) {
                self.say(pointer("name"), "name", "От 1 до 100 символов.", "1 to 100 characters.");
            }
            self.must(laws::is_text(&point.place, laws::PLACE_CHARACTERS_MAX), pointer("place"), &laws::rule::PLACE);
            let (id, kind) = (point.id.clone(), kind.unwrap_or(PointKind::Shop));
            points.push(PointOfSale { id, kind, name: point.name.clone(), place: point.place.clone() });
        }
        if let Some(Err((code, ru, en))) = asked.logo.as_deref().map(logo::check) {
            self.say("/logo", code, ru, en);
        }
        ReceiptSettings {
            scheme: scheme.flatten().unwrap_or_default(),
            closing_days,
            sell_unchecked: asked.sell_unchecked,
            rates,
            points,
            logo: asked.logo.clone(),
            ..ReceiptSettings::default()
        }
    }

    fn rates(&mut self, asked: &RatesRequest, today: jiff::civil::Date) -> RateRules {
        let mut keyed = |name: &str, rules: &BTreeMap<String, Option<String>>| {
            let rule = |(key, rate): (&String, &Option<String>)| {
                // As JSON pointers write it (RFC 6901, section 3).
                let at = key.replace('~', "~0").replace('/', "~1");
                Some((key.clone(), self.rate(&format!("/rates/{name}/{at}"), rate.as_deref())?))
            };
            rules.iter().filter_map(rule).collect::<BTreeMap<_, _>>()
        };
        let (products, categories) = (keyed("products", &asked.products), keyed("categories", &asked.categories));
        let mut delivery = Vec::new();
        for (at, rule) in asked.delivery.iter().enumerate() {
            let Some(vat) = self.rate(&format!("/rates/delivery/{at}/vat"), rule.vat.as_deref()) else { continue };
            delivery.push(DeliveryRate { method: rule.method.clone(), region: rule.region.clone(), vat });
        }
        let rules = RateRules { products, categories, delivery };
        // Where a rule without a rate is left out, the places of those after it are others.
        if rules.delivery.len() == asked.delivery.len() {
            for fault in rules.faults(today) {
                let (ru, en) = fault.kind.words();
                self.say(format!("/rates{}", fault.pointer), fault.kind.code(), ru, en);
            }
        }
        rules
    }

    fn rate(&mut self, pointer: &str, rate: Option<&str>) -> Option<VatRate> {
        let Some(rate) = rate else {
            self.say(pointer, "required", "У правила нет ставки.", "The rule has no rate.");
            return None;
        };
        self.choice(pointer, rate, VatRate::ALL.map(|rate| (rate.code(), rate)).into_iter())
    }

    fn registers_sign(&mut self, sign: Option<&str>) -> Option<AgentSign> {
        let signs = AgentSign::ALL.map(|sign| (sign.code(), sign));
        self.choice("/agent_sign", sign?, signs.into_iter())
    }

    fn registers(&mut self, asked: &[RegisterRequest], before: &ReceiptSettings, lenient: bool) -> Vec<Register> {
        let mut found: Vec<Register> = Vec::new();
        for (at, one) in asked.iter().take(REGISTERS_MAX).enumerate() {
            let taken = one.id == "sandbox" || found.iter().any(|known| known.id == one.id);
            let known = before.registers.iter().find(|known| known.id == one.id);
            let register = self.register(at, one, taken, known, lenient);
            found.push(register);
        }
        let left_out = before.registers.iter().filter(|known| asked.iter().all(|one| one.id != known.id));
        found.extend(left_out.map(|known| Register { enabled: false, ..known.clone() }));
        if asked.len().max(found.len()) > REGISTERS_MAX {
            self.say(
                "/registers",
                "count",
                "Не больше 20 касс вместе с отключёнными.",
                "At most 20 registers, those switched off among them.",
            );
        }
        found
    }

    fn register(
        &mut self,
        at: usize,
        asked: &RegisterRequest,
        taken: bool,
        known: Option<&Register>,
        lenient: bool,
    ) -> Register {
        let pointer = |field: &str| format!("/registers/{at}/{field}");
        self.id(pointer("id"), &asked.id, taken);
        // The sandbox's own is nobody's contract.
        let kinds = RegisterKind::ALL.into_iter().filter(|kind| *kind != RegisterKind::Sandbox);
        let kind = self.choice(&pointer("kind"), &asked.kind, kinds.map(|kind| (kind.code(), kind)));
        let versions = [Ffd::V1_05, Ffd::V1_2].map(|ffd| (ffd.text(), ffd));
        let ffd = asked.ffd.as_deref().and_then(|text| self.choice(&pointer("ffd"), text, versions.into_iter()));
        if let Some(Err((code, ru, en))) = asked.address.as_deref().map(|address| web::address(address, lenient)) {
            self.say(pointer("address"), code, ru, en);
        }
        if asked.group.as_deref().is_some_and(|group| !laws::is_text(group, 64)) {
            self.say(pointer("group"), "group", "От 1 до 64 символов.", "1 to 64 characters.");
        }
        // Secrets go to the protocol and the address they were given for, and to no other.
        let same = |known: &&Register| Some(known.kind) == kind && known.address.as_deref() == address_of(asked);
        let credentials = asked.credentials.clone().map(Credentials);
        let credentials = credentials.or_else(|| known.filter(same).map(|known| known.credentials.clone()));
        if credentials.is_none() {
            self.say(
                pointer("credentials"),
                "required",
                "Укажите доступы к кассе.",
                "The register's credentials are needed.",
            );
        }
        Register {
            id: asked.id.clone(),
            kind: kind.unwrap_or(RegisterKind::Sandbox),
            ffd: ffd.unwrap_or_default(),
            priority: asked.priority,
            enabled: asked.enabled.unwrap_or(true),
            owner: asked.owner.as_ref().map(|owner| self.owner(&pointer("owner"), owner)),
            group: asked.group.clone(),
            address: address_of(asked).map(ToOwned::to_owned),
            credentials: credentials.unwrap_or_default(),
        }
    }

    fn owner(&mut self, at: &str, asked: &OwnerRequest) -> Agent {
        for (field, text) in [("name", &asked.name), ("address", &asked.address)] {
            if !laws::is_text(text, 256) {
                self.say(format!("{at}/{field}"), field, "От 1 до 256 символов.", "1 to 256 characters.");
            }
        }
        self.must(laws::is_inn(&asked.inn), format!("{at}/inn"), &laws::rule::INN);
        self.must(laws::is_email(&asked.email), format!("{at}/email"), &laws::rule::SENDER);
        self.must(laws::is_phone(&asked.phone), format!("{at}/phone"), &laws::rule::PHONE);
        let systems = Taxation::ALL.map(|taxation| (taxation.code(), taxation));
        let taxation = self.choice(&format!("{at}/taxation"), &asked.taxation, systems.into_iter());
        Agent {
            name: asked.name.clone(),
            inn: asked.inn.clone(),
            address: asked.address.clone(),
            email: asked.email.clone(),
            phone: asked.phone.clone(),
            taxation: taxation.unwrap_or(Taxation::Osn),
        }
    }
}

fn address_of(asked: &RegisterRequest) -> Option<&str> {
    asked.address.as_deref().map(|address| address.trim_end_matches('/'))
}
