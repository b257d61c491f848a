#![allow(clippy::unwrap_used)]
//! Real sockets on 127.0.0.1, with routes made for the purpose.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Beyond, Remote, accept_until, bind_all};
use crate::Limits;

/// Long enough for anything that is to happen here, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(20);

struct Served {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

fn serve(router: Router, limits: Limits) -> Served {
    let listeners = bind_all(&["127.0.0.1:0".parse().unwrap()], Beyond::NobodyAsked).unwrap();
    let address = listeners[0].address;
    let (stop, stopping) = watch::channel(false);
    let task = tokio::spawn(accept_until(listeners, None, router, limits, stopping));
    Served {
        address,
        stop,
        task,
    }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes and reads until the server closes.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset ends it too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("the server closes in time");
    String::from_utf8_lossy(&answer).into_owned()
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

#[tokio::test]
async fn a_request_knows_where_the_other_end_is() {
    let told = |Extension(Remote(address)): Extension<Remote>| async move { address.to_string() };
    let served = serve(Router::new().route("/", get(told)), Limits::default());
    let mut stream = served.connect().await;
    let here = stream.local_addr().unwrap().to_string();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.ends_with(&here), "{here}: {answer}");
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Sends what it holds when it is dropped.
struct OnDrop(Option<oneshot::Sender<()>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(());
        }
    }
}

#[tokio::test]
async fn answers() {
    let served = serve(hello(), Limits::default());
    let answer = served.exchange(REQUEST).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
}

#[tokio::test]
async fn a_caller_who_goes_away_ends_the_handler() {
    let (dropped, was_dropped) = oneshot::channel();
    let guard = Arc::new(std::sync::Mutex::new(Some(OnDrop(Some(dropped)))));
    let entered = Arc::new(Notify::new());
    let is_in = Arc::clone(&entered);
    let router = Router::new().route(
        "/",
        get(move || async move {
            let _guard = guard.lock().unwrap().take();
            is_in.notify_one();
            std::future::pending::<()>().await;
        }),
    );
    let served = serve(router, Limits::default());
    let mut stream = served.connect().await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    timeout(PATIENCE, entered.notified()).await.unwrap();
    drop(stream);
    timeout(PATIENCE, was_dropped).await.unwrap().unwrap();
}

#[tokio::test]
async fn refuses_a_head_beyond_its_limits() {
    let limits = Limits {
        header_bytes: 8 * 1024,
        header_count: 10,
        ..Limits::default()
    };
    let served = serve(hello(), limits);
    let long = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n",
        "a".repeat(9_000)
    );
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: a\r\n".repeat(11));
    for request in [long, many] {
        let answer = served.exchange(&request).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test]
async fn closes_on_a_head_that_does_not_come() {
    let limits = Limits {
        header_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = serve(hello(), limits);
    for part in ["", "GET / HTTP/1.1\r\nHost: loc"] {
        assert_eq!(served.exchange(part).await, "", "{part}");
    }
}

#[tokio::test]
async fn tells_a_connection_beyond_the_limit() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let served = serve(hello(), limits);
    let mut first = served.connect().await;
    let keep_alive = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    first.write_all(keep_alive.as_bytes()).await.unwrap();
    // It answers, so it has its place.
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let refused = served.exchange(REQUEST).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.contains("retry-after: 1\r\n"), "{refused}");
    drop(first);
    // The place is free again as soon as the server has seen that.
    let freed = async {
        while !served.exchange(REQUEST).await.starts_with("HTTP/1.1 200 ") {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, freed).await.unwrap();
}

#[tokio::test]
async fn cuts_a_reader_that_stalls() {
    let (dropped, was_dropped) = oneshot::channel();
    let guard = Arc::new(std::sync::Mutex::new(Some(OnDrop(Some(dropped)))));
    let router = Router::new().route(
        "/",
        get(move || async move {
            let guard = guard.lock().unwrap().take();
            let endless = stream::unfold(guard, |guard| async move {
                let chunk = Bytes::from_static(&[0; 64 * 1024]);
                Some((Ok::<_, std::io::Error>(chunk), guard))
            });
            Body::from_stream(endless)
        }),
    );
    let limits = Limits {
        stall_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let served = serve(router, limits);
    let mut stream = served.connect().await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    // Takes nothing, and still the answer is let go.
    timeout(PATIENCE, was_dropped).await.unwrap().unwrap();
}

#[tokio::test]
async fn finishes_what_is_under_way_when_it_stops() {
    let entered = Arc::new(Notify::new());
    let go_on = Arc::new(Notify::new());
    let (is_in, may_go) = (Arc::clone(&entered), Arc::clone(&go_on));
    let router = Router::new().route(
        "/",
        get(move || async move {
            is_in.notify_one();
            may_go.notified().await;
            "done"
        }),
    );
    let served = serve(router, Limits::default());
    let mut stream = served.connect().await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    timeout(PATIENCE, entered.notified()).await.unwrap();
    served.stop.send_replace(true);
    go_on.notify_one();
    assert!(read_all(&mut stream).await.ends_with("done"));
    timeout(PATIENCE, served.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn cuts_what_outlasts_the_grace_period() {
    let entered = Arc::new(Notify::new());
    let is_in = Arc::clone(&entered);
    let router = Router::new().route(
        "/",
        get(move || async move {
            is_in.notify_one();
            std::future::pending::<()>().await;
        }),
    );
    let limits = Limits {
        shutdown_grace: Duration::from_millis(50),
        ..Limits::default()
    };
    let served = serve(router, limits);
    let mut stream = served.connect().await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    timeout(PATIENCE, entered.notified()).await.unwrap();
    served.stop.send_replace(true);
    timeout(PATIENCE, served.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(read_all(&mut stream).await, "");
}
