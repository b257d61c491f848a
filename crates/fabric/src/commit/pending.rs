use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::{Call, Payload, Transaction, TransactionKind};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::call::ChannelCall;

/// The most transactions that are remembered, and the most bytes of their calls.
const PENDING_MAX: usize = 20_000;
const PENDING_BYTES_MAX: usize = 64 << 20;
/// How long one is remembered that is never seen: the orderers did not take it.
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);

/// The transactions that were submitted and have not been seen in a block yet; the oldest are forgotten where there are too many.
#[derive(Debug, Default)]
pub(super) struct Pending {
    by_id: HashMap<String, Submitted>,
    /// Their ids in the order of their submission.
    by_age: BTreeMap<u64, String>,
    bytes: usize,
    next_number: u64,
}

/// A call as it was submitted.
#[derive(Debug)]
pub(super) struct Submitted {
    number: u64,
    since: Instant,
    time: Timestamp,
    contract: String,
    /// The function, then its arguments.
    args: Vec<Bytes>,
}

impl Pending {
    pub(super) fn insert(&mut self, id: &str, call: &ChannelCall) {
        self.remove(id);
        let number = self.next_number;
        self.next_number += 1;
        let submitted = Submitted {
            number,
            since: Instant::now(),
            time: Timestamp::now(),
            contract: call.invocation.contract.clone(),
            args: call.invocation.args.clone(),
        };
        self.bytes += submitted.bytes();
        self.by_age.insert(number, id.to_owned());
        self.by_id.insert(id.to_owned(), submitted);
        while self.by_id.len() > PENDING_MAX || self.bytes > PENDING_BYTES_MAX {
            self.remove_oldest();
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Submitted> {
        self.by_id.get(id)
    }

    pub(super) fn remove(&mut self, id: &str) {
        if let Some(submitted) = self.by_id.remove(id) {
            self.bytes -= submitted.bytes();
            self.by_age.remove(&submitted.number);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Forgets those that have been waited for too long.
    pub(super) fn forget_old(&mut self, now: Instant) {
        let is_old = |pending: &Self| {
            let oldest = pending.by_age.values().next();
            let oldest = oldest.and_then(|id| pending.by_id.get(id));
            oldest.is_some_and(|oldest| now.duration_since(oldest.since) >= REMEMBERED_FOR)
        };
        while is_old(self) {
            self.remove_oldest();
        }
    }

    fn remove_oldest(&mut self) {
        if let Some((_, id)) = self.by_age.first_key_value() {
            let id = id.clone();
            self.remove(&id);
        }
    }
}

impl Submitted {
    /// The transaction as it is shown while it stands in no block.
    pub(super) fn transaction(&self, id: &str) -> Transaction {
        let payload = |bytes: &Bytes| Payload(bytes.to_vec());
        let (function, args) = match self.args.split_first() {
            Some((function, args)) => (String::from_utf8_lossy(function).into_owned(), args),
            None => (String::new(), &[][..]),
        };
        Transaction {
            id: id.to_owned(),
            version: None,
            duplicates: Vec::new(),
            time: Some(self.time),
            kind: TransactionKind::Endorser,
            call: Some(Call {
                contract: self.contract.clone(),
                function,
                args: args.iter().map(payload).collect(),
            }),
            transfer: None,
            content: None,
            endorsed: None,
            validation_code: None,
        }
    }

    fn bytes(&self) -> usize {
        let args = self.args.iter().map(Bytes::len);
        self.contract.len() + args.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn call(argument: Bytes) -> ChannelCall {
        let args = vec![Bytes::from_static(b"put"), argument];
        ChannelCall::plain("basic", args, Instant::now())
    }

    #[test]
    fn what_was_submitted_is_shown_as_it_was_called() {
        let mut pending = Pending::default();
        pending.insert("a", &call(Bytes::from_static(b"blue")));
        let shown = pending.get("a").unwrap().transaction("a");
        assert_eq!(shown.id, "a");
        assert_eq!(shown.kind, TransactionKind::Endorser);
        assert!(shown.version.is_none() && shown.validation_code.is_none());
        let call = shown.call.unwrap();
        assert_eq!(
            (call.contract.as_str(), call.function.as_str()),
            ("basic", "put")
        );
        assert_eq!(call.args, ["blue".into()]);
        pending.remove("a");
        assert!(pending.get("a").is_none() && pending.is_empty());
        assert_eq!((pending.bytes, pending.by_age.len()), (0, 0));
    }

    #[test]
    fn the_oldest_make_room() {
        let mut pending = Pending::default();
        for index in 0..=PENDING_MAX {
            pending.insert(&index.to_string(), &call(Bytes::new()));
        }
        assert!(pending.get("0").is_none() && pending.get("1").is_some());
        assert_eq!(pending.by_id.len(), PENDING_MAX);
        let large = Bytes::from(vec![0; PENDING_BYTES_MAX / 2]);
        pending.insert("large", &call(large.clone()));
        // Again under the same id: counted once.
        pending.insert("large", &call(large.clone()));
        pending.insert("larger", &call(large));
        assert!(pending.get("large").is_none() && pending.get("larger").is_some());
        assert!(pending.bytes <= PENDING_BYTES_MAX);
        assert_eq!(pending.by_id.len(), pending.by_age.len());
    }

    #[test]
    fn what_never_comes_is_forgotten_in_the_end() {
        let mut pending = Pending::default();
        pending.insert("a", &call(Bytes::new()));
        let since = pending.get("a").unwrap().since;
        pending.forget_old(since + REMEMBERED_FOR - Duration::from_secs(1));
        assert!(pending.get("a").is_some());
        pending.forget_old(since + REMEMBERED_FOR);
        assert!(pending.is_empty());
    }
}
