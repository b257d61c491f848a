//! Questions to the contract `coin`.

use chainloom_ledger::{Account, Call, CallOptions, LedgerError, Payload, QueryAnswer};

use super::Core;
use super::decode::{CONTRACT, tree};
use crate::json::public_value;
use crate::store::Snapshot;

/// The name by which a caller means the account of this node.
const ME: &str = "me";

/// How many of the transactions that wait `pending()` answers.
const PENDING_LISTED_MAX: usize = 1_000;
/// How long its answer is, the last transaction excepted.
const PENDING_LISTED_BYTES_MAX: usize = 4 << 20;

impl Core {
    pub(super) async fn query(
        self: &std::sync::Arc<Self>,
        call: Call,
        options: CallOptions,
    ) -> Result<QueryAnswer, LedgerError> {
        require_contract(&call)?;
        refuse_what_endorsers_do(&options)?;
        match call.function.as_str() {
            "balance" => {
                let [account] = arguments(&call, "balance(account)")?;
                let name = match account {
                    ME => &self.store.identity().node_id,
                    name => name,
                };
                Ok(QueryAnswer::Balance(Account::named(name)))
            }
            "pending" => {
                let [] = arguments(&call, "pending()")?;
                let pending = self.read(|_, snapshot| pending_list(snapshot)).await?;
                Ok(QueryAnswer::Result(Payload(pending)))
            }
            function => Err(unknown_function(
                function,
                "it answers `balance(account)` and `pending()`",
            )),
        }
    }
}

/// What waits longest, as a JSON array of transactions that is bounded in both ways, the last transaction excepted; all
/// that waits is listed by [`super::Node::pending`], page by page.
fn pending_list(snapshot: &Snapshot) -> Result<Vec<u8>, LedgerError> {
    let mut list = vec![b'['];
    for waiting in snapshot.waiting(None, PENDING_LISTED_MAX, PENDING_LISTED_BYTES_MAX)? {
        // As it is shown a transaction may be several times as long as it is stored.
        if list.len() > PENDING_LISTED_BYTES_MAX {
            break;
        }
        if list.len() > 1 {
            list.push(b',');
        }
        let content = tree(&waiting.compact)?;
        list.extend_from_slice(public_value(&content).to_string().as_bytes());
    }
    list.push(b']');
    Ok(list)
}

/// The ledger has one contract.
pub(super) fn require_contract(call: &Call) -> Result<(), LedgerError> {
    if call.contract == CONTRACT {
        return Ok(());
    }
    Err(LedgerError::InvalidCall {
        code: "unknown_contract",
        detail: format!(
            "there is no contract `{}`; this ledger has one, `{CONTRACT}`",
            shortened(&call.contract)
        ),
    })
}

/// Nobody endorses here: nodes only hand on what was said to them, to all others.
pub(super) fn refuse_what_endorsers_do(options: &CallOptions) -> Result<(), LedgerError> {
    let asked_for = [
        ("transient", !options.transient.is_empty()),
        ("organizations", !options.organizations.is_empty()),
        ("peers", !options.peers.is_empty()),
        ("is_init", options.is_init),
    ];
    match asked_for
        .into_iter()
        .find(|(_, is_asked_for)| *is_asked_for)
    {
        None => Ok(()),
        Some((name, _)) => Err(LedgerError::InvalidCall {
            code: "option_unsupported",
            detail: format!(
                "the tutorial's chain cannot do what `{name}` asks for: no peers endorse there; leave it out"
            ),
        }),
    }
}

/// A function that the contract does not have.
pub(super) fn unknown_function(function: &str, has: &str) -> LedgerError {
    LedgerError::InvalidCall {
        code: "unknown_function",
        detail: format!(
            "the contract `{CONTRACT}` has no function `{}` for this; {has}",
            shortened(function)
        ),
    }
}

/// The arguments as text, if there are as many as the function takes.
pub(super) fn arguments<'a, const N: usize>(
    call: &'a Call,
    signature: &str,
) -> Result<[&'a str; N], LedgerError> {
    let invalid = |detail: String| LedgerError::InvalidCall {
        code: "invalid_arguments",
        detail,
    };
    let mut texts = [""; N];
    if call.args.len() != N {
        return Err(invalid(format!(
            "{signature} takes {N} arguments, not {}",
            call.args.len()
        )));
    }
    for (index, (text, argument)) in texts.iter_mut().zip(&call.args).enumerate() {
        *text = argument
            .as_text()
            .map_err(|error| invalid(format!("argument {} of {signature}: {error}", index + 1)))?;
    }
    Ok(texts)
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
