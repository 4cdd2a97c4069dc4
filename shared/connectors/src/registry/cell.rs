//! What a cell says.

use domain::money::{Currency, Money};
use domain::time::{Timestamp, moscow_date};
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// A name; nothing where the cell is empty or has a dash.
pub(super) fn name(text: String) -> Option<String> {
    Some(text).filter(|text| !matches!(text.as_str(), "" | "-" | "—"))
}

/// An amount in major units: point or comma before the kopecks, spaces between thousands, a sign or none. A text with both a
/// point and a comma could be read two ways, and is not.
pub(super) fn money(text: &str, currency: Currency) -> Option<Money> {
    let (negative, digits) = match text.strip_prefix(['-', '−']) {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let plain: String = digits.chars().filter(|c| !c.is_whitespace()).map(|c| if c == ',' { '.' } else { c }).collect();
    let size = Money::parse_major(&plain, currency).ok()?;
    Some(if negative { Money::new(size.minor().checked_neg()?, currency) } else { size })
}

/// A currency by letters or digits, the rouble's codes of before 1998 among them: registries still write them.
pub(super) fn currency(code: &str) -> Option<Currency> {
    match code {
        "RUR" | "810" => Some(Currency::RUB),
        _ => code.parse().ok().and_then(Currency::from_numeric).or_else(|| Currency::from_code(code)),
    }
}

/// The Moscow day, and the moment where the format has one.
pub(super) fn moment(text: &str, day_format: &str, utc_hours: i8) -> Option<(Date, Option<Timestamp>)> {
    if !day_format.contains("%H") {
        return Date::strptime(day_format, text).ok().map(|day| (day, None));
    }
    let local = DateTime::strptime(day_format, text).ok()?;
    let at = Offset::from_hours(utc_hours).ok()?.to_timestamp(local).ok()?;
    Some((moscow_date(at), Some(at)))
}
