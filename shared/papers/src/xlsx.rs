//! The report as a workbook: act, register, movements. Amounts are numbers, days are dates, totals are formulas that carry their value, so
//! that a reader which does not calculate sees it too.
//!
//! A finished row goes to a temporary file, so memory does not grow with the month.

use std::io::Write;

use domain::csv::is_formula;
use domain::money::Money;
use domain::report::{Event, Line, Party, Report, Totals};
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet};

use crate::register::{COLUMNS, CORRECTS, corrects, holder};
use crate::{PaperError, words};

/// Rows of a sheet that a heading and a total leave.
const LINES_MAX: u64 = 1_048_574;

/// Characters of a cell.
const TEXT_MAX: usize = 32_767;

/// Formats of a workbook.
struct Style {
    title: Format,
    head: Format,
    text: Format,
    formula: Format,
    money: Format,
    date: Format,
    total: Format,
    total_text: Format,
}

impl Style {
    fn new() -> Self {
        // Grouped, two decimals, a minus for what went back: the built-in form, shown by the reader's own separators.
        let money = Format::new().set_num_format("#,##0.00");
        let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Center);
        let head = head.set_align(FormatAlign::VerticalCenter).set_border_bottom(FormatBorder::Thin);
        Self {
            title: Format::new().set_bold().set_font_size(13),
            head: head.set_background_color(0x00EE_EEEE),
            text: Format::new().set_num_format("@"),
            formula: Format::new().set_num_format("@").set_quote_prefix(),
            total: money.clone().set_bold().set_border_top(FormatBorder::Thin),
            total_text: Format::new().set_bold().set_border_top(FormatBorder::Thin),
            money,
            date: Format::new().set_num_format("dd.mm.yyyy"),
        }
    }
}

/// A sheet with the row it is at.
struct Page {
    sheet: Worksheet,
    row: u32,
}

impl Page {
    fn text(&mut self, style: &Style, column: u16, text: &str) -> Result<(), PaperError> {
        // Written as a string, a text is never run; marked besides, it stays one when somebody edits the cell.
        let format = if is_formula(text) { &style.formula } else { &style.text };
        let text: String = text.chars().take(TEXT_MAX).collect();
        self.sheet.write_string_with_format(self.row, column, text, format)?;
        Ok(())
    }

    fn money(&mut self, format: &Format, column: u16, money: Money) -> Result<(), PaperError> {
        self.sheet.write_number_with_format(self.row, column, number(money)?, format)?;
        Ok(())
    }

    fn date(&mut self, style: &Style, column: u16, day: Date) -> Result<(), PaperError> {
        self.sheet.write_datetime_with_format(self.row, column, day, &style.date)?;
        Ok(())
    }

    fn total(&mut self, style: &Style, column: u16, letter: char, first: u32, value: Money) -> Result<(), PaperError> {
        let formula = Formula::new(format!("=SUM({letter}{}:{letter}{})", first + 1, self.row));
        let formula = formula.set_result(value.to_decimal().to_string());
        self.sheet.write_formula_with_format(self.row, column, formula, &style.total)?;
        Ok(())
    }

    fn head(&mut self, style: &Style, names: &[&str], widths: &[u16]) -> Result<(), PaperError> {
        for (column, (name, width)) in (0_u16..).zip(names.iter().zip(widths)) {
            self.sheet.set_column_width(column, f64::from(*width))?;
            self.sheet.write_string_with_format(self.row, column, *name, &style.head)?;
        }
        self.sheet.set_freeze_panes(self.row + 1, 0)?;
        self.sheet.set_repeat_rows(self.row, self.row)?;
        self.row += 1;
        Ok(())
    }
}

/// The nearest double, which shows every kopeck of what fits into 15 digits.
fn number(money: Money) -> Result<f64, PaperError> {
    money.to_decimal().to_string().parse().map_err(|_| PaperError::Requisite("an amount"))
}

/// The workbook being written.
pub struct Book<'a, W> {
    report: &'a Report,
    before: u64,
    printed: Totals,
    out: W,
    workbook: Workbook,
    style: Style,
    register: Page,
}

impl<'a, W: Write + Send> Book<'a, W> {
    /// Its register's heading.
    ///
    /// # Errors
    /// More lines than a sheet has rows, or no room for temporary files.
    pub fn start(out: W, report: &'a Report) -> Result<Self, PaperError> {
        Self::part(out, report, 0)
    }

    /// The heading of a part of the register that has `before` lines before it; act and movements are the whole report's.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn part(out: W, report: &'a Report, before: u64) -> Result<Self, PaperError> {
        if report.totals.lines > LINES_MAX {
            return Err(PaperError::TooLong(report.totals.lines));
        }
        let mut book = Workbook::new();
        let issued = report.head.issued;
        let created = ExcelDateTime::from_ymd(
            u16::try_from(issued.year()).map_err(|_| PaperError::Requisite("the date"))?,
            u8::try_from(issued.month()).map_err(|_| PaperError::Requisite("the date"))?,
            u8::try_from(issued.day()).map_err(|_| PaperError::Requisite("the date"))?,
        )?;
        let properties = DocProperties::new().set_title(title(report)).set_author(&report.head.agent.name);
        book.set_properties(&properties.set_creation_datetime(&created));
        let style = Style::new();
        let mut register = Page { sheet: book.new_worksheet_with_constant_memory()?, row: 0 };
        register.sheet.set_name("Реестр")?.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
        let names: Vec<&str> = COLUMNS.into_iter().chain([CORRECTS]).collect();
        register.head(&style, &names, &[8, 16, 30, 20, 12, 12, 12, 18, 14, 15, 15, 15, 15, 15, 40])?;
        Ok(Self { report, before, printed: Totals::default(), out, workbook: book, style, register })
    }

    /// One line.
    ///
    /// # Errors
    /// It can not stand in the report, or its row can not be written.
    pub fn line(&mut self, line: &Line) -> Result<(), PaperError> {
        self.printed.add(&self.report.head, line)?;
        let (turnover, fee, vat) = line.signed()?;
        let (page, style) = (&mut self.register, &self.style);
        let no = u32::try_from(self.before).unwrap_or(u32::MAX).saturating_add(page.row);
        page.sheet.write_number(page.row, 0, no)?;
        page.text(style, 1, words::event(line.event))?;
        page.text(style, 2, &line.order)?;
        page.text(style, 3, &line.bill)?;
        page.date(style, 4, line.created)?;
        if let Some(paid) = line.paid {
            page.date(style, 5, paid)?;
        }
        page.date(style, 6, line.on)?;
        page.text(style, 7, words::method(line.method))?;
        page.text(style, 8, holder(line))?;
        for (column, sum) in (9_u16..).zip([line.amount, turnover, fee, vat, line.net()?]) {
            page.money(&style.money, column, sum)?;
        }
        if line.corrects.is_some() {
            page.text(style, 14, &corrects(line))?;
        }
        page.row += 1;
        Ok(())
    }

    /// Ends it: totals, the act and the movements.
    ///
    /// # Errors
    /// The lines were not those of the report, or the place it is written to fails.
    pub fn finish(self) -> Result<W, PaperError> {
        self.report.same(&self.printed)?;
        self.finish_part()
    }

    /// Ends a part, with its own totals below the register: whether its lines are the report's, their pages have said.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn finish_part(mut self) -> Result<W, PaperError> {
        let (page, style, report, printed) = (&mut self.register, &self.style, self.report, &self.printed);
        if printed.lines > 0 {
            page.sheet.autofilter(0, 0, page.row - 1, 14)?;
            page.sheet.write_string_with_format(page.row, 0, "Итого", &style.total_text)?;
            let (fee, vat) = printed.fee()?;
            let sums = [turnover(printed)?, fee, vat, printed.net()?];
            for ((column, letter), sum) in (10_u16..).zip('K'..='N').zip(sums) {
                page.total(style, column, letter, 1, sum)?;
            }
        }
        let act = act(&mut self.workbook, style, report)?;
        let movements = movements(&mut self.workbook, style, report)?;
        self.workbook.push_worksheet(act);
        self.workbook.push_worksheet(self.register.sheet);
        self.workbook.push_worksheet(movements);
        self.workbook.save_to_writer(&mut self.out)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn title(report: &Report) -> String {
    let head = &report.head;
    format!("Отчёт агента и Акт № {} от {} за {}", head.number, words::date(head.issued), words::month(head.period))
}

/// What was paid less what went back.
fn turnover(totals: &Totals) -> Result<Money, PaperError> {
    let (paid, restored, refunded) = (totals.of(Event::Paid), totals.of(Event::Restored), totals.of(Event::Refunded));
    Ok(paid.amount.plus(restored.amount)?.minus(refunded.amount)?)
}

fn requisites(party: &Party) -> String {
    let kpp = party.kpp().map(|kpp| format!(", КПП {kpp}")).unwrap_or_default();
    let address = party.address.as_ref().map(|address| format!(", {address}")).unwrap_or_default();
    format!("{}, ИНН {}{kpp}{address}", party.name, party.inn)
}

fn act(book: &mut Workbook, style: &Style, report: &Report) -> Result<Worksheet, PaperError> {
    let mut page = Page { sheet: book.new_worksheet_with_constant_memory()?, row: 0 };
    page.sheet.set_name("Акт")?.set_paper_size(9).set_print_fit_to_pages(1, 0);
    for (column, width) in (0_u16..).zip([34_u16, 12, 18, 18, 18, 18]) {
        page.sheet.set_column_width(column, f64::from(width))?;
    }
    page.sheet.write_string_with_format(0, 0, title(report), &style.title)?;
    page.row = 1;
    let head = &report.head;
    let signed = head.contract.as_ref();
    let contract = signed.map(|contract| format!("№ {} от {}", contract.number, words::date(contract.date)));
    for (name, text) in [
        ("Агент", requisites(&head.agent)),
        ("Принципал", requisites(&head.principal)),
        ("Договор", contract.unwrap_or_else(|| "—".to_owned())),
    ] {
        page.text(style, 0, name)?;
        page.text(style, 1, &text)?;
        page.row += 1;
    }
    page.row += 1;
    for (column, name) in
        (0_u16..).zip(["Показатель", "Заказов", "Сумма", "Вознаграждение", "В том числе НДС", "К перечислению"])
    {
        page.sheet.write_string_with_format(page.row, column, name, &style.head)?;
    }
    page.row += 1;
    for event in Event::ALL {
        let sum = report.totals.of(event);
        page.text(style, 0, words::event(event))?;
        page.sheet.write_number(page.row, 1, f64::from(u32::try_from(sum.count).unwrap_or(u32::MAX)))?;
        let due = sum.amount.minus(sum.at_principal)?.minus(sum.fee)?;
        let net = if event.sign() == 0 { due.zero() } else { due };
        for (column, sum) in (2_u16..).zip([sum.amount, sum.fee, sum.vat, net]) {
            page.money(&style.money, column, sum)?;
        }
        page.row += 1;
    }
    page.row += 1;
    let (services, vat) = report.services()?;
    for (name, sum) in [
        ("Остаток на начало", head.opening),
        ("Остаток на конец", report.closing),
        ("Оказано услуг", services),
        ("В том числе НДС", vat),
    ] {
        page.sheet.write_string_with_format(page.row, 0, name, &style.total_text)?;
        page.money(&style.total, 2, sum)?;
        page.row += 1;
    }
    page.row += 1;
    page.text(style, 0, &words::taxes(report))?;
    Ok(page.sheet)
}

fn movements(book: &mut Workbook, style: &Style, report: &Report) -> Result<Worksheet, PaperError> {
    let mut page = Page { sheet: book.new_worksheet_with_constant_memory()?, row: 0 };
    page.sheet.set_name("Движения")?.set_paper_size(9).set_print_fit_to_pages(1, 0);
    let names = ["Дата", "Вид", "Документ", "Содержание", "Сумма", "В том числе НДС", CORRECTS];
    page.head(style, &names, &[12, 34, 18, 50, 16, 16, 40])?;
    let mut sum = report.closing.zero();
    for movement in &report.movements {
        page.date(style, 0, movement.on)?;
        page.text(style, 1, words::movement(movement.kind))?;
        page.text(style, 2, &movement.reference)?;
        page.text(style, 3, &movement.what)?;
        page.money(&style.money, 4, movement.net()?)?;
        page.money(&style.money, 5, movement.vat)?;
        if let Some(corrects) = &movement.corrects {
            page.text(style, 6, &format!("{}: {}", words::document(corrects), corrects.reason))?;
        }
        sum = sum.plus(movement.net()?)?;
        page.row += 1;
    }
    if !report.movements.is_empty() {
        page.sheet.write_string_with_format(page.row, 0, "Итого", &style.total_text)?;
        page.total(style, 4, 'E', 1, sum)?;
    }
    Ok(page.sheet)
}
