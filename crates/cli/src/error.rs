//! Why a command could not be carried out. Every text is one clear sentence for the person at the
//! terminal.

use std::io;
use std::path::PathBuf;

use chainloom_index::IndexError;
use chainloom_ledger::LedgerError;
use chainloom_server::{BindError, StoreError, TokenFileError};
use chainloom_tutorial::rules::Rules;
use chainloom_tutorial::verify::ChainError;
use chainloom_tutorial::{ImportError, OpenError};

use crate::folder::FolderError;
use crate::problem::Problem;
use crate::settings::SettingsError;

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The server has several ledgers, and the command line names none.
    #[error("the server has several ledgers: name one of them with --ledger ({})", crate::output::printable(&.0.join(", ")))]
    SeveralLedgers(Vec<String>),
    /// A command of the tutorial's chain alone, on another ledger.
    #[error(
        "`chainloom {command}` belongs to a chain of the tutorial, and the ledger `{}` is a channel of Fabric: {}{}",
        crate::output::printable(ledger),
        match *command {
            "send" => "submit to a contract of it with `chainloom invoke FUNCTION ARGUMENT...`",
            "pending" => "what waits to be ordered is not told there; `chainloom tx ID` shows what became of a transaction, `chainloom transactions` what stands in blocks",
            _ => "ask a contract of it with `chainloom query FUNCTION ARGUMENT...`",
        },
        tutorials.first().map_or_else(String::new, |name| format!(
            "; for the chain of the tutorial say --ledger {}", crate::output::printable(name)
        ))
    )]
    TutorialOnly {
        /// The command's name.
        command: &'static str,
        /// The ledger that is meant.
        ledger: String,
        /// The chains of the tutorial that the server has.
        tutorials: Vec<String>,
    },
    /// Some of it is for one node and some for all.
    #[error("{0} is given both with a URL and without: name the URL each time (URL=…), or never")]
    Mixed(&'static str),
    /// What was given as the server's address is none.
    #[error("--server {address}: {reason}; an address such as http://127.0.0.1:5000 is expected")]
    ServerAddress {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers there.
    #[error(
        "no server answers at {server} ({reason}): start one with `{start}` in another terminal, \
         or name another with --server"
    )]
    NotRunning {
        /// The server's address.
        server: String,
        /// What the system said.
        reason: String,
        /// The command that starts one there.
        start: String,
    },
    /// A block's number below 0.
    #[error("block {0} is negative; blocks are counted from 0, on a chain of the tutorial from 1")]
    NegativeBlock(i128),
    /// An index at which no transaction stands in a block.
    #[error(
        "block {block} has {}, counted from 0, so none of index {index}",
        crate::output::count(*transactions, "transaction")
    )]
    IndexBeyondBlock {
        /// The block's number.
        block: u64,
        /// How many transactions it has.
        transactions: u64,
        /// Which was asked for.
        index: i128,
    },
    /// A configuration where an endorsed transaction is asked for.
    #[error(
        "no endorsement: transaction {block}.{index} is a configuration of the channel; `chainloom tx --block {block} --index \
         {index}{ledger_flag}` shows it"
    )]
    NoEndorsement {
        /// The block's number.
        block: u64,
        /// Its index in the block.
        index: i128,
        /// What the command needs besides to mean the same ledger.
        ledger_flag: String,
    },
    /// The server does not prove who it is.
    #[error(
        "no trusted connection to {server} ({reason}): --ca-certificate names the certificate to \
         trust"
    )]
    NotTrusted {
        /// The server's address.
        server: String,
        /// What is wrong.
        reason: String,
    },
    /// The certificates to trust cannot be used.
    #[error("{}: {reason}; certificates in PEM are expected", path.display())]
    CaCertificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system has no certificates to trust.
    #[error(
        "this system has no certificates of authorities that can be read ({0}): name the one to \
         trust with --ca-certificate"
    )]
    NoRoots(String),
    /// The token has letters that no token has.
    #[error("the token (--token, CHAINLOOM_TOKEN or --token-file) is empty or no plain text")]
    Token,
    /// The connection broke before the answer was there.
    #[error("the answer of {server} did not arrive: {reason}")]
    Broken {
        /// The server's address.
        server: String,
        /// What happened.
        reason: String,
    },
    /// The server said why it did not do it.
    #[error("{0}")]
    Refused(Problem),
    /// The server answers, but not as a Chainloom server does.
    #[error(
        "{server} gave an answer that this program does not understand ({reason}); is it a \
         Chainloom server of this version?"
    )]
    Strange {
        /// The server's address.
        server: String,
        /// What is odd.
        reason: String,
    },
    /// The amount is no number.
    #[error(
        "the amount `{0}` is no number: digits are expected as in JSON, such as 5, 0.25 or 1e6"
    )]
    Amount(String),
    /// The amount is a number that no node computes with.
    #[error("the amount {0} is beyond the range of numbers, whose largest is about 1.8e308")]
    AmountBeyondRange(String),
    /// The amount has more digits than Python reads.
    #[error("the amount has {digits} digits, and a node in Python reads at most {digits_max}")]
    AmountTooLong {
        /// How many it has.
        digits: usize,
        /// How many it may have.
        digits_max: usize,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file is there already.
    #[error("{} is there already: name another file, or replace it with --force", .0.display())]
    FileExists(PathBuf),
    /// There is no chain in the data folder.
    #[error("there is no chain in {}: name its folder with --data-dir or --port", .0.display())]
    NoChain(PathBuf),
    /// A file is no chain at all.
    #[error(
        "{chain}: {reason}; a file is expected as `chainloom chain export` writes it: a JSON \
         object whose member `chain` is the list of blocks"
    )]
    NoChainFile {
        /// The file.
        chain: String,
        /// What it lacks.
        reason: &'static str,
    },
    /// A chain is not valid.
    #[error("{chain}: the chain is not valid: {error}")]
    InvalidChain {
        /// The file or folder.
        chain: String,
        /// Which block, and why.
        error: Box<ChainError>,
    },
    /// A chain is not taken over for another reason.
    #[error("{chain}: {error}")]
    NotImported {
        /// The file.
        chain: String,
        /// Why.
        error: Box<ImportError>,
    },
    /// A chain follows the other rules.
    #[error(
        "{chain}: the chain follows the rules `{theirs}`, not `{ours}`: say --rules {theirs} to \
         apply those"
    )]
    OtherRules {
        /// The file or folder.
        chain: String,
        /// The rules that it follows.
        theirs: Rules,
        /// The rules that were applied.
        ours: Rules,
    },
    /// What was to be printed could not be.
    #[error("the output could not be written: {0}")]
    Output(io::Error),
    /// What the person typed could not be read.
    #[error("the answer could not be read: {0}")]
    Input(io::Error),
    /// Something is to be agreed to, and no person is there.
    #[error("nobody is there to be asked: say --yes to delete the chain without a question")]
    NobodyToAsk,
    /// The data folder could not be emptied.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// What is to be logged is no filter.
    #[error(
        "{filter}: {reason}; a level such as `info` is expected, or `info,chainloom_tutorial=debug`"
    )]
    LogFilter {
        /// What was given, after the flag or the variable that gave it.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The tokens cannot be read or changed.
    #[error(transparent)]
    Tokens(#[from] TokenFileError),
    /// The server cannot listen.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Connections cannot be kept.
    #[error(transparent)]
    Connections(#[from] StoreError),
    /// The chain cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The read model cannot be opened.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The wallet cannot be opened.
    #[error(transparent)]
    OpenWallet(#[from] chainloom_server::OpenWalletError),
    /// The files of an identity cannot be read or written.
    #[error(transparent)]
    IdentityFiles(#[from] chainloom_fabric::identity::SourceError),
    /// A secret cannot be read, or is none.
    #[error("the secret: {0}")]
    Secret(String),
    /// Somebody is to be asked for a secret, and no person is there.
    #[error(
        "nobody is there to be asked for the {what}: name its file with {flag}, or - for standard input"
    )]
    NoSecret {
        /// What is asked for.
        what: &'static str,
        /// The flag that names a file with it.
        flag: &'static str,
    },
    /// A ledger did not do what it was asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A network of Fabric did not come up, or not go down.
    #[cfg(unix)]
    #[error(transparent)]
    Devnet(#[from] chainloom_devnet::DevnetError),
    /// This program could not be started again in the background.
    #[cfg(unix)]
    #[error("the process in the background could not be started: {0}")]
    Background(io::Error),
    /// What this program said in the background.
    #[cfg(unix)]
    #[error("{0}")]
    InBackground(String),
    /// The server broke off.
    #[error("the server broke off: {0}")]
    Serving(io::Error),
    /// A mistake in this program.
    #[error("a part of this program broke off ({0}); please report it")]
    Panicked(tokio::task::JoinError),
    /// The runtime could not be started.
    #[error("the program could not be started: {0}")]
    Runtime(io::Error),
}

impl Error {
    /// Whether the reader of the output has gone away, as `head` does: no reason to complain.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
