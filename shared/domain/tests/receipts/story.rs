//! One order from its payment to its end, told by commands as they come from people, the bank and the executor.

use std::collections::BTreeMap;

use domain::acquiring::{Method, Standing};
use domain::commission::CommissionTerms;
use domain::details::{Child, Contact, Details, Line, PaymentTerms, Source};
use domain::id::{BillNumber, Mode, OrderId, Tenant};
use domain::money::Money;
use domain::order::{
    BankReport, BankState, Cancellation, Collected, Command, Context, Decision, Difference, ExecutionOutcome,
    Initiator, Issuer, OperationKind, Order, Part, Receipt, ReceiptScheme, Refusal, Stage, Start, What, decide,
};
use domain::partner::Partner;
use domain::receipt::register::Register;
use domain::receipt::{Agent, Cashier, Fiscal, ReceiptDocument, ReceiptKind};
use domain::tax::Taxation;
use domain::time::Timestamp;
use rust_decimal::Decimal;

/// 18 November 2026.
const START: i64 = 1_795_000_000;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

pub fn agent() -> Agent {
    Agent {
        name: "ООО «Агент»".into(),
        inn: "7727401209".into(),
        address: "Москва".into(),
        email: "receipts@agent.example".into(),
        phone: "+74950000000".into(),
        taxation: Taxation::Osn,
    }
}

pub fn partner() -> Partner {
    let text = r#"{
        "name": "ООО «Продавец»", "inn": "7707083893", "phone": "+74950000002", "support_email": "help@shop.example",
        "vat": "vat22", "commission": {"p": "3.5"}, "returns": {}, "form_secret": "s",
        "payout": {"automatic": true, "account": {"number": "1", "bic": "1", "bank": "b", "correspondent": "1"}},
        "payment_timeout_seconds": 1200, "channels": ["email"]
    }"#;
    serde_json::from_str(text).unwrap()
}

pub fn details(lines: Vec<Line>, receipts: ReceiptScheme, payment: PaymentTerms) -> Details {
    let text = r#"{"n": "A-1", "l": []}"#;
    let bare: Details = serde_json::from_str(text).unwrap();
    let email = Some(Contact { value: "buyer@example.com".into(), source: Source::Buyer });
    Details { lines, receipts, payment, email, ..bare }
}

/// Two children, the first with every other line.
pub fn children(lines: &[Line]) -> Vec<Child> {
    let own = |first: bool| -> Vec<u8> {
        (1_u8..).zip(lines).filter(|(no, _)| (no % 2 == 1) == first).map(|(no, _)| no).collect()
    };
    [own(true), own(false)]
        .into_iter()
        .filter(|own| !own.is_empty())
        .map(|own| {
            let amount = own.iter().map(|no| lines[usize::from(*no) - 1].amount);
            let amount = amount.fold(Money::rub(0), |sum, amount| sum.plus(amount).unwrap());
            Child { name: format!("W{}", own[0]), lines: own, amount, entity: None }
        })
        .collect()
}

/// What is asked for: the same words for captures and for returns.
#[derive(Debug, Clone)]
pub enum Ask {
    All,
    /// So many thousandths of what there is.
    Share(u32),
    /// A line, counted by whatever is there, and so many thousandths of its quantity.
    Line(u8, u32),
    /// A whole unit of a line.
    Unit(u8),
}

pub struct Story {
    pub order: Order,
    pub details: Details,
    pub now: i64,
}

impl Story {
    pub fn new(details: Details) -> Self {
        let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
        let commission = CommissionTerms {
            percent: Decimal::new(35, 1),
            fixed_minor: 0,
            least_minor: 0,
            greatest_minor: None,
            vat_percent: Decimal::ZERO,
        };
        let id = OrderId::new(tenant, "A-1", at(0));
        let amount = details.lines.iter().fold(Money::rub(0), |sum, line| sum.plus(line.amount).unwrap());
        let order = Order::new(id, BillNumber::new(1), amount, commission, 1_200, details.clone(), at(0));
        Self { order, details, now: 0 }
    }

    pub fn tell(&mut self, command: &Command) -> Result<(), Refusal> {
        self.now += 1;
        let context = Context {
            now: at(self.now),
            webhook: true,
            automatic_payout: true,
            jitter: 0,
            accounts: &[],
            registers: &[],
            closing_days: 30,
            refunds_paid_out: false,
            wait: domain::maturity::Wait::default(),
        };
        if let Decision::Changed(change) = decide(&self.order, &self.details, command, &context)? {
            self.order = change.order;
        }
        Ok(())
    }

    /// The bank does everything it was asked for.
    pub fn bank_does_it(&mut self, points: Option<Money>) {
        let open: Vec<_> = self.order.operations.iter().filter(|operation| operation.is_open()).cloned().collect();
        for operation in open {
            let points = points.filter(|_| operation.kind == OperationKind::Payment);
            let amount = points.map_or(operation.amount, |points| operation.amount.minus(points).unwrap());
            let report = BankReport { points, ..BankReport::new(None, BankState::Succeeded(amount)) };
            self.tell(&Command::BankReported { operation: operation.no, report, asked: true }).unwrap();
        }
    }

    pub fn pay(&mut self, points: Option<Money>) {
        let split = !self.details.payment.children.is_empty();
        let start = if split {
            let means = Some("mns_1".to_owned());
            Start { means, by: Initiator::Partner, hold_seconds: 604_800, ..Start::default() }
        } else {
            Start { hold_seconds: 604_800, ..Start::default() }
        };
        self.tell(&Command::StartPayment(start)).unwrap();
        self.bank_does_it(points);
    }

    fn what(&self, ask: &Ask) -> What {
        let lines = self.order.basket(&self.details);
        let at = |no: u8| usize::from(no) % lines.len();
        let one = |at: usize, quantity: Decimal| What::Lines(vec![(u8::try_from(at + 1).unwrap(), quantity)]);
        match *ask {
            Ask::All => What::Whole,
            Ask::Share(thousandths) => {
                let stands = self.order.held().unwrap().plus(self.order.kept().unwrap()).unwrap();
                What::Amount(stands.times(Decimal::new(i64::from(thousandths), 3)).unwrap())
            }
            Ask::Line(no, thousandths) => {
                let quantity = lines[at(no)].quantity * Decimal::new(i64::from(thousandths), 3);
                one(at(no), quantity)
            }
            Ask::Unit(no) => one(at(no), Decimal::ONE),
        }
    }

    /// Asks, and the bank does it; what can not be asked for is refused and changes nothing.
    pub fn capture(&mut self, ask: &Ask) -> bool {
        let what = self.what(ask);
        let done = self.tell(&Command::Capture { what, by: Initiator::Partner }).is_ok();
        self.bank_does_it(None);
        done
    }

    pub fn give_back(&mut self, ask: &Ask) -> bool {
        let done = self.owe(ask);
        self.bank_does_it(None);
        done
    }

    /// Asks, and the bank lets itself time.
    pub fn owe(&mut self, ask: &Ask) -> bool {
        let what = self.what(ask);
        let cancellation =
            Cancellation { by: Initiator::Partner, what, reason: None, terminal: Some("rrn-2".into()), asked: None };
        self.tell(&Command::Cancel(cancellation)).is_ok()
    }

    /// The bank captures or gives back by itself so many thousandths of what it could, as its own cabinet or the end of a hold
    /// makes it.
    pub fn bank_moves(&mut self, thousandths: u32) -> bool {
        let Some(payment) = self.order.standing_payment().cloned() else { return false };
        let figures = self.order.figures(&payment).unwrap();
        let share = |of: Money| of.times(Decimal::new(i64::from(thousandths), 3)).unwrap();
        let (captured, refunded) = if figures.held.is_positive() {
            (share(figures.held), figures.returned)
        } else {
            let kept = figures.kept().unwrap();
            (figures.captured, figures.returned.plus(share(kept)).unwrap())
        };
        if self.order.open_operation_of(payment.no).is_some() || !captured.is_positive() {
            return false;
        }
        let standing = Standing { held: captured.zero(), captured, refunded };
        let report = BankReport::new(None, BankState::Stands(standing));
        self.tell(&Command::BankReported { operation: payment.no, report, asked: true }).unwrap();
        self.bank_does_it(None);
        true
    }

    /// The basket is cut down while its money is held.
    pub fn edit(&mut self) -> bool {
        let mut lines = self.order.basket(&self.details).to_vec();
        lines.pop();
        self.tell(&Command::Edit { lines, by: Initiator::Partner }).is_ok()
    }

    /// A person takes the money.
    pub fn collect(&mut self, method: Method) {
        let collected = Some(Collected {
            place: "Москва, Тверская, 1".into(),
            cashier: Some(Cashier { name: "Иванова И. И.".into(), inn: Some("500100732259".into()) }),
        });
        self.tell(&Command::Collect { method, reference: "rrn-1".into(), collected }).unwrap();
    }

    /// The register prints one of the receipts that are due, with one rate for another if so asked.
    pub fn print(&mut self, which: u8, other: Option<(u8, u8)>) -> bool {
        self.print_over(which, other, 0)
    }

    /// The same, over a total that is so many kopecks more than was sent.
    pub fn print_over(&mut self, which: u8, other: Option<(u8, u8)>, more: i64) -> bool {
        let due: Vec<_> = self.order.receipts.iter().filter(|receipt| receipt.fiscal.is_none()).cloned().collect();
        if due.is_empty() {
            return false;
        }
        let receipt = &due[usize::from(which) % due.len()];
        let fiscal = Fiscal {
            drive: "9999078900000001".into(),
            document: u64::from(receipt.no),
            sign: "1234567890".into(),
            register: "0000000000000001".into(),
            shift: 1,
            number: u32::from(receipt.no),
            at: at(self.now),
            total: self.document(receipt).total.plus(Money::rub(more)).unwrap(),
        };
        let differs = other.map(|rate| Difference { text: "VAT rate (1199)".into(), rates: vec![rate] });
        let wrong = differs.is_some() || more != 0;
        self.tell(&Command::ReceiptIssued { receipt: receipt.no, fiscal, differs }).unwrap();
        let corrected = self.tell(&Command::CorrectReceipt { receipt: receipt.no });
        assert_eq!(corrected.is_ok(), wrong);
        true
    }

    pub fn fulfil(&mut self) -> bool {
        let done = self.tell(&Command::ExecutionReported(ExecutionOutcome::Fulfilled)).is_ok();
        self.bank_does_it(None);
        done
    }

    pub fn document(&self, receipt: &Receipt) -> ReceiptDocument {
        self.document_by(receipt, None)
    }

    pub fn document_by(&self, receipt: &Receipt, register: Option<&Register>) -> ReceiptDocument {
        let (agent, partner) = (agent(), partner());
        let issuer = Issuer { agent: &agent, partner: &partner, register, place: "https://pay.example" };
        self.order.receipt_document(receipt, &self.details, issuer).unwrap()
    }

    /// What receipts of such a kind and stage say of each line, together.
    pub fn said(&self, kind: ReceiptKind, wanted: impl Fn(Stage) -> bool) -> BTreeMap<u8, i64> {
        let mut said = BTreeMap::new();
        let first = |receipt: &&Receipt| {
            receipt.kind == kind && receipt.share == 0 && receipt.corrects.is_none() && wanted(receipt.stage)
        };
        for receipt in self.order.receipts.iter().filter(first) {
            for Part { line, amount, .. } in self.order.receipt_parts(receipt, &self.details).unwrap() {
                *said.entry(line).or_default() += amount.minor();
            }
        }
        said.retain(|_, minor| *minor != 0);
        said
    }

    /// The sum of the documents of such a kind and stage, in kopecks.
    pub fn total(&self, kind: ReceiptKind, wanted: impl Fn(Stage) -> bool) -> i64 {
        let of = |receipt: &&Receipt| receipt.kind == kind && receipt.corrects.is_none() && wanted(receipt.stage);
        self.order.receipts.iter().filter(of).map(|receipt| self.document(receipt).total.minor()).sum()
    }

    /// Captured and returned over all payments, in kopecks.
    pub fn moved(&self) -> (i64, i64) {
        let figures = self.order.payments().map(|payment| self.order.figures(payment).unwrap());
        figures
            .fold((0, 0), |(captured, returned), of| (captured + of.captured.minor(), returned + of.returned.minor()))
    }
}
