use crate::arguments::{MytxArguments, Page, Remote, TransactionsArguments};
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, printable};
use crate::views::{TransactionPage, transactions};

/// The word by which the server knows the ledger's own user.
const OWN_NAME: &str = "me";

/// Lists transactions, all of them or those of which everything is true that is asked for.
pub(crate) async fn run(arguments: &TransactionsArguments) -> Result<(), Error> {
    let filter = |request: Request| {
        request
            .parameter("account", arguments.account.as_ref())
            .parameter("creator", arguments.creator.as_ref())
            .parameter("certificate", arguments.certificate.as_ref())
            .parameter("contract", arguments.contract.as_ref())
            .parameter("function", arguments.function.as_ref())
            .parameter("key", arguments.key.as_ref())
            .parameter("collection", arguments.collection.as_ref())
            .parameter("code", arguments.code.as_ref())
            .parameter("from", arguments.from.as_ref())
            .parameter("to", arguments.to.as_ref())
    };
    list(filter, &arguments.page, &arguments.remote).await
}

/// Lists those of the ledger's own user, on a chain of the tutorial of the node's account.
pub(crate) async fn run_mine(arguments: &MytxArguments) -> Result<(), Error> {
    let filter = |request: Request| request.parameter("creator", Some(OWN_NAME));
    list(filter, &arguments.page, &arguments.remote).await
}

async fn list(
    filter: impl FnOnce(Request) -> Request,
    page: &Page,
    remote: &Remote,
) -> Result<(), Error> {
    let client = Client::new(remote).await?;
    let request = filter(Request::get(&client.ledger_path(&["transactions"])))
        .parameter("limit", Some(page.limit))
        .parameter("cursor", page.cursor.as_ref());
    let answer = client.ask(request).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let list: TransactionPage = answer.read()?;
    match list.transactions.is_empty() {
        true => output.line("No transactions.")?,
        false => output.table(&transactions(&list.transactions))?,
    }
    match list.next {
        Some(cursor) => output.line(&format!("More: --cursor {}", printable(&cursor))),
        None => Ok(()),
    }
}
