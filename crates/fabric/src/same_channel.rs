//! Seeing to it that what is kept of a channel is of this channel, and not of a former one of the same name.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chainloom_ledger::LedgerError;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout, timeout_at};

use crate::deliver::{Source, Which};
use crate::endpoint::Peer;
use crate::failure::peer_unavailable;
use crate::kept::Kept;
use crate::outbox::Outbox;

/// How long it is believed that the channel is still the same.
const BELIEVED_FOR: Duration = Duration::from_secs(60);
/// How long callers are told that no peer could be asked, without asking again.
const FAILED_FOR: Duration = Duration::from_secs(1);
/// How long a peer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// How long a caller waits to learn whether a channel that was seen before is still the same.
const SEEN_AGAIN_WITHIN: Duration = Duration::from_secs(3);

/// Compares the beginning of the channel with that of the outbox. Clones share what they found.
#[derive(Debug, Clone)]
pub(crate) struct SameChannel {
    source: Source,
    outbox: Outbox,
    /// The hash of block 0 as it was seen; `None` where no peer has it.
    seen: Arc<Kept<Option<[u8; 32]>>>,
    failed: Arc<Mutex<Option<(Instant, LedgerError)>>>,
}

impl SameChannel {
    /// Nothing is asked yet.
    pub(crate) fn new(source: Source, outbox: Outbox) -> Self {
        Self {
            source,
            outbox,
            seen: Arc::default(),
            failed: Arc::default(),
        }
    }

    /// Has the outbox hold nothing of another channel. Asks the peers for block 0, but not each time, and goes on asking where the caller waits no
    /// longer. A channel that was seen is taken for the same while no peer answers; where none has block 0, as after a start from a snapshot,
    /// it cannot be told, and what is kept counts.
    ///
    /// # Errors
    /// [`LedgerError`]: no peer answered since the program started, or none before the deadline; the peers disagree; or the outbox cannot be
    /// written.
    pub(crate) async fn check(&self, deadline: Instant) -> Result<(), LedgerError> {
        if self.seen.fresh(BELIEVED_FOR).is_some() {
            return Ok(());
        }
        let was_seen = self.seen.last().is_some();
        let looking = self.clone();
        let looking = tokio::spawn(async move {
            let seen = looking.seen.clone();
            seen.read(looking.look()).await.map(|_| ())
        });
        let deadline = match was_seen {
            true => deadline.min(Instant::now() + SEEN_AGAIN_WITHIN),
            false => deadline,
        };
        match timeout_at(deadline, looking).await {
            Ok(Ok(looked)) => looked,
            Ok(Err(_)) => Err(LedgerError::ShuttingDown),
            Err(_) if was_seen => Ok(()),
            Err(_) => Err(peer_unavailable(
                "no peer sent block 0 in time, so that it is not known whether what is kept is of this channel; nothing was submitted"
                    .to_owned(),
            )),
        }
    }

    async fn look(&self) -> Result<Option<[u8; 32]>, LedgerError> {
        // Others may have looked while this one waited for its turn.
        if let Some(seen) = self.seen.fresh(BELIEVED_FOR) {
            return Ok(*seen);
        }
        let failed = || self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((failed_at, error)) = &*failed()
            && failed_at.elapsed() < FAILED_FOR
        {
            return Err(error.clone());
        }
        let outcome = match (self.beginning().await, self.seen.last()) {
            (Ok(Some(hash)), _) => self.outbox.is_of(hash).await.map(|()| Some(hash)),
            (Ok(None), last) => {
                tracing::debug!(
                    "no peer has block 0: whether the channel is the same cannot be told"
                );
                Ok(last.and_then(|last| *last))
            }
            (Err(Unseen::Silent(error)), Some(last)) => {
                tracing::debug!("whether the channel is still the same: {error}");
                Ok(*last)
            }
            (Err(Unseen::Silent(error) | Unseen::Disagree(error)), _) => Err(error),
        };
        if let Err(error) = &outcome {
            *failed() = Some((Instant::now(), error.clone()));
        }
        outcome
    }

    /// The hash of block 0, of which all peers that answer have to say the same; `None` where those have none. One that says what they said
    /// before is enough.
    async fn beginning(&self) -> Result<Option<[u8; 32]>, Unseen> {
        let known = self.seen.last().and_then(|seen| *seen);
        let asked = self.source.peers.iter().map(|peer| self.ask(peer));
        let mut answers: FuturesUnordered<_> = asked.collect();
        let mut seen: Option<(&String, [u8; 32])> = None;
        let mut is_answered = false;
        let mut silent = None;
        while let Some((address, answer)) = answers.next().await {
            match answer {
                Ok(Some(hash)) if known == Some(hash) => return Ok(known),
                Ok(Some(hash)) => match seen {
                    Some((first, other)) if other != hash => {
                        return Err(Unseen::Disagree(peer_unavailable(format!(
                            "{first} and {address} have different blocks 0: they are on different channels of this name, so nothing is sent \
                             and nothing that is kept was dropped; connect with the peers of one of them"
                        ))));
                    }
                    _ => seen = Some((address, hash)),
                },
                Ok(None) => is_answered = true,
                Err(error) => silent = Some(error),
            }
        }
        match (seen, is_answered, silent) {
            (Some((_, hash)), _, _) => Ok(Some(hash)),
            (None, false, Some(error)) => Err(Unseen::Silent(error)),
            (None, _, _) => Ok(None),
        }
    }

    /// Block 0 as one peer has it, by its hash.
    async fn ask<'a>(&self, peer: &'a Peer) -> (&'a String, Result<Option<[u8; 32]>, LedgerError>) {
        let asking = self.source.block_of(peer, Which::Number(0));
        let answer = match timeout(ANSWERS_WITHIN, asking).await {
            Ok(Ok(block)) => Ok(block.map(|block| block.hash().0)),
            Ok(Err(LedgerError::NotFound { .. })) => Ok(None),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let silent = format!("{} did not send block 0 in time", peer.address);
                Err(peer_unavailable(silent))
            }
        };
        (&peer.address, answer)
    }
}

/// Why the beginning of a channel is not known.
enum Unseen {
    /// Nobody answers.
    Silent(LedgerError),
    /// Peers say different things.
    Disagree(LedgerError),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use jiff::Timestamp;
    use prost::Message as _;
    use tokio::net::TcpListener;
    use tonic::codegen::http::{HeaderMap, HeaderValue, Response};

    use super::*;
    use crate::identity::{CurrentIdentity, Identity, KeyKind, testing};
    use crate::profile::NodeEntry;
    use crate::wire::proto::common::Block;
    use crate::wire::proto::protos::{DeliverResponse, deliver_response};

    const GENESIS: &[u8] = include_bytes!("../tests/data/raft-genesis.block");

    /// Block 0 of a channel; `other` is another channel's.
    fn genesis(is_other: bool) -> Block {
        let mut block = Block::decode(GENESIS).unwrap();
        if is_other {
            block.header.as_mut().unwrap().previous_hash = Bytes::from_static(&[9; 32]);
        }
        block
    }

    /// A node that sends this block to whoever asks, or answers nothing, and counts who asked.
    async fn node(block: Option<Block>) -> (Peer, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let entry = NodeEntry {
            name: "peer".to_owned(),
            url: format!("grpc://{}", listener.local_addr().unwrap()),
            tls_roots: None,
            server_name: None,
        };
        let asked = Arc::new(AtomicUsize::new(0));
        tokio::spawn(serve(listener, block, asked.clone()));
        (Peer::new(&entry, None).unwrap(), asked)
    }

    async fn serve(listener: TcpListener, block: Option<Block>, asked: Arc<AtomicUsize>) {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let mut unanswered = Vec::new();
        while let Some(Ok((request, mut answer))) = connection.accept().await {
            asked.fetch_add(1, Ordering::Relaxed);
            let Some(block) = block.clone() else {
                unanswered.push((request, answer));
                continue;
            };
            let message = DeliverResponse {
                r#type: Some(deliver_response::Type::Block(block)),
            };
            let message = message.encode_to_vec();
            let length = u32::try_from(message.len()).unwrap();
            let message = [&[0][..], &length.to_be_bytes(), &message].concat();
            let head = Response::builder().header("content-type", "application/grpc");
            let mut sent = answer.send_response(head.body(()).unwrap(), false).unwrap();
            sent.send_data(message.into(), false).unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            sent.send_trailers(trailers).unwrap();
        }
    }

    fn same(peers: Vec<Peer>) -> SameChannel {
        let credentials = testing::credentials(KeyKind::P256);
        let identity = Identity::new(&credentials, Timestamp::now()).unwrap();
        let identity = CurrentIdentity::new(identity);
        let source = Source::new(identity, "trade".to_owned(), peers.into());
        SameChannel::new(source, Outbox::in_memory("trade"))
    }

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(3600)
    }

    #[tokio::test]
    async fn one_peers_word_against_anothers_drops_nothing() {
        let (honest, _) = node(Some(genesis(false))).await;
        let (lying, _) = node(Some(genesis(true))).await;
        let names = [honest.address.clone(), lying.address.clone()];
        let both = same(vec![lying, honest.clone()]);
        let error = both.check(far()).await.unwrap_err();
        assert_eq!(error.code(), "peer_unavailable");
        let told = error.to_string();
        assert!(names.iter().all(|name| told.contains(name)), "{told}");
        assert!(both.seen.last().is_none());
        let (honest, _) = node(Some(genesis(false))).await;
        same(vec![honest]).check(far()).await.unwrap();
    }

    #[tokio::test]
    async fn a_caller_waits_no_longer_than_it_said_and_all_are_told_by_one_asking() {
        let (silent, asked) = node(None).await;
        let silent = same(vec![silent]);
        let soon = || Instant::now() + Duration::from_millis(50);
        let callers = [silent.check(soon()), silent.check(soon())];
        for told in futures_util::future::join_all(callers).await {
            let told = told.unwrap_err().to_string();
            assert!(told.contains("nothing was submitted"), "{told}");
        }
        assert!(asked.load(Ordering::Relaxed) <= 1);

        let (honest, asked) = node(Some(genesis(false))).await;
        let honest = same(vec![honest]);
        for _ in 0..3 {
            honest.check(far()).await.unwrap();
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
