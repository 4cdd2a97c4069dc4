//! Tables as Russian spreadsheets open them: UTF-8 with a mark, semicolons, decimal commas.

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

/// A table with its heading.
pub fn table(heading: &[&str], rows: impl Iterator<Item = Vec<Cell>>) -> String {
    let mut text = String::from('\u{feff}');
    let heading = heading.iter().map(|name| Cell::from(*name)).collect();
    for row in std::iter::once(heading).chain(rows) {
        let cells: Vec<_> = row.iter().map(written).collect();
        text.push_str(&cells.join(";"));
        text.push_str("\r\n");
    }
    text
}

fn written(cell: &Cell) -> String {
    let text = match cell {
        Cell::Number(number) => return number.to_string().replace('.', ","),
        Cell::Text(text) => text,
    };
    // What begins so is run as a formula by a spreadsheet, whoever wrote it; an apostrophe before it is not shown there.
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.clone() };
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
