use serde::Deserialize;
use serde_json::Value;

use super::behind::warn_if_behind;
use super::page::first_with_something;
use crate::arguments::HistoryArguments;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, Table, printable, time, value};

/// What the table shows of a key's history.
#[derive(Debug, Deserialize)]
struct History {
    writes: Vec<Write>,
    #[serde(default)]
    next: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Write {
    version: Version,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    creator: Option<Creator>,
    change: String,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    value_cut: bool,
    #[serde(default)]
    value_hash: Option<String>,
    validation_code: Verdict,
    transaction_id: String,
}

#[derive(Debug, Deserialize)]
struct Version {
    block: u64,
    index: u32,
}

#[derive(Debug, Deserialize)]
struct Creator {
    organization: String,
    #[serde(default)]
    enrollment_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    name: String,
}

/// Lists who wrote what to a key, and when.
pub(crate) async fn run(arguments: &HistoryArguments) -> Result<(), Error> {
    let remote = &arguments.remote;
    let client = Client::new(remote).await?;
    let path = client.ledger_path(&["keys", &arguments.contract, "history"]);
    let ask = |cursor: Option<&String>| {
        Request::get(&path)
            .parameter("key", Some(&arguments.key))
            .parameter("collection", arguments.collection.as_ref())
            .parameter("invalid", arguments.invalid.then_some(true))
            .parameter("limit", Some(arguments.page.limit))
            .parameter("cursor", cursor)
    };
    let answer = first_with_something(&client, arguments.page.cursor.as_ref(), ask).await?;
    warn_if_behind(&client).await;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let history: History = answer.read()?;
    match history.writes.is_empty() {
        true => output.line("Nobody wrote it.")?,
        false => output.table(&table(&history.writes))?,
    }
    match history.next {
        Some(cursor) => output.line(&format!("More: --cursor {}", printable(&cursor))),
        None => Ok(()),
    }
}

fn table(writes: &[Write]) -> Table {
    let mut table = Table::new(&[
        "block.index#",
        "time",
        "by",
        "change",
        "value",
        "verdict",
        "id",
    ]);
    for write in writes {
        table.row([
            format!("{}.{}", write.version.block, write.version.index),
            time(write.time.as_deref()),
            write.creator.as_ref().map_or_else(|| "-".to_owned(), by),
            printable(&write.change),
            shown(write),
            printable(&write.validation_code.name),
            printable(&write.transaction_id),
        ]);
    }
    table
}

fn by(creator: &Creator) -> String {
    let name = creator.enrollment_id.as_deref().unwrap_or("?");
    printable(&format!("{}/{name}", creator.organization))
}

fn shown(write: &Write) -> String {
    match (&write.value, &write.value_hash) {
        (Some(text), _) if write.value_cut => format!("{}…", value(text)),
        (Some(text), _) => value(text),
        (None, Some(hash)) => format!("hash {}", printable(hash)),
        (None, None) => "-".to_owned(),
    }
}
