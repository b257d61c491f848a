//! Why the settings cannot be used; each names the place where it was set.

use std::path::PathBuf;

use super::Kind;
use super::duration::DurationError;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The configuration file could not be read.
    #[error("the configuration file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The configuration file says something that cannot be.
    #[error("{}, line {line} (`{source_line}`): {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        source_line: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An environment variable says something that cannot be.
    #[error("environment variable {variable}: {reason}")]
    Environment {
        /// The variable.
        variable: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value is of the right type and yet cannot be.
    #[error("{key} = {value} cannot be: {reason}")]
    Value {
        /// The key, as in the file.
        key: String,
        /// The value that it has.
        value: String,
        /// What it must be.
        reason: String,
    },
    /// A length of time makes no sense.
    #[error("{key} = {value} cannot be: {source}")]
    Time {
        /// The key, as in the file.
        key: String,
        /// The value that it has.
        value: f64,
        /// What it must be.
        source: DurationError,
    },
    /// A flag says something that cannot be.
    #[error("{flag} {value} cannot be: {reason}")]
    Flag {
        /// The flag.
        flag: &'static str,
        /// What was given.
        value: String,
        /// What it must be.
        reason: String,
    },
    /// A key of another kind of ledger.
    #[error(
        "{key} cannot be set: the ledger is of kind `{kind}`, and the key is of the kind `{other}`"
    )]
    ForeignKey {
        /// The key, as in the file.
        key: String,
        /// The ledger's kind.
        kind: Kind,
        /// The kind that has the key.
        other: Kind,
    },
    /// A key without default that nobody set.
    #[error(
        "[ledgers.{ledger}] is of kind `fabric` and says no `{key}`: add {what}, {key} = \"…\""
    )]
    MissingKey {
        /// The ledger.
        ledger: String,
        /// The key.
        key: &'static str,
        /// What it is to say.
        what: &'static str,
    },
    /// A certificate without key, or the other way round.
    #[error(
        "server.{0} is set and server.{1} is not set: TLS needs both (--tls-certificate and \
         --tls-key)"
    )]
    HalfOfTls(&'static str, &'static str),
    /// No chain of the tutorial, where one is needed.
    #[error(
        "no ledger of kind `tutorial` is configured, and only such a one has its chain here: add \
         [ledgers.tutorial]"
    )]
    NoTutorial,
    /// A flag for a chain of the tutorial, and there is none.
    #[error(
        "{0} is for a ledger of kind `tutorial`, and none is configured: add [ledgers.tutorial]"
    )]
    FlagOfTutorial(&'static str),
    /// More than one ledger of the tutorial's kind.
    #[error(
        "[ledgers.{first}] and [ledgers.{second}] are both of kind `tutorial`, but the tutorial's \
         routes at the root can serve one: remove one of them, or run a second `chainloom up`"
    )]
    TwoTutorials {
        /// The first.
        first: String,
        /// The other.
        second: String,
    },
    /// The ledger's name does not fit into an address.
    #[error("[ledgers.{0}]: a ledger's name is 1 to 64 characters of a-z, 0-9, `-` and `_`")]
    LedgerName(String),
    /// The system does not say where the user's data belongs.
    #[error("the user's data directory is not known (HOME is not set): name one with --data-dir")]
    NoDataDirectory,
}
