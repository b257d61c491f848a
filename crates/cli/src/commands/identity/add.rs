//! New identities: registered, enrolled, imported.

use std::collections::BTreeMap;

use chainloom_fabric::identity::{Certificate, Credentials, Passphrase, SourceError};
use serde_json::{Value, json};

use super::{ask, authority, path, secret, show};
use crate::arguments::{
    AuthorityArguments, EnrollArguments, FilesArguments, ImportArguments, RegisterArguments,
};
use crate::client::Request;
use crate::error::Error;
use crate::output::{Output, printable};

const SECRET: &str = "enrollment secret";
const SECRET_FLAG: &str = "--secret-file";

pub(super) async fn register(arguments: RegisterArguments) -> Result<(), Error> {
    let secret = match (&arguments.secret_file, arguments.no_enroll) {
        (None, false) => None,
        (file, _) => Some(secret::read(file.as_deref(), SECRET, SECRET_FLAG)?),
    };
    let attributes: Vec<Value> = arguments
        .attributes
        .iter()
        .map(|one| json!({"name": one.name, "value": one.value, "in_certificate": one.in_certificate}))
        .collect();
    let body = json!({"label": arguments.label, "register": {
        "registrar": arguments.registrar,
        "ca": authority(&arguments.authority)?,
        "enrollment_id": arguments.name,
        "type": arguments.role,
        "affiliation": arguments.affiliation,
        "attributes": attributes,
        "max_enrollments": arguments.max_enrollments,
        "secret": secret.as_ref().map(|secret| secret.expose()),
        "enroll": !arguments.no_enroll,
        "key": arguments.key_kind.name(),
        "profile": arguments.profile,
    }});
    let request = Request::post(&path(&[])).json(body.to_string());
    let answer = ask(&arguments.remote, request).await?;
    if arguments.no_enroll && !arguments.remote.json {
        let name = printable(&arguments.name);
        return Output::new().line(&format!(
            "{name} is registered, and enrolls with that secret."
        ));
    }
    show::added(&answer, arguments.remote.json)
}

pub(super) async fn enroll(arguments: EnrollArguments) -> Result<(), Error> {
    let secret = secret::read(arguments.secret_file.as_deref(), SECRET, SECRET_FLAG)?;
    let ca = authority(&AuthorityArguments {
        ca_url: Some(arguments.ca_url),
        ca_name: arguments.ca_name,
        tls_ca_certs: arguments.tls_ca_certs,
        ssl_target_name_override: arguments.ssl_target_name_override,
    })?;
    let attributes: Vec<Value> = arguments
        .attributes
        .iter()
        .map(|name| json!({"name": name}))
        .collect();
    let body = json!({"label": arguments.label, "enroll": {
        "ca": ca,
        "msp_id": arguments.msp_id,
        "enrollment_id": arguments.name,
        "secret": secret.expose(),
        "key": arguments.key_kind.name(),
        "profile": arguments.profile,
        "attributes": attributes,
    }});
    let request = Request::post(&path(&[])).json(body.to_string());
    let answer = ask(&arguments.remote, request).await?;
    show::added(&answer, arguments.remote.json)
}

pub(super) async fn import(arguments: ImportArguments) -> Result<(), Error> {
    let passphrase = arguments
        .passphrase_file
        .as_deref()
        .map(secret::from_file)
        .transpose()?;
    let passphrase = passphrase
        .map(|text| Passphrase::new(text.expose()))
        .transpose();
    let passphrase = passphrase.map_err(|error| Error::Secret(error.to_string()))?;
    let msp_id = arguments.msp_id.as_deref().unwrap_or_default();
    let credentials = read(&arguments.files, msp_id, passphrase.as_ref())?;
    let context = credentials.context();
    let body = json!({"label": arguments.label, "import": {
        "msp_id": credentials.msp_id(),
        "certificate": credentials.certificate().to_pem(),
        "private_key": credentials.private_key().to_pem().as_str(),
        "roots": texts(&context.roots),
        "intermediates": texts(&context.intermediates),
        "configuration": context.configuration,
        "ca": authority(&arguments.authority)?,
    }});
    let request = Request::post(&path(&[])).json(body.to_string());
    let answer = ask(&arguments.remote, request).await?;
    show::added(&answer, arguments.remote.json)
}

fn read(
    files: &FilesArguments,
    msp_id: &str,
    passphrase: Option<&Passphrase>,
) -> Result<Credentials, SourceError> {
    match (files, &files.certificate, &files.key) {
        (_, Some(certificate), Some(key)) => {
            Credentials::from_pem_pair(certificate, key, passphrase, msp_id)
        }
        (
            FilesArguments {
                id_file: Some(file),
                ..
            },
            ..,
        ) => Credentials::from_id_file(file),
        (files, ..) => {
            let folder = files.msp_folder.as_deref().unwrap_or_else(|| ".".as_ref());
            Credentials::from_msp_folder(folder, msp_id)
        }
    }
}

fn texts(certificates: &BTreeMap<String, Certificate>) -> BTreeMap<&str, String> {
    let texts = certificates.iter();
    texts
        .map(|(name, certificate)| (name.as_str(), certificate.to_pem()))
        .collect()
}
