use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::access::LiveTokens;
use crate::connections::Connections;
use crate::identities::Identities;
use crate::ledgers::Ledgers;
use crate::routes;
use crate::serve::{Beyond, Listener, LiveCertificate, accept_until, bind_all};
use crate::state::AppState;
use crate::{BindError, ServerOptions};

/// How often the recorded durations are folded into their buckets.
const FOLD_INTERVAL: Duration = Duration::from_secs(5);

/// A server that holds its ports, ready to run.
pub struct Server {
    listeners: Vec<Listener>,
    tokens: Option<Arc<LiveTokens>>,
    certificate: Option<Arc<LiveCertificate>>,
    options: ServerOptions,
    ledgers: Ledgers,
    identities: Option<Identities>,
    connections: Option<Connections>,
}

impl Server {
    /// Takes the ports. Connections wait until [`Server::run`], and ledgers may come until then, or later.
    ///
    /// # Errors
    /// See [`BindError`]; each is a sentence for the user.
    pub fn bind(options: ServerOptions, ledgers: Ledgers) -> Result<Server, BindError> {
        let tokens = options.tokens.clone().map(LiveTokens::open).transpose()?;
        let certificate = options.tls.clone().map(LiveCertificate::open).transpose()?;
        let listeners = bind_all(&options.listen, Beyond::of(&options))?;
        Ok(Server {
            listeners,
            certificate: certificate.map(Arc::new),
            tokens: tokens.map(Arc::new),
            options,
            ledgers,
            identities: None,
            connections: None,
        })
    }

    /// Serves a wallet too: its identities can be listed, added and renewed.
    #[must_use]
    pub fn with_identities(self, identities: Identities) -> Server {
        Server {
            identities: Some(identities),
            ..self
        }
    }

    /// Lets callers connect users to channels, too.
    #[must_use]
    pub fn with_connections(self, connections: Connections) -> Server {
        Server {
            connections: Some(connections),
            ..self
        }
    }

    /// The addresses that it listens on, with the ports that were chosen for port 0.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners
            .iter()
            .map(|listener| listener.address)
            .collect()
    }

    /// Serves until `shutdown` comes back, then lets requests under way finish, for
    /// [`Limits::shutdown_grace`](crate::Limits::shutdown_grace) at most.
    ///
    /// Event streams end then. Searches and waits for a block end with their ledger, so `shutdown` is
    /// also the place to shut the ledgers down; else they use the grace period up.
    ///
    /// # Errors
    /// The system's, when a bound socket cannot be used.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let (stop, stopping) = watch::channel(false);
        let limits = self.options.limits.clone();
        let state = AppState::new(
            self.ledgers,
            self.identities,
            self.connections,
            self.options,
            self.tokens,
            stopping.clone(),
        );
        let router = routes::router(state.clone());
        let tls = self.certificate.as_ref().map(LiveCertificate::acceptor);
        let serving = accept_until(self.listeners, tls, router, limits, stopping);
        let mut serving = std::pin::pin!(serving);
        let mut shutdown = std::pin::pin!(shutdown);
        let mut fold = tokio::time::interval(FOLD_INTERVAL);
        let tokens = state.tokens.clone();
        let certificate = self.certificate;
        let mut following = std::pin::pin!(async move {
            let tokens = async {
                if let Some(tokens) = tokens {
                    tokens.follow().await;
                }
            };
            let certificate = async {
                if let Some(certificate) = certificate {
                    certificate.follow().await;
                }
            };
            tokio::join!(tokens, certificate);
            // Where there is nothing to follow.
            std::future::pending::<()>().await;
        });
        loop {
            tokio::select! {
                outcome = serving.as_mut() => return outcome,
                () = shutdown.as_mut() => break,
                _ = fold.tick() => state.metrics.fold(),
                () = following.as_mut() => {}
            }
        }
        stop.send_replace(true);
        serving.await
    }
}
