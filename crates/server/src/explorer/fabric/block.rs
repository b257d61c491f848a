use askama::Template;
use chainloom_ledger::{BlockSelector, Ledger, TransactionRange};
use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::super::block::TRANSACTIONS;
use super::super::format::{age, cut, moment, size};
use super::super::frame::Frame;
use super::super::page::{PageResult, page};
use super::super::served::Shown;
use super::rows::CallRow;

#[derive(Template)]
#[template(path = "explorer/fabric_block.html")]
struct BlockPage {
    frame: Frame,
    number: u64,
    made: String,
    hash: String,
    previous_hash: String,
    data_hash: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    time: String,
    size: String,
    transaction_count: u64,
    valid_count: u64,
    /// Which of them are listed, where it is not all.
    transactions_shown: Option<String>,
    /// The index at which the list goes on.
    transactions_next: Option<usize>,
    transactions: Vec<CallRow>,
    names_creators: bool,
}

/// The page of a block, with its transactions from this index on.
pub(in super::super) async fn block(
    shown: &Shown,
    number: u64,
    from: usize,
    address: &Uri,
) -> PageResult {
    let ledger = shown.ledger();
    let selector = BlockSelector::Number(number);
    let transactions = TransactionRange {
        from,
        limit: TRANSACTIONS,
    };
    let block = ledger.block(selector, transactions).await?;
    let height = ledger.info().await?.height;
    let base = shown.place.base();
    let beside = |number: u64| format!("{base}/blocks/{number}");
    let block_page = BlockPage {
        frame: Frame::new(&shown.place, format!("Block {number}"), "Blocks", address),
        number,
        made: match block.time {
            Some(time) => format!(
                "Its last transaction was made {}.",
                age(Some(time), Timestamp::now())
            ),
            None => "Its transactions say no time.".to_owned(),
        },
        hash: block.hash.to_string(),
        previous_hash: cut(block.previous_hash, 256).0,
        data_hash: block.data_hash.map(|hash| hash.to_string()),
        previous: number.checked_sub(1).map(beside),
        next: (number < height).then(|| beside(number + 1)),
        time: moment(block.time),
        size: size(block.size_bytes),
        transaction_count: block.transaction_count,
        valid_count: block.valid_count,
        transactions_shown: shown_range(from, block.transactions.len(), block.transaction_count),
        transactions_next: next_index(from, block.transactions.len(), block.transaction_count),
        transactions: block.transactions.iter().map(CallRow::whole).collect(),
        names_creators: true,
    };
    Ok(page(StatusCode::OK, &block_page))
}

fn next_index(from: usize, shown: usize, count: u64) -> Option<usize> {
    let next = from.saturating_add(shown);
    (shown > 0 && (next as u64) < count).then_some(next)
}

fn shown_range(from: usize, shown: usize, count: u64) -> Option<String> {
    match shown {
        _ if shown as u64 == count => None,
        0 => Some(format!("none from {from} on, of {count}")),
        _ => Some(format!(
            "{from} to {} of {count}, counted from 0",
            from + shown - 1
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_block_is_shown_in_parts() {
        assert_eq!((next_index(0, 3, 3), shown_range(0, 3, 3)), (None, None));
        assert_eq!(next_index(0, 200, 500), Some(200));
        let words = shown_range(200, 200, 500);
        assert_eq!(words.as_deref(), Some("200 to 399 of 500, counted from 0"));
        assert_eq!(next_index(400, 100, 500), None);
        let words = shown_range(usize::MAX, 0, 500);
        assert!(words.is_some_and(|words| words.starts_with("none from")));
        assert_eq!(next_index(usize::MAX, 0, 500), None);
    }
}
