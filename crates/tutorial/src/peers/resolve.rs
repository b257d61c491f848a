//! Asking all peers for their chains, and taking over the longest.

use std::cmp::Reverse;

use chainloom_ledger::{LedgerError, PeerReport};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::Peers;
use super::ask::Asked;
use super::book::News;
use super::report::Verdict;
use crate::store::{Adoption, Staging};

/// How often all peers are asked if our chain is replaced by another one while the best of theirs comes in.
const ATTEMPTS: usize = 2;

/// What came of asking the peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// Whether a peer's chain is ours now.
    pub replaced: bool,
    /// The first block that is new, if so.
    pub from: Option<u64>,
    /// The generation of our chain.
    pub generation: u64,
    /// What each peer did, in the order in which they were registered.
    pub reports: Vec<PeerReport>,
}

/// One run over all peers.
#[derive(Default)]
struct Round {
    ended: Vec<(Asked, Verdict)>,
    /// The best chain so far, if one is longer than ours.
    best: Option<(Asked, Staging)>,
}

impl Peers {
    /// Asks all peers side by side and takes the longest valid chain over if it is longer than ours. Of equally long
    /// ones the first registered peer's counts; what a peer claims does not.
    ///
    /// Calls at the same time share runs: one goes on, and one waits that all later callers get the result of.
    pub(crate) async fn resolve(&self) -> Result<Resolution, LedgerError> {
        self.shared.turns.share(|| self.run()).await
    }

    async fn run(&self) -> Result<Resolution, LedgerError> {
        let mut attempt = 1;
        loop {
            let Round { mut ended, best } = self.round().await?;
            let mut from = None;
            if let Some((asked, staging)) = best {
                let length = staging.length();
                let verdict = match self.shared.store.adopt(staging).await? {
                    Adoption::Adopted { from: first, .. } => {
                        from = Some(first);
                        Verdict::Adopted {
                            length,
                            from: first,
                        }
                    }
                    Adoption::NotLonger => self.not_longer(length),
                    Adoption::BaseChanged if attempt < ATTEMPTS => {
                        attempt += 1;
                        continue;
                    }
                    Adoption::BaseChanged => Verdict::ChainChanged,
                };
                ended.push((asked, verdict));
            }
            return Ok(self.conclude(ended, from).await);
        }
    }

    /// Asks every peer once and keeps the best chain.
    async fn round(&self) -> Result<Round, LedgerError> {
        let own = self.own_addresses();
        let mut round = Round::default();
        let mut asking: FuturesUnordered<_> = self
            .shared
            .book
            .list()
            .into_iter()
            .map(|peer| self.ask(peer, &own))
            .collect();
        while let Some(answer) = asking.next().await {
            match answer? {
                (asked, Err(verdict)) => round.ended.push((asked, verdict)),
                (asked, Ok(staging)) if staging.length() <= self.our_length() => {
                    let verdict = self.not_longer(staging.length());
                    round.ended.push((asked, verdict));
                }
                (asked, Ok(staging)) => round.compare(asked, staging),
            }
        }
        Ok(round)
    }

    fn our_length(&self) -> u64 {
        self.shared.store.head().borrow().length
    }

    fn not_longer(&self, length: u64) -> Verdict {
        Verdict::NotLonger {
            length,
            ours: self.our_length(),
        }
    }

    /// Keeps what each peer did, and puts the answer together.
    async fn conclude(&self, mut ended: Vec<(Asked, Verdict)>, from: Option<u64>) -> Resolution {
        ended.sort_by_key(|(asked, _)| asked.peer.order);
        let mut reports = Vec::new();
        let mut news = Vec::new();
        for (asked, verdict) in ended {
            let outcome = verdict.outcome(
                asked.verified_blocks,
                asked.duration,
                self.shared.limits.json_depth_max,
            );
            tracing::debug!(peer = %asked.peer.address, code = outcome.code, "{}", outcome.detail);
            reports.push(PeerReport {
                address: asked.peer.address.to_string(),
                asked_at: Some(asked.asked_at),
                outcome: Some(outcome.clone()),
                ..PeerReport::default()
            });
            news.push(News {
                order: asked.peer.order,
                asked_at: asked.asked_at,
                outcome,
            });
        }
        if let Err(error) = self.shared.book.note(news).await {
            // The chain is what was asked for; the caller has the reports.
            tracing::warn!("what the peers did could not be kept: {error}");
        }
        Resolution {
            replaced: from.is_some(),
            from,
            generation: self.shared.store.head().borrow().generation,
            reports,
        }
    }
}

impl Round {
    /// Compares a chain with the best so far. The lesser one is dropped at once, which frees its rows.
    fn compare(&mut self, asked: Asked, staging: Staging) {
        let rank =
            |(asked, staging): &(Asked, Staging)| (staging.length(), Reverse(asked.peer.order));
        let one = (asked, staging);
        let (best, lesser) = match self.best.take() {
            None => {
                self.best = Some(one);
                return;
            }
            Some(other) if rank(&other) > rank(&one) => (other, one),
            Some(other) => (one, other),
        };
        let verdict = Verdict::ShorterThanBest {
            length: lesser.1.length(),
            best: best.1.length(),
            best_peer: best.0.peer.address.to_string(),
        };
        self.best = Some(best);
        self.ended.push((lesser.0, verdict));
    }
}
