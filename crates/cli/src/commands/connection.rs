use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::arguments::{ConnectionAddArguments, ForNode, Remote};
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, Table, printable};
use crate::progress::Progress;

const TLS_CA_CERTS: &str = "tls_ca_certs";
const SSL_TARGET_NAME_OVERRIDE: &str = "ssl_target_name_override";
/// How long a file of certificates or a profile may be; the server takes no more.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Deserialize)]
struct List {
    connections: Vec<Connection>,
}

#[derive(Debug, Deserialize)]
struct Connection {
    name: String,
    #[serde(default)]
    userid: Option<String>,
    #[serde(default)]
    channel_id: Option<String>,
    source: String,
    mode: String,
    verify: String,
    is_open: bool,
    #[serde(default)]
    is_ready: Option<bool>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    role: String,
    address: String,
    #[serde(default)]
    organization: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

/// Connects a user to a channel, and says what came of each node.
pub(crate) async fn add(arguments: &ConnectionAddArguments) -> Result<(), Error> {
    let body = body(arguments)?.to_string();
    let client = Client::at(&arguments.remote.address)?;
    let progress = Progress::spinner("asking the peers, then the orderers");
    let request = Request::post(&["api", "v1", "connections"]).json(body);
    let answer = client.ask(request).await?;
    drop(progress);
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    let connection: Connection = answer.read()?;
    output.table(&nodes(&connection.nodes))?;
    for warning in &connection.warnings {
        output.line(&format!("Warning: {}", printable(warning)))?;
    }
    output.line(&match connection.detail {
        Some(detail) => format!("It is kept, but not open now: {}", printable(&detail)),
        None => format!(
            "The ledger {} is served: `chainloom info --ledger {}`.",
            printable(&connection.name),
            printable(&connection.name)
        ),
    })
}

/// Lists the connections.
pub(crate) async fn list(remote: &Remote) -> Result<(), Error> {
    let request = Request::get(&["api", "v1", "connections"]);
    let answer = Client::at(&remote.address)?.ask(request).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let list: List = answer.read()?;
    if list.connections.is_empty() {
        return output.line("There are no connections: `chainloom connection add` makes one.");
    }
    output.table(&connections(&list))?;
    for connection in &list.connections {
        for told in connection.detail.iter().chain(&connection.warnings) {
            output.line(&format!(
                "{}: {}",
                printable(&connection.name),
                printable(told)
            ))?;
        }
    }
    Ok(())
}

/// Stops and forgets a connection. The server answers nothing but that it is done.
pub(crate) async fn remove(name: &str, remote: &Remote) -> Result<(), Error> {
    let client = Client::at(&remote.address)?;
    let request = Request::delete(&["api", "v1", "connections", name]);
    client.ask(request).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(&json!({"removed": name}).to_string());
    }
    output.line(&format!("{} is forgotten.", printable(name)))
}

fn connections(list: &List) -> Table {
    let mut table = Table::new(&["name", "channel", "user", "mode", "verify", "from", "state"]);
    for connection in &list.connections {
        table.row([
            printable(&connection.name),
            printable(connection.channel_id.as_deref().unwrap_or("-")),
            printable(connection.userid.as_deref().unwrap_or("-")),
            printable(&connection.mode),
            printable(&connection.verify),
            printable(&connection.source),
            match (connection.is_open, connection.is_ready) {
                (true, Some(false)) => "failing".to_owned(),
                (true, _) => "open".to_owned(),
                (false, _) => "not open".to_owned(),
            },
        ]);
    }
    table
}

fn nodes(nodes: &[Node]) -> Table {
    let mut table = Table::new(&["node", "address", "organization", "answer"]);
    for node in nodes {
        table.row([
            printable(&node.role),
            printable(&node.address),
            printable(node.organization.as_deref().unwrap_or("-")),
            printable(node.detail.as_deref().unwrap_or("connected")),
        ]);
    }
    table
}

/// What the server is asked for. Files are read here: the server reads none for a caller.
fn body(arguments: &ConnectionAddArguments) -> Result<Value, Error> {
    let ConnectionAddArguments {
        name,
        userid,
        channel_id,
        chaincode_id,
        ca_id,
        ca_url,
        peer_url,
        order_url,
        profile,
        tls_ca_certs,
        client_certificate,
        client_key,
        ssl_target_name_override,
        mode,
        verify,
        remote: _,
    } = arguments;
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(name));
    let texts = [
        ("userid", Some(userid.clone())),
        ("channel_id", Some(channel_id.clone())),
        ("chaincode_id", chaincode_id.clone()),
        ("ca_id", ca_id.clone()),
        ("ca_url", ca_url.clone()),
        ("mode", mode.clone()),
        ("verify", verify.clone()),
        ("profile", profile.as_deref().map(read).transpose()?),
    ];
    let read_root = |value: &str| read(Path::new(value));
    let named = |value: &str| Ok(value.to_owned());
    for (key, said) in [
        (
            TLS_CA_CERTS,
            for_nodes("--tls-ca-certs", tls_ca_certs, read_root)?,
        ),
        (
            SSL_TARGET_NAME_OVERRIDE,
            for_nodes(
                "--ssl-target-name-override",
                ssl_target_name_override,
                named,
            )?,
        ),
    ] {
        if let Some(said) = said {
            body.insert(key.to_owned(), said);
        }
    }
    for (key, text) in texts {
        if let Some(text) = text {
            body.insert(key.to_owned(), Value::String(text));
        }
    }
    for (key, urls) in [("peer_url", peer_url), ("order_url", order_url)] {
        if !urls.is_empty() {
            body.insert(key.to_owned(), json!(urls));
        }
    }
    if let (Some(certificate), Some(key)) = (client_certificate, client_key) {
        let (certificate, key) = (read(certificate)?, read(key)?);
        let client_tls = json!({"certificate": certificate, "key": key});
        body.insert("client_tls".to_owned(), client_tls);
    }
    Ok(Value::Object(body))
}

/// What is said of the nodes: one text for all of them, or one for each by its URL. What is said of the same node twice stands one below the other.
fn for_nodes(
    argument: &'static str,
    said: &[ForNode],
    read: impl Fn(&str) -> Result<String, Error>,
) -> Result<Option<Value>, Error> {
    let mut each: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    for one in said {
        let text = read(&one.value)?;
        each.entry(one.url.as_deref()).or_default().push(text);
    }
    let all = each.remove(&None);
    if all.is_some() && !each.is_empty() {
        return Err(Error::Mixed(argument));
    }
    let by_url = || {
        each.iter()
            .filter_map(|(url, texts)| Some(((*url)?.to_owned(), json!(texts.join("\n")))))
    };
    Ok(match (all, each.is_empty()) {
        (Some(texts), _) => Some(Value::String(texts.join("\n"))),
        (None, true) => None,
        (None, false) => Some(Value::Object(by_url().collect())),
    })
}

fn read(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
    read.map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::output::Paint;

    #[test]
    fn what_is_said_of_one_node_is_sent_under_its_url() {
        let parse = |texts: &[&str]| -> Vec<ForNode> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let sent =
            |texts: &[&str]| for_nodes("--flag", &parse(texts), |value| Ok(value.to_owned()));
        assert_eq!(sent(&[]).unwrap(), None);
        assert_eq!(sent(&["a=b.pem"]).unwrap(), Some(json!("a=b.pem")));
        assert_eq!(
            sent(&["a.pem", "b.pem"]).unwrap(),
            Some(json!("a.pem\nb.pem"))
        );
        assert_eq!(
            sent(&[
                "grpcs://a:1=a.pem",
                "grpcs://b:1=b.pem",
                "grpcs://a:1=c.pem"
            ])
            .unwrap(),
            Some(json!({"grpcs://a:1": "a.pem\nc.pem", "grpcs://b:1": "b.pem"}))
        );
        let mixed = sent(&["a.pem", "grpcs://b:1=b.pem"]).unwrap_err();
        assert!(mixed.to_string().starts_with("--flag"), "{mixed}");
    }

    #[test]
    fn each_connection_and_each_node_is_a_row() {
        let list: List = serde_json::from_value(json!({"connections": [{
            "name": "trade", "source": "request", "userid": "alice@Org1MSP", "channel_id": "mychannel",
            "mode": "gateway", "verify": "full", "is_open": true, "is_ready": true, "warnings": [],
            "nodes": [{"role": "peer", "address": "p:1", "organization": "Org1MSP"},
                      {"role": "orderer", "address": "o:1", "detail": "nothing listens there"}],
        }, {
            "name": "away", "source": "configuration", "userid": "bob", "channel_id": "c", "mode": "direct", "verify": "hashes", "is_open": true, "is_ready": false,
        }, {
            "name": "bad", "source": "request", "mode": "gateway", "verify": "hashes", "is_open": false, "detail": "it cannot be read",
        }]}))
        .unwrap();
        assert_eq!(
            connections(&list).render(Paint::PLAIN),
            "name   channel    user           mode     verify  from           state\n\
             trade  mychannel  alice@Org1MSP  gateway  full    request        open\n\
             away   c          bob            direct   hashes  configuration  failing\n\
             bad    -          -              gateway  hashes  request        not open\n"
        );
        assert_eq!(
            nodes(&list.connections[0].nodes).render(Paint::PLAIN),
            "node     address  organization  answer\n\
             peer     p:1      Org1MSP       connected\n\
             orderer  o:1      -             nothing listens there\n"
        );
    }
}
