//! Reading what waits, and where tickets and own transactions are.

use chainloom_ledger::Version;

use super::error::StoreError;
use super::read::Snapshot;
use super::row::{OwnRow, PendingRow, TicketPlace};
use super::tables::{OWN, PENDING, TICKETS, TicketBytes};

/// A transaction that waits, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Its place in the order of acceptance.
    pub(crate) sequence: u64,
    /// The ticket it was accepted under, if one was given.
    pub(crate) ticket: Option<TicketBytes>,
    /// As Flask writes it.
    pub(crate) compact: Vec<u8>,
}

impl Snapshot {
    /// What waits, in order, after a sequence (from the first where `None`): at most `limit` of
    /// them, and as soon as they come to `bytes_max`, no more.
    pub(crate) fn waiting(
        &self,
        after: Option<u64>,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Vec<Waiting>, StoreError> {
        self.guarded(|| {
            let pending = self.transaction.open_table(PENDING)?;
            let from = match after {
                Some(after) => after.saturating_add(1),
                None => 0,
            };
            let mut found = Vec::new();
            let mut bytes = 0;
            for row in pending.range(from..)?.take(limit) {
                let (key, row) = row?;
                let row = PendingRow::decode(row.value())?;
                bytes += row.compact.len();
                found.push(Waiting {
                    sequence: key.value(),
                    ticket: row.ticket,
                    compact: row.compact.to_vec(),
                });
                if bytes >= bytes_max {
                    break;
                }
            }
            Ok(found)
        })
    }

    /// The transaction that waits under this sequence.
    pub(crate) fn waiting_at(&self, sequence: u64) -> Result<Option<Waiting>, StoreError> {
        self.guarded(|| {
            let pending = self.transaction.open_table(PENDING)?;
            let Some(row) = pending.get(sequence)? else {
                return Ok(None);
            };
            let row = PendingRow::decode(row.value())?;
            Ok(Some(Waiting {
                sequence,
                ticket: row.ticket,
                compact: row.compact.to_vec(),
            }))
        })
    }

    /// Where a ticket's transaction is.
    pub(crate) fn ticket(&self, ticket: &TicketBytes) -> Result<Option<TicketPlace>, StoreError> {
        self.guarded(|| {
            let tickets = self.transaction.open_table(TICKETS)?;
            let Some(row) = tickets.get(ticket)? else {
                return Ok(None);
            };
            Ok(Some(TicketPlace::decode(row.value())?))
        })
    }

    /// The tickets of the transactions that stand at `from` up to before `end`, by place.
    pub(crate) fn tickets_between(
        &self,
        from: Version,
        end: Version,
    ) -> Result<Vec<(Version, TicketBytes)>, StoreError> {
        self.guarded(|| {
            let own = self.transaction.open_table(OWN)?;
            let mut found = Vec::new();
            for row in own.range((from.block, from.index)..(end.block, end.index))? {
                let (key, row) = row?;
                let (block, index) = key.value();
                if let Some(ticket) = OwnRow::decode(row.value())?.ticket {
                    found.push((Version { block, index }, ticket));
                }
            }
            Ok(found)
        })
    }
}
