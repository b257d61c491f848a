//! What a peer may send and no program of Fabric's can be made to: blocks over a real connection, right or wrong.
#![allow(clippy::unwrap_used)]

pub(crate) mod gateway;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::{BufMut as _, Bytes, BytesMut};
use h2::SendStream;
use h2::server::SendResponse;
use jiff::Timestamp;
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tonic::codegen::http::{HeaderMap, HeaderValue, Response};

use crate::connect::Connection;
use crate::endpoint::Peer;
use crate::flow::Flow;
use crate::gateway::Gateway;
use crate::identity::{CurrentIdentity, Identity, KeyKind, testing};
use crate::ledger::FabricLedger;
use crate::profile::NodeEntry;
use crate::target::Target;
use crate::wire::Block;
use crate::wire::proto::common;
use crate::wire::proto::orderer::{SeekInfo, seek_position};
use crate::wire::proto::protos::{self, DeliverResponse, ProposalResponse, deliver_response};

/// What a peer says when it is asked of its chain.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Info {
    /// That it knows no such question.
    Unknown,
    /// With which block its chain begins.
    Begins(u64),
    /// Nothing at all.
    Silence,
}

/// A peer whose blocks can be exchanged at any time.
#[derive(Clone)]
pub(crate) struct BlockServer {
    blocks: Arc<Mutex<Vec<common::Block>>>,
    /// The number with which each stream began that was asked for.
    asked: Arc<Mutex<Vec<seek_position::Type>>>,
    info: Arc<Mutex<Info>>,
    /// How often it was asked of its chain.
    info_count: Arc<AtomicUsize>,
    /// What its gateway answers, by the path of the request.
    answers: Arc<Mutex<HashMap<&'static str, gateway::GatewayAnswer>>>,
    /// How often a path was asked for.
    calls: Arc<Mutex<HashMap<String, usize>>>,
    port: u16,
}

impl BlockServer {
    /// Has to be called within a runtime.
    pub(crate) async fn start(blocks: Vec<common::Block>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            blocks: Arc::new(Mutex::new(blocks)),
            asked: Arc::default(),
            info: Arc::new(Mutex::new(Info::Unknown)),
            info_count: Arc::default(),
            answers: Arc::default(),
            calls: Arc::default(),
            port: listener.local_addr().unwrap().port(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let serving = serving.clone();
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((request, answer))) = connection.accept().await {
                        tokio::spawn(serving.clone().answer(request, answer));
                    }
                });
            }
        });
        server
    }

    /// How many streams and blocks it was asked for.
    pub(crate) fn asked_count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Has other blocks from now on.
    pub(crate) fn exchange(&self, blocks: Vec<common::Block>) {
        *self.blocks.lock().unwrap() = blocks;
    }

    /// What it says of its chain from now on.
    pub(crate) fn says(&self, info: Info) {
        *self.info.lock().unwrap() = info;
    }

    /// How often it was asked of its chain.
    pub(crate) fn info_count(&self) -> usize {
        self.info_count.load(Ordering::Relaxed)
    }

    pub(crate) fn peer(&self) -> Peer {
        let entry = NodeEntry {
            name: format!("peer{}", self.port),
            url: format!("grpc://127.0.0.1:{}", self.port),
            tls_roots: None,
            server_name: None,
        };
        Peer::new(&entry, None).unwrap()
    }

    /// Says with which block its chain begins and how many it has.
    fn tell(&self, first_block: u64, mut answer: SendResponse<Bytes>) -> Option<()> {
        let blocks = self.blocks.lock().unwrap().len();
        let info = common::BlockchainInfo {
            height: first_block + u64::try_from(blocks).unwrap(),
            bootstrapping_snapshot_info: first_block.checked_sub(1).map(|last| {
                common::BootstrappingSnapshotInfo {
                    last_block_in_snapshot: last,
                }
            }),
            ..common::BlockchainInfo::default()
        };
        let told = ProposalResponse {
            response: Some(protos::Response {
                status: 200,
                payload: info.encode_to_vec().into(),
                ..protos::Response::default()
            }),
            ..ProposalResponse::default()
        };
        let head = Response::builder().header("content-type", "application/grpc");
        let mut sent = answer.send_response(head.body(()).unwrap(), false).ok()?;
        send_message(&mut sent, &told)?;
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        sent.send_trailers(trailers).ok()
    }

    async fn answer(
        self,
        request: tonic::codegen::http::Request<h2::RecvStream>,
        mut answer: SendResponse<Bytes>,
    ) -> Option<()> {
        let path = request.uri().path().to_owned();
        *self.calls.lock().unwrap().entry(path.clone()).or_default() += 1;
        let own = self.answers.lock().unwrap().get(path.as_str()).cloned();
        if let Some(own) = own {
            return own.send(answer);
        }
        if path == "/protos.Endorser/ProcessProposal" {
            self.info_count.fetch_add(1, Ordering::Relaxed);
            let info = *self.info.lock().unwrap();
            match info {
                Info::Unknown => {}
                Info::Begins(first_block) => return self.tell(first_block, answer),
                Info::Silence => {
                    std::future::poll_fn(|context| answer.poll_reset(context))
                        .await
                        .ok()?;
                    return None;
                }
            }
        }
        if path != "/protos.Deliver/Deliver" {
            let refusal = Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-status", "12");
            answer
                .send_response(refusal.body(()).unwrap(), true)
                .unwrap();
            return None;
        }
        let mut body = request.into_body();
        let mut message = BytesMut::new();
        while message.len() < 5
            || message.len() < 5 + u32::from_be_bytes(message[1..5].try_into().unwrap()) as usize
        {
            let data = body.data().await?.ok()?;
            body.flow_control().release_capacity(data.len()).ok()?;
            message.extend_from_slice(&data);
        }
        let envelope = common::Envelope::decode(&message[5..]).unwrap();
        let payload = common::Payload::decode(&envelope.payload[..]).unwrap();
        let seek = SeekInfo::decode(&payload.data[..]).unwrap();
        let start = seek.start.and_then(|start| start.r#type).unwrap();
        self.asked.lock().unwrap().push(start);
        let is_bounded = matches!(
            seek.stop.and_then(|stop| stop.r#type),
            Some(seek_position::Type::Specified(stop)) if stop.number != u64::MAX
        ) || matches!(start, seek_position::Type::Newest(_));
        let blocks = self.blocks.lock().unwrap().clone();
        let last = blocks.last().unwrap().header.as_ref().unwrap().number;
        let mut told = match start {
            seek_position::Type::Specified(specified) if specified.number > last + 1 => Vec::new(),
            seek_position::Type::Specified(specified) => {
                let from = usize::try_from(specified.number).unwrap();
                blocks[from.min(blocks.len())..].to_vec()
            }
            seek_position::Type::Newest(_) => vec![blocks.last().unwrap().clone()],
            other => panic!("{other:?}"),
        };
        let is_lacking = matches!(
            start,
            seek_position::Type::Specified(specified)
                if specified.number > last + 1 || (is_bounded && specified.number > last)
        );
        if is_bounded {
            told.truncate(1);
        }
        let head = Response::builder().header("content-type", "application/grpc");
        let mut sent = answer.send_response(head.body(()).unwrap(), false).ok()?;
        for block in told {
            send(&mut sent, deliver_response::Type::Block(block))?;
        }
        let status = match is_lacking {
            true => common::Status::NotFound,
            false => common::Status::Success,
        };
        if is_bounded || is_lacking {
            send(&mut sent, deliver_response::Type::Status(status.into()))?;
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            return sent.send_trailers(trailers).ok();
        }
        // It waits for the next block, as long as it is listened to.
        std::future::poll_fn(|context| sent.poll_reset(context))
            .await
            .ok()?;
        None
    }
}

fn send(sent: &mut SendStream<Bytes>, told: deliver_response::Type) -> Option<()> {
    send_message(sent, &DeliverResponse { r#type: Some(told) })
}

fn send_message(sent: &mut SendStream<Bytes>, message: &impl prost::Message) -> Option<()> {
    send_encoded(sent, &message.encode_to_vec())
}

fn send_encoded(sent: &mut SendStream<Bytes>, message: &[u8]) -> Option<()> {
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(message.len().try_into().unwrap());
    framed.put_slice(message);
    sent.send_data(framed.freeze(), false).ok()
}

/// A chain of these many blocks, each with one envelope that says `word`.
pub(crate) fn chain(word: &'static str, count: u64) -> Vec<common::Block> {
    longer(Vec::new(), word, count)
}

/// The chain with further blocks behind it.
pub(crate) fn longer(
    mut blocks: Vec<common::Block>,
    word: &'static str,
    count: u64,
) -> Vec<common::Block> {
    for _ in 0..count {
        let previous = blocks.last().cloned();
        let previous = previous.map(|block| Block::from_message(block).unwrap());
        let envelope = Bytes::from_static(word.as_bytes());
        let number = previous.as_ref().map_or(0, |previous| previous.number + 1);
        let previous_hash = previous.map(|previous| previous.hash().0.to_vec());
        blocks.push(common::Block {
            header: Some(common::BlockHeader {
                number,
                previous_hash: previous_hash.unwrap_or_default().into(),
                data_hash: Sha256::digest(&envelope).to_vec().into(),
            }),
            data: Some(common::BlockData {
                data: vec![envelope],
            }),
            metadata: Some(common::BlockMetadata::default()),
        });
    }
    blocks
}

/// The channel, read from these peers in this order. Has to be called within a runtime.
pub(crate) fn ledger(servers: &[&BlockServer]) -> FabricLedger {
    ledger_with(servers, Vec::new())
}

fn ledger_with(servers: &[&BlockServer], targets: Vec<Target>) -> FabricLedger {
    let identity = Identity::new(&testing::credentials(KeyKind::P256), Timestamp::now());
    let identity = CurrentIdentity::new(identity.unwrap());
    let peers = servers.iter().map(|server| server.peer());
    FabricLedger::of(Connection {
        identity: identity.clone(),
        channel: "trade".to_owned(),
        contract: None,
        peers: peers.collect(),
        flow: Flow::Gateway(Gateway {
            identity,
            channel: "trade".to_owned(),
            targets: targets.into(),
            avoided: Default::default(),
        }),
        warnings: Vec::new(),
    })
}

/// A block 0 of this many envelopes.
pub(crate) fn great_block(envelopes: usize) -> common::Block {
    let data = vec![Bytes::from_static(b"a"); envelopes];
    let mut block = chain("a", 1).remove(0);
    let header = block.header.as_mut().unwrap();
    header.data_hash = Sha256::digest(data.concat()).to_vec().into();
    block.data = Some(common::BlockData { data });
    block
}
