//! The command line: every command, its flags and its help.

#[cfg(unix)]
mod connection;
mod devnet;
mod identity;
mod parse;
mod serving;
mod token;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::settings::duration;

#[cfg(unix)]
pub(crate) use connection::{ConnectionAddArguments, ConnectionCommand, ForNode};
pub(crate) use devnet::{DevnetCommand, DevnetPlace, DevnetUpArguments};
pub(crate) use identity::{
    AuthorityArguments, EnrollArguments, ExportArguments, FilesArguments, IdentityCommand,
    IdentityRemote, ImportArguments, LabelArguments, ReenrollArguments, RegisterArguments,
    RemoveArguments, RevokeArguments,
};
use parse::{named_value, number};
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

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom config\n  \
    chainloom config --block 1 --json\n  \
    chainloom config --history")]
pub(crate) struct ConfigArguments {
    /// Those in force at this block rather than now.
    #[arg(long, value_name = "NUMBER", value_parser = number::<u64>)]
    pub(crate) block: Option<u64>,
    /// What changed them, the newest change first.
    #[arg(long, conflicts_with = "block")]
    pub(crate) history: bool,
    /// With `--history`: changes by blocks before this one.
    #[arg(long, value_name = "NUMBER", value_parser = number::<u64>, requires = "history")]
    pub(crate) before: Option<u64>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom stats\n  \
    chainloom stats --from 100 --to 200\n  \
    chainloom stats --window 50 --json")]
pub(crate) struct StatsArguments {
    /// The first block that counts [default: the chain's first].
    #[arg(long, value_name = "NUMBER", value_parser = number::<u64>)]
    pub(crate) from: Option<u64>,
    /// The last block that counts [default: the chain's last].
    #[arg(long, value_name = "NUMBER", value_parser = number::<u64>)]
    pub(crate) to: Option<u64>,
    /// Over how many of the last of these blocks rates are taken.
    #[arg(long, value_name = "BLOCKS", value_parser = number::<u64>)]
    pub(crate) window: Option<u64>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom block latest\n  \
    chainloom block 1\n  \
    chainloom block c099bc76471bfdd48ae262ba832388af2b87904924730633db415994fb82bfb7")]
pub(crate) struct BlockArguments {
    /// Its number, its hash, or `latest`.
    #[arg(value_name = "NUMBER|HASH|latest")]
    pub(crate) block: String,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom blocks\n  \
    chainloom blocks --from 1 --limit 50 --order oldest-first\n  \
    chainloom blocks --follow\n  \
    chainloom blocks --follow --from 1 --json        every block there is, then the new ones")]
pub(crate) struct BlocksArguments {
    /// Begin with this block [default: the last one; with --follow the next one to come].
    #[arg(long, value_name = "NUMBER", value_parser = number::<u64>)]
    pub(crate) from: Option<u64>,
    /// How many at most.
    #[arg(
        long,
        value_name = "COUNT",
        default_value_t = 20,
        value_parser = number::<u32>,
        conflicts_with = "follow"
    )]
    pub(crate) limit: u32,
    /// Which way to walk.
    #[arg(long, value_enum, default_value_t = Order::NewestFirst, conflicts_with = "follow")]
    pub(crate) order: Order,
    /// Go on with each new block as it comes, until Ctrl-C.
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom events --follow                              everything that happens from now on\n  \
    chainloom events --follow --kinds contract_event --contract basic --event sold\n  \
    chainloom events --from 7 --json                       what happened from block 7 up to now")]
pub(crate) struct EventsArguments {
    /// What to tell of: blocks, transactions, what contracts tell in them.
    #[arg(
        long,
        value_name = "KIND",
        value_delimiter = ',',
        value_parser = ["block", "transaction", "contract_event"],
        default_value = "transaction,contract_event"
    )]
    pub(crate) kinds: Vec<String>,
    /// Only transactions and events of this contract.
    #[arg(long, value_name = "NAME")]
    pub(crate) contract: Option<String>,
    /// Only contracts' events of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) event: Option<String>,
    /// Transactions without effect, too, and what contracts told in them.
    #[arg(long)]
    pub(crate) invalid: bool,
    /// Begin with this block [default: the first one; with --follow the next one to come].
    #[arg(long, value_name = "NUMBER", value_parser = number::<u64>)]
    pub(crate) from: Option<u64>,
    /// Go on with what happens, until Ctrl-C.
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

/// Which way a list goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// From the last one down.
    NewestFirst,
    /// From the first one up.
    OldestFirst,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom tx 0f3c2a9d5b1e4c6f8a7b9c0d1e2f3a4b\n  \
    chainloom tx --block 2 --index 0\n  \
    chainloom tx --block 2 --index 0 --value writes.0.value > value.bin")]
pub(crate) struct TxArguments {
    /// Its id.
    #[arg(required_unless_present = "block", conflicts_with_all = ["block", "index"])]
    pub(crate) id: Option<String>,
    /// Number of the block in which it stands.
    #[arg(long, value_name = "NUMBER", requires = "index", value_parser = number::<u64>)]
    pub(crate) block: Option<u64>,
    /// Its index in the block, from 0.
    #[arg(long, value_name = "NUMBER", requires = "block", value_parser = number::<u32>)]
    pub(crate) index: Option<u32>,
    /// Write one of its values, whole and as it is: result, raw, args.N, reads.N.key, writes.N.key, writes.N.value,
    /// events.N.payload, as they stand in its JSON.
    #[arg(long, value_name = "NAME")]
    pub(crate) value: Option<String>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chainloom showtxByVer --block 2 --index 0")]
pub(crate) struct ShowtxByVerArguments {
    /// Number of the block in which it stands.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) block: i128,
    /// Its index in the block, from 0.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub(crate) index: i128,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

/// How much of a long list.
#[derive(Debug, Clone, Args)]
pub(crate) struct Page {
    /// How many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = number::<u32>)]
    pub(crate) limit: u32,
    /// Go on where the last page ended: the cursor that it printed.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
}

/// How much of a long list of transactions, or the new ones.
#[derive(Debug, Clone, Args)]
pub(crate) struct PageOrFollow {
    #[command(flatten)]
    pub(crate) page: Page,
    /// Go on with each new one as it comes, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["limit", "cursor", "from", "to"])]
    pub(crate) follow: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom transactions\n  \
    chainloom transactions --account alice --limit 50\n  \
    chainloom transactions --creator Org1MSP/alice --code MVCC_READ_CONFLICT\n  \
    chainloom transactions --contract basic --function put --from 100 --to 200\n  \
    chainloom transactions --key color --from 2026-01-31T00:00:00Z")]
pub(crate) struct TransactionsArguments {
    /// Only those that this account sent or received; `me` is the node's own account.
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Only those that they made; `me` is the ledger's own user.
    #[arg(long, value_name = "MSP/NAME")]
    pub(crate) creator: Option<String>,
    /// Only those made in this certificate.
    #[arg(long, value_name = "SHA256")]
    pub(crate) certificate: Option<String>,
    /// Only those that called this contract; with --key those that wrote its key.
    #[arg(long, value_name = "NAME")]
    pub(crate) contract: Option<String>,
    /// Only those that called this function.
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
    /// Only those that wrote this key.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The private collection in which the key is.
    #[arg(long, value_name = "NAME", requires = "key")]
    pub(crate) collection: Option<String>,
    /// Only those with this verdict: a number or a name.
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// From this block, or this time by their makers' clocks.
    #[arg(long, value_name = "BLOCK|TIME")]
    pub(crate) from: Option<String>,
    /// Up to this block, or this time.
    #[arg(long, value_name = "BLOCK|TIME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageOrFollow,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  chainloom mytx\n  chainloom mytx --limit 100 --json\n  chainloom mytx --follow"
)]
pub(crate) struct MytxArguments {
    /// From this block, or this time by their makers' clocks.
    #[arg(long, value_name = "BLOCK|TIME")]
    pub(crate) from: Option<String>,
    /// Up to this block, or this time.
    #[arg(long, value_name = "BLOCK|TIME")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageOrFollow,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom history basic color\n  \
    chainloom history basic color --invalid --limit 100\n  \
    chainloom history basic secret --collection private")]
pub(crate) struct HistoryArguments {
    /// The contract whose key it is.
    pub(crate) contract: String,
    /// The key.
    pub(crate) key: String,
    /// The private collection in which the key is.
    #[arg(long, value_name = "NAME")]
    pub(crate) collection: Option<String>,
    /// List also what invalid transactions would have written.
    #[arg(long)]
    pub(crate) invalid: bool,
    #[command(flatten)]
    pub(crate) page: Page,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chainloom balance alice\n  chainloom balance me")]
pub(crate) struct BalanceArguments {
    /// The account's name; `me` is the node's own.
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom query balance alice\n  \
    chainloom query pending\n  \
    chainloom query get key --contract probe\n  \
    chainloom query getPrivate key --organization Org1MSP")]
pub(crate) struct QueryArguments {
    /// The function.
    pub(crate) function: String,
    /// Its arguments.
    #[arg(allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,
    /// The contract [default: the one that is configured for the ledger; `coin` on the tutorial's chain].
    #[arg(long, value_name = "NAME")]
    pub(crate) contract: Option<String>,
    #[command(flatten)]
    pub(crate) how: CallFlags,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom invoke transfer alice bob 5\n  \
    chainloom invoke transfer alice bob 5 --wait committed\n  \
    chainloom invoke transfer alice bob 5 --idempotency-key order-17\n  \
    chainloom invoke add counter 1 --retry 3\n  \
    chainloom invoke putPrivate key --transient value=secret")]
pub(crate) struct InvokeArguments {
    /// The function.
    pub(crate) function: String,
    /// Its arguments.
    #[arg(allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,
    /// The contract [default: the one that is configured for the ledger; `coin` on the tutorial's chain].
    #[arg(long, value_name = "NAME")]
    pub(crate) contract: Option<String>,
    #[command(flatten)]
    pub(crate) how: CallFlags,
    /// What to wait for before the command ends.
    #[arg(long, value_enum)]
    pub(crate) wait: Option<WaitFor>,
    /// The same key submits nothing again and gives the first answer: for 24 hours, or what the ledger's configuration says.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// How often to submit the call anew where others changed what it had read: at most 10 times.
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(..=10))]
    pub(crate) retry: Option<u32>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

/// How a call is to be carried out.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "On Fabric")]
pub(crate) struct CallFlags {
    /// Data for those peers only that run the call; they never stand on the ledger. May come several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = named_value)]
    pub(crate) transient: Vec<(String, String)>,
    /// An organization (its MSP id) whose peers are to run the call. May come several times.
    #[arg(long, value_name = "MSP-ID")]
    pub(crate) organization: Vec<String>,
    /// A peer that is asked, by address or by its name in the connection profile. May come several times.
    #[arg(long, value_name = "PEER")]
    pub(crate) peer: Vec<String>,
    /// It is the call with which a contract begins whose definition asks for one.
    #[arg(long)]
    pub(crate) init: bool,
    /// How long the call may take, such as 5s or 2m [default: 60s].
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,
}

/// What `invoke` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitFor {
    /// Until the transaction is accepted and stored.
    Ordered,
    /// Until it stands in a block.
    Committed,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom send alice bob 5\n  \
    chainloom send alice bob 0.1\n  \
    chainloom send alice bob 123456789012345678901234567890")]
pub(crate) struct SendArguments {
    /// Who pays.
    pub(crate) sender: String,
    /// Who is paid.
    pub(crate) recipient: String,
    /// How much: a number as in JSON, kept digit by digit.
    #[arg(allow_hyphen_values = true)]
    pub(crate) amount: String,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodesCommand {
    /// List the nodes that the ledger talks to: those that are registered, or a channel's peers and orderers.
    #[command(after_help = "Examples:\n  chainloom nodes list\n  chainloom nodes list --json")]
    List(Remote),
    /// Register other nodes, all of them or none.
    #[command(after_help = "Examples:\n  \
        chainloom nodes register http://127.0.0.1:5001\n  \
        chainloom nodes register 192.168.1.5:5000 192.168.1.6:5000")]
    Register {
        /// Their addresses.
        #[arg(required = true, value_name = "ADDRESS")]
        addresses: Vec<String>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Forget a registered node: it is asked no more.
    #[command(after_help = "Examples:\n  \
        chainloom nodes forget 127.0.0.1:5001\n  \
        chainloom nodes forget http://192.168.1.5:5000")]
    Forget {
        /// Its address, as `chainloom nodes list` shows it or as it was registered.
        address: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Ask all registered nodes and take over the longest valid chain.
    #[command(
        after_help = "Examples:\n  chainloom nodes resolve\n  chainloom nodes resolve --json"
    )]
    Resolve(Remote),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChainCommand {
    /// Write the running server's chain as JSON, as the tutorial's GET /chain.
    #[command(after_help = "Examples:\n  \
        chainloom chain export chain.json\n  \
        chainloom chain export | gzip > chain.json.gz")]
    Export {
        /// The file; standard output where none is named.
        file: Option<PathBuf>,
        /// Replace the file if there is one.
        #[arg(long, requires = "file")]
        force: bool,
        #[command(flatten)]
        address: ServerAddress,
    },
    /// Take over the chain of a file if it is valid and longer than the stored one.
    #[command(after_help = "Examples:\n  \
        chainloom chain import chain.json\n  \
        gunzip -c chain.json.gz | chainloom chain import -\n\n\
        The server on that data folder must be stopped. To take over a chain that is not longer,\n\
        `chainloom reset` first.\n\n\
        Exit code 0: taken over, or the stored chain is the same already. 3: the chain is valid, but\n\
        not longer, and the stored one stays. 1: anything else.")]
    Import {
        /// The file, as the tutorial's GET /chain answers; `-` is standard input.
        file: PathBuf,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        rules: ChainRules,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check every block of a file, or of the stored chain, against the rules.
    #[command(after_help = "Examples:\n  \
        chainloom chain verify                         the stored chain; its server must be stopped\n  \
        chainloom chain verify chain.json\n  \
        chainloom chain verify chain.json --rules repository\n  \
        curl -s http://127.0.0.1:5001/chain | chainloom chain verify -\n\n\
        Exit code 0: valid. 1: not valid; with --json the output is {\"valid\": false, \"reason\": ...}.")]
    Verify {
        /// The file, as the tutorial's GET /chain answers; `-` is standard input.
        file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        rules: ChainRules,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chainloom reset\n  chainloom reset --port 5001 --yes")]
pub(crate) struct ResetArguments {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Do not ask.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::{CommandFactory, Parser};

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_an_example() {
        fn check(command: &clap::Command) {
            let name = command.get_name();
            if name == "help" {
                return;
            }
            assert!(command.get_about().is_some(), "{name} has no description");
            if command.has_subcommands() {
                command.get_subcommands().for_each(check);
            } else {
                let help = command.get_after_help().map(ToString::to_string);
                assert!(
                    help.is_some_and(|help| help.contains(&format!("{name} "))
                        || help.contains(&format!("{name}\n"))),
                    "{name} has no example"
                );
            }
        }
        Arguments::command().get_subcommands().for_each(check);
    }

    #[test]
    fn both_of_the_papers_names_show_a_transaction() {
        for line in [
            ["chainloom", "showtx", "ab", "--json", ""].as_slice(),
            &["chainloom", "showtxByVer", "--block=2", "--index=0"],
        ] {
            let line = line.iter().filter(|word| !word.is_empty());
            let arguments = Arguments::try_parse_from(line).unwrap();
            assert!(matches!(
                arguments.command,
                Command::Tx(_) | Command::ShowtxByVer(_)
            ));
        }
        for line in [
            ["chainloom", "tx"].as_slice(),
            &["chainloom", "tx", "--block=2"],
            &["chainloom", "tx", "ab", "--block=2", "--index=0"],
            &["chainloom", "showtxByVer", "--block=2"],
            &["chainloom", "mytx", "--follow", "--limit=5"],
            &["chainloom", "mytx", "--follow", "--from=5"],
            &["chainloom", "transactions", "--follow", "--to=5"],
        ] {
            assert!(Arguments::try_parse_from(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_negative_block_is_no_flag() {
        let line = ["chainloom", "showtxByVer", "--block", "-1", "--index", "-2"];
        let Command::ShowtxByVer(place) = Arguments::try_parse_from(line).unwrap().command else {
            panic!("it is another command");
        };
        assert_eq!((place.block, place.index), (-1, -2));
    }

    #[test]
    fn a_negative_amount_is_no_flag() {
        for amount in ["-5.25e3", "-1e-7"] {
            let line = ["chainloom", "send", "alice", "bob", amount, "--json"];
            let Command::Send(send) = Arguments::try_parse_from(line).unwrap().command else {
                panic!("it is another command");
            };
            assert_eq!((send.amount.as_str(), send.remote.json), (amount, true));
        }
    }
}
