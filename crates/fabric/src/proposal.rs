//! Proposals and envelopes: what a client signs.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use prost::Message as _;
use ring::rand::{SecureRandom, SystemRandom};

use crate::identity::{Identity, NoRandomness};
use crate::wire::proto::{common, msp, orderer, protos};
use crate::wire::transaction_id;

/// How many random bytes make a transaction's id unique; Fabric's own clients take as many.
const NONCE_BYTES: usize = 24;

/// What a contract is asked to run.
#[derive(Clone, Default)]
pub(crate) struct Invocation {
    pub(crate) contract: String,
    /// The function, then its arguments.
    pub(crate) args: Vec<Bytes>,
    /// What only the endorsers see.
    pub(crate) transient: BTreeMap<String, Bytes>,
    /// Whether it is the call that a contract's definition asks for before all others.
    pub(crate) is_init: bool,
}

impl fmt::Debug for Invocation {
    /// Of the transient data only the names: the values are secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.transient.keys().collect();
        formatter
            .debug_struct("Invocation")
            .field("contract", &self.contract)
            .field("args", &self.args)
            .field("transient", &names)
            .field("is_init", &self.is_init)
            .finish()
    }
}

/// A call of a contract that nobody has signed yet.
#[derive(Clone)]
pub(crate) struct Proposal {
    /// The id of the transaction that can come of it.
    pub(crate) transaction_id: String,
    /// The serialized `protos.Proposal`, which its creator signs.
    pub(crate) bytes: Bytes,
}

/// A call of a contract, signed by the caller: what peers are asked to run.
#[derive(Debug, Clone)]
pub(crate) struct SignedCall {
    /// The id of the transaction that can come of it.
    pub(crate) transaction_id: String,
    /// The message that peers take.
    pub(crate) proposal: protos::SignedProposal,
}

/// A caller as Fabric carries it: a serialized `msp.SerializedIdentity`.
pub(crate) fn creator(msp_id: &str, certificate_pem: &str) -> Bytes {
    msp::SerializedIdentity {
        mspid: msp_id.to_owned(),
        id_bytes: Bytes::copy_from_slice(certificate_pem.as_bytes()),
    }
    .encode_to_vec()
    .into()
}

/// An identity as Fabric carries it.
pub(crate) fn serialized(identity: &Identity) -> Bytes {
    creator(identity.msp_id(), identity.certificate_pem())
}

impl fmt::Debug for Proposal {
    /// Without its bytes, which hold the transient data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Proposal({})", self.transaction_id)
    }
}

impl Proposal {
    /// Puts a call together in the name of `creator`, which is serialized.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(crate) fn new(
        creator: Bytes,
        channel: &str,
        invocation: Invocation,
    ) -> Result<Self, NoRandomness> {
        let chaincode = protos::ChaincodeId {
            name: invocation.contract,
            ..protos::ChaincodeId::default()
        };
        let extension = protos::ChaincodeHeaderExtension {
            chaincode_id: Some(chaincode.clone()),
        };
        let kind = common::HeaderType::EndorserTransaction;
        let named = common::ChannelHeader {
            extension: extension.encode_to_vec().into(),
            ..common::ChannelHeader::default()
        };
        let (transaction_id, header) = header(creator, kind, channel, named)?;
        let specification = protos::ChaincodeInvocationSpec {
            chaincode_spec: Some(protos::ChaincodeSpec {
                chaincode_id: Some(chaincode),
                input: Some(protos::ChaincodeInput {
                    args: invocation.args,
                    is_init: invocation.is_init,
                    ..protos::ChaincodeInput::default()
                }),
                ..protos::ChaincodeSpec::default()
            }),
        };
        let payload = protos::ChaincodeProposalPayload {
            input: specification.encode_to_vec().into(),
            transient_map: invocation.transient,
        };
        let proposal = protos::Proposal {
            header: header.encode_to_vec().into(),
            payload: payload.encode_to_vec().into(),
        };
        Ok(Self {
            transaction_id,
            bytes: proposal.encode_to_vec().into(),
        })
    }

    /// The call with its creator's signature, which is not looked at here.
    pub(crate) fn signed(self, signature: Vec<u8>) -> SignedCall {
        SignedCall {
            transaction_id: self.transaction_id,
            proposal: protos::SignedProposal {
                proposal_bytes: self.bytes,
                signature: signature.into(),
            },
        }
    }
}

/// Puts a call together and signs it.
///
/// # Errors
/// [`NoRandomness`].
pub(crate) fn sign_call(
    identity: &Identity,
    channel: &str,
    invocation: Invocation,
) -> Result<SignedCall, NoRandomness> {
    let proposal = Proposal::new(serialized(identity), channel, invocation)?;
    let signature = identity.sign(&proposal.bytes)?;
    Ok(proposal.signed(signature))
}

/// Asks for blocks: `stop` is `None` to go on with each new one. `certificate_hash` is that of the TLS certificate which is shown on the connection over
/// which it goes: a node that asked for one refuses requests that are not bound to it.
///
/// # Errors
/// [`NoRandomness`].
pub(crate) fn sign_seek(
    identity: &Identity,
    channel: &str,
    start: orderer::seek_position::Type,
    stop: Option<orderer::seek_position::Type>,
    certificate_hash: Option<[u8; 32]>,
) -> Result<common::Envelope, NoRandomness> {
    use orderer::seek_info::SeekBehavior;
    let position = |position| orderer::SeekPosition {
        r#type: Some(position),
    };
    let is_bounded = stop.is_some();
    let end = orderer::SeekSpecified { number: u64::MAX };
    let seek = orderer::SeekInfo {
        start: Some(position(start)),
        stop: Some(position(
            stop.unwrap_or(orderer::seek_position::Type::Specified(end)),
        )),
        behavior: match is_bounded {
            true => SeekBehavior::FailIfNotReady,
            false => SeekBehavior::BlockUntilReady,
        }
        .into(),
        ..orderer::SeekInfo::default()
    };
    let kind = common::HeaderType::DeliverSeekInfo;
    let bound = common::ChannelHeader {
        tls_cert_hash: certificate_hash.map_or_else(Bytes::new, |hash| hash.to_vec().into()),
        ..common::ChannelHeader::default()
    };
    let (_, header) = header(serialized(identity), kind, channel, bound)?;
    let payload = common::Payload {
        header: Some(header),
        data: seek.encode_to_vec().into(),
    };
    let payload = payload.encode_to_vec();
    let signature = identity.sign(&payload)?.into();
    Ok(common::Envelope {
        payload: payload.into(),
        signature,
    })
}

/// A header with its transaction id: SHA-256 of nonce and creator. `others` are the channel header's further fields.
fn header(
    creator: Bytes,
    kind: common::HeaderType,
    channel: &str,
    others: common::ChannelHeader,
) -> Result<(String, common::Header), NoRandomness> {
    let mut nonce = vec![0; NONCE_BYTES];
    SystemRandom::new()
        .fill(&mut nonce)
        .map_err(|_| NoRandomness)?;
    let transaction_id = transaction_id(&nonce, &creator).to_string();
    let now = Timestamp::now();
    let channel_header = common::ChannelHeader {
        r#type: kind.into(),
        timestamp: Some(prost_types::Timestamp {
            seconds: now.as_second(),
            nanos: now.subsec_nanosecond(),
        }),
        channel_id: channel.to_owned(),
        tx_id: transaction_id.clone(),
        ..others
    };
    let signature_header = common::SignatureHeader {
        creator,
        nonce: nonce.into(),
    };
    let header = common::Header {
        channel_header: channel_header.encode_to_vec().into(),
        signature_header: signature_header.encode_to_vec().into(),
    };
    Ok((transaction_id, header))
}
