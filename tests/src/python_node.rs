//! A node of the tutorial in Python, as a friend would run it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::chains::{ChainRecipe, Rules};
use crate::http::client;
use crate::paths;
use crate::process::Process;

/// A running Flask node.
#[derive(Debug)]
pub struct PythonNode {
    _process: Process,
    address: SocketAddr,
}

impl PythonNode {
    /// Starts one with a chain of its own.
    ///
    /// # Panics
    /// When Python or Flask is missing.
    pub async fn start(rules: Rules) -> Self {
        Self::launch(rules, 4, None).await
    }

    /// Starts one whose proofs need more (or fewer) than the tutorial's four zeros.
    ///
    /// # Panics
    /// When Python or Flask is missing.
    pub async fn with_difficulty(rules: Rules, difficulty: u32) -> Self {
        Self::launch(rules, difficulty, None).await
    }

    /// Starts one that already has a chain.
    ///
    /// # Panics
    /// When Python or Flask is missing.
    pub async fn with_chain(recipe: ChainRecipe) -> Self {
        let file = recipe.file();
        Self::launch(recipe.rules, recipe.difficulty, Some(file.path())).await
    }

    async fn launch(rules: Rules, difficulty: u32, chain: Option<&Path>) -> Self {
        let mut command = Command::new(paths::python());
        command
            .arg("-B")
            .arg(paths::python_script("node.py"))
            .args(["--port", "0", "--rules", rules.name()])
            .args(["--difficulty", &difficulty.to_string()]);
        if let Some(chain) = chain {
            command.arg("--chain").arg(chain);
        }
        let mut process = Process::start(&mut command);
        let address = process
            .wait_for_output(
                "its address (is Flask there? `cargo xtask test` sets it up)",
                |text| {
                    let (_, rest) = text.split_once("listening on ")?;
                    rest.lines().next()?.parse().ok()
                },
            )
            .await;
        Self {
            _process: process,
            address,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The full address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Asks for a path and reads the answer as it stands: Python's JSON may hold what serde_json refuses, such as NaN.
    ///
    /// # Panics
    /// When the answer is not 2xx.
    pub async fn get_text(&self, path: &str) -> String {
        let answer = client()
            .get(self.url(path))
            .send()
            .await
            .expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.expect("a whole answer")
    }

    /// Asks for a path and reads the answer as JSON.
    ///
    /// # Panics
    /// When the answer is no JSON or not 2xx.
    pub async fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.get_text(path).await).expect("JSON")
    }

    /// Mines a block.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn mine(&self) -> Value {
        self.get("/mine").await
    }

    /// Tells it of a peer.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn register(&self, peer: SocketAddr) {
        let answer = client()
            .post(self.url("/nodes/register"))
            .json(&serde_json::json!({"nodes": [format!("http://{peer}")]}))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 201);
    }
}
