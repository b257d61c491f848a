//! Which peers are asked to endorse.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use chainloom_ledger::LedgerError;

use crate::endpoint::Peer;

/// Stands for the organization of a peer that did not say which it is of: no MSP id reads so.
const UNKNOWN_ORGANIZATION: &str = "organization unknown";

/// The MSP id of a peer's organization, which may be learnt later. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Affiliation(Arc<OnceLock<String>>);

impl Affiliation {
    /// Whether the peer has said of which organization it is.
    pub(crate) fn is_known(&self) -> bool {
        self.0.get().is_some()
    }

    /// The peer says of which it is. What it said first counts.
    pub(crate) fn learn(&self, msp_id: String) {
        let _ = self.0.set(msp_id);
    }

    /// Whether others need to know it, too.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl From<&str> for Affiliation {
    fn from(msp_id: &str) -> Self {
        Self(Arc::new(OnceLock::from(msp_id.to_owned())))
    }
}

impl Deref for Affiliation {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.get().map_or(UNKNOWN_ORGANIZATION, String::as_str)
    }
}

impl fmt::Display for Affiliation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self)
    }
}

/// A peer of the channel, with its organization.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Its name: `peer0.org1.example.com`.
    pub(crate) name: String,
    /// The MSP id of its organization.
    pub(crate) organization: Affiliation,
    /// How it is spoken to.
    pub(crate) peer: Peer,
}

impl Target {
    /// The peer as errors name it.
    pub(crate) fn shown(&self) -> String {
        format!("{} ({})", self.peer.address, self.organization)
    }

    /// Whether a call means this peer by `name`: its name or its address.
    fn is_called(&self, name: &str) -> bool {
        self.name == name || is_same_address(&self.peer.address, name)
    }
}

/// Whether both are one port; this machine has more than one name.
fn is_same_address(one: &str, other: &str) -> bool {
    let parts = |address: &str| {
        let (host, port) = address.rsplit_once(':')?;
        let host = match host {
            "127.0.0.1" | "[::1]" => "localhost",
            host => host,
        };
        Some((host.to_owned(), port.to_owned()))
    };
    one == other || parts(one).is_some_and(|parts_of_one| parts(other) == Some(parts_of_one))
}

/// Refuses a call that names peers and organizations which exclude each other.
///
/// # Errors
/// [`LedgerError::InvalidCall`].
pub(crate) fn check_agree(
    all: &[Target],
    organizations: &[String],
    peers: &[String],
) -> Result<(), LedgerError> {
    if organizations.is_empty() {
        return Ok(());
    }
    let is_other = |target: &&Target| {
        let is_named = |name: &String| **name == *target.organization;
        target.organization.is_known() && !organizations.iter().any(is_named)
    };
    let other = peers.iter().find_map(|name| {
        let mut called = all.iter().filter(|target| target.is_called(name));
        Some((name, called.find(is_other)?))
    });
    match other {
        None => Ok(()),
        Some((name, target)) => Err(LedgerError::InvalidCall {
            code: "peers_contradict_organizations",
            detail: format!(
                "`peers` names {name}, which is of {}, and `organizations` names only {}: name that organization too, or leave one of the \
                 two out",
                target.organization,
                organizations.join(", ")
            ),
        }),
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
    /// [`LedgerError::InvalidCall`] for an organization or a peer that is not among `all`, and where what is named excludes each other.
    pub(crate) fn of<'a>(
        self,
        all: &'a [Target],
        own: &str,
    ) -> Result<Vec<&'a Target>, LedgerError> {
        let unknown = |code, what: &str, name: &str, has: Vec<String>| LedgerError::InvalidCall {
            code,
            detail: format!(
                "the call asks for the {what} `{name}`, and this ledger asks {}",
                has.join(", ")
            ),
        };
        let is_in = |target: &Target, name: &str| *target.organization == *name;
        let is_called = |target: &Target, name: &str| target.is_called(name);
        for name in self.organizations {
            if !all.iter().any(|target| is_in(target, name)) {
                let has = all.iter().map(|target| target.organization.to_string());
                let mut has: Vec<String> = has.collect();
                has.dedup();
                return Err(unknown("unknown_organization", "organization", name, has));
            }
        }
        for name in self.peers {
            if !all.iter().any(|target| is_called(target, name)) {
                let has = all
                    .iter()
                    .map(|target| match &target.name {
                        name if name.ends_with(&target.peer.address) => target.shown(),
                        name => format!("{name} at {}", target.shown()),
                    })
                    .collect();
                return Err(unknown("unknown_peer", "peer", name, has));
            }
        }
        check_agree(all, self.organizations, self.peers)?;
        let unnamed = self.organizations.iter().find(|organization| {
            let is_of = |name: &String| {
                let mut called = all.iter().filter(|target| is_called(target, name));
                called.any(|target| is_in(target, organization))
            };
            !self.peers.is_empty() && !self.peers.iter().any(is_of)
        });
        if let Some(organization) = unnamed {
            return Err(LedgerError::InvalidCall {
                code: "peers_contradict_organizations",
                detail: format!(
                    "`organizations` names {organization}, and `peers` names only {}, none of which is of it: name one of its peers too, or \
                     leave one of the two out",
                    self.peers.join(", ")
                ),
            });
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
                detail: format!(
                    "the call has transient data, which go to peers of {own} only, and this ledger asks none of them: name `organizations` or \
                     `peers` that may see the data"
                ),
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
            organization: organization.into(),
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

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn chosen(
        organizations: &[&str],
        peers: &[&str],
        has_transient: bool,
    ) -> Result<Vec<String>, &'static str> {
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

    /// The sentence of a refusal.
    fn told(organizations: &[&str], peers: &[&str]) -> String {
        let (organizations, peers, all) = (owned(organizations), owned(peers), all());
        let selection = Selection {
            organizations: &organizations,
            peers: &peers,
            has_transient: false,
        };
        selection.of(&all, "Org2MSP").unwrap_err().to_string()
    }

    fn names(names: &[&str]) -> Result<Vec<String>, &'static str> {
        Ok(owned(names))
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
        let told = told(&[], &["peer9"]);
        assert!(
            told.ends_with("this ledger asks peer0 at peer0:7051 (Org1MSP), peer1 at peer1:7051 (Org1MSP), peer2 at peer2:7051 (Org2MSP)"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn peers_and_organizations_that_exclude_each_other_are_refused_by_their_names() {
        for (organizations, peers, named) in [
            (
                &["Org2MSP"][..],
                &["peer1"][..],
                ["peer1, which is of Org1MSP", "only Org2MSP"],
            ),
            (
                &["Org2MSP"],
                &["peer2", "peer1"],
                ["peer1, which is of Org1MSP", "only Org2MSP"],
            ),
            (
                &["Org1MSP", "Org2MSP"],
                &["peer1:7051"],
                ["names Org2MSP", "only peer1:7051"],
            ),
        ] {
            let refused = chosen(organizations, peers, false);
            assert_eq!(refused, Err("peers_contradict_organizations"));
            let told = told(organizations, peers);
            assert!(named.iter().all(|name| told.contains(name)), "{told}");
        }
        assert!(chosen(&["Org1MSP", "Org2MSP"], &["peer1", "peer2"], false).is_ok());
        // No peer of the own organization is asked here.
        let all = &all()[..2];
        let selection = Selection {
            organizations: &[],
            peers: &[],
            has_transient: true,
        };
        let refused = selection.of(all, "Org2MSP").unwrap_err();
        assert_eq!(refused.code(), "no_peers_chosen");
        // Through a gateway peers of other organizations endorse, too.
        let both = owned(&["Org1MSP", "Org2MSP"]);
        assert!(check_agree(all, &both, &owned(&["peer1"])).is_ok());
        assert!(check_agree(all, &[], &owned(&["peer1"])).is_ok());
        assert!(check_agree(all, &owned(&["Org2MSP"]), &owned(&["peer1"])).is_err());
    }

    #[test]
    fn this_machine_has_more_than_one_name() {
        assert!(is_same_address("localhost:7051", "127.0.0.1:7051"));
        assert!(is_same_address("[::1]:7051", "localhost:7051"));
        assert!(!is_same_address("localhost:7051", "127.0.0.1:7052"));
        assert!(!is_same_address("localhost:7051", "peer0:7051"));
        assert!(!is_same_address("localhost", "127.0.0.1"));
    }
}
