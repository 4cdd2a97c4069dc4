//! What the gateway does with orders, and how it says an order stands.

use connectors::bank::rbs::wire::{QrAnswer, RegisterAnswer, code, composite};
use domain::acquiring::{Lapse, Method, Stages};
use domain::money::{Currency, Money};
use domain::order::DeclineReason;
use domain::partner::origin;
use domain::time::{MOSCOW, Timestamp, moscow_date, plus_seconds};
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::door::Asked;
use super::words::Fault;
use crate::double::{self, Card, CardShown, Deal, DealState, Facts, Family, NewDeal, No, RefundState};

/// The machine's number of a capture's reversal.
pub const REVERSAL: &str = "~reversal";
/// Seconds an order can be paid where it does not say.
const SESSION_SECONDS: i64 = 1_200;
/// Seconds a hold stays: a week.
const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// What has to be paid by card beside points, kopecks.
const CARD_LEAST_MINOR: i64 = 10_000;
/// The least refund, kopecks.
const REFUND_LEAST_MINOR: i64 = 100;
/// Notes of a deal: its QR code was asked for, what money was held before a capture, that it was reversed.
const QR: &str = "qr";
const APPROVED: &str = "approved";
const REVERSED: &str = "reversed";

type Answer = Result<Value, Fault>;

/// Whether a refund's number was made here, for a request that named none.
pub fn is_ours(id: &str) -> bool {
    id.starts_with('~')
}

/// What an order's first operation is called.
pub fn first_operation(deal: &Deal) -> &'static str {
    match deal.stages {
        Stages::One => "deposited",
        Stages::Two => "approved",
    }
}

/// `register.do`, `registerPreAuth.do`.
pub async fn register(asked: &Asked<'_>, stages: Stages) -> Answer {
    let new = order(asked, stages).await?;
    let opened = double::open(asked.ports, asked.tenant, new).await?;
    if !opened.is_new {
        return Err(Fault::duplicate());
    }
    let (terminal, deal) = (asked.terminal, opened.deal);
    let (partner, language) = (terminal.tenant.partner(), deal.words["language"].as_str().unwrap_or("ru"));
    let root = format!("{}/payment/merchants/{partner}", terminal.address);
    let form_url = format!("{root}/payment_{language}.html?mdOrder={}", deal.reference);
    Ok(json!(RegisterAnswer { order_id: deal.reference, form_url }))
}

async fn order(asked: &Asked<'_>, stages: Stages) -> Result<NewDeal, Fault> {
    let fields = asked.fields;
    let text = |name: &'static str, most: usize| match fields.of(name) {
        Some(text) if text.chars().count() > most => Err(Fault::invalid(name)),
        text => Ok(text.map(str::to_owned)),
    };
    let address = |name: &'static str| match text(name, 512)? {
        Some(url) if origin(&url).is_none() => Err(Fault::invalid(name)),
        url => Ok(url),
    };
    let number = fields.needed("orderNumber")?;
    if number.chars().count() > 32 {
        return Err(Fault::invalid("orderNumber"));
    }
    fields.needed("amount")?;
    let minor = fields.amount("amount")?.filter(|minor| *minor > 0).ok_or_else(|| Fault::invalid("amount"))?;
    // 810 was the rouble's number before 1998, and is still said.
    if !matches!(fields.of("currency"), None | Some("643" | "810")) {
        return Err(Fault::new(code::CURRENCY, "Неизвестная валюта", "Unknown currency"));
    }
    fields.needed("returnUrl")?;
    let return_success = address("returnUrl")?.unwrap_or_default();
    let return_failure = address("failUrl")?.unwrap_or_else(|| return_success.clone());
    if fields.of("jsonParams").is_some_and(|json| serde_json::from_str::<serde_json::Map<_, _>>(json).is_err()) {
        return Err(Fault::invalid("jsonParams"));
    }
    let customer = text("clientId", 255)?;
    let binding = text("bindingId", 255)?;
    let save = fields.feature("FORCE_CREATE_BINDING");
    if save && (customer.is_none() || binding.is_some()) {
        return Err(Fault::invalid("features"));
    }
    if let Some(token) = &binding {
        let known = double::binding(asked.ports, asked.tenant, Family::Rbs, token).await?;
        if known.is_none_or(|known| Some(known.customer) != customer) {
            return Err(Fault::no_binding());
        }
    }
    let amount = Money::new(minor, Currency::RUB);
    let now = workflows::clock::now(asked.ports, asked.tenant).await.map_err(crate::SandboxError::from)?;
    let language = fields.language();
    Ok(NewDeal {
        family: Family::Rbs,
        number: number.to_owned(),
        amount,
        stages,
        method: Method::Card,
        description: text("description", 598)?.unwrap_or_default(),
        return_success,
        return_failure,
        callback_url: address("dynamicCallbackUrl")?,
        expires_at: expiry(asked, now)?,
        language,
        merchant: asked.terminal.tenant.partner().to_owned(),
        customer,
        save,
        // The buyer says at the page how many.
        points_max: Some(minor - CARD_LEAST_MINOR).filter(|most| *most > 0).map(|most| Money::new(most, Currency::RUB)),
        hold_seconds: HOLD_SECONDS,
        lapse: Lapse::Released,
        words: json!({
            "language": match language { domain::details::Language::Ru => "ru", domain::details::Language::En => "en" },
            "binding": binding,
        }),
    })
}

/// `expirationDate` is Moscow's; else `sessionTimeoutSecs` from now.
fn expiry(asked: &Asked<'_>, now: Timestamp) -> Result<Timestamp, Fault> {
    let at = match (asked.fields.of("expirationDate"), asked.fields.of("sessionTimeoutSecs")) {
        (Some(date), _) => {
            let date: DateTime = date.parse().map_err(|_| Fault::invalid("expirationDate"))?;
            MOSCOW.to_timestamp(date).map_err(|_| Fault::invalid("expirationDate"))?
        }
        (None, Some(seconds)) => {
            let seconds = seconds.parse::<u32>().map_err(|_| Fault::invalid("sessionTimeoutSecs"))?;
            plus_seconds(now, i64::from(seconds))
        }
        (None, None) => plus_seconds(now, SESSION_SECONDS),
    };
    if at > now { Ok(at) } else { Err(Fault::invalid("expirationDate")) }
}

/// The order a request names.
async fn named(asked: &Asked<'_>, id: &'static str) -> Result<Deal, Fault> {
    let (ports, tenant) = (asked.ports, asked.tenant);
    let found = match (asked.fields.of(id), asked.fields.of("orderNumber")) {
        (Some(id), _) => double::find_by_reference(ports, tenant, Family::Rbs, id).await?,
        (None, Some(number)) => double::find_by_number(ports, tenant, Family::Rbs, number).await?,
        (None, None) => {
            let (russian, english) = ("Ожидается [orderId] или [orderNumber]", "Expected [orderId] or [orderNumber]");
            return Err(Fault::new(code::DUPLICATE, russian, english));
        }
    };
    found.ok_or_else(Fault::not_found)
}

/// Does something with an order.
async fn with<A: Send>(
    asked: &Asked<'_>,
    deal: &Deal,
    what: impl FnMut(&mut Deal, Timestamp) -> Result<A, Fault> + Send,
) -> Result<(A, Deal), Fault> {
    let done = double::act(asked.ports, asked.tenant, &deal.reference, what).await?;
    let (answer, deal) = done.ok_or_else(Fault::not_found)?;
    Ok((answer?, deal))
}

fn no(no: No) -> Fault {
    match no {
        No::TooMuch => Fault::too_much(),
        No::NotHeld | No::NotCaptured | No::NumberReused | No::Ended => Fault::state(),
        No::Refused(_) => {
            Fault::new(code::STATE, "Операция отклонена банком", "The operation was declined by the bank")
        }
    }
}

/// `getOrderStatusExtended.do`.
pub async fn status(asked: &Asked<'_>) -> Answer {
    Ok(shown(&named(asked, "orderId").await?))
}

/// What of an order was paid in money, kopecks.
fn paid_in_money(deal: &Deal) -> i64 {
    let facts = deal.facts();
    let now = facts.held.minor().max(facts.captured.minor()) - facts.points.minor();
    deal.notes.get(APPROVED).and_then(Value::as_i64).unwrap_or(now)
}

/// The money in a sum of money and points, in the proportion of the payment.
fn money_in(deal: &Deal, sum: i64) -> i64 {
    let product = i128::from(sum) * i128::from(paid_in_money(deal));
    let share = product.checked_div(i128::from(deal.amount.minor())).unwrap_or_default();
    i64::try_from(share).unwrap_or(sum)
}

/// Refunds that are done, and the points that went back with each.
fn points_back(deal: &Deal) -> Vec<(String, i64)> {
    let facts = deal.facts();
    let (mut sum, mut back) = (0, 0);
    let done = facts.refunds.iter().filter(|it| it.state == RefundState::Done);
    let each = done.map(|refund| {
        let minor = refund.amount.minor();
        sum += minor;
        let left = facts.points.minor() - back;
        let points = if sum == facts.captured.minor() { left } else { left.min(minor - money_in(deal, minor)) };
        back += points;
        (refund.id.clone(), points)
    });
    each.collect()
}

/// The money of a refund, kopecks.
pub fn refunded_money(deal: &Deal, id: &str) -> i64 {
    let points = points_back(deal).into_iter().find(|(of, _)| of == id).map_or(0, |(_, points)| points);
    deal.refund_of(id).map_or(0, |refund| refund.amount.minor() - points)
}

/// A sum of money and points, under one of its names.
fn sum_of(asked: &Asked<'_>, names: &[&'static str]) -> Result<i64, Fault> {
    let field =
        names.iter().find(|name| asked.fields.of(name).is_some()).or(names.first()).copied().unwrap_or_default();
    asked.fields.needed(field)?;
    Ok(asked.fields.amount(field)?.unwrap_or_default())
}

/// `deposit.do`: money. Nought is all that is held.
pub async fn deposit(asked: &Asked<'_>) -> Answer {
    asked.fields.needed("amount")?;
    let minor = asked.fields.amount("amount")?.unwrap_or_default();
    let deal = named(asked, "orderId").await?;
    with(asked, &deal, |deal, now| {
        let Facts { state: DealState::Held, held, points, .. } = deal.facts() else { return Err(Fault::state()) };
        let money = held.minor() - points.minor();
        let amount = if minor == 0 || minor == money { held } else { Money::new(minor, held.currency()) };
        if !points.is_zero() && amount != held {
            return Err(Fault::state()); // in money alone, an order paid with points is captured whole
        }
        capture(deal, amount, now)
    })
    .await?;
    Ok(Value::Null)
}

/// `autoCompletion.do`: money and points. Nought is all that is held.
pub async fn complete(asked: &Asked<'_>) -> Answer {
    let minor = sum_of(asked, &composite::COMPLETION)?;
    let deal = named(asked, "orderId").await?;
    with(asked, &deal, |deal, now| {
        let Facts { state: DealState::Held, held, .. } = deal.facts() else { return Err(Fault::state()) };
        capture(deal, if minor == 0 { held } else { Money::new(minor, held.currency()) }, now)
    })
    .await?;
    Ok(Value::Null)
}

/// Captures a sum of money and points.
fn capture(deal: &mut Deal, sum: Money, now: Timestamp) -> Result<(), Fault> {
    let (paid, facts) = (paid_in_money(deal), deal.facts());
    let all = facts.points.is_zero() || sum == facts.held;
    let points = if all { facts.points.minor() } else { sum.minor() - money_in(deal, sum.minor()) };
    deal.capture(sum, now).map_err(no)?;
    deal.notes.insert(APPROVED.to_owned(), json!(paid));
    deal.keep_points(Money::new(points, sum.currency()));
    Ok(())
}

/// `reverse.do`: a hold, or a capture on its own day. Once.
pub async fn reverse(asked: &Asked<'_>) -> Answer {
    let minor = asked.fields.amount("amount")?.unwrap_or_default();
    let deal = named(asked, "orderId").await?;
    with(asked, &deal, |deal, now| {
        let facts = deal.facts();
        if deal.notes.contains_key(REVERSED) {
            return Err(Fault::state());
        }
        // Amounts are money; whole, the points go with it.
        let whole = |all: Money| minor == 0 || minor == all.minor() - facts.points.minor();
        let given = |all: Money| if whole(all) { all } else { Money::new(minor, all.currency()) };
        match facts.state {
            DealState::Held => {
                let amount = given(facts.held);
                if !facts.points.is_zero() && amount != facts.held {
                    return Err(Fault::state());
                }
                deal.void(amount, now).map_err(no)?;
            }
            DealState::Captured if !deal.notes.contains_key(QR) => {
                let today = facts.captured_at.is_some_and(|at| moscow_date(at) == moscow_date(now));
                if !today || given(facts.captured) != facts.captured {
                    return Err(Fault::state());
                }
                deal.refund(REVERSAL, facts.captured, now).map_err(no)?;
            }
            _ => return Err(Fault::state()),
        }
        deal.notes.insert(REVERSED.to_owned(), json!(true));
        Ok(())
    })
    .await?;
    Ok(Value::Null)
}

/// `refund.do` (money), `autoRefund.do` (money and points, each in its proportion). Nought is all that is left.
pub async fn refund(asked: &Asked<'_>, with_points: bool) -> Answer {
    let minor = if with_points { sum_of(asked, &composite::REFUND)? } else { sum_of(asked, &["amount"])? };
    let expected = asked.fields.amount("expectedDepositedAmount")?;
    let external = asked.fields.of("externalRefundId");
    if external.is_some_and(|id| id.chars().count() > 32 || is_ours(id)) {
        return Err(Fault::invalid("externalRefundId"));
    }
    let deal = named(asked, "orderId").await?;
    with(asked, &deal, |deal, now| {
        match external.and_then(|id| deal.refund_of(id)).map(|refund| refund.state) {
            None | Some(RefundState::Declined) => {}
            Some(RefundState::Pending | RefundState::Done) => return Ok(()), // the same answer, whatever the amount
            Some(RefundState::Cancelled) => return Err(Fault::state()),      // taken back: it wants a number of its own
        }
        let facts = deal.facts();
        let back: i64 = points_back(deal).iter().map(|(_, points)| points).sum();
        let points = facts.points.minor() - back;
        if !matches!(facts.state, DealState::Captured | DealState::PartlyRefunded) || (points > 0 && !with_points) {
            return Err(Fault::state());
        }
        // What is on its way back is not there any more.
        let gone = facts.refunds.iter().filter(|it| matches!(it.state, RefundState::Done | RefundState::Pending));
        let left = facts.captured.minor() - gone.map(|it| it.amount.minor()).sum::<i64>();
        if expected.is_some_and(|expected| expected != left - points) {
            return Err(Fault::state());
        }
        let amount = if minor == 0 { left } else { minor };
        if amount < REFUND_LEAST_MINOR {
            let english = "Invalid refund amount (less than one ruble)";
            return Err(Fault::new(code::STATE, "Неверная сумма возврата (менее одного рубля)", english));
        }
        let id = external.map_or_else(|| format!("~{}", facts.refunds.len() + 1), str::to_owned);
        deal.refund(&id, Money::new(amount, facts.captured.currency()), now).map_err(no)?;
        Ok(())
    })
    .await?;
    Ok(Value::Null)
}

/// `decline.do`.
pub async fn decline(asked: &Asked<'_>) -> Answer {
    let deal = named(asked, "orderId").await?;
    with(asked, &deal, |deal, now| deal.cancel_open(now).map_err(no)).await?;
    Ok(Value::Null)
}

/// `paymentOrderBinding.do`.
pub async fn pay_binding(asked: &Asked<'_>) -> Answer {
    let (fields, ports, tenant) = (asked.fields, asked.ports, asked.tenant);
    fields.needed("mdOrder")?;
    let token = fields.needed("bindingId")?;
    let deal = named(asked, "mdOrder").await?;
    if deal.customer.is_none() {
        return Err(Fault::new(code::INVALID, "Не указан clientId", "[clientId] is empty"));
    }
    let binding = double::binding(ports, tenant, Family::Rbs, token).await?;
    let binding = binding.filter(|binding| deal.customer.as_ref() == Some(&binding.customer));
    let binding = binding.ok_or_else(Fault::no_binding)?;
    // The transaction's initiator: F the buyer. Who types the card's code is there as well.
    let present = fields.of("tii") == Some("F") || fields.of("cvc").is_some();
    let ((), deal) = with(asked, &deal, |deal, now| deal.charge(&binding, present, now).map_err(no)).await?;
    let info = match deal.facts().state {
        DealState::Challenge => {
            let page = asked.terminal.page(&deal);
            return Ok(json!({ "info": "Your order is proceeded, redirecting...", "acsUrl": page,
                "paReq": deal.reference, "termUrl": page }));
        }
        DealState::Declined => "Operation declined. Contact the bank that issued the card. Redirecting...",
        _ => "Your payment has been processed, redirecting...",
    };
    Ok(json!({ "info": info, "redirect": deal.return_success }))
}

/// `getBindings.do`.
pub async fn bindings(asked: &Asked<'_>) -> Answer {
    let customer = asked.fields.needed("clientId")?;
    let wanted = asked.fields.of("bindingId");
    let found = double::bindings(asked.ports, asked.tenant, Family::Rbs, customer).await?;
    let found = found.into_iter().filter(|binding| wanted.is_none_or(|token| token == binding.token));
    let listed: Vec<_> = found
        .filter_map(|binding| {
            let card = binding.shown()?;
            Some(json!({
                "bindingId": binding.token,
                "maskedPan": masked(&card),
                "expiryDate": card.expiry.replace('/', ""),
                "clientId": binding.customer,
                "paymentWay": "CARD",
                "paymentSystem": card.scheme,
                "bindingCategory": "COMMON",
            }))
        })
        .collect();
    if listed.is_empty() {
        return Err(Fault::new(code::BINDING, "Информация не найдена", "Information not found"));
    }
    Ok(json!({ "bindings": listed }))
}

/// `unBindCard.do`.
pub async fn unbind(asked: &Asked<'_>) -> Answer {
    let (ports, tenant) = (asked.ports, asked.tenant);
    let token = asked.fields.needed("bindingId")?;
    if double::binding(ports, tenant, Family::Rbs, token).await?.is_none() {
        return Err(Fault::new(code::BINDING, "Неверное состояние связки", "Binding isn't active"));
    }
    double::unbind(ports, tenant, Family::Rbs, token).await?;
    Ok(Value::Null)
}

/// `sbp/c2b/qr/dynamic/get.do`: the order can be paid by the СБП from now on.
pub async fn qr(asked: &Asked<'_>) -> Answer {
    asked.fields.needed("mdOrder")?;
    let deal = named(asked, "mdOrder").await?;
    if deal.stages == Stages::Two {
        let english = "SBP does not support pre-authorization";
        return Err(Fault::new(code::INVALID, "СБП не поддерживает предавторизацию", english));
    }
    if deal.facts().state != DealState::Open {
        return Err(Fault::state());
    }
    // An order says by what means only now; the same order by the СБП gets its link written down.
    double::open(asked.ports, asked.tenant, NewDeal { method: Method::Sbp, ..deal.asked().clone() }).await?;
    let ((), deal) = with(asked, &deal, |deal, _| {
        deal.notes.insert(QR.to_owned(), json!(true));
        Ok(())
    })
    .await?;
    let mut answer = json!(QrAnswer { payload: deal.sbp_link(), qr_id: Some(deal.qr_id().to_owned()) });
    answer["qrStatus"] = json!("STARTED");
    Ok(answer)
}

/// `sbp/c2b/qr/status.do`.
pub async fn qr_status(asked: &Asked<'_>) -> Answer {
    asked.fields.needed("mdOrder")?;
    let facts = named(asked, "mdOrder").await?.facts();
    let status = match (facts.state, facts.reason) {
        (DealState::Open, _) => "STARTED",
        (DealState::Challenge | DealState::Processing, _) => "CONFIRMED",
        (DealState::Declined, Some(DeclineReason::CancelledByBuyer)) => "REJECTED_BY_USER",
        (DealState::Declined, _) => "REJECTED",
        _ => "ACCEPTED",
    };
    Ok(json!({ "qrStatus": status }))
}

/// First six digits, two asterisks, last four.
fn masked(card: &CardShown) -> String {
    let (start, end) = (card.pan_masked.get(..6), card.pan_masked.rsplit('*').next());
    format!("{}**{}", start.unwrap_or_default(), end.unwrap_or_default())
}

/// The processing's code for how an order stands (Sberbank, Action codes).
fn action(facts: &Facts) -> (i64, &'static str) {
    match (facts.state, facts.reason) {
        (DealState::Open, _) => (-100, "Не было попыток оплаты"),
        (DealState::Challenge | DealState::Processing, _) => (-9_000, "Состояние начала транзакции"),
        (DealState::Declined, Some(reason)) => match reason {
            DeclineReason::InsufficientFunds => (116, "Недостаточно средств"),
            DeclineReason::CardBlocked => (100, "Ограничение по карте"),
            DeclineReason::AuthenticationFailed => (-2_006, "3DS авторизация не пройдена"),
            DeclineReason::TimedOut => (-2_007, "Истёк срок, отведённый на ввод данных карты"),
            DeclineReason::CancelledByBuyer => (2_022, "Заказ отклонён"),
            DeclineReason::NotReached | DeclineReason::Other => (5, "Отказ сети проводить транзакцию"),
        },
        _ => (0, ""),
    }
}

/// An order as `getOrderStatusExtended.do` shows it.
fn shown(deal: &Deal) -> Value {
    let facts = deal.facts();
    let reversed = deal.refund_of(REVERSAL).is_some_and(|refund| refund.state == RefundState::Done);
    let (status, state) = match facts.state {
        _ if reversed => (3, "REVERSED"),
        DealState::Open => (0, "CREATED"),
        DealState::Challenge => (5, "CREATED"),
        DealState::Processing if deal.card() == Some(Card::Abandoned) => (5, "CREATED"),
        DealState::Processing => (7, "CREATED"),
        DealState::Held => (1, "APPROVED"),
        DealState::Captured => (2, "DEPOSITED"),
        DealState::Voided => (3, "REVERSED"),
        DealState::PartlyRefunded | DealState::Refunded => (4, "REFUNDED"),
        DealState::Declined => (6, "DECLINED"),
    };
    let points = facts.points.minor();
    let points_back: i64 = points_back(deal).iter().map(|(_, points)| points).sum();
    // What moves between the card and the shop: points are told beside it.
    let (approved, deposited, back) = match status {
        1 => (facts.held.minor() - points, 0, 0),
        2 | 4 => {
            let back = facts.refunded.minor() - points_back;
            (paid_in_money(deal), facts.captured.minor() - points - back, back)
        }
        _ => (0, 0, 0),
    };
    let (action_code, action_words) = action(&facts);
    let by_sbp = deal.notes.contains_key(QR);
    let stored = facts.binding.is_some() && !deal.save;
    let mut answer = json!({
        "orderNumber": deal.number,
        "orderStatus": status,
        "actionCode": action_code,
        "actionCodeDescription": action_words,
        "amount": deal.amount.minor(),
        "currency": "643",
        "date": deal.created_at.as_millisecond(),
        "orderDescription": deal.description,
        "ip": "",
        "merchantOrderParams": [],
        "transactionAttributes": [],
        "attributes": [{ "name": "mdOrder", "value": deal.reference }],
        "terminalId": "00000001",
        "paymentAmountInfo": {
            "paymentState": state,
            "approvedAmount": approved,
            "depositedAmount": deposited,
            "refundedAmount": back,
        },
        "bankInfo": { "bankName": "Sandbox", "bankCountryCode": "RU", "bankCountryName": "Россия" },
    });
    if let Some(at) = facts.authorized_at {
        answer["authDateTime"] = json!(at.as_millisecond());
        answer["paymentWay"] = json!(if by_sbp {
            "SBP_C2B"
        } else if stored {
            "CARD_BINDING"
        } else {
            "CARD"
        });
    }
    if let Some(at) = facts.captured_at {
        answer["depositedDate"] = json!(at.as_millisecond());
    }
    if let Some(card) = facts.card.filter(|_| !by_sbp) {
        answer["cardAuthInfo"] = json!({
            "maskedPan": masked(&card),
            "pan": masked(&card),
            "expiration": card.expiry.replace('/', ""),
            "cardholderName": card.holder,
            "approvalCode": "123456",
            "paymentSystem": card.scheme,
        });
    }
    if let Some(binding) = &facts.binding {
        answer["bindingInfo"] = json!({ "clientId": deal.customer, "bindingId": binding });
    }
    if points > 0 || facts.accrued.is_positive() {
        answer["orderBundle"] = json!({ "loyalties": [{
            "positionId": 1,
            "loyaltyProgramName": "sbrf_spasibo",
            "bonusAmountForCredit": facts.accrued.minor().to_string(),
            "bonusAmountForDebit": points.to_string(),
            "bonusAmountRefunded": points_back.to_string(),
        }] });
    }
    let refunds = facts.refunds.iter().filter(|it| it.id != REVERSAL && it.state == RefundState::Done);
    let refunds: Vec<_> = refunds
        .map(|it| {
            let external = Some(&it.id).filter(|id| !is_ours(id));
            json!({ "date": it.at.to_string(), "externalRefundId": external, "actionCode": "0",
                "amount": refunded_money(deal, &it.id) })
        })
        .collect();
    if !refunds.is_empty() {
        answer["refunds"] = json!(refunds);
    }
    answer
}
