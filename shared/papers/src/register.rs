//! The register of orders: the columns every form of it has, and the CSV of it.

use std::io::Write;

use domain::csv::{Cell, Sheet};
use domain::report::{Line, Report, Totals};

use crate::{PaperError, words};

/// Its columns. «Оборот» and what follows carry the sign of the event, so that a column adds up to the act's total; «Сумма» does not.
pub const COLUMNS: [&str; 14] = [
    "№",
    "Событие",
    "Заказ",
    "Номер счёта",
    "Создан",
    "Оплачен",
    "Дата события",
    "Способ оплаты",
    "Деньги получил",
    "Сумма",
    "Оборот",
    "Вознаграждение агента",
    "В том числе НДС",
    "К перечислению",
];

/// The heading of the last column: filled where a line mends an earlier document.
pub const CORRECTS: &str = "Корректирует";

/// Who has the money.
pub(crate) const fn holder(line: &Line) -> &'static str {
    if line.at_principal { "принципал" } else { "агент" }
}

/// The mended document and why; empty for most lines.
pub(crate) fn corrects(line: &Line) -> String {
    line.corrects.as_ref().map(|one| format!("{}: {}", words::document(one), one.reason)).unwrap_or_default()
}

/// The register as CSV.
#[derive(Debug)]
pub struct Register<'a, W> {
    report: &'a Report,
    before: u64,
    printed: Totals,
    sheet: Sheet<W>,
}

impl<'a, W: Write> Register<'a, W> {
    /// Its heading.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn start(out: W, report: &'a Report) -> Result<Self, PaperError> {
        Self::part(out, report, 0)
    }

    /// The heading of a part that has `before` lines before it.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn part(out: W, report: &'a Report, before: u64) -> Result<Self, PaperError> {
        let heading: Vec<&str> = COLUMNS.into_iter().chain([CORRECTS]).collect();
        Ok(Self { report, before, printed: Totals::default(), sheet: Sheet::start(out, &heading)? })
    }

    /// One line.
    ///
    /// # Errors
    /// It can not stand in the report, or the place it is written to fails.
    pub fn line(&mut self, line: &Line) -> Result<(), PaperError> {
        self.printed.add(&self.report.head, line)?;
        let (turnover, fee, vat) = line.signed()?;
        let sums = [line.amount, turnover, fee, vat, line.net()?].map(|sum| Cell::Number(sum.to_decimal()));
        let texts = [
            (self.before + self.printed.lines).to_string(),
            words::event(line.event).into(),
            line.order.clone(),
            line.bill.clone(),
            words::date(line.created),
            line.paid.map(words::date).unwrap_or_default(),
            words::date(line.on),
            words::method(line.method).into(),
            holder(line).into(),
        ];
        let cells = texts.into_iter().map(Cell::Text).chain(sums).chain([Cell::Text(corrects(line))]);
        Ok(self.sheet.row(cells)?)
    }

    /// Ends it.
    ///
    /// # Errors
    /// The lines were not those of the report, or the place it is written to fails.
    pub fn finish(self) -> Result<W, PaperError> {
        self.report.same(&self.printed)?;
        self.finish_part()
    }

    /// Ends a part: whether its lines are the report's, their pages have said.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn finish_part(self) -> Result<W, PaperError> {
        Ok(self.sheet.finish()?)
    }
}
