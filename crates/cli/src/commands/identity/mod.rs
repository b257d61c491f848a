//! `chainloom identity`: who can act on channels of Fabric.

mod add;
mod export;
mod files;
mod secret;
mod show;

use serde_json::{Map, Value, json};

use crate::arguments::{
    AuthorityArguments, IdentityCommand, IdentityRemote, ReenrollArguments, RemoveArguments,
    RevokeArguments,
};
use crate::client::{Answer, Client, Request};
use crate::error::Error;
use crate::output::{Output, printable};

/// Carries out one of the commands.
pub(super) async fn run(command: IdentityCommand) -> Result<(), Error> {
    match command {
        IdentityCommand::Register(arguments) => add::register(arguments).await,
        IdentityCommand::Enroll(arguments) => add::enroll(arguments).await,
        IdentityCommand::Import(arguments) => add::import(arguments).await,
        IdentityCommand::Export(arguments) => export::run(arguments).await,
        IdentityCommand::List(remote) => show::list(&remote).await,
        IdentityCommand::Show(arguments) => show::one(&arguments).await,
        IdentityCommand::Reenroll(arguments) => reenroll(arguments).await,
        IdentityCommand::Revoke(arguments) => revoke(arguments).await,
        IdentityCommand::Remove(arguments) => remove(arguments).await,
    }
}

async fn reenroll(arguments: ReenrollArguments) -> Result<(), Error> {
    let mut body = Map::new();
    body.insert("keep_key".to_owned(), json!(arguments.keep_key));
    if let Some(kind) = arguments.key_kind {
        body.insert("key".to_owned(), json!(kind.name()));
    }
    if let Some(ca) = authority(&arguments.authority)? {
        body.insert("ca".to_owned(), ca);
    }
    let request = Request::post(&path(&[&arguments.label, "reenroll"]));
    let answer = ask(
        &arguments.remote,
        request.json(Value::from(body).to_string()),
    )
    .await?;
    show::details(&answer, arguments.remote.json)
}

async fn revoke(arguments: RevokeArguments) -> Result<(), Error> {
    if let Some(file) = &arguments.crl_file {
        // What is revoked stays so: sooner is better.
        files::check_new(file)?;
    }
    let body = json!({
        "registrar": arguments.registrar,
        "reason": arguments.reason,
        "only_certificate": arguments.only_certificate,
    });
    let request = Request::post(&path(&[&arguments.label, "revoke"])).json(body.to_string());
    let answer = ask(&arguments.remote, request).await?;
    let revoked: Value = answer.read()?;
    if let (Some(file), Some(crl)) = (&arguments.crl_file, revoked["crl"].as_str()) {
        files::write_new(file, crl)?;
    }
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    let serials: Vec<&str> = revoked["serials"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    output.line(&format!(
        "{} is revoked, certificates {}.",
        printable(&arguments.label),
        printable(&serials.join(", "))
    ))?;
    output.line(&format!(
        "Note: {}.",
        printable(revoked["notice"].as_str().unwrap_or_default())
    ))
}

async fn remove(arguments: RemoveArguments) -> Result<(), Error> {
    let request = Request::delete(&path(&[&arguments.label]));
    let request = request.parameter("force", arguments.force.then_some(true));
    let answer = ask(&arguments.remote, request).await?;
    let mut output = Output::new();
    if arguments.remote.json {
        return output.line(answer.text());
    }
    let forgotten: Value = answer.read()?;
    let notice = forgotten["notice"].as_str().unwrap_or_default();
    output.line(&format!(
        "{} is forgotten: {}.",
        printable(&arguments.label),
        printable(notice)
    ))
}

/// A path below the identities.
fn path<'a>(segments: &[&'a str]) -> Vec<&'a str> {
    ["api", "v1", "identities"]
        .iter()
        .chain(segments)
        .copied()
        .collect()
}

async fn ask(remote: &IdentityRemote, request: Request) -> Result<Answer, Error> {
    Client::at(&remote.address)?.ask(request).await
}

/// The CA as requests name it, where the command line names one.
fn authority(arguments: &AuthorityArguments) -> Result<Option<Value>, Error> {
    let Some(url) = &arguments.ca_url else {
        return Ok(None);
    };
    let tls_ca_certs = arguments
        .tls_ca_certs
        .as_deref()
        .map(files::read_text)
        .transpose()?;
    Ok(Some(json!({
        "url": url,
        "name": arguments.ca_name,
        "tls_ca_certs": tls_ca_certs,
        "ssl_target_name_override": arguments.ssl_target_name_override,
    })))
}
