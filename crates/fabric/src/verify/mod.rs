//! Whether a channel's orderers signed a block: by the configuration that was in force before it, as Fabric's own peers ask.

mod error;
mod journal;
mod policy;
mod rules;
mod verifier;

pub use self::error::Unverified;
pub use self::journal::JournalError;
pub use self::rules::BlockRules;
pub(crate) use self::verifier::{Beginning, Verifier, VerifyError, believes};

#[cfg(test)]
mod tests;
