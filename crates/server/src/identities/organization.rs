//! Whose CA it is. A CA's own certificate does not say for which MSP id it certifies; the channels that are served do.

use std::time::Duration;

use chainloom_fabric::FabricLedger;
use chainloom_fabric::identity::Certificate;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::IdentitiesError;
use super::enroll::NewEnrollment;
use crate::ledgers::{Entry, Ledgers};

/// How long the channels may take to tell. Those that do not are left out: whom they do not take is told when a ledger is connected.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// Refuses to enroll somebody under an MSP id that is not the CA's, as far as a channel that is served knows the CA: the secret would be used up for
/// a certificate that no channel takes.
///
/// # Errors
/// [`IdentitiesError::ForeignOrganization`], and what the CA answers where it cannot tell its certificate.
pub(crate) async fn check_organization(
    ledgers: &Ledgers,
    new: &NewEnrollment,
) -> Result<(), IdentitiesError> {
    let channels: Vec<(String, FabricLedger)> = ledgers
        .all()
        .iter()
        .filter_map(|(name, entry)| match entry {
            Entry::Served(served) => Some((name.clone(), served.channel.clone()?)),
            Entry::Unavailable(_) => None,
        })
        .collect();
    if channels.is_empty() {
        return Ok(());
    }
    let authority = new.enrollment.authority.connect()?;
    let chain = authority.info().await?.chain;
    let told = channels
        .iter()
        .map(|(ledger, channel)| told(ledger, channel, &chain));
    let told: Vec<_> = join_all(told).await.into_iter().flatten().collect();
    let is_own = |(_, organizations): &(&str, Vec<String>)| organizations.contains(&new.msp_id);
    match told.first() {
        // One CA may certify for organizations of several channels.
        Some((ledger, organizations)) if !told.iter().any(is_own) => {
            Err(IdentitiesError::ForeignOrganization {
                msp_id: new.msp_id.clone(),
                organizations: organizations.clone(),
                ledger: (*ledger).to_owned(),
            })
        }
        _ => Ok(()),
    }
}

/// The organizations of a channel that know the CA, with the name of its ledger, where there are any.
async fn told<'a>(
    ledger: &'a str,
    channel: &FabricLedger,
    chain: &[Certificate],
) -> Option<(&'a str, Vec<String>)> {
    let told = timeout(TOLD_WITHIN, channel.organizations_of_authority(chain)).await;
    let organizations = told.ok()?.ok()?;
    (!organizations.is_empty()).then_some((ledger, organizations))
}
