//! What a set of settings must fulfil, whoever set it.

use chainloom_server::is_ledger_name;
use chainloom_tutorial::json::Limits;

use super::{LedgerSettings, ServerSettings, Settings, SettingsError, TutorialSettings, duration};

/// How hard a chain can be asked to be; each zero makes a block sixteen times as dear, and beyond
/// this no machine finds one.
const DIFFICULTY_MAX: u32 = 16;
/// How small the cache can be: below it the store reads every page again and again.
const CACHE_BYTES_MIN: u64 = 1 << 20;
/// How large it is where nothing is said.
pub(super) const CACHE_BYTES_DEFAULT: u64 = 32 << 20;
/// How long an Idempotency-Key is remembered where nothing is set, and at most.
pub(super) const IDEMPOTENCY_KEEP_H_DEFAULT: u64 = 24;
const IDEMPOTENCY_KEEP_H_MAX: u64 = 24 * 366;
/// How long a host's name can be.
const HOST_LENGTH_MAX: usize = 253;
/// The key of the host names.
pub(super) const ALLOWED_HOSTS: &str = "server.allowed_hosts";

impl Settings {
    /// Refuses what no server could be run with.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        server(&self.server)?;
        tls(&self.server)?;
        self.wallet.check()?;
        let mut first_tutorial = None;
        for (name, ledger) in &self.ledgers {
            check_name(name)?;
            let LedgerSettings::Tutorial(ledger) = ledger else {
                continue;
            };
            if let Some(first) = first_tutorial.replace(name) {
                return Err(SettingsError::TwoTutorials {
                    first: first.clone(),
                    second: name.clone(),
                });
            }
            ledger.check(&format!("ledgers.{name}"))?;
        }
        Ok(())
    }

    /// The one ledger of the tutorial's kind.
    pub(crate) fn tutorial(&self) -> Result<&TutorialSettings, SettingsError> {
        let mut ledgers = self.ledgers.values();
        let tutorial = ledgers.find_map(|ledger| match ledger {
            LedgerSettings::Tutorial(settings) => Some(settings),
            LedgerSettings::Fabric(_) => None,
        });
        tutorial.ok_or(SettingsError::NoTutorial)
    }

    /// The same, to be changed.
    pub(super) fn tutorial_mut(&mut self) -> Option<&mut TutorialSettings> {
        self.ledgers.values_mut().find_map(|ledger| match ledger {
            LedgerSettings::Tutorial(settings) => Some(settings),
            LedgerSettings::Fabric(_) => None,
        })
    }
}

/// Refuses values that the server cannot have.
pub(super) fn server(settings: &ServerSettings) -> Result<(), SettingsError> {
    settings
        .allowed_hosts
        .iter()
        .try_for_each(|host| check_host(host))
}

/// A certificate is of no use without its key, and the other way round; each can come from another place.
fn tls(settings: &ServerSettings) -> Result<(), SettingsError> {
    match (&settings.tls_certificate, &settings.tls_key) {
        (Some(_), None) => Err(SettingsError::HalfOfTls("tls_certificate", "tls_key")),
        (None, Some(_)) => Err(SettingsError::HalfOfTls("tls_key", "tls_certificate")),
        _ => Ok(()),
    }
}

/// Refuses a cache that is too small.
pub(super) fn cache_bytes(table: &str, bytes: u64) -> Result<(), SettingsError> {
    within(table, "cache_bytes", bytes, CACHE_BYTES_MIN, u64::MAX)
}

/// Refuses to remember keys for no time, or for longer than there is room for.
pub(super) fn idempotency_keep_h(table: &str, hours: u64) -> Result<(), SettingsError> {
    within(
        table,
        "idempotency_keep_h",
        hours,
        1,
        IDEMPOTENCY_KEEP_H_MAX,
    )
}

fn within(table: &str, key: &str, value: u64, min: u64, max: u64) -> Result<(), SettingsError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(SettingsError::Value {
        key: format!("{table}.{key}"),
        value: value.to_string(),
        reason: match max {
            u64::MAX => format!("it must be at least {min}"),
            _ => format!("it must be {min} to {max}"),
        },
    })
}

/// A name stands in addresses and in the names of variables.
fn check_name(name: &str) -> Result<(), SettingsError> {
    match is_ledger_name(name) {
        true => Ok(()),
        false => Err(SettingsError::LedgerName(name.to_owned())),
    }
}

/// What a browser sends as a host is a name alone.
fn check_host(host: &str) -> Result<(), SettingsError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=HOST_LENGTH_MAX).contains(&host.len()) && host.bytes().all(allowed) {
        return Ok(());
    }
    Err(SettingsError::Value {
        key: ALLOWED_HOSTS.to_owned(),
        value: format!("`{host}`"),
        reason: "a host name alone is expected, such as laptop.lan, without http://, port or \
                 path; IP addresses are always allowed"
            .to_owned(),
    })
}

impl TutorialSettings {
    pub(super) fn check(&self, table: &str) -> Result<(), SettingsError> {
        let within = |key, value, min, max| within(table, key, value, min, max);
        within(
            "difficulty",
            self.difficulty.into(),
            1,
            DIFFICULTY_MAX.into(),
        )?;
        cache_bytes(table, self.cache_bytes)?;
        within("chain_bytes_max", self.chain_bytes_max, 1, u64::MAX)?;
        within("block_bytes_max", self.block_bytes_max, 1, u64::MAX)?;
        let depth = self.json_depth_max as u64;
        within("json_depth_max", depth, 8, Limits::DEPTH_MAX as u64)?;
        for (key, seconds) in [
            ("mine_every_s", self.mine_every_s),
            ("resolve_interval_s", self.resolve_interval_s),
            ("chain_timeout_s", Some(self.chain_timeout_s)),
            ("idle_timeout_s", Some(self.idle_timeout_s)),
        ] {
            if let Some(value) = seconds {
                duration::from_seconds(value).map_err(|source| SettingsError::Time {
                    key: format!("{table}.{key}"),
                    value,
                    source,
                })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    use crate::settings::testing::{fabric, settings, tutorial};

    fn with(name: &str, ledger: TutorialSettings) -> Settings {
        settings([(name, LedgerSettings::Tutorial(ledger))])
    }

    #[test]
    fn the_defaults_are_fine() {
        let settings = with("tutorial", TutorialSettings::default());
        settings.check().unwrap();
        assert_eq!(settings.tutorial().unwrap(), &TutorialSettings::default());
    }

    #[test]
    fn one_chain_of_the_tutorial_at_most_beside_any_number_of_channels() {
        let channels = settings([("a", fabric()), ("b", fabric())]);
        channels.check().unwrap();
        let none = channels.tutorial().unwrap_err();
        assert!(matches!(none, SettingsError::NoTutorial), "{none}");
        let beside = settings([("a", fabric()), ("b", tutorial()), ("c", fabric())]);
        beside.check().unwrap();
        beside.tutorial().unwrap();
        let two = settings([("a", tutorial()), ("b", fabric()), ("c", tutorial())]);
        let two = two.check().unwrap_err().to_string();
        assert!(two.contains("[ledgers.a] and [ledgers.c]"), "{two}");
    }

    #[test]
    fn a_name_fits_into_an_address() {
        for name in ["", "Trade", "a/b", "a b", "a.b", &"a".repeat(65)] {
            for ledger in [tutorial(), fabric()] {
                let error = settings([(name, ledger)]).check().unwrap_err();
                assert!(matches!(error, SettingsError::LedgerName(_)), "{name}");
            }
        }
        settings([("my-chain_2", tutorial())]).check().unwrap();
    }

    #[test]
    fn a_host_is_a_name_alone() {
        let check = |host: &str| {
            let mut settings = with("tutorial", TutorialSettings::default());
            settings.server.allowed_hosts = vec![host.to_owned()];
            settings.check()
        };
        for host in ["laptop.lan", "LAPTOP", "a-b_c.example."] {
            check(host).unwrap();
        }
        for host in [
            "http://laptop.lan",
            "laptop.lan:5000",
            "laptop.lan/",
            "a b",
            "",
        ] {
            let error = check(host).unwrap_err().to_string();
            assert!(error.contains("a host name alone"), "{error}");
        }
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let check = |certificate: Option<&str>, key: Option<&str>| {
            let mut settings = with("tutorial", TutorialSettings::default());
            settings.server.tls_certificate = certificate.map(Into::into);
            settings.server.tls_key = key.map(Into::into);
            settings.check()
        };
        check(Some("a"), Some("b")).unwrap();
        for (certificate, key, missing) in [
            (Some("a"), None, "server.tls_key is not set"),
            (None, Some("b"), "server.tls_certificate is not set"),
        ] {
            let error = check(certificate, key).unwrap_err();
            assert!(matches!(error, SettingsError::HalfOfTls(_, _)), "{error}");
            assert!(error.to_string().contains(missing), "{error}");
        }
    }

    #[test]
    fn every_number_has_its_range() {
        type Change = fn(&mut TutorialSettings);
        let cases: [(&str, Change); 11] = [
            ("difficulty = 0 cannot be: it must be 1 to 16", |l| {
                l.difficulty = 0
            }),
            ("difficulty = 17", |l| l.difficulty = 17),
            (
                "cache_bytes = 5 cannot be: it must be at least 1048576",
                |l| l.cache_bytes = 5,
            ),
            ("chain_bytes_max = 0", |l| l.chain_bytes_max = 0),
            ("block_bytes_max = 0", |l| l.block_bytes_max = 0),
            ("json_depth_max = 1 ", |l| l.json_depth_max = 1),
            ("json_depth_max = 1001 ", |l| l.json_depth_max = 1_001),
            ("mine_every_s = 0 ", |l| l.mine_every_s = Some(0.0)),
            ("resolve_interval_s = -5 ", |l| {
                l.resolve_interval_s = Some(-5.0)
            }),
            ("chain_timeout_s = NaN ", |l| l.chain_timeout_s = f64::NAN),
            ("idle_timeout_s = inf ", |l| {
                l.idle_timeout_s = f64::INFINITY
            }),
        ];
        for (expected, change) in cases {
            let mut ledger = TutorialSettings::default();
            change(&mut ledger);
            let error = with("tutorial", ledger).check().unwrap_err().to_string();
            let expected = format!("ledgers.tutorial.{expected}");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
