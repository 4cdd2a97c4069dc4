//! Letters: the two fonts, how wide a text is, where a line breaks. All lengths are twips, a twentieth of a point.

use std::collections::HashMap;

use krilla::text::Font;
use ttf_parser::Face;
use ttf_parser::cmap::Subtable;

use crate::PaperError;

/// A weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// A font, and the advance of each of its characters.
struct Cut {
    font: Font,
    advances: HashMap<char, i32>,
    units: i32,
}

impl Cut {
    fn new(data: &'static [u8]) -> Result<Self, PaperError> {
        let font = Font::new(data.into(), 0).ok_or(PaperError::Pdf("a font can not be read"))?;
        let face = Face::parse(data, 0).map_err(|_| PaperError::Pdf("a font can not be read"))?;
        let mut advances = HashMap::new();
        for table in face.tables().cmap.into_iter().flat_map(|cmap| cmap.subtables).filter(Subtable::is_unicode) {
            table.codepoints(|code| {
                let glyph = char::from_u32(code).and_then(|c| Some((c, face.glyph_index(c)?)));
                if let Some((c, glyph)) = glyph {
                    advances.insert(c, face.glyph_hor_advance(glyph).map_or(0, i32::from));
                }
            });
        }
        Ok(Self { font, advances, units: i32::from(face.units_per_em()) })
    }
}

/// The fonts of a document.
pub(super) struct Fonts {
    regular: Cut,
    bold: Cut,
}

impl Fonts {
    pub(super) fn load() -> Result<Self, PaperError> {
        let regular = Cut::new(include_bytes!("../../fonts/Roboto-Regular.ttf"))?;
        Ok(Self { regular, bold: Cut::new(include_bytes!("../../fonts/Roboto-Bold.ttf"))? })
    }

    fn cut(&self, weight: Weight) -> &Cut {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    pub(super) fn font(&self, weight: Weight) -> &Font {
        &self.cut(weight).font
    }

    /// The text with a sign in place of each character the fonts do not have: an archived document may not miss a glyph.
    pub(super) fn shown(&self, text: &str) -> String {
        let known = |c: &char| self.regular.advances.contains_key(c) && self.bold.advances.contains_key(c);
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).map(|c| if known(&c) { c } else { '?' }).collect()
    }

    pub(super) fn width(&self, text: &str, size: i32, weight: Weight) -> i32 {
        let cut = self.cut(weight);
        let units: i32 = text.chars().map(|c| cut.advances.get(&c).copied().unwrap_or(cut.units / 2)).sum();
        // Rounded up, so that what fits by this fits.
        (units.saturating_mul(size) + cut.units - 1) / cut.units
    }

    /// The text in lines no wider than `width`; a word wider than that is broken.
    pub(super) fn wrapped(&self, text: &str, size: i32, weight: Weight, width: i32) -> Vec<String> {
        let text = self.shown(text);
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer, size, weight) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if self.width(&line, size, weight) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// The text on one line of `width`: made smaller by a quarter at most, then cut in its middle. Its size comes with it.
    pub(super) fn fitted(&self, text: &str, size: i32, weight: Weight, width: i32) -> (String, i32) {
        let text = self.shown(text);
        let least = size * 3 / 4;
        if let Some(fits) = (least..=size).rev().step_by(5).find(|size| self.width(&text, *size, weight) <= width) {
            return (text, fits);
        }
        let letters: Vec<char> = text.chars().collect();
        let mut kept = letters.len();
        while kept > 2 {
            kept -= 1;
            let (front, back) = (kept.div_ceil(2), kept / 2);
            let cut: String =
                letters.iter().take(front).chain(&['…']).chain(letters.iter().skip(letters.len() - back)).collect();
            if self.width(&cut, least, weight) <= width {
                return (cut, least);
            }
        }
        ("…".to_owned(), least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_its_place() {
        let fonts = Fonts::load().unwrap();
        let long =
            "Общество с ограниченной ответственностью «Научнопроизводственноехозяйственнообслуживающеепредприятие» Հ";
        for width in [300, 900, 2_000, 9_000] {
            for weight in [Weight::Regular, Weight::Bold] {
                let lines = fonts.wrapped(long, 180, weight, width);
                assert!(lines.iter().all(|line| fonts.width(line, 180, weight) <= width), "{lines:?}");
                let kept: String = lines.concat().chars().filter(|c| *c != ' ').collect();
                assert_eq!(kept, long.replace(' ', "").replace('Հ', "?"));
                let (text, size) = fonts.fitted(long, 180, weight, width);
                assert!(fonts.width(&text, size, weight) <= width, "{text}");
            }
        }
        assert_eq!(fonts.wrapped("", 180, Weight::Regular, 100), [""]);
    }

    #[test]
    fn figures_are_of_one_width_and_every_sign_of_a_document_is_there() {
        let fonts = Fonts::load().unwrap();
        for weight in [Weight::Regular, Weight::Bold] {
            let widths: Vec<i32> = ('0'..='9').map(|c| fonts.width(&c.to_string(), 200, weight)).collect();
            assert!(widths.windows(2).all(|pair| pair[0] == pair[1]));
        }
        let signs = "ЁёЪъ №«»—–…\u{202f}\u{2212}₽§\u{a0}";
        assert_eq!(fonts.shown(signs), signs);
    }
}
