use serde::Deserialize;

use crate::arguments::StatsArguments;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::{Details, Output, Table, count, printable};

use super::behind::warn_if_behind;

/// What the tables show of the counts.
#[derive(Debug, Deserialize)]
struct Stats {
    #[serde(default)]
    from_block: Option<u64>,
    #[serde(default)]
    to_block: Option<u64>,
    blocks: u64,
    transactions: u64,
    valid: u64,
    by_code: Vec<Code>,
    by_function: Vec<Function>,
    #[serde(default)]
    by_organization: Vec<Organization>,
    window_blocks: u64,
    #[serde(default)]
    transactions_per_block: Option<f64>,
    #[serde(default)]
    transactions_per_s: Option<f64>,
    #[serde(default)]
    block_times: Option<BlockTimes>,
    #[serde(default)]
    block_fill: Option<BlockFill>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: i32,
    name: String,
    transactions: u64,
}

#[derive(Debug, Deserialize)]
struct Function {
    contract: String,
    function: String,
    transactions: u64,
}

#[derive(Debug, Deserialize)]
struct Organization {
    organization: String,
    transactions: u64,
}

#[derive(Debug, Deserialize)]
struct BlockTimes {
    average_s: f64,
    min_s: f64,
    max_s: f64,
    time_source: String,
}

#[derive(Debug, Deserialize)]
struct BlockFill {
    max_message_count: u32,
    average: f64,
}

/// Shows counts and rates of a range of blocks, or of the whole chain.
pub(crate) async fn run(arguments: &StatsArguments) -> Result<(), Error> {
    let client = Client::new(&arguments.remote).await?;
    let request = Request::get(&client.ledger_path(&["stats"]))
        .parameter("from", arguments.from)
        .parameter("to", arguments.to)
        .parameter("window", arguments.window);
    let answer = client.ask(request).await?;
    warn_if_behind(&client).await;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    let stats: Stats = answer.read()?;
    output.details(&stats.details())?;
    for table in stats.tables() {
        output.line("")?;
        output.table(&table)?;
    }
    Ok(())
}

impl Stats {
    fn details(&self) -> Details {
        let mut details = Details::default();
        let range = match (self.from_block, self.to_block) {
            (Some(from), Some(to)) => format!("{}, {from} to {to}", self.blocks),
            _ => self.blocks.to_string(),
        };
        let invalid = self.transactions.saturating_sub(self.valid);
        let window = format!("over the last {}", count(self.window_blocks, "block"));
        details.add("blocks", range).add(
            "transactions",
            format!(
                "{}: {} valid, {invalid} invalid",
                self.transactions, self.valid
            ),
        );
        details.add(
            "a second",
            self.transactions_per_s
                .map(|rate| format!("{rate:.3} transactions, {window}")),
        );
        details.add(
            "a block",
            self.transactions_per_block
                .map(|mean| format!("{mean:.3} transactions, {window}")),
        );
        details.add(
            "blocks are full to",
            self.block_fill.as_ref().map(|fill| {
                let percent = fill.average * 100.0;
                format!("{percent:.1} % of {} transactions", fill.max_message_count)
            }),
        );
        details.add(
            "block to block",
            self.block_times.as_ref().map(|times| {
                format!(
                    "{:.3} s on average, {:.3} s to {:.3} s, by the {}s' clocks",
                    times.average_s, times.min_s, times.max_s, times.time_source
                )
            }),
        );
        details
    }

    fn tables(&self) -> Vec<Table> {
        let share = |transactions: u64| {
            let part = transactions as f64 / self.transactions.max(1) as f64;
            format!("{:.1} %", part * 100.0)
        };
        let mut codes = Table::new(&["verdict", "code#", "transactions#", "share#"]);
        for code in &self.by_code {
            codes.row([
                printable(&code.name),
                code.code.to_string(),
                code.transactions.to_string(),
                share(code.transactions),
            ]);
        }
        let mut functions = Table::new(&["contract", "function", "transactions#", "share#"]);
        for called in &self.by_function {
            functions.row([
                printable(&called.contract),
                printable(&called.function),
                called.transactions.to_string(),
                share(called.transactions),
            ]);
        }
        let mut organizations = Table::new(&["organization", "transactions#", "share#"]);
        for member in &self.by_organization {
            organizations.row([
                printable(&member.organization),
                member.transactions.to_string(),
                share(member.transactions),
            ]);
        }
        let tables = [codes, functions, organizations].into_iter();
        tables.filter(|table| !table.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::output::Paint;

    #[test]
    fn counts_are_tables() {
        let stats: Stats = serde_json::from_str(
            r#"{"from_block": 2, "to_block": 4, "blocks": 3, "transactions": 8, "valid": 6,
            "by_code": [{"code": 0, "name": "VALID", "transactions": 6},
                {"code": 11, "name": "MVCC_READ_CONFLICT", "transactions": 2}],
            "by_function": [{"contract": "probe", "function": "put", "transactions": 8}],
            "by_organization": [{"organization": "Org1MSP", "transactions": 8}],
            "window_blocks": 3, "transactions_per_block": 2.6666, "transactions_per_s": 1.5,
            "block_times": {"average_s": 2.0, "min_s": -0.25, "max_s": 4.0, "time_source": "client"},
            "block_fill": {"max_message_count": 10, "config_block": 0, "average": 0.26666},
            "indexed_height": 4}"#,
        )
        .unwrap();
        assert_eq!(
            stats.details().render(Paint::PLAIN),
            "blocks              3, 2 to 4\n\
             transactions        8: 6 valid, 2 invalid\n\
             a second            1.500 transactions, over the last 3 blocks\n\
             a block             2.667 transactions, over the last 3 blocks\n\
             blocks are full to  26.7 % of 10 transactions\n\
             block to block      2.000 s on average, -0.250 s to 4.000 s, by the clients' clocks\n"
        );
        let tables: Vec<String> = stats
            .tables()
            .iter()
            .map(|table| table.render(Paint::PLAIN))
            .collect();
        assert_eq!(
            tables,
            [
                "verdict             code  transactions   share\n\
                 VALID                  0             6  75.0 %\n\
                 MVCC_READ_CONFLICT    11             2  25.0 %\n",
                "contract  function  transactions    share\n\
                 probe     put                  8  100.0 %\n",
                "organization  transactions    share\n\
                 Org1MSP                  8  100.0 %\n",
            ]
        );
    }
}
