//! A peer that does what a test says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::json::Json;
use crate::testing::body;

/// What a peer does after it has read a request; then it closes the connection.
#[derive(Clone)]
pub(super) enum Act {
    /// Sends this.
    Send(Vec<u8>),
    /// Sends this again and again, with a pause, for as long as it is read.
    Repeat(Vec<u8>, Duration),
    /// Waits until the node closes the connection.
    UntilLeft,
    /// Waits for ever.
    Hang,
    /// Waits until the test opens the gate.
    Wait(watch::Receiver<bool>),
}

/// A server; it stops when this is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    asked: Arc<AtomicUsize>,
    left: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// One that does the same for every request.
    pub(super) async fn doing(acts: Vec<Act>) -> Server {
        Server::doing_in_turn(vec![acts]).await
    }

    /// One that does something else for each request, and for further ones the same as for the last.
    pub(super) async fn doing_in_turn(turns: Vec<Vec<Act>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counters = (asked.clone(), left.clone());
        let task = tokio::spawn(async move {
            let mut conversations = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (turns, counters) = (turns.clone(), counters.clone());
                conversations.spawn(async move {
                    // The node may hang up at any moment.
                    let _ = converse(stream, turns, &counters.0).await;
                    counters.1.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Server {
            address,
            asked,
            left,
            task,
        }
    }

    /// One that answers with this, as HTTP.
    pub(super) async fn answering(body: impl Into<Vec<u8>>) -> Server {
        Server::doing(vec![Act::Send(answer(body))]).await
    }

    /// One that has this chain.
    pub(super) async fn with_chain(chain: &[Json]) -> Server {
        Server::answering(body(chain)).await
    }

    /// How many requests it has read.
    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// How many connections have ended.
    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(
    mut stream: TcpStream,
    turns: Vec<Vec<Act>>,
    asked: &AtomicUsize,
) -> std::io::Result<()> {
    read_head(&mut stream).await?;
    let turn = asked.fetch_add(1, Ordering::SeqCst);
    for act in &turns[turn.min(turns.len() - 1)] {
        match act {
            Act::Send(bytes) => stream.write_all(bytes).await?,
            Act::Repeat(bytes, pause) => loop {
                stream.write_all(bytes).await?;
                tokio::time::sleep(*pause).await;
            },
            Act::UntilLeft => read_to_end(&mut stream).await?,
            Act::Hang => std::future::pending().await,
            Act::Wait(gate) => {
                gate.clone().wait_for(|open| *open).await.ok();
            }
        }
    }
    stream.shutdown().await?;
    // Until the node has read all of it.
    read_to_end(&mut stream).await
}

async fn read_to_end(stream: &mut TcpStream) -> std::io::Result<()> {
    while stream.read(&mut [0; 1024]).await? > 0 {}
    Ok(())
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("GET /chain HTTP/1.1\r\n"), "{head}");
    Ok(())
}

/// The head of an answer with these fields.
pub(super) fn head(status: &str, fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{fields}\r\n").into_bytes()
}

/// A whole answer.
pub(super) fn answer(body: impl Into<Vec<u8>>) -> Vec<u8> {
    let body = body.into();
    let mut answer = head("200 OK", &format!("Content-Length: {}\r\n", body.len()));
    answer.extend(body);
    answer
}

/// The head of an answer that ends with the connection.
pub(super) fn open_ended() -> Act {
    Act::Send(head("200 OK", ""))
}
