//! A chain as it comes from a peer: parsed and validated.

use std::time::Instant;

use chainloom_tests::{ChainRecipe, PythonNode};
use chainloom_tutorial::rules::Rules;
use chainloom_tutorial::verify::{ChainLimits, ChainReader};

use crate::python;
use crate::report::{Report, Row, median, seconds};

const TURNS: usize = 5;

/// As the network would hand it over.
const PIECE_BYTES: usize = 64 * 1024;

pub(crate) async fn run(report: &mut Report, recipe: ChainRecipe) {
    // The very bytes that a Flask node sends.
    let body = PythonNode::with_chain(recipe)
        .await
        .get_text("/chain")
        .await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("chain.json");
    std::fs::write(&file, &body).expect("room for the chain");
    let file = file.to_str().expect("the folder's name is text");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let turns: Vec<[f64; 3]> = (0..TURNS)
        .map(|_| {
            let rival = python::figure("validate.py", &[file]);
            [
                rival,
                validate(body.as_bytes(), 1),
                validate(body.as_bytes(), cores),
            ]
        })
        .collect();
    let megabytes = body.len() as f64 / 1e6;
    for (side, threads, goal) in [(1, 1, "15x"), (2, cores, "aim 30x with both cores")] {
        report.add(Row {
            work: format!(
                "parse and validate 100,000 blocks ({megabytes:.0} MB), {threads} core(s)"
            ),
            rival: seconds(median(turns.iter().map(|turn| turn[0]).collect())),
            ours: seconds(median(turns.iter().map(|turn| turn[side]).collect())),
            ratio: Some(median(
                turns.iter().map(|turn| turn[0] / turn[side]).collect(),
            )),
            goal: goal.to_owned(),
        });
    }
}

fn validate(body: &[u8], threads: usize) -> f64 {
    let start = Instant::now();
    let mut reader = ChainReader::with_threads(Rules::Article, 4, ChainLimits::default(), threads);
    let mut blocks = 0;
    for piece in body.chunks(PIECE_BYTES) {
        let verified = reader.push(piece).expect("the chain is valid");
        blocks += verified.iter().map(|batch| batch.len()).sum::<usize>();
    }
    let verified = reader.finish().expect("the chain is whole");
    blocks += verified.iter().map(|batch| batch.len()).sum::<usize>();
    let taken = start.elapsed().as_secs_f64();
    assert_eq!(blocks, crate::BLOCKS);
    taken
}
