//! Which peers are asked to endorse.

use chainloom_ledger::LedgerError;

use crate::endpoint::Peer;

/// Stands for the organization of a peer that did not say which it is of: no MSP id reads so.
pub(crate) const UNKNOWN_ORGANIZATION: &str = "organization unknown";

/// A peer of the channel, with its organization.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its name: `peer0.org1.example.com`.
    pub(crate) name: String,
    /// The MSP id of its organization.
    pub(crate) organization: String,
    /// How it is spoken to.
    pub(crate) peer: Peer,
}

impl Target {
    /// The peer as errors name it.
    pub(crate) fn shown(&self) -> String {
        format!("{} ({})", self.peer.address, self.organization)
    }
}

/// Which peers a call is for; an empty list leaves it open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection<'a> {
    /// The MSP ids of the organizations whose peers are asked.
    pub(crate) organizations: &'a [String],
    /// The names or addresses of the peers that are asked.
    pub(crate) peers: &'a [String],
    /// Whether there are data that only chosen peers may see.
    pub(crate) has_transient: bool,
}

impl Selection<'_> {
    /// The peers that are asked, in the order of `all` or, where peers are named, in theirs, with those of the `own` organization first.
    /// Transient data go to the `own` organization only, where nothing else is said.
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`] for an organization or a peer that the connection profile does not have.
    pub(crate) fn of<'a>(
        self,
        all: &'a [Target],
        own: &str,
    ) -> Result<Vec<&'a Target>, LedgerError> {
        let unknown = |code, what: &str, name: &str, has: Vec<&str>| LedgerError::InvalidCall {
            code,
            detail: format!(
                "the call asks for the {what} `{name}`, and the connection profile has {}",
                has.join(", ")
            ),
        };
        let is_in = |target: &Target, name: &str| target.organization == name;
        let is_called =
            |target: &Target, name: &str| target.name == name || target.peer.address == name;
        for name in self.organizations {
            if !all.iter().any(|target| is_in(target, name)) {
                let mut has: Vec<&str> = all.iter().map(|target| &*target.organization).collect();
                has.dedup();
                return Err(unknown("unknown_organization", "organization", name, has));
            }
        }
        for name in self.peers {
            if !all.iter().any(|target| is_called(target, name)) {
                let has = all.iter().map(|target| &*target.name).collect();
                return Err(unknown("unknown_peer", "peer", name, has));
            }
        }
        let is_own_only =
            self.has_transient && self.organizations.is_empty() && self.peers.is_empty();
        let mut chosen: Vec<&Target> = all
            .iter()
            .filter(|target| {
                let is_asked_for = |names: &[String], is: &dyn Fn(&Target, &str) -> bool| {
                    names.is_empty() || names.iter().any(|name| is(target, name))
                };
                is_asked_for(self.organizations, &is_in)
                    && is_asked_for(self.peers, &is_called)
                    && (!is_own_only || is_in(target, own))
            })
            .collect();
        let place = |target: &Target| self.peers.iter().position(|name| is_called(target, name));
        chosen.sort_by_key(|target| (!is_in(target, own), place(target)));
        match chosen.is_empty() {
            true => Err(LedgerError::InvalidCall {
                code: "no_peers_chosen",
                detail: "none of the peers that the call asks for belongs to the organizations that it asks for".to_owned(),
            }),
            false => Ok(chosen),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::profile::NodeEntry;

    fn all() -> Vec<Target> {
        [
            ("peer0", "Org1MSP"),
            ("peer1", "Org1MSP"),
            ("peer2", "Org2MSP"),
        ]
        .into_iter()
        .map(|(name, organization)| Target {
            name: name.to_owned(),
            organization: organization.to_owned(),
            peer: Peer::new(
                &NodeEntry {
                    name: name.to_owned(),
                    url: format!("grpc://{name}:7051"),
                    tls_roots: None,
                    server_name: None,
                },
                None,
            )
            .unwrap(),
        })
        .collect()
    }

    fn chosen(
        organizations: &[&str],
        peers: &[&str],
        has_transient: bool,
    ) -> Result<Vec<String>, &'static str> {
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        let (organizations, peers, all) = (owned(organizations), owned(peers), all());
        let selection = Selection {
            organizations: &organizations,
            peers: &peers,
            has_transient,
        };
        let chosen = selection
            .of(&all, "Org2MSP")
            .map_err(|error| error.code())?;
        Ok(chosen
            .into_iter()
            .map(|target| target.name.clone())
            .collect())
    }

    fn names(names: &[&str]) -> Result<Vec<String>, &'static str> {
        Ok(names.iter().map(|&name| name.to_owned()).collect())
    }

    #[tokio::test]
    async fn a_call_goes_to_all_peers_but_for_what_it_says() {
        // The own organization is Org2MSP.
        assert_eq!(chosen(&[], &[], false), names(&["peer2", "peer0", "peer1"]));
        assert_eq!(chosen(&["Org1MSP"], &[], false), names(&["peer0", "peer1"]));
        assert_eq!(
            chosen(&[], &["peer1", "peer0", "peer2:7051"], false),
            names(&["peer2", "peer1", "peer0"])
        );
        assert_eq!(chosen(&["Org1MSP"], &["peer1"], false), names(&["peer1"]));
    }

    #[tokio::test]
    async fn transient_data_stay_with_the_own_organization_unless_others_are_named() {
        assert_eq!(chosen(&[], &[], true), names(&["peer2"]));
        assert_eq!(chosen(&["Org1MSP"], &[], true), names(&["peer0", "peer1"]));
        assert_eq!(chosen(&[], &["peer0"], true), names(&["peer0"]));
    }

    #[tokio::test]
    async fn what_the_profile_does_not_have_is_refused() {
        assert_eq!(
            chosen(&["Org9MSP"], &[], false),
            Err("unknown_organization")
        );
        assert_eq!(chosen(&[], &["peer9"], false), Err("unknown_peer"));
        assert_eq!(
            chosen(&["Org2MSP"], &["peer1"], false),
            Err("no_peers_chosen")
        );
    }
}
