//! Submits a transaction and sees it committed, on a network that `chainloom devnet up --dir FOLDER` runs:
//!
//!     cargo run -p chainloom-fabric --example invoke_and_commit -- FOLDER

use std::error::Error;

use chainloom_fabric::{ConnectionOptions, FabricLedger};
use chainloom_ledger::{Call, InvokeOptions, Ledger, TransactionSelector};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1);
    let folder = folder.ok_or("the network's folder, please")?;
    let [profile, wallet] =
        ["connection-org1.yaml", "wallets/org1"].map(|at| format!("{folder}/{at}"));
    let alice = ConnectionOptions::new(profile, "devnet", wallet, "alice");
    let ledger = FabricLedger::connect(alice).await?;
    let call = Call::new("probe-all", "put", ["color", "blue"]);
    let receipt = ledger.invoke(call, InvokeOptions::default()).await?;
    println!("{}", serde_json::to_string(&receipt)?);
    let version = receipt
        .version
        .ok_or("it is committed, and stands nowhere")?;
    let place = TransactionSelector::Version(version);
    let committed = ledger.transaction(place).await?;
    println!("{}", serde_json::to_string_pretty(&committed)?);
    Ok(())
}
