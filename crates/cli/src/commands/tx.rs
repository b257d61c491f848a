use crate::arguments::TxArguments;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::Output;
use crate::views::Transaction;

/// Shows one transaction, by its id or by where it stands, or writes one of its values.
pub(crate) async fn run(arguments: &TxArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    let (block, index) = (arguments.block, arguments.index);
    let number = |number: Option<u64>| number.unwrap_or_default().to_string();
    let (block, index) = (number(block), number(index.map(u64::from)));
    let path = match &arguments.id {
        Some(id) => vec!["transactions", id],
        // clap has seen to it that both are there.
        None => vec!["blocks", &block, "transactions", &index],
    };
    let mut output = Output::new();
    if let Some(value) = &arguments.value {
        let path = [&path[..], &["values", value]].concat();
        let mut answer = client
            .open(Request::get(&client.ledger_path(&path)))
            .await?;
        while let Some(bytes) = answer
            .chunk()
            .await
            .map_err(|error| client.failed(&error))?
        {
            output.write(&bytes)?;
        }
        return output.flush();
    }
    let answer = client.ask_ledger(&path).await?;
    if arguments.remote.json {
        return output.line(answer.text());
    }
    output.details(&answer.read::<Transaction>()?.details())
}
