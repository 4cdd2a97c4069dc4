//! Money and moments as people read them.

use std::fmt::Write as _;

use jiff::{
    Timestamp,
    tz::{TimeZone, offset},
};

use crate::{Lang, words::words};

/// Between groups of digits and before the currency: an amount must never break over two lines.
const NO_BREAK_SPACE: char = '\u{a0}';

/// Kopecks as `1 234,50 ₽` (English: `1,234.50 ₽`); spaces are no-break, a minus is U+2212.
pub fn money(amount_minor: i64, lang: Lang) -> String {
    format!("{}{NO_BREAK_SPACE}₽", amount(amount_minor, lang))
}

/// Kopecks without the currency, as a fiscal receipt prints them: `1 234,50`.
pub(crate) fn amount(amount_minor: i64, lang: Lang) -> String {
    let (group, point) = match lang {
        Lang::Ru => (NO_BREAK_SPACE, ','),
        Lang::En => (',', '.'),
    };
    let minor = amount_minor.unsigned_abs();
    let digits = (minor / 100).to_string();
    let mut text = String::with_capacity(digits.len() + 8);
    if amount_minor < 0 {
        text.push('\u{2212}');
    }
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(group);
        }
        text.push(digit);
    }
    text.push(point);
    let _ = write!(text, "{:02}", minor % 100);
    text
}

/// A decimal as people write it: the point is a comma in Russian.
pub(crate) fn decimal(number: &str, lang: Lang) -> String {
    match lang {
        Lang::Ru => number.replace('.', ","),
        Lang::En => number.to_owned(),
    }
}

/// Minutes and seconds that are left: `14:05`; hours as well where there are any.
pub(crate) fn left(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{rest:02}") } else { format!("{minutes}:{rest:02}") }
}

/// The moment's wall-clock reading in Moscow (UTC+3, without summer time since 2014). A number beyond jiff's range reads as 1970.
fn moscow(at_ms: i64) -> jiff::Zoned {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::fixed(offset(3)))
}

/// `21 ноября 2026` / `21 November 2026`, the day in Moscow.
pub fn date(at_ms: i64, lang: Lang) -> String {
    let at = moscow(at_ms);
    let month = usize::try_from(at.month()).ok().and_then(|month| words(lang).months().nth(month.saturating_sub(1)));
    format!("{}{NO_BREAK_SPACE}{} {}", at.day(), month.unwrap_or_default(), at.year())
}

/// `18:05 МСК` / `18:05 MSK`.
pub fn time_of_day(at_ms: i64, lang: Lang) -> String {
    let at = moscow(at_ms);
    format!("{:02}:{:02}{NO_BREAK_SPACE}{}", at.hour(), at.minute(), words(lang).zone)
}

/// `21 ноября 2026, 18:05 МСК`.
pub fn moment(at_ms: i64, lang: Lang) -> String {
    format!("{}, {}", date(at_ms, lang), time_of_day(at_ms, lang))
}

/// `21.11.2026 18:05`, as a fiscal receipt prints it.
pub(crate) fn receipt_moment(at_ms: i64) -> String {
    moscow(at_ms).strftime("%d.%m.%Y %H:%M").to_string()
}

/// `21.11, 18:05`, for dense lists; the zone is named once beside the list.
pub(crate) fn short_moment(at_ms: i64) -> String {
    moscow(at_ms).strftime("%d.%m, %H:%M").to_string()
}

/// `2026-11-21T18:05:00+03:00`, for the `datetime` attribute.
pub(crate) fn machine_moment(at_ms: i64) -> String {
    moscow(at_ms).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A file's size: `512 Б`, `84 КБ`, `1,2 МБ`.
pub(crate) fn file_size(bytes: u64, lang: Lang) -> String {
    let words = words(lang);
    match bytes {
        0..1024 => format!("{bytes}{NO_BREAK_SPACE}{}", words.unit_byte),
        1024..1_048_576 => format!("{}{NO_BREAK_SPACE}{}", bytes.div_ceil(1024), words.unit_kilobyte),
        _ => {
            let tenths = bytes.saturating_mul(10) / 1_048_576;
            let point = if lang == Lang::Ru { ',' } else { '.' };
            format!("{}{point}{}{NO_BREAK_SPACE}{}", tenths / 10, tenths % 10, words.unit_megabyte)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{date, file_size, machine_moment, moment, money, receipt_moment, time_of_day};
    use crate::Lang::{En, Ru};

    /// 21 November 2026, 15:05:00 UTC.
    const EVENING: i64 = 1_795_273_500_000;

    #[test]
    fn money_is_grouped_and_never_breaks() {
        for (minor, russian, english) in [
            (0, "0,00\u{a0}₽", "0.00\u{a0}₽"),
            (5, "0,05\u{a0}₽", "0.05\u{a0}₽"),
            (12_345, "123,45\u{a0}₽", "123.45\u{a0}₽"),
            (123_450, "1\u{a0}234,50\u{a0}₽", "1,234.50\u{a0}₽"),
            (-123_450, "\u{2212}1\u{a0}234,50\u{a0}₽", "\u{2212}1,234.50\u{a0}₽"),
            (100_000_000_000, "1\u{a0}000\u{a0}000\u{a0}000,00\u{a0}₽", "1,000,000,000.00\u{a0}₽"),
            (
                i64::MIN,
                "\u{2212}92\u{a0}233\u{a0}720\u{a0}368\u{a0}547\u{a0}758,08\u{a0}₽",
                "\u{2212}92,233,720,368,547,758.08\u{a0}₽",
            ),
        ] {
            assert_eq!(money(minor, Ru), russian);
            assert_eq!(money(minor, En), english);
        }
    }

    #[test]
    fn moments_are_moscow_and_say_so() {
        assert_eq!(moment(EVENING, Ru), "21\u{a0}ноября 2026, 18:05\u{a0}МСК");
        assert_eq!(moment(EVENING, En), "21\u{a0}November 2026, 18:05\u{a0}MSK");
        assert_eq!(time_of_day(EVENING, Ru), "18:05\u{a0}МСК");
        assert_eq!(receipt_moment(EVENING), "21.11.2026 18:05");
        assert_eq!(machine_moment(EVENING), "2026-11-21T18:05:00+03:00");
    }

    #[test]
    fn the_day_turns_at_moscow_midnight() {
        // 31 December 2026, 21:00 UTC is already the new year in Moscow
        assert_eq!(date(1_798_750_800_000, Ru), "1\u{a0}января 2027");
        assert_eq!(date(1_798_750_799_999, Ru), "31\u{a0}декабря 2026");
        assert_eq!(date(i64::MAX, En), "1\u{a0}January 1970");
    }

    #[test]
    fn sizes_round_up_to_what_a_person_says() {
        assert_eq!(file_size(512, Ru), "512\u{a0}Б");
        assert_eq!(file_size(84_500, Ru), "83\u{a0}КБ");
        assert_eq!(file_size(1_300_000, Ru), "1,2\u{a0}МБ");
        assert_eq!(file_size(1_300_000, En), "1.2\u{a0}MB");
    }
}
