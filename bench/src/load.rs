//! An HTTP client that costs little: blocking sockets, kept open, one thread a client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// One client with its connection.
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// What a load came to.
pub(crate) struct Load {
    pub(crate) requests: usize,
    pub(crate) seconds: f64,
}

impl Load {
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Client {
        Client {
            address,
            stream: None,
            buffer: vec![0; 1 << 20],
        }
    }

    /// Sends a request and reads its answer to the end; answers the status and how long the body was.
    ///
    /// A server that closes after each answer (HTTP/1.0) gets a new connection each time.
    pub(crate) fn send(&mut self, request: &[u8]) -> (u16, usize) {
        let mut stream = self.stream.take().unwrap_or_else(|| {
            let stream = TcpStream::connect(self.address).expect("the server listens");
            stream
                .set_nodelay(true)
                .expect("a TCP socket has this option");
            stream
        });
        stream.write_all(request).expect("the server reads");
        let mut filled = 0;
        let (head_length, status, body_length, closes) = loop {
            let read = stream
                .read(&mut self.buffer[filled..])
                .expect("the server answers");
            assert!(read > 0, "the server closed before it answered");
            filled += read;
            if let Some(end) = find(&self.buffer[..filled], b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.buffer[..end]).expect("headers are ASCII");
                break read_head(head, end + 4);
            }
        };
        let mut missing = (head_length + body_length).saturating_sub(filled);
        while missing > 0 {
            let read = stream.read(&mut self.buffer).expect("the server answers");
            assert!(read > 0, "the server closed in its answer");
            missing = missing.saturating_sub(read);
        }
        if !closes {
            self.stream = Some(stream);
        }
        (status, body_length)
    }
}

fn read_head(head: &str, head_length: usize) -> (usize, u16, usize, bool) {
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .expect("a status");
    let mut body_length = 0;
    let mut closes = first.starts_with("HTTP/1.0");
    for line in lines {
        let (name, value) = line.split_once(':').expect("a header line");
        if name.eq_ignore_ascii_case("content-length") {
            body_length = value.trim().parse().expect("a length");
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.trim().eq_ignore_ascii_case("close");
        }
    }
    (head_length, status, body_length, closes)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// `GET path`.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").into_bytes()
}

/// `POST path` with a JSON body.
pub(crate) fn post(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends requests from `clients` connections side by side for about `duration`; each must be answered with `status`.
pub(crate) fn run(
    address: SocketAddr,
    clients: usize,
    duration: Duration,
    status: u16,
    request: impl Fn(usize, usize) -> Vec<u8> + Sync,
) -> Load {
    let start = Instant::now();
    let requests = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..clients)
            .map(|number| {
                let request = &request;
                scope.spawn(move || {
                    let mut client = Client::new(address);
                    let mut done = 0;
                    while start.elapsed() < duration {
                        let (answered, _) = client.send(&request(number, done));
                        assert_eq!(answered, status, "a request was not answered as expected");
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("the client did not fail"))
            .sum()
    });
    Load {
        requests,
        seconds: start.elapsed().as_secs_f64(),
    }
}
