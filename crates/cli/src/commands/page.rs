//! A page of a list of which the server looks through a part at a time.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::client::{Answer, Client, Request};
use crate::error::Error;
use crate::progress::Progress;

/// What of a page says whether to go on.
#[derive(Debug, Deserialize)]
struct Found {
    #[serde(alias = "writes")]
    transactions: Vec<IgnoredAny>,
    #[serde(default)]
    next: Option<String>,
}

/// Asks for a page, `ask` by its cursor, and for those behind it as long as nothing was found and there is more to look through.
pub(crate) async fn first_with_something(
    client: &Client,
    cursor: Option<&String>,
    ask: impl Fn(Option<&String>) -> Request,
) -> Result<Answer, Error> {
    let _progress = Progress::spinner("looking through the ledger");
    let mut cursor = cursor.cloned();
    loop {
        let answer = client.ask(ask(cursor.as_ref())).await?;
        let found: Found = answer.read()?;
        if !found.transactions.is_empty() || found.next.is_none() {
            return Ok(answer);
        }
        cursor = found.next;
    }
}
