//! How each peer of a channel is doing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chainloom_ledger::{PeerOutcome, PeerReport};
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::deliver::Source;
use crate::endpoint::Peer;

/// How long what peers said is told again: pages and metrics ask often.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// What the peers last said, and when.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptReports(Arc<Mutex<Option<(Instant, Vec<PeerReport>)>>>);

impl Source {
    /// Asks all peers side by side how far they have come; what they said is told again for some seconds.
    pub(crate) async fn reports(&self) -> Vec<PeerReport> {
        let mut kept = self.reports.0.lock().await;
        if let Some((asked_at, reports)) = &*kept
            && asked_at.elapsed() < KEPT_FOR
        {
            return reports.clone();
        }
        let peers = self.peers.iter().enumerate();
        let reports = join_all(peers.map(|(index, peer)| self.report(index, peer))).await;
        *kept = Some((Instant::now(), reports.clone()));
        reports
    }

    async fn report(&self, index: usize, peer: &Peer) -> PeerReport {
        let asked_at = Timestamp::now();
        let started = Instant::now();
        let answer = self.chain_info(peer).await;
        let (code, detail) = match &answer {
            Ok(info) => ("answered", format!("its last block is {}", info.height)),
            Err(error) => (error.code(), error.to_string()),
        };
        let info = answer.as_ref().ok();
        PeerReport {
            address: peer.address.clone(),
            height: info.map(|info| info.height),
            first_block: info.map(|info| info.first_block).filter(|first| *first > 0),
            last_error: self.trouble(index),
            asked_at: Some(asked_at),
            outcome: Some(PeerOutcome {
                code: code.to_owned(),
                detail,
                verified_blocks: 0,
                duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }
}
