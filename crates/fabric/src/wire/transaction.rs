use bytes::Bytes;
use chainloom_ledger::Version;

use super::config::{ConfigTransaction, ConfigUpdate};
use super::endorser_transaction::EndorserTransaction;
use super::envelope::{Envelope, Kind};
use super::error::{DecodeError, Place, Within};
use super::validation_code::ValidationCode;

/// A transaction in a block, not read yet. What is wrong with it stays its own affair: the rest of
/// the block is read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Where it stands.
    pub version: Version,
    /// The peer's verdict, if the block comes from a peer.
    pub validation_code: Option<ValidationCode>,
    /// The serialized envelope.
    pub envelope: Bytes,
}

/// What an envelope holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A call of a chaincode with its endorsed results.
    Endorser(EndorserTransaction),
    /// The configuration of the channel from here on.
    Config(Box<ConfigTransaction>),
    /// A wish to change the configuration; stands inside a configuration transaction.
    ConfigUpdate(Box<ConfigUpdate>),
    /// Anything else, raw.
    Other {
        /// What the header says it is.
        kind: Kind,
        /// The bytes.
        data: Bytes,
    },
}

impl Transaction {
    /// Reads the envelope and its header; the error names block and transaction.
    pub fn decode(&self) -> Result<Envelope, DecodeError> {
        let place = Place {
            block: Some(self.version.block),
            transaction: Some(self.version.index),
            parts: Vec::new(),
        };
        match Envelope::decode(self.envelope.clone()) {
            Ok(envelope) => Ok(Envelope { place, ..envelope }),
            Err(error) => {
                let parts = error.place.parts;
                Err(DecodeError {
                    place: Place { parts, ..place },
                    fault: error.fault,
                })
            }
        }
    }
}

impl Body {
    pub(super) fn decode(kind: Kind, data: Bytes) -> Result<Self, DecodeError> {
        match kind {
            Kind::EndorserTransaction => EndorserTransaction::decode(data).map(Self::Endorser),
            Kind::Config => ConfigTransaction::decode(data)
                .map(|config| Self::Config(Box::new(config)))
                .within(|| "configuration".to_owned()),
            Kind::ConfigUpdate => ConfigUpdate::decode(data)
                .map(|update| Self::ConfigUpdate(Box::new(update)))
                .within(|| "configuration update".to_owned()),
            _ => Ok(Self::Other { kind, data }),
        }
    }
}
