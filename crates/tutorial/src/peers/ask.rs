//! Asking one peer: from its address to a staged chain, or the reason why there is none.

use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use super::Peers;
use super::address::PeerAddress;
use super::book::Peer;
use super::fetch::ChainBody;
use super::fetch_error::FetchError;
use super::intake::{Source, TakeError, Taken};
use super::own_address::OwnAddresses;
use super::report::Verdict;
use crate::store::{Staging, StoreError};

/// A peer that was asked.
pub(super) struct Asked {
    pub(super) peer: Peer,
    pub(super) asked_at: Timestamp,
    pub(super) duration: Duration,
    pub(super) verified_blocks: u64,
}

impl Source for ChainBody {
    type Error = FetchError;

    async fn piece(&mut self) -> Result<Option<Bytes>, FetchError> {
        self.chunk().await
    }
}

impl Peers {
    /// Asks a peer for its chain, and stages it. The answer is its valid chain, all of it, or what went wrong.
    ///
    /// # Errors
    /// Our own store's.
    pub(super) async fn ask(
        &self,
        peer: Peer,
        own: &OwnAddresses,
    ) -> Result<(Asked, Result<Staging, Verdict>), StoreError> {
        let asked_at = Timestamp::now();
        let began = Instant::now();
        let (verified_blocks, result) = match self.open_in_turn(&peer.address, own).await {
            Err(error) => (0, Err(Verdict::NotFetched(error))),
            Ok((body, _turn)) => {
                let Taken {
                    verified_blocks,
                    result,
                } = self.shared.intake.take(body).await;
                let result = match result {
                    Ok(staging) => Ok(staging),
                    Err(TakeError::Source(error)) => Err(Verdict::NotFetched(error)),
                    Err(TakeError::Chain(error)) => Err(Verdict::Refused(error)),
                    Err(TakeError::Store(error)) => return Err(error),
                };
                (verified_blocks, result)
            }
        };
        let asked = Asked {
            peer,
            asked_at,
            duration: began.elapsed(),
            verified_blocks,
        };
        Ok((asked, result))
    }

    /// Asks a peer, and waits for a turn to read its answer once it has one.
    async fn open_in_turn(
        &self,
        address: &PeerAddress,
        own: &OwnAddresses,
    ) -> Result<(ChainBody, SemaphorePermit<'_>), FetchError> {
        let fetcher = &self.shared.fetcher;
        let body = fetcher.open(address, own).await?;
        let limit = self.shared.limits.idle_timeout;
        if let Ok(turn) = timeout(limit, self.reading_turn()).await {
            return Ok((body, turn));
        }
        // It would take us for a stalled reader. It is asked again when there is time for it.
        drop(body);
        let turn = self.reading_turn().await;
        Ok((fetcher.open(address, own).await?, turn))
    }
}
