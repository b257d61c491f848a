use super::*;
use crate::json::Json;
use crate::store::tests::{adopt, chain, foreign};
use chainloom_ledger::{
    Advice, BlockSelector, Call, CallOptions, Hash, InvokeOptions, Ledger, LedgerError, Payload,
    QueryAnswer, Receipt, ReceiptStatus, TransactionKind, TransactionSelector, Version, Wait,
};

fn call(function: &str, args: &[&str]) -> Call {
    Call {
        contract: "coin".into(),
        function: function.into(),
        args: args.iter().map(|text| Payload::from(*text)).collect(),
    }
}

async fn transfer(
    node: &Node,
    amount: &str,
    options: InvokeOptions,
) -> Result<Receipt, LedgerError> {
    node.invoke(call("transfer", &["ann", "bob", amount]), options)
        .await
}

fn with_key(key: &str) -> InvokeOptions {
    InvokeOptions {
        idempotency_key: Some(key.into()),
        ..InvokeOptions::default()
    }
}

#[tokio::test]
async fn a_ticket_follows_its_transaction_into_a_block_and_across_replacements() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let receipt = transfer(&node, "4", InvokeOptions::default())
        .await
        .unwrap();
    assert_eq!(receipt.status, ReceiptStatus::Pending);
    assert_eq!((receipt.version, receipt.validation_code), (None, None));
    let id = receipt.transaction_id;
    assert_eq!(id.len(), 32);
    let by_id = async || {
        let selector = TransactionSelector::Id(id.clone());
        node.transaction(selector).await.unwrap()
    };
    let waiting = by_id().await;
    assert_eq!((waiting.id.as_str(), waiting.version), (id.as_str(), None));
    assert_eq!(waiting.kind, TransactionKind::Transfer);

    node.mine().await.unwrap();
    let version = Version { block: 2, index: 0 };
    let mined = by_id().await;
    assert_eq!((&mined.id, mined.version), (&id, Some(version)));
    assert!(mined.validation_code.unwrap().is_valid());
    assert!(mined.time.is_some());
    let by_version = node
        .transaction(TransactionSelector::Version(version))
        .await;
    assert_eq!(by_version.unwrap().id, id);
    let block = node.block(BlockSelector::Number(2), ALL).await.unwrap();
    assert_eq!(block.transactions[0].id, id);

    let store = &node.core().store;
    let ours = chain(store);
    adopt(store, &foreign(&ours, 1, 1, &[vec![], vec![]])).await;
    assert_eq!(by_id().await.version, None);
    let with_equal = foreign(&ours, 1, 2, &[vec![], vec![], vec![9, 4]]);
    node.mine().await.unwrap();
    assert_eq!(by_id().await.version, Some(Version { block: 4, index: 0 }));
    adopt(store, &foreign(&with_equal, 4, 3, &[vec![]])).await;
    assert_eq!(by_id().await.version, Some(Version { block: 4, index: 1 }));
}

#[tokio::test]
async fn ids_without_a_ticket_tell_equal_transactions_apart() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    post(&node, 5).await;
    post(&node, 5).await;
    let waiting = node.pending(None, 10).await.unwrap();
    let ids: Vec<_> = waiting
        .iter()
        .map(|one| one.transaction.id.as_str())
        .collect();
    assert_eq!(ids, ["pending-0", "pending-1"]);
    let selector = TransactionSelector::Id("pending-1".into());
    assert_eq!(node.transaction(selector).await.unwrap().id, "pending-1");
    assert_eq!(node.pending(Some(0), 10).await.unwrap()[0].sequence, 1);

    let mined = node.mine().await.unwrap();
    let block = node.block(BlockSelector::Latest, ALL).await.unwrap();
    let expected: Vec<_> = (0..3)
        .map(|index| Hash::of(format!("{}:{index}", mined.hash).as_bytes()).to_string())
        .collect();
    let ids: Vec<_> = block
        .transactions
        .iter()
        .map(|one| one.id.clone())
        .collect();
    assert_eq!(ids, expected);
    let kinds: Vec<_> = block.transactions.iter().map(|one| one.kind).collect();
    use TransactionKind::{Reward, Transfer};
    assert_eq!(kinds, [Transfer, Transfer, Reward]);

    for id in [
        "pending-0",
        "pending-x",
        "",
        &"0".repeat(32),
        &"0".repeat(64),
        "x",
    ] {
        let error = node.transaction(TransactionSelector::Id(id.into())).await;
        assert_eq!(error.unwrap_err().code(), "transaction_not_found", "{id}");
    }
    for (block, index, code) in [(2, 3, "transaction_not_found"), (3, 0, "block_not_found")] {
        let selector = TransactionSelector::Version(Version { block, index });
        assert_eq!(node.transaction(selector).await.unwrap_err().code(), code);
    }
    let last = Version {
        block: 2,
        index: u32::MAX,
    };
    assert!(
        node.transaction(TransactionSelector::Version(last))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_same_key_submits_once() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let first = transfer(&node, "4", with_key("a")).await.unwrap();
    let again = transfer(&node, "4", with_key("a")).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(node.head().pending_count, 1);
    let reused = transfer(&node, "5", with_key("a")).await.unwrap_err();
    assert_eq!(reused.code(), "idempotency_key_reused");
    node.mine().await.unwrap();
    let later = transfer(&node, "4", with_key("a")).await.unwrap();
    assert_eq!(later.transaction_id, first.transaction_id);
    assert_eq!(later.status, ReceiptStatus::Committed);
    assert_eq!(later.version, Some(Version { block: 2, index: 0 }));
    let other = transfer(&node, "4", with_key("b")).await.unwrap();
    assert_ne!(other.transaction_id, first.transaction_id);
    assert_eq!(node.head().pending_count, 1);
    // Keys survive a restart.
    node.shutdown().await;
    drop(node);
    let node = open(folder.path());
    let later = transfer(&node, "4", with_key("a")).await.unwrap();
    assert_eq!(later.transaction_id, first.transaction_id);
}

#[tokio::test]
async fn one_key_at_the_same_time_submits_once() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let calls = (0..20).map(|_| transfer(&node, "4", with_key("a")));
    let receipts = futures_util::future::join_all(calls).await;
    let first = receipts[0].as_ref().unwrap();
    assert!(receipts.iter().all(|receipt| receipt.as_ref() == Ok(first)));
    assert_eq!(node.head().pending_count, 1);
}

#[tokio::test]
async fn waiting_for_a_block() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let wait = |timeout_ms| InvokeOptions {
        wait: Some(Wait::Committed),
        call: CallOptions {
            timeout: Some(Duration::from_millis(timeout_ms)),
            ..CallOptions::default()
        },
        ..InvokeOptions::default()
    };
    let error = transfer(&node, "4", wait(20)).await.unwrap_err();
    assert_eq!(error.advice(), Advice::AskForOutcome);
    let LedgerError::Unconfirmed { transaction_id, .. } = error else {
        panic!("another error");
    };
    let mining = async {
        until("both wait", || node.head().pending_count == 2).await;
        node.mine().await.unwrap();
    };
    let (receipt, ()) = tokio::join!(transfer(&node, "5", wait(60_000)), mining);
    let receipt = receipt.unwrap();
    assert_eq!(receipt.status, ReceiptStatus::Committed);
    assert_eq!(receipt.version, Some(Version { block: 2, index: 1 }));
    let selector = TransactionSelector::Id(transaction_id);
    assert!(node.transaction(selector).await.unwrap().version.is_some());
    // Shutting down ends the wait, and does not lose the id.
    let stopping = async {
        until("it waits", || node.head().pending_count == 1).await;
        node.shutdown().await;
    };
    let (error, ()) = tokio::join!(transfer(&node, "6", wait(60_000)), stopping);
    assert_eq!(error.unwrap_err().code(), "outcome_unknown");
}

#[tokio::test]
async fn wrong_calls_are_told_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let invoked = async |call: Call| {
        let error = node.invoke(call, InvokeOptions::default()).await;
        let error = error.unwrap_err();
        assert_eq!(error.advice(), Advice::FixCall);
        error
    };
    for amount in ["", "four", "NaN", "1e400", "\"4\"", "4,5", "[4]", "true"] {
        let error = invoked(call("transfer", &["a", "b", amount])).await;
        assert_eq!(error.code(), "invalid_amount", "{amount}");
        assert!(error.to_string().contains(amount));
    }
    let error = invoked(call("transfer", &["a", "b"])).await;
    assert_eq!(error.code(), "invalid_arguments");
    assert!(error.to_string().contains("3 arguments, not 2"));
    let mut not_text = call("transfer", &["a", "b", "4"]);
    not_text.args[1] = Payload(vec![0xff]);
    let error = invoked(not_text).await;
    assert_eq!(error.code(), "invalid_arguments");
    assert!(error.to_string().contains("argument 2"));
    assert_eq!(invoked(call("mint", &[])).await.code(), "unknown_function");
    let elsewhere = Call {
        contract: "basic".into(),
        ..call("transfer", &["a", "b", "4"])
    };
    assert_eq!(invoked(elsewhere.clone()).await.code(), "unknown_contract");
    assert_eq!(
        node.query(elsewhere, CallOptions::default())
            .await
            .unwrap_err()
            .code(),
        "unknown_contract"
    );
    for (function, args, code) in [
        ("mint", &[][..], "unknown_function"),
        ("balance", &[][..], "invalid_arguments"),
        ("pending", &["x"][..], "invalid_arguments"),
    ] {
        let error = node
            .query(call(function, args), CallOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error.code(), code);
    }
    let asked_for = CallOptions::default;
    for (name, options) in [
        (
            "transient",
            CallOptions {
                transient: [("value".to_owned(), "1".into())].into(),
                ..asked_for()
            },
        ),
        (
            "organizations",
            CallOptions {
                organizations: vec!["Org1MSP".to_owned()],
                ..asked_for()
            },
        ),
        (
            "peers",
            CallOptions {
                peers: vec!["peer0".to_owned()],
                ..asked_for()
            },
        ),
        (
            "is_init",
            CallOptions {
                is_init: true,
                ..asked_for()
            },
        ),
    ] {
        let asked = node.query(call("balance", &["a"]), options.clone()).await;
        let options = InvokeOptions {
            call: options,
            ..InvokeOptions::default()
        };
        let invoked = node.invoke(call("transfer", &["a", "b", "4"]), options);
        for error in [asked.unwrap_err(), invoked.await.unwrap_err()] {
            assert_eq!(error.code(), "option_unsupported");
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        }
    }
    assert_eq!(node.head().pending_count, 0);
}

#[tokio::test]
async fn amounts_keep_their_kind() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    for amount in ["5", "5.0", "123456789012345678901234567890", "-2"] {
        transfer(&node, amount, InvokeOptions::default())
            .await
            .unwrap();
    }
    let block = node.mine().await.unwrap();
    let text = String::from_utf8(block.compact).unwrap();
    for amount in ["5", "5.0", "123456789012345678901234567890", "-2"] {
        assert!(text.contains(&format!("{{\"amount\":{amount},\"recipient\":\"bob\"")));
    }
}

#[tokio::test]
async fn queries_name_the_account_and_list_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let balance = async |name: &str| match node
        .query(call("balance", &[name]), CallOptions::default())
        .await
        .unwrap()
    {
        QueryAnswer::Balance(account) => account,
        QueryAnswer::Result(_) => panic!("no account"),
    };
    assert_eq!(balance("ann").await.key(), "\"ann\"");
    assert_eq!(balance("me").await.key(), format!("\"{}\"", node.id()));
    let pending = async || match node
        .query(call("pending", &[]), CallOptions::default())
        .await
        .unwrap()
    {
        QueryAnswer::Result(result) => result.as_text().unwrap().to_owned(),
        QueryAnswer::Balance(_) => panic!("no result"),
    };
    assert_eq!(pending().await, "[]");
    post(&node, 5).await;
    node.post_transaction(f64::NAN.into(), "b".into(), Json::Null)
        .await
        .unwrap();
    let list: serde_json::Value = serde_json::from_str(&pending().await).unwrap();
    let expected = serde_json::json!([
        {"amount": 5, "recipient": "bob", "sender": "ann"},
        {"amount": null, "recipient": "b", "sender": {"python": "NaN"}},
    ]);
    assert_eq!(list, expected);
}

#[tokio::test]
async fn the_list_of_what_waits_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let listed = async || match node
        .query(call("pending", &[]), CallOptions::default())
        .await
        .unwrap()
    {
        QueryAnswer::Result(result) => {
            let list: Vec<serde_json::Value> = serde_json::from_slice(&result.0).unwrap();
            list
        }
        QueryAnswer::Balance(_) => panic!("no result"),
    };
    let many = (0..1_010).map(|amount| post(&node, amount));
    futures_util::future::join_all(many).await;
    let list = listed().await;
    assert_eq!(list.len(), 1_000);

    // Lone surrogates are shown several times as long as they are stored.
    node.mine().await.unwrap();
    let text = format!("\"{}\"", "\\ud800".repeat(60_000));
    let sender = crate::json::parse(text.as_bytes(), &Default::default()).unwrap();
    for _ in 0..30 {
        let posted = node.post_transaction(sender.clone(), "b".into(), Json::Null);
        posted.await.unwrap();
    }
    let count = listed().await.len();
    assert!((5..12).contains(&count), "{count}");
}

#[tokio::test]
async fn transactions_that_others_could_not_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let nested = |levels: usize| {
        let mut value = Json::Null;
        for _ in 0..levels {
            value = Json::from(vec![value]);
        }
        value
    };
    let error = node
        .post_transaction(nested(901), "b".into(), Json::Null)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "transaction_too_deep");
    assert!(error.to_string().contains("`sender`"));
    node.post_transaction(nested(900), "b".into(), nested(900))
        .await
        .unwrap();
    let large = "x".repeat(super::super::TRANSACTION_BYTES_MAX);
    let error = node
        .post_transaction(large.into(), "b".into(), Json::Null)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "transaction_too_large");
    node.mine().await.unwrap();
    // What was taken is read by ourselves, and by others.
    node.block(BlockSelector::Latest, ALL).await.unwrap();
    let mut body = b"{\"chain\":[".to_vec();
    for chunk in node.chain().unwrap() {
        body.extend_from_slice(&chunk.unwrap());
    }
    body.extend_from_slice(b"]}");
    let mut reader = crate::verify::ChainReader::new(Rules::Article, 2, Default::default());
    reader.push(&body).unwrap();
    reader.finish().unwrap();
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    let large = || Json::from("x".repeat(1_000_000));
    let mut taken = 0;
    let error = loop {
        match node.post_transaction(large(), "b".into(), Json::Null).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(taken, 33);
    assert_eq!(error.code(), "pending_full");
    assert!(matches!(error, LedgerError::Overloaded { retry_after_s, .. } if retry_after_s > 0));
    let sender = "x".repeat(1_000_000);
    let error = node
        .invoke(
            call("transfer", &[&sender, "b", "1"]),
            InvokeOptions::default(),
        )
        .await;
    assert_eq!(error.unwrap_err().code(), "pending_full");
}

#[tokio::test]
async fn info_and_config_say_what_holds() {
    let folder = tempfile::tempdir().unwrap();
    let node = open(folder.path());
    post(&node, 5).await;
    let info = node.info().await.unwrap();
    assert_eq!((info.height, info.generation), (1, 0));
    assert_eq!(info.pending_count, Some(1));
    assert_eq!(info.node_id.as_deref(), Some(node.id()));
    let config = node.config(None).await.unwrap();
    let work = config.proof_of_work.unwrap();
    assert_eq!(
        (work.rules.as_str(), work.difficulty, work.reward),
        ("article", 2, 1)
    );
    assert!(node.config(Some(1)).await.is_ok());
    for number in [0, 2] {
        let error = node.config(Some(number)).await.unwrap_err();
        assert_eq!(error.code(), "block_not_found");
    }
    let error = node
        .block(BlockSelector::Hash(info.tip_hash), ALL)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "block_not_found");
    assert!(error.to_string().contains("read model"));
    let error = node.block(BlockSelector::Number(7), ALL).await.unwrap_err();
    assert_eq!(error.code(), "block_not_found");
}
