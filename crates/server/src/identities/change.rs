//! One change of an identity at a time.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use chainloom_fabric::identity::wallet::Label;

use super::{Identities, IdentitiesError};

/// The right to change an identity, until it is dropped.
pub(super) struct Change {
    identities: Identities,
    label: Label,
}

impl Identities {
    /// Takes the right to change an identity.
    pub(super) fn begin_change(&self, label: &Label) -> Result<Change, IdentitiesError> {
        if !self.changing().insert(label.clone()) {
            return Err(IdentitiesError::Busy(label.clone()));
        }
        Ok(Change {
            identities: self.clone(),
            label: label.clone(),
        })
    }

    fn changing(&self) -> MutexGuard<'_, BTreeSet<Label>> {
        self.0
            .changing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        self.identities.changing().remove(&self.label);
    }
}
