//! The contestant that is our server: `chainloom up` as a process, with the load from this one.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use chainloom_tests::{Node, NodeOptions};
use serde_json::json;

use super::order::{Answer, Order};
use crate::load::{self, post};

/// The ledger in the configuration that a network of devnet writes.
const LEDGER: &str = "devnet";

/// A server of the network's channel.
pub(crate) struct Server {
    node: Node,
}

impl Server {
    /// Starts it with the configuration that the network wrote.
    pub(crate) async fn start(directory: &Path) -> Self {
        let configuration = directory.join("chainloom.toml");
        let configuration = configuration.to_str().expect("a temporary path is text");
        let options = NodeOptions::new().arguments(["--config", configuration]);
        Self {
            node: options.start().await,
        }
    }

    /// Carries out an order, with a connection for each caller.
    pub(crate) fn carry_out(&mut self, order: &Order) -> Answer {
        let address = self.node.address();
        let what = if order.submit { "invoke" } else { "query" };
        let path = format!("/api/v1/ledgers/{LEDGER}/{what}");
        let requests = (0..order.callers).map(|number| {
            let body = json!({"function": order.function, "args": order.arguments_of(number)});
            post(&path, &body.to_string())
        });
        let requests: Vec<Vec<u8>> = requests.collect();
        let used_before = used(self.node.process().id());
        let duration = Duration::from_secs_f64(order.seconds);
        let load = load::run(address, order.callers, duration, 200, |caller, _| {
            requests[caller].clone()
        });
        let used = used(self.node.process().id());
        Answer::new(load.times, load.seconds, between(&used_before, &used))
    }
}

/// What each thread of a process has used of processors so far, in nanoseconds: finer than the sum that the system keeps.
fn used(process: u32) -> HashMap<String, u64> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("the server runs");
    tasks
        .filter_map(|task| {
            let task = task.ok()?.path();
            let statistics = fs::read_to_string(task.join("schedstat")).ok()?;
            let used = statistics.split(' ').next()?.parse().ok()?;
            Some((task.file_name()?.to_str()?.to_owned(), used))
        })
        .collect()
}

/// What was used between the two looks, in seconds. What a thread used that has ended meanwhile is left out: those are idle ones.
fn between(before: &HashMap<String, u64>, after: &HashMap<String, u64>) -> f64 {
    let threads = after.iter();
    let used = threads.map(|(thread, used)| used - before.get(thread).copied().unwrap_or(0));
    used.sum::<u64>() as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_process_is_seen_to_work() {
        let before = used(std::process::id());
        let start = Instant::now();
        let mut spun = 0_u64;
        while start.elapsed() < Duration::from_millis(200) {
            spun = std::hint::black_box(spun + 1);
        }
        let seconds = between(&before, &used(std::process::id()));
        assert!(seconds > 0.01, "{seconds} s for {spun} turns");
    }
}
