//! One channel while it is served: a task opens it, follows it with its index and closes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chainloom_fabric::{
    FabricLedger, Mode, NodeReport, NodeRole, Nodes, OutboxOptions, Parameters,
};
use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::{Ledger, LedgerKind};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use super::request::ConnectionRequest;
use super::source::{ChannelOptions, Verification};
use super::users::Users;
use super::verified::VerifiedIndex;
use super::{journal_of, verified_of};
use crate::identities::Identities;
use crate::ledgers::{Entry, Ledgers, ServedLedger, Unavailable};

/// How long is waited before a channel is tried again that could not be opened; doubles up to the second.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// A channel that is served, or that is tried again and again.
pub(super) struct Channel {
    options: ChannelOptions,
    /// What a caller asked for; none where the configuration names it.
    request: Option<ConnectionRequest>,
    nodes: Vec<NodeReport>,
    warnings: watch::Receiver<Vec<String>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// A channel that was told to end.
pub(super) struct Ending(JoinHandle<()>);

/// What it takes to open a channel.
pub(super) struct Opening {
    pub(super) name: String,
    pub(super) options: ChannelOptions,
    pub(super) outbox: OutboxOptions,
    pub(super) index: PathBuf,
    pub(super) cache_bytes: usize,
    pub(super) ledgers: Ledgers,
    pub(super) identities: Identities,
}

/// A channel that is open, with its index.
struct Open {
    ledger: FabricLedger,
    /// The same, of whose blocks only those are told that pass what is asked of them.
    followed: FabricLedger,
    users: Arc<Users>,
    index: Index,
}

/// A connection as it is now. Its keys and certificates are not told.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Connection)]
pub(crate) struct Status {
    /// Its name, which is the ledger's.
    name: String,
    /// Who named it.
    source: Source,
    /// The user; absent where what is kept cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    userid: Option<String>,
    /// The channel; likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<String>,
    /// The contract that is meant where a call names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    chaincode_id: Option<String>,
    /// The name of the user's CA.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_id: Option<String>,
    /// The server of the user's CA.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_url: Option<String>,
    /// The peers; empty where a profile names them.
    peer_url: Vec<String>,
    /// The orderers; likewise.
    order_url: Vec<String>,
    /// Which way calls take: `gateway` or `direct`.
    #[schema(value_type = String)]
    mode: Mode,
    /// What is asked of the channel's blocks before they are indexed, shown and told of: `hashes` or `full`.
    verify: Verification,
    /// Whether its ledger is open.
    is_open: bool,
    /// Whether it answers everything now; absent while it is not open.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_ready: Option<bool>,
    /// Why it is not open, or not ready; it is tried again by itself. Of one that is ready, which nodes are away.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What of the parameters is ignored, and what they lack for the mode.
    warnings: Vec<String>,
    /// What came of asking each node when the connection was made; empty since the server was started again.
    nodes: Vec<Node>,
}

/// Who named a connection.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Source {
    /// The configuration; there it has to be removed.
    Configuration,
    /// A caller of `POST /connections`.
    Request,
}

/// What came of asking a peer or an orderer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ConnectionNode)]
struct Node {
    /// `peer` or `orderer`.
    #[schema(value_type = String)]
    role: NodeRole,
    /// Where it is: `host:port`.
    address: String,
    /// The MSP id of a peer's organization, as its signature shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    /// Why it could not be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The parameter to look at then.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'static str>,
}

impl From<NodeReport> for Node {
    fn from(report: NodeReport) -> Node {
        let problem = report.problem;
        Node {
            role: report.role,
            address: report.address,
            organization: report.organization,
            parameter: problem.as_ref().map(|problem| problem.parameter),
            detail: problem.map(|problem| problem.reason),
        }
    }
}

impl Status {
    /// One that is kept and cannot be served.
    pub(super) fn unusable(name: &str, reason: String) -> Status {
        Status {
            name: name.to_owned(),
            source: Source::Request,
            userid: None,
            channel_id: None,
            chaincode_id: None,
            ca_id: None,
            ca_url: None,
            peer_url: Vec::new(),
            order_url: Vec::new(),
            mode: Mode::default(),
            verify: Verification::default(),
            is_open: false,
            is_ready: None,
            detail: Some(reason),
            warnings: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// The ledger's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Adds what its user should know.
    pub(super) fn warn(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.warnings.extend(warnings);
    }

    /// Says how its ledger is doing, which is open.
    pub(crate) fn set_ready(&mut self, is_ready: bool, detail: Option<String>) {
        if self.is_open {
            self.is_ready = Some(is_ready);
            self.detail = detail;
        }
    }
}

impl Channel {
    /// Tries to open it once, then leaves it to a task.
    pub(super) async fn open(
        opening: Opening,
        request: Option<ConnectionRequest>,
        nodes: Vec<NodeReport>,
    ) -> Channel {
        let options = opening.options.clone();
        let (warn, warnings) = watch::channel(Vec::new());
        let first = opening.attempt(&warn).await;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(opening.keep(first, warn, stopped));
        Channel {
            options,
            request,
            nodes,
            warnings,
            stop,
            task,
        }
    }

    /// Whether a caller made it.
    pub(super) fn is_made(&self) -> bool {
        self.request.is_some()
    }

    /// How it is doing; `entry` is what is served under its name.
    pub(super) fn status(
        &self,
        name: &str,
        entry: Option<&Entry>,
        warning: Option<String>,
    ) -> Status {
        let Parameters {
            channel,
            contract,
            mode,
            nodes,
            authority,
            ..
        } = &self.options.parameters;
        let (peer_url, order_url) = match nodes {
            Nodes::Urls(urls) => (urls.peers.clone(), urls.orderers.clone()),
            Nodes::Profile(_) => (Vec::new(), Vec::new()),
        };
        Status {
            name: name.to_owned(),
            source: match self.is_made() {
                true => Source::Request,
                false => Source::Configuration,
            },
            userid: Some(self.options.identity.user().to_owned()),
            channel_id: Some(channel.clone()),
            chaincode_id: contract.clone(),
            ca_id: authority.id.clone(),
            ca_url: authority.url.clone(),
            peer_url,
            order_url,
            mode: *mode,
            verify: self.options.verify,
            is_open: matches!(entry, Some(Entry::Served(_))),
            detail: match entry {
                Some(Entry::Unavailable(unavailable)) => Some(unavailable.reason.clone()),
                _ => None,
            },
            is_ready: None,
            warnings: self
                .warnings
                .borrow()
                .iter()
                .cloned()
                .chain(warning)
                .collect(),
            nodes: self.nodes.iter().cloned().map(Node::from).collect(),
        }
    }

    /// Tells it to end.
    pub(super) fn stop(self) -> Ending {
        self.stop.send_replace(true);
        Ending(self.task)
    }
}

impl Ending {
    /// Waits until it is closed.
    pub(super) async fn ended(self) {
        if let Err(error) = self.0.await {
            tracing::warn!("a channel did not end by itself: {error}");
        }
    }
}

impl Opening {
    /// Opens the channel when it can be, and follows it until the end.
    async fn keep(
        self,
        first: Option<Open>,
        warn: watch::Sender<Vec<String>>,
        mut stopped: watch::Receiver<bool>,
    ) {
        let mut open = first;
        let mut pause = AGAIN_AFTER;
        let mut added = self.identities.additions();
        let mut stopping = stopped.clone();
        // The error says that nobody holds the channel any more.
        let stop = async move { drop(stopping.wait_for(|stop| *stop).await) };
        let open = loop {
            if let Some(open) = open.take() {
                break open;
            }
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = sleep(pause) => {}
                // It may be the user that is waited for.
                Ok(()) = added.changed() => {}
            }
            pause = (pause * 2).min(AGAIN_AFTER_MAX);
            open = tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                open = self.attempt(&warn) => open,
            };
        };
        open.index.follow(Arc::new(open.followed), stop).await;
    }

    /// Opens the channel and serves it, or says why that cannot be.
    async fn attempt(&self, warn: &watch::Sender<Vec<String>>) -> Option<Open> {
        match self.open().await {
            Ok((open, warnings)) => {
                for warning in &warnings {
                    tracing::warn!("[ledgers.{}]: {warning}", self.name);
                }
                warn.send_replace(warnings);
                let ledger: Arc<dyn Ledger> = Arc::new(open.ledger.clone());
                let mut ledger = IndexedLedger::new(ledger, open.index.clone());
                if self.options.verify == Verification::Full {
                    ledger = ledger.telling_what_is_indexed();
                }
                let contract = self.options.parameters.contract.clone();
                let served = ServedLedger::fabric(Arc::new(ledger), contract);
                let served = served.with_users(open.users.clone());
                let served = served.signed_outside(open.ledger.clone());
                self.ledgers.insert(&self.name, served);
                Some(open)
            }
            Err(reason) => {
                let unavailable = Unavailable {
                    kind: LedgerKind::Fabric,
                    reason,
                };
                if self
                    .ledgers
                    .set_unavailable(&self.name, unavailable.clone())
                {
                    let Unavailable { reason, .. } = unavailable;
                    tracing::warn!("[ledgers.{}] is not open: {reason}", self.name);
                }
                None
            }
        }
    }

    async fn open(&self) -> Result<(Open, Vec<String>), String> {
        let ChannelOptions {
            identity,
            parameters,
            verify,
        } = &self.options;
        let user = identity.lend(&self.identities, &self.name).await;
        let user = user.map_err(|error| error.with_advice(identity, parameters).to_string())?;
        let connected = FabricLedger::connect_as(user, parameters).await;
        let ledger = connected.map_err(|error| format!("{}, {error}", error.stage()))?;
        let warnings = ledger.warnings().to_vec();
        let ledger = ledger.with_outbox(self.outbox.clone()).await;
        let ledger = ledger.map_err(|error| error.to_string())?;
        // Each has an index of its own: one that was built without signatures says nothing of them.
        let (index, followed) = match verify {
            Verification::Hashes => (self.index.clone(), ledger.clone()),
            Verification::Full => {
                let journal = journal_of(&self.name, &self.index);
                let index = verified_of(&self.name, &self.index);
                (index, ledger.clone().verifying(journal))
            }
        };
        let index = open_index(&index, self.cache_bytes).await?;
        let ledger = match verify {
            Verification::Hashes => ledger,
            Verification::Full => {
                let journal = journal_of(&self.name, &self.index);
                ledger.showing_verified(Arc::new(VerifiedIndex(index.clone())), journal)
            }
        };
        let users = Users::new(ledger.clone(), identity.clone(), self.identities.clone());
        let open = Open {
            users: Arc::new(users),
            ledger,
            followed,
            index,
        };
        Ok((open, warnings))
    }
}

async fn open_index(path: &Path, cache_bytes: usize) -> Result<Index, String> {
    let path = path.to_owned();
    let opened = spawn_blocking(move || Index::open(path, cache_bytes)).await;
    opened
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}
