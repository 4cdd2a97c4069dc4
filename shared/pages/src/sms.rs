//! SMS: one thought, one link, the mandatory mention. Cyrillic counts 70 characters to a single part, 67 to each of several.

use crate::{
    Lang,
    words::{Words, words},
};

/// What the SMS is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsKind {
    /// Paid; the link is the receipt.
    PaidReceipt,
    /// Paid before the hand-over; the link is the receipt of prepayment.
    PrepaidReceipt,
    /// Handed over; the link is the receipt that closes the prepayment.
    ClosingReceipt,
    /// A receipt was wrong; the link is what undoes it, or what is right.
    CorrectedReceipt,
    /// Execution takes longer; the link is the page to cancel.
    ExecutionDelayed,
    /// The result is there; the link is its page.
    OrderFulfilled,
    /// The result has not been opened.
    Reminder,
    /// The money is back; the link is the refund receipt.
    RefundReceipt,
    /// A part of the money is back; the link is the refund receipt.
    PartRefundReceipt,
    /// Saved means were charged without the buyer; the link is the receipt.
    ChargedReceipt,
    /// The money is held, not taken.
    Held,
    /// The money is held for an order that is over: the hold is being let go.
    HeldLate,
    /// The money is held for an order that was paid already: the hold is being let go.
    HeldTwice,
    /// A hold was let go.
    Released,
    /// The basket was changed.
    Edited {
        /// The order costs more now.
        up: bool,
    },
    /// Saved means were charged without the buyer, and the bank declined.
    ChargeDeclined,
    /// Cancelled; the money is on its way back.
    OrderCancelled,
    /// Cancelled; nothing was charged.
    OrderCancelledFree,
    /// Paid by another payment already; the money of this one goes back.
    SecondRefund,
    /// Paid too late; the money goes back.
    ExpiredRefund,
    /// A partner's own moderated text; the mention is added when it lacks one.
    Custom(String),
}

/// An SMS to a buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsView {
    /// Its language.
    pub lang: Lang,
    /// What it is about.
    pub kind: SmsKind,
    /// The seller's short name.
    pub partner_name: String,
    /// The merchant's order number.
    pub number: String,
    /// The amount paid, held, let go or returned, kopecks; the new amount of an order that was changed.
    pub amount_minor: i64,
    /// Where to look; empty: no link.
    pub link: String,
}

/// The mention every message carries.
const MENTION_RU: &str = "АПИКАССА";
const MENTION_EN: &str = "APIKASSA";

/// The text. No-break spaces become plain ones: some operators' encodings lack them.
pub fn sms(view: &SmsView) -> String {
    let w = words(view.lang);
    let mention = match view.lang {
        Lang::Ru => MENTION_RU,
        Lang::En => MENTION_EN,
    };
    let mut text = match &view.kind {
        SmsKind::Custom(text) => text.clone(),
        kind => {
            let news = news(kind, view, w);
            // a colon says that the link follows; without a link there is nothing to announce
            let news = if view.link.is_empty() { news.trim_end_matches(':') } else { news.as_str() };
            let stop = if news.ends_with(':') { "" } else { "." };
            format!("{mention}: {} {} ({}) {news}{stop}", w.sms_order, view.number, view.partner_name)
        }
    };
    if !text.to_uppercase().contains(MENTION_RU) && !text.to_uppercase().contains(MENTION_EN) {
        text.push(' ');
        text.push_str(mention);
    }
    if !view.link.is_empty() && !text.contains(&view.link) {
        text.push(' ');
        text.push_str(&view.link);
    }
    text.replace('\u{a0}', " ")
}

fn news(kind: &SmsKind, view: &SmsView, w: &Words) -> String {
    let with_amount = |text: &str| format!("{text} {}", w.money(view.amount_minor));
    match kind {
        SmsKind::PaidReceipt => format!("{}. {}", with_amount(w.sms_paid), w.sms_receipt),
        SmsKind::PrepaidReceipt => format!("{}. {}", with_amount(w.sms_paid), w.sms_prepaid_receipt),
        SmsKind::ClosingReceipt => format!("{}. {}", w.sms_closing, w.sms_receipt),
        SmsKind::CorrectedReceipt => w.sms_corrected.to_owned(),
        SmsKind::ExecutionDelayed => w.sms_delayed.to_owned(),
        SmsKind::OrderFulfilled => w.sms_fulfilled.to_owned(),
        SmsKind::Reminder => w.sms_reminder.to_owned(),
        SmsKind::RefundReceipt => format!("{}. {}", with_amount(w.sms_refunded), w.sms_receipt),
        SmsKind::PartRefundReceipt => format!("{}. {}", with_amount(w.sms_part_refunded), w.sms_receipt),
        SmsKind::ChargedReceipt => format!("{}. {}", with_amount(w.sms_charged), w.sms_receipt),
        SmsKind::Held => format!("{}. {}", with_amount(w.sms_held), w.sms_held_not_taken),
        SmsKind::HeldTwice => w.sms_held_twice.to_owned(),
        SmsKind::HeldLate => w.sms_held_late.to_owned(),
        SmsKind::Released => with_amount(w.sms_released),
        SmsKind::Edited { up } => with_amount(if *up { w.sms_edited_up } else { w.sms_edited }),
        SmsKind::ChargeDeclined => format!("{}. {}", with_amount(w.sms_declined), w.sms_declined_more),
        SmsKind::OrderCancelledFree => w.sms_cancelled_free.to_owned(),
        SmsKind::OrderCancelled => with_amount(w.sms_cancelled),
        SmsKind::SecondRefund => with_amount(w.sms_paid_twice),
        SmsKind::ExpiredRefund => with_amount(w.sms_expired),
        SmsKind::Custom(text) => text.clone(),
    }
}
