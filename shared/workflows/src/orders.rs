//! Making an order: what a partner asks for is checked in full, then numbered, then kept. Repeating it makes no second one.

use std::str::FromStr;
use std::sync::Arc;

use domain::details::{Contact, Details, Language, Line, Original, Scenario, Source};
use domain::id::{OrderId, Tenant};
use domain::ledger::Prepaid;
use domain::money::Money;
use domain::order::{Initiator, Order, ReceiptScheme, Refusal};
use domain::partner::{Button, Channel, Partner, Returns, origin};
use domain::time::{Timestamp, plus_seconds, whole_seconds};
use domain::wallet::Kept;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use storage::devices::Versioned;
use storage::store::{Claimed, KeyClaim, Loaded, NumberClaim};
use storage::table::Freshness;
use utoipa::ToSchema;

use crate::access::sha256_hex;
use crate::basket;
pub use crate::basket::{FirmRequest, FractionRequest, LineRequest, SupplierRequest};
use crate::clock;
use crate::error::WorkflowError;
use crate::payments;
use crate::perform;
use crate::ports::{Ports, Settings};
use crate::prepaid::{self, Shortage};
use crate::tariffs;
use crate::terms::{self, Rate};
pub use crate::terms::{ChargeRequest, ChildRequest, PaymentTermsRequest, SplitRequest};

/// Lines an order can have (the least any register takes on one receipt).
pub const LINES_MAX: usize = 100;
/// Characters of an order's number.
const NUMBER_MAX: usize = 64;
/// Largest order, in kopecks: 10 million roubles.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000;
/// Seconds an idempotency key is kept.
const KEY_SECONDS: i64 = 3 * 24 * 3_600;

/// What a partner asks for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    /// The merchant's order number, 1 to 64 characters, unique for the partner. Repeating a request with one number returns the same order.
    #[schema(example = "A-1001")]
    pub number: String,
    /// What is bought, 1 to 100 lines.
    pub lines: Vec<LineRequest>,
    /// Total in roubles; must equal the sum of the lines when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "3000.00")]
    pub amount: Option<String>,
    /// ISO 4217 code of the prices: `RUB`, or a currency your settings have a rate for. The buyer pays roubles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "RUB")]
    pub currency: Option<String>,
    /// A line for people, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Contacts the partner knows; the page asks for what is missing.
    #[serde(default)]
    pub buyer: BuyerRequest,
    /// Channels to tell the buyer through: `email`, `sms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["email"]))]
    pub channels: Vec<String>,
    /// Return addresses of this order, under origins the partner has registered.
    #[serde(default)]
    pub returns: ReturnsRequest,
    /// `pay` for «Оплатить», `order` for «Заказать».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pay")]
    pub button: Option<String>,
    /// `ru` or `en`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ru")]
    pub language: Option<String>,
    /// The partner's own text, at most 500 characters, given back as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Keys of the partner's message templates, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<String>,
    /// Seconds to pay in, 60 to 2 592 000; the partner's setting otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1200)]
    pub payment_timeout_seconds: Option<u32>,
    /// What the sandbox shall do with a test order; refused with a live key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioRequest>,
    /// Your own id of the buyer, 1 to 64 characters; means are saved under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "buyer-1")]
    pub customer: Option<String>,
    /// How the order is to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentTermsRequest>,
    /// The order is paid in several payments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitRequest>,
    /// The order is charged to saved means at once, without the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge: Option<ChargeRequest>,
    /// Which fiscal receipts say what: `full` for one receipt of full settlement when money comes; `prepayment` or `advance` for one when money
    /// comes and a closing one when the order is fulfilled. The partner's setting otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "full")]
    pub receipts: Option<String>,
}

/// The buyer's contacts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyerRequest {
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ivanova@example.com")]
    pub email: Option<String>,
    /// Telephone, with the country's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "+79161234567")]
    pub phone: Option<String>,
    /// The firm that buys, where it is one (FFD tags 1227 and 1228).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firm: Option<FirmRequest>,
}

/// Return addresses.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnsRequest {
    /// After a payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<String>,
    /// After a refusal or an expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// What the sandbox shall do.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioRequest {
    /// `automatic`, `manual` or `failing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// `prompt`, `silent` or `failing_once`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

/// What is wrong with one field: where, which rule, and in people's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// JSON pointer.
    pub pointer: String,
    /// Stable code of the rule.
    pub code: &'static str,
    /// Russian.
    pub ru: String,
    /// English.
    pub en: String,
}

/// What became of a wish for an order.
#[derive(Debug, Clone)]
pub enum Created {
    /// The order; `repeated` when it was there before.
    Order {
        /// The order.
        order: Box<Order>,
        /// Its details.
        details: Box<Details>,
        /// It was there before.
        repeated: bool,
    },
    /// Fields are wrong; nothing was kept.
    Invalid(Vec<Invalid>),
    /// The number has been used for another order.
    NumberTaken,
    /// The idempotency key has been used for another request.
    KeyReused,
    /// The partner has not paid so much ahead as the order needs, or not for the API; nothing was kept.
    TooLittle(Shortage),
}

/// Makes an order, or finds the one made before by the same request.
pub async fn create(
    ports: &Ports,
    tenant: &Tenant,
    request: &OrderRequest,
    idempotency_key: Option<&str>,
) -> Result<Created, WorkflowError> {
    create_by(ports, tenant, request, idempotency_key, Asker { by: Initiator::Partner, origin: None }).await
}

/// Who asks for an order.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Who, where saved means are charged.
    pub by: Initiator,
    /// Which of the partner's sites, by the name of its API key.
    pub origin: Option<&'a str>,
}

/// Makes an order for somebody, or finds the one made before by the same request.
pub async fn create_by(
    ports: &Ports,
    tenant: &Tenant,
    request: &OrderRequest,
    idempotency_key: Option<&str>,
    asker: Asker<'_>,
) -> Result<Created, WorkflowError> {
    let by = asker.by;
    match Box::pin(make(ports, tenant, request, idempotency_key, asker)).await? {
        (Created::Order { order, details, repeated }, Some((kept, reason))) => {
            let applied = Box::pin(payments::charge_once(ports, *order, *details, kept, by, &reason, 0)).await?;
            Ok(Created::Order { order: Box::new(applied.order), details: Box::new(applied.details), repeated })
        }
        (created, _) => Ok(created),
    }
}

/// Makes an order, or finds it, and charges nothing: answers with the means it is to be charged to, and why.
pub(crate) async fn make(
    ports: &Ports,
    tenant: &Tenant,
    request: &OrderRequest,
    idempotency_key: Option<&str>,
    asker: Asker<'_>,
) -> Result<(Created, Option<(Kept, String)>), WorkflowError> {
    let request_sha256 = sha256_hex(&serde_json::to_string(request).map_err(WorkflowError::Message)?);
    // What is refused today may have been made yesterday, when the means were not deleted yet and the settings were others: who
    // asks again is told of it, and charges nobody a second time by another way.
    let wanted = match Box::pin(looked_at(ports, tenant, request, asker)).await {
        Ok(Looked::Wanted(wanted)) => *wanted,
        Ok(Looked::Not(created)) => {
            return Ok((made_before(ports, tenant, request, &request_sha256).await?.unwrap_or(*created), None));
        }
        Err(error @ (WorkflowError::Refused(_) | WorkflowError::NotConnected(..))) => {
            return made_before(ports, tenant, request, &request_sha256).await?.map(|found| (found, None)).ok_or(error);
        }
        Err(error) => return Err(error),
    };
    let Wanted { partner, details, charged, credit, known, now } = wanted;
    let categories = categories(request);
    let purpose = details.payment.purpose;
    if let Some(key) = idempotency_key {
        let claim = KeyClaim { request_sha256: request_sha256.clone() };
        let ttl = plus_seconds(whole_seconds(ports.clock.now()), KEY_SECONDS).as_second();
        if let Claimed::Taken(taken) = ports.store.claim_key(tenant, key, &claim, ttl).await?
            && taken.request_sha256 != request_sha256
        {
            return Ok((Created::KeyReused, None));
        }
    }
    let claim = NumberClaim {
        order: OrderId::new(tenant.clone(), &request.number, now),
        bill: ports.store.next_bill().await?,
        request_sha256: request_sha256.clone(),
        at: now,
    };
    let (claim, repeated) = match ports.store.claim_number(&request.number, &claim).await? {
        Claimed::First => (claim, false),
        Claimed::Taken(taken) if taken.request_sha256 == request_sha256 => (taken, true),
        Claimed::Taken(_) => return Ok((Created::NumberTaken, None)),
    };
    if repeated && let Some(loaded) = ports.store.load(&claim.order, Freshness::Consistent).await? {
        let (order, details) = (Box::new(loaded.order), Box::new(loaded.details));
        return Ok((Created::Order { order, details, repeated }, charged));
    }
    let amount = details.lines.iter().try_fold(Money::rub(0), |sum, line| sum.plus(line.amount))?;
    let timeout = request.payment_timeout_seconds.unwrap_or(partner.payment_timeout_seconds);
    let (terms, pricing) = tariffs::price(ports, &partner, &categories, purpose, claim.at).await?;
    let order = Order::new(claim.order, claim.bill, amount, terms.clone(), timeout, details.clone(), claim.at);
    let order = match Box::pin(prepaid::create(ports, order, terms, pricing, credit, known)).await? {
        Ok(order) => order,
        Err(shortage) => return Ok((Created::TooLittle(shortage), None)),
    };
    Ok((Created::Order { order: Box::new(order), details: Box::new(details), repeated }, charged))
}

/// An order that may be made.
struct Wanted {
    partner: Arc<Partner>,
    details: Details,
    /// The means it is to be charged to at once, and why.
    charged: Option<(Kept, String)>,
    credit: Money,
    /// What is paid ahead, as it was read.
    known: Option<Versioned<Prepaid>>,
    now: Timestamp,
}

/// What came of looking at a request.
enum Looked {
    Wanted(Box<Wanted>),
    Not(Box<Created>),
}

fn categories(request: &OrderRequest) -> Vec<&str> {
    request.lines.iter().filter_map(|line| line.category.as_deref()).collect()
}

/// Looks at a request. Nothing is kept of it.
async fn looked_at(
    ports: &Ports,
    tenant: &Tenant,
    request: &OrderRequest,
    asker: Asker<'_>,
) -> Result<Looked, WorkflowError> {
    let not = |created| Ok(Looked::Not(Box::new(created)));
    let partner = perform::partner(ports, tenant).await?;
    // A live order nobody could charge for is refused before it is made.
    if !tenant.is_test() && partner.accounts.iter().all(|account| !account.enabled) {
        return Err(WorkflowError::NotConnected(tenant.clone(), "bank"));
    }
    let now = clock::now(ports, tenant).await?;
    let mut details = match details(request, tenant, &partner, &ports.settings, now) {
        Ok(details) => details,
        Err(invalid) => return not(Created::Invalid(invalid)),
    };
    details.payment.origin = asker.origin.map(ToOwned::to_owned);
    if request.charge.is_some() && details.channels.is_empty() {
        // There is no page to choose on: the buyer is told through whatever is known of them.
        let known = [(Channel::Email, details.email.is_some()), (Channel::Sms, details.phone.is_some())];
        details.channels = known.into_iter().filter(|(_, known)| *known).map(|(channel, _)| channel).collect();
    }
    let charged = match (&request.charge, &request.customer) {
        (Some(charge), Some(customer)) => {
            if partner.payment.charges_frozen {
                return Err(Refusal::Unsupported("charges without the buyer").into());
            }
            let kept = payments::chargeable(ports, tenant, customer, &charge.means).await?;
            let Some(kept) = kept else {
                let (ru, en) = ("У покупателя нет такого способа оплаты.", "The buyer has no such means.");
                let (pointer, ru, en) = ("/charge/means".to_owned(), ru.to_owned(), en.to_owned());
                return not(Created::Invalid(vec![Invalid { pointer, code: "no_means", ru, en }]));
            };
            Some((kept, charge.reason.clone()))
        }
        _ => None,
    };
    // What is to be reserved is looked at first, so that nothing is kept of an order there is no money for.
    let purpose = details.payment.purpose;
    let (_, pricing) = tariffs::price(ports, &partner, &categories(request), purpose, now).await?;
    let credit = Money::rub(partner.tariffs.credit_minor);
    let unpaid = tariffs::unpaid_month(ports, &partner, now).await?;
    let known = match prepaid::look(ports, tenant, &request.number, pricing.as_ref(), credit, unpaid).await? {
        Ok(known) => known,
        Err(shortage) => return not(Created::TooLittle(shortage)),
    };
    Ok(Looked::Wanted(Box::new(Wanted { partner, details, charged, credit, known, now })))
}

/// The order the same request has made before.
async fn made_before(
    ports: &Ports,
    tenant: &Tenant,
    request: &OrderRequest,
    request_sha256: &str,
) -> Result<Option<Created>, WorkflowError> {
    if !(1..=NUMBER_MAX).contains(&request.number.chars().count()) {
        return Ok(None);
    }
    let claim = ports.store.number(tenant, &request.number).await?;
    let Some(claim) = claim.filter(|claim| claim.request_sha256 == request_sha256) else { return Ok(None) };
    let loaded = ports.store.load(&claim.order, Freshness::Consistent).await?;
    Ok(loaded.map(|Loaded { order, details, .. }| Created::Order {
        order: Box::new(order),
        details: Box::new(details),
        repeated: true,
    }))
}

/// Collects what is wrong with a request.
pub(crate) struct Check {
    pub(crate) invalid: Vec<Invalid>,
}

impl Check {
    pub(crate) fn say(&mut self, pointer: impl Into<String>, code: &'static str, ru: &str, en: &str) {
        self.invalid.push(Invalid { pointer: pointer.into(), code, ru: ru.to_owned(), en: en.to_owned() });
    }

    pub(crate) fn text(&mut self, pointer: &str, text: &str, max: usize) {
        let length = text.chars().count();
        if length == 0 || text.trim().is_empty() {
            self.say(pointer, "required", "Заполните поле.", "Must not be empty.");
        } else if length > max {
            let (ru, en) = (format!("Не длиннее {max} символов."), format!("At most {max} characters."));
            self.say(pointer, "too_long", &ru, &en);
        } else if text.chars().any(char::is_control) {
            self.say(pointer, "control_character", "Без управляющих символов.", "No control characters.");
        }
    }

    pub(crate) fn choice<T: Copy>(
        &mut self,
        pointer: &str,
        text: Option<&str>,
        choices: &[(&str, T)],
        otherwise: T,
    ) -> T {
        let Some(text) = text else { return otherwise };
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return *value;
        }
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        self.say(pointer, "unknown_value", &format!("Допустимы: {names}."), &format!("One of: {names}."));
        otherwise
    }

    fn return_url(&mut self, pointer: &str, url: Option<&String>, partner: &Partner) -> Option<String> {
        let url = url?;
        if url.len() > 500 || origin(url).is_none() || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            self.say(
                pointer,
                "url",
                "Нужен адрес https://…, не длиннее 500 символов.",
                "An absolute URL of at most 500 characters.",
            );
        } else if !partner.may_return_to(url) {
            self.say(
                pointer,
                "origin_not_registered",
                "Адрес не относится к сайтам, указанным в настройках партнёра.",
                "The origin is not among those the partner has registered.",
            );
        } else {
            return Some(url.clone());
        }
        None
    }
}

/// Checks what a partner asks for.
fn details(
    request: &OrderRequest,
    tenant: &Tenant,
    partner: &Partner,
    settings: &Settings,
    now: Timestamp,
) -> Result<Details, Vec<Invalid>> {
    let mut check = Check { invalid: Vec::new() };
    check.text("/number", &request.number, NUMBER_MAX);
    let rate = terms::rate(&mut check, request, partner, now);
    if request.lines.is_empty() || request.lines.len() > LINES_MAX {
        check.say("/lines", "count", "От 1 до 100 строк.", "1 to 100 lines.");
    }
    let lines: Vec<Line> = request
        .lines
        .iter()
        .take(LINES_MAX)
        .enumerate()
        .filter_map(|(at, asked)| basket::line(&mut check, at, asked, rate.as_ref(), partner, now))
        .collect();
    let original = rate.as_ref().and_then(|rate| original(request, rate));
    let sum = lines.iter().try_fold(Money::rub(0), |sum, line| sum.plus(line.amount));
    match sum {
        Ok(sum) if sum.minor() > AMOUNT_MINOR_MAX => {
            check.say(
                "/lines",
                "amount_too_large",
                "Сумма заказа больше 10 000 000 ₽.",
                "The order is over 10,000,000 RUB.",
            );
        }
        Ok(sum) => amount(&mut check, request, sum, original, lines.len()),
        Err(_) => check.say("/lines", "amount_too_large", "Сумма слишком велика.", "The sum is too large."),
    }
    if let Some(text) = &request.description {
        check.text("/description", text, 200);
    }
    if let Some(text) = &request.metadata
        && text.chars().count() > 500
    {
        check.say("/metadata", "too_long", "Не длиннее 500 символов.", "At most 500 characters.");
    }
    if request.templates.len() > 10 || request.templates.iter().any(|key| key.is_empty() || key.len() > 40) {
        check.say(
            "/templates",
            "templates",
            "Не больше 10 ключей, каждый до 40 знаков.",
            "At most 10 keys of at most 40 bytes.",
        );
    }
    if request.payment_timeout_seconds.is_some_and(|seconds| !(60..=2_592_000).contains(&seconds)) {
        check.say("/payment_timeout_seconds", "range", "От 60 до 2 592 000 секунд.", "60 to 2,592,000 seconds.");
    }
    let passed = |value| Contact { value, source: Source::Partner };
    let email = request.buyer.email.as_deref().and_then(|text| {
        let value = email(text);
        if value.is_none() {
            check.say("/buyer/email", "email", "Это не похоже на адрес электронной почты.", "Not an e-mail address.");
        }
        value.map(passed)
    });
    let phone = request.buyer.phone.as_deref().and_then(|text| {
        let value = phone(text);
        if value.is_none() {
            check.say("/buyer/phone", "phone", "Это не похоже на номер телефона.", "Not a telephone number.");
        }
        value.map(passed)
    });
    let mut channels = Vec::new();
    for (at, name) in request.channels.iter().take(10).enumerate() {
        let pointer = format!("/channels/{at}");
        let known = [("email", Channel::Email), ("sms", Channel::Sms)];
        let channel = check.choice(&pointer, Some(name), &known, Channel::Email);
        if !partner.channels.contains(&channel) {
            check.say(
                pointer,
                "channel_off",
                "Канал выключен в настройках партнёра.",
                "The partner has switched this channel off.",
            );
        } else if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    let returns = Returns {
        success: check.return_url("/returns/success", request.returns.success.as_ref(), partner),
        failure: check.return_url("/returns/failure", request.returns.failure.as_ref(), partner),
    };
    let buttons = [("pay", Button::Pay), ("order", Button::Order)];
    let button = check.choice("/button", request.button.as_deref(), &buttons, partner.button);
    let languages = [("ru", Language::Ru), ("en", Language::En)];
    let language = check.choice("/language", request.language.as_deref(), &languages, Language::Ru);
    let scenario = scenario(&mut check, request, tenant);
    let original = rate.zip(original).map(|(rate, amount)| Original { amount, rate: rate.roubles, since: rate.since });
    let payment = terms::terms(&mut check, request, tenant, partner, &lines, original);
    if let Some(charge) = &request.charge {
        check.text("/charge/means", &charge.means, 60);
        check.text("/charge/reason", &charge.reason, 200);
        if email.is_none() && phone.is_none() {
            check.say(
                "/buyer",
                "required",
                "Без контакта покупателя чек не отправить.",
                "A receipt needs a contact of the buyer.",
            );
        }
    }
    let schemes = ReceiptScheme::ALL.map(|scheme| (scheme.code(), scheme));
    let receipts = check.choice("/receipts", request.receipts.as_deref(), &schemes, partner.receipts.scheme);
    let firm = basket::firm(&mut check, request.buyer.firm.as_ref());
    if !check.invalid.is_empty() {
        return Err(check.invalid);
    }
    let details = Details {
        number: request.number.clone(),
        description: request.description.clone(),
        lines: basket::one_taxation(lines, settings, partner),
        email,
        phone,
        channels,
        returns,
        button,
        language,
        metadata: request.metadata.clone(),
        templates: request.templates.clone(),
        scenario,
        consent: None,
        payment,
        receipts,
        firm,
    };
    let broken = basket::unlawful(&details.lines, receipts, settings, partner, now);
    if broken.is_empty() { Ok(details) } else { Err(broken) }
}

/// The sum of the lines in the currency of their prices.
fn original(request: &OrderRequest, rate: &Rate) -> Option<Money> {
    request.lines.iter().take(LINES_MAX).try_fold(Money::new(0, rate.currency), |sum, line| {
        let price = Money::parse_major(&line.price, rate.currency).ok()?;
        let quantity = Decimal::from_str(line.quantity.as_deref().unwrap_or("1")).ok()?;
        sum.plus(price.times(quantity).ok()?).ok()
    })
}

fn amount(check: &mut Check, request: &OrderRequest, sum: Money, original: Option<Money>, lines: usize) {
    let Some(text) = &request.amount else { return };
    let sum = original.unwrap_or(sum);
    match Money::parse_major(text, sum.currency()) {
        Err(_) => {
            check.say(
                "/amount",
                "amount",
                "Сумма в рублях, например 3000.00.",
                "An amount in roubles such as 3000.00.",
            );
        }
        Ok(amount) if amount != sum && lines == request.lines.len() => {
            let (ru, en) = (format!("Сумма строк — {sum}."), format!("The lines sum up to {sum}."));
            check.say("/amount", "sum_mismatch", &ru, &en);
        }
        Ok(_) => {}
    }
}

/// Checks a basket in roubles.
pub(crate) fn lines(asked: &[LineRequest], partner: &Partner, now: Timestamp) -> Result<Vec<Line>, Vec<Invalid>> {
    let mut check = Check { invalid: Vec::new() };
    if asked.is_empty() || asked.len() > LINES_MAX {
        check.say("/lines", "count", "От 1 до 100 строк.", "1 to 100 lines.");
    }
    let lines: Vec<Line> = asked
        .iter()
        .take(LINES_MAX)
        .enumerate()
        .filter_map(|(at, asked)| basket::line(&mut check, at, asked, None, partner, now))
        .collect();
    let sum = lines.iter().try_fold(Money::rub(0), |sum, line| sum.plus(line.amount));
    if sum.is_ok_and(|sum| sum.minor() > AMOUNT_MINOR_MAX) {
        check.say(
            "/lines",
            "amount_too_large",
            "Сумма заказа больше 10 000 000 ₽.",
            "The order is over 10,000,000 RUB.",
        );
    }
    if check.invalid.is_empty() { Ok(lines) } else { Err(check.invalid) }
}

fn scenario(check: &mut Check, request: &OrderRequest, tenant: &Tenant) -> Scenario {
    use domain::details::{ExecutionScenario as E, ReceiptScenario as R};
    let Some(asked) = &request.scenario else {
        return Scenario::default();
    };
    if !tenant.is_test() {
        check.say(
            "/scenario",
            "test_only",
            "Сценарии есть только в тестовом режиме.",
            "Scenarios exist in test mode only.",
        );
        return Scenario::default();
    }
    let executions = [("automatic", E::Automatic), ("manual", E::Manual), ("failing", E::Failing)];
    let receipts = R::ALL.map(|scenario| (scenario.code(), scenario));
    Scenario {
        execution: check.choice("/scenario/execution", asked.execution.as_deref(), &executions, E::Automatic),
        receipt: check.choice("/scenario/receipt", asked.receipt.as_deref(), &receipts, R::Prompt),
    }
}

/// An e-mail address in the form it is kept, or nothing when it is none.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = text.len() <= 64 && !text.contains(['"', '[', ' ', ',', ';', '<', '>']);
    let valid = plain && email_address::EmailAddress::is_valid(text);
    let dotted = text.rsplit('@').next().is_some_and(|host| host.contains('.') && host.is_ascii());
    (valid && dotted).then(|| text.to_owned())
}

/// A telephone number in E.164, or nothing when it is none. A number without a country code is a Russian one.
pub fn phone(text: &str) -> Option<String> {
    if text.len() > 32 {
        return None;
    }
    let number = phonenumber::parse(Some(phonenumber::country::RU), text.trim()).ok()?;
    number.is_valid().then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephones_are_kept_in_one_form() {
        for text in ["+7 916 123-45-67", "8 (916) 123-45-67", "9161234567"] {
            assert_eq!(phone(text).as_deref(), Some("+79161234567"), "{text}");
        }
        for text in ["", "123", "+7916", "почта", "+7 916 123-45-67 доб. 123456789012345678"] {
            assert_eq!(phone(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        assert_eq!(email(" ivanova@example.com "), Some("ivanova@example.com".into()));
        for text in ["", "ivanova", "a@b", "a b@example.com", "a@example.com,b@example.com", "\"a\"@example.com"] {
            assert_eq!(email(text), None, "{text}");
        }
    }
}
