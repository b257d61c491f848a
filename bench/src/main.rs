//! Chainloom beside what users would pick instead, in one run on one machine.
//!
//! `cargo xtask bench` runs all and writes `docs/benchmarks.md`; with names (`proof_of_work`, `validation`, `chain`,
//! `posts`, `mine`, `reads`, `start`) only these, and writes nothing. `cargo xtask bench fabric` measures calls of a contract on
//! Hyperledger Fabric beside Fabric's official clients, and writes `docs/benchmarks-fabric.md`. `cargo xtask bench index` measures the index of a
//! channel, its look-ups, the walk over its blocks and their decoding, and writes `docs/benchmarks-index.md`.
#![forbid(unsafe_code)]

mod chain;
mod fabric;
mod index;
mod load;
mod mine;
mod posts;
mod process;
mod proof_of_work;
mod python;
mod reads;
mod report;
mod start;
mod validation;

use std::path::Path;
use std::process::ExitCode;

use chainloom_tests::{ChainRecipe, Rules};
use report::Report;
use tokio::runtime::Builder;

/// How many blocks the long chain has; about 23 MB on the wire.
const BLOCKS: usize = 100_000;
/// The word with which `fabric` starts this program again, as a client of its own.
const LIBRARY_CLIENT: &str = "library-client";

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let is_library = names.first().is_some_and(|first| first == LIBRARY_CLIENT);
    let mut builder = match is_library {
        // One thread serves thousands of calls a second, and has nobody to wake.
        true => Builder::new_current_thread(),
        false => Builder::new_multi_thread(),
    };
    let runtime = builder.enable_all().build();
    let runtime = runtime.expect("the system gives what a runtime needs");
    runtime.block_on(run(&names))
}

async fn run(names: &[String]) -> ExitCode {
    match names.split_first() {
        Some((first, words)) if first == "fabric" => return fabric::run(words).await,
        Some((first, words)) if first == "index" => return index::run(words).await,
        Some((first, words)) if first == index::worker::WORD => {
            return index::worker::run(words).await;
        }
        Some((first, words)) if first == LIBRARY_CLIENT => {
            return fabric::library::run(words).await;
        }
        _ => {}
    }
    const ALL: [&str; 7] = [
        "proof_of_work",
        "validation",
        "chain",
        "posts",
        "mine",
        "reads",
        "start",
    ];
    if let Some(name) = names.iter().find(|name| !ALL.contains(&name.as_str())) {
        eprintln!(
            "there is no benchmark `{name}`; there are {}, and fabric and index by themselves",
            ALL.join(", ")
        );
        return ExitCode::from(2);
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|given| given == name);
    let mut report = Report::default();
    if wanted("proof_of_work") {
        proof_of_work::run(&mut report);
    }
    if wanted("mine") {
        mine::run(&mut report).await;
    }
    if wanted("posts") {
        posts::run(&mut report).await;
    }
    let long = ["validation", "chain", "reads", "start"];
    if long.into_iter().any(wanted) {
        let recipe = ChainRecipe::new(Rules::Article, BLOCKS);
        if wanted("validation") {
            validation::run(&mut report, recipe).await;
        }
        if long[1..].iter().copied().any(wanted) {
            let nodes = chain::Nodes::start(recipe).await;
            if wanted("chain") {
                chain::run(&mut report, &nodes);
            }
            if wanted("reads") {
                reads::run(&mut report, &nodes.ours);
            }
            if wanted("start") {
                start::run(&mut report, nodes).await;
            }
        }
    }
    if names.is_empty() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
        if let Err(error) = std::fs::write(&page, report.page()) {
            eprintln!("{} could not be written: {error}", page.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
