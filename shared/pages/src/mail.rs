//! Mails: subject, HTML and text, both parts saying the same.
//!
//! Tables and inline styles, because mail programs know nothing newer; no remote picture is needed to understand one.

use std::fmt::Write as _;

use askama::Template;

use crate::{
    Agent, DeclineReason, Lang, Partner, ReceiptView,
    page::fill,
    qr::qr_png,
    receipt::{Layout, Mends, ReceiptStage, layout, receipt_text},
    words::{Words, words},
};

/// The content-id of the receipt's QR code; the HTML part names it as `cid:receipt-qr`.
const QR_CONTENT_ID: &str = "receipt-qr";

/// A finished mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject, one line.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The text part.
    pub text: String,
    /// Pictures the HTML part refers to by `cid:`; to be attached inline.
    pub inline: Vec<InlineImage>,
}

/// A picture inside a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineImage {
    /// Without angle brackets.
    pub content_id: String,
    /// `image/png`.
    pub media_type: &'static str,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// A link shown as a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailButton {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

/// What becomes of a hold that has just come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldFate {
    /// It pays for the order.
    Stands,
    /// The order was over by then: it is being let go.
    Late,
    /// Another payment pays for the order already: it is being let go.
    Second,
}

/// What the mail is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailKind {
    /// Paid; here is the receipt.
    PaidReceipt {
        /// The receipt.
        receipt: Box<ReceiptView>,
        /// Our page of it.
        receipt_url: String,
    },
    /// What was paid before has been handed over; here is the receipt that says so.
    ClosingReceipt {
        /// The receipt.
        receipt: Box<ReceiptView>,
        /// Our page of it.
        receipt_url: String,
    },
    /// A receipt was wrong: here is what undoes it, or what is right.
    CorrectedReceipt {
        /// The receipt.
        receipt: Box<ReceiptView>,
        /// Our page of it.
        receipt_url: String,
    },
    /// Execution takes longer than promised; the buyer may refuse.
    ExecutionDelayed {
        /// When it was promised, Unix milliseconds.
        promised_ms: i64,
        /// The page with the button that cancels.
        cancel_url: String,
    },
    /// The result is there.
    OrderFulfilled {
        /// Our page of the result.
        result_url: String,
        /// How long it can be opened, Unix milliseconds.
        valid_until_ms: Option<i64>,
    },
    /// The result has not been opened yet.
    Reminder {
        /// Our page of the result.
        result_url: String,
        /// How long it can be opened, Unix milliseconds.
        valid_until_ms: Option<i64>,
    },
    /// The money is held, not taken.
    Held {
        /// How much, kopecks.
        held_minor: i64,
        /// Until when, Unix milliseconds.
        until_ms: Option<i64>,
        /// At the end of that time it is taken, not let go.
        is_taken_at_end: bool,
        /// What becomes of the hold.
        fate: HoldFate,
    },
    /// A hold was let go.
    Released {
        /// How much, kopecks.
        released_minor: i64,
        /// How much is still held, kopecks.
        rest_minor: i64,
    },
    /// The basket was changed.
    Edited {
        /// What was changed of what the buyer had agreed to.
        changes: Vec<LineChange>,
        /// The amount agreed to, kopecks.
        before_minor: i64,
        /// The amount now, kopecks.
        after_minor: i64,
        /// The money is held already: the new amount is no more than that.
        is_held: bool,
    },
    /// Saved means were charged without the buyer, and the bank declined.
    ChargeDeclined {
        /// How much was to be charged, kopecks.
        amount_minor: i64,
        /// Why.
        reason: DeclineReason,
        /// It was to be taken from an account, not from a card.
        is_account: bool,
        /// What can be done now.
        then: AfterDecline,
    },
    /// The money is back, or a part of it; here is the refund receipt.
    RefundReceipt {
        /// The refund receipt.
        receipt: Box<ReceiptView>,
        /// Our page of it.
        receipt_url: String,
        /// How much, kopecks.
        refund_minor: i64,
        /// How much stays paid, kopecks.
        rest_minor: i64,
    },
    /// Cancelled; the money is on its way back, or was never taken.
    OrderCancelled {
        /// How much goes back, kopecks; zero when nothing was charged.
        refund_minor: i64,
        /// How much of a hold is let go, kopecks.
        release_minor: i64,
    },
    /// Paid by another payment already; the money of this one goes back.
    SecondRefund {
        /// How much goes back, kopecks.
        refund_minor: i64,
    },
    /// Paid too late; the money goes back.
    ExpiredRefund {
        /// How much goes back, kopecks.
        refund_minor: i64,
    },
    /// A partner's own moderated text; the frame and the mandatory mention stay.
    Custom {
        /// The subject.
        subject: String,
        /// The text; an empty line starts a paragraph.
        body: String,
        /// A button under it.
        button: Option<MailButton>,
    },
}

/// What can be done after a charge without the buyer was declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterDecline {
    /// The buyer can pay on the order's page.
    Pay {
        /// Until when, Unix milliseconds.
        until_ms: i64,
    },
    /// The seller may charge again, and until then the buyer may cancel.
    ChargedAgain,
    /// The order is over, or paid otherwise.
    Nothing,
}

/// What became of a line of the basket: its quantity and amount before and now; nothing where it was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// Its name.
    pub name: String,
    /// Before.
    pub before: Option<(String, i64)>,
    /// Now.
    pub after: Option<(String, i64)>,
}

/// Who charged without the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargedBy {
    /// The seller.
    Partner,
    /// A rule of the seller's.
    Rule,
    /// A schedule the buyer has agreed to.
    Schedule,
}

/// Saved means were charged, and the buyer was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeNotice {
    /// Who charged.
    pub by: ChargedBy,
    /// Why, in their words.
    pub reason: Option<String>,
    /// What was charged: `Мир •• 1234`.
    pub means: Option<String>,
}

/// A mail to a buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailView {
    /// The mail's language.
    pub lang: Lang,
    /// The seller.
    pub partner: Partner,
    /// The content-id under which the caller attaches the partner's logo.
    pub logo_content_id: Option<String>,
    /// Who takes the money.
    pub agent: Agent,
    /// Our order number.
    pub bill: String,
    /// The merchant's order number.
    pub number: String,
    /// The order's amount, kopecks.
    pub amount_minor: i64,
    /// The order's page, where to look later.
    pub order_url: String,
    /// Nothing was charged.
    pub test_mode: bool,
    /// The money was taken or held without the buyer.
    pub charge: Option<ChargeNotice>,
    /// What it is about.
    pub kind: MailKind,
}

/// What a kind says.
struct Telling<'a> {
    subject: String,
    title: String,
    /// The band's colour on top.
    tone: &'static str,
    paragraphs: Vec<String>,
    facts: Vec<(&'static str, String)>,
    button: Option<(String, &'a str)>,
    receipt: Option<&'a ReceiptView>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailTemplate<'a> {
    w: &'static Words,
    v: &'a MailView,
    t: &'a Telling<'a>,
    paper: Option<Layout>,
    qr_content_id: Option<&'static str>,
    shows_order_link: bool,
}

const CALM: &str = "#1a56db";
const GOOD: &str = "#0a7540";
const LATE: &str = "#8a5200";

/// What the mail says; of a charge without the buyer also who charged, why, and how to stop it.
fn tell<'a>(view: &'a MailView, w: &'static Words) -> Telling<'a> {
    let mut telling = tell_kind(view, w);
    if let Some(ChargeNotice { by, reason, means }) = &view.charge {
        let by = match by {
            ChargedBy::Partner => w.by_partner,
            ChargedBy::Rule => w.by_rule,
            ChargedBy::Schedule => w.by_schedule,
        };
        if matches!(view.kind, MailKind::PaidReceipt { .. }) {
            w.mail_charged.clone_into(&mut telling.title);
            telling.subject = subject(view, w, w.mail_charged);
        }
        if !matches!(view.kind, MailKind::ChargeDeclined { .. }) {
            telling.paragraphs.push(w.mail_charged_text.to_owned());
        }
        telling.paragraphs.push(w.mail_charged_stop.to_owned());
        telling.facts.push((w.charged_by, by.to_owned()));
        telling.facts.extend(reason.iter().map(|reason| (w.charged_why, reason.clone())));
        telling.facts.extend(means.iter().map(|means| (w.charged_means, means.clone())));
    }
    telling
}

fn subject(view: &MailView, w: &Words, what: &str) -> String {
    format!("{what} · {} {} · {}", w.order_word, view.number, view.partner.name)
}

/// A changed line: which way, and what of it is now.
fn change<'w>(change: &LineChange, w: &'w Words) -> (&'w str, String) {
    let LineChange { name, before, after } = change;
    let part = |part: &Option<(String, i64)>| {
        part.as_ref().map(|(quantity, minor)| format!("{quantity} × {}", w.money(minor))).unwrap_or_default()
    };
    match (before, after) {
        (None, _) => (w.mail_edited_added, format!("{name}: {}", part(after))),
        (_, None) => (w.mail_edited_removed, format!("{name}: {}", part(before))),
        _ => (w.mail_edited_changed, format!("{name}: {} → {}", part(before), part(after))),
    }
}

fn tell_kind<'a>(view: &'a MailView, w: &'static Words) -> Telling<'a> {
    let plain = |title: &str, tone, paragraphs: Vec<String>| Telling {
        subject: subject(view, w, title),
        title: title.to_owned(),
        tone,
        paragraphs,
        facts: vec![
            (w.seller, format!("{}, {} {}", view.partner.name, w.inn, view.partner.inn)),
            (w.order_word, view.number.clone()),
            (w.amount, w.money(view.amount_minor)),
        ],
        button: None,
        receipt: None,
    };
    let until = |valid_until_ms: &Option<i64>| valid_until_ms.map(|until| (w.valid_until, w.moment(until)));
    let with = |mut telling: Telling<'a>, facts: Vec<(&'static str, String)>| {
        telling.facts.extend(facts);
        telling
    };
    match &view.kind {
        MailKind::PaidReceipt { receipt, receipt_url } => Telling {
            title: w.paid.to_owned(),
            button: Some((w.open_receipt.to_owned(), receipt_url)),
            receipt: Some(receipt),
            ..with(
                match receipt.stage {
                    ReceiptStage::Before => plain(w.mail_prepaid, GOOD, vec![w.mail_prepaid_text.to_owned()]),
                    ReceiptStage::Full | ReceiptStage::Closing => {
                        plain(w.mail_paid, GOOD, vec![w.mail_paid_text.to_owned(), w.paid_next.to_owned()])
                    }
                },
                // A part of the order, or of what was held.
                (receipt.total_minor != view.amount_minor)
                    .then(|| (w.charged, w.money(receipt.total_minor)))
                    .into_iter()
                    .collect(),
            )
        },
        MailKind::ClosingReceipt { receipt, receipt_url } => Telling {
            button: Some((w.open_receipt.to_owned(), receipt_url)),
            receipt: Some(receipt),
            ..plain(w.mail_closing, GOOD, vec![w.mail_closing_text.to_owned()])
        },
        MailKind::CorrectedReceipt { receipt, receipt_url } => Telling {
            button: Some((w.open_receipt.to_owned(), receipt_url)),
            receipt: Some(receipt),
            ..plain(w.mail_corrected, CALM, vec![receipt.mends.unwrap_or(Mends::Undoes).text(w).to_owned()])
        },
        MailKind::Held { held_minor, until_ms, is_taken_at_end, fate } => {
            let end = if *is_taken_at_end { w.held_end_captured } else { w.held_end_released };
            let text = match fate {
                HoldFate::Stands => format!("{} {end}", w.held_next),
                HoldFate::Late => w.mail_held_late.to_owned(),
                HoldFate::Second => w.mail_held_twice.to_owned(),
            };
            let until = until_ms.filter(|_| *fate == HoldFate::Stands).map(|until| (w.held_until, w.moment(until)));
            let facts = [(w.held_amount, w.money(*held_minor))].into_iter().chain(until).collect();
            with(plain(w.held, CALM, vec![w.mail_held_text.to_owned(), text]), facts)
        }
        MailKind::Released { released_minor, rest_minor } => {
            let facts = vec![(w.let_go, w.money(*released_minor))];
            if *rest_minor > 0 {
                let rest = facts.into_iter().chain([(w.held_amount, w.money(*rest_minor))]).collect();
                with(plain(w.mail_released_part, CALM, vec![w.mail_released_part_text.to_owned()]), rest)
            } else {
                let text = vec![w.mail_released_text.to_owned(), w.released_next.to_owned()];
                with(plain(w.released, CALM, text), facts)
            }
        }
        MailKind::Edited { changes, before_minor, after_minor, is_held } => {
            let up = after_minor > before_minor;
            let then = if *is_held { w.mail_edited_held_text } else { w.mail_edited_up_text };
            let (title, tone) = if up { (w.mail_edited_up, LATE) } else { (w.mail_edited, CALM) };
            let mut facts: Vec<_> = changes.iter().map(|of| change(of, w)).collect();
            facts.push((w.mail_edited_before, w.money(*before_minor)));
            facts.push((w.mail_edited_after, w.money(*after_minor)));
            with(plain(title, tone, vec![w.mail_edited_text.to_owned(), then.to_owned()]), facts)
        }
        MailKind::ChargeDeclined { amount_minor, reason, is_account, then } => {
            let reason = (w.declined_because, reason.title(w, *is_account).to_owned());
            let facts = vec![(w.not_charged, w.money(*amount_minor)), reason];
            let (text, until, label) = match then {
                AfterDecline::Pay { until_ms } => (w.mail_declined_pay, Some(*until_ms), Some(w.mail_declined_button)),
                AfterDecline::ChargedAgain => (w.mail_declined_again, None, None),
                AfterDecline::Nothing => (w.nothing_charged, None, None),
            };
            let facts = facts.into_iter().chain(until.map(|until| (w.pay_until, w.moment(until)))).collect();
            let text = vec![w.mail_declined_text.to_owned(), text.to_owned()];
            Telling {
                button: label.map(|label| (label.to_owned(), view.order_url.as_str())),
                ..with(plain(w.mail_declined, LATE, text), facts)
            }
        }
        MailKind::ExecutionDelayed { promised_ms, cancel_url } => Telling {
            button: Some((w.cancel_and_refund.to_owned(), cancel_url)),
            ..with(
                plain(w.overdue, LATE, vec![w.overdue_lead.to_owned(), w.overdue_choice.to_owned()]),
                vec![(w.promised_at, w.moment(*promised_ms))],
            )
        },
        MailKind::OrderFulfilled { result_url, valid_until_ms } => Telling {
            button: Some((w.open_result.to_owned(), result_url)),
            ..with(
                plain(w.fulfilled, GOOD, vec![w.mail_fulfilled_text.to_owned()]),
                until(valid_until_ms).into_iter().collect(),
            )
        },
        MailKind::Reminder { result_url, valid_until_ms } => Telling {
            button: Some((w.open_result.to_owned(), result_url)),
            ..with(
                plain(w.mail_reminder, CALM, vec![w.mail_reminder_text.to_owned()]),
                until(valid_until_ms).into_iter().collect(),
            )
        },
        MailKind::RefundReceipt { receipt, receipt_url, refund_minor, rest_minor } => {
            let returned = (w.returned, w.money(*refund_minor));
            let telling = if *rest_minor > 0 {
                let text = vec![w.mail_part_refund_text.to_owned(), w.refunded_next.to_owned()];
                let rest = (w.stays_paid, w.money(*rest_minor));
                with(plain(w.mail_part_refund, GOOD, text), vec![returned, rest])
            } else {
                let text = vec![w.mail_refund_text.to_owned(), w.refunded_next.to_owned()];
                with(plain(w.refunded, GOOD, text), vec![returned])
            };
            Telling { button: Some((w.open_receipt.to_owned(), receipt_url)), receipt: Some(receipt), ..telling }
        }
        MailKind::OrderCancelled { refund_minor, release_minor } => {
            let will = |label, minor: i64| (minor > 0).then(|| (label, w.money(minor)));
            let facts = [will(w.will_be_returned, *refund_minor), will(w.will_be_released, *release_minor)];
            let text = match (*refund_minor > 0, *release_minor > 0) {
                (true, _) => w.refund_next,
                (false, true) => w.releasing_next,
                (false, false) => w.nothing_charged,
            };
            let text = vec![w.cancelled_lead.to_owned(), text.to_owned()];
            with(plain(w.cancelled, CALM, text), facts.into_iter().flatten().collect())
        }
        MailKind::SecondRefund { refund_minor } => with(
            plain(w.paid_twice, CALM, vec![w.paid_twice_lead.to_owned(), w.refund_next.to_owned()]),
            vec![(w.will_be_returned, w.money(*refund_minor))],
        ),
        MailKind::ExpiredRefund { refund_minor } => with(
            plain(w.expired_refunding, LATE, vec![w.expired_refunding_lead.to_owned(), w.refund_next.to_owned()]),
            vec![(w.will_be_returned, w.money(*refund_minor))],
        ),
        MailKind::Custom { subject, body, button } => Telling {
            subject: subject.clone(),
            button: button.as_ref().map(|button| (button.label.clone(), button.url.as_str())),
            ..plain(
                subject,
                CALM,
                body.split("\n\n").map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect(),
            )
        },
    }
}

/// The mail with both parts.
pub fn mail(view: &MailView) -> Mail {
    let w = words(view.lang);
    let telling = tell(view, w);
    let qr = telling.receipt.and_then(|receipt| qr_png(&receipt.qr));
    let template = MailTemplate {
        w,
        v: view,
        t: &telling,
        paper: telling.receipt.map(layout),
        qr_content_id: qr.as_ref().map(|_| QR_CONTENT_ID),
        shows_order_link: telling.button.as_ref().is_none_or(|(_, url)| *url != view.order_url),
    };
    let inline = qr
        .into_iter()
        .map(|bytes| InlineImage { content_id: QR_CONTENT_ID.to_owned(), media_type: "image/png", bytes })
        .collect();
    Mail { subject: one_line(&telling.subject), html: fill(&template), text: text_part(view, &telling, w), inline }
}

/// A subject is a header: nothing in it may start another one.
fn one_line(subject: &str) -> String {
    subject.split(|character: char| character.is_control()).collect::<Vec<_>>().join(" ")
}

fn text_part(view: &MailView, telling: &Telling<'_>, w: &Words) -> String {
    let mut text = String::new();
    if view.test_mode {
        let _ = writeln!(text, "{}\n", w.test_mode.to_uppercase());
    }
    let _ = writeln!(text, "{}\n", telling.title);
    for paragraph in &telling.paragraphs {
        let _ = writeln!(text, "{paragraph}\n");
    }
    for (label, value) in &telling.facts {
        let _ = writeln!(text, "{label}: {value}");
    }
    let _ = writeln!(text, "{} {}", w.order_number, view.bill);
    if let Some((label, url)) = &telling.button {
        let _ = writeln!(text, "\n{label}:\n{url}");
    }
    if let Some(receipt) = telling.receipt {
        let _ = write!(
            text,
            "\n--------------------------------\n{}--------------------------------\n",
            receipt_text(receipt)
        );
    }
    let _ = writeln!(text, "\n{}:\n{}", w.mail_order_page, view.order_url);
    let questions: Vec<&str> =
        [&view.partner.support_email, &view.partner.support_phone].into_iter().flatten().map(String::as_str).collect();
    if !questions.is_empty() {
        let _ = writeln!(text, "\n{} {}", w.order_questions, questions.join(", "));
    }
    let _ = writeln!(text, "{} {}, {}", w.payment_questions, view.agent.support_email, view.agent.support_phone);
    let _ = writeln!(text, "\n{} {}, {} {}, {}", w.mention, view.agent.name, w.inn, view.agent.inn, view.agent.address);
    text
}
