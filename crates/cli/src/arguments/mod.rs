//! The command line: every command, its flags and its help.

mod calling;
mod chain;
#[cfg(unix)]
mod connection;
mod devnet;
mod identity;
mod parse;
mod reading;
mod serving;
mod token;

use std::fmt;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use calling::{CallFlags, InvokeArguments, QueryArguments, SendArguments, WaitFor};
pub(crate) use chain::{ChainCommand, NodesCommand, ResetArguments};
#[cfg(unix)]
pub(crate) use connection::{ConnectionAddArguments, ConnectionCommand, ForNode};
pub(crate) use devnet::{DevnetCommand, DevnetPlace, DevnetUpArguments};
pub(crate) use identity::{
    AuthorityArguments, EnrollArguments, ExportArguments, FilesArguments, IdentityCommand,
    IdentityRemote, ImportArguments, LabelArguments, ReenrollArguments, RegisterArguments,
    RemoveArguments, RevokeArguments,
};
pub(crate) use reading::{
    BalanceArguments, BlockArguments, BlocksArguments, ConfigArguments, EventsArguments,
    HistoryArguments, MytxArguments, Order, PageOrFollow, ShowtxByVerArguments, StatsArguments,
    TransactionsArguments, TxArguments,
};
pub(crate) use serving::{ChainRules, Place, UpArguments};
pub(crate) use token::{TokenCommand, TokenCreateArguments};

/// A blockchain beside your application: one program with an HTTP API, a command line and an
/// explorer in the browser.
#[derive(Debug, Parser)]
#[command(
    name = "chainloom",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Start here:\n  \
        chainloom up                        serve, and print the explorer's address\n  \
        chainloom send alice bob 5          (in a second terminal) hand in a transfer\n  \
        chainloom mine                      make a block of it\n  \
        chainloom blocks --follow           watch the blocks come\n\n\
        `chainloom help COMMAND` shows examples of each."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the ledger: HTTP API, explorer and the tutorial's routes.
    Up(UpArguments),
    /// List the ledgers that the server serves.
    #[command(after_help = "Examples:\n  chainloom ledgers\n  chainloom ledgers --json")]
    Ledgers(Remote),
    /// Show a ledger's height, tip and node id.
    #[command(after_help = "Examples:\n  chainloom info\n  chainloom info --json")]
    Info(Remote),
    /// Show the parameters by which the ledger's blocks are made.
    Config(ConfigArguments),
    /// List the contracts that can be called, with who must endorse them.
    #[command(after_help = "Examples:\n  chainloom contracts\n  chainloom contracts --json")]
    Contracts(Remote),
    /// Show counts: transactions by code and function, how full and how far apart blocks are.
    Stats(StatsArguments),
    /// Show one block and its transactions.
    Block(BlockArguments),
    /// List blocks, or follow the new ones as they come.
    Blocks(BlocksArguments),
    /// Tell what happened in order, or follow it: transactions, what contracts tell in them, blocks.
    Events(EventsArguments),
    /// Show one transaction, by its id or by where it stands.
    #[command(visible_alias = "showtx")]
    Tx(TxArguments),
    /// Show the transaction at a place: the checks are of the block, of the index, and that it was endorsed.
    #[command(name = "showtxByVer")]
    ShowtxByVer(ShowtxByVerArguments),
    /// List transactions.
    Transactions(TransactionsArguments),
    /// List your own transactions: those of the token's identity, else of the ledger's own user, on a chain of the tutorial of the
    /// node's account.
    Mytx(MytxArguments),
    /// List who wrote what to a key of a contract, and when.
    History(HistoryArguments),
    /// Show an account's balance.
    Balance(BalanceArguments),
    /// Ask a contract's function; nothing is changed.
    Query(QueryArguments),
    /// Call a contract's function and submit the transaction.
    Invoke(InvokeArguments),
    /// Make a block of the transactions that wait.
    ///
    /// On a terminal it shows how fast the search is and how long one takes on average. Ctrl-C
    /// cancels it: no block is made, and what waits goes on waiting.
    #[command(after_help = "Examples:\n  chainloom mine\n  chainloom mine --json")]
    Mine(Remote),
    /// Hand in a transfer for the next block.
    Send(SendArguments),
    /// List the transactions that wait for a block.
    #[command(after_help = "Examples:\n  chainloom pending\n  chainloom pending --json")]
    Pending(Remote),
    /// Show, register, forget and ask other nodes.
    #[command(subcommand)]
    Nodes(NodesCommand),
    /// Register, enroll, import, renew and revoke who can act on channels of Fabric.
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// Connect users to channels of Hyperledger Fabric; each connection is a ledger.
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Write the chain to a file, read one in, check one.
    #[command(subcommand)]
    Chain(ChainCommand),
    /// Make, show and take back the tokens of those who may use a server.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Run a network of Hyperledger Fabric on this machine, without Docker.
    #[cfg(unix)]
    #[command(subcommand)]
    Devnet(DevnetCommand),
    /// Delete the stored chain, with all that waits and all registered nodes, to begin anew. Asks
    /// first.
    Reset(ResetArguments),
    /// Print the script that completes commands in a shell.
    #[command(after_help = "Examples:\n  \
        chainloom completions bash > ~/.local/share/bash-completion/completions/chainloom\n  \
        chainloom completions zsh > ~/.zfunc/_chainloom\n  \
        chainloom completions fish > ~/.config/fish/completions/chainloom.fish")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

impl Command {
    /// Whether a program reads what is printed.
    pub(crate) fn is_json(&self) -> bool {
        match self {
            Command::Ledgers(remote)
            | Command::Info(remote)
            | Command::Contracts(remote)
            | Command::Mine(remote)
            | Command::Pending(remote)
            | Command::Connection(
                ConnectionCommand::List(remote) | ConnectionCommand::Remove { remote, .. },
            )
            | Command::Nodes(
                NodesCommand::List(remote)
                | NodesCommand::Register { remote, .. }
                | NodesCommand::Forget { remote, .. }
                | NodesCommand::Resolve(remote),
            ) => remote.json,
            Command::Identity(command) => command.is_json(),
            Command::Connection(ConnectionCommand::Add(arguments)) => arguments.remote.json,
            Command::Config(arguments) => arguments.remote.json,
            Command::Stats(arguments) => arguments.remote.json,
            Command::ShowtxByVer(arguments) => arguments.remote.json,
            Command::Block(arguments) => arguments.remote.json,
            Command::Blocks(arguments) => arguments.remote.json,
            Command::Events(arguments) => arguments.remote.json,
            Command::Tx(arguments) => arguments.remote.json,
            Command::Transactions(arguments) => arguments.remote.json,
            Command::Mytx(arguments) => arguments.remote.json,
            Command::History(arguments) => arguments.remote.json,
            Command::Balance(arguments) => arguments.remote.json,
            Command::Query(arguments) => arguments.remote.json,
            Command::Invoke(arguments) => arguments.remote.json,
            Command::Send(arguments) => arguments.remote.json,
            Command::Chain(
                ChainCommand::Import { json, .. } | ChainCommand::Verify { json, .. },
            ) => *json,
            Command::Token(TokenCommand::Create(arguments)) => arguments.json,
            Command::Token(TokenCommand::List { json, .. }) => *json,
            #[cfg(unix)]
            Command::Devnet(DevnetCommand::Status { json, .. }) => *json,
            #[cfg(unix)]
            Command::Devnet(DevnetCommand::Up(_) | DevnetCommand::Down(_)) => false,
            Command::Up(_)
            | Command::Token(TokenCommand::Revoke { .. })
            | Command::Chain(ChainCommand::Export { .. })
            | Command::Reset(_)
            | Command::Completions { .. } => false,
        }
    }
}

/// How a command finds the server, and who it says it is.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerAddress {
    /// Address of the running server.
    #[arg(
        long,
        value_name = "URL",
        env = "CHAINLOOM_SERVER_URL",
        default_value = "http://127.0.0.1:5000"
    )]
    pub(crate) server: String,
    /// The token, where the server asks for one. The variable keeps it from other users' sight.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CHAINLOOM_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<TokenText>,
    /// File that holds the token.
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub(crate) token_file: Option<PathBuf>,
    /// Certificate, or issuer, of a server that speaks TLS (PEM) [default: those that the system
    /// trusts].
    #[arg(long, value_name = "FILE", env = "CHAINLOOM_CA_CERTIFICATE")]
    pub(crate) ca_certificate: Option<PathBuf>,
}

/// A token as it was typed; it is not shown.
#[derive(Clone)]
pub(crate) struct TokenText(pub(crate) String);

impl From<String> for TokenText {
    fn from(text: String) -> TokenText {
        TokenText(text)
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenText(…)")
    }
}

/// How a command finds the ledger, and how it prints.
#[derive(Debug, Clone, Args)]
pub(crate) struct Remote {
    #[command(flatten)]
    pub(crate) address: ServerAddress,
    /// Which of the server's ledgers [default: the only one, else tutorial].
    #[arg(long, value_name = "NAME")]
    pub(crate) ledger: Option<String>,
    /// Print the server's JSON instead of a table, on standard error if it refuses.
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests;
