//! Peers and orderers that are spoken to: one connection each, opened when it is first used and again when it broke; and another one to a peer
//! for those who read its blocks at their own pace.

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

/// What a node sends at most in one message.
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
    readers: Transport,
}

impl Peer {
    /// Gets ready to speak to a peer; nothing is sent yet. Has to be called within a runtime.
    ///
    /// # Errors
    /// What is wrong with what the profile says of it.
    pub(crate) fn new(entry: &NodeEntry, client: Option<&ClientTls>) -> Result<Self, String> {
        let (address, dialer, origin) = open(entry, client)?;
        Ok(Self {
            address,
            windows: Windows::default(),
            transport: Transport::new(dialer.clone(), origin.clone()),
            readers: Transport::for_readers(dialer.clone(), origin),
            dialer,
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

    /// The connection for calls, and for blocks that are read as they come.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The connection for those who read blocks at their own pace: what they leave unread holds up no call.
    pub(crate) fn readers(&self) -> &Transport {
        &self.readers
    }

    /// Its service that sends blocks, over one of its connections.
    pub(crate) fn deliver(transport: &Transport) -> DeliverClient<Transport> {
        DeliverClient::new(transport.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
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
        let (address, dialer, origin) = open(entry, client)?;
        Ok(Self {
            address,
            transport: Transport::new(dialer.clone(), origin),
            dialer,
        })
    }

    /// The connection.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Its service that takes transactions, and sends blocks.
    pub(crate) fn broadcast(&self) -> AtomicBroadcastClient<Transport> {
        let client = AtomicBroadcastClient::new(self.transport.clone());
        client.max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

/// Where the node is, how it is dialled, and how requests name it.
fn open(entry: &NodeEntry, client: Option<&ClientTls>) -> Result<(String, Dialer, Uri), String> {
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
    Ok((url.address, dialer, origin))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use futures_util::stream;
    use prost::Message as _;
    use tokio::net::TcpListener;
    use tonic::codegen::http::{HeaderMap, HeaderValue, Response};

    use super::*;
    use crate::wire::proto::common::{Block, BlockData, Envelope};
    use crate::wire::proto::orderer::{DeliverResponse, deliver_response};

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

    /// Sends a block of 5 MiB to whoever asks, and counts the connections.
    async fn great_blocks(listener: TcpListener, connections: Arc<AtomicUsize>) {
        let block = Block {
            data: Some(BlockData {
                data: vec![vec![7; 5 << 20].into()],
            }),
            ..Block::default()
        };
        let answer = DeliverResponse {
            r#type: Some(deliver_response::Type::Block(block)),
        };
        let message = answer.encode_to_vec();
        let length = u32::try_from(message.len()).unwrap();
        let message = [&[0][..], &length.to_be_bytes(), &message].concat();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.fetch_add(1, Ordering::Relaxed);
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let message = Bytes::from(message.clone());
            tokio::spawn(async move {
                while let Some(Ok((_, mut answer))) = connection.accept().await {
                    let head = Response::builder().header("content-type", "application/grpc");
                    let head = head.body(()).unwrap();
                    let mut sent = answer.send_response(head, false).unwrap();
                    sent.send_data(message.clone(), false).unwrap();
                    let mut trailers = HeaderMap::new();
                    trailers.insert("grpc-status", HeaderValue::from_static("0"));
                    sent.send_trailers(trailers).unwrap();
                }
            });
        }
    }

    #[tokio::test]
    async fn great_blocks_come_from_all_nodes_and_readers_have_a_connection_of_their_own() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let entry = entry(&format!("grpc://{}", listener.local_addr().unwrap()), None);
        let connections = Arc::new(AtomicUsize::new(0));
        tokio::spawn(great_blocks(listener, connections.clone()));
        let ask = || stream::iter([Envelope::default()]);
        let count = || connections.load(Ordering::Relaxed);

        let orderer = Orderer::new(&entry, None).unwrap();
        let mut blocks = orderer.broadcast().deliver(ask()).await.unwrap();
        assert!(blocks.get_mut().message().await.unwrap().is_some());
        assert_eq!(count(), 1);

        let peer = Peer::new(&entry, None).unwrap();
        for _ in 0..2 {
            let mut blocks = Peer::deliver(peer.transport())
                .deliver(ask())
                .await
                .unwrap();
            assert!(blocks.get_mut().message().await.unwrap().is_some());
            assert_eq!(count(), 2);
        }
        let mut blocks = Peer::deliver(peer.readers()).deliver(ask()).await.unwrap();
        assert!(blocks.get_mut().message().await.unwrap().is_some());
        assert_eq!(count(), 3);
    }
}
