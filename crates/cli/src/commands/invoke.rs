use http::HeaderName;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::arguments::{CallFlags, InvokeArguments, WaitFor};
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Details, Output, value};

use super::call;

/// The header whose key makes a call happen once.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A call to be submitted.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) contract: Option<String>,
    pub(super) function: String,
    pub(super) args: Vec<String>,
    pub(super) how: CallFlags,
    pub(super) wait: Option<WaitFor>,
    pub(super) idempotency_key: Option<String>,
    /// How often to submit it anew where it met a conflict.
    pub(super) retry: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Receipt {
    transaction_id: String,
    status: String,
    #[serde(default)]
    version: Option<Version>,
    #[serde(default)]
    validation_code: Option<ValidationCode>,
    #[serde(default)]
    result: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct ValidationCode {
    code: i32,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Version {
    block: u64,
    index: u32,
}

/// Calls a contract's function and submits the transaction.
pub(crate) async fn run(arguments: &InvokeArguments) -> Result<(), Error> {
    let call = Call {
        contract: arguments.contract.clone(),
        function: arguments.function.clone(),
        args: arguments.args.clone(),
        how: arguments.how.clone(),
        wait: arguments.wait,
        idempotency_key: arguments.idempotency_key.clone(),
        retry: arguments.retry,
    };
    let client = Client::new(&arguments.remote).await?;
    submit(&client, call, arguments.remote.json).await
}

/// Submits a call and prints its receipt.
pub(super) async fn submit(client: &Client, call: Call, as_json: bool) -> Result<(), Error> {
    let request = Request::post(&client.ledger_path(&["invoke"]))
        .json(body(&call))
        .header(IDEMPOTENCY_KEY, call.idempotency_key);
    let answer = client.ask(request).await?;
    let mut output = Output::new();
    if as_json {
        return output.line(answer.text());
    }
    let receipt: Receipt = answer.read()?;
    output.details(&receipt.details())
}

/// All arguments are text: a number goes through digit by digit.
fn body(call: &Call) -> String {
    let mut fields = Map::new();
    if let Some(contract) = &call.contract {
        fields.insert("contract".to_owned(), contract.clone().into());
    }
    fields.insert("function".to_owned(), call.function.clone().into());
    fields.insert("args".to_owned(), call.args.clone().into());
    call::add(&call.how, &mut fields);
    if let Some(wait) = call.wait {
        let wait = match wait {
            WaitFor::Ordered => "ordered",
            WaitFor::Committed => "committed",
        };
        fields.insert("wait".to_owned(), wait.into());
    }
    if let Some(retry) = call.retry {
        fields.insert("retry".to_owned(), retry.into());
    }
    Value::Object(fields).to_string()
}

impl Receipt {
    fn details(&self) -> Details {
        let mut details = Details::default();
        details
            .add("transaction", self.transaction_id.clone())
            .add("status", self.status.clone());
        if let Some(version) = &self.version {
            details
                .add("block", version.block.to_string())
                .add("index", version.index.to_string());
        }
        let verdict = self.validation_code.as_ref();
        details
            .add(
                "validation",
                verdict.map(|verdict| format!("{} ({})", verdict.name, verdict.code)),
            )
            .add("result", self.result.as_ref().map(value));
        details
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::output::Paint;

    #[test]
    fn arguments_are_sent_as_they_were_typed() {
        let mut call = Call {
            contract: None,
            function: "transfer".to_owned(),
            args: vec!["a\"b".to_owned(), "12345678901234567890123".to_owned()],
            how: CallFlags::default(),
            wait: Some(WaitFor::Committed),
            idempotency_key: None,
            retry: None,
        };
        let common = r#""args":["a\"b","12345678901234567890123"],"#;
        let rest = r#""function":"transfer","wait":"committed"}"#;
        assert_eq!(body(&call), format!("{{{common}{rest}"));
        call.contract = Some("probe".to_owned());
        let expected = format!("{{{common}\"contract\":\"probe\",{rest}");
        assert_eq!(body(&call), expected);
        call.retry = Some(3);
        let rest = r#""function":"transfer","retry":3,"wait":"committed"}"#;
        let expected = format!("{{{common}\"contract\":\"probe\",{rest}");
        assert_eq!(body(&call), expected);
    }

    #[test]
    fn a_receipt_says_the_verdict() {
        let receipt: Receipt = serde_json::from_str(
            r#"{"transaction_id": "ab", "status": "committed", "version": {"block": 7, "index": 1},
                "validation_code": {"code": 0, "name": "VALID"}, "result": "fine"}"#,
        )
        .unwrap();
        assert_eq!(
            receipt.details().render(Paint::PLAIN),
            "transaction  ab\nstatus       committed\nblock        7\nindex        1\n\
             validation   VALID (0)\nresult       fine\n"
        );
    }
}
