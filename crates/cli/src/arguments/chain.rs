//! Commands on other nodes, and on the chain as a whole.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ChainRules, Place, Remote, ServerAddress};

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
