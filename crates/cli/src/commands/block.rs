use crate::arguments::BlockArguments;
use crate::client::Client;
use crate::error::Error;
use crate::output::Output;
use crate::views::Block;

/// Shows one block and its transactions.
pub(crate) async fn run(arguments: &BlockArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    let answer = client.ask_ledger(&["blocks", &arguments.block]).await?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    show(&answer.read()?, &mut output)
}

/// Prints a block and its transactions.
pub(super) fn show(block: &Block, output: &mut Output) -> Result<(), Error> {
    output.details(&block.details())?;
    let transactions = block.transactions();
    if transactions.is_empty() {
        return Ok(());
    }
    output.line("")?;
    output.table(&transactions)
}
