//! What a start prints: where the explorer is, what is served, and what to try.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::output::{Details, Paint, count, printable};

/// What there is to say at a start.
#[derive(Debug, Clone)]
pub(crate) struct Banner<'a> {
    /// Where the server listens, with the real ports; at least one.
    pub(crate) addresses: &'a [SocketAddr],
    /// The name of the chain's rules.
    pub(crate) rules: &'a str,
    /// How many hex zeros a proof begins with.
    pub(crate) difficulty: u32,
    /// The node's id.
    pub(crate) node_id: &'a str,
    /// How many blocks the chain has.
    pub(crate) height: u64,
    /// Where the data is.
    pub(crate) folder: &'a Path,
    /// Whether the server can be reached from other machines.
    pub(crate) is_public: bool,
}

impl Banner<'_> {
    /// The lines. The first address in them is the explorer's.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let mut urls = self.addresses.iter().map(|address| url(*address));
        let explorer = urls.next().unwrap_or_default();
        let also: Vec<String> = urls.collect();
        let folder = printable(&self.folder.display().to_string());
        let name = concat!("Chainloom ", env!("CARGO_PKG_VERSION"));
        let mut text = format!(
            "\n{} serves the explorer at {}\n\n",
            paint.strong(name),
            paint.link(&explorer)
        );

        let mut details = Details::default();
        details
            .add(
                "also at",
                Some(also.join(" ")).filter(|text| !text.is_empty()),
            )
            .add(
                "rules",
                format!("{}, difficulty {}", self.rules, self.difficulty),
            )
            .add("node", self.node_id.to_owned())
            .add("chain", count(self.height, "block"))
            .add("data", folder);
        text.push_str(&details.render(paint));

        text.push_str(&format!(
            "\nTry, in another terminal:\n  \
             curl -X POST -H 'Content-Type: application/json' \
             -d '{{\"sender\": \"alice\", \"recipient\": \"bob\", \"amount\": 5}}' \
             {explorer}transactions/new\n  \
             curl {explorer}mine\n"
        ));
        if self.is_public {
            text.push_str(
                "\nOther machines can reach this server, and nothing asks who calls: everyone who \
                 does can write.\n",
            );
        }
        text.push_str("\nCtrl-C ends it.\n");
        text
    }
}

/// The address to open: that of this machine where the server listens on all of them.
fn url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}/", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn banner(addresses: &[SocketAddr], is_public: bool) -> String {
        let banner = Banner {
            addresses,
            rules: "article",
            difficulty: 4,
            node_id: "8bbcb347e0634905b0cac7955bae152b",
            height: 1,
            folder: Path::new("/tmp/chain"),
            is_public,
        };
        banner.render(Paint::PLAIN)
    }

    #[test]
    fn the_first_address_is_the_explorers() {
        let addresses = ["127.0.0.1:4711", "[::1]:4711"].map(|text| text.parse().unwrap());
        let text = banner(&addresses, false);
        let start = text.find("http://").unwrap();
        assert!(
            text[start..].starts_with("http://127.0.0.1:4711/\n"),
            "{text}"
        );
        assert!(text.contains("also at  http://[::1]:4711/\n"), "{text}");
        assert!(text.contains("rules    article, difficulty 4\n"), "{text}");
        assert!(text.contains("chain    1 block\n"), "{text}");
        assert_eq!(text.matches("  curl ").count(), 2);
        assert!(!text.contains("Other machines"));
    }

    #[test]
    fn a_server_on_all_addresses_is_shown_as_this_machines() {
        let addresses = ["0.0.0.0:80", "[::]:80"].map(|text| text.parse().unwrap());
        let text = banner(&addresses, true);
        assert!(text.contains("at http://127.0.0.1:80/\n"), "{text}");
        assert!(text.contains("also at  http://[::1]:80/\n"), "{text}");
        assert!(text.contains("nothing asks who calls"));
    }
}
