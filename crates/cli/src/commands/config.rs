use serde_json::Value;

use crate::arguments::ConfigArguments;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::Output;

use super::details_of;

/// Shows the parameters by which blocks are made, now or at a block.
pub(crate) async fn run(arguments: &ConfigArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    let request =
        Request::get(&client.ledger_path(&["config"])).parameter("block", arguments.block);
    let answer = client.ask(request).await?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    output.details(&details_of(&answer.read::<Value>()?))
}
