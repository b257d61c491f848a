//! The tables of the file, and what their rows mean.
//!
//! Numbers in keys are redb's own (little-endian in the file, compared as numbers); what the byte
//! rows hold is in [`super::row`].

use redb::TableDefinition;

/// A ticket: the 16 bytes of a random UUID.
pub(super) type TicketBytes = [u8; 16];

/// `identity`: for which rules the file was made; `state`: where the chain and the queue stand.
/// Both are JSON.
pub(super) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

/// (segment, number) -> block row. Which rows are the chain is said by the state's segments alone;
/// every other row is either being staged or left to be swept.
pub(super) const BLOCKS: TableDefinition<'static, (u64, u64), &[u8]> =
    TableDefinition::new("blocks");

/// Acceptance sequence -> pending row: what was accepted here and stands in no block.
pub(super) const PENDING: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("pending");

/// (block, index) -> own row: which transactions of our chain were accepted here, so that they can
/// return to their place in the queue when their block is replaced.
pub(super) const OWN: TableDefinition<'static, (u64, u32), &[u8]> = TableDefinition::new("own");

/// Ticket -> where its transaction is.
pub(super) const TICKETS: TableDefinition<'static, &TicketBytes, &[u8]> =
    TableDefinition::new("tickets");

/// Generation -> number of the first block that it replaced.
pub(super) const REPLACEMENTS: TableDefinition<'static, u64, u64> =
    TableDefinition::new("replacements");

/// SHA-256 of an idempotency key -> idempotency row.
pub(super) const IDEMPOTENCY: TableDefinition<'static, &[u8; 32], &[u8]> =
    TableDefinition::new("idempotency");

/// (Unix second of its writing, SHA-256 of the key), so that old keys are found without a scan.
pub(super) const IDEMPOTENCY_TIMES: TableDefinition<'static, (u64, &[u8; 32]), ()> =
    TableDefinition::new("idempotency_times");

/// Peer address -> what the peers module stores of it.
pub(super) const PEERS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("peers");
