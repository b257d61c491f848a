//! Getting a certificate from a CA, for somebody who is registered there or is to be.

use chainloom_fabric::identity::authority::{
    AuthorityAddress, AuthorityInfo, Enrollment, EnrollmentOptions, RegisteredIdentity,
    Registration,
};
use chainloom_fabric::identity::wallet::{Label, Record, WalletError};
use chainloom_fabric::identity::{KeyKind, PrivateKey, Secret};

use super::{Identities, IdentitiesError, to_the_end};

/// Somebody who is registered and has a secret.
pub(crate) struct NewEnrollment {
    /// The label; `NAME@MSPID` where there is none.
    pub(crate) label: Option<String>,
    pub(crate) msp_id: String,
    pub(crate) enrollment_id: String,
    pub(crate) secret: Secret,
    pub(crate) key: KeyKind,
    pub(crate) enrollment: Enrollment,
}

/// Somebody who is to be registered.
pub(crate) struct NewRegistration {
    /// The label; `NAME@MSPID` where there is none.
    pub(crate) label: Option<String>,
    /// Who registers: a label.
    pub(crate) registrar: String,
    pub(crate) registration: Registration,
    /// Whether to enroll at once.
    pub(crate) enroll: bool,
    pub(crate) key: KeyKind,
    /// The CA; the registrar's own where there is none.
    pub(crate) authority: Option<AuthorityAddress>,
    pub(crate) options: EnrollmentOptions,
}

impl Identities {
    /// Enrolls somebody with a new key, and stores both.
    pub(crate) async fn enroll(&self, new: NewEnrollment) -> Result<Record, IdentitiesError> {
        let identities = self.clone();
        to_the_end(async move {
            let label = identities
                .free_label(&new.label, &new.enrollment_id, &new.msp_id)
                .await?;
            identities.enroll_as(label, new).await
        })
        .await
    }

    /// Registers somebody, and enrolls him if that is asked for.
    pub(crate) async fn register(
        &self,
        new: NewRegistration,
    ) -> Result<Option<Record>, IdentitiesError> {
        let identities = self.clone();
        to_the_end(async move {
            let registrar_label: Label = new.registrar.parse()?;
            let registrar = identities.handle(&registrar_label).await?.get()?;
            let authority = match new.authority {
                Some(authority) => authority,
                None => identities.authority_of(&registrar_label).await?,
            };
            if !new.enroll {
                if new.registration.secret.is_none() {
                    return Err(IdentitiesError::NoSecret);
                }
                authority
                    .connect()?
                    .register(&registrar, &new.registration)
                    .await?;
                return Ok(None);
            }
            let enrollment_id = new.registration.enrollment_id.clone();
            let msp_id = registrar.msp_id().to_owned();
            // Before anything happens at the CA that could not be stored here.
            let label = identities
                .free_label(&new.label, &enrollment_id, &msp_id)
                .await?;
            let secret = authority
                .connect()?
                .register(&registrar, &new.registration)
                .await?;
            let enrollment = Enrollment {
                authority,
                options: new.options,
            };
            let new = NewEnrollment {
                label: None,
                msp_id,
                enrollment_id: enrollment_id.clone(),
                secret,
                key: new.key,
                enrollment,
            };
            match identities.enroll_as(label, new).await {
                Ok(record) => Ok(Some(record)),
                Err(source) => Err(IdentitiesError::RegisteredOnly {
                    enrollment_id,
                    source: Box::new(source),
                }),
            }
        })
        .await
    }

    async fn enroll_as(&self, label: Label, new: NewEnrollment) -> Result<Record, IdentitiesError> {
        let _change = self.begin_change(&label)?;
        let key = PrivateKey::generate(new.key)?;
        let authority = new.enrollment.authority.connect()?;
        let options = &new.enrollment.options;
        let credentials = authority
            .enroll(&new.enrollment_id, &new.secret, key, &new.msp_id, options)
            .await?;
        let record = self.add(label, credentials, Some(new.enrollment)).await?;
        tracing::info!(identity = %record.label, expires = %record.certificate.not_after(), "enrolled");
        Ok(record)
    }

    /// The label for a new identity, which nobody has yet; ledgers that wait for one of this label are of its organization.
    pub(super) async fn free_label(
        &self,
        label: &Option<String>,
        enrollment_id: &str,
        msp_id: &str,
    ) -> Result<Label, IdentitiesError> {
        let label = match label {
            Some(label) => label.parse()?,
            None => Label::of(enrollment_id, msp_id)?,
        };
        match self.record(&label).await {
            Err(IdentitiesError::Wallet(WalletError::NoSuchIdentity(label))) => {
                if let Some(lent) = self.lent().get(&label) {
                    lent.handle.check(msp_id)?;
                }
                Ok(label)
            }
            Ok(_) => Err(WalletError::LabelTaken(label).into()),
            Err(error) => Err(error),
        }
    }

    /// What an identity's CA tells everybody about itself.
    pub(crate) async fn authority_info(
        &self,
        label: &Label,
    ) -> Result<(AuthorityAddress, AuthorityInfo), IdentitiesError> {
        let address = self.authority_of(label).await?;
        let info = address.connect()?.info().await?;
        Ok((address, info))
    }

    /// Who is registered with an identity's CA, as far as it may see them.
    pub(crate) async fn registered(
        &self,
        label: &Label,
    ) -> Result<Vec<RegisteredIdentity>, IdentitiesError> {
        let authority = self.authority_of(label).await?.connect()?;
        let identity = self.handle(label).await?.get()?;
        Ok(authority.identities(&identity).await?)
    }

    /// The CA that gave an identity its certificate.
    pub(crate) async fn authority_of(
        &self,
        label: &Label,
    ) -> Result<AuthorityAddress, IdentitiesError> {
        let enrollment = self.record(label).await?.enrollment;
        let enrollment = enrollment.ok_or_else(|| IdentitiesError::NoAuthority(label.clone()))?;
        Ok(enrollment.authority)
    }
}
