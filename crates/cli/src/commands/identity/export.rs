//! An identity as files of other tools.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chainloom_fabric::identity::{Certificate, Credentials, MspContext, Passphrase, PrivateKey};
use chainloom_ledger::Hash;
use serde::Deserialize;
use serde_json::json;

use super::{ask, files, path, secret};
use crate::arguments::{ExportArguments, FilesArguments};
use crate::client::Request;
use crate::error::Error;
use crate::output::{Output, printable};

#[derive(Deserialize)]
struct Exported {
    msp_id: String,
    certificate: String,
    private_key: String,
    roots: BTreeMap<String, String>,
    intermediates: BTreeMap<String, String>,
    #[serde(default)]
    configuration: Option<String>,
}

/// What anybody may know who may read.
#[derive(Deserialize)]
struct Public {
    wallet_file: PathBuf,
}

/// The SHA-256 of the identity's file in the server's wallet, which shows that this user may read it. None where the file is not to be read here: a
/// server that asks for tokens needs none, and another says what it lacks.
fn sha256_of(wallet_file: &Path, label: &str) -> Option<String> {
    // Nothing is said of a file that is not an identity's, whatever the server names.
    if wallet_file.file_name()?.to_str()? != format!("{label}.pem") {
        return None;
    }
    let text = files::read_text(wallet_file).ok()?;
    Some(Hash::of(text.as_bytes()).to_string())
}

pub(super) async fn run(arguments: ExportArguments) -> Result<(), Error> {
    let passphrase = match arguments.encrypt {
        true => {
            let file = arguments.passphrase_file.as_deref();
            let text = secret::read(file, "passphrase", "--passphrase-file")?;
            let passphrase = Passphrase::new(text.expose());
            Some(passphrase.map_err(|error| Error::Secret(error.to_string()))?)
        }
        false => None,
    };
    let request = || Request::post(&path(&[&arguments.label, "export"]));
    let public = ask(&arguments.remote, request().json(json!({}).to_string())).await?;
    let Public { wallet_file } = public.read()?;
    // The key is encrypted here, so that no passphrase has to be sent.
    let body = json!({
        "include_private_key": true,
        "wallet_file_sha256": sha256_of(&wallet_file, &arguments.label),
    });
    let answer = ask(&arguments.remote, request().json(body.to_string())).await?;
    let credentials = credentials(answer.read()?).map_err(|reason| Error::Strange {
        server: arguments.remote.address.server.clone(),
        reason,
    })?;
    let written = write(&credentials, &arguments.files, passphrase.as_ref())?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(&json!({"label": arguments.label, "written": written}).to_string());
    }
    let encrypted = match passphrase {
        Some(_) => "encrypted",
        None => "not encrypted",
    };
    let (label, places) = (
        printable(&arguments.label),
        printable(&written.join(" and ")),
    );
    output.line(&format!(
        "{label} is written to {places}; the private key is {encrypted}."
    ))
}

fn credentials(exported: Exported) -> Result<Credentials, String> {
    let certificate =
        Certificate::from_pem(&exported.certificate).map_err(|error| error.to_string())?;
    let key =
        PrivateKey::from_pem(&exported.private_key, None).map_err(|error| error.to_string())?;
    let context = MspContext::from_texts(
        &exported.roots,
        &exported.intermediates,
        exported.configuration,
    );
    let context = context.map_err(|error| error.to_string())?;
    Credentials::new(exported.msp_id, certificate, key, context).map_err(|error| error.to_string())
}

/// Writes the files, and gives their places.
fn write(
    credentials: &Credentials,
    files: &FilesArguments,
    passphrase: Option<&Passphrase>,
) -> Result<Vec<String>, Error> {
    if let Some(folder) = &files.msp_folder {
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent).map_err(|source| Error::File {
                path: parent.to_owned(),
                source,
            })?;
        }
        credentials.to_msp_folder(folder)?;
    }
    if let Some(file) = &files.id_file {
        credentials.to_id_file(file)?;
    }
    if let (Some(certificate), Some(key)) = (&files.certificate, &files.key) {
        credentials.to_pem_pair(certificate, key, passphrase)?;
    }
    let FilesArguments {
        msp_folder,
        id_file,
        certificate,
        key,
    } = files;
    let places = [msp_folder, id_file, certificate, key]
        .into_iter()
        .flatten();
    Ok(places.map(|place| place.display().to_string()).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_identitys_own_file_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alice.pem");
        std::fs::write(&file, "abc").unwrap();
        // echo -n abc | sha256sum
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_of(&file, "alice").as_deref(), Some(expected));
        assert_eq!(sha256_of(&file, "bob"), None);
        assert_eq!(sha256_of(&folder.path().join("bob.pem"), "bob"), None);
    }
}
