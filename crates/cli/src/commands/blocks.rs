use serde::Deserialize;

use super::follow::Following;

use crate::arguments::{BlocksArguments, Order};
use crate::client::{Client, Request};
use crate::error::Error;
use crate::events::Event;
use crate::json;
use crate::output::{Output, count};
use crate::views::{Block, BlockPage, summaries};

/// Lists blocks, or follows the new ones.
pub(crate) async fn run(arguments: &BlocksArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    if arguments.follow {
        let following = Following::new(&client, arguments.remote.json, line);
        return following.run(arguments.from, |request| request).await;
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

#[derive(Debug, Deserialize)]
struct Replaced {
    from: u64,
}

/// The line that tells of an event; none for a kind that this version does not know.
pub(super) fn line(event: &Event) -> serde_json::Result<Option<String>> {
    match event.kind.as_str() {
        "block" => Ok(Some(json::read::<Block>(&event.data)?.line())),
        "replaced" => {
            let Replaced { from } = serde_json::from_str(&event.data)?;
            Ok(Some(format!("the chain was replaced from block {from} on")))
        }
        _ => Ok(None),
    }
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
        let text = |event| line(&event).unwrap();
        assert_eq!(
            text(event("block", block)).unwrap(),
            "        2  abcdef  2017-09-24T19:37:44Z  1 transaction"
        );
        assert_eq!(
            text(event("replaced", r#"{"from": 1}"#)).unwrap(),
            "the chain was replaced from block 1 on"
        );
        assert_eq!(text(event("news", "{}")), None);
        assert!(line(&event("block", "{}")).is_err());
    }
}
