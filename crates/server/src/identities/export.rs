//! Giving an identity to other tools.

use chainloom_fabric::identity::wallet::{Label, Record};
use chainloom_fabric::identity::{Passphrase, Secret};

use super::{Identities, IdentitiesError};

/// What other tools need of an identity.
pub(crate) struct Exported {
    pub(crate) record: Record,
    /// The private key in PEM, encrypted where a passphrase was given.
    pub(crate) private_key: Secret,
}

impl Identities {
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
