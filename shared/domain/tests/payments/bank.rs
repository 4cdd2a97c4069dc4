//! An honest bank of one payment: it has a truth of its own, does every number once, tells snapshots, and answers with the
//! truth when it is asked.

use std::collections::BTreeMap;

use domain::acquiring::{Lapse, Return, Stages};
use domain::money::Money;
use domain::order::{BankState, DeclineReason};

use crate::tale::{AMOUNT, standing};

/// How a bank speaks of captures and returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Each of them by itself.
    Own,
    /// It knows payments only, and says how the whole payment stands.
    Whole,
    /// The same; a reversed capture never was.
    Erasing,
}

/// The bank.
#[derive(Debug, Clone)]
pub struct Bank {
    pub style: Style,
    pub stages: Stages,
    /// What it does with a hold nobody captured.
    pub lapse: Lapse,
    pub held: i64,
    pub captured: i64,
    pub refunded: i64,
    came: bool,
    done: BTreeMap<(u8, u8), BankState>,
    /// How the payment stood after each change, as callbacks tell it.
    pub snapshots: Vec<BankState>,
}

const REFUSED: BankState = BankState::Declined(DeclineReason::Other);

impl Bank {
    /// Nobody has paid.
    pub fn new(style: Style, stages: Stages, lapse: Lapse) -> Self {
        let (done, snapshots) = (BTreeMap::new(), Vec::new());
        Self { style, stages, lapse, held: 0, captured: 0, refunded: 0, came: false, done, snapshots }
    }

    fn stands(&self) -> BankState {
        standing(self.held, self.captured, self.refunded)
    }

    fn changed(&mut self) {
        self.snapshots.push(self.stands());
    }

    /// The buyer pays on its page: once, and even late.
    pub fn pay(&mut self) {
        if self.came {
            return;
        }
        self.came = true;
        match self.stages {
            Stages::One => self.captured = AMOUNT,
            Stages::Two => self.held = AMOUNT,
        }
        self.changed();
    }

    /// The hold's time is over.
    pub fn lapses(&mut self) {
        if self.held == 0 {
            return;
        }
        if self.lapse == Lapse::Captured {
            self.captured = self.held;
        }
        self.held = 0;
        self.changed();
    }

    /// How the payment stands; unpaid after its time, it has timed out.
    pub fn ask(&self, over: bool) -> BankState {
        match (self.came, over) {
            (true, _) => self.stands(),
            (false, true) => BankState::Declined(DeclineReason::TimedOut),
            (false, false) => BankState::Pending,
        }
    }

    /// How a capture or a return stands.
    pub fn ask_of(&self, number: (u8, u8)) -> BankState {
        match self.style {
            Style::Own => self.done.get(&number).copied().unwrap_or(BankState::NotFound),
            Style::Whole | Style::Erasing => self.stands(),
        }
    }

    fn once(&mut self, number: (u8, u8), amount: Money, does: impl FnOnce(&mut Self, i64) -> bool) -> BankState {
        if let Some(known) = self.done.get(&number) {
            return *known;
        }
        let able = does(self, amount.minor());
        if able {
            self.changed();
        }
        let answer = match (able, self.style) {
            (false, _) => REFUSED,
            (true, Style::Own) => BankState::Succeeded(amount),
            (true, Style::Whole | Style::Erasing) => self.stands(),
        };
        self.done.insert(number, answer);
        answer
    }

    /// Takes held money; the rest is let go.
    pub fn capture(&mut self, number: (u8, u8), amount: Money) -> BankState {
        self.once(number, amount, |bank, minor| {
            let able = minor <= bank.held && bank.held > 0;
            if able {
                (bank.captured, bank.held) = (minor, 0);
            }
            able
        })
    }

    /// Lets go, undoes or sends back.
    pub fn give_back(&mut self, number: (u8, u8), kind: Return, amount: Money) -> BankState {
        self.once(number, amount, |bank, minor| match kind {
            Return::Void if minor <= bank.held => {
                bank.held -= minor;
                true
            }
            Return::Reversal if minor == bank.captured && bank.refunded == 0 => {
                if bank.style == Style::Erasing {
                    bank.captured = 0;
                } else {
                    bank.refunded = minor;
                }
                true
            }
            Return::Refund if minor <= bank.captured - bank.refunded => {
                bank.refunded += minor;
                true
            }
            _ => false,
        })
    }
}
