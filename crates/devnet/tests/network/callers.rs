//! Who calls contracts, and with what: Fabric's own `peer` command and Fabric's official Go client.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use chainloom_devnet::{Network, Organization, Peer};
use serde_json::{Value, json};

use crate::folder::Folder;

/// What is said of a call that fails.
pub(crate) type Answer = Result<String, String>;

/// A user of one of a network's organizations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) network: &'a Network,
    pub(crate) organization: &'a Organization,
    pub(crate) user: &'a str,
}

/// `alice` of the organization with that number, from 0 on.
pub(crate) fn alice(network: &Network, organization: usize) -> Caller<'_> {
    Caller {
        network,
        organization: &network.topology().organizations[organization],
        user: "alice",
    }
}

/// `alice` of each organization.
pub(crate) fn alices(network: &Network) -> impl Iterator<Item = Caller<'_>> {
    (0..network.topology().organizations.len()).map(|number| alice(network, number))
}

/// A contract, and who has to endorse its transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contract {
    Probe,
    ProbeAll,
}

impl Contract {
    pub(crate) const BOTH: [Self; 2] = [Self::Probe, Self::ProbeAll];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::ProbeAll => "probe-all",
        }
    }
}

impl<'a> Caller<'a> {
    /// Runs a line of shell after `env.sh`, as this user.
    pub(crate) fn shell(self, line: &str) -> Output {
        let script = format!(r#". "$0" && devnet_as "$1" "$2" && {line}"#);
        let environment = self.network.layout().directory().join("env.sh");
        Command::new("bash")
            .args(["-c", &script])
            .arg(environment)
            .args([&self.organization.name, self.user])
            .output()
            .unwrap()
    }

    /// `peer chaincode query`: what the organization's first peer answers.
    pub(crate) fn query(self, contract: &str, words: &[&str]) -> Answer {
        let line = format!(
            "peer chaincode query -C $CHANNEL_NAME -n {contract} -c '{}'",
            json!({ "Args": words })
        );
        printed(&self.shell(&line))
    }

    /// `peer chaincode invoke` that waits until the peers that endorse have it in a block. The answer is all that the command said.
    pub(crate) fn invoke(self, contract: Contract, words: &[&str]) -> Answer {
        let both = contract == Contract::ProbeAll;
        self.invoke_at(contract.name(), words, both, "")
    }

    /// The same at the organization's own peer only, or at `both` organizations', with more flags.
    pub(crate) fn invoke_at(
        self,
        contract: &str,
        words: &[&str],
        both: bool,
        more: &str,
    ) -> Answer {
        let peers = match both {
            true => {
                "--peerAddresses $PEER0_ORG1_ADDRESS --tlsRootCertFiles \"$PEER0_ORG1_CA\" \
                 --peerAddresses $PEER0_ORG2_ADDRESS --tlsRootCertFiles \"$PEER0_ORG2_CA\""
            }
            false => "",
        };
        let line = format!(
            "peer chaincode invoke -C $CHANNEL_NAME -n {contract} -c '{}' -o $ORDERER_ADDRESS --tls \
             --cafile \"$ORDERER_CA\" --waitForEvent --waitForEventTimeout 90s {peers} {more}",
            json!({ "Args": words })
        );
        let output = self.shell(&line);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.success() {
            true => Ok(said),
            false => Err(said),
        }
    }

    /// Calls through the official client; `words` begin with `evaluate` or `submit`.
    pub(crate) fn official(self, contract: &str, words: &[&str]) -> Result<String, Value> {
        let Self {
            network,
            organization,
            user,
        } = self;
        let Peer { host, port, .. } = &organization.peers[0];
        let msp = network.user(organization, user).msp;
        let output = Command::new(official_client())
            .args([
                "--peer",
                &format!("127.0.0.1:{port}"),
                "--server-name",
                host,
            ])
            .arg("--tls-ca")
            .arg(network.layout().tls_root(organization))
            .arg("--cert")
            .arg(msp.join("signcerts/cert.pem"))
            .arg("--key")
            .arg(only_file(&msp.join("keystore")))
            .args(["--msp-id", &organization.msp_id])
            .args(["--channel", &network.topology().channel])
            .args(["--contract", contract])
            .args(words)
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(serde_json::from_slice(&output.stderr).unwrap_or_else(|_| {
                panic!("{}", String::from_utf8_lossy(&output.stderr));
            })),
        }
    }

    /// How many blocks the organization's first peer has.
    pub(crate) fn height(self) -> u64 {
        let printed = printed(&self.shell("peer channel getinfo -c $CHANNEL_NAME")).unwrap();
        let json = printed.strip_prefix("Blockchain info: ").unwrap();
        let info: Value = serde_json::from_str(json).unwrap();
        info["height"].as_u64().unwrap()
    }
}

/// What a command printed, without the line's end; or what it said when it failed.
pub(crate) fn printed(output: &Output) -> Answer {
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn only_file(folder: &Path) -> PathBuf {
    let mut entries = folder.read_dir().unwrap();
    let file = entries.next().unwrap().unwrap().path();
    assert!(
        entries.next().is_none(),
        "{} has two files",
        folder.display()
    );
    file
}

/// The program of `tests/go/gateway-client`, built once.
fn official_client() -> &'static Path {
    static CLIENT: OnceLock<Folder> = OnceLock::new();
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = CLIENT
            .get_or_init(Folder::new)
            .path()
            .join("gateway-client");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/go/gateway-client");
        let built = Command::new("go")
            .args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(source)
            .output()
            .unwrap_or_else(|error| panic!("the official client is built with Go: {error}"));
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{said}");
        program
    })
}
