//! The operator enrols a partner, or changes their settings: both tenants at once, test and live.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use domain::commission::CommissionTerms;
use domain::id::{Mode, Tenant};
use domain::money::{Currency, Money};
use domain::partner::{
    Button, Legal, Partner, PaymentSettings, PayoutTerms, ReceiptSettings, Returns, WebhookEndpoint, origin,
};
use domain::tariff::Tariffs;
use domain::tax::VatRate;
use domain::time::{Timestamp, moscow_date, whole_seconds};
use http::StatusCode;
use runtime::{FieldError, Problem};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::access::{self, KeyRole};
use workflows::error::WorkflowError;
use workflows::ports::{Ports, Settings};
use workflows::{links, orders};

use crate::access::Operator;
use crate::legal::{self, LegalRequest};
use crate::partner::CHANNELS;
use crate::payees::{self, PayoutRequest};
use crate::problems::{self, Answer};
use crate::web::{self, Fault};
use crate::{examples, webhook};

/// Characters of a secret that signs forms; about six bits each.
const FORM_SECRET_CHARACTERS: usize = 40;
/// Largest share of a payment the agent may keep, in percent.
const PERCENT_MAX: i64 = 50;
/// Most VAT on the fee, in percent.
const VAT_PERCENT_MAX: u8 = 30;
/// Largest part of a fee that can be agreed in roubles: 10 million, the largest order.
const FEE_MINOR_MAX: i64 = orders::AMOUNT_MINOR_MAX;
/// Seconds an order waits for its payment when nothing is said: 20 minutes.
const PAYMENT_TIMEOUT_SECONDS: u32 = 1_200;
/// Name of the keys a partner is enrolled with.
const FIRST_KEY: &str = "main";
/// Origins a partner may name.
const ORIGINS_MAX: usize = 20;

/// VAT rates by the names partners use.
const VAT_RATES: [(&str, VatRate); 7] = [
    ("none", VatRate::None),
    ("vat0", VatRate::Vat0),
    ("vat5", VatRate::Vat5),
    ("vat7", VatRate::Vat7),
    ("vat10", VatRate::Vat10),
    ("vat20", VatRate::Vat20),
    ("vat22", VatRate::Vat22),
];

/// A partner's settings, as agreed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerRequest {
    /// 3 to 20 lower-case Latin letters and digits; part of every id of the partner's.
    #[schema(example = "demoshop")]
    pub id: String,
    /// Name as printed on receipts, at most 160 characters.
    #[schema(example = "ООО «Справка»")]
    pub name: String,
    /// ИНН: 10 digits of a legal entity or 12 of a sole proprietor.
    #[schema(example = "7728168971")]
    pub inn: String,
    /// КПП of a legal entity.
    #[schema(example = "772801001")]
    pub kpp: Option<String>,
    /// Telephone printed on receipts.
    #[schema(example = "+74951234567")]
    pub phone: String,
    /// Where buyers' questions go.
    #[schema(example = "help@shop.example")]
    pub support_email: String,
    /// The shop's address.
    #[schema(example = "https://shop.example")]
    pub site: Option<String>,
    /// VAT rate of lines that name none: `none`, `vat0`, `vat5`, `vat7`, `vat10`, `vat22`.
    #[schema(example = "none")]
    pub vat: String,
    /// The agent's fee.
    pub commission: CommissionRequest,
    /// Where buyers return to when an order names no addresses of its own.
    #[serde(default)]
    pub returns: ReturnsRequest,
    /// Origins (`https://shop.example`) an order's own return addresses may lie under, at most 20.
    #[serde(default)]
    pub return_origins: Vec<String>,
    /// Where webhooks of both tenants go; what is set stays when left out.
    #[schema(example = "https://shop.example/hook")]
    pub webhook_url: Option<String>,
    /// How payouts are made.
    pub payout: PayoutRequest,
    /// Seconds an order waits for its payment, 60 to 2 592 000; 1200 when left out.
    #[schema(example = 1200)]
    pub payment_timeout_seconds: Option<u32>,
    /// Channels the buyer may be told through: `email`, `sms`; both when left out.
    pub channels: Option<Vec<String>>,
    /// `pay` for «Оплатить», `order` for «Заказать»; `pay` when left out.
    #[schema(example = "pay")]
    pub button: Option<String>,
    /// What the month's documents say besides; what is set stays when left out.
    pub legal: Option<LegalRequest>,
    /// Make new API keys (named `main`) for a partner who has some; the old ones stay.
    #[serde(default)]
    pub issue_keys: bool,
}

/// The agent's fee.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommissionRequest {
    /// Percent of the payment, 0 to 50, at most 4 decimals.
    #[schema(example = "3.5")]
    pub percent: String,
    /// Fixed part in roubles.
    #[schema(example = "0.00")]
    pub fixed: Option<String>,
    /// Least fee in roubles.
    #[schema(example = "0.00")]
    pub least: Option<String>,
    /// Greatest fee in roubles.
    pub greatest: Option<String>,
    /// VAT in percent charged on top of the fee; none when left out.
    #[schema(example = "22")]
    pub vat_percent: Option<String>,
}

/// Return addresses.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PartnerReturnsRequest)]
pub struct ReturnsRequest {
    /// After a payment.
    pub success: Option<String>,
    /// After a refusal, a cancellation or an expiry.
    pub failure: Option<String>,
}

/// A partner as enrolled. What is `null` was there before and is not shown again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Enrolled {
    /// The partner's id.
    #[schema(example = "demoshop")]
    pub id: String,
    /// The partner's sandbox.
    pub test: EnrolledTenant,
    /// Real money.
    pub live: EnrolledTenant,
}

/// Secrets of one tenant, shown this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EnrolledTenant {
    /// API key.
    #[schema(example = "ak_test_demoshop_4fZ0…")]
    pub api_key: Option<String>,
    /// Signs redirect forms and return parameters.
    pub form_secret: Option<String>,
    /// Verifies webhooks.
    pub webhook_secret: Option<String>,
}

/// What was read of a request, before secrets.
struct Terms {
    name: String,
    inn: String,
    kpp: Option<String>,
    phone: String,
    support_email: String,
    site: Option<String>,
    vat: VatRate,
    commission: CommissionTerms,
    returns: Returns,
    return_origins: Vec<String>,
    payout: PayoutTerms,
    payment_timeout_seconds: u32,
    channels: Vec<domain::partner::Channel>,
    button: Button,
    legal: Option<Legal>,
}

/// Enrol a partner
///
/// Makes a partner's test and live tenants, or changes their settings: then their secrets stay, and no keys are made unless `issue_keys`
/// says so. Orders made before keep the commission they were made with. Other instances see a change within a minute.
#[utoipa::path(
    post,
    path = "/v1/operator/partners",
    operation_id = "enrol_partner",
    tag = "Operator",
    request_body(content = PartnerRequest, example = json!(examples::partner_request())),
    responses(
        (status = 201, description = "The partner was enrolled.", body = Enrolled, example = json!(examples::enrolled())),
        (status = 200, description = "The partner's settings were changed.", body = Enrolled),
    ),
    security(("operator_token" = [])),
)]
pub async fn enrol(
    State(ports): State<Ports>,
    Operator: Operator,
    web::Json(request): web::Json<PartnerRequest>,
) -> Answer<(StatusCode, Json<Enrolled>)> {
    let now = whole_seconds(ports.clock.now());
    let (terms, [test, live]) = check(&request, now, &ports.settings)?;
    for tenant in [&test, &live] {
        // Nothing is changed of a partner who can have no more keys, though they are asked for.
        let keys = ports.store.listed_keys(tenant).await.map_err(WorkflowError::from)?;
        if request.issue_keys && !access::has_room(&keys, KeyRole::Partner) {
            return Err(problems::keys_full().into());
        }
    }
    let (test, test_was_there) = put(&ports, &test, &terms, &request).await?;
    let (live, live_was_there) = put(&ports, &live, &terms, &request).await?;
    let status = if test_was_there && live_was_there { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(Enrolled { id: request.id, test, live })))
}

/// Writes one tenant's settings, then its keys: what is cut short is finished by asking again.
async fn put(
    ports: &Ports,
    tenant: &Tenant,
    terms: &Terms,
    request: &PartnerRequest,
) -> Answer<(EnrolledTenant, bool)> {
    let random = ports.random.as_ref();
    let fresh_form_secret = links::random_text(random, FORM_SECRET_CHARACTERS);
    let fresh_webhook_secret = webhook::new_secret(random);
    let enrolled = |before: Option<Partner>| {
        let was_there = before.is_some();
        let (form_secret, endpoint, accounts, payment, receipts, legal, tariffs) = if let Some(before) = before {
            let Partner { form_secret, webhook, accounts, payment, receipts, legal, tariffs, .. } = before;
            (form_secret, webhook, accounts, payment, receipts, legal, tariffs)
        } else {
            let (payment, receipts) = (PaymentSettings::default(), ReceiptSettings::default());
            (fresh_form_secret.clone(), None, Vec::new(), payment, receipts, Legal::default(), Tariffs::default())
        };
        let shown = (request.webhook_url.is_some() && endpoint.is_none()).then(|| fresh_webhook_secret.clone());
        let endpoint = match (&request.webhook_url, endpoint) {
            (None, endpoint) => endpoint,
            (Some(url), Some(endpoint)) => Some(WebhookEndpoint { url: url.clone(), gone: false, ..endpoint }),
            (Some(url), None) => {
                Some(WebhookEndpoint { url: url.clone(), secret: fresh_webhook_secret.clone(), gone: false })
            }
        };
        let partner = Partner {
            name: terms.name.clone(),
            inn: terms.inn.clone(),
            kpp: terms.kpp.clone(),
            phone: terms.phone.clone(),
            support_email: terms.support_email.clone(),
            site: terms.site.clone(),
            vat: terms.vat,
            commission: terms.commission.clone(),
            tariffs: tariffs.clone(),
            returns: terms.returns.clone(),
            return_origins: terms.return_origins.clone(),
            form_secret: form_secret.clone(),
            webhook: endpoint,
            payout: terms.payout.clone(),
            payment_timeout_seconds: terms.payment_timeout_seconds,
            channels: terms.channels.clone(),
            button: terms.button,
            accounts,
            payment,
            receipts,
            legal: terms.legal.clone().unwrap_or(legal),
        };
        Some((partner, (was_there, form_secret, shown)))
    };
    let enrolled = ports.store.change_partner(tenant, enrolled).await.map_err(WorkflowError::from)?;
    let (was_there, form_secret, webhook_secret) = enrolled.ok_or(WorkflowError::NotFound)?;
    let api_key = if was_there && !request.issue_keys {
        None
    } else {
        let issued =
            access::issue_named_key(ports, tenant, FIRST_KEY, KeyRole::Partner).await.map_err(WorkflowError::from)?;
        Some(issued.ok_or_else(problems::keys_full)?.1)
    };
    let form_secret = (!was_there).then_some(form_secret);
    Ok((EnrolledTenant { api_key, form_secret, webhook_secret }, was_there))
}

/// What is found wrong with a request.
pub(crate) struct Check {
    pub(crate) errors: Vec<FieldError>,
    pub(crate) lenient: bool,
}

impl Check {
    pub(crate) fn say(&mut self, pointer: &str, code: &'static str, ru: &str, en: &str) {
        self.errors.push(FieldError::new(pointer, code, ru, en));
    }

    pub(crate) fn text(&mut self, pointer: &str, text: &str, max: usize) -> String {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.say(pointer, "required", "Заполните поле.", "Must not be empty.");
        } else if trimmed.chars().count() > max {
            self.say(
                pointer,
                "too_long",
                &format!("Не длиннее {max} символов."),
                &format!("At most {max} characters."),
            );
        } else if trimmed.chars().any(char::is_control) {
            self.say(pointer, "control_character", "Без управляющих символов.", "No control characters.");
        }
        trimmed.to_owned()
    }

    pub(crate) fn choice<T: Copy>(&mut self, pointer: &str, text: &str, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            self.say(pointer, "unknown_value", &format!("Допустимы: {names}."), &format!("One of: {names}."));
        }
        found
    }

    pub(crate) fn roubles(&mut self, pointer: &str, text: Option<&str>) -> Option<i64> {
        let text = text?;
        let amount = Money::parse_major(text, Currency::RUB).ok().map(Money::minor);
        let amount = amount.filter(|minor| (0..=FEE_MINOR_MAX).contains(minor));
        if amount.is_none() {
            self.say(pointer, "amount", "Сумма в рублях, например 10.00.", "An amount in roubles such as 10.00.");
        }
        amount
    }

    fn fault<T>(&mut self, pointer: &str, result: &Result<T, Fault>) {
        if let Err((code, ru, en)) = result {
            self.say(pointer, code, ru, en);
        }
    }

    fn address(&mut self, pointer: &str, url: Option<&String>) -> Option<String> {
        let url = url?;
        let result = web::address(url, self.lenient);
        self.fault(pointer, &result);
        Some(url.clone())
    }
}

/// Reads a request whole, so that everything wrong is said at once.
fn check(request: &PartnerRequest, now: Timestamp, settings: &Settings) -> Result<(Terms, [Tenant; 2]), Problem> {
    let lenient = settings.allow_private_hosts;
    let mut check = Check { errors: Vec::new(), lenient };
    let test = Tenant::try_new(&request.id, Mode::Test).ok();
    let live = Tenant::try_new(&request.id, Mode::Live).ok();
    if test.is_none() {
        check.say(
            "/id",
            "id",
            "От 3 до 20 строчных латинских букв и цифр.",
            "3 to 20 lower-case Latin letters and digits.",
        );
    }
    let name = check.text("/name", &request.name, 160);
    let phone = orders::phone(&request.phone);
    if phone.is_none() {
        check.say("/phone", "phone", "Это не похоже на номер телефона.", "Not a telephone number.");
    }
    let support_email = orders::email(&request.support_email);
    if support_email.is_none() {
        check.say("/support_email", "email", "Это не похоже на адрес электронной почты.", "Not an e-mail address.");
    }
    let site = check.address("/site", request.site.as_ref());
    let vat = check.choice("/vat", &request.vat, &VAT_RATES);
    if vat.is_some_and(|vat| !vat.in_force(moscow_date(now))) {
        check.say(
            "/vat",
            "vat_not_in_force",
            "Ставка НДС сегодня не действует.",
            "The VAT rate is not in force today.",
        );
    }
    let commission = commission(&mut check, "/commission", &request.commission);
    let returns = Returns {
        success: check.address("/returns/success", request.returns.success.as_ref()),
        failure: check.address("/returns/failure", request.returns.failure.as_ref()),
    };
    if request.return_origins.len() > ORIGINS_MAX {
        check.say("/return_origins", "count", "Не больше 20.", "At most 20.");
    }
    for (at, text) in request.return_origins.iter().take(ORIGINS_MAX).enumerate() {
        if web::address(text, lenient).is_err() || origin(text) != Some(text.as_str()) {
            let pointer = format!("/return_origins/{at}");
            check.say(&pointer, "origin", "Нужно https://имя без пути.", "An origin: https://name without a path.");
        }
    }
    if let Some(url) = &request.webhook_url {
        let result = web::endpoint(url, lenient);
        check.fault("/webhook_url", &result);
    }
    let payout = payees::terms(&mut check, request, &settings.agent.inn);
    let payment_timeout_seconds = request.payment_timeout_seconds.unwrap_or(PAYMENT_TIMEOUT_SECONDS);
    if !(60..=2_592_000).contains(&payment_timeout_seconds) {
        check.say("/payment_timeout_seconds", "range", "От 60 до 2 592 000 секунд.", "60 to 2,592,000 seconds.");
    }
    let mut channels = Vec::new();
    match &request.channels {
        None => channels.extend(CHANNELS.map(|(_, channel)| channel)),
        Some(names) if names.is_empty() || names.len() > CHANNELS.len() => {
            check.say("/channels", "count", "Один или два канала.", "One or two channels.");
        }
        Some(names) => {
            for (at, name) in names.iter().enumerate() {
                match check.choice(&format!("/channels/{at}"), name, &CHANNELS) {
                    Some(channel) if !channels.contains(&channel) => channels.push(channel),
                    _ => {}
                }
            }
        }
    }
    let legal = request.legal.as_ref().map(|legal| legal::read(&mut check, legal));
    let buttons = [("pay", Button::Pay), ("order", Button::Order)];
    let button = check.choice("/button", request.button.as_deref().unwrap_or("pay"), &buttons);
    let agreed = payout.zip(commission);
    match (check.errors.is_empty(), test, live, phone, support_email, vat, agreed, button) {
        (true, Some(test), Some(live), Some(phone), Some(support_email), Some(vat), Some(agreed), Some(button)) => {
            let (payout, commission) = agreed;
            let terms = Terms {
                name,
                inn: request.inn.clone(),
                kpp: request.kpp.clone(),
                phone,
                support_email,
                site,
                vat,
                commission,
                returns,
                return_origins: request.return_origins.clone(),
                payout,
                payment_timeout_seconds,
                channels,
                button,
                legal,
            };
            Ok((terms, [test, live]))
        }
        _ => Err(Problem::unprocessable(check.errors)),
    }
}

pub(crate) fn commission(check: &mut Check, at: &str, asked: &CommissionRequest) -> Option<CommissionTerms> {
    let plain = asked.percent.len() <= 10 && asked.percent.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent = Decimal::from_str(&asked.percent).ok().filter(|percent| {
        plain && percent.scale() <= 4 && (Decimal::ZERO..=Decimal::from(PERCENT_MAX)).contains(percent)
    });
    if percent.is_none() {
        check.say(
            &format!("{at}/percent"),
            "percent",
            "От 0 до 50, не больше 4 знаков после точки.",
            "0 to 50 with at most 4 decimals.",
        );
    }
    let fixed_minor = check.roubles(&format!("{at}/fixed"), asked.fixed.as_deref()).unwrap_or(0);
    let least_minor = check.roubles(&format!("{at}/least"), asked.least.as_deref()).unwrap_or(0);
    let greatest_minor = check.roubles(&format!("{at}/greatest"), asked.greatest.as_deref());
    if greatest_minor.is_some_and(|greatest| greatest < least_minor) {
        let (ru, en) = ("Наибольшая комиссия меньше наименьшей.", "The greatest fee is below the least one.");
        check.say(&format!("{at}/greatest"), "below_least", ru, en);
    }
    let vat_percent = match asked.vat_percent.as_deref() {
        None => Some(Decimal::ZERO),
        Some(text) => {
            let vat = text.parse::<u8>().ok().filter(|vat| *vat <= VAT_PERCENT_MAX);
            if vat.is_none() {
                let (ru, en) = ("Целое число от 0 до 30.", "A whole number from 0 to 30.");
                check.say(&format!("{at}/vat_percent"), "percent", ru, en);
            }
            vat.map(Decimal::from)
        }
    };
    Some(CommissionTerms { percent: percent?, fixed_minor, least_minor, greatest_minor, vat_percent: vat_percent? })
}
