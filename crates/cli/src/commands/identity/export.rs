//! An identity as files of other tools.

use std::collections::BTreeMap;

use chainloom_fabric::identity::{Certificate, Credentials, MspContext, Passphrase, PrivateKey};
use serde::Deserialize;
use serde_json::json;

use super::{ask, path, secret};
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
    // The key is encrypted here, so that no passphrase has to be sent.
    let request = Request::post(&path(&[&arguments.label, "export"]));
    let request = request.json(json!({"include_private_key": true}).to_string());
    let answer = ask(&arguments.remote, request).await?;
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
