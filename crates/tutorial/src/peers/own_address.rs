//! Recognizing ourselves among the registered peers.

use std::net::{IpAddr, SocketAddr};

/// The addresses under which this node is reached from this machine.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnAddresses {
    listening: Vec<SocketAddr>,
    interfaces: Vec<IpAddr>,
}

impl OwnAddresses {
    /// Of a node that listens there, on a machine whose network interfaces are as they are now.
    pub(super) fn of(listening: Vec<SocketAddr>) -> OwnAddresses {
        let needs_interfaces = listening
            .iter()
            .any(|address| address.ip().is_unspecified());
        let interfaces = if needs_interfaces {
            local_interfaces()
        } else {
            Vec::new()
        };
        OwnAddresses {
            listening,
            interfaces,
        }
    }

    /// Whether a connection to this address would come back to us.
    pub(super) fn contains(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        let is_local = || ip.is_loopback() || self.interfaces.contains(&ip);
        self.listening
            .iter()
            .filter(|listening| listening.port() == address.port())
            .any(|listening| match listening.ip().to_canonical() {
                IpAddr::V4(any) if any.is_unspecified() => ip.is_ipv4() && is_local(),
                // Takes IPv4 connections too, unless the system says otherwise.
                IpAddr::V6(any) if any.is_unspecified() => is_local(),
                one => one == ip,
            })
    }
}

/// The addresses of this machine's network interfaces.
fn local_interfaces() -> Vec<IpAddr> {
    match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces
            .iter()
            .map(|interface| interface.ip().to_canonical())
            .collect(),
        // Then we ask ourselves, and are not longer than we are.
        Err(error) => {
            tracing::debug!("the network interfaces cannot be listed: {error}");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn own(listening: &[&str]) -> OwnAddresses {
        OwnAddresses {
            listening: listening.iter().map(|text| text.parse().unwrap()).collect(),
            interfaces: vec!["192.168.1.20".parse().unwrap(), "fd00::20".parse().unwrap()],
        }
    }

    fn contains(own: &OwnAddresses, address: &str) -> bool {
        own.contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_that_we_listen_on_is_ours() {
        let own = own(&["127.0.0.1:5000", "[::1]:5000"]);
        for ours in ["127.0.0.1:5000", "[::1]:5000", "[::ffff:127.0.0.1]:5000"] {
            assert!(contains(&own, ours), "{ours}");
        }
        for other in ["127.0.0.1:5001", "127.0.0.2:5000", "192.168.1.20:5000"] {
            assert!(!contains(&own, other), "{other}");
        }
    }

    #[test]
    fn listening_everywhere_every_address_of_this_machine_is_ours() {
        let own4 = own(&["0.0.0.0:5000"]);
        for ours in ["127.0.0.1:5000", "127.3.3.3:5000", "192.168.1.20:5000"] {
            assert!(contains(&own4, ours), "{ours}");
        }
        for other in ["192.168.1.21:5000", "192.168.1.20:5001", "[::1]:5000"] {
            assert!(!contains(&own4, other), "{other}");
        }
        let own6 = own(&["[::]:5000"]);
        for ours in [
            "[::1]:5000",
            "[fd00::20]:5000",
            "127.0.0.1:5000",
            "192.168.1.20:5000",
        ] {
            assert!(contains(&own6, ours), "{ours}");
        }
        assert!(!contains(&own6, "[fd00::21]:5000"));
    }

    #[test]
    fn the_interfaces_of_this_machine_are_listed() {
        let interfaces = local_interfaces();
        assert!(
            interfaces.contains(&"127.0.0.1".parse().unwrap()),
            "{interfaces:?}"
        );
        assert!(OwnAddresses::of(Vec::new()).interfaces.is_empty());
        let own = OwnAddresses::of(vec!["0.0.0.0:5000".parse().unwrap()]);
        for ip in own.interfaces.clone() {
            assert_eq!(own.contains((ip, 5000).into()), ip.is_ipv4(), "{ip}");
        }
    }
}
