use askama::Template;
use axum::response::Response;
use chainloom_index::Order;
use chainloom_ledger::{Consenter, Ledger, OrdererConfig};
use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::super::format::{size, span};
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
                "{} transactions, {} (preferred {})",
                batch.max_message_count,
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
        result,
    };
    Ok(page(status, &overview))
}
