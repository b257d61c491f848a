use serde::Deserialize;
use serde_json::{Map, Value};

use crate::arguments::ConfigArguments;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, printable, value};

use super::details_of;

/// Shows the parameters by which blocks are made, now or at a block, or what changed them.
pub(crate) async fn run(arguments: &ConfigArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    let request = match arguments.history {
        true => Request::get(&client.ledger_path(&["config", "history"]))
            .parameter("before", arguments.before),
        false => Request::get(&client.ledger_path(&["config"])).parameter("block", arguments.block),
    };
    let answer = client.ask(request).await?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    match arguments.history {
        true => show_history(&answer.read()?, &mut output),
        false => output.details(&details_of(&in_short(answer.read::<Value>()?))),
    }
}

#[derive(Debug, Deserialize)]
struct History {
    changes: Vec<Change>,
    #[serde(default)]
    next: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Change {
    block: u64,
    #[serde(default)]
    time: Option<String>,
    differences: Vec<Difference>,
}

#[derive(Debug, Deserialize)]
struct Difference {
    words: String,
}

fn show_history(history: &History, output: &mut Output) -> Result<(), Error> {
    for change in &history.changes {
        let time = change.time.as_deref().unwrap_or("at an unknown time");
        output.line(&format!("block {}, {}", change.block, printable(time)))?;
        if change.differences.is_empty() {
            output.line("  the first configuration that is known")?;
        }
        for difference in &change.differences {
            output.line(&format!("  {}", printable(&difference.words)))?;
        }
    }
    match history.next {
        Some(next) => output.line(&format!("Older ones: --before {next}")),
        None => Ok(()),
    }
}

/// A configuration with a line for each certificate, and organizations by their names.
fn in_short(config: Value) -> Value {
    match config {
        Value::Object(fields) if fields.contains_key("sha256") => {
            let field = |name: &str| fields.get(name).map(value).unwrap_or_default();
            Value::from(format!("{} until {}", field("subject"), field("not_after")))
        }
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| match name.as_str() {
                "organizations" => (name, by_id(field)),
                _ => (name, in_short(field)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(in_short).collect(),
        other => other,
    }
}

fn by_id(organizations: Value) -> Value {
    let Value::Array(organizations) = organizations else {
        return organizations;
    };
    let mut named = Map::new();
    for organization in organizations {
        let id = organization.get("id").map(value).unwrap_or_default();
        let mut organization = in_short(organization);
        if let Some(fields) = organization.as_object_mut() {
            fields.remove("id");
        }
        named.insert(id, organization);
    }
    Value::Object(named)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn certificates_and_organizations_take_few_lines() {
        let root = json!({"subject": "CN=ca", "not_after": "2036-01-01T00:00:00Z", "sha256": "ab", "serial": "1"});
        let config = json!({
            "block": 3,
            "organizations": [{"id": "Org1MSP", "name": "Org1", "membership": {"roots": [root]}}],
        });
        assert_eq!(
            in_short(config),
            json!({
                "block": 3,
                "organizations": {"Org1MSP": {
                    "name": "Org1",
                    "membership": {"roots": ["CN=ca until 2036-01-01T00:00:00Z"]},
                }},
            })
        );
    }
}
