//! Orderers join the channel, and elect a leader.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::DevnetError;
use crate::options::Consensus;
use crate::site::{Site, local};
use crate::step::Step;
use crate::topology::Orderer;

/// How long an election may take on a busy machine; on a quiet one it takes 2 to 4 s.
const LED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long an orderer may take to tell its metrics, and the most that is read of them.
const METRICS_TIMEOUT: Duration = Duration::from_secs(10);
const METRICS_BYTES_MAX: u64 = 4 << 20;
/// The metric of Fabric's that counts the leaders that a raft orderer has seen since it runs. It is not there before the first.
const LEADERS_SEEN: &str = "consensus_etcdraft_leader_changes{";

/// Lets an orderer that listens join the channel.
///
/// # Errors
/// [`DevnetError`] with what the orderer said.
pub(crate) fn join_orderer(site: &Site, orderer: &Orderer) -> Result<(), DevnetError> {
    let Site {
        layout,
        topology,
        programs,
        ..
    } = site;
    let step = Step {
        process: &orderer.name,
        what: "join the channel",
    };
    let identity = layout.orderer_administrator().join("tls");
    let mut command = site.tool(&programs.osnadmin);
    command.args(["channel", "join", "--channelID", &topology.channel]);
    command.arg("--config-block").arg(layout.genesis_block());
    command.args(["--orderer-address", &local(orderer.admin_port)]);
    command.arg("--ca-file").arg(layout.orderer_tls_root());
    command
        .arg("--client-cert")
        .arg(identity.join("client.crt"));
    command.arg("--client-key").arg(identity.join("client.key"));
    // The command succeeds whatever the orderer answers; the answer begins with its HTTP status.
    let answer = step.run(&mut command)?;
    match answer.contains("Status: 201") {
        true => Ok(()),
        false => Err(step.failed("it refused", &answer).into()),
    }
}

/// Waits until an orderer that has joined knows a leader: before, it takes no transaction. BFT orderers always know one.
///
/// # Errors
/// [`DevnetError`] when it finds none.
pub(crate) fn wait_until_led(site: &Site, orderer: &Orderer) -> Result<(), DevnetError> {
    if site.topology.consensus == Consensus::Bft {
        return Ok(());
    }
    let step = Step {
        process: &orderer.name,
        what: "find the leader of the orderers",
    };
    let start = Instant::now();
    loop {
        site.trouble.check()?;
        let reason = match metrics(orderer) {
            Ok(metrics) if metrics.contains(LEADERS_SEEN) => return Ok(()),
            Ok(_) => "it knows none".to_owned(),
            Err(error) => format!("it does not tell its metrics: {error}"),
        };
        if start.elapsed() > LED_WITHIN {
            let reason = format!("{reason} after {} s", LED_WITHIN.as_secs());
            return Err(step.failed(reason, "").into());
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// What an orderer's operations service tells in the format of Prometheus.
fn metrics(orderer: &Orderer) -> io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, orderer.operations_port))?;
    stream.set_read_timeout(Some(METRICS_TIMEOUT))?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(METRICS_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
