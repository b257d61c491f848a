use bytes::Bytes;

use super::creator::Creator;
use super::error::{DecodeError, Fault, Within, decode};
use super::proto::{common, protos};
use super::quick;
use super::read_write_set::{Namespace, decode_namespaces};

/// A call of a chaincode with the results that its endorsers signed.
#[derive(Debug, Clone, PartialEq)]
pub struct EndorserTransaction {
    /// One in every valid transaction; an invalid one may hold none or several.
    pub actions: Vec<Action>,
}

/// One call and its results.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// A `msp.SerializedIdentity`; the same as in the envelope's header in a valid transaction.
    pub creator: Bytes,
    /// The same as in the envelope's header in a valid transaction.
    pub nonce: Bytes,
    /// What was asked for.
    pub call: Call,
    /// Hash of the proposal that the endorsers answered.
    pub proposal_hash: Bytes,
    /// Which chaincode answered, with its version.
    pub chaincode: Option<Chaincode>,
    /// What it answered.
    pub response: Option<Response>,
    /// The event that it set.
    pub event: Option<Event>,
    /// What it read and wrote.
    pub namespaces: Vec<Namespace>,
    /// Who signed all this.
    pub endorsements: Vec<Endorsement>,
    /// What the endorsers signed, each with its own identity appended.
    pub response_payload: Bytes,
}

/// What a proposal asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    /// The chaincode that was called.
    pub chaincode: Option<Chaincode>,
    /// Function and arguments; `args[0]` is the function.
    pub args: Vec<Bytes>,
    /// Whether it is the call that initializes the chaincode.
    pub is_init: bool,
    /// What the peer added for the chaincode.
    pub decorations: Vec<(String, Bytes)>,
    /// The language that the client gave; peers do not look at it.
    pub language: i32,
}

impl Call {
    /// The function; empty where there are no arguments at all.
    pub fn function(&self) -> &[u8] {
        self.args.first().map_or(&[], |function| &function[..])
    }

    /// The arguments after the function.
    pub fn arguments(&self) -> &[Bytes] {
        self.args.get(1..).unwrap_or_default()
    }
}

/// A chaincode's name, with its version or path where they are said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chaincode {
    /// The name.
    pub name: String,
    /// The version; as a rule empty in calls.
    pub version: String,
    /// Of the source; as a rule empty.
    pub path: String,
}

/// A chaincode's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// As in HTTP: 200 to 399 is success.
    pub status: i32,
    /// A text.
    pub message: String,
    /// The result.
    pub payload: Bytes,
}

/// An event that a chaincode set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The chaincode.
    pub chaincode: String,
    /// The transaction.
    pub transaction_id: String,
    /// The event's name.
    pub name: String,
    /// The event's content.
    pub payload: Bytes,
}

/// One endorser's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorsement {
    /// The endorser.
    pub endorser: Creator,
    /// Over the response payload and the endorser's serialized identity.
    pub signature: Bytes,
    /// The endorser's serialized identity, as signed.
    pub endorser_bytes: Bytes,
}

impl EndorserTransaction {
    /// Reads a serialized `protos.Transaction`.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        match quick::endorser_transaction(&bytes) {
            Some(transaction) => Ok(transaction),
            None => Self::decode_by_definition(bytes),
        }
    }

    pub(super) fn decode_by_definition(bytes: Bytes) -> Result<Self, DecodeError> {
        let transaction: protos::Transaction = decode(bytes)?;
        let actions = transaction
            .actions
            .into_iter()
            .enumerate()
            .map(|(index, action)| Action::new(action).within(|| format!("action {index}")));
        Ok(Self {
            actions: actions.collect::<Result<_, _>>()?,
        })
    }
}

impl Action {
    fn new(action: protos::TransactionAction) -> Result<Self, DecodeError> {
        let header: common::SignatureHeader =
            decode(action.header).within(|| "header".to_owned())?;
        let payload: protos::ChaincodeActionPayload = decode(action.payload)?;
        let endorsed = payload
            .action
            .ok_or(Fault::Missing("the endorsed action"))?;
        let response: protos::ProposalResponsePayload =
            decode(endorsed.proposal_response_payload.clone())?;
        let results: protos::ChaincodeAction = decode(response.extension)?;
        let endorsements =
            endorsed
                .endorsements
                .into_iter()
                .enumerate()
                .map(|(index, endorsement)| {
                    Endorsement::new(endorsement).within(|| format!("endorsement {index}"))
                });
        Ok(Self {
            creator: header.creator,
            nonce: header.nonce,
            call: Call::decode(payload.chaincode_proposal_payload).within(|| "call".to_owned())?,
            proposal_hash: response.proposal_hash,
            chaincode: results.chaincode_id.map(Chaincode::from),
            response: results.response.map(Response::from),
            event: Event::decode(results.events).within(|| "event".to_owned())?,
            namespaces: decode_namespaces(results.results)
                .within(|| "read and write sets".to_owned())?,
            endorsements: endorsements.collect::<Result<_, _>>()?,
            response_payload: endorsed.proposal_response_payload,
        })
    }
}

impl Call {
    /// Reads a serialized `protos.ChaincodeProposalPayload`.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let payload: protos::ChaincodeProposalPayload = decode(bytes)?;
        let invocation: protos::ChaincodeInvocationSpec = decode(payload.input)?;
        let spec = invocation.chaincode_spec.unwrap_or_default();
        let input = spec.input.unwrap_or_default();
        Ok(Self {
            chaincode: spec.chaincode_id.map(Chaincode::from),
            args: input.args,
            is_init: input.is_init,
            decorations: input.decorations.into_iter().collect(),
            language: spec.r#type,
        })
    }
}

impl Event {
    fn decode(bytes: Bytes) -> Result<Option<Self>, DecodeError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        Ok(Some(decode::<protos::ChaincodeEvent>(bytes)?.into()))
    }
}

impl Endorsement {
    fn new(endorsement: protos::Endorsement) -> Result<Self, DecodeError> {
        Ok(Self {
            endorser: Creator::decode(endorsement.endorser.clone())?,
            signature: endorsement.signature,
            endorser_bytes: endorsement.endorser,
        })
    }
}

impl From<protos::ChaincodeId> for Chaincode {
    fn from(id: protos::ChaincodeId) -> Self {
        Self {
            name: id.name,
            version: id.version,
            path: id.path,
        }
    }
}

impl From<protos::Response> for Response {
    fn from(response: protos::Response) -> Self {
        Self {
            status: response.status,
            message: response.message,
            payload: response.payload,
        }
    }
}

impl From<protos::ChaincodeEvent> for Event {
    fn from(event: protos::ChaincodeEvent) -> Self {
        Self {
            chaincode: event.chaincode_id,
            transaction_id: event.tx_id,
            name: event.event_name,
            payload: event.payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    fn transaction(payload: protos::ChaincodeActionPayload) -> Bytes {
        let payload = payload.encode_to_vec().into();
        let action = protos::TransactionAction {
            header: Bytes::new(),
            payload,
        };
        protos::Transaction {
            actions: vec![action],
        }
        .encode_to_vec()
        .into()
    }

    fn refused(payload: protos::ChaincodeActionPayload) -> String {
        EndorserTransaction::decode(transaction(payload))
            .expect_err("a broken part")
            .to_string()
    }

    #[test]
    fn each_broken_part_is_named() {
        let bad = Bytes::from_static(b"\xff");
        assert_eq!(
            refused(Default::default()),
            "action 0: the endorsed action is missing"
        );

        let call = protos::ChaincodeActionPayload {
            chaincode_proposal_payload: bad.clone(),
            action: Some(Default::default()),
        };
        assert!(
            refused(call).starts_with("action 0, call: the bytes are no ChaincodeProposalPayload")
        );

        let endorsement = protos::Endorsement {
            endorser: bad.clone(),
            signature: Bytes::new(),
        };
        let endorsements = vec![Default::default(), endorsement];
        let action = protos::ChaincodeEndorsedAction {
            endorsements,
            ..Default::default()
        };
        let endorsed = protos::ChaincodeActionPayload {
            action: Some(action),
            ..Default::default()
        };
        let error = refused(endorsed);
        assert!(
            error.starts_with("action 0, endorsement 1: the bytes are no SerializedIdentity"),
            "{error}"
        );

        let with = |action: protos::ChaincodeAction| {
            let extension = action.encode_to_vec().into();
            let response = protos::ProposalResponsePayload {
                extension,
                ..Default::default()
            };
            let action = protos::ChaincodeEndorsedAction {
                proposal_response_payload: response.encode_to_vec().into(),
                ..Default::default()
            };
            protos::ChaincodeActionPayload {
                action: Some(action),
                ..Default::default()
            }
        };
        let event = with(protos::ChaincodeAction {
            events: bad.clone(),
            ..Default::default()
        });
        assert!(refused(event).starts_with("action 0, event: the bytes are no ChaincodeEvent"));
        let results = with(protos::ChaincodeAction {
            results: bad,
            ..Default::default()
        });
        assert!(
            refused(results)
                .starts_with("action 0, read and write sets: the bytes are no TxReadWriteSet")
        );
    }

    #[test]
    fn none_or_several_actions_are_read_as_they_are() {
        assert_eq!(
            EndorserTransaction::decode(Bytes::new()).map(|read| read.actions.len()),
            Ok(0)
        );
        let payload = protos::ChaincodeActionPayload {
            action: Some(Default::default()),
            ..Default::default()
        };
        let payload = Bytes::from(payload.encode_to_vec());
        let action = protos::TransactionAction {
            header: Bytes::new(),
            payload,
        };
        let two = protos::Transaction {
            actions: vec![action.clone(), action],
        }
        .encode_to_vec();
        let read = EndorserTransaction::decode(two.into()).expect("two empty actions");
        assert_eq!(read.actions.len(), 2);
        assert_eq!(read.actions[0].call.function(), b"");
        assert!(read.actions[0].call.arguments().is_empty());
    }
}
