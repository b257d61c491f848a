//! `GET /mine` at the tutorial's difficulty, one caller, the durable write included.

use std::net::SocketAddr;
use std::time::Instant;

use chainloom_tests::{Node, PythonNode, Rules};

use crate::load::{Client, get};
use crate::report::{Report, Row, median, seconds};

/// Enough to go round the article's circle of proofs more than once.
const BLOCKS: usize = 200;

pub(crate) async fn run(report: &mut Report) {
    let ours = Node::start().await;
    let rival = PythonNode::start(Rules::Article).await;
    let (rival, ours) = (mine(rival.address()), mine(ours.address()));
    report.add(Row {
        work: "`GET /mine` at difficulty 4, median".to_owned(),
        rival: seconds(rival),
        ours: seconds(ours),
        ratio: Some(rival / ours),
        goal: "under 5 ms".to_owned(),
    });
}

fn mine(address: SocketAddr) -> f64 {
    let mut client = Client::new(address);
    let request = get("/mine");
    let times = (0..BLOCKS).map(|_| {
        let start = Instant::now();
        let (status, _) = client.send(&request);
        assert_eq!(status, 200);
        start.elapsed().as_secs_f64()
    });
    median(times.collect())
}
