//! The flags of `up`, and those that the other commands share which open the data folder.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chainloom_tutorial::rules::Rules;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::settings::duration;

use super::parse::{address, number, port};

/// Which folder holds the data.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Place {
    /// The server's port on 127.0.0.1 and ::1; each has a data folder of its own, 0 (a free port)
    /// the folder named 0 [default: 5000].
    #[arg(long, value_name = "PORT", value_parser = port)]
    pub(crate) port: Option<u16>,
    /// Folder of the data [default: one for each port under the user's data directory].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Configuration file [default: ./chainloom.toml, else the user's].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What makes a chain valid.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ChainRules {
    /// Which rules the chain follows [default: article].
    #[arg(long, value_parser = rules())]
    pub(crate) rules: Option<Rules>,
    /// How many hex zeros a proof begins with [default: 4].
    #[arg(long, value_name = "ZEROS", value_parser = number::<u32>)]
    pub(crate) difficulty: Option<u32>,
}

/// The names of the rules, so that help and completions know them.
fn rules() -> impl TypedValueParser<Value = Rules> {
    PossibleValuesParser::new(Rules::ALL.map(Rules::name)).try_map(|name| name.parse::<Rules>())
}

#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:\n  \
    chainloom up\n  \
    chainloom up --port 5001                       a second node beside the first\n  \
    chainloom up --mine-every 5s                   a block every five seconds\n  \
    chainloom up --rules repository --data-dir ./repository-chain\n  \
    chainloom up --listen 192.168.1.5:5000 --tokens --tls-certificate cert.pem --tls-key key.pem\n\n\
    Every flag is a key of chainloom.toml too, and an environment variable such as\n\
    CHAINLOOM_SERVER__LISTEN; flags win over variables, variables over the file.")]
pub(crate) struct UpArguments {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) rules: ChainRules,
    /// Listen on this address; may be given more than once. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "port", value_parser = address)]
    pub(crate) listen: Vec<SocketAddr>,
    /// Make a block at this interval, such as 5s or 2m; without a unit it is seconds.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) mine_every: Option<Duration>,
    /// Make a block as soon as a transaction waits.
    #[arg(long)]
    pub(crate) mine_on_transaction: bool,
    /// Ask the registered nodes for a longer chain at this interval, such as 30s; without a
    /// unit it is seconds.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) resolve_interval: Option<Duration>,
    /// Listen beyond this machine although nothing asks who calls, or tokens cross it in clear text.
    #[arg(long)]
    pub(crate) insecure_public: bool,
    /// Ask every caller for a token; `chainloom token create` makes them.
    #[arg(long)]
    pub(crate) tokens: bool,
    /// Speak TLS, with the certificate in this file (PEM, issuers after it).
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A host name under which browsers may reach the server; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(crate) allowed_host: Vec<String>,
    /// What to log on standard error: error, warn, info, debug, trace
    /// [default: the variable RUST_LOG, else info].
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}
