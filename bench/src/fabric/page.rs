//! The figures on the terminal and as a page of the documentation.

use std::fmt::Write;

use chainloom_devnet::FabricVersion;

use super::goals::goals;
use super::options::Options;
use super::work::{Figures, Work};
use super::{CONTESTANTS, Contestant};
use crate::report::machine;

/// What each contestant came to at one work, in the order of [`CONTESTANTS`].
pub(crate) struct Row {
    pub(crate) work: Work,
    pub(crate) figures: [Figures; CONTESTANTS.len()],
}

impl Row {
    /// What one of them came to.
    pub(crate) fn of(&self, contestant: Contestant) -> &Figures {
        &self.figures[contestant as usize]
    }
}

/// The heading of the page.
pub(crate) fn head(options: &Options) -> String {
    format!(
        "# Benchmarks on Hyperledger Fabric\n\n\
         Written by `cargo xtask bench fabric`: Fabric's official clients for Go and Node, our library, and our HTTP server, on one machine with \
         the network that they call, in turns of {} s, {} each. Machines differ and are noisy: the ratios are what to look at. The network is \
         `chainloom devnet` with its defaults (two organizations, three orderers, a block every 200 ms) and its contract in Go; the load on the \
         server comes from another process on the same machine; our library runs on one thread. CPU is what the client's own process used, user and system, for each call; for \
         HTTP the server's.\n\n\
         Machine: {}.\n",
        options.seconds,
        options.rounds,
        machine()
    )
}

/// The part of the page that is about one network.
pub(crate) fn section(version: FabricVersion, rows: &[Row]) -> String {
    let mut text = format!("\n## Fabric {version}\n\n");
    text.push_str("| work | who | calls/s | p50 | p99 | CPU a call |\n|---|---|---|---|---|---|\n");
    for row in rows {
        for contestant in CONTESTANTS {
            let figures = row.of(contestant);
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | {} | {} | {:.0} us |",
                row.work.name(),
                contestant.name(),
                figures.calls_per_second,
                milliseconds(figures.p50_seconds),
                milliseconds(figures.p99_seconds),
                figures.cpu_seconds_per_call * 1e6
            );
        }
    }
    text.push_str("\n| goal | work | measured | met |\n|---|---|---|---|\n");
    for goal in goals(rows) {
        let met = if goal.is_met { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {met} |",
            goal.text,
            goal.work.name(),
            goal.measured
        );
    }
    text
}

/// What the figures are made of, as profiles show it.
pub(crate) const NOTES: &str = "\n## What a call costs\n\n\
    An evaluation by the library is a signature (with 32 at once a fifth of its CPU), a request, an answer, and the answer to a ping: peers \
    measure the connection with one for each request. A submission is two of these and a block. With one at a time there are four or five in a \
    second, and each finds the processor's caches cold, so that it costs two to four times what it costs with 32 at once, in every client. On \
    the server more than a third of such a lone submission is the index, which decodes and writes each block, however few transactions stand in it.\n";

pub(crate) fn milliseconds(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}
