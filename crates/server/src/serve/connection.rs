use std::net::SocketAddr;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::stall::StallGuard;
use super::stopped;
use crate::Limits;

/// Where the other end of a connection is, as every request on it has it among its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remote(pub(crate) SocketAddr);

/// Serves one connection until its other end closes it, a limit ends it, or the server stops.
pub(crate) async fn serve_connection(
    stream: TcpStream,
    tls: Option<&TlsAcceptor>,
    router: Router,
    limits: &Limits,
    stopping: watch::Receiver<bool>,
) {
    // An answer is written in one go; nothing is gained by holding small ones back.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    let Ok(remote) = stream.peer_addr().map(Remote) else {
        tracing::debug!("the other end is gone already");
        return;
    };
    let guarded = StallGuard::new(stream, limits.stall_timeout);
    let Some(tls) = tls else {
        return serve(guarded, remote, router, limits, stopping).await;
    };
    // Whoever says nothing here has no more time than whoever sends no request.
    match tokio::time::timeout(limits.header_timeout, tls.accept(guarded)).await {
        Ok(Ok(stream)) => serve(stream, remote, router, limits, stopping).await,
        Ok(Err(error)) => tracing::debug!("no TLS handshake: {error}"),
        Err(_) => tracing::debug!("a TLS handshake was not done in time"),
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    remote: Remote,
    router: Router,
    limits: &Limits,
    mut stopping: watch::Receiver<bool>,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(remote);
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.header_count)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(64 * 1024))
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stopped(&mut stopping) => {
            // Finishes the request under way and takes no further one.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!("connection ended: {error}");
    }
}
