//! Text from a chain, made fit for a terminal.

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text without what would move the cursor, change colors or turn the direction of the line: a
/// chain's names come from strangers.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmful(character) {
            out.push_str(&character.escape_unicode().to_string());
        } else {
            out.push(character);
        }
    }
    out
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Printable text of at most `width` columns, the rest as `…`.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    let text = printable(text);
    if text.width() <= width {
        return text;
    }
    let mut out = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(character);
    }
    out.push('…');
    out
}

/// A JSON value as a person reads it: a string without its quotes, what strict JSON cannot hold as
/// Python prints it, what a list has cut with `…`.
pub(crate) fn value(value: &Value) -> String {
    let field = |name| value.get(name).and_then(Value::as_str);
    match value {
        Value::String(text) => printable(text),
        Value::Object(fields) => match (fields.len(), field("python"), field("cut")) {
            (1, Some(text), None) => printable(text),
            (2, None, Some(text)) if fields.contains_key("size_bytes") => {
                format!("{}…", printable(text))
            }
            _ => printable(&value.to_string()),
        },
        _ => printable(&value.to_string()),
    }
}

/// What a call returned: lines stay lines. For a program (`to_terminal` is false) a text is as it came.
pub(crate) fn result(result: &Value, to_terminal: bool) -> String {
    match result {
        Value::String(text) if !to_terminal => text.clone(),
        Value::String(text) => {
            let lines = text.split('\n').map(|line| {
                let cells = line.split('\t').map(printable);
                cells.collect::<Vec<_>>().join("\t")
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        other => value(other),
    }
}

/// An account as a person reads it. A text stands without its quotes unless it would look like
/// something else then: like nothing, like an absent account, like another value.
pub(crate) fn account(account: &Value) -> String {
    match account {
        Value::String(text) if is_misleading(text) => quoted(text),
        _ => value(account),
    }
}

/// An amount as a person reads it: a text has its quotes, so that it is not taken for a number.
pub(crate) fn amount(amount: &Value) -> String {
    match amount {
        Value::String(text) => quoted(text),
        _ => value(amount),
    }
}

fn quoted(text: &str) -> String {
    printable(&Value::from(text).to_string())
}

fn is_misleading(text: &str) -> bool {
    matches!(text, "" | "-" | "null" | "true" | "false")
        || text.starts_with(['"', '[', '{'])
        || text.trim() != text
}

/// A time of RFC 3339 to the second; `-` where there is none.
pub(crate) fn time(text: Option<&str>) -> String {
    let text = printable(text.unwrap_or("-"));
    match text.split_once('.') {
        Some((seconds, fraction)) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{seconds}{zone}")
        }
        None => text,
    }
}

/// `12.3 million digests a second`.
pub(crate) fn rate(hashes_per_s: f64) -> String {
    if hashes_per_s >= 1e6 {
        format!("{:.1} million digests a second", hashes_per_s / 1e6)
    } else {
        format!("{hashes_per_s:.0} digests a second")
    }
}

/// A length of time in the unit that says most: `22 s`, `5 min`, `3 h`, `12 days`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        _ if seconds < 120.0 => format!("{seconds:.0} s"),
        _ if seconds < 7200.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds < 172_800.0 => format!("{:.0} h", seconds / 3600.0),
        _ => format!("{:.0} days", seconds / 86_400.0),
    }
}

/// `1 block`, `2 blocks`.
pub(crate) fn count(number: u64, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_call_returned_keeps_its_lines() {
        let text = json!("{\n\t\"a\": 1\u{1b}[2J\n}");
        assert_eq!(result(&text, true), "{\n\t\"a\": 1\\u{1b}[2J\n}");
        assert_eq!(result(&text, false), "{\n\t\"a\": 1\u{1b}[2J\n}");
        assert_eq!(
            result(&json!({"base64": "AA=="}), false),
            r#"{"base64":"AA=="}"#
        );
    }

    #[test]
    fn a_strangers_name_cannot_play_with_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\n\u{202e}\u{9b}é"),
            r"a\u{1b}[2Jb\u{a}\u{202e}\u{9b}é"
        );
    }

    #[test]
    fn long_text_is_cut_to_columns_and_not_to_letters() {
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abcdefg", 6), "abcde…");
        assert_eq!(shortened("日本語日本語", 6), "日本…");
    }

    #[test]
    fn values_read_as_a_person_would_write_them() {
        for (json, text) in [
            (json!("bob"), "bob"),
            (json!(5), "5"),
            (json!(0.1), "0.1"),
            (
                json!({"python": "1267650600228229401496703205376"}),
                "1267650600228229401496703205376",
            ),
            (json!({"python": 5}), r#"{"python":5}"#),
            (json!({"cut": "[1,2", "size_bytes": 900}), "[1,2…"),
            (json!({"cut": "[1,2"}), r#"{"cut":"[1,2"}"#),
            (json!([1, null]), "[1,null]"),
        ] {
            assert_eq!(value(&json), text);
        }
    }

    #[test]
    fn a_list_shows_times_to_the_second() {
        for (given, shown) in [
            (
                Some("2026-11-21T10:26:03.108336926Z"),
                "2026-11-21T10:26:03Z",
            ),
            (Some("2026-11-21T10:26:03Z"), "2026-11-21T10:26:03Z"),
            (None, "-"),
        ] {
            assert_eq!(time(given), shown);
        }
    }

    #[test]
    fn measures_are_rounded() {
        assert_eq!(rate(51_234.5), "51234 digests a second");
        assert_eq!(rate(5_250_000.0), "5.2 million digests a second");
        for (seconds, text) in [
            (0.0213, "21 ms"),
            (21.7, "22 s"),
            (300.0, "5 min"),
            (9000.0, "2 h"),
            (1e6, "12 days"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(count(1, "block"), "1 block");
        assert_eq!(count(0, "block"), "0 blocks");
    }
}
