//! Submits a transaction that somebody else signs, here the program openssl: no key is read by this program. On a network that
//! `chainloom devnet up --dir FOLDER` runs:
//!
//!     cargo run -p chainloom-fabric --example sign_outside -- FOLDER key.pem certificate.pem

use std::error::Error;
use std::process::Command;

use chainloom_fabric::{ConnectionOptions, FabricLedger};
use chainloom_ledger::{Call, CallOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, key, certificate] = &arguments[..] else {
        return Err("the network's folder, a key and its certificate, please".into());
    };
    let sign = |bytes: &[u8]| -> std::io::Result<Vec<u8>> {
        std::fs::write("to-sign", bytes)?;
        let openssl = ["dgst", "-sha256", "-sign", key, "to-sign"];
        Ok(Command::new("openssl").args(openssl).output()?.stdout)
    };
    let [profile, wallet] =
        ["connection-org1.yaml", "wallets/org1"].map(|at| format!("{folder}/{at}"));
    // Alice reads the blocks; she signs nothing that stands on the ledger.
    let alice = ConnectionOptions::new(profile, "devnet", wallet, "alice");
    let ledger = FabricLedger::connect(alice).await?;
    let (outside, certificate) = (ledger.outside(), std::fs::read_to_string(certificate)?);
    let (call, options) = (
        Call::new("probe", "put", ["color", "violet"]),
        CallOptions::default(),
    );
    let proposal = outside
        .prepare(call, options, &certificate, "Org1MSP")
        .await?;
    let id = &proposal.transaction_id;
    let endorsed = outside.endorse(id, &sign(&proposal.bytes)?).await?;
    let signature = sign(&endorsed.to_sign.bytes)?;
    let receipt = outside.submit(id, &signature, None).await?;
    println!("{}", serde_json::to_string(&receipt)?);
    Ok(())
}
