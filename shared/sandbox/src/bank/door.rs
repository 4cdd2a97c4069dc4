//! The sandbox bank's API, for the platform's bank connector.

use axum::extract::State as Given;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use connectors::bank::sandbox::wire::{
    ChargeAnswer, ChargeBody, CommandBody, ForgetAnswer, ForgetBody, Outcome, PaymentAnswer, PaymentBody, State,
    StatusBody,
};
use connectors::bank::sandbox::{CLEARING_SECONDS, PURPOSE, terms};
use domain::acquiring::{Method, Stages};
use domain::details::Language;
use domain::id::Tenant;
use domain::money::Money;
use domain::partner::origin;
use domain::time::{Timestamp, plus_seconds};
use serde::{Deserialize, Serialize};
use workflows::links::mac;
use workflows::ports::Ports;

use super::{Command, Noted, command_outcome, money, noted, outcome, with_points};
use crate::Shared;
use crate::door::{Received, Refusal, answer, machine_rule, signed_json};
use crate::double::{self, Deal, DealState, Family, NewDeal, No, Opened};
use crate::rows::{self, Next, Thing};

/// Seconds a payment may be open, at most: 90 days, as T-Bank EACQ has it.
const OPEN_SECONDS_MAX: i64 = 90 * 24 * 3_600;

/// `POST /sandbox/bank/v1/payments`: the same number with the same body gets the same answer, with another body 409.
pub async fn register(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, PaymentBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let opened = match before(&ports, &tenant, &body.number, &body).await? {
        Some(before) => before,
        // Held to the rules only when it is new: what was once taken is answered alike forever.
        None => double::open(&ports, &tenant, new_deal(&ports, &tenant, &body, &body).await?).await?,
    };
    if !opened.is_same {
        return Err(number_reused());
    }
    let status = if opened.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let deal = opened.deal;
    let sbp = (deal.method == Method::Sbp).then(|| deal.sbp_link());
    let url = page(&ports, &deal);
    Ok(answer(status, PaymentAnswer { number: body.number, reference: deal.reference, url, sbp }))
}

/// `POST /sandbox/bank/v1/charges`: a payment from saved means, with the same word on its number.
pub async fn charge(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, ChargeBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let mut opened = before(&ports, &tenant, &body.payment.number, &body).await?;
    if opened.is_none() {
        let new = NewDeal { save: false, ..new_deal(&ports, &tenant, &body.payment, &body).await? };
        opened = double::charge(&ports, &tenant, new, &body.token, body.buyer_present).await?;
    }
    let Some(Opened { deal, is_new, is_same }) = opened else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "means-not-found",
            "No saved means have this token",
            "Сохранённое средство оплаты не найдено",
        ));
    };
    if !is_same {
        return Err(number_reused());
    }
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    let url = (deal.facts().state == DealState::Challenge).then(|| page(&ports, &deal));
    Ok(answer(status, ChargeAnswer { payment: outcome(&deal), url }))
}

/// The payment of a number, if it is known.
async fn before(
    ports: &Ports,
    tenant: &Tenant,
    number: &str,
    body: &(impl Serialize + Sync),
) -> Result<Option<Opened>, Refusal> {
    let deal = double::find_by_number(ports, tenant, Family::Sandbox, number).await?;
    Ok(deal.map(|deal| Opened { is_same: deal.words == words(body), deal, is_new: false }))
}

fn words(body: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(body).unwrap_or_default()
}

fn page(ports: &Ports, deal: &Deal) -> String {
    format!("{}/sandbox/bank/pay/{}", ports.settings.base_url, deal.reference)
}

/// A payment that keeps the rules. `whole` is all that was asked for: another body under the same number is another payment.
async fn new_deal(
    ports: &Ports,
    tenant: &Tenant,
    body: &PaymentBody,
    whole: &(impl Serialize + Sync),
) -> Result<NewDeal, Refusal> {
    let now = workflows::clock::now(ports, tenant).await?;
    let mut errors = Vec::new();
    let mut rule = |holds: bool, pointer: &str, wanted: &str| {
        if !holds {
            errors.push(machine_rule(pointer, wanted));
        }
    };
    rule(is_number(&body.number), "/number", NUMBER_RULE);
    rule(is_text(&body.bill, 40), "/bill", "1 to 40 characters");
    rule(is_text(&body.description, 250), "/description", "1 to 250 characters");
    rule(is_text(&body.merchant, 250), "/merchant", "1 to 250 characters");
    rule(is_url(&body.return_url), "/return_url", "an absolute http(s) URL, at most 2048 characters");
    rule(is_url(&body.callback_url), "/callback_url", "an absolute http(s) URL, at most 2048 characters");
    rule(matches!(body.language.as_str(), "ru" | "en"), "/language", "ru or en");
    rule(body.currency == "RUB", "/currency", "RUB");
    let amount = money(body.amount, "RUB");
    rule(amount.is_some(), "/amount", "kopecks, from 1 to 9999999999");
    let expires_at = body.expires_at.parse::<Timestamp>().ok().map(domain::time::whole_seconds);
    let open = expires_at.is_some_and(|at| at > now && at <= plus_seconds(now, OPEN_SECONDS_MAX));
    rule(open, "/expires_at", "RFC 3339, in the future and at most 90 days from now");
    let can = Method::parse(body.method.as_deref().unwrap_or("card"));
    let can = can.and_then(|method| terms().into_iter().find(|terms| terms.method == method));
    rule(can.is_some(), "/method", "card or another means the bank takes");
    let can = |what: fn(&domain::acquiring::MethodTerms) -> bool| can.as_ref().is_none_or(what);
    let stages = match body.stages.as_deref() {
        None | Some("one") => Some(Stages::One),
        Some("two") => Some(Stages::Two).filter(|_| can(|terms| terms.hold.is_on())),
        Some(_) => None,
    };
    rule(stages.is_some(), "/stages", "one, or two where the method can be held");
    rule(body.customer.as_deref().is_none_or(|id| is_text(id, 100)), "/customer", "1 to 100 characters");
    let save = !body.save || (body.customer.is_some() && can(|terms| terms.save.is_on()));
    rule(save, "/save", "with customer only, where the method can be saved");
    let points = body.points_max.is_none_or(|most| (1..=body.amount).contains(&most) && can(|terms| terms.points));
    rule(points, "/points_max", "from 1 to the amount, where the method takes points");
    let (Some(amount), Some(expires_at), Some(stages), true) = (amount, expires_at, stages, errors.is_empty()) else {
        return Err(Refusal::invalid(errors));
    };
    Ok(NewDeal {
        family: Family::Sandbox,
        number: body.number.clone(),
        amount,
        stages,
        method: Method::parse(body.method.as_deref().unwrap_or("card")).unwrap_or_default(),
        description: body.description.clone(),
        return_success: body.return_url.clone(),
        return_failure: body.return_url.clone(),
        callback_url: Some(body.callback_url.clone()),
        expires_at,
        language: if body.language == "en" { Language::En } else { Language::Ru },
        merchant: body.merchant.clone(),
        customer: body.customer.clone(),
        save: body.save,
        points_max: body.points_max.map(Money::rub),
        hold_seconds: connectors::bank::sandbox::HOLD_SECONDS,
        lapse: domain::acquiring::Lapse::Released,
        words: words(whole),
    })
}

/// `POST /sandbox/bank/v1/payments/status`: payments and commands alike.
pub async fn status(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, StatusBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    if let Some(deal) = double::find_by_number(&ports, &tenant, Family::Sandbox, &body.number).await? {
        return Ok(answer(StatusCode::OK, outcome(&deal)));
    }
    let id = command_reference(&ports, &tenant, &body.number);
    let found = match rows::load::<CommandOf>(&ports, &tenant, &id).await? {
        None => None,
        Some(of) => {
            let deal = double::find_by_reference(&ports, &tenant, Family::Sandbox, &of.payment).await?;
            deal.and_then(|deal| command_outcome(&deal, &body.number, &id))
        }
    };
    let unknown = || Outcome::new(body.number.clone(), State::NotFound);
    Ok(answer(StatusCode::OK, found.unwrap_or_else(unknown)))
}

/// `POST /sandbox/bank/v1/payments/withdraw`: what nobody has paid is declined; anything else stays, and is answered as it is.
pub async fn withdraw(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, StatusBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let Some(deal) = double::find_by_number(&ports, &tenant, Family::Sandbox, &body.number).await? else {
        return Ok(answer(StatusCode::OK, Outcome::new(body.number, State::NotFound)));
    };
    let ended = double::act(&ports, &tenant, &deal.reference, |deal, now| {
        // The bank is at it: it is too late to end it.
        if deal.facts().state != DealState::Processing {
            let _ = deal.cancel_open(now);
        }
    });
    let Some(((), deal)) = ended.await? else { return Err(Refusal::not_found()) };
    Ok(answer(StatusCode::OK, outcome(&deal)))
}

/// `POST /sandbox/bank/v1/captures`: once, up to what is held; the rest is let go.
pub async fn capture(shared: Given<Shared>, headers: HeaderMap, received: Received) -> Result<Response, Refusal> {
    command(shared.0, headers, received, Command::Capture).await
}

/// `POST /sandbox/bank/v1/voids`: up to what is held.
pub async fn void(shared: Given<Shared>, headers: HeaderMap, received: Received) -> Result<Response, Refusal> {
    command(shared.0, headers, received, Command::Void).await
}

/// `POST /sandbox/bank/v1/reversals`: a whole capture, before it has cleared.
pub async fn reversal(shared: Given<Shared>, headers: HeaderMap, received: Received) -> Result<Response, Refusal> {
    command(shared.0, headers, received, Command::Reversal).await
}

/// `POST /sandbox/bank/v1/refunds`: up to what was captured.
pub async fn refund(shared: Given<Shared>, headers: HeaderMap, received: Received) -> Result<Response, Refusal> {
    command(shared.0, headers, received, Command::Refund).await
}

/// The same number gets the same answer, and is done once.
async fn command(
    Shared { ports, .. }: Shared,
    headers: HeaderMap,
    received: Received,
    kind: Command,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, CommandBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let mut errors = Vec::new();
    if !is_number(&body.number) {
        errors.push(machine_rule("/number", NUMBER_RULE));
    }
    let Some(amount) = money(body.amount, &body.currency) else {
        errors.push(machine_rule("/amount", "kopecks of RUB, from 1 to 9999999999"));
        return Err(Refusal::invalid(errors));
    };
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }
    let deal = double::find_by_number(&ports, &tenant, Family::Sandbox, &body.payment_number).await?;
    let Some(deal) = deal else {
        let english = "No payment has this number";
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "payment-not-found",
            english,
            "Платёж с таким номером не найден",
        ));
    };
    if body.payment_reference.as_ref().is_some_and(|given| *given != deal.reference) {
        return Err(Refusal::field("/payment_reference", "the bank's own id of the payment that payment_number names"));
    }
    // The number is written down before the money moves, so that it can always be asked about.
    let id = command_reference(&ports, &tenant, &body.number);
    let of = rows::change(&ports, &tenant, &id, |before: Option<CommandOf>| match before {
        Some(before) => Next::Keep(before.payment),
        None => Next::Put(CommandOf { payment: deal.reference.clone() }, deal.reference.clone()),
    })
    .await?;
    if of != deal.reference {
        return Err(number_reused());
    }
    let done = double::act(&ports, &tenant, &deal.reference, |deal, now| {
        commanded(deal, kind, &body.number, amount, now)?;
        Ok(command_outcome(deal, &body.number, &id))
    });
    let Some((done, _)) = done.await? else { return Err(Refusal::not_found()) };
    match done.map_err(|why: Why| why.refusal(kind))? {
        Some(outcome) => Ok(answer(StatusCode::OK, outcome)),
        None => Err(Refusal::not_found()),
    }
}

/// Why a command is not taken: nothing was done.
enum Why {
    No(No),
    /// The capture has cleared, or a part of it went back.
    Cleared,
}

fn commanded(deal: &mut Deal, kind: Command, number: &str, amount: Money, now: Timestamp) -> Result<(), Why> {
    let note = Noted { kind, minor: amount.minor() };
    match noted(deal, number) {
        Some(before) if before == note => return Ok(()),
        Some(_) => return Err(Why::No(No::NumberReused)),
        None => {}
    }
    let amount = with_points(&deal.facts(), kind, amount);
    match kind {
        Command::Capture => deal.capture(amount, now).map_err(Why::No)?,
        Command::Void => deal.void(amount, now).map_err(Why::No)?,
        Command::Reversal => {
            let facts = deal.facts();
            let fresh = facts.captured_at.is_some_and(|at| now < plus_seconds(at, CLEARING_SECONDS));
            let whole = facts.captured == amount && facts.refunds.is_empty();
            match (facts.captured.is_zero(), fresh && whole) {
                (true, _) => return Err(Why::No(No::NotCaptured)),
                (false, false) => return Err(Why::Cleared),
                (false, true) => returned(deal, number, amount, now)?,
            }
        }
        Command::Refund => returned(deal, number, amount, now)?,
    }
    deal.notes.insert(number.to_owned(), words(&note));
    Ok(())
}

/// A refund the bank declines was taken, and has an outcome.
fn returned(deal: &mut Deal, number: &str, amount: Money, now: Timestamp) -> Result<(), Why> {
    match deal.refund(number, amount, now) {
        Ok(_) | Err(No::Refused(_)) => Ok(()),
        Err(no) => Err(Why::No(no)),
    }
}

impl Why {
    fn refusal(self, kind: Command) -> Refusal {
        match self {
            Self::No(No::NumberReused) => number_reused(),
            Self::No(No::TooMuch) => match kind {
                Command::Capture | Command::Void => Refusal::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "exceeds-held",
                    "More than is held",
                    "Сумма больше замороженной",
                ),
                Command::Reversal | Command::Refund => Refusal::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "exceeds-captured",
                    "All refunds together would be more than was taken",
                    "Сумма возвратов больше списанной",
                ),
            },
            Self::No(No::NotHeld) => {
                Refusal::new(StatusCode::CONFLICT, "not-held", "Nothing is held", "По платежу ничего не заморожено")
            }
            Self::No(No::NotCaptured | No::Ended | No::Refused(_)) => Refusal::new(
                StatusCode::CONFLICT,
                "not-captured",
                "The payment took no money",
                "По платежу не было списания",
            ),
            Self::Cleared => Refusal::new(
                StatusCode::CONFLICT,
                "cleared",
                "The capture can not be reversed any more; send a refund",
                "Списание уже нельзя отменить, только вернуть",
            ),
        }
    }
}

/// `POST /sandbox/bank/v1/means/forget`: means of another buyer, and unknown ones, are left as they are.
pub async fn forget(
    Given(Shared { ports, .. }): Given<Shared>,
    headers: HeaderMap,
    received: Received,
) -> Result<Response, Refusal> {
    let (tenant, body): (_, ForgetBody) = signed_json(&ports, &headers, PURPOSE, received)?;
    let known = double::binding(&ports, &tenant, Family::Sandbox, &body.token).await?;
    if known.is_some_and(|known| known.customer == body.customer) {
        double::unbind(&ports, &tenant, Family::Sandbox, &body.token).await?;
    }
    Ok(answer(StatusCode::OK, ForgetAnswer { token: body.token }))
}

/// Which payment a command's number belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CommandOf {
    payment: String,
}

impl Thing for CommandOf {
    const KIND: &'static str = "bank-command";

    fn due(&self) -> Option<Timestamp> {
        None
    }
}

/// The bank's own id of a command: the same number, the same id.
fn command_reference(ports: &Ports, tenant: &Tenant, number: &str) -> String {
    let key = &ports.settings.master_secret.0;
    let digest = mac(key, format!("sandbox-bank-reference\n{tenant}\nref\n{number}").as_bytes());
    format!("ref_{}_{}", tenant.partner(), hex::encode(&digest[..16]))
}

fn number_reused() -> Refusal {
    let english = "The number was used before with another content";
    Refusal::new(StatusCode::CONFLICT, "number-reused", english, "Номер уже использован с другими данными")
}

const NUMBER_RULE: &str = "1 to 100 of A-Z a-z 0-9 _ . -";

fn is_number(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.contains(char::is_control)
}

fn is_url(text: &str) -> bool {
    text.len() <= 2_048 && origin(text).is_some() && !text.contains(|c: char| c.is_control() || c.is_whitespace())
}
