//! From an order as it stands to what its page shows.

use domain::details::{Contact, Language};
use domain::order::{DeclineReason, Event, ExecutionEnd, Order, Status};
use domain::partner::{Button, Channel};
use domain::receipt::ReceiptKind;
use domain::time::Timestamp;
use pages::{
    CheckoutView, ConsentField, FieldError, Lang, Method, OrderSummary, ReceiptState, StateKind, StateView,
    TimelineEntry,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use workflows::checkout::{self, Seen};
use workflows::execution::result_link;
use workflows::links;
use workflows::ports::{Ports, Settings};

use crate::answer::{Pairs, value};

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
pub(crate) fn pick<T>(lang: Lang, ru: T, en: T) -> T {
    match lang {
        Lang::Ru => ru,
        Lang::En => en,
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
    /// The payment page.
    Payable,
}

/// What the buyer had typed, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    pub email: String,
    pub phone: String,
    pub channels: Vec<String>,
    pub consent_personal_data: bool,
    pub consent_terms: bool,
    /// A form came in.
    pub posted: bool,
    /// By JSON pointer, in the page's language.
    pub invalid: Vec<(String, String)>,
    /// What belongs to no field, in the page's language.
    pub problem: Option<String>,
}

impl Typed {
    /// Of the payment page's form.
    pub(crate) fn of(form: &Pairs) -> Self {
        let text = |name| value(form, name).unwrap_or_default().chars().take(200).collect();
        let ticked = |name| value(form, name).is_some_and(|value| !matches!(value, "" | "0" | "false"));
        let channels = form.iter().filter_map(|(name, value)| match name.strip_prefix("channel_") {
            Some(id) => Some(id.to_owned()),
            None => (name == "channels").then(|| value.clone()),
        });
        Self {
            email: text("email"),
            phone: text("phone"),
            channels: channels.collect(),
            consent_personal_data: ticked("consent_personal_data"),
            consent_terms: ticked("consent_terms"),
            posted: true,
            invalid: Vec::new(),
            problem: None,
        }
    }

    fn error(&self, pointer: &str) -> Option<FieldError> {
        let found = self.invalid.iter().find(|(at, _)| at == pointer);
        found.map(|(_, text)| FieldError::Other(text.clone()))
    }
}

/// The version of the texts a form is filled for.
pub(crate) fn texts_version(settings: &Settings, language: Language) -> String {
    let (personal_data, terms) = checkout::texts(settings, language);
    if personal_data.version == terms.version {
        terms.version.to_owned()
    } else {
        format!("{}.{}", personal_data.version, terms.version)
    }
}

/// What is said when the texts have changed while the page was open.
pub(crate) fn texts_changed(lang: Lang) -> &'static str {
    pick(
        lang,
        "Пока страница была открыта, тексты соглашений обновились. Деньги не списаны: посмотрите их и нажмите кнопку ещё раз.",
        "The texts you agree to were updated while the page was open. Nothing was charged: look at them and press the button again.",
    )
}

/// The payment page.
pub(crate) fn payment(ports: &Ports, seen: &Seen, lang: Lang, typed: &Typed) -> CheckoutView {
    let Seen { order, details, partner, now, .. } = seen;
    let settings = &ports.settings;
    let language = match lang {
        Lang::Ru => Language::Ru,
        Lang::En => Language::En,
    };
    let version = texts_version(settings, language);
    // Another attempt: agreed already, and on record.
    let agreed = order.offer.is_none();
    let consent = |path: &str, ticked: bool, pointer: &str| ConsentField {
        url: format!("/legal/{path}?lang={}", lang.code()),
        ticked: ticked || (agreed && !typed.posted),
        error: typed.error(pointer),
    };
    let offered = checkout::channels_asked(details, partner);
    let wanted = |channel| details.channels.contains(&channel) || offered.contains(&channel);
    let sms_only = details.channels == [Channel::Sms];
    let email = Some(contact(details.email.as_ref(), mask_email, &typed.email, !sms_only, typed.error("/email")));
    // Asked for only where something could be sent to it.
    let phone = (details.phone.is_some() || wanted(Channel::Sms)).then(|| {
        let required = details.channels.contains(&Channel::Sms);
        contact(details.phone.as_ref(), mask_phone, &typed.phone, required, typed.error("/phone"))
    });
    let seconds_left = order.expires_at.as_second() - now.as_second();
    let path = order_path(&links::checkout_token(settings, &order.id));
    CheckoutView {
        lang,
        action_url: format!("{path}/pay{}", chosen(seen, lang)),
        language_url: other_language(lang).to_owned(),
        partner: checkout::page_partner(partner),
        agent: checkout::page_agent(settings),
        bill: order.bill.to_string(),
        number: order.number.clone(),
        description: details.description.clone(),
        lines: lines(seen, lang),
        total_minor: order.amount.minor(),
        button: match details.button {
            Button::Pay => pages::ButtonLabel::Pay,
            Button::Order => pages::ButtonLabel::Order,
        },
        email,
        phone,
        channels: channels(&offered, lang, typed),
        consent_personal_data: consent("personal-data", typed.consent_personal_data, "/consent_personal_data"),
        consent_terms: consent("terms", typed.consent_terms, "/consent_terms"),
        expires_at_ms: order.expires_at.as_millisecond(),
        now_ms: now.as_millisecond(),
        // One second more than is left, so that the time is over when the page asks.
        refresh_seconds: u32::try_from(seconds_left.saturating_add(1)).ok(),
        test_mode: order.id.tenant().is_test(),
        version,
        csrf: links::form_token(settings, &order.id, "pay"),
        methods: vec![Method {
            id: "card".to_owned(),
            title: pick(lang, "Банковская карта", "Bank card").to_owned(),
            subtitle: pick(lang, "МИР, Visa, Mastercard", "MIR, Visa, Mastercard").to_owned(),
        }],
        method_chosen: None,
        problem: typed.problem.clone(),
        declined: checkout::last_decline(order).map(declined),
    }
}

fn channels(offered: &[Channel], lang: Lang, typed: &Typed) -> Vec<pages::Channel> {
    let shown = |(at, channel): (usize, &Channel)| {
        let (id, label) = match channel {
            Channel::Email => ("email", pick(lang, "Электронная почта", "E-mail")),
            Channel::Sms => ("sms", "SMS"),
        };
        let ticked = typed.channels.iter().any(|ticked| ticked == id);
        pages::Channel {
            id: id.to_owned(),
            label: label.to_owned(),
            checked: if typed.posted { ticked } else { at == 0 },
            enabled: true,
        }
    };
    offered.iter().enumerate().map(shown).collect()
}

fn contact(
    known: Option<&Contact>,
    mask: fn(&str) -> String,
    typed: &str,
    required: bool,
    error: Option<FieldError>,
) -> pages::Contact {
    match known {
        Some(contact) => pages::Contact::Passed { value: mask(&contact.value) },
        None => pages::Contact::Ask { value: typed.to_owned(), required, error },
    }
}

/// `iv•••@example.com`: enough for its owner, too little for who found the link.
fn mask_email(email: &str) -> String {
    let (name, host) = email.rsplit_once('@').unwrap_or((email, ""));
    let shown: String = name.chars().take(if name.chars().count() > 3 { 2 } else { 1 }).collect();
    format!("{shown}•••@{host}")
}

/// `+7916•••4567`: the country, the operator and the last four digits.
fn mask_phone(phone: &str) -> String {
    let digits = phone.chars().count();
    let first: String = phone.chars().take(digits.saturating_sub(7).min(5)).collect();
    let last: String = phone.chars().skip(digits.saturating_sub(4)).collect();
    format!("{first} ••• {last}")
}

const fn declined(reason: DeclineReason) -> pages::DeclineReason {
    match reason {
        DeclineReason::InsufficientFunds => pages::DeclineReason::InsufficientFunds,
        DeclineReason::CardBlocked => pages::DeclineReason::CardBlocked,
        DeclineReason::AuthenticationFailed => pages::DeclineReason::AuthenticationFailed,
        DeclineReason::CancelledByBuyer | DeclineReason::TimedOut => pages::DeclineReason::Abandoned,
        DeclineReason::NotReached => pages::DeclineReason::BankError,
        DeclineReason::Other => pages::DeclineReason::Unknown,
    }
}

/// What an order's page shows now. `from_bank`: the buyer has just come from the bank's page.
pub(crate) fn shown(ports: &Ports, seen: &Seen, lang: Lang, from_bank: bool) -> Shown {
    let order = &seen.order;
    let kind = match order.status() {
        Status::Awaiting if seen.now < order.expires_at => return Shown::Payable,
        Status::Awaiting | Status::Expired | Status::Cancelled => expired(ports, seen),
        Status::Checking => StateKind::Checking {
            refresh_seconds: CHECKING_REFRESH_SECONDS,
            resume_url: order.open_payment().and_then(|payment| payment.url()).map(ToOwned::to_owned),
        },
        Status::Paid | Status::Executing | Status::Held | Status::Ordered | Status::MeansSaved => {
            paid(ports, seen, None)
        }
        // Who has just paid is told of that first, and has a way back to the shop.
        Status::Fulfilled | Status::PaidOut if from_bank && just_paid(seen) => paid(ports, seen, Some(lang)),
        Status::Fulfilled | Status::PaidOut => fulfilled(ports, seen),
        Status::Overdue => StateKind::Overdue {
            promised_ms: promised(order).as_millisecond(),
            cancel_url: format!("{}/cancel/ask{}", path(ports, order), chosen(seen, lang)),
            csrf: links::form_token(&ports.settings, &order.id, "cancel"),
        },
        Status::Refunding if order.has(Event::Expired) => {
            StateKind::ExpiredRefunding { paid_at_ms: first(order, Event::Captured), return_url: back(ports, seen).0 }
        }
        Status::Refunding => StateKind::CancelledRefunding {
            cancelled_at_ms: [Event::Cancelled, Event::ExecutionFailed]
                .into_iter()
                .find(|event| order.has(*event))
                .map_or_else(|| first(order, Event::RefundStarted), |event| first(order, event)),
            amount_minor: order.amount.minor(),
        },
        Status::Refunded => StateKind::Refunded {
            refunded_at_ms: last(order, Event::Refunded),
            amount_minor: order.amount.minor(),
            receipt: receipt(&ports.settings, order, ReceiptKind::SaleRefund),
        },
    };
    Shown::State(Box::new(state(ports, seen, lang, kind)))
}

/// The last question before cancelling.
pub(crate) fn cancel_question(ports: &Ports, seen: &Seen, lang: Lang, back_url: &str) -> StateView {
    let kind = StateKind::CancelConfirm {
        action_url: format!("{}/cancel{}", path(ports, &seen.order), chosen(seen, lang)),
        csrf: links::form_token(&ports.settings, &seen.order.id, "cancel"),
        back_url: back_url.to_owned(),
    };
    state(ports, seen, lang, kind)
}

fn state(ports: &Ports, seen: &Seen, lang: Lang, kind: StateKind) -> StateView {
    let Seen { order, partner, .. } = seen;
    let told = |entry: &domain::order::Entry| {
        let refund = order.receipts.iter().any(|receipt| {
            entry.event == Event::ReceiptIssued
                && Some(receipt.no) == entry.subject
                && receipt.kind == ReceiptKind::SaleRefund
        });
        let told = if refund {
            Some(pick(lang, "Чек возврата выдан", "Refund receipt issued"))
        } else {
            words(entry.event, lang)
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
        refresh_seconds: (named && just_paid(seen)).then_some(PAID_RETURN_SECONDS),
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
        receipt: receipt(&ports.settings, order, ReceiptKind::Sale),
    }
}

fn expired(ports: &Ports, seen: &Seen) -> StateKind {
    let (return_url, named) = back(ports, seen);
    StateKind::Expired {
        expired_at_ms: seen.order.expires_at.as_millisecond(),
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
fn chosen(seen: &Seen, lang: Lang) -> String {
    let own = checkout::page_language(seen.details.language);
    if lang == own { String::new() } else { format!("?lang={}", lang.code()) }
}

fn just_paid(seen: &Seen) -> bool {
    let paid = seen.order.first(Event::Captured);
    paid.is_some_and(|at| seen.now.as_second() - at.as_second() < PAID_RETURN_WITHIN_SECONDS)
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

fn lines(seen: &Seen, lang: Lang) -> Vec<pages::Line> {
    let shown = |line: &domain::details::Line| pages::Line {
        name: line.name.clone(),
        quantity: pick(lang, line.quantity.to_string().replace('.', ","), line.quantity.to_string()),
        price_minor: line.price.minor(),
        amount_minor: line.amount.minor(),
        vat: match (lang, line.vat.percent()) {
            (Lang::Ru, _) => workflows::notification::vat(line.vat).to_owned(),
            (Lang::En, None) => "no VAT".to_owned(),
            (Lang::En, Some(percent)) => format!("VAT {percent}%"),
        },
    };
    seen.details.lines.iter().map(shown).collect()
}

/// The same page in the other language.
pub(crate) const fn other_language(lang: Lang) -> &'static str {
    match lang {
        Lang::Ru => "?lang=en",
        Lang::En => "?lang=ru",
    }
}

/// What happened, in the buyer's words; nothing for what is not the buyer's.
const fn words(event: Event, lang: Lang) -> Option<&'static str> {
    let (ru, en) = match event {
        Event::Created => ("Заказ создан", "Order created"),
        Event::PaymentStarted => ("Вы перешли к оплате", "You went on to pay"),
        Event::PaymentDeclined => ("Оплата не прошла", "The payment did not go through"),
        Event::Captured => ("Оплата получена", "Payment received"),
        Event::ReceiptIssued => ("Кассовый чек выдан", "Receipt issued"),
        Event::HandedOver => ("Передан на исполнение", "Handed over to be carried out"),
        Event::Fulfilled => ("Заказ выполнен", "Order done"),
        Event::ExecutionFailed => ("Выполнить заказ не удалось", "The order could not be carried out"),
        Event::Overdue => ("Срок исполнения прошёл, заказ можно отменить", "The time is over, you may cancel"),
        Event::Cancelled => ("Вы отменили заказ", "You cancelled the order"),
        Event::RefundStarted => ("Возврат денег начат", "Refund started"),
        Event::Refunded => ("Деньги возвращены", "Money returned"),
        Event::Expired => ("Время на оплату вышло", "The time to pay is over"),
        Event::ResultOpened => ("Вы открыли результат", "You opened the result"),
        Event::Reminded => ("Мы напомнили о результате", "We reminded you of the result"),
        Event::Held => ("Деньги удержаны на карте", "The money is held on the card"),
        Event::Released => ("Удержание снято", "The hold was let go"),
        Event::RefundUndone => ("Банк вернул возврат, повторяем его", "The bank sent the refund back; we repeat it"),
        Event::Edited => ("Состав заказа изменён", "The order was changed"),
        Event::MeansSaved => ("Способ оплаты сохранён", "The means of payment are saved"),
        Event::MeansNotSaved => ("Сохранить способ оплаты не удалось", "The means of payment were not saved"),
        Event::PointsSpent => ("Часть оплачена бонусами", "A part was paid with points"),
        Event::PointsReturned => ("Бонусы возвращены", "Points returned"),
        Event::CaptureStarted
        | Event::CaptureFailed
        | Event::ReleaseStarted
        | Event::HoldEnding
        | Event::SplitStarted
        | Event::SplitEnded
        | Event::PointsAccrued
        | Event::PaidOut => return None,
    };
    Some(match lang {
        Lang::Ru => ru,
        Lang::En => en,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_shown_to_who_knows_it() {
        assert_eq!(mask_email("ivanova@example.com"), "iv•••@example.com");
        assert_eq!(mask_email("i@example.com"), "i•••@example.com");
        assert_eq!(mask_phone("+79161234567"), "+7916 ••• 4567");
    }

    #[test]
    fn an_order_path_stays_on_this_host() {
        assert_eq!(order_path("ord_t_shop_1~A-b_"), "/c/ord_t_shop_1~A-b_");
        assert_eq!(order_path("/evil.example\r\nx: y"), "/c/%2Fevil.example%0D%0Ax%3A%20y");
    }
}
