//! Which fiscal receipts an order's money needs, and what each of them says.
//!
//! | scheme | when money comes | when the order is fulfilled | when money goes back |
//! |---|---|---|---|
//! | full | sale, 1214 = 4 | | refund, 1214 = 4 |
//! | prepayment | sale, 1214 = 1 | closing sale, 1214 = 4 by offset (1215) | before the closing 1214 = 1, after it 1214 = 4 |
//! | advance | sale, 1214 = 3, 1212 = 10 | closing sale, 1214 = 4 by offset (1215) | before the closing 1214 = 3, after it 1214 = 4 |
//!
//! Money that comes after the order was fulfilled is settled in full at once. One operation's lines are divided into several
//! receipts where their taxation systems differ and where a register's limits would be exceeded; how is a function of the lines
//! alone, so that every attempt and every register sees the same documents.

use serde::{Deserialize, Serialize};

use super::parts::{self, Part};
use super::{Event, Operation, OperationKind, Order, TransactionKind, TransactionState};
use crate::acquiring::Method;
use crate::details::{Details, Line};
use crate::money::{Money, MoneyError};
use crate::partner::Partner;
use crate::receipt::register::Register;
use crate::receipt::{
    Agent, Buyer, Cashier, Correction, Ffd, Fiscal, Item, Measure, Payments, Principal, ReceiptDocument, ReceiptKind,
    Settlement, Subject, Supplier, laws,
};
use crate::tax::{Taxation, VatRate};
use crate::time::moscow_date;

/// When receipts say what, over an order's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptScheme {
    /// One receipt of full settlement when money comes.
    #[default]
    Full,
    /// A receipt of prepayment when money comes, a closing one when the order is fulfilled.
    Prepayment,
    /// A receipt of advance when money comes, a closing one when the order is fulfilled.
    Advance,
}

impl ReceiptScheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Full, Self::Prepayment, Self::Advance];

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Prepayment => "prepayment",
            Self::Advance => "advance",
        }
    }
}

/// Which of a scheme's receipts one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Stage {
    /// Money and hand-over are one.
    #[default]
    #[serde(rename = "f")]
    Full,
    /// Money before the hand-over, for known goods.
    #[serde(rename = "p")]
    Prepayment,
    /// Money before the hand-over.
    #[serde(rename = "a")]
    Advance,
    /// The hand-over of what was paid before.
    #[serde(rename = "c")]
    Closing,
}

impl Stage {
    /// Tag 1214 of its items.
    pub const fn settlement(self) -> Settlement {
        match self {
            Self::Full | Self::Closing => Settlement::FullPayment,
            Self::Prepayment => Settlement::FullPrepayment,
            Self::Advance => Settlement::Advance,
        }
    }

    /// The stable code used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Prepayment => "prepayment",
            Self::Advance => "advance",
            Self::Closing => "closing",
        }
    }
}

/// A fiscal receipt of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// 1, 2, ….
    #[serde(rename = "n")]
    pub no: u8,
    /// Sale or refund.
    #[serde(rename = "k")]
    pub kind: ReceiptKind,
    /// The operation whose money it covers.
    #[serde(rename = "o")]
    pub operation: u8,
    /// How far the settlement is.
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    pub stage: Stage,
    /// Which of the documents the operation's lines are divided into, from 0.
    #[serde(rename = "g", default, skip_serializing_if = "is_default")]
    pub share: u8,
    /// Of a closing: the order's last operation before it. Later returns are of goods that were handed over.
    #[serde(rename = "t", default, skip_serializing_if = "is_default")]
    pub after: u8,
    /// The receipt it corrects.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<u8>,
    /// The register it is pinned to; the sandbox's own where none is named.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub register: Option<String>,
    /// Ids that have expired at the register before: each attempt after that has its own.
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    pub attempt: u8,
    /// What the register printed, once it did.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub fiscal: Option<Fiscal>,
    /// How what it printed differs from what it was sent.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<Box<Difference>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Receipt {
    /// A receipt that is due.
    pub const fn due(no: u8, kind: ReceiptKind, operation: u8, stage: Stage) -> Self {
        Self {
            no,
            kind,
            operation,
            stage,
            share: 0,
            after: 0,
            corrects: None,
            register: None,
            attempt: 0,
            fiscal: None,
            differs: None,
        }
    }
}

/// How a printed receipt differs from the one that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// In words, with tags and values.
    #[serde(rename = "t")]
    pub text: String,
    /// Rates (tag 1199) that were sent, and what was printed instead.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<(u8, u8)>,
}

/// Whose receipts they are and where they are printed.
#[derive(Debug, Clone, Copy)]
pub struct Issuer<'a> {
    /// The agent, who owns the platform's registers.
    pub agent: &'a Agent,
    /// The partner, who is the principal of lines that name no seller.
    pub partner: &'a Partner,
    /// The register; the sandbox's own where there is none.
    pub register: Option<&'a Register>,
    /// Address of the checkout (tag 1187).
    pub place: &'a str,
}

impl Issuer<'_> {
    fn owner(&self) -> &Agent {
        self.register.and_then(|register| register.owner.as_ref()).unwrap_or(self.agent)
    }

    fn ffd(&self) -> Ffd {
        self.register.map_or(Ffd::default(), |register| register.ffd)
    }

    /// Whose a line is; nothing for what belongs to the register's owner.
    fn principal(&self, line: &Line) -> Option<Principal> {
        let own = self.register.is_some_and(|register| register.owner.is_some());
        let supplier = match &line.particulars.supplier {
            Some(supplier) => supplier.as_ref().clone(),
            None if own => return None,
            None => Supplier {
                name: self.partner.name.clone(),
                inn: self.partner.inn.clone(),
                phones: vec![self.partner.phone.clone()],
            },
        };
        let sign = line.particulars.agent.unwrap_or(self.partner.receipts.agent_sign);
        Some(Principal { sign, supplier })
    }
}

impl Order {
    /// The kind of receipt an operation's money needs; nothing for what moves none.
    pub fn receipt_due(operation: &Operation) -> Option<ReceiptKind> {
        if !operation.succeeded() {
            return None;
        }
        match (operation.kind, operation.told()) {
            (OperationKind::Payment, Some(TransactionKind::Purchase)) | (OperationKind::Capture { .. }, _) => {
                Some(ReceiptKind::Sale)
            }
            (OperationKind::Return { .. }, Some(TransactionKind::Refund | TransactionKind::Reversal)) => {
                Some(ReceiptKind::SaleRefund)
            }
            _ => None,
        }
    }

    /// At which stage money of an operation is receipted now.
    pub fn stage_of(&self, operation: &Operation, details: &Details) -> Stage {
        let before = match details.receipts {
            ReceiptScheme::Full => return Stage::Full,
            ReceiptScheme::Prepayment => Stage::Prepayment,
            ReceiptScheme::Advance => Stage::Advance,
        };
        let closed = match operation.kind {
            // Goods that went out of the closing with it were never handed over.
            OperationKind::Return { of } => self.closing_of(of).is_some_and(|closing| operation.no > closing.after),
            _ => self.has(Event::Fulfilled),
        };
        if closed || self.was_full(operation) { Stage::Full } else { before }
    }

    /// Whether a return is of money that came after the order was fulfilled.
    fn was_full(&self, operation: &Operation) -> bool {
        let OperationKind::Return { of } = operation.kind else { return false };
        let mut sales = self.sales_of(of);
        sales.any(|receipt| receipt.stage == Stage::Full)
    }

    /// Receipts of an operation's money, or of its hand-over; corrections are none of them.
    pub fn receipts_of(&self, operation: u8, closing: bool) -> impl Iterator<Item = &Receipt> {
        self.receipts.iter().filter(move |receipt| {
            receipt.operation == operation && receipt.corrects.is_none() && (receipt.stage == Stage::Closing) == closing
        })
    }

    /// Receipts of a payment's money as it came.
    fn sales_of(&self, payment: u8) -> impl Iterator<Item = &Receipt> {
        self.receipts.iter().filter(move |receipt| {
            receipt.kind == ReceiptKind::Sale
                && receipt.stage != Stage::Closing
                && receipt.corrects.is_none()
                && self.operation(receipt.operation).is_some_and(|operation| {
                    operation.no == payment || operation.kind == OperationKind::Capture { of: payment }
                })
        })
    }

    /// The closing of what a payment brought.
    fn closing_of(&self, payment: u8) -> Option<&Receipt> {
        self.receipts.iter().find(|receipt| {
            receipt.stage == Stage::Closing
                && self.operation(receipt.operation).is_some_and(|operation| {
                    operation.no == payment || operation.kind == OperationKind::Capture { of: payment }
                })
        })
    }

    /// What of the basket a receipt is about.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn receipt_parts(&self, receipt: &Receipt, details: &Details) -> Result<Vec<Part>, MoneyError> {
        let Some(operation) = self.operation(receipt.operation) else { return Ok(Vec::new()) };
        let payment = operation.kind.of().and_then(|of| self.operation(of)).unwrap_or(operation);
        let mut parts =
            if operation.parts.is_empty() { self.parts_of_payment(payment, details) } else { operation.parts.clone() };
        if receipt.stage == Stage::Closing {
            let gone = self.returns_of(payment.no).filter(|gone| gone.no <= receipt.after);
            for gone in gone.filter(|gone| !matches!(gone.state(), TransactionState::Declined(_))) {
                if gone.told() == Some(TransactionKind::Void) {
                    continue;
                }
                if gone.parts.is_empty() {
                    return Ok(Vec::new());
                }
                parts = parts::less(parts, &gone.parts)?;
            }
        }
        Ok(parts)
    }

    /// The items of an operation's receipts, one list for each receipt.
    ///
    /// # Errors
    /// The amounts do not work out.
    fn shares(&self, receipt: &Receipt, details: &Details) -> Result<Vec<Share>, MoneyError> {
        let parts = self.receipt_parts(receipt, details)?;
        let is_return =
            matches!(self.operation(receipt.operation).map(|of| of.kind), Some(OperationKind::Return { .. }));
        let lines = parts::as_lines(self.basket(details), &parts, is_return);
        let lines = if receipt.stage == Stage::Advance { advances(&lines, &self.number)? } else { lines };
        let mut shares: Vec<Share> = Vec::new();
        for line in lines {
            let bytes = LINE_BYTES + 2 * line.name.chars().count();
            let fits = |share: &&mut Share| {
                share.taxation == line.particulars.taxation
                    && share.lines.len() < laws::ITEMS_MAX
                    && share.bytes + bytes <= BYTES_MAX
                    && share.total.plus(line.amount).is_ok_and(laws::is_amount)
            };
            // Only the last of its taxation system is still open, so that lines keep their order.
            let open = shares.iter_mut().rfind(|share| share.taxation == line.particulars.taxation);
            if let Some(share) = open.filter(fits) {
                share.bytes += bytes;
                share.total = share.total.plus(line.amount)?;
                share.lines.push(line);
            } else {
                let (taxation, total) = (line.particulars.taxation, line.amount);
                shares.push(Share { taxation, bytes, total, lines: vec![line] });
            }
        }
        Ok(shares)
    }

    /// How many receipts an operation's lines need.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn receipts_needed(&self, receipt: &Receipt, details: &Details) -> Result<u8, MoneyError> {
        u8::try_from(self.shares(receipt, details)?.len()).map_err(|_| MoneyError::Overflow)
    }

    /// The lines of a receipt.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn receipt_lines(&self, receipt: &Receipt, details: &Details) -> Result<Vec<Line>, MoneyError> {
        if let Some(wrong) = self.corrected_by(receipt) {
            let lines = self.receipt_lines(wrong, details)?;
            let printed = wrong.fiscal.as_ref().map(|fiscal| fiscal.total).filter(|_| wrong.kind != receipt.kind);
            return printed.map_or(Ok(lines.clone()), |printed| parts::as_printed(&lines, printed));
        }
        let mut shares = self.shares(receipt, details)?;
        let at = usize::from(receipt.share);
        Ok(if at < shares.len() { shares.swap_remove(at).lines } else { Vec::new() })
    }

    /// The amount a receipt is over.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn receipt_total(&self, receipt: &Receipt, details: &Details) -> Result<Money, MoneyError> {
        self.receipt_lines(receipt, details)?.iter().try_fold(self.amount.zero(), |sum, line| sum.plus(line.amount))
    }

    /// What a register is asked to print.
    ///
    /// # Errors
    /// The amounts do not work out.
    pub fn receipt_document(
        &self,
        receipt: &Receipt,
        details: &Details,
        issuer: Issuer<'_>,
    ) -> Result<ReceiptDocument, MoneyError> {
        let lines = self.receipt_lines(receipt, details)?;
        let owner = issuer.owner();
        let wrong = self.corrected_by(receipt);
        let undone = self.undone_rates(receipt);
        let mut items = Vec::with_capacity(lines.len());
        for line in &lines {
            let mut item = item(line, receipt.stage, issuer.principal(line));
            for rates in &undone {
                let printed = rates.iter().find(|(sent, _)| *sent == item.tag_1199());
                if let Some((rate, calculated)) = printed.and_then(|(_, printed)| VatRate::of_tag_1199(*printed)) {
                    (item.vat, item.calculated) = (rate, calculated);
                }
            }
            items.push(item);
        }
        let total = self.receipt_total(receipt, details)?;
        let operation = self.operation(receipt.operation);
        // A person who took the money gives it back, at the same place.
        let payment = operation.and_then(|operation| self.operation(operation.kind.of()?));
        let collected = operation.into_iter().chain(payment).find_map(|operation| operation.collected.as_deref());
        let payments = match operation.map(|operation| operation.method) {
            _ if receipt.stage == Stage::Closing => Payments::prepaid(total),
            Some(Method::Cash) => Payments::cash(total),
            _ => Payments::electronic(total),
        };
        let wrong = wrong.and_then(|wrong| wrong.fiscal.as_ref());
        let (correction, plain) = match issuer.ffd() {
            Ffd::V1_2 => (wrong, None),
            Ffd::V1_05 => (None, wrong),
        };
        Ok(ReceiptDocument {
            external_id: self.external_id(receipt),
            kind: receipt.kind,
            ffd: issuer.ffd(),
            agent: owner.clone(),
            taxation: lines.first().and_then(|line| line.particulars.taxation).unwrap_or(owner.taxation),
            place: collected.map_or(issuer.place, |collected| &collected.place).to_owned(),
            internet: collected.is_none(),
            cashier: collected.and_then(|collected| collected.cashier.clone()),
            buyer: Buyer {
                contact: details.receipt_contact().unwrap_or_default().to_owned(),
                name: details.firm.as_ref().map(|firm| firm.name.clone()),
                inn: details.firm.as_ref().map(|firm| firm.inn.clone()),
            },
            items,
            payments,
            total,
            correction: correction.map(|fiscal| Correction {
                order: None,
                date: moscow_date(fiscal.at),
                wrong_sign: Some(fiscal.sign.clone()),
            }),
            wrong_sign: plain.map(|fiscal| fiscal.sign.clone()),
            sell_unchecked: issuer.partner.receipts.sell_unchecked,
        })
    }

    /// The receipt that another corrects.
    fn corrected_by(&self, receipt: &Receipt) -> Option<&Receipt> {
        self.receipts.iter().find(|wrong| receipt.corrects == Some(wrong.no) && wrong.no < receipt.no)
    }

    /// Rates that were printed for others, the first substitution first: what undoes a wrong receipt says what that one said,
    /// and what corrects an undoing that came out wrong starts from there.
    fn undone_rates(&self, receipt: &Receipt) -> Vec<&[(u8, u8)]> {
        let (mut at, mut undone) = (receipt, Vec::new());
        while let Some(wrong) = self.corrected_by(at) {
            undone.extend(wrong.differs.as_ref().filter(|_| wrong.kind != at.kind).map(|differs| &*differs.rates));
            at = wrong;
        }
        undone.reverse();
        undone
    }

    /// The stable id a register knows a receipt by.
    pub fn external_id(&self, receipt: &Receipt) -> String {
        match receipt.attempt {
            0 => format!("{}-r{}", self.id, receipt.no),
            attempt => format!("{}-r{}a{attempt}", self.id, receipt.no),
        }
    }
}

/// The receipt a whole basket would need if no limit divided it, to be checked before there is an order.
///
/// # Errors
/// The amounts do not work out.
pub fn preview(lines: &[Line], stage: Stage, issuer: Issuer<'_>) -> Result<ReceiptDocument, MoneyError> {
    let items: Vec<Item> = lines.iter().map(|line| item(line, stage, issuer.principal(line))).collect();
    let total = ReceiptDocument::items_sum(&items)?;
    let owner = issuer.owner();
    Ok(ReceiptDocument {
        external_id: String::new(),
        kind: ReceiptKind::Sale,
        ffd: issuer.ffd(),
        agent: owner.clone(),
        taxation: owner.taxation,
        place: issuer.place.to_owned(),
        internet: true,
        cashier: None,
        buyer: Buyer { contact: owner.email.clone(), name: None, inn: None },
        items,
        payments: Payments::electronic(total),
        total,
        correction: None,
        wrong_sign: None,
        sell_unchecked: issuer.partner.receipts.sell_unchecked,
    })
}

/// Where money was taken by a person: a shop, a courier, a pick-up point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collected {
    /// The point of sale's place (tag 1187).
    #[serde(rename = "p")]
    pub place: String,
    /// Who took it.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub cashier: Option<Cashier>,
}

/// Bytes of a document, at most: what OrangeData takes (32 768), less the head.
const BYTES_MAX: usize = 28_000;
/// Bytes of an item with all it may carry, without its name.
const LINE_BYTES: usize = 900;

/// The lines of one receipt.
struct Share {
    taxation: Option<Taxation>,
    bytes: usize,
    total: Money,
    lines: Vec<Line>,
}

fn item(line: &Line, stage: Stage, principal: Option<Principal>) -> Item {
    let settlement = stage.settlement();
    let before = settlement.is_before();
    Item {
        name: line.name.clone(),
        price: line.price,
        quantity: line.quantity,
        measure: line.particulars.measure,
        amount: line.amount,
        vat: line.vat,
        calculated: before && line.vat.percent().is_some_and(|percent| percent > 0),
        subject: line.subject,
        settlement,
        principal,
        mark: line.particulars.mark.clone().filter(|_| !before),
        fraction: line.particulars.fraction.filter(|_| !before),
    }
}

/// What an advance names: no goods, but what is told apart by its seller, its rate and its taxation system.
fn advances(lines: &[Line], number: &str) -> Result<Vec<Line>, MoneyError> {
    let mut advances: Vec<Line> = Vec::new();
    for line in lines {
        let same = |other: &&mut Line| {
            other.vat == line.vat
                && other.particulars.supplier == line.particulars.supplier
                && other.particulars.agent == line.particulars.agent
                && other.particulars.taxation == line.particulars.taxation
                && other.amount.plus(line.amount).is_ok_and(laws::is_amount)
        };
        if let Some(advance) = advances.iter_mut().find(same) {
            advance.amount = advance.amount.plus(line.amount)?;
            advance.price = advance.amount;
        } else {
            let mut advance = line.clone();
            advance.name = format!("Аванс по заказу {number}").chars().take(laws::NAME_CHARACTERS_MAX).collect();
            (advance.price, advance.quantity, advance.subject) =
                (line.amount, rust_decimal::Decimal::ONE, Subject::Payment);
            (advance.particulars.measure, advance.particulars.mark) = (Measure::PIECE, None);
            (advance.particulars.fraction, advance.particulars.delivery) = (None, false);
            advances.push(advance);
        }
    }
    Ok(advances)
}
