use reqwest::StatusCode;

use crate::channel::{Channel, ChannelServer, FULL, INVALID, call};

/// What a page of a channel has nothing of.
const OF_THE_TUTORIAL: [&str; 7] = [
    "href=\"/chain\"",
    "Mine a block",
    "Proof of work",
    "/account",
    "/pending",
    "/peers/why",
    "Amount",
];

fn server() -> ChannelServer {
    ChannelServer::start(&[("trade", Channel::new())], Some("probe"))
}

fn has(page: &str, words: &[&str]) {
    for word in words {
        assert!(page.contains(word), "{word}: {page}");
    }
    for word in OF_THE_TUTORIAL {
        assert!(!page.contains(word), "{word}: {page}");
    }
}

#[tokio::test]
async fn the_configuration_is_told_with_its_changes_and_contracts() {
    let server = server();
    let page = server.page("/explorer/trade/config").await;
    for part in [
        "etcdraft",
        "orderer1.example:7050",
        "tick_interval",
        "Org2MSP",
        "MAJORITY of Admins",
        "AND(Org1MSP.peer, Org2MSP.peer)",
        "collection secrets: OR(Org1MSP.member)",
        "orderer, batch size, max message count was 500 and is 10 now",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[tokio::test]
async fn the_explorer_begins_with_the_channel_where_it_is_alone() {
    let server = server();
    let page = server.page("/").await;
    has(
        &page,
        &[
            "<h1>trade</h1>",
            "etcdraft",
            "10 transactions",
            "orderer1.example:7050",
            "Org1MSP, Org2MSP",
            "href=\"/explorer/trade/blocks/0\"",
            "1 invalid",
            "placeholder=\"probe\"",
        ],
    );
    assert!(
        !page.contains("aria-label=\"Ledgers\""),
        "there is one only"
    );
    assert_eq!(
        server
            .page("/explorer/trade")
            .await
            .matches("<h1>trade</h1>")
            .count(),
        1
    );
}

#[tokio::test]
async fn blocks_are_listed_and_shown_from_number_0() {
    let server = server();
    has(
        &server.page("/explorer/trade/blocks").await,
        &[
            "3 blocks with 3 transactions",
            "href=\"/explorer/trade/blocks/0\"",
        ],
    );
    let genesis = server.page("/explorer/trade/blocks/0").await;
    has(
        &genesis,
        &[
            "Data hash",
            "configuration",
            "href=\"/explorer/trade/blocks/1\" rel=\"next\"",
        ],
    );
    assert!(!genesis.contains("rel=\"prev\""), "{genesis}");
    let last = server.page("/explorer/trade/blocks/2").await;
    has(
        &last,
        &[
            "1, 0 valid",
            "MVCC_READ_CONFLICT",
            "probe.add",
            "rel=\"prev\"",
        ],
    );
    assert!(!last.contains("rel=\"next\""), "{last}");
    assert_eq!(
        server.get("/explorer/trade/blocks/3").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_transaction_is_shown_with_all_that_stands_in_it() {
    let server = server();
    has(
        &server.page("/explorer/trade/transactions").await,
        &[
            FULL,
            INVALID,
            "probe.put",
            "MVCC_READ_CONFLICT",
            "configuration",
        ],
    );
    let page = server
        .page(&format!("/explorer/trade/transactions/{FULL}"))
        .await;
    has(
        &page,
        &[
            "VALID",
            "alice",
            "Org1MSP",
            "CN=alice,OU=client",
            "issued by CN=ca.org1.example",
            "0badcafe",
            "2026-01-01 00:00:00 UTC to 2027-01-01 00:00:00 UTC",
            "Argument 2",
            "200 fine",
            "&#60;b&#62;42&#60;/b&#62;",
            "read-key",
            "href=\"/explorer/trade/blocks/0/transactions/0\">0.0</a>",
            "there was none",
            "range-from",
            "no end",
            "written-key",
            "ffee",
            "hex, 2 B",
            "changes of it are endorsed by AND(Org1.peer)",
            "deleted-key",
            "secrets",
            "happened",
            "told",
            "peer0.org2",
            "/api/v1/ledgers/trade/blocks/1/transactions/0",
        ],
    );
    let configuration = server.page("/explorer/trade/blocks/0/transactions/0").await;
    has(
        &configuration,
        &["a configuration of the channel", "mychannel"],
    );
    for heading in ["Keys read", "Keys written", "Endorsers", "Events"] {
        assert!(page.contains(heading), "{heading}");
        assert!(!configuration.contains(heading), "{heading}");
    }
    let invalid = server.page("/explorer/trade/blocks/2/transactions/0").await;
    has(&invalid, &["MVCC_READ_CONFLICT", "code 11", "badge bad"]);
}

#[tokio::test]
async fn search_finds_what_a_channel_has() {
    let server = server();
    server.page("/explorer/trade/blocks").await;
    for (text, target) in [
        ("0", "/explorer/trade/blocks/0".to_owned()),
        (FULL, format!("/explorer/trade/transactions/{FULL}")),
        (
            "probe/written-key",
            "/explorer/trade/keys/probe?key=written-key".to_owned(),
        ),
        (
            "written-key",
            "/explorer/trade/keys/probe?key=written-key".to_owned(),
        ),
        ("", "/".to_owned()),
    ] {
        let answer = server
            .get(&format!("/explorer/trade/search?q={text}"))
            .await;
        assert_eq!(answer.headers()["location"], target.as_str());
    }
    for text in ["alice", "other/written-key", "probe/"] {
        let path = format!("/explorer/trade/search?q={text}");
        let nothing = server.get(&path).await;
        assert_eq!(nothing.status(), StatusCode::NOT_FOUND, "{text}");
        has(
            &nothing.text().await.unwrap(),
            &["No block, no transaction and no key of this channel is named"],
        );
    }
}

#[tokio::test]
async fn the_form_calls_a_contract() {
    let channel = Channel::new();
    let server = ChannelServer::start(&[("trade", channel.clone())], Some("probe"));
    let form = |contract: &'static str, function: &'static str| {
        [
            ("contract", contract),
            ("function", function),
            ("args", "a b\r\n\r\nc"),
        ]
    };
    let path = |verb: &str| format!("/explorer/trade/{verb}");
    let answer = server.submit(&path("query"), &form("", "get")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    has(
        &answer.text().await.unwrap(),
        &["Result of get", "the answer", "a b\r\n\r\nc</textarea>"],
    );
    assert_eq!(
        channel.called.lock().unwrap().take(),
        Some(call("get", &["a b", "", "c"]))
    );

    let answer = server.submit(&path("invoke"), &form("other", "put")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let page = format!("/explorer/trade/transactions/{FULL}");
    assert_eq!(answer.headers()["location"], page.as_str());
    assert_eq!(
        channel.called.lock().unwrap().take().unwrap().contract,
        "other"
    );

    for (function, verb, status, words) in [
        (
            "fail",
            "query",
            StatusCode::UNPROCESSABLE_ENTITY,
            "the contract said: no",
        ),
        ("add", "invoke", StatusCode::CONFLICT, "others were first"),
    ] {
        let answer = server.submit(&path(verb), &form("", function)).await;
        assert_eq!(answer.status(), status);
        let value = format!("value=\"{function}\"");
        has(&answer.text().await.unwrap(), &[words, &value]);
    }
}

#[tokio::test]
async fn pages_of_the_tutorial_are_not_there() {
    let server = server();
    for path in ["pending", "account?name=alice", "peers/why"] {
        let answer = server.get(&format!("/explorer/trade/{path}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("is no chain of the tutorial"), "{page}");
    }
    has(
        &server.page("/explorer/trade/peers").await,
        &[
            "peer0.example:7051",
            "<td>peer</td>",
            "<td>Org1MSP</td>",
            "<td>17, from 5 on</td>",
            "not asked yet",
            " days ago: its stream broke",
        ],
    );
}

#[tokio::test]
async fn of_several_ledgers_each_has_its_overview() {
    let channels = [("first", Channel::new()), ("second", Channel::new())];
    let server = ChannelServer::start(&channels, None);
    for (path, own, other) in [
        ("/", "first", "second"),
        ("/explorer/second", "second", "first"),
        ("/explorer/second/blocks", "second", "first"),
    ] {
        let page = server.page(path).await;
        let current = format!("href=\"/explorer/{own}\" aria-current=\"true\"");
        has(&page, &[&current, &format!("href=\"/explorer/{other}\"")]);
        let blocks = format!("href=\"/explorer/{own}/blocks\"");
        has(&page, &[&blocks, &format!("data-ledger=\"{own}\"")]);
    }
    assert_eq!(
        server.get("/explorer/third").await.status(),
        StatusCode::NOT_FOUND
    );
}
