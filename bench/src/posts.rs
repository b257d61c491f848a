//! `POST /transactions/new`: ours durable with 32 clients, the rival in memory with the one that suits it best.

use std::time::Duration;

use chainloom_tests::{Node, PythonNode, Rules};

use crate::load::{self, post};
use crate::report::{Report, Row, median, rate};

const TURNS: usize = 3;
const TURN: Duration = Duration::from_secs(2);

pub(crate) async fn run(report: &mut Report) {
    let mut turns = Vec::new();
    for _ in 0..TURNS {
        // A new node each turn: what waits is limited, and both begin with nothing.
        let rival = PythonNode::start(Rules::Article).await;
        let ours = Node::start().await;
        turns.push((
            load::run(rival.address(), 1, TURN, 201, request).per_second(),
            load::run(ours.address(), 32, TURN, 201, request).per_second(),
        ));
    }
    let middle = |pick: fn(&(f64, f64)) -> f64| median(turns.iter().map(pick).collect());
    report.add(Row {
        work: "`POST /transactions/new`: 32 clients, durable, against one client, in memory"
            .to_owned(),
        rival: rate(middle(|turn| turn.0), "posts"),
        ours: rate(middle(|turn| turn.1), "posts"),
        ratio: Some(middle(|turn| turn.1 / turn.0)),
        goal: "5x".to_owned(),
    });
}

fn request(client: usize, number: usize) -> Vec<u8> {
    let body =
        format!(r#"{{"sender": "client {client}", "recipient": "bob", "amount": {number}}}"#);
    post("/transactions/new", &body)
}
