//! The order as partners see it, in the API and in webhooks: one shape, so that nothing is explained twice.

use domain::commission::Fee;
use domain::details::{Contact, Details, Source};
use domain::ledger::{self, Account};
use domain::money::{Money, MoneyError};
use domain::order::{DeclineReason, Event, ExecutionEnd, OperationKind, Order, TransactionState};
use domain::payout::Days;
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
    /// The payment in one of processing's nine states.
    #[schema(example = "approved")]
    pub payment_state: &'static str,
    /// Held now, in roubles.
    pub held: String,
    /// Captured in all, in roubles.
    pub captured: String,
    /// Went back of it, in roubles.
    pub returned: String,
    /// Until when the bank holds the money.
    pub hold_until: Option<String>,
    /// The price in your currency, where the order was made in one.
    pub original: Option<OriginalView>,
    /// Your own id of the buyer.
    pub customer: Option<String>,
    /// Saved means the order is to be charged to.
    pub means: Option<String>,
    /// Which of your sites made it: the name of its API key.
    pub origin: Option<String>,
    /// The children of a split order.
    pub children: Vec<ChildView>,
    /// The basket as it is now, edits included.
    pub lines: Vec<LineView>,
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
    /// The day the payout usually arrives, by the production calendar, where something was left to transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-25")]
    pub payout_expected_on: Option<String>,
    /// The day it has arrived by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-27")]
    pub payout_expected_by: Option<String>,
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

/// A price in another currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OriginalView {
    /// The price.
    #[schema(example = "30.00")]
    pub amount: String,
    /// Its currency.
    #[schema(example = "USD")]
    pub currency: String,
    /// Roubles for one unit.
    #[schema(example = "95.1")]
    pub rate: String,
    /// The day the rate is in force since.
    #[schema(example = "2026-11-21")]
    pub since: String,
}

/// A child of a split order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChildView {
    /// Its number, from 1.
    pub no: u8,
    /// Your name of it.
    pub name: String,
    /// Its lines.
    pub lines: Vec<u8>,
    /// Its part of the amount, in roubles.
    pub amount: String,
    /// The legal entity it is paid to.
    pub entity: Option<String>,
    /// The operation that pays for it: its extended number.
    pub paid_by: Option<String>,
}

/// A line of the basket.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineView {
    /// Name.
    pub name: String,
    /// Price of a unit, in roubles.
    pub price: String,
    /// Quantity.
    pub quantity: String,
    /// Amount, in roubles.
    pub amount: String,
    /// Its VAT rate: `none`, `vat0`, `vat5`, `vat7`, `vat10`, `vat20`, `vat22`.
    #[schema(example = "vat22")]
    pub vat: &'static str,
    /// Which rule gave it: `line`, `delivery`, `product`, `category`, `seller`.
    #[schema(example = "category")]
    pub vat_from: &'static str,
    /// What it is (tag 1212): `service`, `goods`, `goods_marked` and so on.
    #[schema(example = "goods")]
    pub subject: &'static str,
    /// What the quantity counts (tag 2108): 0 pieces, 11 kilograms and so on.
    pub measure: u8,
    /// The seller, where it is not you.
    pub supplier: Option<SupplierView>,
    /// The marked unit it is has been named.
    pub marked: bool,
}

/// The seller of a line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SupplierView {
    /// Name (tag 1225).
    pub name: String,
    /// ИНН (tag 1226).
    pub inn: String,
}

/// An operation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OperationView {
    /// The extended number: billnumber, a dot, the operation's number.
    pub number: String,
    /// `payment`, `verification`, `capture`, `refund`, `reversal`, `void`, `points_spent` or `points_accrued`.
    pub kind: &'static str,
    /// What the bank was told last: `purchase`, `authorization`, `capture`, `void`, `reversal`, `refund`, `points`.
    pub transaction: &'static str,
    /// The payment it belongs to, by its extended number.
    pub of: Option<String>,
    /// By what means: `card`, `sbp` ….
    pub method: &'static str,
    /// The account it is pinned to; none for the sandbox's own bank.
    pub account: Option<String>,
    /// Who asked for it: `buyer`, `partner`, `rule`, `schedule`, `platform`, `bank`.
    pub by: &'static str,
    /// Why, where the buyer was not there.
    pub reason: Option<String>,
    /// The child it pays for.
    pub child: Option<u8>,
    /// What of the basket it is about; empty for all of it.
    pub parts: Vec<PartView>,
    /// How much of it was paid with points, in roubles.
    pub points: Option<String>,
    /// Amount in roubles.
    pub amount: String,
    /// `unknown`, `pending`, `succeeded` or `declined`.
    pub state: &'static str,
    /// Why it was declined.
    pub decline_reason: Option<&'static str>,
    /// The bank's own id.
    pub bank_reference: Option<String>,
}

/// A part of a line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartView {
    /// The line, counted from 1.
    pub line: u8,
    /// Units; 0 for a part of the price of all of them.
    pub quantity: String,
    /// Amount, in roubles.
    pub amount: String,
}

/// A fiscal receipt.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReceiptView {
    /// Its number in the order, from 1.
    pub no: u8,
    /// `sale` or `refund` (tag 1054).
    pub kind: &'static str,
    /// `full` when money and hand-over are one; `prepayment` or `advance` for money before the hand-over, `closing` for the hand-over.
    #[schema(example = "full")]
    pub stage: &'static str,
    /// Tag 1214: 1 prepayment of all, 3 advance, 4 full settlement.
    #[schema(example = 4)]
    pub settlement: u8,
    /// `issued` or `due`.
    pub state: &'static str,
    /// The operation whose money it covers, by its extended number.
    pub operation: String,
    /// The register that prints it; none for the sandbox's own.
    pub register: Option<String>,
    /// Its total, in roubles: what was printed, or is to be.
    #[schema(example = "3000.00")]
    pub total: Option<String>,
    /// How what was printed differs from what was sent; the platform's operator has it corrected.
    pub differs: Option<String>,
    /// The receipt it corrects, by its number.
    pub corrects: Option<u8>,
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
    let paid_out = order.journal.iter().rev().find(|entry| matches!(entry.event, Event::PaidOut | Event::Settled));
    let expected = paid_out.map(|entry| Days::of(entry.at));
    let (fee, net) = earned(order).unzip();
    let figures = totals(order);
    let roubles = |money: Money| money.to_decimal().to_string();
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
        payment_state: order.payment_state().code(),
        held: roubles(figures.0),
        captured: roubles(figures.1),
        returned: roubles(figures.2),
        hold_until: order
            .standing_payments()
            .filter(|payment| order.figures(payment).is_ok_and(|figures| figures.held.is_positive()))
            .filter_map(|payment| payment.hold_until)
            .min()
            .map(time),
        original: details.payment.original.as_ref().map(|original| OriginalView {
            amount: original.amount.to_decimal().to_string(),
            currency: original.amount.currency().code().to_owned(),
            rate: original.rate.normalize().to_string(),
            since: original.since.to_string(),
        }),
        customer: details.payment.customer.clone(),
        means: order.means.as_ref().map(|means| means.id.clone()),
        origin: details.payment.origin.clone(),
        children: (1_u8..)
            .zip(&details.payment.children)
            .map(|(no, child)| ChildView {
                no,
                name: child.name.clone(),
                lines: child.lines.clone(),
                amount: roubles(child.amount),
                entity: child.entity.clone(),
                paid_by: order
                    .standing_payments()
                    .find(|payment| payment.child == Some(no))
                    .map(|payment| format!("{}.{}", order.bill, payment.no)),
            })
            .collect(),
        lines: order
            .basket(details)
            .iter()
            .map(|line| LineView {
                name: line.name.clone(),
                price: roubles(line.price),
                quantity: line.quantity.normalize().to_string(),
                amount: roubles(line.amount),
                vat: line.vat.code(),
                vat_from: line.particulars.rate_from.code(),
                subject: line.subject.code(),
                measure: line.particulars.measure.tag_2108(),
                supplier: line
                    .particulars
                    .supplier
                    .as_ref()
                    .map(|of| SupplierView { name: of.name.clone(), inn: of.inn.clone() }),
                marked: line.particulars.mark.is_some(),
            })
            .collect(),
        checkout_url: links::checkout_url(settings, &order.id),
        created_at: time(order.created_at),
        expires_at: time(order.expires_at),
        payable_at: order.payable_at().map(time),
        payout: order.payout.clone(),
        payout_expected_on: expected.map(|days| days.usual.to_string()),
        payout_expected_by: expected.map(|days| days.latest.to_string()),
        buyer: BuyerView { email: details.email.as_ref().map(contact), phone: details.phone.as_ref().map(contact) },
        operations: order.operations.iter().map(|operation| operation_view(order, operation)).collect(),
        receipts: order.receipts.iter().map(|receipt| receipt_view(settings, order, details, receipt)).collect(),
        metadata: details.metadata.clone(),
        timeline: order.journal.iter().map(|entry| event(order, entry)).collect(),
    }
}

/// The agent's fee and the partner's part of what was captured and is not on its way back; nothing before anything was.
pub fn earned(order: &Order) -> Option<(Money, Money)> {
    if !order.has(Event::Captured) {
        return None;
    }
    // What has gone back whole was once earned: a refunded order tells what it was.
    let kept = order.kept().ok().filter(|kept| kept.is_positive());
    if order.pricing.is_some() {
        let fee = match kept {
            Some(_) => order.fee(true).and_then(Fee::total).ok()?,
            None => withheld(order).ok()?,
        };
        return Some((fee, kept.or_else(|| captured(order))?.minus(fee).ok()?));
    }
    let kept = kept.or_else(|| captured(order))?;
    let fee = order.commission.fee(kept).ok()?;
    Some((fee, kept.minus(fee).ok()?))
}

/// The most that one payment brought.
fn captured(order: &Order) -> Option<Money> {
    let figures = order.payments().filter_map(|payment| order.figures(payment).ok());
    figures.map(|figures| figures.captured).max_by_key(|captured| captured.minor())
}

/// The fee with its VAT that was withheld when money was credited.
fn withheld(order: &Order) -> Result<Money, MoneyError> {
    let zero = order.amount.zero();
    let credited =
        || order.journal.iter().filter(|entry| entry.event == Event::Captured).flat_map(|entry| &entry.postings);
    let of = |account| ledger::balance(account, zero, credited()).and_then(|balance| zero.minus(balance));
    of(Account::Commission)?.plus(ledger::fee_vat(zero, credited())?)
}

/// Held, captured and returned over all payments.
fn totals(order: &Order) -> (Money, Money, Money) {
    let zero = order.amount.zero();
    order.payments().filter_map(|payment| order.figures(payment).ok()).fold((zero, zero, zero), |sum, figures| {
        let add = |sum: Money, more: Money| sum.plus(more).unwrap_or(sum);
        (add(sum.0, figures.held), add(sum.1, figures.captured), add(sum.2, figures.returned))
    })
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
        transaction: operation.told().map_or("", domain::order::TransactionKind::code),
        of: operation.kind.of().map(|of| format!("{}.{of}", order.bill)),
        method: operation.method.code(),
        account: operation.account.clone(),
        by: operation.by.code(),
        reason: operation.reason.clone(),
        child: operation.child,
        parts: operation
            .parts
            .iter()
            .map(|part| PartView {
                line: part.line,
                quantity: part.quantity.normalize().to_string(),
                amount: part.amount.to_decimal().to_string(),
            })
            .collect(),
        points: operation.points.map(|points| points.to_decimal().to_string()),
        amount: operation.amount.to_decimal().to_string(),
        state,
        decline_reason: reason,
        bank_reference: operation.reference().map(ToOwned::to_owned),
    }
}

/// One of an order's receipts.
pub fn receipt_view(
    settings: &Settings,
    order: &Order,
    details: &Details,
    receipt: &domain::order::Receipt,
) -> ReceiptView {
    let fiscal = receipt.fiscal.as_ref();
    let total = fiscal.map(|fiscal| fiscal.total).or_else(|| order.receipt_total(receipt, details).ok());
    ReceiptView {
        no: receipt.no,
        kind: match receipt.kind {
            domain::receipt::ReceiptKind::Sale => "sale",
            domain::receipt::ReceiptKind::SaleRefund => "refund",
        },
        stage: receipt.stage.code(),
        settlement: receipt.stage.settlement().tag_1214(),
        state: if fiscal.is_some() { "issued" } else { "due" },
        operation: format!("{}.{}", order.bill, receipt.operation),
        register: receipt.register.clone(),
        total: total.map(|total| total.to_decimal().to_string()),
        differs: receipt.differs.as_ref().map(|differs| differs.text.clone()),
        corrects: receipt.corrects,
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
