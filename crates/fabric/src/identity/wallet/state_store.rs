//! Where identities are kept: a folder with one file each.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use chainloom_ledger::Hash;

use super::error::WalletError;
use super::label::Label;
use super::record::Record;
use crate::identity::file::{self, FileError};

const SUFFIX: &str = ".pem";

/// The most identities in a folder.
pub(super) const IDENTITIES_MAX: usize = 10_000;

/// A folder with one file for each identity, readable for its owner only. The first of the three parts of a wallet; alone
/// it tells who is there, for which no passphrase is needed.
///
/// Every change is atomic and on disk when it is answered, and two programs can share the folder.
#[derive(Debug, Clone)]
pub struct StateStore {
    folder: PathBuf,
}

/// What a folder holds.
#[derive(Debug)]
pub struct Listing {
    /// The identities, in the order of their labels.
    pub identities: Vec<Record>,
    /// What is wrong with the others.
    pub damaged: Vec<WalletError>,
}

impl StateStore {
    /// The store in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// [`WalletError::File`].
    pub fn open(folder: &Path) -> Result<Self, WalletError> {
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder);
        made.map_err(FileError::io(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// All identities that are there.
    ///
    /// # Errors
    /// [`WalletError::File`] when the folder cannot be read. A damaged file is no error but part of the answer.
    pub fn list(&self) -> Result<Listing, WalletError> {
        let mut listing = Listing {
            identities: Vec::new(),
            damaged: Vec::new(),
        };
        for label in self.labels()? {
            match self.read(&label) {
                Ok(record) => listing.identities.push(record),
                // Another program forgot it meanwhile.
                Err(WalletError::NoSuchIdentity(_)) => {}
                Err(error) => listing.damaged.push(error),
            }
        }
        Ok(listing)
    }

    fn labels(&self) -> Result<Vec<Label>, WalletError> {
        let mut labels = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(FileError::io(&self.folder))? {
            let name = entry.map_err(FileError::io(&self.folder))?.file_name();
            let label = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            // Files with other names are none of ours.
            if let Some(label) = label.and_then(|label| label.parse().ok()) {
                labels.push(label);
            }
        }
        labels.sort();
        Ok(labels)
    }

    /// The record of an identity.
    ///
    /// # Errors
    /// [`WalletError::NoSuchIdentity`], [`WalletError::Damaged`], [`WalletError::File`].
    pub fn read(&self, label: &Label) -> Result<Record, WalletError> {
        let path = self.path(label);
        let text = file::read_secret(&path, file::BYTES_MAX).map_err(missing(label))?;
        Record::from_text(&text, label).map_err(|reason| WalletError::Damaged { path, reason })
    }

    /// The SHA-256 of an identity's file. Only who can read the file knows it, since the encrypted key in it is shown nowhere else.
    ///
    /// # Errors
    /// [`WalletError::NoSuchIdentity`], [`WalletError::File`].
    pub fn digest(&self, label: &Label) -> Result<Hash, WalletError> {
        let text = file::read_secret(&self.path(label), file::BYTES_MAX).map_err(missing(label))?;
        Ok(Hash::of(text.as_bytes()))
    }

    pub(super) fn add(&self, record: &Record) -> Result<(), WalletError> {
        let there = self.labels()?.len();
        if there >= IDENTITIES_MAX {
            return Err(WalletError::Full(there));
        }
        match file::write_new(&self.path(&record.label), &text_of(record)?) {
            Err(FileError::Taken(_)) => Err(WalletError::LabelTaken(record.label.clone())),
            written => Ok(written?),
        }
    }

    pub(super) fn replace(&self, record: &Record) -> Result<(), WalletError> {
        let path = self.path(&record.label);
        Ok(file::replace(&path, &text_of(record)?)?)
    }

    /// Deletes the file of an identity. The CA and the channels are told nothing.
    ///
    /// # Errors
    /// [`WalletError::NoSuchIdentity`] and [`WalletError::File`].
    pub fn forget(&self, label: &Label) -> Result<(), WalletError> {
        let path = self.path(label);
        let removed = fs::remove_file(&path).map_err(FileError::io(&path));
        removed.map_err(missing(label))?;
        Ok(file::sync_folder(&path)?)
    }

    /// The file of an identity.
    pub fn path(&self, label: &Label) -> PathBuf {
        self.folder.join(format!("{label}{SUFFIX}"))
    }
}

/// The text of a record's file, as far as it can be read back.
fn text_of(record: &Record) -> Result<String, WalletError> {
    let text = record.to_text();
    if text.len() > file::BYTES_MAX {
        return Err(WalletError::TooLarge {
            label: record.label.clone(),
            bytes: text.len(),
            bytes_max: file::BYTES_MAX,
        });
    }
    Ok(text)
}

fn missing(label: &Label) -> impl FnOnce(FileError) -> WalletError {
    move |error| {
        if error.is_missing() {
            WalletError::NoSuchIdentity(label.clone())
        } else {
            error.into()
        }
    }
}
