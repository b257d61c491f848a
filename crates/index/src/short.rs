//! Values cut to a bound, so that a list is small however long the names in it are.

use chainloom_ledger::Account;
use serde_json::{Value, json};

/// Longest name, amount or id that a list shows in full, in bytes of its JSON or text.
pub const SHORT_VALUE_BYTES_MAX: usize = 256;

/// The JSON text of a value, or `{"cut": "<its beginning>", "size_bytes": N}` where it is longer
/// than [`SHORT_VALUE_BYTES_MAX`].
///
/// The beginning is that of the text itself for a string, of the JSON for anything else; the size
/// is that of the whole.
pub(crate) fn short_json(value: &Value) -> String {
    if let Value::String(text) = value {
        // JSON is never shorter than the text, so a long one needs no writing down to be judged.
        if text.len() > SHORT_VALUE_BYTES_MAX {
            return cut_marker(text);
        }
    }
    let json = value.to_string();
    if json.len() <= SHORT_VALUE_BYTES_MAX && reads_back(value, &json) {
        return json;
    }
    match value {
        Value::String(text) => cut_marker(text),
        _ => cut_marker(&json),
    }
}

/// As [`short_json`], for an account.
pub(crate) fn short_account(account: &Account) -> String {
    short_json(account.value())
}

/// The value that a stored [`short_json`] shows.
pub(crate) fn shown(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.to_owned()))
}

/// A text that fits, cut at a character and ended with `…` where it was longer than `bytes_max`.
pub(crate) fn short_text(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let mut cut = beginning(text, bytes_max.saturating_sub('…'.len_utf8())).to_owned();
    cut.push('…');
    cut
}

fn cut_marker(text: &str) -> String {
    json!({ "cut": beginning(text, SHORT_VALUE_BYTES_MAX), "size_bytes": text.len() }).to_string()
}

fn beginning(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Nested values can be deeper than serde_json reads, even in 256 bytes.
fn reads_back(value: &Value, json: &str) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) => serde_json::from_str::<Value>(json).is_ok(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_fits_is_shown_as_it_is() {
        for value in [
            json!("bob"),
            json!(5),
            json!(5.0),
            json!({"python": "1e400"}),
        ] {
            assert_eq!(shown(&short_json(&value)), value);
        }
        assert_eq!(short_text("abc", 3), "abc");
    }

    #[test]
    fn what_is_long_is_cut_and_marked() {
        let name = "é".repeat(500_000);
        let value = shown(&short_account(&Account::named(&name)));
        assert_eq!(value["cut"].as_str().unwrap(), "é".repeat(128));
        assert_eq!(value["size_bytes"], 1_000_000);
        // 200 bytes of text that JSON writes six times as long.
        let value = shown(&short_json(&json!("\u{1}".repeat(200))));
        assert_eq!(value["size_bytes"], 200);
        let list = Value::Array(vec![json!("abcdefgh"); 100]);
        assert_eq!(shown(&short_json(&list))["size_bytes"], 1101);
        assert_eq!(short_text("éééé", 6), "é…");
    }

    #[test]
    fn what_is_deep_is_cut_and_marked() {
        let mut deep = json!([]);
        for _ in 0..120 {
            deep = Value::Array(vec![deep]);
        }
        assert_eq!(shown(&short_json(&deep))["size_bytes"], Value::Null);
        for _ in 0..7 {
            deep = Value::Array(vec![deep]);
        }
        let shown = shown(&short_json(&deep));
        assert_eq!(shown["size_bytes"], 256);
        assert!(shown["cut"].as_str().unwrap().starts_with("[[["));
    }
}
