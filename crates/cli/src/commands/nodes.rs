use serde::Deserialize;
use serde_json::json;

use crate::arguments::Remote;
use crate::client::{Answer, Client, Request};
use crate::error::Error;
use crate::output::{Output, printable};
use crate::progress::Progress;
use crate::views::{PeerList, peers};

#[derive(Debug, Deserialize)]
struct Resolution {
    replaced: bool,
}

/// Lists the nodes that the ledger talks to and what each last did.
pub(crate) async fn list(remote: &Remote) -> Result<(), Error> {
    let answer = Client::new(remote).await?.ask_ledger(&["peers"]).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    show(&answer, &mut output)
}

/// Registers nodes, all of them or none; shows all that are registered now.
pub(crate) async fn register(addresses: &[String], remote: &Remote) -> Result<(), Error> {
    let client = Client::new(remote).await?;
    let body = json!({"nodes": addresses}).to_string();
    let request = Request::post(&client.ledger_path(&["peers"])).json(body);
    let answer = client.ask(request).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    show(&answer, &mut output)
}

/// Forgets a node. The server answers nothing but that it is done.
pub(crate) async fn forget(address: &str, remote: &Remote) -> Result<(), Error> {
    let client = Client::new(remote).await?;
    let path = client.ledger_path(&["peers", address]);
    client.ask(Request::delete(&path)).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(&json!({"forgotten": address}).to_string());
    }
    output.line(&format!("{} is forgotten.", printable(address)))
}

/// Asks all registered nodes and says what came of it.
pub(crate) async fn resolve(remote: &Remote) -> Result<(), Error> {
    let client = Client::new(remote).await?;
    let path = client.ledger_path(&["peers", "resolve"]);
    let progress = Progress::spinner("asking the registered nodes");
    let answer = client.ask(Request::post(&path)).await?;
    drop(progress);
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    output.line(match answer.read::<Resolution>()?.replaced {
        true => "Our chain was replaced by a longer one.",
        false => "Our chain is authoritative: no node has a longer valid one.",
    })?;
    show(&answer, &mut output)
}

fn show(answer: &Answer, output: &mut Output) -> Result<(), Error> {
    let list: PeerList = answer.read()?;
    if list.peers.is_empty() {
        return output.line("No nodes are registered: `chainloom nodes register ADDRESS`.");
    }
    output.table(&peers(&list.peers))
}
