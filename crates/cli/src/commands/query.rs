use serde::Deserialize;
use serde_json::{Map, Value};

use crate::arguments::{CallFlags, QueryArguments};
use crate::client::{Answer, Client, Request};
use crate::error::Error;
use crate::output::Output;

use super::call;

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
    let answer = ask(
        &client,
        contract,
        &arguments.function,
        &arguments.args,
        &arguments.how,
    )
    .await?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    output.result(&answer.read::<QueryResult>()?.result)
}

/// Sends the call; to the ledger's own default where no contract is named.
pub(super) async fn ask(
    client: &Client,
    contract: Option<&str>,
    function: &str,
    args: &[String],
    how: &CallFlags,
) -> Result<Answer, Error> {
    let mut fields = Map::new();
    fields.insert("function".to_owned(), function.into());
    fields.insert("args".to_owned(), args.into());
    if let Some(contract) = contract {
        fields.insert("contract".to_owned(), contract.into());
    }
    call::add(how, &mut fields);
    let path = client.ledger_path(&["query"]);
    client
        .ask(Request::post(&path).json(Value::Object(fields).to_string()))
        .await
}
