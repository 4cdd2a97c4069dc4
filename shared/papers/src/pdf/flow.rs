//! Pages: what stands where, paragraph after paragraph and table after table. Lengths in twips; a page is a list of marks until it is drawn.

use super::text::{Fonts, Weight};

/// A sheet of A4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paper {
    Upright,
    Landscape,
}

impl Paper {
    /// Width and height.
    pub(super) const fn size(self) -> (i32, i32) {
        match self {
            Self::Upright => (11_906, 16_838),
            Self::Landscape => (16_838, 11_906),
        }
    }
}

/// The margin of binding, of the other sides, and the room of the footer.
pub(super) const LEFT: i32 = 1_000;
pub(super) const RIGHT: i32 = 700;
pub(super) const TOP: i32 = 800;
pub(super) const BOTTOM: i32 = 1_000;

/// Space between a cell's border and its text.
const PADDING: i32 = 60;

/// A mark on a page. `y` runs downwards; of a text it is the base line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Text { x: i32, y: i32, size: i32, weight: Weight, text: String },
    Line { x: i32, y: i32, width: i32, height: i32 },
    Shade { x: i32, y: i32, width: i32, height: i32 },
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) paper: Paper,
    pub(super) marks: Vec<Mark>,
}

/// Where a text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) width: i32,
    pub(super) align: Align,
}

/// The distance between base lines.
pub(super) const fn leading(size: i32) -> i32 {
    size * 5 / 4
}

/// Marks of a text on one line within `width`.
pub(super) fn placed(
    fonts: &Fonts,
    at: (i32, i32),
    width: i32,
    text: &str,
    size: i32,
    weight: Weight,
    align: Align,
) -> Mark {
    let slack = width - fonts.width(text, size, weight);
    let x = at.0
        + match align {
            Align::Left => 0,
            Align::Centre => slack / 2,
            Align::Right => slack,
        };
    Mark::Text { x, y: at.1, size, weight, text: text.to_owned() }
}

/// Pages being filled from the top.
pub(super) struct Flow<'a> {
    pub(super) fonts: &'a Fonts,
    paper: Paper,
    pages: Vec<Page>,
    y: i32,
    sections: u32,
}

impl<'a> Flow<'a> {
    pub(super) fn new(fonts: &'a Fonts, paper: Paper) -> Self {
        Self { fonts, paper, pages: vec![Page { paper, marks: Vec::new() }], y: TOP, sections: 0 }
    }

    pub(super) fn pages(self) -> Vec<Page> {
        self.pages
    }

    pub(super) fn width(&self) -> i32 {
        self.paper.size().0 - LEFT - RIGHT
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.marks.push(mark);
        }
    }

    fn turn(&mut self) {
        self.pages.push(Page { paper: self.paper, marks: Vec::new() });
        self.y = TOP;
    }

    /// Whether what is so high still fits on the page.
    fn fits(&self, height: i32) -> bool {
        self.y + height <= self.paper.size().1 - BOTTOM
    }

    /// Turns the page unless what is so high fits.
    pub(super) fn keep(&mut self, height: i32) {
        if !self.fits(height) && self.y > TOP {
            self.turn();
        }
    }

    pub(super) fn gap(&mut self, height: i32) {
        self.y += height;
    }

    pub(super) fn paragraph(&mut self, text: &str, size: i32, weight: Weight, align: Align) {
        let width = self.width();
        for line in self.fonts.wrapped(text, size, weight, width) {
            self.keep(leading(size));
            self.y += leading(size);
            let mark = placed(self.fonts, (LEFT, self.y - size / 4), width, &line, size, weight, align);
            self.mark(mark);
        }
    }

    /// A heading, which does not stay alone at the foot of a page.
    pub(super) fn heading(&mut self, text: &str) {
        self.gap(180);
        self.keep(1_400);
        self.paragraph(text, 200, Weight::Bold, Align::Left);
        self.gap(60);
    }

    /// The heading of the next numbered section.
    pub(super) fn section(&mut self, text: &str) {
        self.sections += 1;
        self.heading(&format!("{}. {text}", self.sections));
    }

    /// Texts side by side, each in its own column, as high as the highest.
    pub(super) fn beside(&mut self, columns: &[Vec<(String, Weight)>], size: i32) {
        let gutter = 400;
        let count = i32::try_from(columns.len().max(1)).unwrap_or(1);
        let width = (self.width() - gutter * (count - 1)) / count;
        let wrapped: Vec<Vec<(String, Weight)>> = columns
            .iter()
            .map(|texts| {
                let lines = |(text, weight): &(String, Weight)| {
                    let lines = self.fonts.wrapped(text, size, *weight, width);
                    lines.into_iter().map(|line| (line, *weight)).collect::<Vec<_>>()
                };
                texts.iter().flat_map(lines).collect()
            })
            .collect();
        let lines = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        let height = i32::try_from(lines).unwrap_or(0) * leading(size);
        self.keep(height);
        let mut x = LEFT;
        for column in wrapped {
            let mut y = self.y;
            for (line, weight) in column {
                y += leading(size);
                self.mark(Mark::Text { x, y: y - size / 4, size, weight, text: line });
            }
            x += width + gutter;
        }
        self.y += height;
    }

    /// A line to write on, with what belongs under it.
    pub(super) fn signature(&mut self, columns: &[[String; 2]], size: i32) {
        let gutter = 400;
        let count = i32::try_from(columns.len().max(1)).unwrap_or(1);
        let width = (self.width() - gutter * (count - 1)) / count;
        let mut x = LEFT;
        let y = self.y + 700;
        for [name, stamp] in columns {
            let (name, name_size) = self.fonts.fitted(name, size, Weight::Regular, width * 2 / 3);
            let pen = width - self.fonts.width(&name, name_size, Weight::Regular) - 120;
            self.mark(Mark::Line { x, y: y + 20, width: pen, height: 10 });
            let small = 130;
            let hint = placed(self.fonts, (x, y + 190), pen, "подпись", small, Weight::Regular, Align::Centre);
            self.mark(hint);
            self.mark(Mark::Text { x: x + pen + 120, y, size: name_size, weight: Weight::Regular, text: name });
            self.mark(Mark::Text { x, y: y + 900, size, weight: Weight::Regular, text: stamp.clone() });
            x += width + gutter;
        }
        self.y = y + 1_400;
    }

    /// A table: its head stands again on every page, a row is never torn, texts wrap within their cells.
    pub(super) fn table(&mut self, columns: &[Column], rows: &[(Vec<String>, Weight)], size: i32) {
        let heads: Vec<String> = columns.iter().map(|column| column.name.to_owned()).collect();
        let head = self.row_of(columns, &heads, size, Weight::Bold);
        let mut first = true;
        for (cells, weight) in rows {
            let row = self.row_of(columns, cells, size, *weight);
            let height = row_height(&row, size);
            let with_head = if first { row_height(&head, size) } else { 0 };
            if !self.fits(height + with_head) && self.y > TOP {
                self.turn();
                first = true;
            }
            if first {
                self.row(columns, &head, size, Weight::Bold, true);
                first = false;
            }
            self.row(columns, &row, size, *weight, false);
        }
        if rows.is_empty() {
            self.row(columns, &head, size, Weight::Bold, true);
        }
    }

    fn row_of(&self, columns: &[Column], cells: &[String], size: i32, weight: Weight) -> Vec<Vec<String>> {
        let cell = |(column, text): (&Column, &String)| {
            let width = column.width - 2 * PADDING;
            // A sum is never torn: it is made smaller.
            let whole = column.align == Align::Right && text.chars().any(|c| c.is_ascii_digit());
            if whole { vec![self.fonts.shown(text)] } else { self.fonts.wrapped(text, size, weight, width) }
        };
        columns.iter().zip(cells).map(cell).collect()
    }

    fn row(&mut self, columns: &[Column], cells: &[Vec<String>], size: i32, weight: Weight, head: bool) {
        let height = row_height(cells, size);
        let whole: i32 = columns.iter().map(|column| column.width).sum();
        if head {
            self.mark(Mark::Shade { x: LEFT, y: self.y, width: whole, height });
            self.mark(Mark::Line { x: LEFT, y: self.y, width: whole, height: 10 });
        }
        let mut x = LEFT;
        for (column, lines) in columns.iter().zip(cells) {
            self.mark(Mark::Line { x, y: self.y, width: 10, height });
            let width = column.width - 2 * PADDING;
            let align = if head { Align::Centre } else { column.align };
            let mut y = self.y + PADDING;
            for line in lines {
                y += leading(size);
                let (line, fits) = self.fonts.fitted(line, size, weight, width);
                let mark = placed(self.fonts, (x + PADDING, y - size / 4), width, &line, fits, weight, align);
                self.mark(mark);
            }
            x += column.width;
        }
        self.mark(Mark::Line { x, y: self.y, width: 10, height });
        self.y += height;
        self.mark(Mark::Line { x: LEFT, y: self.y, width: whole + 10, height: 10 });
    }
}

fn row_height(cells: &[Vec<String>], size: i32) -> i32 {
    let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
    i32::try_from(lines).unwrap_or(1) * leading(size) + 2 * PADDING
}
