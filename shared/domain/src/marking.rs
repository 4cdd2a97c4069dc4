//! Codes of marked goods (Честный ЗНАК, ЕГАИС) as they are read from a label, and what a fiscal receipt says of them.
//!
//! A code is taken apart here and nowhere else. What a register gets in tag 2000 is [`Mark::raw`]: the characters of the label,
//! group separators (0x1D) included, without what only the reader added (`]d2`, a leading FNC1). Codes that were written out for
//! people or for a programming language (`(01)…`, `\u001d`, `<GS>`) are refused: they look right and fail at the register.
//!
//! Formats: the order of the tax service ЕД-7-20/662@ (tags 1162, 1163, 2000 and their examples), GS1 General Specifications
//! sections 3 and 7.8 (application identifiers, the 82 characters, check digits).

use crate::receipt::ReceiptKind;

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
fn wanted_digit(number: &str) -> u8 {
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

/// Tag 2003: what becomes of the unit by the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedStatus {
    /// The whole unit is sold.
    Sold,
    /// A part of it is sold.
    PartSold,
    /// The whole unit comes back.
    Returned,
    /// A part of it comes back.
    PartReturned,
}

impl PlannedStatus {
    /// What a receipt makes of a unit; `part` where the item is a fraction of it.
    pub const fn of(kind: ReceiptKind, part: bool) -> Self {
        match (kind, part) {
            (ReceiptKind::Sale, false) => Self::Sold,
            (ReceiptKind::Sale, true) => Self::PartSold,
            (ReceiptKind::SaleRefund, false) => Self::Returned,
            (ReceiptKind::SaleRefund, true) => Self::PartReturned,
        }
    }

    /// Tag 2003.
    pub const fn tag_2003(self) -> u8 {
        match self {
            Self::Sold => 1,
            Self::PartSold => 2,
            Self::Returned => 3,
            Self::PartReturned => 4,
        }
    }
}

/// Tag 2106: what the checks of a code have shown, by bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckResult(pub u8);

/// What the bits of tag 2106 come to, as a receipt prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `[М+]`: checked, and all is well.
    Good,
    /// `[М-]`: a check has failed.
    Bad,
    /// `[М]`: not checked, or not to the end.
    Unchecked,
}

impl Verdict {
    /// As a receipt prints it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Good => "[М+]",
            Self::Bad => "[М-]",
            Self::Unchecked => "[М]",
        }
    }
}

impl CheckResult {
    /// All checks were made and went well.
    pub const GOOD: Self = Self(0b1111);

    const fn bit(self, bit: u8) -> bool {
        self.0 & (1 << bit) != 0
    }

    /// What it comes to. A negative result counts only of a check that was made.
    pub const fn verdict(self) -> Verdict {
        if (self.bit(0) && !self.bit(1)) || (self.bit(2) && !self.bit(3)) {
            Verdict::Bad
        } else if self.bit(0) && self.bit(2) {
            Verdict::Good
        } else {
            Verdict::Unchecked
        }
    }

    /// Each check in words, Russian and English.
    pub fn words(self) -> (String, String) {
        let code = match (self.bit(0), self.bit(1)) {
            (false, _) => ("код проверки не проверен", "the check code was not checked"),
            (true, true) => ("код проверки верен", "the check code is right"),
            (true, false) => ("код проверки неверен", "the check code is wrong"),
        };
        let status = match (self.bit(2), self.bit(3)) {
            (false, _) => ("сведения о товаре не получены", "the status of the goods is not known"),
            (true, true) => ("статус товара позволяет операцию", "the status of the goods allows it"),
            (true, false) => ("статус товара не позволяет операцию", "the status of the goods does not allow it"),
        };
        let alone = if self.bit(4) {
            ("; касса работала автономно", "; the register was offline")
        } else {
            ("", "")
        };
        (format!("{}, {}{}", code.0, status.0, alone.0), format!("{}, {}{}", code.1, status.1, alone.1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Examples of tag 1162 in the tax service's order, as drivers' public tests repeat them: kind, tag in 1163, value, tag 1162.
    const PUBLISHED: [(&str, u16, &str, &str); 8] = [
        ("46198488", 1301, "46198488", "45 08 00 00 02 C0 EE D8"),
        ("4606203090785", 1302, "4606203090785", "45 0D 04 30 77 19 57 61"),
        ("14601234567890", 1303, "14601234567890", "49 0E 0D 47 9D 66 52 D2"),
        (
            "010460043993125621JgXJ5.T\u{1d}8005112000\u{1d}930001\u{1d}923zbrLA==\u{1d}24014276281",
            1305,
            "010460043993125621JgXJ5.T",
            "44 4D 04 2F 1F 96 81 78 4A 67 58 4A 35 2E 54 31 31 32 30 30 30",
        ),
        (
            "010460406000600021N4N57RSCBUZTQ\u{1d}2403004002910161218\u{1d}1724010191ffd0\u{1d}92tIAF/YVoU4roQS3M/m4z78yFq0fc/WsSmLeX5QkF/YVWwy8IMYAeiQ91Xa2z/fFSJcOkb2N+uUUmfr4n0mOX0Q==",
            1305,
            "010460406000600021N4N57RSCBUZTQ",
            "44 4D 04 2F F7 5C 76 70 4E 34 4E 35 37 52 53 43 42 55 5A 54 51",
        ),
        (
            "00000046198488X?io+qCABm8wAYa",
            1306,
            "010000004619848821X?io+qC",
            "44 4D 00 00 02 C0 EE D8 58 3F 69 6F 2B 71 43 41 42 6D 38 20 20",
        ),
        (
            "RU-401301-AAA0277031",
            1307,
            "RU-401301-AAA0277031",
            "52 46 52 55 2D 34 30 31 33 30 31 2D 41 41 41 30 32 37 37 30 33 31",
        ),
        (
            "22N00002NU5DBKYDOT17ID980726019019608CW1A4XR5EJ7JKFX50FHHGV92ZR2GZRZ",
            1308,
            "NU5DBKYDOT17ID980726019",
            "C5 14 4E 55 35 44 42 4B 59 44 4F 54 31 37 49 44 39 38 30 37 32 36 30 31 39",
        ),
    ];

    #[test]
    fn the_published_examples_come_out_as_published() {
        for (text, tag, value, bytes) in PUBLISHED {
            let mark = parse(text).unwrap();
            assert_eq!(mark.tag_1163(), (tag, value.to_owned()), "{text}");
            assert_eq!(mark.tag_1162_text(), bytes, "{text}");
            assert_eq!(mark.raw(), text);
            assert_eq!(MarkKind::of_tag(tag), Some(mark.kind()));
        }
        // A stamp of 150 characters (a payment service's public test).
        let stamp = "195301267736820121001EO2BBV3RRHXBJTZYOD5A2IU5XMHT3ZKW44TYYAYE3GXPGSQTGJQS43TG5WLWTQVNHVHI2A6H7RBFYY4VO4THCK5HSFFUPMCAA7ZHNNXZ4ILMESLIGZPONDEQ5CK3J76JY";
        let mark = parse(stamp).unwrap();
        assert_eq!(mark.tag_1163(), (1309, "19530126773682".into()));
        assert_eq!(mark.tag_1162_text(), "C5 1E 31 39 35 33 30 31 32 36 37 37 33 36 38 32");
    }

    #[test]
    fn a_public_vector_with_its_separators_and_without() {
        // The payment service's test has lost the separators: what it calls the serial number is a guess by its length.
        let lost = "010463003407001221SxMGorvNuq6Wk91fgr92sdfsdfghfgjh";
        assert_eq!(parse(lost), Err(MarkError::SeparatorsLost(32)));
        let mark = parse("010463003407001221SxMGorvNuq6Wk\u{1d}91fgr\u{1d}92sdfsdfghfgjh").unwrap();
        let rest = "04 36 03 89 39 FC 53 78 4D 47 6F 72 76 4E 75 71 36 57 6B";
        assert_eq!(mark.tag_1162_text(), format!("44 4D {rest}"));
        assert_eq!(spaced(&mark.tag_1162_as([0, 5])), format!("00 05 {rest}"));
        assert_eq!((mark.gtin(), mark.serial()), (Some("04630034070012"), Some("SxMGorvNuq6Wk")));
        assert_eq!((mark.kind(), mark.names_a_unit()), (MarkKind::Gs1Marked, true));
    }

    #[test]
    fn what_the_reader_added_is_taken_off() {
        let plain = "0104601936005464215hHUGT\u{1d}93dpD0";
        for prefix in ["", "]d2", "]C1", "\u{1d}", "]d2\u{1d}", "\u{e8}"] {
            let mark = parse(&format!("{prefix}{plain}")).unwrap();
            assert_eq!(mark.raw(), plain, "{prefix:?}");
            assert_eq!(mark.tag_1163(), (1305, "0104601936005464215hHUGT".into()));
        }
    }

    #[test]
    fn a_code_without_its_check_code_is_known_as_such() {
        let mark = parse("010460193600546421SERIAL0000013").unwrap();
        assert_eq!((mark.kind(), mark.names_a_unit()), (MarkKind::Gs1, true));
        // Seven characters after the identifier: as long as a short code, and none.
        assert_eq!(parse("010460043993125621JgXJ5.T").unwrap().kind(), MarkKind::Gs1);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("", MarkError::Empty),
            ("]d2", MarkError::Empty),
            ("0104601936005464215hHUGT\\u001d93dpD0", MarkError::WrittenSeparator("\\u001d")),
            ("0104601936005464215hHUGT<GS>93dpD0", MarkError::WrittenSeparator("<gs>")),
            ("0104601936005464215hHUGT\u{241d}93dpD0", MarkError::WrittenSeparator("␝")),
            ("0104601936005464215hHUGT%1D93dpD0", MarkError::WrittenSeparator("%1d")),
            ("(01)04601936005464(21)5hHUGT(93)dpD0", MarkError::Brackets),
            ("0104601936005464215hHUGТ\u{1d}93dpD0", MarkError::Character { at: 24, code: 0x0422 }),
            ("0104601936005464215hHUGT\u{1d}93dpD0\r\n", MarkError::Character { at: 32, code: 13 }),
            ("0104601936005464215hHUGT 93dpD0", MarkError::Character { at: 25, code: 32 }),
            (
                "0104601936005465215hHUGT\u{1d}93dpD0",
                MarkError::CheckDigit { number: "04601936005465".into(), wanted: 4 },
            ),
            ("4606203090786", MarkError::CheckDigit { number: "4606203090786".into(), wanted: 5 }),
            ("0104601936005464\u{1d}93dpD0", MarkError::NoSerial),
            ("215hHUGT\u{1d}93dpD0", MarkError::NoGtin),
            ("0104601936005464215hHUGT\u{1d}91EE05", MarkError::CutOff),
            ("0104601936005464215hHUGT\u{1d}ZZ", MarkError::Element { at: 26, found: "ZZ".into() }),
            ("0104601936005464215hHUGT\u{1d}\u{1d}93dpD0", MarkError::Element { at: 26, found: "\u{1d}93dpD0".into() }),
            ("0104601936005464215hHUGT\u{1d}93dpD0\u{1d}", MarkError::Element { at: 32, found: "0x1D".into() }),
            ("0104601936005464215hHUGT\u{1d}0104601936005464215hHUGT", MarkError::Twice("01")),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error.clone()), "{text:?}");
            assert!(!error.to_string().is_empty() && !error.ru().is_empty());
        }
        assert_eq!(parse(&"7".repeat(224)), Err(MarkError::Long(224)));
    }

    #[test]
    fn what_has_no_form_is_unrecognised_and_a_barcode_names_no_unit() {
        let mark = parse("A46198488").unwrap();
        assert_eq!(mark.tag_1162_text(), "00 00 41 34 36 31 39 38 34 38 38");
        assert_eq!(mark.tag_1163(), (1300, "A46198488".into()));
        assert!(!mark.names_a_unit() && !parse("4606203090785").unwrap().names_a_unit());
        let long = parse(&"X".repeat(66)).unwrap();
        assert_eq!((long.tag_1162().len(), long.tag_1163().1.len()), (32, 32));
    }

    #[test]
    fn every_kind_has_a_tag_of_its_own() {
        let tags: std::collections::BTreeSet<_> = MarkKind::ALL.iter().map(|kind| kind.tag()).collect();
        let wanted: std::collections::BTreeSet<u16> = (1300..=1309).chain(1320..=1325).collect();
        assert_eq!(tags, wanted);
        assert!(MarkKind::ALL.into_iter().all(|kind| MarkKind::of_tag(kind.tag()) == Some(kind)));
    }

    #[test]
    fn the_result_of_a_check_is_read_by_its_bits() {
        assert_eq!(CheckResult::GOOD.verdict(), Verdict::Good);
        for (bits, verdict) in [
            (0b0000, Verdict::Unchecked),
            (0b0001, Verdict::Bad),
            (0b0011, Verdict::Unchecked),
            (0b0111, Verdict::Bad),
            (0b0101, Verdict::Bad),
            (0b1101, Verdict::Bad),
            (0b1100, Verdict::Unchecked),
            (0b1_0011, Verdict::Unchecked),
        ] {
            assert_eq!(CheckResult(bits).verdict(), verdict, "{bits:b}");
        }
        let (ru, en) = CheckResult(0b1_0011).words();
        assert_eq!(ru, "код проверки верен, сведения о товаре не получены; касса работала автономно");
        assert_eq!(en, "the check code is right, the status of the goods is not known; the register was offline");
        assert_eq!(Verdict::Good.text(), "[М+]");
    }

    #[test]
    fn the_planned_status_follows_the_receipt() {
        let statuses = [(ReceiptKind::Sale, false), (ReceiptKind::Sale, true)]
            .into_iter()
            .chain([(ReceiptKind::SaleRefund, false), (ReceiptKind::SaleRefund, true)])
            .map(|(kind, part)| PlannedStatus::of(kind, part).tag_2003());
        assert_eq!(statuses.collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_read_never_breaks_the_reader(text in "\\PC{0,40}|[\\x1d-\\x7e]{0,230}|01[0-9]{14}[\\x1d0-9A-Z]{0,40}") {
            if let Ok(mark) = parse(&text) {
                prop_assert!(mark.tag_1162().len() <= 32);
                prop_assert!(!mark.tag_1163().1.is_empty());
                prop_assert_eq!(parse(mark.raw()).map(|again| again.kind()), Ok(mark.kind()));
            }
        }

        #[test]
        fn a_code_put_together_is_taken_apart_again(
            body in 0_u64..10_000_000_000_000, serial in "[A-Za-z0-9!\"%&'*+,./:;<=>?_-]{1,20}",
            code in "[A-Za-z0-9+/]{44}", price in proptest::option::of("[0-9]{6}"),
        ) {
            let unchecked = format!("{body:013}0");
            let gtin = format!("{body:013}{}", wanted_digit(&unchecked));
            let price_element = price.as_ref().map(|price| format!("8005{price}\u{1d}")).unwrap_or_default();
            let text = format!("01{gtin}21{serial}\u{1d}{price_element}91EE05\u{1d}92{code}");
            let mark = parse(&text).unwrap();
            prop_assert_eq!((mark.gtin(), mark.serial()), (Some(gtin.as_str()), Some(serial.as_str())));
            let bytes = mark.tag_1162();
            let number = bytes[2..8].iter().fold(0_u64, |number, byte| number * 256 + u64::from(*byte));
            prop_assert_eq!(format!("{number:014}"), gtin);
            let tail: Vec<u8> = serial.bytes().chain(price.iter().flat_map(|price| price.bytes())).take(24).collect();
            prop_assert_eq!(&bytes[8..], &tail[..]);
        }
    }
}
