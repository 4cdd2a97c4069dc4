//! When to try again: schedules of retries are decisions, so they live here.

/// Seconds to the next attempt of a webhook after `failures` failed ones; nothing after the last. Ten attempts over about
/// three days. `jitter` (any value) moves each by up to a fifth, so that partners who come back are not met by a herd.
pub fn retry_seconds(failures: u8, jitter: u16) -> Option<i64> {
    const STEPS: [i64; 10] = [5, 300, 1_800, 7_200, 18_000, 36_000, 43_200, 50_400, 50_400, 54_000];
    let step = *STEPS.get(usize::from(failures.checked_sub(1)?))?;
    let spread = step / 5;
    Some(step + spread * i64::from(jitter) / i64::from(u16::MAX))
}

/// Seconds to the next attempt of a task that must not be given up (money, receipts, hand-over).
pub fn persist_seconds(failures: u8, jitter: u16) -> i64 {
    const STEPS: [i64; 6] = [30, 120, 600, 1_800, 3_600, 10_800];
    let step = STEPS[usize::from(failures.saturating_sub(1)).min(STEPS.len() - 1)];
    step + step / 5 * i64::from(jitter) / i64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_are_tried_for_three_days_and_then_given_up() {
        let total: i64 = (1..=10).map(|n| retry_seconds(n, 0).unwrap()).sum();
        assert!((70 * 3_600..=74 * 3_600).contains(&total), "{total}");
        assert_eq!(retry_seconds(11, 0), None);
        assert_eq!(retry_seconds(0, 0), None);
        assert!(retry_seconds(3, u16::MAX).unwrap() <= 1_800 * 6 / 5);
    }

    #[test]
    fn tasks_that_must_happen_are_tried_forever() {
        assert_eq!(persist_seconds(1, 0), 30);
        assert_eq!(persist_seconds(u8::MAX, 0), 10_800);
    }
}
