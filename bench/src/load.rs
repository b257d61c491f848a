//! An HTTP client that costs little: sockets that are kept open, and one thread for all of them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

/// One client with its connection.
pub(crate) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    /// How much of an answer's beginning is in the buffer.
    filled: usize,
    /// What the answer's head said, as soon as all of that is there.
    head: Option<Head>,
}

struct Head {
    status: u16,
    body_length: usize,
    /// How much of the body is still to come.
    missing: usize,
    closes: bool,
}

/// What a load came to.
pub(crate) struct Load {
    /// How long each request took.
    pub(crate) times: Vec<Duration>,
    pub(crate) seconds: f64,
}

impl Load {
    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.seconds
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Client {
        Client {
            address,
            stream: None,
            buffer: vec![0; 1 << 20],
            filled: 0,
            head: None,
        }
    }

    /// Sends a request and reads its answer to the end; answers the status and how long the body was.
    ///
    /// A server that closes after each answer (HTTP/1.0) gets a new connection each time.
    pub(crate) fn send(&mut self, request: &[u8]) -> (u16, usize) {
        self.begin(request);
        loop {
            if let Some(answer) = self.read() {
                return answer;
            }
        }
    }

    fn begin(&mut self, request: &[u8]) {
        let address = self.address;
        let stream = self.stream.get_or_insert_with(|| {
            let stream = TcpStream::connect(address).expect("the server listens");
            stream
                .set_nodelay(true)
                .expect("a TCP socket has this option");
            stream
        });
        stream.write_all(request).expect("the server reads");
    }

    /// Reads once; gives the status and the body's length when the answer is whole.
    fn read(&mut self) -> Option<(u16, usize)> {
        let stream = self.stream.as_mut().expect("a request was sent");
        let read = stream
            .read(&mut self.buffer[self.filled..])
            .expect("the server answers");
        assert!(read > 0, "the server closed in its answer");
        match &mut self.head {
            Some(head) => head.missing = head.missing.saturating_sub(read),
            None => {
                self.filled += read;
                let end = find(&self.buffer[..self.filled], b"\r\n\r\n")?;
                let head = std::str::from_utf8(&self.buffer[..end]).expect("headers are ASCII");
                self.head = Some(read_head(head, self.filled - (end + 4)));
                self.filled = 0;
            }
        }
        let head = self.head.take_if(|head| head.missing == 0)?;
        if head.closes {
            self.stream = None;
        }
        Some((head.status, head.body_length))
    }
}

/// The head of an answer, behind which so much of its body was read already.
fn read_head(head: &str, body_read: usize) -> Head {
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
    Head {
        status,
        body_length,
        missing: body_length.saturating_sub(body_read),
        closes,
    }
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

/// Sends requests from `clients` connections side by side for about `duration`, at least one from each; each must be answered with `status`.
///
/// One thread does it: threads of their own would take a third more of the processors that the server runs on.
pub(crate) fn run(
    address: SocketAddr,
    clients: usize,
    duration: Duration,
    status: u16,
    request: impl Fn(usize, usize) -> Vec<u8>,
) -> Load {
    let start = Instant::now();
    let mut times = Vec::new();
    let mut all: Vec<(Client, Instant, usize)> = (0..clients)
        .map(|number| {
            let mut client = Client::new(address);
            client.begin(&request(number, 0));
            (client, Instant::now(), 1)
        })
        .collect();
    let mut waiting = clients;
    while waiting > 0 {
        for index in readable(&all) {
            let (client, began, sent) = &mut all[index];
            let Some((answered, _)) = client.read() else {
                continue;
            };
            assert_eq!(answered, status, "a request was not answered as expected");
            times.push(began.elapsed());
            if start.elapsed() < duration {
                *began = Instant::now();
                client.begin(&request(index, *sent));
                *sent += 1;
            } else {
                client.stream = None;
                waiting -= 1;
            }
        }
    }
    Load {
        times,
        seconds: start.elapsed().as_secs_f64(),
    }
}

/// Which of them have something to read; waits for the first.
fn readable(clients: &[(Client, Instant, usize)]) -> Vec<usize> {
    let open = clients.iter().enumerate();
    let open = open.filter_map(|(index, (client, ..))| Some((index, client.stream.as_ref()?)));
    let (indices, mut sockets): (Vec<_>, Vec<_>) = open
        .map(|(index, stream)| (index, PollFd::new(stream, PollFlags::IN)))
        .unzip();
    poll(&mut sockets, None).expect("sockets can be waited for");
    let ready = indices.into_iter().zip(&sockets);
    ready
        .filter(|(_, socket)| !socket.revents().is_empty())
        .map(|(index, _)| index)
        .collect()
}
