use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::connection::serve_connection;
use super::{Listener, stopped};
use crate::Limits;

/// How long to wait before accepting again when the system has no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// How many connections beyond the limit are being told so at once.
const REFUSALS: usize = 32;

/// What a connection beyond the limit is told.
const TOO_MANY_CONNECTIONS: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 52\r\n\
    retry-after: 1\r\n\
    connection: close\r\n\
    \r\n\
    too many connections are open; try again in a second";

/// Accepts connections on every listener until `stopping` says so, then gives those under way
/// their grace period.
pub(crate) async fn accept_until(
    listeners: Vec<Listener>,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    stopping: watch::Receiver<bool>,
) -> io::Result<()> {
    let limits = Arc::new(limits);
    let places = Arc::new(Semaphore::new(limits.connections));
    let refusals = Arc::new(Semaphore::new(REFUSALS));
    let mut loops = JoinSet::new();
    for listener in listeners {
        let listener = TcpListener::from_std(listener.socket)?;
        loops.spawn(accept_on(
            listener,
            tls.clone(),
            router.clone(),
            Arc::clone(&limits),
            Arc::clone(&places),
            Arc::clone(&refusals),
            stopping.clone(),
        ));
    }
    while loops.join_next().await.is_some() {}
    Ok(())
}

async fn accept_on(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Arc<Limits>,
    places: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => break,
            Some(_) = connections.join_next() => continue,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Either this one connection is gone already, or descriptors are short.
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            // Nobody who speaks TLS would understand it.
            if tls.is_none()
                && let Ok(permit) = Arc::clone(&refusals).try_acquire_owned()
            {
                connections.spawn(async move {
                    refuse(stream).await;
                    drop(permit);
                });
            }
            continue;
        };
        let (router, limits, stopping) = (router.clone(), Arc::clone(&limits), stopping.clone());
        let tls = tls.clone();
        connections.spawn(async move {
            serve_connection(stream, tls.as_ref(), router, &limits, stopping).await;
            drop(place);
        });
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.shutdown_grace, finished)
        .await
        .is_err()
    {
        connections.shutdown().await;
    }
}

async fn refuse(mut stream: TcpStream) {
    let told = async {
        stream.write_all(TOO_MANY_CONNECTIONS).await?;
        stream.shutdown().await?;
        // Reading what was sent meanwhile keeps the answer from being reset on its way.
        let mut sink = [0; 4096];
        while stream.readable().await.is_ok() {
            match stream.try_read(&mut sink) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => break,
                _ => {}
            }
        }
        Ok::<(), io::Error>(())
    };
    // Whoever does not even take this gets no answer.
    let _ = tokio::time::timeout(Duration::from_secs(1), told).await;
}

#[cfg(test)]
mod tests {
    use super::TOO_MANY_CONNECTIONS;

    #[test]
    fn the_refusal_states_its_own_length() {
        let text = std::str::from_utf8(TOO_MANY_CONNECTIONS).expect("it is ASCII");
        let (head, body) = text.split_once("\r\n\r\n").expect("head and body");
        assert!(head.contains(&format!("content-length: {}", body.len())));
    }
}
