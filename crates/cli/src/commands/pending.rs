use crate::arguments::{CallFlags, Remote};
use crate::client::Client;
use crate::error::Error;
use crate::json;
use crate::output::{Output, count};
use crate::views::{Transfer, transfers};

use super::COIN;
use super::query::{QueryResult, ask};

/// Lists the transactions that wait for a block, in the order in which they were accepted.
pub(crate) async fn run(remote: &Remote) -> Result<(), Error> {
    let client = Client::of_tutorial(remote, "pending").await?;
    let answer = ask(&client, Some(COIN), "pending", &[], &CallFlags::default()).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let QueryResult { result } = answer.read()?;
    let list = result.as_str().unwrap_or_default();
    let waiting: Vec<Transfer> = json::read(list)
        .map_err(|error| client.strange(&format!("{error}; --json shows it as it is")))?;
    if waiting.is_empty() {
        return output.line("No transactions wait for a block.");
    }
    output.table(&transfers(&waiting))?;
    let number = waiting.len() as u64;
    let verb = if number == 1 { "waits" } else { "wait" };
    output.line(&format!(
        "{} {verb} for a block: `chainloom mine{}` makes one.",
        count(number, "transaction"),
        client.ledger_flag()
    ))
}
