//! `chainloom devnet`: networks of Fabric on this machine.

use std::fs;
use std::process::Command;
use std::time::Duration;

use chainloom_tests::{Devnet, Ended, Process, eventually, run_to_end};
use serde_json::Value;

/// How long an end in good order may take on a busy machine.
const ENDS_WITHIN: Duration = Duration::from_secs(90);

/// A refusal is a sentence or two for a person, not a trace for a programmer.
#[track_caller]
fn assert_refused(ended: &Ended, mentions: &[&str]) {
    assert!(!ended.status.success(), "{ended:?}");
    assert_ne!(ended.status.code(), Some(101), "it panicked: {ended:?}");
    assert_eq!(ended.stdout, "");
    for word in mentions {
        assert!(ended.stderr.contains(word), "`{word}` is not in: {ended:?}");
    }
}

#[track_caller]
fn assert_success(ended: &Ended) {
    assert!(ended.status.success(), "{ended:?}");
}

/// Kills a process that the test did not start itself.
fn kill_9(id: u32) {
    let killed = Command::new("kill").args(["-9", &id.to_string()]).status();
    assert!(killed.expect("`kill` can be run").success());
}

/// The conditions of all processes in what `status --json` prints.
fn conditions(status: &Value) -> Vec<&str> {
    let processes = status["state"]["processes"].as_array().expect("an array");
    let conditions = processes.iter().map(|process| &process["condition"]);
    conditions.filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn in_the_foreground_it_stays_until_ctrl_c() {
    let devnet = Devnet::new();
    let mut process = devnet.up().await;
    let banner = process.stdout();
    let directory = devnet.directory().display().to_string();
    for told in [
        "Fabric 2.5 is up: 3 orderers by raft, 2 peers",
        "Org1MSP",
        "peer0.org2 127.0.0.1:",
        "ca-org1 https://127.0.0.1:",
        "probe-all",
        &directory,
    ] {
        assert!(banner.contains(told), "`{told}` is not in:\n{banner}");
    }
    // What it says to try can be tried as it stands there.
    let (_, tries) = banner
        .split_once("in another terminal:\n")
        .expect("something to try");
    let (tries, _) = tries.split_once("\n\n").expect("more after it");
    let script = format!("set -e\n{tries}");
    let ended = run_to_end(Command::new("bash").args(["-c", &script])).await;
    assert_success(&ended);
    assert!(
        ended.stdout.contains(r#""enrollment_id":"alice""#),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("status (VALID)"), "{ended:?}");

    let ids = devnet.process_ids();
    assert_eq!(ids.len(), 3 + 2 + 2 + 1, "{ids:?}");
    process.interrupt();
    let ended = process.wait(ENDS_WITHIN).await;
    assert_success(&ended);
    devnet.assert_nothing_is_left(&ids).await;
    let (status, code) = devnet.status().await;
    assert_eq!(
        (&status["is_running"], code),
        (&Value::Bool(false), Some(1))
    );
    assert_eq!(status["problems"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn in_the_background_it_runs_until_down() {
    let devnet = Devnet::new();
    let none = devnet.run(&["status"]).await;
    assert_eq!(none.status.code(), Some(1));
    assert!(none.stdout.contains("none was brought up"), "{none:?}");
    assert_refused(&devnet.run(&["down"]).await, &["no network is running"]);
    assert!(!devnet.directory().exists(), "nobody asked for a folder");

    let flags = [
        "--fabric",
        "3.1",
        "--consensus",
        "bft",
        "--batch-timeout",
        "1s",
    ];
    let up = devnet
        .run(&[&["up", "--detach"][..], &flags].concat())
        .await;
    assert_success(&up);
    assert!(
        up.stdout.contains("Fabric 3.1 is up: 4 orderers by bft"),
        "{up:?}"
    );
    assert!(up.stdout.contains("chainloom devnet down"), "{up:?}");
    let ids = devnet.process_ids();

    let status = devnet.run(&["status"]).await;
    assert_success(&status);
    assert!(status.stdout.contains("is up."), "{status:?}");
    for (name, id) in &ids {
        let mut lines = status.stdout.lines();
        let line = lines.find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("no {name} in {}", status.stdout));
        assert!(
            line.contains("running") && line.ends_with(&id.to_string()),
            "{line}"
        );
    }
    let (json, code) = devnet.status().await;
    assert_eq!(code, Some(0), "{json}");
    assert_eq!(json["topology"]["batch_timeout_ms"], 1000);
    assert_eq!(conditions(&json), ["running"; 4 + 2 + 2 + 1]);

    for words in [&["up"][..], &["up", "--detach"]] {
        let twice = devnet.run(words).await;
        assert_refused(&twice, &["is running already", "chainloom devnet down"]);
    }
    assert_success(&devnet.run(&["down"]).await);
    devnet.assert_nothing_is_left(&ids).await;
    assert_refused(&devnet.run(&["down"]).await, &["no network is running"]);

    // Another network than the one that is there.
    let other = devnet.run(&["up", "--detach", "--consensus", "raft"]).await;
    assert_refused(&other, &["made with --consensus bft, not raft"]);
    // The same once more, without saying which.
    let up = devnet.run(&["up", "--detach"]).await;
    assert_success(&up);
    assert!(up.stdout.contains("4 orderers by bft"), "{up:?}");
}

#[tokio::test]
async fn a_contract_is_added_while_the_network_runs() {
    let devnet = Devnet::new();
    let contract = ["--contract", "basic=127.0.0.1:9"];
    assert_success(&devnet.run(&["up", "--detach"]).await);
    for words in [&["up"][..], &["up", "--detach"]] {
        let added = devnet.run(&[words, &contract].concat()).await;
        assert_success(&added);
        assert!(added.stdout.contains("CHAINCODE_ID=basic"), "{added:?}");
    }
    let (status, code) = devnet.status().await;
    assert_eq!(code, Some(0), "{status}");
    assert_eq!(status["topology"]["contracts"][0]["address"], "127.0.0.1:9");
}

#[tokio::test]
async fn what_died_is_told_of() {
    let devnet = Devnet::new();
    let mut process = devnet.up().await;
    let ids = devnet.process_ids();
    let (_, peer) = ids
        .iter()
        .find(|(name, _)| name == "peer0.org2")
        .expect("a peer");
    kill_9(*peer);
    eventually("the status to tell of the dead peer", async || {
        let (status, code) = devnet.status().await;
        (conditions(&status).contains(&"dead") && code == Some(1)).then_some(())
    })
    .await;
    let status = devnet.run(&["status"]).await;
    assert!(
        status.stderr.contains("peer0.org2 ended by itself"),
        "{status:?}"
    );
    assert!(status.stderr.contains("peer0.org2.log"), "{status:?}");
    eventually("the terminal to tell of the dead peer", async || {
        let said = process.stderr();
        said.contains("peer0.org2 ended by itself").then_some(())
    })
    .await;

    // Now the process that holds them all.
    process.kill();
    devnet.assert_nothing_is_left(&ids).await;
    let status = devnet.run(&["status"]).await;
    assert_eq!(status.status.code(), Some(1));
    assert!(status.stdout.contains("is not running"), "{status:?}");
    let told = format!("(id {}) was ended from outside", process.id());
    assert!(status.stderr.contains(&told), "{status:?}");

    let up = devnet.run(&["up", "--detach"]).await;
    assert_success(&up);
    let (status, code) = devnet.status().await;
    assert_eq!(code, Some(0), "{status}");
}

#[tokio::test]
async fn an_interrupted_start_leaves_nothing_and_is_begun_anew() {
    let devnet = Devnet::new();
    // Each time a little later in its work, and once in the background.
    for (words, log) in [(&["up"][..], "orderer0"), (&["up", "--detach"], "ca-org1")] {
        let mut process = Process::start(&mut devnet.command(words));
        let log = devnet.directory().join(format!("logs/{log}.log"));
        eventually("the start to be under way", async || {
            let log = fs::metadata(&log).ok()?;
            (log.len() > 0).then_some(())
        })
        .await;
        assert!(
            !devnet.directory().join("devnet.json").exists(),
            "it is up already"
        );
        process.terminate();
        let ended = process.wait(ENDS_WITHIN).await;
        assert_eq!(ended.status.code(), Some(130), "{ended:?}");
        assert!(ended.stderr.contains("starts it again"), "{ended:?}");
        let status = eventually("the network not to run", async || {
            let (status, _) = devnet.status().await;
            (status["is_running"] == false).then_some(status)
        })
        .await;
        let problem = status["problems"][0]
            .as_str()
            .expect("it says what happened");
        assert!(problem.contains("was ended at this step"), "{problem}");
        assert!(!devnet.directory().join("devnet.json").exists());
        fs::remove_dir_all(devnet.directory().join("logs")).expect("there are logs");
    }
    assert_success(&devnet.run(&["up", "--detach"]).await);
    let ids = devnet.process_ids();
    assert_success(&devnet.run(&["down"]).await);
    devnet.assert_nothing_is_left(&ids).await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_made() {
    let devnet = Devnet::new();
    for (flags, telling) in [
        (&["--consensus", "bft"][..], "3.1"),
        (&["--fabric", "2.2"], "2.5, 3.1"),
        (&["--consensus", "solo"], "raft, bft"),
        (&["--peers", "0"], "peers"),
        (&["--peers", "10"], "peers"),
        (&["--max-message-count", "0"], "message"),
        (&["--batch-timeout", "0s"], "batch"),
        (&["--contract", "basic"], "there is no `=`"),
        (&["--contract", "basic=127.0.0.1"], "no port"),
        (&["--contract", "my__basic=127.0.0.1:1"], "single - or _"),
        (&["--contract", "probe=127.0.0.1:1"], "own contract"),
    ] {
        for detached in [&[][..], &["--detach"]] {
            let ended = devnet.run(&[&["up"], flags, detached].concat()).await;
            assert_refused(&ended, &[telling]);
        }
    }
    assert!(!devnet.directory().exists());

    fs::create_dir(devnet.directory()).expect("a folder");
    let letter = devnet.directory().join("letter.txt");
    fs::write(&letter, "dear").expect("a file");
    for words in [&["up"][..], &["up", "--detach"]] {
        let ended = devnet.run(words).await;
        assert_refused(&ended, &["holds no network", "it has other files in it"]);
    }
    assert_refused(&devnet.run(&["down"]).await, &["no network is running"]);
    let files = fs::read_dir(devnet.directory()).expect("a folder").count();
    assert_eq!(
        (files, &*fs::read_to_string(letter).expect("a file")),
        (1, "dear")
    );
}

#[tokio::test]
async fn what_the_users_shell_tells_fabric_does_not_reach_the_network() {
    let devnet = Devnet::new();
    // As a shell has it that was set up for another network.
    let mut up = devnet.command(&["up", "--detach"]);
    up.env("CORE_PEER_LOCALMSPID", "OtherMSP")
        .env("CORE_PEER_ADDRESS", "127.0.0.1:1")
        .env("CORE_PEER_LISTENADDRESS", "127.0.0.1:1")
        .env("ORDERER_GENERAL_LISTENPORT", "1")
        .env("FABRIC_CFG_PATH", "/nowhere")
        .env("FABRIC_CA_SERVER_PORT", "1")
        .env("FABRIC_CA_CLIENT_HOME", "/nowhere")
        .env("CHAINCODE_SERVER_ADDRESS", "127.0.0.1:1");
    assert_success(&run_to_end(&mut up).await);
    let (status, code) = devnet.status().await;
    assert_eq!(code, Some(0), "{status}");
}
