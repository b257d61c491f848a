//! What the read model of a channel is asked for: by creator, key, verdict, time; key history; statistics.

use chainloom_ledger::Hash;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::channel::{Channel, ChannelServer, FULL, INVALID};

async fn server() -> ChannelServer {
    let server = ChannelServer::start(&[("trade", Channel::new())], Some("probe"));
    server.ready().await;
    server
}

async fn ids(server: &ChannelServer, query: &str) -> Vec<String> {
    let page = server.read(&format!("/transactions?{query}")).await;
    let rows = page["transactions"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn problem(server: &ChannelServer, path: &str) -> (StatusCode, Value) {
    let answer = server.get(&format!("/api/v1/ledgers/trade{path}")).await;
    let status = answer.status();
    (status, answer.json().await.unwrap())
}

#[tokio::test]
async fn transactions_are_found_by_what_is_true_of_them() {
    let server = server().await;
    let certificate =
        server.read("/blocks/1/transactions/0").await["creator"]["certificate"]["sha256"].clone();
    let certificate = certificate.as_str().unwrap();
    for (query, expected) in [
        ("creator=me", vec![FULL]),
        ("creator=Org1MSP%2Falice", vec![FULL]),
        ("creator=Org2MSP/alice", vec![]),
        (&format!("certificate={certificate}"), vec![FULL]),
        ("function=add", vec![INVALID]),
        ("contract=probe", vec![INVALID, FULL]),
        ("contract=probe&function=put&code=VALID", vec![FULL]),
        ("code=11", vec![INVALID]),
        ("code=MVCC_READ_CONFLICT&from=2", vec![INVALID]),
        ("contract=probe&to=1", vec![FULL]),
        ("key=written-key", vec![FULL]),
        ("key_base64=d3JpdHRlbi1rZXk=&contract=probe", vec![FULL]),
        ("key=secret&collection=secrets", vec![FULL]),
        ("key=read-key", vec![]),
        ("contract=probe&to=1970-01-01T00:00:00Z", vec![]),
        (
            "contract=probe&from=1970-01-01T00:00:00Z",
            vec![INVALID, FULL],
        ),
    ] {
        assert_eq!(ids(&server, query).await, expected, "{query}");
    }
    let row = server.read("/transactions?creator=me").await["transactions"][0].clone();
    assert_eq!(
        row["creator"],
        json!({"organization": "Org1MSP", "enrollment_id": "alice", "certificate_sha256": certificate})
    );
    for (query, code) in [
        ("creator=alice", "invalid_parameter"),
        ("certificate=12", "invalid_parameter"),
        ("from=yesterday", "invalid_parameter"),
        ("collection=secrets", "key_missing"),
        ("cursor=5", "invalid_cursor"),
        ("code=MVCC", "invalid_parameter"),
        ("from=2&to=1", "invalid_range"),
        (
            "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "invalid_range",
        ),
        ("account=alice", "no_accounts"),
        ("account_json=5", "no_accounts"),
    ] {
        let (status, problem) = problem(&server, &format!("/transactions?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(problem["code"], code, "{query}");
    }
    for (query, said) in [
        ("code=MVCC", "11, or one of BAD_CHANNEL_HEADER, "),
        ("code=MVCC", ", MVCC_READ_CONFLICT, "),
        ("from=2&to=1", "`from` is block 2 and `to` is 1"),
        ("account=me", "`creator` (`MSP/name` or `me`)"),
    ] {
        let (_, problem) = problem(&server, &format!("/transactions?{query}")).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{query}: {detail}");
    }
}

#[tokio::test]
async fn a_keys_history_is_read_by_its_bytes() {
    let server = server().await;
    let history = server.read("/keys/probe/history?key=written-key").await;
    assert_eq!(history["key"], "written-key");
    assert_eq!(history["indexed_height"], 2);
    let write = &history["writes"][0];
    assert_eq!(write["transaction_id"], FULL);
    assert_eq!(write["value"], json!({"base64": "/+4="}));
    assert_eq!(write["creator"]["enrollment_id"], "alice");
    let deleted = server.read("/keys/probe/history?key=deleted-key").await;
    assert_eq!(deleted["writes"][0]["change"], "delete");
    let private = "/keys/probe/history?key_base64=c2VjcmV0&collection=secrets&invalid=true";
    let private = server.read(private).await;
    let hash = Hash::of(b"42").to_string();
    assert_eq!(private["writes"][0]["value_hash"], hash);
    let none = server.read("/keys/probe/history?key=%ff%00").await;
    assert_eq!(
        (&none["writes"], &none["key"]),
        (&json!([]), &json!({"base64": "/wA="}))
    );
    for (path, code, said) in [
        (
            "/keys/nobody/history?key=a",
            "contract_not_found",
            "its contracts: basic",
        ),
        (
            "/keys/basic/history?key=a&collection=none",
            "collection_not_found",
            "its collections: secrets, and _implicit_org_MSPID",
        ),
    ] {
        let (status, problem) = problem(&server, path).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::NOT_FOUND, &json!(code))
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{detail}");
    }
    let implicit = "/keys/basic/history?key=a&collection=_implicit_org_Org1MSP";
    assert_eq!(server.read(implicit).await["writes"], json!([]));
    let (status, problem) = problem(&server, "/keys/probe/history").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::BAD_REQUEST, &json!("key_missing"))
    );
}

#[tokio::test]
async fn statistics_are_of_any_range() {
    let server = server().await;
    let stats = server.read("/stats?from=1&to=2").await;
    assert_eq!(
        (&stats["blocks"], &stats["transactions"]),
        (&2.into(), &2.into())
    );
    assert_eq!(
        stats["by_organization"],
        json!([{"organization": "Org1MSP", "transactions": 1}])
    );
    assert_eq!(
        stats["block_fill"],
        json!({"max_message_count": 10, "config_block": 0, "average": 0.1})
    );
    assert_eq!(stats["block_times"]["time_source"], "client");
    let (status, problem) = problem(&server, "/stats?from=2&to=1").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_range"))
    );
}

#[tokio::test]
async fn a_block_that_does_not_come_is_not_waited_for_for_ever() {
    let server = server().await;
    let there = server.read("/keys/probe/history?key=k&min_block=2").await;
    assert_eq!(there["indexed_height"], 2);
    let (status, problem) = problem(&server, "/stats?min_block=3").await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(problem["code"], "block_not_reached");
    assert_eq!(problem["retryable"], true);
}

/// The ledger has the block, and its stream does not tell of it.
#[tokio::test]
async fn an_index_that_is_behind_is_told_from_a_block_that_is_not_there() {
    let server = ChannelServer::start(&[("trade", Channel::telling(2))], Some("probe"));
    let there = server.read("/blocks?min_block=1").await;
    assert_eq!(there["indexed_height"], 1);
    let asked = [
        "/blocks?min_block=2",
        "/transactions?min_block=2",
        "/keys/probe/history?key=k&min_block=2",
        "/stats?min_block=2",
    ];
    let asked = asked.map(async |path| {
        let answer = server.get(&format!("/api/v1/ledgers/trade{path}")).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.headers()["retry-after"], "1", "{path}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "index_behind", "{path}");
        assert_eq!(problem["retryable"], true, "{path}");
        assert_eq!(
            problem["detail"],
            "`min_block` is 2, and after 10 s the read model has come to block 1: \
             it is still reading what was there before; ask again",
            "{path}"
        );
    });
    join_all(asked).await;
}
