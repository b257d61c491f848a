//! Calls with an Idempotency-Key, and what is sent again, on a real network.

mod caller;

use std::path::Path;
use std::time::Duration;

use caller::{call, connected, unconfirmed};
use chainloom_database::{Database, OpenError};
use chainloom_devnet::{Network, Options};
use chainloom_fabric::{FabricLedger, IDEMPOTENCY_KEEP, Mode, OutboxOptions};
use chainloom_ledger::{
    CallOptions, InvokeOptions, Ledger, LedgerError, Payload, QueryAnswer, Receipt, ReceiptStatus,
    TransactionSelector, Wait,
};
use redb::TableDefinition;
use tokio::task::{block_in_place, spawn_blocking};
use tokio::time::sleep;

async fn open(network: &Network, path: &Path, mode: Mode) -> FabricLedger {
    let ledger = connected(network, "org1", "probe", mode).await;
    let options = OutboxOptions {
        path: path.to_owned(),
        idempotency_keep: IDEMPOTENCY_KEEP,
    };
    let opened = ledger.with_outbox(options).await;
    opened.unwrap_or_else(|error| panic!("{error}"))
}

async fn invoke(
    ledger: &FabricLedger,
    key: Option<&str>,
    args: &[&str],
    wait: Option<Wait>,
    timeout: Duration,
) -> Result<Receipt, LedgerError> {
    let options = InvokeOptions {
        call: CallOptions {
            timeout: Some(timeout),
            ..CallOptions::default()
        },
        wait,
        idempotency_key: key.map(str::to_owned),
        ..InvokeOptions::default()
    };
    ledger.invoke(call("add", args), options).await
}

/// Has the outbox be of a channel that began with another block, as it is after the network was made anew.
fn of_a_former_channel(path: &Path) {
    let meta: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
    let database = loop {
        match Database::open(path, 1 << 20) {
            Ok(database) => break database,
            Err(OpenError::InUse) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    };
    let transaction = database.begin_write().expect("nobody writes");
    let mut rows = transaction.open_table(meta).expect("it has the table");
    let known = rows.insert("genesis", &[7; 32][..]).expect("it is written");
    assert!(known.is_some(), "it was looked at");
    drop(known);
    drop(rows);
    transaction.commit().expect("it is written");
}

/// What is kept for a channel that is no more is neither sent to its successor nor answers for it.
async fn a_channel_of_the_same_name_is_another(network: &Network, folder: &Path) {
    let path = folder.join("former.redb");
    let minute = Duration::from_secs(60);
    let ledger = open(network, &path, Mode::Gateway).await;
    let add = ["former", "1"];
    let seen = invoke(&ledger, Some("seen"), &add, None, minute).await;
    let seen = seen.unwrap_or_else(|error| panic!("{error}"));
    let orderers = || network.topology().orderers.iter();
    for orderer in orderers() {
        network.kill(&orderer.name).expect("it runs");
    }
    let waits = async |soon| invoke(&ledger, Some("waits"), &add, None, soon).await;
    let transaction_id = unconfirmed(waits).await;
    drop(ledger);
    of_a_former_channel(&path);
    let ledger = open(network, &path, Mode::Gateway).await;
    let selector = || TransactionSelector::Id(transaction_id.clone());
    let unknown = ledger.transaction(selector()).await;
    assert!(
        matches!(unknown, Err(LedgerError::NotFound { .. })),
        "{unknown:?}"
    );
    assert!(folder.join("former.redb.former-1").exists());
    for orderer in orderers() {
        block_in_place(|| network.start_process(&orderer.name)).expect("it starts");
    }
    // Both keys are as new.
    for (key, former) in [("seen", &seen.transaction_id), ("waits", &transaction_id)] {
        let anew = loop {
            match invoke(&ledger, Some(key), &add, None, minute).await {
                Err(LedgerError::Unavailable { .. }) => sleep(Duration::from_millis(100)).await,
                answer => break answer.unwrap_or_else(|error| panic!("{error}")),
            }
        };
        assert_eq!(anew.status, ReceiptStatus::Committed);
        assert_ne!(anew.transaction_id, *former);
    }
    // The first of the former channel, and these two.
    let sum = ledger.query(call("get", &["former"]), CallOptions::default());
    let sum = sum.await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sum, QueryAnswer::Result(Payload::from("3")));
}

/// One network, one mode after the other: a key has one effect, and what no orderer took is taken after a restart of ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_takes_effect_once_and_what_was_not_taken_is_sent_after_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options::in_directory(folder.path().join("net"));
    let network = spawn_blocking(move || Network::start(&options, &|_| ()));
    let network = network.await.expect("it does not panic");
    let network = network.unwrap_or_else(|error| panic!("{error}"));
    let minute = Duration::from_secs(60);
    for (mode, counter) in [(Mode::Gateway, "g"), (Mode::Direct, "d")] {
        let path = folder.path().join(format!("{counter}.redb"));
        let ledger = open(&network, &path, mode).await;
        let add = [counter, "1"];
        let first = invoke(&ledger, Some("k"), &add, None, minute).await;
        let first = first.unwrap_or_else(|error| panic!("{error}"));
        let again = invoke(&ledger, Some("k"), &add, None, minute).await;
        assert_eq!(again.as_ref(), Ok(&first));
        let other = invoke(&ledger, Some("k"), &[counter, "2"], None, minute).await;
        assert_eq!(
            other.expect_err("it is another call").code(),
            "idempotency_key_reused"
        );

        // The store answers before the contract is asked how many arguments it takes.
        let wrong = [counter];
        while invoke(&ledger, None, &wrong, None, minute)
            .await
            .expect_err("an argument is missing")
            .code()
            != "wrong_argument_count"
        {
            sleep(Duration::from_millis(50)).await;
        }
        let under_key = invoke(&ledger, Some("k"), &wrong, None, minute).await;
        assert_eq!(
            under_key.expect_err("it is another call").code(),
            "idempotency_key_reused"
        );

        // No orderer takes it: not known, pending, and in the file.
        let orderers = ["orderer1", "orderer2"];
        for orderer in orderers {
            network.freeze(orderer).expect("it runs");
        }
        let lost = async |soon| {
            let lost = invoke(&ledger, Some("l"), &add, Some(Wait::Ordered), soon).await;
            // The leader alone takes it, and cannot put it into a block.
            lost.and_then(|receipt| {
                Err(LedgerError::Unconfirmed {
                    transaction_id: receipt.transaction_id,
                    detail: "ordered by nobody else".to_owned(),
                })
            })
        };
        let id = unconfirmed(lost).await;
        drop(ledger);
        let ledger = open(&network, &path, mode).await;
        let selector = || TransactionSelector::Id(id.clone());
        let pending = ledger.transaction(selector()).await;
        let pending = pending.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((pending.id.as_str(), pending.version), (id.as_str(), None));
        // That it cannot be sent now does not say that no orderer has it: the key stays taken.
        network.kill("peer0.org1").expect("it runs");
        let soon = Duration::from_secs(4);
        let repeated = invoke(&ledger, Some("l"), &add, None, soon).await;
        let unknown = repeated.expect_err("nobody can say what came of it");
        assert!(
            matches!(&unknown, LedgerError::Unconfirmed { transaction_id, .. } if *transaction_id == id),
            "{unknown:?}"
        );
        block_in_place(|| network.start_process("peer0.org1")).expect("it starts");
        for orderer in orderers {
            network.thaw(orderer).expect("it is frozen");
        }
        let found = loop {
            match ledger.transaction(selector()).await {
                Ok(found) if found.version.is_some() => break found,
                _ => sleep(Duration::from_millis(50)).await,
            }
        };
        let repeated = invoke(&ledger, Some("l"), &add, None, minute).await;
        let repeated = repeated.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(repeated.status, ReceiptStatus::Committed);
        assert_eq!(
            (repeated.transaction_id, repeated.version),
            (id, found.version)
        );
    }
    a_channel_of_the_same_name_is_another(&network, folder.path()).await;
}
