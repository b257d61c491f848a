use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::permission::Permission;
use super::secret::SecretHash;

/// How long a name or an identity's label can be, in bytes.
const TEXT_BYTES_MAX: usize = 128;
/// How many ledgers a token can name.
const LEDGERS_MAX: usize = 64;
/// How many hex digits of its hash a token is called by.
const ID_DIGITS: usize = 12;
/// How the scope of every ledger is written; no ledger can have this name.
pub(super) const EVERY_LEDGER: &str = "*";

/// The ledgers that a token is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerScope {
    /// All that are served, also those that come later.
    Every,
    /// Those of these names.
    Named(BTreeSet<String>),
}

impl LedgerScope {
    /// The ledgers of these names; `*` is every one.
    pub fn of(names: impl IntoIterator<Item = String>) -> LedgerScope {
        let names: BTreeSet<String> = names.into_iter().collect();
        match names.contains(EVERY_LEDGER) {
            true => LedgerScope::Every,
            false => LedgerScope::Named(names),
        }
    }

    /// The names as they are written.
    pub fn names(&self) -> Vec<String> {
        match self {
            LedgerScope::Every => vec![EVERY_LEDGER.to_owned()],
            LedgerScope::Named(names) => names.iter().cloned().collect(),
        }
    }

    /// Whether a ledger is among them.
    pub(crate) fn has(&self, ledger: &str) -> bool {
        match self {
            LedgerScope::Every => true,
            LedgerScope::Named(names) => names.contains(ledger),
        }
    }
}

/// What a token that is to be made is good for.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What people call it; unique among the tokens in use.
    pub name: Option<String>,
    /// The label of the identity in the wallet that invokes.
    pub identity: Option<String>,
    /// Where it is good.
    pub ledgers: LedgerScope,
    /// What it is good for.
    pub may: BTreeSet<Permission>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// A token that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It is good for nothing.
    #[error("the token would be good for nothing: say what it may, such as --may read,query")]
    MayNothing,
    /// It may read, query or invoke, but nowhere.
    #[error(
        "the token may {0}, but on no ledger: name one with --ledger, or all of them with \
         --ledger '*'"
    )]
    NoLedger(Permission),
    /// Too many ledgers are named.
    #[error("the token names {0} ledgers; at most {LEDGERS_MAX} can be named, or all with '*'")]
    TooManyLedgers(usize),
    /// It has an identity that never invokes.
    #[error("the token has an identity, but it may not invoke: add invoke to --may")]
    IdleIdentity,
    /// A text is empty, too long, or no plain text.
    #[error(
        "{what} must be 1 to {TEXT_BYTES_MAX} bytes of text without line breaks or control \
         characters"
    )]
    Text {
        /// What it is the text of.
        what: &'static str,
    },
    /// Its end is past already.
    #[error("the token would end at {0}, which is past already")]
    Past(Timestamp),
}

impl NewToken {
    /// Refuses what makes no sense.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), InvalidToken> {
        for (what, text) in [
            ("the token's name", &self.name),
            ("the identity", &self.identity),
        ] {
            if text.as_deref().is_some_and(|text| !is_plain(text)) {
                return Err(InvalidToken::Text { what });
            }
        }
        let first = self.may.first().ok_or(InvalidToken::MayNothing)?;
        if let LedgerScope::Named(names) = &self.ledgers {
            if names.len() > LEDGERS_MAX {
                return Err(InvalidToken::TooManyLedgers(names.len()));
            }
            if !names.iter().all(|name| is_plain(name)) {
                let what = "a ledger's name";
                return Err(InvalidToken::Text { what });
            }
            if names.is_empty() && *first != Permission::Manage {
                return Err(InvalidToken::NoLedger(*first));
            }
        }
        if self.identity.is_some() && !self.may.contains(&Permission::Invoke) {
            return Err(InvalidToken::IdleIdentity);
        }
        match self.expires {
            Some(end) if end <= now => Err(InvalidToken::Past(end)),
            _ => Ok(()),
        }
    }
}

fn is_plain(text: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// A token as it is kept: everything but its secret.
#[derive(Debug, Clone)]
pub struct Token {
    pub(super) hash: SecretHash,
    pub(super) name: Option<String>,
    pub(super) identity: Option<String>,
    pub(super) ledgers: LedgerScope,
    pub(super) may: BTreeSet<Permission>,
    pub(super) created: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) revoked: Option<Timestamp>,
}

/// Whether a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// It is.
    Good,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Token {
    /// What logs and lists call it: the first digits of its secret's hash.
    pub fn id(&self) -> String {
        let mut digits = self.hash.to_hex();
        digits.truncate(ID_DIGITS);
        digits
    }

    /// What people call it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The label of the identity that invokes.
    pub fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// Where it is good.
    pub fn ledgers(&self) -> &LedgerScope {
        &self.ledgers
    }

    /// What it is good for.
    pub fn may(&self) -> &BTreeSet<Permission> {
        &self.may
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When it ends.
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// When it was taken back.
    pub fn revoked(&self) -> Option<Timestamp> {
        self.revoked
    }

    /// Whether it is good at this time.
    pub fn state(&self, now: Timestamp) -> TokenState {
        match (self.revoked, self.expires) {
            (Some(_), _) => TokenState::Revoked,
            (None, Some(end)) if end <= now => TokenState::Expired,
            _ => TokenState::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn new_token() -> NewToken {
        NewToken {
            name: Some("shop".to_owned()),
            identity: Some("alice@Org1MSP".to_owned()),
            ledgers: LedgerScope::of(["trade".to_owned()]),
            may: BTreeSet::from([Permission::Read, Permission::Invoke]),
            expires: None,
        }
    }

    fn refusal(change: impl FnOnce(&mut NewToken)) -> InvalidToken {
        let mut token = new_token();
        change(&mut token);
        token.check(Timestamp::UNIX_EPOCH).unwrap_err()
    }

    #[test]
    fn a_token_makes_sense_or_it_is_said_why_not() {
        new_token().check(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(refusal(|token| token.may.clear()), InvalidToken::MayNothing);
        let nowhere = refusal(|token| token.ledgers = LedgerScope::of([]));
        assert_eq!(nowhere, InvalidToken::NoLedger(Permission::Read));
        let many = (0..65).map(|number| format!("l{number}"));
        let many = refusal(|token| token.ledgers = LedgerScope::of(many));
        assert_eq!(many, InvalidToken::TooManyLedgers(65));
        let idle = refusal(|token| token.may = BTreeSet::from([Permission::Read]));
        assert_eq!(idle, InvalidToken::IdleIdentity);
        let past = refusal(|token| token.expires = Some(Timestamp::UNIX_EPOCH));
        assert_eq!(past, InvalidToken::Past(Timestamp::UNIX_EPOCH));
        for text in ["", "a\nb", &"a".repeat(129)] {
            let name = refusal(|token| token.name = Some(text.to_owned()));
            let what = "the token's name";
            assert_eq!(name, InvalidToken::Text { what });
            let identity = refusal(|token| token.identity = Some(text.to_owned()));
            let what = "the identity";
            assert_eq!(identity, InvalidToken::Text { what });
            let ledger = refusal(|token| token.ledgers = LedgerScope::of([text.to_owned()]));
            let what = "a ledger's name";
            assert_eq!(ledger, InvalidToken::Text { what });
        }
    }

    #[test]
    fn who_manages_only_needs_no_ledger() {
        let token = NewToken {
            identity: None,
            ledgers: LedgerScope::of([]),
            may: BTreeSet::from([Permission::Manage]),
            ..new_token()
        };
        token.check(Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn the_star_is_every_ledger() {
        let scope = LedgerScope::of(["a".to_owned(), "*".to_owned()]);
        assert_eq!(scope, LedgerScope::Every);
        assert!(scope.has("whatever comes"));
        let scope = LedgerScope::of(["a".to_owned()]);
        assert!(scope.has("a") && !scope.has("b"));
    }
}
