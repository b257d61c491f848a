//! The one reader of the blocks.

use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger::LedgerError;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::shared::Shared;
use crate::deliver::{Blocks, Source, Which};
use crate::failure::peer_unavailable;
use crate::wire::check_number;

/// How long one peer may take to send its first block.
const OPENS_WITHIN: Duration = Duration::from_secs(5);
/// How often is looked whether the stream is needed, and whether it is alive.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a peer may send nothing while somebody waits; then the next one is asked. Doubles where that does not help, since the blocks
/// may be large or the orderers away.
const SILENT_AT_MOST: Duration = Duration::from_secs(8);
const SILENT_AT_MOST_MAX: Duration = Duration::from_secs(64);
/// How long the stream is kept that nobody needs.
const KEPT_IDLE: Duration = Duration::from_secs(60);
/// How long is waited when no peer could be reached; doubles up to the second.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(5);

/// How far the follower is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It does not know yet at which block to begin.
    Opening,
    /// No block from now on passes unseen, even where the stream breaks.
    Following,
    /// No peer sends blocks; it goes on trying.
    Unavailable,
}

pub(super) type StageReceiver = watch::Receiver<Stage>;

/// A follower at work.
#[derive(Debug)]
pub(super) struct Running {
    task: JoinHandle<()>,
    stage: StageReceiver,
}

impl Running {
    /// Has to be called within a runtime.
    pub(super) fn start(shared: &Arc<Shared>, source: &Source) -> Self {
        let (sender, stage) = watch::channel(Stage::Opening);
        let follower = Follower {
            shared: shared.clone(),
            stage: sender,
            source: source.clone(),
            peer: 0,
            last: None,
            failed: 0,
            was_refused: false,
            pause: AGAIN_AFTER,
            silent_at_most: SILENT_AT_MOST,
            needed_at: Instant::now(),
        };
        Self {
            task: tokio::spawn(follower.run()),
            stage,
        }
    }

    pub(super) fn stage(&self) -> StageReceiver {
        self.stage.clone()
    }

    /// Its runtime ended, or nobody needed it.
    pub(super) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    pub(super) fn end(self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Follower {
    shared: Arc<Shared>,
    stage: watch::Sender<Stage>,
    source: Source,
    /// Which of its peers is asked.
    peer: usize,
    /// The last block that was seen.
    last: Option<u64>,
    /// How many peers in a row failed, and whether one of them refused.
    failed: usize,
    was_refused: bool,
    pause: Duration,
    silent_at_most: Duration,
    needed_at: Instant,
}

/// Why reading came to an end.
enum End {
    NobodyWaits,
    Silence,
    Failure(LedgerError),
}

impl Follower {
    async fn run(mut self) {
        loop {
            let end = match self.open().await {
                Ok(blocks) => self.read(blocks).await,
                Err(error) => End::Failure(error),
            };
            match end {
                End::NobodyWaits => return,
                End::Silence => {
                    self.silent_at_most = (self.silent_at_most * 2).min(SILENT_AT_MOST_MAX);
                }
                End::Failure(error) => {
                    self.was_refused |= matches!(error, LedgerError::AccessDenied { .. });
                    self.failed += 1;
                }
            }
            let peers = self.source.peers.len();
            self.peer = (self.peer + 1) % peers;
            if self.failed >= peers {
                self.all_failed().await;
                if self.ends_idle(Instant::now()) {
                    return;
                }
                sleep(self.pause).await;
                self.pause = (self.pause * 2).min(AGAIN_AFTER_MAX);
            }
        }
    }

    /// Opens a stream at the last block that was seen, or the newest: a peer is silent until it has a block to send, and so sends one
    /// at once.
    async fn open(&mut self) -> Result<Blocks, LedgerError> {
        let (source, peer) = (&self.source, &self.source.peers[self.peer]);
        let last = self.last;
        let opening = async {
            let first = match last {
                Some(last) => last,
                None => match source.block_of(peer, Which::Newest).await? {
                    Some(newest) => newest.number,
                    None => return Err(peer_unavailable("the peer has not the channel")),
                },
            };
            let mut blocks = source.follow(peer, first).await?;
            next_of(&mut blocks, first).await?;
            Ok((first, blocks))
        };
        let opened = timeout(OPENS_WITHIN, opening).await;
        let opened = opened.unwrap_or_else(|_| {
            let silent = format!("{} did not send a block in time", peer.address);
            Err(peer_unavailable(silent))
        });
        let (first, blocks) = opened.inspect_err(|error| source.note(self.peer, error))?;
        self.last = Some(first);
        self.was_refused = false;
        self.stage.send_replace(Stage::Following);
        Ok(blocks)
    }

    async fn read(&mut self, mut blocks: Blocks) -> End {
        let mut heard_at = Instant::now();
        loop {
            let due = self.last.map_or(0, |last| last + 1);
            match timeout(LOOK_EVERY, next_of(&mut blocks, due)).await {
                Ok(Ok(block)) => {
                    self.shared.see(&block);
                    self.last = Some(block.number);
                    // Only now: a stream that breaks again and again is not asked for without a pause.
                    self.failed = 0;
                    self.pause = AGAIN_AFTER;
                    self.silent_at_most = SILENT_AT_MOST;
                    heard_at = Instant::now();
                }
                Ok(Err(error)) => return End::Failure(error),
                Err(_) => {
                    let waiting_since = self.shared.waiters().waiting_since();
                    let since = waiting_since.map(|since| since.max(heard_at));
                    if since.is_some_and(|since| since.elapsed() >= self.silent_at_most) {
                        return End::Silence;
                    }
                }
            }
            if self.ends_idle(Instant::now()) {
                return End::NobodyWaits;
            }
        }
    }

    /// Blocks cannot be had. Who waits goes on waiting where peers are away, as they come back; not where they refuse.
    async fn all_failed(&mut self) {
        let has_begun_anew = self.has_begun_anew().await;
        if has_begun_anew {
            // Of what is awaited nothing may come any more; it is learnt of in another way.
            self.last = None;
        }
        if self.was_refused || has_begun_anew {
            self.shared.waiters().clear();
        }
        if self.was_refused || self.last.is_none() {
            self.stage.send_replace(Stage::Unavailable);
        }
        self.failed = 0;
        self.was_refused = false;
    }

    /// Whether no peer has the last block that was seen although some answer: the channel was made anew.
    async fn has_begun_anew(&self) -> bool {
        let Some(last) = self.last else { return false };
        let (newest, _) = self.source.newest_of_all().await;
        newest.is_some_and(|newest| newest.number < last)
    }

    /// Whether nobody needed the blocks for long; who comes from now on starts a new follower then.
    fn ends_idle(&mut self, now: Instant) -> bool {
        let mut running = self.shared.running();
        self.shared.pending().forget_old(now);
        if self.shared.is_needed() {
            self.needed_at = now;
        }
        let is_over = now.duration_since(self.needed_at) >= KEPT_IDLE;
        if is_over {
            *running = None;
        }
        is_over
    }
}

async fn next_of(blocks: &mut Blocks, due: u64) -> Result<crate::wire::Block, LedgerError> {
    let block = blocks.next().await?;
    let block = block.ok_or_else(|| peer_unavailable("the peer has not the channel"))?;
    check_number(&block, due).map_err(|error| peer_unavailable(error.to_string()))?;
    Ok(block)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::Timestamp;

    use super::super::tests::shared;
    use super::super::{Expectation, NotSeen};
    use super::*;
    use crate::block_server::{BlockServer, chain, ledger};
    use crate::endpoint::Peer;
    use crate::identity::{CurrentIdentity, Identity, KeyKind, testing};
    use crate::profile::NodeEntry;

    #[tokio::test]
    async fn a_channel_that_was_made_anew_is_followed_from_its_end_and_what_waits_is_told() {
        let server = BlockServer::start(chain("b", 3)).await;
        let shared = shared();
        let (stage, told) = watch::channel(Stage::Following);
        let mut follower = Follower {
            shared: shared.clone(),
            stage,
            source: ledger(&[&server]).source,
            peer: 0,
            last: Some(7),
            failed: 1,
            was_refused: false,
            pause: AGAIN_AFTER,
            silent_at_most: SILENT_AT_MOST,
            needed_at: Instant::now(),
        };
        let mut waits = Expectation::new(&shared, "a").unwrap();
        follower.all_failed().await;
        assert_eq!((follower.last, *told.borrow()), (None, Stage::Unavailable));
        let deadline = Instant::now() + Duration::from_secs(60);
        assert_eq!(waits.wait(deadline).await, Err(NotSeen::NoBlocks));
        assert!(follower.open().await.is_ok());
        assert_eq!(follower.last, Some(2));
        // One that is as long as what was seen, or longer, goes on.
        follower.all_failed().await;
        assert_eq!((follower.last, *told.borrow()), (Some(2), Stage::Following));
    }

    /// Nobody listens at its only peer.
    fn source() -> Source {
        let credentials = testing::credentials(KeyKind::P256);
        let identity = Identity::new(&credentials, Timestamp::now()).unwrap();
        let entry = NodeEntry {
            name: "peer0".to_owned(),
            url: "grpc://127.0.0.1:9".to_owned(),
            tls_roots: None,
            server_name: None,
        };
        let peers = Arc::new([Peer::new(&entry, None).unwrap()]);
        Source::new(CurrentIdentity::new(identity), "trade".to_owned(), peers)
    }

    #[tokio::test]
    async fn the_stream_is_closed_when_it_was_not_needed_for_a_minute() {
        let shared = shared();
        let start = Instant::now();
        let mut follower = Follower {
            shared: shared.clone(),
            stage: watch::channel(Stage::Following).0,
            source: source(),
            peer: 0,
            last: Some(7),
            failed: 0,
            was_refused: false,
            pause: AGAIN_AFTER,
            silent_at_most: SILENT_AT_MOST,
            needed_at: start,
        };
        assert!(!follower.ends_idle(start + KEPT_IDLE / 2));
        let expectation = Expectation::new(&shared, "a").unwrap();
        assert!(!follower.ends_idle(start + KEPT_IDLE));
        drop(expectation);
        assert!(!follower.ends_idle(start + KEPT_IDLE * 2 - LOOK_EVERY));
        assert!(follower.ends_idle(start + KEPT_IDLE * 2));
    }
}
