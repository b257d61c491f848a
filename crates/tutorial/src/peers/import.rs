//! Taking over a chain that does not come from a peer, such as a file.

use std::fmt::Display;

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use futures_core::Stream;
use futures_util::StreamExt;

use super::Peers;
use super::intake::{Source, TakeError};
use crate::store::Adoption;
use crate::verify::ChainError;

/// What came of importing a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Whether the chain is ours now; if not, it is valid, but ours is at least as long.
    pub replaced: bool,
    /// The first block that is new, if it is ours.
    pub from: Option<u64>,
    /// The generation of our chain.
    pub generation: u64,
    /// How many blocks the given chain has.
    pub length: u64,
}

/// Why a chain was not imported. Ours is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The chain breaks a rule or a limit.
    #[error("the chain was refused: {0}")]
    Chain(#[from] ChainError),
    /// It did not come to its end.
    #[error("the chain could not be read to its end: {detail}")]
    Unreadable {
        /// What its source said.
        detail: String,
    },
    /// Our chain was replaced while this one came in.
    #[error("our chain was replaced by another one while this one came in; import it again")]
    ChainChanged,
    /// Our own store failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A stream of pieces.
struct Pieces<S>(S);

impl<S, E> Source for Pieces<S>
where
    S: Stream<Item = Result<Bytes, E>> + Send + Unpin,
    E: Display,
{
    type Error = String;

    async fn piece(&mut self) -> Result<Option<Bytes>, String> {
        let piece = self.0.next().await.transpose();
        piece.map_err(|error| error.to_string())
    }
}

impl Peers {
    /// Takes a chain over that comes as the body which `GET /chain` answers, in pieces of any size: under the same
    /// rules and limits as a peer's, and only if it is longer than ours.
    pub(crate) async fn import<S, E>(&self, pieces: S) -> Result<Import, ImportError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + Unpin,
        E: Display,
    {
        let _turn = self.reading_turn().await;
        let taken = self.shared.intake.take(Pieces(pieces)).await;
        let staging = taken.result.map_err(|error| match error {
            TakeError::Source(detail) => ImportError::Unreadable { detail },
            TakeError::Chain(error) => ImportError::Chain(error),
            TakeError::Store(error) => ImportError::Ledger(error.into()),
        })?;
        let length = staging.length();
        let adoption = self.shared.store.adopt(staging).await;
        let from = match adoption.map_err(LedgerError::from)? {
            Adoption::Adopted { from, .. } => Some(from),
            Adoption::NotLonger => None,
            Adoption::BaseChanged => return Err(ImportError::ChainChanged),
        };
        Ok(Import {
            replaced: from.is_some(),
            from,
            generation: self.shared.store.head().borrow().generation,
            length,
        })
    }
}
