//! What the flags set, which wins over everything else.

use crate::arguments::{ChainRules, Place, UpArguments};

use super::check::ALLOWED_HOSTS;
use super::{Environment, Settings, SettingsError, TutorialSettings, load, loopback};

impl Settings {
    /// The settings of `up`, from all four places, checked.
    pub(crate) fn for_up(arguments: &UpArguments) -> Result<Settings, SettingsError> {
        let config = arguments.place.config.as_deref();
        let mut settings = load(config, &Environment::of_process())?;
        settings.apply_up(arguments)?;
        settings.check().map_err(named_by_flag)?;
        Ok(settings)
    }

    /// The settings of a command that opens the data folder itself, checked.
    pub(crate) fn for_place(place: &Place, rules: &ChainRules) -> Result<Settings, SettingsError> {
        let mut settings = load(place.config.as_deref(), &Environment::of_process())?;
        settings.apply_place(place);
        settings.apply_rules(rules)?;
        settings.check().map_err(named_by_flag)?;
        Ok(settings)
    }

    /// Sets what `--port` and `--data-dir` say.
    fn apply_place(&mut self, place: &Place) {
        if let Some(port) = place.port {
            self.server.listen = loopback(port);
        }
        if let Some(path) = &place.data_dir {
            self.server.data_directory = Some(path.clone());
        }
    }

    /// Sets what `--rules` and `--difficulty` say.
    fn apply_rules(&mut self, rules: &ChainRules) -> Result<(), SettingsError> {
        let given = [
            ("--rules", rules.rules.is_some()),
            ("--difficulty", rules.difficulty.is_some()),
        ];
        if let Some(ledger) = self.tutorial_for(&given)? {
            ledger.rules = rules.rules.unwrap_or(ledger.rules);
            ledger.difficulty = rules.difficulty.unwrap_or(ledger.difficulty);
        }
        Ok(())
    }

    /// Sets what the flags of `up` say.
    fn apply_up(&mut self, arguments: &UpArguments) -> Result<(), SettingsError> {
        self.apply_place(&arguments.place);
        self.apply_rules(&arguments.rules)?;
        if !arguments.listen.is_empty() {
            self.server.listen.clone_from(&arguments.listen);
        }
        if !arguments.allowed_host.is_empty() {
            let hosts = &arguments.allowed_host;
            self.server.allowed_hosts.clone_from(hosts);
        }
        self.server.insecure_public |= arguments.insecure_public;
        self.server.tokens |= arguments.tokens;
        if let Some(path) = &arguments.tls_certificate {
            self.server.tls_certificate = Some(path.clone());
        }
        if let Some(path) = &arguments.tls_key {
            self.server.tls_key = Some(path.clone());
        }
        let given = [
            ("--mine-every", arguments.mine_every.is_some()),
            ("--mine-on-transaction", arguments.mine_on_transaction),
            ("--resolve-interval", arguments.resolve_interval.is_some()),
        ];
        if let Some(ledger) = self.tutorial_for(&given)? {
            ledger.mine_on_transaction |= arguments.mine_on_transaction;
            if let Some(interval) = arguments.mine_every {
                ledger.mine_every_s = Some(interval.as_secs_f64());
            }
            if let Some(interval) = arguments.resolve_interval {
                ledger.resolve_interval_s = Some(interval.as_secs_f64());
            }
        }
        Ok(())
    }

    /// The ledger that these flags are for, each with whether it was given; one without the ledger
    /// is refused.
    fn tutorial_for(
        &mut self,
        flags: &[(&'static str, bool)],
    ) -> Result<Option<&mut TutorialSettings>, SettingsError> {
        let ledger = self.tutorial_mut();
        match flags.iter().find(|(_, is_given)| *is_given) {
            Some((flag, _)) if ledger.is_none() => Err(SettingsError::FlagOfTutorial(flag)),
            _ => Ok(ledger),
        }
    }
}

/// What the file and the variables say has been checked with them, so that a value that cannot be
/// is a flag's.
fn named_by_flag(error: SettingsError) -> SettingsError {
    let SettingsError::Value { key, value, reason } = error else {
        return error;
    };
    let flag = match key.as_str() {
        ALLOWED_HOSTS => "--allowed-host",
        key if key.ends_with(".difficulty") => "--difficulty",
        _ => return SettingsError::Value { key, value, reason },
    };
    SettingsError::Flag {
        flag,
        value,
        reason,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;
    use chainloom_tutorial::rules::Rules;

    use crate::settings::testing;

    fn settings() -> Settings {
        testing::settings([("tutorial", testing::tutorial())])
    }

    #[test]
    fn no_flags_change_nothing() {
        let mut changed = settings();
        changed.apply_up(&UpArguments::default()).unwrap();
        assert_eq!(changed, settings());
    }

    #[test]
    fn every_flag_sets_its_key() {
        let mut settings = settings();
        settings
            .apply_up(&UpArguments {
                place: Place {
                    port: Some(5001),
                    data_dir: Some("here".into()),
                    config: None,
                },
                rules: ChainRules {
                    rules: Some(Rules::Repository),
                    difficulty: Some(5),
                },
                listen: Vec::new(),
                mine_every: Some(Duration::from_millis(500)),
                mine_on_transaction: true,
                resolve_interval: Some(Duration::from_secs(30)),
                insecure_public: true,
                tokens: true,
                tls_certificate: Some("cert.pem".into()),
                tls_key: Some("key.pem".into()),
                allowed_host: vec!["laptop.lan".to_owned()],
                log: None,
            })
            .unwrap();
        assert_eq!(settings.server.listen, loopback(5001));
        assert_eq!(settings.server.data_directory, Some("here".into()));
        assert_eq!(settings.server.allowed_hosts, ["laptop.lan"]);
        assert!(settings.server.insecure_public && settings.server.tokens);
        assert_eq!(settings.server.tls_certificate, Some("cert.pem".into()));
        assert_eq!(settings.server.tls_key, Some("key.pem".into()));
        let expected = TutorialSettings {
            rules: Rules::Repository,
            difficulty: 5,
            mine_every_s: Some(0.5),
            mine_on_transaction: true,
            resolve_interval_s: Some(30.0),
            ..TutorialSettings::default()
        };
        assert_eq!(settings.tutorial().unwrap(), &expected);
    }

    #[test]
    fn a_flag_that_cannot_be_is_named() {
        for (arguments, expected) in [
            (
                UpArguments {
                    allowed_host: vec!["http://a".to_owned()],
                    ..UpArguments::default()
                },
                "--allowed-host `http://a` cannot be: ",
            ),
            (
                UpArguments {
                    rules: ChainRules {
                        difficulty: Some(99),
                        ..ChainRules::default()
                    },
                    ..UpArguments::default()
                },
                "--difficulty 99 cannot be: it must be 1 to 16",
            ),
        ] {
            let mut settings = settings();
            settings.apply_up(&arguments).unwrap();
            let error = settings.check().map_err(named_by_flag).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_flag_of_the_tutorials_chain_needs_one() {
        let rules = |rules| UpArguments {
            rules,
            ..UpArguments::default()
        };
        for (flag, arguments) in [
            (
                "--rules",
                rules(ChainRules {
                    rules: Some(Rules::Article),
                    difficulty: None,
                }),
            ),
            (
                "--difficulty",
                rules(ChainRules {
                    rules: None,
                    difficulty: Some(4),
                }),
            ),
            (
                "--mine-every",
                UpArguments {
                    mine_every: Some(Duration::from_secs(1)),
                    ..UpArguments::default()
                },
            ),
            (
                "--mine-on-transaction",
                UpArguments {
                    mine_on_transaction: true,
                    ..UpArguments::default()
                },
            ),
            (
                "--resolve-interval",
                UpArguments {
                    resolve_interval: Some(Duration::from_secs(1)),
                    ..UpArguments::default()
                },
            ),
        ] {
            let mut channel = testing::settings([("trade", testing::fabric())]);
            channel.apply_up(&UpArguments::default()).unwrap();
            let error = channel.apply_up(&arguments).unwrap_err().to_string();
            let expected = format!("{flag} is for a ledger of kind `tutorial`");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn listen_replaces_the_addresses() {
        let mut settings = settings();
        let address = "127.0.0.1:0".parse().unwrap();
        settings
            .apply_up(&UpArguments {
                listen: vec![address],
                ..UpArguments::default()
            })
            .unwrap();
        assert_eq!(settings.server.listen, [address]);
    }
}
