//! Seeing to it that what is kept of a channel is of this channel, and not of a former one of the same name.

use std::sync::Arc;
use std::time::Duration;

use chainloom_ledger::LedgerError;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::deliver::{Source, Which};
use crate::outbox::Outbox;

/// How long it is believed that the channel is still the same.
const BELIEVED_FOR: Duration = Duration::from_secs(60);
/// How long callers are told that no peer could be asked, without asking again.
const FAILED_FOR: Duration = Duration::from_secs(1);

/// Compares the beginning of the channel with that of the outbox. Clones share what they found.
#[derive(Debug, Clone)]
pub(crate) struct SameChannel {
    source: Source,
    outbox: Outbox,
    looked: Arc<Mutex<Looked>>,
}

#[derive(Debug, Default)]
struct Looked {
    seen_at: Option<Instant>,
    failed: Option<(Instant, LedgerError)>,
}

impl SameChannel {
    /// Nothing is asked yet.
    pub(crate) fn new(source: Source, outbox: Outbox) -> Self {
        Self {
            source,
            outbox,
            looked: Arc::default(),
        }
    }

    /// Has the outbox hold nothing of another channel. Asks a peer for block 0, but not each time. A channel that was seen is taken for the same
    /// while no peer answers; where none has block 0, as after a start from a snapshot, it cannot be told, and what is kept counts.
    ///
    /// # Errors
    /// [`LedgerError`]: no peer answered since the program started, or the outbox cannot be written.
    pub(crate) async fn check(&self) -> Result<(), LedgerError> {
        let mut looked = self.looked.lock().await;
        if looked
            .seen_at
            .is_some_and(|seen_at| seen_at.elapsed() < BELIEVED_FOR)
        {
            return Ok(());
        }
        if let Some((failed_at, error)) = &looked.failed
            && failed_at.elapsed() < FAILED_FOR
        {
            return Err(error.clone());
        }
        match self.source.block(Which::Number(0)).await {
            Ok(Some(block)) => self.outbox.is_of(block.hash().0).await?,
            Ok(None) | Err(LedgerError::NotFound { .. }) => {
                tracing::debug!(
                    "no peer has block 0: whether the channel is the same cannot be told"
                );
            }
            Err(error) if looked.seen_at.is_none() => {
                looked.failed = Some((Instant::now(), error.clone()));
                return Err(error);
            }
            Err(error) => tracing::debug!("whether the channel is still the same: {error}"),
        }
        looked.seen_at = Some(Instant::now());
        Ok(())
    }
}
