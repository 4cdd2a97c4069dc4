//! An order on its way, the registers its receipts are printed by, and the documents they were sent.

use domain::acquiring::{Credentials, Method};
use domain::commission::CommissionTerms;
use domain::details::{Child, Contact, Details, Firm, Line, PaymentTerms, Source};
use domain::id::{BillNumber, Mode, OrderId, Tenant};
use domain::money::Money;
use domain::order::{
    BankReport, BankState, Cancellation, Collected, Command, Context, Decision, Difference, ExecutionOutcome,
    Initiator, Issuer, NotPrinted, OperationKind, Order, Receipt, ReceiptScheme, Start, TaskId, What, decide,
};
use domain::partner::Partner;
use domain::receipt::register::{Register, RegisterKind};
use domain::receipt::{Agent, Cashier, Ffd, Fiscal, ReceiptDocument};
use domain::tax::Taxation;
use domain::time::Timestamp;
use rust_decimal::Decimal;

/// 18 November 2026, an afternoon in Moscow.
const START: i64 = 1_795_000_000;
/// Seconds of a day.
const DAY: i64 = 24 * 3_600;
/// Seconds every hold stays.
const HOLD: u32 = 7 * 86_400;

/// An order, and all that its receipts are made of.
#[derive(Debug, Clone)]
pub struct Tale {
    pub order: Order,
    pub details: Details,
    pub registers: Vec<Register>,
    /// Every document as it was sent, with the receipt's number and the time.
    pub sent: Vec<(u8, ReceiptDocument, Timestamp)>,
    now: i64,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// The platform, which owns the registers.
fn agent() -> Agent {
    Agent {
        name: "ООО «Агент»".into(),
        inn: "7727401209".into(),
        address: "Москва".into(),
        email: "receipts@agent.example".into(),
        phone: "+74950000000".into(),
        taxation: Taxation::Osn,
    }
}

/// The partner as the owner of a register.
fn owner(taxation: Taxation) -> Agent {
    let (name, inn) = ("ООО «Продавец»".into(), "7707083893".into());
    Agent { name, inn, email: "receipts@shop.example".into(), phone: "+74950000002".into(), taxation, ..agent() }
}

fn partner() -> Partner {
    let text = r#"{
        "name": "ООО «Продавец»", "inn": "7707083893", "phone": "+74950000002", "support_email": "help@shop.example",
        "vat": "vat22", "commission": {"p": "3.5"}, "returns": {}, "form_secret": "s",
        "payout": {"automatic": true, "account": {"number": "1", "bic": "1", "bank": "b", "correspondent": "1"}},
        "payment_timeout_seconds": 1200, "channels": ["email"]
    }"#;
    serde_json::from_str(text).unwrap()
}

fn register(id: &str, ffd: Ffd, priority: u8, owner: Option<Agent>) -> Register {
    Register {
        id: id.into(),
        kind: RegisterKind::Sandbox,
        ffd,
        priority,
        enabled: true,
        owner,
        group: None,
        address: None,
        credentials: Credentials::default(),
    }
}

/// How an order is to be paid and receipted; a tale begins with it.
#[derive(Debug, Clone)]
pub struct Plan {
    ffd: Ffd,
    lines: Vec<Line>,
    terms: PaymentTerms,
    scheme: ReceiptScheme,
    firm: Option<Firm>,
    owner: Option<Agent>,
}

impl Plan {
    /// One stage, full settlement, registers of the platform's.
    pub fn new(ffd: Ffd, lines: Vec<Line>) -> Self {
        Self { ffd, lines, terms: PaymentTerms::default(), scheme: ReceiptScheme::Full, firm: None, owner: None }
    }

    pub fn scheme(self, scheme: ReceiptScheme) -> Self {
        Self { scheme, ..self }
    }

    pub fn terms(self, terms: PaymentTerms) -> Self {
        Self { terms, ..self }
    }

    /// A firm buys.
    pub fn for_a_firm(self) -> Self {
        let firm = Firm { name: "АО «Покупатель»".into(), inn: "5544332219".into() };
        Self { firm: Some(firm), ..self }
    }

    /// The registers are the partner's.
    pub fn own_register(self, taxation: Taxation) -> Self {
        Self { owner: Some(owner(taxation)), ..self }
    }

    /// Each line is a child order that is paid by itself.
    pub fn split(mut self) -> Self {
        let child = |(no, line): (u8, &Line)| Child {
            name: format!("Склад {no}"),
            lines: vec![no],
            amount: line.amount,
            entity: None,
        };
        self.terms.children = (1..).zip(&self.lines).map(child).collect();
        self
    }

    /// The order is made.
    pub fn begin(self) -> Tale {
        let bare: Details = serde_json::from_str(r#"{"n": "A-1", "l": []}"#).unwrap();
        let email = Some(Contact { value: "buyer@example.com".into(), source: Source::Buyer });
        let Self { ffd, lines, terms: payment, scheme: receipts, firm, owner } = self;
        let details = Details { lines, receipts, payment, email, firm, ..bare };
        let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
        let commission = CommissionTerms {
            percent: Decimal::new(35, 1),
            fixed_minor: 0,
            least_minor: 0,
            greatest_minor: None,
            vat_percent: Decimal::ZERO,
        };
        let amount = details.lines.iter().fold(Money::rub(0), |sum, line| sum.plus(line.amount).unwrap());
        let id = OrderId::new(tenant, "A-1", at(0));
        let order = Order::new(id, BillNumber::new(1), amount, commission, 1_200, details.clone(), at(0));
        let registers = vec![register("first", ffd, 0, owner.clone()), register("second", ffd, 1, owner)];
        Tale { order, details, registers, sent: Vec::new(), now: 0 }
    }
}

impl Tale {
    pub fn at(&self) -> Timestamp {
        at(self.now)
    }

    /// A command that must not be refused; a second passes.
    fn does(&mut self, command: &Command) {
        self.now += 1;
        let context = Context {
            now: at(self.now),
            webhook: true,
            automatic_payout: false,
            jitter: 0,
            accounts: &[],
            registers: &self.registers,
            closing_days: 30,
            refunds_paid_out: false,
            wait: domain::maturity::Wait::default(),
        };
        let decision = decide(&self.order, &self.details, command, &context);
        match decision.unwrap_or_else(|refusal| panic!("{command:?} is refused: {refusal}")) {
            Decision::Changed(change) => self.order = change.order,
            Decision::AlreadyApplied => {}
        }
    }

    /// The executor takes the order, messages are delivered.
    fn tidy(&mut self) {
        for task in self.order.tasks.clone() {
            match task.id {
                TaskId::HandOver => self.does(&Command::HandedOver),
                TaskId::Webhook(_) | TaskId::Notify(..) | TaskId::KeepMeans(_) | TaskId::CancelExecution => {
                    self.does(&Command::TaskDone(task.id));
                }
                _ => {}
            }
        }
    }

    /// The bank does what it was asked for; of a payment so much by points.
    fn bank_does_it(&mut self, points: Option<Money>) {
        let open: Vec<_> = self.order.operations.iter().filter(|operation| operation.is_open()).cloned().collect();
        for operation in open {
            let points = points.filter(|_| operation.kind == OperationKind::Payment);
            let amount = points.map_or(operation.amount, |points| operation.amount.minus(points).unwrap());
            let report = BankReport { points, ..BankReport::new(None, BankState::Succeeded(amount)) };
            self.does(&Command::BankReported { operation: operation.no, report, asked: true });
        }
    }

    fn start(&mut self) {
        let by = if self.details.payment.children.is_empty() { Initiator::Buyer } else { Initiator::Partner };
        let means = (by == Initiator::Partner).then(|| "mns_1".to_owned());
        self.does(&Command::StartPayment(Start { means, by, hold_seconds: HOLD, ..Start::default() }));
    }

    /// The buyer pays; what is due is printed.
    pub fn paid(mut self) -> Self {
        self.start();
        self.bank_does_it(None);
        self.printed()
    }

    /// The buyer pays, a part of it with points.
    pub fn paid_with_points(mut self, points: i64) -> Self {
        self.start();
        self.bank_does_it(Some(Money::rub(points * 100)));
        self.printed()
    }

    /// The buyer pays; the receipts wait.
    pub fn paid_unprinted(mut self) -> Self {
        self.start();
        self.bank_does_it(None);
        self.tidy();
        self
    }

    /// A person takes the money at a point of sale.
    pub fn collected(mut self, method: Method) -> Self {
        let cashier = Some(Cashier { name: "Иванова И. И.".into(), inn: Some("500100732259".into()) });
        let collected = Some(Collected { place: "Москва, ул. Тверская, 1".into(), cashier });
        self.does(&Command::Collect { method, reference: "rrn-1".into(), collected });
        self.printed()
    }

    pub fn captured(mut self, what: What) -> Self {
        self.does(&Command::Capture { what, by: Initiator::Partner });
        self.bank_does_it(None);
        self.printed()
    }

    /// The partner gives back, or lets go.
    pub fn gives_back(self, what: What) -> Self {
        self.gives_back_unprinted(what).printed()
    }

    /// The partner gives back; the receipts wait.
    pub fn gives_back_unprinted(mut self, what: What) -> Self {
        // A terminal's refund has a reference of its own each time.
        let terminal = Some(format!("rrn-{}", self.order.operations.len() + 1));
        let cancellation = Cancellation { by: Initiator::Partner, what, reason: None, terminal, asked: None };
        self.does(&Command::Cancel(cancellation));
        self.bank_does_it(None);
        self
    }

    pub fn fulfilled(mut self) -> Self {
        self.does(&Command::ExecutionReported(ExecutionOutcome::Fulfilled));
        self.bank_does_it(None);
        self.printed()
    }

    pub fn edited(mut self, lines: Vec<Line>) -> Self {
        self.does(&Command::Edit { lines, by: Initiator::Partner });
        self
    }

    /// A day passes.
    pub fn a_day_later(mut self) -> Self {
        self.now += DAY;
        self.does(&Command::LookDue { done: vec![] });
        self.tidy();
        self
    }

    fn next(&self) -> Option<Receipt> {
        self.order.receipts.iter().find(|receipt| receipt.fiscal.is_none()).cloned()
    }

    fn print(&mut self, receipt: &Receipt, differs: Option<Difference>) {
        let document = self.document(receipt);
        let fiscal = Fiscal {
            drive: "9999078900000001".into(),
            document: u64::from(receipt.no),
            sign: format!("30000000{:02}", receipt.no),
            register: "0000000000000001".into(),
            shift: 1,
            number: u32::from(receipt.no),
            at: at(self.now),
            total: document.total,
        };
        self.sent.push((receipt.no, document, at(self.now)));
        self.does(&Command::ReceiptIssued { receipt: receipt.no, fiscal, differs });
    }

    /// All that is due is printed as it was sent.
    pub fn printed(mut self) -> Self {
        while let Some(receipt) = self.next() {
            self.print(&receipt, None);
        }
        self.tidy();
        self
    }

    /// The next that is due is printed as it was sent.
    pub fn printed_one(mut self) -> Self {
        let receipt = self.next().unwrap();
        self.print(&receipt, None);
        self
    }

    /// The register prints one rate for another (tag 1199), and the receipt is corrected.
    pub fn misprinted(mut self, sent: u8, printed: u8) -> Self {
        let receipt = self.next().unwrap();
        let text = format!("VAT rate (1199): sent {sent}, printed {printed}");
        self.print(&receipt, Some(Difference { text, rates: vec![(sent, printed)] }));
        self.does(&Command::CorrectReceipt { receipt: receipt.no });
        self
    }

    /// The register has surely not printed the next receipt.
    pub fn not_printed(mut self, why: NotPrinted) -> Self {
        let Receipt { no, register, attempt, .. } = self.next().unwrap();
        self.does(&Command::ReceiptNotPrinted { receipt: no, register, attempt, why });
        self
    }

    /// What a register is asked to print, as the order stands.
    pub fn document(&self, receipt: &Receipt) -> ReceiptDocument {
        let (agent, partner) = (agent(), partner());
        let register = self.registers.iter().find(|register| Some(&register.id) == receipt.register.as_ref());
        assert!(register.is_some(), "receipt {} is pinned to no register: {:?}", receipt.no, receipt.register);
        let issuer = Issuer { agent: &agent, partner: &partner, register, place: "https://pay.example" };
        self.order.receipt_document(receipt, &self.details, issuer).unwrap()
    }

    pub fn receipt(&self, no: u8) -> &Receipt {
        self.order.receipts.iter().find(|receipt| receipt.no == no).unwrap()
    }
}
