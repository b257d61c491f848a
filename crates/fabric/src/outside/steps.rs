//! What waits for a signature: in memory only, and never more than so much of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chainloom_ledger::{Creator, Payload};
use jiff::Timestamp;
use tokio::time::Instant;

use super::error::OutsideError;
use super::signatory::Signatory;
use crate::call::ChannelCall;
use crate::gateway::Unsigned;
use crate::proposal::Proposal;

/// How long a step waits for its signature.
pub(super) const EXPIRES_AFTER: Duration = Duration::from_secs(300);
/// The most calls that wait at once.
pub(super) const STEPS_MAX: usize = 10_000;
/// The most bytes that they take.
pub(super) const BYTES_MAX: usize = 64 << 20;
/// What one takes beside its own bytes: certificate, names, the entry itself.
const OVERHEAD_BYTES: usize = 4096;

/// A call whose proposal is to be signed.
#[derive(Debug)]
pub(super) struct Proposed {
    pub(super) signatory: Signatory,
    pub(super) call: ChannelCall,
    /// How long each step may take once it is signed.
    pub(super) timeout: Duration,
    pub(super) proposal: Proposal,
    /// Whether it is only to be evaluated.
    pub(super) is_query: bool,
}

/// A transaction that is endorsed and is to be signed.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) unsigned: Unsigned,
    pub(super) result: Payload,
    pub(super) endorsers: Vec<Creator>,
}

/// How far a call has come.
#[derive(Debug, Clone)]
pub(super) enum State {
    Proposed(std::sync::Arc<Proposed>),
    Endorsed(std::sync::Arc<Proposed>, std::sync::Arc<Transaction>),
    /// The orderers have it, or may have it.
    Submitted,
}

impl State {
    fn bytes(&self) -> usize {
        // A call is there twice: as it was given, and in its proposal. So is the result.
        let proposed = |proposed: &Proposed| 2 * proposed.proposal.bytes.len();
        OVERHEAD_BYTES
            + match self {
                Self::Proposed(call) => proposed(call),
                Self::Endorsed(call, transaction) => {
                    proposed(call) + 2 * transaction.unsigned.payload.len()
                }
                Self::Submitted => 0,
            }
    }
}

/// All calls that wait for a signature.
#[derive(Debug, Default)]
pub(super) struct Steps(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<String, Entry>,
    /// Those that no request works on now.
    by_expiry: BTreeSet<(Instant, String)>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    state: State,
    bytes: usize,
    expires: Expiry,
    is_running: bool,
}

/// When a step ends, for the machine and for people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expiry {
    at: Instant,
    pub(super) time: Timestamp,
}

impl Expiry {
    fn after(now: Instant) -> Self {
        Self {
            at: now + EXPIRES_AFTER,
            time: Timestamp::now() + EXPIRES_AFTER,
        }
    }
}

/// One call, held by the request that works on it. Dropping it lets others have it.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    steps: &'a Steps,
    transaction_id: String,
    pub(super) state: State,
    pub(super) expires: Expiry,
}

impl Steps {
    /// Keeps a new call.
    ///
    /// # Errors
    /// [`OutsideError::Full`] and [`OutsideError::TooLarge`].
    pub(super) fn insert(&self, proposed: Proposed, now: Instant) -> Result<Expiry, OutsideError> {
        let id = proposed.proposal.transaction_id.clone();
        let state = State::Proposed(proposed.into());
        let bytes = state.bytes();
        if bytes > BYTES_MAX {
            return Err(OutsideError::TooLarge(bytes));
        }
        let mut kept = self.kept(now);
        if kept.by_id.len() >= STEPS_MAX || kept.bytes + bytes > BYTES_MAX {
            return Err(OutsideError::Full);
        }
        let expires = Expiry::after(now);
        let entry = Entry {
            state,
            bytes,
            expires,
            is_running: false,
        };
        kept.bytes += bytes;
        kept.by_expiry.insert((expires.at, id.clone()));
        kept.by_id.insert(id, entry);
        Ok(expires)
    }

    /// Begins to work on a call, alone.
    ///
    /// # Errors
    /// [`OutsideError::Unknown`] and [`OutsideError::Running`].
    pub(super) fn begin(
        &self,
        transaction_id: &str,
        now: Instant,
    ) -> Result<Lease<'_>, OutsideError> {
        let mut kept = self.kept(now);
        let entry = kept.by_id.get_mut(transaction_id);
        let entry = entry.ok_or_else(|| {
            OutsideError::Unknown(transaction_id.chars().take(80).collect::<String>())
        })?;
        if entry.is_running {
            return Err(OutsideError::Running);
        }
        entry.is_running = true;
        let (state, expires) = (entry.state.clone(), entry.expires);
        let id = transaction_id.to_owned();
        kept.by_expiry.remove(&(expires.at, id.clone()));
        drop(kept);
        Ok(Lease {
            steps: self,
            transaction_id: id,
            state,
            expires,
        })
    }

    /// What is kept, without what expired.
    fn kept(&self, now: Instant) -> MutexGuard<'_, Kept> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.by_expiry.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, id)) = kept.by_expiry.pop_first()
                && let Some(entry) = kept.by_id.remove(&id)
            {
                kept.bytes -= entry.bytes;
            }
        }
        kept
    }
}

impl Lease<'_> {
    /// The next step waits from now on.
    ///
    /// # Errors
    /// [`OutsideError::Full`]; the step is as it was then.
    pub(super) fn advance(&mut self, state: State, now: Instant) -> Result<Expiry, OutsideError> {
        let mut kept = self.steps.kept(now);
        let bytes = state.bytes();
        let others = kept.bytes - kept.by_id[&self.transaction_id].bytes;
        if others + bytes > BYTES_MAX {
            return Err(OutsideError::Full);
        }
        self.expires = Expiry::after(now);
        kept.bytes = others + bytes;
        let entry = self.entry(&mut kept);
        entry.bytes = bytes;
        entry.expires = self.expires;
        entry.state = state;
        Ok(self.expires)
    }

    /// From now on it is submitted, even where the request is broken off.
    pub(super) fn submitting(&self) {
        let mut kept = self.steps.kept(Instant::now());
        self.entry(&mut kept).state = State::Submitted;
    }

    /// It was not submitted after all.
    pub(super) fn not_submitted(&self) {
        let mut kept = self.steps.kept(Instant::now());
        self.entry(&mut kept).state = self.state.clone();
    }

    fn entry<'k>(&self, kept: &'k mut Kept) -> &'k mut Entry {
        let entry = kept.by_id.get_mut(&self.transaction_id);
        entry.expect("what a request works on does not expire")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut kept = self.steps.kept(Instant::now());
        let entry = self.entry(&mut kept);
        entry.is_running = false;
        let place = (entry.expires.at, self.transaction_id.clone());
        // Only that it was submitted is remembered of it.
        let before = entry.bytes;
        entry.bytes = match entry.state {
            State::Submitted => State::Submitted.bytes(),
            _ => before,
        };
        let freed = before - entry.bytes;
        kept.bytes -= freed;
        kept.by_expiry.insert(place);
    }
}

#[cfg(test)]
mod tests;
