//! The configuration of a channel as its blocks brought it into force, and what each of them changed.

use std::sync::Arc;

use chainloom_ledger::{ConfigHistory, ConfigVersion, Creator, LedgerConfig, LedgerError};

use crate::config_difference::{differences, modification_policy_differences};
use crate::ledger::FabricLedger;
use crate::present;
use crate::wire::config::{ChannelConfig, ConfigTransaction};
use crate::wire::{Block, Body};

/// The most changes that one answer lists: each costs three blocks of the peer.
const CHANGES_MAX: usize = 100;

/// A configuration, with the block that brought it into force.
struct Configured {
    block: Block,
    transaction: Box<ConfigTransaction>,
}

impl FabricLedger {
    /// The configuration in force at a block, or now.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn config_at(&self, number: Option<u64>) -> Result<LedgerConfig, LedgerError> {
        let configured = self.configured_at(number).await?;
        Ok(configured.shown())
    }

    /// The channel's configuration as it is now.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn channel_config(&self) -> Result<ChannelConfig, LedgerError> {
        let configured = self.configured_at(None).await?;
        Ok(configured.transaction.config)
    }

    /// What changed the configuration, the newest change first.
    ///
    /// A block names the last configuration block up to itself, so that the walk goes from one of them to the one before.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn changes_of_config(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<ConfigHistory, LedgerError> {
        let mut history = ConfigHistory::default();
        let newest = match before {
            Some(0) => return Ok(history),
            Some(before) => self.configured_at(Some(before - 1)).await?,
            None => self.configured_at(None).await?,
        };
        let mut later = Some(newest);
        while let Some(change) = later.take() {
            let number = change.block.number;
            if history.changes.len() >= limit.min(CHANGES_MAX) {
                history.next = Some(number + 1);
                break;
            }
            let earlier = match number.checked_sub(1) {
                None => None,
                Some(above) => match self.configured_at(Some(above)).await {
                    Ok(earlier) => Some(earlier),
                    // A peer that was started from a snapshot has no blocks as old as that.
                    Err(LedgerError::NotFound { .. }) => None,
                    Err(error) => return Err(error),
                },
            };
            history.changes.push(change.version(earlier.as_ref()));
            later = earlier;
        }
        Ok(history)
    }

    async fn configured_at(&self, number: Option<u64>) -> Result<Configured, LedgerError> {
        let block = match number {
            Some(number) => self.fetch(number).await?,
            None => self.newest().await?,
        };
        let number = last_config_of(&block)?;
        let block = match number == block.number {
            true => block,
            false => self.fetch_configuration(number).await?,
        };
        let first = block.transaction(0);
        let first = first.ok_or_else(|| unreadable(number, "its block is empty"))?;
        let body = first.decode().and_then(|envelope| envelope.body());
        match body.map_err(|error| unreadable(number, error))? {
            Body::Config(transaction) => Ok(Configured { block, transaction }),
            _ => Err(unreadable(number, format!("block {number} holds none"))),
        }
    }
}

impl Configured {
    fn shown(&self) -> LedgerConfig {
        present::config(self.block.number, &self.transaction.config)
    }

    fn version(&self, earlier: Option<&Self>) -> ConfigVersion {
        let config = &self.transaction.config;
        let mut found = Vec::new();
        if let Some(earlier) = earlier {
            let (before, after) = (earlier.shown(), self.shown());
            found = differences(&before, &after);
            found.extend(modification_policy_differences(&before, &after));
        }
        let update = self.transaction.last_update.as_ref();
        let creator = update.and_then(|update| present::creator_of(&update.header).ok().flatten());
        let header = self.block.transaction(0);
        let header = header.and_then(|transaction| transaction.decode().ok());
        ConfigVersion {
            block: self.block.number,
            sequence: Some(config.sequence),
            time: header.and_then(|envelope| envelope.header.time),
            creator: creator.map(Arc::unwrap_or_clone),
            signers: self.signers(),
            differences: found,
        }
    }

    /// Who signed the update. One that cannot be read is left out: the orderers have checked what counts.
    fn signers(&self) -> Vec<Creator> {
        let update = self.transaction.last_update.as_ref();
        let Some(Ok(Body::ConfigUpdate(update))) = update.map(|update| update.body()) else {
            return Vec::new();
        };
        let signers = update.signatures.iter();
        signers
            .filter_map(|signature| present::creator(&signature.creator).ok())
            .map(Arc::unwrap_or_clone)
            .collect()
    }
}

/// The last configuration block up to this one.
fn last_config_of(block: &Block) -> Result<u64, LedgerError> {
    if block.number == 0 {
        return Ok(0);
    }
    let metadata = block.metadata.orderer();
    let metadata = metadata.map_err(|error| unreadable(block.number, error))?;
    Ok(metadata.last_config)
}

fn unreadable(number: u64, error: impl std::fmt::Display) -> LedgerError {
    LedgerError::Storage {
        detail: format!("the configuration at block {number} cannot be read: {error}"),
    }
}
