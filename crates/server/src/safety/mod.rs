//! What keeps other sites in the user's browser from reading or writing here.
//!
//! A page of another site can make the browser send requests to this server, and a name of that
//! site can be made to lead here (DNS rebinding). So a request is let in only when its `Host` is
//! ours, a write only when its `Origin` (where one is sent) is, and a write as well as the two
//! tutorial routes that write on `GET` only when the browser says (where it says anything) that
//! the user or our own page asked. Browsers leave the `Sec-Fetch-*` headers out on plain HTTP
//! beyond loopback; there those two routes have no such check.

mod fetch_metadata;
mod headers;
mod host;
mod origin;

use http::{HeaderMap, HeaderName, Method, StatusCode, request};

pub(crate) use headers::{API_POLICY, EXPLORER_POLICY, SWAGGER_POLICY, protect};
pub(crate) use host::HostRule;

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The request does not say for whom it is.
    #[error("the request has no Host header; send one, such as `Host: localhost`")]
    HostMissing,
    /// The request says more than one thing about for whom it is.
    #[error("the request has more than one Host header; send one")]
    HostRepeated,
    /// What the request says is no host.
    #[error("the Host header is not a host name or address with an optional port")]
    HostMalformed,
    /// The request is for another name.
    #[error(
        "this server does not answer for the host `{0}`: use an IP address or localhost, or add \
         the name to allowed_hosts in the configuration"
    )]
    HostForeign(String),
    /// A page of another site asks for a write.
    #[error(
        "a page of {0} asked for this write; only this server's own pages may (programs: leave \
         the Origin header out)"
    )]
    OriginForeign(String),
    /// Another site made the browser ask for something that writes.
    #[error(
        "another site made the browser ask for this (Sec-Fetch-Site: {0}), and this request \
         changes the chain; open it in the browser's address bar, from the explorer, or with curl"
    )]
    CrossSite(String),
    /// The browser asked ahead of the user.
    #[error("this request changes the chain and is not to be prefetched (Sec-Purpose: {0})")]
    Prefetch(String),
}

impl Refusal {
    /// The status to answer with.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Refusal::HostMissing | Refusal::HostRepeated | Refusal::HostMalformed => {
                StatusCode::BAD_REQUEST
            }
            Refusal::HostForeign(_) => StatusCode::MISDIRECTED_REQUEST,
            Refusal::OriginForeign(_) | Refusal::CrossSite(_) | Refusal::Prefetch(_) => {
                StatusCode::FORBIDDEN
            }
        }
    }

    /// The stable word for it.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Refusal::HostMissing => "host_missing",
            Refusal::HostRepeated => "host_repeated",
            Refusal::HostMalformed => "host_malformed",
            Refusal::HostForeign(_) => "host_foreign",
            Refusal::OriginForeign(_) => "origin_foreign",
            Refusal::CrossSite(_) => "cross_site",
            Refusal::Prefetch(_) => "prefetch",
        }
    }
}

/// Checks a request by its head alone.
pub(crate) fn check(request: &request::Parts, hosts: &HostRule) -> Result<(), Refusal> {
    let host = host::check(request, hosts)?;
    if is_write(&request.method) {
        origin::check(&request.headers, host)?;
        fetch_metadata::check(&request.headers)?;
    } else if crate::tutorial_routes::writes_on_get(request.uri.path()) {
        fetch_metadata::check(&request.headers)?;
    }
    Ok(())
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A header's value, cut short, for a sentence.
fn shown(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| {
        let text = String::from_utf8_lossy(value.as_bytes());
        text.chars().take(100).collect()
    })
}
