//! An order on its way: its details, its account at a bank, and the time.

use std::borrow::Borrow;

use domain::acquiring::{Account, Credentials, Feature, Lapse, Method, MethodTerms, SavedMeans, Standing};
use domain::commission::CommissionTerms;
use domain::details::{Child, Contact, Details, Language, Line, PaymentTerms, Scenario, Source, Subject};
use domain::id::{BillNumber, Mode, OrderId, Tenant};
use domain::money::{Currency, Money};
use domain::order::{
    BankReport, BankState, Command, Context, Decision, DeclineReason, Initiator, Operation, Order, Refusal, Start,
    TaskId, decide,
};
use domain::partner::{Button, Channel, Returns};
use domain::receipt::Fiscal;
use domain::tax::VatRate;
use domain::time::Timestamp;
use rust_decimal::Decimal;

/// When every tale begins: a Wednesday afternoon in Moscow.
const START: i64 = 1_795_000_000;
/// Kopecks of every order.
pub const AMOUNT: i64 = 300_000;
/// Seconds of a minute, an hour and a day.
pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 24 * HOUR;
/// Seconds every hold stays.
pub const HOLD: i64 = 7 * DAY;

/// Seconds since the tale began as a moment.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// Roubles.
pub fn rub(roubles: i64) -> Money {
    Money::rub(roubles * 100)
}

/// Kopecks held, captured and refunded.
pub fn standing(held: i64, captured: i64, refunded: i64) -> BankState {
    let money = Money::rub;
    BankState::Stands(Standing { held: money(held), captured: money(captured), refunded: money(refunded) })
}

/// An order, and all a decision about it looks at.
#[derive(Debug, Clone)]
pub struct Tale {
    pub order: Order,
    pub details: Details,
    pub accounts: Vec<Account>,
    /// Seconds since it began.
    pub now: i64,
}

/// A line of two units.
pub fn line(name: &str, roubles: i64) -> Line {
    Line {
        name: name.into(),
        price: Money::rub(roubles * 50),
        quantity: Decimal::TWO,
        amount: rub(roubles),
        vat: VatRate::None,
        subject: Subject::Service,
        particulars: domain::details::Particulars::default(),
    }
}

/// Two children: 2000.00 and 1000.00.
pub fn children(least: u8) -> PaymentTerms {
    let child = |line: u8, roubles| Child {
        name: format!("Склад {line}"),
        lines: vec![line],
        amount: rub(roubles),
        entity: None,
    };
    PaymentTerms {
        children: vec![child(1, 2_000), child(2, 1_000)],
        children_least: least,
        customer: Some("buyer-1".into()),
        ..PaymentTerms::default()
    }
}

/// An account that can do everything, or nothing in parts.
fn account(all: bool) -> Account {
    let terms = |method| MethodTerms {
        method,
        hold: Feature::Approved,
        save: Feature::Approved,
        partial_capture: all,
        partial_void: all,
        partial_refund: all,
        reversal: all,
        points: true,
        least_minor: 1,
        greatest_minor: 100_000_000,
        currencies: vec![Currency::RUB],
        hold_seconds: u32::try_from(HOLD).unwrap(),
        hold_counts_today: false,
        lapse: Lapse::Released,
    };
    Account {
        id: "bank".into(),
        bank: "test".into(),
        entity: None,
        priority: 0,
        enabled: true,
        nominal: false,
        methods: vec![terms(Method::Card)],
        acquiring: Vec::new(),
        address: None,
        credentials: Credentials::default(),
    }
}

impl Tale {
    /// An order of 3000.00: two units of 1000.00 and two of 500.00.
    pub fn new(terms: PaymentTerms) -> Self {
        let details = Details {
            number: "A-1".into(),
            description: None,
            lines: vec![line("A", 2_000), line("B", 1_000)],
            email: Some(Contact { value: "b@example.com".into(), source: Source::Buyer }),
            phone: None,
            channels: vec![Channel::Email],
            returns: Returns::default(),
            button: Button::Pay,
            language: Language::Ru,
            metadata: None,
            templates: vec![],
            scenario: Scenario::default(),
            consent: None,
            payment: terms,
            receipts: domain::order::ReceiptScheme::Full,
            firm: None,
        };
        let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
        let commission = CommissionTerms {
            percent: Decimal::new(35, 1),
            fixed_minor: 0,
            least_minor: 0,
            greatest_minor: None,
            vat_percent: Decimal::ZERO,
        };
        let id = OrderId::new(tenant, "A-1", at(0));
        let amount = Money::rub(AMOUNT);
        let order = Order::new(id, BillNumber::new(1), amount, commission, 1_200, details.clone(), at(0));
        Self { order, details, accounts: vec![account(true)], now: MINUTE }
    }

    /// At a bank that does nothing in parts and undoes no capture.
    pub fn at_a_plain_bank(mut self) -> Self {
        self.accounts = vec![account(false)];
        self
    }

    /// What becomes of a command that comes `at` these seconds.
    pub fn decide(&self, command: &Command, now: i64) -> Result<Decision, Refusal> {
        let context = Context {
            now: at(now),
            webhook: true,
            automatic_payout: true,
            jitter: 0,
            accounts: &self.accounts,
            registers: &[],
            closing_days: 30,
            refunds_paid_out: false,
            wait: domain::maturity::Wait::default(),
        };
        decide(&self.order, &self.details, command, &context)
    }

    /// The same command again must not be refused or change anything twice; what it is refused by otherwise.
    pub fn apply(&mut self, command: &Command) -> Result<(), Refusal> {
        if let Decision::Changed(change) = self.decide(command, self.now)? {
            self.order = change.order;
        }
        Ok(())
    }

    /// A command that must not be refused; all messages are delivered and all receipts printed, and a minute passes.
    pub fn does(mut self, command: impl Borrow<Command>) -> Self {
        let command = command.borrow();
        self.apply(command).unwrap_or_else(|refusal| panic!("{command:?} is refused: {refusal}"));
        self.tidy();
        self.now += MINUTE;
        self
    }

    /// Time passes.
    pub fn later(mut self, seconds: i64) -> Self {
        self.now += seconds;
        self
    }

    /// Time passes, and what is due is looked at.
    pub fn looks(self, seconds: i64) -> Self {
        self.later(seconds).does(Command::LookDue { done: vec![] })
    }

    /// Messages are delivered, receipts printed, means kept.
    pub fn tidy(&mut self) {
        for receipt in self.order.receipts.clone() {
            let total = self.order.receipt_total(&receipt, &self.details).unwrap();
            let open = self.order.operation(receipt.operation).is_some_and(Operation::is_open);
            if receipt.fiscal.is_none() && !open {
                let command = Command::ReceiptIssued { receipt: receipt.no, fiscal: fiscal(total), differs: None };
                self.apply(&command).unwrap();
            }
        }
        for task in self.order.tasks.clone() {
            if matches!(
                task.id,
                TaskId::Webhook(_) | TaskId::Notify(..) | TaskId::KeepMeans(_) | TaskId::CancelExecution
            ) {
                self.apply(&Command::TaskDone(task.id)).unwrap();
            }
        }
    }

    /// A bank that was asked says how an operation stands.
    pub fn bank(self, operation: u8, state: BankState) -> Self {
        let report = BankReport::new(None, state);
        self.does(Command::BankReported { operation, report, asked: true })
    }

    /// The bank did it.
    pub fn done(self, operation: u8) -> Self {
        let amount = self.order.operation(operation).unwrap().amount;
        self.bank(operation, BankState::Succeeded(amount))
    }

    /// The bank would not.
    pub fn declined(self, operation: u8, reason: DeclineReason) -> Self {
        self.bank(operation, BankState::Declined(reason))
    }

    /// The buyer is at the bank's page.
    pub fn started(self) -> Self {
        let no = u8::try_from(self.order.operations.len()).unwrap() + 1;
        let (reference, url) = (format!("bank-{no}"), "https://bank.example/1".into());
        self.does(Command::StartPayment(start())).does(Command::BankRegistered { operation: no, reference, url })
    }

    /// The buyer has paid, or left means.
    pub fn saves(self) -> Self {
        let started = self.started();
        let amount = started.order.operation(1).unwrap().amount;
        let report = BankReport { saved: Some(means()), ..BankReport::new(None, BankState::Succeeded(amount)) };
        started.does(Command::BankReported { operation: 1, report, asked: true })
    }
}

/// How a buyer starts to pay.
pub fn start() -> Start {
    Start { account: Some("bank".into()), hold_seconds: u32::try_from(HOLD).unwrap(), ..Start::default() }
}

/// How a partner charges saved means.
pub fn charge() -> Start {
    Start { by: Initiator::Partner, means: Some("mns_1".into()), reason: Some("собран".into()), ..start() }
}

/// What a bank has saved.
pub fn means() -> SavedMeans {
    SavedMeans { token: "t".into(), label: "Мир •• 1234".into(), valid_until: None }
}

/// What a register printed.
pub fn fiscal(total: Money) -> Fiscal {
    Fiscal {
        drive: "9999078900000001".into(),
        document: 1,
        sign: "1234567890".into(),
        register: "0000000000000001".into(),
        shift: 1,
        number: 1,
        at: at(0),
        total,
    }
}
