//! Receipts become due, are printed, move to another register, and are corrected.

use super::{Event, Next, Refusal, TaskId};
use crate::details::Line;
use crate::marking;
use crate::money::Money;
use crate::order::{Difference, RESEND_SECONDS, Receipt, Stage, Task};
use crate::receipt::{Fiscal, ReceiptKind, register};
use crate::time::plus_seconds;

/// Why a register has surely not printed a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPrinted {
    /// It forgot the id: the receipt goes to it again under a new one.
    Expired,
    /// It can not, now or ever: another register may.
    Register,
}

impl Next<'_> {
    /// The receipts of an operation's money.
    pub(super) fn receipt(&mut self, kind: ReceiptKind, operation: u8) -> Result<(), Refusal> {
        let same = |receipt: &Receipt| receipt.operation == operation && receipt.stage != Stage::Closing;
        if self.order.receipts.iter().any(same) {
            return Ok(()); // a refund done again after the bank took it back
        }
        let of = self.operation(operation)?;
        if of.money()?.is_zero() {
            return Ok(()); // points are no money
        }
        let stage = self.order.stage_of(of, self.details);
        self.receipts_due(&Receipt::due(0, kind, operation, stage))
    }

    /// What was paid before is handed over now.
    pub(super) fn close_prepayments(&mut self) -> Result<(), Refusal> {
        self.order.closing_by = None;
        let after = u8::try_from(self.order.operations.len()).map_err(|_| Refusal::Full)?;
        let before = |receipt: &&Receipt| {
            receipt.kind == ReceiptKind::Sale
                && receipt.share == 0
                && receipt.corrects.is_none()
                && matches!(receipt.stage, Stage::Prepayment | Stage::Advance)
        };
        let paid: Vec<u8> = self.order.receipts.iter().filter(before).map(|receipt| receipt.operation).collect();
        for operation in paid {
            let closing = Receipt { after, ..Receipt::due(0, ReceiptKind::Sale, operation, Stage::Closing) };
            self.receipts_due(&closing)?;
        }
        Ok(())
    }

    /// As many receipts as the lines need.
    fn receipts_due(&mut self, like: &Receipt) -> Result<(), Refusal> {
        let register = register::route(self.context.registers).first().map(|register| register.id.clone());
        for share in 0..self.order.receipts_needed(like, self.details)? {
            let no = u8::try_from(self.order.receipts.len() + 1).map_err(|_| Refusal::Full)?;
            self.order.receipts.push(Receipt { no, share, register: register.clone(), ..like.clone() });
            self.task(TaskId::Receipt(no));
        }
        if like.kind == ReceiptKind::Sale && like.stage.settlement().is_before() && self.order.closing_by.is_none() {
            let seconds = i64::from(self.context.closing_days) * 24 * 3_600;
            self.order.closing_by = Some(plus_seconds(self.context.now, seconds));
        }
        Ok(())
    }

    fn receipt_at(&self, no: u8) -> Result<usize, Refusal> {
        self.order.receipts.iter().position(|receipt| receipt.no == no).ok_or(Refusal::NoReceipt(no))
    }

    pub(super) fn receipt_issued(
        &mut self,
        no: u8,
        fiscal: &Fiscal,
        differs: Option<&Difference>,
    ) -> Result<(), Refusal> {
        let index = self.receipt_at(no)?;
        if self.order.receipts[index].fiscal.is_some() {
            self.drop_task(TaskId::Receipt(no));
            return Ok(());
        }
        let sent = self.order.receipt_total(&self.order.receipts[index], self.details)?;
        let differs = differs.cloned().or_else(|| other_total(sent, fiscal.total));
        let receipt = &mut self.order.receipts[index];
        receipt.fiscal = Some(fiscal.clone());
        let wrong = differs.is_some();
        receipt.differs = differs.map(Box::new);
        self.drop_task(TaskId::Receipt(no));
        self.record(Event::ReceiptIssued, Some(no), Vec::new())?;
        if wrong { self.record(Event::ReceiptDiffers, Some(no), Vec::new()) } else { Ok(()) }
    }

    /// A register has surely not printed a receipt: it goes there again under a new id, or to the next register.
    pub(super) fn not_printed(
        &mut self,
        no: u8,
        register: Option<&str>,
        attempt: u8,
        why: NotPrinted,
    ) -> Result<(), Refusal> {
        let index = self.receipt_at(no)?;
        let receipt = &self.order.receipts[index];
        if receipt.fiscal.is_some() || receipt.register.as_deref() != register || receipt.attempt != attempt {
            return Ok(()); // it was printed after all, or has moved on before
        }
        match why {
            NotPrinted::Expired => {
                self.order.receipts[index].attempt = receipt.attempt.checked_add(1).ok_or(Refusal::Full)?;
                if attempt == 0 {
                    self.drop_task(TaskId::Receipt(no));
                    self.task(TaskId::Receipt(no));
                } else {
                    self.task_failed(TaskId::Receipt(no), false, None);
                }
            }
            NotPrinted::Register => {
                let routed = register::route(self.context.registers);
                let at = routed.iter().position(|next| Some(next.id.as_str()) == register);
                let next = routed.get(at.map_or(0, |at| (at + 1) % routed.len().max(1)));
                let next = next.map(|next| next.id.clone());
                let around = next.is_none() || at.is_some_and(|at| at + 1 == routed.len());
                let receipt = &mut self.order.receipts[index];
                if next.is_some() {
                    receipt.register = next;
                }
                if around {
                    // Each of them has been tried: the first one again, later, and under an id none of them has spent.
                    receipt.attempt = receipt.attempt.checked_add(1).ok_or(Refusal::Full)?;
                    let next_at = plus_seconds(self.context.now, RESEND_SECONDS);
                    self.drop_task(TaskId::Receipt(no));
                    self.order.tasks.push(Task { id: TaskId::Receipt(no), failures: 0, next_at });
                } else {
                    self.drop_task(TaskId::Receipt(no));
                    self.task(TaskId::Receipt(no));
                }
            }
        }
        self.record(Event::ReceiptMoved, Some(no), Vec::new())
    }

    /// A receipt that was printed wrong is undone as it was printed, and printed anew as it should have been.
    pub(super) fn correct_receipt(&mut self, no: u8) -> Result<(), Refusal> {
        let wrong = self.order.receipts[self.receipt_at(no)?].clone();
        if wrong.differs.is_none() {
            return Err(Refusal::NothingToCorrect(no));
        }
        if self.order.receipts.iter().any(|receipt| receipt.corrects == Some(no)) {
            return Ok(());
        }
        for kind in [wrong.kind.reversed(), wrong.kind] {
            let next = u8::try_from(self.order.receipts.len() + 1).map_err(|_| Refusal::Full)?;
            self.order.receipts.push(Receipt {
                no: next,
                kind,
                corrects: Some(no),
                attempt: 0,
                fiscal: None,
                differs: None,
                ..wrong.clone()
            });
            self.task(TaskId::Receipt(next));
        }
        self.record(Event::ReceiptCorrected, Some(no), Vec::new())
    }

    /// Names the marked units that are handed over. What was printed stays as it is; what was not goes to its register under a new
    /// id, since one that has refused a document under the old id would only repeat that.
    pub(super) fn set_marks(&mut self, marks: &[(u8, String)]) -> Result<(), Refusal> {
        let mut lines = self.order.basket(self.details).to_vec();
        for (no, mark) in marks {
            let line = usize::from(*no).checked_sub(1).and_then(|at| lines.get_mut(at));
            let line = line.filter(|line| takes_mark(line, mark)).ok_or(Refusal::NotMarkable(*no))?;
            line.particulars.mark = Some(mark.clone());
        }
        if lines == self.order.basket(self.details) {
            return Ok(());
        }
        let before = self.order.clone();
        self.order.lines = lines;
        for index in 0..before.receipts.len() {
            let receipt = &before.receipts[index];
            if receipt.stage.settlement().is_before() {
                continue; // it names no units
            }
            let was = before.receipt_lines(receipt, self.details)?;
            if was == self.order.receipt_lines(receipt, self.details)? {
                continue;
            }
            if receipt.fiscal.is_some() {
                let parts = before.receipt_parts(receipt, self.details)?;
                let named = |no: &&(u8, String)| parts.iter().any(|part| part.line == no.0);
                return Err(Refusal::NotMarkable(marks.iter().find(named).map_or(0, |(no, _)| *no)));
            }
            self.order.receipts[index].attempt = receipt.attempt.checked_add(1).ok_or(Refusal::Full)?;
            let task = TaskId::Receipt(receipt.no);
            self.drop_task(task);
            self.task(task);
        }
        self.record(Event::MarksSet, None, Vec::new())
    }

    /// Warns of a prepayment that has waited for its closing receipt too long.
    pub(super) fn closings_due(&mut self) -> Result<(), Refusal> {
        if self.order.closing_by.is_none_or(|by| by > self.context.now) {
            return Ok(());
        }
        self.order.closing_by = None;
        self.touched = true;
        if self.order.kept()?.is_positive() { self.record(Event::ClosingLate, None, Vec::new()) } else { Ok(()) }
    }
}

/// Whether a line is one marked unit, and the code one that names such a unit.
fn takes_mark(line: &Line, mark: &str) -> bool {
    let one = line.subject.is_marked() && line.quantity == rust_decimal::Decimal::ONE;
    one && marking::parse(mark).is_ok_and(|mark| mark.names_a_unit())
}

/// How a total differs.
fn other_total(sent: Money, printed: Money) -> Option<Difference> {
    let text = || format!("total (1020): sent {sent}, printed {printed}");
    (sent != printed).then(|| Difference { text: text(), rates: Vec::new() })
}
