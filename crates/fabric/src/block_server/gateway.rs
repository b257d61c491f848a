//! What the gateway of such a peer answers. The texts are Fabric's own, as 2.5 and 3.1 send them.

use bytes::Bytes;
use h2::server::SendResponse;
use prost::Message as _;
use tonic::Code;
use tonic::codegen::http::{HeaderMap, HeaderValue, Response};

use super::{BlockServer, ledger_with, send_encoded};
use crate::ledger::FabricLedger;
use crate::target::Target;
use crate::wire::ValidationCode;
use crate::wire::proto::{common, gateway, protos};

pub(crate) const EVALUATE: &str = "/gateway.Gateway/Evaluate";
pub(crate) const SUBMIT: &str = "/gateway.Gateway/Submit";
pub(crate) const COMMIT_STATUS: &str = "/gateway.Gateway/CommitStatus";

/// A message, or a refusal.
#[derive(Clone)]
pub(crate) struct GatewayAnswer(Result<Vec<u8>, (Code, String)>);

impl GatewayAnswer {
    pub(super) fn send(self, mut answer: SendResponse<Bytes>) -> Option<()> {
        let head = Response::builder().header("content-type", "application/grpc");
        match self.0 {
            Ok(message) => {
                let mut sent = answer.send_response(head.body(()).unwrap(), false).ok()?;
                send_encoded(&mut sent, &message)?;
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", HeaderValue::from_static("0"));
                sent.send_trailers(trailers).ok()
            }
            Err((code, words)) => {
                let head = head.header("grpc-status", i32::from(code));
                let head = head.header("grpc-message", words).body(()).unwrap();
                answer.send_response(head, true).ok().map(drop)
            }
        }
    }
}

impl BlockServer {
    /// Answers so from now on.
    pub(crate) fn answer_to(&self, path: &'static str, answer: GatewayAnswer) {
        self.answers.lock().unwrap().insert(path, answer);
    }

    /// How often it was asked for that.
    pub(crate) fn calls_count(&self, path: &str) -> usize {
        self.calls.lock().unwrap().get(path).copied().unwrap_or(0)
    }
}

/// The channel, whose calls go to the gateways of these peers in this order, and whose blocks come from them. Has to be called within a runtime.
pub(crate) fn gateway_ledger(servers: &[&BlockServer]) -> FabricLedger {
    let targets = servers.iter().map(|server| {
        let peer = server.peer();
        Target {
            name: peer.address.clone(),
            organization: "Org1MSP".into(),
            peer,
        }
    });
    ledger_with(servers, targets.collect())
}

/// An envelope that no peer reads.
pub(crate) fn envelope() -> common::Envelope {
    common::Envelope {
        payload: Bytes::from_static(b"payload"),
        signature: Bytes::from_static(b"signature"),
    }
}

fn contract_refused(words: &str) -> GatewayAnswer {
    let words =
        format!("evaluate call to endorser returned error: chaincode response 500, {words}");
    GatewayAnswer(Err((Code::Unknown, words)))
}

pub(crate) fn from_snapshot(id: &str) -> GatewayAnswer {
    contract_refused(&format!(
        "Failed to get block for txID {id}, error details for the TXID [{id}] not available. Ledger bootstrapped from a snapshot. First \
         available block = [4]"
    ))
}

pub(crate) fn unknown_id(id: &str) -> GatewayAnswer {
    contract_refused(&format!(
        "Failed to get block for txID {id}, error no such transaction ID [{id}] in index"
    ))
}

pub(crate) fn access_denied() -> GatewayAnswer {
    let words = "error validating proposal: access denied: channel [trade] creator org [Org1MSP]";
    GatewayAnswer(Err((Code::FailedPrecondition, words.to_owned())))
}

pub(crate) fn unavailable() -> GatewayAnswer {
    let words = "failed to evaluate transaction, see attached details for more info";
    GatewayAnswer(Err((Code::Unavailable, words.to_owned())))
}

pub(crate) fn forbidden() -> GatewayAnswer {
    let words = "received unsuccessful response from orderer: status=FORBIDDEN, info=implicit policy evaluation failed - 0 sub-policies were \
                 satisfied, but this policy requires 1 of the 'Writers' sub-policies to be satisfied: permission denied";
    GatewayAnswer(Err((Code::Aborted, words.to_owned())))
}

pub(crate) fn evaluated(payload: &[u8]) -> GatewayAnswer {
    let answer = gateway::EvaluateResponse {
        result: Some(protos::Response {
            status: 200,
            payload: Bytes::copy_from_slice(payload),
            ..protos::Response::default()
        }),
    };
    GatewayAnswer(Ok(answer.encode_to_vec()))
}

pub(crate) fn submitted() -> GatewayAnswer {
    GatewayAnswer(Ok(gateway::SubmitResponse::default().encode_to_vec()))
}

/// It stands in block 7 under that code.
pub(crate) fn committed(code: ValidationCode) -> GatewayAnswer {
    let answer = gateway::CommitStatusResponse {
        result: code.0.into(),
        block_number: 7,
    };
    GatewayAnswer(Ok(answer.encode_to_vec()))
}
