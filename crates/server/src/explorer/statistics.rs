use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use chainloom_index::{BlockTimes, Stats, StatsRange};
use http::StatusCode;

use super::format::{count, encode, printable, span};
use super::frame::Frame;
use super::page::{PageResult, page};
use super::served::Shown;
use crate::access::Caller;
use crate::api::{BlockFill, Parameters, block_fill};
use crate::state::AppState;

#[derive(Template)]
#[template(path = "explorer/statistics.html")]
struct Statistics {
    frame: Frame,
    range: String,
    from: String,
    to: String,
    /// Whether the whole chain is counted, and so grows with it.
    is_whole: bool,
    blocks: u64,
    transactions: u64,
    valid: u64,
    invalid: u64,
    rate: Option<String>,
    window: String,
    fill: Option<Fill>,
    times: Option<Times>,
    tables: Vec<Table>,
}

/// How full blocks are.
struct Fill {
    percent: String,
    words: String,
}

/// Times from a block to the next.
struct Times {
    average: String,
    least: String,
    most: String,
    source: &'static str,
}

/// Transactions counted by one thing.
struct Table {
    id: &'static str,
    heading: &'static str,
    column: &'static str,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    /// The page that lists them, where there is one.
    address: Option<String>,
    count: u64,
    share: String,
}

impl Fill {
    fn new(fill: &BlockFill) -> Fill {
        Fill {
            percent: percent(fill.average),
            words: format!(
                "of the {} that one may hold, on average",
                fill.max_message_count
            ),
        }
    }
}

impl Times {
    fn new(times: BlockTimes, is_tutorial: bool) -> Times {
        Times {
            average: seconds(times.average_s),
            least: seconds(times.min_s),
            most: seconds(times.max_s),
            source: match is_tutorial {
                true => ", by the miners' clocks",
                false => ", by the clients' clocks",
            },
        }
    }
}

/// A part of a whole.
fn percent(part: f64) -> String {
    match part * 100.0 {
        percent if percent > 0.0 && percent < 0.1 => "under 0.1 %".to_owned(),
        percent if percent < 10.0 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// A span that can be negative: clocks differ.
fn seconds(seconds: f64) -> String {
    match seconds < 0.0 {
        true => format!("−{}", span(-seconds)),
        false => span(seconds),
    }
}

fn tables(stats: &Stats, base: &str) -> Vec<Table> {
    let row = |name: String, query: Option<String>, count: u64| Row {
        name: printable(&name),
        address: query.map(|query| format!("{base}/transactions?{query}")),
        count,
        share: percent(count as f64 / stats.transactions.max(1) as f64),
    };
    // Names that were cut find nothing.
    let whole = |name: &str| !name.ends_with('…');
    let range = match (stats.from_block, stats.to_block) {
        (Some(from), Some(to)) => format!("&from={from}&to={to}"),
        _ => String::new(),
    };
    let by_code = stats.by_code.iter().map(|code| {
        let query = format!("code={}{range}", code.code);
        row(
            format!("{} ({})", code.name, code.code),
            Some(query),
            code.transactions,
        )
    });
    let by_function = stats.by_function.iter().map(|called| {
        let (contract, function) = (&called.contract, &called.function);
        let query = (whole(contract) && whole(function)).then(|| {
            let (contract, function) = (encode(contract), encode(function));
            format!("contract={contract}&function={function}{range}")
        });
        row(format!("{contract}.{function}"), query, called.transactions)
    });
    let by_organization = stats.by_organization.iter();
    let by_organization =
        by_organization.map(|member| row(member.organization.clone(), None, member.transactions));
    let mut tables = vec![
        Table {
            id: "by-code",
            heading: "By verdict",
            column: "Verdict",
            rows: by_code.collect(),
        },
        Table {
            id: "by-function",
            heading: "By function",
            column: "Function",
            rows: by_function.collect(),
        },
    ];
    if !stats.by_organization.is_empty() {
        tables.push(Table {
            id: "by-organization",
            heading: "By organization of the maker",
            column: "Organization",
            rows: by_organization.collect(),
        });
    }
    tables
}

/// `GET /explorer/{ledger}/stats?from=&to=`
pub(super) async fn statistics(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    OriginalUri(address): OriginalUri,
    parameters: Parameters,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    let mut parameters = parameters.without_empty();
    let range = StatsRange {
        from: parameters.number("from")?,
        to: parameters.number("to")?,
        window: None,
    };
    shown.ledger().caught_up().await?;
    let stats = shown.ledger().index().stats(range).await?;
    let fill = block_fill(&shown.served, &stats).await;
    let frame = Frame::new(&shown.place, "Statistics", "Statistics", &address);
    let text = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let statistics = Statistics {
        range: match (stats.from_block, stats.to_block) {
            (Some(from), Some(to)) => format!("Blocks {from} to {to}."),
            _ => "No blocks.".to_owned(),
        },
        from: text(range.from),
        to: text(range.to),
        is_whole: range == StatsRange::default(),
        blocks: stats.blocks,
        transactions: stats.transactions,
        valid: stats.valid,
        invalid: stats.transactions.saturating_sub(stats.valid),
        rate: stats.transactions_per_s.map(|rate| match rate < 10.0 {
            true => format!("{rate:.2}"),
            false => format!("{rate:.0}"),
        }),
        window: format!("over the last {}", count(stats.window_blocks, "block")),
        fill: fill.as_ref().map(Fill::new),
        times: stats
            .block_times
            .map(|times| Times::new(times, shown.place.is_tutorial)),
        tables: tables(&stats, &frame.base),
        frame,
    };
    Ok(page(StatusCode::OK, &statistics))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_spans_are_told_in_few_digits() {
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.0001), "under 0.1 %");
        assert_eq!(percent(0.012), "1.2 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(seconds(-0.5), "−500 ms");
        assert_eq!(seconds(2.0), "2 s");
    }
}
