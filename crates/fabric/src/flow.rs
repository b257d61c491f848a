//! The two ways that a call can take to the channel. Both lead to the same.

use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use tokio::time::{Instant, sleep};

use crate::call::ChannelCall;
use crate::commit::ById;
use crate::direct::Direct;
use crate::failure::{of_contract, of_first_sending, of_query};
use crate::gateway::{Commit, Endorsed, Gateway, Unsigned};
use crate::identity::CurrentIdentity;
use crate::proposal::SignedCall;
use crate::target::Target;

/// How often a peer is asked for a transaction that it does not send by itself.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The way that calls take.
#[derive(Debug, Clone)]
pub(crate) enum Flow {
    /// Through the gateway service of a peer.
    Gateway(Gateway),
    /// To the peers and orderers one by one.
    Direct(Direct),
}

impl Flow {
    /// The same way for somebody else.
    pub(crate) fn acting_as(&self, identity: CurrentIdentity) -> Self {
        match self {
            Self::Gateway(gateway) => Self::Gateway(Gateway {
                identity,
                channel: gateway.channel.clone(),
                targets: gateway.targets.clone(),
                avoided: gateway.avoided.clone(),
            }),
            Self::Direct(direct) => Self::Direct(direct.acting_as(identity)),
        }
    }

    /// Who calls and submits.
    pub(crate) fn identity(&self) -> &CurrentIdentity {
        match self {
            Self::Gateway(gateway) => &gateway.identity,
            Self::Direct(direct) => direct.identity(),
        }
    }

    /// All peers that calls can go to.
    pub(crate) fn all_targets(&self) -> &[Target] {
        match self {
            Self::Gateway(gateway) => &gateway.targets,
            Self::Direct(direct) => direct.all_targets(),
        }
    }

    /// The channel's name.
    pub(crate) fn channel(&self) -> &str {
        match self {
            Self::Gateway(gateway) => &gateway.channel,
            Self::Direct(direct) => direct.channel(),
        }
    }

    /// Runs a function on one peer; nothing is written.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn evaluate(&self, call: &ChannelCall) -> Result<Bytes, LedgerError> {
        let outcome = match self {
            Self::Gateway(gateway) => gateway.evaluate(call).await,
            Self::Direct(direct) => direct.evaluate(call).await,
        };
        outcome.map_err(|error| of_query(of_contract(&call.invocation.contract, error)))
    }

    /// Runs a function whose call somebody of an organization, its MSP id being `own`, has signed.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn evaluate_signed(
        &self,
        signed: &SignedCall,
        call: &ChannelCall,
        own: &str,
    ) -> Result<Bytes, LedgerError> {
        let outcome = match self {
            Self::Gateway(gateway) => gateway.evaluate_signed(signed, call, own).await,
            Self::Direct(direct) => direct.evaluate_signed(signed, call, own).await,
        };
        outcome.map_err(|error| of_query(of_contract(&call.invocation.contract, error)))
    }

    /// Has a call endorsed that somebody of an organization, its MSP id being `own`, has signed. They are to sign what comes of it, too.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing has been submitted then.
    pub(crate) async fn endorse_signed(
        &self,
        signed: &SignedCall,
        call: &ChannelCall,
        own: &str,
    ) -> Result<Unsigned, LedgerError> {
        let outcome = match self {
            Self::Gateway(gateway) => gateway.endorse_signed(signed, call, own).await,
            Self::Direct(direct) => direct.endorse_signed(signed, call, own).await,
        };
        outcome.map_err(|error| of_contract(&call.invocation.contract, error))
    }

    /// Has a call endorsed, and signs what came of it.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing has been submitted then.
    pub(crate) async fn endorse(&self, call: &ChannelCall) -> Result<Endorsed, LedgerError> {
        let outcome = match self {
            Self::Gateway(gateway) => gateway.endorse(call).await,
            Self::Direct(direct) => direct.endorse(call).await,
        };
        outcome.map_err(|error| of_contract(&call.invocation.contract, error))
    }

    /// Hands an endorsed transaction to the orderers.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Unconfirmed`] where it may have been taken all the same.
    pub(crate) async fn submit(
        &self,
        endorsed: &Endorsed,
        deadline: Instant,
    ) -> Result<(), LedgerError> {
        let submitted = self.submit_again(endorsed, deadline).await;
        submitted.map_err(|error| match self {
            Self::Gateway(_) => of_first_sending(&endorsed.transaction_id, error),
            Self::Direct(_) => error,
        })
    }

    /// The same for one that was sent before: what one orderer refuses is told as such. Whether another one has it, or had it, must be looked for.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn submit_again(
        &self,
        endorsed: &Endorsed,
        deadline: Instant,
    ) -> Result<(), LedgerError> {
        match self {
            Self::Gateway(gateway) => gateway.submit(endorsed, deadline).await,
            Self::Direct(direct) => direct.submit(endorsed, deadline).await,
        }
    }

    /// Waits until a transaction stands in a block, where the stream of blocks does not tell.
    ///
    /// # Errors
    /// [`LedgerError::Unconfirmed`], whatever went wrong: the orderers have the transaction.
    pub(crate) async fn commit(
        &self,
        transaction_id: &str,
        deadline: Instant,
    ) -> Result<Commit, LedgerError> {
        if let Self::Gateway(gateway) = self {
            let commit = gateway.commit(transaction_id, deadline).await;
            return commit.map_err(|error| unconfirmed(transaction_id, error));
        }
        loop {
            let error = match ById::find(self, transaction_id, deadline).await {
                Ok(found) => return Ok(found.placed().into()),
                Err(error) => error,
            };
            // It stands there, and no peer will say more soon.
            let is_lost = ById::is_before_snapshots(&error);
            if is_lost || Instant::now() + LOOK_EVERY >= deadline {
                return Err(LedgerError::Unconfirmed {
                    transaction_id: transaction_id.to_owned(),
                    detail: format!(
                        "the orderers took the transaction, but it was not seen in a block in time ({error}); ask for it by its id"
                    ),
                });
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Why a block was not seen says nothing of the transaction, which is under way.
fn unconfirmed(transaction_id: &str, error: LedgerError) -> LedgerError {
    match error {
        unconfirmed @ LedgerError::Unconfirmed { .. } => unconfirmed,
        error => LedgerError::Unconfirmed {
            transaction_id: transaction_id.to_owned(),
            detail: format!(
                "the orderers took the transaction, but its block cannot be waited for ({error}); ask for it by its id"
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::first_answer::Avoided;
    use crate::identity::{Identity, KeyKind, testing};

    #[tokio::test]
    async fn an_identity_that_is_taken_away_does_not_make_a_sent_transaction_a_refused_one() {
        let credentials = testing::credentials(KeyKind::P256);
        let identity = Identity::new(&credentials, Timestamp::now()).unwrap();
        let identity = CurrentIdentity::new(identity);
        let flow = Flow::Gateway(Gateway {
            identity: identity.clone(),
            channel: "trade".to_owned(),
            targets: Arc::new([]),
            avoided: Avoided::default(),
        });
        identity.withdraw("`alice` was forgotten");
        let error = flow.commit("a", Instant::now()).await.unwrap_err();
        assert_eq!(error.code(), "outcome_unknown");
        let LedgerError::Unconfirmed {
            transaction_id,
            detail,
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(transaction_id, "a");
        assert!(detail.contains("`alice` was forgotten"), "{detail}");
    }
}
