//! Comparing trees of JSON.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Two trees are equal; else the first path where they are not.
pub(crate) fn assert_same(block: &str, path: &str, ours: &Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
            for name in names {
                let of = |map: &'_ Map<String, Value>| map.get(name).cloned().unwrap_or_default();
                assert_same(block, &format!("{path}.{name}"), &of(ours), &of(theirs));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                assert_same(block, &format!("{path}[{index}]"), ours, theirs);
            }
        }
        _ => assert_eq!(ours, theirs, "{block}: {path}"),
    }
}
