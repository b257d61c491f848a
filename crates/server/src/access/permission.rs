use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a token can be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Reading blocks, transactions, events and what is known of a ledger.
    Read,
    /// Asking contracts.
    Query,
    /// Submitting transactions, and making blocks of them where the ledger is mined here.
    Invoke,
    /// Administering: identities, connections, the peers of a chain of the tutorial.
    Manage,
}

/// A word that names no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that a token can be good for: read, query, invoke and manage are")]
pub struct UnknownPermission(String);

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 4] = [
        Permission::Read,
        Permission::Query,
        Permission::Invoke,
        Permission::Manage,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Permission::Read => "read",
            Permission::Query => "query",
            Permission::Invoke => "invoke",
            Permission::Manage => "manage",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(word: &str) -> Result<Permission, UnknownPermission> {
        let mut all = Permission::ALL.into_iter();
        all.find(|permission| permission.name() == word)
            .ok_or_else(|| UnknownPermission(word.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_one_word_in_text_and_in_json() {
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse(), Ok(permission));
            let json = serde_json::to_value(permission).expect("plain JSON");
            assert_eq!(json, permission.to_string());
        }
        let unknown = "admin".parse::<Permission>().expect_err("there is none");
        assert!(unknown.to_string().contains("`admin`"), "{unknown}");
    }
}
