//! What the store reads from a block's compact text.

use std::str::FromStr;

use bigdecimal::num_bigint::BigInt;

use crate::json::{Elements, Fields};

/// The transactions of a block, each as its compact text; none where there is no such array.
pub(crate) fn transactions(compact: &[u8]) -> impl Iterator<Item = &[u8]> {
    let list = Fields::of(compact).find("transactions").unwrap_or_default();
    Elements::of(list)
}

/// What `Block N` says behind this block: its `index` + 1 where that is an integer, else the
/// length of the chain that it ends, + 1.
pub(crate) fn next_index(compact: &[u8], length: u64) -> String {
    let index = Fields::of(compact)
        .find("index")
        .and_then(|index| std::str::from_utf8(index).ok())
        .and_then(|index| BigInt::from_str(index).ok());
    match index {
        Some(index) => (index + 1_u32).to_string(),
        None => (length + 1).to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_next_index_follows_an_integer_of_any_size() {
        for (block, expected) in [
            (r#"{"index":4}"#, "5"),
            (r#"{"index":-1}"#, "0"),
            (r#"{"index":99999999999999999999}"#, "100000000000000000000"),
            (r#"{"index":4.0}"#, "10"),
            (r#"{"index":"4"}"#, "10"),
            (r#"{"index":true}"#, "10"),
            (r#"{}"#, "10"),
            (r#"[4]"#, "10"),
        ] {
            assert_eq!(next_index(block.as_bytes(), 9), expected, "{block}");
        }
    }

    #[test]
    fn transactions_are_found_as_text() {
        let found = |block: &'static str| {
            transactions(block.as_bytes())
                .map(|text| std::str::from_utf8(text).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found(r#"{"transactions":[{"a":[1,2]},5]}"#),
            [r#"{"a":[1,2]}"#, "5"]
        );
        assert_eq!(found(r#"{"transactions":5}"#), [""; 0]);
        assert_eq!(found("{}"), [""; 0]);
    }
}
