//! Real endorsements, and what forgers would make of them.
#![allow(clippy::unwrap_used)]

use prost::Message as _;

use super::*;
use crate::direct::configuration::config_in;
use crate::direct::testing::{TestAuthority, target};
use crate::proposal::serialized;
use crate::target::Target;
use crate::wire::proto::msp;
use crate::wire::{Action, Block, Body};

const CONFIG: &[u8] = include_bytes!("../../../tests/data/raft-129-config.block");
/// Of the same network: a transaction that both organizations endorsed.
const ENDORSED: &[u8] = include_bytes!("../../../tests/data/raft-010-two-endorsers.block");

fn membership() -> Membership {
    Membership::new(&config_in(Bytes::from_static(CONFIG)).unwrap())
}

fn action() -> Action {
    let block = Block::decode(Bytes::from_static(ENDORSED)).unwrap();
    let body = block.transaction(0).unwrap().decode().unwrap().body();
    match body.unwrap() {
        Body::Endorser(mut transaction) => transaction.actions.remove(0),
        _ => panic!("a call is expected"),
    }
}

fn responses(action: &Action) -> Vec<protos::ProposalResponse> {
    let endorsements = action.endorsements.iter();
    endorsements
        .map(|endorsement| protos::ProposalResponse {
            payload: action.response_payload.clone(),
            endorsement: Some(protos::Endorsement {
                endorser: endorsement.endorser_bytes.clone(),
                signature: endorsement.signature.clone(),
            }),
            ..protos::ProposalResponse::default()
        })
        .collect()
}

/// What comes of the real answers after `change` was made to the second.
fn agreed(change: impl FnOnce(&mut protos::ProposalResponse)) -> Result<Agreed, NotEndorsed> {
    let action = action();
    let mut responses = responses(&action);
    let endorsers = action.endorsements.iter();
    let targets: Vec<Target> = endorsers
        .map(|endorsement| target(&endorsement.endorser.organization))
        .collect();
    change(&mut responses[1]);
    let answers: Vec<Answer<'_>> = targets
        .iter()
        .zip(responses)
        .map(|(target, response)| Answer { target, response })
        .collect();
    agree(&answers, &membership(), &action.proposal_hash)
}

fn untrusted(change: impl FnOnce(&mut protos::ProposalResponse)) -> Untrusted {
    match agreed(change) {
        Err(NotEndorsed::Untrusted { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn endorsement(response: &mut protos::ProposalResponse) -> &mut protos::Endorsement {
    response.endorsement.as_mut().unwrap()
}

#[tokio::test]
async fn what_real_peers_endorsed_is_agreed_on() {
    let agreed = agreed(|_| ()).unwrap();
    let action = action();
    assert_eq!(agreed.payload, action.response_payload);
    assert_eq!(agreed.endorsements.len(), 2);
    assert_eq!(agreed.result, action.response.unwrap().payload);
}

#[tokio::test]
async fn forged_endorsements_are_refused() {
    let reason = untrusted(|response| response.endorsement = None);
    assert_eq!(reason, Untrusted::Missing);

    let reason = untrusted(|response| endorsement(response).endorser = Bytes::from_static(b"\xff"));
    assert!(matches!(reason, Untrusted::Unreadable(_)), "{reason}");

    // The other's signature, under this one's name.
    let other = action().endorsements[0].clone();
    let reason = untrusted(|response| endorsement(response).signature = other.signature.clone());
    assert_eq!(reason, Untrusted::Signature(SignatureError::Mismatch));

    // The other's endorsement as a whole: one organization would count for two.
    let reason = untrusted(|response| {
        *endorsement(response) = protos::Endorsement {
            endorser: other.endorser_bytes.clone(),
            signature: other.signature.clone(),
        };
    });
    let name = other.endorser.organization;
    assert_eq!(reason, Untrusted::OtherOrganization(name));

    // Another result under a good name.
    let reason = untrusted(|response| {
        let mut payload =
            protos::ProposalResponsePayload::decode(response.payload.clone()).unwrap();
        payload.extension = Bytes::new();
        response.payload = payload.encode_to_vec().into();
    });
    assert_eq!(reason, Untrusted::Signature(SignatureError::Mismatch));
}

#[tokio::test]
async fn an_endorser_whom_no_ca_of_the_organization_knows_is_refused() {
    let stranger = crate::direct::testing::self_signed("/CN=peer0/OU=peer");
    let organization = action().endorsements[1].endorser.organization.clone();
    let identity = msp::SerializedIdentity {
        mspid: organization,
        id_bytes: stranger.into(),
    };
    let reason = untrusted(|response| {
        endorsement(response).endorser = identity.encode_to_vec().into();
    });
    let Untrusted::NotAnEndorser(reason) = reason else {
        panic!("{reason}");
    };
    assert!(matches!(reason, NotAnEndorser::Chain { .. }), "{reason}");
}

#[tokio::test]
async fn an_endorsement_of_another_proposal_is_refused() {
    let action = action();
    let target = target(&action.endorsements[0].endorser.organization);
    let response = responses(&action).remove(0);
    let answers = [Answer {
        target: &target,
        response,
    }];
    let error = agree(&answers, &membership(), b"another").unwrap_err();
    let error = LedgerError::from(error);
    assert_eq!(error.code(), "endorsement_untrusted");
    assert!(error.to_string().contains("another proposal"), "{error}");
}

/// Two organizations with a peer each, which sign what they are told to.
struct Signers {
    membership: Membership,
    peers: Vec<(Target, crate::identity::Identity)>,
}

fn signers() -> Signers {
    let names = ["Org1MSP", "Org2MSP", "Org3MSP"];
    let authorities = names.map(TestAuthority::root);
    let configs = names.iter().zip(&authorities);
    let configs = configs.map(|(name, authority)| msp::FabricMspConfig {
        name: (*name).to_owned(),
        root_certs: vec![authority.pem().into()],
        ..msp::FabricMspConfig::default()
    });
    let peers = names.iter().zip(&authorities);
    let peers = peers.map(|(name, authority)| (target(name), authority.member(name, "/CN=peer0")));
    Signers {
        membership: Membership::of(configs),
        peers: peers.collect(),
    }
}

/// What comes of these payloads, one for each peer.
fn agreed_on(payloads: [Bytes; 3]) -> Result<Agreed, NotEndorsed> {
    let signers = signers();
    let answers = signers.peers.iter().zip(payloads);
    let answers: Vec<Answer<'_>> = answers
        .map(|((target, peer), payload)| {
            let endorser = serialized(peer);
            let signature = peer.sign(&[&payload[..], &endorser].concat()).unwrap();
            let endorsement = Some(protos::Endorsement {
                endorser,
                signature: signature.into(),
            });
            let response = protos::ProposalResponse {
                payload,
                endorsement,
                ..protos::ProposalResponse::default()
            };
            Answer { target, response }
        })
        .collect();
    agree(&answers, &signers.membership, b"hash")
}

fn payload(result: &'static [u8]) -> Bytes {
    let action = protos::ChaincodeAction {
        response: Some(protos::Response {
            status: 200,
            payload: Bytes::from_static(result),
            ..protos::Response::default()
        }),
        ..protos::ChaincodeAction::default()
    };
    let payload = protos::ProposalResponsePayload {
        proposal_hash: Bytes::from_static(b"hash"),
        extension: action.encode_to_vec().into(),
    };
    payload.encode_to_vec().into()
}

#[tokio::test]
async fn of_three_peers_the_one_that_stands_alone_is_named() {
    assert_eq!(
        agreed_on([b"1", b"1", b"1"].map(|result| payload(result)))
            .unwrap()
            .result,
        "1"
    );
    let error = agreed_on([payload(b"2"), payload(b"1"), payload(b"1")]).unwrap_err();
    let error = LedgerError::from(error);
    assert_eq!(error.code(), "endorsements_differ");
    let telling =
        "(Org1MSP) differs from peer0:7051 (Org2MSP) in the response: 200 `2` and 200 `1`";
    assert!(error.to_string().ends_with(telling), "{error}");
}

#[tokio::test]
async fn what_was_signed_must_be_an_outcome() {
    let error = agreed_on([payload(b"1"), Bytes::from_static(b"\xff"), payload(b"1")]).unwrap_err();
    let NotEndorsed::Untrusted { peer, reason } = error else {
        panic!("{error:?}");
    };
    assert_eq!(peer, "peer0:7051 (Org2MSP)");
    assert!(matches!(reason, Untrusted::Payload(_)), "{reason}");
}
