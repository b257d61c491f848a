//! How each node of a channel is doing.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use chainloom_ledger::{LedgerError, PeerOutcome, PeerReport, PeerRole};
use futures_util::future::{join, join_all};
use jiff::Timestamp;

use crate::deliver::Source;
use crate::endpoint::Peer;
use crate::flow::Flow;
use crate::ledger::FabricLedger;
use crate::target::Target;

/// How long what peers said is told again: pages and metrics ask often.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// How long telling whether the orderers are there may take, besides what each of them may.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

impl FabricLedger {
    /// Asks all nodes that this ledger talks to side by side: the peers how far they have come, the orderers whether they are there.
    /// What they said is told again for some seconds.
    pub(crate) async fn reports(&self) -> Vec<PeerReport> {
        let kept = &self.source.reports;
        if let Some(reports) = kept.fresh(KEPT_FOR) {
            return reports.to_vec();
        }
        let reports = kept.read(async { Ok::<_, Infallible>(self.ask_all().await) });
        match reports.await {
            Ok(reports) => reports.to_vec(),
        }
    }

    async fn ask_all(&self) -> Vec<PeerReport> {
        let targets = self.flow.all_targets();
        let sources = self.source.peers.iter().enumerate();
        let sources = sources.map(|(index, peer)| {
            let mut targets = targets.iter();
            let target = targets.find(|target| target.peer.address == peer.address);
            self.source.report(Some(index), peer, target)
        });
        let is_source = |target: &&Target| {
            let mut sources = self.source.peers.iter();
            sources.any(|peer| peer.address == target.peer.address)
        };
        let others = targets.iter().filter(|target| !is_source(target));
        let others = others.map(|target| self.source.report(None, &target.peer, Some(target)));
        let orderers = async {
            match &self.flow {
                Flow::Gateway(_) => Vec::new(),
                Flow::Direct(direct) => direct.orderer_reports().await,
            }
        };
        let (peers, orderers) = join(join_all(sources.chain(others)), orderers).await;
        [peers, orderers].concat()
    }

    /// Whether enough orderers are there for a transaction to be submitted, where this ledger talks to them by itself. What came of asking them
    /// is told again for some seconds.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    pub async fn check_orderers(&self) -> Result<(), LedgerError> {
        match &self.flow {
            Flow::Gateway(_) => Ok(()),
            Flow::Direct(direct) => {
                let kept = &self.source.orderers;
                if let Some(told) = kept.fresh(KEPT_FOR) {
                    return (*told).clone();
                }
                let told = kept.read(async {
                    let deadline = tokio::time::Instant::now() + TOLD_WITHIN;
                    Ok::<_, Infallible>(direct.check_orderers(deadline).await)
                });
                match told.await {
                    Ok(told) => (*told).clone(),
                }
            }
        }
    }
}

impl Source {
    async fn report(
        &self,
        index: Option<usize>,
        peer: &Peer,
        target: Option<&Target>,
    ) -> PeerReport {
        let asked_at = Timestamp::now();
        let started = Instant::now();
        let answer = self.chain_info(peer).await;
        let told = match &answer {
            Ok(info) => Ok(format!("its last block is {}", info.height)),
            Err(error) => Err((error.code(), error.to_string())),
        };
        let info = answer.as_ref().ok();
        let organization = target.map(|target| &target.organization);
        let organization = organization.filter(|organization| organization.is_known());
        PeerReport {
            address: peer.address.clone(),
            role: Some(PeerRole::Peer),
            organization: organization.map(ToString::to_string),
            height: info.map(|info| info.height),
            first_block: info.map(|info| info.first_block).filter(|first| *first > 0),
            last_error: index.and_then(|index| self.trouble(index)),
            asked_at: Some(asked_at),
            outcome: Some(outcome(told, started)),
        }
    }
}

/// What came of asking a node.
pub(crate) fn outcome(told: Result<String, (&str, String)>, started: Instant) -> PeerOutcome {
    let (code, detail) = match told {
        Ok(detail) => (PeerReport::ANSWERED, detail),
        Err((code, detail)) => (code, detail),
    };
    PeerOutcome {
        code: code.to_owned(),
        detail,
        verified_blocks: 0,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}
