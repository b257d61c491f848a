//! Whether the peers' answers are endorsements, and of the same outcome.

use bytes::Bytes;
use chainloom_ledger::LedgerError;

use super::difference::{Difference, Outcome};
use super::membership::{Membership, NotAnEndorser};
use super::propose::Answer;
use super::refusal::said;
use crate::failure::peer_unavailable;
use crate::identity::SignatureError;
use crate::wire::proto::protos;
use crate::wire::{Creator, DecodeError};

/// What all endorsers agree on.
#[derive(Debug, Clone)]
pub(crate) struct Agreed {
    /// The serialized `protos.ProposalResponsePayload` that they signed.
    pub(crate) payload: Bytes,
    pub(crate) endorsements: Vec<protos::Endorsement>,
    /// What the contract answered.
    pub(crate) result: Bytes,
}

/// Why answers do not make a transaction.
#[derive(Debug)]
pub(crate) enum NotEndorsed {
    /// A peer's endorsement does not hold. Under a newer configuration of the channel it might.
    Untrusted {
        /// The peer.
        peer: String,
        reason: Untrusted,
    },
    /// The peers came to different outcomes.
    Different(LedgerError),
}

/// Why an endorsement does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Untrusted {
    #[error("it says success, but did not endorse it")]
    Missing,
    #[error("its endorser cannot be read: {0}")]
    Unreadable(#[from] DecodeError),
    #[error("its endorsement is in the name of {0}, and it is no peer of that organization")]
    OtherOrganization(String),
    #[error(transparent)]
    NotAnEndorser(#[from] NotAnEndorser),
    #[error("its signature does not hold: {0}")]
    Signature(#[from] SignatureError),
    #[error("what it signed cannot be read: {0}")]
    Payload(String),
    #[error("it endorsed another proposal than the one that was sent")]
    OtherProposal,
}

impl From<NotEndorsed> for LedgerError {
    fn from(error: NotEndorsed) -> Self {
        match error {
            NotEndorsed::Different(error) => error,
            NotEndorsed::Untrusted { peer, reason } => Self::Refused {
                code: "endorsement_untrusted",
                detail: format!(
                    "the answer of {peer} is not to be trusted: {reason}; nothing was submitted"
                ),
                transaction_id: None,
                endorsers: Vec::new(),
            },
        }
    }
}

/// Holds the answers against the channel's organizations and against each other.
///
/// # Errors
/// [`NotEndorsed`].
pub(crate) fn agree(
    answers: &[Answer<'_>],
    membership: &Membership,
    proposal_hash: &[u8],
) -> Result<Agreed, NotEndorsed> {
    let mut outcomes = Vec::with_capacity(answers.len());
    for answer in answers {
        let outcome = check(answer, membership, proposal_hash);
        let outcome = outcome.map_err(|reason| NotEndorsed::Untrusted {
            peer: answer.target.shown(),
            reason,
        })?;
        outcomes.push(outcome);
    }
    // What most peers say stands for all.
    let count = |payload: &Bytes| {
        let same = answers
            .iter()
            .filter(|other| other.response.payload == *payload);
        same.count()
    };
    let most = answers
        .iter()
        .zip(&outcomes)
        .rev()
        .max_by_key(|(answer, _)| count(&answer.response.payload));
    let Some((reference, outcome)) = most else {
        return Err(NotEndorsed::Different(no_answer()));
    };
    let differing: Vec<_> = answers
        .iter()
        .zip(&outcomes)
        .filter(|(answer, _)| answer.response.payload != reference.response.payload)
        .map(|(answer, other)| (answer, other.difference(outcome)))
        .collect();
    if !differing.is_empty() {
        return Err(NotEndorsed::Different(different(reference, &differing)));
    }
    Ok(Agreed {
        payload: reference.response.payload.clone(),
        endorsements: answers
            .iter()
            .filter_map(|answer| answer.response.endorsement.clone())
            .collect(),
        result: outcome.response.payload.clone(),
    })
}

/// Whether the answer is its peer's own word on this proposal.
fn check(
    answer: &Answer<'_>,
    membership: &Membership,
    proposal_hash: &[u8],
) -> Result<Outcome, Untrusted> {
    let endorsement = answer.response.endorsement.as_ref();
    let endorsement = endorsement.ok_or(Untrusted::Missing)?;
    let endorser = Creator::decode(endorsement.endorser.clone())?;
    if *endorser.organization != *answer.target.organization {
        return Err(Untrusted::OtherOrganization(endorser.organization));
    }
    let certificate = membership.endorser(&endorsement.endorser, &endorser)?;
    let signed = [&answer.response.payload[..], &endorsement.endorser].concat();
    certificate
        .public_key()
        .verify(&signed, &endorsement.signature)?;
    let outcome = Outcome::decode(&answer.response.payload).map_err(Untrusted::Payload)?;
    match outcome.proposal_hash == proposal_hash {
        true => Ok(outcome),
        false => Err(Untrusted::OtherProposal),
    }
}

fn different(reference: &Answer<'_>, differing: &[(&Answer<'_>, Difference)]) -> LedgerError {
    let against = reference.target.shown();
    let mut endorsers = vec![said(
        reference.target,
        "the outcome that the others are compared with",
    )];
    let mut parts = Vec::new();
    for (answer, difference) in differing {
        let part = match difference {
            Difference::ReadVersions => "the versions of the keys that were read",
            Difference::Part(part) => part,
        };
        endorsers.push(said(answer.target, &format!("differs in {part}")));
        parts.push(format!(
            "{} differs from {against} in {part}",
            answer.target.shown()
        ));
    }
    let parts = parts.join("; ");
    let is_behind = |(_, difference): &(&Answer<'_>, Difference)| {
        matches!(difference, Difference::ReadVersions)
    };
    match differing.iter().all(is_behind) {
        true => LedgerError::Unavailable {
            code: "peers_out_of_step",
            detail: format!(
                "one of the peers has not all of the blocks yet that another has: {parts}; try again in a moment"
            ),
            endorsers,
        },
        false => LedgerError::Refused {
            code: "endorsements_differ",
            detail: format!(
                "the peers did not come to the same result, so the contract does not decide by the ledger alone, or one of them misses \
                 blocks: {parts}"
            ),
            transaction_id: None,
            endorsers,
        },
    }
}

fn no_answer() -> LedgerError {
    peer_unavailable("no peer was asked")
}

#[cfg(test)]
mod tests;
