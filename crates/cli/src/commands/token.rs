//! Who may use the server: tokens are made, shown and taken back in the data folder.

use chainloom_server::{LedgerScope, NewToken, Token, TokenFile};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::arguments::{ChainRules, Place, TokenCommand, TokenCreateArguments};
use crate::error::Error;
use crate::folder::DataFolder;
use crate::output::{Output, Table, printable, warn};
use crate::settings::Settings;

/// Does what is asked with the tokens of a server of this machine.
pub(crate) fn run(command: &TokenCommand) -> Result<(), Error> {
    match command {
        TokenCommand::Create(arguments) => create(arguments),
        TokenCommand::List { place, json } => list(place, *json),
        TokenCommand::Revoke { token, place } => revoke(token, place),
    }
}

/// Only the secret goes to standard output, so that a shell can put it into a variable.
fn create(arguments: &TokenCreateArguments) -> Result<(), Error> {
    let settings = Settings::for_place(&arguments.place, &ChainRules::default())?;
    let folder = DataFolder::of(&settings)?;
    let expires = arguments.expires.map(|left| {
        let left = SignedDuration::try_from(left).unwrap_or(SignedDuration::MAX);
        Timestamp::now()
            .saturating_add(left)
            .unwrap_or(Timestamp::MAX)
    });
    let new = NewToken {
        name: arguments.name.clone(),
        identity: arguments.identity.clone(),
        ledgers: LedgerScope::of(arguments.ledger.iter().cloned()),
        may: arguments.may.iter().copied().collect(),
        expires,
    };
    folder.create()?;
    let (token, secret) = TokenFile::new(folder.tokens_file()).create(new)?;
    let mut output = Output::new();
    if arguments.json {
        let mut answer = described(&token);
        answer["token"] = secret.reveal().into();
        output.line(&answer.to_string())?;
    } else {
        warn(&format!(
            "token {} for the server whose data is in {}; its secret is shown this once:",
            token.id(),
            folder.absolute().display()
        ));
        output.line(secret.reveal())?;
    }
    if !settings.server.tokens {
        warn(
            "that server asks for tokens when it is started with --tokens, or with tokens = true in [server]",
        );
    }
    Ok(())
}

fn list(place: &Place, is_json: bool) -> Result<(), Error> {
    let tokens = file(place)?.read()?;
    let mut output = Output::new();
    if is_json {
        let tokens: Vec<_> = tokens.iter().map(described).collect();
        return output.line(&json!({ "tokens": tokens }).to_string());
    }
    output.table(&table(&tokens))
}

fn revoke(called: &str, place: &Place) -> Result<(), Error> {
    let token = file(place)?.revoke(called)?;
    let sentence = format!("The token {} is good for nothing from now on.", token.id());
    Output::new().line(&sentence)
}

fn file(place: &Place) -> Result<TokenFile, Error> {
    let settings = Settings::for_place(place, &ChainRules::default())?;
    Ok(TokenFile::new(DataFolder::of(&settings)?.tokens_file()))
}

/// A token as JSON, without its secret. What it has not is absent.
fn described(token: &Token) -> serde_json::Value {
    let mut answer = json!({
        "id": token.id(),
        "state": token.state(Timestamp::now()),
        "may": token.may(),
        "ledgers": token.ledgers().names(),
        "created": token.created(),
    });
    for (key, value) in [
        ("name", token.name().map(str::to_owned)),
        ("identity", token.identity().map(str::to_owned)),
        ("expires", token.expires().map(|time| time.to_string())),
        ("revoked", token.revoked().map(|time| time.to_string())),
    ] {
        if let Some(value) = value {
            answer[key] = value.into();
        }
    }
    answer
}

fn table(tokens: &[Token]) -> Table {
    let mut table = Table::new(&[
        "id", "name", "state", "may", "ledgers", "identity", "expires",
    ]);
    let or_dash = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), printable);
    for token in tokens {
        let described = described(token);
        let may: Vec<String> = token.may().iter().map(ToString::to_string).collect();
        let ledgers = match token.ledgers() {
            LedgerScope::Named(names) if names.is_empty() => "-".to_owned(),
            scope => printable(&scope.names().join(",")),
        };
        table.row([
            token.id(),
            or_dash(token.name()),
            described["state"].as_str().unwrap_or_default().to_owned(),
            may.join(","),
            ledgers,
            or_dash(token.identity()),
            token
                .expires()
                .map_or_else(|| "-".to_owned(), |time| format!("{time:.0}")),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use chainloom_server::Permission;

    use super::*;
    use crate::output::Paint;

    #[test]
    fn each_token_is_a_row_without_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::new(folder.path().join("tokens.json"));
        let new = NewToken {
            name: Some("shop".to_owned()),
            identity: Some("alice@Org1MSP".to_owned()),
            ledgers: LedgerScope::of(["trade".to_owned()]),
            may: BTreeSet::from([Permission::Read, Permission::Invoke]),
            expires: Some("2999-01-01T00:00:00.5Z".parse().unwrap()),
        };
        let (token, secret) = file.create(new).unwrap();
        file.revoke("shop").unwrap();
        let text = table(&file.read().unwrap()).render(Paint::PLAIN);
        let row = text.lines().nth(1).unwrap();
        let words: Vec<&str> = row.split_whitespace().collect();
        let id = token.id();
        let expected = [
            id.as_str(),
            "shop",
            "revoked",
            "read,invoke",
            "trade",
            "alice@Org1MSP",
            "2999-01-01T00:00:00Z",
        ];
        assert_eq!(words, expected);
        let described = described(&file.read().unwrap()[0]);
        assert!(!described.to_string().contains(&secret.reveal()[10..]));
        assert_eq!(described["ledgers"], json!(["trade"]));
        assert!(described["revoked"].is_string());
    }
}
