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
