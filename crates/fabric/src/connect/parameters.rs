//! Stage two: what is to be used. The paper's seven parameters, or Fabric's common connection profile in their place.

use std::collections::BTreeMap;

use hyper::Uri;
use serde::{Deserialize, Serialize};

use super::ConnectError;
use crate::dial::ClientTls;
use crate::pem_source::PemSource;
use crate::profile::{NodeEntry, ProfileSource};

/// The most peers, and the most orderers, of one connection.
const NODES_MAX: usize = 100;

/// What it takes to connect somebody to a channel, beside who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The channel (`channel_id`).
    pub channel: String,
    /// The contract that is meant where a call names none (`chaincode_id`).
    pub contract: Option<String>,
    /// Which way calls take.
    pub mode: Mode,
    /// Whom to speak to.
    pub nodes: Nodes,
    /// The CA (`ca_id`, `ca_url`), of which nothing is asked in order to connect.
    pub authority: AuthorityParameters,
    /// What proves this program on TLS, where nodes ask for that.
    pub client_tls: Option<ClientTls>,
}

/// Which way calls take to the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Through the gateway service of a peer, which finds the endorsers and the orderers by itself.
    #[default]
    Gateway,
    /// To the peers and orderers that the parameters name, one by one. What endorsers answer is checked here.
    Direct,
}

/// The peers and the orderers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nodes {
    /// Those of Fabric's common connection profile.
    Profile(ProfileSource),
    /// These.
    Urls(NodeUrls),
}

/// Peers and orderers by their URLs. Which organization a peer belongs to it says itself, with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeUrls {
    /// The peers (`peer_url`), at least one; the first is believed about the channel's organizations.
    pub peers: Vec<String>,
    /// The orderers (`order_url`).
    pub orderers: Vec<String>,
    /// The root certificates that prove the nodes on TLS, in PEM.
    pub tls_ca_certs: Option<PerEndpoint<PemSource>>,
    /// The names in the nodes' certificates, where these are not the hosts of the URLs.
    pub ssl_target_name_override: Option<PerEndpoint<String>>,
}

/// One for all endpoints, or for each its own under its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PerEndpoint<T> {
    /// One for all.
    All(T),
    /// By URL.
    Each(BTreeMap<String, T>),
}

/// The CA that the user was enrolled with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorityParameters {
    /// Its name on its server (`ca_id`).
    pub id: Option<String>,
    /// Its server (`ca_url`).
    pub url: Option<String>,
}

impl<T> PerEndpoint<T> {
    fn of(&self, url: &str) -> Option<&T> {
        match self {
            Self::All(value) => Some(value),
            Self::Each(values) => values.get(url),
        }
    }

    /// Refuses what is said of endpoints that there are not.
    fn check(&self, parameter: &'static str, urls: &NodeUrls) -> Result<(), ConnectError> {
        let Self::Each(values) = self else {
            return Ok(());
        };
        let is_known = |url: &String| urls.peers.contains(url) || urls.orderers.contains(url);
        match values.keys().find(|url| !is_known(url)) {
            Some(url) => Err(wrong(
                parameter,
                format!("`{url}` stands neither in `peer_url` nor in `order_url`"),
            )),
            None => Ok(()),
        }
    }
}

impl Parameters {
    /// Checks what can be checked without asking anybody.
    ///
    /// # Errors
    /// [`ConnectError`] with the parameter.
    pub fn check(&self) -> Result<(), ConnectError> {
        check_channel(&self.channel)?;
        if let Some(contract) = &self.contract {
            check_contract(contract)?;
        }
        self.authority.check()?;
        if let Nodes::Urls(urls) = &self.nodes {
            urls.check(self.mode)?;
        }
        if let Some(client_tls) = &self.client_tls {
            let read = client_tls.read();
            read.map_err(|reason| wrong("client_tls", reason))?;
        }
        Ok(())
    }
}

impl AuthorityParameters {
    fn check(&self) -> Result<(), ConnectError> {
        if self.id.as_ref().is_some_and(String::is_empty) {
            return Err(wrong("ca_id", "it must not be empty".to_owned()));
        }
        let Some(url) = &self.url else {
            return Ok(());
        };
        let parsed: Option<Uri> = url.parse().ok();
        let is_http = |uri: &Uri| matches!(uri.scheme_str(), Some("https" | "http"));
        match parsed
            .filter(is_http)
            .and_then(|uri| uri.host().map(str::to_owned))
        {
            Some(_) => Ok(()),
            None => Err(wrong(
                "ca_url",
                format!("`{url}` is no URL of a CA: https://host:port is expected"),
            )),
        }
    }
}

impl NodeUrls {
    fn check(&self, mode: Mode) -> Result<(), ConnectError> {
        if self.peers.is_empty() {
            return Err(wrong(
                "peer_url",
                "it names no peer: one URL or several are expected, such as grpcs://localhost:7051"
                    .to_owned(),
            ));
        }
        if mode == Mode::Direct && self.orderers.is_empty() {
            return Err(wrong(
                "order_url",
                "mode `direct` hands transactions to orderers: name at least one, such as grpcs://localhost:7050, or use mode `gateway`"
                    .to_owned(),
            ));
        }
        for (parameter, urls) in [("peer_url", &self.peers), ("order_url", &self.orderers)] {
            if urls.len() > NODES_MAX {
                let reason = format!(
                    "it names {} nodes; at most {NODES_MAX} are taken",
                    urls.len()
                );
                return Err(wrong(parameter, reason));
            }
            let mut seen = urls.clone();
            seen.sort();
            if let Some(pair) = seen.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(wrong(parameter, format!("it names {} twice", pair[0])));
            }
        }
        if let Some(roots) = &self.tls_ca_certs {
            roots.check("tls_ca_certs", self)?;
        }
        if let Some(names) = &self.ssl_target_name_override {
            names.check("ssl_target_name_override", self)?;
        }
        Ok(())
    }

    /// The node of this URL, which is its name too.
    pub(super) fn entry(&self, url: &str) -> Result<NodeEntry, ConnectError> {
        let roots = self.tls_ca_certs.as_ref().and_then(|roots| roots.of(url));
        let roots = roots.map(PemSource::read).transpose();
        let names = self.ssl_target_name_override.as_ref();
        Ok(NodeEntry {
            name: url.to_owned(),
            url: url.to_owned(),
            tls_roots: roots.map_err(|reason| wrong("tls_ca_certs", reason))?,
            server_name: names.and_then(|names| names.of(url)).cloned(),
        })
    }
}

pub(super) fn wrong(parameter: &'static str, reason: String) -> ConnectError {
    ConnectError::Parameter { parameter, reason }
}

/// Fabric's rule for the name of a channel.
fn check_channel(channel: &str) -> Result<(), ConnectError> {
    let starts_well = channel.starts_with(|letter: char| letter.is_ascii_lowercase());
    let is_plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-".contains(letter)
    };
    match starts_well && channel.len() < 250 && channel.chars().all(is_plain) {
        true => Ok(()),
        false => Err(wrong(
            "channel",
            format!(
                "`{channel}` is no name of a channel: lower-case letters, digits, dots and dashes are expected, a letter first"
            ),
        )),
    }
}

/// Fabric's rule for the name of a contract: words of letters and digits, joined by single dashes or underscores.
fn check_contract(contract: &str) -> Result<(), ConnectError> {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric());
    // Fabric's own, such as `_lifecycle`, begin with one.
    let words = contract.strip_prefix('_').unwrap_or(contract);
    match words.split(['-', '_']).all(is_word) {
        true => Ok(()),
        false => Err(wrong(
            "chaincode_id",
            format!(
                "`{contract}` is no name of a contract: letters and digits are expected, with single dashes or underscores between"
            ),
        )),
    }
}
