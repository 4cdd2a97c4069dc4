//! What is true of every history of an order: whatever comes, in whatever order, however often.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::acquirer::{AcquirerTerms, OnRefund};
use crate::acquiring::{Account, Credentials, Feature, Lapse, Method, MethodTerms, SavedMeans, Stages, Standing};
use crate::audit::audit;
use crate::details::{CaptureRule, Child, Contact, Language, Line, PaymentTerms, Purpose, Scenario, Source, Subject};
use crate::id::{Mode, Tenant};
use crate::ledger;
use crate::money::Currency;
use crate::partner::{Button, Channel, Returns};
use crate::receipt::Fiscal;
use crate::tariff::{Group, Pricing, RefundedFee, Rule, Service};
use crate::tax::VatRate;

const START: i64 = 1_795_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

pub(super) fn details() -> Details {
    let price = Money::rub(300_000);
    Details {
        number: "A-1".into(),
        description: None,
        lines: vec![Line {
            name: "Выписка".into(),
            price,
            quantity: Decimal::ONE,
            amount: price,
            vat: VatRate::None,
            subject: Subject::Service,
            particulars: crate::details::Particulars::default(),
        }],
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
        payment: PaymentTerms::default(),
        receipts: crate::order::ReceiptScheme::Full,
        firm: None,
    }
}

pub(super) fn order() -> Order {
    let tenant = Tenant::try_new("demoshop", Mode::Test).unwrap();
    let commission = CommissionTerms {
        percent: Decimal::new(35, 1),
        fixed_minor: 0,
        least_minor: 0,
        greatest_minor: None,
        vat_percent: Decimal::ZERO,
    };
    let id = OrderId::new(tenant, "A-1", at(0));
    Order::new(id, BillNumber::new(1), Money::rub(300_000), commission, 1_200, details(), at(0))
}

pub(super) fn context(seconds: i64) -> Context<'static> {
    Context {
        now: at(seconds),
        webhook: true,
        automatic_payout: true,
        jitter: 0,
        accounts: &[],
        registers: &[],
        closing_days: 30,
        refunds_paid_out: false,
        wait: crate::maturity::Wait::default(),
    }
}

fn fiscal(minor: i64, seconds: i64) -> Fiscal {
    Fiscal {
        drive: "9999078900000001".into(),
        document: 1,
        sign: "1234567890".into(),
        register: "0000000000000001".into(),
        shift: 1,
        number: 1,
        at: at(seconds),
        total: Money::rub(minor),
    }
}

pub(super) fn start() -> Command {
    Command::StartPayment(Start { hold_seconds: 604_800, ..Start::default() })
}

fn succeeded() -> BankReport {
    BankReport::new(None, BankState::Succeeded(Money::rub(300_000)))
}

/// Applies commands one second apart from `seconds` on; panics on a refusal.
fn after(order: Order, seconds: i64, commands: &[Command]) -> Order {
    after_with(&details(), order, seconds, commands)
}

fn after_with(details: &Details, mut order: Order, mut seconds: i64, commands: &[Command]) -> Order {
    for command in commands {
        match decide(&order, details, command, &context(seconds)).unwrap() {
            Decision::Changed(change) => order = change.order,
            Decision::AlreadyApplied => {}
        }
        seconds += 1;
    }
    order
}

fn pay(no: u8) -> [Command; 2] {
    [start(), Command::BankReported { operation: no, report: succeeded(), asked: true }]
}

fn refuse(order: &Order, seconds: i64, command: &Command) -> Refusal {
    decide(order, &details(), command, &context(seconds)).unwrap_err()
}

#[test]
fn a_paid_order_owes_a_receipt_a_hand_over_and_a_webhook_and_credits_the_partner_net() {
    let paid = after(order(), 1, &pay(1));
    assert_eq!(paid.status(), Status::Paid);
    let tasks: Vec<_> = paid.tasks.iter().map(|task| task.id.to_string()).collect();
    assert_eq!(tasks, ["w3", "r1", "h"]);
    assert_eq!(paid.net().unwrap(), Money::rub(289_500));
    assert_eq!(audit(&paid, at(3), true), []);
}

#[test]
fn a_receipt_that_no_register_prints_is_said() {
    let failed = Command::TaskFailed { task: TaskId::Receipt(1), forever: false, retry_after_seconds: None };
    let most = usize::from(crate::audit::RECEIPT_FAILURES_MAX);
    let late = after(after(order(), 1, &pay(1)), 3, &vec![failed.clone(); most - 1]);
    assert_eq!(audit(&late, at(60), true), []);
    let rules = |order: &Order| audit(order, at(60), true).iter().map(|found| found.rule).collect::<Vec<_>>();
    let stuck = after(late, 60, &[failed]);
    assert_eq!(rules(&stuck), ["stuck.receipt"]);
    let issued = Command::ReceiptIssued { receipt: 1, fiscal: fiscal(300_000, 61), differs: None };
    let printed = after(stuck, 61, &[issued]);
    assert_eq!(rules(&printed), [""; 0]);
}

#[test]
fn another_amount_is_refused_and_changes_nothing() {
    let pending = after(order(), 1, &[start()]);
    let report = BankReport::new(None, BankState::Succeeded(Money::rub(299_900)));
    let refusal = refuse(&pending, 2, &Command::BankReported { operation: 1, report, asked: true });
    assert_eq!(refusal.to_string(), "the bank reports 2999.00 RUB, the operation is over 3000.00 RUB");
}

#[test]
fn nobody_pays_twice_while_an_outcome_is_unknown() {
    let pending = after(order(), 1, &[start()]);
    assert_eq!(refuse(&pending, 2, &start()), Refusal::PaymentUnderWay(1));
}

#[test]
fn a_second_success_is_refunded_by_itself() {
    let declined = BankReport::new(None, BankState::Declined(DeclineReason::InsufficientFunds));
    let both = after(
        order(),
        1,
        &[
            start(),
            Command::BankReported { operation: 1, report: declined, asked: true },
            start(),
            Command::BankReported { operation: 2, report: succeeded(), asked: true },
            Command::BankReported { operation: 1, report: succeeded(), asked: true },
        ],
    );
    // Operation 1 was declined, and a decline is believed; a success after it is money, and goes back.
    assert_eq!(both.standing_payment().map(|payment| payment.no), Some(2));
    assert!(both.returns_of(1).next().is_some());
    assert_eq!(audit(&both, at(6), true), []);
}

#[test]
fn an_order_nobody_pays_expires_and_a_late_payment_goes_back() {
    let look = Command::LookDue { done: vec![] };
    let expired = after(order(), 1_200, &[look]);
    assert_eq!(expired.status(), Status::Expired);
    assert_eq!(expired.next_due(true), expired.tasks.iter().map(|task| task.next_at).min());

    let started = after(order(), 1, &[start()]);
    let timed_out = BankReport::new(None, BankState::Declined(DeclineReason::TimedOut));
    let gone = after(started, 1_201, &[Command::BankReported { operation: 1, report: timed_out, asked: true }]);
    assert_eq!(gone.status(), Status::Expired);
    let late = after(gone, 1_900, &[Command::BankReported { operation: 1, report: succeeded(), asked: true }]);
    assert_eq!(late.status(), Status::Refunding);
    assert_eq!(audit(&late, at(1_901), true), []);
}

#[test]
fn an_order_does_not_expire_while_the_bank_has_not_said_what_became_of_its_payment() {
    let started = after(order(), 1, &[start()]);
    let looked = after(started, 1_300, &[Command::LookDue { done: vec![] }]);
    assert_eq!(looked.status(), Status::Checking);
    let paid = after(looked, 1_301, &[Command::BankReported { operation: 1, report: succeeded(), asked: true }]);
    assert_eq!(paid.status(), Status::Paid);
}

/// The bank was asked, and this is how the payment stands.
fn stands(held: i64, captured: i64, refunded: i64) -> Command {
    let money = Money::rub;
    let standing = Standing { held: money(held), captured: money(captured), refunded: money(refunded) };
    Command::BankReported { operation: 1, report: BankReport::new(None, BankState::Stands(standing)), asked: true }
}

fn cancel(what: What) -> Command {
    Command::Cancel(Cancellation { by: Initiator::Partner, what, reason: None, terminal: None, asked: None })
}

#[test]
fn of_a_hold_the_bank_captured_while_a_part_was_to_be_captured_the_rest_goes_back() {
    let mut two = details();
    two.payment.stages = Stages::Two;
    let part = Command::Capture { what: What::Amount(Money::rub(200_000)), by: Initiator::Partner };
    let taken = after_with(&two, order(), 1, &[start(), stands(300_000, 0, 0), part, stands(0, 300_000, 0)]);
    let operations: Vec<_> = taken.operations.iter().map(|o| (o.amount.minor(), o.told(), o.state())).collect();
    let declined = TransactionState::Declined(DeclineReason::Other);
    assert_eq!(
        operations[1..],
        [
            (200_000, Some(TransactionKind::Capture), declined),
            (300_000, Some(TransactionKind::Capture), TransactionState::Succeeded),
            (100_000, Some(TransactionKind::Refund), TransactionState::Intended),
        ]
    );
    let captured = taken.journal.iter().find(|entry| entry.event == Event::Captured).unwrap();
    assert_eq!(taken.event_code(captured), "order.paid", "a part of it goes back, the payment stands");
    let back = after_with(&two, taken, 9, &[stands(0, 300_000, 100_000)]);
    assert_eq!((back.kept().unwrap(), back.open_operation_of(1)), (Money::rub(200_000), None));
    assert_eq!(audit(&back, at(10), true), []);
}

#[test]
fn a_refund_that_is_through_shows_that_an_earlier_one_was_taken_back() {
    let part = cancel(What::Amount(Money::rub(100_000)));
    let first = after(after(order(), 1, &pay(1)), 10, &[part, stands(0, 300_000, 100_000), cancel(What::Whole)]);
    assert_eq!(first.open_operation_of(1).map(|open| (open.no, open.amount)), Some((3, Money::rub(200_000))));
    // A half of the second alone is no sum of refunds: it is asked about again.
    assert_eq!(after(first.clone(), 19, &[stands(0, 300_000, 150_000)]).operations, first.operations);
    let seen = after(first, 20, &[stands(0, 300_000, 200_000)]);
    assert_eq!(seen.open_operation_of(1).map(|open| (open.no, open.attempt())), Some((2, 1)));
    assert!(seen.operation(3).is_some_and(Operation::succeeded));
    assert_eq!(seen.taken().unwrap(), Money::rub(100_000));
    assert_eq!(audit(&seen, at(21), true), []);
}

#[test]
fn news_older_than_a_refunds_being_taken_back_settles_nothing_of_it() {
    let part = |minor| cancel(What::Amount(Money::rub(minor)));
    let first = after(after(order(), 1, &pay(1)), 10, &[part(100_000), stands(0, 300_000, 100_000)]);
    let undone = after(first, 20, &[stands(0, 300_000, 0)]);
    let tried = undone.open_operation_of(1).map(|open| (open.no, open.attempt()));
    assert_eq!(tried, Some((2, 1)));
    let news = |minor| {
        let standing = Standing { held: Money::rub(0), captured: Money::rub(300_000), refunded: Money::rub(minor) };
        let report = BankReport::new(None, BankState::Stands(standing));
        Command::BankReported { operation: 1, report, asked: false }
    };
    assert_eq!(after(undone.clone(), 30, &[news(100_000)]).operations, undone.operations, "told again, late");
    let done = after(undone, 40, &[stands(0, 300_000, 100_000)]);
    assert_eq!(done.open_operation_of(1), None, "asked, the bank says the truth of now");

    // Of two under way that one is through whose sum went back.
    let first = after(after(order(), 1, &pay(1)), 10, &[part(100_000), stands(0, 300_000, 100_000), part(150_000)]);
    let both = after(first, 20, &[stands(0, 300_000, 0)]);
    for told in [news(150_000), stands(0, 300_000, 150_000)] {
        let seen = after(both.clone(), 30, &[told]);
        assert_eq!(seen.open_operation_of(1).map(|open| (open.no, open.attempt())), Some((2, 1)));
        assert!(seen.operation(3).is_some_and(Operation::succeeded));
    }
    // What fits none of them may be of the time before: it settles none, until the bank was asked.
    assert_eq!(after(both.clone(), 30, &[news(160_000)]).operations, both.operations);
    let asked = after(both, 30, &[stands(0, 300_000, 160_000)]);
    assert!(asked.operation(2).is_some_and(Operation::succeeded));
}

#[test]
fn news_of_an_earlier_attempt_changes_nothing_of_a_later_one() {
    let first = after(after(order(), 1, &pay(1)), 10, &[cancel(What::Amount(Money::rub(100_000)))]);
    let told = |state, attempt| {
        let report = BankReport::new(None, state).of_attempt(attempt);
        Command::BankReported { operation: 2, report, asked: false }
    };
    let (done, taken_back) = (BankState::Succeeded(Money::rub(100_000)), BankState::Declined(DeclineReason::Other));
    let again = after(first, 20, &[told(done, 0), told(taken_back, 0)]);
    assert_eq!(again.open_operation_of(1).map(Operation::attempt), Some(1));
    for late in [told(done, 0), told(taken_back, 0)] {
        assert_eq!(after(again.clone(), 30, &[late]).operations, again.operations);
    }
    let through = after(again, 30, &[told(done, 1)]);
    assert_eq!(after(through.clone(), 40, &[told(taken_back, 0)]).operations, through.operations);
    assert!(through.operation(2).is_some_and(Operation::succeeded));
}

#[test]
fn the_same_answer_again_settles_nothing_more() {
    let part = |minor| cancel(What::Amount(Money::rub(minor)));
    let first = after(after(order(), 1, &pay(1)), 10, &[part(1), stands(0, 300_000, 1), part(99_999)]);
    let owed = after(after(first, 20, &[stands(0, 300_000, 100_000)]), 30, &[stands(0, 300_000, 0)]);
    assert_eq!(owed.operations.iter().filter(|of| of.is_open()).count(), 2);
    let seen = after(owed, 40, &[stands(0, 300_000, 200_000)]);
    assert_eq!(after(seen.clone(), 50, &[stands(0, 300_000, 200_000)]).operations, seen.operations);
    assert_eq!(seen.figures(&seen.operations[0]).unwrap().returned, Money::rub(200_000));
}

#[test]
fn what_was_taken_for_through_is_owed_when_the_bank_names_another_of_the_same_sum() {
    let part = || cancel(What::Amount(Money::rub(100_000)));
    let first = after(after(order(), 1, &pay(1)), 10, &[part(), stands(0, 300_000, 100_000), part()]);
    // The first was taken back and the second went through: by the sum alone the first is held to be through again.
    let guessed = after(after(first, 20, &[stands(0, 300_000, 0)]), 30, &[stands(0, 300_000, 100_000)]);
    assert!(guessed.operation(2).is_some_and(Operation::succeeded));
    let report = BankReport::new(Some("r-3".into()), BankState::Succeeded(Money::rub(100_000))).of_attempt(0);
    let named = after(guessed, 40, &[Command::BankReported { operation: 3, report, asked: false }]);
    assert!(named.operation(3).is_some_and(Operation::succeeded));
    assert_eq!(named.open_operation_of(1).map(|open| (open.no, open.attempt())), Some((2, 2)));
    assert_eq!(named.figures(&named.operations[0]).unwrap().returned, Money::rub(100_000));
    assert_eq!(audit(&named, at(41), true), []);
}

#[test]
fn no_remainder_is_left_that_the_bank_would_not_move() {
    let two = Details { payment: PaymentTerms { stages: Stages::Two, ..PaymentTerms::default() }, ..details() };
    let accounts = captures(true, 100);
    let start = Start { account: Some("bank".into()), hold_seconds: 604_800, ..Start::default() };
    let held = after_with(&two, order(), 1, &[Command::StartPayment(start.clone()), stands(300_000, 0, 0)]);
    let taken = after(order(), 1, &[Command::StartPayment(start), stands(0, 300_000, 0)]);
    for (details, order, words) in [
        (&two, &held, "releases of so little, or all but so little"),
        (&details(), &taken, "refunds of so little, or all but so little"),
    ] {
        let step = |minor| {
            let context = Context { accounts: &accounts, ..context(5) };
            decide(order, details, &cancel(What::Amount(Money::rub(minor))), &context)
        };
        for so_little in [99, 300_000 - 99] {
            assert_eq!(step(so_little), Err(Refusal::Unsupported(words)), "{so_little}");
        }
        for enough in [100, 300_000 - 100, 300_000] {
            assert!(matches!(step(enough), Ok(Decision::Changed(_))), "{enough}");
        }
    }
}

#[test]
fn what_the_bank_gave_back_of_itself_and_took_again_is_owed_where_the_order_ended_by_it() {
    let gone = after(after(order(), 1, &pay(1)), 10, &[stands(0, 300_000, 300_000)]);
    assert_eq!(gone.status(), Status::Refunded);
    let again = after(gone, 90_000, &[stands(0, 300_000, 0)]);
    assert_eq!(again.open_operation_of(1).map(|open| open.no), Some(2));
    let fulfilled = [Command::HandedOver, Command::ExecutionReported(ExecutionOutcome::Fulfilled)];
    let done = after(after(order(), 1, &pay(1)), 10, &fulfilled);
    let done = after(done, 20, &[stands(0, 300_000, 300_000)]);
    let won = after(done.clone(), 90_000, &[stands(0, 300_000, 0)]);
    assert_eq!(won.operations, done.operations, "a dispute the shop has won is not given away");
}

/// Of an account with one method: what it captures.
fn captures(partial_capture: bool, least_minor: i64) -> Vec<Account> {
    let terms = MethodTerms {
        method: Method::Card,
        hold: Feature::Approved,
        save: Feature::Approved,
        partial_capture,
        partial_void: true,
        partial_refund: true,
        reversal: true,
        points: false,
        least_minor,
        greatest_minor: 100_000_000,
        currencies: vec![Currency::RUB],
        hold_seconds: 604_800,
        hold_counts_today: false,
        lapse: Lapse::Released,
    };
    vec![Account {
        id: "bank".into(),
        bank: "test".into(),
        entity: None,
        priority: 0,
        enabled: true,
        nominal: false,
        methods: vec![terms],
        acquiring: Vec::new(),
        address: None,
        credentials: Credentials::default(),
    }]
}

#[test]
fn a_bank_charges_for_what_is_captured_and_gives_back_what_its_terms_say() {
    let two = Details { payment: PaymentTerms { stages: Stages::Two, ..PaymentTerms::default() }, ..details() };
    let charged = |order: &Order| -> i64 {
        let postings = order.journal.iter().flat_map(|entry| &entry.postings);
        ledger::balance(ledger::Account::Acquiring, Money::rub(0), postings).unwrap().minor()
    };
    // Kept; returned with a refund of a third; a reversal of the same day, which no bank charges for.
    for (refunds, later, part, left) in [
        (OnRefund::Kept, 200_000, What::Amount(Money::rub(100_000)), 6_300),
        (OnRefund::Returned, 200_000, What::Amount(Money::rub(100_000)), 4_200),
        (OnRefund::Kept, 20, What::Whole, 0),
    ] {
        let mut accounts = captures(true, 100);
        let since = jiff::civil::date(2020, 1, 1);
        let percent = Decimal::new(21, 1);
        accounts[0].acquiring = vec![AcquirerTerms {
            method: None,
            since,
            percent,
            fixed_minor: 0,
            least_minor: 0,
            greatest_minor: None,
            refunds,
        }];
        let step = |order: &Order, seconds, command: &Command| {
            let context = Context { accounts: &accounts, ..context(seconds) };
            let Decision::Changed(change) = decide(order, &two, command, &context).unwrap() else { panic!() };
            change.order
        };
        let start = Start { account: Some("bank".into()), hold_seconds: 604_800, ..Start::default() };
        let held = step(&step(&order(), 1, &Command::StartPayment(start)), 2, &stands(300_000, 0, 0));
        assert_eq!((held.held().unwrap(), charged(&held)), (Money::rub(300_000), 0), "nothing for a hold");
        let capture = Command::Capture { what: What::Whole, by: Initiator::Partner };
        let taken = step(&step(&held, 3, &capture), 4, &stands(0, 300_000, 0));
        assert_eq!(charged(&taken), 6_300);
        let postings = taken.journal.iter().flat_map(|entry| &entry.postings);
        let at_bank = ledger::balance(ledger::Account::BankClearing, Money::rub(0), postings).unwrap();
        assert_eq!(at_bank, Money::rub(293_700));
        assert_eq!(taken.owed().unwrap(), Money::rub(289_500), "the partner bears none of it");
        let back = Cancellation { by: Initiator::Partner, what: part, reason: None, terminal: None, asked: None };
        let asked = step(&taken, later, &Command::Cancel(back));
        let returned = asked.operations.last().unwrap().amount.minor();
        let done = step(&asked, later + 1, &stands(0, 300_000, returned));
        assert_eq!(charged(&done), left, "{refunds:?}");
        assert_eq!(audit(&done, at(0), true), vec![]);
    }
}

#[test]
fn what_of_a_hold_can_not_be_taken_goes_back_when_it_ends() {
    let terms = PaymentTerms { stages: Stages::Two, hold_end: Lapse::Captured, ..PaymentTerms::default() };
    let two = Details { payment: terms, ..details() };
    let step = |order: &Order, accounts: &[Account], seconds, command: &Command| {
        decide(order, &two, command, &Context { accounts, ..context(seconds) })
    };
    let start = Start { account: Some("bank".into()), hold_seconds: 604_800, ..Start::default() };
    let held = after_with(&two, order(), 1, &[Command::StartPayment(start), stands(300_000, 0, 0)]);
    let basket = |minor| vec![Line { price: Money::rub(minor), amount: Money::rub(minor), ..two.lines[0].clone() }];
    let edit = |minor| Command::Edit { lines: basket(minor), by: Initiator::Partner };
    let all = captures(true, 100);
    // No less than the bank takes.
    assert_eq!(step(&held, &all, 5, &edit(99)), Err(Refusal::Unsupported("captures of so little")));
    let Ok(Decision::Changed(edited)) = step(&held, &all, 5, &edit(100)) else { panic!("not edited") };
    let look = Command::LookDue { done: Vec::new() };
    let end = 604_800;
    let Ok(Decision::Changed(captured)) = step(&edited.order, &all, end, &look) else { panic!("nothing is done") };
    assert_eq!(captured.order.open_operation_of(1).map(|open| open.amount), Some(Money::rub(100)));
    // The bank has stopped to capture parts since.
    let Ok(Decision::Changed(back)) = step(&edited.order, &captures(false, 100), end, &look) else {
        panic!("nothing is done")
    };
    let open = back.order.open_operation_of(1).map(|open| (open.told(), open.amount));
    assert_eq!(open, Some((Some(TransactionKind::Void), Money::rub(300_000))));
    assert_eq!(audit(&back.order, at(end + 1), true), []);
}

#[test]
fn a_hold_the_bank_would_not_capture_is_asked_about_when_it_is_over() {
    let two = Details { payment: PaymentTerms { stages: Stages::Two, ..PaymentTerms::default() }, ..details() };
    let capture = Command::Capture { what: What::Whole, by: Initiator::Partner };
    let no = BankReport::new(None, BankState::Declined(DeclineReason::Other));
    let declined = Command::BankReported { operation: 2, report: no, asked: true };
    let asked = [Command::TaskDone(TaskId::AskBank(1)), Command::LookDue { done: vec![TaskId::HandOver] }];
    let refused = after_with(&two, order(), 1, &[start(), stands(300_000, 0, 0), capture, declined]);
    let refused = after_with(&two, refused, 10, &asked);
    let over = refused.operation(1).and_then(|payment| payment.hold_until).unwrap();
    assert!(refused.tasks.iter().all(|task| task.id != TaskId::AskBank(1)));
    let after_all = after_with(&two, refused, (over.as_second() - START) + 1, &asked[1..]);
    assert!(after_all.tasks.iter().any(|task| task.id == TaskId::AskBank(1)), "{:?}", after_all.tasks);
}

#[test]
fn means_nobody_told_of_are_asked_about_though_the_hold_was_captured_since() {
    let two = Details { payment: PaymentTerms { stages: Stages::Two, ..PaymentTerms::default() }, ..details() };
    let saving = Command::StartPayment(Start { save: true, hold_seconds: 604_800, ..Start::default() });
    let capture = Command::Capture { what: What::Whole, by: Initiator::Partner };
    let taken = after_with(&two, order(), 1, &[saving, stands(300_000, 0, 0), capture, stands(0, 300_000, 0)]);
    assert_eq!(taken.taken().unwrap(), Money::rub(300_000));
    assert!(taken.tasks.iter().any(|task| task.id == TaskId::AskBank(1)), "{:?}", taken.tasks);
}

#[test]
fn means_nobody_told_of_are_asked_about_a_day_later() {
    let saving = Command::StartPayment(Start { save: true, ..Start::default() });
    let paid = after(order(), 1, &[saving, stands(0, 300_000, 0)]);
    let asked = paid.tasks.iter().find(|task| task.id == TaskId::AskBank(1));
    assert_eq!(asked.map(|task| task.next_at), Some(at(2 + RECHECK_SECONDS)));
    let means = SavedMeans { token: "t".into(), label: "Мир •• 1234".into(), valid_until: None };
    let state = BankState::Succeeded(Money::rub(300_000));
    let told = BankReport { saved: Some(means.clone()), ..BankReport::new(None, state) };
    let kept = after(paid, 90_000, &[Command::BankReported { operation: 1, report: told, asked: true }]);
    assert_eq!(kept.operation(1).and_then(|payment| payment.saved.clone()), Some(means));
    assert!(kept.tasks.iter().any(|task| task.id == TaskId::KeepMeans(1)));
}

#[test]
fn three_days_after_hand_over_the_buyer_may_cancel_and_only_one_of_cancel_and_execution_wins() {
    let handed = after(after(order(), 1, &pay(1)), 10, &[Command::HandedOver]);
    assert_eq!(refuse(&handed, 20, &Command::Cancel(Cancellation::BUYER)), Refusal::NotCancellable);
    let look = Command::LookDue { done: vec![TaskId::HandOver] };
    let just_before = after(handed.clone(), 10 + THREE_DAYS_SECONDS - 1, std::slice::from_ref(&look));
    assert!(!just_before.may_cancel());
    let overdue = after(handed, 10 + THREE_DAYS_SECONDS, &[look]);
    assert!(overdue.may_cancel());

    let late = 20 + THREE_DAYS_SECONDS;
    let cancelled = after(overdue.clone(), late, &[Command::Cancel(Cancellation::BUYER)]);
    let report = Command::ExecutionReported(ExecutionOutcome::Fulfilled);
    assert!(matches!(refuse(&cancelled, late, &report), Refusal::ExecutionEnded(ExecutionEnd::Cancelled(_))));
    let executed = after(overdue, late, &[report]);
    assert!(matches!(
        refuse(&executed, late, &Command::Cancel(Cancellation::BUYER)),
        Refusal::ExecutionEnded(ExecutionEnd::Fulfilled(_))
    ));
    assert_eq!(audit(&cancelled, at(late), true), []);
    assert_eq!(audit(&executed, at(late), true), []);
}

#[test]
fn a_buyer_may_stop_what_would_be_charged_later_until_it_is() {
    let mut ordered = order();
    ordered.means = Some(Means { id: "mns_1".into(), account: None });
    ordered.offer = None;
    assert_eq!((ordered.status(), ordered.may_cancel()), (Status::Ordered, true));
    let stopped = after(ordered, 20, &[Command::Cancel(Cancellation::BUYER)]);
    assert_eq!((stopped.status(), stopped.means.is_none(), stopped.may_cancel()), (Status::Cancelled, true, false));
}

#[test]
fn money_goes_out_no_earlier_than_three_days_after_payment_and_hand_over_and_only_once() {
    let done = [Command::HandedOver, Command::ExecutionReported(ExecutionOutcome::Fulfilled)];
    let fulfilled = after(after(order(), 1, &pay(1)), 100, &done);
    let payout = Command::PayOut { payout: "po_1".into() };
    assert_eq!(refuse(&fulfilled, 100 + THREE_DAYS_SECONDS - 1, &payout), Refusal::NotMature);
    let out = after(fulfilled, 100 + THREE_DAYS_SECONDS, std::slice::from_ref(&payout));
    assert_eq!(out.status(), Status::PaidOut);
    assert_eq!(audit(&out, at(0), true), []); // looked at early: nobody has carried the tasks out here
    let again = Command::PayOut { payout: "po_2".into() };
    assert_eq!(refuse(&out, 200 + THREE_DAYS_SECONDS, &again), Refusal::NotMature);
}

#[test]
fn the_head_of_a_paid_order_fits_in_one_kilobyte_until_it_is_handed_over() {
    let mut order = after(order(), 1, &pay(1));
    let receipt = Command::ReceiptIssued { receipt: 1, fiscal: fiscal(300_000, 5), differs: None };
    order = after(order, 5, &[receipt, Command::HandedOver]);
    let size = serde_json::to_string(&order).unwrap().len();
    assert!(size <= 850, "{size} bytes of body leave no room for the keys in 1,024");
}

/// The ways an order can be paid that the laws are tried on.
fn ways() -> impl Strategy<Value = PaymentTerms> {
    let child = |line: u8, minor| Child {
        name: format!("W{line}"),
        lines: vec![line],
        amount: Money::rub(minor),
        entity: None,
    };
    let two = PaymentTerms { stages: Stages::Two, ..PaymentTerms::default() };
    prop_oneof![
        3 => Just(PaymentTerms::default()),
        3 => Just(two.clone()),
        1 => Just(PaymentTerms { capture: CaptureRule::Fulfilled, ..two.clone() }),
        1 => Just(PaymentTerms { hold_end: Lapse::Captured, ..two.clone() }),
        1 => Just(PaymentTerms { purpose: Purpose::SaveMeans, ..PaymentTerms::default() }),
        1 => Just(PaymentTerms { purpose: Purpose::Order, ..PaymentTerms::default() }),
        1 => Just(PaymentTerms { children: vec![child(1, 200_000), child(2, 100_000)], ..PaymentTerms::default() }),
        1 => Just(PaymentTerms {
            children: vec![child(1, 200_000), child(2, 100_000)], children_least: 1, ..two
        }),
    ]
}

/// Two codes of marked units, and a product's barcode.
const CODES: [&str; 3] = [
    "010460193600546421SERIAL0000013\u{1d}91EE05\u{1d}92dGVzdA==",
    "010460193600546421SERIAL0000014\u{1d}91EE05\u{1d}92dGVzdA==",
    "4606203090785",
];

#[test]
fn marks_go_into_what_is_not_printed_yet_under_a_new_id_and_what_was_printed_stays() {
    let details = Details { receipts: ReceiptScheme::Prepayment, ..details_of(&PaymentTerms::default()) };
    let step = |order: Order, seconds, command: &Command| match decide(&order, &details, command, &context(seconds)) {
        Ok(Decision::Changed(change)) => Ok((change.order, change.send)),
        Ok(Decision::AlreadyApplied) => Ok((order, vec![])),
        Err(refusal) => Err(refusal),
    };
    let marks = |line: u8, code: usize| Command::SetMarks { marks: vec![(line, CODES[code].into())] };
    let mut paid = order();
    for (seconds, command) in (1..).zip(pay(1)) {
        paid = step(paid, seconds, &command).unwrap().0;
    }
    for (line, code) in [(1, 0), (2, 2), (3, 0), (0, 0)] {
        assert_eq!(step(paid.clone(), 4, &marks(line, code)).unwrap_err(), Refusal::NotMarkable(line));
    }
    // A prepayment names no units.
    let (named, send) = step(paid.clone(), 4, &marks(2, 0)).unwrap();
    assert_eq!((named.receipts[0].attempt, send.as_slice(), named.amount), (0, [].as_slice(), paid.amount));
    assert_eq!(named.basket(&details)[1].particulars.mark.as_deref(), Some(CODES[0]));

    let done = Command::ExecutionReported(ExecutionOutcome::Fulfilled);
    let closing = step(step(paid, 5, &Command::HandedOver).unwrap().0, 6, &done).unwrap().0;
    assert_eq!((closing.receipts[1].stage, closing.receipts[1].attempt), (Stage::Closing, 0));
    let (named, send) = step(closing, 7, &marks(2, 0)).unwrap();
    assert_eq!((named.receipts[1].attempt, send), (1, vec![TaskId::Receipt(2)]));
    assert_eq!(step(named.clone(), 8, &marks(2, 0)).unwrap().0, named, "the same again changes nothing");
    let printed = Command::ReceiptIssued { receipt: 2, fiscal: fiscal(300_000, 9), differs: None };
    let printed = step(named, 9, &printed).unwrap().0;
    assert_eq!(step(printed, 10, &marks(2, 1)).unwrap_err(), Refusal::NotMarkable(2));
}

pub(super) fn details_of(terms: &PaymentTerms) -> Details {
    let line = |name: &str, minor: i64| Line {
        name: name.into(),
        price: Money::rub(minor / 2),
        quantity: Decimal::TWO,
        amount: Money::rub(minor),
        ..details().lines[0].clone()
    };
    let (price, quantity) = (Money::rub(100_000), Decimal::ONE);
    let unit = Line { price, quantity, subject: Subject::GoodsMarked, ..line("B", 100_000) };
    let of = |line: Line, category: &str| Line {
        particulars: crate::details::Particulars { category: Some(category.into()), ..line.particulars.clone() },
        ..line
    };
    Details { lines: vec![of(line("A", 200_000), "books"), of(unit, "toys")], payment: terms.clone(), ..details() }
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(100), Just(1), Just(100_000), Just(200_000), Just(300_000), 1_i64..300_001]
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        2 => Just(What::Whole),
        1 => amount().prop_map(|minor| What::Amount(Money::rub(minor))),
        1 => (1_u8..4, 1_i64..3).prop_map(|(line, quantity)| What::Lines(vec![(line, Decimal::from(quantity))])),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let operation = 1_u8..7;
    let state = prop_oneof![
        1 => Just(BankState::Pending),
        2 => Just(BankState::Succeeded(Money::rub(300_000))),
        2 => amount().prop_map(|minor| BankState::Succeeded(Money::rub(minor))),
        4 => (amount(), amount(), amount()).prop_map(|(held, captured, refunded)| BankState::Stands(Standing {
            held: Money::rub(held), captured: Money::rub(captured), refunded: Money::rub(refunded),
        })),
        1 => Just(BankState::Declined(DeclineReason::InsufficientFunds)),
        1 => Just(BankState::NotFound),
    ];
    let saved = SavedMeans { token: "t".into(), label: "Мир •• 1234".into(), valid_until: None };
    let report = (state, any::<bool>(), prop_oneof![4 => Just(None), 1 => Just(Some(50_000))]).prop_map(
        move |(state, save, points)| BankReport {
            reference: None,
            state,
            saved: save.then(|| saved.clone()),
            points: points.map(Money::rub),
            accrued: points.map(Money::rub),
            attempt: None,
        },
    );
    let means =
        Start { means: Some("mns_1".into()), by: Initiator::Partner, hold_seconds: 604_800, ..Start::default() };
    let initiator = prop_oneof![Just(Initiator::Buyer), Just(Initiator::Partner)];
    prop_oneof![
        3 => Just(start()),
        1 => Just(Command::StartPayment(Start { save: true, hold_seconds: 3_600, ..Start::default() })),
        1 => Just(Command::StartPayment(means)),
        2 => operation.clone().prop_map(|operation| Command::BankRegistered {
            operation, reference: format!("bank-{operation}"), url: "https://bank.example/1".into(),
        }),
        14 => (operation, report, any::<bool>()).prop_map(|(operation, report, asked)| Command::BankReported {
            operation, report, asked,
        }),
        2 => (1_u8..4).prop_map(|operation| Command::GiveUp { operation }),
        2 => (1_u8..4).prop_map(|operation| Command::GiveUp { operation }),
        2 => what().prop_map(|what| Command::Capture { what, by: Initiator::Partner }),
        2 => (what(), initiator).prop_map(|(what, by)| Command::Cancel(Cancellation { by, what, reason: None, terminal: None, asked: None })),
        1 => (1_i64..200_000).prop_map(|minor| Command::Edit {
            lines: vec![Line { price: Money::rub(minor), quantity: Decimal::ONE, amount: Money::rub(minor), ..details().lines[0].clone() }],
            by: Initiator::Partner,
        }),
        1 => Just(Command::Collect { method: Method::Terminal, reference: "rrn".into(), collected: None }),
        4 => (1_u8..9, prop_oneof![4 => Just(0), 1 => Just(1)]).prop_map(|(receipt, minor)| Command::ReceiptIssued {
            receipt, fiscal: fiscal(minor, 0), differs: None,
        }),
        1 => (1_u8..5).prop_map(|receipt| Command::CorrectReceipt { receipt }),
        1 => (1_u8..5, 0_u8..2, any::<bool>()).prop_map(|(receipt, attempt, expired)| Command::ReceiptNotPrinted {
            receipt, register: Some("a".into()), attempt, why: if expired { NotPrinted::Expired } else { NotPrinted::Register },
        }),
        1 => (1_u8..4, 0_usize..3).prop_map(|(line, code)| Command::SetMarks { marks: vec![(line, CODES[code].into())] }),
        1 => Just(Command::Collect { method: Method::Cash, reference: "paper-1".into(), collected: None }),
        2 => Just(Command::HandedOver),
        2 => Just(Command::ExecutionReported(ExecutionOutcome::Fulfilled)),
        1 => Just(Command::ExecutionReported(ExecutionOutcome::Failed)),
        1 => Just(Command::OpenResult),
        3 => Just(Command::LookDue { done: vec![] }),
        1 => Just(Command::PayOut { payout: "po_1".into() }),
        1 => (1_u8..4).prop_map(|no| Command::TaskFailed { task: TaskId::TellBank(no), forever: false, retry_after_seconds: None }),
        1 => (1_u16..12).prop_map(|no| Command::TaskFailed { task: TaskId::Webhook(no), forever: false, retry_after_seconds: Some(9) }),
    ]
}

/// Individual terms, a promo code on them, tariffs of all kinds.
fn pricings() -> impl Strategy<Value = Option<Pricing>> {
    let rules = [
        rule(Some(Group::Sbp), None, 7, 0),
        rule(None, Some("books"), 10, 1_000),
        rule(Some(Group::Terminal), Some("toys"), 1, 0),
        rule(Some(Group::Cash), None, 0, 50_000),
    ];
    let service = |overdrawn| Service {
        reserved: Money::rub(9_000),
        price: Money::rub(2_500),
        overdrawn: Money::rub(overdrawn),
        vat_percent: 22.into(),
        ended: None,
    };
    let tariff = (0_usize..5, any::<bool>(), 0_i64..4, prop::option::of(0_i64..3)).prop_map(
        move |(many, kept, off, overdrawn)| Pricing {
            tariff: Some("one".into()),
            version: 1,
            rules: rules[..many.min(4)].to_vec(),
            refunds: if kept { RefundedFee::Kept } else { RefundedFee::Reversed },
            off: Decimal::from([0, 0, 50, 100][usize::try_from(off).unwrap()]),
            service: overdrawn.map(|some| service(some * 4_500)),
            moved: Vec::new(),
        },
    );
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(Pricing { off: Decimal::from(50), ..Pricing::default() })),
        3 => tariff.prop_map(Some),
    ]
}

pub(super) fn rule(group: Option<Group>, category: Option<&str>, percent: i64, least_minor: i64) -> Rule {
    let vat_percent = Decimal::from(22);
    let terms = CommissionTerms {
        percent: Decimal::from(percent),
        fixed_minor: 0,
        least_minor,
        greatest_minor: None,
        vat_percent,
    };
    Rule { group, category: category.map(Into::into), terms }
}

fn schemes() -> impl Strategy<Value = ReceiptScheme> {
    prop_oneof![
        2 => Just(ReceiptScheme::Full),
        2 => Just(ReceiptScheme::Prepayment),
        1 => Just(ReceiptScheme::Advance),
    ]
}

fn bank_terms() -> impl Strategy<Value = AcquirerTerms> {
    (0_i64..400, 0_i64..500, prop::option::of(500_i64..5_000), any::<bool>()).prop_map(
        |(percent, least_minor, greatest_minor, back)| AcquirerTerms {
            method: None,
            since: jiff::civil::date(2020, 1, 1),
            percent: Decimal::new(percent, 2),
            fixed_minor: 7,
            least_minor,
            greatest_minor,
            refunds: if back { OnRefund::Returned } else { OnRefund::Kept },
        },
    )
}

fn register(id: &str) -> crate::receipt::register::Register {
    crate::receipt::register::Register {
        id: id.into(),
        kind: crate::receipt::register::RegisterKind::Sandbox,
        ffd: crate::receipt::Ffd::V1_2,
        priority: 0,
        enabled: true,
        owner: None,
        group: None,
        address: None,
        credentials: crate::acquiring::Credentials::default(),
    }
}

/// A register prints what it was sent, unless it is meant to print something else.
fn as_sent(order: &Order, details: &Details, command: Command) -> Command {
    match command {
        Command::ReceiptIssued { receipt, fiscal, differs } if fiscal.total.is_zero() => {
            let known = order.receipts.iter().find(|known| known.no == receipt);
            let total = known.map_or(fiscal.total, |known| order.receipt_total(known, details).unwrap());
            Command::ReceiptIssued { receipt, fiscal: Fiscal { total, ..fiscal }, differs }
        }
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    /// After every step of every history the audit holds, the row reads back, and the same command again changes nothing.
    #[test]
    fn every_history_keeps_the_rules(
        terms in ways(), scheme in schemes(), pricing in pricings(), charged in prop::option::of(bank_terms()),
        steps in prop::collection::vec((command(), 0_i64..200_000), 1..50),
    ) {
        let details = Details { receipts: scheme, ..details_of(&terms) };
        let registers = ["a", "b"].map(register);
        let commission = order().commission;
        let (mut order, mut seconds) = (order().priced(commission, pricing), 0);
        let mut ended: Option<ExecutionEnd> = None;
        let mut accounts = captures(true, 1);
        accounts[0].acquiring = charged.iter().cloned().collect();
        for (command, wait) in steps {
            seconds += wait / if wait % 3 == 0 { 1 } else { 1_000 };
            let accounts = if charged.is_some() { accounts.as_slice() } else { &[] };
            let context = Context { registers: &registers, accounts, ..context(seconds) };
            let command = match as_sent(&order, &details, command) {
                Command::StartPayment(start) if charged.is_some() => {
                    Command::StartPayment(Start { account: Some("bank".into()), ..start })
                }
                command => command,
            };
            let Ok(decision) = decide(&order, &details, &command, &context) else { continue };
            let Decision::Changed(change) = decision else { continue };
            prop_assert_eq!(change.order.version, order.version + 1);
            if let Command::SetMarks { .. } = &command {
                for printed in order.receipts.iter().filter(|of| of.fiscal.is_some() && !of.stage.settlement().is_before()) {
                    let now = change.order.receipt_lines(printed, &details).unwrap();
                    prop_assert_eq!(order.receipt_lines(printed, &details).unwrap(), now, "what was printed stays");
                }
            }
            order = change.order;
            let findings: Vec<_> = audit(&order, at(0), true).into_iter().filter(|of| of.rule != "receipt.differs").collect();
            prop_assert_eq!(findings, vec![], "after {:?}", command);
            let text = serde_json::to_string(&order).unwrap();
            let mut read: Order = serde_json::from_str(&text).unwrap();
            (read.id, read.version, read.due) = (order.id.clone(), order.version, order.due);
            prop_assert_eq!(&read, &order);
            if ended.is_some() {
                prop_assert_eq!(order.execution.ended, ended, "an end is final");
            }
            ended = order.execution.ended;
            // A return the bank declines is owed all the same: each such answer is one more failure of its task. A part that
            // is asked for twice is asked for twice.
            let owed = |no: u8| order.operation(no).is_some_and(|o| matches!(o.kind, OperationKind::Return { .. }));
            let repeatable = match &command {
                Command::ReceiptNotPrinted { .. } | Command::TaskFailed { .. } | Command::LookDue { .. } | Command::StartPayment(_) => false,
                Command::Cancel(cancellation) => cancellation.what == What::Whole,
                Command::Capture { what, .. } => *what == What::Whole,
                Command::BankReported { operation, report, .. } => {
                    !(owed(*operation) && matches!(report.state, BankState::Declined(_)))
                }
                _ => true,
            };
            if repeatable && let Ok(again) = decide(&order, &details, &command, &context) {
                prop_assert_eq!(again, Decision::AlreadyApplied, "{:?}", command);
            }
        }
    }
}
