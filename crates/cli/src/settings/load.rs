//! Puts the settings together: defaults, then a TOML file, then the environment.
//!
//! The file is checked by itself first, since the TOML reader knows the line of what it refuses.
//! The variables are added one by one, so that the one that does not fit can be named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use figment::Figment;
use figment::error::Kind as ErrorKind;
use figment::providers::Serialized;
use figment::value::Value;
use toml::Spanned;

use super::keys::{ALIASES, LedgerKeys, SettingsKeys};
use super::wallet::PASSPHRASE;
use super::{Settings, SettingsError};

/// The name of the file that is looked for.
const FILE_NAME: &str = "chainloom.toml";
/// How the variables begin that set a key.
const PREFIX: &str = "CHAINLOOM_";
/// What stands for the dot of a key in a variable's name.
const SEPARATOR: &str = "__";
/// The variables of the commands that speak to a server; they are no keys.
const CLIENT_VARIABLES: [&str; 3] = [SERVER_URL, "CHAINLOOM_TOKEN", "CHAINLOOM_CA_CERTIFICATE"];
/// The one of them that is named where another sets nothing.
const SERVER_URL: &str = "CHAINLOOM_SERVER_URL";
/// How the variables of this project's tests begin.
const TEST_PREFIX: &str = "CHAINLOOM_TEST_";
/// How much of a line is shown that is refused.
const SOURCE_LINE_LENGTH_MAX: usize = 80;
/// How large the file may be.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the settings depend on outside of the command line.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// The variables that may set a key.
    pub(crate) variables: Vec<(String, String)>,
    /// The folder that the program was started in.
    pub(crate) working_directory: PathBuf,
    /// The user's configuration directory, where the system has one.
    pub(crate) user_directory: Option<PathBuf>,
}

impl Environment {
    /// That of this process.
    pub(crate) fn of_process() -> Environment {
        Environment {
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .filter(|(name, _)| name.starts_with(PREFIX))
                .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
                .collect(),
            working_directory: PathBuf::new(),
            user_directory: ProjectDirs::from("", "", "chainloom")
                .map(|directories| directories.config_dir().to_owned()),
        }
    }

    /// The file to read: the one that is named, else `./chainloom.toml`, else the user's.
    fn file(&self, named: Option<&Path>) -> Option<PathBuf> {
        if let Some(path) = named {
            return Some(path.to_owned());
        }
        let here = self.working_directory.join(FILE_NAME);
        let users = self
            .user_directory
            .as_ref()
            .map(|path| path.join(FILE_NAME));
        [Some(here), users]
            .into_iter()
            .flatten()
            .find(|path| path.exists())
    }
}

/// Reads the settings; `named` is the file that the command line names.
pub(crate) fn load(
    named: Option<&Path>,
    environment: &Environment,
) -> Result<Settings, SettingsError> {
    let mut keys = match environment.file(named) {
        Some(path) => read_file(&path)?,
        None => SettingsKeys::default(),
    };
    let mut figment = Figment::from(Serialized::defaults(&keys));
    let mut variables: Vec<_> = environment
        .variables
        .iter()
        .filter(|(name, _)| {
            !CLIENT_VARIABLES.contains(&name.as_str())
                && name != PASSPHRASE
                && !name.starts_with(TEST_PREFIX)
        })
        .collect();
    variables.sort();
    for (name, value) in &variables {
        let refused = |reason| SettingsError::Environment {
            variable: name.clone(),
            reason,
        };
        let key = key_of(name).ok_or_else(|| refused(no_key(name, &keys)))?;
        (figment, keys) = with_variable(&figment, &key, value).map_err(refused)?;
        keys.check_values()
            .map_err(|error| refused(error.to_string()))?;
    }
    keys.into_settings().map_err(|error| match &error {
        // The file has been checked by itself: a variable set this one, or the kind.
        SettingsError::ForeignKey { key, .. } => {
            let set = |key: &str| {
                let mut names = variables.iter().map(|(name, _)| name);
                names.find(|name| key_of(name).as_deref() == Some(key))
            };
            let kind = key
                .rsplit_once('.')
                .map(|(table, _)| format!("{table}.kind"));
            match set(key).or_else(|| set(&kind?)) {
                Some(variable) => SettingsError::Environment {
                    variable: variable.clone(),
                    reason: error.to_string(),
                },
                None => error,
            }
        }
        _ => error,
    })
}

/// The key that a variable sets: `CHAINLOOM_SERVER__LISTEN` sets `server.listen`.
fn key_of(variable: &str) -> Option<String> {
    let name = variable.strip_prefix(PREFIX)?;
    name.contains(SEPARATOR)
        .then(|| name.to_ascii_lowercase().replace(SEPARATOR, "."))
}

/// Why a variable sets nothing, with the one that was probably meant: one underscore is easily
/// written for two.
fn no_key(variable: &str, keys: &SettingsKeys) -> String {
    let with_single = |name: &str| name.replace(SEPARATOR, "_");
    let known = variables(keys);
    match known.iter().find(|name| with_single(name) == variable) {
        Some(meant) => format!("it sets nothing; {meant} is meant, two underscores for each dot"),
        None => format!(
            "it sets nothing; the variables are {SERVER_URL} and the keys of chainloom.toml with \
             two underscores for each dot, such as CHAINLOOM_SERVER__LISTEN"
        ),
    }
}

/// The variables of all keys.
fn variables(keys: &SettingsKeys) -> Vec<String> {
    fn collect(prefix: &str, value: &serde_json::Value, names: &mut Vec<String>) {
        let serde_json::Value::Object(fields) = value else {
            names.push(prefix.to_owned());
            return;
        };
        for (name, field) in fields {
            let separator = if prefix == PREFIX { "" } else { SEPARATOR };
            let name = name.to_ascii_uppercase();
            collect(&format!("{prefix}{separator}{name}"), field, names);
        }
    }
    let mut keys = keys.clone();
    if keys.ledgers.is_empty() {
        let ledger = LedgerKeys::default();
        keys.ledgers.insert("tutorial".to_owned(), ledger);
    }
    let mut names = Vec::new();
    // A table of texts and numbers is JSON always; without one there is nothing to suggest.
    let tree = serde_json::to_value(keys).unwrap_or_default();
    collect(PREFIX, &tree, &mut names);
    names
}

/// A value is read as TOML would (`5`, `true`), and as text where that does not fit: a folder may
/// be called `5000`. Answers what is wrong if neither fits.
fn with_variable(
    figment: &Figment,
    key: &str,
    text: &str,
) -> Result<(Figment, SettingsKeys), String> {
    let Ok(value) = text.parse::<Value>();
    let attempt = |value: Value| {
        let figment = figment.clone().merge((key, value));
        match figment.extract() {
            Ok(keys) => Ok((figment, keys)),
            Err(error) => Err(reason_of(error.kind)),
        }
    };
    attempt(value).or_else(|reason| attempt(Value::from(text)).map_err(|_| reason))
}

/// What a file sets; its paths begin at its folder.
fn read_file(path: &Path) -> Result<SettingsKeys, SettingsError> {
    let mut keys = check_file(path, &read(path)?)?;
    keys.resolve_paths(path.parent().unwrap_or(Path::new("")));
    Ok(keys)
}

fn read(path: &Path) -> Result<String, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let size_bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if size_bytes > FILE_BYTES_MAX {
        return Err(unreadable(std::io::Error::other(format!(
            "it has {size_bytes} bytes, more than {FILE_BYTES_MAX}"
        ))));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn check_file(path: &Path, text: &str) -> Result<SettingsKeys, SettingsError> {
    let refused = |start: usize, reason| {
        let line = text[..start.min(text.len())].matches('\n').count();
        let source = text.lines().nth(line).unwrap_or_default().trim();
        SettingsError::File {
            path: path.to_owned(),
            line: line + 1,
            source_line: source.chars().take(SOURCE_LINE_LENGTH_MAX).collect(),
            reason,
        }
    };
    let keys: SettingsKeys = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        refused(start, in_our_words(error.message()))
    })?;
    let checked = keys.check_values().and_then(|()| keys.check_kinds());
    checked.map_err(|error| match &error {
        SettingsError::Value { key, .. }
        | SettingsError::Time { key, .. }
        | SettingsError::ForeignKey { key, .. } => {
            refused(place_of(text, key).unwrap_or(0), error.to_string())
        }
        _ => error,
    })?;
    Ok(keys)
}

/// Where a key's value begins in the file.
fn place_of(text: &str, key: &str) -> Option<usize> {
    /// The file with the places of its values, two or three levels deep.
    #[derive(serde::Deserialize)]
    struct Places {
        #[serde(default)]
        server: BTreeMap<String, Spanned<toml::Value>>,
        #[serde(default)]
        wallet: BTreeMap<String, Spanned<toml::Value>>,
        #[serde(default)]
        ledgers: BTreeMap<String, BTreeMap<String, Spanned<toml::Value>>>,
    }
    let places: Places = toml::from_str(text).ok()?;
    let names: Vec<&str> = key.split('.').collect();
    let value = match names.as_slice() {
        ["server", key] => places.server.get(*key)?,
        ["wallet", key] => places.wallet.get(*key)?,
        ["ledgers", ledger, key] => {
            let keys = places.ledgers.get(*ledger)?;
            let alias = ALIASES.iter().find(|(name, _)| name == key);
            keys.get(*key)
                .or_else(|| keys.get(alias.map(|(_, alias)| *alias)?))?
        }
        _ => return None,
    };
    Some(value.span().start)
}

fn reason_of(kind: ErrorKind) -> String {
    let list = |names: &[&str]| names.join("`, `");
    match kind {
        ErrorKind::UnknownField(name, known) => {
            format!("unknown key `{name}`, expected one of `{}`", list(known))
        }
        ErrorKind::UnknownVariant(name, known) => {
            format!("unknown value `{name}`, expected one of `{}`", list(known))
        }
        other => in_our_words(&other.to_string()),
    }
}

/// The readers speak of fields and of several lines; the person wrote keys and reads one.
fn in_our_words(reason: &str) -> String {
    let lines: Vec<&str> = reason.lines().map(str::trim).collect();
    lines
        .join("; ")
        .replace("unknown field", "unknown key")
        .replace("unknown variant", "unknown value")
        .replace(
            "expected u32",
            "expected a whole number from 0 to 4294967295",
        )
        .replace("expected u64", "expected a whole number from 0 on")
        .replace("expected usize", "expected a whole number from 0 on")
        .replace("expected f64", "expected a number")
        .replace("expected a boolean", "expected true or false")
        .replace("expected path string", "expected a folder")
}

#[cfg(test)]
mod tests;
