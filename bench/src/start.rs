//! Start to first answer, and memory at rest.

use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use chainloom_tests::{Node, NodeOptions, Process};

use crate::chain::Nodes;
use crate::load::{Client, get};
use crate::report::{Report, Row, median, seconds};

const TURNS: usize = 7;

pub(crate) async fn run(report: &mut Report, mut nodes: Nodes) {
    let mut empty = Node::start().await;
    for (what, node) in [
        ("an empty chain", &mut empty),
        ("100,000 blocks", &mut nodes.ours),
    ] {
        let options = node.options().clone();
        let first = memory_bytes(node.process().id());
        node.process().kill();
        let times = median((0..TURNS).map(|_| start_after_kill(&options)).collect());
        report.add(Row {
            work: format!("start to first answer with {what}, after kill -9, median"),
            rival: "-".to_owned(),
            ours: seconds(times),
            ratio: None,
            goal: "under 100 ms".to_owned(),
        });
        let mut process = Process::start(&mut options.up());
        process
            .wait_for_output("its address", |text| text.contains("http://").then_some(()))
            .await;
        // What a node needs to come to rest is little; a second is plenty.
        std::thread::sleep(Duration::from_secs(1));
        report.add(Row {
            work: format!("resident memory with {what}, just started and after the runs above"),
            rival: "-".to_owned(),
            ours: format!(
                "{:.1} MB and {:.1} MB",
                memory_bytes(process.id()) / 1e6,
                first / 1e6
            ),
            ratio: None,
            goal: "under 30 MB and the set cache".to_owned(),
        });
    }
}

/// From the start of the process to the end of its first answer, in seconds; ended with kill -9.
fn start_after_kill(options: &NodeOptions) -> f64 {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let address = ([127, 0, 0, 1], port).into();
    let mut command: Command = options.chainloom();
    command
        .args(["up", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
        .arg(options.data_folder());
    let start = Instant::now();
    let mut process = Process::start(&mut command);
    while TcpStream::connect(address).is_err() {
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "the node did not start"
        );
        std::thread::sleep(Duration::from_micros(500));
    }
    let (status, _) = Client::new(address).send(&get("/healthz"));
    assert_eq!(status, 200);
    let taken = start.elapsed().as_secs_f64();
    process.kill();
    taken
}

/// Resident memory of a process; nothing where the system does not say.
fn memory_bytes(process: u32) -> f64 {
    std::fs::read_to_string(format!("/proc/{process}/status"))
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("VmRSS"))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        })
        .map_or(f64::NAN, |kilobytes| kilobytes * 1024.0)
}
