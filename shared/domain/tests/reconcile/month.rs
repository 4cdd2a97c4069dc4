//! Generated months: orders in every path, the papers of banks and registers that belong to them, and what is planted wrong.

use std::collections::{BTreeMap, BTreeSet};

use domain::acquiring::Method;
use domain::ledger::Account;
use domain::money::{Currency, Money};
use domain::reconcile::{
    Deposits, Due, Facts, Kind, Movement, PayoutState, Print, Printed, Registry, Report, Row, Scope, Sent, Statement,
    StatementLine, Terms, Way, What,
};
use domain::tax::VatRate;
use domain::time::{MOSCOW, Timestamp};
use jiff::Span;
use jiff::civil::{Date, Time, date};

/// Days on which orders are made.
const ORDERS: i64 = 30;
/// Days of the scope: what becomes of the last day's orders lies within.
pub const DAYS: i64 = 46;
/// Days of papers after the month.
pub const AFTER: i64 = 9;

/// A small generator of numbers (SplitMix64): the same for the same seed, on every machine.
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `below` less one.
    pub fn below(&mut self, below: i64) -> i64 {
        i64::try_from(self.next() % u64::try_from(below).unwrap()).unwrap()
    }

    /// `of` times in a thousand.
    fn chance(&mut self, of: i64) -> bool {
        self.below(1_000) < of
    }
}

/// A month, and what is wrong with it: kinds and names: an operation's, a reference, a receipt's id, a payout's, a deposit's or a line's.
pub struct Month {
    pub facts: Facts,
    pub terms: Terms,
    pub scope: Scope,
    pub planted: Vec<(Kind, String)>,
}

/// A transaction as both sides have it.
struct Both {
    ours: Vec<Movement>,
    theirs: Vec<(Date, Row)>,
    way: Way,
    account: &'static str,
    /// What the bank can not tell apart: operations under one reference, without our number.
    group: Option<String>,
}

const ACCOUNTS: [(&str, Account); 4] = [
    // Names everything twice: its own reference and our operation number.
    ("full", Account::BankClearing),
    // One reference for a payment and all that becomes of it; no numbers of ours but the order's.
    ("shared", Account::BankClearing),
    // No reference of its own.
    ("ours", Account::BankClearing),
    // СБП to a nominal account: refunds take days.
    ("sbp", Account::Nominal),
];

pub fn first_day() -> Date {
    date(2026, 3, 1)
}

pub fn day(number: i64) -> Date {
    first_day().checked_add(Span::new().days(number)).unwrap()
}

fn moment(number: i64, second: i64) -> Timestamp {
    let midnight = MOSCOW.to_timestamp(day(number).to_datetime(Time::midnight())).unwrap();
    Timestamp::from_second(midnight.as_second() + second).unwrap()
}

struct Maker {
    dice: Dice,
    /// Things in ten thousand that something is wrong with, for each way of being wrong.
    wrong: i64,
    both: Vec<Both>,
    receipts: Vec<Due>,
    prints: BTreeMap<(&'static str, Date), Vec<Print>>,
    documents: u64,
    planted: Vec<(Kind, String)>,
    fee_rows: Vec<(&'static str, Date, Row)>,
}

/// A month of `orders` orders. `wrong` of ten thousand things are wrong in each of the ways there are.
pub fn month(seed: u64, orders: i64, wrong: i64) -> Month {
    let mut maker = Maker {
        dice: Dice(seed),
        wrong,
        both: Vec::new(),
        receipts: Vec::new(),
        prints: BTreeMap::new(),
        documents: 1_000,
        planted: Vec::new(),
        fee_rows: Vec::new(),
    };
    for order in 0..orders {
        maker.order(order);
    }
    maker.spoil_transactions();
    maker.spoil_receipts();
    maker.papers(orders)
}

fn movement(
    number: &str,
    operation: String,
    account: &str,
    (way, minor): (Way, i64),
    (day, second): (i64, i64),
    reference: Option<String>,
) -> Movement {
    let lands = ACCOUNTS.iter().find(|(name, _)| *name == account).map_or(Account::PartnerCash, |(_, lands)| *lands);
    let fee = if account == "ours" { None } else { Some(Money::rub((minor.abs() * 21 + 500) / 1_000)) };
    Movement {
        at: moment(day, second),
        number: number.to_owned(),
        operation,
        account: account.to_owned(),
        method: if account == "sbp" { Method::Sbp } else { Method::Card },
        way,
        lands,
        amount: Money::rub(minor),
        bank_fee: fee,
        reference,
    }
}

impl Maker {
    fn amount(&mut self) -> i64 {
        const PRICES: [i64; 5] = [29_000, 35_000, 50_000, 150_000, 99_990];
        let price = self.dice.below(8);
        PRICES.get(usize::try_from(price).unwrap()).copied().unwrap_or_else(|| 10_000 + self.dice.below(900_000))
    }

    fn order(&mut self, order: i64) {
        let (number, path) = (format!("A-{order}"), self.dice.below(100));
        let (amount, start, second) = (self.amount(), self.dice.below(ORDERS), self.dice.below(86_400));
        let at = self.dice.below(4);
        let mut operation = 0;
        let mut next = |suffix: &str| {
            operation += 1;
            format!("{order:010}{suffix}.{operation}")
        };
        let later = start + self.dice.below(6);
        let second_later = self.dice.below(86_400);
        match path {
            0..4 => {
                // Cash: no bank knows of it.
                let operation = next("");
                let cash = movement(&number, operation, "cash", (Way::Taken, amount), (start, second), None);
                let cash = Movement { lands: Account::PartnerCash, method: Method::Cash, ..cash };
                self.receipt(&number, 0, amount, start);
                self.both.push(Both {
                    ours: vec![cash],
                    theirs: Vec::new(),
                    way: Way::Taken,
                    account: "cash",
                    group: None,
                });
            }
            4..60 => self.transaction(&number, next(""), at, (Way::Taken, amount), (start, second), 0),
            60..72 => {
                self.transaction(&number, next(""), at, (Way::Taken, amount), (start, second), 0);
                self.transaction(&number, next(""), at, (Way::Returned, -amount), (later, second_later), 1);
            }
            72..80 => {
                // Captured in two parts, equal ones among them.
                let part = if self.dice.chance(300) { amount / 2 } else { 1 + self.dice.below(amount - 1) };
                self.transaction(&number, next(""), at, (Way::Taken, part), (start, second), 0);
                self.transaction(&number, next(""), at, (Way::Taken, amount - part), (later, second_later), 1);
            }
            80..92 => {
                self.transaction(&number, next(""), at, (Way::Taken, amount), (start, second), 0);
                let times = 1 + self.dice.below(3);
                for time in 0..times {
                    let part = if self.dice.chance(500) { amount / 4 } else { 1 + self.dice.below(amount / 4) };
                    let when = (start + self.dice.below(6), self.dice.below(86_400));
                    self.transaction(&number, next(""), at, (Way::Returned, -part), when, 1 + time);
                }
            }
            92..96 => {
                // Split over several payments and accounts.
                for part in 0..3 {
                    let account = self.dice.below(4);
                    let child = next(&format!("{part}"));
                    let when = (start, self.dice.below(86_400));
                    self.transaction(&number, child, account, (Way::Taken, amount / 3 + part), when, part);
                }
            }
            _ => {
                // Refunded, and the bank took it back.
                self.transaction(&number, next(""), at, (Way::Taken, amount), (start, second), 0);
                let refund = next("");
                self.transaction(&number, refund.clone(), at, (Way::Returned, -amount), (later, second_later), 1);
                self.transaction(&number, refund, at, (Way::Undone, amount), (later, second_later), 2);
            }
        }
    }

    fn transaction(
        &mut self,
        number: &str,
        operation: String,
        account: i64,
        (way, minor): (Way, i64),
        when: (i64, i64),
        receipt: i64,
    ) {
        let account = ACCOUNTS[usize::try_from(account).unwrap()].0;
        let reference = match account {
            "ours" => None,
            "shared" => Some(format!("md-{number}")),
            _ => Some(format!("ref-{account}-{operation}-{}", way.code())),
        };
        let movement = movement(number, operation, account, (way, minor), when, reference);
        if way != Way::Undone {
            self.receipt(number, receipt, minor, when.0);
        }
        // The bank's day: near midnight the next or the one before; a refund of the СБП, later.
        let (late, early) = (when.1 > 82_800, when.1 < 3_600);
        let shift = match (account, way) {
            ("sbp", Way::Returned) => self.dice.below(4),
            _ if late && self.dice.chance(500) => 1,
            _ if early && when.0 > 0 && self.dice.chance(500) => -1,
            _ => 0,
        };
        let told = day(when.0 + shift);
        let row = Row {
            reference: movement.reference.clone(),
            operation: matches!(account, "full" | "ours").then(|| movement.operation.clone()),
            number: (account != "full" || self.dice.chance(500)).then(|| movement.number.clone()),
            way,
            amount: movement.amount,
            fee: if account == "ours" { Some(Money::rub(7)) } else { movement.bank_fee },
            day: told,
            at: (account == "full" && shift == 0).then_some(movement.at),
            line: 0,
        };
        // A file of a day may list what the bank dates to the day before.
        let file = if self.dice.chance(20) { told.tomorrow().unwrap() } else { told };
        let group = (account == "shared").then(|| format!("{number}/{}", way.code()));
        self.both.push(Both { ours: vec![movement], theirs: vec![(file, row)], way, account, group });
    }

    fn receipt(&mut self, number: &str, receipt: i64, minor: i64, at: i64) {
        let register = if self.dice.chance(700) { "named" } else { "numbered" };
        self.documents += 1;
        let shift = i64::from(self.dice.chance(30));
        let printed = Printed { drive: "9961440300000001".into(), document: self.documents, day: day(at + shift) };
        let rate = if self.dice.chance(800) { VatRate::Vat22 } else { VatRate::None };
        let total = Money::rub(minor);
        let tax = rate.inside(total).unwrap().unwrap_or(total);
        let vats = BTreeMap::from([(rate.tag_1199(), tax)]);
        let due = Due {
            external_id: format!("{number}-r{receipt}"),
            number: number.to_owned(),
            register: register.to_owned(),
            day: day(at),
            total,
            vats: vats.clone(),
            printed: Some(printed.clone()),
        };
        let external_id = (register == "named").then(|| due.external_id.clone());
        let print = Print { external_id, printed: printed.clone(), total, vats };
        self.prints.entry((register, printed.day)).or_default().push(print);
        self.receipts.push(due);
    }

    fn wrong(&mut self) -> bool {
        self.dice.below(10_000) < self.wrong
    }

    /// Spoils transactions, one way or several at once.
    fn spoil_transactions(&mut self) {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for group in self.both.iter().filter_map(|both| both.group.clone()) {
            *sizes.entry(group).or_default() += 1;
        }
        let undone: BTreeSet<String> = self
            .both
            .iter()
            .filter(|both| both.way == Way::Undone)
            .map(|both| both.ours[0].operation.clone())
            .collect();
        for at in 0..self.both.len() {
            let both = &self.both[at];
            // What the bank does not tell apart, nobody can tell how it was spoilt.
            let told_apart = both.group.as_ref().is_none_or(|group| sizes[group] == 1);
            if both.account == "cash" || !told_apart {
                continue;
            }
            let (way, account) = (both.way, both.account);
            let (operation, row) = (both.ours[0].operation.clone(), both.theirs[0].1.clone());
            let named = row.operation.clone().or(row.reference.clone()).unwrap();
            let in_journal = undone.contains(&operation);
            if way != Way::Undone && self.wrong() {
                // Only the bank has it: its order is known by the receipt, or by the other movements.
                if row.number.is_some() && !in_journal {
                    self.both[at].ours.clear();
                    self.plant(Kind::MissingHere, &named);
                    continue;
                }
            }
            if !in_journal && self.wrong() {
                self.both[at].theirs.clear();
                let kind = if way == Way::Returned { Kind::CancelledRefund } else { Kind::MissingThere };
                self.plant(kind, &operation);
                continue;
            }
            if way == Way::Returned && !in_journal && self.wrong() {
                let cancelled = Row { way: Way::Undone, amount: Money::rub(-row.amount.minor()), ..row.clone() };
                let file = self.both[at].theirs[0].0;
                self.both[at].theirs.push((file, cancelled));
                self.plant(Kind::CancelledRefund, &operation);
                continue;
            }
            let money = self.either(2);
            if money == Some(0) {
                self.both[at].theirs[0].1.amount = Money::new(row.amount.minor(), Currency::USD);
                self.plant(Kind::Currency, &operation);
            } else if money == Some(1) {
                let cut = 1 + self.dice.below(row.amount.minor().abs());
                self.both[at].theirs[0].1.amount = Money::rub(row.amount.minor() - cut * row.amount.minor().signum());
                self.plant(Kind::Amount, &operation);
            }
            if account != "ours" && self.wrong() {
                self.both[at].theirs[0].1.fee = Some(Money::rub(row.fee.unwrap().minor() + 1 + self.dice.below(500)));
                self.plant(Kind::Fee, &operation);
            }
            if self.wrong() {
                let days = Span::new().days(5);
                let (file, row) = &mut self.both[at].theirs[0];
                *file = file.checked_add(days).unwrap();
                row.day = row.day.checked_add(days).unwrap();
                row.at = row.at.map(|at| Timestamp::from_second(at.as_second() + 5 * 86_400).unwrap());
                self.plant(Kind::Date, &operation);
            }
            if self.both[at].theirs[0].1.amount.currency() == Currency::RUB && self.wrong() {
                // The registry lists it twice, or the next one once more.
                let (file, row) = self.both[at].theirs[0].clone();
                let file = if self.dice.chance(500) { file } else { file.tomorrow().unwrap() };
                self.both[at].theirs.push((file, row));
                self.plant(Kind::Duplicate, &named);
            }
            if self.wrong() {
                let again = self.both[at].ours[0].clone();
                self.both[at].ours.push(again);
                self.plant(Kind::Duplicate, &operation);
            }
            if way == Way::Taken && self.wrong() {
                // A chargeback, of which our journal knows nothing.
                let reference = format!("chargeback-{operation}");
                let amount = Money::rub(-row.amount.minor());
                let chargeback = Row {
                    reference: Some(reference.clone()),
                    operation: None,
                    way: Way::Disputed,
                    amount,
                    ..row.clone()
                };
                let chargeback = Row { number: Some(self.both[at].ours[0].number.clone()), ..chargeback };
                self.both[at].theirs.push((row.day, chargeback));
                self.plant(Kind::MissingHere, &reference);
            }
            if self.wrong() {
                let reference = format!("stranger-{operation}-{}", way.code());
                let stranger = Row {
                    reference: Some(reference.clone()),
                    operation: None,
                    number: self.dice.chance(500).then(|| format!("X-{operation}")),
                    // Of an amount nobody here has paid, or it might be taken for one of ours that names nothing.
                    amount: Money::rub(row.amount.minor().signum() * (5_000_000 + i64::try_from(at).unwrap())),
                    ..row.clone()
                };
                self.both[at].theirs.push((row.day, stranger));
                self.plant(Kind::Orphan, &reference);
            }
            if self.wrong() {
                let reference = format!("declined-{operation}-{}", way.code());
                let fee = Row {
                    reference: Some(reference.clone()),
                    operation: None,
                    way: Way::FeeOnly,
                    amount: Money::rub(0),
                    fee: Some(Money::rub(150)),
                    ..row
                };
                self.fee_rows.push((account, fee.day, fee));
                self.plant(Kind::Fee, &reference);
            }
        }
    }

    fn plant(&mut self, kind: Kind, name: &str) {
        self.planted.push((kind, name.to_owned()));
    }

    /// One of several ways of being wrong, or none.
    fn either(&mut self, ways: i64) -> Option<i64> {
        let roll = self.dice.below(10_000);
        (roll < ways * self.wrong).then(|| roll / self.wrong)
    }

    fn spoil_receipts(&mut self) {
        for at in 0..self.receipts.len() {
            let due = self.receipts[at].clone();
            let register = if due.register == "named" { "named" } else { "numbered" };
            let printed = due.printed.clone().unwrap();
            let key = (register, printed.day);
            let place = |prints: &[Print]| prints.iter().position(|one| one.printed == printed).unwrap();
            if self.wrong() {
                let prints = self.prints.get_mut(&key).unwrap();
                prints.remove(place(prints));
                if self.dice.chance(500) {
                    self.receipts[at].printed = None;
                }
                self.plant(Kind::MissingReceipt, &due.external_id);
                continue;
            }
            if self.wrong() {
                let prints = self.prints.get_mut(&key).unwrap();
                let spoilt = place(prints);
                let vats = &mut prints[spoilt].vats;
                let (tag, tax) = vats.pop_first().unwrap();
                vats.insert(if tag == 1 { 11 } else { 1 }, tax);
                self.plant(Kind::WrongRate, &due.external_id);
            }
            if self.wrong() {
                let prints = self.prints.get_mut(&key).unwrap();
                let spoilt = place(prints);
                prints[spoilt].total = Money::rub(due.total.minor() + 1);
                self.plant(Kind::Amount, &due.external_id);
            }
            if self.wrong() {
                // The report puts it on another day than the receipt itself.
                let prints = self.prints.get_mut(&key).unwrap();
                let mut moved = prints.remove(place(prints));
                moved.printed.day = printed.day.checked_add(Span::new().days(3)).unwrap();
                self.prints.entry((register, moved.printed.day)).or_default().push(moved);
                self.plant(Kind::Date, &due.external_id);
                continue;
            }
            let named = self.either(2).filter(|_| register == "named");
            if named == Some(0) {
                self.documents += 1;
                let mut again = self.prints[&key][place(&self.prints[&key])].clone();
                again.printed.document = self.documents;
                self.prints.get_mut(&key).unwrap().push(again);
                self.plant(Kind::Duplicate, &due.external_id);
            } else if named == Some(1) {
                self.receipts[at].printed = None;
                self.plant(Kind::MissingHere, &due.external_id);
            }
            if self.wrong() {
                self.documents += 1;
                let external_id = (register == "named").then(|| format!("stranger-{}", self.documents));
                let label = external_id.clone().unwrap_or_else(|| self.documents.to_string());
                let printed = Printed { document: self.documents, ..printed.clone() };
                let stranger = Print { external_id, printed, total: due.total, vats: due.vats.clone() };
                self.prints.get_mut(&key).unwrap().push(stranger);
                self.plant(Kind::Orphan, &label);
            }
        }
    }

    fn papers(mut self, orders: i64) -> Month {
        let mut files: BTreeMap<(&'static str, Date, &'static str), Vec<Row>> = BTreeMap::new();
        for number in -2..DAYS + AFTER {
            for (account, _) in ACCOUNTS {
                files.entry((account, day(number), "")).or_default();
            }
            // One account sends two files a day, one is idle.
            files.entry(("full", day(number), "more")).or_default();
            files.entry(("idle", day(number), "")).or_default();
        }
        let mut movements = Vec::new();
        for both in self.both.drain(..) {
            for (file, row) in both.theirs {
                let part = if both.account == "full" && file.day() % 2 == 0 { "more" } else { "" };
                files.entry((both.account, file, part)).or_default().push(row);
            }
            movements.extend(both.ours);
        }
        for (account, file, row) in std::mem::take(&mut self.fee_rows) {
            files.entry((account, file, "")).or_default().push(row);
        }
        let received = moment(DAYS + AFTER, 0);
        let mut sums: BTreeMap<(&'static str, Date), i64> = BTreeMap::new();
        let mut registries = Vec::new();
        for ((account, day, part), mut rows) in files {
            for at in (1..rows.len()).rev() {
                let other = self.dice.below(i64::try_from(at).unwrap() + 1);
                rows.swap(at, usize::try_from(other).unwrap());
            }
            for (line, row) in rows.iter_mut().enumerate() {
                row.line = u32::try_from(line + 2).unwrap();
                let sum = sums.entry((account, day)).or_default();
                // A row in a foreign currency is not in the sum, and neither is its fee, which is in roubles.
                *sum += if row.amount.currency() == Currency::RUB {
                    row.amount.minor() - row.fee.map_or(0, Money::minor)
                } else {
                    0
                };
            }
            let lands = ACCOUNTS.iter().find(|(name, _)| *name == account).map_or(Account::BankClearing, |(_, at)| *at);
            let registry = Registry { account: account.into(), day, part: part.into(), received, lands, rows };
            // Imported twice, now and then; or a first one that was wrong from end to end.
            let roll = self.dice.below(20);
            if roll == 0 {
                registries.push(registry.clone());
            } else if roll == 1 {
                registries.push(Registry { received: moment(0, 0), rows: Vec::new(), ..registry.clone() });
            }
            registries.push(registry);
        }
        let reports =
            (-2..DAYS + AFTER).flat_map(|number| ["named", "numbered"].map(|register| (register, day(number))));
        let reports = reports
            .map(|(register, day)| {
                let prints = self.prints.remove(&(register, day)).unwrap_or_default();
                Report { register: register.into(), day, received, prints }
            })
            .collect();
        let (payouts, statements) = self.statements(orders, &sums, received);
        let mut terms = Terms::usual();
        for (account, _) in ACCOUNTS.into_iter().chain([("idle", Account::BankClearing)]) {
            terms.deposits.insert(account.into(), Deposits::Net);
        }
        terms.parts.insert("full".into(), ["", "more"].map(String::from).into());
        let facts = Facts {
            movements,
            receipts: self.receipts,
            payouts,
            journal_until: day(DAYS + AFTER - 1),
            known: BTreeSet::new(),
            registries,
            reports,
            statements,
        };
        let scope = Scope { from: day(0), until: day(DAYS - 1) };
        Month { facts, terms, scope, planted: self.planted }
    }

    fn statements(
        &mut self,
        orders: i64,
        sums: &BTreeMap<(&'static str, Date), i64>,
        received: Timestamp,
    ) -> (Vec<Sent>, Vec<Statement>) {
        let mut lines: BTreeMap<(Account, Date), Vec<StatementLine>> = BTreeMap::new();
        for number in -2..DAYS + AFTER {
            lines.entry((Account::Settlement, day(number))).or_default();
            lines.entry((Account::Nominal, day(number))).or_default();
        }
        let mut put = |account, on: Date, reference: &str, minor, what| {
            let line = StatementLine { reference: reference.to_owned(), amount: Money::rub(minor), what };
            lines.entry((account, on)).or_default().push(line);
        };
        let mut payouts = Vec::new();
        for number in 0..u32::try_from(orders / 20 + 3).unwrap() {
            let (sent, amount) = (self.dice.below(DAYS), self.amount());
            let left = day(sent + self.dice.below(4));
            let mut payout = Sent {
                id: format!("po_{number}"),
                number,
                day: day(sent),
                amount: Money::rub(amount),
                state: if self.dice.chance(500) { PayoutState::Sent } else { PayoutState::Confirmed },
                from: if self.dice.chance(300) { Account::Nominal } else { Account::Settlement },
            };
            let name = format!("p{number}");
            let way = self.either(2);
            if way == Some(0) {
                self.plant(Kind::Payout, &payout.id);
            } else if way == Some(1) {
                put(payout.from, left, &name, -amount - 1, What::Payout(number));
                self.plant(Kind::Payout, &payout.id);
            } else {
                put(payout.from, left, &name, -amount, What::Payout(number));
                if self.dice.chance(50) || self.wrong() {
                    let back = left.tomorrow().unwrap();
                    put(payout.from, back, &name, amount, What::PayoutReturned(number));
                    if self.wrong() {
                        self.plant(Kind::Payout, &payout.id);
                    } else {
                        payout.state = PayoutState::Returned;
                    }
                } else if self.wrong() {
                    put(payout.from, left, &format!("again-{name}"), -amount, What::Payout(number));
                    if within(left) {
                        self.plant(Kind::Duplicate, &format!("again-{name}"));
                    }
                }
            }
            payouts.push(payout);
        }
        for number in 0..DAYS {
            put(Account::Settlement, day(number), "own", -1_000, What::Own);
            if self.wrong() {
                put(Account::Settlement, day(number), &format!("who-{number}"), 12_345, What::Unknown);
                self.plant(Kind::Orphan, &format!("who-{number}"));
            }
            if self.wrong() {
                let what = What::Deposit {
                    account: "idle".into(),
                    lands: Account::BankClearing,
                    from: day(number),
                    until: day(number),
                };
                put(Account::Settlement, day(number), "idle", 777, what);
                self.plant(Kind::MissingHere, &format!("idle/{}", day(number)));
            }
        }
        for (account, lands) in ACCOUNTS {
            let at = if lands == Account::Nominal { lands } else { Account::Settlement };
            let mut number = -2;
            while number < DAYS + AFTER - 6 {
                // A weekend is paid out in one.
                let days = if number % 7 == 5 { 3 } else { 1 };
                let (from, until) = (day(number), day(number + days - 1));
                let nets = (0..days).map(|more| sums.get(&(account, day(number + more))).copied().unwrap_or(0));
                let nets: Vec<i64> = nets.collect();
                let sum = nets.iter().sum::<i64>();
                let what = What::Deposit { account: account.into(), lands, from, until };
                let (came, name) = (until.tomorrow().unwrap(), format!("{account}/{from}"));
                let inside = within(from) && within(until) && sum != 0;
                let way = self.either(2).filter(|_| inside);
                if way == Some(0) {
                    for more in (0..days).filter(|more| nets[usize::try_from(*more).unwrap()] != 0) {
                        self.plant(Kind::MissingThere, &format!("{account}/{}", day(number + more)));
                    }
                } else if way == Some(1) {
                    put(at, came, &name, sum - 100, what);
                    self.plant(Kind::Amount, &name);
                } else if sum != 0 {
                    put(at, came, &name, sum, what.clone());
                    if inside && within(came) && self.wrong() {
                        put(at, came, &format!("again-{name}"), sum, what);
                        self.plant(Kind::Duplicate, &format!("again-{name}"));
                    }
                }
                number += days;
            }
        }
        let zero = Money::rub(0);
        let statements = lines.into_iter().map(|((account, day), lines)| {
            let closing = lines.iter().try_fold(zero, |sum, line| sum.plus(line.amount)).unwrap();
            Statement { account, day, received, opening: zero, closing, lines }
        });
        (payouts, statements.collect())
    }
}

fn within(on: Date) -> bool {
    day(0) <= on && on < day(DAYS)
}
