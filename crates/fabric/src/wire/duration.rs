use std::time::Duration;

use super::error::{DecodeError, Fault};

/// Reads a duration as Go writes them: `2s`, `1m30s`, `200ms`, `1.5h`. Negative ones are refused:
/// none of the configuration's may be.
pub(super) fn parse_go_duration(text: &str) -> Result<Duration, DecodeError> {
    parse(text).ok_or_else(|| Fault::BadDuration(text.chars().take(40).collect()).into())
}

fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    let mut rest = text;
    let mut total_ns: u128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit_ns: u128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let digits = |text: &str| {
            if text.is_empty() {
                Some(0)
            } else {
                text.parse::<u64>().ok()
            }
        };
        total_ns += u128::from(digits(whole)?) * unit_ns;
        // 18 digits and more are far below a nanosecond.
        let fraction = &fraction[..fraction.len().min(18)];
        total_ns += u128::from(digits(fraction)?) * unit_ns / 10_u128.pow(fraction.len() as u32);
        rest = after;
    }
    u64::try_from(total_ns).ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_writes() {
        let good = [
            ("0", 0),
            ("0s", 0),
            ("2s", 2_000_000_000),
            ("200ms", 200_000_000),
            ("1m0s", 60_000_000_000),
            ("1h2m3.5s", 3_723_500_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("7us3ns", 7_003),
            ("7µs", 7_000),
            ("1.s", 1_000_000_000),
            ("0.1234567890123456789s", 123_456_789),
        ];
        for (text, nanoseconds) in good {
            assert_eq!(
                parse_go_duration(text),
                Ok(Duration::from_nanos(nanoseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        let long = "9".repeat(70) + "s";
        for text in [
            "",
            "2",
            "s",
            ".s",
            "2 s",
            "-1s",
            "2x",
            "1..2s",
            "é",
            "99999999999999h",
            &long,
        ] {
            let error = parse_go_duration(text).expect_err(text);
            assert!(
                error
                    .to_string()
                    .ends_with("is no duration such as `2s` or `200ms`"),
                "{error}"
            );
        }
    }
}
