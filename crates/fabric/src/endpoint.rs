//! Peers and orderers that are spoken to: one connection each, opened when it is first used and again when it broke.

use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint as Target};

use crate::profile::NodeEntry;
use crate::wire::proto::gateway::gateway_client::GatewayClient;
use crate::wire::proto::orderer::atomic_broadcast_client::AtomicBroadcastClient;
use crate::wire::proto::protos::deliver_client::DeliverClient;
use crate::wire::proto::protos::endorser_client::EndorserClient;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Peers refuse to be asked for signs of life more often than once a minute.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(60);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// What a peer sends at most in one message.
const MESSAGE_BYTES_MAX: usize = 100 << 20;

/// A peer that is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// Where it is: `host:port`.
    pub(crate) address: String,
    channel: Channel,
}

impl Peer {
    /// Gets ready to speak to a peer; nothing is sent yet. Has to be called within a runtime.
    ///
    /// # Errors
    /// What is wrong with what the profile says of it.
    pub(crate) fn new(entry: &NodeEntry) -> Result<Self, String> {
        let (address, channel) = open(entry)?;
        Ok(Self { address, channel })
    }

    /// Its gateway service.
    pub(crate) fn gateway(&self) -> GatewayClient<Channel> {
        GatewayClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Its service that runs calls.
    pub(crate) fn endorser(&self) -> EndorserClient<Channel> {
        EndorserClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Its service that sends blocks.
    pub(crate) fn deliver(&self) -> DeliverClient<Channel> {
        DeliverClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

/// An orderer that is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Orderer {
    /// Where it is: `host:port`.
    pub(crate) address: String,
    channel: Channel,
}

impl Orderer {
    /// Gets ready to speak to an orderer; nothing is sent yet. Has to be called within a runtime.
    ///
    /// # Errors
    /// What is wrong with what the profile says of it.
    pub(crate) fn new(entry: &NodeEntry) -> Result<Self, String> {
        let (address, channel) = open(entry)?;
        Ok(Self { address, channel })
    }

    /// Its service that takes transactions.
    pub(crate) fn broadcast(&self) -> AtomicBroadcastClient<Channel> {
        AtomicBroadcastClient::new(self.channel.clone())
    }
}

/// Where the node is, and the connection to it.
fn open(entry: &NodeEntry) -> Result<(String, Channel), String> {
    let (address, is_secure) = match entry.url.split_once("://") {
        Some(("grpcs", address)) => (address, true),
        Some(("grpc", address)) => (address, false),
        _ => {
            return Err(format!(
                "its url is {}; grpcs://host:port is expected",
                entry.url
            ));
        }
    };
    let scheme = if is_secure { "https" } else { "http" };
    let mut target = Target::from_shared(format!("{scheme}://{address}"))
        .map_err(|error| format!("its url is {}: {error}", entry.url))?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE_EVERY)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true);
    if is_secure {
        let roots = entry.tls_roots.as_deref();
        let roots = roots.ok_or("it has no `tlsCACerts`, which prove who it is")?;
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(roots));
        if let Some(name) = &entry.server_name {
            tls = tls.domain_name(name);
        }
        target = target
            .tls_config(tls)
            .map_err(|error| format!("its `tlsCACerts` cannot be used: {error}"))?;
    }
    Ok((address.to_owned(), target.connect_lazy()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn entry(url: &str, tls_roots: Option<&str>) -> NodeEntry {
        NodeEntry {
            name: "peer0".to_owned(),
            url: url.to_owned(),
            tls_roots: tls_roots.map(str::to_owned),
            server_name: None,
        }
    }

    #[tokio::test]
    async fn what_cannot_be_spoken_to_is_refused() {
        for (url, tls_roots, telling) in [
            ("https://localhost:7051", Some(""), "grpcs://host:port"),
            ("localhost:7051", Some(""), "grpcs://host:port"),
            ("grpcs://local host:7051", Some(""), "local host"),
            ("grpcs://localhost:7051", None, "tlsCACerts"),
        ] {
            let error = Peer::new(&entry(url, tls_roots)).unwrap_err();
            assert!(error.contains(telling), "{url}: {error}");
        }
        let peer = Peer::new(&entry("grpc://localhost:7051", None)).unwrap();
        assert_eq!(peer.address, "localhost:7051");
    }
}
