use serde::Deserialize;

use crate::arguments::Remote;
use crate::client::Client;
use crate::error::Error;
use crate::output::{Output, Table, printable};

#[derive(Debug, Deserialize)]
struct List {
    contracts: Vec<Contract>,
}

#[derive(Debug, Deserialize)]
struct Contract {
    name: String,
    version: String,
    sequence: i64,
    #[serde(default)]
    endorsement_policy: Option<String>,
    #[serde(default)]
    collections: Vec<Collection>,
}

#[derive(Debug, Deserialize)]
struct Collection {
    name: String,
}

/// Lists the contracts that can be called.
pub(crate) async fn run(remote: &Remote) -> Result<(), Error> {
    let answer = Client::new(remote)
        .await?
        .ask_ledger(&["contracts"])
        .await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    let list: List = answer.read()?;
    if list.contracts.is_empty() {
        return output.line("No contract is committed on this ledger.");
    }
    output.table(&table(&list))
}

fn table(list: &List) -> Table {
    let mut table = Table::new(&["name", "version", "sequence#", "endorsement", "collections"]);
    for contract in &list.contracts {
        let policy = contract.endorsement_policy.as_deref().unwrap_or("-");
        let collections = contract.collections.iter();
        let collections: Vec<&str> = collections
            .map(|collection| collection.name.as_str())
            .collect();
        table.row([
            printable(&contract.name),
            printable(&contract.version),
            contract.sequence.to_string(),
            printable(policy),
            match collections.is_empty() {
                true => "-".to_owned(),
                false => printable(&collections.join(", ")),
            },
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::output::Paint;

    #[test]
    fn each_contract_is_a_row() {
        let list = serde_json::from_str(
            r#"{"contracts": [
                {"name": "basic", "version": "1.0", "sequence": 2, "init_required": false,
                 "endorsement_policy": "AND(A.peer, B.peer)", "collections": [{"name": "one"}, {"name": "two"}]},
                {"name": "coin", "version": "1", "sequence": 1, "init_required": false}]}"#,
        )
        .unwrap();
        assert_eq!(
            table(&list).render(Paint::PLAIN),
            "name   version  sequence  endorsement          collections\n\
             basic  1.0             2  AND(A.peer, B.peer)  one, two\n\
             coin   1               1  -                    -\n"
        );
    }
}
