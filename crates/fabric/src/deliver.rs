//! Blocks as a peer sends them: one stream, many blocks in flight.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::{LedgerError, PeerReport};
use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;
use tonic::{Status, Streaming};

use crate::chain_info::ChainBeginning;
use crate::endpoint::Peer;
use crate::failure::{explain_deliver, peer_unavailable};
use crate::identity::{CurrentIdentity, IdentityState};
use crate::kept::Kept;
use crate::newest::Seen;
use crate::proposal::sign_seek;
use crate::transport::Transport;
use crate::troubles::Troubles;
use crate::wire::proto::common::{self, Status as Answer};
use crate::wire::proto::orderer::{self, seek_position};
use crate::wire::proto::protos::{DeliverResponse, deliver_response};
use crate::wire::{Block, check_data_hash};

/// How long the first block of a bounded request may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// How long a peer is waited for where there is another to ask.
const SILENT_AT_MOST: Duration = Duration::from_secs(5);

/// Up to so many bytes are worked on where they came: another thread would cost more than it spares.
const LITTLE_BYTES_MAX: usize = 16 << 10;

/// Which block is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Number(u64),
    Newest,
}

/// Over which connection to a peer.
type Connection = fn(&Peer) -> &Transport;

/// Where blocks come from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) identity: CurrentIdentity,
    pub(crate) channel: String,
    /// At least one.
    pub(crate) peers: Arc<[Peer]>,
    /// What last went wrong with each.
    pub(crate) troubles: Troubles,
    /// Where the chain begins that they have.
    pub(crate) beginning: ChainBeginning,
    /// What they last said of themselves.
    pub(crate) reports: Arc<Kept<Vec<PeerReport>>>,
    /// Whether enough orderers were there when they were last asked.
    pub(crate) orderers: Arc<Kept<Result<(), LedgerError>>>,
    /// The last block that any of them was seen to have.
    pub(crate) seen: Seen,
}

/// Blocks that a peer sends one after the other.
#[derive(Debug)]
pub(crate) struct Blocks {
    address: String,
    stream: Streaming<DeliverResponse>,
    /// Tells when the identity that asked for them is replaced or withdrawn.
    changes: watch::Receiver<IdentityState>,
}

impl Source {
    /// Of which nothing is known yet; at least one peer.
    pub(crate) fn new(identity: CurrentIdentity, channel: String, peers: Arc<[Peer]>) -> Self {
        Self {
            identity,
            channel,
            peers,
            troubles: Troubles::default(),
            beginning: ChainBeginning::default(),
            reports: Arc::default(),
            orderers: Arc::default(),
            seen: Seen::default(),
        }
    }

    /// One block; `None` where the chain is not that long. Peers that failed a moment ago are asked last.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn block(&self, which: Which) -> Result<Option<Block>, LedgerError> {
        let mut refusal = None;
        let mut is_lacking = false;
        for (turn, index) in self.in_turn().into_iter().enumerate() {
            let peer = &self.peers[index];
            let is_last = turn + 1 == self.peers.len();
            let within = if is_last {
                ANSWERS_WITHIN
            } else {
                SILENT_AT_MOST
            };
            let error = match timeout(within, self.block_of(peer, which)).await {
                // Another may have it: this one may be behind, or was started from a snapshot.
                Ok(Ok(None)) => {
                    is_lacking = true;
                    continue;
                }
                Ok(Err(error @ LedgerError::Unavailable { .. })) => error,
                Ok(outcome) => return outcome,
                Err(_) => {
                    let silent = format!("{} did not send the block in time", peer.address);
                    peer_unavailable(silent)
                }
            };
            self.note(index, &error);
            refusal = Some(error);
        }
        match refusal {
            None if is_lacking => Ok(None),
            // Who could not be asked may have it, unless nobody was ever seen to have come so far.
            Some(_) if is_lacking && self.seen.is_before(which) => Ok(None),
            refusal => Err(refusal.unwrap_or_else(no_peers)),
        }
    }

    /// The same of one peer, however long it takes.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn block_of(
        &self,
        peer: &Peer,
        which: Which,
    ) -> Result<Option<Block>, LedgerError> {
        let position = match which {
            Which::Number(number) => {
                seek_position::Type::Specified(orderer::SeekSpecified { number })
            }
            Which::Newest => seek_position::Type::Newest(orderer::SeekNewest {}),
        };
        let opening = self.open_at(peer, Peer::transport, position, Some(position));
        opening.await?.next().await
    }

    /// The blocks from this number on, then each new one, of one peer, however long it is silent.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn follow(&self, peer: &Peer, number: u64) -> Result<Blocks, LedgerError> {
        let start = seek_position::Type::Specified(orderer::SeekSpecified { number });
        self.open_at(peer, Peer::transport, start, None).await
    }

    /// The same for who reads them at their own pace, from the first peer that takes the request, without those passed over, by their index; and
    /// which one that is.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn follow_at(
        &self,
        number: u64,
        passed_over: &BTreeSet<usize>,
    ) -> Result<(usize, Blocks), LedgerError> {
        let start = seek_position::Type::Specified(orderer::SeekSpecified { number });
        let mut refusal = None;
        for (index, peer) in self.peers.iter().enumerate() {
            if passed_over.contains(&index) {
                continue;
            }
            let opening = self.open_at(peer, Peer::readers, start, None);
            match self.unless_frozen(peer, opening).await {
                Ok(blocks) => return Ok((index, blocks)),
                Err(error) => {
                    self.note(index, &error);
                    refusal = Some(error);
                }
            }
        }
        Err(refusal.unwrap_or_else(no_peers))
    }

    /// Waits for a peer where there are others. It is silent until it has a block to send; so one that is silent for long is asked something else.
    async fn unless_frozen(
        &self,
        peer: &Peer,
        opening: impl Future<Output = Result<Blocks, LedgerError>>,
    ) -> Result<Blocks, LedgerError> {
        let mut opening = pin!(opening);
        if self.peers.len() > 1 {
            match timeout(SILENT_AT_MOST, &mut opening).await {
                Ok(opened) => return opened,
                Err(_) => drop(self.chain_info(peer).await?),
            }
        }
        opening.await
    }

    /// Opens a stream.
    async fn open_at(
        &self,
        peer: &Peer,
        connection: Connection,
        start: seek_position::Type,
        stop: Option<seek_position::Type>,
    ) -> Result<Blocks, LedgerError> {
        // Before the identity is taken: none of its successors passes unseen.
        let mut changes = self.identity.changes();
        let identity = self.identity.get()?;
        let transport = connection(peer);
        let opening = async {
            let hash = transport.certificate_hash().await?;
            let seek = sign_seek(&identity, &self.channel, start, stop, hash);
            let seek = seek.map_err(|error| Status::internal(error.to_string()))?;
            // The request stays open: a peer ends the stream of blocks when it ends.
            let request = stream::once(async { seek }).chain(stream::pending());
            Peer::deliver(transport).deliver(request).await
        };
        // A peer says nothing before it has a block to send, which may be long.
        let opened = tokio::select! {
            biased;
            Ok(()) = changes.changed() => return Err(outdated(&peer.address)),
            opened = opening => opened,
        };
        match opened {
            Ok(response) => Ok(Blocks {
                address: peer.address.clone(),
                stream: response.into_inner(),
                changes,
            }),
            Err(status) => Err(explain_deliver(&peer.address, &status)),
        }
    }
}

impl Blocks {
    /// Whether the identity that asked for these blocks is no longer the one in use: they are to be asked for anew then.
    pub(crate) fn is_outdated(&self) -> bool {
        self.changes.has_changed().unwrap_or(false)
    }

    /// The next block, whose data hash has been checked; `None` where the peer does not have it: it lies behind the end of the chain, or
    /// before its beginning.
    ///
    /// # Errors
    /// [`LedgerError`]; the stream is over then.
    pub(crate) async fn next(&mut self) -> Result<Option<Block>, LedgerError> {
        let Some(block) = self.next_message().await? else {
            return Ok(None);
        };
        let address = &self.address;
        let broken = |error: String| LedgerError::Storage {
            detail: format!("{address} sent a block that cannot be trusted: {error}"),
        };
        let bytes = size(&block);
        let checked = on_a_fitting_thread(bytes, move || {
            let block = Block::from_message(block).map_err(|error| error.to_string())?;
            check_data_hash(&block).map_err(|error| error.to_string())?;
            Ok(block)
        });
        let checked = checked.await.map_err(|error| broken(error.to_string()))?;
        checked.map(Some).map_err(broken)
    }

    /// The same, with nothing checked yet.
    ///
    /// # Errors
    /// [`LedgerError`]; the stream is over then.
    pub(crate) async fn next_message(&mut self) -> Result<Option<common::Block>, LedgerError> {
        let address = &self.address;
        let mut changes = self.changes.clone();
        let message = tokio::select! {
            biased;
            // No stream outlives the identity that it was opened with.
            Ok(()) = changes.changed() => return Err(outdated(address)),
            message = self.stream.message() => message,
        };
        let message = message.map_err(|status| explain_deliver(address, &status))?;
        let answer = message.and_then(|message| message.r#type);
        match answer {
            Some(deliver_response::Type::Block(block)) => Ok(Some(block)),
            Some(deliver_response::Type::Status(status)) => match Answer::try_from(status) {
                Ok(Answer::NotFound) => Ok(None),
                Ok(Answer::Forbidden) => Err(LedgerError::AccessDenied {
                    detail: format!(
                        "{address} does not send the channel's blocks to this identity"
                    ),
                }),
                status => {
                    let status = status.map_or("an unknown status", |status| status.as_str_name());
                    Err(peer_unavailable(format!(
                        "{address} ended the stream of blocks with {status}"
                    )))
                }
            },
            _ => Err(peer_unavailable(format!(
                "{address} ended the stream of blocks"
            ))),
        }
    }
}

/// How many bytes of transactions a block has.
pub(crate) fn size(block: &common::Block) -> usize {
    let data = block.data.iter().flat_map(|data| &data.data);
    data.map(Bytes::len).sum()
}

/// Works on so many bytes of blocks: little where they came, and much where it holds up nobody.
///
/// # Errors
/// The work panicked.
pub(crate) async fn on_a_fitting_thread<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    match bytes <= LITTLE_BYTES_MAX {
        true => Ok(work()),
        false => spawn_blocking(work).await,
    }
}

fn outdated(address: &str) -> LedgerError {
    peer_unavailable(format!("the identity changed, so {address} is asked anew"))
}

fn no_peers() -> LedgerError {
    peer_unavailable("the connection has no peers")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::Timestamp;
    use tokio::net::TcpListener;

    use super::*;
    use crate::identity::{Identity, KeyKind, testing};
    use crate::profile::NodeEntry;

    #[tokio::test]
    async fn who_waits_for_a_first_block_hears_at_once_that_the_identity_was_taken_away() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let entry = NodeEntry {
            name: "peer0".to_owned(),
            url: format!("grpc://{}", listener.local_addr().unwrap()),
            tls_roots: None,
            server_name: None,
        };
        let credentials = testing::credentials(KeyKind::P256);
        let identity = Identity::new(&credentials, Timestamp::now()).unwrap();
        let identity = CurrentIdentity::new(identity);
        let peers = Arc::new([Peer::new(&entry, None).unwrap()]);
        let source = Source::new(identity, "trade".to_owned(), peers);
        let follows = source.follow(&source.peers[0], 7);
        let withdraws = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            // It is asked, and has no block yet.
            let asked = connection.accept().await.unwrap().unwrap();
            source.identity.withdraw("`alice` was forgotten");
            (connection, asked)
        };
        let (followed, _held) = tokio::join!(follows, withdraws);
        let error = followed.unwrap_err();
        assert!(
            error.to_string().contains("the identity changed"),
            "{error}"
        );
    }
}
