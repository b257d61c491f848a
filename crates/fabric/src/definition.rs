//! What a channel's life cycle says of a contract.

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use prost::Message as _;
use tokio::time::Instant;

use crate::call::ChannelCall;
use crate::wire::LIFECYCLE;
use crate::wire::proto::lifecycle;

/// A question for the definition that the channel has of a contract.
pub(crate) fn question(contract: &str, deadline: Instant) -> ChannelCall {
    let arguments = lifecycle::QueryChaincodeDefinitionArgs {
        name: contract.to_owned(),
    };
    let args = vec![
        Bytes::from_static(b"QueryChaincodeDefinition"),
        arguments.encode_to_vec().into(),
    ];
    ChannelCall::plain(LIFECYCLE, args, deadline)
}

/// What it means that no peers are known for a contract, by what the life cycle answered to the question for its definition.
pub(crate) fn explain_absence(
    contract: &str,
    absence: LedgerError,
    answer: Result<Bytes, LedgerError>,
) -> LedgerError {
    match answer {
        Err(LedgerError::Refused { detail, .. }) if detail.ends_with("is not defined") => {
            LedgerError::NotFound {
                code: "contract_not_found",
                detail: format!(
                    "the channel has no contract `{contract}` ({detail}): is its name right?"
                ),
            }
        }
        _ => absence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::ENDORSERS_UNAVAILABLE;

    #[test]
    fn only_what_is_not_defined_is_not_found() {
        let absence = || LedgerError::Unavailable {
            code: ENDORSERS_UNAVAILABLE,
            detail: "no peers".to_owned(),
            endorsers: Vec::new(),
        };
        let refused = |detail: &str| {
            Err(LedgerError::Refused {
                code: "contract_refused",
                detail: detail.to_owned(),
                transaction_id: None,
                endorsers: Vec::new(),
            })
        };
        let explained = |answer| explain_absence("basic", absence(), answer);
        let words = "failed to invoke backing implementation of 'QueryChaincodeDefinition': namespace basic is not defined";
        let unknown = explained(refused(words));
        assert_eq!(unknown.code(), "contract_not_found");
        assert!(unknown.to_string().contains("`basic`"), "{unknown}");
        assert_eq!(explained(Ok(Bytes::new())), absence());
        assert_eq!(explained(refused("no")), absence());
        assert_eq!(explained(Err(LedgerError::ShuttingDown)), absence());
    }
}
