//! What an update of a channel's configuration changed, in words.

use chainloom_ledger::{ConfigDifference, LedgerConfig};
use serde_json::{Map, Value};

/// The most characters of a value that are told.
const CHARACTERS_MAX: usize = 200;
/// How much of a certificate's hash is told.
const HASH_CHARACTERS: usize = 8;

/// What changed from one configuration to the next, by the fields in which they are shown.
pub(crate) fn differences(before: &LedgerConfig, after: &LedgerConfig) -> Vec<ConfigDifference> {
    let mut found = Found::default();
    found.compare(&Place::default(), Some(&shown(before)), Some(&shown(after)));
    found
        .differences
        .sort_by(|one, other| one.path.cmp(&other.path));
    found.differences
}

/// Which parts may now be changed by others than before.
pub(crate) fn modification_policy_differences(
    before: &LedgerConfig,
    after: &LedgerConfig,
) -> Vec<ConfigDifference> {
    let changed = after.parts.iter().filter_map(|(path, after)| {
        let before = &before.parts.get(path)?.modification_policy;
        let after = &after.modification_policy;
        (before != after).then(|| ConfigDifference {
            words: format!("who may change {path} was `{before}` and is `{after}` now"),
            path: format!("mod_policy.{path}"),
            before: Some(before.clone()),
            after: Some(after.clone()),
        })
    });
    changed.collect()
}

/// The fields, without those that every update changes.
fn shown(config: &LedgerConfig) -> Value {
    let value = serde_json::to_value(config).expect("its maps have texts for keys");
    match value {
        Value::Object(mut fields) => {
            fields.remove("block");
            fields.remove("sequence");
            // What of them is told stands in a difference of its own.
            fields.remove("parts");
            Value::Object(fields)
        }
        value => value,
    }
}

/// A field: how the fields lead to it, and in words.
#[derive(Debug, Clone, Default)]
struct Place {
    path: String,
    words: String,
}

impl Place {
    fn field(&self, name: &str) -> Self {
        let (dot, comma) = match self.path.is_empty() {
            true => ("", ""),
            false => (".", ", "),
        };
        Self {
            path: format!("{}{dot}{name}", self.path),
            words: format!("{}{comma}{}", self.words, spoken(name)),
        }
    }

    fn element(&self, name: &str) -> Self {
        Self {
            path: format!("{}[{name}]", self.path),
            words: format!("{} {name}", self.words),
        }
    }
}

/// A field's name in words. Names that the channel gave, of policies and resources, stay as they are.
fn spoken(name: &str) -> String {
    let is_field = name
        .chars()
        .all(|letter| letter.is_ascii_lowercase() || letter == '_');
    match is_field && !name.starts_with('_') {
        true => name.replace('_', " "),
        false => name.to_owned(),
    }
}

#[derive(Debug, Default)]
struct Found {
    differences: Vec<ConfigDifference>,
}

impl Found {
    fn compare(&mut self, place: &Place, before: Option<&Value>, after: Option<&Value>) {
        if before == after {
            return;
        }
        let none = Map::new();
        match (before, after) {
            (before, after) if is_fields(before) && is_fields(after) => {
                let fields =
                    |side: Option<&Value>| side.and_then(Value::as_object).unwrap_or(&none).clone();
                self.compare_all(fields(before), fields(after), |name| place.field(name));
            }
            (before, after) if is_list(before) && is_list(after) => {
                self.compare_elements(place, &by_name(before), &by_name(after));
            }
            (before, after) => self.tell(place, before.map(told), after.map(told)),
        }
    }

    fn compare_all(
        &mut self,
        before: Map<String, Value>,
        after: Map<String, Value>,
        place: impl Fn(&str) -> Place,
    ) {
        for (name, value) in &before {
            self.compare(&place(name), Some(value), after.get(name));
        }
        for (name, value) in &after {
            if !before.contains_key(name) {
                self.compare(&place(name), None, Some(value));
            }
        }
    }

    /// What comes or goes as a whole is one difference.
    fn compare_elements(
        &mut self,
        place: &Place,
        before: &Map<String, Value>,
        after: &Map<String, Value>,
    ) {
        for (name, value) in before {
            match after.get(name) {
                None => self.tell(&place.element(name), Some(name.clone()), None),
                after => self.compare(&place.element(name), Some(value), after),
            }
        }
        for name in after.keys().filter(|name| !before.contains_key(*name)) {
            self.tell(&place.element(name), None, Some(name.clone()));
        }
    }

    fn tell(&mut self, place: &Place, before: Option<String>, after: Option<String>) {
        let Place { path, words } = place;
        // The name of an element is as a rule all that there is to tell of it.
        let what = |value: &str| match path.ends_with(&format!("[{value}]")) {
            true => String::new(),
            false => format!(": {value}"),
        };
        let words = match (&before, &after) {
            (Some(before), Some(after)) => format!("{words} was {before} and is {after} now"),
            (None, Some(after)) => format!("{words} was added{}", what(after)),
            (Some(before), None) => format!("{words} was taken away{}", what(before)),
            (None, None) => return,
        };
        self.differences.push(ConfigDifference {
            path: path.clone(),
            before,
            after,
            words,
        });
    }
}

/// Whether a side is a group of fields, or not there. What has a name of its own is one thing.
fn is_fields(side: Option<&Value>) -> bool {
    match side {
        None => true,
        Some(Value::Object(fields)) => !is_certificate(fields),
        Some(_) => false,
    }
}

fn is_list(side: Option<&Value>) -> bool {
    side.is_none_or(Value::is_array)
}

fn is_certificate(fields: &Map<String, Value>) -> bool {
    fields.contains_key("sha256")
}

/// The elements of a list by what tells them apart.
fn by_name(list: Option<&Value>) -> Map<String, Value> {
    let elements = list.and_then(Value::as_array).into_iter().flatten();
    elements
        .map(|element| (name_of(element), element.clone()))
        .collect()
}

fn name_of(element: &Value) -> String {
    let text = |name: &str| element.get(name).map(told);
    let address = || Some(format!("{}:{}", text("host")?, text("port")?));
    address()
        .or_else(|| text("sha256").and(Some(told(element))))
        // Two groups can have one MSP id, as two of one name cannot.
        .or_else(|| text("name"))
        .or_else(|| text("issuer"))
        .unwrap_or_else(|| told(element))
}

/// A value in few words.
fn told(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) if is_certificate(fields) => {
            let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
            let hash: String = field("sha256").chars().take(HASH_CHARACTERS).collect();
            format!("the certificate {hash}… of {}", field("subject"))
        }
        value => value.to_string(),
    };
    match text.chars().count() > CHARACTERS_MAX {
        true => text.chars().take(CHARACTERS_MAX).chain(['…']).collect(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use bytes::Bytes;

    use super::*;
    use crate::present;
    use crate::wire::config::ChannelConfig;
    use crate::wire::{Block, Body};

    const GENESIS: &[u8] = include_bytes!("../tests/data/raft-genesis.block");

    fn read(block: &'static [u8]) -> ChannelConfig {
        let block = Block::decode(Bytes::from_static(block)).unwrap();
        let transaction = block.transaction(0).unwrap();
        match transaction.decode().unwrap().body().unwrap() {
            Body::Config(transaction) => transaction.config,
            other => panic!("{other:?}"),
        }
    }

    fn words(before: &LedgerConfig, after: &LedgerConfig) -> Vec<String> {
        let differences = differences(before, after);
        differences.into_iter().map(|found| found.words).collect()
    }

    #[test]
    fn each_kind_of_part_is_told_in_its_way() {
        let before = present::config(0, &read(GENESIS));
        let mut after = before.clone();
        after.block = 9;
        after.sequence = Some(2);
        assert_eq!(words(&before, &after), Vec::<String>::new());

        let orderer = after.orderer.as_mut().unwrap();
        orderer.batch_size.max_message_count += 1;
        let gone = orderer.consenters.remove(0);
        after.capabilities = vec!["V3_0".to_owned()];
        after.acls = [(
            "qscc/GetBlockByHash".to_owned(),
            "/Channel/Readers".to_owned(),
        )]
        .into();
        let organization = after.organizations[0].clone();
        after.organizations[0].policies.remove("Readers");
        let roots = &mut after.organizations[1].membership.as_mut().unwrap().roots;
        let root = roots.remove(0);
        after.organizations.push(chainloom_ledger::Organization {
            id: "Org9MSP".to_owned(),
            name: "Org9".to_owned(),
            ..Default::default()
        });
        let count = before
            .orderer
            .as_ref()
            .unwrap()
            .batch_size
            .max_message_count;
        let told = words(&before, &after);
        let expected = [
            "acls, qscc/GetBlockByHash was added: /Channel/Readers".to_owned(),
            "capabilities V2_0 was taken away".to_owned(),
            "capabilities V3_0 was added".to_owned(),
            format!(
                "orderer, batch size, max message count was {count} and is {} now",
                count + 1
            ),
            format!(
                "organizations {}, policies, Readers was taken away: {}",
                organization.name, organization.policies["Readers"]
            ),
            format!(
                "membership, roots the certificate {}… of {} was taken away",
                &root.sha256[..8],
                root.subject
            ),
            format!("orderer, consenters {}:{}", gone.host, gone.port),
            "organizations Org9 was added".to_owned(),
            "acls, _lifecycle/CheckCommitReadiness was".to_owned(),
        ];
        for sentence in &expected {
            assert!(
                told.iter().any(|told| told.contains(sentence.as_str())),
                "{sentence}\n{told:#?}"
            );
        }
    }

    #[test]
    fn who_may_change_a_part_is_told() {
        let before = present::config(0, &read(GENESIS));
        assert_eq!(modification_policy_differences(&before, &before), []);
        let mut after = before.clone();
        let part = after.parts.get_mut("/Channel/Orderer/BatchSize").unwrap();
        part.modification_policy = "Writers".to_owned();
        // It is told there alone.
        assert_eq!(differences(&before, &after), []);
        let [found] = &modification_policy_differences(&before, &after)[..] else {
            panic!("there is one");
        };
        assert_eq!(found.path, "mod_policy./Channel/Orderer/BatchSize");
        assert_eq!(
            found.words,
            "who may change /Channel/Orderer/BatchSize was `Admins` and is `Writers` now"
        );
    }

    #[test]
    fn long_values_are_cut() {
        let long = Value::from("ä".repeat(CHARACTERS_MAX + 1));
        assert_eq!(told(&long).chars().count(), CHARACTERS_MAX + 1);
        assert!(told(&long).ends_with('…'));
    }
}
