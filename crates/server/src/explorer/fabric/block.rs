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
    transactions_shown: u64,
    transactions: Vec<CallRow>,
    names_creators: bool,
}

/// The page of a block.
pub(in super::super) async fn block(shown: &Shown, number: u64, address: &Uri) -> PageResult {
    let ledger = shown.ledger();
    let selector = BlockSelector::Number(number);
    let block = ledger.block(selector, TransactionRange::first(TRANSACTIONS));
    let block = block.await?;
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
        transactions_shown: block.transactions.len() as u64,
        transactions: block.transactions.iter().map(CallRow::whole).collect(),
        names_creators: true,
    };
    Ok(page(StatusCode::OK, &block_page))
}
