//! Peers and orderers that are spoken to: one connection each, opened when it is first used and again when it broke.

use tonic::codegen::http::Uri;
use tonic::codegen::http::uri::InvalidUri;

use crate::dial::{ClientTls, Dialer};
use crate::endpoint_url::EndpointUrl;
use crate::profile::NodeEntry;
use crate::transport::Transport;
use crate::window::Windows;
use crate::wire::proto::gateway::gateway_client::GatewayClient;
use crate::wire::proto::orderer::atomic_broadcast_client::AtomicBroadcastClient;
use crate::wire::proto::protos::deliver_client::DeliverClient;
use crate::wire::proto::protos::endorser_client::EndorserClient;

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
    transport: Transport,
}

impl Peer {
    /// Gets ready to speak to a peer; nothing is sent yet. Has to be called within a runtime.
    ///
    /// # Errors
    /// What is wrong with what the profile says of it.
    pub(crate) fn new(entry: &NodeEntry, client: Option<&ClientTls>) -> Result<Self, String> {
        let (address, dialer, transport) = open(entry, client)?;
        Ok(Self {
            address,
            dialer,
            windows: Windows::default(),
            transport,
        })
    }

    /// Its gateway service.
    pub(crate) fn gateway(&self) -> GatewayClient<Transport> {
        GatewayClient::new(self.transport.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Its service that runs calls.
    pub(crate) fn endorser(&self) -> EndorserClient<Transport> {
        EndorserClient::new(self.transport.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Its service that sends blocks.
    pub(crate) fn deliver(&self) -> DeliverClient<Transport> {
        DeliverClient::new(self.transport.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

/// An orderer that is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Orderer {
    /// Where it is: `host:port`.
    pub(crate) address: String,
    pub(crate) dialer: Dialer,
    transport: Transport,
}

impl Orderer {
    /// Gets ready to speak to an orderer; nothing is sent yet. Has to be called within a runtime.
    ///
    /// # Errors
    /// What is wrong with what the profile says of it.
    pub(crate) fn new(entry: &NodeEntry, client: Option<&ClientTls>) -> Result<Self, String> {
        let (address, dialer, transport) = open(entry, client)?;
        Ok(Self {
            address,
            dialer,
            transport,
        })
    }

    /// Its service that takes transactions.
    pub(crate) fn broadcast(&self) -> AtomicBroadcastClient<Transport> {
        AtomicBroadcastClient::new(self.transport.clone())
    }
}

/// Where the node is, and the connection to it.
fn open(
    entry: &NodeEntry,
    client: Option<&ClientTls>,
) -> Result<(String, Dialer, Transport), String> {
    let url = EndpointUrl::parse(&entry.url).map_err(|problem| problem.to_string())?;
    let (dialer, scheme) = match url.is_secure {
        false => (Dialer::plain(&url.host, url.port), "http"),
        true => {
            let roots = entry.tls_roots.as_deref();
            let roots = roots.ok_or(
                "it has no `tlsCACerts` (`tls_ca_certs`, --tls-ca-certs), which prove who it is",
            )?;
            let (name, client) = (entry.server_name.as_deref(), client.cloned());
            let dialer = Dialer::secure(&url.host, url.port, roots, name, client)?;
            (dialer, "https")
        }
    };
    let origin = format!("{scheme}://{}", url.address).parse::<Uri>();
    let origin =
        origin.map_err(|error: InvalidUri| format!("its url is {}: {error}", entry.url))?;
    let transport = Transport::new(dialer.clone(), origin);
    Ok((url.address, dialer, transport))
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
