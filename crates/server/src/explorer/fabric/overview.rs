use askama::Template;
use axum::response::Response;
use chainloom_index::{Health, Order};
use chainloom_ledger::{Consenter, Ledger, OrdererConfig};
use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::super::format::{count, size, span};
use super::super::frame::{Frame, Notice};
use super::super::overview::RECENT_BLOCKS;
use super::super::page::{PageError, PageResult, page};
use super::super::rows::BlockRow;
use super::super::served::Shown;
use super::call::CallForm;
use super::shown_bytes::ShownBytes;

#[derive(Template)]
#[template(path = "explorer/fabric_overview.html")]
struct Overview {
    frame: Frame,
    height: u64,
    transaction_count: u64,
    invalid_count: u64,
    peer_count: usize,
    recent: Vec<BlockRow>,
    tip_hash: String,
    organizations: String,
    orderer: Option<Orderer>,
    form: CallForm,
    default_contract: Option<String>,
    /// What is to be known of the read model, where it is not as it should be.
    index_words: Vec<String>,
    result: Option<ShownBytes>,
}

/// How the channel's blocks are made.
struct Orderer {
    consensus_type: String,
    block_limits: String,
    batch_timeout: String,
    consenters: String,
}

impl Orderer {
    fn new(config: OrdererConfig) -> Orderer {
        let batch = config.batch_size;
        let name = |consenter: &Consenter| format!("{}:{}", consenter.host, consenter.port);
        let consenters: Vec<String> = config.consenters.iter().map(name).collect();
        Orderer {
            consensus_type: config.consensus_type,
            block_limits: format!(
                "{}, {} (preferred {})",
                count(batch.max_message_count.into(), "transaction"),
                size(batch.absolute_max_bytes.into()),
                size(batch.preferred_max_bytes.into())
            ),
            batch_timeout: span(config.batch_timeout_ms as f64 / 1e3),
            consenters: consenters.join(", "),
        }
    }
}

/// The overview of a channel.
pub(in super::super) async fn overview(shown: &Shown, address: &Uri) -> PageResult {
    render(
        shown,
        address,
        StatusCode::OK,
        None,
        CallForm::default(),
        None,
    )
    .await
}

/// The overview, with what the form on it met: a notice, or the result of a query.
pub(super) async fn render(
    shown: &Shown,
    address: &Uri,
    status: StatusCode,
    notice: Option<Notice>,
    form: CallForm,
    result: Option<ShownBytes>,
) -> Result<Response, PageError> {
    let ledger = shown.ledger();
    ledger.caught_up().await?;
    let info = ledger.info().await?;
    let blocks = ledger
        .index()
        .blocks(None, RECENT_BLOCKS, Order::NewestFirst);
    let blocks = blocks.await?;
    let config = ledger.config(None).await?;
    let now = Timestamp::now();
    let mut frame = Frame::new(&shown.place, "Overview", "Overview", address);
    if notice.is_some() {
        frame.notice = notice;
    }
    let recent = blocks.blocks.iter();
    let organizations = config.organizations.iter().map(|member| member.id.clone());
    let overview = Overview {
        frame,
        height: info.height,
        transaction_count: blocks.totals.transactions,
        invalid_count: blocks
            .totals
            .transactions
            .saturating_sub(blocks.totals.valid),
        peer_count: ledger.peers().await?.len(),
        recent: recent.map(|block| BlockRow::new(block, now)).collect(),
        tip_hash: info.tip_hash.to_string(),
        organizations: organizations.collect::<Vec<_>>().join(", "),
        orderer: config.orderer.map(Orderer::new),
        form,
        default_contract: shown.served.default_contract.clone(),
        index_words: index_words(&ledger.index().health(), info.first_block),
        result,
    };
    Ok(page(status, &overview))
}

/// What is to be known of the read model, where it is not as it should be.
fn index_words(health: &Health, first_block: Option<u64>) -> Vec<String> {
    let first_block = first_block.filter(|first| *first > 0).map(|first| {
        format!(
            "The peers were started from a snapshot: blocks before {first} are not to be had, and nothing here counts them."
        )
    });
    let other = health.other_ledger.as_ref().map(|reason| {
        format!("The channel was reset or swapped: {reason}. The index of the former one is kept beside the new one.")
    });
    let progress = health.progress.map(|progress| {
        format!("The index is catching up: {progress}. Lists and counts are behind.")
    });
    let error = health
        .error
        .as_ref()
        .map(|error| format!("The index does not go on: {error}"));
    [error, progress, other, first_block]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainloom_index::{Phase, Progress};

    #[test]
    fn what_is_wrong_with_the_index_is_said() {
        let mut health = Health {
            phase: Phase::Live,
            error: None,
            retry_in_ms: None,
            progress: None,
            rebuilds: 0,
            other_ledger: None,
        };
        assert!(index_words(&health, Some(0)).is_empty());
        health.progress = Some(Progress {
            from: 0,
            done_blocks: 5,
            total_blocks: 9,
            blocks_per_s: 3,
            remaining_s: Some(2),
        });
        health.error = Some("block 7 is not signed".to_owned());
        health.other_ledger = Some("its block 3 is another".to_owned());
        let words = index_words(&health, Some(4)).join("\n");
        for told in [
            "block 7 is not signed",
            "5 of 9 blocks",
            "its block 3 is another",
            "blocks before 4",
        ] {
            assert!(words.contains(told), "{words}");
        }
    }
}
