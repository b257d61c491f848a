//! Pages of a channel that come from the read model: transactions by what is asked, a key's history, statistics; and the values
//! of a transaction whole.

use reqwest::StatusCode;

use crate::channel::{Channel, ChannelServer, FULL, INVALID};

async fn server() -> ChannelServer {
    let server = ChannelServer::start(&[("trade", Channel::new())], Some("probe"));
    server.ready().await;
    server
}

#[tokio::test]
async fn a_value_is_downloaded_whole_and_as_it_is() {
    let server = server().await;
    let base = "/api/v1/ledgers/trade";
    for (value, bytes) in [
        ("args.1", &b"value"[..]),
        ("result", b"<b>42</b>"),
        ("reads.0.key", b"read-key"),
        ("writes.0.key", b"written-key"),
        ("writes.0.value", &[0xff, 0xee]),
        ("events.0.payload", b"told"),
    ] {
        for place in [
            format!("transactions/{FULL}"),
            "blocks/1/transactions/0".to_owned(),
        ] {
            let answer = server.get(&format!("{base}/{place}/values/{value}")).await;
            assert_eq!(answer.status(), StatusCode::OK, "{value}");
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            // Whatever is in it, no browser takes it for a page.
            assert_eq!(header("content-type"), "application/octet-stream");
            assert_eq!(header("x-content-type-options"), "nosniff");
            let name = format!("attachment; filename=\"transaction-1.0-{value}\"");
            assert_eq!(header("content-disposition"), name);
            assert_eq!(answer.bytes().await.unwrap(), bytes, "{value}");
        }
    }
    for (value, status, code) in [
        ("args.2", StatusCode::NOT_FOUND, "value_not_found"),
        ("writes.1.value", StatusCode::NOT_FOUND, "value_not_found"),
        ("raw", StatusCode::NOT_FOUND, "value_not_found"),
        ("writes", StatusCode::BAD_REQUEST, "unknown_value"),
    ] {
        let path = format!("{base}/transactions/{FULL}/values/{value}");
        let answer = server.get(&path).await;
        assert_eq!(answer.status(), status, "{value}");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], code, "{value}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_place_is_told_one_thing_after_the_other() {
    let server = server().await;
    for (place, status, code) in [
        (
            "-1/transactions/-1",
            StatusCode::BAD_REQUEST,
            "negative_block",
        ),
        ("3/transactions/7", StatusCode::NOT_FOUND, "block_not_found"),
        (
            "1/transactions/7",
            StatusCode::NOT_FOUND,
            "transaction_not_found",
        ),
    ] {
        let answer = server
            .get(&format!("/api/v1/ledgers/trade/blocks/{place}"))
            .await;
        assert_eq!(answer.status(), status, "{place}");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], code, "{place}");
    }
}

#[tokio::test]
async fn a_transactions_page_leads_on_and_tells_everything() {
    let server = server().await;
    let page = server
        .page(&format!("/explorer/trade/transactions/{FULL}"))
        .await;
    for part in [
        "ENDORSER_TRANSACTION",
        "mychannel",
        &"0c".repeat(24),
        &"0e".repeat(32),
        "hf.Affiliation",
        "org1.sales",
        "by version 1.7 of the contract",
        "href=\"/explorer/trade/keys/probe?key=read-key\"",
        "href=\"/explorer/trade/keys/probe?key=written-key\"",
        "href=\"/explorer/trade/keys/probe?key=one\"",
        "href=\"/explorer/trade/transactions?creator=Org1MSP%2Falice\"",
        "href=\"/api/v1/ledgers/trade/blocks/1/transactions/0/values/writes.0.value\" download",
        "colour: <span class=\"hash\">red</span>",
        "changes of it are endorsed by OR(Org2.peer)",
        &chainloom_ledger::Hash::of(b"private-read").to_string(),
        &chainloom_ledger::Hash::of(b"42").to_string(),
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let page = server
        .page(&format!("/explorer/trade/transactions/{INVALID}"))
        .await;
    assert!(page.contains("submit it anew."), "{page}");
}

#[tokio::test]
async fn transactions_are_found_by_the_form_and_ones_own_by_a_link() {
    let server = server().await;
    let list = async |query: &str| {
        let page = format!("/explorer/trade/transactions?{query}");
        server.page(&page).await
    };
    let all = list("").await;
    assert!(all.contains("3 transactions in blocks"), "{all}");
    assert!(all.contains("?creator=me"), "{all}");
    let mine = list("creator=me").await;
    assert!(mine.contains("Made by alice of Org1MSP"), "{mine}");
    assert!(mine.contains(FULL) && !mine.contains(INVALID), "{mine}");
    // As a form sends it, with the fields that were left empty.
    let found = list("creator=&code=11&key=&from=2&to=").await;
    assert!(found.contains(INVALID) && !found.contains(FULL), "{found}");
    assert!(found.contains("name=\"code\" value=\"11\""), "{found}");
    let none = list("function=%3Cb%3E").await;
    assert!(
        none.contains("No transactions.") && !none.contains("<b>"),
        "{none}"
    );
    let wrong = server
        .get("/explorer/trade/transactions?creator=alice")
        .await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let wrong = wrong.text().await.unwrap();
    assert!(
        wrong.contains("Org1MSP/alice") && wrong.contains("That cannot be shown"),
        "{wrong}"
    );
}

#[tokio::test]
async fn a_keys_page_says_who_wrote_it() {
    let server = server().await;
    let page = server
        .page("/explorer/trade/keys/probe?key=written-key")
        .await;
    for part in [
        "written-key",
        "alice",
        "ffee",
        "href=\"/explorer/trade/blocks/1/transactions/0\">1.0</a>",
        "invalid=true",
        "AND(Org1.peer)",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let deleted = server
        .page("/explorer/trade/keys/probe?key=deleted-key")
        .await;
    assert!(deleted.contains("badge warn\">deleted"), "{deleted}");
    let private = "/explorer/trade/keys/probe?key=secret&collection=secrets";
    let private = server.page(private).await;
    let hash = chainloom_ledger::Hash::of(b"42").to_string();
    assert!(private.contains(&hash), "{private}");
    let nothing = server
        .page("/explorer/trade/keys/probe?key_base64=/wA8Yj4=")
        .await;
    assert!(nothing.contains("Nobody wrote it."), "{nothing}");
    let missing = server.get("/explorer/trade/keys/probe").await;
    assert_eq!(missing.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn statistics_are_shown_of_any_range() {
    let server = server().await;
    let page = server.page("/explorer/trade/stats").await;
    for part in [
        "Blocks 0 to 2.",
        "2 valid, 1 invalid",
        "MVCC_READ_CONFLICT (11)",
        "probe.put",
        "Org1MSP",
        "of the 10 that one may hold",
        "by the clients&#39; clocks",
        "href=\"/explorer/trade/transactions?code=11&#38;from=0&#38;to=2\"",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let range = server.page("/explorer/trade/stats?from=1&to=1").await;
    assert!(
        range.contains("Blocks 1 to 1.") && range.contains("1 valid, 0 invalid"),
        "{range}"
    );
    assert!(!range.contains("MVCC_READ_CONFLICT"), "{range}");
    let wrong = server.get("/explorer/trade/stats?from=2&to=1").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
