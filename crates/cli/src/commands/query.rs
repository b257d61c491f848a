use serde::Deserialize;
use serde_json::{Value, json};

use crate::arguments::QueryArguments;
use crate::client::{Answer, Client, Request};
use crate::error::Error;
use crate::output::{Output, value};

/// What the server answers to a query.
#[derive(Debug, Deserialize)]
pub(super) struct QueryResult {
    /// What the function returned: text, or bytes as `{"base64": "..."}`.
    pub(super) result: Value,
}

/// Asks a contract's function.
pub(crate) async fn run(arguments: &QueryArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    let contract = arguments.contract.as_deref();
    let answer = ask(&client, contract, &arguments.function, &arguments.args).await?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    output.line(&value(&answer.read::<QueryResult>()?.result))
}

/// Sends the call; to the ledger's own default where no contract is named.
pub(super) async fn ask(
    client: &Client,
    contract: Option<&str>,
    function: &str,
    args: &[String],
) -> Result<Answer, Error> {
    let mut call = json!({"function": function, "args": args});
    if let Some(contract) = contract {
        call["contract"] = contract.into();
    }
    let path = client.ledger_path(&["query"]);
    client
        .ask(Request::post(&path).json(call.to_string()))
        .await
}
