//! The harness itself: what the other tests compare with must be right.

use chainloom_tests::{Behaviour, Browser, ChainRecipe, HostilePeer, PythonNode, Rules, Screen};

#[tokio::test]
async fn the_python_node_mines_the_articles_proofs() {
    let node = PythonNode::start(Rules::Article).await;
    let mut proofs = vec![node.get("/chain").await["chain"][0]["proof"].clone()];
    for _ in 0..3 {
        proofs.push(node.mine().await["proof"].clone());
    }
    assert_eq!(proofs, [100, 35_293, 35_089, 119_678]);
}

#[tokio::test]
async fn python_nodes_take_over_longer_chains_of_their_own_rules() {
    for rules in Rules::ALL {
        let long = PythonNode::with_chain(ChainRecipe::new(rules, 12).odd()).await;
        let short = PythonNode::start(rules).await;
        short.register(long.address()).await;
        let answer = short.get_text("/nodes/resolve").await;
        assert!(answer.contains("Our chain was replaced"), "{rules:?}");
        assert_eq!(
            short.get_text("/chain").await,
            long.get_text("/chain").await
        );
    }
}

#[tokio::test]
async fn python_nodes_refuse_chains_of_the_other_rules() {
    let long = PythonNode::with_chain(ChainRecipe::new(Rules::Repository, 4)).await;
    let short = PythonNode::start(Rules::Article).await;
    short.register(long.address()).await;
    let answer = short.get("/nodes/resolve").await;
    assert_eq!(answer["message"], "Our chain is authoritative");
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_pages_in_every_size_and_scheme() {
    let page = HostilePeer::start(Behaviour::Answer("[\"a page\"]".to_owned())).await;
    let browser = Browser::start().await;
    browser.open(&format!("http://{}/", page.address())).await;
    browser.see("a page").await;
    browser.show(Screen::Phone, "dark").await;
    let seen = browser
        .run("return [screen.width, matchMedia('(prefers-color-scheme: dark)').matches]")
        .await;
    assert_eq!(seen, serde_json::json!([390, true]));
    let picture = browser.screenshot("harness").await;
    assert!(picture.metadata().is_ok_and(|data| data.len() > 1_000));
    browser.close().await;
}
