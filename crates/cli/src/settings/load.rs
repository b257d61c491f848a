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
mod tests {
    #![allow(clippy::unwrap_used)]
    use chainloom_fabric::Mode;
    use chainloom_server::Verification;

    use super::*;
    use chainloom_tutorial::rules::Rules;

    use crate::settings::{FabricSettings, LedgerSettings, TutorialSettings, loopback};

    struct Fixture {
        folder: tempfile::TempDir,
        environment: Environment,
    }

    impl Fixture {
        fn new() -> Fixture {
            let folder = tempfile::tempdir().unwrap();
            let environment = Environment {
                variables: Vec::new(),
                working_directory: folder.path().join("here"),
                user_directory: Some(folder.path().join("user")),
            };
            for name in ["here", "user", "elsewhere"] {
                std::fs::create_dir(folder.path().join(name)).unwrap();
            }
            Fixture {
                folder,
                environment,
            }
        }

        fn write(&self, place: &str, text: &str) -> PathBuf {
            let path = self.folder.path().join(place).join(FILE_NAME);
            std::fs::write(&path, text).unwrap();
            path
        }

        fn set(&mut self, name: &str, value: &str) {
            self.environment
                .variables
                .push((name.to_owned(), value.to_owned()));
        }

        fn load(&self) -> Result<Settings, SettingsError> {
            load(None, &self.environment)
        }

        fn rules(&self) -> Rules {
            self.load().unwrap().tutorial().unwrap().rules
        }

        fn refusal(&self) -> String {
            self.load().unwrap_err().to_string()
        }
    }

    const REPOSITORY: &str = "[ledgers.tutorial]\nrules = \"repository\"\n";
    const ARTICLE: &str = "[ledgers.tutorial]\nrules = \"article\"\n";

    #[test]
    fn nothing_is_needed() {
        let settings = Fixture::new().load().unwrap();
        assert_eq!(settings.server.listen, loopback(5000));
        assert_eq!(settings.ledgers.len(), 1);
        assert_eq!(settings.tutorial().unwrap(), &TutorialSettings::default());
    }

    #[test]
    fn the_named_file_wins_over_the_one_here_and_that_over_the_users() {
        let fixture = Fixture::new();
        fixture.write("user", REPOSITORY);
        assert_eq!(fixture.rules(), Rules::Repository);
        fixture.write("here", ARTICLE);
        assert_eq!(fixture.rules(), Rules::Article);
        let named = fixture.write("elsewhere", REPOSITORY);
        let settings = load(Some(&named), &fixture.environment).unwrap();
        assert_eq!(settings.tutorial().unwrap().rules, Rules::Repository);
    }

    #[test]
    fn a_variable_wins_over_the_file_key_by_key() {
        let mut fixture = Fixture::new();
        fixture.write(
            "here",
            "[server]\nallowed_hosts = \"a.example\"\n\
             [ledgers.tutorial]\nrules = \"repository\"\ndifficulty = 5\n",
        );
        fixture.set("CHAINLOOM_LEDGERS__TUTORIAL__DIFFICULTY", "6");
        fixture.set("CHAINLOOM_SERVER__LISTEN", "127.0.0.1:6000, [::1]:6000");
        fixture.set("CHAINLOOM_SERVER__DATA_DIRECTORY", "5000");
        fixture.set("CHAINLOOM_LEDGERS__TUTORIAL__MINE_EVERY_S", "0.5");
        fixture.set("CHAINLOOM_SERVER_URL", "http://127.0.0.1:6000");
        fixture.set("CHAINLOOM_TEST_PYTHON", "python3");
        let settings = fixture.load().unwrap();
        assert_eq!(settings.server.listen, loopback(6000));
        assert_eq!(settings.server.allowed_hosts, ["a.example"]);
        assert_eq!(settings.server.data_directory, Some("5000".into()));
        let ledger = settings.tutorial().unwrap();
        assert_eq!(ledger.rules, Rules::Repository);
        assert_eq!((ledger.difficulty, ledger.mine_every_s), (6, Some(0.5)));
    }

    #[test]
    fn a_ledger_may_have_another_name() {
        let fixture = Fixture::new();
        fixture.write("here", "[ledgers.coins]\ndifficulty = 5\n");
        let settings = fixture.load().unwrap();
        assert_eq!(settings.ledgers.keys().collect::<Vec<_>>(), ["coins"]);
    }

    const CHANNEL: &str = "[ledgers.trade]\nkind = \"fabric\"\nprofile = \"org1.yaml\"\n\
                           channel = \"mychannel\"\nwallet = \"wallets/org1\"\n\
                           identity = \"alice\"\n";

    #[test]
    fn a_channel_is_read_with_paths_from_the_files_folder() {
        let mut fixture = Fixture::new();
        let path = fixture.write("here", CHANNEL);
        let folder = path.parent().unwrap();
        let trade = |settings: &Settings| match &settings.ledgers["trade"] {
            LedgerSettings::Fabric(trade) => (**trade).clone(),
            LedgerSettings::Tutorial(_) => panic!("it is a channel"),
        };
        let expected = FabricSettings {
            profile: Some(folder.join("org1.yaml")),
            channel: "mychannel".to_owned(),
            contract: None,
            wallet: Some(folder.join("wallets/org1")),
            identity: "alice".to_owned(),
            mode: Mode::Gateway,
            verify: Verification::Hashes,
            idempotency_keep_h: 24,
            peer_url: Vec::new(),
            order_url: Vec::new(),
            ca_id: None,
            ca_url: None,
            tls_ca_certs: None,
            client_tls: None,
            ssl_target_name_override: None,
            cache_bytes: 32 << 20,
        };
        let settings = fixture.load().unwrap();
        assert_eq!(settings.ledgers.len(), 1, "and no chain of the tutorial");
        assert_eq!(trade(&settings), expected);

        fixture.set("CHAINLOOM_LEDGERS__TRADE__CONTRACT", "basic");
        fixture.set("CHAINLOOM_LEDGERS__TRADE__WALLET", "mine");
        fixture.set("CHAINLOOM_LEDGERS__TRADE__MODE", "direct");
        fixture.set("CHAINLOOM_LEDGERS__TRADE__VERIFY", "full");
        fixture.set("CHAINLOOM_LEDGERS__TRADE__IDEMPOTENCY_KEEP_H", "48");
        fixture.set("CHAINLOOM_LEDGERS__COINS__DIFFICULTY", "5");
        let settings = fixture.load().unwrap();
        let changed = FabricSettings {
            contract: Some("basic".to_owned()),
            wallet: Some("mine".into()),
            mode: Mode::Direct,
            verify: Verification::Full,
            idempotency_keep_h: 48,
            ..expected
        };
        assert_eq!(trade(&settings), changed);
        assert_eq!(settings.tutorial().unwrap().difficulty, 5);
    }

    #[test]
    fn variables_alone_make_a_channel_too() {
        let mut fixture = Fixture::new();
        for (key, value) in [
            ("PROFILE", "org1.json"),
            ("CHANNEL", "mychannel"),
            ("WALLET", "wallet"),
            ("IDENTITY", "alice"),
            ("KIND", "fabric"),
        ] {
            fixture.set(&format!("CHAINLOOM_LEDGERS__TRADE__{key}"), value);
        }
        let settings = fixture.load().unwrap();
        assert!(matches!(
            settings.ledgers["trade"],
            LedgerSettings::Fabric(_)
        ));
    }

    #[test]
    fn what_a_channel_lacks_is_named() {
        let fixture = Fixture::new();
        for key in ["profile", "channel", "identity"] {
            let others = CHANNEL.lines().filter(|line| !line.starts_with(key));
            let text: Vec<&str> = others.collect();
            fixture.write("here", &text.join("\n"));
            let refusal = fixture.refusal();
            let expected = format!("[ledgers.trade] is of kind `fabric` and says no `{key}`");
            assert!(refusal.starts_with(&expected), "{refusal}");
        }
    }

    #[test]
    fn a_variable_that_sets_a_key_of_another_kind_is_named() {
        for (name, value) in [
            ("CHAINLOOM_LEDGERS__TRADE__DIFFICULTY", "5"),
            ("CHAINLOOM_LEDGERS__TRADE__KIND", "tutorial"),
        ] {
            let mut fixture = Fixture::new();
            fixture.write("here", CHANNEL);
            fixture.set(name, value);
            let refusal = fixture.refusal();
            let expected = format!("environment variable {name}: ledgers.trade.");
            assert!(refusal.starts_with(&expected), "{refusal}");
            assert!(refusal.contains("cannot be set"), "{refusal}");
        }
    }

    #[test]
    fn what_a_file_says_wrong_is_named_with_file_and_line() {
        let fixture = Fixture::new();
        for (text, line, reason) in [
            ("[server]\nlissten = \"x\"\n", 2, "unknown key `lissten`"),
            ("\n[serverr]\n", 2, "unknown key `serverr`"),
            (
                "[ledgers.tutorial]\n\nhardness = 4\n",
                3,
                "unknown key `hardness`",
            ),
            ("[server]\nlisten = \"5000\"\n", 2, "`5000` is no address"),
            ("[server]\nlisten = []\n", 2, "no address is named"),
            ("[server]\nlisten = 5000\n", 2, "a text or a list of texts"),
            ("[ledgers.tutorial]\nrules = \"book\"\n", 2, "`book`"),
            ("[ledgers.tutorial]\nkind = \"paper\"\n", 2, "`paper`"),
            ("[ledgers.tutorial]\ndifficulty = -1\n", 2, "-1"),
            (
                "[ledgers.tutorial]\ndifficulty = \"4\"\n",
                2,
                "string \"4\"",
            ),
            (
                "[ledgers.tutorial]\ndifficulty = -1\n",
                2,
                "a whole number from 0",
            ),
            (
                "[ledgers.tutorial]\nrules = \"article\"\ndifficulty = 99\n",
                3,
                "difficulty = 99 cannot be: it must be 1 to 16",
            ),
            (
                "[ledgers.coins]\nmine_every_s = -1\n",
                2,
                "mine_every_s = -1 cannot be",
            ),
            ("ledgers.coins.cache_bytes = 5\n", 1, "at least 1048576"),
            (
                "\nledgers.a = { json_depth_max = 5000 }\n",
                2,
                "it must be 8 to 1000",
            ),
            (
                "[server]\n\nallowed_hosts = [\"http://a\"]",
                3,
                "a host name alone",
            ),
            ("[server]\nlisten = \"127.0.0.1:1\nx = 1", 2, ""),
            (
                "[ledgers.trade]\nkind = \"fabric\"\nrules = \"article\"",
                3,
                "ledgers.trade.rules cannot be set: the ledger is of kind `fabric`, and the key is \
                 of the kind `tutorial`",
            ),
            (
                "[ledgers.trade]\n\nchannel = \"a\"",
                3,
                "the ledger is of kind `tutorial`, and the key is of the kind `fabric`",
            ),
            (
                "[ledgers.trade]\nkind = \"fabric\"\nidentity = \"\"",
                3,
                "ledgers.trade.identity = \"\" cannot be: it must not be empty",
            ),
            (
                "[ledgers.trade]\nkind = \"fabric\"\ncache_bytes = 5",
                3,
                "at least 1048576",
            ),
            (
                "[ledgers.trade]\nkind = \"fabric\"\nidempotency_keep_h = 0",
                3,
                "it must be 1 to 8784",
            ),
        ] {
            let path = fixture.write("here", text);
            let refusal = fixture.refusal();
            let place = format!("{}, line {line} (`", path.display());
            assert!(refusal.starts_with(&place), "{text:?}: {refusal}");
            assert!(refusal.contains(reason), "{text:?}: {refusal}");
            assert!(!refusal.contains('\n'), "{text:?}: {refusal}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let fixture = Fixture::new();
        let missing = fixture.folder.path().join("missing.toml");
        let refusal = load(Some(&missing), &fixture.environment).unwrap_err();
        assert!(matches!(refusal, SettingsError::Unreadable { .. }));
        assert!(refusal.to_string().contains("missing.toml cannot be read"));

        fixture.write("here", &"#".repeat(FILE_BYTES_MAX as usize + 1));
        assert!(fixture.refusal().contains("more than 1048576"));
    }

    #[test]
    fn a_variable_that_does_not_fit_is_named() {
        for (name, value, reason) in [
            ("CHAINLOOM_SERVER__LISSTEN", "x", "unknown key `lissten`"),
            ("CHAINLOOM_LEDGERS__TUTORIAL__RULES", "book", "`book`"),
            (
                "CHAINLOOM_LEDGERS__TUTORIAL__DIFFICULTY",
                "four",
                "\"four\"",
            ),
            ("CHAINLOOM_SERVER__LISTEN", "here", "`here` is no address"),
            ("CHAINLOOM_SERVER__", "x", "expected a table"),
            (
                "CHAINLOOM_SERVER_LISTEN",
                "x",
                "CHAINLOOM_SERVER__LISTEN is meant",
            ),
            (
                "CHAINLOOM_LEDGERS_TUTORIAL_MINE_EVERY_S",
                "5",
                "CHAINLOOM_LEDGERS__TUTORIAL__MINE_EVERY_S is meant",
            ),
            ("CHAINLOOM_PORT", "5000", "it sets nothing"),
            (
                "CHAINLOOM_LEDGERS__TUTORIAL__DIFFICULTY",
                "99",
                "it must be 1 to 16",
            ),
            (
                "CHAINLOOM_LEDGERS__TUTORIAL__PEERS_MAX",
                "-5",
                "expected a whole number from 0 on",
            ),
        ] {
            let mut fixture = Fixture::new();
            fixture.set("CHAINLOOM_LEDGERS__TUTORIAL__CACHE_BYTES", "1048576");
            fixture.set(name, value);
            let refusal = fixture.refusal();
            let place = format!("environment variable {name}: ");
            assert!(refusal.starts_with(&place), "{refusal}");
            assert!(refusal.contains(reason), "{refusal}");
        }
    }
}
