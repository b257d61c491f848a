//! What a transaction wrote to keys, as rows.

use std::collections::BTreeMap;

use chainloom_ledger::{Endorsed, Hash, KeyWrite, PrivateCollection, PrivateWrite};
use redb::Error;

use crate::facet;
use crate::short::short_text;
use crate::tables::{Facet, Tables};

/// How much of a value a key's history holds, in bytes; the transaction itself has it whole.
pub const HISTORY_VALUE_BYTES_MAX: usize = 1024;

/// How much it holds of a key's endorsement policy in words, in bytes.
const POLICY_BYTES_MAX: usize = 1024;

/// What a transaction did to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing to its value: to who has to endorse changes of it.
    Policy,
    Write,
    Delete,
    /// Deleted, and its private values with it wherever they are kept.
    Purge,
}

impl Change {
    const ALL: [Change; 4] = [Change::Policy, Change::Write, Change::Delete, Change::Purge];

    fn number(self) -> u8 {
        match self {
            Change::Policy => 0,
            Change::Write => 1,
            Change::Delete => 2,
            Change::Purge => 3,
        }
    }

    /// The one that stands in a row under this number.
    pub(crate) fn of_number(number: u8) -> Option<Change> {
        Change::ALL
            .into_iter()
            .find(|change| change.number() == number)
    }
}

/// What a transaction did to one key.
struct Written {
    change: Change,
    value: Vec<u8>,
    size_bytes: u64,
    policy: Option<String>,
}

/// Puts in what the transaction of this version wrote, and answers under which facets.
pub(crate) fn add_writes(
    tables: &mut Tables<'_>,
    (block, index): (u64, u32),
    endorsed: &Endorsed,
    is_valid: bool,
) -> Result<Vec<Facet>, Error> {
    // A key has one row, also where both its value and its policy changed.
    let mut keys: BTreeMap<Facet, Written> = BTreeMap::new();
    for write in &endorsed.writes {
        let facet = facet::key(&write.contract, &write.key.0);
        let mut written = Written::of(write);
        if let Some(held) = keys.remove(&facet) {
            written = held.and(written);
        }
        keys.insert(facet, written);
    }
    for collection in &endorsed.private_collections {
        for write in &collection.key_writes {
            let Ok(key_hash) = write.key_hash.parse::<Hash>() else {
                continue;
            };
            let PrivateCollection {
                contract,
                collection,
                ..
            } = collection;
            let facet = facet::private_key(contract, collection, &key_hash.0);
            keys.insert(facet, Written::of_private(write));
        }
    }
    for (facet, written) in &keys {
        let row = (
            written.change.number(),
            is_valid,
            written.value.as_slice(),
            written.size_bytes,
            written.policy.as_deref(),
        );
        tables.writes.insert((block, index, facet), row)?;
    }
    Ok(keys.into_keys().collect())
}

/// Takes out what the transaction of this version wrote, and answers under which facets it stood.
pub(crate) fn remove_writes(
    tables: &mut Tables<'_>,
    (block, index): (u64, u32),
) -> Result<Vec<Facet>, Error> {
    let all = (block, index, &[0; 16])..=(block, index, &[0xff; 16]);
    let rows = tables.writes.extract_from_if(all, |_, _| true)?;
    rows.map(|row| Ok(*row?.0.value().2)).collect()
}

impl Written {
    fn of(write: &KeyWrite) -> Written {
        let change = match (&write.value, write.delete) {
            (_, true) => Change::Delete,
            (Some(_), false) => Change::Write,
            (None, false) => Change::Policy,
        };
        let value = write.value.as_ref().map_or(&[][..], |value| &value.0);
        let policy = write.endorsement_policy.as_deref();
        Written {
            change,
            value: value[..value.len().min(HISTORY_VALUE_BYTES_MAX)].to_vec(),
            size_bytes: value.len() as u64,
            policy: policy.map(|policy| short_text(policy, POLICY_BYTES_MAX)),
        }
    }

    fn of_private(write: &PrivateWrite) -> Written {
        let change = match (write.purge, write.delete) {
            (true, _) => Change::Purge,
            (false, true) => Change::Delete,
            (false, false) => Change::Write,
        };
        let hash = write.value_hash.as_ref();
        let value = hash.and_then(|hash| hash.parse::<Hash>().ok());
        Written {
            change,
            value: value.map_or_else(Vec::new, |hash| hash.0.to_vec()),
            size_bytes: 0,
            policy: None,
        }
    }

    /// What both did, this one first.
    fn and(self, later: Written) -> Written {
        let policy = later.policy.clone().or_else(|| self.policy.clone());
        let value = match later.change {
            Change::Policy => self,
            Change::Write | Change::Delete | Change::Purge => later,
        };
        Written { policy, ..value }
    }
}
