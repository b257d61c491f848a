//! Requests to a node over one HTTP/2 connection, which is opened when it is first used and again when it broke.
//!
//! It stands where tonic has its own channel. That passes each request through a queue and some tasks, and each waits for the next; here the
//! caller puts its request into the connection itself, and one task reads and writes. That is half of the processor's time of a call.

mod answer;
mod connection;
mod gathered;
mod outgoing;
#[cfg(test)]
mod tests;
mod waiting;

use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::header::USER_AGENT;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::http::{HeaderValue, Request, Response, Uri};

use self::answer::Answer;
use self::connection::{CALLS_WINDOW_BYTES, KeepAlive, READERS_WINDOW_BYTES, open};
use self::outgoing::Outgoing;
use self::waiting::Waiting;
use crate::dial::{DialError, Dialer};

/// How this program calls itself.
const NAME: HeaderValue =
    HeaderValue::from_static(concat!("chainloom/", env!("CARGO_PKG_VERSION")));

/// Why a request has no answer, or not all of one.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Broken {
    /// There is no connection.
    #[error("{0}")]
    NoConnection(#[source] Arc<DialError>),
    /// The connection broke, or the node ended the request.
    #[error("{0}")]
    Http2(#[source] Arc<h2::Error>),
    /// The request could not be put together.
    #[error("the request is incomplete: {0}")]
    Request(#[source] Arc<Status>),
}

impl Broken {
    /// Whether the node said that it did nothing with the request: it ended the connection in good order before it came to it, or refused its
    /// stream.
    fn is_untouched(&self) -> bool {
        let Self::Http2(error) = self else {
            return false;
        };
        let is_ended = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
        let is_refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
        error.is_remote() && (is_ended || is_refused)
    }
}

impl From<h2::Error> for Broken {
    fn from(error: h2::Error) -> Self {
        Self::Http2(Arc::new(error))
    }
}

impl From<Broken> for Status {
    fn from(broken: Broken) -> Self {
        Self::from_error(Box::new(broken))
    }
}

/// The connection to a node. Clones share it.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Node>);

struct Node {
    dialer: Dialer,
    /// How requests name the node.
    origin: Uri,
    keep_alive: KeepAlive,
    /// What the node may send on the connection before it is read.
    window_bytes: u32,
    state: Mutex<State>,
    /// How many connections were opened.
    opened: AtomicU64,
    waiting: Waiting,
}

/// A connection that is being opened, by all who wait for it.
type Opening = BoxFuture<'static, Result<Open, Broken>>;

enum State {
    /// It is opened when it is needed.
    Closed,
    /// Somebody waits for it, unless that one has gone away.
    Opening(WeakShared<Opening>),
    /// It was open when it was last looked at.
    Open(Open),
}

/// An open connection.
#[derive(Clone)]
struct Open {
    sender: SendRequest<Bytes>,
    /// SHA-256 of the certificate that this program showed on it.
    certificate_hash: Option<[u8; 32]>,
    /// Tells it from those before and after it.
    number: u64,
}

impl Transport {
    /// For requests whose answers are read as they come. Nothing is sent yet. `origin` has scheme and authority.
    pub(crate) fn new(dialer: Dialer, origin: Uri) -> Self {
        Self::with(dialer, origin, KeepAlive::default(), CALLS_WINDOW_BYTES)
    }

    /// The same for answers that may be left unread for long: one holds up no other.
    pub(crate) fn for_readers(dialer: Dialer, origin: Uri) -> Self {
        Self::with(dialer, origin, KeepAlive::default(), READERS_WINDOW_BYTES)
    }

    fn with(dialer: Dialer, origin: Uri, keep_alive: KeepAlive, window_bytes: u32) -> Self {
        Self(Arc::new(Node {
            dialer,
            origin,
            keep_alive,
            window_bytes,
            state: Mutex::new(State::Closed),
            opened: AtomicU64::new(0),
            waiting: Waiting::default(),
        }))
    }

    /// SHA-256 of the certificate that this program shows on the connection, which is opened where it is not open; nothing where it shows none.
    ///
    /// # Errors
    /// The connection cannot be opened.
    pub(crate) async fn certificate_hash(&self) -> Result<Option<[u8; 32]>, Broken> {
        Ok(self.usable().await?.certificate_hash)
    }

    /// The connection, as one that takes a request now.
    async fn usable(&self) -> Result<Open, Broken> {
        loop {
            let open = match &*self.0.state() {
                State::Open(open) => Some(open.clone()),
                State::Closed | State::Opening(_) => None,
            };
            let open = match open {
                Some(open) => open,
                None => self.opening().await?,
            };
            // One that broke, or that the node ended, is not ready any more.
            let (certificate_hash, number) = (open.certificate_hash, open.number);
            match open.sender.ready().await {
                Ok(sender) => {
                    return Ok(Open {
                        sender,
                        certificate_hash,
                        number,
                    });
                }
                Err(_) => self.0.forget(number),
            }
        }
    }

    /// A new connection, which all who need one wait for.
    fn opening(&self) -> Shared<Opening> {
        let mut state = self.0.state();
        match &*state {
            State::Opening(opening) => {
                if let Some(opening) = opening.upgrade()
                    && opening.peek().is_none()
                {
                    return opening;
                }
            }
            // Another one opened it since this one looked.
            State::Open(open) => {
                let open: Opening = ready(Ok(open.clone())).boxed();
                return open.shared();
            }
            State::Closed => {}
        }
        let node = self.0.clone();
        let opening: Opening = async move {
            let opened = node.open().await;
            let opened = opened.map(|(sender, certificate_hash)| Open {
                sender,
                certificate_hash,
                number: node.opened.fetch_add(1, Ordering::Relaxed),
            });
            *node.state() = match &opened {
                Ok(open) => State::Open(open.clone()),
                Err(_) => State::Closed,
            };
            opened
        }
        .boxed();
        let opening = opening.shared();
        *state = match opening.downgrade() {
            Some(opening) => State::Opening(opening),
            None => State::Closed,
        };
        opening
    }

    async fn exchange(self, mut request: Request<Body>) -> Result<Response<Answer>, Broken> {
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = self.0.address(path);
        request.headers_mut().insert(USER_AGENT, NAME);
        let _one = self.0.waiting.one();
        let (head, body) = request.into_parts();
        let head = Request::from_parts(head, ());
        let mut outgoing = Outgoing::new(body);
        let answer = match self.ask(head.clone(), &mut outgoing).await {
            // The node ends the connection, or has no room on it, and says that it did nothing with the request.
            Err(error) if error.is_untouched() => self.ask(head, &mut outgoing).await?,
            answer => answer?,
        };
        outgoing.is_taken();
        Ok(answer.map(|incoming| Answer::new(incoming, outgoing)))
    }

    /// Sends a request, and waits for the beginning of its answer.
    async fn ask(
        &self,
        head: Request<()>,
        outgoing: &mut Outgoing,
    ) -> Result<Response<RecvStream>, Broken> {
        let mut sender = self.usable().await?.sender;
        let (answer, stream) = sender.send_request(head, false)?;
        outgoing.begin(stream);
        outgoing.send_during(answer).await
    }
}

impl Node {
    async fn open(&self) -> Result<(SendRequest<Bytes>, Option<[u8; 32]>), Broken> {
        let (keep_alive, waiting) = (self.keep_alive, self.waiting.clone());
        open(&self.dialer, keep_alive, self.window_bytes, waiting).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics in between.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that broke is not used again.
    fn forget(&self, number: u64) {
        let mut state = self.state();
        if matches!(&*state, State::Open(open) if open.number == number) {
            *state = State::Closed;
        }
    }

    fn address(&self, path: Option<PathAndQuery>) -> Uri {
        let mut parts = self.origin.clone().into_parts();
        parts.path_and_query = path.or(parts.path_and_query);
        Uri::from_parts(parts).expect("the origin has scheme and authority, so a path completes it")
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &*self.0.state() {
            State::Closed => "closed",
            State::Opening(_) => "being opened",
            State::Open(_) => "open",
        };
        write!(formatter, "Transport({}, {state})", self.0.origin)
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Answer>;
    type Error = Broken;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Broken>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().exchange(request))
    }
}
