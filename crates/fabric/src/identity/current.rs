use std::sync::Arc;

use tokio::sync::watch;

use super::Identity;

/// An identity that can be renewed while it is in use: whoever signs asks for it anew each time, so that nobody goes on
/// with a certificate that has been replaced.
#[derive(Debug, Clone)]
pub struct CurrentIdentity {
    current: Arc<watch::Sender<Arc<Identity>>>,
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
        let (current, _) = watch::channel(Arc::new(identity));
        Self {
            current: Arc::new(current),
        }
    }

    /// The one that holds now. What is signed in several steps is signed with one answer of this.
    pub fn get(&self) -> Arc<Identity> {
        self.current.borrow().clone()
    }

    /// Puts a renewed one in its place, for everybody who holds this.
    ///
    /// # Errors
    /// [`ReplaceError`]; the one in use stays then.
    pub fn replace(&self, identity: Identity) -> Result<(), ReplaceError> {
        let expected = self.get().msp_id().to_owned();
        if identity.msp_id() != expected {
            return Err(ReplaceError::OtherOrganization {
                expected,
                given: identity.msp_id().to_owned(),
            });
        }
        self.current.send_replace(Arc::new(identity));
        Ok(())
    }

    /// Tells of each replacement from now on.
    pub fn replacements(&self) -> watch::Receiver<Arc<Identity>> {
        self.current.subscribe()
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
        let (holder, told) = (current.clone(), current.replacements());
        let before = holder.get();
        assert!(!told.has_changed().unwrap());

        let renewed = identity_of(&testing::credentials(KeyKind::P256));
        let renewed_pem = renewed.certificate_pem().to_owned();
        current.replace(renewed).unwrap();
        assert_eq!(holder.get().certificate_pem(), renewed_pem);
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
        assert_eq!(current.get().msp_id(), "Org1MSP");
    }
}
