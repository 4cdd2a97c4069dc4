//! Tables as Russian spreadsheets open them: UTF-8 with a mark, semicolons, decimal commas. Written row by row.

use std::io::{self, Write};

use rust_decimal::Decimal;

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A text. One that a spreadsheet would take for a formula is kept from being one.
    Text(String),
    /// A number, with a decimal comma.
    Number(Decimal),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A table being written.
#[derive(Debug)]
pub struct Sheet<W> {
    out: W,
}

impl<W: Write> Sheet<W> {
    /// The mark and the heading.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn start(mut out: W, heading: &[&str]) -> io::Result<Self> {
        out.write_all(head(heading).as_bytes())?;
        Ok(Self { out })
    }

    /// One row.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) -> io::Result<()> {
        self.out.write_all(row(cells).as_bytes())
    }

    /// Ends the table.
    ///
    /// # Errors
    /// The place it is written to fails.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// A short table with its heading, as one text.
pub fn table(heading: &[&str], rows: impl Iterator<Item = Vec<Cell>>) -> String {
    rows.fold(head(heading), |text, cells| text + &row(cells))
}

fn head(heading: &[&str]) -> String {
    format!("\u{feff}{}", row(heading.iter().map(|name| Cell::from(*name))))
}

fn row(cells: impl IntoIterator<Item = Cell>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| written(&cell)).collect();
    cells.join(";") + "\r\n"
}

/// Whether a spreadsheet would run the text as a formula, whoever wrote it.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

fn written(cell: &Cell) -> String {
    let text = match cell {
        Cell::Number(number) => return number.to_string().replace('.', ","),
        Cell::Text(text) => text,
    };
    // An apostrophe before it is not shown in a spreadsheet.
    let text = if is_formula(text) { format!("'{text}") } else { text.clone() };
    let quoted = text.contains([';', '"', '\n', '\r']);
    if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_formula_or_another_cell() {
        let rows = [
            vec!["=HYPERLINK(\"http://evil.example\")".into(), Cell::Number(Decimal::new(-123_456, 2))],
            vec!["a;b\n\"c\"".into(), Cell::Number(Decimal::new(5, 1))],
            vec!["+7 916".into(), "@x".into()],
            vec!["-1".into(), "Выписка".into()],
        ];
        assert_eq!(
            table(&["Имя", "Сумма"], rows.into_iter()),
            "\u{feff}Имя;Сумма\r\n\"'=HYPERLINK(\"\"http://evil.example\"\")\";-1234,56\r\n\"a;b\n\"\"c\"\"\";0,5\r\n'+7 916;'@x\r\n'-1;Выписка\r\n"
        );
    }
}
