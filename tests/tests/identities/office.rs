//! Where identities are at work: a network with its CAs, a server with a wallet, and files with secrets.

use std::path::Path;
use std::process::Command;

use chainloom_tests::{Devnet, Ended, Node, NodeOptions, Process, run_to_end};
use serde_json::{Value, json};

/// A network, a server with a wallet, and files with secrets.
pub(crate) struct Office {
    pub(crate) node: Node,
    pub(crate) devnet: Devnet,
    _network: Process,
}

impl Office {
    pub(crate) async fn start() -> Self {
        let devnet = Devnet::new();
        let network = devnet.up().await;
        Self {
            node: NodeOptions::new().start().await,
            devnet,
            _network: network,
        }
    }

    /// What a script prints that has the network's `env.sh`.
    pub(crate) fn shell(&self, script: &str) -> String {
        let ran = Command::new("bash")
            .args(["-ec", &format!(". ./env.sh && {script}")])
            .current_dir(self.devnet.directory())
            .output()
            .expect("bash can be run");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{script}: {said}");
        String::from_utf8_lossy(&ran.stdout).trim().to_owned()
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.node.options().folder().join(name);
        std::fs::write(&path, text).expect("a file in a temporary folder");
        path.to_str().expect("the folder's name is text").to_owned()
    }

    /// Runs `chainloom identity` with these words on a server.
    pub(crate) async fn run_at(&self, node: &Node, words: &[&str]) -> Ended {
        run_to_end(&mut identity_command(node, words)).await
    }

    /// The same where it must succeed; what it printed.
    pub(crate) async fn run(&self, words: &[&str]) -> String {
        let ended = self.run_at(&self.node, words).await;
        assert!(ended.status.success(), "{words:?}: {ended:?}");
        ended.stdout
    }

    /// The same where it must be refused; what it said.
    pub(crate) async fn refused(&self, words: &[&str]) -> String {
        let ended = self.run_at(&self.node, words).await;
        assert_eq!(ended.status.code(), Some(1), "{words:?}: {ended:?}");
        ended.stderr
    }

    /// The words that enroll somebody of the network's first organization.
    pub(crate) fn enrolling(&self, name: &str, secret: &str) -> Vec<String> {
        let url = self.shell("echo https://$CA_ADDRESS");
        let authority = self.shell("echo $FABRIC_CA_CLIENT_CANAME");
        let roots = self.shell("echo $FABRIC_CA_CLIENT_TLS_CERTFILES");
        let secret = self.file(&format!("{name}.secret"), secret);
        let words = [
            "enroll",
            name,
            "--msp-id",
            "Org1MSP",
            "--ca-url",
            &url,
            "--ca-name",
            &authority,
            "--tls-ca-certs",
            &roots,
            "--secret-file",
            &secret,
        ];
        words.map(str::to_owned).to_vec()
    }

    pub(crate) async fn one(&self, label: &str) -> Value {
        self.node.get(&format!("/api/v1/identities/{label}")).await
    }

    /// Invokes as a ledger's user, and gives the creator as the chain has it.
    pub(crate) async fn creator(&self, ledger: &str) -> Value {
        let body = json!({"function": "put", "args": ["color", "blue"]});
        let path = format!("/api/v1/ledgers/{ledger}/invoke");
        let (status, receipt) = self.node.post(&path, &body).await;
        assert_eq!(status, 200, "{receipt}");
        let id = receipt["transaction_id"].as_str().expect("it has an id");
        let path = format!("/api/v1/ledgers/{ledger}/transactions/{id}");
        self.node.get(&path).await["creator"].clone()
    }

    /// Makes a ledger of an identity.
    pub(crate) async fn connect(&self, name: &str, label: &str) {
        let roots = self.shell("cat $CORE_PEER_TLS_ROOTCERT_FILE");
        let request = json!({
            "name": name,
            "userid": label,
            "channel_id": self.shell("echo $CHANNEL_NAME"),
            "chaincode_id": "probe",
            "peer_url": self.shell("echo grpcs://$CORE_PEER_ADDRESS"),
            "tls_ca_certs": roots,
        });
        let (status, answer) = self.node.post("/api/v1/connections", &request).await;
        assert_eq!(status, 201, "{answer}");
    }
}

/// `chainloom identity` with these words, as a client of a server.
pub(crate) fn identity_command(node: &Node, words: &[&str]) -> Command {
    let mut command = node.options().chainloom();
    command.arg("identity").args(words);
    command.arg("--server").arg(node.url(""));
    command
}

/// A file that has to be there.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).expect("the file was written")
}
