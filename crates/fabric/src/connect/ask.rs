//! Stage three, where somebody waits for it: the peers are asked one by one, then the orderers, and each answer is told.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use serde::Serialize;
use tokio::time::{Instant, timeout};
use tonic::{Code, Status};

use super::ConnectError;
use crate::dial::{self, Cause, Dialer};
use crate::direct::{Membership, config_in};
use crate::endpoint::{Orderer, Peer};
use crate::gateway::until;
use crate::identity::Identity;
use crate::proposal::{Invocation, sign_call, sign_seek};
use crate::wire::Creator;
use crate::wire::proto::common::Status as Answer;
use crate::wire::proto::orderer::{self, deliver_response, seek_position};
use crate::wire::proto::protos;

/// How long one node may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(8);

/// What came of asking a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// What it is.
    pub role: NodeRole,
    /// Where it is: `host:port`.
    pub address: String,
    /// The MSP id of a peer's organization, as its signature shows.
    pub organization: Option<String>,
    /// Why it cannot be used now.
    pub problem: Option<NodeProblem>,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// Endorses, and sends blocks.
    Peer,
    /// Takes transactions.
    Orderer,
}

/// Why a node cannot be used now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeProblem {
    /// The parameter to look at.
    pub parameter: &'static str,
    /// What is wrong, and what to do.
    pub reason: String,
    /// Whether it stays so until a parameter is changed; else the node may be of use later.
    pub is_lasting: bool,
}

impl NodeReport {
    /// The report as a failure to connect, where it is one.
    pub fn error(&self) -> Option<ConnectError> {
        let problem = self.problem.as_ref()?;
        let (parameter, endpoint) = (problem.parameter, self.address.clone());
        let reason = problem.reason.clone();
        Some(match problem.is_lasting {
            true => ConnectError::Unusable {
                parameter,
                endpoint,
                reason,
            },
            false => ConnectError::Unreachable {
                parameter,
                endpoint,
                reason,
            },
        })
    }
}

/// One that may pass by itself.
fn problem(parameter: &'static str, reason: impl Into<String>) -> NodeProblem {
    NodeProblem {
        parameter,
        reason: reason.into(),
        is_lasting: false,
    }
}

/// One that stays until the parameter is changed.
fn lasting(parameter: &'static str, reason: impl Into<String>) -> NodeProblem {
    NodeProblem {
        is_lasting: true,
        ..problem(parameter, reason)
    }
}

/// A peer's own answer about the channel.
struct Introduction {
    /// The channel's configuration block.
    block: Bytes,
    payload: Bytes,
    endorsement: protos::Endorsement,
    endorser: Creator,
}

/// Asks all peers side by side who they are on the channel. The first that answers is believed about the channel's organizations; that the
/// others belong to one of them their signatures have to show.
pub(crate) async fn ask_peers(
    identity: &Identity,
    channel: &str,
    peers: &[Peer],
) -> Vec<NodeReport> {
    let asked = peers.iter().map(|peer| ask_peer(identity, channel, peer));
    let answers = join_all(asked).await;
    let first = answers.iter().find_map(|answer| answer.as_ref().ok());
    let membership = first.map(|first| config_in(first.block.clone()));
    let membership = membership.map(|config| config.map(|config| Membership::new(&config)));
    let reports = peers.iter().zip(answers).map(|(peer, answer)| {
        let outcome = answer.and_then(|answer| match &membership {
            Some(Ok(membership)) => organization_of(&answer, membership),
            Some(Err(reason)) => Err(problem(
                "peer_url",
                format!("the channel's configuration cannot be read: {reason}"),
            )),
            None => Err(problem("peer_url", "no peer answered")),
        });
        NodeReport {
            role: NodeRole::Peer,
            address: peer.address.clone(),
            organization: outcome.as_ref().ok().cloned(),
            problem: outcome.err(),
        }
    });
    reports.collect()
}

fn organization_of(
    introduction: &Introduction,
    membership: &Membership,
) -> Result<String, NodeProblem> {
    let untrusted = |reason: String| {
        lasting(
            "peer_url",
            format!("which organization it belongs to cannot be told: {reason}"),
        )
    };
    let Introduction {
        payload,
        endorsement,
        endorser,
        ..
    } = introduction;
    let certificate = membership.endorser(&endorsement.endorser, endorser);
    let certificate = certificate.map_err(|error| untrusted(error.to_string()))?;
    let signed = [&payload[..], &endorsement.endorser].concat();
    let verified = certificate
        .public_key()
        .verify(&signed, &endorsement.signature);
    verified.map_err(|error| untrusted(error.to_string()))?;
    Ok(endorser.organization.clone())
}

async fn ask_peer(
    identity: &Identity,
    channel: &str,
    peer: &Peer,
) -> Result<Introduction, NodeProblem> {
    let invocation = Invocation {
        contract: "cscc".to_owned(),
        args: vec![
            Bytes::from_static(b"GetConfigBlock"),
            Bytes::copy_from_slice(channel.as_bytes()),
        ],
        ..Invocation::default()
    };
    let call = sign_call(identity, channel, invocation);
    let call = call.map_err(|error| problem("userid", error.to_string()))?;
    let request = until(Instant::now() + ANSWERS_WITHIN, call.proposal);
    let mut endorser = peer.endorser();
    let answer = timeout(ANSWERS_WITHIN, endorser.process_proposal(request)).await;
    let answer = answer.map_err(|_| silent("peer_url"))?;
    let answer = match answer {
        Ok(answer) => answer.into_inner(),
        Err(status) => {
            return Err(refused("peer_url", &status, &peer.dialer, identity).await);
        }
    };
    let response = answer.response.unwrap_or_default();
    if !(200..400).contains(&response.status) {
        return Err(said("peer_url", &response.message, identity));
    }
    let odd = |reason: &str| lasting("peer_url", reason);
    let endorsement = answer.endorsement;
    let endorsement = endorsement.ok_or_else(|| odd("it answered without signing the answer"))?;
    let endorser = Creator::decode(endorsement.endorser.clone());
    let endorser = endorser.map_err(|error| odd(&error.to_string()))?;
    Ok(Introduction {
        block: response.payload,
        payload: answer.payload,
        endorsement,
        endorser,
    })
}

/// Asks all orderers side by side for the newest block of the channel.
pub(crate) async fn ask_orderers(
    identity: &Identity,
    channel: &str,
    orderers: &[Orderer],
) -> Vec<NodeReport> {
    let asked = orderers.iter().map(async |orderer| NodeReport {
        role: NodeRole::Orderer,
        address: orderer.address.clone(),
        organization: None,
        problem: ask_orderer(identity, channel, orderer).await.err(),
    });
    join_all(asked).await
}

async fn ask_orderer(
    identity: &Identity,
    channel: &str,
    orderer: &Orderer,
) -> Result<(), NodeProblem> {
    let newest = seek_position::Type::Newest(orderer::SeekNewest {});
    let seek = |hash| sign_seek(identity, channel, newest, Some(newest), hash);
    let ask = async {
        let seek = seek(orderer.transport().certificate_hash().await?);
        let seek = seek.map_err(|error| Status::internal(error.to_string()))?;
        let request = stream::once(async { seek }).chain(stream::pending());
        let mut client = orderer.broadcast();
        let mut answers = client.deliver(request).await?.into_inner();
        answers.message().await
    };
    let answer = timeout(ANSWERS_WITHIN, ask).await;
    let answer = answer.map_err(|_| silent("order_url"))?;
    let answer = match answer {
        Ok(answer) => answer,
        Err(status) => {
            return Err(refused("order_url", &status, &orderer.dialer, identity).await);
        }
    };
    match answer.and_then(|answer| answer.r#type) {
        Some(deliver_response::Type::Status(status))
            if Answer::try_from(status) == Ok(Answer::NotFound) =>
        {
            let reason = format!("it does not order the channel `{channel}`");
            Err(lasting("channel_id", reason))
        }
        // Whether it sends its blocks to this user does not matter.
        _ => Ok(()),
    }
}

fn silent(parameter: &'static str) -> NodeProblem {
    let reason = format!("it did not answer within {} s", ANSWERS_WITHIN.as_secs());
    problem(parameter, reason)
}

/// The refusal of a call, or of the connection below it.
async fn refused(
    parameter: &'static str,
    status: &Status,
    dialer: &Dialer,
    identity: &Identity,
) -> NodeProblem {
    let Some(cause) = dial::cause(status) else {
        return match status.code() {
            Code::Unimplemented => {
                let (is, is_not) = match parameter {
                    "order_url" => ("an orderer", "a peer"),
                    _ => ("a peer", "an orderer"),
                };
                let said = status.message();
                lasting(
                    parameter,
                    format!("it does not answer as {is} (it said: {said}): is it {is_not}?"),
                )
            }
            _ => said(parameter, status.message(), identity),
        };
    };
    let told = |cause: Cause| NodeProblem {
        parameter: cause.parameter.unwrap_or(parameter),
        reason: cause.reason,
        is_lasting: cause.is_lasting,
    };
    if cause.parameter.is_some() {
        return told(cause);
    }
    // The connection broke when it was open already.
    match dialer.refusal().await {
        Some(refusal) => told((&refusal).into()),
        None => told(cause),
    }
}

/// What a node's words mean.
fn said(parameter: &'static str, message: &str, identity: &Identity) -> NodeProblem {
    let has = |words: &str| message.contains(words);
    if has("access denied") || has("creator org unknown") || has("creator is malformed") {
        let (msp_id, issuer) = (identity.msp_id(), identity.certificate().issuer());
        let reason = format!(
            "it said: {message}; the channel does not accept this identity. It says that it is of {msp_id}, and its certificate is \
             issued by `{issuer}`: is that a CA of {msp_id}, is {msp_id} an organization of the channel, and is the certificate not \
             revoked? Enroll with the CA of the organization whose MSP id you name"
        );
        return lasting("userid", reason);
    }
    if has("channel") && (has("not found") || has("Invalid chain ID")) {
        let reason = format!("it said: {message}; the peer has not joined a channel of that name");
        return lasting("channel_id", reason);
    }
    problem(parameter, format!("it said: {message}"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::identity::{KeyKind, testing};

    #[test]
    fn words_point_at_the_parameter() {
        let credentials = testing::credentials(KeyKind::P256);
        let identity = Identity::new(&credentials, Timestamp::now()).expect("it holds");
        for (message, parameter, is_lasting) in [
            (
                "access denied for [GetConfigBlock][trade]: [Failed]",
                "userid",
                true,
            ),
            (
                "access denied: channel [trade] creator org unknown, creator is malformed",
                "userid",
                true,
            ),
            ("channel 'trade' not found", "channel_id", true),
            (
                "Invalid chain ID, trade, channel not found",
                "channel_id",
                true,
            ),
            ("something else", "peer_url", false),
        ] {
            let told = said("peer_url", message, &identity);
            assert_eq!(
                (told.parameter, told.is_lasting),
                (parameter, is_lasting),
                "{message}"
            );
        }
        let told = said("peer_url", "creator org unknown", &identity).reason;
        let issuer = identity.certificate().issuer();
        assert!(
            told.contains(&format!("issued by `{issuer}`")) && told.contains("of Org1MSP"),
            "{told}"
        );
    }

    #[test]
    fn a_report_is_an_error_where_there_is_a_problem() {
        let mut report = NodeReport {
            role: NodeRole::Peer,
            address: "p:1".to_owned(),
            organization: None,
            problem: None,
        };
        assert!(report.error().is_none());
        report.problem = Some(problem("tls_ca_certs", "not trusted"));
        let error = report.error().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("tls_ca_certs: p:1: not trusted"));
        let is_lasting = |report: &NodeReport| report.error().map(|error| error.is_lasting());
        assert_eq!(is_lasting(&report), Some(false));
        report.problem = Some(lasting("tls_ca_certs", "not trusted"));
        assert_eq!(is_lasting(&report), Some(true));
    }
}
