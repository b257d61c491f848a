use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use crate::access::LiveTokens;
use crate::body_room::BodyRoom;
use crate::connections::Connections;
use crate::identities::Identities;
use crate::ledgers::Ledgers;
use crate::operations::Metrics;
use crate::safety::HostRule;
use crate::{Limits, ServerOptions};

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

/// The one copy of it.
pub(crate) struct Shared {
    pub(crate) ledgers: Ledgers,
    pub(crate) identities: Option<Identities>,
    pub(crate) connections: Option<Connections>,
    pub(crate) limits: Limits,
    /// The tokens, where callers are asked for one.
    pub(crate) tokens: Option<Arc<LiveTokens>>,
    /// Whether callers come over TLS.
    pub(crate) is_tls: bool,
    pub(crate) hosts: HostRule,
    pub(crate) metrics: Metrics,
    /// Room for the bodies of requests.
    pub(crate) body_room: BodyRoom,
    /// Places for whole chains on their way to a reader.
    pub(crate) chain_places: Arc<Semaphore>,
    /// Places for event streams.
    pub(crate) event_places: Arc<Semaphore>,
    /// Becomes true when the server stops: an event stream, which has no end of its own, ends then.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl AppState {
    pub(crate) fn new(
        ledgers: Ledgers,
        identities: Option<Identities>,
        connections: Option<Connections>,
        options: ServerOptions,
        tokens: Option<Arc<LiveTokens>>,
        stopping: watch::Receiver<bool>,
    ) -> AppState {
        AppState(Arc::new(Shared {
            ledgers,
            identities,
            connections,
            hosts: HostRule::new(&options.allowed_hosts),
            metrics: Metrics::new(),
            body_room: BodyRoom::new(&options.limits),
            chain_places: Arc::new(Semaphore::new(options.limits.chain_streams)),
            event_places: Arc::new(Semaphore::new(options.limits.event_streams)),
            limits: options.limits,
            tokens,
            is_tls: options.tls.is_some(),
            stopping,
        }))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
