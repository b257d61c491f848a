//! The chaincodes that the channel's organizations have agreed on.

use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::{ContractDefinition, LedgerError};
use prost::Message as _;
use tokio::time::Instant;

use crate::call::ChannelCall;
use crate::flow::Flow;
use crate::present;
use crate::wire::proto::lifecycle;
use crate::wire::{ChaincodeDefinition, LIFECYCLE};

/// How long a peer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// The committed definitions, as a peer has them.
///
/// # Errors
/// [`LedgerError`].
pub(crate) async fn contracts(flow: &Flow) -> Result<Vec<ContractDefinition>, LedgerError> {
    let arguments = lifecycle::QueryChaincodeDefinitionsArgs {};
    let args = vec![
        Bytes::from_static(b"QueryChaincodeDefinitions"),
        arguments.encode_to_vec().into(),
    ];
    let call = ChannelCall::plain(LIFECYCLE, args, Instant::now() + ANSWERS_WITHIN);
    let answer = flow.evaluate(&call).await?;
    let unreadable = |error: String| LedgerError::Storage {
        detail: format!("the peer sent definitions of chaincodes that cannot be read: {error}"),
    };
    let answer = lifecycle::QueryChaincodeDefinitionsResult::decode(answer)
        .map_err(|error| unreadable(error.to_string()))?;
    let definitions = answer.chaincode_definitions.into_iter().map(|listed| {
        let definition = ChaincodeDefinition::from_listed(listed);
        definition
            .map(present::contract)
            .map_err(|error| unreadable(error.to_string()))
    });
    let mut definitions = definitions.collect::<Result<Vec<_>, _>>()?;
    definitions.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(definitions)
}
