//! Numbers, times and hashes as people read them.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a path or query may hold as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A text as part of a path or as a value of a query.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The first and last digits of a hash or id; short ones whole.
pub(super) fn short(text: &str) -> String {
    if text.len() <= 20 || !text.is_ascii() {
        return text.to_owned();
    }
    format!("{}…{}", &text[..10], &text[text.len() - 6..])
}

/// How long ago, in one unit.
pub(super) fn age(time: Option<Timestamp>, now: Timestamp) -> String {
    let Some(time) = time else {
        return "no time".to_owned();
    };
    let seconds = now.as_second() - time.as_second();
    match seconds {
        ..-60 => "in the future".to_owned(),
        -60..5 => "just now".to_owned(),
        5..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// A time to the second.
pub(super) fn moment(time: Option<Timestamp>) -> String {
    match time {
        Some(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        None => "none that can be read".to_owned(),
    }
}

/// A count of bytes.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// A count with its noun.
pub(super) fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// A span of seconds in one unit.
pub(super) fn span(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() || s > 3.2e9 => "over a century".to_owned(),
        s if s < 0.001 => "under 1 ms".to_owned(),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3_600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

/// A text with its control characters made visible: they would show as nothing, or break the page.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A text no longer than `limit` bytes, and whether something was cut.
pub(super) fn cut(text: String, limit: usize) -> (String, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    let end = text.floor_char_boundary(limit);
    (text[..end].to_owned(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_keeps_both_ends() {
        assert_eq!(short("abc"), "abc");
        assert_eq!(short(&"0123456789".repeat(3)), "0123456789…456789");
        assert_eq!(short(&"é".repeat(30)), "é".repeat(30));
    }

    #[test]
    fn ages_are_in_one_unit() {
        let now = Timestamp::from_second(1_000_000).expect("in range");
        let before = |seconds: i64| Timestamp::from_second(1_000_000 - seconds).ok();
        assert_eq!(age(None, now), "no time");
        for (seconds, words) in [
            (-3600, "in the future"),
            (0, "just now"),
            (60, "60 s ago"),
            (600, "10 min ago"),
            (7_200, "2 h ago"),
            (172_800, "2 days ago"),
        ] {
            assert_eq!(age(before(seconds), now), words);
        }
    }

    #[test]
    fn sizes_spans_and_counts() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(23_400_000), "23.4 MB");
        assert_eq!(span(0.0002), "under 1 ms");
        assert_eq!(span(0.25), "250 ms");
        assert_eq!(span(7_200.0), "2 h");
        assert_eq!(span(f64::INFINITY), "over a century");
        assert_eq!(count(1, "block"), "1 block");
        assert_eq!(count(0, "block"), "0 blocks");
    }

    #[test]
    fn control_characters_are_visible() {
        assert_eq!(printable("a\u{0}b\r\n é"), "a\\u{0}b\\r\\n é");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("ééé".to_owned(), 3), ("é".to_owned(), true));
        assert_eq!(cut("abc".to_owned(), 3), ("abc".to_owned(), false));
    }
}
