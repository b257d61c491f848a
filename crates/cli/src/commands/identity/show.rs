//! Identities in tables.

use serde::Deserialize;
use serde_json::Value;

use super::{ask, path};
use crate::arguments::{IdentityRemote, LabelArguments};
use crate::client::{Answer, Request};
use crate::commands::details_of;
use crate::error::Error;
use crate::output::{Output, Table, printable, warn};

#[derive(Debug, Deserialize)]
struct List {
    identities: Vec<Identity>,
    damaged: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Identity {
    label: String,
    #[serde(rename = "type")]
    role: Option<String>,
    key: String,
    expires_at: String,
    days_left: i64,
    #[serde(default)]
    ca: Option<Authority>,
    ledgers: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Authority {
    url: String,
}

pub(super) async fn list(remote: &IdentityRemote) -> Result<(), Error> {
    let answer = ask(remote, Request::get(&path(&[]))).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let list: List = answer.read()?;
    for damaged in &list.damaged {
        warn(&printable(damaged));
    }
    if list.identities.is_empty() {
        return output.line(
            "The wallet holds no identities: `chainloom identity enroll` or `chainloom identity import`.",
        );
    }
    output.table(&table(&list.identities))
}

fn table(identities: &[Identity]) -> Table {
    let mut table = Table::new(&[
        "label",
        "type",
        "key",
        "days left#",
        "expires at",
        "ca",
        "ledgers",
        "warnings",
    ]);
    let or_none = |text: String| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text
        }
    };
    for one in identities {
        table.row([
            printable(&one.label),
            one.role
                .as_deref()
                .map_or_else(|| "-".to_owned(), printable),
            printable(&one.key),
            one.days_left.to_string(),
            printable(&one.expires_at),
            one.ca
                .as_ref()
                .map_or_else(|| "-".to_owned(), |ca| printable(&ca.url)),
            or_none(printable(&one.ledgers.join(", "))),
            or_none(printable(&one.warnings.join("; "))),
        ]);
    }
    table
}

pub(super) async fn one(arguments: &LabelArguments) -> Result<(), Error> {
    let answer = ask(&arguments.remote, Request::get(&path(&[&arguments.label]))).await?;
    details(&answer, arguments.remote.json)
}

/// What was added.
pub(super) fn added(answer: &Answer, json: bool) -> Result<(), Error> {
    if json {
        return Output::new().line(answer.text());
    }
    let added: Value = answer.read()?;
    in_lines(&added["identity"])
}

/// One identity.
pub(super) fn details(answer: &Answer, json: bool) -> Result<(), Error> {
    if json {
        return Output::new().line(answer.text());
    }
    in_lines(&answer.read()?)
}

fn in_lines(identity: &Value) -> Result<(), Error> {
    let mut shown = identity.clone();
    // It has many lines and says nothing to a person.
    if let Some(certificate) = shown["certificate"].as_object_mut() {
        certificate.remove("pem");
    }
    Output::new().details(&details_of(&shown))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::output::Paint;

    #[test]
    fn each_identity_is_a_row() {
        let list: List = serde_json::from_str(
            r#"{"identities": [
            {"label": "alice@Org1MSP", "msp_id": "Org1MSP", "enrollment_id": "alice", "type": "client",
             "affiliation": "org1", "key": "P-256", "expires_at": "2027-01-01T00:00:00Z", "days_left": 300,
             "ca": {"url": "https://localhost:7054", "name": "ca"}, "ledgers": ["a", "b"], "warnings": []},
            {"label": "bob", "msp_id": "Org1MSP", "enrollment_id": null, "type": null, "affiliation": null,
             "key": "P-384", "expires_at": "2026-01-01T00:00:00Z", "days_left": 3, "ledgers": [],
             "warnings": ["expires in 3 days"]}], "damaged": []}"#,
        )
        .unwrap();
        assert_eq!(
            table(&list.identities).render(Paint::PLAIN),
            "label          type    key    days left  expires at            ca                      ledgers  warnings\n\
             alice@Org1MSP  client  P-256        300  2027-01-01T00:00:00Z  https://localhost:7054  a, b     -\n\
             bob            -       P-384          3  2026-01-01T00:00:00Z  -                       -        expires in 3 days\n"
        );
    }
}
