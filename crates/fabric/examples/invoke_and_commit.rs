//! Submits a transaction and sees it committed, on a network that `chainloom devnet up --dir FOLDER` runs:
//!
//!     cargo run -p chainloom-fabric --example invoke_and_commit -- FOLDER

use std::error::Error;
use std::path::PathBuf;

use chainloom_fabric::{ConnectionOptions, FabricLedger, Mode};
use chainloom_ledger::{Call, InvokeOptions, Ledger, TransactionSelector};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("the network's folder, please")?,
    );
    let ledger = FabricLedger::connect(ConnectionOptions {
        profile: folder.join("connection-org1.yaml"),
        channel: "devnet".to_owned(),
        contract: Some("probe-all".to_owned()),
        wallet: folder.join("wallets/org1"),
        identity: "alice".to_owned(),
        mode: Mode::Gateway,
    })
    .await?;
    let call = Call {
        contract: String::new(),
        function: "put".to_owned(),
        args: vec!["color".into(), "blue".into()],
    };
    let receipt = ledger.invoke(call, InvokeOptions::default()).await?;
    println!("{}", serde_json::to_string(&receipt)?);
    let version = receipt
        .version
        .ok_or("it is committed, and stands nowhere")?;
    let committed = ledger
        .transaction(TransactionSelector::Version(version))
        .await?;
    println!("{}", serde_json::to_string_pretty(&committed)?);
    Ok(())
}
