use chainloom_index::TransactionSummary;
use chainloom_ledger::{Transaction, TransactionKind, ValidationCode, Version};

use super::super::format::{printable, short};
use super::parties::Identity;

/// A line of a table of transactions.
pub(super) struct CallRow {
    pub(super) id: String,
    pub(super) short_id: String,
    pub(super) version: Option<Version>,
    /// What was called, or what else it is.
    pub(super) what: String,
    /// Who made it, where the table says so.
    pub(super) creator: Option<Identity>,
    pub(super) verdict: Option<Verdict>,
}

/// What the ledger made of a transaction.
pub(super) struct Verdict {
    /// `good` or `bad`, the colour.
    pub(super) tone: &'static str,
    pub(super) name: String,
    pub(super) code: i32,
    /// What it means, where that is told.
    pub(super) meaning: Option<&'static str>,
}

impl Verdict {
    pub(super) fn of(code: &ValidationCode) -> Verdict {
        Verdict {
            tone: if code.is_valid() { "good" } else { "bad" },
            name: printable(&code.name),
            code: code.code,
            meaning: code.meaning,
        }
    }
}

impl CallRow {
    /// The line of a transaction in a list of the index.
    pub(super) fn listed(transaction: &TransactionSummary) -> CallRow {
        let call = transaction.call.as_ref();
        let call = call.map(|call| (call.contract.as_str(), call.function.as_str()));
        CallRow {
            short_id: short(&transaction.id),
            id: transaction.id.clone(),
            version: Some(transaction.version),
            what: what(transaction.kind, call),
            creator: transaction.creator.as_ref().map(Identity::listed),
            verdict: Some(Verdict::of(&transaction.validation_code)),
        }
    }

    /// The line of a transaction that was read whole.
    pub(super) fn whole(transaction: &Transaction) -> CallRow {
        let call = transaction.call.as_ref();
        let call = call.map(|call| (call.contract.as_str(), call.function.as_str()));
        let endorsed = transaction.endorsed.as_ref();
        let creator = endorsed.and_then(|endorsed| endorsed.creator.as_deref());
        CallRow {
            short_id: short(&transaction.id),
            id: transaction.id.clone(),
            version: transaction.version,
            what: match endorsed.is_some_and(|endorsed| endorsed.undecodable.is_some()) {
                true => format!("{}, cannot be read whole", what(transaction.kind, call)),
                false => what(transaction.kind, call),
            },
            creator: creator.map(Identity::of),
            verdict: transaction.validation_code.as_ref().map(Verdict::of),
        }
    }
}

fn what(kind: TransactionKind, call: Option<(&str, &str)>) -> String {
    match (kind, call) {
        (_, Some((contract, function))) => printable(&format!("{contract}.{function}")),
        (TransactionKind::Config, None) => "configuration".to_owned(),
        (_, None) => "not readable as a call".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_called_or_what_else_it_is() {
        let call = Some(("probe", "put"));
        assert_eq!(what(TransactionKind::Endorser, call), "probe.put");
        assert_eq!(what(TransactionKind::Config, None), "configuration");
        assert_eq!(
            what(TransactionKind::Unknown, None),
            "not readable as a call"
        );
    }
}
