//! Whom the channel takes, by its configuration.

use std::time::Duration;

use super::error::OutsideError;
use super::signatory::Signatory;
use crate::channel::Channel;
use crate::identity::KeyKind;
use crate::ledger::FabricLedger;

/// How old the configuration may be by which somebody is taken. Peers, who have the newest, check it again.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// Since which version of its capabilities a channel takes Ed25519.
const ED25519_SINCE: u32 = 3;

/// Refuses whom the channel's peers would refuse without saying why.
///
/// # Errors
/// [`OutsideError`].
pub(super) async fn check(
    ledger: &FabricLedger,
    signatory: &Signatory,
) -> Result<(), OutsideError> {
    let is_taken = |channel: &Channel| check_in(channel, signatory).is_ok();
    let channel = ledger.channels.get(ledger, KEPT_FOR, is_taken).await?;
    check_in(&channel, signatory)
}

fn check_in(channel: &Channel, signatory: &Signatory) -> Result<(), OutsideError> {
    let subject = || signatory.certificate.subject().to_owned();
    let organization = &signatory.msp_id;
    let known = channel.membership.organizations();
    if !known.contains(organization) {
        return Err(OutsideError::UnknownOrganization {
            organization: organization.clone(),
            known,
        });
    }
    let member = channel
        .membership
        .check_member(organization, &signatory.certificate);
    member.map_err(|reason| OutsideError::NotAMember {
        subject: subject(),
        reason: reason.to_string(),
    })?;
    match signatory.kind == KeyKind::Ed25519 && !takes_ed25519(&channel.capabilities) {
        true => Err(OutsideError::Ed25519NotTaken {
            subject: subject(),
            capabilities: channel.capabilities.clone(),
        }),
        false => Ok(()),
    }
}

/// Fabric's rule: the channel's capability V3_0, or a later one, which includes it.
fn takes_ed25519(capabilities: &[String]) -> bool {
    let versions = capabilities.iter().filter_map(|capability| {
        let (version, _) = capability.strip_prefix('V')?.split_once('_')?;
        version.parse::<u32>().ok()
    });
    versions.max().is_some_and(|newest| newest >= ED25519_SINCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ed25519_is_taken_since_the_third_version() {
        let takes = |capabilities: &[&str]| {
            let capabilities: Vec<String> =
                capabilities.iter().map(|&text| text.to_owned()).collect();
            takes_ed25519(&capabilities)
        };
        assert!(takes(&["V3_0"]) && takes(&["V2_0", "V3_0"]) && takes(&["V10_1"]));
        assert!(!takes(&[]) && !takes(&["V2_0"]) && !takes(&["V1_4_3", "V3", "X3_0"]));
    }
}
