//! The report and act as PDF/A-2b: an upright act to sign, then the register of orders in landscape as its appendix.
//!
//! A page of the register is drawn and compressed as soon as it is full; what stays in memory is the compressed file (some 160 bytes an order:
//! 100,000 orders are 15 MB and took 60 MB at the peak). Every row of the register has one height, so «стр. 1 из N» is known before the first page.

mod act;
mod flow;
mod sheet;
mod text;

use std::io::Write;

use domain::report::{Line, Report, Totals};
use jiff::civil::Date;
use krilla::color::luma;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point, Rect, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};

use self::flow::{BOTTOM, LEFT, Mark, Page, Paper, RIGHT};
use self::sheet::Sheet;
use self::text::{Fonts, Weight};
use crate::{PaperError, words};

/// A twip is a twentieth of a point.
const SCALE: f32 = 0.05;

/// Lines of a register that is printed: some sixty pages. Nobody signs or files more on paper.
const LINES_MAX: u64 = 2_000;

/// The document being written.
pub struct Pdf<'a, W> {
    report: &'a Report,
    /// Whether the register is its appendix.
    register: bool,
    printed: Totals,
    out: W,
    fonts: Fonts,
    document: Document,
    sheet: Sheet,
    page: usize,
    pages: usize,
}

impl<'a, W: Write> Pdf<'a, W> {
    /// Whether the register of a report is short enough to be the act's appendix.
    pub const fn has_register(report: &Report) -> bool {
        report.totals.lines <= LINES_MAX
    }

    /// Its act. The register is its appendix, and is fed line by line, unless it is kept as a file that is known by its SHA-256.
    ///
    /// # Errors
    /// The report does not hold.
    pub fn start(out: W, report: &'a Report, register_sha256: Option<&str>) -> Result<Self, PaperError> {
        report.check()?;
        let archival = ConfigurationBuilder::new().with_archival_validator(Archival::A2_B).finish();
        let configuration = archival.map_err(|_| PaperError::Pdf("PDF/A can not be written"))?;
        let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
        let head = &report.head;
        let title = format!("Отчёт агента и Акт № {} за {}", head.number, words::month(head.period));
        let metadata = Metadata::new().title(title).language("ru".into()).authors(vec![head.agent.name.clone()]);
        document.set_metadata(metadata.creation_date(moment(head.issued)?));
        let fonts = Fonts::load()?;
        let act = act::pages(&fonts, report, register_sha256)?;
        let lines = usize::try_from(report.totals.lines).map_err(|_| PaperError::TooLong(report.totals.lines))?;
        let register = register_sha256.is_none();
        let pages = act.len() + if register { Sheet::pages(lines) } else { 0 };
        let mut pdf = Self {
            report,
            register,
            printed: Totals::default(),
            out,
            fonts,
            document,
            sheet: Sheet::new(),
            page: 0,
            pages,
        };
        for page in act {
            pdf.draw(&page);
        }
        Ok(pdf)
    }

    /// One line of the register.
    ///
    /// # Errors
    /// It can not stand in the report.
    pub fn line(&mut self, line: &Line) -> Result<(), PaperError> {
        self.printed.add(&self.report.head, line)?;
        if let Some(page) = self.sheet.line(&self.fonts, self.report, self.printed.lines, line)? {
            self.draw(&page);
        }
        Ok(())
    }

    /// Ends it with the register's totals.
    ///
    /// # Errors
    /// The lines were not those of the report, or the place it is written to fails.
    pub fn finish(mut self) -> Result<W, PaperError> {
        if self.register {
            self.report.same(&self.printed)?;
        }
        if self.printed.lines > 0 {
            let last = std::mem::take(&mut self.sheet).finish(&self.fonts, self.report)?;
            self.draw(&last);
        }
        if self.page != self.pages {
            return Err(PaperError::Pdf("the pages are not as many as announced"));
        }
        let bytes = self.document.finish().map_err(|_| PaperError::Pdf("it is no PDF/A"))?;
        self.out.write_all(&bytes)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn draw(&mut self, page: &Page) {
        self.page += 1;
        let Some(settings) = (match page.paper {
            Paper::Upright => PageSettings::from_wh(595.3, 841.9),
            Paper::Landscape => PageSettings::from_wh(841.9, 595.3),
        }) else {
            return;
        };
        let mut sheet = self.document.start_page_with(settings);
        let mut surface = sheet.surface();
        surface.push_transform(&Transform::from_scale(SCALE, SCALE));
        for mark in &page.marks {
            stamp(&mut surface, &self.fonts, mark);
        }
        let head = &self.report.head;
        let (width, height) = page.paper.size();
        let (y, size) = (height - BOTTOM / 2, 150);
        let name = format!("Отчёт агента и Акт № {} от {}", head.number, words::date(head.issued));
        let name = self.fonts.fitted(&name, size, Weight::Regular, width / 2);
        let number = format!("стр. {} из {}", self.page, self.pages);
        let right = width - RIGHT - self.fonts.width(&number, size, Weight::Regular);
        for (x, text, size) in [(LEFT, name.0, name.1), (right, number, size)] {
            stamp(&mut surface, &self.fonts, &Mark::Text { x, y, size, weight: Weight::Regular, text });
        }
        surface.pop();
        surface.finish();
        sheet.finish();
    }
}

fn stamp(surface: &mut Surface<'_>, fonts: &Fonts, mark: &Mark) {
    match mark {
        Mark::Text { x, y, size, weight, text } => {
            surface.set_fill(Some(ink(0)));
            let at = Point::from_xy(twips(*x), twips(*y));
            let font = fonts.font(*weight).clone();
            surface.draw_text(at, font, twips(*size), text, false, TextDirection::LeftToRight);
        }
        Mark::Line { x, y, width, height } => fill(surface, 60, [*x, *y, *width, *height]),
        Mark::Shade { x, y, width, height } => fill(surface, 235, [*x, *y, *width, *height]),
    }
}

fn fill(surface: &mut Surface<'_>, shade: u8, [x, y, width, height]: [i32; 4]) {
    let mut path = PathBuilder::new();
    let Some(rect) = Rect::from_xywh(twips(x), twips(y), twips(width), twips(height)) else { return };
    path.push_rect(rect);
    let Some(path) = path.finish() else { return };
    surface.set_fill(Some(ink(shade)));
    surface.draw_path(&path);
}

fn ink(shade: u8) -> Fill {
    Fill { paint: luma::Color::new(shade).into(), ..Fill::default() }
}

/// Every length on a page fits into 16 bits, and so exactly into a float.
fn twips(length: i32) -> f32 {
    f32::from(i16::try_from(length).unwrap_or(i16::MAX))
}

fn moment(day: Date) -> Result<DateTime, PaperError> {
    let wrong = |_| PaperError::Requisite("the date");
    let year = u16::try_from(day.year()).map_err(wrong)?;
    let (month, day) = (u8::try_from(day.month()).map_err(wrong)?, u8::try_from(day.day()).map_err(wrong)?);
    Ok(DateTime::new(year).month(month).day(day).hour(0).minute(0).second(0).utc_offset_hour(3).utc_offset_minute(0))
}
