//! The fence: which IP addresses a caller may have this program ask.
//!
//! Whoever names a node, a CA or a peer makes this program send requests. Loopback and private addresses are where
//! those live, so they are allowed. What none of them listens on, but services of the machine or of its cloud
//! answer, is not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address that must not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{address} must not be asked: {reason}")]
pub struct Fenced {
    /// The address.
    pub address: IpAddr,
    /// Why.
    pub reason: FenceReason,
}

/// Why an address must not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FenceReason {
    /// A service that hands out a cloud machine's credentials.
    #[error("it is a cloud's metadata service")]
    CloudMetadata,
    /// 169.254.0.0/16, fe80::/10.
    #[error("it is link-local")]
    LinkLocal,
    /// 224.0.0.0/4, ff00::/8.
    #[error("it is a multicast address")]
    Multicast,
    /// 255.255.255.255.
    #[error("it is the broadcast address")]
    Broadcast,
    /// 0.0.0.0/8 and `::`: a place to listen, but not one to ask.
    #[error("it names no machine; if the node runs on this one, use 127.0.0.1")]
    Unspecified,
}

const METADATA_V4: [Ipv4Addr; 4] = [
    // Amazon, Google, Microsoft, Oracle, DigitalOcean and others.
    Ipv4Addr::new(169, 254, 169, 254),
    // Alibaba.
    Ipv4Addr::new(100, 100, 100, 200),
    // Oracle's older one.
    Ipv4Addr::new(192, 0, 0, 192),
    // Microsoft's wire server.
    Ipv4Addr::new(168, 63, 129, 16),
];

const METADATA_V6: [Ipv6Addr; 3] = [
    // Amazon.
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    // Google.
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    // Scaleway.
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

/// Checks that an address may be asked, as it is and as any IPv4 address that it stands for.
///
/// # Errors
/// [`Fenced`], which names the address as it was given.
pub fn check(address: IpAddr) -> Result<(), Fenced> {
    let reason = match address {
        IpAddr::V4(address) => reason_v4(address),
        IpAddr::V6(address) => reason_v6(address),
    };
    match reason {
        None => Ok(()),
        Some(reason) => Err(Fenced { address, reason }),
    }
}

fn reason_v4(address: Ipv4Addr) -> Option<FenceReason> {
    if METADATA_V4.contains(&address) {
        Some(FenceReason::CloudMetadata)
    } else if address.is_link_local() {
        Some(FenceReason::LinkLocal)
    } else if address.is_multicast() {
        Some(FenceReason::Multicast)
    } else if address.is_broadcast() {
        Some(FenceReason::Broadcast)
    } else if address.octets()[0] == 0 {
        Some(FenceReason::Unspecified)
    } else {
        None
    }
}

fn reason_v6(address: Ipv6Addr) -> Option<FenceReason> {
    if METADATA_V6.contains(&address) {
        Some(FenceReason::CloudMetadata)
    } else if address.is_unicast_link_local() {
        Some(FenceReason::LinkLocal)
    } else if address.is_multicast() {
        Some(FenceReason::Multicast)
    } else if address.is_unspecified() {
        Some(FenceReason::Unspecified)
    } else if address.is_loopback() {
        None
    } else {
        embedded_v4(address)
            .into_iter()
            .flatten()
            .find_map(reason_v4)
    }
}

/// The IPv4 addresses to which a packet for this address may in the end be sent.
fn embedded_v4(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let segments = address.segments();
    let joined = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    let last = joined(segments[6], segments[7]);
    match segments {
        // Mapped ::ffff:a.b.c.d, compatible ::a.b.c.d, translated ::ffff:0:a.b.c.d.
        [0, 0, 0, 0, 0, 0 | 0xffff, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] => [Some(last), None],
        // NAT64's well-known prefix.
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => [Some(last), None],
        // NAT64's prefix for a network's own use: at the end, or around the eight bits that RFC 6052 leaves free.
        [0x64, 0xff9b, 1, 0, 0, 0, _, _] => [Some(last), None],
        [0x64, 0xff9b, 1, high, middle, low, _, _] => {
            [Some(joined(high, (middle << 8) | (low >> 8))), None]
        }
        // 6to4.
        [0x2002, high, low, _, _, _, _, _] => [Some(joined(high, low)), None],
        // Teredo writes the client's address inverted, and its server's as it is.
        [0x2001, 0, high, low, _, _, _, _] => [
            Some(joined(!segments[6], !segments[7])),
            Some(joined(high, low)),
        ],
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn reason(address: &str) -> Option<FenceReason> {
        let address = address.parse().unwrap();
        let fenced = check(address).err()?;
        assert_eq!(fenced.address, address);
        Some(fenced.reason)
    }

    #[test]
    fn nodes_may_be_anywhere_where_nodes_live() {
        for address in [
            "127.0.0.1",
            "127.8.9.10",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.20",
            "100.64.0.1",
            "93.184.215.14",
            "192.0.0.191",
            "::1",
            "fd12:3456::1",
            "2606:2800:21f::1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::10.0.0.1",
        ] {
            assert_eq!(reason(address), None, "{address}");
        }
    }

    #[test]
    fn what_is_no_node_is_fenced() {
        use FenceReason::{Broadcast, CloudMetadata, LinkLocal, Multicast, Unspecified};
        for (address, expected) in [
            ("169.254.169.254", CloudMetadata),
            ("100.100.100.200", CloudMetadata),
            ("192.0.0.192", CloudMetadata),
            ("168.63.129.16", CloudMetadata),
            ("fd00:ec2::254", CloudMetadata),
            ("fd20:ce::254", CloudMetadata),
            ("fd00:42::42", CloudMetadata),
            ("169.254.0.1", LinkLocal),
            ("169.254.170.2", LinkLocal),
            ("fe80::1", LinkLocal),
            ("febf::1", LinkLocal),
            ("224.0.0.1", Multicast),
            ("239.255.255.250", Multicast),
            ("ff02::1", Multicast),
            ("255.255.255.255", Broadcast),
            ("0.0.0.0", Unspecified),
            ("0.1.2.3", Unspecified),
            ("::", Unspecified),
        ] {
            assert_eq!(reason(address), Some(expected), "{address}");
        }
    }

    #[test]
    fn disguises_of_ipv4_are_seen_through() {
        for address in [
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254",
            "64:ff9b:1:a9fe:a9:fe00::",
            "2002:a9fe:a9fe::1",
            "2001:0:808:808::5601:5601",
            "2001:0:a9fe:a9fe::f7f7:f7f7",
        ] {
            assert_eq!(
                reason(address),
                Some(FenceReason::CloudMetadata),
                "{address}"
            );
        }
        assert_eq!(reason("::ffff:0.0.0.0"), Some(FenceReason::Unspecified));
        assert_eq!(reason("::ffff:224.0.0.1"), Some(FenceReason::Multicast));
        assert_eq!(reason("::2"), Some(FenceReason::Unspecified));
    }

    #[test]
    fn a_refusal_names_the_address_and_the_reason() {
        let fenced = check("0.0.0.0".parse().unwrap()).unwrap_err();
        assert_eq!(
            fenced.to_string(),
            "0.0.0.0 must not be asked: it names no machine; if the node runs on this one, use 127.0.0.1"
        );
    }
}
