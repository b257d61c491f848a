use redb::TableDefinition;

/// SHA-256 or HMAC-SHA-256.
pub(super) type Digest = [u8; 32];

/// What the file is: see `file.rs`.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// Envelopes that have not been seen on the chain, by the number under which they were stored: [`EntryRow`](super::rows::EntryRow).
pub(super) const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
/// What a key was used for, by its digest: [`KeyRow`](super::rows::KeyRow).
pub(super) const KEYS: TableDefinition<'_, &Digest, &[u8]> = TableDefinition::new("keys");
/// When keys were resolved, in Unix seconds: the oldest are forgotten first.
pub(super) const KEY_TIMES: TableDefinition<'_, (i64, &Digest), ()> =
    TableDefinition::new("key_times");
