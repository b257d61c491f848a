//! Nothing that was answered is lost: the program is killed again and again while clients write.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chainloom_tests::{Node, client, eventually};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// How many kills have to fall between a write and its answer.
const KILLS: usize = 20;
/// After so many kills without that, something is wrong with the test.
const ROUNDS_MAX: usize = 500;
const POSTING_CLIENTS: usize = 8;
const INVOKING_CLIENTS: usize = 4;

/// What one client knows at the moment of the kill.
#[derive(Debug, Default)]
struct Memory {
    /// Senders whose transactions were answered with 2xx.
    acknowledged: Vec<String>,
    /// The sender whose transaction had no answer yet.
    unanswered: Option<String>,
    /// Tickets of transactions that were invoked through the API, and their senders.
    tickets: Vec<(String, String)>,
    /// The blocks that were answered: their numbers and the hashes they name.
    blocks: Vec<(u64, Value)>,
}

/// Posts with the tutorial's route until the node is gone.
async fn post(address: SocketAddr, name: String, answers: Arc<AtomicUsize>) -> Memory {
    let client = client();
    let mut memory = Memory::default();
    for number in 0.. {
        let sender = format!("{name}-{number}");
        memory.unanswered = Some(sender.clone());
        let body = json!({"sender": sender, "recipient": "bob", "amount": 1});
        let answer = client
            .post(format!("http://{address}/transactions/new"))
            .json(&body)
            .send()
            .await;
        let Ok(answer) = answer else { break };
        assert_eq!(answer.status(), 201);
        memory.acknowledged.push(sender);
        memory.unanswered = None;
        answers.fetch_add(1, Ordering::Relaxed);
    }
    memory
}

/// Invokes through the API until the node is gone.
async fn invoke(address: SocketAddr, name: String, answers: Arc<AtomicUsize>) -> Memory {
    let client = client();
    let mut memory = Memory::default();
    for number in 0.. {
        let sender = format!("{name}-{number}");
        memory.unanswered = Some(sender.clone());
        let body = json!({"function": "transfer", "args": [sender, "bob", "1"]});
        let answer = client
            .post(format!("http://{address}/api/v1/ledgers/tutorial/invoke"))
            .json(&body)
            .send()
            .await;
        let Ok(answer) = answer else { break };
        // 200 where a block took it before the answer went out.
        assert!([200, 202].contains(&answer.status().as_u16()));
        // The status was on its way, so the transaction has to last even if the rest got lost.
        memory.acknowledged.push(sender.clone());
        memory.unanswered = None;
        let Ok(receipt) = answer.json::<Value>().await else {
            break;
        };
        let ticket = receipt["transaction_id"].as_str().expect("a ticket");
        memory.tickets.push((ticket.to_owned(), sender));
        answers.fetch_add(1, Ordering::Relaxed);
    }
    memory
}

/// Mines until the node is gone.
async fn mine(address: SocketAddr) -> Memory {
    let client = client();
    let mut memory = Memory::default();
    loop {
        let answer = client.get(format!("http://{address}/mine")).send().await;
        let Ok(answer) = answer else { break };
        let Ok(block) = answer.json::<Value>().await else {
            break;
        };
        let index = block["index"].as_u64().expect("an index");
        memory.blocks.push((index, block["previous_hash"].clone()));
    }
    memory
}

/// How often each sender stands in the chain, and the hashes that the blocks name.
async fn chain(node: &Node) -> (HashMap<String, usize>, Vec<Value>) {
    let chain = node.get("/chain").await;
    let blocks = chain["chain"].as_array().expect("a list");
    let mut counts = HashMap::new();
    for transaction in blocks
        .iter()
        .flat_map(|block| block["transactions"].as_array().expect("a list"))
    {
        let sender = transaction["sender"].as_str().expect("a string");
        *counts.entry(sender.to_owned()).or_default() += 1;
    }
    let hashes = blocks
        .iter()
        .map(|block| block["previous_hash"].clone())
        .collect();
    (counts, hashes)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_being_killed_under_load() {
    let mut node = Node::start().await;
    let mut acknowledged = Vec::new();
    let mut tickets = Vec::new();
    let mut kills = 0;
    let mut rounds = 0;
    while kills < KILLS {
        assert!(
            rounds < ROUNDS_MAX,
            "only {kills} of {rounds} kills fell between write and answer"
        );
        rounds += 1;

        let answers = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for number in 0..POSTING_CLIENTS {
            let name = format!("post-{rounds}-{number}");
            clients.spawn(post(node.address(), name, Arc::clone(&answers)));
        }
        for number in 0..INVOKING_CLIENTS {
            let name = format!("invoke-{rounds}-{number}");
            clients.spawn(invoke(node.address(), name, Arc::clone(&answers)));
        }
        clients.spawn(mine(node.address()));
        // At another moment each time: after one answer, after dozens.
        let moment = 1 + rounds * 37 % 90;
        eventually("the clients to be answered", async || {
            (answers.load(Ordering::Relaxed) >= moment).then_some(())
        })
        .await;
        node.restart().await;

        let memories = clients.join_all().await;
        // What was pending is mined with this block, so that all of it stands in the chain.
        node.mine().await;
        let (counts, hashes) = chain(&node).await;
        let mut between = false;
        for memory in memories {
            for sender in &memory.acknowledged {
                let count = counts.get(sender).copied().unwrap_or_default();
                assert_eq!(count, 1, "{sender} was answered, kill {rounds}");
            }
            if let Some(sender) = &memory.unanswered {
                let count = counts.get(sender).copied().unwrap_or_default();
                assert!(count <= 1, "{sender} stands there {count} times");
                between |= count == 1;
            }
            for (index, previous_hash) in memory.blocks {
                let place = usize::try_from(index).expect("a small number") - 1;
                assert_eq!(hashes[place], previous_hash, "block {index} was answered");
            }
            acknowledged.extend(memory.acknowledged);
            tickets.extend(memory.tickets);
        }
        kills += usize::from(between);
    }

    // And nothing of an earlier round was lost, or done twice, later.
    let (counts, _) = chain(&node).await;
    for sender in &acknowledged {
        assert_eq!(counts.get(sender), Some(&1), "{sender}");
    }
    for (ticket, sender) in tickets.iter().step_by(tickets.len() / 50 + 1) {
        let path = format!("/api/v1/ledgers/tutorial/transactions/{ticket}");
        let transaction = node.get(&path).await;
        assert_eq!(transaction["transfer"]["sender"], *sender, "{ticket}");
        assert!(transaction["version"]["block"].is_u64(), "{transaction}");
    }
    println!("{kills} of {rounds} kills fell between write and answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_and_what_waits_survive_a_kill() {
    let mut node = Node::start().await;
    let peer: SocketAddr = "127.0.0.1:5001".parse().expect("an address");
    node.register(peer).await;
    node.send("alice", "bob", 5).await;
    let id = node.get("/api/v1/ledgers/tutorial").await["node_id"].clone();
    node.restart().await;
    assert_eq!(
        node.get("/api/v1/ledgers/tutorial").await["node_id"],
        id,
        "the account of the rewards stays the same"
    );
    let peers = node.get("/api/v1/ledgers/tutorial/peers").await;
    assert_eq!(peers["peers"][0]["address"], peer.to_string());
    let block = node.mine().await;
    assert_eq!(block["transactions"][0]["sender"], "alice");
    assert_eq!(block["transactions"][1]["recipient"], id);
}
