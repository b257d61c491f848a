//! Telling a CA that an identity is good no more.

use chainloom_fabric::identity::authority::{Revocation, Revoked as What};
use chainloom_fabric::identity::wallet::{Label, Record};
use jiff::Timestamp;

use super::{Identities, IdentitiesError, to_the_end};

/// The reasons of RFC 5280, 5.3.1, as Fabric's CA takes them.
pub(super) const REASONS: [&str; 10] = [
    "unspecified",
    "keycompromise",
    "cacompromise",
    "affiliationchange",
    "superseded",
    "cessationofoperation",
    "certificatehold",
    "removefromcrl",
    "privilegewithdrawn",
    "aacompromise",
];

/// What to revoke, and who asks.
pub(crate) struct RevokeOptions {
    /// Who asks: a label.
    pub(crate) registrar: String,
    pub(crate) reason: String,
    /// Only this certificate, so that the identity can enroll again.
    pub(crate) only_certificate: bool,
}

/// What a revocation did.
pub(crate) struct Revoked {
    pub(crate) record: Record,
    pub(crate) revocation: Revocation,
}

impl Identities {
    /// Revokes an identity at its CA. The wallet keeps it.
    pub(crate) async fn revoke(
        &self,
        label: &Label,
        options: RevokeOptions,
    ) -> Result<Revoked, IdentitiesError> {
        if !REASONS.contains(&options.reason.as_str()) {
            let shown = options.reason.chars().take(40).collect();
            return Err(IdentitiesError::Reason(shown));
        }
        let (identities, label) = (self.clone(), label.clone());
        to_the_end(async move {
            let _change = identities.begin_change(&label)?;
            let record = identities.record(&label).await?;
            let registrar_label: Label = options.registrar.parse()?;
            let registrar = identities.handle(&registrar_label).await?.get()?;
            let authority = match &record.enrollment {
                Some(enrollment) => enrollment.authority.clone(),
                None => identities.authority_of(&registrar_label).await?,
            };
            let certificate = &record.certificate;
            let what = match (options.only_certificate, certificate.enrollment_id()) {
                (false, Some(enrollment_id)) => What::Identity(enrollment_id.to_owned()),
                _ => What::Certificate(Box::new(certificate.clone())),
            };
            let authority = authority.connect()?;
            let revocation = authority.revoke(&registrar, &what, &options.reason).await?;
            let marked = identities.with_wallet({
                let label = label.clone();
                move |wallet| wallet.mark_revoked(&label, Timestamp::now())
            });
            let record = marked.await??;
            tracing::warn!(identity = %label, registrar = %registrar_label, reason = %options.reason, "revoked");
            Ok(Revoked { record, revocation })
        })
        .await
    }

    /// The list of revoked certificates of an identity's CA, asked for as that identity.
    pub(crate) async fn revocation_list(&self, label: &Label) -> Result<String, IdentitiesError> {
        let authority = self.authority_of(label).await?.connect()?;
        let identity = self.handle(label).await?.get()?;
        Ok(authority.revocation_list(&identity).await?)
    }
}
