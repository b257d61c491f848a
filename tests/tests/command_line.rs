//! The command line: what people read, what programs read, and what is said when it cannot be.

use std::path::Path;
use std::process::Command;

use chainloom_tests::{
    Behaviour, ChainRecipe, Ended, HostilePeer, Node, NodeOptions, Process, PythonNode, Rules,
    eventually, python, run_to_end, unused_address,
};
use serde_json::Value;

async fn run<const COUNT: usize>(node: &Node, arguments: [&str; COUNT]) -> String {
    let ended = run_to_end(&mut node.client_command(arguments)).await;
    assert!(ended.status.success(), "{arguments:?}: {}", ended.stderr);
    // Nothing but the answer goes where a program may read it, and in a pipe nothing moves.
    assert!(
        !ended.stdout.contains('\u{1b}'),
        "{arguments:?} colours a pipe"
    );
    assert_eq!(ended.stderr, "", "{arguments:?}");
    ended.stdout
}

async fn json<const COUNT: usize>(node: &Node, arguments: [&str; COUNT]) -> Value {
    let mut command = node.client_command(arguments);
    let ended = run_to_end(command.arg("--json")).await;
    assert!(ended.status.success(), "{arguments:?}: {}", ended.stderr);
    serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", ended.stdout))
}

/// A refusal is a sentence on standard error, nothing on standard output, and an exit code.
fn assert_refused(ended: &Ended, mentions: &[&str]) {
    assert!(!ended.status.success(), "{ended:?}");
    assert_eq!(ended.stdout, "");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    for word in mentions {
        assert!(
            ended.stderr.contains(word),
            "`{word}` is not in: {}",
            ended.stderr
        );
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder's name is ASCII")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_through_the_commands() {
    let node = Node::start().await;
    let sent = run(&node, ["send", "alice", "Ünïcödé", "5"]).await;
    assert!(!sent.is_empty());
    assert!(run(&node, ["pending"]).await.contains("Ünïcödé"));
    let receipt = json(&node, ["invoke", "transfer", "alice", "carol", "0.25"]).await;
    let ticket = receipt["transaction_id"].as_str().expect("a ticket");
    assert!(run(&node, ["tx", ticket]).await.contains("pending"));
    let mined = run(&node, ["mine"]).await;
    assert!(
        mined.contains("Ünïcödé") && mined.contains("0.25"),
        "{mined}"
    );

    let info = json(&node, ["info"]).await;
    assert_eq!(info["height"], 2);
    let hash = info["tip_hash"].as_str().expect("a hash");
    for name in ["latest", "2", hash] {
        assert!(run(&node, ["block", name]).await.contains(hash), "{name}");
    }
    assert!(run(&node, ["info"]).await.contains(hash));
    assert!(run(&node, ["ledgers"]).await.contains("tutorial"));
    assert!(run(&node, ["config"]).await.contains("article"));
    assert!(run(&node, ["stats"]).await.contains('3'));
    assert!(
        run(&node, ["transactions", "--account", "carol"])
            .await
            .contains("0.25")
    );
    for alias in ["tx", "showtx", "showtxByVer"] {
        let shown = run(&node, [alias, "--block", "2", "--index", "1"]).await;
        assert!(
            shown.contains("carol") && shown.contains("0.25"),
            "{alias}: {shown}"
        );
    }
    let by_version = json(&node, ["tx", "--block", "2", "--index", "1"]).await;
    assert_eq!(json(&node, ["tx", ticket]).await, by_version);
    let own = json(&node, ["mytx"]).await;
    assert_eq!(own["transactions"].as_array().map(Vec::len), Some(1));
    assert!(run(&node, ["mytx"]).await.contains("reward"));
    assert!(
        run(&node, ["query", "balance", "carol"])
            .await
            .contains("0.25")
    );
    assert!(run(&node, ["balance", "alice"]).await.contains("-5.25"));
    assert_eq!(json(&node, ["query", "balance", "me"]).await["result"], "1");
    let blocks = json(&node, ["blocks", "--limit", "1"]).await;
    assert_eq!(blocks["blocks"].as_array().map(Vec::len), Some(1));
    let table = run(&node, ["blocks"]).await;
    assert!(
        table.lines().count() >= 3,
        "a heading and two blocks:\n{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_keeps_every_digit() {
    let node = Node::start().await;
    run(&node, ["send", "a", "b", "123456789012345678901234567890"]).await;
    run(&node, ["send", "a", "b", "5.0"]).await;
    run(&node, ["send", "a", "b", "-5.25e3"]).await;
    node.mine().await;
    let chain = node.chain_text().await;
    for amount in ["123456789012345678901234567890", "5.0", "-5250.0"] {
        let transaction = format!("{{\"amount\":{amount},\"recipient\":\"b\",\"sender\":\"a\"}}");
        assert!(chain.contains(&transaction), "{amount}: {chain}");
    }
    let mut command = node.client_command(["send", "a", "b", "five"]);
    assert_refused(&run_to_end(&mut command).await, &["five"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nodes_commands() {
    let node = Node::start().await;
    let peer = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 5)).await;
    let other = PythonNode::with_chain(ChainRecipe::new(Rules::Repository, 9)).await;
    let addresses = [peer.address().to_string(), other.address().to_string()];
    let shown = run(&node, ["nodes", "register", &peer.url(""), &addresses[1]]).await;
    assert!(
        addresses.iter().all(|address| shown.contains(address)),
        "{shown}"
    );
    let resolved = run(&node, ["nodes", "resolve"]).await;
    assert!(resolved.contains("replaced"), "{resolved}");
    let listed = run(&node, ["nodes", "list"]).await;
    assert!(
        listed.contains("peer follows `repository`, ours is `article`"),
        "{listed}"
    );
    assert_eq!(json(&node, ["nodes", "resolve"]).await["replaced"], false);
    let peers = json(&node, ["nodes", "list"]).await;
    assert_eq!(peers["peers"].as_array().map(Vec::len), Some(2));
    let mut command = node.client_command(["nodes", "register", "http://169.254.169.254"]);
    assert_refused(&run_to_end(&mut command).await, &["169.254.169.254"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn following_blocks_survives_a_restart_of_the_server() {
    let address = unused_address().to_string();
    let mut node = NodeOptions::new()
        .arguments(["--listen", &address])
        .start()
        .await;
    let mut command = node.client_command(["blocks", "--follow", "--from", "1", "--json"]);
    let mut follower = Process::start(&mut command);
    let lines = async |follower: &mut Process, count: usize| {
        follower
            .wait_for_output("its blocks", |text| {
                (text.lines().count() >= count).then(|| text.to_owned())
            })
            .await
    };
    node.mine().await;
    lines(&mut follower, 2).await;
    node.restart().await;
    node.mine().await;
    let text = lines(&mut follower, 3).await;
    let numbers: Vec<Value> = text
        .lines()
        .map(|line| {
            let event: Value = serde_json::from_str(line).expect("JSON");
            event["data"]["number"].clone()
        })
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
}

/// The words of each line that a follower printed, once there are so many.
async fn lines(follower: &mut Process, count: usize) -> Vec<Vec<String>> {
    let words = |line: &str| {
        line.split("  ")
            .map(|word| word.trim().to_owned())
            .collect()
    };
    follower
        .wait_for_output("what it follows", |text| {
            let lines: Vec<_> = text.lines().map(words).collect();
            (lines.len() >= count).then_some(lines)
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_followed_as_they_come_and_across_a_restart_of_the_server() {
    let address = unused_address().to_string();
    let mut node = NodeOptions::new()
        .arguments(["--listen", &address])
        .start()
        .await;
    node.send("alice", "bob", 1).await;
    node.mine().await;
    let start = |words: &[&str]| {
        let mut command = node.client_command([words[0], "--follow"]);
        Process::start(command.args(&words[1..]))
    };
    let mut all = start(&["transactions"]);
    let mut of_alice = start(&["transactions", "--account", "alice"]);
    let mut mine = start(&["mytx"]);
    let mut events = start(&["events"]);
    // They are there when they tell of a block that came meanwhile: what was before they tell nothing of.
    let mut mined = 0;
    eventually("all of them to follow", async || {
        node.mine().await;
        mined += 1;
        let heard = [&all, &mine, &events].map(|follower| !follower.stdout().is_empty());
        (heard == [true; 3]).then_some(())
    })
    .await;
    node.restart().await;
    node.send("alice", "bob", 2).await;
    node.send("carol", "alice", 3).await;
    node.send("carol", "bob", 4).await;
    node.mine().await;
    let block = 2 + mined + 1;
    let place = |index: usize| format!("{block}.{index}");

    let told = lines(&mut of_alice, 2).await;
    let places: Vec<&String> = told.iter().map(|words| &words[0]).collect();
    assert_eq!(places, [&place(0), &place(1)], "{told:?}");
    assert!(told[0].join(" ").contains("alice") && told[0].join(" ").contains("bob"));
    let id = |index: usize| format!("0-{block}-{index}");
    let places: [&dyn Fn(usize) -> String; 2] = [&place, &id];
    for (follower, place) in [&mut all, &mut events].into_iter().zip(places) {
        let end = |words: &Vec<String>| words[0] == place(3);
        let told = follower
            .wait_for_output("the last one", |text| {
                let words = |line: &str| {
                    line.split("  ")
                        .map(|word| word.trim().to_owned())
                        .collect()
                };
                let lines: Vec<Vec<String>> = text.lines().map(words).collect();
                lines.last().is_some_and(end).then_some(lines)
            })
            .await;
        // Each once, in their order, up to the last: the reward of each block that was mined, and those that were sent.
        let last_four = &told[told.len() - 4..];
        for (index, words) in last_four.iter().enumerate() {
            assert_eq!(words[0], place(index), "{told:?}");
        }
        let distinct: std::collections::BTreeSet<_> = told.iter().collect();
        assert_eq!(distinct.len(), told.len(), "{told:?}");
    }
    // The node's own are its rewards.
    let told = mine
        .wait_for_output("the last reward", |text| {
            text.contains(&place(3)).then(|| text.to_owned())
        })
        .await;
    assert!(!told.contains("carol"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_goes_out_to_a_file_and_in_again() {
    let mut node = Node::start().await;
    for _ in 0..4 {
        node.send("alice", "Ünïcödé", 5).await;
        node.mine().await;
    }
    let file = node.options().folder().join("chain.json");
    run(&node, ["chain", "export", text(&file)]).await;
    let exported = std::fs::read_to_string(&file).expect("it was written");
    assert_eq!(exported, node.chain_text().await);
    assert_eq!(run(&node, ["chain", "export"]).await, exported);
    // It is not overwritten unless that is wanted.
    let mut command = node.client_command(["chain", "export", text(&file)]);
    assert_refused(&run_to_end(&mut command).await, &[text(&file), "--force"]);
    run(&node, ["chain", "export", text(&file), "--force"]).await;
    // Python reads it.
    let script = "import json, sys; print(json.load(open(sys.argv[1]))['length'])";
    let read = run_to_end(Command::new(python()).args(["-c", script, text(&file)])).await;
    assert_eq!(read.stdout.trim(), "5");

    let other = NodeOptions::new();
    let folder = other.data_folder();
    let local = |arguments: &[&str]| {
        let mut command = other.chainloom();
        command.args(arguments);
        command
    };
    let verified = run_to_end(&mut local(&["chain", "verify", text(&file)])).await;
    assert!(verified.status.success(), "{}", verified.stderr);
    assert!(verified.stdout.contains('5'), "{}", verified.stdout);
    let mut import = local(&["chain", "import", text(&file), "--data-dir", text(&folder)]);
    let imported = run_to_end(&mut import).await;
    assert!(imported.status.success(), "{}", imported.stderr);
    run_to_end(&mut import).await;
    let copy = other.clone().start().await;
    assert_eq!(copy.chain_text().await, exported);
    // While a server uses the data, nobody else does.
    assert_refused(&run_to_end(&mut import).await, &[text(&folder)]);

    // The stored chain is verified in place, once its server is gone.
    node.process().kill();
    let folder = node.options().data_folder();
    let verified = run_to_end(&mut local(&[
        "chain",
        "verify",
        "--data-dir",
        text(&folder),
    ]))
    .await;
    assert!(verified.status.success(), "{}", verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_chain_is_said_to_be_so_and_where() {
    let options = NodeOptions::new();
    let chain = ChainRecipe::new(Rules::Article, 6).answer();
    let other_rules = ChainRecipe::new(Rules::Repository, 6).answer();
    let cases = [
        (
            "hash.json",
            chain.replacen("\"previous_hash\": \"", "\"previous_hash\": \"0", 1),
            "2",
        ),
        (
            "proof.json",
            chain.replacen("\"proof\": 35089", "\"proof\": 35090", 1),
            "3",
        ),
        ("rules.json", other_rules, "repository"),
        ("cut.json", chain[..chain.len() / 2].to_owned(), ""),
        ("empty.json", String::new(), ""),
    ];
    for (name, chain, mention) in cases {
        let file = options.folder().join(name);
        std::fs::write(&file, chain).expect("a file in a temporary folder");
        let mut command = options.chainloom();
        let verified = run_to_end(command.args(["chain", "verify", text(&file)])).await;
        assert!(!verified.status.success(), "{name}: {}", verified.stdout);
        let said = format!("{}{}", verified.stdout, verified.stderr);
        assert!(said.contains(mention) && said.len() > 15, "{name}: {said}");
        let folder = options.data_folder();
        let mut command = options.chainloom();
        command.args(["chain", "import", text(&file), "--data-dir", text(&folder)]);
        let imported = run_to_end(&mut command).await;
        assert!(!imported.status.success(), "{name}: {}", imported.stdout);
    }
    // Under its own rules the one chain is fine.
    let file = options.folder().join("rules.json");
    let mut command = options.chainloom();
    command.args(["chain", "verify", text(&file), "--rules", "repository"]);
    let verified = run_to_end(&mut command).await;
    assert!(verified.status.success(), "{}", verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_asks_first() {
    let mut node = Node::start().await;
    node.mine().await;
    let folder = node.options().data_folder();
    let options = node.options().clone();
    let reset = |yes: bool| {
        let mut command = options.chainloom();
        command.args(["reset", "--data-dir", text(&folder)]);
        if yes {
            command.arg("--yes");
        }
        command
    };
    // Not while a server uses it, and not without an answer.
    assert_refused(&run_to_end(&mut reset(true)).await, &[text(&folder)]);
    node.restart().await;
    assert_eq!(node.get("/chain").await["length"], 2);
    node.process().kill();
    assert_refused(&run_to_end(&mut reset(false)).await, &["--yes"]);
    node.restart().await;
    assert_eq!(node.get("/chain").await["length"], 2);
    node.process().kill();
    let ended = run_to_end(&mut reset(true)).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    node.restart().await;
    assert_eq!(node.get("/chain").await["length"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_said_in_a_sentence() {
    let node = Node::start().await;
    let id = "0".repeat(64);
    for (arguments, mention) in [
        (["block", "99"], "99"),
        (["block", "first"], "first"),
        (["tx", &id], &id),
        (["query", "steal"], "steal"),
        (["invoke", "steal"], "steal"),
    ] {
        let ended = run_to_end(&mut node.client_command(arguments)).await;
        assert_refused(&ended, &[mention]);
        assert!(ended.stderr.lines().count() <= 3, "{}", ended.stderr);
    }
    // Nobody there: what to do is said.
    let gone = unused_address();
    let mut command = node.options().chainloom();
    command.args(["info", "--server", &format!("http://{gone}")]);
    assert_refused(&run_to_end(&mut command).await, &["chainloom up"]);
    // Somebody else there.
    let other = HostilePeer::start(Behaviour::Answer("[]".to_owned())).await;
    let mut command = node.options().chainloom();
    command.args(["blocks", "--server", &format!("http://{}", other.address())]);
    assert_refused(&run_to_end(&mut command).await, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn help_has_examples_and_shells_get_completions() {
    let options = NodeOptions::new();
    let help = run_to_end(options.chainloom().arg("--help")).await;
    assert!(help.status.success());
    for word in [
        "up",
        "info",
        "block",
        "blocks",
        "tx",
        "mytx",
        "query",
        "invoke",
        "mine",
        "send",
        "nodes",
        "chain",
        "reset",
        "completions",
        "showtx",
    ] {
        assert!(
            help.stdout.contains(word),
            "{word} is not in {}",
            help.stdout
        );
    }
    for command in ["up", "block", "send", "invoke", "reset"] {
        let help = run_to_end(options.chainloom().args(["help", command])).await;
        let example = format!("chainloom {command}");
        assert!(help.stdout.contains("xample"), "{command}: {}", help.stdout);
        assert!(help.stdout.contains(&example), "{command}: {}", help.stdout);
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = run_to_end(options.chainloom().args(["completions", shell])).await;
        assert!(
            script.status.success() && script.stdout.contains("chainloom"),
            "{shell}"
        );
    }
    let bash = run_to_end(options.chainloom().args(["completions", "bash"])).await;
    let file = options.folder().join("completions.bash");
    std::fs::write(&file, bash.stdout).expect("a file in a temporary folder");
    let checked = run_to_end(Command::new("bash").arg("-n").arg(&file)).await;
    assert!(checked.status.success(), "{}", checked.stderr);
    let version = run_to_end(options.chainloom().arg("--version")).await;
    assert!(
        version.stdout.starts_with("chainloom "),
        "{}",
        version.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let node = Node::start().await;
    for _ in 0..5 {
        node.mine().await;
    }
    let program = chainloom_tests::program();
    let script = format!(
        "set -o pipefail; {} chain export --server {} | head -c 10",
        program.display(),
        node.url("")
    );
    let ended = run_to_end(Command::new("bash").args(["-c", &script])).await;
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.stdout, "{\"chain\":[");
    assert_eq!(ended.stderr, "");
    // The server is well.
    eventually("an answer", async || {
        (node.get("/chain").await["length"] == 6).then_some(())
    })
    .await;
}
