//! Submitting a call: its endorsement, its way to the orderers, its commit.

use chainloom_ledger as words;
use chainloom_ledger::{Call, InvokeOptions, LedgerError, Receipt, ReceiptStatus, Version, Wait};
use tokio::time::{Instant, sleep};

use crate::call::ChannelCall;
use crate::commit::{ById, Settled, pause_before_retry, settle};
use crate::gateway::{Commit, Endorsed};
use crate::ledger::FabricLedger;
use crate::present;
use crate::wire::ValidationCode;

impl FabricLedger {
    pub(crate) async fn submit(
        &self,
        call: Call,
        options: InvokeOptions,
    ) -> Result<Receipt, LedgerError> {
        if options.idempotency_key.is_some() {
            return Err(LedgerError::InvalidCall {
                code: "idempotency_key_unsupported",
                detail: "ledgers of kind fabric do not take an Idempotency-Key yet".to_owned(),
            });
        }
        let call = self.call(call, options.call)?;
        let mut tries = 0;
        loop {
            let outcome = self.submit_once(&call, options.wait).await;
            let pause = pause_before_retry(tries);
            match outcome {
                Err(LedgerError::Invalid {
                    is_conflict: true, ..
                }) if tries < options.retries && Instant::now() + pause < call.deadline => {
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
    ) -> Result<Receipt, LedgerError> {
        self.commits.open();
        let endorsed = self.flow.endorse(call).await?;
        self.submit_endorsed(endorsed, call, wait).await
    }

    /// One transaction that is endorsed and signed, to its commit.
    pub(crate) async fn submit_endorsed(
        &self,
        endorsed: Endorsed,
        call: &ChannelCall,
        wait: Option<Wait>,
    ) -> Result<Receipt, LedgerError> {
        let id = &endorsed.transaction_id;
        let deadline = call.deadline;
        let expectation = self.commits.expect(id, deadline).await?;
        self.commits.remember(id, call);
        let submission = self.flow.submit(&endorsed, deadline);
        let settled = settle(id, expectation, submission, wait, deadline).await;
        let commit = match settled {
            Ok(Settled::Ordered) => None,
            Ok(Settled::Placed(placed)) if placed.code.is_duplicate() => {
                Some(self.first_of(id).await?)
            }
            Ok(Settled::Placed(placed)) => Some(placed.into()),
            Ok(Settled::Unseen) => Some(self.flow.commit(id, deadline).await?),
            Err(error) => {
                if !matches!(error, LedgerError::Unconfirmed { .. }) {
                    self.commits.forget(id);
                }
                return Err(error);
            }
        };
        let receipt = Receipt {
            transaction_id: id.clone(),
            status: ReceiptStatus::Ordered,
            version: None,
            validation_code: None,
            result: Some(words::Payload(endorsed.result.to_vec())),
        };
        let Some(commit) = commit else {
            return Ok(receipt);
        };
        self.commits.forget(id);
        let version = match commit.version {
            Some(version) => Some(version),
            None => self.version_of(id, commit.block).await,
        };
        if !commit.code.is_valid() {
            return Err(invalid(endorsed.transaction_id, &commit, version));
        }
        Ok(Receipt {
            status: ReceiptStatus::Committed,
            version,
            validation_code: Some(present::verdict(commit.code)),
            ..receipt
        })
    }

    /// Where a transaction stands first whose id was seen to stand there again.
    async fn first_of(&self, transaction_id: &str) -> Result<Commit, LedgerError> {
        let found = ById::find(&self.flow, transaction_id).await;
        let found = found.map_err(|error| LedgerError::Unconfirmed {
            transaction_id: transaction_id.to_owned(),
            detail: format!(
                "the transaction stands on the ledger twice, and where it stands first cannot be told now ({error}); ask for it by its id"
            ),
        })?;
        Ok(Commit {
            block: found.transaction.version.block,
            version: Some(found.transaction.version),
            code: found
                .transaction
                .validation_code
                .unwrap_or(ValidationCode::NOT_VALIDATED),
        })
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
