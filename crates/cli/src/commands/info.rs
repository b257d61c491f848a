use serde_json::Value;

use crate::arguments::Remote;
use crate::client::Client;
use crate::error::Error;
use crate::output::Output;

use super::details_of;

/// Shows the ledger's height, tip and node id.
pub(crate) async fn run(remote: &Remote) -> Result<(), Error> {
    let answer = Client::new(remote).await?.ask_ledger(&[]).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    output.details(&details_of(&answer.read::<Value>()?))
}
