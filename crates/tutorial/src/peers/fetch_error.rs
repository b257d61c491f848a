use std::time::Duration;

use chainloom_ledger::fence::Fenced;

/// Why a peer's chain could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    /// The address is ours.
    #[error("this is the node's own address; it does not ask itself")]
    OwnAddress,
    /// The peer's address, or all addresses that its name has, must not be asked.
    #[error(transparent)]
    Fenced(Fenced),
    /// The name has no address.
    #[error("the name {name} was not found: {detail}")]
    NameNotFound { name: String, detail: String },
    /// The name was not found in time.
    #[error("looking the name up took longer than {limit:?}")]
    LookupTimeout { limit: Duration },
    /// Nobody listens there.
    #[error("the connection was refused; is the node running?")]
    Refused,
    /// The connection failed in another way.
    #[error("it cannot be reached: {detail}")]
    Unreachable { detail: String },
    /// The connection was not made in time.
    #[error("it cannot be reached: no connection within {limit:?}")]
    ConnectTimeout { limit: Duration },
    /// It took the connection and did not answer in time.
    #[error("it did not answer within {limit:?}")]
    AnswerTimeout { limit: Duration },
    /// It stopped sending in the middle.
    #[error("it stopped sending after {bytes} bytes: nothing came for {limit:?}")]
    IdleTimeout { bytes: u64, limit: Duration },
    /// It went on sending for too long.
    #[error("its chain took longer than {limit:?}; {bytes} bytes had come")]
    ChainTimeout { bytes: u64, limit: Duration },
    /// What came is no HTTP, or the connection ended before an answer.
    #[error("its answer is no HTTP or broke off: {detail}")]
    BadAnswer { detail: String },
    /// It wants us to ask somewhere else.
    #[error(
        "it answered with a redirect (status {status}); redirects are not followed: register the node's own address"
    )]
    Redirect { status: u16 },
    /// It answered, but not with a chain.
    #[error(
        "it answered GET /chain with status {status} instead of 200; is it a node of the tutorial?"
    )]
    Status { status: u16 },
    /// It compressed the answer, though it was not asked to.
    #[error("its answer has the content encoding `{encoding}`, which was not asked for")]
    Encoded { encoding: String },
    /// More bytes than are taken, sent or announced.
    #[error("its chain has more than {limit} bytes")]
    TooLarge { limit: u64 },
    /// The connection ended before the answer did.
    #[error("its answer broke off after {bytes} bytes: {detail}")]
    CutOff { bytes: u64, detail: String },
}

impl FetchError {
    /// The stable word for this error.
    pub(super) fn code(&self) -> &'static str {
        match self {
            FetchError::OwnAddress => "own_address",
            FetchError::Fenced(_) => "address_fenced",
            FetchError::NameNotFound { .. } => "name_not_found",
            FetchError::LookupTimeout { .. } => "lookup_timeout",
            FetchError::Refused => "connection_refused",
            FetchError::Unreachable { .. } => "unreachable",
            FetchError::ConnectTimeout { .. } => "connect_timeout",
            FetchError::AnswerTimeout { .. } => "answer_timeout",
            FetchError::IdleTimeout { .. } => "idle_timeout",
            FetchError::ChainTimeout { .. } => "chain_timeout",
            FetchError::BadAnswer { .. } => "bad_answer",
            FetchError::Redirect { .. } => "redirect",
            FetchError::Status { .. } => "unexpected_status",
            FetchError::Encoded { .. } => "unexpected_encoding",
            FetchError::TooLarge { .. } => "chain_too_large",
            FetchError::CutOff { .. } => "cut_off",
        }
    }
}
