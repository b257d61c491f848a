//! The flags of `devnet up`, `devnet down` and `devnet status`.

use std::path::PathBuf;
use std::time::Duration;

use chainloom_devnet::{Consensus, FabricVersion, UserContract};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::settings::duration;

use super::parse::number;

#[derive(Debug, Subcommand)]
pub(crate) enum DevnetCommand {
    /// Bring up a network of Hyperledger Fabric on this machine, or the one that is there again.
    ///
    /// Two organizations with a peer and a certificate authority each, three orderers, the channel
    /// `devnet` and a contract to try. Fabric's own programs are used: those on the PATH if they
    /// fit, else they are built with Go, once. Stays until Ctrl-C; the ledger stays for the next
    /// time.
    Up(DevnetUpArguments),
    /// End a network that runs in the background or in another terminal.
    #[command(
        after_help = "Examples:\n  chainloom devnet down\n  chainloom devnet down --dir ./net"
    )]
    Down(DevnetPlace),
    /// Show what a network's processes are doing, and what is wrong.
    ///
    /// The exit code is 0 when the network is up and nothing is wrong, else 1.
    #[command(
        after_help = "Examples:\n  chainloom devnet status\n  chainloom devnet status --json"
    )]
    Status {
        #[command(flatten)]
        place: DevnetPlace,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
}

/// Which network.
#[derive(Debug, Clone, Args)]
pub(crate) struct DevnetPlace {
    /// The network's folder [default: `devnet` under the user's data directory].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    chainloom devnet up\n  \
    chainloom devnet up --detach                           in the background\n  \
    chainloom devnet up --fabric 3.1 --consensus bft --dir ./bft\n  \
    chainloom devnet up --contract basic=127.0.0.1:9999    with a contract of your own\n\n\
    A network keeps the parameters that it was made with; the next `up` needs none of these flags.\n\
    To begin anew: end it, and delete its folder.")]
pub(crate) struct DevnetUpArguments {
    #[command(flatten)]
    pub(crate) place: DevnetPlace,
    /// The version of Fabric [default: 2.5].
    #[arg(long, value_name = "VERSION", value_parser = versions())]
    pub(crate) fabric: Option<FabricVersion>,
    /// How the orderers agree; bft needs Fabric 3.1 and has four orderers [default: raft].
    #[arg(long, value_name = "KIND", value_parser = consensus())]
    pub(crate) consensus: Option<Consensus>,
    /// How many peers each organization has [default: 1].
    #[arg(long, value_name = "NUMBER", value_parser = number::<u16>)]
    pub(crate) peers: Option<u16>,
    /// The most transactions in a block [default: 500].
    #[arg(long, value_name = "NUMBER", value_parser = number::<u32>)]
    pub(crate) max_message_count: Option<u32>,
    /// How long an orderer waits for a block to fill, such as 2s; bft ignores it [default: 200ms].
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) batch_timeout: Option<Duration>,
    /// A contract of your own that runs, or will run, as a service; may be given more than once.
    #[arg(long, value_name = "NAME=HOST:PORT")]
    pub(crate) contract: Vec<UserContract>,
    /// A folder with Fabric's programs, searched before the PATH.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) bin_dir: Option<PathBuf>,
    /// Leave it running in the background; `devnet status` and `devnet down` find it.
    #[arg(long)]
    pub(crate) detach: bool,
}

fn versions() -> impl TypedValueParser<Value = FabricVersion> {
    PossibleValuesParser::new(["2.5", "3.1"]).try_map(|name| name.parse::<FabricVersion>())
}

fn consensus() -> impl TypedValueParser<Value = Consensus> {
    PossibleValuesParser::new(["raft", "bft"]).try_map(|name| name.parse::<Consensus>())
}
