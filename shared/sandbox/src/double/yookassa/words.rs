//! How a deal stands, in `YooKassa`'s words.

use connectors::bank::yookassa::translate;
use connectors::bank::yookassa::wire::{
    AuthorizationDetails, CancellationDetails, Card, Confirmation, Metadata, Payment, PaymentBody, PaymentMethod,
    Recipient, Refund, RefundBody, ThreeDSecure,
};
use domain::money::Money;
use domain::order::DeclineReason;
use domain::time::{Timestamp, plus_seconds};
use serde_json::{Value, json};

use crate::double::{self, Deal, DealState, Event, Facts, RefundState, Terminal};

/// In a deal's notes: the shop let the hold go itself.
pub const CANCELED: &str = "canceled";
/// In a deal's words: it saves means, and pays for nothing.
pub const SAVING: &str = "double_saving";

/// An id of the bank's form, of some digits.
pub fn id(hex: &str, middle: &str) -> String {
    format!("{}-{middle}-{}", hex.get(..8).unwrap_or_default(), hex.get(8..20).unwrap_or_default())
}

/// A moment as the bank writes it.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// Whether a deal saves means and pays for nothing.
pub fn is_saving(deal: &Deal) -> bool {
    deal.words.get(SAVING).is_some()
}

fn asked(deal: &Deal) -> PaymentBody {
    serde_json::from_value(deal.words.clone()).unwrap_or_default()
}

fn metadata(deal: &Deal) -> Metadata {
    deal.words.get("metadata").and_then(|pairs| serde_json::from_value(pairs.clone()).ok()).unwrap_or_default()
}

/// A payment.
pub fn payment(terminal: &Terminal, deal: &Deal) -> Payment {
    let (facts, asked) = (deal.facts(), asked(deal));
    let status = match facts.state {
        DealState::Open | DealState::Challenge | DealState::Processing => "pending",
        DealState::Held => "waiting_for_capture",
        DealState::Captured | DealState::PartlyRefunded | DealState::Refunded => "succeeded",
        DealState::Voided | DealState::Declined => "canceled",
    };
    let taken = status == "succeeded";
    let amount = if taken { facts.captured } else { deal.amount };
    let held = (facts.state == DealState::Held).then_some(facts.authorized_at).flatten();
    Payment {
        id: deal.reference.clone(),
        status: status.to_owned(),
        amount: translate::amount(amount),
        income_amount: (taken || held.is_some()).then(|| translate::amount(income(amount))),
        refunded_amount: (!facts.refunded.is_zero()).then(|| translate::amount(facts.refunded)),
        description: asked.description.clone(),
        recipient: Some(Recipient {
            account_id: terminal.credentials.of("shop_id").to_owned(),
            gateway_id: "2000000".to_owned(),
        }),
        payment_method: method(deal, &facts, &asked),
        created_at: Some(moment(deal.created_at)),
        captured_at: facts.captured_at.filter(|_| taken).map(moment),
        expires_at: held.map(|at| moment(plus_seconds(at, i64::from(deal.hold_seconds)))),
        confirmation: (status == "pending").then(|| confirmation(terminal, deal, &asked)).flatten(),
        test: true,
        paid: taken || held.is_some(),
        refundable: taken && facts.refunded.minor() < facts.captured.minor(),
        metadata: Some(metadata(deal)),
        cancellation_details: cancellation(deal, &facts),
        authorization_details: facts.authorized_at.map(|_| authorization(deal)),
        merchant_customer_id: asked.merchant_customer_id,
    }
}

/// What the shop gets: the amount less 3.5 %, a part of a kopeck being the bank's.
fn income(amount: Money) -> Money {
    Money::new(amount.minor() - (amount.minor() * 35 + 999) / 1_000, amount.currency())
}

fn method(deal: &Deal, facts: &Facts, asked: &PaymentBody) -> Option<PaymentMethod> {
    let kind = translate::method(deal.method)?;
    // Until it is paid, only what was asked for is known.
    if facts.card.is_none() && facts.authorized_at.is_none() && asked.payment_method_data.is_none() {
        return None;
    }
    let card = facts.card.as_ref().map(card);
    let title = card.as_ref().map(|card| format!("Bank card *{}", card.last4));
    Some(PaymentMethod {
        kind: kind.to_owned(),
        // Means bear the id of the payment that saved them.
        id: asked.payment_method_id.clone().unwrap_or_else(|| deal.reference.clone()),
        // What is told of the payment says already what is about to be written down.
        saved: facts.binding.is_some() || deal.save && facts.authorized_at.is_some(),
        status: None,
        title,
        card,
    })
}

fn card(shown: &double::CardShown) -> Card {
    let (year, month) = shown.expiry.split_once('/').unwrap_or((shown.expiry, "12"));
    let last4: String = shown.pan_masked.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    Card {
        first6: Some(shown.pan_masked.chars().take(6).collect()),
        last4,
        expiry_month: month.to_owned(),
        expiry_year: year.to_owned(),
        card_type: Some(if shown.scheme == "MIR" { "Mir".to_owned() } else { shown.scheme.to_owned() }),
    }
}

fn confirmation(terminal: &Terminal, deal: &Deal, asked: &PaymentBody) -> Option<Confirmation> {
    let asked = asked.confirmation.as_ref()?;
    let by_link = asked.kind == "qr";
    Some(Confirmation {
        kind: asked.kind.clone(),
        confirmation_url: (!by_link).then(|| terminal.page(deal)),
        confirmation_data: by_link.then(|| deal.sbp_link()),
        return_url: asked.return_url.clone(),
    })
}

fn cancellation(deal: &Deal, facts: &Facts) -> Option<CancellationDetails> {
    let (party, reason) = match (facts.state, facts.reason) {
        (DealState::Voided, _) if deal.notes.contains_key(CANCELED) => ("merchant", "canceled_by_merchant"),
        (DealState::Voided, _) => ("yoo_money", "expired_on_capture"),
        (DealState::Declined, Some(DeclineReason::TimedOut)) => ("yoo_money", "expired_on_confirmation"),
        (DealState::Declined, Some(DeclineReason::InsufficientFunds)) => ("payment_network", "insufficient_funds"),
        (DealState::Declined, Some(DeclineReason::CardBlocked)) => ("payment_network", "payment_method_restricted"),
        (DealState::Declined, Some(DeclineReason::AuthenticationFailed)) => ("payment_network", "3d_secure_failed"),
        (DealState::Declined, _) => ("payment_network", "general_decline"),
        _ => return None,
    };
    Some(CancellationDetails { party: party.to_owned(), reason: reason.to_owned() })
}

fn authorization(deal: &Deal) -> AuthorizationDetails {
    let digits: String =
        workflows::access::sha256_hex(&deal.reference).bytes().map(|byte| char::from(b'0' + byte % 10)).collect();
    AuthorizationDetails {
        rrn: digits.get(..12).map(str::to_owned),
        auth_code: digits.get(12..18).map(str::to_owned),
        three_d_secure: Some(ThreeDSecure { applied: deal.card() == Some(double::Card::Challenge) }),
    }
}

/// A refund of a deal; nothing when it has none of that id.
pub fn refund(deal: &Deal, id: &str) -> Option<Refund> {
    let found = deal.refund_of(id)?;
    let asked: RefundBody =
        deal.notes.get(id).and_then(|body| serde_json::from_value(body.clone()).ok()).unwrap_or_default();
    let (status, reason) = match found.state {
        RefundState::Pending => ("pending", None),
        RefundState::Done => ("succeeded", None),
        RefundState::Declined => ("canceled", Some("rejected_by_payee")),
        RefundState::Cancelled => ("canceled", Some("general_decline")),
    };
    Some(Refund {
        id: id.to_owned(),
        payment_id: deal.reference.clone(),
        status: status.to_owned(),
        amount: translate::amount(found.amount),
        created_at: Some(moment(found.at)),
        description: asked.description,
        metadata: Some(asked.metadata.unwrap_or_default()),
        cancellation_details: reason
            .map(|reason| CancellationDetails { party: "refund_network".to_owned(), reason: reason.to_owned() }),
    })
}

/// Means that are saved, or on the way to be (API, "Payment method object").
pub fn saved(terminal: &Terminal, deal: &Deal) -> Option<Value> {
    let facts = deal.facts();
    let status = match facts.state {
        DealState::Open | DealState::Challenge | DealState::Processing => "pending",
        _ if facts.binding.is_some() => "active",
        _ => "inactive",
    };
    let kind = translate::method(deal.method)?;
    let card = facts.card.as_ref().map(card);
    let mut object = json!({
        "type": kind,
        "id": deal.reference,
        "saved": status == "active",
        "status": status,
        "holder": { "account_id": terminal.credentials.of("shop_id"), "gateway_id": "2000000" },
    });
    let more = object.as_object_mut()?;
    if let Some(card) = card {
        more.insert("title".to_owned(), json!(format!("Bank card *{}", card.last4)));
        more.insert("card".to_owned(), json!(card));
    }
    if is_saving(deal) {
        more.insert("metadata".to_owned(), json!(metadata(deal)));
        if status == "pending" {
            let confirmation = confirmation(terminal, deal, &asked(deal));
            more.insert("confirmation".to_owned(), json!(confirmation));
        }
    }
    Some(object)
}

/// What is told of an event (<https://yookassa.ru/developers/using-api/webhooks>). Of a refund that was not made, nothing is.
pub fn notification(terminal: &Terminal, deal: &Deal, event: &Event) -> Option<Value> {
    let (event, object) = match event {
        Event::Bound if is_saving(deal) => ("payment_method.active", saved(terminal, deal)?),
        _ if is_saving(deal) => return None,
        Event::Authorized => ("payment.waiting_for_capture", json!(payment(terminal, deal))),
        Event::Captured { .. } => ("payment.succeeded", json!(payment(terminal, deal))),
        Event::Declined | Event::TimedOut | Event::Voided { .. } => {
            ("payment.canceled", json!(payment(terminal, deal)))
        }
        Event::Refunded { id } => ("refund.succeeded", json!(refund(deal, id)?)),
        Event::RefundCancelled { .. } | Event::Bound | Event::Unbound => return None,
    };
    Some(json!({ "type": "notification", "event": event, "object": object }))
}
