//! Starting: after a kill, beside others, and what is said when it cannot be.

use std::net::TcpListener;
use std::time::Duration;

use chainloom_tests::{
    Behaviour, ChainRecipe, Ended, HostilePeer, Node, NodeOptions, Process, Rules, client,
    eventually, unused_address,
};

/// A refusal is one sentence for a person, not a trace for a programmer.
fn assert_refused(ended: &Ended, mentions: &[&str]) {
    assert!(!ended.status.success(), "{ended:?}");
    assert_ne!(ended.status.code(), Some(101), "it panicked: {ended:?}");
    let said = ended.stderr.trim();
    assert!(!said.is_empty() && said.lines().count() <= 3, "{said}");
    assert!(!said.contains("panicked"), "{said}");
    for word in mentions {
        assert!(said.contains(word), "`{word}` is not in: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_goes_on_with_the_chain_it_had() {
    let mut node = Node::start().await;
    node.restart().await;
    assert_eq!(height(&node).await, 1);

    let chain = ChainRecipe::new(Rules::Article, 100_000).answer();
    let peer = HostilePeer::start(Behaviour::Answer(chain)).await;
    node.register(peer.address()).await;
    assert_eq!(node.resolve().await["message"], "Our chain was replaced");
    // Killed while the index is still reading the chain, and again when it is done.
    node.restart().await;
    assert_eq!(height(&node).await, 100_000);
    eventually("the index to be whole", async || {
        let info = node.get("/api/v1/ledgers/tutorial").await;
        (info["indexed_height"] == 100_000).then_some(())
    })
    .await;
    node.restart().await;
    assert_eq!(height(&node).await, 100_000);
    let block = node.mine().await;
    assert_eq!(block["index"], 100_001);
}

/// How many blocks the node says it has.
async fn height(node: &Node) -> u64 {
    let info = node.get("/api/v1/ledgers/tutorial").await;
    info["height"].as_u64().expect("a number")
}

#[tokio::test]
async fn a_start_says_what_one_needs_to_know() {
    let mut node = NodeOptions::new().rules(Rules::Repository).start().await;
    let id = node.get("/api/v1/ledgers/tutorial").await["node_id"]
        .as_str()
        .expect("a string")
        .to_owned();
    let folder = node.options().data_folder().display().to_string();
    let address = node.url("");
    let banner = node
        .process()
        .wait_for_output("two curl lines", |text| {
            (text.matches("curl").count() >= 2 && text.ends_with('\n')).then(|| text.to_owned())
        })
        .await;
    for word in [&address, "repository", &folder, &id] {
        assert!(banner.contains(word), "`{word}` is not in:\n{banner}");
    }
    // The lines can be tried as they are.
    for line in banner.lines().filter(|line| line.contains("curl ")) {
        let command = &line[line.find("curl ").expect("it is there")..];
        let ended = chainloom_tests::run_to_end(
            std::process::Command::new("sh").args(["-c", &format!("{command} --fail")]),
        )
        .await;
        assert!(ended.status.success(), "{command}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn two_nodes_run_beside_each_other_with_data_of_their_own() {
    let options = NodeOptions::new();
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let port = unused_address().port().to_string();
        // No data folder is named: each port has its own.
        let mut command = options.chainloom();
        let mut node = Process::start(command.args(["up", "--port", &port]));
        node.wait_for_output("its address", |text| {
            text.contains(&format!("http://127.0.0.1:{port}"))
                .then_some(())
        })
        .await;
        nodes.push((node, port));
    }
    let mut ids = Vec::new();
    for (_, port) in &nodes {
        // On both loopback addresses.
        for host in ["127.0.0.1", "[::1]"] {
            let url = format!("http://{host}:{port}/api/v1/ledgers/tutorial");
            let answer = client().get(url).send().await.expect("an answer");
            let info: serde_json::Value = answer.json().await.expect("JSON");
            ids.push(info["node_id"].clone());
        }
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[2], ids[3]);
    assert_ne!(ids[0], ids[2]);
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_so() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = other.local_addr().expect("a bound address").port();
    let address = format!("127.0.0.1:{port}");
    let options = NodeOptions::new().arguments(["--listen", &address]);
    assert_refused(&options.start_in_vain().await, &[&address]);
}

#[tokio::test]
async fn data_that_another_process_uses_is_said_so() {
    let node = Node::start().await;
    let folder = node.options().data_folder().display().to_string();
    assert_refused(&node.options().start_in_vain().await, &[&folder]);
    // The first goes on.
    node.mine().await;
}

#[tokio::test]
async fn data_made_under_other_rules_is_said_so() {
    let mut node = NodeOptions::new().rules(Rules::Article).start().await;
    node.process().kill();
    let options = node.options().clone();
    let folder = options.data_folder().display().to_string();
    let ended = options
        .clone()
        .rules(Rules::Repository)
        .start_in_vain()
        .await;
    // Said twice, the last one counts or the command line is refused; either way nothing is started.
    assert!(!ended.status.success(), "{ended:?}");
    let fresh = |arguments: [&str; 2]| {
        let mut command = options.chainloom();
        command
            .args(["up", "--listen", "127.0.0.1:0", "--data-dir", &folder])
            .args(arguments);
        command
    };
    let ended = chainloom_tests::run_to_end(&mut fresh(["--rules", "repository"])).await;
    assert_refused(&ended, &["article", "repository"]);
    let ended = chainloom_tests::run_to_end(&mut fresh(["--difficulty", "5"])).await;
    assert_refused(&ended, &["4", "5", "difficulty"]);
}

#[tokio::test]
async fn damaged_data_is_said_so_and_left_alone() {
    let mut node = Node::start().await;
    node.mine().await;
    node.process().kill();
    let store = std::fs::read_dir(node.options().data_folder())
        .expect("the data folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.file_name().is_some_and(|name| name == "tutorial.redb"))
        .expect("the store");
    let damage = b"this is no store".repeat(1000);
    std::fs::write(&store, &damage).expect("it can be written");
    let path = store.display().to_string();
    assert_refused(&node.options().start_in_vain().await, &[&path]);
    assert_eq!(std::fs::read(&store).expect("it is there"), damage);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_said_so() {
    let options = NodeOptions::new().arguments(["--config", "nowhere.toml"]);
    assert_refused(&options.start_in_vain().await, &["nowhere.toml"]);

    for (text, mentions) in [
        ("[server\n", &["chainloom.toml"][..]),
        ("[server]\nlisten = 5\n", &["chainloom.toml", "listen"]),
        ("[server]\nlisten = [\"here\"]\n", &["listen", "here"]),
        ("[servers]\n", &["chainloom.toml", "servers"]),
        (
            "[ledgers.tutorial]\nkind = \"tutorial\"\nrule = \"article\"\n",
            &["rule"],
        ),
        (
            "[ledgers.tutorial]\nkind = \"tutorial\"\nrules = \"mine\"\n",
            &["mine", "repository"],
        ),
        (
            "[ledgers.tutorial]\nkind = \"tutorial\"\ndifficulty = 0\n",
            &["difficulty"],
        ),
        ("[ledgers.tutorial]\nkind = \"fabric\"\n", &["fabric"]),
    ] {
        let options = NodeOptions::new().configuration(text);
        assert_refused(&options.start_in_vain().await, mentions);
    }
    let options = NodeOptions::new().environment("CHAINLOOM_LEDGERS__TUTORIAL__RULES", "none");
    assert_refused(
        &options.start_in_vain().await,
        &["CHAINLOOM_LEDGERS__TUTORIAL__RULES"],
    );
}

#[tokio::test]
async fn flags_win_over_variables_and_variables_over_the_file() {
    let rules = async |options: NodeOptions| {
        let node = options.start().await;
        let config = node.get("/api/v1/ledgers/tutorial/config").await;
        config["proof_of_work"].clone()
    };
    let file = "[ledgers.tutorial]\nkind = \"tutorial\"\nrules = \"repository\"\ndifficulty = 3\n";
    let by_file = rules(NodeOptions::new().configuration(file)).await;
    assert_eq!(by_file["rules"], "repository");
    assert_eq!(by_file["difficulty"], 3);
    let variable = ("CHAINLOOM_LEDGERS__TUTORIAL__DIFFICULTY", "2");
    let options = NodeOptions::new()
        .configuration(file)
        .environment(variable.0, variable.1);
    let by_variable = rules(options).await;
    assert_eq!(by_variable["rules"], "repository");
    assert_eq!(by_variable["difficulty"], 2);
    let options = NodeOptions::new()
        .configuration(file)
        .environment(variable.0, variable.1)
        .arguments(["--difficulty", "1"]);
    assert_eq!(rules(options).await["difficulty"], 1);
}

#[tokio::test]
async fn ctrl_c_and_a_service_manager_end_it_well() {
    for interrupt in [true, false] {
        let mut node = Node::start().await;
        node.send("alice", "bob", 5).await;
        if interrupt {
            node.process().interrupt();
        } else {
            node.process().terminate();
        }
        let ended = node.process().wait(Duration::from_secs(20)).await;
        assert!(ended.status.success(), "{ended:?}");
        node.restart().await;
        let block = node.mine().await;
        assert_eq!(block["transactions"][0]["sender"], "alice");
    }
}
