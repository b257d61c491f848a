//! Giving an identity to other tools.

use std::path::PathBuf;

use chainloom_fabric::identity::wallet::{Label, Record};
use chainloom_fabric::identity::{Passphrase, Secret};
use chainloom_ledger::Hash;

use super::{Identities, IdentitiesError, blocking};

/// What other tools need of an identity.
pub(crate) struct Exported {
    pub(crate) record: Record,
    /// The private key in PEM, encrypted where a passphrase was given.
    pub(crate) private_key: Secret,
}

impl Identities {
    /// Where the wallet keeps an identity.
    pub(crate) fn file_of(&self, label: &Label) -> PathBuf {
        let path = self.0.state_store.path(label);
        std::path::absolute(&path).unwrap_or(path)
    }

    /// Whether this is the SHA-256 of the identity's file, which shows that who says it may read the wallet.
    pub(crate) async fn has_read(
        &self,
        label: &Label,
        sha256: Hash,
    ) -> Result<bool, IdentitiesError> {
        let (store, label) = (self.0.state_store.clone(), label.clone());
        let expected = blocking(move || store.digest(&label)).await??;
        // Hashed once more, so that the time of the comparison tells nothing.
        Ok(Hash::of(&expected.0) == Hash::of(&sha256.0))
    }

    /// An identity with its private key, encrypted if there is a passphrase.
    pub(crate) async fn export(
        &self,
        label: &Label,
        passphrase: Option<Secret>,
    ) -> Result<Exported, IdentitiesError> {
        let record = self.record(label).await?;
        let label = label.clone();
        let sealed = self.with_wallet(move |wallet| {
            let credentials = wallet.credentials(&label)?;
            let key = credentials.private_key();
            Ok::<_, IdentitiesError>(match passphrase {
                Some(text) => key.to_encrypted_pem(&Passphrase::new(text.expose())?)?,
                None => key.to_pem().to_string(),
            })
        });
        let private_key = Secret::new(sealed.await??);
        tracing::warn!(identity = %record.label, "its private key was exported");
        Ok(Exported {
            record,
            private_key,
        })
    }
}
