//! Every command that speaks to a server, against a real one.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use support::{Home, Server};

struct Fixture {
    home: Home,
    server: Server,
}

impl Fixture {
    fn new() -> Fixture {
        let home = Home::new();
        let server = home.up(&["--difficulty", "1"]);
        Fixture { home, server }
    }

    #[track_caller]
    fn printed(&self, arguments: &[&str]) -> String {
        self.server.run(&self.home, arguments).printed()
    }

    /// The lines that it printed, one space between words.
    #[track_caller]
    fn words(&self, arguments: &[&str]) -> String {
        let printed = self.printed(arguments);
        let lines = printed.lines().map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.join(" ") + "\n"
        });
        lines.collect()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        self.server.run(&self.home, &arguments).json()
    }

    #[track_caller]
    fn refusal(&self, arguments: &[&str]) -> String {
        self.server.run(&self.home, arguments).refusal()
    }
}

#[test]
fn a_transfer_is_sent_mined_and_found_again() {
    let fixture = Fixture::new();
    let receipt = fixture.json(&["send", "alice", "bob", "5"]);
    assert_eq!(receipt["status"], "pending");
    let id = receipt["transaction_id"].as_str().unwrap();
    let pending = fixture.words(&["pending"]);
    assert!(pending.contains("alice bob 5\n"), "{pending}");
    assert!(fixture.printed(&["tx", id]).contains("it is pending"));

    let mined = fixture.words(&["mine"]);
    assert!(mined.contains("transactions 2\n"), "{mined}");
    assert!(mined.contains(id), "{mined}");
    assert!(
        fixture
            .printed(&["pending"])
            .contains("No transactions wait")
    );

    let shown = fixture.words(&["showtx", id]);
    for word in ["block 2\n", "index 0\n", "sender alice\n", "VALID (0)\n"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let by_version = fixture.words(&["showtxByVer", "--block", "2", "--index", "0"]);
    assert_eq!(by_version, shown);
    assert_eq!(fixture.printed(&["balance", "bob"]), "5\n");
    assert_eq!(fixture.printed(&["balance", "me"]), "1\n");
    assert_eq!(fixture.printed(&["query", "balance", "alice"]), "-5\n");

    let listed = fixture.printed(&["transactions", "--account", "alice"]);
    assert!(
        listed.contains(id) && listed.lines().count() == 2,
        "{listed}"
    );
    let mine = fixture.words(&["mytx"]);
    assert!(mine.contains("2.1 reward 0 "), "{mine}");
}

#[test]
fn numbers_arrive_digit_by_digit() {
    let fixture = Fixture::new();
    let amounts = ["123456789012345678901234567890", "0.1", "-7", "1e16"];
    for amount in amounts {
        fixture.printed(&["send", "alice", "bob", amount]);
    }
    fixture.printed(&["mine"]);
    let chain = fixture.printed(&["chain", "export"]);
    for amount in ["123456789012345678901234567890", "0.1", "-7", "1e+16"] {
        let expected = format!("\"amount\":{amount},");
        assert!(chain.contains(&expected), "{expected}: {chain}");
    }
    let shown = fixture.printed(&["tx", "--block", "2", "--index", "0"]);
    assert!(shown.contains(amounts[0]), "{shown}");
    let refusal = fixture.refusal(&["send", "alice", "bob", "1e400"]);
    assert!(refusal.contains("beyond the range"), "{refusal}");
    fixture.printed(&["send", "alice", "bob", " 5 "]);
    let refusal = fixture.refusal(&["send", "alice", "bob", "five"]);
    assert!(refusal.contains("`five` is no number"), "{refusal}");
}

#[test]
fn what_is_nested_deeply_is_shown_too() {
    let fixture = Fixture::new();
    let levels = 900;
    let deep = "[".repeat(levels) + &"]".repeat(levels);
    let transaction = format!("{{\"sender\": {deep}, \"recipient\": \"b\", \"amount\": {deep}}}");
    fixture.server.post_transaction(&transaction);
    assert!(fixture.printed(&["pending"]).contains("[[[["));
    assert!(fixture.printed(&["mine"]).contains("[[[["));
    assert!(fixture.printed(&["block", "2"]).contains("[[[["));
    let shown = fixture.printed(&["tx", "--block", "2", "--index", "0"]);
    assert!(shown.contains(&deep), "{shown}");
    assert!(fixture.printed(&["transactions"]).contains("[[[["));
    for json in [
        ["mine", "--json"].as_slice(),
        &["block", "2", "--json"],
        &["blocks", "--json"],
    ] {
        fixture.printed(json);
    }
}

#[test]
fn blocks_are_shown_listed_and_paged() {
    let fixture = Fixture::new();
    for _ in 0..3 {
        fixture.printed(&["mine"]);
    }
    let latest = fixture.json(&["block", "latest"]);
    assert_eq!(latest["number"], 4);
    let hash = latest["hash"].as_str().unwrap();
    assert_eq!(fixture.json(&["block", hash]), latest);
    assert!(fixture.printed(&["block", "4"]).contains(hash));

    let page = ["blocks", "--limit", "2", "--order", "oldest-first"];
    let listed = fixture.printed(&page);
    assert!(
        listed.contains("2 of 4 blocks, with 3 transactions in all."),
        "{listed}"
    );
    assert!(listed.contains("More: --from 3"), "{listed}");
    let numbers: Vec<u64> = fixture.json(&["blocks", "--from", "3"])["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| block["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    let page = fixture.printed(&["transactions", "--limit", "1"]);
    let cursor = page.lines().last().unwrap().strip_prefix("More: --cursor ");
    let rest = fixture.json(&["transactions", "--cursor", cursor.unwrap()]);
    assert_eq!(rest["transactions"].as_array().unwrap().len(), 2);
}

#[test]
fn blocks_are_followed() {
    let fixture = Fixture::new();
    let arguments = [
        "blocks",
        "--follow",
        "--from",
        "1",
        "--server",
        fixture.server.url(),
    ];
    for json in [false, true] {
        let mut command = fixture.home.chainloom(&arguments);
        if json {
            command.arg("--json");
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        fixture.printed(&["mine"]);
        let second = lines.next().unwrap().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        if json {
            let event: serde_json::Value = serde_json::from_str(&second).unwrap();
            assert_eq!(
                (&event["event"], &event["id"]),
                (&"block".into(), &"0-2".into())
            );
            assert_eq!(event["data"]["number"], 2);
        } else {
            assert!(first.trim_start().starts_with("1 "), "{first}");
            assert!(second.trim_start().starts_with("2 "), "{second}");
        }
    }
}

#[test]
fn the_ledger_is_described() {
    let fixture = Fixture::new();
    let ledgers = fixture.printed(&["ledgers"]);
    assert!(
        ledgers.contains("tutorial  tutorial       1        0"),
        "{ledgers}"
    );
    assert!(fixture.printed(&["info"]).contains("node id"));
    let config = fixture.printed(&["config"]);
    assert!(config.contains("proof of work.rules"), "{config}");
    assert_eq!(
        fixture.json(&["config", "--block", "1"])["proof_of_work"]["difficulty"],
        1
    );
    assert!(fixture.printed(&["stats"]).contains("transactions"));
}

#[test]
fn nodes_are_registered_asked_and_listed() {
    let fixture = Fixture::new();
    let other = Fixture::new();
    assert!(fixture.printed(&["nodes", "list"]).contains("No nodes"));
    other.printed(&["mine"]);
    let registered = fixture.printed(&["nodes", "register", other.server.url()]);
    assert!(registered.contains("never"), "{registered}");
    let resolved = fixture.printed(&["nodes", "resolve"]);
    assert!(resolved.starts_with("Our chain was replaced"), "{resolved}");
    let resolved = fixture.json(&["nodes", "resolve"]);
    assert_eq!(resolved["replaced"], false);
    let listed = fixture.printed(&["nodes", "list"]);
    assert!(
        listed.contains(&other.server.port().to_string()),
        "{listed}"
    );
    let said = fixture.printed(&["nodes", "forget", other.server.url()]);
    assert!(said.contains("is forgotten"), "{said}");
    assert!(fixture.printed(&["nodes", "list"]).contains("No nodes"));
    let refusal = fixture.refusal(&["nodes", "forget", other.server.url()]);
    assert!(refusal.contains("peer_not_found"), "{refusal}");
    let refusal = fixture.refusal(&["nodes", "register", "http://169.254.1.1:80"]);
    assert!(refusal.contains("169.254.1.1"), "{refusal}");
}

#[test]
fn the_same_key_submits_once() {
    let fixture = Fixture::new();
    let invoke = [
        "invoke",
        "transfer",
        "alice",
        "bob",
        "5",
        "--idempotency-key",
        "order-17",
    ];
    let first = fixture.json(&invoke);
    assert_eq!(fixture.json(&invoke), first);
    assert_eq!(fixture.json(&["info"])["pending_count"], 1);
    let mut other = invoke;
    other[4] = "6";
    assert!(fixture.refusal(&other).contains("idempotency"));
}

#[test]
fn what_the_server_refuses_is_a_sentence() {
    let fixture = Fixture::new();
    for (arguments, word) in [
        (&["block", "99"][..], "block_not_found"),
        (&["block", "last"], "invalid_parameter"),
        (&["tx", "a/b c"], "not_found"),
        (&["query", "nothing"], "unknown_function"),
        (&["info", "--ledger", "trade"], "ledger_not_found"),
        (&["blocks", "--limit", "0"], "limit"),
    ] {
        let refusal = fixture.refusal(arguments);
        assert!(refusal.contains(word), "{refusal}");
    }
}

#[test]
fn the_only_ledger_needs_no_name() {
    let home = Home::new();
    let file = home.path().join("chainloom.toml");
    std::fs::write(file, "[ledgers.coins]\ndifficulty = 1\n").unwrap();
    let server = home.up(&[]);
    let mined = server.run(&home, &["mine", "--json"]).json();
    assert_eq!(mined["number"], 2);
    let info = server.run(&home, &["info", "--ledger", "coins"]).printed();
    assert!(info.contains("coins"), "{info}");
    let refusal = server
        .run(&home, &["info", "--ledger", "tutorial"])
        .refusal();
    assert!(refusal.contains("ledger_not_found"), "{refusal}");
}

#[test]
fn a_program_is_refused_in_json() {
    let fixture = Fixture::new();
    let ended = fixture
        .server
        .run(&fixture.home, &["block", "99", "--json"]);
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ended.stdout, "");
    let problem: serde_json::Value = serde_json::from_str(&ended.stderr).unwrap();
    assert_eq!(problem["code"], "block_not_found");
}

#[test]
fn long_names_are_shown_cut() {
    let fixture = Fixture::new();
    fixture.printed(&["send", &"x".repeat(400), "bob", "5"]);
    fixture.printed(&["mine"]);
    let listed = fixture.printed(&["transactions"]);
    assert!(
        listed.contains("xxx…") && !listed.contains("cut"),
        "{listed}"
    );
}

#[test]
fn without_a_server_the_way_to_start_one_is_named() {
    let home = Home::new();
    let gone = Fixture::new();
    let url = gone.server.url().to_owned();
    let port = gone.server.port();
    gone.server.stop();
    let refusal = home.run(&["info", "--server", &url]).refusal();
    let expected = format!("`chainloom up --port {port}`");
    assert!(refusal.contains(&expected), "{refusal}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let fixture = Fixture::new();
    let mut command = fixture.home.chainloom(&["completions", "bash"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_system_that_trusts_nobody_is_told_what_to_do() {
    let home = Home::new();
    let mut command = home.chainloom(&["info", "--server", "https://127.0.0.1:1"]);
    // The variables by which the system's certificates can be placed elsewhere; there is nothing.
    command.env("SSL_CERT_FILE", home.path().join("none.pem"));
    command.env("SSL_CERT_DIR", home.path().join("none"));
    let refusal = support::ended(&mut command).refusal();
    assert!(
        refusal.contains("no certificates of authorities"),
        "{refusal}"
    );
    assert!(refusal.contains("--ca-certificate"), "{refusal}");
}
