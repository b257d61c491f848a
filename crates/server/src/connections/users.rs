//! The users of one channel besides the one that it was opened for: those whose credentials lie in its wallet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chainloom_fabric::identity::{CurrentIdentity, Identity};
use chainloom_fabric::{FabricLedger, FileStamp, identity_in_folder};
use chainloom_ledger::{BoxFuture, Ledger};
use http::StatusCode;
use tokio::task::spawn_blocking;

use super::source::IdentitySource;
use crate::identities::Identities;
use crate::ledgers::ChannelUsers;
use crate::problem::Problem;

/// How many users are remembered; beyond it all are read anew.
const KNOWN_MAX: usize = 1_000;

/// The users of a channel.
pub(super) struct Users {
    ledger: FabricLedger,
    /// The wallet in which they are.
    source: IdentitySource,
    identities: Identities,
    /// Those who were asked for, by label.
    known: Mutex<HashMap<String, Known>>,
}

/// A user as the file was when it was read.
#[derive(Clone)]
struct Known {
    stamp: Option<FileStamp>,
    ledger: Arc<dyn Ledger>,
}

impl Users {
    pub(super) fn new(
        ledger: FabricLedger,
        source: IdentitySource,
        identities: Identities,
    ) -> Users {
        Users {
            ledger,
            source,
            identities,
            known: Mutex::default(),
        }
    }

    async fn find(&self, label: &str) -> Result<Arc<dyn Ledger>, Problem> {
        let wallet = match &self.source {
            IdentitySource::Folder { wallet, .. } => wallet,
            IdentitySource::Wallet { .. } => {
                let lent = self.identities.of_caller(label).await;
                let identity = lent.map_err(|error| unknown(label, &error.to_string()))?;
                return Ok(Arc::new(self.ledger.acting_as(identity)));
            }
        };
        // `alice` or `alice@Org1MSP`: the wallet's files are named without the organization.
        let (name, msp_id) = match label.rsplit_once('@') {
            Some((name, msp_id)) => (name, Some(msp_id)),
            None => (label, None),
        };
        if name.is_empty() || name.contains(['/', '\\', '\0']) {
            return Err(unknown(label, "its name is none of a file in the wallet"));
        }
        let file = wallet.join(format!("{name}.id"));
        let (wallet, name) = (wallet.clone(), name.to_owned());
        let before = self.known().get(label).cloned();
        let stamp_before = before.as_ref().map(|known| known.stamp);
        let read = spawn_blocking(move || {
            let stamp = FileStamp::of(&file);
            match stamp_before {
                Some(before) if before == stamp && stamp.is_some() => (stamp, None),
                _ => (stamp, Some(identity_in_folder(&wallet, &name))),
            }
        });
        let (stamp, identity) = read
            .await
            .map_err(|error| unknown(label, &error.to_string()))?;
        let identity: Identity = match (identity, before) {
            (None, Some(known)) => return Ok(known.ledger),
            (Some(Ok(identity)), _) => identity,
            (Some(Err(error)), _) => return Err(unknown(label, &error.to_string())),
            (None, None) => return Err(unknown(label, "it was not read")),
        };
        if let Some(msp_id) = msp_id
            && identity.msp_id() != msp_id
        {
            let reason = format!("the one in the wallet is of {}", identity.msp_id());
            return Err(unknown(label, &reason));
        }
        let ledger = self.ledger.acting_as(CurrentIdentity::new(identity));
        let ledger: Arc<dyn Ledger> = Arc::new(ledger);
        let mut known = self.known();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        let user = Known {
            stamp,
            ledger: Arc::clone(&ledger),
        };
        known.insert(label.to_owned(), user);
        Ok(ledger)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChannelUsers for Users {
    fn acting_as<'a>(&'a self, label: &'a str) -> BoxFuture<'a, Result<Arc<dyn Ledger>, Problem>> {
        Box::pin(self.find(label))
    }
}

/// The token is good, but there is nobody whom it stands for.
fn unknown(label: &str, reason: &str) -> Problem {
    let label: String = label.chars().take(128).collect();
    Problem::new(
        StatusCode::FORBIDDEN,
        "identity_unavailable",
        format!(
            "the token's identity `{label}` cannot be used on this ledger: {reason}; enroll it \
             into the ledger's wallet, or make a token with another --identity"
        ),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use chainloom_fabric::{AuthorityParameters, Mode, NodeUrls, Nodes, Parameters};
    use serde_json::json;

    use super::*;
    use crate::identities::{WalletOptions, WalletSecret};

    /// Puts a new user of Org1MSP into a folder, with a certificate that is its own issuer.
    fn put(wallet: &Path, name: &str) {
        let (certificate, key) = (wallet.join("cert.pem"), wallet.join("key.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
            .args(["ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", &format!("/CN={name}")])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let user = json!({
            "credentials": {
                "certificate": fs::read_to_string(certificate).unwrap(),
                "privateKey": fs::read_to_string(key).unwrap(),
            },
            "mspId": "Org1MSP",
            "type": "X.509",
            "version": 1,
        });
        let file = wallet.join(format!("{name}.id"));
        fs::write(file, user.to_string()).unwrap();
    }

    /// The users of a channel that alice has opened, none of whose peers answers.
    async fn users(folder: &Path) -> Users {
        put(folder, "alice");
        let parameters = Parameters {
            channel: "mychannel".to_owned(),
            contract: None,
            mode: Mode::Gateway,
            nodes: Nodes::Urls(NodeUrls {
                peers: vec!["grpc://127.0.0.1:1".to_owned()],
                orderers: Vec::new(),
                tls_ca_certs: None,
                ssl_target_name_override: None,
            }),
            authority: AuthorityParameters::default(),
            client_tls: None,
        };
        let alice = CurrentIdentity::new(identity_in_folder(folder, "alice").unwrap());
        let ledger = FabricLedger::connect_as(alice, &parameters).await.unwrap();
        let identities = Identities::open(&WalletOptions {
            directory: folder.join("wallet"),
            secret: WalletSecret::OwnKeyFile(folder.join("wallet.key")),
            reenroll_before_days: 0,
        });
        let source = IdentitySource::Folder {
            wallet: folder.to_owned(),
            name: "alice".to_owned(),
        };
        Users::new(ledger, source, identities.unwrap())
    }

    #[tokio::test]
    async fn whoever_is_not_in_the_wallet_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let users = users(folder.path()).await;
        fs::write(folder.path().join("broken.id"), "{").unwrap();
        for (label, reason) in [
            ("bob@Org1MSP", "bob"),
            ("alice@Org2MSP", "is of Org1MSP"),
            ("broken@Org1MSP", "broken.id"),
            ("@Org1MSP", "none of a file"),
            ("../alice@Org1MSP", "none of a file"),
            ("..\\alice@Org1MSP", "none of a file"),
            ("a\0@Org1MSP", "none of a file"),
        ] {
            let Err(problem) = users.acting_as(label).await else {
                panic!("{label} was let through");
            };
            let told = format!("{problem:?}");
            assert!(told.contains("identity_unavailable"), "{label}: {told}");
            assert!(told.contains(reason), "{label}: {told}");
        }
    }

    #[tokio::test]
    async fn a_user_is_read_once_and_anew_when_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let users = users(folder.path()).await;
        put(folder.path(), "bob");
        let first = users.find("bob@Org1MSP").await.unwrap();
        let same = users.find("bob@Org1MSP").await.unwrap();
        assert!(Arc::ptr_eq(&first, &same), "the file was read again");
        let file = folder.path().join("bob.id");
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(1);
        put(folder.path(), "bob");
        let opened = fs::File::options().append(true).open(file).unwrap();
        opened.set_modified(later).unwrap();
        let renewed = users.find("bob@Org1MSP").await.unwrap();
        assert!(!Arc::ptr_eq(&first, &renewed), "the old one is still used");
    }
}
