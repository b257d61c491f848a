//! The command line of `chainloom connection`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};

use super::Remote;

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Connect a user to a channel: the peers are asked, then the orderers, and a ledger is served.
    Add(Box<ConnectionAddArguments>),
    /// List the connections, those of chainloom.toml too.
    #[command(
        after_help = "Examples:\n  chainloom connection list\n  chainloom connection list --json"
    )]
    List(Remote),
    /// Stop a connection and forget it, with its index.
    #[command(after_help = "Examples:\n  chainloom connection remove trade")]
    Remove {
        /// The connection's name, which is the ledger's.
        name: String,
        #[command(flatten)]
        remote: Remote,
    },
}

/// What is said of all nodes, or of the one with that URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForNode {
    pub(crate) url: Option<String>,
    pub(crate) value: String,
}

impl FromStr for ForNode {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once('=') {
            Some((url, value)) if url.contains("://") => Self {
                url: Some(url.to_owned()),
                value: value.to_owned(),
            },
            _ => Self {
                url: None,
                value: text.to_owned(),
            },
        })
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom connection add trade --userid alice@Org1MSP --channel-id mychannel --chaincode-id basic \
    --peer-url grpcs://localhost:7051 --order-url grpcs://localhost:7050 --tls-ca-certs tls-ca.pem\n  \
    chainloom connection add trade --userid alice@Org1MSP --channel-id mychannel --peer-url grpcs://one:7051 --peer-url grpcs://two:9051 \
    --tls-ca-certs grpcs://one:7051=one.pem --tls-ca-certs grpcs://two:9051=two.pem\n  \
    chainloom connection add trade --userid alice@Org1MSP --channel-id mychannel --profile connection.yaml")]
pub(crate) struct ConnectionAddArguments {
    /// The name of the ledger that it is.
    pub(crate) name: String,
    /// The user: a label of the server's wallet.
    #[arg(long)]
    pub(crate) userid: String,
    /// The channel.
    #[arg(long)]
    pub(crate) channel_id: String,
    /// The contract that is meant where a call names none.
    #[arg(long)]
    pub(crate) chaincode_id: Option<String>,
    /// The name of the CA that the user was enrolled with.
    #[arg(long)]
    pub(crate) ca_id: Option<String>,
    /// The CA's server.
    #[arg(long)]
    pub(crate) ca_url: Option<String>,
    /// A peer, grpcs://HOST:PORT; once for each.
    #[arg(long, required_unless_present = "profile")]
    pub(crate) peer_url: Vec<String>,
    /// An orderer, grpcs://HOST:PORT; once for each.
    #[arg(long)]
    pub(crate) order_url: Vec<String>,
    /// A connection profile in the place of the URLs. It has to hold its certificates.
    #[arg(long, conflicts_with_all = ["peer_url", "order_url", "tls_ca_certs", "ssl_target_name_override"])]
    pub(crate) profile: Option<PathBuf>,
    /// A file with root certificates that prove the nodes on TLS, once for each; URL=FILE where it proves one node only.
    #[arg(long, value_name = "[URL=]FILE")]
    pub(crate) tls_ca_certs: Vec<ForNode>,
    /// A file with the certificate for nodes that ask for mutual TLS.
    #[arg(long, requires = "client_key")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// A file with its key.
    #[arg(long, requires = "client_certificate")]
    pub(crate) client_key: Option<PathBuf>,
    /// The name in the nodes' certificates where it is not the host of the URL; URL=NAME for one node only, once for each.
    #[arg(long, value_name = "[URL=]NAME")]
    pub(crate) ssl_target_name_override: Vec<ForNode>,
    /// Which way calls take: gateway or direct.
    #[arg(long)]
    pub(crate) mode: Option<String>,
    /// What is asked of the channel's blocks before they are shown: hashes, or full for the orderers' signatures, too.
    #[arg(long)]
    pub(crate) verify: Option<String>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}
