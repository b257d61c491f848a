//! What people are shown of blocks that real networks made.
#![allow(clippy::unwrap_used)]

mod broken;
mod configuration;
mod facts;
mod great;

use std::fs;
use std::path::{Path, PathBuf};

use chainloom_ledger::TransactionRange;

use super::block;
use crate::wire::Block;

const ALL: TransactionRange = TransactionRange::first(usize::MAX);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap();
    let mut names: Vec<String> = files
        .filter_map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".block").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 20);
    names
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.block"))).unwrap()
}

fn shown(bytes: Vec<u8>) -> chainloom_ledger::Block {
    block(&Block::decode(bytes.into()).unwrap(), ALL)
}
