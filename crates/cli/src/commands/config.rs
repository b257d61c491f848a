use serde::Deserialize;
use serde_json::Value;

use crate::arguments::ConfigArguments;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, Table, printable, value};

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
        false => show(answer.read()?, &mut output),
    }
}

/// What there is one of in lines, what there are several of in tables.
fn show(mut config: Value, output: &mut Output) -> Result<(), Error> {
    let tables = tables(&mut config);
    output.details(&details_of(&in_short(config)))?;
    for table in tables.iter().filter(|table| !table.is_empty()) {
        output.line("")?;
        output.table(table)?;
    }
    Ok(())
}

/// Takes out of a configuration what is shown in tables.
fn tables(config: &mut Value) -> Vec<Table> {
    let mut take = |place: &[&str]| {
        let (name, parents) = place.split_last()?;
        let mut parent = &mut *config;
        for name in parents {
            parent = parent.get_mut(name)?;
        }
        parent.as_object_mut()?.remove(*name)
    };
    let users = take(&["organizations"]);
    let ordering = take(&["orderer", "organizations"]);
    let consenters = take(&["orderer", "consenters"]);
    let policies = [
        ("channel", take(&["policies"])),
        ("application", take(&["application_policies"])),
        ("orderer", take(&["orderer", "policies"])),
    ];
    let acls = take(&["acls"]);
    vec![
        organizations(&users, &ordering),
        consenter_table(&consenters),
        policy_table(&policies, &users, &ordering),
        acl_table(&acls),
    ]
}

fn items(list: &Option<Value>) -> impl Iterator<Item = &Value> {
    list.iter().filter_map(Value::as_array).flatten()
}

fn fields(object: &Option<Value>) -> impl Iterator<Item = (&String, &Value)> {
    object.iter().filter_map(Value::as_object).flatten()
}

/// A field of an object as a cell.
fn cell(object: &Value, name: &str) -> String {
    object.get(name).map_or_else(|| "-".to_owned(), value)
}

/// A list as a cell.
fn joined(object: &Value, name: &str) -> Vec<String> {
    let list = object.get(name).and_then(Value::as_array);
    list.into_iter().flatten().map(value).collect()
}

fn organizations(users: &Option<Value>, ordering: &Option<Value>) -> Table {
    let mut table = Table::new(&["organization", "part", "addresses", "root CA"]);
    let users = items(users).map(|member| (member, "uses the channel"));
    let ordering = items(ordering).map(|member| (member, "orders"));
    for (member, part) in users.chain(ordering) {
        let mut addresses = joined(member, "anchor_peers");
        addresses.extend(joined(member, "orderer_endpoints"));
        let roots = member
            .pointer("/membership/roots")
            .and_then(Value::as_array);
        let roots = roots.into_iter().flatten().cloned().map(in_short);
        let roots: Vec<String> = roots.map(|root| value(&root)).collect();
        table.row([
            cell(member, "id"),
            part.to_owned(),
            or_dash(addresses.join(", ")),
            or_dash(roots.join(", ")),
        ]);
    }
    table
}

fn consenter_table(consenters: &Option<Value>) -> Table {
    let mut table = Table::new(&["consenter", "organization", "id#", "certificate"]);
    for consenter in items(consenters) {
        let certificate = consenter.get("server_tls_certificate").cloned();
        table.row([
            format!("{}:{}", cell(consenter, "host"), cell(consenter, "port")),
            cell(consenter, "organization"),
            cell(consenter, "id"),
            certificate.map_or_else(
                || "-".to_owned(),
                |certificate| value(&in_short(certificate)),
            ),
        ]);
    }
    table
}

fn policy_table(
    groups: &[(&str, Option<Value>)],
    users: &Option<Value>,
    ordering: &Option<Value>,
) -> Table {
    let mut table = Table::new(&["of", "policy", "who"]);
    for (group, policies) in groups {
        for (name, words) in fields(policies) {
            table.row([(*group).to_owned(), printable(name), value(words)]);
        }
    }
    for member in items(users).chain(items(ordering)) {
        let policies = member.get("policies").cloned();
        for (name, words) in fields(&policies) {
            table.row([cell(member, "id"), printable(name), value(words)]);
        }
    }
    table
}

fn acl_table(acls: &Option<Value>) -> Table {
    let mut table = Table::new(&["resource", "policy"]);
    for (resource, policy) in fields(acls) {
        table.row([printable(resource), value(policy)]);
    }
    table
}

fn or_dash(text: String) -> String {
    match text.is_empty() {
        true => "-".to_owned(),
        false => text,
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

/// A configuration with a line for each certificate.
fn in_short(config: Value) -> Value {
    match config {
        Value::Object(fields) if fields.contains_key("sha256") => {
            let field = |name: &str| fields.get(name).map(value).unwrap_or_default();
            Value::from(format!("{} until {}", field("subject"), field("not_after")))
        }
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, field)| (name, in_short(field)))
            .collect(),
        Value::Array(items) => items.into_iter().map(in_short).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::Paint;

    #[test]
    fn what_there_are_several_of_is_in_tables() {
        let root = json!({"subject": "CN=ca", "not_after": "2036-01-01T00:00:00Z", "sha256": "ab", "serial": "1"});
        let mut config = json!({
            "block": 3,
            "organizations": [{"id": "Org1MSP", "name": "Org1", "membership": {"roots": [root]},
                "anchor_peers": ["peer0:7051"], "policies": {"Admins": "Org1MSP.admin"}}],
            "policies": {"Admins": "MAJORITY of Admins"},
            "acls": {"peer/Propose": "/Channel/Application/Writers"},
            "orderer": {"consensus_type": "etcdraft", "organizations": [{"id": "OrdererMSP"}],
                "consenters": [{"host": "o1", "port": 7050, "server_tls_certificate": root}],
                "policies": {}},
        });
        let tables: Vec<String> = tables(&mut config)
            .iter()
            .map(|table| table.render(Paint::PLAIN))
            .collect();
        assert_eq!(
            tables,
            [
                "organization  part              addresses   root CA\n\
                 Org1MSP       uses the channel  peer0:7051  CN=ca until 2036-01-01T00:00:00Z\n\
                 OrdererMSP    orders            -           -\n",
                "consenter  organization  id  certificate\n\
                 o1:7050    -              -  CN=ca until 2036-01-01T00:00:00Z\n",
                "of       policy  who\n\
                 channel  Admins  MAJORITY of Admins\n\
                 Org1MSP  Admins  Org1MSP.admin\n",
                "resource      policy\n\
                 peer/Propose  /Channel/Application/Writers\n",
            ]
        );
        // What is left stands in lines.
        assert_eq!(
            config,
            json!({"block": 3, "orderer": {"consensus_type": "etcdraft"}})
        );
    }
}
