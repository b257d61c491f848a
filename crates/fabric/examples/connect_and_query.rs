//! Connects a user and asks a contract, on a network that `chainloom devnet up --dir FOLDER` runs:
//!
//!     cargo run -p chainloom-fabric --example connect_and_query -- FOLDER

use std::error::Error;
use std::path::PathBuf;

use chainloom_fabric::{ConnectionOptions, FabricLedger, Mode};
use chainloom_ledger::{Call, CallOptions, Ledger, QueryAnswer};

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
        contract: Some("probe".to_owned()),
        wallet: folder.join("wallets/org1"),
        identity: "alice".to_owned(),
        mode: Mode::Gateway,
    })
    .await?;
    println!("the channel has {} blocks", ledger.info().await?.height + 1);
    let call = Call {
        contract: String::new(),
        function: "whoami".to_owned(),
        args: Vec::new(),
    };
    if let QueryAnswer::Result(result) = ledger.query(call, CallOptions::default()).await? {
        println!("{}", result.as_text()?);
    }
    Ok(())
}
