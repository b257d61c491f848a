//! An enrolled user made fit for use: the MSP folder for Fabric's programs, the wallet's entry for its clients.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::DevnetError;
use crate::layout::Layout;
use crate::topology::Organization;

use super::{read, unfit};
use crate::replace::{Readers, replace};

/// An identity as the file-system wallet of Fabric's clients keeps it, in a file `<label>.id`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    credentials: Credentials,
    msp_id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    version: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    certificate: String,
    private_key: String,
}

/// Completes the MSP folder into which the CA enrolled `user`, and puts the user into the organization's wallet.
///
/// The CA's client leaves out the organization's `config.yaml`, by which administrators are told from others, and the CA's
/// certificate under the name that this file has for it.
///
/// # Errors
/// [`DevnetError::File`] when the folder does not hold one certificate and one key, or a file could not be read or written.
pub(crate) fn wallet(
    layout: &Layout,
    organization: &Organization,
    user: &str,
) -> Result<(), DevnetError> {
    let msp = layout.user_msp(organization, user);
    let organization_msp = layout.organization_directory(organization).join("msp");
    let authority_root = Path::new("cacerts").join(format!("ca.{}-cert.pem", organization.domain));
    for file in [Path::new("config.yaml"), &authority_root] {
        let text = read(&organization_msp.join(file))?;
        replace(&msp.join(file), text.as_bytes(), Readers::All)?;
    }
    let identity = Identity {
        credentials: Credentials {
            certificate: read(&only_file(&msp.join("signcerts"))?)?,
            private_key: read(&only_file(&msp.join("keystore"))?)?,
        },
        msp_id: &organization.msp_id,
        kind: "X.509",
        version: 1,
    };
    let text = serde_json::to_string(&identity).expect("an identity is text and a number");
    let file = layout
        .wallet_directory(organization)
        .join(format!("{user}.id"));
    replace(&file, text.as_bytes(), Readers::Owner)
}

/// The one file in `folder`. Were there two keys, nothing would say which of them the certificate is for.
fn only_file(folder: &Path) -> Result<PathBuf, DevnetError> {
    let mut files = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(DevnetError::file(folder))?;
    match (files.pop(), files.len()) {
        (Some(file), 0) => Ok(file.path()),
        (last, others) => {
            let count = others + usize::from(last.is_some());
            Err(unfit(
                folder,
                format!(
                    "one file is expected here and there are {count}; delete the user's folder and enroll the user again"
                ),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io;
    use std::os::unix::fs::PermissionsExt;

    use serde_json::{Value, json};

    use super::super::testing::{Fixture, enroll, pem};
    use super::*;

    #[test]
    fn an_enrolled_user_comes_into_the_wallet() {
        let fixture = Fixture::new();
        let organization = &fixture.topology.organizations[1];
        enroll(&fixture.layout, organization, "alice");
        // Again, as at a second start.
        for _ in 0..2 {
            wallet(&fixture.layout, organization, "alice").unwrap();
        }
        let file = fixture.layout.directory().join("wallets/org2/alice.id");
        let identity: Value = serde_json::from_str(&read(&file).unwrap()).unwrap();
        assert_eq!(
            identity,
            json!({
                "credentials": {
                    "certificate": pem("alice"),
                    "privateKey": pem("key of alice"),
                },
                "mspId": "Org2MSP",
                "type": "X.509",
                "version": 1,
            })
        );
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let msp = fixture.layout.user_msp(organization, "alice");
        let of_organization = fixture
            .layout
            .organization_directory(organization)
            .join("msp");
        for name in ["config.yaml", "cacerts/ca.org2.example.com-cert.pem"] {
            assert_eq!(
                read(&msp.join(name)).unwrap(),
                read(&of_organization.join(name)).unwrap()
            );
        }
    }

    #[test]
    fn a_second_key_or_none_is_refused() {
        let fixture = Fixture::new();
        let organization = &fixture.topology.organizations[0];
        enroll(&fixture.layout, organization, "alice");
        let keys = fixture
            .layout
            .user_msp(organization, "alice")
            .join("keystore");
        let refused = |count: &str| {
            let error = wallet(&fixture.layout, organization, "alice").unwrap_err();
            assert!(
                matches!(&error, DevnetError::File { path, source }
                    if *path == keys && source.kind() == io::ErrorKind::InvalidData),
                "{error}"
            );
            assert!(error.to_string().contains(count), "{error}");
        };
        fs::write(keys.join("another_sk"), pem("another key")).unwrap();
        refused("there are 2");
        for file in fs::read_dir(&keys).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
        refused("there are 0");
        assert!(
            !fixture
                .layout
                .directory()
                .join("wallets/org1/alice.id")
                .exists()
        );
    }
}
