//! The orderers' signatures of real networks' blocks, each by the configuration before it; and that another network's are not believed.

mod caller;
mod config_update;

use std::path::Path;

use caller::{connected, invoke};
use chainloom_devnet::{Consensus, FabricVersion, Network, Options};
use chainloom_fabric::{FabricLedger, Mode};
use chainloom_ledger::{BlockEvent, Ledger, LedgerError, Position};
use config_update::update;
use futures_util::StreamExt;

/// Reads the blocks from `next` up to `last`.
async fn read(ledger: &FabricLedger, next: u64, last: u64) -> Result<Vec<u64>, LedgerError> {
    let position = Position {
        generation: 0,
        number: next,
    };
    let mut blocks = ledger.blocks(position, 0);
    let mut numbers = Vec::new();
    while numbers.last().is_none_or(|number| *number < last) {
        match blocks.next().await.expect("the stream does not end")? {
            BlockEvent::Block { block, .. } => numbers.push(block.number),
            BlockEvent::Replaced { .. } => panic!("a channel is final"),
        }
    }
    Ok(numbers)
}

async fn put_some(ledger: &FabricLedger) {
    for key in ["a", "b", "c"] {
        let receipt = invoke(ledger, "put", &[key, "1"]).await;
        receipt.unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Reads a real chain with a changed configuration, and answers the journal's text.
async fn verified(version: FabricVersion, consensus: Consensus, foreign: Option<&str>) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let options = Options {
        fabric: Some(version),
        consensus: Some(consensus),
        ..Options::in_directory(folder.path().join("net"))
    };
    let network = Network::start(&options, &|_| ()).unwrap_or_else(|error| panic!("{error}"));
    let ledger = connected(&network, "org1", "probe", Mode::Gateway).await;
    put_some(&ledger).await;
    update(&network, "ANY");
    put_some(&ledger).await;
    let last = ledger.info().await.expect("the peer answers").height;
    let journal = folder.path().join("journal.json");
    let verifying = |path: &Path| ledger.clone().verifying(path.to_owned());

    let all = read(&verifying(&journal), 0, last).await;
    let all = all.unwrap_or_else(|error| panic!("{version:?} {consensus:?}: {error}"));
    assert_eq!(all, (0..=last).collect::<Vec<_>>());
    let text = std::fs::read_to_string(&journal).expect("it was written");
    let written: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let configurations = written["configurations"].as_array().expect("a list");
    assert_eq!(configurations.len(), 2, "the first and the changed one");
    let changed = configurations[1]["block"].as_u64().expect("a number");

    // Every place to go on at after a restart, with what was believed before.
    for next in [1, changed - 1, changed, changed + 1, last] {
        let rest = read(&verifying(&journal), next, last).await;
        let rest = rest.unwrap_or_else(|error| panic!("from {next}: {error}"));
        assert_eq!(rest, (next..=last).collect::<Vec<_>>());
    }
    // Reading that begins late believes the configuration before it.
    for next in [1, changed, changed + 1, last] {
        let late = folder.path().join(format!("late-{next}.json"));
        let rest = read(&verifying(&late), next, last).await;
        let rest = rest.unwrap_or_else(|error| panic!("from {next}: {error}"));
        assert_eq!(rest, (next..=last).collect::<Vec<_>>());
    }
    if let Some(foreign) = foreign {
        let path = folder.path().join("foreign.json");
        std::fs::write(&path, foreign).expect("a file can be written");
        // It stays so, however often it is asked for: no block is passed over.
        let strict = verifying(&path);
        let position = Position {
            generation: 0,
            number: 1,
        };
        let mut blocks = strict.blocks(position, 0);
        for _ in 0..3 {
            let error = blocks.next().await.expect("the stream does not end");
            let error = error.expect_err("other orderers signed it").to_string();
            assert!(
                error.contains("block 1 is not signed as the configuration asks")
                    && error.contains("cannot be trusted"),
                "{error}"
            );
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn real_networks_blocks_are_signed_by_their_orderers() {
    let first = verified(FabricVersion::V2_5, Consensus::Raft, None).await;
    let second = verified(FabricVersion::V3_1, Consensus::Raft, Some(&first)).await;
    verified(FabricVersion::V3_1, Consensus::Bft, Some(&second)).await;
}
