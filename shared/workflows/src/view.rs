//! The order as partners see it, in the API and in webhooks: one shape, so that nothing is explained twice.

use domain::details::{Contact, Details, Source};
use domain::order::{DeclineReason, Event, ExecutionEnd, OperationKind, Order, TransactionState};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::links;
use crate::ports::Settings;

/// An order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderView {
    /// Id.
    #[schema(example = "ord_t_demoshop_01kavxa3hs8g5xv6qt7mh3v2kc")]
    pub id: String,
    /// The merchant's order number.
    pub number: String,
    /// The system's own order number, 16 digits.
    pub billnumber: String,
    /// `test` or `live`.
    pub mode: &'static str,
    /// The order in one word.
    #[schema(example = "paid")]
    pub status: &'static str,
    /// Amount in roubles, with two decimals.
    #[schema(example = "3000.00")]
    pub amount: String,
    /// ISO 4217 currency.
    #[schema(example = "RUB")]
    pub currency: String,
    /// The agent's fee, once paid.
    pub commission: Option<String>,
    /// The partner's part, once paid.
    pub net: Option<String>,
    /// Address to send the buyer to; shows the order's state afterwards.
    pub checkout_url: String,
    /// When it was created.
    pub created_at: String,
    /// Until when it may be paid.
    pub expires_at: String,
    /// From when its money may be paid out, once it is fulfilled.
    pub payable_at: Option<String>,
    /// The payout that carries the partner's part.
    pub payout: Option<String>,
    /// The buyer, with who gave each contact.
    pub buyer: BuyerView,
    /// What was asked for, and what became of it.
    pub operations: Vec<OperationView>,
    /// Fiscal receipts.
    pub receipts: Vec<ReceiptView>,
    /// The partner's own text, as it came.
    pub metadata: Option<String>,
    /// What has happened.
    pub timeline: Vec<EventView>,
}

/// The buyer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BuyerView {
    /// E-mail.
    pub email: Option<ContactView>,
    /// Telephone, E.164.
    pub phone: Option<ContactView>,
}

/// A contact.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContactView {
    /// The contact.
    pub value: String,
    /// `partner` when it was passed, `buyer` when the buyer entered it.
    pub source: &'static str,
}

/// An operation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OperationView {
    /// The extended number: billnumber, a dot, the operation's number.
    pub number: String,
    /// `payment` or `refund`.
    pub kind: &'static str,
    /// Amount in roubles.
    pub amount: String,
    /// `unknown`, `pending`, `succeeded` or `declined`.
    pub state: &'static str,
    /// Why it was declined.
    pub decline_reason: Option<&'static str>,
    /// The bank's own id.
    pub bank_reference: Option<String>,
}

/// A fiscal receipt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReceiptView {
    /// `sale` or `refund`.
    pub kind: &'static str,
    /// `issued` or `due`.
    pub state: &'static str,
    /// Address of its page.
    pub url: Option<String>,
    /// ФН number.
    pub fiscal_drive: Option<String>,
    /// ФД number.
    pub fiscal_document: Option<u64>,
    /// ФПД.
    pub fiscal_sign: Option<String>,
    /// Text of its QR code.
    pub qr: Option<String>,
}

/// An entry of the timeline.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// Its number in the order.
    pub no: u16,
    /// When.
    pub at: String,
    /// What.
    #[schema(example = "order.paid")]
    pub event: &'static str,
    /// What it did to the books.
    pub postings: Vec<PostingView>,
}

/// A posting of the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PostingView {
    /// Account debited.
    #[schema(example = "bank")]
    pub debit: &'static str,
    /// Account credited.
    #[schema(example = "partner")]
    pub credit: &'static str,
    /// Amount in roubles.
    pub amount: String,
}

fn contact(contact: &Contact) -> ContactView {
    let source = match contact.source {
        Source::Partner => "partner",
        Source::Buyer => "buyer",
    };
    ContactView { value: contact.value.clone(), source }
}

/// An entry's postings.
pub fn event(order: &Order, entry: &domain::order::Entry) -> EventView {
    let postings = entry.postings.iter().map(|posting| PostingView {
        debit: posting.debit.code(),
        credit: posting.credit.code(),
        amount: posting.amount.to_decimal().to_string(),
    });
    EventView { no: entry.no, at: entry.at.to_string(), event: order.event_code(entry), postings: postings.collect() }
}

/// The order as its partner sees it.
pub fn order(settings: &Settings, order: &Order, details: &Details) -> OrderView {
    let paid = order.has(Event::Captured);
    let fee = paid.then(|| order.commission.fee(order.amount).ok()).flatten();
    let net = fee.and_then(|fee| order.amount.minus(fee).ok());
    let time = |at: Timestamp| at.to_string();
    OrderView {
        id: order.id.to_string(),
        number: order.number.clone(),
        billnumber: order.bill.to_string(),
        mode: order.id.tenant().mode().name(),
        status: order.status().code(),
        amount: order.amount.to_decimal().to_string(),
        currency: order.amount.currency().code().to_owned(),
        commission: fee.map(|fee| fee.to_decimal().to_string()),
        net: net.map(|net| net.to_decimal().to_string()),
        checkout_url: links::checkout_url(settings, &order.id),
        created_at: time(order.created_at),
        expires_at: time(order.expires_at),
        payable_at: order.payable_at().map(time),
        payout: order.payout.clone(),
        buyer: BuyerView { email: details.email.as_ref().map(contact), phone: details.phone.as_ref().map(contact) },
        operations: order.operations.iter().map(|operation| operation_view(order, operation)).collect(),
        receipts: order.receipts.iter().map(|receipt| receipt_view(settings, order, receipt)).collect(),
        metadata: details.metadata.clone(),
        timeline: order.journal.iter().map(|entry| event(order, entry)).collect(),
    }
}

fn operation_view(order: &Order, operation: &domain::order::Operation) -> OperationView {
    let (state, reason) = match operation.state() {
        TransactionState::Intended => ("unknown", None),
        TransactionState::Pending => ("pending", None),
        TransactionState::Succeeded => ("succeeded", None),
        TransactionState::Declined(reason) => ("declined", Some(DeclineReason::code(reason))),
    };
    OperationView {
        number: format!("{}.{}", order.bill, operation.no),
        kind: match operation.kind {
            OperationKind::Payment => "payment",
            OperationKind::Verification => "verification",
            OperationKind::Capture { .. } => "capture",
            OperationKind::Return { .. } => match operation.told() {
                Some(domain::order::TransactionKind::Void) => "void",
                Some(domain::order::TransactionKind::Reversal) => "reversal",
                _ => "refund",
            },
            OperationKind::PointsSpent { .. } => "points_spent",
            OperationKind::PointsAccrued { .. } => "points_accrued",
        },
        amount: operation.amount.to_decimal().to_string(),
        state,
        decline_reason: reason,
        bank_reference: operation.reference().map(ToOwned::to_owned),
    }
}

fn receipt_view(settings: &Settings, order: &Order, receipt: &domain::order::Receipt) -> ReceiptView {
    let fiscal = receipt.fiscal.as_ref();
    ReceiptView {
        kind: match receipt.kind {
            domain::receipt::ReceiptKind::Sale => "sale",
            domain::receipt::ReceiptKind::SaleRefund => "refund",
        },
        state: if fiscal.is_some() { "issued" } else { "due" },
        url: fiscal.map(|_| links::receipt_url(settings, &order.id, receipt.no)),
        fiscal_drive: fiscal.map(|fiscal| fiscal.drive.clone()),
        fiscal_document: fiscal.map(|fiscal| fiscal.document),
        fiscal_sign: fiscal.map(|fiscal| fiscal.sign.clone()),
        qr: fiscal.map(|fiscal| fiscal.qr(receipt.kind)),
    }
}

/// Whether execution ended with a result the buyer can have.
pub fn is_fulfilled(order: &Order) -> bool {
    matches!(order.execution.ended, Some(ExecutionEnd::Fulfilled(_)))
}
