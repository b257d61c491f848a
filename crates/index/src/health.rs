use serde::Serialize;

use crate::Progress;

/// How the index is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Health {
    /// What it is doing.
    pub phase: Phase,
    /// Why it last stopped following; absent while all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// After how many milliseconds it tries again; absent while it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// How far it is with reading what the ledger had before; absent where it does not do that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// How many times it was built again from nothing since the program started: for another
    /// ledger, or for damage.
    pub rebuilds: u64,
    /// Why it was last begun anew since the program started, because its ledger turned out to be another one, such as a channel that
    /// was reset. The index of the former one is kept beside it as `….former-N`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_ledger: Option<String>,
}

/// What an index is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing yet, or no longer: nobody has it follow a ledger.
    Idle,
    /// Reading what the ledger had before.
    CatchingUp,
    /// Taking each block as it comes.
    Live,
    /// Waiting after an error, to try again.
    Retrying,
}

impl Health {
    pub(crate) fn of(phase: Phase) -> Health {
        Health {
            phase,
            error: None,
            retry_in_ms: None,
            progress: None,
            rebuilds: 0,
            other_ledger: None,
        }
    }
}
