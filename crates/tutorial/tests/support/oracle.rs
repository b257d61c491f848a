//! Python itself, asked what it makes of JSON documents.

use base64::{Engine, prelude::BASE64_STANDARD};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

/// What Python makes of a document that it accepts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) canonical: String,
    pub(crate) compact: String,
    /// The SHA-256 of the canonical text, in hex.
    pub(crate) hash: String,
    /// What `str()` prints of a value that is no array or object, if UTF-8 can hold it.
    pub(crate) printed: Option<String>,
}

/// Asks Python about documents. None for those that it refuses.
pub(crate) fn ask(documents: &[Vec<u8>]) -> Vec<Option<Answer>> {
    let answers = answers(&[], documents);
    answers.iter().map(|line| parse(line)).collect()
}

/// Asks Python whether bodies of `GET /chain` hold chains that are valid under these rules.
pub(crate) fn judge(rules: &str, bodies: &[Vec<u8>]) -> Vec<bool> {
    let answers = answers(&[rules], bodies);
    answers.iter().map(|line| line == "valid").collect()
}

/// Runs the oracle over documents: a line for each.
fn answers(arguments: &[&str], documents: &[Vec<u8>]) -> Vec<String> {
    let mut python = start(arguments);
    let mut questions = python.stdin.take().expect("stdin is piped");
    let answers = BufReader::new(python.stdout.take().expect("stdout is piped"));
    let answers: Vec<_> = thread::scope(|scope| {
        scope.spawn(move || {
            for document in documents {
                let line = BASE64_STANDARD.encode(document) + "\n";
                questions
                    .write_all(line.as_bytes())
                    .expect("Python reads on");
            }
        });
        let lines = answers.lines();
        lines
            .map(|line| line.expect("Python writes UTF-8"))
            .collect()
    });
    let status = python.wait().expect("Python ends");
    assert!(status.success(), "the Python oracle failed: {status}");
    assert_eq!(
        answers.len(),
        documents.len(),
        "Python did not answer every question"
    );
    answers
}

fn start(arguments: &[&str]) -> Child {
    let interpreter =
        std::env::var("CHAINLOOM_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/oracle.py");
    Command::new(&interpreter)
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "these tests compare with Python, and `{interpreter}` cannot be run: {error}. \
                 Install Python 3.11 or newer, or name one in CHAINLOOM_TEST_PYTHON"
            )
        })
}

fn parse(line: &str) -> Option<Answer> {
    if line == "refused" {
        return None;
    }
    let decode = |text: &str| {
        let bytes = BASE64_STANDARD.decode(text).expect("base64");
        String::from_utf8(bytes).expect("UTF-8")
    };
    let fields: Vec<&str> = line.split(' ').collect();
    let [canonical, compact, hash, printed] = fields[..] else {
        panic!("the oracle answered {line:?}");
    };
    Some(Answer {
        canonical: decode(canonical),
        compact: decode(compact),
        hash: hash.to_owned(),
        printed: printed.strip_prefix('=').map(decode),
    })
}
