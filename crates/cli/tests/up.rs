//! `chainloom up`: what it prints, how it ends, what it says when it cannot start.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use support::{Home, ended};

#[test]
fn the_banner_says_what_one_needs_to_know() {
    let home = Home::new();
    let server = home.up(&["--rules", "repository", "--difficulty", "2"]);
    assert_ne!(server.port(), 0);
    let info = server.run(&home, &["info", "--json"]).json();
    let id = info["node_id"].as_str().unwrap();
    let data = home.data().display().to_string();
    for word in [
        "repository, difficulty 2",
        &data,
        id,
        "1 block",
        server.url(),
    ] {
        assert!(
            server.banner().contains(word),
            "{word}: {}",
            server.banner()
        );
    }
    assert_eq!(server.banner().matches("  curl ").count(), 2);
    assert!(!server.banner().contains('\u{1b}'), "a pipe gets no colors");
}

#[test]
fn it_ends_well_when_it_is_asked_and_goes_on_where_it_was() {
    let home = Home::new();
    for (signal, height) in [("-INT", 1), ("-TERM", 2)] {
        let mut server = home.up(&["--difficulty", "1"]);
        let info = server.run(&home, &["info", "--json"]).json();
        assert_eq!(info["height"], height);
        server.run(&home, &["mine", "--json"]).printed();
        server.signal(signal);
        assert!(server.wait().success());
    }
}

#[test]
fn asked_twice_it_ends_at_once() {
    let home = Home::new();
    let mut command = home.chainloom(&["up", "--listen", "127.0.0.1:0", "--log", "info"]);
    command
        .arg("--data-dir")
        .arg(home.data())
        .stderr(Stdio::piped());
    let mut server = support::Server::start(command);
    // A request that never becomes whole keeps the server from ending by itself.
    let mut connection = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    let head = "POST /transactions/new HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    connection.write_all(head.as_bytes()).unwrap();
    server.run(&home, &["info"]).printed();
    server.signal("-INT");
    let log = BufReader::new(server.stderr());
    log.lines()
        .find(|line| line.as_ref().unwrap().contains("once more ends at once"))
        .unwrap()
        .unwrap();
    server.signal("-INT");
    assert_eq!(server.wait().code(), Some(130));
}

#[test]
fn a_port_that_is_taken_is_named_even_if_the_data_is_locked_too() {
    let home = Home::new();
    let first = home.up(&[]);
    let port = first.port().to_string();
    let refusal = home.run_offline(&["up", "--port", &port]).refusal();
    let expected = format!("port {port} is taken");
    assert!(refusal.contains(&expected), "{refusal}");
    assert!(refusal.contains("--port"), "{refusal}");
}

#[test]
fn data_that_is_locked_is_named() {
    let home = Home::new();
    let _first = home.up(&[]);
    let refusal = home
        .run_offline(&["up", "--listen", "127.0.0.1:0"])
        .refusal();
    let data = home.data().display().to_string();
    assert!(refusal.contains(&data), "{refusal}");
    assert!(refusal.contains("another process"), "{refusal}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let home = Home::new();
    fs::write(home.data(), "a file").unwrap();
    let refusal = home
        .run_offline(&["up", "--listen", "127.0.0.1:0"])
        .refusal();
    assert!(refusal.contains("data folder"), "{refusal}");
}

#[test]
fn an_index_that_cannot_be_opened_is_named() {
    let home = Home::new();
    fs::create_dir_all(home.data().join("index.redb")).unwrap();
    let refusal = home
        .run_offline(&["up", "--listen", "127.0.0.1:0"])
        .refusal();
    assert!(refusal.contains("index.redb"), "{refusal}");
}

#[test]
fn other_rules_are_named() {
    let home = Home::new();
    home.up(&["--difficulty", "1"]).stop();
    for (flags, words) in [
        (["--rules", "repository"], ["`repository`", "`article`"]),
        (["--difficulty", "2"], ["difficulty 1", "at 2"]),
    ] {
        let up = ["up", "--listen", "127.0.0.1:0", flags[0], flags[1]];
        let refusal = home.run_offline(&up).refusal();
        for word in words {
            assert!(refusal.contains(word), "{refusal}");
        }
    }
}

#[test]
fn beyond_this_machine_only_when_asked() {
    let home = Home::new();
    let refusal = home.run_offline(&["up", "--listen", "0.0.0.0:0"]).refusal();
    assert!(refusal.contains("--insecure-public"), "{refusal}");
    let mut command = home.chainloom(&["up", "--listen", "0.0.0.0:0", "--insecure-public"]);
    command.arg("--data-dir").arg(home.data());
    let server = support::Server::start(command);
    assert!(server.banner().contains("nothing asks who calls"));
    server.run(&home, &["info"]).printed();
}

#[test]
fn settings_that_cannot_be_are_named() {
    let home = Home::new();
    fs::write(
        home.path().join("chainloom.toml"),
        "[server]\nlissten = 5\n",
    )
    .unwrap();
    let refusal = home.run(&["up"]).refusal();
    assert!(refusal.contains("chainloom.toml, line 2"), "{refusal}");
    fs::remove_file(home.path().join("chainloom.toml")).unwrap();

    let mut command = home.chainloom(&["up"]);
    let refusal = ended(command.env("CHAINLOOM_SERVER__LISTEN", "here")).refusal();
    assert!(refusal.contains("CHAINLOOM_SERVER__LISTEN"), "{refusal}");

    let refusal = home.run(&["up", "--difficulty", "99"]).refusal();
    assert!(refusal.contains("--difficulty 99"), "{refusal}");
    let mut command = home.chainloom(&["up"]);
    let refusal = ended(command.env("RUST_LOG", "loudest=loud")).refusal();
    assert!(refusal.contains("RUST_LOG=loudest=loud"), "{refusal}");
    let refusal = home.run(&["up", "--log", "loudest=loud"]).refusal();
    assert!(refusal.contains("--log loudest=loud"), "{refusal}");
}

#[test]
fn every_port_has_data_of_its_own() {
    let home = Home::new();
    // Free now; nothing else on this machine is told of it.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let command = home.chainloom(&["up", "--log", "warn", "--port", &port.to_string()]);
    let server = support::Server::start(command);
    assert_eq!(server.port(), port);
    let folder = format!("chainloom/{port}");
    assert!(server.banner().contains(&folder), "{}", server.banner());
}

#[test]
fn blocks_can_make_themselves() {
    let home = Home::new();
    let server = home.up(&["--difficulty", "1", "--mine-on-transaction"]);
    let invoke = [
        "invoke",
        "transfer",
        "alice",
        "bob",
        "5",
        "--wait",
        "committed",
        "--json",
    ];
    let receipt = server.run(&home, &invoke).json();
    assert_eq!(receipt["status"], "committed");
}

#[test]
fn a_channel_that_cannot_be_connected_is_served_with_its_reason() {
    let home = Home::new();
    let config = home.path().join("channel.toml");
    let text = "[ledgers.trade]\nkind = \"fabric\"\nprofile = \"connection.yaml\"\n\
                channel = \"mychannel\"\nwallet = \"wallet\"\nidentity = \"alice\"\n";
    fs::write(&config, text).unwrap();
    let config = config.display().to_string();
    let server = home.up(&["--config", &config]);
    let info = server.run(&home, &["info", "--json"]).json();
    assert_eq!(
        (&info["kind"], &info["height"]),
        (&"fabric".into(), &serde_json::Value::Null)
    );
    let detail = info["health"]["detail"].as_str().unwrap();
    let folder = home.path().display().to_string();
    assert!(
        detail.contains(&folder) && detail.contains("has no `alice`"),
        "{detail}"
    );
    let refusal = server.run(&home, &["block", "latest"]).refusal();
    assert!(refusal.contains("has no `alice`"), "{refusal}");
    let ledgers = server.run(&home, &["ledgers"]).printed();
    assert!(ledgers.contains("failing"), "{ledgers}");
    assert!(
        !home.data().join("tutorial.redb").exists(),
        "it makes no chain"
    );
    server.stop();

    let up = ["up", "--listen", "127.0.0.1:0", "--config", &config];
    let refusal = home
        .run_offline(&[&up[..], &["--difficulty", "2"]].concat())
        .refusal();
    assert!(
        refusal.contains("--difficulty is for a ledger of kind `tutorial`"),
        "{refusal}"
    );
    let verify = ["chain", "verify", "--config", &config];
    let refusal = home.run_offline(&verify).refusal();
    assert!(
        refusal.contains("no ledger of kind `tutorial` is configured"),
        "{refusal}"
    );
}
