//! The address of a peer, as callers write it and as it is kept.

use std::fmt;
use std::net::IpAddr;

use chainloom_ledger::fence::{self, Fenced};
use reqwest::Url;

/// How long an address may be as it is given, in bytes; what is kept of it is at most a name of 253 and a port.
pub const ADDRESS_BYTES_MAX: usize = 2048;
/// How long a host name can be, in bytes; DNS allows no more.
const NAME_BYTES_MAX: usize = 253;
/// HTTP's own port.
const PORT_DEFAULT: u16 = 80;

/// A node's address.
///
/// Whatever means the same node is the same text: `http://127.0.0.1:5001`, `127.0.0.1:5001/`,
/// `HTTP://user@127.0.0.1:5001/chain?x` and `[::ffff:127.0.0.1]:5001` are all `127.0.0.1:5001`. For an address with
/// `http://` and without user or upper case that is what Python's `urlparse(address).netloc` says; where Python
/// loses an address without a scheme, it is kept here. Port 80 is left out, as HTTP does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PeerAddress {
    text: String,
    host: Host,
    port: u16,
}

/// Where a peer runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    /// At this address.
    Ip(IpAddr),
    /// At the addresses that this name has, lower-case ASCII.
    Name(String),
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// Nothing, or nothing but white space.
    #[error("it is empty")]
    Empty,
    /// It is beyond [`ADDRESS_BYTES_MAX`].
    #[error("it has {bytes} bytes, and at most {ADDRESS_BYTES_MAX} are taken")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// TLS, which nodes of the tutorial do not speak.
    #[error("nodes of the tutorial speak plain HTTP; write http:// instead of https://")]
    Https,
    /// Some other scheme.
    #[error("its scheme is `{scheme}`; an address begins with http:// or without a scheme")]
    OtherScheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// There is no host in it.
    #[error("it names no host")]
    NoHost,
    /// The host is neither a name nor an IP address.
    #[error(
        "`{host}` is neither a host name nor an IP address; an IPv6 address stands in brackets, as in [::1]:5000"
    )]
    BadHost {
        /// What stands there.
        host: String,
    },
    /// The port is none.
    #[error("`{port}` is not a port; ports are 1 to 65535")]
    BadPort {
        /// What stands there.
        port: String,
    },
    /// It is an IP address that must not be asked.
    #[error(transparent)]
    Fenced(#[from] Fenced),
}

impl AddressProblem {
    /// The stable word for this problem.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            AddressProblem::Fenced(_) => "address_fenced",
            _ => "invalid_address",
        }
    }
}

impl PeerAddress {
    /// Reads an address as a caller writes it.
    ///
    /// # Errors
    /// [`AddressProblem`].
    pub(crate) fn parse(given: &str) -> Result<PeerAddress, AddressProblem> {
        let address = PeerAddress::parse_unfenced(given)?;
        if let Host::Ip(ip) = address.host {
            fence::check(ip)?;
        }
        Ok(address)
    }

    /// Reads an address that will not be asked, or that was registered: the fence may have been another one then, and
    /// is asked again before the peer is.
    pub(super) fn parse_unfenced(given: &str) -> Result<PeerAddress, AddressProblem> {
        let given = given.trim_matches(|character: char| character <= ' ');
        if given.is_empty() {
            return Err(AddressProblem::Empty);
        }
        if given.len() > ADDRESS_BYTES_MAX {
            return Err(AddressProblem::TooLong { bytes: given.len() });
        }
        let location = network_location(given)?;
        let (host, port) = split_port(location)?;
        let port = match port {
            None | Some("") => PORT_DEFAULT,
            Some(digits) => read_port(digits)?,
        };
        let host = read_host(host)?;
        let text = match port {
            PORT_DEFAULT => host.to_string(),
            _ => format!("{host}:{port}"),
        };
        Ok(PeerAddress { text, host, port })
    }

    /// The address as it is kept and shown.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it runs.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The port on which it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where its chain is.
    pub(crate) fn chain_url(&self) -> Url {
        Url::parse(&format!("http://{}/chain", self.text))
            .expect("the host came out of such an address")
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Ip(IpAddr::V4(address)) => write!(formatter, "{address}"),
            Host::Ip(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
            Host::Name(name) => formatter.write_str(name),
        }
    }
}

/// What stands between the scheme and the path, without the user's name and password.
fn network_location(given: &str) -> Result<&str, AddressProblem> {
    let rest = match given.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => match scheme.to_ascii_lowercase().as_str() {
            "http" => rest,
            "https" => return Err(AddressProblem::Https),
            _ => {
                return Err(AddressProblem::OtherScheme {
                    scheme: excerpt(scheme),
                });
            }
        },
        _ => given.strip_prefix("//").unwrap_or(given),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let location = &rest[..end];
    Ok(match location.rsplit_once('@') {
        Some((_, behind)) => behind,
        None => location,
    })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Takes the port off a host.
fn split_port(location: &str) -> Result<(&str, Option<&str>), AddressProblem> {
    let bad_host = || AddressProblem::BadHost {
        host: excerpt(location),
    };
    if location.starts_with('[') {
        let end = location.find(']').ok_or_else(bad_host)? + 1;
        return match &location[end..] {
            "" => Ok((&location[..end], None)),
            behind => match behind.strip_prefix(':') {
                Some(port) => Ok((&location[..end], Some(port))),
                None => Err(bad_host()),
            },
        };
    }
    match location.split_once(':') {
        None => Ok((location, None)),
        // An IPv6 address without brackets: no one can tell where its port begins.
        Some((_, behind)) if behind.contains(':') => Err(bad_host()),
        Some((host, port)) => Ok((host, Some(port))),
    }
}

fn read_port(digits: &str) -> Result<u16, AddressProblem> {
    let port = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok());
    match port.flatten() {
        None | Some(0) => Err(AddressProblem::BadPort {
            port: excerpt(digits),
        }),
        Some(port) => Ok(port),
    }
}

/// Reads a host as browsers do, so that every way to write an IP address is known for one before anybody asks it:
/// `0x7f.1` and `2130706433` are 127.0.0.1.
fn read_host(text: &str) -> Result<Host, AddressProblem> {
    if text.is_empty() {
        return Err(AddressProblem::NoHost);
    }
    let bad_host = || AddressProblem::BadHost {
        host: excerpt(text),
    };
    // What browsers strip, decode or read as the end of a host is an attempt to say one thing and mean another.
    if text.chars().any(|character| {
        character.is_control() || character.is_whitespace() || "%\\@".contains(character)
    }) {
        return Err(bad_host());
    }
    let url = Url::parse(&format!("http://{text}/")).map_err(|_| bad_host())?;
    let host = url.host_str().ok_or_else(bad_host)?;
    let literal = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = literal.parse::<IpAddr>() {
        return Ok(Host::Ip(address.to_canonical()));
    }
    let is_name = host.len() <= NAME_BYTES_MAX
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && host.bytes().any(|byte| byte != b'.');
    if is_name {
        Ok(Host::Name(host.to_owned()))
    } else {
        Err(bad_host())
    }
}

/// The beginning of a foreign text, printable.
pub(super) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 80;
    let mut shown: String = text
        .chars()
        .take(LENGTH)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LENGTH).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chainloom_ledger::fence::FenceReason;

    fn normal(given: &str) -> String {
        PeerAddress::parse(given).unwrap().to_string()
    }

    fn problem(given: &str) -> AddressProblem {
        PeerAddress::parse(given).unwrap_err()
    }

    #[test]
    fn one_node_has_one_text() {
        for given in [
            "http://127.0.0.1:5001",
            "http://127.0.0.1:5001/",
            "127.0.0.1:5001",
            "127.0.0.1:5001/chain",
            "//127.0.0.1:5001/a/path?with=query#part",
            "HTTP://127.0.0.1:5001?x",
            "http://127.0.0.1:05001#x",
            "http://user:secret@127.0.0.1:5001/",
            "user@127.0.0.1:5001",
            " \t\r\nhttp://127.0.0.1:5001\n ",
            "http://0x7f.1:5001",
            "http://2130706433:5001",
            "http://[::ffff:127.0.0.1]:5001",
            "127.0.0.1:5001/?next=https://elsewhere",
        ] {
            assert_eq!(normal(given), "127.0.0.1:5001", "{given}");
        }
        for (given, expected) in [
            ("http://LocalHost:5001", "localhost:5001"),
            ("localhost:5001", "localhost:5001"),
            ("alices-laptop.local:5000", "alices-laptop.local:5000"),
            ("docker_node_1:5000", "docker_node_1:5000"),
            ("http://[::1]:5000", "[::1]:5000"),
            ("[0:0:0:0:0:0:0:1]:5000/x", "[::1]:5000"),
            ("http://BÜCHER.example:5000", "xn--bcher-kva.example:5000"),
            ("http://node.example", "node.example"),
            ("http://node.example:", "node.example"),
            ("http://node.example:80/", "node.example"),
            ("[fd00::1]", "[fd00::1]"),
        ] {
            assert_eq!(normal(given), expected, "{given}");
        }
    }

    #[test]
    fn the_chain_is_asked_for_at_the_normal_address() {
        let url = |given| PeerAddress::parse(given).unwrap().chain_url().to_string();
        assert_eq!(url("u:p@[::1]:5000/x?y"), "http://[::1]:5000/chain");
        assert_eq!(url("node.example"), "http://node.example/chain");
        let address = PeerAddress::parse("node.example").unwrap();
        assert_eq!(address.port(), 80);
        assert_eq!(*address.host(), Host::Name("node.example".into()));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(problem(""), AddressProblem::Empty);
        assert_eq!(problem(" \n"), AddressProblem::Empty);
        assert_eq!(
            problem(&"a".repeat(ADDRESS_BYTES_MAX + 1)),
            AddressProblem::TooLong {
                bytes: ADDRESS_BYTES_MAX + 1
            }
        );
        assert_eq!(problem("HTTPS://node.example"), AddressProblem::Https);
        assert_eq!(
            problem("ftp://node.example"),
            AddressProblem::OtherScheme {
                scheme: "ftp".into()
            }
        );
        for given in [
            "http://",
            "http:///chain",
            "/chain",
            "//",
            "?x",
            "http://user@",
            "http://:5000",
        ] {
            assert_eq!(problem(given), AddressProblem::NoHost, "{given}");
        }
        for (given, port) in [
            ("http://a:0", "0"),
            ("http://a:65536", "65536"),
            ("http://a:-1", "-1"),
            ("http://a:+1", "+1"),
            ("http://a:5000x", "5000x"),
            ("mailto:alice", "alice"),
            ("http://a:99999999999999999999", "99999999999999999999"),
        ] {
            assert_eq!(
                problem(given),
                AddressProblem::BadPort { port: port.into() }
            );
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_ip_address() {
        let long_name = format!("http://{}", "a.".repeat(127));
        for given in [
            "http://::1:5000",
            "fe80::1",
            "http://[::1",
            "http://[::1]5000",
            "http://[fe80::1%eth0]:5000",
            "http://[127.0.0.1]:5000",
            "http://ex ample:5000",
            "http://a\\b:5000",
            "http://a%2eb:5000",
            "http://a\tb:5000",
            "http://a\u{0}b:5000",
            "http://a<b>:5000",
            "http://$(reboot):5000",
            "http://1.2.3.4.5:5000",
            "http://256.1.1.1:5000",
            "http://..:5000",
            long_name.as_str(),
        ] {
            let found = problem(given);
            assert!(
                matches!(found, AddressProblem::BadHost { .. }),
                "{given}: {found:?}"
            );
            assert_eq!(found.code(), "invalid_address");
        }
        let found = problem(&format!("http://a{}\u{7}:1", "<".repeat(100)));
        let AddressProblem::BadHost { host } = found else {
            panic!("{found:?}");
        };
        assert_eq!(host, format!("a{}…", "<".repeat(79)));
    }

    #[test]
    fn literals_beyond_the_fence_are_refused_however_they_are_written() {
        for given in [
            "http://169.254.169.254/latest/meta-data",
            "http://2852039166",
            "http://0xa9.0xfe.0xa9.0xfe:80",
            "http://0251.0376.0251.0376",
            "http://[::ffff:a9fe:a9fe]",
            "http://[64:ff9b::a9fe:a9fe]",
            "http://169。254。169。254",
        ] {
            let found = problem(given);
            let AddressProblem::Fenced(Fenced { reason, .. }) = found else {
                panic!("{given}: {found:?}");
            };
            assert_eq!(reason, FenceReason::CloudMetadata, "{given}");
        }
        assert_eq!(problem("0.0.0.0:5000").code(), "address_fenced");
    }
}
