//! `GET /api/v1/ledgers/tutorial/blocks/{n}`, the load generator on the same cores.

use std::time::Duration;

use chainloom_tests::Node;

use crate::BLOCKS;
use crate::load::{self, get};
use crate::report::{Report, Row, median, rate};

const TURNS: usize = 3;

pub(crate) fn run(report: &mut Report, ours: &Node) {
    let turns = (0..TURNS).map(|_| {
        let load = load::run(
            ours.address(),
            16,
            Duration::from_secs(2),
            200,
            |client, number| {
                // Steps that share no factor with the length: all over the chain.
                let block = 1 + (client * 6_151 + number * 7_919) % BLOCKS;
                get(&format!("/api/v1/ledgers/tutorial/blocks/{block}"))
            },
        );
        load.per_second()
    });
    report.add(Row {
        work: "`GET /api/v1/ledgers/tutorial/blocks/{n}`, 16 clients, load generator included"
            .to_owned(),
        rival: "-".to_owned(),
        ours: rate(median(turns.collect()), "requests"),
        ratio: None,
        goal: "20,000/s".to_owned(),
    });
}
