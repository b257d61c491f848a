//! Calls that are signed elsewhere: the key never leaves its owner, be it a person, a key store or another program.
//!
//! A call takes three steps and two signatures. [`Outside::prepare`] puts the proposal together, whose bytes the owner signs;
//! [`Outside::endorse`] has the peers run it and puts the transaction together, whose bytes the owner signs as well; [`Outside::submit`]
//! hands it to the orderers and learns of its commit by the ledger's own stream of blocks. A query takes [`Outside::prepare_query`] and
//! [`Outside::evaluate`].
//!
//! What is signed is what Fabric's nodes verify: the serialized `protos.Proposal`, then the serialized `common.Payload`. ECDSA signs their
//! SHA-256, Ed25519 the bytes themselves. Signatures may come in DER or raw; they are made low-S, and verified, before anything is sent.

mod channel;
mod error;
mod signatory;
mod signature;
mod steps;

use std::sync::Arc;

use bytes::Bytes;
use chainloom_ledger::{Call, CallOptions, Creator, Hash, LedgerError, Payload, Receipt, Wait};
use jiff::Timestamp;
use prost::Message as _;
use tokio::time::Instant;

pub use self::error::OutsideError;
use self::signatory::Signatory;
pub use self::signature::SignatureFault;
use self::steps::{Expiry, Proposed, State, Steps, Transaction};
use crate::call::ChannelCall;
use crate::failure::peer_unavailable;
use crate::gateway::Unsigned;
use crate::identity::KeyKind;
use crate::ledger::FabricLedger;
use crate::present;
use crate::proposal::Proposal;
use crate::wire::proto::{common, protos};
use crate::wire::{Body, Envelope};

/// Which signature is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Of a proposal that peers are to endorse.
    Proposal,
    /// Of a proposal that one peer is to evaluate.
    Query,
    /// Of an endorsed transaction.
    Transaction,
}

/// How a key of some kind signs for Fabric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA over the SHA-256 of the bytes, on whichever curve the key is.
    EcdsaSha256,
    /// Ed25519 over the bytes themselves.
    Ed25519,
}

impl From<KeyKind> for Algorithm {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::P256 | KeyKind::P384 => Self::EcdsaSha256,
            KeyKind::Ed25519 => Self::Ed25519,
        }
    }
}

/// What is to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToSign {
    /// The transaction's id, by which the next step is taken.
    pub transaction_id: String,
    /// What it is.
    pub step: Step,
    /// What is to be signed.
    pub bytes: Bytes,
    /// Their SHA-256, for signers that take a digest; `None` for Ed25519, which takes the bytes only.
    pub digest: Option<Hash>,
    /// How they are to be signed.
    pub algorithm: Algorithm,
    /// Until when the signature is waited for.
    pub expires_at: Timestamp,
}

/// An endorsed transaction that is to be signed.
#[derive(Debug, Clone, PartialEq)]
pub struct EndorsedToSign {
    /// What is to be signed.
    pub to_sign: ToSign,
    /// What the contract answered.
    pub result: Payload,
    /// Who endorsed it.
    pub endorsers: Vec<Creator>,
}

/// What a ledger keeps for calls that are signed elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    steps: Steps,
}

/// Calls of a channel that are signed elsewhere; see the [module](self).
#[derive(Debug, Clone, Copy)]
pub struct Outside<'a> {
    ledger: &'a FabricLedger,
}

impl FabricLedger {
    /// Calls of this channel that are signed elsewhere.
    pub fn outside(&self) -> Outside<'_> {
        Outside { ledger: self }
    }
}

impl Outside<'_> {
    /// The proposal of a call, for the owner of this certificate (PEM) of an organization (its MSP id) to sign. The options' time holds for
    /// each step that follows, not for the signing between them.
    ///
    /// # Errors
    /// [`OutsideError`].
    pub async fn prepare(
        &self,
        call: Call,
        options: CallOptions,
        certificate: &str,
        organization: &str,
    ) -> Result<ToSign, OutsideError> {
        self.propose(call, options, certificate, organization, Step::Proposal)
            .await
    }

    /// The same for a call that changes nothing.
    ///
    /// # Errors
    /// [`OutsideError`].
    pub async fn prepare_query(
        &self,
        call: Call,
        options: CallOptions,
        certificate: &str,
        organization: &str,
    ) -> Result<ToSign, OutsideError> {
        self.propose(call, options, certificate, organization, Step::Query)
            .await
    }

    /// Has one peer run a query that [`Outside::prepare_query`] prepared. The same signature may come again until it expires.
    ///
    /// # Errors
    /// [`OutsideError`].
    pub async fn evaluate(
        &self,
        transaction_id: &str,
        signature: &[u8],
    ) -> Result<Payload, OutsideError> {
        let lease = self.steps().begin(transaction_id, Instant::now())?;
        let proposed = match &lease.state {
            State::Proposed(proposed) if proposed.is_query => proposed,
            state => return Err(wrong_step(state, "evaluate")),
        };
        let signature = proposed.checked(signature)?;
        let (signed, call) = (
            proposed.proposal.clone().signed(signature),
            proposed.call_from_now(),
        );
        let own = &proposed.signatory.msp_id;
        let result = self.ledger.flow.evaluate_signed(&signed, &call, own).await;
        Ok(Payload(result?.to_vec()))
    }

    /// Has the peers endorse a call that [`Outside::prepare`] prepared; the transaction is to be signed then. Where the answer was lost, the
    /// same step with a signature of the proposal gives it again.
    ///
    /// # Errors
    /// [`OutsideError`].
    pub async fn endorse(
        &self,
        transaction_id: &str,
        signature: &[u8],
    ) -> Result<EndorsedToSign, OutsideError> {
        let mut lease = self.steps().begin(transaction_id, Instant::now())?;
        let proposed = match &lease.state {
            State::Proposed(proposed) if !proposed.is_query => proposed.clone(),
            State::Endorsed(proposed, transaction) => {
                proposed.checked(signature)?;
                return Ok(transaction.to_sign(proposed.signatory.kind, lease.expires));
            }
            state => return Err(wrong_step(state, "endorse")),
        };
        let signature = proposed.checked(signature)?;
        let (signed, call) = (
            proposed.proposal.clone().signed(signature),
            proposed.call_from_now(),
        );
        let own = &proposed.signatory.msp_id;
        self.ledger.commits.open();
        let unsigned = self.ledger.flow.endorse_signed(&signed, &call, own).await?;
        let transaction = Transaction::new(unsigned, &proposed.proposal)?;
        let transaction = Arc::new(transaction);
        let kind = proposed.signatory.kind;
        let next = State::Endorsed(proposed, transaction.clone());
        let expires = lease.advance(next, Instant::now())?;
        Ok(transaction.to_sign(kind, expires))
    }

    /// Hands an endorsed transaction to the orderers, and answers what `wait` says. Once: a second time is refused.
    ///
    /// # Errors
    /// [`OutsideError`].
    pub async fn submit(
        &self,
        transaction_id: &str,
        signature: &[u8],
        wait: Option<Wait>,
    ) -> Result<Receipt, OutsideError> {
        let lease = self.steps().begin(transaction_id, Instant::now())?;
        let State::Endorsed(proposed, transaction) = &lease.state else {
            return Err(wrong_step(&lease.state, "submit"));
        };
        let payload = &transaction.unsigned.payload;
        let signature =
            proposed
                .signatory
                .checked(signature, payload, Some(&proposed.proposal.bytes))?;
        let endorsed = transaction.unsigned.clone().signed(signature);
        let call = proposed.call_from_now();
        lease.submitting();
        let outcome = self.ledger.submit_endorsed(endorsed, call, wait).await;
        if let Err(error) = &outcome
            && !may_be_submitted(error)
        {
            lease.not_submitted();
        }
        Ok(outcome?)
    }

    async fn propose(
        &self,
        call: Call,
        options: CallOptions,
        certificate: &str,
        organization: &str,
        step: Step,
    ) -> Result<ToSign, OutsideError> {
        let signatory = Signatory::new(certificate, organization, Timestamp::now())?;
        let call = self.ledger.call(call, options)?;
        self.ledger.check(&call).await?;
        channel::check(self.ledger, &signatory).await?;
        let channel = self.ledger.flow.channel();
        let invocation = call.invocation.clone();
        let proposal = Proposal::new(signatory.creator.clone(), channel, invocation);
        let proposal = proposal.map_err(|error| LedgerError::Storage {
            detail: error.to_string(),
        })?;
        let now = Instant::now();
        let (id, bytes) = (proposal.transaction_id.clone(), proposal.bytes.clone());
        let kind = signatory.kind;
        let proposed = Proposed {
            signatory,
            timeout: call.deadline.saturating_duration_since(now),
            call,
            proposal,
            is_query: step == Step::Query,
        };
        let expires = self.steps().insert(proposed, now)?;
        Ok(ToSign::new(id, step, bytes, kind, expires))
    }

    fn steps(&self) -> &Steps {
        &self.ledger.outside.steps
    }
}

impl ToSign {
    fn new(
        transaction_id: String,
        step: Step,
        bytes: Bytes,
        kind: KeyKind,
        expires: Expiry,
    ) -> Self {
        let algorithm = Algorithm::from(kind);
        let is_hashed = algorithm == Algorithm::EcdsaSha256;
        Self {
            transaction_id,
            step,
            digest: is_hashed.then(|| Hash::of(&bytes)),
            bytes,
            algorithm,
            expires_at: expires.time,
        }
    }
}

impl Signatory {
    fn checked(
        &self,
        signature: &[u8],
        bytes: &[u8],
        before: Option<&[u8]>,
    ) -> Result<Vec<u8>, SignatureFault> {
        signature::checked(signature, &self.certificate, self.kind, bytes, before)
    }
}

impl Proposed {
    fn checked(&self, signature: &[u8]) -> Result<Vec<u8>, SignatureFault> {
        self.signatory
            .checked(signature, &self.proposal.bytes, None)
    }

    /// The call, whose time begins anew with each step: between them somebody signs.
    fn call_from_now(&self) -> ChannelCall {
        ChannelCall {
            deadline: Instant::now() + self.timeout,
            ..self.call.clone()
        }
    }
}

impl Transaction {
    /// What peers made of a proposal; it must be that proposal's.
    fn new(unsigned: Unsigned, proposal: &Proposal) -> Result<Self, OutsideError> {
        let broken = |reason: String| {
            peer_unavailable(format!(
                "the peer sent no transaction that could be signed: {reason}"
            ))
        };
        let sent = protos::Proposal::decode(proposal.bytes.clone())
            .and_then(|proposal| common::Header::decode(proposal.header));
        let got = common::Payload::decode(unsigned.payload.clone());
        let (sent, got) = (
            sent.map_err(|error| broken(error.to_string()))?,
            got.map_err(|error| broken(error.to_string()))?,
        );
        if got.header.as_ref() != Some(&sent) {
            return Err(broken("it is another one than was asked for".to_owned()).into());
        }
        let envelope = Envelope::from_message(common::Envelope {
            payload: unsigned.payload.clone(),
            ..common::Envelope::default()
        });
        let body = envelope.and_then(|envelope| envelope.body());
        let Body::Endorser(transaction) = body.map_err(|error| broken(error.to_string()))? else {
            return Err(broken("it holds no call".to_owned()).into());
        };
        let endorsements = transaction.actions.iter().flat_map(|one| &one.endorsements);
        Ok(Self {
            result: Payload(unsigned.result.to_vec()),
            endorsers: endorsements
                .map(|endorsement| {
                    present::decoded_creator(&endorsement.endorser_bytes, &endorsement.endorser)
                })
                .map(Arc::unwrap_or_clone)
                .collect(),
            unsigned,
        })
    }

    fn to_sign(&self, kind: KeyKind, expires: Expiry) -> EndorsedToSign {
        let Unsigned {
            transaction_id,
            payload,
            ..
        } = self.unsigned.clone();
        EndorsedToSign {
            to_sign: ToSign::new(transaction_id, Step::Transaction, payload, kind, expires),
            result: self.result.clone(),
            endorsers: self.endorsers.clone(),
        }
    }
}

fn wrong_step(state: &State, asked: &'static str) -> OutsideError {
    let due = match state {
        State::Proposed(proposed) if proposed.is_query => "evaluate",
        State::Proposed(_) => "endorse",
        State::Endorsed(..) => "submit",
        State::Submitted => return OutsideError::Submitted,
    };
    OutsideError::WrongStep { asked, due }
}

/// Whether the orderers may have the transaction in spite of this error. Where not, it can be submitted again.
fn may_be_submitted(error: &LedgerError) -> bool {
    matches!(
        error,
        LedgerError::Unconfirmed { .. } | LedgerError::Invalid { .. }
    )
}
