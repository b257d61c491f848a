use crate::arguments::{MytxArguments, Page, Remote, TransactionsArguments};
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, printable};
use crate::views::{TransactionPage, transactions};

/// The word by which the server knows the node's own account.
const OWN_ACCOUNT: &str = "me";

/// Lists transactions, all of them or an account's.
pub(crate) async fn run(arguments: &TransactionsArguments) -> Result<(), Error> {
    let account = arguments.account.as_deref();
    list(account, &arguments.page, &arguments.remote).await
}

/// Lists those of the node's own account.
pub(crate) async fn run_mine(arguments: &MytxArguments) -> Result<(), Error> {
    list(Some(OWN_ACCOUNT), &arguments.page, &arguments.remote).await
}

async fn list(account: Option<&str>, page: &Page, remote: &Remote) -> Result<(), Error> {
    let client = Client::new(remote).await?;
    let request = Request::get(&client.ledger_path(&["transactions"]))
        .parameter("account", account)
        .parameter("limit", Some(page.limit))
        .parameter("cursor", page.cursor.as_ref());
    let answer = client.ask(request).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let list: TransactionPage = answer.read()?;
    if list.transactions.is_empty() {
        return output.line("No transactions.");
    }
    output.table(&transactions(&list.transactions))?;
    match list.next {
        Some(cursor) => output.line(&format!("More: --cursor {}", printable(&cursor))),
        None => Ok(()),
    }
}
