use serde::Deserialize;

use crate::arguments::Remote;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Output, Table, printable};

#[derive(Debug, Deserialize)]
struct List {
    ledgers: Vec<Ledger>,
}

#[derive(Debug, Deserialize)]
struct Ledger {
    name: String,
    kind: String,
    /// Absent where the ledger does not answer.
    #[serde(default)]
    height: Option<u64>,
    #[serde(default)]
    pending_count: Option<u64>,
    health: Health,
}

#[derive(Debug, Deserialize)]
struct Health {
    status: String,
}

/// Lists the ledgers that the server serves.
pub(crate) async fn run(remote: &Remote) -> Result<(), Error> {
    let request = Request::get(&["api", "v1", "ledgers"]);
    let answer = Client::at(&remote.address)?.ask(request).await?;
    let mut output = Output::new();
    if remote.json {
        return output.line(answer.text());
    }
    output.table(&table(&answer.read::<List>()?))
}

fn table(list: &List) -> Table {
    let mut table = Table::new(&["name", "kind", "height#", "pending#", "health"]);
    for ledger in &list.ledgers {
        let count =
            |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        table.row([
            printable(&ledger.name),
            printable(&ledger.kind),
            count(ledger.height),
            count(ledger.pending_count),
            printable(&ledger.health.status).replace('_', " "),
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
    fn each_ledger_is_a_row() {
        let list = serde_json::from_str(
            r#"{"ledgers": [{"name": "tutorial", "kind": "tutorial", "height": 5, "generation": 0,
            "tip_hash": "ab", "pending_count": 2, "indexed_height": 5,
            "health": {"status": "catching_up"}},
            {"name": "trade", "kind": "fabric", "health": {"status": "failing", "detail": "away"}}]}"#,
        )
        .unwrap();
        assert_eq!(
            table(&list).render(Paint::PLAIN),
            "name      kind      height  pending  health\n\
             tutorial  tutorial       5        2  catching up\n\
             trade     fabric         -        -  failing\n"
        );
    }
}
