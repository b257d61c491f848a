//! The explorer in a real browser. Pictures of its pages are in `target/screenshots`.

use chainloom_tests::{
    Browser, ChainRecipe, Node, NodeOptions, PythonNode, Rules, Screen, eventually,
};
use fantoccini::Locator;

const EXPLORER: &str = "/explorer/tutorial";

async fn type_into(browser: &Browser, css: &str, text: &str) {
    let field = browser.find(css).await;
    field.clear().await.expect("it can be emptied");
    field.send_keys(text).await.expect("it takes text");
}

async fn click(browser: &Browser, css: &str) {
    let element = browser.find(css).await;
    element.click().await.expect("it can be clicked");
}

async fn text_of(browser: &Browser, test_id: &str) -> String {
    let element = browser.find(&format!("[data-testid={test_id}]")).await;
    element.text().await.expect("it has a text")
}

async fn wait_for_text(browser: &Browser, test_id: &str, expected: &str) {
    let what = format!("{test_id} to become {expected}");
    eventually(&what, async || {
        let css = format!("[data-testid={test_id}]");
        let found = browser.client().find(Locator::Css(&css)).await.ok()?;
        // A live page may swap the element between the two questions.
        (found.text().await.ok()? == expected).then_some(())
    })
    .await;
}

/// Checks that the page fits its screen, and that nothing on it complained.
async fn assert_well(browser: &Browser, page: &str) {
    let overflow = browser
        .run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        .await;
    assert!(
        overflow.as_i64() <= Some(0),
        "{page} is {overflow} pixels too wide"
    );
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{page}: {complaints:?}");
    let foreign = browser
        .run(
            "return performance.getEntriesByType('resource').map(entry => entry.name)\
             .filter(name => !name.startsWith(location.origin) && !name.startsWith('data:'))",
        )
        .await;
    assert_eq!(
        foreign,
        serde_json::json!([]),
        "{page} asks beyond this machine"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_send_mine_and_see_the_block_on_a_second_page_without_reload() {
    let node = Node::start().await;
    let browser = Browser::start().await;
    browser.open(&node.url("/")).await;
    let (first, second) = browser.open_second(&node.url("/")).await;
    // A reload would lose this mark.
    browser.switch(&second).await;
    browser.run("window.notReloaded = true").await;
    browser.switch(&first).await;

    type_into(&browser, "#sender", "alice").await;
    type_into(&browser, "#recipient", "Ünïcödé <b>").await;
    type_into(&browser, "#amount", "12.50").await;
    click(&browser, "#send").await;
    wait_for_text(&browser, "pending", "1").await;
    click(&browser, "#mine").await;
    wait_for_text(&browser, "height", "2").await;
    wait_for_text(&browser, "pending", "0").await;

    browser.switch(&second).await;
    wait_for_text(&browser, "height", "2").await;
    browser.see("Block 2").await;
    assert_eq!(browser.run("return window.notReloaded").await, true);

    // And once more from here: the first page sees it.
    click(&browser, "#mine").await;
    browser.switch(&first).await;
    wait_for_text(&browser, "height", "3").await;
    browser.see("Block 3").await;
    let chain = node.get("/chain").await;
    let transaction = &chain["chain"][1]["transactions"][0];
    assert_eq!(transaction["recipient"], "Ünïcödé <b>");
    assert_eq!(transaction["amount"], 12.5);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_sees_a_replaced_chain_without_reload() {
    let node = Node::start().await;
    node.mine().await;
    let peer = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 6)).await;
    let browser = Browser::start().await;
    browser.open(&node.url("/")).await;
    wait_for_text(&browser, "height", "2").await;
    browser.run("window.notReloaded = true").await;
    node.register(peer.address()).await;
    node.resolve().await;
    wait_for_text(&browser, "height", "6").await;
    let hash = node.get("/api/v1/ledgers/tutorial").await["tip_hash"].clone();
    browser.see(hash.as_str().expect("a hash")).await;
    assert_eq!(browser.run("return window.notReloaded").await, true);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_pages_fit_every_screen_in_light_and_dark() {
    let node = Node::start().await;
    node.send("alice", "bob", 5).await;
    node.send(
        "Ünïcödé 链织 😀",
        "a name that goes on and on, ".repeat(10).as_str(),
        0.1,
    )
    .await;
    node.mine().await;
    for number in 0..12 {
        node.send("bob", "carol", number).await;
        node.mine().await;
    }
    node.send("carol", "dave", 3).await;
    let peer = PythonNode::with_chain(ChainRecipe::new(Rules::Repository, 4)).await;
    node.register(peer.address()).await;
    node.resolve().await;
    let block = node.get("/api/v1/ledgers/tutorial/blocks/2").await;
    let id = block["transactions"][0]["id"].as_str().expect("an id");

    let browser = Browser::start().await;
    let pages = [
        ("overview", "/".to_owned(), "Recent blocks"),
        ("blocks", format!("{EXPLORER}/blocks"), "13"),
        ("block", format!("{EXPLORER}/blocks/2"), "Ünïcödé 链织 😀"),
        ("transactions", format!("{EXPLORER}/transactions"), "carol"),
        (
            "transaction",
            format!("{EXPLORER}/transactions/{id}"),
            "alice",
        ),
        ("account", format!("{EXPLORER}/account?name=bob"), "-61"),
        ("pending", format!("{EXPLORER}/pending"), "dave"),
        (
            "peers",
            format!("{EXPLORER}/peers"),
            "peer follows `repository`, ours is `article`",
        ),
        ("why", format!("{EXPLORER}/peers/why"), "Why does"),
        ("problem", format!("{EXPLORER}/blocks/99"), "99"),
    ];
    for (screen, size) in [(Screen::Desktop, "desktop"), (Screen::Phone, "phone")] {
        for scheme in ["light", "dark"] {
            browser.show(screen, scheme).await;
            for (name, path, text) in &pages {
                browser.open(&node.url(path)).await;
                browser.see(text).await;
                browser.screenshot(&format!("{name}-{size}-{scheme}")).await;
                if *name == "problem" {
                    // A page that is not there is logged by the browser; that is as it should be.
                    browser.complaints().await;
                }
                assert_well(&browser, &format!("{name}, {size}, {scheme}")).await;
            }
            let brightness = browser
                .run(
                    "const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g);\
                     return (Number(r) + Number(g) + Number(b)) / 3",
                )
                .await
                .as_f64()
                .expect("a number");
            assert_eq!(
                brightness > 128.0,
                scheme == "light",
                "{scheme}: {brightness}"
            );
        }
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_the_very_string_that_is_hashed() {
    let node = Node::start().await;
    node.send("alice", "Ünïcödé", 0.1).await;
    node.mine().await;
    let browser = Browser::start().await;
    browser
        .open(&node.url(&format!("{EXPLORER}/blocks/2")))
        .await;
    assert_eq!(text_of(&browser, "proof-input").await, "10035293");
    let digest = text_of(&browser, "proof-digest").await;
    assert_eq!(digest, chainloom_tests::sha256_hex("10035293"));
    let input = browser
        .run("return document.querySelector('[data-testid=hash-input]').textContent")
        .await;
    let input = input.as_str().expect("a text");
    assert_eq!(
        text_of(&browser, "hash").await,
        chainloom_tests::sha256_hex(input)
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_without_scripts_reads_and_writes_all_the_same() {
    let node = Node::start().await;
    let browser = Browser::start().await;
    browser.allow_scripts(false).await;
    browser.open(&node.url("/")).await;
    type_into(&browser, "#sender", "alice").await;
    type_into(&browser, "#recipient", "bob").await;
    type_into(&browser, "#amount", "7").await;
    click(&browser, "#send").await;
    eventually("the transaction to wait", async || {
        let info = node.get("/api/v1/ledgers/tutorial").await;
        (info["pending_count"] == 1).then_some(())
    })
    .await;
    browser.open(&node.url("/")).await;
    click(&browser, "#mine").await;
    eventually("the block", async || {
        (node.get("/chain").await["length"] == 2).then_some(())
    })
    .await;
    browser
        .open(&node.url(&format!("{EXPLORER}/account?name=bob")))
        .await;
    assert_eq!(text_of(&browser, "balance").await, "7");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_registers_and_resolves_peers() {
    let node = Node::start().await;
    let peer = PythonNode::with_chain(ChainRecipe::new(Rules::Article, 8)).await;
    let browser = Browser::start().await;
    browser.open(&node.url(&format!("{EXPLORER}/peers"))).await;
    type_into(&browser, "#address", &peer.url("")).await;
    click(&browser, "#register").await;
    browser.see(&peer.address().to_string()).await;
    click(&browser, "#resolve").await;
    eventually("the chain to be taken over", async || {
        (node.get("/chain").await["length"] == 8).then_some(())
    })
    .await;
    // A wrong address is told, and what was typed is still there.
    type_into(&browser, "#address", "http://169.254.169.254").await;
    click(&browser, "#register").await;
    browser.see("169.254.169.254").await;
    let peers = node.get("/api/v1/ledgers/tutorial/peers").await;
    assert_eq!(peers["peers"].as_array().map(Vec::len), Some(1));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_finds_what_is_searched_for() {
    let node = Node::start().await;
    node.send("alice", "bob", 5).await;
    node.mine().await;
    let block = node.get("/api/v1/ledgers/tutorial/blocks/2").await;
    let hash = block["hash"].as_str().expect("a hash");
    let id = block["transactions"][0]["id"].as_str().expect("an id");
    let browser = Browser::start().await;
    for (words, found) in [
        ("2", "Block 2"),
        (hash, "Block 2"),
        (id, "Transaction"),
        ("bob", "Account"),
    ] {
        browser.open(&node.url("/")).await;
        let field = browser.find("input[name=q]").await;
        field.send_keys(words).await.expect("it takes text");
        // Enter, in WebDriver's own code for keys.
        field.send_keys("\u{e007}").await.expect("it takes keys");
        eventually(&format!("{words} to be found"), async || {
            let heading = browser.client().find(Locator::Css("h1")).await.ok()?;
            heading.text().await.ok()?.contains(found).then_some(())
        })
        .await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_shows_the_interfaces_description_from_this_machine_alone() {
    let node = Node::start().await;
    let browser = Browser::start().await;
    browser.open(&node.url("/docs")).await;
    browser.see("/api/v1/ledgers/{ledger}/invoke").await;
    browser.screenshot("docs-desktop-light").await;
    assert_well(&browser, "docs").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_signs_in_uses_the_explorer_and_signs_out() {
    let options = NodeOptions::new().arguments(["--tokens"]);
    let reads_and_invokes = ["--may", "read,invoke", "--ledger", "tutorial"];
    let secret = options.token(reads_and_invokes).await;
    let node = options.clone().start().await;
    let browser = Browser::start().await;
    let page = format!("{EXPLORER}/blocks?from=1");
    browser.open(&node.url(&page)).await;
    // A page that asks for a token is logged by the browser as one that was refused.
    browser.complaints().await;
    browser.see("This server asks who you are").await;
    for (screen, scheme) in [(Screen::Desktop, "light"), (Screen::Phone, "dark")] {
        browser.show(screen, scheme).await;
        browser.screenshot(&format!("sign-in-{scheme}")).await;
        assert_well(&browser, "sign in").await;
    }
    browser.show(Screen::Desktop, "light").await;

    type_into(&browser, "#token", &format!("chainloom_{}", "0".repeat(64))).await;
    click(&browser, "#sign-in").await;
    browser.see("does not know the token").await;
    browser.complaints().await;
    type_into(&browser, "#token", &secret).await;
    click(&browser, "#sign-in").await;
    // It goes on where it was stopped.
    eventually("the page that was asked for", async || {
        let address = browser.client().current_url().await.ok()?;
        address.as_str().ends_with(&page).then_some(())
    })
    .await;
    assert_eq!(browser.run("return document.cookie").await, "");

    // Live pages, forms and links work as without tokens.
    browser.open(&node.url("/")).await;
    wait_for_text(&browser, "height", "1").await;
    type_into(&browser, "#sender", "alice").await;
    type_into(&browser, "#recipient", "bob").await;
    type_into(&browser, "#amount", "5").await;
    click(&browser, "#send").await;
    wait_for_text(&browser, "pending", "1").await;
    click(&browser, "#mine").await;
    wait_for_text(&browser, "height", "2").await;
    assert_well(&browser, "overview").await;
    browser
        .open(&node.url(&format!("{EXPLORER}/account?name=bob")))
        .await;
    assert_eq!(text_of(&browser, "balance").await, "5");

    click(&browser, "#sign-out").await;
    browser.see("This server asks who you are").await;
    browser.open(&node.url(&page)).await;
    browser.see("This server asks who you are").await;
    browser.close().await;
}
