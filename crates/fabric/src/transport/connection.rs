use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use h2::{Ping, PingPong};
use tokio::time::{sleep, timeout};

use super::Broken;
use super::gathered::Gathered;
use super::waiting::Waiting;
use crate::dial::{Dialed, Dialer};

/// What a node may send on one request before it is read.
const REQUEST_WINDOW_BYTES: u32 = 2 << 20;
/// What it may send on all together, where each is read as it comes.
pub(super) const CALLS_WINDOW_BYTES: u32 = 5 << 20;
/// The same where some are not read for long: the most that there is, a window for each of a thousand.
pub(super) const READERS_WINDOW_BYTES: u32 = i32::MAX as u32;
/// The most of headers and trailers; the latter hold what went wrong at every peer that a gateway asked.
const HEADER_BYTES_MAX: u32 = 256 << 10;

/// How it is found out that a node is gone which does not say so.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeepAlive {
    /// How long after its last sign of life it is asked for another. Peers refuse to be asked more often than once a minute.
    pub(super) every: Duration,
    /// How long it may take.
    pub(super) timeout: Duration,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(60),
            timeout: Duration::from_secs(20),
        }
    }
}

/// Opens a connection, which a task of its own serves until it breaks, the node ends it, or nobody has use for it; and tells the hash of the
/// certificate that was shown on it.
pub(super) async fn open(
    dialer: &Dialer,
    keep_alive: KeepAlive,
    window_bytes: u32,
    waiting: Waiting,
) -> Result<(SendRequest<Bytes>, Option<[u8; 32]>), Broken> {
    let dialed = dialer.dial().await;
    let Dialed {
        stream,
        certificate_hash,
    } = dialed.map_err(|error| Broken::NoConnection(Arc::new(error)))?;
    let gathered = Gathered::new(stream);
    let mut builder = Builder::new();
    builder
        .initial_window_size(REQUEST_WINDOW_BYTES)
        .initial_connection_window_size(window_bytes)
        .max_header_list_size(HEADER_BYTES_MAX)
        .enable_push(false);
    let (sender, mut connection) = builder.handshake(gathered.clone()).await?;
    let signs_of_life = connection.ping_pong();
    let signs_of_life = signs_of_life.expect("it is asked for once");
    tokio::spawn(async move {
        tokio::select! {
            biased;
            ended = serve(connection, gathered, waiting) => if let Err(error) = ended {
                tracing::debug!("the connection to a node broke: {error}");
            },
            () = silence(signs_of_life, keep_alive) => {
                tracing::debug!("a node gave no sign of life in time");
            }
        }
    });
    Ok((sender, certificate_hash))
}

/// Reads and writes. All that there is to write at one moment is written together.
async fn serve(
    mut connection: Connection<Gathered, Bytes>,
    gathered: Gathered,
    waiting: Waiting,
) -> Result<(), h2::Error> {
    let mut has_stood_back = false;
    poll_fn(|context| {
        // Whoever else is about to send something goes first, so that it is written together, and read together by the node. With 32 callers
        // that is a tenth of the processor's time of a call.
        has_stood_back = !has_stood_back && waiting.are_several();
        if has_stood_back {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let ended = Pin::new(&mut connection).poll(context);
        gathered.write_out(context);
        ended
    })
    .await
}

/// Comes back when the node is silent.
async fn silence(mut signs_of_life: PingPong, keep_alive: KeepAlive) {
    loop {
        sleep(keep_alive.every).await;
        match timeout(keep_alive.timeout, signs_of_life.ping(Ping::opaque())).await {
            Ok(Ok(_)) => {}
            // What broke is told by who reads.
            Ok(Err(_)) => std::future::pending().await,
            Err(_) => return,
        }
    }
}
