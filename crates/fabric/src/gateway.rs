//! The transaction flow through the gateway service of a peer: evaluate; endorse, submit, learn of the commit.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::{LedgerError, Version};
use jiff::Timestamp;
use prost::Message as _;
use tokio::time::{Instant, sleep};
use tonic::{Request, Status};

use crate::call::ChannelCall;
use crate::commit::Placed;
use crate::definition;
use crate::endpoint::Peer;
use crate::failure::{ENDORSERS_UNAVAILABLE, Step, explain, peer_unavailable};
use crate::first_answer::{Avoided, Leaves, first_answer};
use crate::identity::{CurrentIdentity, Identity};
use crate::proposal::{SignedCall, serialized, sign_call};
use crate::target::{Selection, Target, check_agree};
use crate::window::{NoAnswer, Turn};
use crate::wire::proto::{common, gateway};
use crate::wire::{Body, Envelope, ValidationCode};

/// How often an envelope is sent that a peer is too busy to take.
const BUSY_TRIES_MAX: u32 = 3;
/// How long is waited before an envelope is sent again; doubles up to the second.
const SUBMIT_AGAIN_AFTER: Duration = Duration::from_millis(500);
const SUBMIT_AGAIN_AFTER_MAX: Duration = Duration::from_secs(4);

/// How long a peer is asked at once to wait for a block.
const AWAITS_BLOCK_AT_MOST: Duration = Duration::from_secs(2);

/// A transaction that stands in a block.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) block: u64,
    /// `None` where the peer did not say where in the block.
    pub(crate) version: Option<Version>,
    pub(crate) code: ValidationCode,
}

impl From<Placed> for Commit {
    fn from(placed: Placed) -> Self {
        Self {
            block: placed.version.block,
            version: Some(placed.version),
            code: placed.code,
        }
    }
}

/// An endorsed transaction that its creator has not signed yet.
#[derive(Debug, Clone)]
pub(crate) struct Unsigned {
    pub(crate) transaction_id: String,
    /// The serialized `common.Payload`, which the creator signs.
    pub(crate) payload: Bytes,
    /// What the contract answered.
    pub(crate) result: Bytes,
}

impl Unsigned {
    /// The transaction with its creator's signature, which is not looked at here.
    pub(crate) fn signed(self, signature: Vec<u8>) -> Endorsed {
        Endorsed {
            transaction_id: self.transaction_id,
            envelope: common::Envelope {
                payload: self.payload,
                signature: signature.into(),
            },
            result: self.result,
        }
    }
}

/// An endorsed transaction, signed and ready for the orderers.
#[derive(Debug, Clone)]
pub(crate) struct Endorsed {
    pub(crate) transaction_id: String,
    pub(crate) envelope: common::Envelope,
    /// What the contract answered.
    pub(crate) result: Bytes,
}

/// A user at the gateways of an organization's peers, the first of which that answers is used.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    pub(crate) identity: CurrentIdentity,
    pub(crate) channel: String,
    /// At least one; those of the user's organization first.
    pub(crate) targets: Arc<[Target]>,
    pub(crate) avoided: Avoided,
}

impl Gateway {
    /// Runs a function on one peer; nothing is written.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn evaluate(&self, call: &ChannelCall) -> Result<Bytes, LedgerError> {
        let identity = self.identity.get()?;
        let signed = self.sign(call, &identity)?;
        self.evaluate_signed(&signed, call, identity.msp_id()).await
    }

    /// The same, once somebody of the `own` organization has signed the call.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn evaluate_signed(
        &self,
        signed: &SignedCall,
        call: &ChannelCall,
        own: &str,
    ) -> Result<Bytes, LedgerError> {
        let targets = self.chosen(call, own)?;
        let outcome = self.run(signed, call, &targets).await;
        self.with_reason(outcome, call).await
    }

    async fn run(
        &self,
        signed: &SignedCall,
        call: &ChannelCall,
        targets: &[&Target],
    ) -> Result<Bytes, LedgerError> {
        let response = self
            .first_that_answers(
                targets,
                Step::Evaluate,
                begins(signed),
                &signed.transaction_id,
                call.deadline,
                |peer| {
                    let request = gateway::EvaluateRequest {
                        transaction_id: signed.transaction_id.clone(),
                        channel_id: self.channel.clone(),
                        proposed_transaction: Some(signed.proposal.clone()),
                        target_organizations: call.organizations.clone(),
                    };
                    async move { peer.gateway().evaluate(until(call.deadline, request)).await }
                },
            )
            .await?;
        Ok(response.into_inner().result.unwrap_or_default().payload)
    }

    /// Has a call endorsed by the peers that the contract's policy asks for, and signs what came of it.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing has been submitted then.
    pub(crate) async fn endorse(&self, call: &ChannelCall) -> Result<Endorsed, LedgerError> {
        // The envelope has to be signed by who signed the proposal.
        let identity = self.identity.get()?;
        let signed = self.sign(call, &identity)?;
        let unsigned = self.endorse_signed(&signed, call, identity.msp_id());
        let unsigned = unsigned.await?;
        let signature = identity.sign(&unsigned.payload);
        let signature = signature.map_err(|error| peer_unavailable(error.to_string()))?;
        Ok(unsigned.signed(signature))
    }

    /// The same, once somebody of the `own` organization has signed the call; the transaction is left for them to sign.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing has been submitted then.
    pub(crate) async fn endorse_signed(
        &self,
        signed: &SignedCall,
        call: &ChannelCall,
        own: &str,
    ) -> Result<Unsigned, LedgerError> {
        let targets = self.chosen(call, own)?;
        let outcome = self
            .first_that_answers(
                &targets,
                Step::Endorse,
                begins(signed),
                &signed.transaction_id,
                call.deadline,
                |peer| {
                    let request = gateway::EndorseRequest {
                        transaction_id: signed.transaction_id.clone(),
                        channel_id: self.channel.clone(),
                        proposed_transaction: Some(signed.proposal.clone()),
                        endorsing_organizations: call.organizations.clone(),
                    };
                    async move { peer.gateway().endorse(until(call.deadline, request)).await }
                },
            )
            .await;
        let response = self.with_reason(outcome, call).await?;
        let prepared = response.into_inner().prepared_transaction;
        let envelope = prepared.ok_or_else(|| {
            peer_unavailable("the peer endorsed the call but sent no transaction")
        })?;
        Ok(Unsigned {
            transaction_id: signed.transaction_id.clone(),
            result: result_of(&envelope, &signed.transaction_id)?,
            payload: envelope.payload,
        })
    }

    /// Hands an endorsed transaction to the orderers. Where the outcome is not known the same envelope is sent again until the deadline: it
    /// takes effect once at most, since its id can stand on the ledger as valid only once.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Unconfirmed`] where it may have been taken all the same. Once that is so no later refusal changes it.
    pub(crate) async fn submit(
        &self,
        endorsed: &Endorsed,
        deadline: Instant,
    ) -> Result<(), LedgerError> {
        let mut unknown = None;
        let mut busy_tries = 0;
        let mut pause = SUBMIT_AGAIN_AFTER;
        let targets = self.targets();
        loop {
            let outcome = self
                .first_that_answers(
                    &targets,
                    Step::Submit,
                    Turn::GoesOn,
                    &endorsed.transaction_id,
                    deadline,
                    |peer| {
                        let request = gateway::SubmitRequest {
                            transaction_id: endorsed.transaction_id.clone(),
                            channel_id: self.channel.clone(),
                            prepared_transaction: Some(endorsed.envelope.clone()),
                        };
                        async move { peer.gateway().submit(until(deadline, request)).await }
                    },
                )
                .await;
            let error = match outcome {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let is_worth_it = match error {
                LedgerError::Unconfirmed { .. } => true,
                LedgerError::TooManyRequests { .. } => {
                    busy_tries += 1;
                    unknown.is_some() || busy_tries < BUSY_TRIES_MAX
                }
                _ => false,
            };
            let is_over = !is_worth_it || Instant::now() + pause >= deadline;
            if matches!(error, LedgerError::Unconfirmed { .. }) {
                unknown = Some(error.clone());
            }
            if is_over {
                return Err(unknown.unwrap_or(error));
            }
            sleep(pause).await;
            pause = (pause * 2).min(SUBMIT_AGAIN_AFTER_MAX);
        }
    }

    /// Waits until the transaction stands in a block.
    ///
    /// # Errors
    /// [`LedgerError::Unconfirmed`] when the deadline passes before; another where nobody can be asked, which says nothing of the transaction.
    pub(crate) async fn commit(
        &self,
        transaction_id: &str,
        deadline: Instant,
    ) -> Result<Commit, LedgerError> {
        let identity = self.identity.get()?;
        let request = gateway::CommitStatusRequest {
            transaction_id: transaction_id.to_owned(),
            channel_id: self.channel.clone(),
            identity: serialized(&identity),
        };
        let request = request.encode_to_vec();
        let signature = identity.sign(&request);
        let signed = gateway::SignedCommitStatusRequest {
            signature: signature
                .map_err(|error| peer_unavailable(error.to_string()))?
                .into(),
            request: request.into(),
        };
        let targets = self.targets();
        loop {
            // Others are to have their turn, too.
            let turn_ends = deadline.min(Instant::now() + AWAITS_BLOCK_AT_MOST);
            let outcome = self
                .first_that_answers(
                    &targets,
                    Step::Submit,
                    Turn::AwaitsBlock,
                    transaction_id,
                    turn_ends,
                    |peer| {
                        let request = until(turn_ends, signed.clone());
                        async move { peer.gateway().commit_status(request).await }
                    },
                )
                .await;
            match outcome {
                Ok(response) => {
                    let response = response.into_inner();
                    return Ok(Commit {
                        block: response.block_number,
                        version: None,
                        code: ValidationCode(u8::try_from(response.result).unwrap_or(u8::MAX)),
                    });
                }
                // A peer that restarts answers again soon.
                Err(_) if Instant::now() + SUBMIT_AGAIN_AFTER < deadline => {
                    sleep(SUBMIT_AGAIN_AFTER).await;
                }
                Err(error) => {
                    return Err(LedgerError::Unconfirmed {
                        transaction_id: transaction_id.to_owned(),
                        detail: format!(
                            "the orderers took the transaction, but it was not seen in a block in time ({error}); ask for it by its id"
                        ),
                    });
                }
            }
        }
    }

    fn sign(&self, call: &ChannelCall, identity: &Identity) -> Result<SignedCall, LedgerError> {
        let refused = identity.check_validity(Timestamp::now());
        refused.map_err(|error| LedgerError::AccessDenied {
            detail: error.to_string(),
        })?;
        let invocation = call.invocation.clone();
        sign_call(identity, &self.channel, invocation)
            .map_err(|error| peer_unavailable(error.to_string()))
    }

    /// The peers that are asked, in their order. Who is asked sees the transient data, whoever endorses.
    fn chosen(&self, call: &ChannelCall, own: &str) -> Result<Vec<&Target>, LedgerError> {
        let selection = Selection {
            organizations: &[],
            peers: &call.peers,
            has_transient: !call.invocation.transient.is_empty() && call.organizations.is_empty(),
        };
        let chosen = selection.of(&self.targets, own)?;
        check_agree(&self.targets, &call.organizations, &call.peers)?;
        Ok(chosen)
    }

    /// The answer of the first peer that has one.
    async fn first_that_answers<T, F>(
        &self,
        targets: &[&Target],
        step: Step,
        turn: Turn,
        transaction_id: &str,
        deadline: Instant,
        ask: impl Fn(Peer) -> F,
    ) -> Result<T, LedgerError>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let ask = |target: &'_ Target, leaves: Leaves| {
            let peer = target.peer.clone();
            let ask = &ask;
            async move {
                let asked = || {
                    leaves.now();
                    ask(peer.clone())
                };
                peer.windows.run(turn, deadline, asked).await
            }
        };
        let answer = first_answer(targets, &self.avoided, deadline, ask).await;
        answer.map_err(|failures| {
            let failures = failures.into_iter().map(|(target, failure)| match failure {
                NoAnswer::NoPlace(error) => error,
                NoAnswer::Refused(status) => {
                    explain(step, &target.peer.address, transaction_id, &status)
                }
            });
            let mut errors: Vec<LedgerError> = failures.collect();
            // One of them may have passed it on, whatever others say.
            let is_unknown = |error: &LedgerError| matches!(error, LedgerError::Unconfirmed { .. });
            match errors.iter().position(is_unknown) {
                Some(unknown) => errors.swap_remove(unknown),
                None => errors
                    .pop()
                    .unwrap_or_else(|| peer_unavailable("the connection has no peers")),
            }
        })
    }

    /// Where no peers are known for a contract, the life cycle is asked whether the channel has it at all.
    async fn with_reason<T>(
        &self,
        outcome: Result<T, LedgerError>,
        call: &ChannelCall,
    ) -> Result<T, LedgerError> {
        let error = match outcome {
            Err(error) if error.code() == ENDORSERS_UNAVAILABLE => error,
            outcome => return outcome,
        };
        let contract = &call.invocation.contract;
        let question = definition::question(contract, call.deadline);
        let identity = self.identity.get().map_err(LedgerError::from);
        let signed = identity.and_then(|identity| self.sign(&question, &identity));
        let answer = match signed {
            Ok(signed) => self.run(&signed, &question, &self.targets()).await,
            Err(error) => Err(error),
        };
        Err(definition::explain_absence(contract, error, answer))
    }

    /// All peers.
    fn targets(&self) -> Vec<&Target> {
        self.targets.iter().collect()
    }
}

/// The turn of a call that has not been at a peer yet.
fn begins(signed: &SignedCall) -> Turn {
    Turn::Begins {
        bytes: signed.proposal.proposal_bytes.len(),
    }
}

/// A request that the peer, too, gives up within a second after the deadline. In whole seconds the header is mostly the same, which HTTP/2 sends
/// in a byte.
pub(crate) fn until<T>(deadline: Instant, message: T) -> Request<T> {
    let remaining = deadline.saturating_duration_since(Instant::now());
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs(remaining.as_secs() + 1));
    request
}

/// What the contract answered, read from the transaction that is to be signed: it must be the one that was asked for.
fn result_of(envelope: &common::Envelope, transaction_id: &str) -> Result<Bytes, LedgerError> {
    let decoded = Envelope::from_message(envelope.clone());
    let decoded = decoded.map_err(|error| {
        peer_unavailable(format!("the endorsed transaction cannot be read: {error}"))
    })?;
    if decoded.header.transaction_id != transaction_id {
        return Err(peer_unavailable(
            "the peer sent another transaction than the one that was asked for",
        ));
    }
    let body = decoded.body();
    let body = body.map_err(|error| {
        peer_unavailable(format!("the endorsed transaction cannot be read: {error}"))
    })?;
    match body {
        Body::Endorser(transaction) => {
            let action = transaction.actions.into_iter().next();
            let response = action
                .and_then(|action| action.response)
                .unwrap_or_default();
            Ok(response.payload)
        }
        _ => Err(peer_unavailable("the peer sent no endorsed transaction")),
    }
}
