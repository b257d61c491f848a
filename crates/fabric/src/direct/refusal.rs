//! What it means when a peer answers a proposal without an endorsement.

use chainloom_ledger::{Endorser, LedgerError};

use crate::target::Target;
use crate::wire::proto::protos;

/// Whether this answer says that the contract ran and ended well.
pub(crate) fn is_success(response: &protos::Response) -> bool {
    (200..400).contains(&response.status)
}

/// The refusal as the caller is told of it. A peer puts its own failures where the contract's answers stand, and words alone tell them apart.
pub(crate) fn explain_response(target: &Target, response: &protos::Response) -> LedgerError {
    let message = &response.message;
    let detail = format!("{} said: {message}", target.shown());
    let endorsers = vec![said(target, message)];
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
    if message.starts_with("error in simulation: ") {
        return LedgerError::Unavailable {
            code: "contract_unavailable",
            detail: format!("the peer could not run the contract: {detail}; nothing was submitted"),
            endorsers,
        };
    }
    LedgerError::Refused {
        code: "contract_refused",
        detail: message.clone(),
        transaction_id: None,
        endorsers,
    }
}

/// What a peer said, as errors carry it.
pub(crate) fn said(target: &Target, message: &str) -> Endorser {
    Endorser {
        address: target.peer.address.clone(),
        organization: target.organization.clone(),
        message: message.to_owned(),
    }
}

/// One refusal for those of several peers, with every peer's own words: what the caller has to mend comes before what may pass.
pub(crate) fn together(refusals: Vec<(Endorser, LedgerError)>) -> Option<LedgerError> {
    let rank = |error: &LedgerError| match error {
        LedgerError::Refused { .. } => 0,
        LedgerError::AccessDenied { .. } => 1,
        LedgerError::NotFound { .. } => 2,
        LedgerError::Overloaded { .. } => 3,
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

    fn explained(status: i32, message: &str) -> LedgerError {
        let response = protos::Response {
            status,
            message: message.to_owned(),
            ..protos::Response::default()
        };
        assert!(!is_success(&response));
        explain_response(&target("Org1MSP"), &response)
    }

    /// The texts are Fabric's own, as 2.5 and 3.1 send them.
    #[tokio::test]
    async fn a_peers_own_failures_are_told_from_the_contracts() {
        let cases = [
            ("no such key", "contract_refused"),
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
        ];
        for (message, code) in cases {
            assert_eq!(explained(500, message).code(), code, "{message}");
        }
        assert_eq!(explained(400, "bad request").to_string(), "bad request");
        assert_eq!(explained(199, "").code(), "contract_refused");
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
        let refusal = |message: &str| (said(&target, message), explained(500, message));
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
