//! How long certificates hold, when they are renewed, and what there is to worry about.

use chainloom_fabric::identity::Validity;
use chainloom_fabric::identity::wallet::Record;
use jiff::{SignedDuration, Timestamp};

use super::{Identities, IdentitiesError};

const DAY_S: i64 = 24 * 60 * 60;
/// How many days before its end a certificate is worth a warning, renewed by itself or not.
const WARN_BEFORE_DAYS: i64 = 14;

/// Whole days until a certificate ends; negative once it has.
pub(crate) fn days_left(not_after: Timestamp, now: Timestamp) -> i64 {
    (not_after.as_second() - now.as_second()).div_euclid(DAY_S)
}

/// How an identity is doing.
pub(crate) struct State {
    /// When it is renewed by itself; none where it is not.
    pub(crate) renews_at: Option<Timestamp>,
    /// Why the last attempt to renew it failed.
    pub(crate) renewal_error: Option<String>,
    /// What somebody should know.
    pub(crate) warnings: Vec<String>,
}

impl Identities {
    /// How an identity is doing at `now`.
    pub(crate) fn state(&self, record: &Record, now: Timestamp) -> State {
        let renews_at = renews_at(record, self.0.reenroll_before_days)
            .filter(|_| record.certificate.validity_at(now) != Validity::Expired);
        let renewal_error = self.failures().message(&record.label);
        State {
            warnings: warnings(record, renews_at, renewal_error.as_deref(), now),
            renews_at,
            renewal_error,
        }
    }

    /// All warnings there are, each with its identity's label.
    pub(crate) async fn warnings(&self) -> Result<Vec<String>, IdentitiesError> {
        let (listing, now) = (self.list().await?, Timestamp::now());
        let of = |record: &Record| {
            let warnings = self.state(record, now).warnings.into_iter();
            warnings
                .map(|warning| format!("identity {}: {warning}", record.label))
                .collect::<Vec<_>>()
        };
        let damaged = listing
            .damaged
            .iter()
            .map(|error| format!("wallet: {error}"));
        Ok(listing
            .identities
            .iter()
            .flat_map(of)
            .chain(damaged)
            .collect())
    }
}

/// When an identity is renewed by itself: some days before its end. Where a CA gives certificates that are shorter than
/// that, each would be renewed at once, so one that was renewed already has two thirds of its time.
pub(super) fn renews_at(record: &Record, before_days: u32) -> Option<Timestamp> {
    if before_days == 0 || record.revoked_at.is_some() || record.enrollment.is_none() {
        return None;
    }
    let not_after = record.certificate.not_after();
    let before = SignedDuration::from_secs(i64::from(before_days) * DAY_S);
    let before = match record.is_renewed {
        true => before.min(not_after.duration_since(record.stored_at) / 3),
        false => before,
    };
    Some(not_after.checked_sub(before).unwrap_or(Timestamp::MIN))
}

fn warnings(
    record: &Record,
    renews_at: Option<Timestamp>,
    renewal_error: Option<&str>,
    now: Timestamp,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let certificate = &record.certificate;
    let left = days_left(certificate.not_after(), now);
    match certificate.validity_at(now) {
        Validity::Expired => warnings.push(format!(
            "expired at {}: enroll again, for a CA renews none that is expired",
            certificate.not_after()
        )),
        Validity::NotYetValid => {
            warnings.push(format!("valid from {} on only", certificate.not_before()))
        }
        Validity::Valid if left < WARN_BEFORE_DAYS => {
            let by_itself = match (renews_at, &record.enrollment) {
                (Some(_), _) => "",
                (None, None) => {
                    "; it is not renewed by itself, for its CA is not known: reenroll it with `ca` (--ca-url and --tls-ca-certs)"
                }
                (None, Some(_)) => "; it is not renewed by itself: reenroll it",
            };
            warnings.push(format!("expires in {left} days{by_itself}"));
        }
        Validity::Valid => {}
    }
    if let Some(revoked_at) = record.revoked_at {
        warnings.push(format!("revoked at {revoked_at}"));
    }
    if let Some(error) = renewal_error {
        warnings.push(format!("could not be renewed: {error}"));
    }
    warnings
}
