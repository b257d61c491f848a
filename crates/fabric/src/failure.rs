//! What a peer's refusal means for the caller. Fabric says much of it in words only.

use std::error::Error as _;

use chainloom_ledger::{Endorser, LedgerError};
use prost::Message as _;
use tonic::{Code, Status};

use crate::dial;
use crate::wire::proto::{gateway, google};

/// What a gateway says that knows no peers for a call: the contract is not defined, or its peers are away or not discovered yet.
const NO_ENDORSERS: [&str; 7] = [
    "no peers available",
    "No metadata was found",
    "no peer combination",
    "no endorsers found",
    "not installed on sufficient peers",
    "due to unavailability of peers",
    "failed to find any endorsing peers for org(s)",
];
/// The stable word for that.
pub(crate) const ENDORSERS_UNAVAILABLE: &str = "endorsers_unavailable";

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

/// Whether another peer may do better: this one cannot be reached, does not answer, or is too busy to.
pub(crate) fn is_transport(status: &Status) -> bool {
    if is_broken(status) || says_busy(status.message()) {
        return true;
    }
    let (_, endorsers) = read(status);
    matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded)
        && endorsers.is_empty()
        && ![
            "failed to get config for channel",
            "no orderers could",
            "failed to find any endorsing peers for org(s)",
        ]
        .iter()
        .any(|own| status.message().contains(own))
}

/// Whether these words are Fabric's for having as many requests of a service at once as a peer takes. They come under the code UNKNOWN, and are the
/// same for the services `/gateway.Gateway`, `/protos.Endorser` and `/protos.Deliver`.
fn says_busy(words: &str) -> bool {
    chaincode_words(words).is_none()
        && words.contains("too many requests for /")
        && words.contains("exceeding concurrency limit")
}

/// What it means that a peer's service, which was asked for blocks, refused or broke off.
pub(crate) fn explain_deliver(asked: &str, status: &Status) -> LedgerError {
    let detail = format!("{asked} sends no blocks: {}", words_of(status));
    match is_busy(status) {
        true => busy(&detail),
        false => LedgerError::Unavailable {
            code: "peer_unavailable",
            detail,
            endorsers: Vec::new(),
        },
    }
}

/// Whether a peer refused to begin with it, since it has as much to do at once as it takes.
pub(crate) fn is_busy(status: &Status) -> bool {
    if is_broken(status) {
        return false;
    }
    let (message, endorsers) = read(status);
    says_busy(&message)
        || endorsers
            .iter()
            .any(|endorser| says_busy(&endorser.message))
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
    // Fabric's own words; a contract may say anything.
    let said = |telling: &str| {
        let all = std::iter::once(message.as_str()).chain(words.iter().copied());
        all.filter(|words| chaincode_words(words).is_none())
            .any(|words| words.contains(telling))
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
    if let Some(own) = words.iter().find_map(|words| chaincode_words(words)) {
        return refused("contract_refused", own.to_owned(), endorsers);
    }
    if is_busy(status) {
        return busy(&detail);
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
    if let Some(error) = words
        .iter()
        .find_map(|words| explain_init(words, &detail, &endorsers))
    {
        return error;
    }
    // At the last step these are orderers, one of which may have taken the transaction.
    if step != Step::Submit
        && (said("could not launch chaincode") || said("chaincode stream terminated"))
    {
        return LedgerError::Unavailable {
            code: "contract_unavailable",
            detail: format!(
                "the contract's own process cannot be reached: {detail}; nothing was submitted"
            ),
            endorsers,
        };
    }
    if NO_ENDORSERS.iter().any(|words| said(words)) {
        return LedgerError::Unavailable {
            code: ENDORSERS_UNAVAILABLE,
            detail: format!(
                "no peers are known that could run it now ({detail}); nothing was submitted"
            ),
            endorsers,
        };
    }
    if step != Step::Submit && said("connection refused") {
        return unavailable(&detail, endorsers);
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

/// What it means that a peer refused a call for being, or not being, the first of its contract.
pub(crate) fn explain_init(
    message: &str,
    detail: &str,
    endorsers: &[Endorser],
) -> Option<LedgerError> {
    let (code, advice) = match message {
        _ if message
            .contains("has not been initialized for this version, must call as init first") =>
        {
            (
                "init_required",
                "the contract's definition asks for a first call: make it with `is_init`",
            )
        }
        _ if message.contains("does not require initialization but called as init") => (
            "init_not_required",
            "the contract's definition asks for no first call: leave `is_init` out",
        ),
        _ if message.contains("is already initialized but called as init") => (
            "already_initialized",
            "the contract's first call was made already: leave `is_init` out",
        ),
        _ => return None,
    };
    Some(LedgerError::Refused {
        code,
        detail: format!("{detail}; {advice}"),
        transaction_id: None,
        endorsers: endorsers.to_vec(),
    })
}

fn busy(detail: &str) -> LedgerError {
    LedgerError::TooManyRequests {
        code: "peer_busy",
        detail: format!(
            "the peer takes no more requests at once ({detail}); try again in a second"
        ),
        retry_after_s: 1,
    }
}

/// The chaincode's own words in `chaincode response 500, its own words`.
fn chaincode_words(message: &str) -> Option<&str> {
    let message = message
        .strip_prefix("evaluate call to endorser returned error: ")
        .unwrap_or(message);
    let rest = message.strip_prefix("chaincode response ")?;
    let (status, words) = rest.split_once(", ")?;
    let is_status = !status.is_empty() && status.bytes().all(|byte| byte.is_ascii_digit());
    is_status.then_some(words)
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
                Endorse,
                Code::Aborted,
                "failed to endorse",
                &[
                    "error in simulation: failed to execute transaction 1f: invalid invocation: chaincode 'x' has not been initialized for this version, must call as init first",
                ],
                "init_required",
            ),
            (
                Endorse,
                Code::Aborted,
                "failed to endorse",
                &[
                    "error in simulation: failed to execute transaction 1f: invalid invocation: chaincode 'x' is already initialized but called as init",
                ],
                "already_initialized",
            ),
            (
                Evaluate,
                Code::Unknown,
                "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
                &[][..],
                "peer_busy",
            ),
            (
                Endorse,
                Code::Aborted,
                "failed to endorse transaction, see attached details for more info",
                &[
                    "rpc error: code = Unknown desc = too many requests for /protos.Endorser, exceeding concurrency limit (2500)",
                ][..],
                "peer_busy",
            ),
            (
                Endorse,
                Code::Unavailable,
                "failed to find any endorsing peers for org(s): Org9MSP",
                &[][..],
                "endorsers_unavailable",
            ),
            (
                Endorse,
                Code::FailedPrecondition,
                "no endorsers found in the gateway's organization; retry specifying endorsing organization(s) to protect transient data",
                &[][..],
                "endorsers_unavailable",
            ),
            (
                Evaluate,
                Code::Unavailable,
                "failed to evaluate transaction, see attached details for more info",
                &["connection error: dial tcp 127.0.0.1:7051: connect: connection refused"][..],
                "peer_unavailable",
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
                "outcome_unknown",
            ),
            (
                Submit,
                Code::Unavailable,
                "no orderers could successfully process transaction",
                &["failed to create new connection: connection refused"][..],
                "outcome_unknown",
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

    /// Whatever it says, a contract's answer is its own, and no other peer is asked.
    #[test]
    fn a_contract_cannot_pass_for_a_peer() {
        for words in [
            "access denied: channel [x] creator org [Org1MSP]",
            "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
            "no peers available to evaluate chaincode x in channel y",
            "ProposalResponsePayloads do not match",
            "could not launch chaincode x: connection refused",
            "failed to get config for channel",
            "chaincode response 500, again",
        ] {
            let said = format!("chaincode response 500, {words}");
            let message = format!("evaluate call to endorser returned error: {said}");
            let details = [said.as_str()];
            for (step, code, message, details) in [
                (Step::Evaluate, Code::Unknown, &message, &details[..]),
                (Step::Evaluate, Code::Unknown, &message, &[][..]),
                (
                    Step::Endorse,
                    Code::Aborted,
                    &"failed".to_owned(),
                    &details[..],
                ),
            ] {
                let error = explained(step, code, message, details);
                assert_eq!(error.code(), "contract_refused", "{words}");
                assert_eq!(error.to_string(), words);
            }
        }
    }

    #[test]
    fn a_stream_of_blocks_is_refused_for_the_same_reasons() {
        let status = |message| Status::new(Code::Unknown, message);
        let error = explain_deliver(
            "peer0:7051",
            &status("too many requests for /protos.Deliver, exceeding concurrency limit (2500)"),
        );
        assert_eq!(error.code(), "peer_busy");
        let error = explain_deliver("peer0:7051", &status("away"));
        assert_eq!(error.code(), "peer_unavailable");
        assert!(error.to_string().contains("peer0:7051"), "{error}");
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
            (Step::Submit, "outcome_unknown"),
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
        assert!(is_transport(&status(
            Code::Unknown,
            "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
            &[]
        )));
        assert!(!is_transport(&status(
            Code::Unavailable,
            "failed to find any endorsing peers for org(s): Org9MSP",
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
