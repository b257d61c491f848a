//! Peers and orderers that are spoken to: one connection each, opened when it is first used and again when it broke.

use std::time::Duration;

use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::InvalidUri;
use tonic::transport::{Channel, Endpoint as Target};

use crate::dial::{ClientTls, Dialer};
use crate::endpoint_url::EndpointUrl;
use crate::profile::NodeEntry;
use crate::window::Windows;
use crate::wire::proto::gateway::gateway_client::GatewayClient;
use crate::wire::proto::orderer::atomic_broadcast_client::AtomicBroadcastClient;
use crate::wire::proto::protos::deliver_client::DeliverClient;
use crate::wire::proto::protos::endorser_client::EndorserClient;

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
    /// The calls under way there; one that gets an answer and no stream is made through this.
    pub(crate) windows: Windows,
    pub(crate) dialer: Dialer,
    channel: Channel,
}

impl Peer {
    /// Gets ready to speak to a peer; nothing is sent yet. Has to be called within a runtime.
    ///
    /// # Errors
    /// What is wrong with what the profile says of it.
    pub(crate) fn new(entry: &NodeEntry, client: Option<&ClientTls>) -> Result<Self, String> {
        let (address, dialer, channel) = open(entry, client)?;
        Ok(Self {
            address,
            dialer,
            windows: Windows::default(),
            channel,
        })
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
    pub(crate) dialer: Dialer,
    channel: Channel,
}

impl Orderer {
    /// Gets ready to speak to an orderer; nothing is sent yet. Has to be called within a runtime.
    ///
    /// # Errors
    /// What is wrong with what the profile says of it.
    pub(crate) fn new(entry: &NodeEntry, client: Option<&ClientTls>) -> Result<Self, String> {
        let (address, dialer, channel) = open(entry, client)?;
        Ok(Self {
            address,
            dialer,
            channel,
        })
    }

    /// Its service that takes transactions.
    pub(crate) fn broadcast(&self) -> AtomicBroadcastClient<Channel> {
        AtomicBroadcastClient::new(self.channel.clone())
    }
}

/// Where the node is, and the connection to it.
fn open(
    entry: &NodeEntry,
    client: Option<&ClientTls>,
) -> Result<(String, Dialer, Channel), String> {
    let url = EndpointUrl::parse(&entry.url).map_err(|problem| problem.to_string())?;
    let (dialer, scheme) = match url.is_secure {
        false => (Dialer::plain(&url.host, url.port), "http"),
        true => {
            let roots = entry.tls_roots.as_deref();
            let roots =
                roots.ok_or("it has no `tlsCACerts` (`tls_ca_certs`), which prove who it is")?;
            let (name, client) = (entry.server_name.as_deref(), client.cloned());
            let dialer = Dialer::secure(&url.host, url.port, roots, name, client)?;
            (dialer, "https")
        }
    };
    let uri = |scheme| format!("{scheme}://{}", url.address).parse();
    let unusable = |error| format!("its url is {}: {error}", entry.url);
    let origin: Uri = uri(scheme).map_err(|error: InvalidUri| unusable(error.to_string()))?;
    // TLS is the dialer's, so what is below it is plain for the transport.
    let target = Target::from_shared(format!("http://{}", url.address))
        .map_err(|error| unusable(error.to_string()))?
        .origin(origin)
        .http2_keep_alive_interval(KEEP_ALIVE_EVERY)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true);
    let channel = target.connect_with_connector_lazy(dialer.clone());
    Ok((url.address, dialer, channel))
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
            ("grpcs://localhost:7051", Some("x"), "there is none in PEM"),
        ] {
            let error = Peer::new(&entry(url, tls_roots), None).unwrap_err();
            assert!(error.contains(telling), "{url}: {error}");
        }
        let peer = Peer::new(&entry("grpc://localhost:7051", None), None).unwrap();
        assert_eq!(peer.address, "localhost:7051");
    }
}
