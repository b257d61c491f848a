use crate::arguments::TxArguments;
use crate::client::Client;
use crate::error::Error;
use crate::output::Output;
use crate::views::Transaction;

/// Shows one transaction, by its id or by where it stands.
pub(crate) async fn run(arguments: &TxArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    let (block, index) = (arguments.block, arguments.index);
    let number = |number: Option<u64>| number.unwrap_or_default().to_string();
    let answer = match &arguments.id {
        Some(id) => client.ask_ledger(&["transactions", id]).await?,
        // clap has seen to it that both are there.
        None => {
            let (block, index) = (number(block), number(index.map(u64::from)));
            let path = ["blocks", &block, "transactions", &index];
            client.ask_ledger(&path).await?
        }
    };
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    output.details(&answer.read::<Transaction>()?.details())
}
