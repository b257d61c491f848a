//! What the channel's configuration says: whom to believe, and how its orderers agree.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use tokio::time::{Instant, timeout_at};

use super::membership::Membership;
use super::propose::evaluate;
use crate::failure::{of_contract, peer_unavailable};
use crate::first_answer::Avoided;
use crate::identity::CurrentIdentity;
use crate::kept::Kept;
use crate::proposal::{Invocation, sign_call};
use crate::target::Target;
use crate::wire::config::{ChannelConfig, Consensus};
use crate::wire::{Block, Body};

/// How old a configuration may be. A revoked endorser is found by the peers, too, when they check the block.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// How long a peer may take to tell a newer one.
const READ_WITHIN: Duration = Duration::from_secs(3);
/// The contract in every peer that knows the channel's configuration.
const CONTRACT: &str = "cscc";

/// How many orderers have to take a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordering {
    /// One, who passes it on to the others.
    One,
    /// So many, since any of them may be false.
    Quorum(usize),
}

/// What is used of the channel's configuration.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) membership: Membership,
    pub(crate) ordering: Ordering,
}

/// The channel's configuration as peers have it, kept for all who call through a connection.
#[derive(Debug)]
pub(crate) struct Configurations {
    identity: CurrentIdentity,
    channel: String,
    avoided: Avoided,
    kept: Kept<Configuration>,
}

impl Configuration {
    fn new(config: &ChannelConfig) -> Self {
        let consensus = config.orderer.as_ref();
        let consensus = consensus.and_then(|orderer| orderer.consensus.as_ref());
        Self {
            membership: Membership::new(config),
            ordering: match consensus {
                Some(Consensus::Bft { consenters, .. }) => {
                    Ordering::Quorum(quorum(consenters.len()))
                }
                _ => Ordering::One,
            },
        }
    }
}

/// Of `orderers`, a third of which may be false, any two groups of this size have an honest one in common.
fn quorum(orderers: usize) -> usize {
    let false_max = orderers.saturating_sub(1) / 3;
    (orderers + false_max + 1).div_ceil(2)
}

impl Configurations {
    pub(crate) fn new(identity: CurrentIdentity, channel: String, avoided: Avoided) -> Self {
        Self {
            identity,
            channel,
            avoided,
            kept: Kept::default(),
        }
    }

    /// Who asks for it.
    pub(crate) fn identity(&self) -> &CurrentIdentity {
        &self.identity
    }

    /// A configuration that is at most seconds old, or the last one where no peer tells a newer.
    ///
    /// # Errors
    /// [`LedgerError`] where there is none at all.
    pub(crate) async fn current(
        &self,
        peers: &[&Target],
        deadline: Instant,
    ) -> Result<Arc<Configuration>, LedgerError> {
        if let Some(fresh) = self.kept.fresh(KEPT_FOR) {
            return Ok(fresh);
        }
        let Some(last) = self.kept.last() else {
            return self.newest(peers, deadline).await;
        };
        // A peer that is slow to tell holds nobody up for long.
        let deadline = deadline.min(Instant::now() + READ_WITHIN);
        Ok(self.newest(peers, deadline).await.unwrap_or(last))
    }

    /// The last configuration that was read.
    pub(crate) fn last(&self) -> Option<Arc<Configuration>> {
        self.kept.last()
    }

    /// The configuration as it is now.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn newest(
        &self,
        peers: &[&Target],
        deadline: Instant,
    ) -> Result<Arc<Configuration>, LedgerError> {
        let reading = self.kept.read(self.read(peers, deadline));
        let read = timeout_at(deadline, reading).await;
        read.unwrap_or_else(|_| {
            Err(peer_unavailable(
                "no peer told the channel's configuration in time",
            ))
        })
    }

    async fn read(
        &self,
        peers: &[&Target],
        deadline: Instant,
    ) -> Result<Configuration, LedgerError> {
        let invocation = Invocation {
            contract: CONTRACT.to_owned(),
            args: vec![
                Bytes::from_static(b"GetConfigBlock"),
                Bytes::from(self.channel.clone()),
            ],
            ..Invocation::default()
        };
        let call = sign_call(&*self.identity.get()?, &self.channel, invocation);
        let call = call.map_err(|error| LedgerError::Storage {
            detail: error.to_string(),
        })?;
        let response = evaluate(&call, peers, &self.avoided, deadline)
            .await
            .map_err(|error| of_contract(CONTRACT, error))?;
        let config = config_in(response.payload).map_err(|reason| LedgerError::Storage {
            detail: format!("the configuration that a peer sent cannot be read: {reason}"),
        })?;
        Ok(Configuration::new(&config))
    }
}

/// The configuration in a serialized block.
pub(crate) fn config_in(block: Bytes) -> Result<ChannelConfig, String> {
    let block = Block::decode(block).map_err(|error| error.to_string())?;
    let first = block.transaction(0).ok_or("the block is empty")?;
    let body = first.decode().and_then(|envelope| envelope.body());
    match body.map_err(|error| error.to_string())? {
        Body::Config(transaction) => Ok(transaction.config),
        _ => Err(format!("block {} holds none", block.number)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use prost::Message as _;

    use super::*;
    use crate::wire::proto::common;

    fn ordering(genesis: &'static [u8]) -> Ordering {
        let config = config_in(Bytes::from_static(genesis)).unwrap();
        Configuration::new(&config).ordering
    }

    #[test]
    fn the_configuration_says_how_many_orderers_have_to_agree() {
        let raft = include_bytes!("../../tests/data/raft-genesis.block");
        let bft = include_bytes!("../../tests/data/bft-genesis.block");
        assert_eq!(ordering(raft), Ordering::One);
        assert_eq!(ordering(bft), Ordering::Quorum(3));
    }

    #[test]
    fn a_quorum_is_more_than_half_of_all_and_of_those_who_may_be_false() {
        let quorums: Vec<usize> = (1..=10).map(quorum).collect();
        assert_eq!(quorums, [1, 2, 2, 3, 4, 4, 5, 6, 6, 7]);
    }

    #[test]
    fn a_block_without_a_configuration_is_refused() {
        let other = include_bytes!("../../tests/data/raft-003-put.block");
        let error = config_in(Bytes::from_static(other)).unwrap_err();
        assert_eq!(error, "block 3 holds none");
        let empty = common::Block {
            header: Some(common::BlockHeader::default()),
            ..common::Block::default()
        };
        let error = config_in(empty.encode_to_vec().into()).unwrap_err();
        assert_eq!(error, "the block is empty");
    }
}
