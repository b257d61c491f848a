use std::time::Duration;

use http::HeaderName;
use serde::Deserialize;

use crate::arguments::{BlocksArguments, Order};
use crate::client::{Client, Request};
use crate::error::Error;
use crate::events::{Event, EventReader};
use crate::json;
use crate::output::{Output, count};
use crate::views::{Block, BlockPage, summaries};

/// The header that says after which event a stream goes on.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How long to wait before a stream that ended is asked for again.
const RETRY: Duration = Duration::from_secs(1);

/// Lists blocks, or follows the new ones.
pub(crate) async fn run(arguments: &BlocksArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    if arguments.follow {
        return follow(&client, arguments).await;
    }
    let order = match arguments.order {
        Order::NewestFirst => "newest_first",
        Order::OldestFirst => "oldest_first",
    };
    let request = Request::get(&client.ledger_path(&["blocks"]))
        .parameter("from", arguments.from)
        .parameter("limit", Some(arguments.limit))
        .parameter("order", Some(order));
    let answer = client.ask(request).await?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    let page: BlockPage = answer.read()?;
    output.table(&summaries(&page.blocks))?;
    output.line(&format!(
        "{} of {}, with {} in all.",
        page.blocks.len(),
        count(page.totals.blocks, "block"),
        count(page.totals.transactions, "transaction")
    ))?;
    match page.next {
        Some(next) => output.line(&format!("More: --from {next}")),
        None => Ok(()),
    }
}

/// Prints each block as it comes, until the program is ended. A server that goes away is waited
/// for, and nothing is missed meanwhile: the stream goes on after the last event.
async fn follow(client: &Client, arguments: &BlocksArguments) -> Result<(), Error> {
    let mut printer = Printer {
        output: Output::new(),
        json: arguments.remote.json,
        last_id: None,
    };
    let mut connected = false;
    loop {
        let outcome = stream(client, arguments.from, &mut printer, &mut connected).await;
        match outcome {
            Ok(()) | Err(Error::Broken { .. }) => {}
            Err(Error::NotRunning { .. }) if connected => {}
            Err(error) => return Err(error),
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn stream(
    client: &Client,
    from: Option<u64>,
    printer: &mut Printer,
    connected: &mut bool,
) -> Result<(), Error> {
    let request = Request::get(&client.ledger_path(&["events"]))
        .parameter("from", from.filter(|_| printer.last_id.is_none()))
        .header(LAST_EVENT_ID, printer.last_id.clone());
    let mut answer = client.open(request).await?;
    *connected = true;
    let mut reader = EventReader::default();
    while let Some(bytes) = answer
        .chunk()
        .await
        .map_err(|error| client.failed(&error))?
    {
        let events = reader
            .push(&bytes)
            .map_err(|error| client.strange(&error.to_string()))?;
        for event in events {
            printer
                .print(&event)?
                .map_err(|error| client.strange(&error.to_string()))?;
        }
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
struct Replaced {
    from: u64,
}

/// Prints events and remembers the last.
struct Printer {
    output: Output,
    json: bool,
    last_id: Option<String>,
}

impl Printer {
    /// The outer error is the output's, the inner one the event's.
    fn print(&mut self, event: &Event) -> Result<serde_json::Result<()>, Error> {
        match line(event, self.json) {
            Ok(Some(line)) => self.output.line(&line)?,
            Ok(None) => {}
            Err(error) => return Ok(Err(error)),
        }
        self.output.flush()?;
        if !event.id.is_empty() {
            self.last_id = Some(event.id.clone());
        }
        Ok(Ok(()))
    }
}

/// The line that tells of an event; none for a kind that this version does not know.
fn line(event: &Event, as_json: bool) -> serde_json::Result<Option<String>> {
    if as_json {
        let (kind, id) = (quoted(&event.kind), quoted(&event.id));
        let data = event.data.replace('\n', " ");
        return Ok(Some(format!(
            "{{\"event\":{kind},\"id\":{id},\"data\":{data}}}"
        )));
    }
    match event.kind.as_str() {
        "block" => Ok(Some(json::read::<Block>(&event.data)?.line())),
        "replaced" => {
            let Replaced { from } = serde_json::from_str(&event.data)?;
            Ok(Some(format!("the chain was replaced from block {from} on")))
        }
        _ => Ok(None),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn event(kind: &str, data: &str) -> Event {
        Event {
            kind: kind.to_owned(),
            id: "0-2".to_owned(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn each_event_is_a_line() {
        let block = r#"{"number": 2, "hash": "abcdef", "previous_hash": "1",
            "time": "2017-09-24T19:37:44Z", "transaction_count": 1, "valid_count": 1}"#;
        let text = |event, json| line(&event, json).unwrap();
        assert_eq!(
            text(event("block", block), false).unwrap(),
            "        2  abcdef  2017-09-24T19:37:44Z  1 transaction"
        );
        assert_eq!(
            text(event("replaced", r#"{"from": 1}"#), false).unwrap(),
            "the chain was replaced from block 1 on"
        );
        assert_eq!(text(event("news", "{}"), false), None);
        assert_eq!(
            text(event("replaced", "{\"from\":\n1}"), true).unwrap(),
            r#"{"event":"replaced","id":"0-2","data":{"from": 1}}"#
        );
        assert!(line(&event("block", "{}"), false).is_err());
    }
}
