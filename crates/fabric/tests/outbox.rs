//! Calls with an Idempotency-Key, and what is sent again, on a real network.

mod caller;

use std::path::Path;
use std::time::Duration;

use caller::{call, connected};
use chainloom_devnet::{Network, Options};
use chainloom_fabric::{FabricLedger, IDEMPOTENCY_KEEP, Mode, OutboxOptions};
use chainloom_ledger::{
    CallOptions, InvokeOptions, Ledger, LedgerError, Receipt, ReceiptStatus, TransactionSelector,
    Wait,
};
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
        let soon = Duration::from_secs(4);
        let lost = invoke(&ledger, Some("l"), &add, Some(Wait::Ordered), soon).await;
        let id = match lost {
            Err(LedgerError::Unconfirmed { transaction_id, .. }) => transaction_id,
            Ok(receipt) => receipt.transaction_id,
            Err(error) => panic!("{error}"),
        };
        drop(ledger);
        let ledger = open(&network, &path, mode).await;
        let selector = || TransactionSelector::Id(id.clone());
        let pending = ledger.transaction(selector()).await;
        let pending = pending.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((pending.id.as_str(), pending.version), (id.as_str(), None));
        // That it cannot be sent now does not say that no orderer has it: the key stays taken.
        network.kill("peer0.org1").expect("it runs");
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
}
