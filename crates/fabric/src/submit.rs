//! Submitting a call: its endorsement, its way to the orderers, its commit.

#[cfg(test)]
mod tests;

use std::{fmt, panic};

use bytes::Bytes;
use chainloom_ledger as words;
use chainloom_ledger::{Call, InvokeOptions, LedgerError, Receipt, ReceiptStatus, Version, Wait};
use tokio::time::{Instant, sleep};

use crate::call::ChannelCall;
use crate::commit::{ById, Expectation, Settled, keep_sending, pause_before_retry, settle};
use crate::gateway::{Commit, Endorsed};
use crate::ledger::FabricLedger;
use crate::outbox::{KeyUse, NewEntry, Request, Used, Verdict};
use crate::present;
use crate::wire::ValidationCode;

impl FabricLedger {
    /// Submits a call. It goes on to its end where the caller goes away: its key must not be free for another while it is written down.
    pub(crate) async fn submit(
        &self,
        call: Call,
        options: InvokeOptions,
    ) -> Result<Receipt, LedgerError> {
        let ledger = self.clone();
        to_the_end(async move { ledger.submit_now(call, options).await }).await
    }

    async fn submit_now(&self, call: Call, options: InvokeOptions) -> Result<Receipt, LedgerError> {
        let wait = options.wait;
        let call = self.call(call, options.call)?;
        let Some(key) = &options.idempotency_key else {
            return self.submit_anew(&call, wait, options.retries, None).await;
        };
        let key = self.key_use(key, &call)?;
        // What is remembered of another channel is no answer.
        self.same.check(call.deadline).await?;
        // Held until the outcome is known, so that the same call is not under way twice.
        let (_claim, used) = self.outbox.claim(&key).await?;
        match used {
            None => {
                self.submit_anew(&call, wait, options.retries, Some(key))
                    .await
            }
            Some(Used::Sent {
                transaction_id,
                result,
            }) => {
                self.resume(transaction_id, result, wait, call.deadline)
                    .await
            }
            Some(Used::Committed {
                transaction_id,
                version,
                result,
            }) => Ok(Receipt {
                transaction_id,
                status: ReceiptStatus::Committed,
                version: Some(version),
                validation_code: Some(present::verdict(ValidationCode::VALID)),
                result: Some(words::Payload(result.to_vec())),
            }),
        }
    }

    /// The key of a call, which is its user's own: a renewed certificate does not change whose it is.
    fn key_use(&self, key: &str, call: &ChannelCall) -> Result<KeyUse, LedgerError> {
        let identity = self.flow.identity().latest();
        let certificate = identity.certificate();
        let user = certificate.enrollment_id().unwrap_or(certificate.subject());
        let request = Request {
            invocation: &call.invocation,
            organizations: &call.organizations,
            peers: &call.peers,
        };
        self.outbox.key_use(identity.msp_id(), user, key, &request)
    }

    /// Submits a call, and where it meets a conflict again, as often as is asked for.
    async fn submit_anew(
        &self,
        call: &ChannelCall,
        wait: Option<Wait>,
        retries: u32,
        key: Option<KeyUse>,
    ) -> Result<Receipt, LedgerError> {
        // Not sooner: what is stored under a key is told, whatever the contract says of itself by now.
        self.check(call).await?;
        self.outbox.check_room()?;
        let mut tries = 0;
        loop {
            let outcome = self.submit_once(call, wait, key).await;
            let pause = pause_before_retry(tries);
            match outcome {
                Err(LedgerError::Invalid {
                    is_conflict: true, ..
                }) if tries < retries && Instant::now() + pause < call.deadline => {
                    tries += 1;
                    sleep(pause).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// One transaction, from its endorsement to its commit.
    async fn submit_once(
        &self,
        call: &ChannelCall,
        wait: Option<Wait>,
        key: Option<KeyUse>,
    ) -> Result<Receipt, LedgerError> {
        self.commits.open();
        let endorsed = self.flow.endorse(call).await?;
        self.send(&endorsed, call, wait, key).await
    }

    /// One transaction that is endorsed and signed, to its commit. It goes on to its end where the caller goes away.
    pub(crate) async fn submit_endorsed(
        &self,
        endorsed: Endorsed,
        call: ChannelCall,
        wait: Option<Wait>,
    ) -> Result<Receipt, LedgerError> {
        self.outbox.check_room()?;
        let ledger = self.clone();
        to_the_end(async move { ledger.send(&endorsed, &call, wait, None).await }).await
    }

    async fn send(
        &self,
        endorsed: &Endorsed,
        call: &ChannelCall,
        wait: Option<Wait>,
        key: Option<KeyUse>,
    ) -> Result<Receipt, LedgerError> {
        let id = &endorsed.transaction_id;
        let expectation = self.commits.expect(id, call.deadline).await?;
        let _hold = self.outbox.hold(id);
        let is_stored = key.is_some() || wait == Some(Wait::Ordered);
        match is_stored {
            true => self.outbox.store(entry(endorsed, key)).await?,
            // A sync of the disk is spared for what is told in a moment.
            false => self.commits.remember(id, call),
        }
        let sending = Sending {
            ledger: self,
            endorsed,
            is_stored,
            is_sent_before: false,
            wait,
            deadline: call.deadline,
        };
        sending.finish(expectation).await
    }

    /// Goes on with a transaction that was stored before: its outcome where it stands on the chain, else the same envelope is sent again.
    async fn resume(
        &self,
        transaction_id: String,
        result: Bytes,
        wait: Option<Wait>,
        deadline: Instant,
    ) -> Result<Receipt, LedgerError> {
        self.commits.open();
        let _hold = self.outbox.hold(&transaction_id);
        let unknown = |error| still_unknown(&transaction_id, &error);
        let expectation = self.commits.expect(&transaction_id, deadline).await;
        let expectation = expectation.map_err(unknown)?;
        let envelope = self.outbox.envelope(&transaction_id).await;
        let envelope = envelope.map_err(unknown)?;
        let found = ById::find(&self.flow, &transaction_id, deadline).await;
        let found = match (found, &envelope) {
            (Ok(found), _) => Some(found),
            (Err(error), Some(_)) if ById::is_before_snapshots(&error) => {
                self.outbox.stands(&transaction_id);
                return Err(not_told(&transaction_id, &error));
            }
            // To send it again would only add a duplicate.
            (Err(error), Some(_)) if self.outbox.is_standing(&transaction_id) => {
                return Err(not_told(&transaction_id, &error));
            }
            (Err(_), Some(_)) => None,
            // It was seen since the key was looked up.
            (Err(error), None) => return Err(not_told(&transaction_id, &error)),
        };
        let endorsed = Endorsed {
            transaction_id,
            // Of one that stands there already none is needed.
            envelope: envelope.unwrap_or_default(),
            result,
        };
        let sending = Sending {
            ledger: self,
            endorsed: &endorsed,
            is_stored: true,
            is_sent_before: true,
            wait,
            deadline,
        };
        match found {
            Some(found) => sending.told(found.placed().into()).await,
            None => sending.finish(expectation).await,
        }
    }

    /// Where a transaction stands first, whatever of it was seen.
    async fn first_of(&self, transaction_id: &str, seen: Commit, deadline: Instant) -> Reached {
        if seen.code.is_verdict() {
            return Reached::Placed(seen);
        }
        match ById::find(&self.flow, transaction_id, deadline).await {
            Ok(found) => Reached::Placed(found.placed().into()),
            Err(error) => Reached::Untold(not_told(transaction_id, &error)),
        }
    }

    /// Where in its block a transaction stands. That it stands there is known already, so a failure is no reason to fail.
    async fn version_of(&self, transaction_id: &str, number: u64) -> Option<Version> {
        let block = self.fetch(number).await.ok()?;
        block.transactions().find_map(|transaction| {
            let envelope = transaction.decode().ok()?;
            (envelope.header.transaction_id == transaction_id).then_some(transaction.version)
        })
    }
}

/// How far a transaction has come.
enum Reached {
    /// The orderers took it, and more was not asked for.
    Ordered,
    /// It stands in a block.
    Placed(Commit),
    /// It stands on the chain, and where first is not told.
    Untold(LedgerError),
}

/// A transaction on its way to the orderers.
struct Sending<'a> {
    ledger: &'a FabricLedger,
    endorsed: &'a Endorsed,
    /// Whether it stands in the outbox.
    is_stored: bool,
    /// Whether it may have been sent before, so that an orderer may have it already.
    is_sent_before: bool,
    wait: Option<Wait>,
    deadline: Instant,
}

impl Sending<'_> {
    /// Sends it, and waits for what the caller waits for.
    async fn finish(&self, expectation: Option<Expectation>) -> Result<Receipt, LedgerError> {
        match self.settle(expectation).await {
            Ok(Reached::Ordered) => Ok(self.receipt()),
            Ok(Reached::Placed(commit)) => self.told(commit).await,
            Ok(Reached::Untold(unknown)) => Err(self.untold(unknown).await),
            Err(unknown @ LedgerError::Unconfirmed { .. }) => Err(self.keep(unknown).await),
            Err(error) if self.is_sent_before => {
                Err(still_unknown(&self.endorsed.transaction_id, &error))
            }
            Err(error) => Err(self.refused(error).await),
        }
    }

    async fn settle(&self, expectation: Option<Expectation>) -> Result<Reached, LedgerError> {
        let (ledger, deadline) = (self.ledger, self.deadline);
        let id = &self.endorsed.transaction_id;
        let submit = || ledger.flow.submit(self.endorsed, deadline);
        let settled = settle(id, expectation, submit, self.wait, deadline).await?;
        let seen = match settled {
            Settled::Ordered => return Ok(Reached::Ordered),
            Settled::Placed(placed) => placed.into(),
            Settled::Unseen => tokio::select! {
                commit = ledger.flow.commit(id, deadline) => commit?,
                never = keep_sending(&submit) => match never {},
            },
        };
        Ok(ledger.first_of(id, seen, deadline).await)
    }

    /// It stands in a block.
    async fn told(&self, commit: Commit) -> Result<Receipt, LedgerError> {
        let id = &self.endorsed.transaction_id;
        if !commit.code.is_verdict() {
            let seen = format!("the peer calls it {}", commit.code.name());
            return Err(self.untold(not_told(id, &seen)).await);
        }
        let version = match commit.version {
            Some(version) => Some(version),
            None => self.ledger.version_of(id, commit.block).await,
        };
        self.ledger.commits.forget(id);
        match (commit.code.is_valid(), version) {
            (false, _) => self.ledger.outbox.seen(id, Verdict::Void),
            (true, Some(version)) => self.ledger.outbox.seen(id, Verdict::Valid(version)),
            // Where it stands is found out later.
            (true, None) => self.ledger.outbox.stands(id),
        }
        if !commit.code.is_valid() {
            return Err(invalid(id.clone(), &commit, version));
        }
        Ok(Receipt {
            status: ReceiptStatus::Committed,
            version,
            validation_code: Some(present::verdict(commit.code)),
            ..self.receipt()
        })
    }

    /// The orderers refused it, all of them and at once, so that it never comes. That has to be on the disk before it is told.
    async fn refused(&self, error: LedgerError) -> LedgerError {
        let id = &self.endorsed.transaction_id;
        self.ledger.commits.forget(id);
        match self.ledger.outbox.refused(id).await {
            Ok(()) => error,
            Err(failure) => LedgerError::Unconfirmed {
                transaction_id: id.clone(),
                detail: format!(
                    "the orderers refused the transaction ({error}), but that cannot be written down, so that it may be sent again: {failure}"
                ),
            },
        }
    }

    /// Whether the orderers took it is not known: it is sent again until it is.
    async fn keep(&self, unknown: LedgerError) -> LedgerError {
        let id = &self.endorsed.transaction_id;
        if self.is_stored {
            return unknown;
        }
        match self.ledger.outbox.store(entry(self.endorsed, None)).await {
            Ok(()) => self.ledger.commits.forget(id),
            // It is told as pending all the same, as long as this program runs.
            Err(error) => tracing::error!("{id} is not sent again: {error}"),
        }
        unknown
    }

    /// It stands on the chain, and what became of it is not told: it is looked for, and not sent again.
    async fn untold(&self, unknown: LedgerError) -> LedgerError {
        let unknown = self.keep(unknown).await;
        let id = &self.endorsed.transaction_id;
        self.ledger.outbox.stands(id);
        unknown
    }

    /// The orderers took it.
    fn receipt(&self) -> Receipt {
        Receipt {
            transaction_id: self.endorsed.transaction_id.clone(),
            status: ReceiptStatus::Ordered,
            version: None,
            validation_code: None,
            result: Some(words::Payload(self.endorsed.result.to_vec())),
        }
    }
}

/// Has work done to its end, whether or not somebody waits for it.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, LedgerError>> + Send + 'static,
) -> Result<T, LedgerError> {
    match tokio::spawn(work).await {
        Ok(outcome) => outcome,
        Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
        // The runtime ends.
        Err(_) => Err(LedgerError::ShuttingDown),
    }
}

/// A transaction was sent before, and what went wrong today says nothing of that.
fn still_unknown(transaction_id: &str, error: &LedgerError) -> LedgerError {
    LedgerError::Unconfirmed {
        transaction_id: transaction_id.to_owned(),
        detail: format!(
            "the transaction of this key was sent before and was not seen on the ledger yet; it could not be followed now ({error}), and is sent \
             again until it is known: ask for it by its id, or repeat the call with its key"
        ),
    }
}

/// A transaction as it is stored.
fn entry(endorsed: &Endorsed, key: Option<KeyUse>) -> NewEntry {
    NewEntry {
        transaction_id: endorsed.transaction_id.clone(),
        envelope: endorsed.envelope.clone(),
        result: endorsed.result.clone(),
        key,
    }
}

/// A transaction stands on the ledger, and no peer says where, or what became of it.
fn not_told(transaction_id: &str, error: &impl fmt::Display) -> LedgerError {
    LedgerError::Unconfirmed {
        transaction_id: transaction_id.to_owned(),
        detail: format!(
            "the transaction stands on the ledger, and where it stands cannot be told now ({error}); ask for it by its id"
        ),
    }
}

/// A transaction that stands in a block and took no effect.
fn invalid(transaction_id: String, commit: &Commit, version: Option<Version>) -> LedgerError {
    let name = commit.code.name();
    let is_conflict = matches!(name, "MVCC_READ_CONFLICT" | "PHANTOM_READ_CONFLICT");
    LedgerError::Invalid {
        code: match name {
            "MVCC_READ_CONFLICT" => "mvcc_read_conflict",
            "PHANTOM_READ_CONFLICT" => "phantom_read_conflict",
            "ENDORSEMENT_POLICY_FAILURE" => "endorsement_policy_failure",
            _ => "transaction_invalid",
        },
        detail: format!(
            "the transaction stands in block {} as {name}: {}",
            commit.block,
            commit.code.meaning()
        ),
        transaction_id,
        version,
        validation_code: Box::new(present::verdict(commit.code)),
        is_conflict,
    }
}
