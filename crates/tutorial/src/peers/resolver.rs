//! From a peer's name to the addresses that may be asked, and no others.
//!
//! A name is looked up once, its addresses are checked, and the connection goes to the very addresses that were
//! checked: [`Pinned`] is all that the HTTP client knows of names. So a name that answers differently the second time
//! gains nothing. Literal addresses are checked here too, because the client asks its resolver for names only.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;

use reqwest::dns::{Name, Resolve, Resolving};
use tokio::sync::{Semaphore, oneshot};

use super::address::{Host, PeerAddress};
use super::fetch_error::FetchError;
use super::own_address::OwnAddresses;
use chainloom_ledger::fence;

/// How many names are looked up at once. Each takes a thread until the system has an answer, which it may seek
/// longer than we wait.
const LOOKUPS_MAX: usize = 32;
/// How many addresses of a name are tried.
const ADDRESSES_MAX: usize = 16;

/// What answers for names; blocking.
pub(super) type Lookup = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// Finds out where a peer may be asked.
#[derive(Clone)]
pub(super) struct Resolver {
    lookup: Lookup,
    lookups: Arc<Semaphore>,
}

impl Resolver {
    /// With the system's own lookup.
    pub(super) fn of_the_system() -> Resolver {
        Resolver::new(Arc::new(|name| {
            Ok((name, 0)
                .to_socket_addrs()?
                .map(|address| address.ip())
                .collect())
        }))
    }

    pub(super) fn new(lookup: Lookup) -> Resolver {
        Resolver {
            lookup,
            lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)),
        }
    }

    /// Waits until the peer's name may be looked up; a literal needs no turn. This waiting is not the peer's fault, so
    /// it is apart from [`Resolver::addresses`].
    pub(super) async fn turn(&self, peer: &PeerAddress) -> Turn {
        Turn(match peer.host() {
            Host::Ip(_) => None,
            Host::Name(_) => {
                let permit = self.lookups.clone().acquire_owned().await;
                Some(permit.expect("the semaphore is never closed"))
            }
        })
    }

    /// The addresses at which the peer may be asked; at least one.
    ///
    /// # Errors
    /// [`FetchError::NameNotFound`], [`FetchError::Fenced`] if all of them must not be asked,
    /// [`FetchError::OwnAddress`] if one of them is ours.
    pub(super) async fn addresses(
        &self,
        peer: &PeerAddress,
        own: &OwnAddresses,
        turn: Turn,
    ) -> Result<Vec<SocketAddr>, FetchError> {
        let found = match peer.host() {
            Host::Ip(address) => vec![*address],
            Host::Name(name) => self.look_up(name, turn).await?,
        };
        let at_port = |ip: IpAddr| SocketAddr::new(ip, peer.port());
        if found.iter().any(|&ip| own.contains(at_port(ip))) {
            return Err(FetchError::OwnAddress);
        }
        let mut allowed = Vec::new();
        let mut refusal = None;
        for ip in found {
            match fence::check(ip) {
                Ok(()) => allowed.push(at_port(ip)),
                Err(fenced) => refusal = refusal.or(Some(fenced)),
            }
        }
        allowed.truncate(ADDRESSES_MAX);
        match refusal {
            Some(fenced) if allowed.is_empty() => Err(FetchError::Fenced(fenced)),
            _ => Ok(allowed),
        }
    }

    async fn look_up(&self, name: &str, turn: Turn) -> Result<Vec<IpAddr>, FetchError> {
        let not_found = |detail: String| FetchError::NameNotFound {
            name: name.to_owned(),
            detail,
        };
        let lookup = self.lookup.clone();
        let asked = name.to_owned();
        let (sender, answer) = oneshot::channel();
        // On a thread of its own: one of the runtime's would keep the program from ending until the system is done.
        let thread = thread::Builder::new()
            .name("name lookup".into())
            .spawn(move || {
                let answer = lookup(&asked);
                // Given back only now, even if nobody waits for the answer any more.
                drop(turn);
                let _ = sender.send(answer);
            });
        if let Err(error) = thread {
            return Err(not_found(error.to_string()));
        }
        match answer.await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(not_found("it has no address".into())),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(error)) => Err(not_found(error.to_string())),
            Err(_) => Err(not_found("the lookup was given up".into())),
        }
    }
}

/// The right to look one name up.
pub(super) struct Turn(
    #[expect(dead_code, reason = "held, not read")] Option<tokio::sync::OwnedSemaphorePermit>,
);

/// The client's view of the name service: one peer's name, and the addresses that were checked for it.
pub(super) struct Pinned {
    /// The peer's name.
    pub(super) host: String,
    /// Its addresses.
    pub(super) addresses: Vec<SocketAddr>,
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = if name.as_str() == self.host {
            let addresses: reqwest::dns::Addrs = Box::new(self.addresses.clone().into_iter());
            Ok(addresses)
        } else {
            Err(format!("{} was not checked", name.as_str()).into())
        };
        Box::pin(std::future::ready(answer))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chainloom_ledger::fence::FenceReason;

    fn resolver(answer: &'static [&'static str]) -> Resolver {
        Resolver::new(Arc::new(|_| {
            Ok(answer.iter().map(|text| text.parse().unwrap()).collect())
        }))
    }

    async fn addresses(resolver: Resolver, peer: &str) -> Result<Vec<SocketAddr>, FetchError> {
        let own = OwnAddresses::of(vec!["127.0.0.1:5000".parse().unwrap()]);
        let peer = PeerAddress::parse(peer).unwrap();
        let turn = resolver.turn(&peer).await;
        resolver.addresses(&peer, &own, turn).await
    }

    #[tokio::test]
    async fn only_addresses_inside_the_fence_are_left_of_a_name() {
        let found = addresses(
            resolver(&["fe80::1", "192.168.1.9", "169.254.169.254", "::1"]),
            "laptop.local:5000",
        );
        assert_eq!(
            found.await.unwrap(),
            [
                "192.168.1.9:5000".parse().unwrap(),
                "[::1]:5000".parse().unwrap()
            ]
        );
        let fenced = addresses(
            resolver(&["169.254.169.254", "fe80::1"]),
            "innocent.example",
        );
        let Err(FetchError::Fenced(fenced)) = fenced.await else {
            panic!("it was let through");
        };
        assert_eq!(fenced.reason, FenceReason::CloudMetadata);
    }

    #[tokio::test]
    async fn a_name_for_ourselves_is_recognized() {
        let answer = addresses(resolver(&["::1", "127.0.0.1"]), "localhost:5000").await;
        assert!(matches!(answer, Err(FetchError::OwnAddress)), "{answer:?}");
        let other_port = addresses(resolver(&["127.0.0.1"]), "localhost:5001").await;
        assert_eq!(other_port.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_literal_is_not_looked_up() {
        let answer = addresses(resolver(&[]), "127.0.0.1:5001").await;
        assert_eq!(answer.unwrap(), ["127.0.0.1:5001".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_not_found() {
        let failing = Resolver::new(Arc::new(|_| Err(io::Error::other("no such name"))));
        for (resolver, expected) in [
            (resolver(&[]), "it has no address"),
            (failing, "no such name"),
        ] {
            let answer = addresses(resolver, "nowhere.example").await;
            let Err(FetchError::NameNotFound { name, detail }) = answer else {
                panic!("{answer:?}");
            };
            assert_eq!(
                (name.as_str(), detail.as_str()),
                ("nowhere.example", expected)
            );
        }
    }

    #[tokio::test]
    async fn of_many_addresses_a_few_are_tried() {
        let many = Resolver::new(Arc::new(|_| Ok(vec!["127.0.0.1".parse().unwrap(); 1000])));
        assert_eq!(
            addresses(many, "many.example").await.unwrap().len(),
            ADDRESSES_MAX
        );
    }

    #[tokio::test]
    async fn the_system_knows_localhost() {
        let found = addresses(Resolver::of_the_system(), "localhost:5001").await;
        assert!(
            found
                .unwrap()
                .iter()
                .all(|address| address.ip().is_loopback())
        );
    }

    #[tokio::test]
    async fn the_client_is_told_of_the_checked_name_only() {
        let pinned = Pinned {
            host: "node.example".into(),
            addresses: vec!["127.0.0.1:5001".parse().unwrap()],
        };
        let answer = pinned.resolve("node.example".parse().unwrap()).await;
        assert_eq!(answer.unwrap().collect::<Vec<_>>(), pinned.addresses);
        let error = pinned.resolve("other.example".parse().unwrap()).await.err();
        assert_eq!(error.unwrap().to_string(), "other.example was not checked");
    }
}
