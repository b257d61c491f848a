//! What it means when a peer answers a proposal without an endorsement.

use chainloom_ledger::{Endorser, LedgerError};

use crate::failure::explain_init;
use crate::target::Target;
use crate::wire::proto::protos;

/// The status of a peer's own failures.
const OWN_FAILURE: i32 = 500;

/// Whether this answer says that the contract ran and ended well.
pub(crate) fn is_success(response: &protos::Response) -> bool {
    (200..400).contains(&response.status)
}

/// The refusal as the caller is told of it. A peer puts its own failures where the contract's answers stand, under the status 500; it sends no
/// result of the call then, as it does with whatever a contract answers.
pub(crate) fn explain_response(target: &Target, answer: &protos::ProposalResponse) -> LedgerError {
    let response = answer.response.clone().unwrap_or_default();
    let message = &response.message;
    let is_contracts = !answer.payload.is_empty() || response.status != OWN_FAILURE;
    let detail = format!("{} said: {message}", target.shown());
    let endorsers = vec![said(target, message)];
    if is_contracts {
        return LedgerError::Refused {
            code: "contract_refused",
            detail: message.clone(),
            transaction_id: None,
            endorsers,
        };
    }
    if message.starts_with("channel '") && message.ends_with("' not found") {
        return LedgerError::NotFound {
            code: "channel_not_found",
            detail: format!("{detail}; the peer has not joined a channel of that name"),
        };
    }
    if message.starts_with("make sure the chaincode ") {
        return LedgerError::NotFound {
            code: "contract_not_found",
            detail: format!("{detail}; is the contract's name right?"),
        };
    }
    if let Some(error) = explain_init(message, &detail, &endorsers) {
        return error;
    }
    if message.starts_with("error in simulation: ") {
        return LedgerError::Unavailable {
            code: "contract_unavailable",
            detail: format!("the peer could not run the contract: {detail}; nothing was submitted"),
            endorsers,
        };
    }
    LedgerError::Unavailable {
        code: "peer_unavailable",
        detail: format!("the peer could not run the call: {detail}; nothing was submitted"),
        endorsers,
    }
}

/// What a peer said, as errors carry it.
pub(crate) fn said(target: &Target, message: &str) -> Endorser {
    Endorser {
        address: target.peer.address.clone(),
        organization: target.organization.to_string(),
        message: message.to_owned(),
    }
}

/// One refusal for those of several peers, with every peer's own words: what the caller has to mend comes before what may pass.
pub(crate) fn together(refusals: Vec<(Endorser, LedgerError)>) -> Option<LedgerError> {
    let rank = |error: &LedgerError| match error {
        LedgerError::Refused { .. } => 0,
        LedgerError::AccessDenied { .. } => 1,
        LedgerError::NotFound { .. } => 2,
        LedgerError::TooManyRequests { .. } => 3,
        _ => 4,
    };
    let (all, mut errors): (Vec<Endorser>, Vec<LedgerError>) = refusals.into_iter().unzip();
    errors.sort_by_key(rank);
    let mut first = errors.into_iter().next()?;
    if let LedgerError::Refused { endorsers, .. } | LedgerError::Unavailable { endorsers, .. } =
        &mut first
    {
        *endorsers = all;
    }
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direct::testing::target;

    fn explained(status: i32, message: &str, payload: &'static [u8]) -> LedgerError {
        let response = protos::Response {
            status,
            message: message.to_owned(),
            ..protos::Response::default()
        };
        assert!(!is_success(&response));
        let answer = protos::ProposalResponse {
            response: Some(response),
            payload: payload.into(),
            ..protos::ProposalResponse::default()
        };
        explain_response(&target("Org1MSP"), &answer)
    }

    /// The texts are Fabric's own, as 2.5 and 3.1 send them.
    #[tokio::test]
    async fn a_peers_own_failures_are_told_from_the_contracts() {
        let cases = [
            ("the state cannot be read", "peer_unavailable"),
            ("channel 'elsewhere' not found", "channel_not_found"),
            (
                "make sure the chaincode none has been successfully defined on channel devnet and try again: chaincode none not found",
                "contract_not_found",
            ),
            (
                "error in simulation: failed to execute transaction 1f: could not launch chaincode probe:1: connection to probe failed",
                "contract_unavailable",
            ),
            (
                "error in simulation: failed to execute transaction 1f: error sending: chaincode stream terminated",
                "contract_unavailable",
            ),
            (
                "error in simulation: failed to execute transaction 1f: invalid invocation: chaincode 'probe' has not been initialized for this version, must call as init first",
                "init_required",
            ),
            (
                "error in simulation: failed to execute transaction 1f: invalid invocation: chaincode 'probe' does not require initialization but called as init",
                "init_not_required",
            ),
            (
                "error in simulation: failed to execute transaction 1f: invalid invocation: chaincode 'probe' is already initialized but called as init",
                "already_initialized",
            ),
        ];
        for (message, code) in cases {
            assert_eq!(explained(500, message, b"").code(), code, "{message}");
            // A contract may say the same.
            let own = explained(500, message, b"result");
            assert_eq!(
                (own.code(), own.to_string().as_str()),
                ("contract_refused", message)
            );
        }
        assert_eq!(
            explained(400, "bad request", b"").to_string(),
            "bad request"
        );
        assert_eq!(explained(199, "", b"").code(), "contract_refused");
        for status in [200, 399] {
            assert!(is_success(&protos::Response {
                status,
                ..protos::Response::default()
            }));
        }
    }

    #[tokio::test]
    async fn of_several_refusals_the_one_that_has_to_be_mended_is_told_with_all_words() {
        let target = target("Org1MSP");
        let refusal = |message: &str| {
            let payload: &[u8] = match message {
                "no such key" => b"result",
                _ => b"",
            };
            (said(&target, message), explained(500, message, payload))
        };
        let error = together(vec![
            refusal("error in simulation: away"),
            refusal("channel 'elsewhere' not found"),
            refusal("no such key"),
        ]);
        let Some(LedgerError::Refused {
            code: "contract_refused",
            endorsers,
            ..
        }) = error
        else {
            panic!("{error:?}");
        };
        let words: Vec<&str> = endorsers
            .iter()
            .map(|endorser| endorser.message.as_str())
            .collect();
        assert_eq!(
            words,
            [
                "error in simulation: away",
                "channel 'elsewhere' not found",
                "no such key"
            ]
        );
        assert_eq!(together(Vec::new()), None);
    }
}
