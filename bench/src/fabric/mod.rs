//! `fabric`: Fabric's official clients, our library and our HTTP server on one network, in turns.

mod client;
mod goals;
pub(crate) mod library;
mod options;
mod order;
mod page;
mod server;
mod work;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use chainloom_devnet::{self as devnet, FabricVersion, Network};
use tempfile::TempDir;

pub(crate) use self::client::Client;
use self::options::{Options, USAGE};
pub(crate) use self::order::Answer;
use self::order::Order;
use self::page::Row;
use self::server::Server;
use self::work::{Figures, KEY, Work};

/// The network's own contract, which one organization may endorse.
const CONTRACT: &str = "probe";

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    Go,
    Node,
    Library,
    Server,
}

/// All, in the order of their turns.
pub(crate) const CONTESTANTS: [Contestant; 4] = [
    Contestant::Go,
    Contestant::Node,
    Contestant::Library,
    Contestant::Server,
];

impl Contestant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Go => "Go client",
            Self::Node => "Node client",
            Self::Library => "Chainloom, library",
            Self::Server => "Chainloom, HTTP",
        }
    }
}

/// Runs it; the page is written where nothing but the networks was chosen.
pub(crate) async fn run(words: &[String]) -> ExitCode {
    let options = match Options::parse(words) {
        Ok(options) => options,
        Err(sentence) => {
            eprintln!("{sentence}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut text = page::head(&options);
    println!("{text}");
    for &version in &options.networks {
        let rows = measure(version, &options).await;
        let section = page::section(version, &rows);
        println!("{section}");
        text.push_str(&section);
    }
    text.push_str(page::NOTES);
    let defaults = Options::default();
    if options.seconds == defaults.seconds && options.rounds == defaults.rounds {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks-fabric.md");
        if let Err(error) = std::fs::write(&page, text) {
            eprintln!("{} could not be written: {error}", page.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// All contestants at all works, on a network of their own.
async fn measure(version: FabricVersion, options: &Options) -> Vec<Row> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = up(version, &folder).await;
    let mut field = Field::start(&network).await;
    // The key that is read; and everyone connects.
    let seed = Order {
        submit: true,
        function: "put".to_owned(),
        arguments: vec![KEY.to_owned(), "x".repeat(100)],
        callers: 1,
        seconds: 0.0,
    };
    for contestant in CONTESTANTS {
        field.carry_out(contestant, &seed);
        for submit in [false, true] {
            let work = Work {
                submit,
                callers: 32,
            };
            field.carry_out(contestant, &work.order(contestant.name(), 1.0));
        }
    }
    let mut rows = Vec::new();
    for work in Work::ALL {
        let mut turns: [Vec<Answer>; CONTESTANTS.len()] = Default::default();
        for round in 1..=options.rounds {
            for contestant in CONTESTANTS {
                let order = work.order(contestant.name(), options.seconds);
                let answer = field.carry_out(contestant, &order);
                println!(
                    "{}, {}, turn {round}: {:.0}/s, {:.0} us of CPU a call",
                    work.name(),
                    contestant.name(),
                    answer.calls as f64 / answer.seconds,
                    answer.cpu_seconds / answer.calls as f64 * 1e6
                );
                turns[contestant as usize].push(answer);
            }
        }
        let figures = turns.map(|turns| Figures::of(&turns));
        rows.push(Row { work, figures });
    }
    drop(field);
    network.shut_down().expect("the network ends");
    rows
}

async fn up(version: FabricVersion, folder: &TempDir) -> Network {
    let options = devnet::Options {
        fabric: Some(version),
        ..devnet::Options::in_directory(folder.path().join("net"))
    };
    let started = tokio::task::spawn_blocking(move || {
        Network::start(&options, &|step| println!("{step}"))
            .unwrap_or_else(|error| panic!("the network did not come up: {error}"))
    });
    started.await.expect("it says why it fails")
}

/// The contestants at work.
struct Field {
    go: Client,
    node: Client,
    library: Client,
    server: Server,
}

impl Field {
    async fn start(network: &Network) -> Self {
        let node_script = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/client.js");
        let mut node = Command::new("node");
        node.arg(node_script);
        let directory = network.layout().directory();
        let organization = &network.topology().organizations[0].name;
        let mut library = Command::new(std::env::current_exe().expect("a program has a path"));
        library
            .arg(super::LIBRARY_CLIENT)
            .arg(directory.join(format!("connection-{organization}.yaml")))
            .arg(directory.join("wallets").join(organization))
            .args(["alice", &network.topology().channel, CONTRACT]);
        let mut go = Command::new(go_program());
        Self {
            go: Client::start("the Go client", official(&mut go, network, CONTRACT)),
            node: Client::start("the Node client", official(&mut node, network, CONTRACT)),
            library: Client::start("the library", &mut library),
            server: Server::start(directory).await,
        }
    }

    fn carry_out(&mut self, contestant: Contestant, order: &Order) -> Answer {
        match contestant {
            Contestant::Go => self.go.carry_out(order),
            Contestant::Node => self.node.carry_out(order),
            Contestant::Library => self.library.carry_out(order),
            Contestant::Server => self.server.carry_out(order),
        }
    }
}

/// The program of `bench/go/client`, which `cargo xtask bench fabric` and `… index` build.
pub(crate) fn go_program() -> PathBuf {
    let program = std::env::var_os("CHAINLOOM_BENCH_GO_CLIENT");
    program
        .expect("CHAINLOOM_BENCH_GO_CLIENT names the program; `cargo xtask bench fabric` builds it and says so")
        .into()
}

/// What both official clients are told: alice of the first organization, at its first peer.
pub(crate) fn official<'a>(
    command: &'a mut Command,
    network: &Network,
    contract: &str,
) -> &'a mut Command {
    let organization = &network.topology().organizations[0];
    let peer = &organization.peers[0];
    let msp = network.user(organization, "alice").msp;
    let keys = msp.join("keystore").read_dir();
    let key = keys.ok().and_then(|mut keys| keys.next()?.ok());
    command
        .args(["--peer", &format!("127.0.0.1:{}", peer.port)])
        .args(["--server-name", &peer.host])
        .arg("--tls-ca")
        .arg(network.layout().tls_root(organization))
        .arg("--cert")
        .arg(msp.join("signcerts/cert.pem"))
        .arg("--key")
        .arg(key.expect("the network enrolled alice").path())
        .args(["--msp-id", &organization.msp_id])
        .args(["--channel", &network.topology().channel])
        .args(["--contract", contract])
}
