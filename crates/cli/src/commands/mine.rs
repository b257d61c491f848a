use serde::Deserialize;

use crate::arguments::Remote;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::Output;
use crate::progress::Progress;

use super::block::show;

#[derive(Debug, Deserialize)]
struct Mined {
    number: u64,
}

/// Makes a block of the transactions that wait, and shows it.
///
/// Not by the tutorial's `GET /mine`: its answer may hold a NaN, which is no JSON to anyone but
/// Python, and its refusals are texts without a code.
pub(crate) async fn run(remote: &Remote) -> Result<(), Error> {
    let client = Client::new(remote)?;
    let request = Request::post(&client.ledger_path(&["mine"]));
    let progress = Progress::spinner("searching for a proof");
    let answer = client.ask(request).await?;
    drop(progress);
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let number = answer.read::<Mined>()?.number.to_string();
    let block = client.ask_ledger(&["blocks", &number]).await?;
    show(&block.read()?, &mut output)
}
