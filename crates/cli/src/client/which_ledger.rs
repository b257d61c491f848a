//! Which ledger a command is for.

use serde::Deserialize;

use crate::error::Error;

/// Which ledger is meant where the command line names none and the server has several.
const DEFAULT_LEDGER: &str = "tutorial";

/// What the server serves.
#[derive(Debug, Deserialize)]
pub(super) struct LedgerList {
    pub(super) ledgers: Vec<LedgerName>,
}

/// One of them.
#[derive(Debug, Deserialize)]
pub(super) struct LedgerName {
    name: String,
    kind: String,
}

/// The kind of a chain of the tutorial.
const TUTORIAL: &str = "tutorial";

/// Refuses a command of the tutorial's chain on another ledger. A name that is not listed is the server's to refuse.
pub(super) fn check_tutorial(
    ledgers: &[LedgerName],
    meant: &str,
    command: &'static str,
) -> Result<(), Error> {
    let (tutorials, others): (Vec<_>, Vec<_>) =
        ledgers.iter().partition(|ledger| ledger.kind == TUTORIAL);
    if !others.iter().any(|ledger| ledger.name == meant) {
        return Ok(());
    }
    Err(Error::TutorialOnly {
        command,
        ledger: meant.to_owned(),
        tutorials: tutorials
            .into_iter()
            .map(|ledger| ledger.name.clone())
            .collect(),
    })
}

/// The ledger that is meant where none is named.
pub(super) fn meant(ledgers: &[LedgerName]) -> Result<String, Error> {
    let names: Vec<String> = ledgers.iter().map(|ledger| ledger.name.clone()).collect();
    match &names[..] {
        [only] => Ok(only.clone()),
        [] => Ok(DEFAULT_LEDGER.to_owned()),
        several if several.iter().any(|name| name == DEFAULT_LEDGER) => {
            Ok(DEFAULT_LEDGER.to_owned())
        }
        _ => Err(Error::SeveralLedgers(names)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn of_several_ledgers_the_tutorials_is_meant_or_one_has_to_be_named() {
        let of = |names: &[&str]| {
            let ledgers: Vec<LedgerName> = names
                .iter()
                .map(|name| LedgerName::of(name, "fabric"))
                .collect();
            meant(&ledgers)
        };
        assert_eq!(of(&["trade"]).unwrap(), "trade");
        assert_eq!(of(&["trade", "tutorial"]).unwrap(), "tutorial");
        assert_eq!(of(&[]).unwrap(), "tutorial");
        let error = of(&["devnet", "trade"]).unwrap_err();
        assert!(matches!(error, Error::SeveralLedgers(_)));
        let said = error.to_string();
        assert!(
            said.contains("--ledger") && said.contains("devnet, trade"),
            "{said}"
        );
    }

    #[test]
    fn only_the_tutorials_chain_has_some_commands() {
        for (command, instead) in [
            ("send", "chainloom invoke"),
            ("pending", "chainloom tx ID"),
            ("balance", "chainloom query"),
        ] {
            let mut ledgers = vec![
                LedgerName::of("trade", "fabric"),
                LedgerName::of("tutorial", TUTORIAL),
            ];
            check_tutorial(&ledgers, "tutorial", command).unwrap();
            check_tutorial(&ledgers, "not-listed", command).unwrap();
            let said = check_tutorial(&ledgers, "trade", command).unwrap_err();
            let said = said.to_string();
            for word in [command, "`trade`", instead, "--ledger tutorial"] {
                assert!(said.contains(word), "{word}: {said}");
            }
            ledgers.pop();
            let said = check_tutorial(&ledgers, "trade", command).unwrap_err();
            assert!(!said.to_string().contains("--ledger"), "{said}");
        }
    }

    impl LedgerName {
        fn of(name: &str, kind: &str) -> LedgerName {
            LedgerName {
                name: name.to_owned(),
                kind: kind.to_owned(),
            }
        }
    }
}
