//! Registers a user with the CA and enrolls them, on a network that `chainloom devnet up --dir FOLDER` runs. The key is made here and
//! never leaves:
//!
//!     cargo run -p chainloom-fabric --example enroll -- FOLDER bob

use std::error::Error;
use std::path::PathBuf;

use chainloom_fabric::identity::authority::{Authority, EnrollmentOptions, Registration};
use chainloom_fabric::identity::{Identity, KeyKind, PrivateKey};
use jiff::Timestamp;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("the network's folder, please")?);
    let name = arguments.next().ok_or("a name for the user, please")?;
    let profile = std::fs::read(folder.join("connection-org1.json"))?;
    let profile: Value = serde_json::from_slice(&profile)?;
    let (_, authority) = profile["certificateAuthorities"]
        .as_object()
        .and_then(|authorities| authorities.iter().next())
        .ok_or("the profile names no CA")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let url = text(&authority["url"]).ok_or("the CA has no url")?;
    let roots = text(&authority["tlsCACerts"]["pem"][0]);
    let authority = Authority::new(&url, authority["caName"].as_str(), roots.as_deref(), None)?;

    let administrator = folder.join("wallets/org1/admin.id");
    let administrator = Identity::from_id_file(&administrator, Timestamp::now())?;
    let secret = authority
        .register(&administrator, &Registration::client(&name))
        .await?;
    let key = PrivateKey::generate(KeyKind::P256)?;
    let options = EnrollmentOptions::default();
    let credentials = authority
        .enroll(&name, &secret, key, "Org1MSP", &options)
        .await?;
    credentials.to_id_file(&folder.join(format!("wallets/org1/{name}.id")))?;
    println!("{}", credentials.certificate().to_pem());
    Ok(())
}
