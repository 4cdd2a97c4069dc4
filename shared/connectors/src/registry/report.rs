//! Reports of cash registers and of operators of fiscal data (ОФД) as files: one row a fiscal document.

use std::collections::BTreeMap;

use domain::money::{Currency, Money};
use domain::reconcile::{Print, Printed};
use serde::{Deserialize, Serialize};

use super::cell::{moment, money};
use super::format::{moscow, semicolon, yes};
use super::{Cells, Column, Encoding, Names, Place, RegistryError, Sheet, each, place};

/// Digits of a drive's number (tag 1041).
const DRIVE_DIGITS: usize = 16;

/// A register's report, as it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportFormat {
    /// In what it is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// What stands between cells.
    #[serde(default = "semicolon")]
    pub delimiter: char,
    /// Lines before the header, or before the first row where there is none. Empty lines do not count.
    #[serde(default)]
    pub skip: usize,
    /// A line names the columns.
    #[serde(default = "yes")]
    pub header: bool,
    /// What the first cell of a line begins with that ends the rows.
    #[serde(default)]
    pub until: Vec<String>,
    /// Where everything stands.
    pub columns: ReportColumns,
    /// How a day is written, and a moment where there is one, as `strptime` has it.
    pub day_format: String,
    /// Hours its moments are ahead of UTC.
    #[serde(default = "moscow")]
    pub utc_hours: i8,
    /// What the words of the kind column mean (`Приход`, `Возврат прихода`); nothing for documents to be passed over (shifts). A word
    /// that is not here is refused. Without the column all are sales, and a minus makes a refund.
    #[serde(default)]
    pub kinds: BTreeMap<String, Option<PrintKind>>,
}

/// Where everything stands. What a report does not have is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportColumns {
    /// The day, or the moment (tag 1012).
    pub day: Column,
    /// The time of the day, where it has a column of its own.
    #[serde(default)]
    pub time: Option<Column>,
    /// The kind of document (tag 1054).
    #[serde(default)]
    pub kind: Option<Column>,
    /// The drive's number (ФН, tag 1041).
    pub drive: Column,
    /// The document's number (ФД, tag 1040).
    pub document: Column,
    /// Its fiscal sign (ФПД, tag 1077). Only that it is one is looked at.
    #[serde(default)]
    pub sign: Option<Column>,
    /// The total (tag 1020).
    pub total: Column,
    /// The id we gave the receipt.
    #[serde(default)]
    pub external_id: Option<Column>,
    /// Tax by rate (tag 1199, in digits).
    #[serde(default)]
    pub vats: BTreeMap<u8, Column>,
}

/// Which way a receipt's money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrintKind {
    /// Приход.
    Sale,
    /// Возврат прихода.
    Refund,
}

struct Places {
    day: Place,
    time: Option<Place>,
    kind: Option<Place>,
    drive: Place,
    document: Place,
    sign: Option<Place>,
    total: Place,
    external_id: Option<Place>,
    vats: BTreeMap<u8, Place>,
}

impl Places {
    fn of(columns: &ReportColumns, names: &Names, line: u64) -> Result<Self, RegistryError> {
        let at = |column: &Column| place(column, names, line);
        let perhaps = |column: &Option<Column>| column.as_ref().map(at).transpose();
        let vats = columns.vats.iter().map(|(tag, column)| Ok((*tag, at(column)?)));
        Ok(Self {
            day: at(&columns.day)?,
            time: perhaps(&columns.time)?,
            kind: perhaps(&columns.kind)?,
            drive: at(&columns.drive)?,
            document: at(&columns.document)?,
            sign: perhaps(&columns.sign)?,
            total: at(&columns.total)?,
            external_id: perhaps(&columns.external_id)?,
            vats: vats.collect::<Result<_, RegistryError>>()?,
        })
    }
}

/// Reads a report.
///
/// # Errors
/// The first thing that can not be read.
pub fn read_report(file: &[u8], format: &ReportFormat) -> Result<Vec<Print>, RegistryError> {
    let ReportFormat { encoding, delimiter, skip, header, .. } = *format;
    let sheet = Sheet { encoding, delimiter, skip, header, until: &format.until };
    let places = |names: &Names, line| Places::of(&format.columns, names, line);
    each(file, &sheet, places, |cells, places| print(cells, places, format))
}

fn print(cells: &Cells, places: &Places, format: &ReportFormat) -> Result<Option<Print>, RegistryError> {
    let kind = match &places.kind {
        None => None,
        Some(place) => {
            let word = cells.of(place)?;
            let Some(kind) = format.kinds.get(&word) else {
                return Err(cells.wrong(place, &word, "a kind of document the format knows"));
            };
            let Some(kind) = kind else { return Ok(None) };
            Some(*kind)
        }
    };
    let sum = |place: &Place| {
        let text = cells.of(place)?;
        money(&text, Currency::RUB).ok_or_else(|| cells.wrong(place, &text, "an amount"))
    };
    let size = |money: Money| money.minor().checked_abs();
    let listed = sum(&places.total)?;
    let is_refund = kind.map_or(listed.minor() < 0, |kind| kind == PrintKind::Refund);
    let total = size(listed).and_then(|size| if is_refund { size.checked_neg() } else { Some(size) });
    let total = total.ok_or_else(|| cells.wrong(&places.total, "", "an amount"))?;
    let mut vats = BTreeMap::new();
    for (tag, place) in &places.vats {
        if let Some(tax) = cells.perhaps(Some(place))?.is_some().then(|| sum(place)).transpose()? {
            vats.insert(*tag, Money::rub(size(tax).unwrap_or_default()));
        }
    }
    vats.retain(|_, tax| !tax.is_zero());
    let mut told = cells.of(&places.day)?;
    if let Some(place) = &places.time {
        told = format!("{told} {}", cells.of(place)?);
    }
    let (day, _) = moment(&told, &format.day_format, format.utc_hours)
        .ok_or_else(|| cells.wrong(&places.day, &told, "a day as the format has it"))?;
    let digits = |place: &Place, wanted: &'static str, is: fn(usize) -> bool| {
        let text = cells.of(place)?;
        let plain = is(text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { Ok(text) } else { Err(cells.wrong(place, &text, wanted)) }
    };
    let drive = digits(&places.drive, "a drive's number of 16 digits", |digits| digits == DRIVE_DIGITS)?;
    let number = digits(&places.document, "a document's number", |digits| (1..=10).contains(&digits))?;
    let document = number.parse().map_err(|_| cells.wrong(&places.document, &number, "a document's number"))?;
    if let Some(place) = &places.sign {
        digits(place, "a fiscal sign of up to ten digits", |digits| (1..=10).contains(&digits))?;
    }
    Ok(Some(Print {
        external_id: cells.perhaps(places.external_id.as_ref())?,
        printed: Printed { drive, document, day },
        total: Money::rub(total),
        vats,
    }))
}
