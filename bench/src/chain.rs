//! `GET /chain` of the long chain.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use chainloom_tests::{ChainRecipe, Node, PythonNode};

use crate::load::{Client, get};
use crate::report::{Report, Row, median, seconds};

const TURNS: usize = 7;

/// A node of each kind with the same chain.
pub(crate) struct Nodes {
    pub(crate) ours: Node,
    pub(crate) rival: PythonNode,
}

impl Nodes {
    /// Ours takes the chain from the rival, as it would in life.
    pub(crate) async fn start(recipe: ChainRecipe) -> Nodes {
        let rival = PythonNode::with_chain(recipe).await;
        let ours = Node::start().await;
        ours.register(rival.address()).await;
        let answer = ours.resolve().await;
        assert_eq!(answer["message"], "Our chain was replaced");
        Nodes { ours, rival }
    }
}

pub(crate) fn run(report: &mut Report, nodes: &Nodes) {
    let turns: Vec<[f64; 3]> = (0..TURNS)
        .map(|_| {
            let (rival, _) = download(nodes.rival.address());
            let (ours, length) = download(nodes.ours.address());
            [rival, ours, raw_loopback(length)]
        })
        .collect();
    let middle = |index: usize| median(turns.iter().map(|turn| turn[index]).collect());
    report.add(Row {
        work: "`GET /chain` of 100,000 blocks".to_owned(),
        rival: seconds(middle(0)),
        ours: format!(
            "{} (the bytes alone over loopback: {})",
            seconds(middle(1)),
            seconds(middle(2))
        ),
        ratio: Some(median(turns.iter().map(|turn| turn[0] / turn[1]).collect())),
        goal: "10x".to_owned(),
    });
}

fn download(address: SocketAddr) -> (f64, usize) {
    let mut client = Client::new(address);
    let start = Instant::now();
    let (status, length) = client.send(&get("/chain"));
    assert_eq!(status, 200);
    (start.elapsed().as_secs_f64(), length)
}

/// How long as many bytes take from memory through a socket: what no server can beat.
fn raw_loopback(length: usize) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    let sender = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let bytes = vec![b'x'; 256 << 10];
        let mut missing = length;
        while missing > 0 {
            let part = missing.min(bytes.len());
            stream.write_all(&bytes[..part]).expect("the reader reads");
            missing -= part;
        }
    });
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).expect("it listens");
    let mut buffer = vec![0; 1 << 20];
    while stream.read(&mut buffer).expect("the sender sends") > 0 {}
    let seconds = start.elapsed().as_secs_f64();
    sender.join().expect("the sender did not fail");
    seconds
}
