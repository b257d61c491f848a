//! A ledger in memory whose chain can be replaced, and a generator of blocks with everything in
//! them that an index may meet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bigdecimal::BigDecimal;
use chainloom_ledger::{
    Account, Block, BlockEvent, BlockSelector, BoxFuture, BoxStream, Call, CallOptions,
    CertificateSummary, ConfigHistory, ContractDefinition, Creator, Endorsed, Hash, InvokeOptions,
    KeyWrite, Ledger, LedgerConfig, LedgerError, LedgerInfo, LedgerKind, Payload, PeerReport,
    Position, PrivateCollection, PrivateWrite, QueryAnswer, Receipt, TimeSource, Transaction,
    TransactionKind, TransactionRange, TransactionSelector, Transfer, ValidationCode, Version,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

/// A ledger in memory; clones share the chain.
#[derive(Clone)]
pub(super) struct MemoryLedger {
    chain: Arc<Mutex<Chain>>,
    changed: watch::Sender<()>,
}

struct Chain {
    kind: LedgerKind,
    node_id: Option<String>,
    first: u64,
    blocks: Vec<Block>,
    /// The first replaced number of each replacement: its length is the generation.
    replaced: Vec<u64>,
    /// What the next calls of `info` answer instead.
    info_faults: VecDeque<LedgerError>,
    /// What the streams say next, instead or besides.
    stream_faults: VecDeque<StreamFault>,
    verifies_blocks: bool,
}

/// What a stream says that it should not.
#[derive(Debug, Clone)]
pub(super) enum StreamFault {
    Error(LedgerError),
    End,
    Event(BlockEvent),
}

impl MemoryLedger {
    /// An empty chain whose first block will have this number.
    pub(super) fn new(node_id: Option<&str>, first: u64) -> MemoryLedger {
        let chain = Chain {
            kind: LedgerKind::Tutorial,
            node_id: node_id.map(str::to_owned),
            first,
            blocks: Vec::new(),
            replaced: Vec::new(),
            info_faults: VecDeque::new(),
            stream_faults: VecDeque::new(),
            verifies_blocks: false,
        };
        MemoryLedger {
            chain: Arc::new(Mutex::new(chain)),
            changed: watch::Sender::new(()),
        }
    }

    /// A chain of these many generated blocks from number 1 on.
    pub(super) fn generated(seed: u64, blocks: usize) -> MemoryLedger {
        let ledger = MemoryLedger::new(None, 1);
        ledger.append(seed, blocks);
        ledger
    }

    /// The same as a channel, whose peers may be behind.
    pub(super) fn into_channel(self) -> MemoryLedger {
        self.chain.lock().unwrap().kind = LedgerKind::Fabric;
        self
    }

    /// The same as one that proves its blocks.
    pub(super) fn into_verifying(self) -> MemoryLedger {
        self.chain.lock().unwrap().verifies_blocks = true;
        self
    }

    pub(super) fn edit<T>(&self, change: impl FnOnce(&mut Vec<Block>) -> T) -> T {
        let result = change(&mut self.chain.lock().unwrap().blocks);
        self.changed.send_replace(());
        result
    }

    pub(super) fn len(&self) -> usize {
        self.chain.lock().unwrap().blocks.len()
    }

    /// Appends generated blocks.
    pub(super) fn append(&self, seed: u64, blocks: usize) {
        let mut chain = self.chain.lock().unwrap();
        let mut random = Random(seed);
        for _ in 0..blocks {
            let transactions = random_transactions(&mut random);
            chain.push(transactions, &mut random);
        }
        drop(chain);
        self.changed.send_replace(());
    }

    /// Appends a block with these transactions.
    pub(super) fn append_block(&self, transactions: Vec<Transaction>) {
        self.chain
            .lock()
            .unwrap()
            .push(transactions, &mut Random(1));
        self.changed.send_replace(());
    }

    /// Replaces the chain from its block of this position (from 0) on by generated blocks.
    pub(super) fn replace(&self, seed: u64, kept: usize, blocks: usize) {
        let mut chain = self.chain.lock().unwrap();
        chain.blocks.truncate(kept);
        let from = chain.next();
        chain.replaced.push(from);
        let mut random = Random(seed);
        for _ in 0..blocks {
            let transactions = random_transactions(&mut random);
            chain.push(transactions, &mut random);
        }
        drop(chain);
        self.changed.send_replace(());
    }

    pub(super) fn fail_info(&self, errors: impl IntoIterator<Item = LedgerError>) {
        self.chain.lock().unwrap().info_faults.extend(errors);
    }

    pub(super) fn fail_streams(&self, faults: impl IntoIterator<Item = StreamFault>) {
        self.chain.lock().unwrap().stream_faults.extend(faults);
        self.changed.send_replace(());
    }

    /// One step of a history that depends on nothing but the numbers of its steps.
    pub(super) fn step(&self, step: u64) {
        let mut random = Random(step);
        let length = self.len();
        let blocks = 1 + random.below(12) as usize;
        match random.below(10) {
            0 => self.replace(step, 0, length + 1),
            1 | 2 => {
                let kept = random.below(length as u64 + 1) as usize;
                self.replace(step, kept, length - kept + 1);
            }
            _ => self.append(step, blocks),
        }
        if self.len() > 150 {
            self.replace(step, 0, 5);
        }
    }
}

impl Chain {
    fn next(&self) -> u64 {
        self.first + self.blocks.len() as u64
    }

    fn push(&mut self, mut transactions: Vec<Transaction>, random: &mut Random) {
        let number = self.next();
        for (index, transaction) in (0..).zip(&mut transactions) {
            transaction.version = Some(Version {
                block: number,
                index,
            });
        }
        let previous_hash = match self.blocks.last() {
            Some(block) => block.hash.to_string(),
            None => "1".to_owned(),
        };
        let text = format!(
            "{number} {previous_hash} {} {transactions:?}",
            random.next()
        );
        let valid = |transaction: &&Transaction| {
            let code = transaction.validation_code.as_ref();
            code.is_none_or(ValidationCode::is_valid)
        };
        let time = (!number.is_multiple_of(7))
            .then(|| Timestamp::new(1_500_000_000 + number as i64 * 10, 5).unwrap());
        self.blocks.push(Block {
            number,
            hash: Hash::of(text.as_bytes()),
            previous_hash,
            data_hash: None,
            time,
            time_source: time.map(|_| TimeSource::Client),
            size_bytes: text.len() as u64,
            transaction_count: transactions.len() as u64,
            valid_count: transactions.iter().filter(valid).count() as u64,
            transactions,
            proof_of_work: None,
        });
    }

    fn block(&self, number: u64) -> Option<&Block> {
        let position = number.checked_sub(self.first)?;
        self.blocks.get(usize::try_from(position).ok()?)
    }

    fn info(&self) -> LedgerInfo {
        LedgerInfo {
            kind: self.kind,
            height: self.blocks.last().map_or(0, |block| block.number),
            generation: self.replaced.len() as u64,
            tip_hash: self.blocks.last().map_or(Hash([0; 32]), |block| block.hash),
            first_block: None,
            pending_count: None,
            node_id: self.node_id.clone(),
        }
    }
}

fn ready<T: Send + 'static>(
    result: Result<T, LedgerError>,
) -> BoxFuture<'static, Result<T, LedgerError>> {
    Box::pin(std::future::ready(result))
}

fn not_found(code: &'static str) -> LedgerError {
    LedgerError::NotFound {
        code,
        detail: "the ledger in memory has none".to_owned(),
    }
}

/// A block with some of its transactions.
fn part(block: &Block, range: TransactionRange) -> Block {
    let transactions = block.transactions.iter().skip(range.from);
    Block {
        transactions: transactions.take(range.limit).cloned().collect(),
        ..block.clone()
    }
}

impl Ledger for MemoryLedger {
    fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, LedgerError>> {
        let mut chain = self.chain.lock().unwrap();
        let fault = chain.info_faults.pop_front();
        ready(fault.map_or_else(|| Ok(chain.info()), Err))
    }

    fn verifies_blocks(&self) -> bool {
        self.chain.lock().unwrap().verifies_blocks
    }

    fn config(&self, block: Option<u64>) -> BoxFuture<'_, Result<LedgerConfig, LedgerError>> {
        ready(Ok(LedgerConfig {
            block: block.unwrap_or(1),
            ..LedgerConfig::default()
        }))
    }

    fn config_history(
        &self,
        _: Option<u64>,
        _: usize,
    ) -> BoxFuture<'_, Result<ConfigHistory, LedgerError>> {
        ready(Ok(ConfigHistory::default()))
    }

    fn contracts(&self) -> BoxFuture<'_, Result<Vec<ContractDefinition>, LedgerError>> {
        ready(Ok(Vec::new()))
    }

    fn block(
        &self,
        selector: BlockSelector,
        transactions: TransactionRange,
    ) -> BoxFuture<'_, Result<Block, LedgerError>> {
        let chain = self.chain.lock().unwrap();
        let block = match selector {
            BlockSelector::Number(number) => chain.block(number),
            BlockSelector::Latest => chain.blocks.last(),
            BlockSelector::Hash(_) => None,
        };
        let block = block.map(|block| part(block, transactions));
        ready(block.ok_or_else(|| not_found("block_not_found")))
    }

    fn blocks(
        &self,
        next: Position,
        transactions_max: usize,
    ) -> BoxStream<Result<BlockEvent, LedgerError>> {
        let changed = self.changed.subscribe();
        let reader = (self.chain.clone(), changed, next);
        Box::pin(futures_util::stream::unfold(
            reader,
            move |mut reader| async move {
                loop {
                    reader.1.mark_unchanged();
                    match next_event(&reader.0, &mut reader.2) {
                        Some(StreamFault::End) => return None,
                        Some(StreamFault::Error(error)) => return Some((Err(error), reader)),
                        Some(StreamFault::Event(BlockEvent::Block { generation, block })) => {
                            let range = TransactionRange::first(transactions_max);
                            let block = Box::new(part(&block, range));
                            return Some((Ok(BlockEvent::Block { generation, block }), reader));
                        }
                        Some(StreamFault::Event(event)) => return Some((Ok(event), reader)),
                        None => reader.1.changed().await.ok()?,
                    }
                }
            },
        ))
    }

    fn transaction(
        &self,
        selector: TransactionSelector,
    ) -> BoxFuture<'_, Result<Transaction, LedgerError>> {
        let chain = self.chain.lock().unwrap();
        let found = match selector {
            TransactionSelector::Id(_) => None,
            TransactionSelector::Version(version) => chain
                .block(version.block)
                .and_then(|block| block.transactions.get(version.index as usize)),
        };
        ready(
            found
                .cloned()
                .ok_or_else(|| not_found("transaction_not_found")),
        )
    }

    fn query(&self, call: Call, _: CallOptions) -> BoxFuture<'_, Result<QueryAnswer, LedgerError>> {
        let account = || call.args[0].as_text().unwrap();
        ready(match call.function.as_str() {
            "balance" => Ok(QueryAnswer::Balance(Account::named(account()))),
            "pending" => Ok(QueryAnswer::Result(Payload::from("[]"))),
            _ => Err(not_found("unknown_function")),
        })
    }

    fn invoke(&self, _: Call, _: InvokeOptions) -> BoxFuture<'_, Result<Receipt, LedgerError>> {
        ready(Err(LedgerError::ShuttingDown))
    }

    fn peers(&self) -> BoxFuture<'_, Result<Vec<PeerReport>, LedgerError>> {
        ready(Ok(Vec::new()))
    }
}

/// What a stream says next, or nothing until the chain changes.
fn next_event(chain: &Mutex<Chain>, next: &mut Position) -> Option<StreamFault> {
    let mut chain = chain.lock().unwrap();
    if let Some(fault) = chain.stream_faults.pop_front() {
        return Some(fault);
    }
    let generation = chain.replaced.len() as u64;
    if next.generation < generation {
        let from = *chain.replaced[next.generation as usize..]
            .iter()
            .min()
            .unwrap();
        next.generation = generation;
        if from < next.number {
            next.number = from;
            return Some(StreamFault::Event(BlockEvent::Replaced {
                generation,
                from,
            }));
        }
    }
    next.number = next.number.max(chain.first);
    let block = Box::new(chain.block(next.number)?.clone());
    next.number += 1;
    Some(StreamFault::Event(BlockEvent::Block { generation, block }))
}

/// SplitMix64: the same numbers from the same seed, everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A valid transfer with an amount as JSON and exactly.
pub(super) fn transfer(id: &str, sender: &str, recipient: &str, amount: &str) -> Transaction {
    Transaction {
        id: id.to_owned(),
        version: None,
        duplicates: Vec::new(),
        time: None,
        kind: TransactionKind::Transfer,
        call: Some(Call {
            contract: "coin".to_owned(),
            function: "transfer".to_owned(),
            args: Vec::new(),
        }),
        transfer: Some(Transfer {
            sender: Some(Account::named(sender)),
            recipient: Some(Account::named(recipient)),
            amount: Some(serde_json::from_str(amount).unwrap_or_else(|_| json!(amount))),
            amount_exact: amount.parse().ok(),
        }),
        content: None,
        endorsed: None,
        validation_code: Some(ValidationCode::valid()),
    }
}

fn random_transactions(random: &mut Random) -> Vec<Transaction> {
    (0..random.below(6))
        .map(|_| random_transaction(random))
        .collect()
}

fn random_transaction(random: &mut Random) -> Transaction {
    let id = match random.below(8) {
        0 => "an id that stands more than once".to_owned(),
        1 => format!("{}{}", "long".repeat(100), random.below(3)),
        _ => format!("{:016x}", random.next()),
    };
    let codes = [
        Some(ValidationCode::valid()),
        Some(ValidationCode {
            code: 11,
            name: "MVCC_READ_CONFLICT".to_owned(),
            meaning: None,
        }),
        None,
    ];
    let kinds = [
        TransactionKind::Transfer,
        TransactionKind::Reward,
        TransactionKind::Unknown,
        TransactionKind::Endorser,
        TransactionKind::Config,
    ];
    Transaction {
        id,
        version: None,
        duplicates: Vec::new(),
        time: (random.below(4) > 0).then(|| random_time(random)),
        kind: kinds[random.below(5) as usize],
        call: (random.below(3) > 0).then(|| Call {
            contract: CONTRACTS[random.below(2) as usize].to_owned(),
            function: ["transfer", "burn"][random.below(2) as usize].to_owned(),
            args: Vec::new(),
        }),
        transfer: (random.below(8) > 0).then(|| random_transfer(random)),
        content: None,
        endorsed: (random.below(3) > 0).then(|| Box::new(random_endorsed(random))),
        validation_code: codes[random.below(3) as usize].clone(),
    }
}

pub(super) const CONTRACTS: [&str; 2] = ["coin", "probe"];

/// A time that need not grow with the blocks.
fn random_time(random: &mut Random) -> Timestamp {
    Timestamp::new(1_600_000_000 + random.below(1_000) as i64, 999_999_999).unwrap()
}

/// The same person twice, in an old certificate and in a renewed one; one whose certificate says nothing.
pub(super) fn creator(number: u64) -> Creator {
    let (organization, enrollment_id, certificate) = match number {
        0 => ("Org1MSP", Some("alice"), Some("alice, once")),
        1 => ("Org1MSP", Some("alice"), Some("alice, renewed")),
        2 => ("Org2MSP", Some("alice"), Some("another alice")),
        _ => ("Org2MSP", None, None),
    };
    Creator {
        organization: organization.to_owned(),
        enrollment_id: enrollment_id.map(str::to_owned),
        certificate: certificate.map(|name| CertificateSummary {
            subject: name.to_owned(),
            issuer: String::new(),
            serial: String::new(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::MAX,
            sha256: Hash::of(name.as_bytes()).to_string(),
            attributes: Default::default(),
        }),
    }
}

/// One of few keys, some of which are not text.
pub(super) fn key(number: u64) -> Payload {
    match number {
        0 => Payload(vec![0, 0xff, 0]),
        1 => Payload(Vec::new()),
        number => Payload::from(format!("key {number}")),
    }
}

/// Seldom one that the index cuts.
fn random_value(random: &mut Random) -> Payload {
    match random.below(16) {
        0 => Payload(vec![b'v'; 1_025]),
        length => Payload(vec![b'v'; length as usize - 1]),
    }
}

fn random_endorsed(random: &mut Random) -> Endorsed {
    let writes = (0..random.below(4)).map(|_| {
        let change = random.below(4);
        KeyWrite {
            contract: CONTRACTS[random.below(2) as usize].to_owned(),
            key: key(random.below(5)),
            value: (change > 1).then(|| random_value(random)),
            delete: change == 1,
            endorsement_policy: (change == 0 || random.below(4) == 0).then(|| "policy".to_owned()),
            metadata: Default::default(),
        }
    });
    let writes = writes.collect();
    let key_writes = (0..random.below(3)).map(|_| {
        let value = random.below(4);
        PrivateWrite {
            key_hash: Hash::of(&key(random.below(5)).0).to_string(),
            value_hash: (value > 1).then(|| Hash::of(&[value as u8]).to_string()),
            delete: value <= 1,
            purge: value == 0,
        }
    });
    let key_writes = key_writes.collect();
    Endorsed {
        creator: Some(creator(random.below(4)).into()),
        writes,
        private_collections: vec![PrivateCollection {
            contract: "probe".to_owned(),
            collection: "secrets".to_owned(),
            hash: String::new(),
            reads: 0,
            writes: 0,
            key_reads: Vec::new(),
            key_writes,
            key_policies: Vec::new(),
        }],
        ..Endorsed::default()
    }
}

fn random_transfer(random: &mut Random) -> Transfer {
    const AMOUNTS: [&str; 10] = [
        "1",
        "1",
        "0.1",
        "0.2",
        "-3",
        "1e308",
        "5e-324",
        "1e999999",
        "0",
        "12345678901234567890",
    ];
    let exact = AMOUNTS.get(random.below(12) as usize);
    Transfer {
        sender: random_account(random),
        recipient: random_account(random),
        amount: exact.map(|text| Value::String((*text).to_owned())),
        amount_exact: exact.map(|text| text.parse::<BigDecimal>().unwrap()),
    }
}

fn random_account(random: &mut Random) -> Option<Account> {
    match random.below(8) {
        0 => None,
        1 => Some(Account::from_canonical("5".to_owned(), json!(5))),
        2 => Some(Account::named(&"a long name ".repeat(50))),
        3 => Some(Account::named(&format!("seldom {}", random.below(1000)))),
        other => Some(Account::named(
            ["0", "alice", "bob", "5"][other as usize - 4],
        )),
    }
}
