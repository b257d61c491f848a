//! Commands that read a ledger.

use clap::{Args, ValueEnum};

use super::Remote;
use super::parse::number;

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
