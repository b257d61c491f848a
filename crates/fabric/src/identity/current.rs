use std::sync::{Arc, Weak};

use chainloom_ledger::LedgerError;
use tokio::sync::watch;

use super::Identity;

/// An identity that can be renewed while it is in use: whoever signs asks for it anew each time, so that nobody goes on
/// with a certificate that has been replaced, or with a key that has been taken away.
#[derive(Debug, Clone)]
pub struct CurrentIdentity {
    state: Arc<watch::Sender<State>>,
}

/// Where the other holders of an identity are told from, without being one of them.
#[derive(Debug, Clone)]
pub(crate) struct WeakIdentity(Weak<watch::Sender<State>>);

/// What holds now.
#[derive(Debug)]
pub(crate) struct State {
    identity: Arc<Identity>,
    withdrawn: Option<Withdrawn>,
}

/// The identity is used no more until another takes its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Withdrawn {
    /// Why, and what brings it back.
    reason: Arc<str>,
}

impl From<Withdrawn> for LedgerError {
    fn from(error: Withdrawn) -> Self {
        LedgerError::Unavailable {
            code: "identity_withdrawn",
            detail: error.to_string(),
            endorsers: Vec::new(),
        }
    }
}

/// Why one identity cannot take the place of another.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// It belongs to another organization, whose peers and rights are others.
    #[error(
        "an identity of {given} cannot take the place of one of {expected}: enroll with a CA of {expected}"
    )]
    OtherOrganization {
        /// The MSP id of the one in use.
        expected: String,
        /// The MSP id of the one that was given.
        given: String,
    },
}

impl CurrentIdentity {
    /// Begins with this one.
    pub fn new(identity: Identity) -> Self {
        let (state, _) = watch::channel(State {
            identity: Arc::new(identity),
            withdrawn: None,
        });
        Self {
            state: Arc::new(state),
        }
    }

    /// The one that holds now. What is signed in several steps is signed with one answer of this.
    ///
    /// # Errors
    /// [`Withdrawn`] where it is not to be used.
    pub fn get(&self) -> Result<Arc<Identity>, Withdrawn> {
        let state = self.state.borrow();
        match &state.withdrawn {
            None => Ok(state.identity.clone()),
            Some(withdrawn) => Err(withdrawn.clone()),
        }
    }

    /// The one that was last in use, withdrawn or not: who it is, for what is not signed.
    pub fn latest(&self) -> Arc<Identity> {
        self.state.borrow().identity.clone()
    }

    /// Puts a renewed one in its place, for everybody who holds this, and after a [`Self::withdraw`] too.
    ///
    /// # Errors
    /// [`ReplaceError`]; the one in use stays then.
    pub fn replace(&self, identity: Identity) -> Result<(), ReplaceError> {
        self.check(identity.msp_id())?;
        self.state.send_replace(State {
            identity: Arc::new(identity),
            withdrawn: None,
        });
        Ok(())
    }

    /// Whether an identity of this organization could take its place.
    ///
    /// # Errors
    /// [`ReplaceError`].
    pub fn check(&self, msp_id: &str) -> Result<(), ReplaceError> {
        let expected = self.latest().msp_id().to_owned();
        if msp_id != expected {
            return Err(ReplaceError::OtherOrganization {
                expected,
                given: msp_id.to_owned(),
            });
        }
        Ok(())
    }

    /// Takes it away from everybody who holds this: nothing is signed with it any more, and open streams end. `reason` is what they are told: why,
    /// and what brings it back.
    pub fn withdraw(&self, reason: impl Into<Arc<str>>) {
        let reason = reason.into();
        self.state
            .send_modify(|state| state.withdrawn = Some(Withdrawn { reason }));
    }

    /// Tells of each replacement and withdrawal from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub(crate) fn downgrade(&self) -> WeakIdentity {
        WeakIdentity(Arc::downgrade(&self.state))
    }
}

impl WeakIdentity {
    /// The identity, while somebody holds it.
    pub(crate) fn upgrade(&self) -> Option<CurrentIdentity> {
        let state = self.0.upgrade()?;
        Some(CurrentIdentity { state })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::Timestamp;

    use super::*;
    use crate::identity::{Credentials, KeyKind, testing};

    fn identity_of(credentials: &Credentials) -> Identity {
        Identity::new(credentials, Timestamp::now()).unwrap()
    }

    #[test]
    fn everybody_who_holds_it_sees_the_renewed_one() {
        let current = CurrentIdentity::new(identity_of(&testing::credentials(KeyKind::P256)));
        let (holder, told) = (current.clone(), current.changes());
        let before = holder.get().unwrap();
        assert!(!told.has_changed().unwrap());

        let renewed = identity_of(&testing::credentials(KeyKind::P256));
        let renewed_pem = renewed.certificate_pem().to_owned();
        current.replace(renewed).unwrap();
        assert_eq!(holder.get().unwrap().certificate_pem(), renewed_pem);
        assert_ne!(before.certificate_pem(), renewed_pem);
        assert!(told.has_changed().unwrap());
    }

    #[test]
    fn another_organization_cannot_take_its_place() {
        let credentials = testing::credentials(KeyKind::P256);
        let current = CurrentIdentity::new(identity_of(&credentials));
        let other = Credentials::new(
            "Org2MSP",
            credentials.certificate().clone(),
            credentials.private_key().clone(),
            credentials.context().clone(),
        );
        let refused = current.replace(identity_of(&other.unwrap())).unwrap_err();
        let ReplaceError::OtherOrganization { expected, given } = &refused;
        assert_eq!((expected.as_str(), given.as_str()), ("Org1MSP", "Org2MSP"));
        assert!(refused.to_string().contains("enroll"), "{refused}");
        assert_eq!(current.latest().msp_id(), "Org1MSP");
    }

    #[test]
    fn what_was_withdrawn_is_given_to_nobody_until_another_takes_its_place() {
        let current = CurrentIdentity::new(identity_of(&testing::credentials(KeyKind::P256)));
        let (holder, told) = (current.clone(), current.changes());
        current.withdraw("`alice` was forgotten: enroll again");
        assert!(told.has_changed().unwrap());
        let withdrawn = holder.get().unwrap_err();
        assert_eq!(withdrawn.to_string(), "`alice` was forgotten: enroll again");
        assert_eq!(holder.latest().msp_id(), "Org1MSP");
        let error = LedgerError::from(withdrawn);
        assert_eq!(error.code(), "identity_withdrawn");

        let renewed = identity_of(&testing::credentials(KeyKind::P256));
        let renewed_pem = renewed.certificate_pem().to_owned();
        current.replace(renewed).unwrap();
        assert_eq!(holder.get().unwrap().certificate_pem(), renewed_pem);
    }
}
