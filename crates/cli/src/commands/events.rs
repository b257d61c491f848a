use serde::Deserialize;
use serde_json::Value;

use super::blocks;
use super::follow::Following;
use crate::arguments::EventsArguments;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::events::Event;
use crate::json;
use crate::output::{account, amount, printable};

/// Prints what happened on a ledger, or what happens.
pub(crate) async fn run(arguments: &EventsArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    let mut following = Following::new(&client, arguments.remote.json, line);
    let mut from = arguments.from;
    if !arguments.follow {
        let answer = client.ask(Request::get(&client.ledger_path(&[]))).await?;
        let Ledger {
            height,
            first_block,
        } = answer.read()?;
        let first = from.or(first_block).unwrap_or(0);
        // Nothing is to come: what is there is told, and there an end.
        if height.is_none_or(|height| height < first) {
            return Ok(());
        }
        following.until = height;
        from = Some(first);
    }
    let ask = |request: Request| {
        request
            .parameter("kinds", Some(arguments.kinds.join(",")))
            .parameter("contract", arguments.contract.as_ref())
            .parameter("event", arguments.event.as_ref())
            .parameter("invalid", arguments.invalid.then_some("true"))
    };
    following.run(from, ask).await
}

/// How far a ledger has come.
#[derive(Debug, Deserialize)]
struct Ledger {
    #[serde(default)]
    height: Option<u64>,
    #[serde(default)]
    first_block: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    id: String,
    kind: String,
    #[serde(default)]
    call: Option<Call>,
    #[serde(default)]
    transfer: Option<Transfer>,
    validation_code: Verdict,
}

#[derive(Debug, Deserialize)]
struct Call {
    contract: String,
    function: String,
}

#[derive(Debug, Deserialize)]
struct Transfer {
    #[serde(default)]
    sender: Value,
    #[serde(default)]
    recipient: Value,
    #[serde(default)]
    amount: Value,
}

impl std::fmt::Display for Transfer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sender, recipient) = (account(&self.sender), account(&self.recipient));
        write!(
            formatter,
            "{sender} -> {recipient} {}",
            amount(&self.amount)
        )
    }
}

#[derive(Debug, Deserialize)]
struct ContractEvent {
    transaction_id: String,
    contract: String,
    name: String,
    payload: Value,
    validation_code: Verdict,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    code: i32,
    name: String,
}

/// The line that tells of an event; none for a kind that this version does not know.
fn line(event: &Event) -> serde_json::Result<Option<String>> {
    match event.kind.as_str() {
        "transaction" => {
            let told: Transaction = json::read(&event.data)?;
            let what = match (&told.call, &told.transfer) {
                (_, Some(transfer)) => transfer.to_string(),
                (Some(call), None) => {
                    format!(
                        "{} {}",
                        printable(&call.contract),
                        printable(&call.function)
                    )
                }
                (None, None) => printable(&told.kind),
            };
            Ok(Some(format!(
                "{:<12}  {what}  {}  ({})",
                event.id,
                printable(&told.validation_code.name),
                printable(&told.id),
            )))
        }
        "contract_event" => {
            let told: ContractEvent = json::read(&event.data)?;
            let payload = match &told.payload {
                Value::String(text) => printable(text),
                other => other.to_string(),
            };
            let verdict = match told.validation_code.code {
                0 => String::new(),
                _ => format!("  {}", printable(&told.validation_code.name)),
            };
            Ok(Some(format!(
                "{:<12}  {} told {}: {payload}  ({}){verdict}",
                event.id,
                printable(&told.contract),
                printable(&told.name),
                printable(&told.transaction_id),
            )))
        }
        _ => blocks::line(event),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(kind: &str, data: &str) -> Option<String> {
        line(&Event {
            kind: kind.to_owned(),
            id: "0-2-0-1".to_owned(),
            data: data.to_owned(),
        })
        .unwrap()
    }

    #[test]
    fn each_event_is_a_line() {
        let told = |code: &str| {
            format!(
                r#"{{"transaction_id": "f3a1", "version": {{"block": 2, "index": 0}}, "contract": "probe", "name": "sold",
                "payload": "7\n", "validation_code": {code}}}"#
            )
        };
        let valid = text("contract_event", &told(r#"{"code": 0, "name": "VALID"}"#)).unwrap();
        assert!(
            valid.starts_with("0-2-0-1       probe told sold: 7"),
            "{valid}"
        );
        assert!(valid.ends_with("(f3a1)"), "{valid}");
        let invalid = told(r#"{"code": 11, "name": "MVCC_READ_CONFLICT"}"#);
        let invalid = text("contract_event", &invalid).unwrap();
        assert!(invalid.ends_with("MVCC_READ_CONFLICT"), "{invalid}");
        let transaction = r#"{"id": "f3a1", "version": {"block": 2, "index": 0}, "kind": "endorser",
            "call": {"contract": "probe", "function": "put"}, "validation_code": {"code": 0, "name": "VALID"}}"#;
        let transaction = text("transaction", transaction).unwrap();
        assert!(
            transaction.contains("f3a1") && transaction.contains("put"),
            "{transaction}"
        );
        assert_eq!(
            text("replaced", r#"{"from": 1}"#).unwrap(),
            "the chain was replaced from block 1 on"
        );
        assert_eq!(text("news", "{}"), None);
    }
}
