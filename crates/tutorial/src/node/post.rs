//! Accepting transactions, as the tutorial's route does.

use chainloom_ledger::LedgerError;

use super::{Core, Node};
use crate::json::{Json, Limits, compact};
use crate::rules::transaction;
use crate::store::{IdempotencyKey, PENDING_BYTES_MAX, PENDING_COUNT_MAX, Posted, Posting};

/// How large one transaction may be, in its compact form.
pub const TRANSACTION_BYTES_MAX: usize = 1024 * 1024;
/// How many arrays and objects one field of a transaction may hold within each other.
///
/// Once it is in a block, every node must be able to read it with the whole chain around it (five
/// levels more). [`Limits::DEPTH_MAX`] would allow nearly a thousand, but a node in Python reads
/// JSON by recursion within the interpreter's limit of 1,000 calls, of which the web framework and
/// the HTTP client have taken a share by then: beyond about 970 levels it gives up on the chain for
/// good. The rest is room for frameworks that stack more calls.
const FIELD_DEPTH_MAX: usize = 900;
const _: () = assert!(FIELD_DEPTH_MAX + 5 <= Limits::DEPTH_MAX);
/// When to try again while too much waits: a block is mined in seconds.
const RETRY_AFTER_S: u32 = 5;

impl Node {
    /// Accepts a transaction for a block; on the disk when this returns. The answer is the N that
    /// the tutorial names in "Transaction will be added to Block N".
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`] for a transaction that is too large or too deep,
    /// [`LedgerError::Overloaded`] while too much waits, and the store's.
    pub async fn post_transaction(
        &self,
        sender: Json,
        recipient: Json,
        amount: Json,
    ) -> Result<String, LedgerError> {
        let compact = encode(sender, recipient, amount)?;
        match self.core().post(compact, None).await? {
            Posted::Accepted { next_index } => Ok(next_index),
            // Both need an idempotency key.
            Posted::Repeated { .. } | Posted::KeyReused | Posted::Full => Err(full()),
        }
    }
}

impl Core {
    /// Accepts an encoded transaction, under a ticket where one is given.
    pub(super) async fn post(
        &self,
        compact: Vec<u8>,
        ticket: Option<([u8; 16], Option<IdempotencyKey>)>,
    ) -> Result<Posted, LedgerError> {
        let (ticket, key) = match ticket {
            Some((ticket, key)) => (Some(ticket), key),
            None => (None, None),
        };
        let posting = Posting {
            compact,
            ticket,
            key,
        };
        Ok(self.store.post(posting).await?)
    }
}

/// A transaction as it is stored, if every node can read it.
pub(super) fn encode(sender: Json, recipient: Json, amount: Json) -> Result<Vec<u8>, LedgerError> {
    let limit = FIELD_DEPTH_MAX;
    for (name, value) in [
        ("sender", &sender),
        ("recipient", &recipient),
        ("amount", &amount),
    ] {
        if is_deeper(value, limit) {
            return Err(LedgerError::InvalidCall {
                code: "transaction_too_deep",
                detail: format!(
                    "`{name}` holds more than {limit} arrays and objects within each other; make \
                     it flatter"
                ),
            });
        }
    }
    let compact = compact(&transaction(sender, recipient, amount)).into_bytes();
    if compact.len() > TRANSACTION_BYTES_MAX {
        return Err(LedgerError::InvalidCall {
            code: "transaction_too_large",
            detail: format!(
                "the transaction has {} bytes, and at most {TRANSACTION_BYTES_MAX} are taken; \
                 shorten it",
                compact.len()
            ),
        });
    }
    Ok(compact)
}

/// Whether a value has more than `limit` levels of arrays and objects.
fn is_deeper(value: &Json, limit: usize) -> bool {
    let Some(below) = limit.checked_sub(1) else {
        return matches!(value, Json::Array(_) | Json::Object(_));
    };
    match value {
        Json::Array(elements) => elements.iter().any(|element| is_deeper(element, below)),
        Json::Object(object) => object.iter().any(|(_, member)| is_deeper(member, below)),
        _ => false,
    }
}

/// Too much waits.
pub(super) fn full() -> LedgerError {
    LedgerError::Overloaded {
        code: "pending_full",
        detail: format!(
            "too many transactions wait for a block (at most {PENDING_COUNT_MAX} of them and \
             {PENDING_BYTES_MAX} bytes); mine a block and try again"
        ),
        retry_after_s: RETRY_AFTER_S,
    }
}
