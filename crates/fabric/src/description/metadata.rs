//! What a contract says of its own functions, in the shape of Fabric's contract API.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The longest description that is read.
pub(super) const METADATA_BYTES_MAX: usize = 1 << 20;
/// The contract of the contract API itself, which every chaincode made with it has beside its own.
const SYSTEM_CONTRACT: &str = "org.hyperledger.fabric";

/// The functions of a chaincode. Whatever else stands in its description may have any shape.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    contracts: BTreeMap<String, Contract>,
}

#[derive(Debug, Deserialize)]
struct Contract {
    #[serde(default)]
    transactions: Vec<Function>,
    #[serde(default)]
    default: bool,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    /// Absent where the language does not tell: nothing is known of the arguments then.
    parameters: Option<Vec<Parameter>>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: String,
    required: Option<bool>,
    #[serde(default)]
    schema: serde_json::Value,
}

impl Metadata {
    /// A description; `None` for what is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        match bytes.len() > METADATA_BYTES_MAX {
            true => None,
            false => serde_json::from_slice(bytes).ok(),
        }
    }

    /// What is wrong with calling a function with so many arguments; `None` where nothing is or where it cannot be told.
    pub(super) fn complaint(&self, function: &str, count: usize) -> Option<String> {
        let (contract, name) = match function.rsplit_once(':') {
            Some((contract, name)) => (self.contracts.get(contract)?, name),
            None => (self.default_contract()?, function),
        };
        let mut named = contract.transactions.iter();
        let parameters = named
            .find(|function| function.name == name)?
            .parameters
            .as_ref()?;
        // What the contract API itself hands in is no argument.
        if parameters.iter().any(|parameter| parameter.name == "ctx") {
            return None;
        }
        let needed = parameters
            .iter()
            .filter(|parameter| parameter.required != Some(false))
            .count();
        // A list at the end may stand for any number of arguments.
        let is_open = parameters
            .last()
            .is_some_and(|parameter| parameter.schema["type"] == "array");
        if count >= needed.min(parameters.len().saturating_sub(usize::from(is_open)))
            && (count <= parameters.len() || is_open)
        {
            return None;
        }
        let names: Vec<String> = parameters
            .iter()
            .map(|parameter| match parameter.required {
                Some(false) => format!("[{}]", parameter.name),
                _ => parameter.name.clone(),
            })
            .collect();
        let word = match parameters.len() {
            1 => "argument",
            _ => "arguments",
        };
        let takes = match needed == parameters.len() {
            true => needed.to_string(),
            false => format!("{needed} to {}", parameters.len()),
        };
        Some(format!(
            "`{function}` takes {takes} {word} ({}), and the call has {count}",
            names.join(", ")
        ))
    }

    /// The contract whose functions are called by their plain names.
    fn default_contract(&self) -> Option<&Contract> {
        let own = || {
            let all = self.contracts.iter();
            all.filter(|(name, _)| *name != SYSTEM_CONTRACT)
                .map(|(_, contract)| contract)
        };
        let mut marked = own().filter(|contract| contract.default);
        match (marked.next(), marked.next()) {
            (Some(only), None) => Some(only),
            (None, _) if own().count() == 1 => own().next(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn complaint(metadata: &str, function: &str, count: usize) -> Option<String> {
        let metadata = Metadata::read(metadata.as_bytes()).unwrap();
        metadata.complaint(function, count)
    }

    const TWO: &str = r#"{"info": {}, "contracts": {
        "org.hyperledger.fabric": {"name": "org.hyperledger.fabric", "transactions": [{"name": "GetMetadata", "parameters": []}]},
        "assets": {"default": true, "transactions": [
            {"name": "put", "tag": ["submit"], "parameters": [{"name": "key", "schema": {"type": "string"}}, {"name": "value", "required": true}]},
            {"name": "read", "parameters": [{"name": "key"}, {"name": "collection", "required": false}]},
            {"name": "all"},
            {"name": "none", "parameters": []},
            {"name": "many", "parameters": [{"name": "key"}, {"name": "rest", "schema": {"type": "array"}}]},
            {"name": "odd", "parameters": [{"name": "ctx"}, {"name": "key"}]}]},
        "owners": {"transactions": [{"name": "put", "parameters": [{"name": "owner"}]}]}}}"#;

    #[test]
    fn the_number_of_arguments_is_held_against_what_the_contract_says() {
        let said = complaint(TWO, "put", 1).unwrap();
        assert_eq!(
            said,
            "`put` takes 2 arguments (key, value), and the call has 1"
        );
        let said = complaint(TWO, "read", 3).unwrap();
        assert_eq!(
            said,
            "`read` takes 1 to 2 arguments (key, [collection]), and the call has 3"
        );
        assert!(complaint(TWO, "read", 0).is_some());
        assert!(complaint(TWO, "none", 1).is_some());
        assert!(complaint(TWO, "many", 0).is_some());
        for (function, count) in [("put", 2), ("read", 1), ("read", 2), ("none", 0)] {
            assert_eq!(complaint(TWO, function, count), None, "{function}");
        }
        assert!(complaint(TWO, "owners:put", 2).is_some());
        assert_eq!(complaint(TWO, "owners:put", 1), None);
        assert_eq!(complaint(TWO, "assets:put", 2), None);
    }

    #[test]
    fn what_cannot_be_told_is_let_pass() {
        for (function, count) in [
            ("all", 9),
            ("unknown", 9),
            ("nobody:put", 9),
            ("many", 1),
            ("many", 9),
            ("odd", 1),
            ("odd", 2),
        ] {
            assert_eq!(complaint(TWO, function, count), None, "{function}");
        }
        let unmarked = r#"{"contracts": {"a": {"transactions": [{"name": "put", "parameters": []}]}, "org.hyperledger.fabric": {}}}"#;
        assert!(complaint(unmarked, "put", 1).is_some());
        let several = r#"{"contracts": {"a": {"transactions": [{"name": "put", "parameters": []}]}, "b": {}}}"#;
        assert_eq!(complaint(several, "put", 1), None);
        let marked_twice = r#"{"contracts": {"a": {"default": true, "transactions": [{"name": "put", "parameters": []}]}, "b": {"default": true}}}"#;
        assert_eq!(complaint(marked_twice, "put", 1), None);
    }

    #[test]
    fn what_is_no_description_is_none() {
        for text in ["", "[]", "{}", r#"{"contracts": []}"#, "value"] {
            assert!(Metadata::read(text.as_bytes()).is_none(), "{text}");
        }
        let long = format!(
            r#"{{"contracts": {{}}, "x": "{}"}}"#,
            "x".repeat(METADATA_BYTES_MAX)
        );
        assert!(Metadata::read(long.as_bytes()).is_none());
        assert!(Metadata::read(br#"{"contracts": {}}"#).is_some());
    }
}
