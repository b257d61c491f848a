//! A user whose certificate ends while the ledger is in use, and who is then enrolled anew by another tool.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chainloom_devnet::Network;
use chainloom_fabric::identity::{Certificate, Credentials, MspContext, PrivateKey};
use chainloom_fabric::{FabricLedger, Mode, current_identity_in_folder};
use chainloom_ledger::{BlockEvent, BoxStream, Ledger, LedgerError, Position};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::caller::{connected, invoke, query};
use super::{network, parameters, urls};

/// How long the first certificate holds: connecting and one call have to fit in, else it is made anew and holds longer.
const HOLDS: [SignedDuration; 3] = [
    SignedDuration::from_secs(20),
    SignedDuration::from_secs(80),
    SignedDuration::from_secs(320),
];

/// openssl as a CA that gives out what is asked for.
const CONFIGURATION: &str = "[ca]\ndefault_ca = here\n[here]\ndatabase = index\nserial = serial\nnew_certs_dir = .\n\
    default_md = sha256\npolicy = any\nunique_subject = no\nx509_extensions = client\n[any]\n\
    organizationalUnitName = supplied\ncommonName = supplied\n[client]\nbasicConstraints = critical,CA:FALSE\n\
    keyUsage = critical,digitalSignature\nauthorityKeyIdentifier = keyid\n";

/// A folder of `.id` files whose certificates the network's own CA key signs.
struct Wallet<'a> {
    network: &'a Network,
    folder: TempDir,
}

impl<'a> Wallet<'a> {
    fn new(network: &'a Network) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for (file, text) in [("index", ""), ("serial", "1000"), ("ca", CONFIGURATION)] {
            fs::write(folder.path().join(file), text).expect("it can be written");
        }
        Self { network, folder }
    }

    fn openssl(&self, arguments: &[&str]) {
        let mut command = Command::new("openssl");
        let ran = command
            .args(arguments)
            .current_dir(self.folder.path())
            .output();
        let ran = ran.expect("openssl is there");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "openssl {arguments:?}: {said}");
    }

    /// Enrolls the user, with a certificate that ends then, and puts the file into the place of the one before.
    fn enroll(&self, name: &str, not_after: Timestamp) {
        let root = self
            .network
            .layout()
            .authority_root(&self.network.topology().organizations[0]);
        let key = root.with_file_name("priv_sk");
        let text = |path: &Path| path.to_str().expect("it is text").to_owned();
        let time = |at: Timestamp| at.strftime("%Y%m%d%H%M%SZ").to_string();
        // Not before the CA's own certificate.
        let begin = time(Timestamp::now());
        let subject = format!("/OU=client/CN={name}");
        self.openssl(&[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "key",
            "-subj",
            &subject,
            "-out",
            "request",
        ]);
        self.openssl(&[
            "ca",
            "-batch",
            "-notext",
            "-preserveDN",
            "-config",
            "ca",
            "-cert",
            &text(&root),
            "-keyfile",
            &text(&key),
            "-in",
            "request",
            "-out",
            "certificate",
            "-startdate",
            &begin,
            "-enddate",
            &time(not_after),
        ]);
        let read =
            |name: &str| fs::read_to_string(self.folder.path().join(name)).expect("it was made");
        let certificate = Certificate::from_pem(&read("certificate")).expect("it is one");
        let key = PrivateKey::from_pem(&read("key"), None).expect("it is one");
        let credentials = Credentials::new("Org1MSP", certificate, key, MspContext::default());
        let file = self.folder.path().join("new");
        credentials
            .expect("they fit")
            .to_id_file(&file)
            .expect("it can be written");
        fs::rename(file, self.folder.path().join(format!("{name}.id"))).expect("it can be moved");
    }
}

/// The number of the next block.
async fn next(blocks: &mut Blocks) -> Result<u64, LedgerError> {
    match blocks.next().await {
        Some(Ok(BlockEvent::Block { block, .. })) => Ok(block.number),
        Some(Err(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

type Blocks = BoxStream<Result<BlockEvent, LedgerError>>;

/// Connects a user whose certificate ends then, has them call the contract, and follows the blocks from that call's on; answers its number too.
async fn use_until(
    wallet: &Wallet<'_>,
    not_after: Timestamp,
) -> Result<(FabricLedger, Blocks, u64), Box<dyn Error>> {
    wallet.enroll("shortlived", not_after);
    let identity = current_identity_in_folder(wallet.folder.path(), "shortlived").await?;
    let parameters = parameters(urls(wallet.network), Mode::Gateway);
    let ledger = FabricLedger::connect_as(identity, &parameters).await?;
    let receipt = invoke(&ledger, "put", &["expiry", "before"]).await?;
    let start = Position {
        generation: 0,
        number: receipt.version.ok_or("it is committed")?.block,
    };
    let mut blocks = ledger.blocks(start, 0);
    let seen = next(&mut blocks).await?;
    assert_eq!(seen, start.number);
    Ok((ledger, blocks, seen))
}

#[tokio::test]
async fn a_stream_that_ended_with_its_users_certificate_goes_on_with_the_next() {
    let network = network();
    let wallet = Wallet::new(network);
    let mut holds = HOLDS.into_iter();
    let (not_after, ledger, mut blocks, mut seen) = loop {
        let not_after = Timestamp::now() + holds.next().expect("the machine comes that far");
        let used = use_until(&wallet, not_after).await;
        if Timestamp::now() < not_after {
            let (ledger, blocks, seen) = used.unwrap_or_else(|error| panic!("{error}"));
            break (not_after, ledger, blocks, seen);
        }
    };

    // The peer looks at the certificate when it has a block to send. Other tests of this network make blocks, too.
    let left = not_after.duration_since(Timestamp::now()).unsigned_abs();
    tokio::time::sleep(left + Duration::from_secs(1)).await;
    let other = connected(network, "org2", "probe-all", Mode::Gateway).await;
    let after = invoke(&other, "put", &["expiry", "after"]).await;
    let after = after.unwrap_or_else(|error| panic!("{error}"));
    let after = after.version.expect("it is committed").block;
    let ended = loop {
        match next(&mut blocks).await {
            Ok(number) => {
                assert_eq!(number, seen + 1);
                seen = number;
                assert!(
                    seen < after,
                    "a peer sent a block to somebody whose certificate has ended"
                );
            }
            Err(error) => break error,
        }
    };
    assert!(
        matches!(ended, LedgerError::AccessDenied { .. }),
        "{ended:?}"
    );
    // Nor does anything else go on.
    for refused in [
        next(&mut blocks).await.map(|_| ()),
        invoke(&ledger, "put", &["expiry", "never"])
            .await
            .map(|_| ()),
        query(&ledger, "get", &["expiry"]).await.map(|_| ()),
    ] {
        let error = refused.expect_err("the certificate has ended");
        assert!(
            matches!(error, LedgerError::AccessDenied { .. }),
            "{error:?}"
        );
    }

    // Another tool enrolls the user anew; nothing is opened anew here.
    wallet.enroll(
        "shortlived",
        Timestamp::now() + SignedDuration::from_hours(1),
    );
    loop {
        match next(&mut blocks).await {
            Ok(number) => {
                assert_eq!(number, seen + 1, "no block is left out");
                break;
            }
            Err(LedgerError::AccessDenied { .. }) => {
                tokio::time::sleep(Duration::from_millis(100)).await
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    let receipt = invoke(&ledger, "put", &["expiry", "again"]).await;
    let receipt = receipt.unwrap_or_else(|error| panic!("{error}"));
    assert!(receipt.validation_code.is_some_and(|code| code.is_valid()));
    assert_eq!(
        query(&ledger, "get", &["expiry"]).await.as_deref(),
        Ok("again")
    );
}
