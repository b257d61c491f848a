//! Taking over an identity that was enrolled elsewhere.

use std::collections::BTreeMap;

use chainloom_fabric::identity::authority::Enrollment;
use chainloom_fabric::identity::wallet::Record;
use chainloom_fabric::identity::{
    Certificate, Credentials, Identity, MspContext, Passphrase, PrivateKey, Secret,
};
use jiff::Timestamp;

use super::{Identities, IdentitiesError, blocking};

/// An identity that was enrolled elsewhere, in texts.
pub(crate) struct NewImport {
    /// The label; `NAME@MSPID` where there is none.
    pub(crate) label: Option<String>,
    pub(crate) msp_id: String,
    pub(crate) certificate: String,
    pub(crate) private_key: Secret,
    /// Of the private key, where it is encrypted.
    pub(crate) passphrase: Option<Secret>,
    pub(crate) roots: BTreeMap<String, String>,
    pub(crate) intermediates: BTreeMap<String, String>,
    pub(crate) configuration: Option<String>,
    /// How to renew it.
    pub(crate) enrollment: Option<Enrollment>,
}

impl Identities {
    /// Stores an identity that was enrolled elsewhere. What no peer would take (a key of another certificate, a
    /// certificate that does not hold now) is refused.
    pub(crate) async fn import(&self, new: NewImport) -> Result<Record, IdentitiesError> {
        if let Some(enrollment) = &new.enrollment {
            enrollment.authority.connect()?;
        }
        let (label, enrollment) = (new.label.clone(), new.enrollment.clone());
        let credentials = blocking(move || read(&new)).await??;
        let enrollment_id = credentials
            .certificate()
            .enrollment_id()
            .unwrap_or_default();
        let label = self
            .free_label(&label, enrollment_id, credentials.msp_id())
            .await?;
        let _change = self.begin_change(&label)?;
        let record = self.add(label, credentials, enrollment).await?;
        tracing::info!(identity = %record.label, expires = %record.certificate.not_after(), "imported");
        Ok(record)
    }
}

fn read(new: &NewImport) -> Result<Credentials, IdentitiesError> {
    let certificate = Certificate::from_pem(&new.certificate)?;
    let passphrase = new.passphrase.as_ref();
    let passphrase = passphrase
        .map(|text| Passphrase::new(text.expose()))
        .transpose()?;
    let key = PrivateKey::from_pem(new.private_key.expose(), passphrase.as_ref())?;
    let context =
        MspContext::from_texts(&new.roots, &new.intermediates, new.configuration.clone())?;
    let credentials = Credentials::new(new.msp_id.as_str(), certificate, key, context)?;
    Identity::new(&credentials, Timestamp::now())?;
    Ok(credentials)
}
