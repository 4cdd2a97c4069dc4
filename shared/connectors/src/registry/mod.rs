//! Banks' registries as files: rows of delimited text, each bank's columns and words as configuration.
//!
//! Cells are read in the bytes they came in. What can not be read ends the reading with its line and column: half
//! a registry would be taken for a whole one, and what it lacks for missing.

mod cell;
mod format;
mod report;

use std::collections::HashMap;

use csv::{ByteRecord, ReaderBuilder};
use domain::money::Money;
use domain::reconcile::{Row, Way};

use cell::{moment, money, name};
pub use format::{Column, Columns, Encoding, Fees, Format};
pub use report::{PrintKind, ReportColumns, ReportFormat, read_report};

/// Rows a file may have.
pub const ROWS_MAX: usize = 1_000_000;
/// Characters of a cell that an error shows.
const SHOWN_MAX: usize = 40;

/// Why a registry was not read.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The format does not say what it must.
    #[error("the format of the registry is wrong: {0}")]
    Format(&'static str),
    /// The header lacks a column.
    #[error("line {line} is to name the columns, and none is called `{column}`")]
    Header {
        /// The header's line.
        line: u64,
        /// The column.
        column: String,
    },
    /// A cell does not say what it must.
    #[error("line {line}, column {column}: `{text}` is not {wanted}")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The column's name, or its place.
        column: String,
        /// What it says, cut.
        text: String,
        /// What it must say.
        wanted: &'static str,
    },
    /// A row is too short.
    #[error("line {line} has no column {column}")]
    Short {
        /// The line, from 1.
        line: u64,
        /// The column's name, or its place.
        column: String,
    },
    /// The file ends before its header.
    #[error("the file has no header")]
    Empty,
    /// More rows than a registry may have.
    #[error("the registry has more than {ROWS_MAX} rows")]
    Long,
    /// It is no delimited text, or it can not be read.
    #[error("the file can not be read")]
    Read(#[from] csv::Error),
}

/// Reads a registry.
///
/// # Errors
/// The first thing that can not be read.
pub fn read(file: &[u8], format: &Format) -> Result<Vec<Row>, RegistryError> {
    let places = |names: &Names, line| Places::of(&format.columns, names, line);
    each(file, &format.sheet(), places, |cells, places| row(cells, places, format))
}

/// The columns a header names, in small letters.
type Names = HashMap<String, usize>;

/// How a file is written, whatever it lists.
struct Sheet<'a> {
    encoding: Encoding,
    delimiter: char,
    skip: usize,
    header: bool,
    until: &'a [String],
}

/// Reads every row of a file, and hands back what they say.
fn each<P, T>(
    file: &[u8],
    sheet: &Sheet<'_>,
    places_of: impl Fn(&Names, u64) -> Result<P, RegistryError>,
    row: impl Fn(&Cells<'_>, &P) -> Result<Option<T>, RegistryError>,
) -> Result<Vec<T>, RegistryError> {
    let mut reader = ReaderBuilder::new()
        .delimiter(u8::try_from(sheet.delimiter).map_err(|_| RegistryError::Format("the delimiter is one byte"))?)
        .has_headers(false)
        .flexible(true)
        .from_reader(file);
    let mut record = ByteRecord::new();
    let mut places = if sheet.header { None } else { Some(places_of(&Names::new(), 0)?) };
    let (mut skipped, mut rows) = (0, Vec::new());
    let mut lines = Lines { file, at: 0, line: 1 };
    while reader.read_byte_record(&mut record)? {
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        if skipped < sheet.skip {
            skipped += 1;
            continue;
        }
        let cells = Cells { record: &record, line, encoding: sheet.encoding };
        let Some(places) = &places else {
            let names = (0..record.len()).map(|at| Ok((cells.text(at, "header")?.to_lowercase(), at)));
            places = Some(places_of(&names.collect::<Result<_, RegistryError>>()?, line)?);
            continue;
        };
        let first = cells.text(0, "1")?;
        if sheet.until.iter().any(|word| first.starts_with(word.as_str())) {
            break;
        }
        // (A line of nothing but delimiters is what a spreadsheet leaves behind.)
        if record.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
            continue;
        }
        if let Some(row) = row(&cells, places)? {
            if rows.len() == ROWS_MAX {
                return Err(RegistryError::Long);
            }
            rows.push(row);
        }
    }
    if places.is_none() { Err(RegistryError::Empty) } else { Ok(rows) }
}

/// Lines as an editor counts them. (The reader of delimited text counts a line's end with CR LF to the line after it.)
struct Lines<'a> {
    file: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that begins at a byte, or after the empty lines there.
    fn of(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        let rest = self.file.get(start..).unwrap_or_default();
        let end = start.saturating_add(rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count());
        let passed = self.file.get(self.at..end).unwrap_or_default();
        let ends = passed.split(|byte| *byte == b'\n').count().saturating_sub(1);
        self.line = self.line.saturating_add(u64::try_from(ends).unwrap_or(u64::MAX));
        self.at = end;
        self.line
    }
}

/// A column's place and name.
type Place = (usize, String);

fn place(column: &Column, names: &Names, line: u64) -> Result<Place, RegistryError> {
    match column {
        Column::Place(0) => Err(RegistryError::Format("columns are counted from 1")),
        Column::Place(place) => Ok((place - 1, place.to_string())),
        Column::Name(name) => names
            .get(&name.to_lowercase())
            .map(|at| (*at, format!("`{name}`")))
            .ok_or_else(|| RegistryError::Header { line, column: name.clone() }),
    }
}

/// Where everything stands.
struct Places {
    amount: Place,
    day: Place,
    time: Option<Place>,
    reference: Option<Place>,
    operation: Option<Place>,
    number: Option<Place>,
    way: Option<Place>,
    fee: Option<Place>,
    currency: Option<Place>,
}

impl Places {
    fn of(columns: &Columns, names: &Names, line: u64) -> Result<Self, RegistryError> {
        let place = |column: &Column| place(column, names, line);
        let perhaps = |column: &Option<Column>| column.as_ref().map(place).transpose();
        Ok(Self {
            amount: place(&columns.amount)?,
            day: place(&columns.day)?,
            time: perhaps(&columns.time)?,
            reference: perhaps(&columns.reference)?,
            operation: perhaps(&columns.operation)?,
            number: perhaps(&columns.number)?,
            way: perhaps(&columns.way)?,
            fee: perhaps(&columns.fee)?,
            currency: perhaps(&columns.currency)?,
        })
    }
}

/// The cells of a row.
struct Cells<'a> {
    record: &'a ByteRecord,
    line: u64,
    encoding: Encoding,
}

impl Cells<'_> {
    /// A cell without what surrounds it.
    fn text(&self, at: usize, column: &str) -> Result<String, RegistryError> {
        let short = || RegistryError::Short { line: self.line, column: column.to_owned() };
        let bytes = self.record.get(at).ok_or_else(short)?;
        let text = self.encoding.decode(bytes).ok_or_else(|| {
            self.wrong(&(at, column.to_owned()), &String::from_utf8_lossy(bytes), "text in the format's encoding")
        })?;
        Ok(text.trim_start_matches('\u{feff}').trim().to_owned())
    }

    fn of(&self, place: &Place) -> Result<String, RegistryError> {
        self.text(place.0, &place.1)
    }

    /// A cell where there is one and something in it.
    fn perhaps(&self, place: Option<&Place>) -> Result<Option<String>, RegistryError> {
        Ok(place.map(|place| self.of(place)).transpose()?.and_then(name))
    }

    fn wrong(&self, place: &Place, text: &str, wanted: &'static str) -> RegistryError {
        let text = text.chars().take(SHOWN_MAX).collect();
        RegistryError::Cell { line: self.line, column: place.1.clone(), text, wanted }
    }
}

/// A row; nothing for one of a kind that is to be passed over.
fn row(cells: &Cells, places: &Places, format: &Format) -> Result<Option<Row>, RegistryError> {
    let way = match &places.way {
        None => None,
        Some(place) => {
            let word = cells.of(place)?;
            let Some(way) = format.ways.get(&word) else {
                return Err(cells.wrong(place, &word, "a kind of operation the format knows"));
            };
            // Nothing moved: the registry lists it all the same.
            let Some(way) = way else { return Ok(None) };
            Some(*way)
        }
    };
    let currency = match cells.perhaps(places.currency.as_ref())? {
        None => format.currency,
        Some(code) => cell::currency(&code).ok_or_else(|| {
            let column = places.currency.clone().unwrap_or_default();
            cells.wrong(&column, &code, "a currency of ISO 4217")
        })?,
    };
    let sum = |place: &Place| {
        let text = cells.of(place)?;
        money(&text, currency).ok_or_else(|| cells.wrong(place, &text, "an amount"))
    };
    let listed = sum(&places.amount)?;
    let (way, amount) = signed(listed, way).ok_or_else(|| {
        cells.wrong(&places.amount, &listed.to_decimal().to_string(), "an amount of the sign its kind has")
    })?;
    let fee = match &places.fee {
        Some(place) if !cells.of(place)?.is_empty() => Some(sum(place)?),
        _ => None,
    };
    let fee = match (fee, format.fees) {
        (Some(fee), Fees::Moved) => Some(Money::new(fee.minor().saturating_neg(), currency)),
        (fee, _) => fee,
    };
    let mut told = cells.of(&places.day)?;
    if let Some(place) = &places.time {
        told = format!("{told} {}", cells.of(place)?);
    }
    let (day, at) = moment(&told, &format.day_format, format.utc_hours)
        .ok_or_else(|| cells.wrong(&places.day, &told, "a day as the format has it"))?;
    Ok(Some(Row {
        reference: cells.perhaps(places.reference.as_ref())?,
        operation: cells.perhaps(places.operation.as_ref())?,
        number: cells.perhaps(places.number.as_ref())?,
        way,
        amount,
        fee,
        day,
        at,
        line: u32::try_from(cells.line).unwrap_or(u32::MAX),
    }))
}

/// The amount with the sign its way has: banks write what goes back with a minus or without. A minus where money comes in is
/// refused; where no column names the way, the sign does.
fn signed(listed: Money, way: Option<Way>) -> Option<(Way, Money)> {
    let way = way.unwrap_or(if listed.minor() < 0 { Way::Returned } else { Way::Taken });
    let size = listed.minor().checked_abs()?;
    let minor = match way {
        // What was declined has an amount, and none of it moved.
        Way::FeeOnly => 0,
        _ if way.is_out() => size.checked_neg()?,
        _ if listed.minor() < 0 => return None,
        _ => size,
    };
    Some((way, Money::new(minor, listed.currency())))
}

#[cfg(test)]
mod tests;
