use chainloom_ledger::{Call, Payload};

/// The contract that is meant where none is named: the one that the tutorial's chain has.
const DEFAULT_CONTRACT: &str = "coin";

/// A call as a request names it, for queries, invocations and the explorer's form.
pub(crate) fn call(contract: Option<String>, function: String, args: Vec<Payload>) -> Call {
    Call {
        contract: contract.unwrap_or_else(|| DEFAULT_CONTRACT.to_owned()),
        function,
        args,
    }
}
