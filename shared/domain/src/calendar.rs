//! The production calendar of Russia: which days are worked, and by when a bank has moved money.
//!
//! A year the government has decided about is dated data ([`DECIDED`]). Any other year is reckoned from article 112 of the
//! Labour Code alone, and every answer that leans on such a year says so: it is *provisional*, for the government moves two of
//! January's days off each year and may swap Saturdays for Mondays.

use std::ops::RangeInclusive;

use jiff::civil::{Date, Weekday, date};

use crate::time::{MOSCOW, Timestamp};

/// Non-working holidays (article 112 of the Labour Code, part 1, as in force since 2013): month and day.
const HOLIDAYS: [(i8, i8); 14] =
    [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (1, 8), (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)];

/// What the government decided about one year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The year.
    pub year: i16,
    /// Days off moved: what was a day off, and the day that is one instead.
    pub moved: &'static [Move],
    /// Where it was decided.
    pub source: &'static str,
}

/// A day off moved: month and day it was on, month and day it is on. Both lie in the same year.
pub type Move = ((i8, i8), (i8, i8));

/// The years that are decided, oldest first. A further year is one entry more, as soon as its decree is published.
pub const DECIDED: &[Decided] = &[
    Decided {
        year: 2023,
        moved: &[((1, 1), (2, 24)), ((1, 8), (5, 8))],
        source: "Decree of the Government of 29.08.2022 № 1505",
    },
    Decided {
        year: 2024,
        moved: &[((4, 27), (4, 29)), ((11, 2), (4, 30)), ((1, 6), (5, 10)), ((12, 28), (12, 30)), ((1, 7), (12, 31))],
        source: "Decree of the Government of 10.08.2023 № 1314",
    },
    Decided {
        year: 2025,
        moved: &[((1, 4), (5, 2)), ((2, 23), (5, 8)), ((3, 8), (6, 13)), ((11, 1), (11, 3)), ((1, 5), (12, 31))],
        source: "Decree of the Government of 04.10.2024 № 1335",
    },
    Decided {
        year: 2026,
        moved: &[((1, 3), (1, 9)), ((1, 4), (12, 31))],
        source: "consultant.ru, document LAW_515170 (transfer of days off in 2026)",
    },
    Decided {
        year: 2027,
        moved: &[((2, 20), (2, 22)), ((1, 2), (11, 5)), ((1, 3), (12, 31))],
        source: "consultant.ru, document LAW_544706 (transfer of days off in 2027)",
    },
];

/// An answer, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reckoned<T> {
    /// The answer.
    pub value: T,
    /// It leans on a year the government has not decided about, as far as is known here.
    pub provisional: bool,
}

/// What the government decided about a year.
pub fn decided(year: i16) -> Option<&'static Decided> {
    DECIDED.iter().find(|of| of.year == year)
}

/// Whether a day is worked in a week of five days.
pub fn is_working(day: Date) -> Reckoned<bool> {
    let Some(year) = decided(day.year()) else {
        return Reckoned { value: !by_law_off(day, &[]), provisional: true };
    };
    let of = (day.month(), day.day());
    let value = if year.moved.iter().any(|(_, to)| *to == of) {
        false
    } else {
        // A Saturday or Sunday given away is worked, a holiday never is.
        let given = year.moved.iter().any(|(from, _)| *from == of) && !is_holiday(day);
        given || !by_law_off(day, year.moved)
    };
    Reckoned { value, provisional: false }
}

/// The day after which `count` further working days have passed: the same day for none of them.
pub fn plus_working_days(from: Date, count: u16) -> Reckoned<Date> {
    let mut reckoned = Reckoned { value: from, provisional: false };
    for _ in 0..count {
        let next = working_from(tomorrow(reckoned.value));
        reckoned = Reckoned { value: next.value, provisional: reckoned.provisional || next.provisional };
    }
    reckoned
}

/// The day itself when it is worked, else the next one that is: where a term of the Tax Code ends (article 6.1, item 7).
pub fn working_from(day: Date) -> Reckoned<Date> {
    nearest(day, tomorrow)
}

/// The day itself when it is worked, else the last one before it that was.
pub fn working_until(day: Date) -> Reckoned<Date> {
    nearest(day, |day| day.yesterday().unwrap_or(day))
}

/// Working days between two days, both counted.
pub fn working_days(days: RangeInclusive<Date>) -> Reckoned<u32> {
    let mut reckoned = Reckoned { value: 0, provisional: false };
    let (mut day, last) = (*days.start(), *days.end());
    while day <= last {
        let is = is_working(day);
        reckoned.value += u32::from(is.value);
        reckoned.provisional |= is.provisional;
        if day == Date::MAX {
            break;
        }
        day = tomorrow(day);
    }
    reckoned
}

/// When money sent by a payment order arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The bank's working day the order is taken on.
    pub taken: Date,
    /// The day it usually arrives.
    pub usual: Date,
    /// The day it has arrived by. The law counts the day of the debit as the first of three (161-ФЗ, article 5, part 5); what a
    /// payee is promised leaves that day out, for the bank may debit on it as late as at midnight.
    pub latest: Date,
    /// Whether any of the days may still move.
    pub provisional: bool,
}

/// Reckons when money sent at `at` arrives. An order handed in at `cut_off_hour` o'clock Moscow time or later, or on a day off,
/// is taken on the next working day.
pub fn transfer(at: Timestamp, cut_off_hour: i8) -> Transfer {
    let moment = MOSCOW.to_datetime(at);
    let asked = if moment.hour() >= cut_off_hour { tomorrow(moment.date()) } else { moment.date() };
    let taken = working_from(asked);
    let (usual, latest) = (plus_working_days(taken.value, 1), plus_working_days(taken.value, 3));
    let provisional = taken.provisional || latest.provisional;
    Transfer { taken: taken.value, usual: usual.value, latest: latest.value, provisional }
}

fn tomorrow(day: Date) -> Date {
    day.tomorrow().unwrap_or(day)
}

/// Steps until a working day; a year has no hundred days off in a row, so the walk ends even at the edge of the calendar.
fn nearest(day: Date, step: impl Fn(Date) -> Date) -> Reckoned<Date> {
    let (mut at, mut provisional) = (day, false);
    for _ in 0..100 {
        let is = is_working(at);
        provisional |= is.provisional;
        if is.value {
            break;
        }
        at = step(at);
    }
    Reckoned { value: at, provisional }
}

fn is_holiday(day: Date) -> bool {
    HOLIDAYS.contains(&(day.month(), day.day()))
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// A day off by the Labour Code: a weekend, a holiday, or the day a weekend moves to because a holiday fell on it. January's
/// move by decree only, and so does what a decree names.
fn by_law_off(day: Date, moved: &[Move]) -> bool {
    is_weekend(day)
        || is_holiday(day)
        || HOLIDAYS.iter().any(|&(month, of)| {
            let by_decree = month == 1 || moved.iter().any(|(from, _)| *from == (month, of));
            !by_decree && follows(date(day.year(), month, of)) == Some(day)
        })
}

/// The next working day after a holiday that fell on a weekend (article 112, part 2).
fn follows(holiday: Date) -> Option<Date> {
    let mut day = Some(holiday).filter(|day| is_weekend(*day))?;
    while is_weekend(day) || is_holiday(day) {
        day = day.tomorrow().ok()?;
    }
    Some(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn month(year: i16, month: i8) -> u32 {
        let first = date(year, month, 1);
        working_days(first..=first.last_of_month()).value
    }

    /// Working days by month as published: for 2026 in the accountants' tables at glavaudit.org/situations/k518956 and
    /// 4dk.ru/s/calendar; for all five years by the public library `holidays` 0.108, which cites each decree.
    #[test]
    fn working_days_of_each_month_are_the_published_ones() {
        let published = [
            (2023, [17, 18, 22, 20, 20, 21, 21, 23, 21, 22, 21, 21], [57, 61, 65, 64], 247),
            (2024, [17, 20, 20, 21, 20, 19, 23, 22, 21, 23, 21, 21], [57, 60, 66, 65], 248),
            (2025, [17, 20, 21, 22, 18, 19, 23, 21, 22, 23, 19, 22], [58, 59, 66, 64], 247),
            (2026, [15, 19, 21, 22, 19, 21, 23, 21, 22, 22, 20, 22], [55, 62, 66, 64], 247),
            (2027, [15, 19, 22, 22, 19, 21, 22, 22, 22, 21, 20, 22], [56, 62, 66, 63], 247),
        ];
        for (year, months, quarters, whole) in published {
            let counted: Vec<u32> = (1..=12).map(|of| month(year, of)).collect();
            assert_eq!(counted, months, "{year}");
            let by_quarter: Vec<u32> = counted.chunks(3).map(|three| three.iter().sum()).collect();
            assert_eq!(by_quarter, quarters, "{year}");
            let year = working_days(date(year, 1, 1)..=date(year, 12, 31));
            assert_eq!(year, Reckoned { value: whole, provisional: false });
        }
        assert_eq!(DECIDED.len(), published.len());
    }

    #[test]
    fn a_decree_moves_weekends_and_never_holidays() {
        let is = |year, month, day| is_working(date(year, month, day)).value;
        // A working Saturday, and the Monday that is off instead.
        assert!(is(2025, 11, 1) && !is(2025, 11, 3));
        assert!(is(2027, 2, 20) && !is(2027, 2, 22));
        // A holiday on a weekend whose day off goes elsewhere stays a holiday, and the Monday after it is worked.
        assert!(!is(2025, 2, 23) && is(2025, 2, 24) && !is(2025, 5, 8));
        // One nobody moved goes to the next working day by itself.
        assert!(!is(2026, 3, 8) && !is(2026, 3, 9) && is(2026, 3, 10));
        assert!(!is(2026, 5, 9) && !is(2026, 5, 10) && !is(2026, 5, 11) && is(2026, 5, 12));
        // January's do not.
        assert!(!is(2026, 1, 9) && is(2026, 1, 12) && !is(2026, 12, 31));
        for year in DECIDED {
            assert!(!year.source.is_empty());
            for (from, to) in year.moved {
                let at = |of: (i8, i8)| date(year.year, of.0, of.1);
                assert!(is_weekend(at(*from)) || is_holiday(at(*from)), "{from:?} of {} was no day off", year.year);
                assert!(!is_weekend(at(*to)) && !is_holiday(at(*to)), "{to:?} of {} was one already", year.year);
            }
        }
    }

    #[test]
    fn a_year_without_a_decree_is_provisional() {
        assert_eq!(is_working(date(2028, 1, 10)), Reckoned { value: true, provisional: true });
        assert_eq!(is_working(date(2028, 6, 12)), Reckoned { value: false, provisional: true });
        // 4 November 2028 is a Saturday: its day off is Monday's by law.
        assert_eq!(is_working(date(2028, 11, 6)), Reckoned { value: false, provisional: true });
        // Over the new year the uncertainty comes along; within a decided year there is none.
        assert_eq!(plus_working_days(date(2027, 12, 30), 1), Reckoned { value: date(2028, 1, 10), provisional: true });
        assert_eq!(plus_working_days(date(2026, 12, 30), 1), Reckoned { value: date(2027, 1, 11), provisional: false });
        assert_eq!(working_from(Date::MAX).value, Date::MAX);
    }

    #[test]
    fn a_transfer_is_taken_before_the_cut_off_of_a_working_day() {
        let at = |text: &str| {
            let transfer = transfer(text.parse().unwrap(), 17);
            (transfer.taken, transfer.usual, transfer.latest)
        };
        // Wednesday, 16:59 and 17:00 in Moscow.
        assert_eq!(at("2026-11-18T13:59:59Z"), (date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 23)));
        assert_eq!(at("2026-11-18T14:00:00Z"), (date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 24)));
        // Saturday in UTC, Sunday in Moscow.
        assert_eq!(at("2026-11-21T21:30:00Z"), (date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 26)));
        // The last working day of 2026 is 30 December.
        assert_eq!(at("2026-12-30T09:00:00Z"), (date(2026, 12, 30), date(2027, 1, 11), date(2027, 1, 13)));
        assert!(transfer("2027-12-30T09:00:00Z".parse().unwrap(), 17).provisional);
        assert!(!transfer("2026-12-30T09:00:00Z".parse().unwrap(), 17).provisional);
    }

    fn any_day() -> impl Strategy<Value = Date> {
        (2015_i16..2040, 1_i16..=365)
            .prop_map(|(year, of)| date(year, 1, 1).saturating_add(jiff::Span::new().days(of - 1)))
    }

    proptest! {
        #[test]
        fn counting_days_is_the_same_as_passing_them(from in any_day(), count in 0_u16..40) {
            let to = plus_working_days(from, count).value;
            prop_assert!(count == 0 || is_working(to).value);
            let after = from.tomorrow().unwrap();
            prop_assert_eq!(working_days(after..=to).value, u32::from(count));
        }

        #[test]
        fn later_stays_later(a in any_day(), b in any_day(), count in 0_u16..10) {
            prop_assume!(a <= b);
            prop_assert!(plus_working_days(a, count).value <= plus_working_days(b, count).value);
            prop_assert!(working_until(a).value <= a && a <= working_from(a).value);
        }

        #[test]
        fn a_transfer_never_arrives_before_it_is_taken(second in 1_400_000_000_i64..2_200_000_000, hour in 0_i8..=24) {
            let at = Timestamp::from_second(second).unwrap();
            let found = transfer(at, hour);
            prop_assert!(found.taken >= crate::time::moscow_date(at));
            prop_assert!(found.taken < found.usual && found.usual < found.latest);
            prop_assert!(is_working(found.taken).value && is_working(found.latest).value);
        }
    }
}
