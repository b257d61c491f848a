//! What a peer's refusal means for the caller. Fabric says much of it in words only.

use std::error::Error as _;

use chainloom_ledger::{Endorser, LedgerError};
use prost::Message as _;
use tonic::{Code, Status};

use crate::dial;
use crate::wire::LIFECYCLE;
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

/// What a peer says that does not accept somebody for what they ask: its own words, and those of the contracts that it has of its own.
const DENIED: [&str; 5] = [
    "access denied",
    "creator org unknown",
    "permission denied",
    "failed ACL check",
    "evaluating policy on signed data",
];
/// The contracts that every peer has of its own. No other can have such a name.
const SYSTEM_CONTRACTS: [&str; 4] = [LIFECYCLE, "cscc", "lscc", "qscc"];

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
        false => peer_unavailable(detail),
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
        Some(cause) => cause.reason,
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
        // The words are this program's own then.
        true if status.code() == Code::DeadlineExceeded => format!("{asked}: {message}"),
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
    if step == Step::Submit && !is_refusal(status, &endorsers) {
        return unconfirmed(transaction_id, &detail);
    }
    if is_busy(status) {
        return busy(&detail);
    }
    if step == Step::Submit
        && let Some(error) = explain_orderer(&message, &detail)
    {
        return error;
    }
    if DENIED.iter().any(|words| said(words)) {
        return denied(&detail);
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
    // The channel's own limit, lower than that of the messages.
    if said("exceeds maximum allowed") {
        return refused("too_large", detail, endorsers);
    }
    if said("could not launch chaincode") || said("chaincode stream terminated") {
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
    if said("connection refused") {
        return unavailable(&detail, endorsers);
    }
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded => unavailable(&detail, endorsers),
        Code::ResourceExhausted => refused("too_large", detail, endorsers),
        _ => refused("refused", detail, endorsers),
    }
}

/// A refusal by this contract: the words of the peer's own contracts are the peer's.
pub(crate) fn of_contract(contract: &str, error: LedgerError) -> LedgerError {
    match error {
        LedgerError::Refused {
            code: "contract_refused",
            detail,
            ..
        } if SYSTEM_CONTRACTS.contains(&contract)
            && DENIED.iter().any(|words| detail.contains(words)) =>
        {
            denied(&format!("the peer's contract `{contract}` said: {detail}"))
        }
        error => error,
    }
}

/// The error of a query. What errors say for calls that submit would only make its reader wonder.
pub(crate) fn of_query(mut error: LedgerError) -> LedgerError {
    const NOTHING_SUBMITTED: &str = "; nothing was submitted";
    if let LedgerError::Refused { detail, .. }
    | LedgerError::Unavailable { detail, .. }
    | LedgerError::TooManyRequests { detail, .. } = &mut error
        && detail.contains(NOTHING_SUBMITTED)
    {
        *detail = detail.replace(NOTHING_SUBMITTED, "");
    }
    error
}

fn denied(detail: &str) -> LedgerError {
    LedgerError::AccessDenied {
        detail: format!(
            "{detail}; the channel does not accept this identity for it: look at its certificate (revoked, of another CA?) and at \
             the channel's ACLs"
        ),
    }
}

/// Whether a refusal at the last step is one, rather than one orderer's words beside another's silence. The gateway drops what went wrong with an
/// orderer once another one refuses.
fn is_refusal(status: &Status, orderers: &[Endorser]) -> bool {
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Internal => false,
        // The gateway's own limit, met before any orderer was asked.
        Code::Unknown => orderers.is_empty() && says_busy(status.message()),
        Code::Aborted => orderer_status(status.message()).is_some(),
        _ => true,
    }
}

/// The status of the orderer's answer that a gateway passes on.
fn orderer_status(message: &str) -> Option<&str> {
    let answer = message.strip_prefix("received unsuccessful response from orderer: status=")?;
    Some(answer.split_once(',').map_or(answer, |(status, _)| status))
}

/// What an orderer refused for what it knows of the channel and its members, which another orderer may see otherwise. What it refuses for its size or
/// form is told as any other refusal.
fn explain_orderer(message: &str, detail: &str) -> Option<LedgerError> {
    match orderer_status(message)? {
        "FORBIDDEN" => Some(denied(detail)),
        "BAD_REQUEST" if message.contains("client identity expired") => Some(denied(detail)),
        "NOT_FOUND" => Some(LedgerError::NotFound {
            code: "channel_not_found",
            detail: format!("{detail}; the orderer has no channel of that name"),
        }),
        _ => None,
    }
}

/// A refusal through a gateway as it is told of a transaction that was sent just now: one orderer may have taken it and not have answered, before
/// another did not accept its creator or did not know its channel. Its size and form are the same for all of them.
pub(crate) fn of_first_sending(transaction_id: &str, error: LedgerError) -> LedgerError {
    match error {
        LedgerError::AccessDenied { .. } | LedgerError::NotFound { .. } => {
            unconfirmed(transaction_id, &error.to_string())
        }
        error => error,
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

/// A peer is not there, or did something that no caller can mend.
pub(crate) fn peer_unavailable(detail: impl Into<String>) -> LedgerError {
    LedgerError::Unavailable {
        code: "peer_unavailable",
        detail: detail.into(),
        endorsers: Vec::new(),
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
mod tests;
