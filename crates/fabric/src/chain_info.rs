//! What a peer says of its chain: how far it has come, and where it begins.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use prost::Message as _;
use tokio::time::timeout;

use crate::deliver::Source;
use crate::endpoint::Peer;
use crate::failure::{peer_unavailable, words_of};
use crate::kept::Kept;
use crate::proposal::{Invocation, sign_call};
use crate::wire::proto::common::BlockchainInfo;

/// The contract in every peer that answers what its ledger holds.
const CONTRACT: &str = "qscc";
/// How long a peer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// Answers below this say that a call went well.
const FAILED_FROM: i32 = 400;
/// How long it is believed that the first blocks are nowhere: a peer that has them may come back.
const BEGINNING_KEPT_FOR: Duration = Duration::from_secs(60);
/// The same where no peer told anything.
const SILENCE_KEPT_FOR: Duration = Duration::from_secs(5);

/// Where the chain begins that the peers have; `None` where none of them told.
pub(crate) type ChainBeginning = Arc<Kept<Option<u64>>>;

/// What a peer says of its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChainInfo {
    /// Number of its last block.
    pub(crate) height: u64,
    /// Number of the first block that it can send: not 0 where it was started from a snapshot.
    pub(crate) first_block: u64,
}

impl ChainInfo {
    fn read(answer: Bytes) -> Result<Self, String> {
        let info = BlockchainInfo::decode(answer).map_err(|error| error.to_string())?;
        let snapshot = info.bootstrapping_snapshot_info;
        let first_block = snapshot.map_or(0, |info| info.last_block_in_snapshot.saturating_add(1));
        // Fabric calls height how many blocks there are.
        match info.height.checked_sub(1) {
            Some(height) => Ok(Self {
                height,
                first_block,
            }),
            None => Err("it has no block yet".to_owned()),
        }
    }
}

impl Source {
    /// Asks one peer.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] with what it said instead.
    pub(crate) async fn chain_info(&self, peer: &Peer) -> Result<ChainInfo, LedgerError> {
        let unavailable = |detail: String| peer_unavailable(format!("{}: {detail}", peer.address));
        let invocation = Invocation {
            contract: CONTRACT.to_owned(),
            args: vec![
                Bytes::from_static(b"GetChainInfo"),
                Bytes::copy_from_slice(self.channel.as_bytes()),
            ],
            ..Invocation::default()
        };
        let call = sign_call(&*self.identity.get()?, &self.channel, invocation);
        let call = call.map_err(|error| unavailable(error.to_string()))?;
        let mut endorser = peer.endorser();
        let answer = timeout(ANSWERS_WITHIN, endorser.process_proposal(call.proposal)).await;
        let answer = answer.map_err(|_| unavailable("it did not answer in time".to_owned()))?;
        let answer = answer.map_err(|status| unavailable(words_of(&status)))?;
        let response = answer.into_inner().response.unwrap_or_default();
        if response.status >= FAILED_FROM {
            return Err(unavailable(response.message));
        }
        ChainInfo::read(response.payload).map_err(unavailable)
    }

    /// Number of the first block that any peer can send; `None` while no peer says.
    pub(crate) async fn first_block(&self) -> Option<u64> {
        let beginning = &self.beginning;
        let known = beginning.last().and_then(|last| *last);
        let kept_for = match known {
            // Block 0 does not go away.
            Some(0) => return known,
            Some(_) => BEGINNING_KEPT_FOR,
            None => SILENCE_KEPT_FOR,
        };
        if let Some(kept) = beginning.fresh(kept_for) {
            return *kept;
        }
        let source = self.clone();
        let asking = tokio::spawn(async move {
            let asking = source.beginning.read(async {
                // Somebody else may have asked while this one waited for its turn.
                match source.beginning.fresh(kept_for) {
                    Some(kept) => Ok::<_, Infallible>(*kept),
                    None => Ok(source.ask_first_block().await.or(known)),
                }
            });
            match asking.await {
                Ok(first) => *first,
            }
        });
        match known {
            // They are asked beside it.
            Some(_) => known,
            None => asking.await.ok().flatten(),
        }
    }

    /// Asks all peers side by side.
    async fn ask_first_block(&self) -> Option<u64> {
        let asked = self.peers.iter().map(|peer| self.chain_info(peer));
        let mut answers: FuturesUnordered<_> = asked.collect();
        let mut first = None;
        while let Some(answer) = answers.next().await {
            let Ok(info) = answer else { continue };
            first = Some(info.first_block.min(first.unwrap_or(u64::MAX)));
            // Nothing is before that, whatever the others say.
            if first == Some(0) {
                break;
            }
        }
        first
    }

    /// Why no peer sends a block that is due.
    pub(crate) async fn lacking(&self, number: u64) -> LedgerError {
        let first = self.first_block().await.unwrap_or(0);
        let detail = match number < first {
            true => format!(
                "no peer has block {number}: they were started from a snapshot and have blocks from {first} on"
            ),
            false => format!(
                "the peers' chain ends before block {number}, which they had: was the channel reset?"
            ),
        };
        LedgerError::Storage { detail }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use futures_util::future::join_all;

    use super::*;
    use crate::block_server::{BlockServer, Info, chain, ledger};
    use crate::wire::proto::common::BootstrappingSnapshotInfo;

    async fn server(info: Info) -> BlockServer {
        let server = BlockServer::start(chain("a", 1)).await;
        server.says(info);
        server
    }

    /// Does it while the clock stands still: whoever waits for a silent peer's time to end waits in vain.
    async fn in_no_time<T>(future: impl Future<Output = T>) -> T {
        let begin = std::time::Instant::now();
        // A clock that is paused goes on by itself while there is nothing to do.
        let always_busy = async {
            while begin.elapsed() < Duration::from_secs(60) {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            told = future => told,
            () = always_busy => panic!("it waits for the time to go on"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_the_chain_begins_is_asked_once_and_then_known() {
        let (snapshot, other) = in_no_time(async {
            let snapshot = server(Info::Begins(5)).await;
            (snapshot, server(Info::Begins(7)).await)
        })
        .await;
        let source = ledger(&[&snapshot, &other]).source;
        let asked = in_no_time(join_all((0..10).map(|_| source.first_block()))).await;
        assert_eq!(asked, [Some(5); 10]);
        assert_eq!(source.first_block().await, Some(5));
        assert_eq!((snapshot.info_count(), other.info_count()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_says_nothing_holds_up_no_other() {
        let (silent, whole) =
            in_no_time(async { (server(Info::Silence).await, server(Info::Begins(0)).await) })
                .await;
        let source = ledger(&[&silent, &whole]).source;
        assert_eq!(in_no_time(source.first_block()).await, Some(0));
        // Block 0 does not go away.
        tokio::time::advance(BEGINNING_KEPT_FOR * 100).await;
        assert_eq!(in_no_time(source.first_block()).await, Some(0));
        assert_eq!(whole.info_count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_known_is_told_at_once_while_the_peers_are_asked_anew() {
        let snapshot = in_no_time(server(Info::Begins(5))).await;
        let source = ledger(&[&snapshot]).source;
        assert_eq!(in_no_time(source.first_block()).await, Some(5));
        let asked = async |count| {
            let asked = async {
                while snapshot.info_count() < count {
                    tokio::task::yield_now().await;
                }
            };
            in_no_time(asked).await;
        };
        snapshot.says(Info::Silence);
        tokio::time::advance(BEGINNING_KEPT_FOR).await;
        assert_eq!(in_no_time(source.first_block()).await, Some(5));
        asked(2).await;
        // It had its time, and what it does not tell again stays known.
        tokio::time::advance(ANSWERS_WITHIN).await;
        assert_eq!(in_no_time(source.first_block()).await, Some(5));
        // One that has more by now is believed.
        snapshot.says(Info::Begins(0));
        tokio::time::advance(BEGINNING_KEPT_FOR * 2).await;
        let told_anew = async {
            while source.first_block().await != Some(0) {
                tokio::task::yield_now().await;
            }
        };
        in_no_time(told_anew).await;
        assert_eq!(snapshot.info_count(), 3);
    }

    #[test]
    fn a_chain_from_a_snapshot_begins_behind_it() {
        let info = |height, snapshot: Option<u64>| {
            let info = BlockchainInfo {
                height,
                bootstrapping_snapshot_info: snapshot.map(|last| BootstrappingSnapshotInfo {
                    last_block_in_snapshot: last,
                }),
                ..BlockchainInfo::default()
            };
            ChainInfo::read(info.encode_to_vec().into()).map(|info| (info.height, info.first_block))
        };
        assert_eq!(info(8, None), Ok((7, 0)));
        assert_eq!(info(8, Some(4)), Ok((7, 5)));
        assert_eq!(info(u64::MAX, Some(u64::MAX)), Ok((u64::MAX - 1, u64::MAX)));
        assert_eq!(info(0, None), Err("it has no block yet".to_owned()));
        let error = ChainInfo::read(Bytes::from_static(b"x")).unwrap_err();
        assert!(!error.is_empty());
    }
}
