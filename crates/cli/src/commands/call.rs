//! How a call is to be carried out, as the server takes it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::arguments::CallFlags;

/// Puts what was asked for beside a call's other fields, and nothing for what was not.
pub(super) fn add(how: &CallFlags, fields: &mut Map<String, Value>) {
    let CallFlags {
        transient,
        organization,
        peer,
        init,
        timeout,
    } = how;
    if !transient.is_empty() {
        let transient: BTreeMap<_, _> = transient.iter().cloned().collect();
        fields.insert("transient".to_owned(), json!(transient));
    }
    if !organization.is_empty() {
        fields.insert("organizations".to_owned(), json!(organization));
    }
    if !peer.is_empty() {
        fields.insert("peers".to_owned(), json!(peer));
    }
    if *init {
        fields.insert("is_init".to_owned(), true.into());
    }
    if let Some(timeout) = timeout {
        let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        fields.insert("timeout_ms".to_owned(), timeout_ms.into());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_was_asked_for_is_sent() {
        let mut fields = Map::new();
        add(&CallFlags::default(), &mut fields);
        assert!(fields.is_empty());
        let how = CallFlags {
            transient: vec![("value".to_owned(), "a=b".to_owned())],
            organization: vec!["Org1MSP".to_owned(), "Org2MSP".to_owned()],
            peer: vec!["peer0.org1.example.com".to_owned()],
            init: true,
            timeout: Some(Duration::from_millis(1500)),
        };
        add(&how, &mut fields);
        let expected = json!({
            "transient": {"value": "a=b"},
            "organizations": ["Org1MSP", "Org2MSP"],
            "peers": ["peer0.org1.example.com"],
            "is_init": true,
            "timeout_ms": 1500,
        });
        assert_eq!(Value::Object(fields), expected);
    }
}
