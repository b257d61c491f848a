//! A channel in memory, as a client of Fabric answers it, and a server of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::{
    BatchSize, Block, BlockEvent, BlockSelector, BoxFuture, BoxStream, Call, CallOptions,
    CertificateSummary, Collection, ConfigDifference, ConfigHistory, ConfigVersion, Consenter,
    ContractDefinition, ContractEvent, ContractResponse, Creator, CreatorName, Endorsed, Endorser,
    Hash, Header, InvokeOptions, KeyRead, KeyWrite, Ledger, LedgerConfig, LedgerError, LedgerInfo,
    LedgerKind, OrdererConfig, Organization, Payload, PeerReport, PeerRole, PeerTrouble, Position,
    PrivateCollection, PrivatePolicy, PrivateRead, PrivateWrite, QueryAnswer, RangeKey, RangeRead,
    Receipt, ReceiptStatus, TimeSource, Transaction, TransactionKind, TransactionRange,
    TransactionSelector, ValidationCode, Version,
};
use chainloom_server::{Ledgers, Limits, ServedLedger, Server, ServerOptions};
use futures_util::StreamExt;
use futures_util::stream;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::application::PATIENCE;

/// A channel of three blocks: its configuration, a call with everything in it, one that is invalid.
#[derive(Clone)]
pub(crate) struct Channel {
    blocks: Arc<Vec<Block>>,
    /// How many of them its stream tells of before it falls silent.
    told: usize,
    /// What was called last.
    pub(crate) called: Arc<Mutex<Option<Call>>>,
    /// How.
    pub(crate) options: Arc<Mutex<Option<CallOptions>>>,
    /// Where it answers none who ask how it is.
    pub(crate) frozen: Option<Arc<Frozen>>,
}

/// Those who ask a channel that does not answer.
#[derive(Default)]
pub(crate) struct Frozen {
    /// It answers before.
    pub(crate) is_frozen: AtomicBool,
    asking: AtomicUsize,
    /// The most that asked at one time.
    pub(crate) asked_at_once: AtomicUsize,
}

impl Frozen {
    async fn ask(&self) {
        let asking = self.asking.fetch_add(1, Ordering::SeqCst) + 1;
        self.asked_at_once.fetch_max(asking, Ordering::SeqCst);
        let _leaves = Leaves(self);
        std::future::pending::<()>().await;
    }
}

/// Who asked gives up.
struct Leaves<'a>(&'a Frozen);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.asking.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The id of the transaction with everything in it.
pub(crate) const FULL: &str = "aa01";
/// The id of the invalid one.
pub(crate) const INVALID: &str = "bb02";

impl Channel {
    pub(crate) fn new() -> Channel {
        Channel::of([configuration(), full(), invalid()].into())
    }

    /// The same, and a fourth block with the id [`FULL`] once more.
    pub(crate) fn with_duplicate() -> Channel {
        Channel::of([configuration(), full(), invalid(), duplicate()].into())
    }

    /// The same as a new one, but its stream falls silent behind so many blocks.
    pub(crate) fn telling(blocks: usize) -> Channel {
        Channel {
            told: blocks,
            ..Channel::new()
        }
    }

    /// The same as a new one, but it says how it is only as long as it is not frozen.
    pub(crate) fn freezing(frozen: &Arc<Frozen>) -> Channel {
        Channel {
            frozen: Some(frozen.clone()),
            ..Channel::new()
        }
    }

    fn of(transactions: Vec<Transaction>) -> Channel {
        let mut blocks: Vec<Block> = Vec::new();
        for transaction in transactions {
            let number = blocks.len() as u64;
            let valid = transaction.validation_code.as_ref().unwrap().is_valid();
            blocks.push(Block {
                number,
                hash: Hash::of(&number.to_be_bytes()),
                previous_hash: blocks
                    .last()
                    .map_or_else(String::new, |b| b.hash.to_string()),
                data_hash: Some(Hash::of(b"data")),
                time: transaction.time,
                time_source: Some(TimeSource::Client),
                size_bytes: 5_000,
                transaction_count: 1,
                valid_count: valid.into(),
                transactions: vec![transaction],
                proof_of_work: None,
            });
        }
        Channel {
            told: blocks.len(),
            blocks: Arc::new(blocks),
            called: Arc::default(),
            options: Arc::default(),
            frozen: None,
        }
    }
}

fn creator(organization: &str, name: &str) -> Creator {
    Creator {
        organization: organization.to_owned(),
        enrollment_id: Some(name.to_owned()),
        certificate: Some(CertificateSummary {
            subject: format!("CN={name},OU=client"),
            issuer: "CN=ca.org1.example".to_owned(),
            serial: "0badcafe".to_owned(),
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            not_after: "2027-01-01T00:00:00Z".parse().unwrap(),
            sha256: "5a".repeat(32),
            attributes: [("hf.Affiliation".to_owned(), "org1.sales".to_owned())].into(),
        }),
    }
}

fn transaction(id: &str, block: u64, kind: TransactionKind) -> Transaction {
    Transaction {
        id: id.to_owned(),
        version: Some(Version { block, index: 0 }),
        duplicates: Vec::new(),
        time: Some("2026-02-03T04:05:06Z".parse().unwrap()),
        kind,
        call: None,
        transfer: None,
        content: None,
        endorsed: None,
        validation_code: Some(ValidationCode::valid()),
    }
}

fn configuration() -> Transaction {
    Transaction {
        content: Some(serde_json::json!({"channel": "mychannel"})),
        ..transaction("", 0, TransactionKind::Config)
    }
}

fn full() -> Transaction {
    let contract = || "probe".to_owned();
    let endorsed = Endorsed {
        header: Some(Header {
            kind: "ENDORSER_TRANSACTION".to_owned(),
            channel: "mychannel".to_owned(),
            nonce: "0c".repeat(24),
            version: 0,
            epoch: 0,
            tls_certificate_hash: String::new(),
        }),
        undecodable: None,
        raw: None,
        is_init: false,
        proposal_hash: Some("0e".repeat(32)),
        creator: Some(creator("Org1MSP", "alice").into()),
        response: Some(ContractResponse {
            status: 200,
            message: "fine".to_owned(),
            payload: "<b>42</b>".into(),
            contract_version: "1.7".to_owned(),
        }),
        reads: vec![
            KeyRead {
                contract: contract(),
                key: "read-key".into(),
                version: Some(Version { block: 0, index: 0 }),
            },
            KeyRead {
                contract: contract(),
                key: "absent-key".into(),
                version: None,
            },
        ],
        range_reads: vec![RangeRead {
            contract: contract(),
            from: "range-from".into(),
            to: "".into(),
            exhausted: true,
            keys: ["one", "two"]
                .map(|key| RangeKey {
                    key: key.into(),
                    version: Some(Version { block: 0, index: 0 }),
                })
                .into(),
            summary: None,
        }],
        writes: vec![
            KeyWrite {
                contract: contract(),
                key: "written-key".into(),
                value: Some(Payload(vec![0xff, 0xee])),
                delete: false,
                endorsement_policy: Some("AND(Org1.peer)".to_owned()),
                metadata: [("colour".to_owned(), "red".into())].into(),
            },
            KeyWrite {
                contract: contract(),
                key: "deleted-key".into(),
                value: None,
                delete: true,
                endorsement_policy: None,
                metadata: BTreeMap::new(),
            },
        ],
        private_collections: vec![PrivateCollection {
            contract: contract(),
            collection: "secrets".to_owned(),
            hash: "c0".repeat(32),
            reads: 1,
            writes: 1,
            key_reads: vec![PrivateRead {
                key_hash: Hash::of(b"private-read").to_string(),
                version: Some(Version { block: 0, index: 0 }),
            }],
            key_policies: vec![PrivatePolicy {
                key_hash: Hash::of(b"private-policy").to_string(),
                endorsement_policy: "OR(Org2.peer)".to_owned(),
                metadata: BTreeMap::new(),
            }],
            key_writes: vec![PrivateWrite {
                key_hash: Hash::of(b"secret").to_string(),
                value_hash: Some(Hash::of(b"42").to_string()),
                delete: false,
                purge: false,
            }],
        }],
        endorsers: vec![creator("Org2MSP", "peer0.org2").into()],
        events: vec![ContractEvent {
            contract: contract(),
            name: "happened".to_owned(),
            payload: "told".into(),
        }],
    };
    Transaction {
        call: Some(call("put", &["key", "value"])),
        endorsed: Some(Box::new(endorsed)),
        ..transaction(FULL, 1, TransactionKind::Endorser)
    }
}

fn invalid() -> Transaction {
    Transaction {
        call: Some(call("add", &["key", "1"])),
        validation_code: Some(conflict()),
        ..transaction(INVALID, 2, TransactionKind::Endorser)
    }
}

fn duplicate() -> Transaction {
    Transaction {
        version: Some(Version { block: 3, index: 0 }),
        validation_code: Some(ValidationCode {
            code: 9,
            name: "DUPLICATE_TXID".to_owned(),
            meaning: None,
        }),
        ..full()
    }
}

fn conflict() -> ValidationCode {
    ValidationCode {
        code: 11,
        name: "MVCC_READ_CONFLICT".to_owned(),
        meaning: Some("A key that it read was changed after its endorsement; submit it anew."),
    }
}

pub(crate) fn call(function: &str, args: &[&str]) -> Call {
    Call {
        contract: "probe".to_owned(),
        function: function.to_owned(),
        args: args.iter().map(|text| Payload::from(*text)).collect(),
    }
}

fn ready<T: Send + 'static>(
    result: Result<T, LedgerError>,
) -> BoxFuture<'static, Result<T, LedgerError>> {
    Box::pin(std::future::ready(result))
}

fn missing(code: &'static str) -> LedgerError {
    LedgerError::NotFound {
        code,
        detail: "the channel has none".to_owned(),
    }
}

fn organization(id: &str) -> Organization {
    Organization {
        id: id.to_owned(),
        name: id.to_owned(),
        ..Organization::default()
    }
}

impl Ledger for Channel {
    fn identity(&self) -> Option<CreatorName> {
        Some(CreatorName {
            organization: "Org1MSP".to_owned(),
            enrollment_id: "alice".to_owned(),
        })
    }

    fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, LedgerError>> {
        let tip = self.blocks.last().unwrap();
        let info = LedgerInfo {
            kind: LedgerKind::Fabric,
            height: tip.number,
            generation: 0,
            tip_hash: tip.hash,
            first_block: None,
            pending_count: None,
            node_id: None,
        };
        Box::pin(async move {
            if let Some(frozen) = &self.frozen
                && frozen.is_frozen.load(Ordering::SeqCst)
            {
                frozen.ask().await;
            }
            Ok(info)
        })
    }

    fn config(&self, _: Option<u64>) -> BoxFuture<'_, Result<LedgerConfig, LedgerError>> {
        ready(Ok(LedgerConfig {
            block: 0,
            proof_of_work: None,
            orderer: Some(OrdererConfig {
                consensus_type: "etcdraft".to_owned(),
                batch_size: BatchSize {
                    max_message_count: 10,
                    absolute_max_bytes: 99 << 20,
                    preferred_max_bytes: 512 << 10,
                },
                batch_timeout_ms: 2_000,
                consenters: vec![Consenter {
                    host: "orderer1.example".to_owned(),
                    port: 7050,
                    organization: None,
                    id: None,
                    identity: None,
                    client_tls_certificate: None,
                    server_tls_certificate: None,
                }],
                consensus_options: [("tick_interval".to_owned(), "500ms".to_owned())].into(),
                state: "normal".to_owned(),
                channels_max: None,
                capabilities: vec!["V2_0".to_owned()],
                organizations: Vec::new(),
                policies: BTreeMap::new(),
            }),
            organizations: vec![organization("Org1MSP"), organization("Org2MSP")],
            policies: [("Admins".to_owned(), "MAJORITY of Admins".to_owned())].into(),
            ..LedgerConfig::default()
        }))
    }

    fn config_history(
        &self,
        before: Option<u64>,
        _: usize,
    ) -> BoxFuture<'_, Result<ConfigHistory, LedgerError>> {
        let version = |block, differences| ConfigVersion {
            block,
            sequence: Some(block),
            time: None,
            creator: None,
            signers: Vec::new(),
            differences,
        };
        let difference = ConfigDifference {
            path: "orderer.batch_size.max_message_count".to_owned(),
            before: Some("500".to_owned()),
            after: Some("10".to_owned()),
            words: "orderer, batch size, max message count was 500 and is 10 now".to_owned(),
        };
        let changes = match before {
            None => vec![version(1, vec![difference])],
            Some(_) => vec![version(0, Vec::new())],
        };
        let next = before.is_none().then_some(1);
        ready(Ok(ConfigHistory { changes, next }))
    }

    fn contracts(&self) -> BoxFuture<'_, Result<Vec<ContractDefinition>, LedgerError>> {
        ready(Ok(vec![ContractDefinition {
            name: "basic".to_owned(),
            version: "1.0".to_owned(),
            sequence: 2,
            endorsement_policy: Some("AND(Org1MSP.peer, Org2MSP.peer)".to_owned()),
            collections: vec![Collection {
                name: "secrets".to_owned(),
                members: "OR(Org1MSP.member)".to_owned(),
                required_peer_count: 0,
                maximum_peer_count: 1,
                block_to_live: 0,
                member_only_read: true,
                member_only_write: false,
                endorsement_policy: None,
            }],
            ..ContractDefinition::default()
        }]))
    }

    fn block(
        &self,
        selector: BlockSelector,
        transactions: TransactionRange,
    ) -> BoxFuture<'_, Result<Block, LedgerError>> {
        let block = match selector {
            BlockSelector::Number(number) => self.blocks.get(number as usize),
            BlockSelector::Latest => self.blocks.last(),
            BlockSelector::Hash(_) => None,
        };
        ready(
            block
                .cloned()
                .ok_or_else(|| missing("block_not_found"))
                .map(|mut block| {
                    let asked = block.transactions.into_iter().skip(transactions.from);
                    block.transactions = asked.take(transactions.limit).collect();
                    block
                }),
        )
    }

    fn blocks(
        &self,
        next: Position,
        transactions_max: usize,
    ) -> BoxStream<Result<BlockEvent, LedgerError>> {
        let mut rest = self.blocks[next.number as usize..self.told].to_vec();
        for block in &mut rest {
            block.transactions.truncate(transactions_max);
        }
        let events = rest.into_iter().map(|block| {
            Ok(BlockEvent::Block {
                generation: 0,
                block: Box::new(block),
            })
        });
        Box::pin(stream::iter(events).chain(stream::pending()))
    }

    fn transaction(
        &self,
        selector: TransactionSelector,
    ) -> BoxFuture<'_, Result<Transaction, LedgerError>> {
        let found = match &selector {
            TransactionSelector::Id(_) => None,
            TransactionSelector::Version(version) => {
                let block = self.blocks.get(version.block as usize);
                block.and_then(|block| block.transactions.get(version.index as usize))
            }
        };
        let code = match selector {
            TransactionSelector::Version(version) if version.block >= self.blocks.len() as u64 => {
                "block_not_found"
            }
            _ => "transaction_not_found",
        };
        ready(found.cloned().ok_or_else(|| missing(code)))
    }

    fn query(
        &self,
        call: Call,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<QueryAnswer, LedgerError>> {
        *self.options.lock().unwrap() = Some(options);
        let function = call.function.clone();
        *self.called.lock().unwrap() = Some(call);
        ready(match function.as_str() {
            "fail" => Err(LedgerError::Refused {
                code: "contract_refused",
                detail: "the contract said: no".to_owned(),
                transaction_id: None,
                endorsers: vec![Endorser {
                    address: "peer0.example:7051".to_owned(),
                    organization: "Org1MSP".to_owned(),
                    message: "no".to_owned(),
                }],
            }),
            _ => Ok(QueryAnswer::Result("the answer".into())),
        })
    }

    fn invoke(
        &self,
        call: Call,
        options: InvokeOptions,
    ) -> BoxFuture<'_, Result<Receipt, LedgerError>> {
        *self.options.lock().unwrap() = Some(options.call);
        let function = call.function.clone();
        *self.called.lock().unwrap() = Some(call);
        ready(match function.as_str() {
            "add" => Err(LedgerError::Invalid {
                code: "mvcc_read_conflict",
                detail: "others were first".to_owned(),
                transaction_id: INVALID.to_owned(),
                version: Some(Version { block: 2, index: 0 }),
                validation_code: Box::new(conflict()),
                is_conflict: true,
            }),
            _ => Ok(Receipt {
                transaction_id: FULL.to_owned(),
                status: ReceiptStatus::Committed,
                version: Some(Version { block: 1, index: 0 }),
                validation_code: Some(ValidationCode::valid()),
                result: Some("fine".into()),
            }),
        })
    }

    fn peers(&self) -> BoxFuture<'_, Result<Vec<PeerReport>, LedgerError>> {
        ready(Ok(vec![PeerReport {
            address: "peer0.example:7051".to_owned(),
            role: Some(PeerRole::Peer),
            organization: Some("Org1MSP".to_owned()),
            height: Some(17),
            first_block: Some(5),
            last_error: Some(PeerTrouble {
                at: jiff::Timestamp::UNIX_EPOCH,
                detail: "its stream broke".to_owned(),
            }),
            ..PeerReport::default()
        }]))
    }
}

/// A server of channels alone.
pub(crate) struct ChannelServer {
    pub(crate) address: SocketAddr,
    client: Client,
    serving: JoinHandle<std::io::Result<()>>,
    stop: Option<oneshot::Sender<()>>,
    following: Vec<JoinHandle<()>>,
    _folder: TempDir,
}

impl ChannelServer {
    /// Serves these channels under their names, with the contract that is meant where none is named.
    pub(crate) fn start(channels: &[(&str, Channel)], contract: Option<&str>) -> ChannelServer {
        ChannelServer::with(channels, contract, |_| {})
    }

    /// The same, with other options.
    pub(crate) fn with(
        channels: &[(&str, Channel)],
        contract: Option<&str>,
        adapt: impl FnOnce(&mut ServerOptions),
    ) -> ChannelServer {
        let folder = TempDir::new().unwrap();
        let mut following = Vec::new();
        let mut served = Vec::new();
        for (name, channel) in channels {
            let file = folder.path().join(format!("{name}.index.redb"));
            let index = Index::open(file, 4 << 20).unwrap();
            let ledger: Arc<dyn Ledger> = Arc::new(channel.clone());
            let (follower, followed) = (index.clone(), Arc::clone(&ledger));
            following.push(tokio::spawn(async move {
                follower.follow(followed, std::future::pending()).await;
            }));
            let indexed = Arc::new(IndexedLedger::new(ledger, index));
            let ledger = ServedLedger::fabric(indexed, contract.map(str::to_owned));
            served.push(((*name).to_owned(), ledger));
        }
        let mut options = ServerOptions {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            limits: Limits {
                // Whoever needs it up has not ended by itself.
                shutdown_grace: PATIENCE * 10,
                ..Limits::default()
            },
            ..ServerOptions::default()
        };
        adapt(&mut options);
        let server = Server::bind(options, Ledgers::from_iter(served)).unwrap();
        let (stop, stopped) = oneshot::channel();
        ChannelServer {
            address: server.addresses()[0],
            client: Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .timeout(PATIENCE)
                .build()
                .unwrap(),
            serving: tokio::spawn(server.run(async {
                let _ = stopped.await;
            })),
            stop: Some(stop),
            following,
            _folder: folder,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let url = format!("http://{}{path}", self.address);
        self.client.get(url).send().await.unwrap()
    }

    /// Asks it to stop, and waits for its end.
    pub(crate) async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        (&mut self.serving).await.unwrap().unwrap();
    }

    /// Waits until its read model follows the channel.
    pub(crate) async fn ready(&self) {
        let asking = async {
            while self.get("/readyz").await.status() != StatusCode::OK {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap();
    }

    /// A page that must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    /// The JSON of the channel `trade` that must be there.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let text = self.page(&format!("/api/v1/ledgers/trade{path}")).await;
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        let url = format!("http://{}{path}", self.address);
        self.client.post(url).json(body).send().await.unwrap()
    }

    /// Sends a form of the explorer.
    pub(crate) async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let url = format!("http://{}{path}", self.address);
        let mut body = form_urlencoded::Serializer::new(String::new());
        let request = self
            .client
            .post(url)
            .body(body.extend_pairs(fields).finish());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.send().await.unwrap()
    }
}

impl Drop for ChannelServer {
    fn drop(&mut self) {
        self.serving.abort();
        self.following.iter().for_each(JoinHandle::abort);
    }
}
