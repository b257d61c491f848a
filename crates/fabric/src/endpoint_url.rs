//! Where a node is, as people write it: `grpcs://peer0.org1.example.com:7051`.

use std::net::IpAddr;

use chainloom_ledger::fence::{self, Fenced};
use tonic::codegen::http::Uri;

/// The URL of a peer or an orderer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndpointUrl {
    pub(crate) is_secure: bool,
    /// A name or an IP address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `host:port`, as it is shown.
    pub(crate) address: String,
}

/// What is wrong with a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    /// HTTP, which peers and orderers do not speak.
    #[error(
        "its url is {0}; peers and orderers speak gRPC, so grpcs://host:port (or grpc:// without TLS) is expected"
    )]
    NotGrpc(String),
    /// It is no URL of a host and a port.
    #[error("its url is {0}; grpcs://host:port is expected")]
    Malformed(String),
    /// An address that must not be asked.
    #[error("its url is {url}: {fenced}")]
    Fenced {
        /// The URL.
        url: String,
        /// Why not.
        fenced: Fenced,
    },
}

impl EndpointUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlProblem`].
    pub(crate) fn parse(url: &str) -> Result<Self, UrlProblem> {
        let (is_secure, address) = match url.split_once("://") {
            Some(("grpcs", address)) => (true, address),
            Some(("grpc", address)) => (false, address),
            _ => return Err(UrlProblem::NotGrpc(url.to_owned())),
        };
        let malformed = || UrlProblem::Malformed(url.to_owned());
        let uri: Uri = format!("http://{address}")
            .parse()
            .map_err(|_| malformed())?;
        let authority = uri.authority().ok_or_else(malformed)?;
        let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        if !is_bare || authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(malformed());
        }
        let port = authority.port_u16().filter(|port| *port > 0);
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if let Ok(ip) = host.parse::<IpAddr>() {
            fence::check(ip).map_err(|fenced| UrlProblem::Fenced {
                url: url.to_owned(),
                fenced,
            })?;
        }
        Ok(Self {
            is_secure,
            host,
            port: port.ok_or_else(malformed)?,
            address: authority.as_str().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_url_is_read_or_it_is_said_what_is_expected() {
        let url = EndpointUrl::parse("grpcs://peer0.example:7051").unwrap();
        assert_eq!(
            (url.is_secure, url.host.as_str(), url.port),
            (true, "peer0.example", 7051)
        );
        let url = EndpointUrl::parse("grpc://[::1]:7051/").unwrap();
        assert_eq!(
            (url.is_secure, url.host.as_str(), url.address.as_str()),
            (false, "::1", "[::1]:7051")
        );
        for url in ["http://a:1", "https://a:1", "a:1", ""] {
            let problem = EndpointUrl::parse(url).unwrap_err();
            assert!(matches!(problem, UrlProblem::NotGrpc(_)), "{url}");
        }
        for url in [
            "grpcs://a",
            "grpcs://a:0",
            "grpcs://",
            "grpcs://a b:1",
            "grpcs://u@a:1",
            "grpcs://a:1/x",
            "grpcs://a:1?x",
            "grpcs://a:99999",
        ] {
            let problem = EndpointUrl::parse(url).unwrap_err();
            assert!(matches!(problem, UrlProblem::Malformed(_)), "{url}");
        }
        let problem = EndpointUrl::parse("grpcs://169.254.169.254:80").unwrap_err();
        assert!(problem.to_string().contains("metadata"), "{problem}");
        let problem = EndpointUrl::parse("grpc://[fe80::1]:80").unwrap_err();
        assert!(matches!(problem, UrlProblem::Fenced { .. }), "{problem}");
    }
}
