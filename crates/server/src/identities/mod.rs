//! Who can act through this server: its wallet, the CAs behind it, and the handles with which ledgers sign.
//!
//! Each identity that is in use has one handle, whoever uses it. A renewed certificate goes into that handle, so that the
//! next call of every ledger is made with it.

mod change;
mod enroll;
mod error;
mod expiry;
mod export;
mod import;
mod metrics;
mod open;
mod organization;
mod renew;
mod renewal;
mod revoke;
#[cfg(test)]
mod tests;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chainloom_fabric::identity::authority::Enrollment;
use chainloom_fabric::identity::wallet::{Label, Listing, Record, StateStore};
use chainloom_fabric::identity::{Credentials, CurrentIdentity, Identity, Wallet};
use jiff::Timestamp;
use tokio::sync::{Mutex as AsyncMutex, Notify, watch};

pub(crate) use enroll::{NewEnrollment, NewRegistration};
pub use error::IdentitiesError;
pub(crate) use expiry::days_left;
pub(crate) use import::NewImport;
pub(crate) use metrics::render as render_metrics;
pub use open::{OpenWalletError, WalletOptions, WalletSecret};
pub(crate) use organization::check_organization;
pub(crate) use renew::RenewOptions;
use renewal::Failures;
pub(crate) use revoke::RevokeOptions;

/// The identities of a server. Copies are the same.
#[derive(Clone)]
pub struct Identities(Arc<Shared>);

struct Shared {
    state_store: StateStore,
    /// Work with keys costs a fifth of a second and 16 MiB, so there is one at a time.
    wallet: Arc<AsyncMutex<Wallet>>,
    lent: Mutex<BTreeMap<Label, Lent>>,
    /// The labels whose certificate is being replaced.
    changing: Mutex<BTreeSet<Label>>,
    failures: Mutex<Failures>,
    reenroll_before_days: u32,
    /// Tells the task that renews that there is something new.
    changed: Notify,
    /// Tells ledgers that wait for their user that somebody was enrolled or imported.
    added: watch::Sender<()>,
}

/// An identity that is ready to sign, or that was forgotten while ledgers signed with it: they go on once it is there again.
struct Lent {
    handle: CurrentIdentity,
    /// The ledgers that were opened with it.
    ledgers: BTreeSet<String>,
}

impl Identities {
    /// The identity with which a ledger signs. It stays the current one when it is renewed.
    ///
    /// # Errors
    /// [`IdentitiesError::Label`] where `label` is none; [`IdentitiesError::Wallet`] where nobody has it, or where the
    /// certificate does not hold now.
    pub async fn lend(
        &self,
        label: &str,
        ledger: &str,
    ) -> Result<CurrentIdentity, IdentitiesError> {
        let label: Label = label.parse()?;
        let handle = self.handle(&label).await?;
        if let Some(lent) = self.lent().get_mut(&label) {
            lent.ledgers.insert(ledger.to_owned());
        }
        Ok(handle)
    }

    /// The identity of a caller, for one call. It is looked up for each, so it counts as no use by a ledger.
    ///
    /// # Errors
    /// As [`Identities::lend`].
    pub(crate) async fn of_caller(&self, label: &str) -> Result<CurrentIdentity, IdentitiesError> {
        self.handle(&label.parse()?).await
    }

    /// Says that a ledger is not served any more.
    pub fn give_back(&self, ledger: &str) {
        self.lent().retain(|_, lent| {
            lent.ledgers.remove(ledger);
            !lent.ledgers.is_empty() || lent.handle.get().is_ok()
        });
    }

    /// Tells of each identity that is enrolled or imported from now on.
    pub(crate) fn additions(&self) -> watch::Receiver<()> {
        self.0.added.subscribe()
    }

    /// The handle of an identity, whose key is decrypted for the first who asks.
    async fn handle(&self, label: &Label) -> Result<CurrentIdentity, IdentitiesError> {
        let now = Timestamp::now();
        let in_use = self.in_use(label);
        if let Some((handle, identity)) = in_use {
            return match identity.check_validity(now) {
                Ok(()) => Ok(handle),
                Err(source) => Err(IdentitiesError::not_valid(label, source)),
            };
        }
        let (identities, owned) = (self.clone(), label.clone());
        self.with_wallet(move |wallet| {
            // Another caller may have been first; its handle is the one that is renewed.
            if let Some((handle, _)) = identities.in_use(&owned) {
                return Ok(handle);
            }
            let identity = wallet.identity(&owned, now)?;
            identities.put(&owned, identity)
        })
        .await?
    }

    /// An identity that was asked for before and is not forgotten.
    fn in_use(&self, label: &Label) -> Option<(CurrentIdentity, Arc<Identity>)> {
        let lent = self.lent();
        let handle = &lent.get(label)?.handle;
        Some((handle.clone(), handle.get().ok()?))
    }

    /// Gives an identity to those who have its handle; there is one handle for each label.
    fn put(&self, label: &Label, identity: Identity) -> Result<CurrentIdentity, IdentitiesError> {
        match self.lent().entry(label.clone()) {
            Entry::Occupied(lent) => {
                let handle = &lent.get().handle;
                handle.replace(identity)?;
                Ok(handle.clone())
            }
            Entry::Vacant(free) => {
                let handle = CurrentIdentity::new(identity);
                let lent = Lent {
                    handle: handle.clone(),
                    ledgers: BTreeSet::new(),
                };
                free.insert(lent);
                Ok(handle)
            }
        }
    }

    /// Stores a new identity. Ledgers that had one of this label before it was forgotten go on with it at once.
    async fn add(
        &self,
        label: Label,
        credentials: Credentials,
        enrollment: Option<Enrollment>,
    ) -> Result<Record, IdentitiesError> {
        let identities = self.clone();
        let added = self.with_wallet(move |wallet| {
            let now = Timestamp::now();
            let identity = Identity::new(&credentials, now)
                .map_err(|source| IdentitiesError::not_valid(&label, source))?;
            let waiting = identities
                .lent()
                .get(&label)
                .map(|lent| lent.handle.clone());
            if let Some(handle) = &waiting {
                handle.check(credentials.msp_id())?;
            }
            let record = wallet.add(&label, &credentials, enrollment.as_ref(), now)?;
            if let Some(handle) = waiting {
                handle.replace(identity)?;
            }
            Ok::<_, IdentitiesError>(record)
        });
        let record = added.await??;
        self.0.changed.notify_one();
        self.0.added.send_replace(());
        Ok(record)
    }

    /// All identities, and what is wrong with files that cannot be read.
    pub(crate) async fn list(&self) -> Result<Listing, IdentitiesError> {
        let store = self.0.state_store.clone();
        Ok(blocking(move || store.list()).await??)
    }

    /// What the wallet holds of an identity.
    pub(crate) async fn record(&self, label: &Label) -> Result<Record, IdentitiesError> {
        let (store, label) = (self.0.state_store.clone(), label.clone());
        Ok(blocking(move || store.read(&label)).await??)
    }

    /// The ledgers that use an identity.
    pub(crate) fn ledgers_of(&self, label: &Label) -> BTreeSet<String> {
        let lent = self.lent();
        lent.get(label)
            .map(|lent| lent.ledgers.clone())
            .unwrap_or_default()
    }

    /// Deletes an identity here. Its CA and the channels are told nothing.
    pub(crate) async fn forget(&self, label: &Label, force: bool) -> Result<(), IdentitiesError> {
        let _change = self.begin_change(label)?;
        let ledgers = self.ledgers_of(label);
        if !ledgers.is_empty() && !force {
            return Err(IdentitiesError::InUse {
                label: label.clone(),
                ledgers: ledgers.into_iter().collect(),
            });
        }
        let (identities, label) = (self.clone(), label.clone());
        self.with_wallet(move |wallet| {
            wallet.state_store().forget(&label)?;
            identities.failures().forget(&label);
            let mut lent = identities.lent();
            let Some(forgotten) = lent.get(&label) else {
                return Ok(());
            };
            forgotten.handle.withdraw(format!(
                "the identity `{label}` was forgotten here, so nothing is signed with it any more: enroll or import it again under the label \
                 `{label}` (`chainloom identity enroll --label {label} …`), and this ledger goes on at once"
            ));
            // Its ledgers go on with this handle if it comes back.
            if forgotten.ledgers.is_empty() {
                lent.remove(&label);
            }
            Ok(())
        })
        .await?
    }

    /// Runs work on the wallet off the async threads, one at a time. It goes on to its end if nobody waits any more.
    async fn with_wallet<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Wallet) -> T + Send + 'static,
    ) -> Result<T, IdentitiesError> {
        let wallet = Arc::clone(&self.0.wallet).lock_owned().await;
        blocking(move || work(&wallet)).await
    }

    fn lent(&self) -> MutexGuard<'_, BTreeMap<Label, Lent>> {
        self.0.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.0
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, IdentitiesError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(IdentitiesError::Panicked)
}

/// Runs to its end also where the caller goes away: what a CA did must not be lost half-way.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, IdentitiesError>> + Send + 'static,
) -> Result<T, IdentitiesError> {
    let done = tokio::spawn(work).await;
    done.map_err(IdentitiesError::Panicked)?
}
