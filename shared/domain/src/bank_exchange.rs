//! What is told to a bank and what a bank tells: payment orders going out, the lines of a statement coming in. In which bytes
//! they travel is a connector's matter.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::money::{Money, MoneyError};
use crate::partner::BankAccount;
use crate::payout::Payout;
use crate::time::moscow_date;

/// Characters the purpose of a payment may have (Положение Банка России № 762-П, requisite 24).
pub const PURPOSE_CHARACTERS_MAX: usize = 210;
/// Largest number of a payment order: six digits (№ 762-П, requisite 3).
pub const NUMBER_MAX: u32 = 999_999;

/// One side of a payment. What is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Side {
    /// Name.
    pub name: String,
    /// ИНН.
    pub inn: String,
    /// КПП.
    pub kpp: String,
    /// Account number.
    pub account: String,
    /// БИК.
    pub bic: String,
    /// The bank's name.
    pub bank: String,
    /// The bank's correspondent account.
    pub correspondent: String,
}

impl Side {
    /// The same, at another account.
    #[must_use]
    pub fn at(self, account: &BankAccount) -> Self {
        let BankAccount { number, bic, bank, correspondent } = account.clone();
        Self { account: number, bic, bank, correspondent, ..self }
    }
}

/// A payment order (платежное поручение).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentOrder {
    /// Its number, 1 to [`NUMBER_MAX`].
    pub number: u32,
    /// Its Moscow day.
    pub date: Date,
    /// How much.
    pub amount: Money,
    /// Who pays.
    pub payer: Side,
    /// Who is paid.
    pub payee: Side,
    /// What for.
    pub purpose: String,
    /// What a payment to the budget says besides.
    pub budget: Option<Budget>,
}

/// Requisites 101 and 104 to 109 of a payment to the budget (приказ Минфина 12.11.2013 № 107н, annex 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// 101: who pays; `01` is a legal entity as a taxpayer or tax agent.
    pub status: &'static str,
    /// 104: budget classification code.
    pub kbk: &'static str,
}

/// The single tax payment: withheld tax is paid as this since 2023 (Tax Code, articles 11.3 and 58).
pub const SINGLE_TAX_PAYMENT: Budget = Budget { status: "01", kbk: "18201061201010000510" };

/// Where the single tax payment goes (letters of the tax service КЧ-4-8/12644@ of 2022 and later: the Treasury's account at the
/// branch of Tula).
pub fn treasury() -> Side {
    Side {
        name: "Казначейство России (ФНС России)".to_owned(),
        inn: "7727406020".to_owned(),
        kpp: "770801001".to_owned(),
        account: "03100643000000018500".to_owned(),
        bic: "017003983".to_owned(),
        bank: "ОТДЕЛЕНИЕ ТУЛА БАНКА РОССИИ//УФК по Тульской области, г Тула".to_owned(),
        correspondent: "40102810445370000059".to_owned(),
    }
}

impl PaymentOrder {
    /// The payment order that remits withheld tax.
    pub fn of_tax(number: u32, date: Date, amount: Money, payer: &Side) -> Self {
        Self {
            number,
            date,
            amount,
            payer: payer.clone(),
            payee: treasury(),
            purpose: "Единый налоговый платеж".to_owned(),
            budget: Some(SINGLE_TAX_PAYMENT),
        }
    }

    /// The payment order of a payout, from the payer's account unless it leaves from a nominal one; nothing for one to a wallet.
    pub fn of(payout: &Payout, payer: &Side) -> Option<Self> {
        let account = payout.to.account()?;
        Some(Self {
            number: payout.number,
            date: moscow_date(payout.at),
            amount: payout.amount,
            payer: payout.from.as_ref().map_or_else(|| payer.clone(), |nominal| payer.clone().at(nominal)),
            payee: Side {
                name: payout.payee.clone(),
                inn: payout.inn.clone(),
                kpp: payout.kpp.clone().unwrap_or_default(),
                ..Side::default()
            }
            .at(account),
            purpose: purpose(payout),
            budget: None,
        })
    }
}

/// What a payout is for. As many order numbers as leave room for the payout's id, which a statement is matched by.
pub fn purpose(payout: &Payout) -> String {
    let count = payout.orders.len();
    let text = |named: usize| {
        let numbers: Vec<_> = payout.orders.iter().take(named).map(|order| order.number.as_str()).collect();
        let numbers = match (numbers.is_empty(), count > named) {
            (true, _) => String::new(),
            (false, more) => format!(" ({}{})", numbers.join(", "), if more { " и др." } else { "" }),
        };
        let (what, tax) = match &payout.tax {
            None => ("Перечисление принципалу по агентскому договору, исполненных заказов", String::new()),
            Some(tax) => (
                "Выплата физическому лицу, исполненных заказов",
                format!(" НДФЛ {} удержан.", tax.withheld.to_decimal()),
            ),
        };
        format!("{what}: {count}{numbers}. Выплата {}.{tax} НДС не облагается", payout.id)
    };
    let fits = (0..=5_usize).rev().map(text).find(|text| text.chars().count() <= PURPOSE_CHARACTERS_MAX);
    fits.unwrap_or_else(|| text(0).chars().take(PURPOSE_CHARACTERS_MAX).collect())
}

/// A statement: what became of some accounts in some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// First day it is about.
    pub since: Date,
    /// Last day it is about.
    pub until: Date,
    /// Turnovers and balances, as far as the bank told them.
    pub accounts: Vec<AccountPeriod>,
    /// Its lines, in the bank's order.
    pub lines: Vec<Line>,
}

/// Turnovers and balances of one account in some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPeriod {
    /// Our account.
    pub account: String,
    /// First day.
    pub since: Date,
    /// Last day.
    pub until: Date,
    /// Balance before the first day.
    pub opening: Option<Money>,
    /// What came in.
    pub received: Option<Money>,
    /// What went out.
    pub spent: Option<Money>,
    /// Balance after the last day.
    pub closing: Option<Money>,
}

/// Which way money went, seen from our account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From us.
    Out,
    /// To us.
    In,
    /// From one of our accounts in the file to another.
    Between,
}

/// A document of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Our account; of a transfer between two of them the one that paid.
    pub account: String,
    /// Which way the money went.
    pub direction: Direction,
    /// Kind of document, in the bank's words: `Платежное поручение`.
    pub kind: String,
    /// Number of the document.
    pub number: String,
    /// Date of the document.
    pub date: Date,
    /// The day the account moved. None: the bank has the document, and the money has not moved.
    pub booked: Option<Date>,
    /// How much, more than nothing.
    pub amount: Money,
    /// Who paid.
    pub payer: Side,
    /// Who was paid.
    pub payee: Side,
    /// What for, or why it came back.
    pub purpose: String,
}

impl Line {
    /// The other side of the payment.
    pub const fn other(&self) -> &Side {
        match self.direction {
            Direction::Out | Direction::Between => &self.payee,
            Direction::In => &self.payer,
        }
    }
}

/// A difference between a bank's turnovers and its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Our account.
    pub account: String,
    /// Which turnover.
    pub direction: Direction,
    /// The turnover the bank told.
    pub told: Money,
    /// What the lines add up to.
    pub lines: Money,
}

impl Statement {
    /// Names each line so that the same line has the same name in every statement it comes in: by all that is said of it, and
    /// by how many lines of the very same words came before it on its day. A statement that begins or ends within a day must
    /// therefore begin with the day, as those of banks do.
    pub fn names(&self) -> Vec<String> {
        let mut seen: Vec<[u8; 32]> = Vec::new();
        let mut names = Vec::with_capacity(self.lines.len());
        let mut counts = std::collections::BTreeMap::new();
        for line in &self.lines {
            seen.push(digest(line));
        }
        for digest in seen {
            let count = counts.entry(digest).and_modify(|count| *count += 1).or_insert(1_u32);
            names.push(format!("{}.{count}", hex::encode(&digest[..16])));
        }
        names
    }

    /// Where the bank's turnovers are not the sum of its booked lines: something is missing from the file, or is in it twice.
    /// Turnovers of one account add up over its periods.
    ///
    /// # Errors
    /// Sums that do not fit.
    pub fn gaps(&self) -> Result<Vec<Gap>, MoneyError> {
        let mut told = std::collections::BTreeMap::new();
        for period in &self.accounts {
            for (direction, turnover) in [(0_u8, period.received), (1, period.spent)] {
                let sum: &mut Option<Money> =
                    told.entry((period.account.as_str(), direction)).or_insert(Some(Money::rub(0)));
                *sum = match (*sum, turnover) {
                    (Some(sum), Some(turnover)) => Some(sum.plus(turnover)?),
                    _ => None,
                };
            }
        }
        let mut gaps = Vec::new();
        for ((account, way), told) in told {
            let Some(told) = told else { continue };
            let direction = if way == 0 { Direction::In } else { Direction::Out };
            let moved = self.lines.iter().filter(|line| line.booked.is_some() && moves(line, account, direction));
            let lines = moved.map(|line| line.amount).try_fold(told.zero(), Money::plus)?;
            if lines != told {
                gaps.push(Gap { account: account.to_owned(), direction, told, lines });
            }
        }
        Ok(gaps)
    }
}

fn moves(line: &Line, account: &str, direction: Direction) -> bool {
    match (line.direction, direction) {
        (Direction::Between, Direction::In) => line.payee.account == account,
        (Direction::Between, Direction::Out) => line.account == account,
        (of, asked) => of == asked && line.account == account,
    }
}

fn digest(line: &Line) -> [u8; 32] {
    let direction = match line.direction {
        Direction::Out => "out",
        Direction::In => "in",
        Direction::Between => "between",
    };
    let booked = line.booked.map(|day| day.to_string()).unwrap_or_default();
    let words: Vec<_> = line.purpose.split_whitespace().collect();
    let mut hash = Sha256::new();
    for part in [
        line.account.as_str(),
        direction,
        &line.number,
        &line.date.to_string(),
        &booked,
        &line.amount.minor().to_string(),
        line.amount.currency().code(),
        &line.payer.account,
        &line.payee.account,
        &words.join(" "),
    ] {
        // The length in front keeps two fields from being read as one.
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_purpose_always_names_the_payout() {
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let tenant = crate::id::Tenant::try_new("demoshop", crate::id::Mode::Test).unwrap();
        let payout = |numbers: &[&str]| Payout {
            id: "po_01jd6r1y5w0000000000000000".into(),
            number: 7,
            at,
            amount: Money::rub(100),
            payee: "ООО «Справка»".into(),
            inn: "7700000023".into(),
            kpp: None,
            to: crate::partner::Destination::Account(crate::partner::BankAccount {
                number: "40702810200000000001".into(),
                bic: "044525225".into(),
                bank: "ПАО СБЕРБАНК".into(),
                correspondent: "30101810400000000225".into(),
            }),
            from: None,
            tax: None,
            days: None,
            orders: numbers
                .iter()
                .map(|number| crate::payout::PayoutLine {
                    order: crate::id::OrderId::new(tenant.clone(), number, at),
                    number: (*number).into(),
                    amount: Money::rub(1),
                })
                .collect(),
            version: 1,
            carried: None,
            state: crate::payout::PayoutState::Sent,
            lines: Vec::new(),
        };
        let order = PaymentOrder::of(&payout(&["A-2", "A-1"]), &Side::default()).unwrap();
        let told = "исполненных заказов: 2 (A-2, A-1). Выплата po_01jd6r1y5w0000000000000000. НДС не облагается";
        assert!(order.purpose.ends_with(told), "{}", order.purpose);
        assert_eq!((order.date, order.payee.kpp.as_str()), (date(2026, 11, 21), ""));
        // From a nominal account it is paid by the same agent.
        let crate::partner::Destination::Account(theirs) = payout(&[]).to else { unreachable!() };
        let nominal = BankAccount { number: "40702810300000000007".into(), bank: "Банк".into(), ..theirs };
        let agent = Side { inn: "7700000016".into(), account: "40702810900000000009".into(), ..Side::default() };
        let order = PaymentOrder::of(&Payout { from: Some(nominal), ..payout(&["A-1"]) }, &agent).unwrap();
        let payer = order.payer;
        assert_eq!((&*payer.inn, &*payer.account, &*payer.bank), ("7700000016", "40702810300000000007", "Банк"));
        // A natural person's says what was withheld; one to a wallet is no payment order.
        let (income, withheld) = (Money::rub(115), Money::rub(1_500));
        let tax =
            crate::payout::Tax { year: 2026, residency: crate::income_tax::Residency::Resident, income, withheld };
        let taxed = Payout { tax: Some(tax), ..payout(&["A-1"]) };
        let order = PaymentOrder::of(&taxed, &Side::default()).unwrap();
        assert!(order.purpose.ends_with("po_01jd6r1y5w0000000000000000. НДФЛ 15.00 удержан. НДС не облагается"));
        let wallet = crate::partner::WalletAccount {
            operator: crate::requisites::WalletOperator::Yoomoney,
            number: "4100116075156746".into(),
        };
        let to = crate::partner::Destination::Wallet(wallet);
        assert_eq!(PaymentOrder::of(&Payout { to, ..payout(&["A-1"]) }, &Side::default()), None);
        let long = "N".repeat(60);
        for (numbers, told) in [
            (vec!["1"; 6], "6 (1, 1, 1, 1, 1 и др.)"),
            (vec![long.as_str(); 5], "5 (NNN"),
            (vec![long.as_str(); 90], "90 (NNN"),
        ] {
            let purpose = PaymentOrder::of(&payout(&numbers), &Side::default()).unwrap().purpose;
            assert!(purpose.contains("po_01jd6r1y5w0000000000000000") && purpose.contains(told), "{purpose}");
            assert!(purpose.chars().count() <= PURPOSE_CHARACTERS_MAX);
        }
        let purpose = PaymentOrder::of(&payout(&["N".repeat(200).as_str()]), &Side::default()).unwrap().purpose;
        assert!(purpose.contains("заказов: 1. Выплата po_"), "{purpose}");
    }

    fn line(number: &str, kopecks: i64) -> Line {
        Line {
            account: "40702810200000000001".into(),
            direction: Direction::Out,
            kind: "Платежное поручение".into(),
            number: number.into(),
            date: date(2026, 11, 20),
            booked: Some(date(2026, 11, 20)),
            amount: Money::rub(kopecks),
            payer: Side { account: "40702810200000000001".into(), ..Side::default() },
            payee: Side { account: "40702810500000000002".into(), ..Side::default() },
            purpose: "Выплата".into(),
        }
    }

    fn statement(lines: Vec<Line>) -> Statement {
        let period = AccountPeriod {
            account: "40702810200000000001".into(),
            since: date(2026, 11, 20),
            until: date(2026, 11, 20),
            opening: None,
            received: Some(Money::rub(0)),
            spent: Some(Money::rub(300)),
            closing: None,
        };
        Statement { since: date(2026, 11, 20), until: date(2026, 11, 20), accounts: vec![period], lines }
    }

    #[test]
    fn a_line_has_one_name_in_every_statement() {
        let names = statement(vec![line("1", 100), line("1", 100), line("2", 100)]).names();
        assert_eq!(names.len(), 3);
        assert!(names[0] != names[1] && names[0][..32] == names[1][..32] && names[0] != names[2]);
        let longer = statement(vec![line("3", 5), line("1", 100), line("2", 100), line("1", 100)]).names();
        assert_eq!([&longer[1], &longer[2], &longer[3]], [&names[0], &names[2], &names[1]]);
        // What a file's line ends do to a purpose does not count, what it says does.
        let spaced = Line { purpose: "  Выплата ".into(), ..line("1", 100) };
        let other = Line { purpose: "Выплата 2".into(), ..line("1", 100) };
        assert_eq!(statement(vec![spaced]).names()[0], names[0]);
        assert_ne!(statement(vec![other]).names()[0], names[0]);
        // Digits do not wander from one field to the next.
        let (a, b) = (Line { number: "12".into(), ..line("", 3) }, Line { number: "1".into(), ..line("", 23) });
        assert_ne!(statement(vec![a]).names(), statement(vec![b]).names());
    }

    #[test]
    fn turnovers_tell_what_is_missing() {
        assert_eq!(statement(vec![line("1", 100), line("2", 200)]).gaps().unwrap(), []);
        let gaps = statement(vec![line("1", 100)]).gaps().unwrap();
        assert_eq!(gaps.len(), 1);
        assert_eq!(
            (gaps[0].direction, gaps[0].told, gaps[0].lines),
            (Direction::Out, Money::rub(300), Money::rub(100))
        );
        // Not booked: the account has not moved.
        let waiting = Line { booked: None, ..line("3", 500) };
        assert_eq!(statement(vec![line("1", 100), line("2", 200), waiting]).gaps().unwrap(), []);
        let back = Line { direction: Direction::In, ..line("4", 7) };
        let gaps = statement(vec![line("1", 300), back]).gaps().unwrap();
        assert_eq!((gaps.len(), gaps[0].direction, gaps[0].lines), (1, Direction::In, Money::rub(7)));
        let mut silent = statement(vec![line("1", 100)]);
        silent.accounts[0].spent = None;
        assert_eq!(silent.gaps().unwrap(), []);
    }
}
