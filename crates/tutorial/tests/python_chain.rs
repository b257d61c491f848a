//! Validity of whole chains, compared with Python's own `valid_chain`.

#[allow(dead_code)]
mod support;

use chainloom_tutorial::json::{Json, Limits, canonical, compact, parse};
use chainloom_tutorial::rules::{Rules, Tip, block_hash, new_block};
use chainloom_tutorial::verify::{ChainLimits, ChainReader};
use support::documents::Documents;
use support::oracle::judge;

/// The article's proofs after the genesis block's 100.
const ARTICLE_PROOFS: [u64; 5] = [35293, 35089, 119678, 146502, 43538];

/// A valid chain whose blocks hold random values as transactions.
fn chain(rules: Rules, random: &mut Documents) -> Vec<Json> {
    let mut chain = vec![rules.genesis(1506280650.770839)];
    let length = match rules {
        Rules::Article => 1 + random.random.below(6),
        Rules::Repository => 2,
    };
    while chain.len() < length {
        let values = (0..random.random.below(4)).map(|_| random.value());
        let transactions = values
            .filter_map(|document| parse(&document, &Limits::default()).ok())
            .collect();
        let last = &chain[chain.len() - 1];
        let proof = match rules {
            Rules::Article => ARTICLE_PROOFS[chain.len() - 1],
            Rules::Repository => 63663,
        };
        let time = 1506280650.5 + chain.len() as f64 / 3.0;
        let index = chain.len() as u64 + 1;
        let block = new_block(index, time, transactions, proof, &block_hash(last));
        chain.push(block);
    }
    chain
}

/// The body of `GET /chain`, written in one of several ways.
fn body(chain: &[Json], random: &mut Documents) -> Vec<u8> {
    let (write, separator): (fn(&Json) -> String, _) = match random.random.below(2) {
        0 => (compact, ","),
        _ => (canonical, " ,\n"),
    };
    let blocks: Vec<_> = chain.iter().map(write).collect();
    let blocks = blocks.join(separator);
    match random.random.below(3) {
        0 => format!("{{\"chain\":[{blocks}],\"length\":{}}}\n", chain.len()),
        1 => format!("{{\"length\": 7, \"chain\": [ {blocks} ], \"more\": [NaN]}}"),
        _ => format!("{{\"chain\": [{blocks}]}}"),
    }
    .into_bytes()
}

/// Whether our reader takes a body, read in pieces of some length. It must not matter which.
fn is_valid(rules: Rules, body: &[u8], piece: usize) -> bool {
    let mut reader = ChainReader::with_threads(rules, 4, ChainLimits::default(), 2);
    let pushed: Result<Vec<_>, _> = body.chunks(piece).map(|piece| reader.push(piece)).collect();
    pushed.is_ok() && reader.finish().is_ok()
}

#[test]
fn random_chains_are_valid_for_both() {
    let mut random = Documents::new(10);
    for rules in Rules::ALL {
        let bodies: Vec<_> = (0..500)
            .map(|_| {
                let chain = chain(rules, &mut random);
                body(&chain, &mut random)
            })
            .collect();
        for (body, theirs) in bodies.iter().zip(judge(rules.name(), &bodies)) {
            let shown = String::from_utf8_lossy(body);
            assert!(theirs, "Python refuses {shown}");
            let piece = 1 + random.random.below(300);
            assert!(is_valid(rules, body, piece), "ours refuses {shown}");
        }
    }
}

#[test]
fn damaged_chains_are_refused_by_ours_wherever_python_refuses_them() {
    let mut random = Documents::new(11);
    let bodies: Vec<_> = (0..10_000)
        .map(|_| {
            let chain = chain(Rules::Article, &mut random);
            let body = body(&chain, &mut random);
            random.damaged(body)
        })
        .collect();
    let (mut both, mut ours_alone) = (0, 0);
    for (body, theirs) in bodies.iter().zip(judge("article", &bodies)) {
        let piece = 1 + random.random.below(300);
        let ours = is_valid(Rules::Article, body, piece);
        assert_eq!(ours, is_valid(Rules::Article, body, body.len().max(1)));
        let shown = String::from_utf8_lossy(body);
        assert!(theirs || !ours, "Python refuses, ours accepts {shown}");
        both += usize::from(ours);
        ours_alone += usize::from(theirs && !ours);
    }
    // Damage within the last block leaves a chain valid. Ours alone refuses first blocks that no block could follow,
    // which Python does not look at in a chain of one block.
    assert!(both > 100, "{both} were accepted");
    assert!(
        ours_alone < both / 2,
        "{ours_alone} were refused by ours alone"
    );
}

#[test]
fn proofs_of_any_kind_that_python_prints_alike_are_valid_for_both() {
    let genesis = parse(br#"{"proof": 100}"#, &Limits::default()).expect("JSON");
    let tip = Tip::of(&genesis).expect("it has a proof");
    let hash = chainloom_tutorial::rules::hex(&tip.hash);
    // A first block's proof, and a second one that is valid after it, found by search over the digits.
    let firsts = [
        "100",
        "\"100\"",
        "100.0",
        "1e100",
        "true",
        "null",
        "NaN",
        "-Infinity",
        "\"链\"",
        "12345678901234567890123",
    ];
    let mut bodies = vec![format!(
        r#"{{"chain": [{{"proof": 100}}, {{"proof": "35293", "previous_hash": "{hash}"}}]}}"#
    )];
    for first in firsts {
        let genesis = parse(
            format!("{{\"proof\": {first}}}").as_bytes(),
            &Limits::default(),
        )
        .expect("JSON");
        let tip = Tip::of(&genesis).expect("it has a proof");
        let puzzle = Rules::Article
            .puzzle(&tip, 4)
            .expect("a difficulty that exists");
        let proof = (0..)
            .find(|&number| puzzle.is_solution(number))
            .expect("there is one");
        let hash = chainloom_tutorial::rules::hex(&tip.hash);
        bodies.push(format!(
            r#"{{"chain": [{}, {{"proof": "{proof}", "previous_hash": "{hash}"}}]}}"#,
            compact(&genesis)
        ));
        bodies.push(format!(
            r#"{{"chain": [{}, {{"proof": {proof}, "previous_hash": "{hash}"}}]}}"#,
            compact(&genesis)
        ));
    }
    let bodies: Vec<_> = bodies.into_iter().map(String::into_bytes).collect();
    for (body, theirs) in bodies.iter().zip(judge("article", &bodies)) {
        let shown = String::from_utf8_lossy(body);
        assert!(theirs, "Python refuses {shown}");
        assert!(is_valid(Rules::Article, body, 64), "ours refuses {shown}");
    }
}
