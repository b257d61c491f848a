use std::collections::BTreeMap;
use std::time::Duration;

use chainloom_ledger::{Call, CallOptions, Payload};
use serde::Deserialize;

use crate::ledgers::ServedLedger;
use crate::problem::Problem;

/// A call of a contract's function.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CallRequest {
    /// The contract; where absent the ledger's own default, `coin` on the tutorial's chain.
    pub(super) contract: Option<String>,
    /// The function: `balance` or `pending` on the tutorial's chain. On Fabric `Contract:name` where the chaincode has several contracts.
    pub(super) function: String,
    /// Its arguments; none where absent.
    #[serde(default)]
    pub(super) args: Vec<Payload>,
    /// Data for those peers only that run the call, by name; they never stand on the ledger. Fabric only. Where neither `organizations`
    /// nor `peers` are named they go to the own organization's peers.
    #[serde(default)]
    pub(super) transient: BTreeMap<String, Payload>,
    /// The organizations (MSP ids) whose peers are to run it; left to the ledger where absent. Fabric only.
    #[serde(default)]
    pub(super) organizations: Vec<String>,
    /// The peers that are asked, by address or by their name in the connection profile, in this order but for the own organization's,
    /// which come first; left to the ledger where absent. Fabric only.
    #[serde(default)]
    pub(super) peers: Vec<String>,
    /// Whether it is the call with which a contract begins whose definition asks for one. Fabric only.
    #[serde(default)]
    pub(super) is_init: bool,
    /// How long it may take, in milliseconds. On Fabric 60,000 where absent and 600,000 at most; the tutorial's chain answers queries at once.
    pub(super) timeout_ms: Option<u64>,
}

impl CallRequest {
    /// The call in the ledger's own words.
    pub(super) fn into_call(self, served: &ServedLedger) -> Result<(Call, CallOptions), Problem> {
        let call = served.call(self.contract, self.function, self.args)?;
        let options = CallOptions {
            transient: self.transient,
            organizations: self.organizations,
            peers: self.peers,
            is_init: self.is_init,
            timeout: self.timeout_ms.map(Duration::from_millis),
        };
        Ok((call, options))
    }
}
