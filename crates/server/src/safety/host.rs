use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::HOST;
use http::request;
use http::uri::Authority;

use super::Refusal;

/// The names that this server answers for, besides every IP address.
#[derive(Debug, Clone)]
pub(crate) struct HostRule {
    // Lower case, without a dot at the end.
    names: Vec<String>,
}

impl HostRule {
    /// `localhost`, the machine's own name, and these.
    pub(crate) fn new(allowed_hosts: &[String]) -> HostRule {
        let machine = gethostname::gethostname().to_string_lossy().into_owned();
        let names = ["localhost".to_owned(), machine]
            .iter()
            .chain(allowed_hosts)
            .map(|name| normal(name))
            .filter(|name| !name.is_empty())
            .collect();
        HostRule { names }
    }

    fn allows(&self, host: &str) -> bool {
        is_address(host) || self.names.contains(&normal(host))
    }
}

fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// No name can be made to lead here by being an address.
fn is_address(host: &str) -> bool {
    let bracketed = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => host.parse::<Ipv4Addr>().is_ok(),
    }
}

/// Checks for whom a request is; answers its `Host`, port included.
pub(crate) fn check<'a>(request: &'a request::Parts, rule: &HostRule) -> Result<&'a str, Refusal> {
    let mut values = request.headers.get_all(HOST).iter();
    let value = values.next().ok_or(Refusal::HostMissing)?;
    if values.next().is_some() {
        return Err(Refusal::HostRepeated);
    }
    let text = value.to_str().map_err(|_| Refusal::HostMalformed)?;
    check_name(text, rule)?;
    // A request to a proxy names the host in its first line too.
    if let Some(authority) = request.uri.authority() {
        check_name(authority.as_str(), rule)?;
    }
    Ok(text)
}

fn check_name(text: &str, rule: &HostRule) -> Result<(), Refusal> {
    let authority: Authority = text.parse().map_err(|_| Refusal::HostMalformed)?;
    if text.contains('@') {
        return Err(Refusal::HostMalformed);
    }
    if rule.allows(authority.host()) {
        Ok(())
    } else {
        Err(Refusal::HostForeign(
            authority.host().chars().take(100).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use http::Request;

    fn verdict(uri: &str, hosts: &[&str]) -> Result<String, Refusal> {
        let mut builder = Request::get(uri);
        for host in hosts {
            builder = builder.header(HOST, *host);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        let rule = HostRule::new(&["Chain.Example".to_owned()]);
        check(&parts, &rule).map(str::to_owned)
    }

    #[test]
    fn answers_for_addresses_and_known_names() {
        let machine = gethostname::gethostname().into_string().unwrap();
        for host in [
            "127.0.0.1:5000",
            "192.0.2.7",
            "[::1]:5000",
            "localhost",
            "LOCALHOST.:5000",
            "chain.example:80",
            &machine,
        ] {
            assert_eq!(verdict("/", &[host]), Ok(host.to_owned()));
        }
    }

    #[test]
    fn refuses_other_names() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:5000",
        ] {
            let refused = verdict("/", &[host]);
            assert!(matches!(refused, Err(Refusal::HostForeign(_))), "{host}");
        }
        assert!(matches!(
            verdict("http://evil.example/", &["localhost"]),
            Err(Refusal::HostForeign(_))
        ));
    }

    #[test]
    fn refuses_what_is_no_host() {
        assert_eq!(verdict("/", &[]), Err(Refusal::HostMissing));
        assert_eq!(
            verdict("/", &["localhost", "localhost"]),
            Err(Refusal::HostRepeated)
        );
        for host in ["", "a b", "user@localhost", "localhost/x"] {
            assert_eq!(verdict("/", &[host]), Err(Refusal::HostMalformed), "{host}");
        }
    }
}
