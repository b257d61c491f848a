use std::time::Duration;

use chainloom_ledger::{CallOptions, Payload};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::application::PATIENCE;
use crate::channel::{Channel, ChannelServer, FULL, INVALID, call};

fn server() -> ChannelServer {
    ChannelServer::start(&[("trade", Channel::new())], Some("probe"))
}

#[tokio::test]
async fn a_channel_is_a_ledger_of_its_own_kind() {
    let server = server();
    server.ready().await;
    let blocks = server.read("/blocks?order=oldest_first").await;
    let numbers: Vec<&Value> = blocks["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| &b["number"])
        .collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!(
        blocks["totals"],
        json!({"blocks": 3, "transactions": 3, "valid": 2})
    );
    let info = server.read("").await;
    assert_eq!(info["kind"], "fabric");
    assert_eq!(
        (&info["height"], &info["indexed_height"]),
        (&2.into(), &2.into())
    );
    assert_eq!(info["health"]["status"], "ready");
    let config = server.read("/config").await;
    assert_eq!(config["orderer"]["batch_size"]["max_message_count"], 10);
    assert_eq!(
        config["orderer"]["consenters"][0],
        json!({"host": "orderer1.example", "port": 7050})
    );
    assert_eq!(config["orderer"]["state"], "normal");
    assert_eq!(config["organizations"][1]["id"], "Org2MSP");
    assert_eq!(config["policies"]["Admins"], "MAJORITY of Admins");
    let stats = server.read("/stats").await;
    let conflict = json!({"code": 11, "name": "MVCC_READ_CONFLICT", "transactions": 1});
    assert_eq!(stats["by_code"][1], conflict);
}

#[tokio::test]
async fn changes_of_the_configuration_are_walked_page_by_page() {
    let server = server();
    let newest = server.read("/config/history?limit=1").await;
    let [change] = &newest["changes"].as_array().unwrap()[..] else {
        panic!("{newest}");
    };
    assert_eq!(
        change["differences"][0]["words"],
        "orderer, batch size, max message count was 500 and is 10 now"
    );
    let next = format!("/config/history?before={}", newest["next"]);
    let first = server.read(&next).await;
    assert_eq!(
        first["changes"],
        json!([{"block": 0, "sequence": 0, "differences": []}])
    );
    assert_eq!(first.get("next"), None);
    for limit in ["0", "101"] {
        let path = format!("/api/v1/ledgers/trade/config/history?limit={limit}");
        let refused = server.get(&path).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "invalid_parameter");
    }
}

#[tokio::test]
async fn contracts_are_listed_with_their_policies_in_words() {
    let server = server();
    let contracts = server.read("/contracts").await;
    let contract = &contracts["contracts"][0];
    assert_eq!(
        (&contract["name"], &contract["sequence"]),
        (&json!("basic"), &json!(2))
    );
    assert_eq!(
        contract["endorsement_policy"],
        "AND(Org1MSP.peer, Org2MSP.peer)"
    );
    assert_eq!(contract["collections"][0]["members"], "OR(Org1MSP.member)");
}

#[tokio::test]
async fn what_peers_endorsed_stands_in_the_transaction_itself() {
    let server = server();
    server.read("/blocks").await;
    let by_id = server.read(&format!("/transactions/{FULL}")).await;
    assert_eq!(by_id, server.read("/blocks/1/transactions/0").await);
    assert_eq!(by_id["kind"], "endorser");
    assert_eq!(by_id["creator"]["organization"], "Org1MSP");
    assert_eq!(by_id["creator"]["certificate"]["serial"], "0badcafe");
    assert_eq!(by_id["response"]["status"], 200);
    assert_eq!(
        by_id["reads"][0]["version"],
        json!({"block": 0, "index": 0})
    );
    assert_eq!(
        by_id["reads"][1],
        json!({"contract": "probe", "key": "absent-key"})
    );
    assert_eq!(by_id["writes"][0]["value"], json!({"base64": "/+4="}));
    assert_eq!(by_id["writes"][1]["delete"], true);
    assert_eq!(
        by_id["range_reads"][0]["keys"][1],
        json!({"key": "two", "version": {"block": 0, "index": 0}})
    );
    assert_eq!(by_id["header"]["nonce"], "0c".repeat(24));
    assert_eq!(by_id["writes"][0]["metadata"], json!({"colour": "red"}));
    assert_eq!(
        by_id["creator"]["certificate"]["attributes"]["hf.Affiliation"],
        "org1.sales"
    );
    let block = server.read("/blocks/1").await;
    assert_eq!(block["time_source"], "client");
    let invalid = server.read(&format!("/transactions/{INVALID}")).await;
    let meaning = invalid["validation_code"]["meaning"].as_str();
    assert!(meaning.is_some_and(|meaning| meaning.ends_with("anew.")));
    assert_eq!(by_id["private_collections"][0]["collection"], "secrets");
    assert_eq!(by_id["endorsers"][0]["enrollment_id"], "peer0.org2");
    assert_eq!(by_id["events"][0]["payload"], "told");
    let genesis = server.read("/blocks/0").await;
    let configuration = &genesis["transactions"][0];
    assert_eq!(configuration["kind"], "config");
    for name in ["creator", "reads", "endorsers", "endorsed"] {
        assert!(configuration.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn an_id_that_stands_twice_is_found_where_it_stands_first() {
    let channel = Channel::with_duplicate();
    let server = ChannelServer::start(&[("trade", channel)], Some("probe"));
    server.ready().await;
    let by_id = server.read(&format!("/transactions/{FULL}")).await;
    assert_eq!(by_id["version"], json!({"block": 1, "index": 0}));
    assert_eq!(by_id["validation_code"]["name"], "VALID");
    assert_eq!(by_id["duplicates"], json!([{"block": 3, "index": 0}]));
    let second = server.read("/blocks/3/transactions/0").await;
    assert_eq!(second["id"], FULL);
    assert_eq!(second["validation_code"]["name"], "DUPLICATE_TXID");
    assert!(second.get("duplicates").is_none());
    let page = format!("/explorer/trade/transactions/{FULL}");
    let page = server.page(&page).await;
    let link = r#"<a href="/explorer/trade/blocks/3/transactions/0">3.0</a>"#;
    assert!(page.contains(link), "{page}");
}

#[tokio::test]
async fn the_description_has_what_peers_endorsed() {
    let server = server();
    let document: Value = serde_json::from_str(&server.page("/openapi.json").await).unwrap();
    let schemas = &document["components"]["schemas"];
    let transaction = schemas["Transaction"]["allOf"].to_string();
    assert!(
        transaction.contains("#/components/schemas/Endorsed"),
        "{transaction}"
    );
    let endorsed = schemas["Endorsed"]["properties"].as_object().unwrap();
    let shown = server.read("/blocks/1/transactions/0").await;
    let own = schemas["Transaction"]["allOf"][1]["properties"]
        .as_object()
        .unwrap();
    for name in shown.as_object().unwrap().keys() {
        assert!(
            endorsed.contains_key(name) || own.contains_key(name),
            "{name}"
        );
    }
}

#[tokio::test]
async fn how_a_call_is_to_be_carried_out_reaches_the_ledger() {
    let channel = Channel::new();
    let server = ChannelServer::start(&[("trade", channel.clone())], Some("probe"));
    let body = json!({
        "function": "Contract:put",
        "transient": {"price": "1250", "raw": {"base64": "/wA="}},
        "organizations": ["Org1MSP", "Org2MSP"],
        "peers": ["peer0.org1.example.com"],
        "is_init": true,
        "timeout_ms": 1500,
    });
    let expected = CallOptions {
        transient: [
            ("price".to_owned(), "1250".into()),
            ("raw".to_owned(), Payload(vec![0xff, 0])),
        ]
        .into(),
        organizations: vec!["Org1MSP".to_owned(), "Org2MSP".to_owned()],
        peers: vec!["peer0.org1.example.com".to_owned()],
        is_init: true,
        timeout: Some(Duration::from_millis(1500)),
    };
    for verb in ["query", "invoke"] {
        let path = format!("/api/v1/ledgers/trade/{verb}");
        assert_eq!(server.post(&path, &body).await.status(), StatusCode::OK);
        let options = channel.options.lock().unwrap().take().unwrap();
        assert!(options == expected, "{verb}");
        let function = channel.called.lock().unwrap().take().unwrap().function;
        assert_eq!(function, "Contract:put");
        for wrong in [
            json!({"function": "put", "transient": ["value"]}),
            json!({"function": "put", "transient": {"value": 5}}),
            json!({"function": "put", "organizations": "Org1MSP"}),
            json!({"function": "put", "organisations": []}),
            json!({"function": "put", "timeout_ms": -1}),
        ] {
            let refused = server.post(&path, &wrong).await;
            assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
        }
        assert!(channel.options.lock().unwrap().is_none());
    }
}

#[tokio::test]
async fn a_call_that_names_no_contract_means_the_configured_one() {
    let channel = Channel::new();
    let configured = ChannelServer::start(&[("trade", channel.clone())], Some("probe"));
    let body = json!({"function": "get", "args": ["key"]});
    let path = "/api/v1/ledgers/trade/query";
    let answer: Value = configured.post(path, &body).await.json().await.unwrap();
    assert_eq!(answer, json!({"result": "the answer"}));
    assert_eq!(
        channel.called.lock().unwrap().take(),
        Some(call("get", &["key"]))
    );

    let none = ChannelServer::start(&[("trade", channel.clone())], None);
    for path in [path, "/api/v1/ledgers/trade/invoke"] {
        let refused = none.post(path, &body).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "contract_missing");
    }
    assert_eq!(channel.called.lock().unwrap().take(), None);
    let named = json!({"contract": "other", "function": "get"});
    assert_eq!(none.post(path, &named).await.status(), StatusCode::OK);
    assert_eq!(
        channel.called.lock().unwrap().take().unwrap().contract,
        "other"
    );
}

#[tokio::test]
async fn errors_say_what_the_peers_said() {
    let server = server();
    let invoke = "/api/v1/ledgers/trade/invoke";
    let receipt = server.post(invoke, &json!({"function": "put"})).await;
    assert_eq!(receipt.status(), StatusCode::OK);
    let receipt: Value = receipt.json().await.unwrap();
    assert_eq!(
        receipt["validation_code"],
        json!({"code": 0, "name": "VALID"})
    );
    let conflict = server.post(invoke, &json!({"function": "add"})).await;
    assert_eq!(conflict.status(), StatusCode::CONFLICT);
    let problem: Value = conflict.json().await.unwrap();
    assert_eq!(problem["transaction_id"], INVALID);
    assert_eq!(problem["version"], json!({"block": 2, "index": 0}));
    assert_eq!(problem["validation_code"]["code"], 11);
    let query = "/api/v1/ledgers/trade/query";
    let refused = server.post(query, &json!({"function": "fail"})).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["endorsers"][0]["message"], "no");
}

#[tokio::test]
async fn what_only_the_tutorials_chain_has_is_refused() {
    let server = server();
    let none = json!({});
    for path in ["/mine", "/peers/resolve"] {
        let path = format!("/api/v1/ledgers/trade{path}");
        assert_eq!(
            server.post(&path, &none).await.status(),
            StatusCode::NOT_FOUND
        );
    }
    let nodes = json!({"nodes": ["127.0.0.1:5001"]});
    let refused = server.post("/api/v1/ledgers/trade/peers", &nodes).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "not_supported");
    for path in ["/mining", "/blocks/1/hash-input"] {
        let path = format!("/api/v1/ledgers/trade{path}");
        assert_eq!(
            server.get(&path).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let peers = server.read("/peers").await;
    assert_eq!(peers["peers"][0]["address"], "peer0.example:7051");
    assert_eq!(server.get("/chain").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn blocks_are_told_from_number_0_until_the_server_stops() {
    let server = server();
    let mut events = server.get("/api/v1/ledgers/trade/events?from=0").await;
    let mut text = String::new();
    while text.matches("event: block").count() < 3 {
        let piece = events.chunk().await.unwrap().expect("more is to come");
        text.push_str(&String::from_utf8_lossy(&piece));
    }
    let ids: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    // Each names its chain by what its first block is.
    let first = server.read("/blocks/0").await;
    let chain = &first["hash"].as_str().unwrap()[..8];
    let expected = [0, 1, 2].map(|number| format!("0-{number}.{chain}"));
    assert_eq!(ids, expected);
    let rest = async {
        while let Some(piece) = events.chunk().await.unwrap() {
            text.push_str(&String::from_utf8_lossy(&piece));
        }
    };
    let both = async { tokio::join!(server.stop(), rest) };
    let ended = tokio::time::timeout(PATIENCE, both).await;
    ended.expect("the stream ends with the server");
}
