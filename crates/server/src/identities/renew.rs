//! A new certificate for an identity that has one.

use chainloom_fabric::identity::authority::{AuthorityAddress, Enrollment};
use chainloom_fabric::identity::wallet::{Label, Record};
use chainloom_fabric::identity::{Identity, KeyKind, PrivateKey};
use jiff::Timestamp;

use super::{Identities, IdentitiesError, to_the_end};

/// How to renew.
#[derive(Default)]
pub(crate) struct RenewOptions {
    /// Whether the new certificate is for the old key.
    pub(crate) keep_key: bool,
    /// The kind of the new key; the old one's where there is none.
    pub(crate) key: Option<KeyKind>,
    /// The CA, where the wallet does not know it or it has moved.
    pub(crate) authority: Option<AuthorityAddress>,
}

impl Identities {
    /// Renews an identity. All ledgers that use it go on with the new certificate.
    pub(crate) async fn renew(
        &self,
        label: &Label,
        options: RenewOptions,
    ) -> Result<Record, IdentitiesError> {
        let (identities, label) = (self.clone(), label.clone());
        to_the_end(async move {
            let _change = identities.begin_change(&label)?;
            let record = identities.renew_now(&label, options).await?;
            identities.failures().forget(&label);
            identities.0.changed.notify_one();
            Ok(record)
        })
        .await
    }

    async fn renew_now(
        &self,
        label: &Label,
        options: RenewOptions,
    ) -> Result<Record, IdentitiesError> {
        let known = self.record(label).await?.enrollment;
        let enrollment = match (options.authority, known) {
            (Some(authority), known) => Enrollment {
                authority,
                options: known.map(|known| known.options).unwrap_or_default(),
            },
            (None, Some(known)) => known,
            (None, None) => return Err(IdentitiesError::NoAuthority(label.clone())),
        };
        let (owned, now) = (label.clone(), Timestamp::now());
        let opened = self.with_wallet(move |wallet| {
            let credentials = wallet.credentials(&owned)?;
            let identity = Identity::new(&credentials, now)
                .map_err(|source| IdentitiesError::not_valid(&owned, source))?;
            Ok::<_, IdentitiesError>((identity, credentials.private_key().clone()))
        });
        let (identity, old_key) = opened.await??;
        let key = match (options.keep_key, options.key) {
            (true, _) => old_key,
            (false, kind) => PrivateKey::generate(kind.unwrap_or(old_key.kind()))?,
        };
        let authority = enrollment.authority.connect()?;
        let renewed = authority
            .reenroll(&identity, key, &enrollment.options)
            .await?;

        let (identities, label) = (self.clone(), label.clone());
        let stored = self.with_wallet(move |wallet| {
            let now = Timestamp::now();
            let identity = Identity::new(&renewed, now)
                .map_err(|source| IdentitiesError::not_valid(&label, source))?;
            let record = wallet.renew(&label, &renewed, Some(&enrollment), now)?;
            // In the same piece of work, so that no ledger goes on with what the wallet has no more.
            if let Some(lent) = identities.lent().get(&label) {
                lent.handle.replace(identity)?;
            }
            Ok::<_, IdentitiesError>(record)
        });
        let record = stored.await??;
        tracing::info!(identity = %record.label, expires = %record.certificate.not_after(), "renewed");
        Ok(record)
    }
}
