//! The program under test, running.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::chains::Rules;
use crate::http::client;
use crate::paths;
use crate::process::{Ended, Process, run_to_end};

/// How to start a node.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// Its home, its working folder, its data: nothing of the user's is seen or touched.
    folder: Arc<TempDir>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl NodeOptions {
    /// In a new temporary folder, with no arguments beyond the address and the data folder.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    pub fn new() -> Self {
        Self {
            folder: Arc::new(tempfile::tempdir().expect("a temporary folder")),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Adds arguments after `up`.
    #[must_use]
    pub fn arguments<const COUNT: usize>(mut self, arguments: [&str; COUNT]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|&word| word.to_owned()));
        self
    }

    /// Sets the rules.
    #[must_use]
    pub fn rules(self, rules: Rules) -> Self {
        self.arguments(["--rules", rules.name()])
    }

    /// Sets a variable.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a configuration file; the node finds it in its working folder.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn configuration(self, text: &str) -> Self {
        std::fs::write(self.folder().join("chainloom.toml"), text)
            .expect("a file in a temporary folder");
        self
    }

    /// The temporary folder, which is the node's home and working folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the node keeps its data.
    pub fn data_folder(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Starts it and waits until it says where it listens.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(self) -> Node {
        let mut process = Process::start(&mut self.up());
        let (scheme, address) = listening(&mut process).await;
        Node {
            process,
            scheme,
            address,
            options: self,
        }
    }

    /// Starts it in the expectation that it refuses.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn start_in_vain(&self) -> Ended {
        run_to_end(&mut self.up()).await
    }

    /// `chainloom up` on a free port, ready to be run; later arguments win.
    pub fn up(&self) -> Command {
        let mut command = self.chainloom();
        command.arg("up");
        if !self
            .arguments
            .iter()
            .any(|argument| argument == "--listen" || argument == "--port")
        {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        if !self
            .arguments
            .iter()
            .any(|argument| argument == "--data-dir")
        {
            command.arg("--data-dir").arg(self.data_folder());
        }
        command.args(&self.arguments);
        command
    }

    /// Makes a token for the node with `chainloom token create` and these words; answers its secret. The node needs not run.
    ///
    /// # Panics
    /// When none is made.
    pub async fn token<const COUNT: usize>(&self, words: [&str; COUNT]) -> String {
        let mut command = self.chainloom();
        command.args(["token", "create"]).args(words);
        let ended = run_to_end(command.arg("--data-dir").arg(self.data_folder())).await;
        assert!(ended.status.success(), "{}", ended.stderr);
        ended.stdout.trim().to_owned()
    }

    /// The program with nothing of the user's around it, ready for arguments.
    pub fn chainloom(&self) -> Command {
        let mut command = Command::new(paths::program());
        let ours = std::env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| name.to_string_lossy().starts_with("CHAINLOOM_"));
        for name in ours {
            command.env_remove(name);
        }
        command
            .current_dir(self.folder())
            .env("HOME", self.folder())
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    process: Process,
    /// `http` or `https`.
    scheme: &'static str,
    address: SocketAddr,
    options: NodeOptions,
}

impl Node {
    /// Starts one with an empty chain under the article's rules.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        NodeOptions::new().start().await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The full address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// How it was started.
    pub fn options(&self) -> &NodeOptions {
        &self.options
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// A command of the same program, as a client of this node.
    pub fn client_command<const COUNT: usize>(&self, arguments: [&str; COUNT]) -> Command {
        let mut command = self.options.chainloom();
        command
            .args(arguments)
            .arg("--server")
            .arg(self.url("").as_str());
        command
    }

    /// Kills it as a power cut would and starts it again on the same data.
    ///
    /// # Panics
    /// When it does not start again.
    pub async fn restart(&mut self) {
        self.process.kill();
        self.process = Process::start(&mut self.options.up());
        (self.scheme, self.address) = listening(&mut self.process).await;
    }

    /// Asks for a path and reads the answer as JSON.
    ///
    /// # Panics
    /// When the answer is no JSON or not 2xx.
    pub async fn get(&self, path: &str) -> Value {
        let answer = client()
            .get(self.url(path))
            .send()
            .await
            .unwrap_or_else(|error| panic!("GET {path}: {error}"));
        let status = answer.status();
        let text = answer.text().await.expect("a whole answer");
        assert!(status.is_success(), "GET {path}: {status}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error}: {text}"))
    }

    /// Posts JSON; answers the status and the answer's JSON, or its text as a JSON string.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = client()
            .post(self.url(path))
            .json(body)
            .send()
            .await
            .unwrap_or_else(|error| panic!("POST {path}: {error}"));
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a whole answer");
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        (status, value)
    }

    /// Mines a block; answers what `/mine` answered.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn mine(&self) -> Value {
        self.get("/mine").await
    }

    /// Hands in a transaction.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn send(&self, sender: &str, recipient: &str, amount: impl Into<Value>) -> Value {
        let body = serde_json::json!({
            "sender": sender, "recipient": recipient, "amount": amount.into(),
        });
        let (status, answer) = self.post("/transactions/new", &body).await;
        assert_eq!(status, 201, "{answer}");
        answer
    }

    /// Tells it of a peer.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn register(&self, peer: SocketAddr) -> Value {
        let body = serde_json::json!({"nodes": [format!("http://{peer}")]});
        let (status, answer) = self.post("/nodes/register", &body).await;
        assert_eq!(status, 201, "{answer}");
        answer
    }

    /// Resolves; answers what `/nodes/resolve` answered.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn resolve(&self) -> Value {
        self.get("/nodes/resolve").await
    }

    /// The exact bytes of the body of `GET /chain`.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn chain_text(&self) -> String {
        let answer = client()
            .get(self.url("/chain"))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.text().await.expect("a whole answer")
    }
}

/// The scheme and the address of the first `http://127.0.0.1:PORT` or `https://127.0.0.1:PORT` that the program prints.
async fn listening(process: &mut Process) -> (&'static str, SocketAddr) {
    process
        .wait_for_output("the address it listens on", |text| {
            let (before, rest) = text.split_once("://127.0.0.1:")?;
            let scheme = if before.ends_with("https") {
                "https"
            } else {
                "http"
            };
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            // A line that is still being written must not be read as a shorter number.
            let address = format!("127.0.0.1:{digits}").parse().ok()?;
            rest.contains('\n').then_some((scheme, address))
        })
        .await
}
