//! Fetching a peer's chain: `GET http://{peer}/chain`, within the limits.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_ENCODING};
use reqwest::{Client, Response, StatusCode, redirect};

use super::PeerLimits;
use super::address::{PeerAddress, excerpt};
use super::fetch_error::FetchError;
use super::own_address::OwnAddresses;
use super::patience::{Impatience, Patience};
use super::resolver::{Pinned, Resolver};

/// Under which name we ask.
const USER_AGENT: &str = concat!("chainloom/", env!("CARGO_PKG_VERSION"));
/// How long the reason in an error may be, in characters.
const DETAIL_LENGTH: usize = 200;

/// What is needed to ask peers.
#[derive(Clone)]
pub(super) struct Fetcher {
    resolver: Resolver,
    limits: PeerLimits,
}

/// A chain that a peer has begun to send.
#[derive(Debug)]
pub(super) struct ChainBody {
    response: Response,
    patience: Patience,
    limits: PeerLimits,
    bytes: u64,
}

impl Fetcher {
    pub(super) fn new(resolver: Resolver, limits: PeerLimits) -> Fetcher {
        Fetcher { resolver, limits }
    }

    /// Asks a peer for its chain, and comes back when it begins to answer.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(super) async fn open(
        &self,
        peer: &PeerAddress,
        own: &OwnAddresses,
    ) -> Result<ChainBody, FetchError> {
        let mut patience = self.patience();
        let turn = self.resolver.turn(peer).await;
        let addresses = patience
            .wait(self.resolver.addresses(peer, own, turn))
            .await
            .map_err(|reached| FetchError::LookupTimeout {
                limit: reached.limit(),
            })??;
        self.request(peer, addresses, patience).await
    }

    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.limits.idle_timeout, self.limits.chain_timeout)
    }

    /// Asks at addresses that have been checked.
    pub(super) async fn request(
        &self,
        peer: &PeerAddress,
        addresses: Vec<SocketAddr>,
        mut patience: Patience,
    ) -> Result<ChainBody, FetchError> {
        let limits = self.limits;
        // So that a connection that is not made is told from an answer that does not come.
        let connect_timeout = limits.idle_timeout / 2;
        let client = client(peer, addresses, connect_timeout)?;
        let request = client
            .get(peer.chain_url())
            .header(ACCEPT, "application/json");
        let response = patience
            .wait(request.send())
            .await
            .map_err(|reached| FetchError::AnswerTimeout {
                limit: reached.limit(),
            })?
            .map_err(|error| not_answered(&error, connect_timeout))?;
        check_head(&response, limits.chain_bytes_max)?;
        Ok(ChainBody {
            response,
            patience,
            limits,
            bytes: 0,
        })
    }
}

impl ChainBody {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let bytes = self.bytes;
        let chunk = self.patience.wait(self.response.chunk()).await;
        let chunk = chunk.map_err(|reached| match reached {
            Impatience::Step(limit) => FetchError::IdleTimeout { bytes, limit },
            Impatience::Whole(limit) => FetchError::ChainTimeout { bytes, limit },
        })?;
        let chunk = chunk.map_err(|error| FetchError::CutOff {
            bytes,
            detail: innermost(&error),
        })?;
        if let Some(chunk) = &chunk {
            self.bytes += chunk.len() as u64;
            let limit = self.limits.chain_bytes_max;
            if self.bytes > limit {
                return Err(FetchError::TooLarge { limit });
            }
        }
        Ok(chunk)
    }
}

/// A client for one request to one peer. It follows no redirect, uses no proxy, asks for no compression, and knows no
/// other addresses than these.
fn client(
    peer: &PeerAddress,
    addresses: Vec<SocketAddr>,
    connect_timeout: Duration,
) -> Result<Client, FetchError> {
    let host = peer.host().to_string();
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .pool_max_idle_per_host(0)
        .connect_timeout(connect_timeout)
        .dns_resolver(Arc::new(Pinned { host, addresses }))
        .build()
        .map_err(|error| FetchError::Unreachable {
            detail: innermost(&error),
        })
}

/// Checks what stands before the chain.
fn check_head(response: &Response, limit: u64) -> Result<(), FetchError> {
    let status = response.status();
    if status.is_redirection() {
        let status = status.as_u16();
        return Err(FetchError::Redirect { status });
    }
    if status != StatusCode::OK {
        let status = status.as_u16();
        return Err(FetchError::Status { status });
    }
    if let Some(encoding) = response.headers().get(CONTENT_ENCODING)
        && encoding != "identity"
    {
        let encoding = excerpt(&String::from_utf8_lossy(encoding.as_bytes()));
        return Err(FetchError::Encoded { encoding });
    }
    match response.content_length() {
        Some(announced) if announced > limit => Err(FetchError::TooLarge { limit }),
        _ => Ok(()),
    }
}

/// What a request without an answer means.
fn not_answered(error: &reqwest::Error, connect_timeout: Duration) -> FetchError {
    let detail = innermost(error);
    if !error.is_connect() {
        FetchError::BadAnswer { detail }
    } else if error.is_timeout() {
        FetchError::ConnectTimeout {
            limit: connect_timeout,
        }
    } else if is_refusal(error) {
        FetchError::Refused
    } else {
        FetchError::Unreachable { detail }
    }
}

fn is_refusal(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    })
}

/// An error and what caused it, what caused that, and so on.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&error| error.source())
}

/// What the first of the causes says; the others only say that something failed.
fn innermost(error: &reqwest::Error) -> String {
    let cause = causes(error).last();
    let detail = cause.map(ToString::to_string).unwrap_or_default();
    detail.chars().take(DETAIL_LENGTH).collect()
}
