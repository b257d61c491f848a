//! Which configurations a channel had, as they were found to be signed: kept in a file, so that no peer can tell another tale after a restart.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chainloom_ledger::Hash;
use serde::{Deserialize, Serialize};

use crate::identity::{FileError, replace_file};
use crate::wire::Block;

/// The largest file that is read, in bytes: thousands of configurations.
const BYTES_MAX: u64 = 256 << 20;
/// Configurations that are kept, and bytes of them: reading goes back by some blocks after a crash, and not to where older ones were in force.
const KEPT_MAX: usize = 64;
const KEPT_BYTES_MAX: usize = 64 << 20;
/// How the file is written; another number is another program's.
const FORMAT: u32 = 1;

/// Why what was believed before is not known.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read or written.
    #[error("the configurations by which blocks are verified: {0}")]
    File(#[from] FileError),
    /// It is not what this program wrote.
    #[error(
        "{} does not hold the configurations by which blocks are verified: {reason}; remove it together with the channel's index, and all blocks are verified again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The channel was verified from its block 0 on, and a peer tells of another beginning.
    #[error(
        "a peer tells of a channel that begins otherwise than the one whose blocks were verified from its block 0 on: if the channel was made anew, remove {} to believe the new one",
        path.display()
    )]
    OtherBeginning {
        /// The file.
        path: PathBuf,
    },
}

/// The last configurations, oldest first.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// The first block that can be verified by what is here.
    pub(super) from: u64,
    pub(super) configurations: Vec<(u64, Bytes)>,
    /// The hash of block 0, where all was verified from there on. It outlives what is cut.
    first: Option<Hash>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    from: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<Hash>,
    configurations: Vec<StoredConfiguration>,
}

#[derive(Serialize, Deserialize)]
struct StoredConfiguration {
    block: u64,
    /// The envelope in base64.
    envelope: String,
}

impl Journal {
    /// Reads the file; where there is none, there are no configurations.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let mut file = match File::open(path) {
            Ok(file) => file.take(BYTES_MAX),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    path: path.to_owned(),
                    from: 0,
                    configurations: Vec::new(),
                    first: None,
                });
            }
            Err(error) => return Err(FileError::io(path)(error).into()),
        };
        let mut text = String::new();
        let read = file.read_to_string(&mut text);
        read.map_err(FileError::io(path))?;
        let damaged = |reason: String| JournalError::Damaged {
            path: path.to_owned(),
            reason,
        };
        let stored: Stored =
            serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        if stored.format != FORMAT {
            return Err(damaged(format!("its format is {}", stored.format)));
        }
        let read = stored.configurations.into_iter().map(|configuration| {
            let envelope = STANDARD.decode(&configuration.envelope);
            let envelope = envelope.map_err(|error| {
                damaged(format!("configuration {}: {error}", configuration.block))
            })?;
            Ok((configuration.block, Bytes::from(envelope)))
        });
        let configurations: Vec<(u64, Bytes)> = read.collect::<Result<_, JournalError>>()?;
        if !configurations.is_sorted_by_key(|(number, _)| *number) {
            return Err(damaged("its configurations are out of order".to_owned()));
        }
        Ok(Self {
            path: path.to_owned(),
            from: stored.from,
            configurations,
            first: stored.first,
        })
    }

    /// Forgets what came at or after a block, which is to be read anew; all, where it does not go back that far.
    pub(super) fn cut(&mut self, next: u64) {
        if self.from > next {
            self.configurations.clear();
        }
        self.configurations.retain(|(number, _)| *number < next);
    }

    /// Begins at block `next`, of whose configuration only a peer's word is known: refused where that is not the beginning that is known.
    pub(super) fn begin(&mut self, next: u64, block: &Block) -> Result<(), JournalError> {
        let is_first = next == 0 && block.number == 0;
        match self.first {
            Some(first) if !is_first || block.hash() != first => {
                return Err(JournalError::OtherBeginning {
                    path: self.path.clone(),
                });
            }
            Some(_) => {}
            None => self.first = is_first.then(|| block.hash()),
        }
        self.from = next;
        self.push(block)
    }

    /// Keeps the file small: the last configuration is what the next block is verified by.
    fn forget_the_oldest(&mut self) {
        let mut bytes = 0_usize;
        let newest_first = self.configurations.iter().rev();
        let kept = newest_first.take_while(|(_, envelope)| {
            bytes = bytes.saturating_add(envelope.len());
            bytes <= KEPT_BYTES_MAX
        });
        // The newest stays, however great it is.
        let kept = kept.count().clamp(1, KEPT_MAX);
        let forgotten = self.configurations.len().saturating_sub(kept);
        if forgotten > 0 {
            self.configurations.drain(..forgotten);
            self.from = self.configurations[0].0.saturating_add(1);
        }
    }

    /// Adds a configuration behind the others, on the disk before it counts.
    pub(super) fn push(&mut self, block: &Block) -> Result<(), JournalError> {
        let envelope = block.envelopes.first().cloned().unwrap_or_default();
        // A copy: the slice would keep its whole message in memory.
        let envelope = Bytes::copy_from_slice(&envelope);
        self.configurations.push((block.number, envelope));
        self.forget_the_oldest();
        let stored = Stored {
            format: FORMAT,
            from: self.from,
            first: self.first,
            configurations: self
                .configurations
                .iter()
                .map(|(block, envelope)| StoredConfiguration {
                    block: *block,
                    envelope: STANDARD.encode(envelope),
                })
                .collect(),
        };
        let text = serde_json::to_string(&stored).expect("numbers and text are JSON");
        Ok(replace_file(&self.path, &text)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn block(number: u64, envelope: &'static [u8]) -> Block {
        Block {
            number,
            previous_hash: Bytes::new(),
            data_hash: Bytes::new(),
            metadata: Default::default(),
            envelopes: vec![Bytes::from_static(envelope)],
        }
    }

    #[test]
    fn what_was_believed_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).unwrap();
        assert!(journal.configurations.is_empty());
        journal.from = 2;
        for (number, envelope) in [(1, b"a"), (4, b"b"), (9, b"c")] {
            journal.push(&block(number, envelope)).unwrap();
        }
        let numbers = |journal: &Journal| -> Vec<u64> {
            journal
                .configurations
                .iter()
                .map(|(number, _)| *number)
                .collect()
        };
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!((journal.from, numbers(&journal)), (2, vec![1, 4, 9]));
        assert_eq!(journal.configurations[1].1, &b"b"[..]);
        // Block 9 is read again after a crash, so that its configuration is not in force before it.
        journal.cut(9);
        assert_eq!(numbers(&journal), [1, 4]);
        journal.cut(1);
        assert!(journal.configurations.is_empty());
    }

    #[test]
    fn the_last_configurations_are_kept_and_no_older_one_stands_for_what_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).unwrap();
        let count = KEPT_MAX as u64 + 36;
        for number in 0..count {
            journal.push(&block(number * 10, b"a")).unwrap();
        }
        let mut journal = Journal::open(&path).unwrap();
        let oldest = 36 * 10;
        assert_eq!(journal.configurations.len(), KEPT_MAX);
        assert_eq!(journal.configurations[0].0, oldest);
        // From its next block on the oldest is in force; which one was before is not known here any more.
        journal.cut(oldest + 1);
        assert_eq!(journal.configurations.len(), 1);
        let mut journal = Journal::open(&path).unwrap();
        journal.cut(oldest);
        assert!(journal.configurations.is_empty());
    }

    #[test]
    fn great_configurations_do_not_make_a_file_that_is_too_great_to_be_read() {
        const { assert!((KEPT_BYTES_MAX as u64) < BYTES_MAX / 2) };
        let great = Bytes::from(vec![7; KEPT_BYTES_MAX / 2]);
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().join("journal")).unwrap();
        let numbers = |journal: &Journal| -> Vec<u64> {
            let configurations = journal.configurations.iter();
            configurations.map(|(number, _)| *number).collect()
        };
        journal.configurations = (0..4).map(|number| (number, great.clone())).collect();
        journal.forget_the_oldest();
        assert_eq!((numbers(&journal), journal.from), (vec![2, 3], 3));
        // One that is greater than that by itself is kept all the same.
        let greater = Bytes::from(vec![7; KEPT_BYTES_MAX + 1]);
        journal.configurations.push((4, greater));
        journal.forget_the_oldest();
        assert_eq!((numbers(&journal), journal.from), (vec![4], 5));
    }

    #[test]
    fn a_damaged_file_is_said_and_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let one = |number: u64, envelope: &str| {
            format!(r#"{{"block": {number}, "envelope": "{envelope}"}}"#)
        };
        let file = |format: u32, configurations: &[String]| {
            let configurations = configurations.join(",");
            format!(r#"{{"format": {format}, "from": 0, "configurations": [{configurations}]}}"#)
        };
        for (text, reason) in [
            ("{".to_owned(), "EOF"),
            (file(2, &[]), "its format is 2"),
            (file(1, &[one(0, "?")]), "configuration 0: "),
            (file(1, &[one(5, ""), one(0, "")]), "out of order"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Journal::open(&path).unwrap_err().to_string();
            assert!(
                error.contains(reason) && error.contains("remove it"),
                "{error}"
            );
        }
        let error = Journal::open(folder.path()).unwrap_err();
        assert!(matches!(error, JournalError::File(_)), "{error}");
    }
}
