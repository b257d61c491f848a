//! The bytes of the rows.
//!
//! redb checks its pages when it repairs, not when it reads. So rows that carry what someone
//! trusted us with begin with a CRC-32 of the rest, and a flipped bit is reported instead of served.

use chainloom_ledger::{Hash, Version};

use super::error::Fault;
use super::tables::TicketBytes;

const SUM_BYTES: usize = 4;
const HASH_BYTES: usize = 32;
const BODY_END_BYTES: usize = 8;
const BLOCK_HEADER_BYTES: usize = HASH_BYTES + BODY_END_BYTES;

/// A block as it is stored.
pub(super) struct BlockRow<'a> {
    /// Its hash.
    pub(super) hash: Hash,
    /// Bytes of all compact blocks of the chain up to and with this one, without separators.
    pub(super) body_end: u64,
    /// The block as Flask writes it.
    pub(super) compact: &'a [u8],
}

impl<'a> BlockRow<'a> {
    /// The bytes of this row.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(SUM_BYTES + BLOCK_HEADER_BYTES + self.compact.len());
        row.extend_from_slice(&[0; SUM_BYTES]);
        row.extend_from_slice(&self.hash.0);
        row.extend_from_slice(&self.body_end.to_le_bytes());
        row.extend_from_slice(self.compact);
        seal(row)
    }

    /// Reads a row back.
    pub(super) fn decode(row: &'a [u8]) -> Result<BlockRow<'a>, Fault> {
        let body = unseal(row, "a block")?;
        let (hash, body) = split::<HASH_BYTES>(body, "a block")?;
        let (body_end, compact) = split::<BODY_END_BYTES>(body, "a block")?;
        Ok(BlockRow {
            hash: Hash(hash),
            body_end: u64::from_le_bytes(body_end),
            compact,
        })
    }
}

/// A transaction that waits for a block.
pub(super) struct PendingRow<'a> {
    /// The ticket it was accepted under, if one was given.
    pub(super) ticket: Option<TicketBytes>,
    /// It stood in a block that was replaced.
    pub(super) returned: bool,
    /// The transaction as Flask writes it.
    pub(super) compact: &'a [u8],
}

impl<'a> PendingRow<'a> {
    /// The bytes of this row.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut row = Vec::with_capacity(SUM_BYTES + 18 + self.compact.len());
        row.extend_from_slice(&[0; SUM_BYTES]);
        push_ticket(&mut row, self.ticket);
        row.push(u8::from(self.returned));
        row.extend_from_slice(self.compact);
        seal(row)
    }

    /// Reads a row back.
    pub(super) fn decode(row: &'a [u8]) -> Result<PendingRow<'a>, Fault> {
        let body = unseal(row, "a pending transaction")?;
        let (ticket, body) = split_ticket(body, "a pending transaction")?;
        let ([returned], compact) = split::<1>(body, "a pending transaction")?;
        if returned > 1 {
            return Err(damage("a pending transaction", "its form is unknown"));
        }
        Ok(PendingRow {
            ticket,
            returned: returned == 1,
            compact,
        })
    }
}

/// A transaction of our chain that was accepted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OwnRow {
    /// When it was accepted, in the order of acceptance.
    pub(super) sequence: u64,
    /// The ticket it was accepted under, if one was given.
    pub(super) ticket: Option<TicketBytes>,
}

impl OwnRow {
    /// The bytes of this row.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut row = self.sequence.to_le_bytes().to_vec();
        push_ticket(&mut row, self.ticket);
        row
    }

    /// Reads a row back.
    pub(super) fn decode(row: &[u8]) -> Result<OwnRow, Fault> {
        let (sequence, rest) = split::<8>(row, "an own transaction")?;
        let (ticket, rest) = split_ticket(rest, "an own transaction")?;
        if !rest.is_empty() {
            return Err(damage("an own transaction", "it is too long"));
        }
        Ok(OwnRow {
            sequence: u64::from_le_bytes(sequence),
            ticket,
        })
    }
}

/// Where the transaction of a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketPlace {
    /// In the queue, under this acceptance sequence.
    Pending(u64),
    /// In the chain.
    Mined(Version),
}

impl TicketPlace {
    /// The bytes of this row.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut row = Vec::with_capacity(13);
        match self {
            TicketPlace::Pending(sequence) => {
                row.push(0);
                row.extend_from_slice(&sequence.to_le_bytes());
            }
            TicketPlace::Mined(version) => {
                row.push(1);
                row.extend_from_slice(&version.block.to_le_bytes());
                row.extend_from_slice(&version.index.to_le_bytes());
            }
        }
        row
    }

    /// Reads a row back.
    pub(super) fn decode(row: &[u8]) -> Result<TicketPlace, Fault> {
        let ([tag], rest) = split::<1>(row, "a ticket")?;
        let (number, rest) = split::<8>(rest, "a ticket")?;
        let number = u64::from_le_bytes(number);
        match (tag, rest.len()) {
            (0, 0) => Ok(TicketPlace::Pending(number)),
            (1, 4) => {
                let (index, _) = split::<4>(rest, "a ticket")?;
                Ok(TicketPlace::Mined(Version {
                    block: number,
                    index: u32::from_le_bytes(index),
                }))
            }
            _ => Err(damage("a ticket", "its form is unknown")),
        }
    }
}

/// What was answered under an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IdempotencyRow {
    /// When, in Unix seconds.
    pub(super) written_at_s: u64,
    /// SHA-256 of the request, to tell a repetition from another use of the key.
    pub(super) request: Hash,
    /// What it was answered with.
    pub(super) ticket: TicketBytes,
}

impl IdempotencyRow {
    /// The bytes of this row.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut row = self.written_at_s.to_le_bytes().to_vec();
        row.extend_from_slice(&self.request.0);
        row.extend_from_slice(&self.ticket);
        row
    }

    /// Reads a row back.
    pub(super) fn decode(row: &[u8]) -> Result<IdempotencyRow, Fault> {
        let (written_at_s, rest) = split::<8>(row, "an idempotency key")?;
        let (request, rest) = split::<32>(rest, "an idempotency key")?;
        let (ticket, rest) = split::<16>(rest, "an idempotency key")?;
        if !rest.is_empty() {
            return Err(damage("an idempotency key", "it is too long"));
        }
        Ok(IdempotencyRow {
            written_at_s: u64::from_le_bytes(written_at_s),
            request: Hash(request),
            ticket,
        })
    }
}

/// Writes the sum of what follows into the first four bytes.
fn seal(mut row: Vec<u8>) -> Vec<u8> {
    let sum = crc32fast::hash(&row[SUM_BYTES..]);
    row[..SUM_BYTES].copy_from_slice(&sum.to_le_bytes());
    row
}

/// What follows the sum, if it is right.
fn unseal<'a>(row: &'a [u8], what: &str) -> Result<&'a [u8], Fault> {
    let (sum, body) = split::<SUM_BYTES>(row, what)?;
    if crc32fast::hash(body) == u32::from_le_bytes(sum) {
        Ok(body)
    } else {
        Err(damage(what, "its checksum is wrong"))
    }
}

fn split<'a, const N: usize>(row: &'a [u8], what: &str) -> Result<([u8; N], &'a [u8]), Fault> {
    row.split_first_chunk::<N>()
        .map(|(head, rest)| (*head, rest))
        .ok_or_else(|| damage(what, "it is too short"))
}

fn push_ticket(row: &mut Vec<u8>, ticket: Option<TicketBytes>) {
    match ticket {
        None => row.push(0),
        Some(ticket) => {
            row.push(1);
            row.extend_from_slice(&ticket);
        }
    }
}

fn split_ticket<'a>(row: &'a [u8], what: &str) -> Result<(Option<TicketBytes>, &'a [u8]), Fault> {
    match split::<1>(row, what)? {
        ([0], rest) => Ok((None, rest)),
        ([1], rest) => {
            let (ticket, rest) = split::<16>(rest, what)?;
            Ok((Some(ticket), rest))
        }
        _ => Err(damage(what, "its form is unknown")),
    }
}

fn damage(what: &str, how: &str) -> Fault {
    Fault::Damage(format!("the row of {what} cannot be read: {how}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_read_back() {
        let hash = Hash::of(b"x");
        let row = BlockRow {
            hash,
            body_end: 17,
            compact: b"{}",
        }
        .encode();
        let block = BlockRow::decode(&row).unwrap();
        assert_eq!(
            (block.hash, block.body_end, block.compact),
            (hash, 17, &b"{}"[..])
        );
        for ticket in [None, Some([7; 16])] {
            let row = PendingRow {
                ticket,
                returned: ticket.is_some(),
                compact: b"{}",
            }
            .encode();
            let pending = PendingRow::decode(&row).unwrap();
            assert_eq!((pending.ticket, pending.compact), (ticket, &b"{}"[..]));
            assert_eq!(pending.returned, ticket.is_some());
            let own = OwnRow {
                sequence: 9,
                ticket,
            };
            assert_eq!(OwnRow::decode(&own.encode()).unwrap(), own);
        }
        for place in [
            TicketPlace::Pending(3),
            TicketPlace::Mined(Version { block: 2, index: 5 }),
        ] {
            assert_eq!(TicketPlace::decode(&place.encode()).unwrap(), place);
        }
        let key = IdempotencyRow {
            written_at_s: 5,
            request: hash,
            ticket: [1; 16],
        };
        assert_eq!(IdempotencyRow::decode(&key.encode()).unwrap(), key);
    }

    #[test]
    fn every_flipped_bit_of_a_sealed_row_is_noticed() {
        let row = PendingRow {
            ticket: Some([3; 16]),
            returned: true,
            compact: b"{\"amount\":1}",
        }
        .encode();
        for bit in 0..row.len() * 8 {
            let mut damaged = row.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(
                PendingRow::decode(&damaged),
                Err(Fault::Damage(_))
            ));
        }
    }

    #[test]
    fn rows_of_a_wrong_form_are_damage() {
        let refused = |fault: Option<Fault>| assert!(matches!(fault, Some(Fault::Damage(_))));
        refused(BlockRow::decode(b"123").err());
        refused(BlockRow::decode(&seal(vec![0; 10])).err());
        refused(PendingRow::decode(&seal(vec![0; 4])).err());
        refused(PendingRow::decode(&seal(vec![0, 0, 0, 0, 2])).err());
        refused(PendingRow::decode(&seal(vec![0, 0, 0, 0, 0])).err());
        refused(PendingRow::decode(&seal(vec![0, 0, 0, 0, 0, 2])).err());
        refused(OwnRow::decode(&[0; 7]).err());
        refused(OwnRow::decode(&[0; 10]).err());
        refused(TicketPlace::decode(&[]).err());
        refused(TicketPlace::decode(&[2; 9]).err());
        refused(TicketPlace::decode(&[0; 10]).err());
        refused(IdempotencyRow::decode(&[0; 57]).err());
        refused(IdempotencyRow::decode(&[0; 55]).err());
    }
}
