//! From a socket to a request: listening, connections and their limits.

mod accept;
mod bind;
mod connection;
mod stall;
mod tls;

use tokio::sync::watch;

pub(crate) use accept::accept_until;
pub use bind::BindError;
pub(crate) use bind::{Beyond, Listener, bind_all};
pub(crate) use connection::Remote;
pub(crate) use tls::LiveCertificate;
pub use tls::{TlsError, TlsFiles};

/// Comes back when the server stops.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error says that the server is gone altogether.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

#[cfg(test)]
mod tests;
