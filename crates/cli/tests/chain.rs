//! The chain as a file, and deleting it.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{Home, with_input};

/// A home whose chain has this many blocks, and that chain as JSON.
fn home_with_chain(blocks: u64, flags: &[&str]) -> (Home, String) {
    let home = Home::new();
    let server = home.up(flags);
    for _ in 1..blocks {
        server.run(&home, &["mine"]).printed();
    }
    let chain = server.run(&home, &["chain", "export"]).printed();
    server.stop();
    (home, chain)
}

const EASY: [&str; 2] = ["--difficulty", "1"];

#[test]
fn the_export_is_what_python_reads() {
    let home = Home::new();
    let server = home.up(&EASY);
    server.run(&home, &["mine"]).printed();
    let file = home.path().join("chain.json").display().to_string();
    server.run(&home, &["chain", "export", &file]).printed();
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, server.run(&home, &["chain", "export"]).printed());
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["length"], 2);
    assert_eq!(json["chain"].as_array().unwrap().len(), 2);

    let refusal = server.run(&home, &["chain", "export", &file]).refusal();
    assert!(refusal.contains("--force"), "{refusal}");
    server.run(&home, &["mine"]).printed();
    let again = ["chain", "export", &file, "--force"];
    server.run(&home, &again).printed();
    assert_ne!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_file_and_the_stored_chain_are_verified() {
    let (home, chain) = home_with_chain(3, &EASY);
    let stored = home.run_offline(&["chain", "verify", "--difficulty", "1", "--json"]);
    let stored = stored.json();
    assert_eq!(
        (&stored["valid"], &stored["blocks"]),
        (&true.into(), &3.into())
    );

    let verify = ["chain", "verify", "-", "--difficulty", "1", "--json"];
    let by_pipe = with_input(home.chainloom(&verify), chain.as_bytes());
    assert_eq!(by_pipe.json(), stored);

    let file = home.path().join("chain.json");
    fs::write(&file, &chain).unwrap();
    let path = file.display().to_string();
    let said = home.run(&["chain", "verify", &path, "--difficulty", "1"]);
    assert!(said.printed().starts_with("Valid: 3 blocks"));

    // The second block's predecessor is another one now.
    let broken = chain.replacen("\"proof\":100", "\"proof\":101", 1);
    fs::write(&file, broken).unwrap();
    let ended = home.run(&["chain", "verify", &path, "--difficulty", "1", "--json"]);
    assert_eq!(ended.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&answer["valid"], &answer["block"]),
        (&false.into(), &2.into())
    );
    let refusal = home.run(&["chain", "verify", &path, "--difficulty", "1"]);
    let refusal = refusal.refusal();
    assert!(
        refusal.contains(&path) && refusal.contains("block 2"),
        "{refusal}"
    );
    fs::write(&file, &chain[..chain.len() / 2]).unwrap();
    let refusal = home.run(&["chain", "verify", &path, "--difficulty", "1"]);
    assert!(refusal.refusal().contains("in the middle"));
    for (text, lacks) in [("[]", "no JSON object"), ("{}", "no member `chain`")] {
        fs::write(&file, text).unwrap();
        let refusal = home.run(&["chain", "verify", &path]).refusal();
        assert!(refusal.contains(lacks), "{refusal}");
        assert!(!refusal.contains("the answer"), "{refusal}");
    }
}

#[test]
fn a_chain_of_the_other_rules_is_recognized() {
    let (home, chain) = home_with_chain(3, &["--rules", "repository"]);
    let verify = ["chain", "verify", "-"];
    let refusal = with_input(home.chainloom(&verify), chain.as_bytes()).refusal();
    assert!(refusal.contains("--rules repository"), "{refusal}");
}

#[test]
fn a_longer_chain_is_taken_over_and_another_is_not() {
    let (_, chain) = home_with_chain(4, &EASY);
    let (home, _) = home_with_chain(2, &EASY);
    let file = home.path().join("chain.json").display().to_string();
    fs::write(&file, &chain).unwrap();
    let import = ["chain", "import", &file, "--difficulty", "1"];
    let said = home.run_offline(&import).printed();
    assert!(said.contains("4 blocks"), "{said}");
    let again = ["chain", "import", &file, "--difficulty", "1", "--json"];
    let equal = home.run_offline(&again).json();
    assert_eq!(
        (&equal["imported"], &equal["equal"]),
        (&false.into(), &true.into())
    );
    let (_, shorter) = home_with_chain(2, &EASY);
    let other = home.path().join("shorter.json").display().to_string();
    fs::write(&other, shorter).unwrap();
    let ended = home.run_offline(&["chain", "import", &other, "--difficulty", "1"]);
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(ended.stdout.contains("Nothing was taken over"), "{ended:?}");
    let server = home.up(&EASY);
    assert_eq!(server.run(&home, &["chain", "export"]).printed(), chain);

    let refusal = home.run_offline(&import).refusal();
    assert!(refusal.contains("another process"), "{refusal}");
}

#[test]
fn an_invalid_chain_is_not_taken_over() {
    let (_, chain) = home_with_chain(3, &EASY);
    let (home, ours) = home_with_chain(2, &EASY);
    let broken = chain.replacen("\"proof\":100", "\"proof\":101", 1);
    let mut command = home.chainloom(&["chain", "import", "-", "--difficulty", "1"]);
    command.arg("--data-dir").arg(home.data());
    let refusal = with_input(command, broken.as_bytes()).refusal();
    assert!(refusal.contains("block 2"), "{refusal}");
    let server = home.up(&EASY);
    assert_eq!(server.run(&home, &["chain", "export"]).printed(), ours);
}

#[test]
fn a_reset_asks_and_refuses_while_a_server_runs() {
    let home = Home::new();
    let said = home.run_offline(&["reset"]).printed();
    assert!(said.contains("There is no chain in"), "{said}");
    let server = home.up(&EASY);
    server.run(&home, &["mine"]).printed();
    let refusal = home.run_offline(&["reset", "--yes"]).refusal();
    assert!(refusal.contains("in use by another process"), "{refusal}");
    server.stop();

    let refusal = home.run_offline(&["reset"]).refusal();
    assert!(refusal.contains("--yes"), "{refusal}");
    let said = home.run_offline(&["reset", "--yes"]).printed();
    assert!(said.contains(&home.data().display().to_string()), "{said}");
    // Other rules are fine now.
    let server = home.up(&["--rules", "repository"]);
    assert_eq!(server.run(&home, &["info", "--json"]).json()["height"], 1);
}

#[test]
fn a_folder_without_a_chain_is_not_verified() {
    let home = Home::new();
    let refusal = home.run_offline(&["chain", "verify"]).refusal();
    assert!(refusal.contains("there is no chain in"), "{refusal}");
    assert!(!home.data().exists());
}
