//! What it means when a peer answers a proposal without an endorsement.

use chainloom_ledger::{Endorser, LedgerError};

use super::target::Target;
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
