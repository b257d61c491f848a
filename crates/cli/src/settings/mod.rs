//! The settings: what can be set, its defaults, and what a set of them must fulfil.
//!
//! They come from the defaults, a TOML file, the environment and the flags, each winning over the
//! one before; [`mod@load`] puts them together. `docs/configuration.md` lists every key, and a test
//! compares it with these types.

mod check;
mod connection;
#[cfg(test)]
mod documented;
pub(crate) mod duration;
mod error;
mod flags;
mod keys;
mod lists;
mod load;
mod node;
#[cfg(test)]
mod testing;
mod wallet;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use chainloom_fabric::Mode;
use chainloom_server::Verification;
use chainloom_tutorial::rules::Rules;
use serde::{Deserialize, Serialize};

use connection::{ClientTlsSettings, TextOrTable};
pub(crate) use error::SettingsError;
use load::{Environment, load};
pub(crate) use wallet::WalletSettings;

/// The port on which the tutorial serves.
pub(crate) const DEFAULT_PORT: u16 = 5000;

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(crate) struct Settings {
    /// What holds for the whole server.
    pub(crate) server: ServerSettings,
    /// Who can act through it.
    pub(crate) wallet: WalletSettings,
    /// The ledgers that it serves, by name.
    pub(crate) ledgers: BTreeMap<String, LedgerSettings>,
}

/// What holds for the whole server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(crate) struct ServerSettings {
    /// Where it listens.
    #[serde(deserialize_with = "lists::addresses")]
    pub(crate) listen: Vec<SocketAddr>,
    /// Host names under which browsers may reach it, beside IP literals, localhost and the
    /// machine's own name.
    #[serde(deserialize_with = "lists::names")]
    pub(crate) allowed_hosts: Vec<String>,
    /// Whether it may listen beyond this machine although nothing asks who calls.
    pub(crate) insecure_public: bool,
    /// Whether every caller is asked for a token.
    pub(crate) tokens: bool,
    /// The file of the certificate, where TLS is spoken.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The file of its key.
    pub(crate) tls_key: Option<PathBuf>,
    /// The folder of the data; one for each port under the user's data directory where absent.
    pub(crate) data_directory: Option<PathBuf>,
}

impl Default for ServerSettings {
    fn default() -> ServerSettings {
        ServerSettings {
            listen: loopback(DEFAULT_PORT),
            allowed_hosts: Vec::new(),
            insecure_public: false,
            tokens: false,
            tls_certificate: None,
            tls_key: None,
            data_directory: None,
        }
    }
}

/// Both loopback addresses at a port, the IPv4 one first.
pub(crate) fn loopback(port: u16) -> Vec<SocketAddr> {
    vec![
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
        SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port),
    ]
}

/// One ledger; its kind decides what can be set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum LedgerSettings {
    /// The tutorial's proof-of-work chain.
    Tutorial(TutorialSettings),
    /// A channel of Hyperledger Fabric.
    Fabric(Box<FabricSettings>),
}

/// The kinds of ledger, as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The tutorial's proof-of-work chain.
    #[default]
    Tutorial,
    /// A channel of Hyperledger Fabric.
    Fabric,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Kind::Tutorial => "tutorial",
            Kind::Fabric => "fabric",
        })
    }
}

/// A chain of the tutorial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TutorialSettings {
    /// Which rules its chain follows.
    pub(crate) rules: Rules,
    /// How many hex zeros a proof's digest begins with.
    pub(crate) difficulty: u32,
    /// Make a block at this interval, in seconds.
    pub(crate) mine_every_s: Option<f64>,
    /// Make a block as soon as a transaction waits.
    pub(crate) mine_on_transaction: bool,
    /// Ask the registered nodes for a longer chain at this interval, in seconds.
    pub(crate) resolve_interval_s: Option<f64>,
    /// How much of the stored chain is kept in memory, in bytes; of its index as much again.
    pub(crate) cache_bytes: u64,
    /// How many nodes can be registered.
    pub(crate) peers_max: usize,
    /// How long a chain may be that another node answers, in bytes.
    pub(crate) chain_bytes_max: u64,
    /// How long another node may take for its whole chain, in seconds.
    pub(crate) chain_timeout_s: f64,
    /// How long another node may say nothing, in seconds.
    pub(crate) idle_timeout_s: f64,
    /// How large one block of another node may be, in bytes.
    pub(crate) block_bytes_max: u64,
    /// How deep the JSON of a block may be nested.
    pub(crate) json_depth_max: usize,
}

impl Default for TutorialSettings {
    fn default() -> TutorialSettings {
        TutorialSettings {
            rules: Rules::Article,
            difficulty: 4,
            mine_every_s: None,
            mine_on_transaction: false,
            resolve_interval_s: None,
            cache_bytes: check::CACHE_BYTES_DEFAULT,
            peers_max: 256,
            chain_bytes_max: 1 << 30,
            chain_timeout_s: 60.0,
            idle_timeout_s: 10.0,
            block_bytes_max: 64 << 20,
            json_depth_max: 1000,
        }
    }
}

/// A channel of Fabric, as one user sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct FabricSettings {
    /// Fabric's connection profile; else the peers and orderers are named one by one.
    pub(crate) profile: Option<PathBuf>,
    /// The channel.
    pub(crate) channel: String,
    /// The contract that is meant where a call names none.
    pub(crate) contract: Option<String>,
    /// The folder of the credentials; the server's own wallet where there is none.
    pub(crate) wallet: Option<PathBuf>,
    /// The user's name in it.
    pub(crate) identity: String,
    /// Which way calls take.
    pub(crate) mode: Mode,
    /// What is asked of the channel's blocks.
    pub(crate) verify: Verification,
    /// How long an Idempotency-Key is remembered, in hours.
    pub(crate) idempotency_keep_h: u64,
    /// The peers.
    pub(crate) peer_url: Vec<String>,
    /// The orderers.
    pub(crate) order_url: Vec<String>,
    /// The name of the user's CA.
    pub(crate) ca_id: Option<String>,
    /// The server of the user's CA.
    pub(crate) ca_url: Option<String>,
    /// What proves the nodes on TLS.
    pub(crate) tls_ca_certs: Option<TextOrTable>,
    /// What proves this program on TLS.
    pub(crate) client_tls: Option<ClientTlsSettings>,
    /// The names in the nodes' certificates.
    pub(crate) ssl_target_name_override: Option<TextOrTable>,
    /// How much of the index is kept in memory, in bytes.
    pub(crate) cache_bytes: u64,
}
