use std::net::SocketAddr;
use std::time::Duration;

use crate::access::TokenFile;
use crate::serve::TlsFiles;

/// How a server listens and what it lets in.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// The addresses to listen on, all of them; port 0 takes a free port, the same for all.
    pub listen: Vec<SocketAddr>,
    /// Names besides `localhost` and the machine's own that a request's `Host` may say.
    pub allowed_hosts: Vec<String>,
    /// Whether to listen beyond loopback although nobody is asked who they are.
    pub insecure_public: bool,
    /// The file of the tokens, where callers are asked for one; else everybody may do everything.
    pub tokens: Option<TokenFile>,
    /// The certificate and its key, where TLS is spoken on all addresses; else plain HTTP is.
    pub tls: Option<TlsFiles>,
    /// What a caller can use up.
    pub limits: Limits,
}

/// A limit on everything that comes from outside.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; a further one is told 503 and closed.
    pub connections: usize,
    /// Bytes of a request's line and headers together.
    pub header_bytes: usize,
    /// Headers of a request.
    pub header_count: usize,
    /// Time for a request's line and headers to arrive; an idle connection is closed after it too.
    pub header_timeout: Duration,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of all bodies that are being read or answered.
    pub all_bodies_bytes: usize,
    /// Time for a request's body to arrive.
    pub body_timeout: Duration,
    /// Time for an answer to begin. Mining, resolving, event streams and calls are exempt: these have times of their own.
    pub request_timeout: Duration,
    /// Time in which a reader has to take some bytes of an answer, or be cut.
    pub stall_timeout: Duration,
    /// Whole chains sent at once. Each holds pages of the database for as long as it runs.
    pub chain_streams: usize,
    /// Time that a further whole chain waits for its turn.
    pub chain_stream_wait: Duration,
    /// Event streams at once.
    pub event_streams: usize,
    /// Time that requests under way get to finish when the server stops.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            // Below the 1,024 descriptors that a process commonly may open.
            connections: 512,
            header_bytes: 32 * 1024,
            header_count: 100,
            header_timeout: Duration::from_secs(30),
            body_bytes: 1024 * 1024,
            all_bodies_bytes: 256 << 20,
            body_timeout: Duration::from_secs(30),
            // More than the 30 s that an invoke may wait for its block.
            request_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(30),
            chain_streams: 16,
            chain_stream_wait: Duration::from_secs(2),
            event_streams: 128,
            shutdown_grace: Duration::from_secs(5),
        }
    }
}
