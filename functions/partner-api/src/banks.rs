//! Banks and how a tenant is connected to them: the catalogue, the accounts, rules and rates.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use domain::acquirer::AcquirerTerms;
use domain::acquiring::{Account, Credentials, Method, MethodTerms};
use domain::id::Tenant;
use domain::partner::{Partner, PaymentSettings};
use http::StatusCode;
use runtime::{FieldError, Problem};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::connect::Listed;
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::{connect, perform};

use crate::access::{Caller, OperatedTenant, TenantPath};
use crate::problems::Answer;
use crate::web;

/// A bank of the catalogue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BankView {
    /// Its key.
    #[schema(example = "sberbank")]
    pub key: &'static str,
    /// Its name.
    #[schema(example = "Сбербанк")]
    pub name: &'static str,
    /// The protocol it is spoken to in: `rbs`, `tbank`, `paykeeper`, `assist`, `yookassa`.
    #[schema(example = "rbs")]
    pub protocol: &'static str,
    /// Why no contract can be made with it any more.
    pub gone: Option<&'static str>,
}

/// The catalogue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BankList {
    /// Banks and providers.
    pub banks: Vec<BankView>,
}

/// An account at a bank, without its secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BankAccountView {
    /// Id.
    #[schema(example = "tbank")]
    pub id: String,
    /// The bank's key in the catalogue.
    #[schema(example = "tbank-test")]
    pub bank: String,
    /// ИНН of the legal entity, where it is not the agent.
    pub entity: Option<String>,
    /// Lower comes first.
    pub priority: u8,
    /// Takes new payments.
    pub enabled: bool,
    /// Money lands on a nominal account.
    pub nominal: bool,
    /// Where its bank sends callbacks.
    pub callback_url: String,
    /// What it can do, by method.
    #[schema(value_type = Vec<Object>)]
    pub methods: Vec<MethodTerms>,
    /// What the bank charges, by method and day.
    #[schema(value_type = Vec<Object>)]
    pub acquiring: Vec<AcquirerTerms>,
    /// Names of the credentials that are set.
    pub credentials: Vec<String>,
}

/// A tenant's accounts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BankAccountList {
    /// The accounts.
    pub accounts: Vec<BankAccountView>,
}

/// An account as the operator gives it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAccountRequest {
    /// 1 to 20 of `a-z 0-9 -`.
    #[schema(example = "sber-main")]
    pub id: String,
    /// The bank's key in the catalogue.
    #[schema(example = "sberbank")]
    pub bank: String,
    /// ИНН of the legal entity the contract is with, where it is not the agent.
    #[serde(default)]
    pub entity: Option<String>,
    /// Lower comes first.
    #[serde(default)]
    pub priority: u8,
    /// Takes new payments; yes when left out.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Money lands on a nominal account.
    #[serde(default)]
    pub nominal: bool,
    /// What it can do, by method; what banks of its protocol commonly can when left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub methods: Option<Vec<MethodTerms>>,
    /// What the bank charges: `method` (all others when left out), `since` (a day), `percent`, `fixed_minor`, `least_minor`,
    /// `greatest_minor`, `refunds` (`kept`, `returned`). What is set stays when left out.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub acquiring: Option<Vec<AcquirerTerms>>,
    /// Address of the bank's API where the catalogue has none or another.
    #[serde(default)]
    pub address: Option<String>,
    /// Names and secrets as the bank's protocol wants them; those of the account before when left out. `rbs`: `user`, `password` or
    /// `token`, and `callback_key`; `tbank`: `terminal_key`, `password`; `paykeeper`: `user`, `password`, `secret`; `assist`:
    /// `merchant_id`, `login`, `password`, `secret`; `yookassa`: `shop_id`, `secret_key`.
    #[serde(default)]
    pub credentials: Option<BTreeMap<String, String>>,
}

/// A tenant's accounts as the operator gives them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAccountsRequest {
    /// All of them: an account that is left out takes no more payments, and no old ones can be refunded through it.
    pub accounts: Vec<BankAccountRequest>,
}

/// Whether charges without the buyer are stopped.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeRequest {
    /// They are.
    pub frozen: bool,
}

/// Accounts of a tenant, at most.
const ACCOUNTS_MAX: usize = 20;
/// Rules and rates of a tenant, at most.
const SETTINGS_MAX: usize = 50;
/// Seconds a bank keeps a hold, at least and at most.
const HOLD_SECONDS_MIN: u32 = 3_600;
const HOLD_SECONDS_MAX: u32 = 90 * 24 * 3_600;
/// Largest share a bank may keep, in percent.
const PERCENT_MAX: i64 = 50;

fn shown(ports: &Ports, tenant: &Tenant, partner: &Partner) -> BankAccountList {
    let accounts = partner.accounts.iter().map(|account| BankAccountView {
        id: account.id.clone(),
        bank: account.bank.clone(),
        entity: account.entity.clone(),
        priority: account.priority,
        enabled: account.enabled,
        nominal: account.nominal,
        callback_url: connect::account_callback_url(&ports.settings, tenant, &account.id),
        methods: account.methods.clone(),
        acquiring: account.acquiring.clone(),
        credentials: account.credentials.0.keys().cloned().collect(),
    });
    BankAccountList { accounts: accounts.collect() }
}

/// List the banks
///
/// Which protocol each speaks, and which are gone.
#[utoipa::path(
    get,
    path = "/v1/banks",
    operation_id = "banks",
    tag = "Settings",
    responses((status = 200, description = "The catalogue.", body = BankList)),
    security(("api_key" = [])),
)]
pub async fn catalogue(Caller(_): Caller) -> Json<BankList> {
    let banks = connect::catalogue().map(|(key, name, protocol, gone)| BankView { key, name, protocol, gone });
    Json(BankList { banks: banks.collect() })
}

/// List your accounts at banks
///
/// Without secrets. A test partner without accounts has the sandbox's own bank.
#[utoipa::path(
    get,
    path = "/v1/accounts",
    operation_id = "bank_accounts",
    tag = "Settings",
    responses((status = 200, description = "The accounts.", body = BankAccountList)),
    security(("api_key" = [])),
)]
pub async fn accounts(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<BankAccountList>> {
    let partner = perform::partner(&ports, &tenant).await?;
    Ok(Json(shown(&ports, &tenant, &partner)))
}

/// Set how your orders are paid
///
/// Stages, capture and hold end of orders that do not say so themselves; what your own statuses do; rates of your currencies; what is held to
/// check means that are left for later. Replaces what was set before.
#[utoipa::path(
    put,
    path = "/v1/payment-settings",
    operation_id = "set_payment_settings",
    tag = "Settings",
    request_body(content = Object, description = "`stages` (`one`, `two`), `capture` (`manual`, `fulfilled`), `hold_end` (`released`, `captured`), `statuses` (your status to `capture`, `charge` or `cancel`), `rates` (`currency`, `rate`, `since`), `verification` (`1.00`, or `10.00` where your bank holds no less).",
        example = json!({"stages": "two", "capture": "manual", "hold_end": "released", "statuses": {"picked": "capture"}, "rates": [{"currency": "USD", "rate": "95.1", "since": "2026-11-21"}]})),
    responses((status = 200, description = "The settings.", body = Object)),
    security(("api_key" = [])),
)]
pub async fn settings(
    State(ports): State<Ports>,
    Caller(tenant): Caller,
    web::Json(request): web::Json<PaymentSettings>,
) -> Answer<Json<PaymentSettings>> {
    let mut errors = Vec::new();
    let mut say = |pointer: &str, code, ru: &str, en: &str| errors.push(FieldError::new(pointer, code, ru, en));
    if request.statuses.len() > SETTINGS_MAX || request.statuses.keys().any(|name| name.is_empty() || name.len() > 64) {
        say(
            "/statuses",
            "count",
            "Не больше 50 статусов, каждый до 64 знаков.",
            "At most 50 statuses of at most 64 bytes.",
        );
    }
    if request.rates.len() > SETTINGS_MAX || request.rates.iter().any(|rate| rate.rate <= rust_decimal::Decimal::ZERO) {
        say("/rates", "rate", "Не больше 50 курсов, каждый больше нуля.", "At most 50 rates, each above zero.");
    }
    if request.charges_frozen {
        say("/charges_frozen", "operator_only", "Это решает оператор.", "That is the operator's to decide.");
    }
    if !errors.is_empty() {
        return Err(Problem::unprocessable(errors).into());
    }
    let set = |partner: Option<Partner>| {
        let partner = partner?;
        let payment = PaymentSettings { charges_frozen: partner.payment.charges_frozen, ..request.clone() };
        Some((Partner { payment: payment.clone(), ..partner }, payment))
    };
    let payment = ports.store.change_partner(&tenant, set).await.map_err(WorkflowError::from)?;
    Ok(Json(payment.ok_or(WorkflowError::NotFound)?))
}

/// Read how your orders are paid
///
/// As it was set.
#[utoipa::path(
    get,
    path = "/v1/payment-settings",
    operation_id = "payment_settings",
    tag = "Settings",
    responses((status = 200, description = "The settings.", body = Object)),
    security(("api_key" = [])),
)]
pub async fn read_settings(State(ports): State<Ports>, Caller(tenant): Caller) -> Answer<Json<PaymentSettings>> {
    let partner = perform::partner(&ports, &tenant).await?;
    Ok(Json(partner.payment.clone()))
}

/// Connect a partner to banks
///
/// All accounts of one mode at once. Credentials are never shown again. An id stays with its bank, and an account that is left out stays,
/// switched off: old payments are asked about and go back through it.
#[utoipa::path(
    put,
    path = "/v1/operator/partners/{partner}/{mode}/accounts",
    operation_id = "set_bank_accounts",
    tag = "Operator",
    params(TenantPath),
    request_body = BankAccountsRequest,
    responses((status = 200, description = "The accounts.", body = BankAccountList)),
    security(("operator_token" = [])),
)]
pub async fn connect_accounts(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    web::Json(request): web::Json<BankAccountsRequest>,
) -> Answer<Json<BankAccountList>> {
    let lenient = ports.settings.allow_private_hosts;
    let mut refused = None;
    // Held against what is stored now: what somebody else set a moment ago is not undone by what is left out here.
    let set = |partner: Option<Partner>| {
        let partner = partner?;
        match check(&request, &partner, lenient) {
            Ok(accounts) => {
                let partner = Partner { accounts, ..partner };
                Some((partner.clone(), partner))
            }
            Err(wrong) => {
                refused = Some(wrong);
                None
            }
        }
    };
    let partner = ports.store.change_partner(&tenant, set).await.map_err(WorkflowError::from)?;
    if let Some(wrong) = refused {
        return Err(Problem::unprocessable(wrong).into());
    }
    Ok(Json(shown(&ports, &tenant, &partner.ok_or(WorkflowError::NotFound)?)))
}

fn check(request: &BankAccountsRequest, before: &Partner, lenient: bool) -> Result<Vec<Account>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut say = |at: usize, field: &str, code, ru: &str, en: &str| {
        errors.push(FieldError::new(format!("/accounts/{at}/{field}"), code, ru, en));
    };
    let mut accounts: Vec<Account> = Vec::new();
    for (at, asked) in request.accounts.iter().take(ACCOUNTS_MAX + 1).enumerate() {
        let plain = (1..=20).contains(&asked.id.len())
            && asked.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !plain || asked.id == "sandbox" || accounts.iter().any(|known| known.id == asked.id) {
            say(
                at,
                "id",
                "id",
                "1–20 знаков a-z, 0-9, -; не sandbox; без повторов.",
                "1 to 20 of a-z, 0-9, -; not sandbox; no repetition.",
            );
        }
        let known = before.accounts.iter().find(|known| known.id == asked.id);
        let listed = connect::listed(&asked.bank);
        match listed {
            None => say(at, "bank", "unknown_value", "Такого банка в каталоге нет.", "No such bank in the catalogue."),
            Some(Listed { gone: Some(_), .. }) => {
                say(at, "bank", "bank_gone", "Этого банка больше нет.", "This bank is gone.");
            }
            Some(_) if known.is_some_and(|known| known.bank != asked.bank) => say(
                at,
                "bank",
                "bank_pinned",
                "По этому счёту принимал другой банк: через него возвращают старые платежи. Новому банку — новый id, а старый счёт отключите.",
                "Another bank took payments under this id, and old ones go back through it. Give the new bank an id of its own and \
                 switch the old account off.",
            ),
            Some(_) => {}
        }
        let listed = listed.filter(|listed| listed.gone.is_none());
        if asked.entity.as_ref().is_some_and(|inn| !domain::requisites::is_inn(inn)) {
            say(at, "entity", "inn", "Контрольные цифры ИНН неверны.", "The ИНН's check digits are wrong.");
        }
        if let Some(address) = &asked.address
            && let Err((code, ru, en)) = web::address(address, lenient)
        {
            say(at, "address", code, ru, en);
        }
        if asked.address.is_none() && listed.is_some_and(|listed| listed.address.is_none()) {
            let (ru, en) =
                ("У каждого договора с этим банком свой адрес.", "Every contract with this bank has its own address.");
            say(at, "address", "required", ru, en);
        }
        let credentials =
            asked.credentials.clone().map(Credentials).or_else(|| known.map(|known| known.credentials.clone()));
        if credentials.is_none() {
            say(at, "credentials", "required", "Укажите доступы к банку.", "The bank's credentials are needed.");
        }
        if let (Some(credentials), Some(listed)) = (&credentials, listed) {
            let names = listed.family.needed().join(", ");
            if let Some(unknown) = listed.family.unknown(credentials).filter(|_| asked.credentials.is_some()) {
                let unknown: String = unknown.chars().filter(|c| !c.is_control()).take(40).collect();
                let (ru, en) =
                    (format!("Доступа «{unknown}» у банка нет."), format!("The bank has no credential `{unknown}`."));
                say(at, "credentials", "unknown_value", &ru, &en);
            } else if !listed.family.is_complete(credentials) {
                let (ru, en) = (format!("Нужны непустые: {names}."), format!("Needed and not empty: {names}."));
                say(at, "credentials", "required", &ru, &en);
            }
        }
        if let Some(methods) = &asked.methods
            && let Some((ru, en)) = unsound(methods)
        {
            say(at, "methods", "methods", ru, en);
        } else if let (Some(methods), Some(credentials), Some(listed)) = (&asked.methods, &credentials, listed)
            && let Some(mute) = methods.iter().find(|terms| !listed.family.speaks(terms.method, credentials))
        {
            let mute = mute.method.code();
            let (ru, en) =
                (format!("Этому банку способ {mute} не назвать."), format!("The bank can not be asked for {mute}."));
            say(at, "methods", "methods", &ru, &en);
        }
        let acquiring = asked.acquiring.clone().or_else(|| known.map(|known| known.acquiring.clone()));
        let acquiring = acquiring.unwrap_or_default();
        if acquiring.len() > SETTINGS_MAX || !acquiring.iter().all(is_sound) || !differ(&acquiring) {
            say(
                at,
                "acquiring",
                "acquiring",
                "Не больше 50 тарифов; процент от 0 до 50, суммы не меньше нуля, верхняя граница не ниже нижней; у способа один тариф с одного дня.",
                "At most 50 tariffs; percent 0 to 50, no sum below zero, the greatest not below the least; one tariff of a method from a day.",
            );
        }
        accounts.push(Account {
            id: asked.id.clone(),
            bank: asked.bank.clone(),
            entity: asked.entity.clone(),
            priority: asked.priority,
            enabled: asked.enabled.unwrap_or(true),
            nominal: asked.nominal,
            methods: asked.methods.clone().or_else(|| listed.map(|listed| listed.family.terms())).unwrap_or_default(),
            acquiring,
            address: asked.address.as_ref().map(|address| address.trim_end_matches('/').to_owned()),
            credentials: credentials.unwrap_or_default(),
        });
    }
    let left_out = before.accounts.iter().filter(|known| request.accounts.iter().all(|asked| asked.id != known.id));
    accounts.extend(left_out.map(|known| Account { enabled: false, ..known.clone() }));
    if accounts.len() > ACCOUNTS_MAX {
        errors.push(FieldError::new(
            "/accounts",
            "count",
            "Не больше 20 счетов вместе с отключёнными.",
            "At most 20 accounts, those switched off among them.",
        ));
    }
    if errors.is_empty() { Ok(accounts) } else { Err(errors) }
}

/// What is wrong with the methods of an account, in Russian and English.
fn unsound(methods: &[MethodTerms]) -> Option<(&'static str, &'static str)> {
    let names: BTreeSet<_> = methods.iter().map(|terms| terms.method).collect();
    if names.len() != methods.len() || names.iter().any(|method| method.is_collected()) {
        return Some((
            "Каждый способ один раз; терминал и наличные идут мимо банка.",
            "Each method once; terminals and cash go past the bank.",
        ));
    }
    if methods.iter().any(|terms| terms.least_minor < 1 || terms.greatest_minor < terms.least_minor) {
        return Some((
            "Наименьшая сумма от копейки, наибольшая не меньше неё.",
            "The least amount from a kopeck, the greatest not below it.",
        ));
    }
    if methods.iter().any(|terms| terms.currencies.is_empty()) {
        return Some(("Укажите валюты способа.", "Name the currencies of the method."));
    }
    if methods.iter().any(|terms| terms.method == Method::Sbp && terms.hold.is_on()) {
        return Some(("По СБП деньги списываются сразу: холда нет.", "The СБП takes money at once: it holds none."));
    }
    // A hold nobody knows the end of would lapse at the bank without a warning, captured or let go by nobody.
    let lasts = |terms: &MethodTerms| (HOLD_SECONDS_MIN..=HOLD_SECONDS_MAX).contains(&terms.hold_seconds);
    if methods.iter().any(|terms| terms.hold.is_on() && !lasts(terms)) {
        return Some(("У холда есть срок: от часа до 90 дней.", "A hold has its time: from an hour to 90 days."));
    }
    None
}

fn is_sound(terms: &AcquirerTerms) -> bool {
    let percent = (Decimal::ZERO..=Decimal::from(PERCENT_MAX)).contains(&terms.percent) && terms.percent.scale() <= 4;
    percent
        && terms.fixed_minor >= 0
        && terms.least_minor >= 0
        && terms.greatest_minor.is_none_or(|greatest| greatest >= terms.least_minor)
}

fn differ(terms: &[AcquirerTerms]) -> bool {
    let names: BTreeSet<_> = terms.iter().map(|terms| (terms.method, terms.since)).collect();
    names.len() == terms.len()
}

/// Stop a partner's charges without the buyer
///
/// Or allow them again. Banks freeze accounts that abuse them.
#[utoipa::path(
    put,
    path = "/v1/operator/partners/{partner}/{mode}/charges",
    operation_id = "freeze_charges",
    tag = "Operator",
    params(TenantPath),
    request_body = FreezeRequest,
    responses((status = 204, description = "It is so.")),
    security(("operator_token" = [])),
)]
pub async fn freeze(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    web::Json(request): web::Json<FreezeRequest>,
) -> Answer<StatusCode> {
    let set = |partner: Option<Partner>| {
        let mut partner = partner?;
        partner.payment.charges_frozen = request.frozen;
        Some((partner, ()))
    };
    let set = ports.store.change_partner(&tenant, set).await.map_err(WorkflowError::from)?;
    set.ok_or(WorkflowError::NotFound)?;
    Ok(StatusCode::NO_CONTENT)
}
