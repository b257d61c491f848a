//! What a peer's refusal means for the caller. Fabric says much of it in words only.

use std::error::Error as _;

use chainloom_ledger::{Endorser, LedgerError};
use prost::Message as _;
use tonic::{Code, Status};

use crate::dial;
use crate::wire::proto::{gateway, google};

/// What peers say that are asked too much at once.
const CONCURRENCY_LIMIT: &str = "exceeding concurrency limit";

/// At which step of a transaction a peer refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A query; nothing was to be submitted.
    Evaluate,
    /// The endorsement; nothing was submitted.
    Endorse,
    /// The orderers were to take the transaction.
    Submit,
}

/// Whether another peer may do better: this one cannot be reached or is too busy to answer.
pub(crate) fn is_transport(status: &Status) -> bool {
    if is_broken(status) {
        return true;
    }
    let (_, endorsers) = read(status);
    matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded)
        && endorsers.is_empty()
        && !status
            .message()
            .contains("failed to get config for channel")
        && !status.message().contains("no orderers could")
}

/// Whether a peer refused to begin with it, since it has as much to do at once as it takes.
pub(crate) fn is_busy(status: &Status) -> bool {
    let is_said = |words: &str| words.contains(CONCURRENCY_LIMIT);
    if is_broken(status) {
        return false;
    }
    let (message, endorsers) = read(status);
    is_said(&message) || endorsers.iter().any(|endorser| is_said(&endorser.message))
}

/// Whether no peer spoke: the connection broke, or the time was up. The status is the client's own then, and has a source; its code may be any.
fn is_broken(status: &Status) -> bool {
    status.source().is_some()
}

/// A peer's words, or why the connection to it failed.
pub(crate) fn words_of(status: &Status) -> String {
    match dial::cause(status) {
        Some((reason, _)) => reason,
        None => status.message().to_owned(),
    }
}

/// The refusal as the caller is told of it. `asked` is the peer that was asked.
pub(crate) fn explain(
    step: Step,
    asked: &str,
    transaction_id: &str,
    status: &Status,
) -> LedgerError {
    if is_broken(status) {
        let detail = format!("{asked} did not answer: {}", words_of(status));
        return match step {
            Step::Submit => unconfirmed(transaction_id, &detail),
            Step::Evaluate | Step::Endorse => unavailable(&detail, Vec::new()),
        };
    }
    let (message, endorsers) = read(status);
    // The peers' own words say more than the gateway's.
    let words: Vec<&str> = match endorsers.is_empty() {
        true => vec![&message],
        false => endorsers
            .iter()
            .map(|endorser| endorser.message.as_str())
            .collect(),
    };
    let said = |telling: &str| {
        message.contains(telling) || words.iter().any(|words| words.contains(telling))
    };
    let detail = match endorsers.is_empty() {
        true => format!("{asked} said: {message}"),
        false => endorsers
            .iter()
            .map(|endorser| {
                format!(
                    "{} ({}) said: {}",
                    endorser.address, endorser.organization, endorser.message
                )
            })
            .collect::<Vec<_>>()
            .join("; "),
    };
    let refused = |code, detail: String, endorsers: Vec<Endorser>| LedgerError::Refused {
        code,
        detail,
        transaction_id: None,
        endorsers,
    };
    if said(CONCURRENCY_LIMIT) {
        return LedgerError::Overloaded {
            code: "peer_busy",
            detail: format!(
                "the peer takes no more requests at once ({detail}); try again in a second"
            ),
            retry_after_s: 1,
        };
    }
    if said("access denied") || said("creator org unknown") || said("permission denied") {
        return LedgerError::AccessDenied {
            detail: format!(
                "{detail}; the channel does not accept this identity for it: look at its certificate (revoked, of another CA?) and at \
                 the channel's ACLs"
            ),
        };
    }
    if said("failed to get config for channel") {
        return LedgerError::NotFound {
            code: "channel_not_found",
            detail: format!("{detail}; the peer has not joined a channel of that name"),
        };
    }
    if said("ProposalResponsePayloads do not match") {
        return refused(
            "endorsements_differ",
            format!(
                "the peers did not come to the same result, so the contract does not decide by the ledger alone: {detail}"
            ),
            endorsers,
        );
    }
    // At the last step these are orderers, one of which may have taken the transaction.
    if step != Step::Submit
        && (said("could not launch chaincode")
            || said("chaincode stream terminated")
            || said("connection refused"))
    {
        return LedgerError::Unavailable {
            code: "contract_unavailable",
            detail: format!(
                "the contract's own process cannot be reached: {detail}; nothing was submitted"
            ),
            endorsers,
        };
    }
    if let Some(own) = words.iter().find_map(|words| chaincode_words(words)) {
        return refused("contract_refused", own.to_owned(), endorsers);
    }
    if said("no peers available") || said("No metadata was found") || said("no peer combination") {
        return LedgerError::Unavailable {
            code: "endorsers_unavailable",
            detail: format!(
                "no peers are known that could endorse it ({detail}); is the contract's name right, and are its peers up?"
            ),
            endorsers,
        };
    }
    match (step, status.code()) {
        (
            Step::Submit,
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Unknown
            | Code::Internal,
        ) => unconfirmed(transaction_id, &detail),
        (_, Code::Unavailable | Code::DeadlineExceeded) => unavailable(&detail, endorsers),
        (_, Code::ResourceExhausted) => refused("too_large", detail, endorsers),
        _ => refused("refused", detail, endorsers),
    }
}

fn unconfirmed(transaction_id: &str, detail: &str) -> LedgerError {
    LedgerError::Unconfirmed {
        transaction_id: transaction_id.to_owned(),
        detail: format!(
            "whether the orderers took the transaction is not known ({detail}); ask for it by its id, do not submit it anew before"
        ),
    }
}

fn unavailable(detail: &str, endorsers: Vec<Endorser>) -> LedgerError {
    LedgerError::Unavailable {
        code: "peer_unavailable",
        detail: format!("{detail}; nothing was submitted"),
        endorsers,
    }
}

/// The chaincode's own words in `chaincode response 500, its own words`.
fn chaincode_words(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("chaincode response ")?;
    rest.split_once(", ").map(|(_, words)| words)
}

/// The status's sentence, and what each endorser said.
fn read(status: &Status) -> (String, Vec<Endorser>) {
    let details = google::rpc::Status::decode(status.details()).unwrap_or_default();
    let endorsers = details
        .details
        .iter()
        .filter(|detail| detail.type_url.ends_with("gateway.ErrorDetail"))
        .filter_map(|detail| gateway::ErrorDetail::decode(detail.value.as_ref()).ok())
        .map(|detail| Endorser {
            address: detail.address,
            organization: detail.msp_id,
            message: detail.message,
        })
        .collect();
    (status.message().to_owned(), endorsers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: Code, message: &str, details: &[&str]) -> Status {
        let details = details.iter().map(|message| prost_types::Any {
            type_url: "type.googleapis.com/gateway.ErrorDetail".to_owned(),
            value: gateway::ErrorDetail {
                address: "peer0:7051".to_owned(),
                msp_id: "Org1MSP".to_owned(),
                message: (*message).to_owned(),
            }
            .encode_to_vec(),
        });
        let full = google::rpc::Status {
            code: code.into(),
            message: message.to_owned(),
            details: details.collect(),
        };
        Status::with_details(code, message, full.encode_to_vec().into())
    }

    fn explained(step: Step, code: Code, message: &str, details: &[&str]) -> LedgerError {
        explain(step, "peer0:7051", "id", &status(code, message, details))
    }

    /// The texts are Fabric's own, as 2.5 and 3.1 send them.
    #[test]
    fn every_refusal_of_a_peer_has_its_meaning() {
        use Step::{Endorse, Evaluate, Submit};
        let cases = [
            (
                Evaluate,
                Code::Unknown,
                "evaluate call to endorser returned error: chaincode response 500, no such key",
                &[][..],
                "contract_refused",
            ),
            (
                Endorse,
                Code::Aborted,
                "failed to endorse transaction",
                &["chaincode response 500, no such key"][..],
                "contract_refused",
            ),
            (
                Endorse,
                Code::Aborted,
                "failed to collect enough transaction endorsements",
                &["ProposalResponsePayloads do not match"][..],
                "endorsements_differ",
            ),
            (
                Evaluate,
                Code::FailedPrecondition,
                "no peers available to evaluate chaincode x in channel y",
                &[][..],
                "endorsers_unavailable",
            ),
            (
                Endorse,
                Code::FailedPrecondition,
                "no peer combination can satisfy the endorsement policy",
                &[][..],
                "endorsers_unavailable",
            ),
            (
                Evaluate,
                Code::Unavailable,
                "failed to get config for channel [x]: no such channel",
                &[][..],
                "channel_not_found",
            ),
            (
                Evaluate,
                Code::FailedPrecondition,
                "error validating proposal: access denied: channel [x] creator org [Org1MSP]",
                &[][..],
                "access_denied",
            ),
            (
                Endorse,
                Code::Aborted,
                "failed to endorse",
                &["could not launch chaincode x: connection refused"][..],
                "contract_unavailable",
            ),
            (
                Evaluate,
                Code::Unknown,
                "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
                &[][..],
                "peer_busy",
            ),
            (
                Evaluate,
                Code::Unavailable,
                "tcp connect error",
                &[][..],
                "peer_unavailable",
            ),
            (
                Evaluate,
                Code::DeadlineExceeded,
                "timeout",
                &[][..],
                "peer_unavailable",
            ),
            (
                Evaluate,
                Code::ResourceExhausted,
                "grpc: received message larger than max",
                &[][..],
                "too_large",
            ),
            (
                Submit,
                Code::Unavailable,
                "no orderers could successfully process transaction",
                &[][..],
                "outcome_unconfirmed",
            ),
            (
                Submit,
                Code::Unavailable,
                "no orderers could successfully process transaction",
                &["failed to create new connection: connection refused"][..],
                "outcome_unconfirmed",
            ),
            (
                Submit,
                Code::Aborted,
                "received unsuccessful response from orderer: status=BAD_REQUEST",
                &[][..],
                "refused",
            ),
        ];
        for (step, code, message, details, expected) in cases {
            assert_eq!(
                explained(step, code, message, details).code(),
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn a_contracts_own_words_are_kept_as_they_were() {
        let error = explained(
            Step::Endorse,
            Code::Aborted,
            "failed",
            &["chaincode response 500, a, b: c"],
        );
        let LedgerError::Refused {
            detail, endorsers, ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!(detail, "a, b: c");
        assert_eq!(endorsers[0].address, "peer0:7051");
    }

    #[test]
    fn a_connection_that_broke_is_no_refusal() {
        let broken = || {
            let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            Status::from_error(Box::new(reset))
        };
        assert!(is_transport(&broken()));
        for (step, code) in [
            (Step::Evaluate, "peer_unavailable"),
            (Step::Endorse, "peer_unavailable"),
            (Step::Submit, "outcome_unconfirmed"),
        ] {
            let error = explain(step, "peer0:7051", "id", &broken());
            assert_eq!(error.code(), code);
            assert!(
                error.to_string().contains("peer0:7051 did not answer"),
                "{error}"
            );
        }
    }

    #[test]
    fn another_peer_is_asked_only_where_this_one_cannot_be_reached() {
        assert!(is_transport(&status(
            Code::Unavailable,
            "tcp connect error",
            &[]
        )));
        assert!(!is_transport(&status(
            Code::Unavailable,
            "no orderers could successfully process transaction",
            &[]
        )));
        assert!(!is_transport(&status(
            Code::Unavailable,
            "failed to get config for channel",
            &[]
        )));
        assert!(!is_transport(&status(
            Code::Aborted,
            "chaincode response 500, no",
            &[]
        )));
    }
}
