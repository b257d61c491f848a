//! Submits a transaction that somebody else signs, here the program openssl: no key is read by this program. On a network that
//! `chainloom devnet up --dir FOLDER` runs:
//!
//!     cargo run -p chainloom-fabric --example sign_outside -- FOLDER key.pem certificate.pem

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

use chainloom_fabric::{ConnectionOptions, FabricLedger, Mode};
use chainloom_ledger::{Call, CallOptions};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, key, certificate] = &arguments[..] else {
        return Err("the network's folder, a key and its certificate, please".into());
    };
    let sign = |bytes: &[u8]| -> Result<Vec<u8>, Box<dyn Error>> {
        std::fs::write("to-sign", bytes)?;
        let openssl = ["dgst", "-sha256", "-sign"];
        let signed = Command::new("openssl")
            .args(openssl)
            .arg(key)
            .arg("to-sign")
            .output()?;
        Ok(signed.stdout)
    };
    // Who reads the blocks; they sign nothing that stands on the ledger.
    let ledger = FabricLedger::connect(ConnectionOptions {
        profile: folder.join("connection-org1.yaml"),
        channel: "devnet".to_owned(),
        contract: Some("probe".to_owned()),
        wallet: folder.join("wallets/org1"),
        identity: "alice".to_owned(),
        mode: Mode::Gateway,
    })
    .await?;
    let call = Call {
        contract: String::new(),
        function: "put".to_owned(),
        args: vec!["color".into(), "violet".into()],
    };
    let certificate = std::fs::read_to_string(certificate)?;
    let (outside, options) = (ledger.outside(), CallOptions::default());
    let proposal = outside
        .prepare(call, options, &certificate, "Org1MSP")
        .await?;
    let id = &proposal.transaction_id;
    let endorsed = outside.endorse(id, &sign(&proposal.bytes)?).await?;
    let transaction = &endorsed.to_sign;
    let receipt = outside.submit(id, &sign(&transaction.bytes)?, None).await?;
    println!("{}", serde_json::to_string(&receipt)?);
    Ok(())
}
