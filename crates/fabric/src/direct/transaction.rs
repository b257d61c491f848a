//! A transaction out of a proposal and its endorsements.

use bytes::Bytes;
use prost::Message as _;
use sha2::{Digest, Sha256};

use super::endorsements::Agreed;
use crate::proposal::SignedCall;
use crate::wire::proto::{common, protos};

/// A proposal in the parts that come back in a transaction.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    header: common::Header,
    /// Without the transient data, which never reach the chain.
    payload: Bytes,
}

impl Parts {
    /// # Errors
    /// What cannot be read, for a proposal that was not made here.
    pub(crate) fn of(call: &SignedCall) -> Result<Self, prost::DecodeError> {
        let proposal = protos::Proposal::decode(call.proposal.proposal_bytes.clone())?;
        let payload = protos::ChaincodeProposalPayload::decode(proposal.payload)?;
        let payload = protos::ChaincodeProposalPayload {
            input: payload.input,
            ..protos::ChaincodeProposalPayload::default()
        };
        Ok(Self {
            header: common::Header::decode(proposal.header)?,
            payload: payload.encode_to_vec().into(),
        })
    }

    /// What endorsers sign to say which proposal they endorsed.
    pub(crate) fn hash(&self) -> Vec<u8> {
        let hash = Sha256::new()
            .chain_update(&self.header.channel_header)
            .chain_update(&self.header.signature_header)
            .chain_update(&self.payload);
        hash.finalize().to_vec()
    }

    /// The transaction as its creator signs it: a serialized `common.Payload`.
    pub(crate) fn transaction(self, agreed: &Agreed) -> Bytes {
        let payload = protos::ChaincodeActionPayload {
            chaincode_proposal_payload: self.payload,
            action: Some(protos::ChaincodeEndorsedAction {
                proposal_response_payload: agreed.payload.clone(),
                endorsements: agreed.endorsements.clone(),
            }),
        };
        let transaction = protos::Transaction {
            actions: vec![protos::TransactionAction {
                header: self.header.signature_header.clone(),
                payload: payload.encode_to_vec().into(),
            }],
        };
        let payload = common::Payload {
            header: Some(self.header),
            data: transaction.encode_to_vec().into(),
        };
        payload.encode_to_vec().into()
    }
}
