//! The time type of the domain: whole seconds of UTC, always handed in from outside.

pub use jiff::{SignedDuration, Timestamp};

/// Moscow time, the zone every buyer and accountant here reads: UTC+3 all year.
pub const MOSCOW: jiff::tz::Offset = jiff::tz::Offset::constant(3);

/// `at` moved by `seconds`, held at the ends of the representable range instead of failing.
pub fn plus_seconds(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}

/// `at` without its fraction of a second: stored moments have none, so a moment must not either.
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Moscow's calendar date of a moment.
pub fn moscow_date(at: Timestamp) -> jiff::civil::Date {
    MOSCOW.to_datetime(at).date()
}
