//! The register's pages: rows of one height, a head on each, totals at the end.

use domain::report::{Event, Line, Report};

use super::flow::{Align, Column, LEFT, Mark, Page, Paper, RIGHT, TOP, placed};
use super::text::{Fonts, Weight};
use crate::{PaperError, words};

/// The columns: together as wide as the page.
const COLUMNS: [Column; 12] = [
    column("№", 640, Align::Right),
    column("Событие", 1_530, Align::Left),
    column("Заказ", 2_050, Align::Left),
    column("Номер счёта", 1_560, Align::Left),
    column("Создан", 930, Align::Centre),
    column("Оплачен", 930, Align::Centre),
    column("Событие от", 930, Align::Centre),
    column("Способ оплаты", 1_190, Align::Left),
    column("Сумма", 1_480, Align::Right),
    column("Вознагр.", 1_230, Align::Right),
    column("в т. ч. НДС", 1_150, Align::Right),
    column("К перечислению", 1_500, Align::Right),
];

const fn column(name: &'static str, width: i32, align: Align) -> Column {
    Column { name, width, align }
}

const SIZE: i32 = 150;
const ROW: i32 = 222;
const HEAD: i32 = 300;
const TITLE: i32 = 420;
const PADDING: i32 = 50;

/// Lines of a page: what the margins, a title and a head leave of it, less the totals and what explains them.
const ROWS: usize = 40;

/// Rows of the totals and of what explains them.
#[cfg(test)]
const END: usize = 2;

/// Pages of the register being filled.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    marks: Vec<Mark>,
    rows: usize,
    page: usize,
}

impl Sheet {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Pages for so many lines: there is room for the totals under the last one, wherever it stands.
    pub(super) fn pages(lines: usize) -> usize {
        lines.div_ceil(ROWS)
    }

    /// One more line; a page when it is full.
    pub(super) fn line(
        &mut self,
        fonts: &Fonts,
        report: &Report,
        number: u64,
        line: &Line,
    ) -> Result<Option<Page>, PaperError> {
        let (turnover, fee, vat) = line.signed()?;
        let cancelled = line.event == Event::Cancelled;
        let mut event = words::event(line.event).to_owned();
        if let Some(corrects) = &line.corrects {
            event = format!("{event}, испр. № {}", corrects.number);
        }
        let mut method = words::method(line.method).to_owned();
        if line.at_principal {
            method.push_str(" *");
        }
        let cells = [
            number.to_string(),
            event,
            line.order.clone(),
            line.bill.clone(),
            words::date(line.created),
            line.paid.map(words::date).unwrap_or_default(),
            words::date(line.on),
            method,
            // What never moved is shown in brackets: the column's total does not have it.
            if cancelled { format!("({})", words::money(line.amount)) } else { words::money(turnover) },
            words::money(fee),
            words::money(vat),
            words::money(line.net()?),
        ];
        let full = self.turn(fonts, report);
        self.row(fonts, &cells, Weight::Regular);
        Ok(full)
    }

    /// The last page, with the totals.
    pub(super) fn finish(mut self, fonts: &Fonts, report: &Report) -> Result<Page, PaperError> {
        let totals = &report.totals;
        let (paid, restored, refunded) =
            (totals.of(Event::Paid), totals.of(Event::Restored), totals.of(Event::Refunded));
        let turnover = paid.amount.plus(restored.amount)?.minus(refunded.amount)?;
        let (fee, vat) = totals.fee()?;
        let sums = [turnover, fee, vat, totals.net()?].map(words::money);
        let mut cells: [String; 12] = Default::default();
        for (at, cell) in cells.iter_mut().enumerate() {
            if at == 1 {
                "Итого".clone_into(cell);
            } else if let Some(sum) = at.checked_sub(8).and_then(|at| sums.get(at)) {
                cell.clone_from(sum);
            }
        }
        self.row(fonts, &cells, Weight::Bold);
        let note = "В скобках: суммы отменённых заказов, деньги по ним не поступали, в итог не входят. \
                    * Деньги получил принципал, к перечислению не подлежат.";
        let y = self.base() - 60;
        let width = Paper::Landscape.size().0 - LEFT - RIGHT;
        let (text, size) = fonts.fitted(note, SIZE, Weight::Regular, width);
        self.marks.push(Mark::Text { x: LEFT, y, size, weight: Weight::Regular, text });
        Ok(self.page())
    }

    /// Hands over the page if it is full, and begins one where none is begun.
    fn turn(&mut self, fonts: &Fonts, report: &Report) -> Option<Page> {
        let full = (self.rows == ROWS).then(|| self.page());
        if self.marks.is_empty() {
            self.begin(fonts, report);
        }
        full
    }

    fn page(&mut self) -> Page {
        self.rows = 0;
        Page { paper: Paper::Landscape, marks: std::mem::take(&mut self.marks) }
    }

    /// The base line of the next row.
    fn base(&self) -> i32 {
        TOP + TITLE + HEAD + (i32::try_from(self.rows).unwrap_or(0) + 1) * ROW
    }

    fn begin(&mut self, fonts: &Fonts, report: &Report) {
        self.page += 1;
        let head = &report.head;
        let again = if self.page > 1 { " (продолжение)" } else { "" };
        let title = format!(
            "Приложение к отчёту агента и акту № {}: реестр заказов за {}, руб.{again}",
            head.number,
            words::month(head.period)
        );
        let width: i32 = COLUMNS.iter().map(|column| column.width).sum();
        let (text, size) = fonts.fitted(&title, 200, Weight::Bold, width);
        self.marks.push(Mark::Text { x: LEFT, y: TOP + 200, size, weight: Weight::Bold, text });
        let y = TOP + TITLE;
        self.marks.push(Mark::Shade { x: LEFT, y, width, height: HEAD });
        self.marks.push(Mark::Line { x: LEFT, y, width, height: 10 });
        self.marks.push(Mark::Line { x: LEFT, y: y + HEAD, width, height: 10 });
        let mut x = LEFT;
        for column in COLUMNS {
            let (text, size) = fonts.fitted(column.name, SIZE, Weight::Bold, column.width - 2 * PADDING);
            let at = (x + PADDING, y + HEAD * 2 / 3);
            self.marks.push(placed(fonts, at, column.width - 2 * PADDING, &text, size, Weight::Bold, Align::Centre));
            x += column.width;
        }
    }

    fn row(&mut self, fonts: &Fonts, cells: &[String; 12], weight: Weight) {
        let y = self.base();
        let mut x = LEFT;
        for (column, text) in COLUMNS.iter().zip(cells) {
            let width = column.width - 2 * PADDING;
            if !text.is_empty() {
                let (text, size) = fonts.fitted(text, SIZE, weight, width);
                let at = (x + PADDING, y - 65);
                self.marks.push(placed(fonts, at, width, &text, size, weight, column.align));
            }
            x += column.width;
        }
        self.marks.push(Mark::Line { x: LEFT, y, width: x - LEFT, height: 5 });
        self.rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_as_wide_as_the_page_and_its_rows_as_high() {
        let (width, height) = Paper::Landscape.size();
        let columns: i32 = COLUMNS.iter().map(|column| column.width).sum();
        assert!(columns <= width - LEFT - RIGHT, "{columns}");
        let rows = i32::try_from(ROWS + END).unwrap() * ROW;
        assert!(TOP + TITLE + HEAD + rows <= height - super::super::flow::BOTTOM, "{rows}");
    }
}
