use crate::arguments::ShowtxByVerArguments;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::Output;
use crate::views::{Block, Transaction};

/// Shows the transaction at a place. What is wrong with the place is told in this order: a block that is negative, a block that
/// is not there, an index that is not in the block, a transaction that nobody endorsed.
pub(crate) async fn run(arguments: &ShowtxByVerArguments) -> Result<(), Error> {
    let (number, index) = (arguments.block, arguments.index);
    if number < 0 {
        return Err(Error::NegativeBlock(number));
    }
    let client = Client::new(&arguments.remote).await?;
    let number = number.to_string();
    // None of its transactions: their count is told all the same.
    let request = Request::get(&client.ledger_path(&["blocks", &number]));
    let request = request.parameter("from", Some(u32::MAX));
    let block: Block = client.ask(request).await?.read()?;
    if !(0..i128::from(block.transaction_count())).contains(&index) {
        return Err(Error::IndexBeyondBlock {
            block: block.number,
            transactions: block.transaction_count(),
            index,
        });
    }
    let path = ["blocks", &number, "transactions", &index.to_string()];
    let answer = client.ask_ledger(&path).await?;
    let transaction: Transaction = answer.read()?;
    if transaction.is_configuration() {
        return Err(Error::NoEndorsement {
            block: block.number,
            index,
            ledger_flag: client.ledger_flag(),
        });
    }
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    output.details(&transaction.details())
}
