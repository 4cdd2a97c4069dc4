//! When an order's money may go out to the partner: never before it is fulfilled, and never within three days of the payment
//! or the hand-over, whichever was later, however long it waits by the partner's terms.
//!
//! ```text
//! paid ────────┐
//!              ├─ the later one ──┬─ + 72 hours ──────────────────┐
//! handed over ─┘                  └─ and the end of the nth       ├─ the latest: mature
//!                                    working day after its day ───┤
//! fulfilled ──────────────────────────────────────────────────────┘
//! ```

use serde::{Deserialize, Serialize};

use crate::calendar::{self, Reckoned};
use crate::time::{MOSCOW, Timestamp, moscow_date, plus_seconds};

/// How long the money waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// So many hours by the clock.
    Hours(u16),
    /// Until the end (24:00 in Moscow) of so many working days. The Moscow day of the later moment is not one of them.
    WorkingDays(u16),
}

impl Default for Wait {
    fn default() -> Self {
        Self::Hours(72)
    }
}

/// What is known of an order. A moment that has not come is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moments {
    /// When the last of its money was captured.
    pub paid: Option<Timestamp>,
    /// When it was handed over to its execution, where that is on record.
    pub handed_over: Option<Timestamp>,
    /// When it was fulfilled.
    pub fulfilled: Option<Timestamp>,
}

/// When the money is mature; nothing while the order is unpaid or unfulfilled. Moments may be recorded in any order: a payment
/// that arrives after the fulfilment counts as well. What was never handed over was handed over by being fulfilled.
///
/// The answer is the first moment of maturity: `now >= answer` is mature. It is provisional where the production calendar is.
pub fn matures_at(moments: &Moments, wait: Wait) -> Option<Reckoned<Timestamp>> {
    let (paid, fulfilled) = (moments.paid?, moments.fulfilled?);
    let waited = waited(paid.max(moments.handed_over.unwrap_or(fulfilled)), wait);
    Some(Reckoned { value: waited.value.max(fulfilled), ..waited })
}

/// Hours nothing goes out within, whatever a partner's terms say.
pub const HOURS_LEAST: u16 = 72;

/// When the wait that begins at `later` is over: never before [`HOURS_LEAST`] hours.
pub fn waited(later: Timestamp, wait: Wait) -> Reckoned<Timestamp> {
    let after = |hours: u16| plus_seconds(later, i64::from(hours) * 3600);
    let waited = match wait {
        Wait::Hours(hours) => Reckoned { value: after(hours), provisional: false },
        Wait::WorkingDays(count) => {
            let last = calendar::plus_working_days(moscow_date(later), count);
            let end = last.value.tomorrow().unwrap_or(last.value).at(0, 0, 0, 0);
            // At the edge of the calendar there is no later moment: it never matures before the last one.
            Reckoned { value: MOSCOW.to_timestamp(end).unwrap_or(Timestamp::MAX), provisional: last.provisional }
        }
    };
    Reckoned { value: waited.value.max(after(HOURS_LEAST)), ..waited }
}

/// Whether the money is mature at `now`.
pub fn is_mature(moments: &Moments, wait: Wait, now: Timestamp) -> bool {
    matures_at(moments, wait).is_some_and(|at| at.value <= now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn moments(paid: &str, handed_over: &str, fulfilled: &str) -> Moments {
        let moment = |text: &str| (!text.is_empty()).then(|| at(text));
        Moments { paid: moment(paid), handed_over: moment(handed_over), fulfilled: moment(fulfilled) }
    }

    #[test]
    fn nothing_matures_unpaid_or_unfulfilled() {
        for open in [
            moments("", "2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z"),
            moments("2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z", ""),
            Moments::default(),
        ] {
            assert_eq!(matures_at(&open, Wait::default()), None);
            assert!(!is_mature(&open, Wait::WorkingDays(3), Timestamp::MAX));
        }
    }

    #[test]
    fn hours_run_from_the_later_of_payment_and_hand_over() {
        let mature = |moments: Moments| matures_at(&moments, Wait::default()).unwrap().value;
        let quick = moments("2026-11-20T10:00:00Z", "2026-11-20T10:00:05Z", "2026-11-20T10:01:00Z");
        assert_eq!(mature(quick), at("2026-11-23T10:00:05Z"));
        assert!(!is_mature(&quick, Wait::default(), at("2026-11-23T10:00:04Z")));
        assert!(is_mature(&quick, Wait::default(), at("2026-11-23T10:00:05Z")));
        // Fulfilled late: mature the moment it is.
        let slow = moments("2026-11-20T10:00:00Z", "2026-11-20T10:00:05Z", "2026-12-01T00:00:00Z");
        assert_eq!(mature(slow), at("2026-12-01T00:00:00Z"));
        // Paid after the fulfilment, as cash on delivery is; handed over by being fulfilled.
        assert_eq!(mature(moments("2026-11-25T10:00:00Z", "", "2026-11-20T10:00:00Z")), at("2026-11-28T10:00:00Z"));
        assert_eq!(mature(moments("2026-11-01T10:00:00Z", "", "2026-11-20T10:00:00Z")), at("2026-11-23T10:00:00Z"));
    }

    #[test]
    fn working_days_end_at_midnight_in_moscow() {
        let days = Wait::WorkingDays(3);
        // Friday: Monday, Tuesday, Wednesday; the end of Wednesday in Moscow is 21:00 of UTC.
        let friday = moments("2026-11-20T10:00:00Z", "2026-11-20T10:00:05Z", "2026-11-20T10:01:00Z");
        assert_eq!(matures_at(&friday, days), Some(Reckoned { value: at("2026-11-25T21:00:00Z"), provisional: false }));
        // Friday in UTC, Saturday in Moscow: the same three days follow.
        let saturday = moments("2026-11-20T21:00:00Z", "2026-11-20T21:00:00Z", "2026-11-20T21:00:00Z");
        assert_eq!(matures_at(&saturday, days).unwrap().value, at("2026-11-25T21:00:00Z"));
        // The long New Year's holidays lie between: 11, 12 and 13 January 2027.
        let december = moments("2026-12-30T10:00:00Z", "2026-12-30T10:00:00Z", "2026-12-30T10:00:00Z");
        assert_eq!(matures_at(&december, days).unwrap().value, at("2027-01-13T21:00:00Z"));
        let undecided = moments("2027-12-30T10:00:00Z", "2027-12-30T10:00:00Z", "2027-12-30T10:00:00Z");
        assert!(matures_at(&undecided, days).unwrap().provisional);
    }

    #[test]
    fn the_stored_form_is_plain() {
        assert_eq!(serde_json::to_string(&Wait::Hours(72)).unwrap(), r#"{"hours":72}"#);
        assert_eq!(serde_json::from_str::<Wait>(r#"{"working_days":3}"#).unwrap(), Wait::WorkingDays(3));
    }

    fn moment() -> impl Strategy<Value = Timestamp> {
        (1_700_000_000_i64..1_900_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn no_terms_are_shorter_than_the_law() {
        let friday = moments("2026-11-20T10:00:00Z", "2026-11-20T10:00:05Z", "2026-11-20T10:01:00Z");
        for wait in [Wait::Hours(0), Wait::Hours(71), Wait::WorkingDays(0)] {
            assert_eq!(matures_at(&friday, wait).unwrap().value, at("2026-11-23T10:00:05Z"), "{wait:?}");
        }
        // Monday's end comes after the 72 hours.
        assert_eq!(matures_at(&friday, Wait::WorkingDays(1)).unwrap().value, at("2026-11-23T21:00:00Z"));
    }

    fn wait() -> impl Strategy<Value = Wait> {
        prop_oneof![(0_u16..200).prop_map(Wait::Hours), (0_u16..10).prop_map(Wait::WorkingDays)]
    }

    proptest! {
        #[test]
        fn never_earlier_than_any_of_its_reasons(
            paid in moment(), handed in proptest::option::of(moment()), done in moment(), wait in wait(),
        ) {
            let moments = Moments { paid: Some(paid), handed_over: handed, fulfilled: Some(done) };
            let mature = matures_at(&moments, wait).unwrap().value;
            // The law, whatever the terms: never within 72 hours of the payment or the hand-over.
            prop_assert!(mature >= done && mature >= plus_seconds(paid, 72 * 3600));
            prop_assert!(handed.is_none_or(|at| mature >= plus_seconds(at, 72 * 3600)));
            if let Wait::WorkingDays(days) = wait {
                let later = paid.max(handed.unwrap_or(done));
                let passed = moscow_date(later).tomorrow().unwrap()..=moscow_date(plus_seconds(mature, -1));
                prop_assert!(calendar::working_days(passed).value >= u32::from(days));
            }
            if let Wait::Hours(hours) = wait {
                let hours = hours.max(HOURS_LEAST);
                prop_assert!(mature >= plus_seconds(paid, i64::from(hours) * 3600));
                prop_assert!(mature == done || Some(mature) == [Some(paid), handed, Some(done)].into_iter().flatten()
                    .map(|at| plus_seconds(at, i64::from(hours) * 3600)).find(|at| *at == mature));
            }
        }

        #[test]
        fn what_comes_later_matures_no_earlier(
            a in moment(), b in moment(), handed in moment(), done in moment(), wait in wait(), more in 0_u16..5,
        ) {
            let of = |paid, done| Moments { paid: Some(paid), handed_over: Some(handed), fulfilled: Some(done) };
            let (early, late) = (a.min(b), a.max(b));
            let at = |moments: Moments, wait| matures_at(&moments, wait).unwrap().value;
            prop_assert!(at(of(early, done), wait) <= at(of(late, done), wait));
            prop_assert!(at(of(a, done), wait) <= at(of(a, done.max(b)), wait));
            let longer = match wait {
                Wait::Hours(hours) => Wait::Hours(hours + more),
                Wait::WorkingDays(days) => Wait::WorkingDays(days + more),
            };
            prop_assert!(at(of(a, done), wait) <= at(of(a, done), longer));
        }
    }
}
