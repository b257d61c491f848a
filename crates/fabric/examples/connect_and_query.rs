//! Connects a user and asks a contract, on a network that `chainloom devnet up --dir FOLDER` runs:
//!
//!     cargo run -p chainloom-fabric --example connect_and_query -- FOLDER

use std::error::Error;

use chainloom_fabric::{ConnectionOptions, FabricLedger};
use chainloom_ledger::{Call, CallOptions, Ledger, QueryAnswer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1);
    let folder = folder.ok_or("the network's folder, please")?;
    let [profile, wallet] =
        ["connection-org1.yaml", "wallets/org1"].map(|at| format!("{folder}/{at}"));
    let alice = ConnectionOptions::new(profile, "devnet", wallet, "alice");
    let ledger = FabricLedger::connect(alice).await?;
    println!("the channel has {} blocks", ledger.info().await?.height + 1);
    let call = Call::new("probe", "whoami", [] as [&str; 0]);
    if let QueryAnswer::Result(result) = ledger.query(call, CallOptions::default()).await? {
        println!("{}", result.as_text()?);
    }
    Ok(())
}
