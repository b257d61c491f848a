//! Checking the number of a call's arguments where the contract describes itself.
//!
//! No call waits for that: a contract is asked in the background when it is first called. Only before a call is refused its contract is asked
//! anew, since it may have been replaced in the meantime.

mod metadata;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::LedgerError;
use tokio::time::Instant;

use self::metadata::Metadata;
use crate::call::ChannelCall;
use crate::flow::Flow;

/// The function under which Fabric's contract API describes a chaincode.
const FUNCTION: &[u8] = b"org.hyperledger.fabric:GetMetadata";
/// How long a contract may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// How long a description is used before it is asked for anew.
const KEPT_FOR: Duration = Duration::from_secs(300);
/// How long a contract is not asked that describes nothing.
const SILENT_FOR: Duration = Duration::from_secs(900);
/// How long one is not asked that could not be reached.
const AWAY_FOR: Duration = Duration::from_secs(30);
/// The most contracts whose descriptions are kept.
const CONTRACTS_MAX: usize = 100;

/// What the contracts of a channel say of themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Descriptions(Arc<Mutex<HashMap<String, Entry>>>);

#[derive(Debug)]
struct Entry {
    metadata: Option<Arc<Metadata>>,
    ask_again_at: Instant,
}

impl Descriptions {
    /// Refuses a call whose number of arguments is wrong by what its contract says now. Has to be called within a runtime.
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`].
    pub(crate) async fn check(&self, flow: &Flow, call: &ChannelCall) -> Result<(), LedgerError> {
        let invocation = &call.invocation;
        // The first call of a contract is another function of it.
        if invocation.is_init {
            return Ok(());
        }
        let Some((function, args)) = invocation.args.split_first() else {
            return Ok(());
        };
        let Ok(function) = std::str::from_utf8(function) else {
            return Ok(());
        };
        let contract = &invocation.contract;
        let complaint = |metadata: &Metadata| metadata.complaint(function, args.len());
        let Some(known) = self.known(flow, contract) else {
            return Ok(());
        };
        if complaint(&known).is_none() {
            return Ok(());
        }
        let complaint = self
            .ask(flow, contract)
            .await
            .as_deref()
            .and_then(complaint);
        complaint.map_or(Ok(()), |complaint| {
            Err(LedgerError::InvalidCall {
                code: "wrong_argument_count",
                detail: format!("{complaint}; so the contract `{contract}` describes itself"),
            })
        })
    }

    /// What is known of a contract; it is asked in the background where it is time to.
    fn known(&self, flow: &Flow, contract: &str) -> Option<Arc<Metadata>> {
        let now = Instant::now();
        let mut entries = self.entries();
        if let Some(entry) = entries.get(contract)
            && entry.ask_again_at > now
        {
            return entry.metadata.clone();
        }
        let known = entries
            .get(contract)
            .and_then(|entry| entry.metadata.clone());
        // Others who call it meanwhile do not ask, too.
        keep(&mut entries, contract, known.clone(), now + ANSWERS_WITHIN);
        let (descriptions, flow, contract) = (self.clone(), flow.clone(), contract.to_owned());
        tokio::spawn(async move { descriptions.ask(&flow, &contract).await });
        known
    }

    /// What a contract says now.
    async fn ask(&self, flow: &Flow, contract: &str) -> Option<Arc<Metadata>> {
        let args = vec![Bytes::from_static(FUNCTION)];
        let question = ChannelCall::plain(contract, args, Instant::now() + ANSWERS_WITHIN);
        let (metadata, kept_for) = match flow.evaluate(&question).await {
            Ok(answer) => match Metadata::read(&answer) {
                Some(metadata) => (Some(Arc::new(metadata)), KEPT_FOR),
                None => (None, SILENT_FOR),
            },
            Err(LedgerError::Refused { .. }) => (None, SILENT_FOR),
            Err(_) => (None, AWAY_FOR),
        };
        let ask_again_at = Instant::now() + kept_for;
        keep(
            &mut self.entries(),
            contract,
            metadata.clone(),
            ask_again_at,
        );
        metadata
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(
    entries: &mut HashMap<String, Entry>,
    contract: &str,
    metadata: Option<Arc<Metadata>>,
    ask_again_at: Instant,
) {
    if entries.len() >= CONTRACTS_MAX && !entries.contains_key(contract) {
        let oldest = entries.iter().min_by_key(|(_, entry)| entry.ask_again_at);
        if let Some(oldest) = oldest.map(|(contract, _)| contract.clone()) {
            entries.remove(&oldest);
        }
    }
    let entry = Entry {
        metadata,
        ask_again_at,
    };
    entries.insert(contract.to_owned(), entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_contracts_are_kept_than_there_is_room_for() {
        let mut entries = HashMap::new();
        let now = Instant::now();
        for number in 0..=CONTRACTS_MAX {
            let later = now + Duration::from_secs(number as u64);
            keep(&mut entries, &number.to_string(), None, later);
        }
        assert_eq!(entries.len(), CONTRACTS_MAX);
        assert!(!entries.contains_key("0") && entries.contains_key("1"));
        keep(&mut entries, "1", None, now);
        assert_eq!(entries.len(), CONTRACTS_MAX);
    }
}
