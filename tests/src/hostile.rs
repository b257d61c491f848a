//! Peers that misbehave.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a peer does when it is asked for its chain.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// Takes the connection and never says a word.
    Dead,
    /// Sends this body a byte a second.
    Slow(String),
    /// Sends this, and then white space for ever.
    Endless(String),
    /// Sends this, and then this again and again for ever.
    Repeating(String, String),
    /// Sends the caller somewhere else.
    Redirect(String),
    /// Answers this with status 200.
    Answer(String),
    /// The same without saying how long it is.
    Unmeasured(String),
    /// Answers this status with a text.
    Status(u16),
    /// Claims the length of this body, sends half of it and closes.
    Cut(String),
}

impl Behaviour {
    /// Something that is no JSON.
    pub fn garbage() -> Self {
        Self::Answer("{\"chain\": [{\"index\": 1, oops".to_owned())
    }

    /// A block whose transactions are lists in lists, this deep.
    pub fn deep(depth: usize) -> Self {
        Self::Answer(format!(
            "{{\"chain\": [{{\"transactions\": {}{}}}], \"length\": 9}}",
            "[".repeat(depth),
            "]".repeat(depth)
        ))
    }

    /// A block that never ends: its transactions go on for ever.
    pub fn endless_block() -> Self {
        Self::Repeating(
            "{\"length\": 1000, \"chain\": [{\"index\": 1, \"transactions\": [".to_owned(),
            format!("{{\"sender\": \"{}\"}}, ", "x".repeat(1000)),
        )
    }
}

/// A server that misbehaves; it stops when this is dropped.
#[derive(Debug)]
pub struct HostilePeer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl HostilePeer {
    /// Starts one.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            // Dropped with the task, and with it every conversation that is still going on.
            let mut conversations = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let behaviour = behaviour.clone();
                let counter = Arc::clone(&counter);
                conversations.spawn(async move {
                    // The other side may hang up at any moment: that is what the tests are about.
                    let _ = converse(stream, &behaviour, &counter).await;
                });
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests it has read so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for HostilePeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(
    mut stream: TcpStream,
    behaviour: &Behaviour,
    asked: &AtomicUsize,
) -> std::io::Result<()> {
    read_head(&mut stream).await?;
    asked.fetch_add(1, Ordering::Relaxed);
    match behaviour {
        Behaviour::Dead => std::future::pending().await,
        Behaviour::Slow(body) => {
            send_head(&mut stream, "200 OK", Some(body.len())).await?;
            for byte in body.bytes() {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Ok(())
        }
        Behaviour::Endless(start) => repeat(&mut stream, start, " \n \n \n \n").await,
        Behaviour::Repeating(start, again) => repeat(&mut stream, start, again).await,
        Behaviour::Redirect(to) => {
            let head = format!(
                "HTTP/1.1 302 FOUND\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await
        }
        Behaviour::Answer(body) => {
            send_head(&mut stream, "200 OK", Some(body.len())).await?;
            stream.write_all(body.as_bytes()).await
        }
        Behaviour::Unmeasured(body) => {
            send_head(&mut stream, "200 OK", None).await?;
            stream.write_all(body.as_bytes()).await
        }
        Behaviour::Status(status) => {
            send_head(&mut stream, &format!("{status} NO"), Some(2)).await?;
            stream.write_all(b"no").await
        }
        Behaviour::Cut(body) => {
            send_head(&mut stream, "200 OK", Some(body.len())).await?;
            stream.write_all(&body.as_bytes()[..body.len() / 2]).await
        }
    }
}

async fn repeat(stream: &mut TcpStream, start: &str, again: &str) -> std::io::Result<()> {
    send_head(stream, "200 OK", None).await?;
    stream.write_all(start.as_bytes()).await?;
    let chunk = again.repeat(65_536_usize.div_ceil(again.len()));
    loop {
        stream.write_all(chunk.as_bytes()).await?;
    }
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut buffer = [0; 1024];
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&buffer[..length]);
    }
    Ok(())
}

async fn send_head(
    stream: &mut TcpStream,
    status: &str,
    length: Option<usize>,
) -> std::io::Result<()> {
    let length = length.map_or_else(String::new, |length| {
        format!("Content-Length: {length}\r\n")
    });
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{length}Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await
}
