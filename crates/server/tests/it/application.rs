use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::Ledger;
use chainloom_server::{Ledgers, Limits, ServedLedger, Server, ServerOptions};
use chainloom_tutorial::rules::Rules;
use chainloom_tutorial::{Node, NodeOptions, PeerLimits};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Long enough for anything that is to happen here, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server with a new chain of its own, on a free port of 127.0.0.1.
pub(crate) struct Application {
    pub(crate) address: SocketAddr,
    pub(crate) node: Node,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<std::io::Result<()>>>,
    _stop_following: oneshot::Sender<()>,
    _folder: TempDir,
}

impl Application {
    /// As a user would start it.
    pub(crate) async fn start() -> Application {
        Application::with(4, |_| {}).await
    }

    /// With other options, at another difficulty.
    pub(crate) async fn with(
        difficulty: u32,
        adapt: impl FnOnce(&mut ServerOptions),
    ) -> Application {
        Application::named("tutorial", difficulty, adapt).await
    }

    /// With a name of the user's for the ledger.
    pub(crate) async fn named(
        name: &str,
        difficulty: u32,
        adapt: impl FnOnce(&mut ServerOptions),
    ) -> Application {
        let folder = TempDir::new().unwrap();
        let node = Node::open(&NodeOptions {
            directory: folder.path().to_owned(),
            rules: Rules::Article,
            difficulty,
            cache_bytes: 16 * 1024 * 1024,
            mining_threads: 1,
            peer_limits: PeerLimits::default(),
            resolve_interval: None,
            mine_every: None,
            mine_on_transaction: false,
        })
        .unwrap();
        let index = Index::open(folder.path().join("index.redb"), 4 * 1024 * 1024).unwrap();
        let ledger: Arc<dyn Ledger> = Arc::new(node.clone());
        let (stop_following, follow_until) = oneshot::channel::<()>();
        let (follower, followed) = (index.clone(), Arc::clone(&ledger));
        tokio::spawn(async move {
            let shutdown = async {
                let _ = follow_until.await;
            };
            follower.follow(followed, shutdown).await
        });
        let indexed = Arc::new(IndexedLedger::new(ledger, index));
        let served = ServedLedger::tutorial(indexed, node.clone());
        let mut options = ServerOptions {
            listen: vec!["127.0.0.1:0".parse().unwrap()],
            limits: Limits {
                shutdown_grace: Duration::from_secs(1),
                ..Limits::default()
            },
            ..ServerOptions::default()
        };
        adapt(&mut options);
        let ledgers = Ledgers::from_iter([(name.to_owned(), served)]);
        let server = Server::bind(options, ledgers).unwrap();
        let address = server.addresses()[0];
        node.set_listen_addresses(server.addresses());
        let (stop, stopped) = oneshot::channel::<()>();
        let stopping = node.clone();
        let serving = tokio::spawn(server.run(async move {
            let _ = stopped.await;
            stopping.shutdown().await;
        }));
        Application {
            address,
            node,
            client: Client::new(),
            stop: Some(stop),
            serving: Some(serving),
            _stop_following: stop_following,
            _folder: folder,
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        self.client.request(method, url).timeout(PATIENCE)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        let request = self.request(Method::POST, path).json(&body);
        request.send().await.unwrap()
    }

    /// The JSON of a `GET` that must succeed, under `/api/v1/ledgers/tutorial`.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let path = format!("/api/v1/ledgers/tutorial{path}");
        let response = self.get(&path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    /// Sends a transfer as the tutorial does.
    pub(crate) async fn send(&self, sender: &str, recipient: &str, amount: Value) {
        let body = serde_json::json!({"sender": sender, "recipient": recipient, "amount": amount});
        let response = self.post("/transactions/new", body).await;
        assert_eq!(response.status(), StatusCode::CREATED);
    }

    /// Mines as the tutorial does.
    pub(crate) async fn mine(&self) -> Value {
        let response = self.get("/mine").await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes on a connection of their own, and answers every byte that comes back.
    pub(crate) async fn exchange(&self, request: &[u8]) -> Raw {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        let reading = stream.read_to_end(&mut bytes);
        tokio::time::timeout(PATIENCE, reading)
            .await
            .unwrap()
            .unwrap();
        Raw::of(&bytes)
    }

    /// A request with these headers besides `Host` and `Connection: close`.
    pub(crate) async fn raw(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> Raw {
        self.raw_with_body(method, target, headers, b"").await
    }

    /// The same with a body.
    pub(crate) async fn raw_with_body(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Raw {
        let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.exchange(&[head.as_bytes(), body].concat()).await
    }

    /// Stops the server and waits for its end.
    pub(crate) async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        let serving = self.serving.take().unwrap();
        let ended = tokio::time::timeout(PATIENCE, serving).await;
        ended.expect("the server stops in time").unwrap().unwrap();
    }
}

/// An answer byte for byte.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status_line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Raw {
    fn of(bytes: &[u8]) -> Raw {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
        let mut lines = head.split("\r\n");
        Raw {
            status_line: lines.next().unwrap().to_owned(),
            headers: lines
                .map(|line| {
                    let (name, value) = line.split_once(": ").unwrap();
                    (name.to_ascii_lowercase(), value.to_owned())
                })
                .collect(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.status_line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(given, _)| given == name);
        values.next().map(|(_, value)| value.as_str())
    }
}
