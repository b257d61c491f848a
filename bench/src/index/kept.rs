//! Where the channel's blocks are kept between runs, and making them where they are not there yet.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chainloom_fabric::wire::Block;
use directories::ProjectDirs;

use super::block_file::BlockFile;
use super::rival::Rival;
use super::{channel, walk};

/// How many transactions are submitted.
pub(crate) const TRANSACTIONS: usize = 100_000;

/// The most transactions in a block, as Fabric's own sample has it.
const MESSAGE_COUNT_MAX: u32 = 500;

/// How long the orderers wait for a block to fill, as Fabric's own sample has it.
const BATCH_TIMEOUT: Duration = Duration::from_secs(2);

/// The channel, ready to be read.
pub(crate) struct Kept {
    pub(crate) path: PathBuf,
    /// How many transactions each block has.
    pub(crate) counts: Vec<u64>,
}

impl Kept {
    /// The channel that an earlier run made, else a new one.
    pub(crate) async fn provide() -> Self {
        let path = default_path();
        if !path.exists() {
            make(&path).await;
        }
        let kept = Self::read(path);
        let transactions = kept.transactions();
        assert!(
            transactions >= TRANSACTIONS as u64,
            "{} has {transactions} transactions: remove it, and it is made anew",
            kept.path.display()
        );
        kept
    }

    fn read(path: PathBuf) -> Self {
        let file = BlockFile::open(&path);
        let file = file.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let counts = (0..file.blocks())
            .map(|number| {
                let bytes = file.block(number).expect("the file can be read");
                let block = Block::decode(bytes).expect("the peer sent a block");
                block.envelopes.len() as u64
            })
            .collect();
        Self { path, counts }
    }

    pub(crate) fn file(&self) -> BlockFile {
        BlockFile::open(&self.path).expect("it was read before")
    }

    pub(crate) fn blocks(&self) -> u64 {
        self.counts.len() as u64
    }

    pub(crate) fn transactions(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many bytes of blocks there are.
    pub(crate) fn bytes(&self) -> u64 {
        self.file().bytes()
    }

    /// What was made, in words.
    pub(crate) fn description(&self) -> String {
        let blocks = self.blocks();
        format!(
            "What is indexed is a real channel: {} transactions in {blocks} blocks, {:.0} MB, which `chainloom devnet` and its own contract made once: \
             four users of two organizations submitted them, {:.0} at once (of twenty fifteen put a value of 100 bytes, two count up in each other's way, one \
             deletes a key, one sets an event, one has two organizations endorse it); blocks of {MESSAGE_COUNT_MAX} transactions at most, after {} s at the latest. \
             The official Go client fetched the blocks, and they are kept as a file in the user's cache folder.\n\n\
             More than these are the same blocks in laps: in each further lap blocks are numbered on and name the one before them, each transaction's id is the \
             SHA-256 of its id and the lap's number, the keys have the lap's number in them, and data hashes are made anew. Signatures do not fit then; an index \
             does not look at them.\n\n\
             The server is our own with the defaults of `chainloom up` (32 MiB of the index held in memory) over that file in place of a peer; look-ups are timed at \
             the client, over HTTP, one after the other on one connection. Memory is the most that the server's process ever held (VmHWM). Decoding is timed by \
             the processor's time, from a block's bytes in memory to all that a block shows, certificates included; both decoders remember the certificates that they \
             read before, and both must find the same.",
            self.transactions(),
            self.bytes() as f64 / 1e6,
            channel::CALLERS,
            BATCH_TIMEOUT.as_secs()
        )
    }

    /// The number after the last block of the fewest that have so many transactions, lap after lap.
    pub(crate) fn end_of(&self, transactions: u64) -> u64 {
        end_of(&self.counts, transactions)
    }
}

fn end_of(counts: &[u64], transactions: u64) -> u64 {
    let mut sum = 0;
    let mut end = 0;
    for count in counts.iter().cycle() {
        if sum >= transactions {
            break;
        }
        sum += count;
        end += 1;
    }
    end
}

/// The user's cache folder, where the programs of Fabric are too.
fn default_path() -> PathBuf {
    let directories = ProjectDirs::from("", "", "chainloom").expect("there is a home folder");
    directories.cache_dir().join("bench/channel-100000.blocks")
}

async fn make(path: &Path) {
    println!("making {TRANSACTIONS} transactions once, which takes some minutes");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = channel::start(&folder, MESSAGE_COUNT_MAX, BATCH_TIMEOUT).await;
    let users = channel::users(&network).await;
    let taken = channel::fill(&users, TRANSACTIONS).await;
    println!(
        "{TRANSACTIONS} transactions in {:.0} s",
        taken.as_secs_f64()
    );
    fs::create_dir_all(path.parent().expect("it is in a folder"))
        .expect("the cache can be written");
    // What is not whole never has the name of what is.
    let unfinished = path.with_extension("unfinished");
    let end = walk::height(&users[0]).await + 1;
    Rival::start(&network).walk(0, end, Some(&unfinished));
    fs::rename(&unfinished, path).expect("the cache can be written");
    drop(users);
    network.shut_down().expect("the network ends");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laps_go_on_until_there_are_enough() {
        let counts = [1, 0, 3];
        let ends = [0, 1, 2, 4, 5, 8, 9].map(|transactions| end_of(&counts, transactions));
        assert_eq!(ends, [0, 1, 3, 3, 4, 6, 7]);
    }
}
