//! Mails: subject, HTML and text, both parts saying the same.
//!
//! Tables and inline styles, because mail programs know nothing newer; no remote picture is needed to understand one.

use std::fmt::Write as _;

use askama::Template;

use crate::{
    Agent, Lang, Partner, ReceiptView,
    page::fill,
    qr::qr_png,
    receipt::{Layout, layout, receipt_text},
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
    /// The money is back; here is the refund receipt.
    RefundReceipt {
        /// The refund receipt.
        receipt: Box<ReceiptView>,
        /// Our page of it.
        receipt_url: String,
        /// How much, kopecks.
        refund_minor: i64,
    },
    /// Cancelled; the money is on its way back.
    OrderCancelled {
        /// How much goes back, kopecks; zero when nothing was charged.
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

fn tell<'a>(view: &'a MailView, w: &'static Words) -> Telling<'a> {
    let subject = |what: &str| format!("{what} · {} {} · {}", w.order_word, view.number, view.partner.name);
    let plain = |title: &str, tone, paragraphs: Vec<String>| Telling {
        subject: subject(title),
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
            ..plain(w.mail_paid, GOOD, vec![w.mail_paid_text.to_owned(), w.paid_next.to_owned()])
        },
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
        MailKind::RefundReceipt { receipt, receipt_url, refund_minor } => Telling {
            button: Some((w.open_receipt.to_owned(), receipt_url)),
            receipt: Some(receipt),
            ..with(
                plain(w.refunded, GOOD, vec![w.mail_refund_text.to_owned(), w.refunded_next.to_owned()]),
                vec![(w.returned, w.money(*refund_minor))],
            )
        },
        MailKind::OrderCancelled { refund_minor } => {
            let charged = *refund_minor > 0;
            let facts = if charged { vec![(w.will_be_returned, w.money(*refund_minor))] } else { Vec::new() };
            let text = if charged { w.refund_next } else { w.nothing_charged };
            with(plain(w.cancelled, CALM, vec![w.cancelled_lead.to_owned(), text.to_owned()]), facts)
        }
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
