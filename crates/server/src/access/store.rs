use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::permission::Permission;
use super::secret::{Secret, SecretHash};
use super::token::{InvalidToken, LedgerScope, NewToken, Token, TokenState};

/// How many tokens are kept. Where there are more, those that ended longest ago are forgotten.
const TOKENS_MAX: usize = 1_000;
/// How large the file may be that is read.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// The form in which the file is written.
const VERSION: u32 = 1;

/// The file in which the tokens are kept. It holds no secrets, only their hashes.
///
/// Whoever writes it holds a lock beside it and puts a whole new file in its place, so that readers see the old one or the
/// new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFile {
    path: PathBuf,
}

/// Why the tokens could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The operating system refuses.
    #[error("the tokens in {} cannot be used: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Somebody else can read or write it.
    #[error(
        "the tokens in {} are open to other users of this machine (mode {mode:o}), who could have \
         added some: look at them, then `chmod 600` the file",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is too large to be one of ours.
    #[error("{} has {bytes} bytes, more than any file of tokens: put it aside", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// It is not what we wrote.
    #[error(
        "{} is no file of tokens ({reason}): put it aside, and make the tokens anew",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A newer program wrote it.
    #[error(
        "{} is of version {version}, which this program does not know: use the newer program that \
         wrote it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// The token that is to be made makes no sense.
    #[error(transparent)]
    Invalid(#[from] InvalidToken),
    /// The name is in use.
    #[error("a token named `{0}` is in use: take another name, or revoke that one first")]
    NameTaken(String),
    /// As many are in use as can be.
    #[error("{TOKENS_MAX} tokens are in use, as many as there can be: revoke some first")]
    Full,
    /// None is called so.
    #[error("no token has the name or id `{0}`: `chainloom token list` shows them")]
    NotFound(String),
    /// More than one is called so.
    #[error("more than one token is called `{0}`: name it by its id")]
    Ambiguous(String),
    /// The system has no randomness.
    #[error("the operating system gives no random bytes, so that no token can be made")]
    NoRandomness,
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    tokens: Vec<Record>,
}

/// A token as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    secret_sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
    ledgers: Vec<String>,
    may: BTreeSet<Permission>,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked: Option<Timestamp>,
}

/// Which content of the file was read, by which a change is told. The open file keeps its number from being given to the
/// next one.
#[derive(Debug, Default)]
pub(super) struct Edition {
    held: Option<File>,
    stamp: Option<Stamp>,
}

/// What the system says of a file: device and number, size, time of the last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    size_bytes: u64,
    modified_ns: i128,
}

impl TokenFile {
    /// The file at this path, which may be still to come.
    pub fn new(path: impl Into<PathBuf>) -> TokenFile {
        TokenFile { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tokens that it holds, none where it is not there.
    ///
    /// # Errors
    /// Where it cannot be read, others can read it, or it is none of ours.
    pub fn read(&self) -> Result<Vec<Token>, TokenFileError> {
        self.read_edition().map(|(tokens, _)| tokens)
    }

    /// Makes a token and its secret, which is not kept.
    ///
    /// # Errors
    /// Where the token makes no sense or its name is taken, and as [`TokenFile::read`].
    pub fn create(&self, new: NewToken) -> Result<(Token, Secret), TokenFileError> {
        let now = Timestamp::now();
        new.check(now)?;
        let secret = Secret::random().ok_or(TokenFileError::NoRandomness)?;
        let hash = SecretHash::of(secret.reveal()).expect("it has a secret's form");
        let token = Token {
            hash,
            name: new.name,
            identity: new.identity,
            ledgers: new.ledgers,
            may: new.may,
            created: now,
            expires: new.expires,
            revoked: None,
        };
        self.change(|tokens| {
            let in_use = |token: &&Token| token.state(now) == TokenState::Good;
            if let Some(name) = &token.name
                && tokens
                    .iter()
                    .filter(in_use)
                    .any(|other| other.name() == Some(name))
            {
                return Err(TokenFileError::NameTaken(name.clone()));
            }
            if tokens.iter().filter(in_use).count() >= TOKENS_MAX {
                return Err(TokenFileError::Full);
            }
            while tokens.len() >= TOKENS_MAX {
                forget_one(tokens, now);
            }
            tokens.push(token.clone());
            Ok(())
        })?;
        Ok((token, secret))
    }

    /// Takes a token back, by its name or its id. One that was taken back already stays so.
    ///
    /// # Errors
    /// Where none or several are called so, and as [`TokenFile::read`].
    pub fn revoke(&self, called: &str) -> Result<Token, TokenFileError> {
        let now = Timestamp::now();
        let mut revoked = None;
        self.change(|tokens| {
            let token = find(tokens, called, now)?;
            token.revoked = token.revoked.or(Some(now));
            revoked = Some(token.clone());
            Ok(())
        })?;
        revoked.ok_or_else(|| TokenFileError::NotFound(called.to_owned()))
    }

    /// Reads, changes and writes, alone.
    fn change(
        &self,
        change: impl FnOnce(&mut Vec<Token>) -> Result<(), TokenFileError>,
    ) -> Result<(), TokenFileError> {
        // Not the file itself: that one is replaced, and with it a lock on it.
        let beside = self.beside("lock");
        let lock = private(&beside, false).map_err(|source| self.failed(source))?;
        lock.lock().map_err(|source| self.failed(source))?;
        let mut tokens = self.read()?;
        change(&mut tokens)?;
        self.replace(&tokens).map_err(|source| self.failed(source))
    }

    fn replace(&self, tokens: &[Token]) -> io::Result<()> {
        let document = Document {
            version: VERSION,
            tokens: tokens.iter().map(Record::of).collect(),
        };
        let mut text = serde_json::to_vec_pretty(&document)?;
        text.push(b'\n');
        let new = self.beside("new");
        let mut file = private(&new, true)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        #[cfg(unix)]
        if let Some(folder) = self.path.parent() {
            // Without it a power cut can bring the old file back, and with it a token that was taken back.
            File::open(if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            })?
            .sync_all()?;
        }
        Ok(())
    }

    /// The path of a file beside this one.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }

    pub(super) fn read_edition(&self) -> Result<(Vec<Token>, Edition), TokenFileError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok((Vec::new(), Edition::default()));
            }
            Err(source) => return Err(self.failed(source)),
        };
        let metadata = file.metadata().map_err(|source| self.failed(source))?;
        self.check_owner_only(&metadata)?;
        let bytes = metadata.len();
        if bytes > FILE_BYTES_MAX {
            let path = self.path.clone();
            return Err(TokenFileError::TooLarge { path, bytes });
        }
        let mut text = Vec::new();
        let reading = (&mut file).take(FILE_BYTES_MAX).read_to_end(&mut text);
        reading.map_err(|source| self.failed(source))?;
        let edition = Edition {
            stamp: Some(Stamp::of(&metadata)),
            held: Some(file),
        };
        Ok((self.parse(&text)?, edition))
    }

    /// Whether an edition is what the file is now. One look at what the system remembers of the file; it is not opened.
    pub(super) fn is_still(&self, edition: &Edition) -> bool {
        let now = fs::metadata(&self.path).ok();
        now.as_ref().map(Stamp::of) == edition.stamp && edition.held.is_some() == now.is_some()
    }

    #[cfg(unix)]
    fn check_owner_only(&self, metadata: &fs::Metadata) -> Result<(), TokenFileError> {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 == 0 {
            return Ok(());
        }
        let path = self.path.clone();
        Err(TokenFileError::Exposed { path, mode })
    }

    #[cfg(not(unix))]
    fn check_owner_only(&self, _: &fs::Metadata) -> Result<(), TokenFileError> {
        Ok(())
    }

    fn parse(&self, text: &[u8]) -> Result<Vec<Token>, TokenFileError> {
        let damaged = |reason: String| TokenFileError::Damaged {
            path: self.path.clone(),
            reason,
        };
        // The version alone first: a newer form may have other fields.
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } =
            serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if version != VERSION {
            let path = self.path.clone();
            return Err(TokenFileError::Newer { path, version });
        }
        let document: Document =
            serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if document.tokens.len() > TOKENS_MAX {
            return Err(damaged(format!("it holds more than {TOKENS_MAX} tokens")));
        }
        let tokens = document.tokens.into_iter().enumerate();
        tokens
            .map(|(index, record)| {
                let reason = || format!("the hash of token {} is none", index + 1);
                record.token().ok_or_else(|| damaged(reason()))
            })
            .collect()
    }

    fn failed(&self, source: io::Error) -> TokenFileError {
        TokenFileError::File {
            path: self.path.clone(),
            source,
        }
    }
}

/// Forgets the token that ended longest ago.
fn forget_one(tokens: &mut Vec<Token>, now: Timestamp) {
    let ended = tokens.iter().enumerate().filter_map(|(index, token)| {
        let ended = token.revoked.or(token.expires.filter(|end| *end <= now));
        Some((ended?, index))
    });
    if let Some((_, index)) = ended.min() {
        tokens.remove(index);
    }
}

/// The token that is called so: by its id, else by its name, of which one may be in use and others not.
fn find<'a>(
    tokens: &'a mut [Token],
    called: &str,
    now: Timestamp,
) -> Result<&'a mut Token, TokenFileError> {
    let places = |is_meant: &dyn Fn(&Token) -> bool| -> Vec<usize> {
        let meant = tokens
            .iter()
            .enumerate()
            .filter(|(_, token)| is_meant(token));
        meant.map(|(index, _)| index).collect()
    };
    let named = |token: &Token| token.name() == Some(called);
    let by_id = places(&|token| token.id() == called);
    let in_use = places(&|token| named(token) && token.state(now) == TokenState::Good);
    let ended = places(&named);
    let found = [by_id, in_use, ended]
        .into_iter()
        .find(|places| !places.is_empty());
    match found.as_deref() {
        None => Err(TokenFileError::NotFound(called.chars().take(100).collect())),
        Some(&[index]) => Ok(&mut tokens[index]),
        Some(_) => Err(TokenFileError::Ambiguous(called.to_owned())),
    }
}

/// Opens a file that only its owner may read and write, emptied where it is to be new.
fn private(path: &Path, is_new: bool) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(is_new);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    if is_new {
        // What a program left that broke off could have other permissions.
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => options.create_new(true),
        };
    }
    options.open(path)
}

impl Record {
    fn of(token: &Token) -> Record {
        Record {
            secret_sha256: token.hash.to_hex(),
            name: token.name.clone(),
            identity: token.identity.clone(),
            ledgers: token.ledgers.names(),
            may: token.may.clone(),
            created: token.created,
            expires: token.expires,
            revoked: token.revoked,
        }
    }

    fn token(self) -> Option<Token> {
        Some(Token {
            hash: SecretHash::from_hex(&self.secret_sha256)?,
            name: self.name,
            identity: self.identity,
            ledgers: LedgerScope::of(self.ledgers),
            may: self.may,
            created: self.created,
            expires: self.expires,
            revoked: self.revoked,
        })
    }
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Stamp {
        #[cfg(unix)]
        let file = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let file = (0, 0);
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Stamp {
            file,
            size_bytes: metadata.len(),
            modified_ns: since.map_or(-1, |since| since.as_nanos() as i128),
        }
    }
}

#[cfg(test)]
mod tests;
