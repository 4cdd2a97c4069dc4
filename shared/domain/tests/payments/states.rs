//! The states: one order for each kind of standing that is told apart, brought there by what really happens.

use domain::acquiring::{Lapse, Method, Stages};
use domain::details::{CaptureRule, PaymentTerms, Purpose};
use domain::money::Money;
use domain::order::{
    BankReport, BankState, Cancellation, Command, DeclineReason, ExecutionOutcome, Initiator, Start, TaskId, What,
};

use crate::tale::{AMOUNT, DAY, HOLD, HOUR, Tale, charge, children, line, rub, standing};

/// A state: its heading, what has happened, and the order.
pub struct State {
    /// The heading.
    pub name: &'static str,
    /// What has happened.
    pub told: &'static str,
    /// The order.
    pub tale: Tale,
}

/// A document of states.
pub struct Chapter {
    /// The file below `docs/payments`.
    pub file: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The states.
    pub states: Vec<State>,
}

fn state(name: &'static str, told: &'static str, tale: Tale) -> State {
    State { name, told, tale }
}

fn two() -> PaymentTerms {
    PaymentTerms { stages: Stages::Two, ..PaymentTerms::default() }
}

fn later() -> PaymentTerms {
    PaymentTerms { purpose: Purpose::Order, customer: Some("buyer-1".into()), ..PaymentTerms::default() }
}

fn one_stage() -> Tale {
    Tale::new(PaymentTerms::default())
}

fn cancel(what: What) -> Command {
    Command::Cancel(Cancellation { by: Initiator::Partner, what, reason: None, terminal: None, asked: None })
}

fn capture(what: What) -> Command {
    Command::Capture { what, by: Initiator::Partner }
}

const FULFILLED: Command = Command::ExecutionReported(ExecutionOutcome::Fulfilled);

fn timed_out(tale: Tale) -> Tale {
    tale.later(1_200).declined(1, DeclineReason::TimedOut)
}

fn points(tale: Tale) -> Tale {
    let points = Some(rub(1_000));
    let paid = BankReport { points, accrued: Some(rub(50)), ..BankReport::new(None, standing(0, 200_000, 0)) };
    tale.does(Command::BankReported { operation: 1, report: paid, asked: true })
}

/// All chapters.
pub fn chapters() -> Vec<Chapter> {
    vec![
        Chapter { file: "unpaid.md", title: "Before the money", states: unpaid() },
        Chapter { file: "one-stage.md", title: "Paid in one stage", states: one() },
        Chapter { file: "two-stages.md", title: "Paid in two stages", states: held() },
        Chapter { file: "later.md", title: "Charged later, and in parts", states: charged() },
    ]
}

fn unpaid() -> Vec<State> {
    let started = one_stage().started();
    let declined = started.clone().declined(1, DeclineReason::InsufficientFunds);
    vec![
        state("Awaiting", "The partner made the order; nobody has paid.", one_stage()),
        state(
            "Checking, the bank not told yet",
            "The buyer pressed the button; whether the bank knows is not known.",
            one_stage().does(Command::StartPayment(crate::tale::start())),
        ),
        state("Checking", "The buyer is at the bank's page.", started.clone()),
        state(
            "Checking, the time to pay is over",
            "The bank has not said what became of the payment.",
            started.clone().looks(1_300),
        ),
        state("Declined", "The bank declined the only attempt; the buyer may try again.", declined.clone()),
        state("Checking, second attempt", "The first attempt was declined.", declined.started()),
        state(
            "Given up",
            "The buyer wants to pay another way; at the bank the first attempt can still be paid.",
            started.clone().does(Command::GiveUp { operation: 1 }),
        ),
        state(
            "Given up, both paid",
            "The buyer paid the second attempt, and then the first one all the same: it goes back.",
            started.clone().does(Command::GiveUp { operation: 1 }).started().done(2).done(1),
        ),
        state("Expired", "Nobody paid in time.", one_stage().looks(1_300)),
        state(
            "Expired after an attempt",
            "The bank said that time ran out; it is asked once more a day later.",
            timed_out(started.clone()),
        ),
        state(
            "Late payment on its way back",
            "The order had expired; the bank took the money after all.",
            timed_out(started).done(1),
        ),
        state(
            "Cancelled before payment",
            "The partner cancelled an order nobody had paid.",
            one_stage().does(cancel(What::Whole)),
        ),
    ]
}

fn one() -> Vec<State> {
    let paid = one_stage().started().done(1);
    let executing = paid.clone().does(Command::HandedOver);
    let overdue = executing.clone().looks(3 * DAY);
    let fulfilled = executing.clone().does(FULFILLED);
    let mature = fulfilled.clone().looks(3 * DAY + HOUR);
    let part = executing.clone().does(cancel(What::Amount(rub(1_000))));
    let reversing = executing.clone().does(cancel(What::Whole));
    let refunding = executing.clone().later(DAY).does(cancel(What::Whole));
    let refunded = refunding.clone().done(2);
    let terminal = one_stage().does(Command::Collect {
        method: Method::Terminal,
        reference: "632112345678".into(),
        collected: None,
    });
    let second = one_stage()
        .started()
        .declined(1, DeclineReason::InsufficientFunds)
        .started()
        .done(2)
        .does(Command::HandedOver)
        .done(1);
    vec![
        state("Paid", "The money was taken; not yet handed over.", paid.clone()),
        state(
            "Paid with points",
            "1000.00 of 3000.00 were points; 50.00 points were given.",
            points(one_stage().started()),
        ),
        state("Paid at a terminal", "The operator recorded what the terminal printed.", terminal.clone()),
        state("Executing", "Handed over to the executor.", executing.clone()),
        state(
            "Executing, at a bank without parts",
            "The bank refunds whole payments only, and reverses nothing.",
            paid.at_a_plain_bank().does(Command::HandedOver),
        ),
        state("Overdue", "Three days have passed; the buyer may cancel.", overdue.clone()),
        state("Fulfilled", "Executed; its money may not go out yet.", fulfilled),
        state("Fulfilled, mature", "Three days after payment and hand-over.", mature.clone()),
        state("Paid out", "The partner's part has gone out.", mature.does(Command::PayOut { payout: "po_1".into() })),
        state("Partial refund under way", "1000.00 are on their way back.", part.clone()),
        state("Partly refunded", "1000.00 went back; the bank is asked once more a day later.", part.done(2)),
        state("Reversal under way", "Cancelled on the day of the capture: it is undone, not refunded.", reversing),
        state("Refund under way", "Cancelled after the capture had cleared.", refunding.clone()),
        state(
            "Refund declined once",
            "The bank would not; the money is owed all the same, and it is told again.",
            refunding.declined(2, DeclineReason::Other),
        ),
        state(
            "Cancelled by the buyer",
            "After three days, by the buyer; the refund is under way.",
            overdue.does(Command::Cancel(Cancellation::BUYER)),
        ),
        state(
            "Execution failed",
            "The executor gave up; the money is on its way back.",
            executing.does(Command::ExecutionReported(ExecutionOutcome::Failed)),
        ),
        state(
            "Execution failed, paid at a terminal",
            "Only the operator can give the money back.",
            terminal.clone().does(Command::ExecutionReported(ExecutionOutcome::Failed)),
        ),
        state("Refunded", "All went back.", refunded.clone()),
        state(
            "Refund owed again",
            "A day later the bank said it had taken the refund back.",
            refunded.later(DAY).bank(1, standing(0, AMOUNT, 0)),
        ),
        state("Second payment on its way back", "A declined attempt was paid after all, when another stood.", second),
    ]
}

fn held() -> Vec<State> {
    let started = || Tale::new(two()).started();
    let held = started().done(1);
    let executing = held.clone().does(Command::HandedOver);
    let reducing = held.clone().does(cancel(What::Lines(vec![(2, rust_decimal::Decimal::TWO)])));
    let captured = held.clone().does(capture(What::Whole)).done(2).does(Command::HandedOver);
    let capturing_part = executing.clone().does(capture(What::Amount(rub(2_500))));
    let releasing = held.clone().does(cancel(What::Whole));
    let rule = |terms: PaymentTerms| Tale::new(terms).started().done(1).does(Command::HandedOver);
    let edited = Command::Edit { lines: vec![line("A", 2_000)], by: Initiator::Partner };
    let to_the_end = HOLD - 3 * HOUR;
    vec![
        state("Hold not known yet", "The buyer is at the bank's page.", started()),
        state("Held", "All is held; not yet handed over.", held.clone()),
        state("Held, executing", "Handed over before it was captured.", executing.clone()),
        state(
            "Held, at a bank without parts",
            "The bank captures and lets go whole holds only.",
            held.clone().at_a_plain_bank(),
        ),
        state("Held with points", "1000.00 of 3000.00 were points.", {
            let paid = BankReport { points: Some(rub(1_000)), ..BankReport::new(None, standing(200_000, 0, 0)) };
            started().does(Command::BankReported { operation: 1, report: paid, asked: true })
        }),
        state(
            "Held, its end is near",
            "The partner was warned a day before.",
            executing.clone().looks(2 * DAY).looks(to_the_end - 2 * DAY),
        ),
        state(
            "Held, to be captured at its end",
            "As the partner has it set.",
            rule(PaymentTerms { hold_end: Lapse::Captured, ..two() }).looks(2 * DAY).looks(to_the_end - 2 * DAY),
        ),
        state("Held, edited down", "The basket costs 2000.00 now, 3000.00 are held.", held.clone().does(edited)),
        state("Hold reduction under way", "Line 2 is to be let go.", reducing.clone()),
        state("Hold reduced", "1000.00 were let go, 2000.00 are held.", reducing.done(2)),
        state("Capture under way", "All of the hold is to be taken.", executing.clone().does(capture(What::Whole))),
        state(
            "Capture by rule under way",
            "The order was fulfilled, and that captures.",
            rule(PaymentTerms { capture: CaptureRule::Fulfilled, ..two() }).does(FULFILLED),
        ),
        state("Capture of a part under way", "2500.00 of 3000.00.", capturing_part.clone()),
        state(
            "Capture declined",
            "The bank would not; what stands of the hold is asked for.",
            executing.clone().does(capture(What::Whole)).declined(2, DeclineReason::Other),
        ),
        state("Captured", "All was taken, and the order handed over.", captured.clone()),
        state("Partly captured", "2500.00 were taken, 500.00 let go.", capturing_part.clone().done(2)),
        state(
            "Partly captured, partly refunded",
            "1000.00 of 2500.00 went back.",
            capturing_part.done(2).does(cancel(What::Amount(rub(1_000)))).done(3),
        ),
        state(
            "Fulfilled, still held",
            "Executed, not captured: the partner's part is not ripe.",
            executing.does(FULFILLED),
        ),
        state("Release under way", "Cancelled while held.", releasing.clone()),
        state("Released", "The hold was let go; no money was ever taken.", releasing.done(2)),
        state("Dropped by the bank", "The bank let the hold go by itself.", held.bank(1, standing(0, 0, 0))),
        state(
            "Captured, refund under way",
            "Cancelled a day after the capture.",
            captured.later(DAY).does(cancel(What::Whole)),
        ),
    ]
}

fn charged() -> Vec<State> {
    let verifying = Tale::new(later()).started();
    let fresh = Tale::new(later()).saves();
    let ordered = fresh.clone().done(2);
    let charging = ordered.clone().does(Command::StartPayment(charge()));
    let saving = PaymentTerms { purpose: Purpose::SaveMeans, ..later() };
    let split = |least| Tale::new(children(least)).saves().done(2);
    let part = split(1).done(3);
    let reported = |tale: Tale| {
        let next = TaskId::TellBank(3);
        tale.does(Command::TaskFailed { task: next, forever: false, retry_after_seconds: None })
    };
    vec![
        state("Verification under way", "The buyer leaves means: 1.00 is to be held and let go.", verifying.clone()),
        state("Ordered, the verification held", "The means were saved; their 1.00 is being let go.", fresh),
        state("Ordered", "The buyer has agreed and left means; nothing is taken.", ordered.clone()),
        state("Ordered, edited up", "The basket costs 3500.00 now.", {
            let lines = vec![line("A", 2_000), line("B", 1_500)];
            ordered.clone().does(Command::Edit { lines, by: Initiator::Partner })
        }),
        state("Charge under way", "The partner charges the means.", charging.clone()),
        state(
            "Charge under way, the answer lost",
            "Whether the bank knows is asked, not repeated.",
            reported(charging.clone()),
        ),
        state(
            "Charge declined",
            "Not enough money: the means stay, the charge may be tried again.",
            charging.clone().declined(3, DeclineReason::InsufficientFunds),
        ),
        state("Charged", "The money was taken.", charging.done(3)),
        state("Never charged", "90 days have passed.", ordered.looks(91 * DAY)),
        state("Means not saved", "The bank held 1.00 and saved nothing.", verifying.clone().done(1).done(2)),
        state(
            "Verification declined",
            "The means can not be charged.",
            verifying.declined(1, DeclineReason::CardBlocked),
        ),
        state("Means saved", "That was all there was to do.", Tale::new(saving).saves().done(2)),
        state("Split: charging", "Two children are being charged.", split(0)),
        state("Split: one of two has paid", "Both must; the other's outcome is not known.", split(0).done(3)),
        state(
            "Split: a part stands",
            "One of two is enough, and one has paid.",
            part.clone().declined(4, DeclineReason::InsufficientFunds),
        ),
        state("Split: all stand", "Both have paid.", part.clone().done(4)),
        state(
            "Split: failed",
            "Both must, one was declined: the other goes back.",
            split(0).done(3).declined(4, DeclineReason::InsufficientFunds),
        ),
        state(
            "Split: neither has paid",
            "Both were declined; the buyer may try with other means.",
            split(0).declined(3, DeclineReason::InsufficientFunds).declined(4, DeclineReason::InsufficientFunds),
        ),
        state("Split: in two stages", "Both children are held.", {
            let terms = PaymentTerms { stages: Stages::Two, ..children(0) };
            Tale::new(terms).saves().done(2).done(3).done(4)
        }),
        state(
            "Split: a refund under way",
            "Line 2 of what both have paid.",
            part.done(4).does(cancel(What::Lines(vec![(2, rust_decimal::Decimal::ONE)]))),
        ),
    ]
}

/// What an order of another amount would be reported as.
pub fn off(amount: Money) -> BankState {
    BankState::Succeeded(Money::rub(amount.minor() - 1))
}

/// How a charge of means without means would start.
pub fn nothing_to_charge() -> Start {
    Start { means: None, ..charge() }
}
