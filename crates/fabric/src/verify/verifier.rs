//! Block after block, each by the configuration before it.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::error::Unverified;
use super::journal::{Journal, JournalError};
use super::rules::BlockRules;
use crate::wire::config::ChannelConfig;
use crate::wire::{Block, Body, Envelope, Kind};

/// Verifies the blocks of a channel in their order.
#[derive(Debug)]
pub(crate) struct Verifier {
    journal: Journal,
    rules: Option<Arc<BlockRules>>,
}

/// What a verifier needs before the block that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Nothing.
    Ready,
    /// The configuration that was in force before the block, from a peer: nothing is known of it here.
    Configuration,
}

/// Why a block was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    #[error(transparent)]
    Unverified(#[from] Unverified),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Verifier {
    /// Gets ready for block `next`, with what was believed before.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub(crate) fn open(path: &Path, next: u64) -> Result<(Self, Beginning), VerifyError> {
        let mut journal = Journal::open(path)?;
        journal.cut(next);
        let rules = match journal.configurations.last() {
            Some((number, envelope)) => Some(rules_in(*number, envelope)?),
            None => None,
        };
        let beginning = match &rules {
            // Block 0 is where a channel begins: it is believed as it comes.
            None if next > 0 => Beginning::Configuration,
            _ => Beginning::Ready,
        };
        Ok((Self { journal, rules }, beginning))
    }

    /// Begins at block `next` with a configuration of which only the peer's word is known.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub(crate) fn believe(&mut self, next: u64, block: &Block) -> Result<(), VerifyError> {
        let rules = rules_of(block)?;
        self.journal.begin(next, block)?;
        self.rules = Some(rules);
        Ok(())
    }

    /// Refuses a block that is not signed by the configuration before it. One that holds a configuration counts from then on.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub(crate) fn check(&mut self, block: &Block) -> Result<(), VerifyError> {
        let Some(rules) = &self.rules else {
            return self.believe(block.number, block);
        };
        rules.check_signatures(block)?;
        let holds_configuration = holds_configuration(block);
        let expected = match holds_configuration {
            true => block.number,
            false => rules.number(),
        };
        let number = block.number;
        let metadata = block.metadata.orderer();
        let claimed = metadata.map_err(|error| Unverified::Metadata { number, error })?;
        let claimed = claimed.last_config;
        if claimed != expected {
            let other = Unverified::OtherConfiguration {
                number,
                claimed,
                expected,
            };
            return Err(other.into());
        }
        if holds_configuration {
            let rules = rules_of(block)?;
            self.journal.push(block)?;
            self.rules = Some(rules);
        }
        Ok(())
    }
}

/// Whether the configuration in this block is one of those by which blocks were verified. Blocks the thread.
///
/// # Errors
/// [`JournalError`].
pub(crate) fn believes(path: &Path, block: &Block) -> Result<bool, JournalError> {
    let journal = Journal::open(path)?;
    let [envelope] = &block.envelopes[..] else {
        return Ok(false);
    };
    let mut known = journal.configurations.iter();
    Ok(known.any(|(number, known)| *number == block.number && known == envelope))
}

/// Whether a block changes the configuration: such a block holds nothing else.
fn holds_configuration(block: &Block) -> bool {
    let envelope = block.transaction(0).and_then(|first| first.decode().ok());
    envelope.is_some_and(|envelope| envelope.header.kind == Kind::Config)
}

fn rules_of(block: &Block) -> Result<Arc<BlockRules>, Unverified> {
    match block.envelopes.first() {
        Some(envelope) => rules_in(block.number, envelope),
        None => Err(Unverified::Configuration {
            number: block.number,
            reason: "it is empty".to_owned(),
        }),
    }
}

fn rules_in(number: u64, envelope: &Bytes) -> Result<Arc<BlockRules>, Unverified> {
    let config =
        config_in(envelope).map_err(|reason| Unverified::Configuration { number, reason })?;
    Ok(Arc::new(BlockRules::new(number, &config)?))
}

fn config_in(envelope: &Bytes) -> Result<ChannelConfig, String> {
    let envelope = Envelope::decode(envelope.clone());
    let body = envelope.and_then(|envelope| envelope.body());
    match body.map_err(|error| error.to_string())? {
        Body::Config(transaction) => Ok(transaction.config),
        _ => Err("it holds none".to_owned()),
    }
}
