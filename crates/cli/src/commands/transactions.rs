use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::behind::warn_if_behind;
use super::page::first_with_something;
use crate::arguments::{MytxArguments, PageOrFollow, Remote, TransactionsArguments};
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, printable};
use crate::views::{Transaction, TransactionPage, transactions};

/// The word by which the server knows the caller: the identity of the token, else the ledger's own user.
const OWN_NAME: &str = "me";
/// How long to wait before new ones are asked for.
const FOLLOW_PAUSE: Duration = Duration::from_millis(500);
/// How many new ones are asked for at once.
const FOLLOW_LIMIT: u32 = 1_000;

/// Lists transactions, all of them or those of which everything is true that is asked for.
pub(crate) async fn run(arguments: &TransactionsArguments) -> Result<(), Error> {
    let filter = |request: Request| {
        request
            .parameter("account", arguments.account.as_ref())
            .parameter("creator", arguments.creator.as_ref())
            .parameter("certificate", arguments.certificate.as_ref())
            .parameter("contract", arguments.contract.as_ref())
            .parameter("function", arguments.function.as_ref())
            .parameter("key", arguments.key.as_ref())
            .parameter("collection", arguments.collection.as_ref())
            .parameter("code", arguments.code.as_ref())
            .parameter("from", arguments.from.as_ref())
            .parameter("to", arguments.to.as_ref())
    };
    list(filter, &arguments.page, &arguments.remote).await
}

/// Lists those that the caller made, on a chain of the tutorial those of the node's account.
pub(crate) async fn run_mine(arguments: &MytxArguments) -> Result<(), Error> {
    let filter = |request: Request| {
        request
            .parameter("creator", Some(OWN_NAME))
            .parameter("from", arguments.from.as_ref())
            .parameter("to", arguments.to.as_ref())
    };
    list(filter, &arguments.page, &arguments.remote).await
}

async fn list(
    filter: impl Fn(Request) -> Request,
    shown: &PageOrFollow,
    remote: &Remote,
) -> Result<(), Error> {
    let client = Client::new(remote).await?;
    if shown.follow {
        return follow(&client, filter, remote.json).await;
    }
    let ask = |cursor: Option<&String>| {
        filter(Request::get(&client.ledger_path(&["transactions"])))
            .parameter("limit", Some(shown.page.limit))
            .parameter("cursor", cursor)
    };
    let answer = first_with_something(&client, shown.page.cursor.as_ref(), ask).await?;
    warn_if_behind(&client).await;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let list: TransactionPage = answer.read()?;
    match list.transactions.is_empty() {
        true => output.line("No transactions.")?,
        false => output.table(&transactions(&list.transactions))?,
    }
    match list.next {
        Some(cursor) => output.line(&format!("More: --cursor {}", printable(&cursor))),
        None => Ok(()),
    }
}

/// What is read of an answer while new ones are followed.
#[derive(Debug, Deserialize)]
struct News {
    transactions: Vec<Value>,
    #[serde(default)]
    next: Option<String>,
    indexed_height: u64,
}

/// Prints each new one, a line for each, until the program is ended. A server that goes away is waited for, and nothing is
/// missed meanwhile: what is asked for goes on behind the last block that was looked through.
async fn follow(
    client: &Client,
    filter: impl Fn(Request) -> Request,
    as_json: bool,
) -> Result<(), Error> {
    let ask = async |from: Option<u64>, cursor: Option<&String>| {
        let request = filter(Request::get(&client.ledger_path(&["transactions"])))
            .parameter("from", from)
            .parameter("order", Some("oldest_first"))
            .parameter("limit", Some(FOLLOW_LIMIT))
            .parameter("cursor", cursor);
        client.ask(request).await?.read::<News>()
    };
    let mut output = Output::new();
    // How far the chain is now.
    let height = client.ask_ledger(&["transactions"]).await?;
    let mut seen = height.read::<News>()?.indexed_height;
    let mut cursor = None;
    loop {
        let news = match ask(Some(seen + 1), cursor.as_ref()).await {
            Ok(news) => news,
            Err(Error::Broken { .. } | Error::NotRunning { .. }) => {
                tokio::time::sleep(FOLLOW_PAUSE).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        for transaction in &news.transactions {
            output.line(&line(transaction, as_json)?)?;
        }
        output.flush()?;
        cursor = news.next;
        if cursor.is_none() {
            // A chain that was replaced may be shorter for a moment.
            seen = news.indexed_height;
            tokio::time::sleep(FOLLOW_PAUSE).await;
        }
    }
}

fn line(transaction: &Value, as_json: bool) -> Result<String, Error> {
    if as_json {
        return Ok(transaction.to_string());
    }
    let read = Transaction::deserialize(transaction);
    Ok(match read {
        Ok(transaction) => transaction.line(),
        // A newer server's, which this program does not know.
        Err(_) => printable(&transaction.to_string()),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_new_one_is_a_line() {
        let call = json!({"id": "ab", "version": {"block": 7, "index": 0}, "kind": "endorser",
            "time": "2026-02-03T04:05:06Z", "call": {"contract": "probe", "function": "put"},
            "validation_code": {"code": 0, "name": "VALID"}});
        assert_eq!(
            line(&call, false).unwrap(),
            "7.0  2026-02-03T04:05:06Z  probe.put  VALID  ab"
        );
        assert_eq!(line(&call, true).unwrap(), call.to_string());
        assert_eq!(line(&json!({"x": 1}), false).unwrap(), r#"{"x":1}"#);
    }
}
