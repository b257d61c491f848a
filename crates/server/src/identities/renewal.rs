//! Renewing certificates by itself, before they end.

use std::collections::BTreeMap;
use std::time::Duration;

use chainloom_fabric::identity::wallet::{Label, Record};
use jiff::Timestamp;
use tokio::time::Instant;

use super::expiry::{days_left, renews_at};
use super::{Identities, IdentitiesError, RenewOptions};

/// How long nothing is looked at. Clocks can be set, so it is not until the next certificate is due.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);
/// How long to wait after a first failure; twice as long after each further one.
const BACKOFF_MIN: Duration = Duration::from_secs(15);
/// The longest wait after a failure.
const BACKOFF_MAX: Duration = Duration::from_secs(60 * 60);

/// What could not be renewed lately.
#[derive(Default)]
pub(super) struct Failures(BTreeMap<Label, Failure>);

struct Failure {
    count: u32,
    next_try: Instant,
    message: String,
}

impl Failures {
    fn add(&mut self, label: &Label, message: String, now: Instant) {
        let count = self
            .0
            .get(label)
            .map_or(1, |failure| failure.count.saturating_add(1));
        let failure = Failure {
            count,
            next_try: now + backoff(count),
            message,
        };
        self.0.insert(label.clone(), failure);
    }

    pub(super) fn forget(&mut self, label: &Label) {
        self.0.remove(label);
    }

    pub(super) fn message(&self, label: &Label) -> Option<String> {
        self.0.get(label).map(|failure| failure.message.clone())
    }

    fn next_try(&self, label: &Label) -> Option<Instant> {
        self.0.get(label).map(|failure| failure.next_try)
    }
}

/// How long to wait after so many failures in a row.
fn backoff(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    (BACKOFF_MIN * 2_u32.pow(doublings)).min(BACKOFF_MAX)
}

impl Identities {
    /// Renews certificates before they end, until `shutdown` comes back. A failure is told in the log and in the list
    /// of identities, and tried again after a while.
    pub async fn keep_renewed(&self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let renewing = async {
                let pause = self.renew_due().await;
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.0.changed.notified() => {}
                }
            };
            tokio::select! {
                () = renewing => {}
                () = shutdown.as_mut() => return,
            }
        }
    }

    /// Renews what is due, one after the other, and gives how long nothing will be.
    pub(super) async fn renew_due(&self) -> Duration {
        let listing = match self.list().await {
            Ok(listing) => listing,
            Err(error) => {
                tracing::error!("the wallet cannot be read, so nothing is renewed: {error}");
                return BACKOFF_MAX;
            }
        };
        let mut pause = LOOK_EVERY;
        for record in &listing.identities {
            if let Some(wait) = self.renew_if_due(record).await {
                pause = pause.min(wait);
            }
        }
        pause
    }

    /// How long until this one is due; none where it never is.
    async fn renew_if_due(&self, record: &Record) -> Option<Duration> {
        let (label, now) = (&record.label, Timestamp::now());
        let at = renews_at(record, self.0.reenroll_before_days)?;
        if record.certificate.not_after() < now {
            return None;
        }
        if now < at {
            return Some(at.duration_since(now).unsigned_abs());
        }
        let next_try = self.failures().next_try(label);
        let wait = next_try.map(|at| at.saturating_duration_since(Instant::now()));
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            return Some(wait);
        }
        match self.renew(label, RenewOptions::default()).await {
            // What it is now is looked at in the next round.
            Ok(_) => Some(Duration::ZERO),
            Err(IdentitiesError::Busy(_)) => Some(BACKOFF_MIN),
            Err(error) => {
                let left = days_left(record.certificate.not_after(), now);
                tracing::warn!(identity = %label, "could not be renewed, and ends in {left} days: {error}");
                self.failures()
                    .add(label, error.to_string(), Instant::now());
                let next_try = self.failures().next_try(label)?;
                Some(next_try.saturating_duration_since(Instant::now()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_an_hour() {
        let waits: Vec<u64> = [1, 2, 3, 8, 9, 100, u32::MAX]
            .map(|failures| backoff(failures).as_secs())
            .to_vec();
        assert_eq!(waits, [15, 30, 60, 1920, 3600, 3600, 3600]);
    }

    #[test]
    fn failures_are_counted_for_each_identity() {
        let (alice, bob): (Label, Label) = ("alice".parse().expect("a"), "bob".parse().expect("b"));
        let now = Instant::now();
        let mut failures = Failures::default();
        failures.add(&alice, "away".to_owned(), now);
        failures.add(&alice, "still away".to_owned(), now);
        failures.add(&bob, "denied".to_owned(), now);
        assert_eq!(failures.message(&alice).as_deref(), Some("still away"));
        assert_eq!(failures.next_try(&alice), Some(now + 2 * BACKOFF_MIN));
        assert_eq!(failures.next_try(&bob), Some(now + BACKOFF_MIN));
        failures.forget(&alice);
        assert_eq!(failures.message(&alice), None);
    }
}
