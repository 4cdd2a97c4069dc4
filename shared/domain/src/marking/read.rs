//! Takes a code apart: what the reader gave, by the form it has.

use super::{Mark, MarkKind};

/// The group separator between elements of variable length.
pub const GROUP_SEPARATOR: char = '\u{1d}';
/// Characters of a code, at most (OrangeData manual, `itemCode`; the tag itself takes 256).
pub const CODE_CHARACTERS_MAX: usize = 223;
/// Characters of a GS1 serial number, at most.
pub const SERIAL_CHARACTERS_MAX: usize = 20;

/// What readers put before a GS1 code: symbology identifiers, and FNC1 as a separator or as its code word.
const READER_PREFIXES: [&str; 7] = ["]d2", "]d1", "]C1", "]Q3", "]e0", "\u{1d}", "\u{e8}"];
/// How people and programs write a separator down.
const WRITTEN_SEPARATORS: [&str; 13] = [
    "\\u001d", "\\u{1d}", "\\x1d", "\\x001d", "\\029", "\\035", "<gs>", "[gs]", "{gs}", "<fnc1>", "%1d", "&#29;", "^]",
];
/// Characters of a GS1 code besides letters and digits (the 82 characters of GS1).
const GS1_SIGNS: &str = "!\"%&'()*+,-./:;<=>?_";

/// What is wrong with a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// Nothing was read.
    #[error("the marking code is empty")]
    Empty,
    /// Longer than a register takes.
    #[error("the marking code has {0} characters, at most {CODE_CHARACTERS_MAX} are taken")]
    Long(usize),
    /// A separator that was written out instead of sent.
    #[error("the marking code has the characters {0} where the one character 0x1D belongs")]
    WrittenSeparator(&'static str),
    /// The form under the picture, for people.
    #[error("the marking code is written for people, with identifiers in brackets: send what the reader gives")]
    Brackets,
    /// A character no label carries.
    #[error("the marking code has the character U+{code:04X} at position {at}, which no label carries")]
    Character {
        /// Counted from 1.
        at: usize,
        /// Its number.
        code: u32,
    },
    /// The product's number was misread or mistyped.
    #[error("the check digit of {number} is {wanted}")]
    CheckDigit {
        /// The number.
        number: String,
        /// The digit it should end with.
        wanted: u8,
    },
    /// Elements, but none with a product's number.
    #[error("the marking code has no product number (element 01)")]
    NoGtin,
    /// Elements, but none with a serial number.
    #[error("the marking code has no serial number (element 21)")]
    NoSerial,
    /// What follows the serial number runs into it.
    #[error(
        "the serial number (element 21) has {0} characters, at most {SERIAL_CHARACTERS_MAX} are possible: the group separators (0x1D) are lost"
    )]
    SeparatorsLost(usize),
    /// What stands where an identifier should.
    #[error("the marking code has at position {at} no element of GS1: {found}")]
    Element {
        /// Counted from 1.
        at: usize,
        /// The first characters there.
        found: String,
    },
    /// An element twice.
    #[error("the marking code has element {0} twice: two codes were read as one")]
    Twice(&'static str),
    /// The check code is not whole.
    #[error(
        "the marking code has the key of its check code (element 91) and no check code (element 92): it is cut off"
    )]
    CutOff,
}

impl MarkError {
    /// The same in Russian.
    pub fn ru(&self) -> String {
        match self {
            Self::Empty => "код маркировки пуст".into(),
            Self::Long(characters) => {
                format!("в коде маркировки {characters} символов, принимается не более {CODE_CHARACTERS_MAX}")
            }
            Self::WrittenSeparator(form) => {
                format!("в коде маркировки записано {form} вместо одного символа-разделителя 0x1D")
            }
            Self::Brackets => {
                "код маркировки записан для чтения людьми, с идентификаторами в скобках: передайте то, что выдаёт сканер".into()
            }
            Self::Character { at, code } => {
                format!("в коде маркировки на позиции {at} символ U+{code:04X}, которого на этикетках не бывает")
            }
            Self::CheckDigit { number, wanted } => format!("контрольная цифра номера {number} должна быть {wanted}"),
            Self::NoGtin => "в коде маркировки нет номера товара (элемент 01)".into(),
            Self::NoSerial => "в коде маркировки нет серийного номера (элемент 21)".into(),
            Self::SeparatorsLost(characters) => format!(
                "серийный номер (элемент 21) из {characters} символов, возможно не более {SERIAL_CHARACTERS_MAX}: потеряны разделители групп (0x1D)"
            ),
            Self::Element { at, found } => format!("в коде маркировки на позиции {at} нет элемента GS1: {found}"),
            Self::Twice(element) => format!("в коде маркировки элемент {element} повторяется: два кода прочитаны как один"),
            Self::CutOff => {
                "в коде маркировки есть ключ проверки (элемент 91) и нет кода проверки (элемент 92): код обрезан".into()
            }
        }
    }
}

/// Takes a code apart as it was read from a label.
///
/// # Errors
/// It can not have been read so, and why.
pub fn parse(text: &str) -> Result<Mark, MarkError> {
    let raw = READER_PREFIXES.iter().fold(text, |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
    if raw.is_empty() {
        return Err(MarkError::Empty);
    }
    let characters = raw.chars().count();
    if characters > CODE_CHARACTERS_MAX {
        return Err(MarkError::Long(characters));
    }
    refuse_written(raw)?;
    let odd = raw.chars().enumerate().find(|(_, c)| !c.is_ascii_graphic() && *c != GROUP_SEPARATOR);
    if let Some((at, c)) = odd {
        return Err(MarkError::Character { at: at + 1, code: u32::from(c) });
    }
    // From here on a character is a byte.
    if let Some(kind) = barcode(raw) {
        check_digit(raw)?;
        return Ok(mark(raw, kind, Some(format!("{raw:0>14}")), None));
    }
    if let Some(mark) = stamp(raw) {
        return Ok(mark);
    }
    let numbered = raw.get(2..16).is_some_and(digits) && raw.starts_with("01");
    let serial_next = raw.get(16..18) == Some("21");
    if let Some(short) = short(raw).filter(|_| !(numbered && serial_next)) {
        return Ok(short);
    }
    if numbered || raw.contains(GROUP_SEPARATOR) { gs1(raw) } else { Ok(mark(raw, MarkKind::Unrecognised, None, None)) }
}

fn mark(raw: &str, kind: MarkKind, gtin: Option<String>, serial: Option<&str>) -> Mark {
    Mark { raw: raw.to_owned(), kind, gtin, serial: serial.map(str::to_owned), price: None }
}

/// A code with a real separator may hold the characters of a written one by chance; one without any does not.
fn refuse_written(raw: &str) -> Result<(), MarkError> {
    if raw.starts_with("(01)") {
        return Err(MarkError::Brackets);
    }
    if raw.contains('\u{241d}') {
        return Err(MarkError::WrittenSeparator("␝"));
    }
    let lower = raw.to_ascii_lowercase();
    let written = WRITTEN_SEPARATORS.iter().find(|form| lower.contains(**form));
    match written.filter(|_| !raw.contains(GROUP_SEPARATOR)) {
        Some(form) => Err(MarkError::WrittenSeparator(form)),
        None => Ok(()),
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn upper(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn barcode(raw: &str) -> Option<MarkKind> {
    match raw.len() {
        8 if digits(raw) => Some(MarkKind::Ean8),
        13 if digits(raw) => Some(MarkKind::Ean13),
        14 if digits(raw) => Some(MarkKind::Itf14),
        _ => None,
    }
}

/// Weights 3 and 1 from the right (GS1 General Specifications 7.9).
pub(super) fn wanted_digit(number: &str) -> u8 {
    let body = number.bytes().rev().skip(1).zip([3_u32, 1].into_iter().cycle());
    let sum: u32 = body.map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    u8::try_from((10 - sum % 10) % 10).unwrap_or_default()
}

fn check_digit(number: &str) -> Result<(), MarkError> {
    let wanted = wanted_digit(number);
    if number.bytes().last() == Some(b'0' + wanted) {
        Ok(())
    } else {
        Err(MarkError::CheckDigit { number: number.to_owned(), wanted })
    }
}

/// Furs and excise stamps: forms of a fixed length with no product number in them.
fn stamp(raw: &str) -> Option<Mark> {
    match raw.len() {
        20 => {
            let mut parts = raw.split('-');
            let fits = parts.next().is_some_and(|country| country.len() == 2 && upper(country))
                && parts.next().is_some_and(|code| code.len() == 6 && digits(code))
                && parts.next().is_some_and(|number| number.len() == 10 && upper(number));
            (fits && parts.next().is_none()).then(|| mark(raw, MarkKind::Fur, None, Some(raw)))
        }
        // Eight characters of the picture's own, then the stamp.
        68 if upper(raw) => raw.get(8..31).map(|stamp| mark(raw, MarkKind::Egais20, None, Some(stamp))),
        // Kind, series and number of the stamp.
        150 if upper(raw) => {
            raw.get(..14).filter(|stamp| digits(stamp)).map(|stamp| mark(raw, MarkKind::Egais30, None, Some(stamp)))
        }
        _ => None,
    }
}

/// Tobacco: product number, 7 characters of serial number, 4 of price, 4 of check code; the last two may be missing.
fn short(raw: &str) -> Option<Mark> {
    let gtin = raw.get(..14).filter(|gtin| digits(gtin) && check_digit(gtin).is_ok())?;
    let serial = raw.get(14..21)?;
    if !matches!(raw.len(), 21 | 25 | 29) || !raw.bytes().all(is_gs1) {
        return None;
    }
    let mut mark = mark(raw, MarkKind::Short, Some(gtin.to_owned()), Some(serial));
    mark.price = raw.get(21..25).map(str::to_owned);
    Some(mark)
}

fn is_gs1(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || GS1_SIGNS.as_bytes().contains(&byte)
}

/// A code of elements, each an identifier and a value.
fn gs1(raw: &str) -> Result<Mark, MarkError> {
    let (mut gtin, mut serial, mut price) = (None, None, None);
    let (mut key, mut code, mut short_code) = (None, None, None);
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        let unknown = || MarkError::Element { at: at + 1, found: rest.chars().take(8).collect() };
        let (identifier, length) = identifier(rest).ok_or_else(unknown)?;
        let body = &rest[identifier..];
        let end = body.find(GROUP_SEPARATOR).unwrap_or(body.len());
        let taken = length.unwrap_or(end);
        let value = body.get(..taken).filter(|value| !value.is_empty() && value.bytes().all(is_gs1));
        let name = &rest[..identifier];
        let value = value.ok_or_else(unknown)?;
        if name == "21" && value.len() > SERIAL_CHARACTERS_MAX {
            return Err(MarkError::SeparatorsLost(value.len()));
        }
        let (slot, named) = match name {
            "01" => (&mut gtin, "01"),
            "21" => (&mut serial, "21"),
            "8005" => (&mut price, "8005"),
            "91" => (&mut key, "91"),
            "92" => (&mut code, "92"),
            "93" => (&mut short_code, "93"),
            _ => (&mut None, ""),
        };
        if slot.replace(value).is_some() {
            return Err(MarkError::Twice(named));
        }
        at += identifier + taken;
        // One separator may follow any element; a code does not end with it.
        if raw[at..].starts_with(GROUP_SEPARATOR) {
            at += 1;
            if at == raw.len() {
                return Err(MarkError::Element { at, found: "0x1D".into() });
            }
        }
    }
    let gtin = gtin.filter(|gtin| digits(gtin)).ok_or(MarkError::NoGtin)?;
    check_digit(gtin)?;
    let serial = serial.ok_or(MarkError::NoSerial)?;
    if key.is_some() && code.is_none() {
        return Err(MarkError::CutOff);
    }
    let kind = if code.or(short_code).is_some() { MarkKind::Gs1Marked } else { MarkKind::Gs1 };
    let mut mark = mark(raw, kind, Some(gtin.to_owned()), Some(serial));
    mark.price = price.map(str::to_owned);
    Ok(mark)
}

/// How long an identifier is, and its value where that is fixed (GS1 General Specifications, figures 3.2-1 and 7.8.5-2).
fn identifier(rest: &str) -> Option<(usize, Option<usize>)> {
    let two = rest.get(..2).filter(|two| digits(two))?;
    let (length, value) = match two {
        "00" => (2, Some(18)),
        "01" | "02" | "03" => (2, Some(14)),
        "04" => (2, Some(16)),
        "11" | "12" | "13" | "15" | "16" | "17" => (2, Some(6)),
        "20" => (2, Some(2)),
        "31" | "32" | "33" | "34" | "35" | "36" => (4, Some(6)),
        "41" => (3, Some(13)),
        "10" | "21" | "22" | "30" | "37" => (2, None),
        "23" | "24" | "25" | "40" | "42" | "71" => (3, None),
        "39" | "43" | "70" | "72" | "81" | "82" => (4, None),
        // The price of tobacco is six digits, with or without a separator after it.
        "80" => (4, rest.starts_with("8005").then_some(6)),
        _ if two.starts_with('9') => (2, None),
        _ => return None,
    };
    rest.get(..length).filter(|name| digits(name)).map(|_| (length, value))
}
