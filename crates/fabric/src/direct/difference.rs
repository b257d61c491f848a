//! In what two endorsers' results differ.

use std::collections::BTreeMap;

use bytes::Bytes;
use chainloom_ledger::Version;

use crate::wire::proto::protos;
use crate::wire::{Namespace, RangeResults, Read, decode_namespaces};

/// The longest text of a contract or key that is shown.
const SHOWN_CHARS_MAX: usize = 80;

/// In what two results differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Only in the versions of what was read: one of the peers has blocks that the other has not yet.
    ReadVersions,
    /// In this part.
    Part(String),
}

/// What an endorser signed, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) proposal_hash: Bytes,
    pub(crate) response: protos::Response,
    contract: protos::ChaincodeId,
    event: protos::ChaincodeEvent,
    namespaces: Vec<Namespace>,
}

impl Outcome {
    /// Reads a serialized `protos.ProposalResponsePayload`.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn decode(payload: &Bytes) -> Result<Self, String> {
        let payload: protos::ProposalResponsePayload = message(payload)?;
        let action: protos::ChaincodeAction = message(&payload.extension)?;
        Ok(Self {
            proposal_hash: payload.proposal_hash,
            event: message(&action.events)?,
            namespaces: decode_namespaces(action.results).map_err(|error| error.to_string())?,
            response: action.response.unwrap_or_default(),
            contract: action.chaincode_id.unwrap_or_default(),
        })
    }

    /// In what this differs from another outcome of the same proposal, whose bytes are not the same.
    pub(crate) fn difference(&self, other: &Self) -> Difference {
        if self.response != other.response {
            let [own, others] = [self, other].map(|outcome| shown_response(&outcome.response));
            return Difference::Part(format!("the response: {own} and {others}"));
        }
        if self.event != other.event {
            let [own, others] = [self, other].map(|outcome| match &*outcome.event.event_name {
                "" => "none".to_owned(),
                name => format!("`{}`", shown(name)),
            });
            let event = match own == others {
                true => format!("the content of the event {own}"),
                false => format!("the event: {own} and {others}"),
            };
            return Difference::Part(event);
        }
        if self.contract != other.contract {
            let [own, others] =
                [self, other].map(|outcome| format!("`{}`", shown(&outcome.contract.version)));
            return Difference::Part(format!("the contract's version: {own} and {others}"));
        }
        let [own, others] = [self, other].map(|outcome| without_versions(&outcome.namespaces));
        match differing_key(&own, &others) {
            Some(key) => Difference::Part(key),
            None if self.namespaces != other.namespaces => Difference::ReadVersions,
            None => Difference::Part("the encoding alone".to_owned()),
        }
    }
}

fn shown_response(response: &protos::Response) -> String {
    let text = match response.payload.is_empty() {
        true => response.message.clone(),
        false => String::from_utf8_lossy(&response.payload).into_owned(),
    };
    format!("{} `{}`", response.status, shown(&text))
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

fn message<M: prost::Message + prost::Name + Default>(bytes: &Bytes) -> Result<M, String> {
    M::decode(bytes.clone()).map_err(|error| format!("no {}: {error}", M::NAME))
}

/// The same reads and writes, each read as of no version.
fn without_versions(namespaces: &[Namespace]) -> Vec<Namespace> {
    let mut namespaces = namespaces.to_vec();
    let forget = |version: &mut Option<Version>| *version = None;
    let forget_all = |reads: &mut Vec<Read>| {
        reads.iter_mut().for_each(|read| forget(&mut read.version));
    };
    for namespace in &mut namespaces {
        forget_all(&mut namespace.reads);
        for range in &mut namespace.range_reads {
            match &mut range.results {
                RangeResults::Reads(reads) => forget_all(reads),
                // The hashes are over versions too.
                RangeResults::Merkle { hashes, .. } => hashes.clear(),
                RangeResults::Absent => {}
            }
        }
        for collection in &mut namespace.collections {
            for read in &mut collection.reads {
                forget(&mut read.version);
            }
        }
    }
    namespaces
}

/// The first key that the two do not treat alike, in words.
fn differing_key(own: &[Namespace], others: &[Namespace]) -> Option<String> {
    let [own, others] = [own, others].map(|namespaces| {
        let named = namespaces.iter();
        named
            .map(|namespace| (namespace.name.as_str(), namespace))
            .collect::<BTreeMap<_, _>>()
    });
    let none = Namespace::default();
    let names = own.keys().chain(others.keys());
    names
        .filter_map(|name| {
            let [own, other] =
                [&own, &others].map(|namespaces| namespaces.get(name).copied().unwrap_or(&none));
            differing_part(own, other).map(|part| format!("{part} of `{}`", shown(name)))
        })
        .next()
}

fn differing_part(own: &Namespace, other: &Namespace) -> Option<String> {
    let key =
        |verb: &str, key: Option<&str>| key.map(|key| format!("the key `{}` ({verb})", shown(key)));
    key(
        "written",
        first_unlike(&own.writes, &other.writes, |write| &write.key),
    )
    .or_else(|| {
        let unlike = first_unlike(&own.metadata_writes, &other.metadata_writes, |write| {
            &write.key
        });
        key("given another policy", unlike)
    })
    .or_else(|| {
        key(
            "read",
            first_unlike(&own.reads, &other.reads, |read| &read.key),
        )
    })
    .or_else(|| {
        let unlike = first_unlike(&own.range_reads, &other.range_reads, |range| {
            &range.start_key
        });
        unlike.map(|start| format!("the keys from `{}` on (read)", shown(start)))
    })
    .or_else(|| {
        let unlike = first_unlike(&own.collections, &other.collections, |collection| {
            &collection.name
        });
        unlike.map(|name| format!("a key of the private collection `{}`", shown(name)))
    })
}

/// The name of the first item that is not alike in both, or is in one only.
fn first_unlike<'a, T: PartialEq>(
    own: &'a [T],
    others: &'a [T],
    name: impl Fn(&'a T) -> &'a String,
) -> Option<&'a str> {
    let missing = |from: &'a [T], item: &T| !from.contains(item);
    own.iter()
        .find(|item| missing(others, item))
        .or_else(|| others.iter().find(|item| missing(own, item)))
        .map(|item| name(item).as_str())
}

#[cfg(test)]
mod tests;
