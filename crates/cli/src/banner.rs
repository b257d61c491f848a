//! What a start prints: where the explorer is, what is served, and what to try.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use crate::output::{Details, Paint, count, printable};

/// What there is to say at a start.
#[derive(Debug, Clone)]
pub(crate) struct Banner {
    /// Where the server listens, with the real ports; at least one.
    pub(crate) addresses: Vec<SocketAddr>,
    /// The chain of the tutorial, where one is served.
    pub(crate) chain: Option<Chain>,
    /// The channels of Fabric that are served.
    pub(crate) channels: Vec<Channel>,
    /// Where the data is.
    pub(crate) folder: PathBuf,
    /// Whether the server can be reached from other machines.
    pub(crate) is_public: bool,
    /// Whether callers are asked for a token.
    pub(crate) asks_for_tokens: bool,
    /// Whether TLS is spoken.
    pub(crate) is_tls: bool,
}

/// A chain of the tutorial.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// The ledger's name.
    pub(crate) ledger: String,
    /// The name of its rules.
    pub(crate) rules: &'static str,
    /// How many hex zeros a proof begins with.
    pub(crate) difficulty: u32,
    /// The node's id.
    pub(crate) node_id: String,
    /// How many blocks it has.
    pub(crate) height: u64,
}

/// A channel of Fabric.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    /// The ledger's name.
    pub(crate) ledger: String,
    /// The channel's name on its network.
    pub(crate) channel: String,
    /// As whom it is used.
    pub(crate) identity: String,
}

impl Banner {
    /// The lines. The first address in them is the explorer's.
    pub(crate) fn render(&self, paint: Paint) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        let mut urls = self.addresses.iter().map(|address| url(scheme, *address));
        let explorer = urls.next().unwrap_or_default();
        let also: Vec<String> = urls.collect();
        let name = concat!("Chainloom ", env!("CARGO_PKG_VERSION"));
        let mut text = format!(
            "\n{} serves the explorer at {}\n\n",
            paint.strong(name),
            paint.link(&explorer)
        );

        let mut details = Details::default();
        details.add(
            "also at",
            Some(also.join(" ")).filter(|text| !text.is_empty()),
        );
        if let Some(chain) = &self.chain {
            chain.describe(&mut details, !self.channels.is_empty());
        }
        for channel in &self.channels {
            let words = format!("channel {} as {}", channel.channel, channel.identity);
            details.add("ledger", format!("{}: {words}", channel.ledger));
        }
        details.add("data", printable(&self.folder.display().to_string()));
        text.push_str(&details.render(paint));

        text.push_str("\nTry, in another terminal:\n");
        for line in self.trials(&explorer) {
            text.push_str(&format!("  {line}\n"));
        }
        if self.asks_for_tokens {
            text.push_str(
                "\nEvery caller is asked for a token: `chainloom token create` makes one, and -H \
                 \"Authorization: Bearer $TOKEN\" sends it with curl.\n",
            );
        }
        if let Some(warning) = self.warning() {
            text.push_str(warning);
        }
        text.push_str("\nCtrl-C ends it.\n");
        text
    }

    /// What is dangerous about a server that other machines can reach.
    fn warning(&self) -> Option<&'static str> {
        match (self.asks_for_tokens, self.is_tls) {
            _ if !self.is_public => None,
            (true, true) => None,
            (true, false) => Some(
                "\nOther machines can reach this server, and it speaks plain HTTP: everyone on the \
                 way can read the callers' tokens and use them.\n",
            ),
            (false, _) => Some(
                "\nOther machines can reach this server, and nothing asks who calls: everyone who \
                 does can write.\n",
            ),
        }
    }

    /// Commands to begin with.
    fn trials(&self, explorer: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if self.chain.is_some() {
            lines.push(format!(
                "curl -X POST -H 'Content-Type: application/json' \
                 -d '{{\"sender\": \"alice\", \"recipient\": \"bob\", \"amount\": 5}}' \
                 {explorer}transactions/new"
            ));
            lines.push(format!("curl {explorer}mine"));
        }
        for channel in &self.channels {
            let ledger = &channel.ledger;
            lines.push(format!(
                "curl {explorer}api/v1/ledgers/{ledger}/blocks/latest"
            ));
        }
        lines
    }
}

impl Chain {
    /// Its name is said only where others are served too.
    fn describe(&self, details: &mut Details, is_named: bool) {
        if is_named {
            details.add("ledger", format!("{}: the tutorial's chain", self.ledger));
        }
        details
            .add(
                "rules",
                format!("{}, difficulty {}", self.rules, self.difficulty),
            )
            .add("node", self.node_id.clone())
            .add("chain", count(self.height, "block"));
    }
}

/// The address to open: that of this machine where the server listens on all of them.
fn url(scheme: &str, address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("{scheme}://{}/", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn banner(addresses: &[SocketAddr], is_public: bool) -> Banner {
        Banner {
            addresses: addresses.to_vec(),
            chain: Some(Chain {
                ledger: "tutorial".to_owned(),
                rules: "article",
                difficulty: 4,
                node_id: "8bbcb347e0634905b0cac7955bae152b".to_owned(),
                height: 1,
            }),
            channels: Vec::new(),
            folder: "/tmp/chain".into(),
            is_public,
            asks_for_tokens: false,
            is_tls: false,
        }
    }

    fn trade() -> Channel {
        Channel {
            ledger: "trade".to_owned(),
            channel: "mychannel".to_owned(),
            identity: "alice".to_owned(),
        }
    }

    #[test]
    fn the_first_address_is_the_explorers() {
        let addresses = ["127.0.0.1:4711", "[::1]:4711"].map(|text| text.parse().unwrap());
        let text = banner(&addresses, false).render(Paint::PLAIN);
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
        let text = banner(&addresses, true).render(Paint::PLAIN);
        assert!(text.contains("at http://127.0.0.1:80/\n"), "{text}");
        assert!(text.contains("also at  http://[::1]:80/\n"), "{text}");
        assert!(text.contains("nothing asks who calls"));
    }

    #[test]
    fn what_is_dangerous_is_said() {
        let address = ["192.0.2.1:443".parse().unwrap()];
        let text = |asks_for_tokens, is_tls| {
            let banner = Banner {
                asks_for_tokens,
                is_tls,
                ..banner(&address, true)
            };
            banner.render(Paint::PLAIN)
        };
        assert!(text(false, true).contains("nothing asks who calls"));
        assert!(text(true, false).contains("can read the callers' tokens"));
        let safe = text(true, true);
        assert!(safe.contains("at https://192.0.2.1:443/\n"), "{safe}");
        assert!(safe.contains("chainloom token create"), "{safe}");
        assert!(!safe.contains("Other machines"), "{safe}");
    }

    #[test]
    fn every_ledger_is_named_where_there_are_several() {
        let addresses = ["127.0.0.1:4711".parse().unwrap()];
        let mut both = banner(&addresses, false);
        both.channels.push(trade());
        let text = both.render(Paint::PLAIN);
        for line in [
            "ledger  tutorial: the tutorial's chain\n",
            "rules   article, difficulty 4\n",
            "ledger  trade: channel mychannel as alice\n",
            "  curl http://127.0.0.1:4711/mine\n",
            "  curl http://127.0.0.1:4711/api/v1/ledgers/trade/blocks/latest\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn a_channel_alone_has_nothing_of_the_tutorial() {
        let addresses = ["127.0.0.1:4711".parse().unwrap()];
        let alone = Banner {
            chain: None,
            channels: vec![trade()],
            ..banner(&addresses, false)
        };
        let text = alone.render(Paint::PLAIN);
        assert!(
            text.contains("ledger  trade: channel mychannel as alice\n"),
            "{text}"
        );
        for word in ["rules", "node ", "chain  ", "/mine", "transactions/new"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}
