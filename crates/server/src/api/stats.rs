use axum::Json;
use axum::extract::State;
use chainloom_index::{Stats, StatsRange};
use chainloom_ledger::Ledger;
use serde::Serialize;

use super::catch_up::catch_up;
use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::ledgers::ServedLedger;
use crate::problem::Problem;
use crate::state::AppState;

/// Counts and rates of a range of blocks.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct StatsAnswer {
    #[serde(flatten)]
    stats: Stats,
    /// How full the window's blocks are; absent on ledgers without such a limit, and while the ledger cannot be asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    block_fill: Option<BlockFill>,
}

/// How full blocks are.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct BlockFill {
    /// The most transactions that a block may hold, by the configuration in force at the range's last block.
    pub(crate) max_message_count: u32,
    /// The block that brought that configuration.
    config_block: u64,
    /// Transactions in a block of the window, on average, as a part of that: 1 is full.
    pub(crate) average: f64,
}

/// Counts a range of blocks, or the whole chain: transactions in all, by verdict, function and organization; rates of its last
/// blocks. Times are those of the transactions' makers.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/stats",
    tag = "ledgers",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("from" = Option<u64>, Query, description = "Number of the first block; the chain's first where absent"),
        ("to" = Option<u64>, Query, description = "Number of the last block; the chain's last where absent"),
        ("window" = Option<u64>, Query, description = "Over how many of the last of these blocks rates are taken: 1 to 100,000; where absent 100, or all up to 100,000 where `from` or `to` is given"),
        ("min_block" = Option<u64>, Query, description = "Wait until this block is indexed, 10 seconds at most"),
    ),
    responses((status = 200, body = StatsAnswer), Problems)
)]
pub(super) async fn stats(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    mut parameters: Parameters,
) -> Result<Json<StatsAnswer>, Problem> {
    let range = StatsRange {
        from: parameters.number("from")?,
        to: parameters.number("to")?,
        window: parameters.number("window")?,
    };
    let min_block = parameters.number("min_block")?;
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    catch_up(&served, min_block).await?;
    let stats = served.ledger.index().stats(range).await?;
    let block_fill = block_fill(&served, &stats).await;
    Ok(Json(StatsAnswer { stats, block_fill }))
}

/// How full the blocks of a window are.
pub(crate) async fn block_fill(served: &ServedLedger, stats: &Stats) -> Option<BlockFill> {
    let average = stats.transactions_per_block?;
    let config = served.ledger.config(stats.to_block).await.ok()?;
    let max_message_count = config.orderer?.batch_size.max_message_count;
    (max_message_count > 0).then(|| BlockFill {
        max_message_count,
        config_block: config.block,
        average: average / f64::from(max_message_count),
    })
}
