//! The order's page after the attempt to pay: one page, every state.

use askama::Template;

use crate::{
    Agent, Lang, Line, Page, Partner, icons,
    page::{Shell, finish},
    qr::qr_svg,
    words::{Words, words},
};

/// The order as its page sums it up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderSummary {
    /// The seller.
    pub partner: Partner,
    /// Our order number, 16 digits.
    pub bill: String,
    /// The merchant's order number.
    pub number: String,
    /// What is bought.
    pub lines: Vec<Line>,
    /// The whole amount, kopecks.
    pub amount_minor: i64,
    /// What happened so far, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Nothing was charged.
    pub test_mode: bool,
}

/// One thing that happened with the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// What, in the page's language.
    pub text: String,
}

/// How far the fiscal receipt is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptState {
    /// The till has not answered yet.
    Pending,
    /// There is a receipt.
    Issued {
        /// Our page of it.
        url: String,
        /// When it was made, Unix milliseconds.
        at_ms: i64,
        /// ФН.
        fiscal_drive: String,
        /// ФД.
        fiscal_document: String,
        /// ФПД.
        fiscal_sign: String,
        /// The text of its QR code.
        qr: String,
    },
}

/// The states, with what each needs to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateKind {
    /// Nobody knows yet whether the money was taken.
    Checking {
        /// The page asks again after so many seconds; 5 is calm.
        refresh_seconds: u32,
        /// The bank's page, for a buyer who went back before paying.
        resume_url: Option<String>,
    },
    /// Paid, being executed.
    Paid {
        /// When, Unix milliseconds.
        paid_at_ms: i64,
        /// The receipt.
        receipt: ReceiptState,
        /// What happens next and when, in the page's language; `None`: the common words.
        next: Option<String>,
        /// Back to the shop.
        return_url: String,
        /// Go there by itself after so many seconds.
        refresh_seconds: Option<u32>,
    },
    /// The result is there.
    Fulfilled {
        /// When, Unix milliseconds.
        fulfilled_at_ms: i64,
        /// Our page of the result.
        result_url: String,
        /// How long the result can be opened, Unix milliseconds.
        valid_until_ms: Option<i64>,
        /// The receipt.
        receipt: ReceiptState,
    },
    /// Execution takes longer than promised: the buyer may refuse.
    Overdue {
        /// When it was promised, Unix milliseconds.
        promised_ms: i64,
        /// Where the button posts; the answer is the page of [`StateKind::CancelConfirm`].
        cancel_url: String,
        /// Against cross-site forms, field `csrf`.
        csrf: String,
    },
    /// Last question before cancelling.
    CancelConfirm {
        /// Where the form posts.
        action_url: String,
        /// Against cross-site forms, field `csrf`.
        csrf: String,
        /// Back to the order.
        back_url: String,
    },
    /// Cancelled, the money is on its way back.
    CancelledRefunding {
        /// When, Unix milliseconds.
        cancelled_at_ms: i64,
        /// How much goes back, kopecks.
        amount_minor: i64,
    },
    /// The money is back.
    Refunded {
        /// When, Unix milliseconds.
        refunded_at_ms: i64,
        /// How much, kopecks.
        amount_minor: i64,
        /// The refund receipt.
        receipt: ReceiptState,
    },
    /// Not paid in time; nothing was charged.
    Expired {
        /// When, Unix milliseconds.
        expired_at_ms: i64,
        /// Back to the shop.
        return_url: String,
        /// Go there by itself after so many seconds.
        refresh_seconds: Option<u32>,
    },
    /// Paid after the time was over; the money goes back.
    ExpiredRefunding {
        /// When the late payment came, Unix milliseconds.
        paid_at_ms: i64,
        /// Back to the shop.
        return_url: String,
    },
    /// No such order, or a link that is not whole.
    NotFound,
}

/// The order's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateView {
    /// The page's language.
    pub lang: Lang,
    /// The same page in the other language.
    pub language_url: Option<String>,
    /// Who takes the money.
    pub agent: Agent,
    /// The order; `None` when there is none to show.
    pub order: Option<OrderSummary>,
    /// Its state.
    pub kind: StateKind,
}

/// A labelled value.
struct Fact {
    label: &'static str,
    value: String,
}

/// A way onward.
enum Onward<'a> {
    Link { url: &'a str, label: &'static str },
    Form { url: &'a str, csrf: &'a str, label: &'static str, danger: bool },
}

/// What the state says, whatever it is.
struct Telling<'a> {
    /// The class that colours the badge: `ok`, `wa`, `no`, empty is neutral.
    tone: &'static str,
    icon: &'static str,
    title: &'static str,
    lead: String,
    facts: Vec<Fact>,
    next: Option<(&'static str, String)>,
    onward: Option<Onward<'a>>,
    second: Option<(&'a str, &'static str)>,
    receipt: Option<&'a ReceiptState>,
    /// Seconds and, if it is not this page, where to.
    refresh: Option<(u32, Option<&'a str>)>,
}

#[derive(Template)]
#[template(path = "state.html")]
struct StateTemplate<'a> {
    shell: &'a Shell,
    w: &'static Words,
    v: &'a StateView,
    t: &'a Telling<'a>,
    qr: Option<String>,
}

/// The order's page in its present state.
pub fn order_state(view: &StateView) -> Page {
    let w = words(view.lang);
    let telling = tell(view, w);
    let title = view.order.as_ref().map_or_else(
        || telling.title.to_owned(),
        |order| format!("{} · {} {}", telling.title, w.order_word, order.number),
    );
    let (seconds, url) = telling.refresh.map_or((None, None), |(seconds, url)| (Some(seconds), url));
    let shell = Shell::new(view.lang, title, &[include_str!("../styles/state.css")])
        .with_accent(view.order.as_ref().and_then(|order| order.partner.accent.as_deref()))
        .with_refresh(seconds, url)
        .with_language_url(view.language_url.as_deref())
        .with_test_mode(view.order.as_ref().is_some_and(|order| order.test_mode));
    let qr = match telling.receipt {
        Some(ReceiptState::Issued { qr, .. }) => qr_svg(qr, w.receipt_qr),
        _ => None,
    };
    finish(&shell, &StateTemplate { shell: &shell, w, v: view, t: &telling, qr })
}

fn tell<'a>(view: &'a StateView, w: &'static Words) -> Telling<'a> {
    let order_amount = view.order.as_ref().map_or(0, |order| order.amount_minor);
    let plain = |tone, icon, title, lead: &str| Telling {
        tone,
        icon,
        title,
        lead: lead.to_owned(),
        facts: Vec::new(),
        next: None,
        onward: None,
        second: None,
        receipt: None,
        refresh: None,
    };
    let amount = |minor| Fact { label: w.amount, value: w.money(minor) };
    let at = |label, at_ms| Fact { label, value: w.moment(at_ms) };
    match &view.kind {
        StateKind::Checking { refresh_seconds, resume_url } => Telling {
            onward: resume_url.as_deref().map(|url| Onward::Link { url, label: w.resume_payment }),
            facts: vec![amount(order_amount)],
            next: Some((w.what_next, w.checking_next.to_owned())),
            refresh: Some((*refresh_seconds, None)),
            ..plain("", icons::CLOCK, w.checking, w.checking_lead)
        },
        StateKind::Paid { paid_at_ms, receipt, next, return_url, refresh_seconds } => Telling {
            facts: vec![amount(order_amount), at(w.paid_at, *paid_at_ms)],
            next: Some((w.what_next, next.clone().unwrap_or_else(|| w.paid_next.to_owned()))),
            onward: Some(Onward::Link { url: return_url, label: w.back_to_shop }),
            receipt: Some(receipt),
            refresh: refresh_seconds.map(|seconds| (seconds, Some(return_url.as_str()))),
            ..plain("ok", icons::CHECK, w.paid, w.paid_lead)
        },
        StateKind::Fulfilled { fulfilled_at_ms, result_url, valid_until_ms, receipt } => Telling {
            facts: [at(w.fulfilled_at, *fulfilled_at_ms)]
                .into_iter()
                .chain(valid_until_ms.map(|until| at(w.valid_until, until)))
                .collect(),
            onward: Some(Onward::Link { url: result_url, label: w.open_result }),
            receipt: Some(receipt),
            ..plain("ok", icons::CHECK, w.fulfilled, w.fulfilled_lead)
        },
        StateKind::Overdue { promised_ms, cancel_url, csrf } => Telling {
            facts: vec![amount(order_amount), at(w.promised_at, *promised_ms)],
            next: Some((w.your_choice, w.overdue_choice.to_owned())),
            onward: Some(Onward::Form { url: cancel_url, csrf, label: w.cancel_and_refund, danger: false }),
            ..plain("wa", icons::CLOCK, w.overdue, w.overdue_lead)
        },
        StateKind::CancelConfirm { action_url, csrf, back_url } => Telling {
            facts: vec![Fact { label: w.will_be_returned, value: w.money(order_amount) }],
            next: Some((w.what_next, w.cancel_next.to_owned())),
            onward: Some(Onward::Form { url: action_url, csrf, label: w.cancel_order, danger: true }),
            second: Some((back_url, w.keep_order)),
            ..plain("wa", icons::ALERT, w.cancel_confirm, w.cancel_lead)
        },
        StateKind::CancelledRefunding { cancelled_at_ms, amount_minor } => Telling {
            facts: vec![
                Fact { label: w.will_be_returned, value: w.money(*amount_minor) },
                at(w.cancelled_at, *cancelled_at_ms),
            ],
            next: Some((w.what_next, w.refund_next.to_owned())),
            ..plain("", icons::BACK, w.cancelled, w.cancelled_lead)
        },
        StateKind::Refunded { refunded_at_ms, amount_minor, receipt } => Telling {
            facts: vec![Fact { label: w.returned, value: w.money(*amount_minor) }, at(w.returned_at, *refunded_at_ms)],
            next: Some((w.when_money, w.refunded_next.to_owned())),
            receipt: Some(receipt),
            ..plain("ok", icons::BACK, w.refunded, w.refunded_lead)
        },
        StateKind::Expired { expired_at_ms, return_url, refresh_seconds } => Telling {
            facts: vec![at(w.expired_at, *expired_at_ms)],
            next: Some((w.what_now, w.expired_next.to_owned())),
            onward: Some(Onward::Link { url: return_url, label: w.back_to_shop }),
            refresh: refresh_seconds.map(|seconds| (seconds, Some(return_url.as_str()))),
            ..plain("", icons::CLOCK, w.expired, w.expired_lead)
        },
        StateKind::ExpiredRefunding { paid_at_ms, return_url } => Telling {
            facts: vec![
                Fact { label: w.will_be_returned, value: w.money(order_amount) },
                at(w.paid_late_at, *paid_at_ms),
            ],
            next: Some((w.what_next, w.refund_next.to_owned())),
            onward: Some(Onward::Link { url: return_url, label: w.back_to_shop }),
            ..plain("wa", icons::BACK, w.expired_refunding, w.expired_refunding_lead)
        },
        StateKind::NotFound => Telling {
            next: Some((w.what_now, w.not_found_next.to_owned())),
            ..plain("", icons::SEARCH, w.not_found, w.not_found_lead)
        },
    }
}
