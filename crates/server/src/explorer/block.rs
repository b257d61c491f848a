use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use chainloom_ledger::{BlockSelector, Hash, Ledger, TransactionRange};
use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::fabric;
use super::format::{age, cut, moment, size};
use super::frame::Frame;
use super::page::{PageError, PageResult, page, see};
use super::rows::{TransactionRow, value_text};
use super::served::{Chain, Shown};
use crate::access::Caller;
use crate::api::Parameters;
use crate::problem::Problem;
use crate::state::AppState;

/// How many transactions a block's page lists.
pub(super) const TRANSACTIONS: usize = 200;

/// How much of a long text a page shows, in bytes.
pub(super) const SHOWN_BYTES: usize = 16 * 1024;

#[derive(Template)]
#[template(path = "explorer/block.html")]
struct BlockPage {
    frame: Frame,
    number: u64,
    made: String,
    hash: String,
    previous_hash: String,
    previous: Option<String>,
    next: Option<String>,
    time: String,
    size: String,
    transaction_count: u64,
    transactions_shown: u64,
    transactions: Vec<TransactionRow>,
    difficulty: u32,
    proof_input: String,
    proof: String,
    work: Option<Work>,
    hash_input: String,
    hash_input_cut: bool,
}

/// The check of a block's proof.
struct Work {
    input: String,
    zeros: String,
    rest: String,
}

/// `GET /explorer/{ledger}/blocks/{number|hash|latest}`
pub(super) async fn block(
    State(state): State<AppState>,
    caller: Caller,
    Path((name, which)): Path<(String, String)>,
    OriginalUri(address): OriginalUri,
    mut parameters: Parameters,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    match selector(&which)? {
        BlockSelector::Number(number) => match shown.chain() {
            Some(chain) => of_chain(&chain, number, &address).await,
            None => {
                let from = parameters.number("from")?.unwrap_or(0);
                fabric::block(&shown, number, from, &address).await
            }
        },
        other => {
            let block = shown.ledger().block(other, TransactionRange::NONE);
            let number = block.await?.number;
            Ok(see(&format!("{}/blocks/{number}", shown.place.base())))
        }
    }
}

async fn of_chain(chain: &Chain, number: u64, address: &Uri) -> PageResult {
    let base = chain.place.base();
    let shown = TransactionRange::first(TRANSACTIONS);
    let selected = BlockSelector::Number(number);
    let block = chain.ledger.block(selected, shown).await?;
    let height = chain.ledger.info().await?.height;
    let hash_input = chain.node.block_hash_input(number).await?;
    let config = chain.ledger.config(None).await?.proof_of_work;
    let (hash_input, hash_input_cut) = cut(hash_input, SHOWN_BYTES);
    let difficulty = chain.node.difficulty();
    let (proof, work) = match block.proof_of_work {
        None => (String::new(), None),
        Some(work) => {
            let proof = value_text(Some(&work.proof));
            let check = work.input.zip(work.digest).map(|(input, digest)| {
                let digest = digest.to_string();
                let (zeros, rest) = digest.split_at((difficulty as usize).min(digest.len()));
                Work {
                    input: cut(input, SHOWN_BYTES).0,
                    zeros: zeros.to_owned(),
                    rest: rest.to_owned(),
                }
            });
            (cut(proof, SHOWN_BYTES).0, check)
        }
    };
    let transactions: Vec<_> = block
        .transactions
        .iter()
        .map(|transaction| TransactionRow::whole(transaction, &base))
        .collect();
    let page_of_block = BlockPage {
        frame: Frame::new(&chain.place, format!("Block {number}"), "Blocks", address),
        number,
        made: match block.time {
            Some(time) => format!("Made {}.", age(Some(time), Timestamp::now())),
            None => "Its maker wrote no time that can be read.".to_owned(),
        },
        hash: block.hash.to_string(),
        previous_hash: cut(block.previous_hash, 256).0,
        previous: (number > 1).then(|| format!("{base}/blocks/{}", number - 1)),
        next: (number < height).then(|| format!("{base}/blocks/{}", number + 1)),
        time: moment(block.time),
        size: size(block.size_bytes),
        transaction_count: block.transaction_count,
        transactions_shown: transactions.len() as u64,
        transactions,
        difficulty,
        proof_input: config.map(|work| work.proof_input).unwrap_or_default(),
        proof,
        work,
        hash_input,
        hash_input_cut,
    };
    Ok(page(StatusCode::OK, &page_of_block))
}

/// What a path names: `latest`, a hash, or a number.
fn selector(text: &str) -> Result<BlockSelector, PageError> {
    if text == "latest" {
        return Ok(BlockSelector::Latest);
    }
    if let Ok(hash) = text.parse::<Hash>() {
        return Ok(BlockSelector::Hash(hash));
    }
    crate::api::number("block", text)
        .map(BlockSelector::Number)
        .map_err(|problem: Problem| PageError::new(problem))
}
