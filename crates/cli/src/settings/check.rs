//! What a set of settings must fulfil, whoever set it.

use chainloom_tutorial::json::Limits;

use super::{LedgerSettings, Settings, SettingsError, duration};

/// How hard a chain can be asked to be; each zero makes a block sixteen times as dear, and beyond
/// this no machine finds one.
const DIFFICULTY_MAX: u32 = 16;
/// How small the cache can be: below it the store reads every page again and again.
const CACHE_BYTES_MIN: u64 = 1 << 20;
/// How long a host's name can be.
const HOST_LENGTH_MAX: usize = 253;
/// The key of the host names.
pub(super) const ALLOWED_HOSTS: &str = "server.allowed_hosts";
/// How long a ledger's name can be.
const LEDGER_NAME_LENGTH_MAX: usize = 64;

impl Settings {
    /// Refuses what no server could be run with.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let (name, _) = self.tutorial()?;
        check_name(name)?;
        self.check_values()
    }

    /// Refuses values that cannot be, wherever they stand.
    pub(super) fn check_values(&self) -> Result<(), SettingsError> {
        for host in &self.server.allowed_hosts {
            check_host(host)?;
        }
        self.ledgers
            .iter()
            .try_for_each(|(name, ledger)| ledger.check(&format!("ledgers.{name}")))
    }

    /// The one ledger of the tutorial's kind, with its name.
    pub(crate) fn tutorial(&self) -> Result<(&str, &LedgerSettings), SettingsError> {
        let mut ledgers = self.ledgers.iter();
        let Some((name, ledger)) = ledgers.next() else {
            return Err(SettingsError::NoLedger);
        };
        match ledgers.next() {
            None => Ok((name, ledger)),
            Some((second, _)) => Err(SettingsError::TwoTutorials {
                first: name.clone(),
                second: second.clone(),
            }),
        }
    }

    /// The same, to be changed.
    pub(super) fn tutorial_mut(&mut self) -> Result<&mut LedgerSettings, SettingsError> {
        self.tutorial()?;
        self.ledgers
            .values_mut()
            .next()
            .ok_or(SettingsError::NoLedger)
    }
}

/// A name stands in addresses and in the names of variables.
fn check_name(name: &str) -> Result<(), SettingsError> {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if (1..=LEDGER_NAME_LENGTH_MAX).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(SettingsError::LedgerName(name.to_owned()))
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

impl LedgerSettings {
    fn check(&self, table: &str) -> Result<(), SettingsError> {
        let within = |key: &str, value: u64, min: u64, max: u64| {
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
        };
        within(
            "difficulty",
            self.difficulty.into(),
            1,
            DIFFICULTY_MAX.into(),
        )?;
        within("cache_bytes", self.cache_bytes, CACHE_BYTES_MIN, u64::MAX)?;
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

    fn with(name: &str, ledger: LedgerSettings) -> Settings {
        let mut settings = Settings::default();
        settings.ledgers.insert(name.to_owned(), ledger);
        settings
    }

    #[test]
    fn the_defaults_are_fine() {
        with("tutorial", LedgerSettings::default()).check().unwrap();
    }

    #[test]
    fn one_ledger_is_served() {
        let mut settings = Settings::default();
        let none = settings.check().unwrap_err();
        assert!(matches!(none, SettingsError::NoLedger));
        for name in ["a", "b"] {
            let ledger = LedgerSettings::default();
            settings.ledgers.insert(name.to_owned(), ledger);
        }
        let two = settings.check().unwrap_err().to_string();
        assert!(two.contains("[ledgers.a] and [ledgers.b]"), "{two}");
    }

    #[test]
    fn a_name_fits_into_an_address() {
        for name in ["", "Trade", "a/b", "a b", "a.b", &"a".repeat(65)] {
            let error = with(name, LedgerSettings::default()).check().unwrap_err();
            assert!(matches!(error, SettingsError::LedgerName(_)), "{name}");
        }
        with("my-chain_2", LedgerSettings::default())
            .check()
            .unwrap();
    }

    #[test]
    fn a_host_is_a_name_alone() {
        let check = |host: &str| {
            let mut settings = with("tutorial", LedgerSettings::default());
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
    fn every_number_has_its_range() {
        type Change = fn(&mut LedgerSettings);
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
            let mut ledger = LedgerSettings::default();
            change(&mut ledger);
            let error = with("tutorial", ledger).check().unwrap_err().to_string();
            let expected = format!("ledgers.tutorial.{expected}");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
