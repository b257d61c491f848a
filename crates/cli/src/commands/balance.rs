use crate::arguments::{BalanceArguments, CallFlags};
use crate::client::Client;
use crate::error::Error;
use crate::output::{Output, value};

use super::COIN;
use super::query::{QueryResult, ask};

/// Shows an account's balance: an exact decimal number, nothing else.
pub(crate) async fn run(arguments: &BalanceArguments) -> Result<(), Error> {
    let client = Client::of_tutorial(&arguments.remote, "balance").await?;
    let answer = ask(
        &client,
        Some(COIN),
        "balance",
        std::slice::from_ref(&arguments.account),
        &CallFlags::default(),
    )
    .await?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    output.line(&value(&answer.read::<QueryResult>()?.result))
}
