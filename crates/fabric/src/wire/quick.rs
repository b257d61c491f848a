//! Calls of chaincodes, read in one go: most of what stands on a channel, in the form in which Fabric's programs write it.
//!
//! The messages of a call lie in each other's `bytes`. Made from their definitions, each is built and taken apart again, which is most of the
//! time of decoding a block. Here the bytes are walked through once, and only what is kept is made. Whatever is unusual (a field that is
//! not kept, comes twice or is broken, private data, ranges, policies of keys) is `None`: the reader made from the definitions reads it then, and
//! says what is wrong. Both read the same, which tests hold against each other.

use bytes::Bytes;
use chainloom_ledger::Version;

use super::creator::Creator;
use super::endorser_transaction::{
    Action, Call, Chaincode, Endorsement, EndorserTransaction, Event, Response,
};
use super::read_write_set::{Namespace, Read, Write};

/// The most bytes of a number.
const NUMBER_BYTES_MAX: u32 = 10;

/// A message, or a field of one that holds bytes.
#[derive(Clone, Copy)]
struct Part<'a> {
    all: &'a Bytes,
    from: usize,
    to: usize,
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Value<'a> {
    Number(u64),
    Part(Part<'a>),
}

/// Reads a serialized `protos.Transaction`.
pub(super) fn endorser_transaction(bytes: &Bytes) -> Option<EndorserTransaction> {
    let mut actions = Vec::with_capacity(1);
    let whole = Part {
        all: bytes,
        from: 0,
        to: bytes.len(),
    };
    whole.each(|tag, value| match tag {
        1 => put(&mut actions, action(value.part()?)?),
        _ => None,
    })?;
    Some(EndorserTransaction { actions })
}

fn action(part: Part<'_>) -> Option<Action> {
    let [header, payload] = part.parts()?;
    let [creator, nonce] = header.unwrap_or_default_of(part).parts()?;
    let [proposal, endorsed] = payload?.parts()?;
    let (mut response_payload, mut endorsements) = (None, Vec::with_capacity(1));
    endorsed?.each(|tag, value| match tag {
        1 => once(&mut response_payload, value.part()?),
        2 => put(&mut endorsements, endorsement(value.part()?)?),
        _ => None,
    })?;
    let response_payload = response_payload.unwrap_or_default_of(part);
    let [proposal_hash, extension] = response_payload.parts()?;
    let [results, events, response, chaincode] = extension.unwrap_or_default_of(part).parts()?;
    Some(Action {
        creator: bytes(creator),
        nonce: bytes(nonce),
        call: call(proposal.unwrap_or_default_of(part))?,
        proposal_hash: bytes(proposal_hash),
        chaincode: chaincode.map(self::chaincode).transposed()?,
        response: response.map(self::response).transposed()?,
        event: events
            .filter(|events| events.from < events.to)
            .map(event)
            .transposed()?,
        namespaces: namespaces(results.unwrap_or_default_of(part))?,
        endorsements,
        response_payload: response_payload.bytes(),
    })
}

fn call(proposal: Part<'_>) -> Option<Call> {
    // With transient data, which do not stand on a channel, it is unusual.
    let [input] = proposal.parts()?;
    let [spec] = input.unwrap_or_default_of(proposal).parts()?;
    let (mut language, mut chaincode, mut input) = (None, None, None);
    spec.unwrap_or_default_of(proposal)
        .each(|tag, value| match tag {
            1 => once(&mut language, value.number()? as i32),
            2 => once(&mut chaincode, self::chaincode(value.part()?)?),
            3 => once(&mut input, value.part()?),
            _ => None,
        })?;
    let (mut args, mut is_init) = (Vec::with_capacity(4), None);
    input
        .unwrap_or_default_of(proposal)
        .each(|tag, value| match tag {
            1 => put(&mut args, value.part()?.bytes()),
            3 => once(&mut is_init, value.number()? != 0),
            _ => None,
        })?;
    Some(Call {
        chaincode,
        args,
        is_init: is_init.unwrap_or_default(),
        decorations: Vec::new(),
        language: language.unwrap_or_default(),
    })
}

fn chaincode(part: Part<'_>) -> Option<Chaincode> {
    let [path, name, version] = part.parts()?;
    Some(Chaincode {
        name: text(name)?,
        version: text(version)?,
        path: text(path)?,
    })
}

fn response(part: Part<'_>) -> Option<Response> {
    let (mut status, mut message, mut payload) = (None, None, None);
    part.each(|tag, value| match tag {
        1 => once(&mut status, value.number()? as i32),
        2 => once(&mut message, value.part()?),
        3 => once(&mut payload, value.part()?),
        _ => None,
    })?;
    Some(Response {
        status: status.unwrap_or_default(),
        message: text(message)?,
        payload: bytes(payload),
    })
}

fn event(part: Part<'_>) -> Option<Event> {
    let [chaincode, transaction_id, name, payload] = part.parts()?;
    Some(Event {
        chaincode: text(chaincode)?,
        transaction_id: text(transaction_id)?,
        name: text(name)?,
        payload: bytes(payload),
    })
}

fn endorsement(part: Part<'_>) -> Option<Endorsement> {
    let [endorser, signature] = part.parts()?;
    let endorser = endorser.unwrap_or_default_of(part);
    let [organization, certificate] = endorser.parts()?;
    Some(Endorsement {
        endorser: Creator {
            organization: text(organization)?,
            certificate_pem: bytes(certificate),
        },
        signature: bytes(signature),
        endorser_bytes: endorser.bytes(),
    })
}

fn namespaces(part: Part<'_>) -> Option<Vec<Namespace>> {
    let mut namespaces = Vec::with_capacity(2);
    part.each(|tag, value| match (tag, value) {
        // Of keys and values, the only model that there is.
        (1, Value::Number(0)) => Some(()),
        (2, Value::Part(part)) => put(&mut namespaces, namespace(part)?),
        _ => None,
    })?;
    Some(namespaces)
}

fn namespace(part: Part<'_>) -> Option<Namespace> {
    let [name, public] = part.parts()?;
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    public
        .unwrap_or_default_of(part)
        .each(|tag, value| match tag {
            1 => put(&mut reads, read(value.part()?)?),
            3 => put(&mut writes, write(value.part()?)?),
            _ => None,
        })?;
    Some(Namespace {
        name: text(name)?,
        reads,
        writes,
        ..Namespace::default()
    })
}

fn read(part: Part<'_>) -> Option<Read> {
    let [key, version] = part.parts()?;
    Some(Read {
        key: text(key)?,
        version: version.map(self::version).transposed()?,
    })
}

fn version(part: Part<'_>) -> Option<Version> {
    let (mut block, mut index) = (None, None);
    part.each(|tag, value| match tag {
        1 => once(&mut block, value.number()?),
        2 => once(&mut index, value.number()?),
        _ => None,
    })?;
    Some(Version {
        block: block.unwrap_or_default(),
        index: u32::try_from(index.unwrap_or_default()).unwrap_or(u32::MAX),
    })
}

fn write(part: Part<'_>) -> Option<Write> {
    let (mut key, mut delete, mut value) = (None, None, None);
    part.each(|tag, field| match tag {
        1 => once(&mut key, field.part()?),
        2 => once(&mut delete, field.number()? != 0),
        3 => once(&mut value, field.part()?),
        _ => None,
    })?;
    Some(Write {
        key: text(key)?,
        value: bytes(value),
        delete: delete.unwrap_or_default(),
    })
}

impl<'a> Part<'a> {
    /// Hands over its fields one by one.
    fn each(self, mut field: impl FnMut(u64, Value<'a>) -> Option<()>) -> Option<()> {
        let mut at = self.from;
        while at < self.to {
            let key = self.number(&mut at)?;
            let value = match key & 7 {
                0 => Value::Number(self.number(&mut at)?),
                2 => {
                    let length = usize::try_from(self.number(&mut at)?).ok()?;
                    let from = at;
                    at = at.checked_add(length).filter(|to| *to <= self.to)?;
                    Value::Part(Part {
                        from,
                        to: at,
                        ..self
                    })
                }
                _ => return None,
            };
            field(key >> 3, value)?;
        }
        Some(())
    }

    /// Its fields where all of them hold bytes and are numbered from 1 on; none comes twice.
    fn parts<const N: usize>(self) -> Option<[Option<Part<'a>>; N]> {
        let mut parts = [None; N];
        self.each(|tag, value| {
            let index = usize::try_from(tag).ok()?.checked_sub(1)?;
            once(parts.get_mut(index)?, value.part()?)
        })?;
        Some(parts)
    }

    fn number(&self, at: &mut usize) -> Option<u64> {
        let bytes = self.all.get(*at..self.to)?;
        let mut number = 0;
        for (place, byte) in (0..NUMBER_BYTES_MAX).zip(bytes) {
            *at += 1;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if *byte < 0x80 {
                // Of the last one a single bit has room.
                let fits = place + 1 < NUMBER_BYTES_MAX || *byte <= 1;
                return fits.then_some(number);
            }
        }
        None
    }

    fn bytes(self) -> Bytes {
        self.all.slice(self.from..self.to)
    }
}

impl<'a> Value<'a> {
    fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Part(_) => None,
        }
    }

    fn part(self) -> Option<Part<'a>> {
        match self {
            Self::Part(part) => Some(part),
            Self::Number(_) => None,
        }
    }
}

/// A message that is not there reads like one without fields.
trait UnwrapOrDefaultOf<'a> {
    fn unwrap_or_default_of(self, around: Part<'a>) -> Part<'a>;
}

impl<'a> UnwrapOrDefaultOf<'a> for Option<Part<'a>> {
    fn unwrap_or_default_of(self, around: Part<'a>) -> Part<'a> {
        self.unwrap_or(Part {
            to: around.from,
            ..around
        })
    }
}

/// Of a message that may be missing: whether it could be read.
trait Transposed<T> {
    fn transposed(self) -> Option<Option<T>>;
}

impl<T> Transposed<T> for Option<Option<T>> {
    fn transposed(self) -> Option<Option<T>> {
        match self {
            None => Some(None),
            Some(None) => None,
            Some(read) => Some(read),
        }
    }
}

fn put<T>(all: &mut Vec<T>, one: T) -> Option<()> {
    all.push(one);
    Some(())
}

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    match place.replace(value) {
        None => Some(()),
        Some(_) => None,
    }
}

fn bytes(part: Option<Part<'_>>) -> Bytes {
    part.map(Part::bytes).unwrap_or_default()
}

fn text(part: Option<Part<'_>>) -> Option<String> {
    let Some(part) = part else {
        return Some(String::new());
    };
    let text = std::str::from_utf8(&part.all[part.from..part.to]).ok()?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::wire::{Block, Kind};

    /// The calls in the blocks of real networks.
    fn calls() -> Vec<Bytes> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let mut calls = Vec::new();
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_none_or(|extension| extension != "block")
            {
                continue;
            }
            let block = Block::decode(fs::read(path).unwrap().into()).unwrap();
            for transaction in block.transactions() {
                let envelope = transaction.decode().unwrap();
                if envelope.header.kind == Kind::EndorserTransaction {
                    calls.push(envelope.data);
                }
            }
        }
        calls
    }

    #[test]
    fn calls_are_read_as_by_their_definitions() {
        let mut usual = 0;
        for call in calls() {
            let by_definition = EndorserTransaction::decode_by_definition(call.clone()).unwrap();
            if let Some(read) = endorser_transaction(&call) {
                assert_eq!(read, by_definition);
                usual += 1;
            } else {
                let namespaces = &by_definition.actions[0].namespaces;
                let is_unusual = namespaces.iter().any(|namespace| {
                    !namespace.range_reads.is_empty()
                        || !namespace.metadata_writes.is_empty()
                        || !namespace.collections.is_empty()
                });
                assert!(is_unusual, "{by_definition:?}");
            }
        }
        assert!(usual >= 8, "{usual}");
    }

    #[test]
    fn a_broken_call_is_never_read_otherwise() {
        let mut read = 0;
        for (turn, call) in calls().into_iter().enumerate() {
            // Other places in each call, which are much alike.
            for place in (turn % 5..call.len()).step_by(5) {
                for byte in [0, 0x80, call[place] ^ 1, call[place] ^ 8] {
                    let mut broken = call.to_vec();
                    broken[place] = byte;
                    let broken = Bytes::from(broken);
                    if let Some(quick) = endorser_transaction(&broken) {
                        let by_definition = EndorserTransaction::decode_by_definition(broken);
                        assert_eq!(Ok(quick), by_definition, "byte {place} is {byte}");
                        read += 1;
                    }
                }
                let cut = call.slice(..place);
                if let Some(quick) = endorser_transaction(&cut) {
                    let by_definition = EndorserTransaction::decode_by_definition(cut);
                    assert_eq!(Ok(quick), by_definition, "cut at {place}");
                }
            }
        }
        assert!(read > 500, "{read}");
    }
}
