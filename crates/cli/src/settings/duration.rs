//! Lengths of time as people write them: `5s`, `500ms`, `2m`, `1h`, `90d`.

use std::time::Duration;

/// The longest that can be asked for, and the shortest.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
const SHORTEST: Duration = Duration::from_millis(10);

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    /// It is no number followed by a unit.
    #[error("a number and a unit are expected, such as 500ms, 5s, 2m, 1h or 90d")]
    NoTime,
    /// It is a length of time, but none that makes sense here.
    #[error("it must be at least 10ms and at most 366 days")]
    OutOfRange,
}

/// Reads `5s`, `500ms`, `2m`, `1h`, `90d`; a number without a unit counts seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_s = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 24.0 * 3600.0,
        _ => return Err(DurationError::NoTime),
    };
    let number: f64 = digits.parse().map_err(|_| DurationError::NoTime)?;
    from_seconds(number * unit_s)
}

/// A length of time from a number of seconds, which may have a fraction.
pub(crate) fn from_seconds(seconds: f64) -> Result<Duration, DurationError> {
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| DurationError::OutOfRange)?;
    if (SHORTEST..=LONGEST).contains(&duration) {
        Ok(duration)
    } else {
        Err(DurationError::OutOfRange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_usual_units() {
        for (text, duration_ms) in [
            ("5s", 5_000),
            ("5", 5_000),
            ("0.5", 500),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("90d", 90 * 24 * 3_600_000),
        ] {
            assert_eq!(
                parse(text),
                Ok(Duration::from_millis(duration_ms)),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in ["", "s", "5 s", "5w", "five", "NaN", "inf", "1e400"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("5w"), Err(DurationError::NoTime));
        for text in ["0", "-1s", "1ms", "9000h"] {
            assert_eq!(parse(text), Err(DurationError::OutOfRange), "{text}");
        }
    }
}
