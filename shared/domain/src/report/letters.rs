//! Letters about a closed month to the partner's accountant: how many are wanted, and what became of each.

use serde::{Deserialize, Serialize};

use crate::time::{Timestamp, plus_seconds};

/// Seconds one sender has before another may try: longer than any worker runs.
const LEASE_SECONDS: i64 = 15 * 60;
/// Tries of one letter: the clock that asks for them strikes hourly.
const TRIES_MAX: u32 = 24;

/// A letter that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Where to.
    pub to: String,
    /// The provider's id of it.
    pub id: String,
}

/// Letters about a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// How many are wanted: one when the month is closed, one more each time the operator says so.
    pub wanted: u32,
    /// Those that went out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent>,
    /// Wanted ones that no channel would take.
    #[serde(default)]
    pub given_up: u32,
    /// Tries of the next one.
    #[serde(default)]
    pub tries: u32,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Somebody is sending one until then.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub leased_until: Option<Timestamp>,
}

impl Letters {
    /// As they are when a month is closed.
    pub fn first() -> Self {
        Self { wanted: 1, ..Self::default() }
    }

    /// Whether one is still to be sent.
    pub fn is_due(&self) -> bool {
        u32::try_from(self.sent.len()).unwrap_or(u32::MAX).saturating_add(self.given_up) < self.wanted
    }

    /// One more is wanted. One that is wanted already is enough: asking twice at once sends one letter.
    pub fn want(&mut self) {
        if !self.is_due() {
            self.wanted += 1;
            (self.tries, self.failure) = (0, None);
        }
    }

    /// Takes the next one to be sent, unless there is none or somebody has it.
    #[must_use]
    pub fn take(&mut self, now: Timestamp) -> bool {
        if !self.is_due() || self.leased_until.is_some_and(|until| now < until) {
            return false;
        }
        self.tries += 1;
        self.leased_until = Some(plus_seconds(now, LEASE_SECONDS));
        true
    }

    /// It went out.
    pub fn went(&mut self, sent: Sent) {
        self.sent.push(sent);
        (self.tries, self.failure, self.leased_until) = (0, None, None);
    }

    /// It did not; `forever` where it never will.
    pub fn failed(&mut self, why: String, forever: bool) {
        (self.failure, self.leased_until) = (Some(why), None);
        if forever || self.tries >= TRIES_MAX {
            self.given_up += 1;
            self.tries = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn sent(now: Timestamp) -> Sent {
        Sent { at: now, to: "a@b.example".into(), id: "m-1".into() }
    }

    #[test]
    fn one_letter_goes_out_for_each_that_is_wanted() {
        let mut letters = Letters::first();
        assert!(letters.take(at(0)));
        assert!(!letters.clone().take(at(899)), "another sender has it");
        letters.want();
        assert_eq!(letters.wanted, 1, "one is on its way");
        assert!(letters.take(at(900)), "the sender is gone");
        letters.went(sent(at(900)));
        assert!(!letters.is_due() && !letters.take(at(99_999)));
        letters.want();
        letters.want();
        assert_eq!((letters.wanted, letters.is_due()), (2, true));
    }

    #[test]
    fn what_no_channel_takes_is_given_up_and_can_be_wanted_again() {
        let mut letters = Letters::first();
        for hour in 0..24 {
            assert!(letters.is_due());
            assert!(letters.take(at(hour * 3_600)));
            letters.failed("the line is down".into(), false);
        }
        assert!(!letters.is_due(), "a day of tries is enough");
        letters.want();
        assert!(letters.take(at(100_000)));
        letters.failed("no such address".into(), true);
        assert_eq!((letters.is_due(), letters.given_up), (false, 2));
    }
}
