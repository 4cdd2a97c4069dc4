//! The order's page after the attempt to pay: one page, every state.

use askama::Template;

use crate::{
    Agent, Lang, Line, OtherWay, Page, Partner, icons,
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
    /// What of the money is where, as far as that is not simply the whole amount.
    pub money: MoneyMoved,
    /// The parts it is paid in; empty when it is paid at once.
    pub parts: Vec<PartState>,
    /// What happened so far, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Nothing was charged.
    pub test_mode: bool,
}

/// What of an order's money is where, kopecks. Zero is not worth a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MoneyMoved {
    /// Was taken, where that is less than the amount.
    pub charged_minor: i64,
    /// Was held and let go.
    pub let_go_minor: i64,
    /// Went back.
    pub returned_minor: i64,
    /// Is on its way back.
    pub returning_minor: i64,
    /// Was paid with bonus points.
    pub points_minor: i64,
}

/// A part of the order that is paid separately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartState {
    /// The shop's name of it.
    pub name: String,
    /// Its amount, kopecks.
    pub amount_minor: i64,
    /// How its payment stands.
    pub state: PartPayment,
}

/// How the payment of a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartPayment {
    /// The bank has not answered.
    Waiting,
    /// Taken.
    Paid,
    /// Held.
    Held,
    /// Declined.
    Declined,
    /// Went back, or on its way.
    Returned,
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
    /// Nothing was taken yet, so there is nothing to print.
    AfterCapture,
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
        /// The form that gives this payment up.
        other_way: Option<OtherWay>,
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
    /// Held, not taken.
    Held {
        /// When, Unix milliseconds.
        held_at_ms: i64,
        /// How much, kopecks.
        amount_minor: i64,
        /// Until when, Unix milliseconds.
        until_ms: Option<i64>,
        /// At the end of that time it is taken, not let go.
        is_taken_at_end: bool,
        /// Back to the shop.
        return_url: String,
        /// Go there by itself after so many seconds.
        refresh_seconds: Option<u32>,
    },
    /// Agreed to, and charged later without the buyer.
    Ordered {
        /// What will be charged: `Мир •• 1234`.
        means: Option<String>,
        /// Until when, Unix milliseconds.
        until_ms: i64,
        /// The page with the last question before cancelling.
        cancel_url: String,
        /// Back to the shop.
        return_url: String,
        /// Go there by itself after so many seconds.
        refresh_seconds: Option<u32>,
    },
    /// Means were checked and saved, and that was all.
    MeansSaved {
        /// Which: `Мир •• 1234`.
        means: Option<String>,
        /// When, Unix milliseconds.
        saved_at_ms: i64,
        /// Back to the shop.
        return_url: String,
        /// Go there by itself after so many seconds.
        refresh_seconds: Option<u32>,
    },
    /// The parts of the order are being charged.
    Splitting {
        /// The page asks again after so many seconds.
        refresh_seconds: u32,
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
        /// The money is only held.
        is_held: bool,
        /// Where the button posts; the answer is the page of [`StateKind::CancelConfirm`].
        cancel_url: String,
        /// Against cross-site forms, field `csrf`.
        csrf: String,
    },
    /// Last question before cancelling.
    CancelConfirm {
        /// What becomes of the money.
        money: CancelMoney,
        /// Where the form posts.
        action_url: String,
        /// Against cross-site forms, field `csrf`.
        csrf: String,
        /// Back to the order.
        back_url: String,
    },
    /// Cancelled or given up before any money was taken.
    Cancelled {
        /// When, Unix milliseconds.
        cancelled_at_ms: i64,
        /// How much of a hold was let go, kopecks; zero when nothing was held.
        released_minor: i64,
        /// Back to the shop.
        return_url: String,
    },
    /// Cancelled, the hold is being let go.
    Releasing {
        /// When, Unix milliseconds.
        cancelled_at_ms: i64,
        /// How much is held, kopecks.
        amount_minor: i64,
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

/// What becomes of the money of an order that is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelMoney {
    /// It goes back.
    Returned,
    /// Its hold is let go.
    Released,
    /// It is never charged.
    NotCharged,
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
    other_way: Option<&'a OtherWay>,
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
        other_way: None,
        second: None,
        receipt: None,
        refresh: None,
    };
    let money = |label, minor| Fact { label, value: w.money(minor) };
    let amount = |minor| money(w.amount, minor);
    let at = |label, at_ms| Fact { label, value: w.moment(at_ms) };
    let moved = || view.order.as_ref().map(|order| moved_facts(order.money, w)).unwrap_or_default();
    let to_shop = |url: &'a str| Some(Onward::Link { url, label: w.back_to_shop });
    let to_shop_soon = |seconds: Option<u32>, url: &'a str| seconds.map(|seconds| (seconds, Some(url)));
    match &view.kind {
        StateKind::Checking { refresh_seconds, resume_url, other_way } => Telling {
            other_way: other_way.as_ref(),
            onward: resume_url.as_deref().map(|url| Onward::Link { url, label: w.resume_payment }),
            facts: vec![amount(order_amount)],
            next: Some((w.what_next, w.checking_next.to_owned())),
            refresh: Some((*refresh_seconds, None)),
            ..plain("", icons::CLOCK, w.checking, w.checking_lead)
        },
        StateKind::Splitting { refresh_seconds } => Telling {
            facts: vec![amount(order_amount)],
            next: Some((w.what_next, w.splitting_next.to_owned())),
            refresh: Some((*refresh_seconds, None)),
            ..plain("", icons::CLOCK, w.splitting, w.splitting_lead)
        },
        StateKind::Paid { paid_at_ms, receipt, next, return_url, refresh_seconds } => Telling {
            facts: [amount(order_amount), at(w.paid_at, *paid_at_ms)].into_iter().chain(moved()).collect(),
            next: Some((w.what_next, next.clone().unwrap_or_else(|| w.paid_next.to_owned()))),
            onward: to_shop(return_url),
            receipt: Some(receipt),
            refresh: to_shop_soon(*refresh_seconds, return_url),
            ..plain("ok", icons::CHECK, w.paid, w.paid_lead)
        },
        StateKind::Held { held_at_ms, amount_minor, until_ms, is_taken_at_end, return_url, refresh_seconds } => {
            let end = if *is_taken_at_end { w.held_end_captured } else { w.held_end_released };
            let until = until_ms.map(|until| at(w.held_until, until));
            Telling {
                facts: [money(w.held_amount, *amount_minor), at(w.held, *held_at_ms)]
                    .into_iter()
                    .chain(until)
                    .chain(moved())
                    .collect(),
                next: Some((w.what_next, format!("{} {end}", w.held_next))),
                onward: to_shop(return_url),
                receipt: Some(&ReceiptState::AfterCapture),
                refresh: to_shop_soon(*refresh_seconds, return_url),
                ..plain("ok", icons::LOCK, w.held, w.held_lead)
            }
        }
        StateKind::Ordered { means, until_ms, cancel_url, return_url, refresh_seconds } => Telling {
            facts: [amount(order_amount)]
                .into_iter()
                .chain(means.as_ref().map(|means| Fact { label: w.ordered_means, value: means.clone() }))
                .chain([at(w.ordered_until, *until_ms)])
                .collect(),
            next: Some((w.what_next, format!("{} {}", w.ordered_next, w.ordered_stop))),
            onward: to_shop(return_url),
            second: Some((cancel_url, w.ordered_cancel)),
            refresh: to_shop_soon(*refresh_seconds, return_url),
            ..plain("ok", icons::CHECK, w.ordered, w.ordered_lead)
        },
        StateKind::MeansSaved { means, saved_at_ms, return_url, refresh_seconds } => Telling {
            facts: means
                .iter()
                .map(|means| Fact { label: w.means_saved_what, value: means.clone() })
                .chain([at(w.means_saved, *saved_at_ms)])
                .collect(),
            next: Some((w.what_next, w.means_saved_next.to_owned())),
            onward: to_shop(return_url),
            refresh: to_shop_soon(*refresh_seconds, return_url),
            ..plain("ok", icons::CARD, w.means_saved, w.means_saved_lead)
        },
        StateKind::Fulfilled { fulfilled_at_ms, result_url, valid_until_ms, receipt } => Telling {
            facts: [at(w.fulfilled_at, *fulfilled_at_ms)]
                .into_iter()
                .chain(valid_until_ms.map(|until| at(w.valid_until, until)))
                .chain(moved())
                .collect(),
            onward: Some(Onward::Link { url: result_url, label: w.open_result }),
            receipt: Some(receipt),
            ..plain("ok", icons::CHECK, w.fulfilled, w.fulfilled_lead)
        },
        StateKind::Overdue { promised_ms, is_held, cancel_url, csrf } => {
            let (lead, choice, label) = if *is_held {
                (w.overdue_held_lead, w.overdue_held_choice, w.cancel_and_release)
            } else {
                (w.overdue_lead, w.overdue_choice, w.cancel_and_refund)
            };
            Telling {
                facts: [amount(order_amount), at(w.promised_at, *promised_ms)].into_iter().chain(moved()).collect(),
                next: Some((w.your_choice, choice.to_owned())),
                onward: Some(Onward::Form { url: cancel_url, csrf, label, danger: false }),
                ..plain("wa", icons::CLOCK, w.overdue, lead)
            }
        }
        StateKind::CancelConfirm { money: becomes, action_url, csrf, back_url } => {
            let (label, lead, next) = match becomes {
                CancelMoney::Returned => (w.will_be_returned, w.cancel_lead, Some(w.cancel_next)),
                CancelMoney::Released => (w.will_be_released, w.cancel_lead, Some(w.held_cancel_next)),
                CancelMoney::NotCharged => (w.will_not_be_charged, w.unheld_cancel_lead, None),
            };
            let left = view.order.as_ref().map_or(0, |order| {
                order.amount_minor.saturating_sub(order.money.returned_minor).saturating_sub(order.money.points_minor)
            });
            Telling {
                facts: vec![money(label, left)],
                next: next.map(|next| (w.what_next, next.to_owned())),
                onward: Some(Onward::Form { url: action_url, csrf, label: w.cancel_order, danger: true }),
                second: Some((back_url, w.keep_order)),
                ..plain("wa", icons::ALERT, w.cancel_confirm, lead)
            }
        }
        StateKind::Cancelled { cancelled_at_ms, released_minor, return_url } => {
            let at = at(w.cancelled_at, *cancelled_at_ms);
            let held = *released_minor > 0;
            Telling {
                facts: if held { vec![money(w.released_at, *released_minor), at] } else { vec![at] },
                next: held.then(|| (w.when_money, w.released_next.to_owned())),
                onward: to_shop(return_url),
                ..if held {
                    plain("", icons::BACK, w.released, w.released_lead)
                } else {
                    plain("", icons::CROSS, w.cancelled, w.cancelled_unpaid_lead)
                }
            }
        }
        StateKind::Releasing { cancelled_at_ms, amount_minor } => Telling {
            facts: vec![money(w.will_be_released, *amount_minor), at(w.cancelled_at, *cancelled_at_ms)],
            next: Some((w.what_next, w.releasing_next.to_owned())),
            ..plain("", icons::BACK, w.releasing, w.releasing_lead)
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

/// What of the money is worth a word.
fn moved_facts(money: MoneyMoved, w: &'static Words) -> Vec<Fact> {
    [
        (w.charged, money.charged_minor),
        (w.paid_points, money.points_minor),
        (w.let_go, money.let_go_minor),
        (w.returned, money.returned_minor),
        (w.being_returned, money.returning_minor),
    ]
    .into_iter()
    .filter(|(_, minor)| *minor != 0)
    .map(|(label, minor)| Fact { label, value: w.money(minor) })
    .collect()
}

impl PartPayment {
    /// In a word, and the class that colours it.
    fn word(self, w: &Words) -> (&'static str, &'static str) {
        match self {
            Self::Waiting => (w.part_waiting, ""),
            Self::Paid => (w.part_paid, "good"),
            Self::Held => (w.part_held, "good"),
            Self::Declined => (w.part_declined, "bad"),
            Self::Returned => (w.part_returned, ""),
        }
    }
}
