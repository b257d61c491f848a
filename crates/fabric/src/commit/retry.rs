use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

/// The longest pause before the first retry; it doubles each time.
const PAUSE_MS: u64 = 100;
const PAUSE_MS_MAX: u64 = 3_200;

/// How long to wait before a call that met a conflict is submitted anew: a random time, so that those who met each other do not meet again.
pub(crate) fn pause_before_retry(tries: u32) -> Duration {
    let longest_ms = PAUSE_MS
        .saturating_mul(1 << tries.min(16))
        .min(PAUSE_MS_MAX);
    let mut random = [0; 8];
    // Without randomness the pause is nothing: the retry is as right, only less likely to succeed.
    let _ = SystemRandom::new().fill(&mut random);
    Duration::from_millis(u64::from_be_bytes(random) % (longest_ms + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_and_grow_up_to_a_limit() {
        let longest = |tries| {
            let pauses: Vec<_> = (0..200).map(|_| pause_before_retry(tries)).collect();
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
            pauses.into_iter().max().unwrap_or_default().as_millis() as u64
        };
        assert!(longest(0) <= PAUSE_MS);
        // Of 200 one is beyond a thirty-second of the range, but for once in 10^300 times.
        assert!((PAUSE_MS + 1..=PAUSE_MS_MAX).contains(&longest(5)));
        assert!(longest(u32::MAX) <= PAUSE_MS_MAX);
    }
}
