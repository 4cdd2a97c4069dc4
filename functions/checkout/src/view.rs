//! From an order as it stands to what its page shows.

use domain::acquiring::Lapse;
use domain::details::{Child, Details, Language};
use domain::money::Money;
use domain::order::{Entry, Event, ExecutionEnd, Figures, Initiator, OperationKind, Order, Status};
use domain::receipt::ReceiptKind;
use domain::time::Timestamp;
use pages::{
    CancelMoney, Lang, MoneyMoved, OrderSummary, OtherWay, PartPayment, PartState, ReceiptState, SbpView, StateKind,
    StateView, TimelineEntry,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use workflows::checkout::{self, SbpLink, Seen};
use workflows::execution::result_link;
use workflows::links;
use workflows::ports::{Ports, Settings};

/// Seconds after which a page asks again what became of a payment.
const CHECKING_REFRESH_SECONDS: u32 = 5;
/// Seconds after which a paid order's page goes back to the shop by itself.
const PAID_RETURN_SECONDS: u32 = 15;
/// Seconds after the payment in which it does: a buyer who comes back later wants to read the page.
const PAID_RETURN_WITHIN_SECONDS: i64 = 10 * 60;
/// Seconds after which an expired order's page goes back to the shop by itself.
const EXPIRED_RETURN_SECONDS: u32 = 5;

/// What a token may contain besides letters and digits.
const TOKEN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~').remove(b'.');

/// One of two, by language.
pub(crate) const fn pick<T: Copy>(lang: Lang, ru: T, en: T) -> T {
    match lang {
        Lang::Ru => ru,
        Lang::En => en,
    }
}

/// A language as orders name it.
pub(crate) const fn language(lang: Lang) -> Language {
    match lang {
        Lang::Ru => Language::Ru,
        Lang::En => Language::En,
    }
}

/// The path of an order's page.
pub(crate) fn order_path(token: &str) -> String {
    format!("/c/{}", utf8_percent_encode(token, TOKEN))
}

/// What a page is made of.
pub(crate) enum Shown {
    /// How the order stands.
    State(Box<StateView>),
    /// The code and the link of the СБП.
    Sbp(Box<SbpView>),
    /// The payment page.
    Payable,
}

/// What an order's page shows now. `from_bank`: the buyer has just come from the bank's page. `means`: what the means are
/// called that are to be charged later, or were saved.
pub(crate) fn shown(ports: &Ports, seen: &Seen, lang: Lang, from_bank: bool, means: Option<String>) -> Shown {
    let order = &seen.order;
    let kind = match order.status() {
        Status::Awaiting if seen.now < order.expires_at => return Shown::Payable,
        Status::Awaiting | Status::Expired => expired(ports, seen),
        Status::Cancelled => cancelled(ports, seen),
        Status::Checking if order.is_splitting() => StateKind::Splitting { refresh_seconds: CHECKING_REFRESH_SECONDS },
        Status::Checking => match checkout::sbp_link(order).filter(|_| seen.now < order.expires_at) {
            Some(link) => return Shown::Sbp(Box::new(sbp(ports, seen, lang, &link))),
            None => StateKind::Checking {
                refresh_seconds: CHECKING_REFRESH_SECONDS,
                resume_url: order
                    .open_payment()
                    .filter(|payment| payment.sbp_link().is_none())
                    .and_then(|payment| payment.url())
                    .map(ToOwned::to_owned),
                other_way: other_way(ports, seen, lang),
            },
        },
        Status::Ordered => ordered(ports, seen, lang, means),
        Status::MeansSaved => means_saved(ports, seen, means),
        Status::Held => held(ports, seen),
        Status::Paid | Status::Executing if is_held(order) => held(ports, seen),
        Status::Paid | Status::Executing => paid(ports, seen, None),
        // Who has just paid is told of that first, and has a way back to the shop.
        Status::Fulfilled | Status::PaidOut if from_bank && just_paid(seen) && !is_held(order) => {
            paid(ports, seen, Some(lang))
        }
        Status::Fulfilled | Status::PaidOut => fulfilled(ports, seen),
        Status::Overdue => StateKind::Overdue {
            promised_ms: promised(order).as_millisecond(),
            is_held: is_held(order),
            cancel_url: format!("{}/cancel/ask{}", path(ports, order), chosen(seen, lang)),
            csrf: links::form_token(&ports.settings, &order.id, "cancel"),
        },
        Status::Refunding => refunding(ports, seen),
        Status::Refunded => StateKind::Refunded {
            refunded_at_ms: last(order, Event::Refunded),
            amount_minor: total(order, |figures| figures.returned),
            receipt: receipt(&ports.settings, order, ReceiptKind::SaleRefund),
        },
    };
    Shown::State(Box::new(state(ports, seen, lang, kind)))
}

/// The sum of one figure over all payments, in kopecks.
fn total(order: &Order, of: impl Fn(&Figures) -> Money) -> i64 {
    order.payments().filter_map(|payment| order.figures(payment).ok()).map(|figures| of(&figures).minor()).sum()
}

/// Whether the money is held and none of it taken.
pub(crate) fn is_held(order: &Order) -> bool {
    order.held().is_ok_and(Money::is_positive) && !order.taken().is_ok_and(Money::is_positive)
}

fn sbp(ports: &Ports, seen: &Seen, lang: Lang, link: &SbpLink<'_>) -> SbpView {
    let Seen { order, partner, now, .. } = seen;
    let settings = &ports.settings;
    let tenant = order.id.tenant();
    let open = order.open_payment();
    SbpView {
        lang,
        language_url: other_language(lang).to_owned(),
        partner: checkout::page_partner(partner),
        agent: checkout::page_agent(settings),
        bill: order.bill.to_string(),
        number: order.number.clone(),
        amount_minor: open.map_or(order.amount, |open| open.amount).minor(),
        link: link.url.to_owned(),
        expires_at_ms: order.expires_at.as_millisecond(),
        now_ms: now.as_millisecond(),
        refresh_seconds: CHECKING_REFRESH_SECONDS,
        refresh_url: format!("{}/return{}", path(ports, order), chosen(seen, lang)),
        other_way: other_way(ports, seen, lang),
        test_url: tenant
            .is_test()
            .then(|| format!("{}/sandbox/sbp/{}/{}", settings.base_url, tenant.partner(), link.id)),
        test_mode: tenant.is_test(),
    }
}

/// The form that gives the payment under way up, where there is something to give up.
fn other_way(ports: &Ports, seen: &Seen, lang: Lang) -> Option<OtherWay> {
    checkout::to_give_up(seen).map(|_| OtherWay {
        action_url: format!("{}/another{}", path(ports, &seen.order), chosen(seen, lang)),
        csrf: links::form_token(&ports.settings, &seen.order.id, "another"),
    })
}

fn held(ports: &Ports, seen: &Seen) -> StateKind {
    let order = &seen.order;
    let (return_url, named) = back(ports, seen);
    let until = order.standing_payments().filter_map(|payment| payment.hold_until).min();
    StateKind::Held {
        held_at_ms: first(order, Event::Held),
        amount_minor: order.held().map(Money::minor).unwrap_or_default(),
        until_ms: until.map(Timestamp::as_millisecond),
        is_taken_at_end: seen.details.payment.hold_end == Lapse::Captured,
        return_url,
        refresh_seconds: returns_soon(seen, named, Event::Held),
    }
}

fn ordered(ports: &Ports, seen: &Seen, lang: Lang, means: Option<String>) -> StateKind {
    let order = &seen.order;
    let (return_url, named) = back(ports, seen);
    StateKind::Ordered {
        means,
        until_ms: order.waits_until().unwrap_or(order.expires_at).as_millisecond(),
        cancel_url: format!("{}/cancel{}", path(ports, order), chosen(seen, lang)),
        return_url,
        refresh_seconds: returns_soon(seen, named, Event::MeansSaved),
    }
}

fn means_saved(ports: &Ports, seen: &Seen, means: Option<String>) -> StateKind {
    let (return_url, named) = back(ports, seen);
    StateKind::MeansSaved {
        means,
        saved_at_ms: first(&seen.order, Event::MeansSaved),
        return_url,
        refresh_seconds: returns_soon(seen, named, Event::MeansSaved),
    }
}

fn cancelled(ports: &Ports, seen: &Seen) -> StateKind {
    let order = &seen.order;
    let at = if order.has(Event::Cancelled) { Event::Cancelled } else { Event::Released };
    StateKind::Cancelled {
        cancelled_at_ms: last(order, at),
        released_minor: total(order, |figures| figures.let_go),
        return_url: back(ports, seen).0,
    }
}

/// Everything goes back: what was taken is refunded, what was only held is let go.
fn refunding(ports: &Ports, seen: &Seen) -> StateKind {
    let order = &seen.order;
    let cancelled_at_ms = [Event::Cancelled, Event::ExecutionFailed, Event::RefundStarted]
        .into_iter()
        .find(|event| order.has(*event))
        .map_or_else(|| first(order, Event::ReleaseStarted), |event| first(order, event));
    let taken = total(order, |figures| figures.captured);
    match taken {
        0 => StateKind::Releasing { cancelled_at_ms, amount_minor: total(order, |figures| figures.held) },
        _ if order.has(Event::Expired) => {
            StateKind::ExpiredRefunding { paid_at_ms: first(order, Event::Captured), return_url: back(ports, seen).0 }
        }
        _ => StateKind::CancelledRefunding { cancelled_at_ms, amount_minor: total(order, |figures| figures.returning) },
    }
}

/// The last question before cancelling.
pub(crate) fn cancel_question(ports: &Ports, seen: &Seen, lang: Lang, back_url: &str) -> StateView {
    let kind = StateKind::CancelConfirm {
        money: match seen.order.status() {
            Status::Ordered => CancelMoney::NotCharged,
            _ if is_held(&seen.order) => CancelMoney::Released,
            _ => CancelMoney::Returned,
        },
        action_url: format!("{}/cancel{}", path(ports, &seen.order), chosen(seen, lang)),
        csrf: links::form_token(&ports.settings, &seen.order.id, "cancel"),
        back_url: back_url.to_owned(),
    };
    state(ports, seen, lang, kind)
}

/// What of the money is where, as far as the order stands and it is worth a word.
fn moved(order: &Order) -> MoneyMoved {
    let mut moved = MoneyMoved::default();
    let mut charged = 0;
    for payment in order.standing_payments() {
        let Ok(figures) = order.figures(payment) else { continue };
        charged += figures.captured.minor();
        moved.let_go_minor += figures.let_go.minor();
        moved.returned_minor += figures.returned.minor();
        moved.returning_minor += figures.returning.minor();
        moved.points_minor += payment.points.map_or(0, Money::minor);
    }
    moved.charged_minor = if charged == order.amount.minor() { 0 } else { charged };
    moved
}

/// How the payment of each part stands, once there is one.
fn parts(order: &Order, details: &Details) -> Vec<PartState> {
    if order.payments().next().is_none() {
        return Vec::new();
    }
    let stands = |no: u8| match order.payments().rev().find(|payment| payment.child == Some(no)) {
        None => PartPayment::Waiting,
        Some(payment) if payment.is_open() => PartPayment::Waiting,
        Some(payment) if !payment.succeeded() => PartPayment::Declined,
        Some(payment) if !order.stands(payment) => PartPayment::Returned,
        Some(payment) if order.figures(payment).is_ok_and(|figures| figures.held.is_positive()) => PartPayment::Held,
        Some(_) => PartPayment::Paid,
    };
    let part = |(no, child): (u8, &Child)| PartState {
        name: child.name.clone(),
        amount_minor: child.amount.minor(),
        state: stands(no),
    };
    (1_u8..).zip(&details.payment.children).map(part).collect()
}

fn state(ports: &Ports, seen: &Seen, lang: Lang, kind: StateKind) -> StateView {
    let Seen { order, partner, .. } = seen;
    let told = |entry: &Entry| {
        let refund = order.receipts.iter().any(|receipt| {
            entry.event == Event::ReceiptIssued
                && Some(receipt.no) == entry.subject
                && receipt.kind == ReceiptKind::SaleRefund
        });
        let told = if refund {
            Some(pick(lang, "Чек возврата выдан", "Refund receipt issued"))
        } else {
            words(order, entry, lang)
        };
        let text = told?.to_owned();
        Some(TimelineEntry { at_ms: entry.at.as_millisecond(), text })
    };
    StateView {
        lang,
        language_url: Some(other_language(lang).to_owned()),
        agent: checkout::page_agent(&ports.settings),
        order: Some(OrderSummary {
            partner: checkout::page_partner(partner),
            bill: order.bill.to_string(),
            number: order.number.clone(),
            lines: lines(seen, lang),
            amount_minor: order.amount.minor(),
            money: moved(order),
            parts: parts(order, &seen.details),
            timeline: order.journal.iter().filter_map(told).collect(),
            test_mode: order.id.tenant().is_test(),
        }),
        kind,
    }
}

fn paid(ports: &Ports, seen: &Seen, fulfilled: Option<Lang>) -> StateKind {
    let (return_url, named) = back(ports, seen);
    let next = fulfilled.map(|lang| {
        pick(
            lang,
            "Заказ уже выполнен: мы отправили вам ссылку на результат. Она есть и на странице заказа.",
            "The order is already done: we have sent you a link to the result. It is on the order’s page, too.",
        )
    });
    StateKind::Paid {
        paid_at_ms: first(&seen.order, Event::Captured),
        receipt: receipt(&ports.settings, &seen.order, ReceiptKind::Sale),
        next: next.map(ToOwned::to_owned),
        return_url,
        refresh_seconds: returns_soon(seen, named, Event::Captured),
    }
}

fn fulfilled(ports: &Ports, seen: &Seen) -> StateKind {
    let order = &seen.order;
    let at = match order.execution.ended {
        Some(ExecutionEnd::Fulfilled(at)) => at,
        _ => seen.now,
    };
    let (result_url, until) = result_link(ports, order).unzip();
    StateKind::Fulfilled {
        fulfilled_at_ms: at.as_millisecond(),
        result_url: result_url.unwrap_or_else(|| path(ports, order)),
        valid_until_ms: until.map(Timestamp::as_millisecond),
        receipt: if is_held(order) {
            ReceiptState::AfterCapture
        } else {
            receipt(&ports.settings, order, ReceiptKind::Sale)
        },
    }
}

fn expired(ports: &Ports, seen: &Seen) -> StateKind {
    let (return_url, named) = back(ports, seen);
    StateKind::Expired {
        expired_at_ms: seen.order.first(Event::Expired).unwrap_or(seen.order.expires_at).as_millisecond(),
        return_url,
        refresh_seconds: named.then_some(EXPIRED_RETURN_SECONDS),
    }
}

/// The way back to the shop, and whether the partner has named it for this: else it is their site, or this page.
fn back(ports: &Ports, seen: &Seen) -> (String, bool) {
    match checkout::return_url(seen) {
        Some(url) => (url, true),
        None => (seen.partner.site.clone().unwrap_or_else(|| path(ports, &seen.order)), false),
    }
}

fn path(ports: &Ports, order: &Order) -> String {
    order_path(&links::checkout_token(&ports.settings, &order.id))
}

/// Carries a language on that is not the order's own.
pub(crate) fn chosen(seen: &Seen, lang: Lang) -> String {
    let own = checkout::page_language(seen.details.language);
    if lang == own { String::new() } else { format!("?lang={}", lang.code()) }
}

fn just_paid(seen: &Seen) -> bool {
    just(seen, Event::Captured)
}

fn just(seen: &Seen, event: Event) -> bool {
    let at = seen.order.first(event);
    at.is_some_and(|at| seen.now.as_second() - at.as_second() < PAID_RETURN_WITHIN_SECONDS)
}

/// The page goes back to the shop by itself where the shop has named an address and it has just happened.
fn returns_soon(seen: &Seen, named: bool, event: Event) -> Option<u32> {
    (named && just(seen, event)).then_some(PAID_RETURN_SECONDS)
}

fn promised(order: &Order) -> Timestamp {
    order.execution_deadline().or(order.execution.overdue_at).unwrap_or(order.created_at)
}

fn first(order: &Order, event: Event) -> i64 {
    order.first(event).unwrap_or(order.created_at).as_millisecond()
}

fn last(order: &Order, event: Event) -> i64 {
    let found = order.journal.iter().rev().find(|entry| entry.event == event);
    found.map_or(order.created_at, |entry| entry.at).as_millisecond()
}

/// The latest receipt of a kind, printed or not yet.
fn receipt(settings: &Settings, order: &Order, kind: ReceiptKind) -> ReceiptState {
    let found = order.receipts.iter().rev().find(|receipt| receipt.kind == kind);
    let Some((receipt, fiscal)) = found.and_then(|receipt| Some((receipt, receipt.fiscal.as_ref()?))) else {
        return ReceiptState::Pending;
    };
    ReceiptState::Issued {
        url: links::receipt_url(settings, &order.id, receipt.no),
        at_ms: fiscal.at.as_millisecond(),
        fiscal_drive: fiscal.drive.clone(),
        fiscal_document: fiscal.document.to_string(),
        fiscal_sign: fiscal.sign.clone(),
        qr: fiscal.qr(kind),
    }
}

pub(crate) fn lines(seen: &Seen, lang: Lang) -> Vec<pages::Line> {
    let shown = |line: &domain::details::Line| pages::Line {
        name: line.name.clone(),
        quantity: match lang {
            Lang::Ru => line.quantity.to_string().replace('.', ","),
            Lang::En => line.quantity.to_string(),
        },
        price_minor: line.price.minor(),
        amount_minor: line.amount.minor(),
        vat: match (lang, line.vat.percent()) {
            (Lang::Ru, _) => workflows::notification::vat(line.vat).to_owned(),
            (Lang::En, None) => "no VAT".to_owned(),
            (Lang::En, Some(percent)) => format!("VAT {percent}%"),
        },
    };
    seen.order.basket(&seen.details).iter().map(shown).collect()
}

/// The same page in the other language.
pub(crate) const fn other_language(lang: Lang) -> &'static str {
    match lang {
        Lang::Ru => "?lang=en",
        Lang::En => "?lang=ru",
    }
}

/// What happened, in the buyer's words; nothing for what is not the buyer's.
fn words(order: &Order, entry: &Entry, lang: Lang) -> Option<&'static str> {
    let operation = entry.subject.and_then(|no| order.operation(no));
    let by_buyer = operation.is_none_or(|operation| operation.by == Initiator::Buyer);
    let cancelled_by_buyer = || order.operations.iter().any(|of| of.by == Initiator::Buyer && of.kind.of().is_some());
    let of_a_hold = operation.is_some_and(|of| matches!(of.kind, OperationKind::Capture { .. }));
    let of_a_check = operation.and_then(|of| order.operation(of.kind.of()?)).is_some_and(|of| !of.is_payment());
    let (ru, en) = match entry.event {
        // The rouble of a check comes and goes without a word.
        Event::ReleaseStarted if of_a_check => return None,
        Event::Created => ("Заказ создан", "Order created"),
        Event::PaymentStarted if by_buyer => ("Вы перешли к оплате", "You went on to pay"),
        Event::PaymentStarted => ("Начали списание с сохранённой карты", "A saved card is being charged"),
        Event::PaymentDeclined => ("Оплата не прошла", "The payment did not go through"),
        Event::Captured if of_a_hold => ("Удержанные деньги списаны", "The held money was taken"),
        Event::Captured => ("Оплата получена", "Payment received"),
        Event::ReceiptIssued => ("Кассовый чек выдан", "Receipt issued"),
        Event::HandedOver => ("Передан на исполнение", "Handed over to be carried out"),
        Event::Fulfilled => ("Заказ выполнен", "Order done"),
        Event::ExecutionFailed => ("Выполнить заказ не удалось", "The order could not be carried out"),
        Event::Overdue => ("Срок исполнения прошёл, заказ можно отменить", "The time is over, you may cancel"),
        Event::Cancelled if cancelled_by_buyer() => ("Вы отменили заказ", "You cancelled the order"),
        Event::Cancelled => ("Заказ отменён", "Order cancelled"),
        Event::RefundStarted => ("Возврат денег начат", "Refund started"),
        Event::Refunded if order.standing_payment().is_some() => {
            ("Часть денег возвращена", "A part of the money returned")
        }
        Event::Refunded => ("Деньги возвращены", "Money returned"),
        Event::Expired => ("Время на оплату вышло", "The time to pay is over"),
        Event::ResultOpened => ("Вы открыли результат", "You opened the result"),
        Event::Reminded => ("Мы напомнили о результате", "We reminded you of the result"),
        Event::Held => ("Деньги удержаны, не списаны", "The money is held, not taken"),
        Event::ReleaseStarted => ("Просим банк снять удержание", "The bank is asked to let the hold go"),
        Event::Released => ("Удержание снято", "The hold was let go"),
        Event::RefundUndone => ("Банк вернул возврат, повторяем его", "The bank sent the refund back; we repeat it"),
        Event::Edited => ("Состав заказа изменён", "The order was changed"),
        Event::MeansSaved => ("Способ оплаты сохранён", "The means of payment are saved"),
        Event::MeansNotSaved => ("Сохранить способ оплаты не удалось", "The means of payment were not saved"),
        Event::SplitStarted => ("Начали списывать части заказа", "The parts are being charged"),
        Event::SplitEnded => ("Банк ответил по всем частям", "The bank has answered for all parts"),
        Event::PointsSpent => ("Часть оплачена бонусами", "A part was paid with points"),
        Event::PointsAccrued => ("Банк начислил бонусы", "The bank gave points"),
        Event::PointsReturned => ("Бонусы возвращены", "Points returned"),
        Event::ReceiptCorrected => ("Ошибка в чеке исправлена", "A mistake in the receipt is corrected"),
        Event::CaptureStarted
        | Event::CaptureFailed
        | Event::HoldEnding
        | Event::PaidOut
        | Event::Settled
        | Event::ReceiptDiffers
        | Event::ReceiptMoved
        | Event::MarksSet
        | Event::ClosingLate => return None,
    };
    Some(pick(lang, ru, en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_path_stays_on_this_host() {
        assert_eq!(order_path("ord_t_shop_1~A-b_"), "/c/ord_t_shop_1~A-b_");
        assert_eq!(order_path("/evil.example\r\nx: y"), "/c/%2Fevil.example%0D%0Ax%3A%20y");
    }
}
