//! Holds `docs/configuration.md` against the code: every key is there, and nothing else.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use serde_json::Value;

use super::keys::SettingsKeys;
use super::{FabricSettings, LedgerSettings, testing};

const DOCUMENT: &str = include_str!("../../../../docs/configuration.md");

/// What a key without default has in the settings that the document is held against.
const REQUIRED: &str = "REQUIRED";

/// Every key with its default as the document writes it: as in TOML, `none` where there is none,
/// `required` where one must be set.
fn keys_of_code() -> BTreeMap<String, String> {
    let LedgerSettings::Fabric(fabric) = testing::fabric() else {
        unreachable!("it is a channel")
    };
    let trade = LedgerSettings::Fabric(Box::new(FabricSettings {
        profile: None,
        channel: REQUIRED.to_owned(),
        wallet: None,
        identity: REQUIRED.to_owned(),
        ..*fabric
    }));
    let settings = testing::settings([("tutorial", testing::tutorial()), ("trade", trade)]);
    let mut keys = BTreeMap::new();
    flatten("", &serde_json::to_value(settings).unwrap(), &mut keys);
    keys
}

fn flatten(prefix: &str, value: &Value, keys: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(table) => {
            for (name, value) in table {
                let prefix = if prefix.is_empty() {
                    name.clone()
                } else {
                    format!("{prefix}.{name}")
                };
                flatten(&prefix, value, keys);
            }
        }
        Value::Null => {
            keys.insert(prefix.to_owned(), "none".to_owned());
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            keys.insert(prefix.to_owned(), format!("[{}]", items.join(", ")));
        }
        Value::String(text) if text == REQUIRED => {
            keys.insert(prefix.to_owned(), "required".to_owned());
        }
        other => {
            keys.insert(prefix.to_owned(), other.to_string());
        }
    }
}

/// The rows of the document's tables: key, unit, default, meaning.
fn rows_of_document() -> BTreeMap<String, Vec<String>> {
    DOCUMENT
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            let cells: Vec<String> = cells
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect();
            (cells[0].clone(), cells)
        })
        .collect()
}

#[test]
fn every_key_is_documented_with_its_default_and_no_other() {
    let documented: BTreeMap<String, String> = rows_of_document()
        .into_iter()
        .map(|(key, cells)| (key, cells[2].clone()))
        .collect();
    assert_eq!(documented, keys_of_code());
}

#[test]
fn every_key_has_a_unit_and_a_meaning() {
    for (key, cells) in rows_of_document() {
        assert_eq!(cells.len(), 4, "{key}");
        assert!(!cells[1].is_empty() && cells[3].len() > 20, "{key}");
        let unit = if key.ends_with("_s") {
            "seconds"
        } else if key.contains("bytes") {
            "bytes"
        } else {
            continue;
        };
        assert_eq!(cells[1], unit, "{key}");
    }
}

#[test]
fn the_documents_examples_are_read() {
    let examples: Vec<&str> = DOCUMENT
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let keys: SettingsKeys = toml::from_str(example).unwrap();
        keys.check_values().unwrap();
        keys.into_settings().unwrap().check().unwrap();
    }
}
