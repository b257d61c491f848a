use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::Hash;

/// A party of a transfer on a ledger that has accounts.
///
/// Most are named by a string, but the tutorial's chain takes any JSON there, and `5` is another
/// account than `"5"`. So an account is keyed by the canonical JSON text of its name, quotes
/// included. In JSON it is the name itself (always valid JSON, see [`Account::value`]).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Account {
    key: String,
    value: Value,
}

impl Account {
    /// The account that this string names.
    pub fn named(name: &str) -> Account {
        Account {
            key: canonical_string(name),
            value: Value::String(name.to_owned()),
        }
    }

    /// The account with this canonical JSON text, shown as `value`.
    ///
    /// `value` is for show only; two accounts are the same when their keys are.
    pub fn from_canonical(key: String, value: Value) -> Account {
        Account { key, value }
    }

    /// The canonical JSON text: sorted keys, ASCII escapes, quotes around a string.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The name as JSON; what no strict JSON can hold is `{"python": "<canonical text>"}`.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// A key of fixed size for indexes, however long the name: SHA-256 of [`Account::key`].
    pub fn digest(&self) -> Hash {
        Hash::of(self.key.as_bytes())
    }
}

/// A string as Python's `json.dumps` writes it: everything outside U+0020..U+007E escaped.
fn canonical_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

impl fmt::Display for Account {
    /// A plain name without its quotes; anything else as canonical JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::String(name) => formatter.write_str(name),
            _ => formatter.write_str(&self.key),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.key)
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_keyed_by_its_canonical_text() {
        assert_eq!(Account::named("5").key(), "\"5\"");
        assert_eq!(
            Account::named("é\u{1F600}\n\u{7f}\"").key(),
            r#""\u00e9\ud83d\ude00\n\u007f\"""#
        );
        let number = Account::from_canonical("5".into(), 5.into());
        assert_ne!(number.digest(), Account::named("5").digest());
        assert_eq!(number.to_string(), "5");
        assert_eq!(Account::named("bob").to_string(), "bob");
    }
}
