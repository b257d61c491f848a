//! Sending again what was sent and has not been seen on the chain, in the background and after a restart.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::commit::{ById, Commits};
use crate::flow::Flow;
use crate::gateway::Endorsed;
use crate::outbox::{Outbox, Verdict};
use crate::same_channel::SameChannel;

/// How often is looked for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many are sent again at once.
const AT_ONCE: usize = 16;
/// How long the orderers may take for one.
const SENT_WITHIN: Duration = Duration::from_secs(10);
/// How often old keys are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// The task that sees after the outbox of a ledger. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Resending(JoinHandle<()>);

impl Drop for Resending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Resending {
    /// Has to be called within a runtime.
    pub(crate) fn start(
        flow: Flow,
        commits: Commits,
        outbox: Outbox,
        same: SameChannel,
    ) -> Arc<Self> {
        let resender = Resender {
            flow,
            commits,
            outbox,
            same,
        };
        Arc::new(Self(tokio::spawn(resender.run())))
    }
}

struct Resender {
    flow: Flow,
    commits: Commits,
    outbox: Outbox,
    same: SameChannel,
}

/// What a look at the chain says of a transaction.
enum Looked {
    /// It stands there, and this became of it.
    Settled(Verdict),
    /// It stands there, and what became of it is not told.
    Stands,
    /// It does not stand there.
    Absent,
}

impl Resender {
    async fn run(self) {
        let mut forgotten_at = Instant::now();
        loop {
            if self.outbox.is_empty() {
                // The error says that nothing happened for long.
                let _ = timeout(FORGET_EVERY, self.outbox.changed()).await;
            } else {
                // Whoever sees blocks tells the outbox of what stands in them.
                self.commits.open();
                let due = self.outbox.due(AT_ONCE);
                if !due.is_empty() {
                    self.see_after_all(&due).await;
                }
                if due.len() < AT_ONCE {
                    sleep(LOOK_EVERY).await;
                }
            }
            if forgotten_at.elapsed() >= FORGET_EVERY {
                forgotten_at = Instant::now();
                self.outbox.forget_old_keys();
            }
        }
    }

    async fn see_after_all(&self, due: &[String]) {
        if let Err(error) = self.same.check(Instant::now() + SENT_WITHIN).await {
            tracing::debug!("nothing is sent again before the channel was seen: {error}");
            return sleep(LOOK_EVERY).await;
        }
        join_all(due.iter().map(|id| self.see_after(id))).await;
    }

    /// Looks whether a transaction stands on the chain, and sends it again if not.
    async fn see_after(&self, id: &str) {
        let looked = self.look(id).await;
        match &looked {
            Ok(Looked::Settled(verdict)) => return self.outbox.seen(id, *verdict),
            Ok(Looked::Stands) => self.outbox.stands(id),
            Ok(Looked::Absent) => (),
            // It can be sent twice; not to send it would be worse.
            Err(error) => tracing::debug!(id, "looking for a transaction: {error}"),
        }
        if self.outbox.is_standing(id) {
            return self.outbox.postpone(id);
        }
        match self.send(id).await {
            Ok(()) | Err(LedgerError::Unconfirmed { .. }) => self.outbox.sent_again(id),
            // Of one that may stand there already a refusal says nothing.
            Err(error) if is_refusal(&error) && looked.is_err() => {
                tracing::debug!(id, "a transaction was refused and not looked for: {error}");
                self.outbox.postpone(id);
            }
            Err(error) if is_refusal(&error) => self.refused(id, &error).await,
            Err(error) => {
                tracing::debug!(id, "sending a transaction again: {error}");
                self.outbox.sent_again(id);
            }
        }
    }

    async fn look(&self, id: &str) -> Result<Looked, LedgerError> {
        match ById::find(&self.flow, id, Instant::now() + SENT_WITHIN).await {
            Ok(found) => Ok(found
                .placed()
                .verdict()
                .map_or(Looked::Stands, Looked::Settled)),
            Err(LedgerError::NotFound { .. }) => Ok(Looked::Absent),
            Err(error) if ById::is_before_snapshots(&error) => {
                tracing::warn!(id, "a transaction's outcome is not known: {error}");
                Ok(Looked::Stands)
            }
            Err(error) => Err(error),
        }
    }

    async fn send(&self, id: &str) -> Result<(), LedgerError> {
        let Some(envelope) = self.outbox.envelope(id).await? else {
            // It was seen in the meantime.
            return Ok(());
        };
        let endorsed = Endorsed {
            transaction_id: id.to_owned(),
            envelope,
            result: Bytes::new(),
        };
        let deadline = Instant::now() + SENT_WITHIN;
        self.flow.submit_again(&endorsed, deadline).await
    }

    async fn refused(&self, id: &str, error: &LedgerError) {
        if !self.outbox.refused_again(id) {
            tracing::debug!(id, "a transaction that is sent again was refused: {error}");
            return;
        }
        tracing::warn!(
            id,
            "a transaction is not sent again, since the orderers refuse it: {error}"
        );
        if let Err(error) = self.outbox.refused(id).await {
            tracing::error!("{error}");
        }
    }
}

/// Whether the orderers do not want it, rather than cannot take it now.
fn is_refusal(error: &LedgerError) -> bool {
    matches!(
        error,
        LedgerError::Refused { .. }
            | LedgerError::AccessDenied { .. }
            | LedgerError::NotFound { .. }
    )
}
