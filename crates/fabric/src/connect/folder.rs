//! Stage one, where the wallet is none of ours: a folder of `.id` files, which other tools write, and write anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::ConnectError;
use super::parameters::wrong;
use crate::identity::{CurrentIdentity, Identity};

/// How often a file is looked at, without reading it, while its identity is in use.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A file as it stood at one moment: another one tells that it was written since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    modified: SystemTime,
    length_bytes: u64,
    /// Tells a file from one that took its place, even within one tick of the clock.
    inode: u64,
}

impl FileStamp {
    /// That of a file; `None` where there is none, or where it cannot be told. Blocks the thread for a moment.
    pub fn of(file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file).ok()?;
        Some(Self {
            modified: metadata.modified().ok()?,
            length_bytes: metadata.len(),
            inode: inode_of(&metadata),
        })
    }
}

#[cfg(unix)]
fn inode_of(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode_of(_: &fs::Metadata) -> u64 {
    0
}

/// The identity in a folder of `.id` files, as Fabric's own wallets have them. Stage one, where the wallet is none of ours. It reads a file.
///
/// # Errors
/// [`ConnectError`] of stage one.
pub fn identity_in_folder(wallet: &Path, name: &str) -> Result<Identity, ConnectError> {
    if name.is_empty() || name.contains(['/', '\\']) {
        return Err(wrong(
            "identity",
            format!("`{name}` is no name in a wallet, such as alice"),
        ));
    }
    let file = file_of(wallet, name);
    if !file.exists() {
        return Err(ConnectError::NotEnrolled {
            wallet: wallet.to_owned(),
            identity: name.to_owned(),
        });
    }
    Ok(Identity::from_id_file(&file, Timestamp::now())?)
}

/// The same for as long as anybody holds it: what another tool puts into the file takes its place within a second or two, and nothing is signed with it any
/// more once the file is gone, until there is one again.
///
/// # Errors
/// [`ConnectError`] of stage one. Has to be called within a runtime.
pub async fn current_identity_in_folder(
    wallet: &Path,
    name: &str,
) -> Result<CurrentIdentity, ConnectError> {
    let (wallet, name) = (wallet.to_owned(), name.to_owned());
    let read = spawn_blocking(move || {
        // First, so that what is written meanwhile is read again.
        let stamp = FileStamp::of(&file_of(&wallet, &name));
        let identity = identity_in_folder(&wallet, &name)?;
        Ok((
            identity,
            Followed {
                wallet,
                name,
                stamp,
                was_gone: false,
            },
        ))
    });
    let read = read
        .await
        .unwrap_or_else(|error| Err(wrong("identity", error.to_string())));
    let (identity, followed) = read?;
    let current = CurrentIdentity::new(identity);
    tokio::spawn(followed.follow(current.clone()));
    Ok(current)
}

fn file_of(wallet: &Path, name: &str) -> PathBuf {
    wallet.join(format!("{name}.id"))
}

/// A file that is followed.
struct Followed {
    wallet: PathBuf,
    name: String,
    /// The file as it was read last.
    stamp: Option<FileStamp>,
    /// Whether it was not there when it was looked at last: a tool may be just writing it.
    was_gone: bool,
}

/// What a look at the file told.
enum Seen {
    Same,
    Gone,
    New(Box<Result<Identity, ConnectError>>),
}

impl Followed {
    async fn follow(mut self, current: CurrentIdentity) {
        let holders = current.downgrade();
        drop(current);
        loop {
            sleep(LOOK_EVERY).await;
            // Nobody holds it any more.
            let Some(current) = holders.upgrade() else {
                return;
            };
            let looked = spawn_blocking(move || {
                let seen = self.look();
                (self, seen)
            });
            let Ok((followed, seen)) = looked.await else {
                return;
            };
            self = followed;
            self.take(seen, &current);
        }
    }

    fn look(&mut self) -> Seen {
        let stamp = FileStamp::of(&file_of(&self.wallet, &self.name));
        let was_gone = std::mem::replace(&mut self.was_gone, stamp.is_none());
        match stamp {
            None if was_gone && self.stamp.take().is_some() => Seen::Gone,
            None => Seen::Same,
            stamp if stamp == self.stamp => Seen::Same,
            stamp => {
                self.stamp = stamp;
                Seen::New(Box::new(identity_in_folder(&self.wallet, &self.name)))
            }
        }
    }

    fn take(&self, seen: Seen, current: &CurrentIdentity) {
        let file = file_of(&self.wallet, &self.name);
        let file = file.display();
        let refusal = match seen {
            Seen::Same => return,
            Seen::Gone => {
                tracing::warn!("{file} is gone, so its identity is used no more");
                return current.withdraw(format!(
                    "the identity `{}` is used no more, since {file} is gone: put it there again, and it is used at once",
                    self.name
                ));
            }
            Seen::New(read) => match read.map(|identity| current.replace(identity)) {
                Ok(Ok(())) => {
                    return tracing::info!("{file} was written anew, and is used from now on");
                }
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            },
        };
        // It may be half written; it is read again when it has changed.
        tracing::warn!(
            "{file} was written anew and cannot be used, so the one before it stays in use: {refusal}"
        );
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::identity::{Credentials, KeyKind, testing};

    use super::*;

    fn write(folder: &Path, credentials: &Credentials) {
        let path = folder.join("new");
        credentials.to_id_file(&path).unwrap();
        fs::rename(path, file_of(folder, "alice")).unwrap();
    }

    /// Looks, whatever the file's time says: two writes may stand in one tick of the file system's clock.
    fn look(followed: &mut Followed, current: &CurrentIdentity) {
        followed.stamp = followed.stamp.map(|stamp| FileStamp {
            length_bytes: 0,
            ..stamp
        });
        let seen = followed.look();
        followed.take(seen, current);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_took_the_place_of_another_within_a_tick_of_the_clock_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("a"), folder.path().join("new"));
        fs::write(&path, "one").unwrap();
        let before = FileStamp::of(&path).unwrap();
        fs::write(&new, "two").unwrap();
        let file = fs::File::options().write(true).open(&new).unwrap();
        file.set_modified(before.modified).unwrap();
        fs::rename(&new, &path).unwrap();
        let after = FileStamp::of(&path).unwrap();
        assert_eq!(
            (after.modified, after.length_bytes),
            (before.modified, before.length_bytes)
        );
        assert_ne!(after, before);
        assert_eq!(FileStamp::of(&path), Some(after));
    }

    #[test]
    fn what_another_tool_writes_takes_its_place_and_what_it_deletes_is_used_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(folder, &testing::credentials(KeyKind::P256));
        let current = CurrentIdentity::new(identity_in_folder(folder, "alice").unwrap());
        let mut followed = Followed {
            wallet: folder.to_owned(),
            name: "alice".to_owned(),
            stamp: FileStamp::of(&file_of(folder, "alice")),
            was_gone: false,
        };
        assert!(matches!(followed.look(), Seen::Same));

        let renewed = testing::credentials(KeyKind::P256);
        write(folder, &renewed);
        look(&mut followed, &current);
        let pem = |current: &CurrentIdentity| current.latest().certificate_pem().to_owned();
        assert_eq!(pem(&current), renewed.certificate().to_pem());
        assert!(matches!(followed.look(), Seen::Same));

        // What cannot be used, or is another organization's, takes nobody's place.
        fs::write(file_of(folder, "alice"), "{").unwrap();
        look(&mut followed, &current);
        assert_eq!(
            current.get().unwrap().certificate_pem(),
            renewed.certificate().to_pem()
        );
        let other = Credentials::new(
            "Org2MSP",
            renewed.certificate().clone(),
            renewed.private_key().clone(),
            renewed.context().clone(),
        );
        write(folder, &other.unwrap());
        look(&mut followed, &current);
        assert_eq!(current.get().unwrap().msp_id(), "Org1MSP");

        // One look may fall between the deletion and the writing of a tool; two in a row do not.
        fs::remove_file(file_of(folder, "alice")).unwrap();
        look(&mut followed, &current);
        assert!(current.get().is_ok());
        look(&mut followed, &current);
        let told = current.get().unwrap_err().to_string();
        assert!(
            told.contains("alice.id is gone: put it there again"),
            "{told}"
        );
        let error = ConnectError::from(current.get().unwrap_err());
        assert_eq!(error.stage(), super::super::Stage::Wallet);
        look(&mut followed, &current);
        write(folder, &renewed);
        look(&mut followed, &current);
        assert!(current.get().is_ok());
    }

    #[tokio::test]
    async fn a_file_is_followed_while_its_identity_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write(folder, &testing::credentials(KeyKind::P256));
        let current = current_identity_in_folder(folder, "alice").await.unwrap();
        let mut changes = current.changes();
        let renewed = testing::credentials(KeyKind::P256);
        write(folder, &renewed);
        // So that it is another time for certain.
        let file = fs::File::options()
            .append(true)
            .open(file_of(folder, "alice"))
            .unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(60))
            .unwrap();
        changes.changed().await.unwrap();
        assert_eq!(
            current.get().unwrap().certificate_pem(),
            renewed.certificate().to_pem()
        );
        let holders = current.downgrade();
        drop(current);
        // The follower holds it for the moment of a look only.
        while holders.upgrade().is_some() {
            sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn who_is_in_no_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = current_identity_in_folder(folder.path(), "alice")
            .await
            .unwrap_err();
        assert!(matches!(error, ConnectError::NotEnrolled { .. }), "{error}");
        let error = current_identity_in_folder(folder.path(), "../alice")
            .await
            .unwrap_err();
        assert!(matches!(error, ConnectError::Parameter { .. }), "{error}");
    }
}
