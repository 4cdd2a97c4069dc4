//! Codes of marked goods (Честный ЗНАК, ЕГАИС) as they are read from a label, and what a fiscal receipt says of them.
//!
//! A code is taken apart here and nowhere else. What a register gets in tag 2000 is [`Mark::raw`]: the characters of the label,
//! group separators (0x1D) included, without what only the reader added (`]d2`, a leading FNC1). Codes that were written out for
//! people or for a programming language (`(01)…`, `\u001d`, `<GS>`) are refused: they look right and fail at the register.
//!
//! Formats: the order of the tax service ЕД-7-20/662@ (tags 1162, 1163, 2000 and their examples), GS1 General Specifications
//! sections 3 and 7.8 (application identifiers, the 82 characters, check digits).

mod check;
mod read;
#[cfg(test)]
mod tests;

pub use check::{CheckResult, PlannedStatus, Verdict};
pub use read::{CODE_CHARACTERS_MAX, GROUP_SEPARATOR, MarkError, SERIAL_CHARACTERS_MAX, parse};

/// Which code it is: the tag inside tag 1163 that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkKind {
    /// Readable, and of no form we know.
    Unrecognised,
    /// EAN-8, a barcode of the product.
    Ean8,
    /// EAN-13, a barcode of the product.
    Ean13,
    /// ITF-14, a barcode of the product's package.
    Itf14,
    /// GS1 without a check code.
    Gs1,
    /// GS1 with a check code: keys 91 and 92, or 93.
    Gs1Marked,
    /// The short code of a tobacco pack, without identifiers.
    Short,
    /// The sign of a fur.
    Fur,
    /// ЕГАИС 2.0: the excise stamp as PDF417.
    Egais20,
    /// ЕГАИС 3.0: the excise stamp as DataMatrix.
    Egais30,
    /// Ф.1 to Ф.6: reserved by the format, the number from 1.
    Reserved(u8),
}

impl MarkKind {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Unrecognised,
        Self::Ean8,
        Self::Ean13,
        Self::Itf14,
        Self::Gs1,
        Self::Gs1Marked,
        Self::Short,
        Self::Fur,
        Self::Egais20,
        Self::Egais30,
        Self::Reserved(1),
        Self::Reserved(2),
        Self::Reserved(3),
        Self::Reserved(4),
        Self::Reserved(5),
        Self::Reserved(6),
    ];

    /// The tag inside tag 1163.
    pub const fn tag(self) -> u16 {
        match self {
            Self::Unrecognised => 1300,
            Self::Ean8 => 1301,
            Self::Ean13 => 1302,
            Self::Itf14 => 1303,
            Self::Gs1 => 1304,
            Self::Gs1Marked => 1305,
            Self::Short => 1306,
            Self::Fur => 1307,
            Self::Egais20 => 1308,
            Self::Egais30 => 1309,
            Self::Reserved(number) => match number {
                1 => 1320,
                2 => 1321,
                3 => 1322,
                4 => 1323,
                5 => 1324,
                _ => 1325,
            },
        }
    }

    /// A kind by the tag inside tag 1163.
    pub fn of_tag(tag: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.tag() == tag)
    }

    /// The first two bytes of tag 1162.
    const fn type_1162(self) -> [u8; 2] {
        match self {
            Self::Unrecognised | Self::Reserved(_) => [0x00, 0x00],
            Self::Ean8 => [0x45, 0x08],
            Self::Ean13 => [0x45, 0x0D],
            Self::Itf14 => [0x49, 0x0E],
            Self::Gs1 | Self::Gs1Marked | Self::Short => [0x44, 0x4D],
            Self::Fur => [0x52, 0x46],
            Self::Egais20 => [0xC5, 0x14],
            Self::Egais30 => [0xC5, 0x1E],
        }
    }
}

/// A code that was read and understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    raw: String,
    kind: MarkKind,
    /// 14 digits, with leading zeros.
    gtin: Option<String>,
    serial: Option<String>,
    /// The maximum retail price a tobacco code carries: element 8005, or four characters of a short code.
    price: Option<String>,
}

impl Mark {
    /// Tag 2000: the code as the label has it, without what only the reader added.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Which code it is.
    pub const fn kind(&self) -> MarkKind {
        self.kind
    }

    /// The product's number, 14 digits with leading zeros.
    pub fn gtin(&self) -> Option<&str> {
        self.gtin.as_deref()
    }

    /// The unit's serial number.
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// Whether the code names one unit of goods, as marked goods need; a product's barcode names all of them.
    pub const fn names_a_unit(&self) -> bool {
        match self.kind {
            MarkKind::Unrecognised | MarkKind::Ean8 | MarkKind::Ean13 | MarkKind::Itf14 => false,
            MarkKind::Gs1
            | MarkKind::Gs1Marked
            | MarkKind::Short
            | MarkKind::Fur
            | MarkKind::Egais20
            | MarkKind::Egais30
            | MarkKind::Reserved(_) => true,
        }
    }

    /// Tag 1163 of FFD 1.2: the tag inside it and its value.
    pub fn tag_1163(&self) -> (u16, String) {
        let value = match (self.kind, &self.gtin, &self.serial) {
            (MarkKind::Gs1 | MarkKind::Gs1Marked | MarkKind::Short, Some(gtin), Some(serial)) => {
                format!("01{gtin}21{serial}")
            }
            (MarkKind::Egais20 | MarkKind::Egais30, _, Some(serial)) => serial.clone(),
            (MarkKind::Unrecognised | MarkKind::Reserved(_), ..) => self.raw.chars().take(32).collect(),
            _ => self.raw.clone(),
        };
        (self.kind.tag(), value)
    }

    /// Tag 1162 of FFD 1.05: two bytes of type, the product's number in six bytes, the serial number with the price, if any.
    pub fn tag_1162(&self) -> Vec<u8> {
        self.tag_1162_as(self.kind.type_1162())
    }

    /// Tag 1162 with another type, as the codes of single groups of goods had before (tobacco `00 05`, shoes `15 20`).
    pub fn tag_1162_as(&self, kind: [u8; 2]) -> Vec<u8> {
        let mut bytes = kind.to_vec();
        match (self.kind, &self.gtin, &self.serial) {
            (MarkKind::Ean8 | MarkKind::Ean13 | MarkKind::Itf14, Some(gtin), _) => bytes.extend(gtin_bytes(gtin)),
            (MarkKind::Gs1 | MarkKind::Gs1Marked | MarkKind::Short, Some(gtin), Some(serial)) => {
                bytes.extend(gtin_bytes(gtin));
                bytes.extend(serial.bytes().chain(self.price.iter().flat_map(|price| price.bytes())));
                if self.kind == MarkKind::Short {
                    // The serial number with its price fills 13 characters.
                    bytes.resize(bytes.len().max(8 + 13), b' ');
                }
            }
            (MarkKind::Egais20 | MarkKind::Egais30, _, Some(serial)) => bytes.extend(serial.bytes()),
            _ => bytes.extend(self.raw.bytes()),
        }
        // The tag takes 32 bytes.
        bytes.truncate(32);
        bytes
    }

    /// Tag 1162 as registers take it in text: `44 4D 04 36 …`.
    pub fn tag_1162_text(&self) -> String {
        spaced(&self.tag_1162())
    }
}

/// Bytes in upper-case hexadecimal, a space between them.
pub fn spaced(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}

fn gtin_bytes(gtin: &str) -> [u8; 6] {
    let digits = gtin.bytes().filter(u8::is_ascii_digit);
    let number = digits.fold(0_u64, |number, digit| (number * 10 + u64::from(digit - b'0')) % 100_000_000_000_000);
    let [_, _, bytes @ ..] = number.to_be_bytes();
    bytes
}
