//! What transactions are found by, as keys of one length.
//!
//! A facet is the first half of a SHA-256 over what it is and its parts, each with its length: names can be long, hold any
//! byte and must not run into each other. Two names with one facet would take 2^64 attempts to find.

use chainloom_ledger::Hash;

use crate::tables::{Digest, Facet};

/// What a facet is of; part of what is hashed, so that a contract and a function of one name differ.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Kind {
    Account,
    Creator,
    Certificate,
    Contract,
    Function,
    Code,
    Call,
    NamedCode,
    Organization,
    Key,
    PrivateKey,
    Id,
}

/// An account, named by its digest.
pub(crate) fn account(digest: &Digest) -> Facet {
    of(Kind::Account, &[digest])
}

/// Whoever made a transaction, in whatever certificate.
pub(crate) fn creator(organization: &str, enrollment_id: &str) -> Facet {
    of(
        Kind::Creator,
        &[organization.as_bytes(), enrollment_id.as_bytes()],
    )
}

/// The certificate in which a transaction was made.
pub(crate) fn certificate(sha256: &Digest) -> Facet {
    of(Kind::Certificate, &[sha256])
}

/// A contract that was called.
pub(crate) fn contract(name: &str) -> Facet {
    of(Kind::Contract, &[name.as_bytes()])
}

/// A function that was called, of any contract.
pub(crate) fn function(name: &str) -> Facet {
    of(Kind::Function, &[name.as_bytes()])
}

/// A verdict, by its number.
pub(crate) fn code(number: i32) -> Facet {
    of(Kind::Code, &[&number.to_be_bytes()])
}

/// A function of a contract, as statistics count it.
pub(crate) fn call(contract: &str, function: &str) -> Facet {
    of(Kind::Call, &[contract.as_bytes(), function.as_bytes()])
}

/// A verdict with its name, as statistics count it.
pub(crate) fn named_code(number: i32, name: &str) -> Facet {
    of(Kind::NamedCode, &[&number.to_be_bytes(), name.as_bytes()])
}

/// An organization whose members made transactions, as statistics count it.
pub(crate) fn organization(name: &str) -> Facet {
    of(Kind::Organization, &[name.as_bytes()])
}

/// An id of a transaction, named by its digest.
pub(crate) fn id(digest: &Digest) -> Facet {
    of(Kind::Id, &[digest])
}

/// A key of a contract.
pub(crate) fn key(contract: &str, key: &[u8]) -> Facet {
    of(Kind::Key, &[contract.as_bytes(), key])
}

/// A key of a private collection, of which the ledger has the SHA-256 alone.
pub(crate) fn private_key(contract: &str, collection: &str, key_hash: &Digest) -> Facet {
    of(
        Kind::PrivateKey,
        &[contract.as_bytes(), collection.as_bytes(), key_hash],
    )
}

fn of(kind: Kind, parts: &[&[u8]]) -> Facet {
    let mut text = vec![kind as u8];
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    let digest = Hash::of(&text).0;
    std::array::from_fn(|index| digest[index])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_do_not_run_into_each_other() {
        let hash = [7; 32];
        let facets = [
            account(&hash),
            certificate(&hash),
            id(&hash),
            creator("ab", "c"),
            creator("a", "bc"),
            call("ab", "c"),
            key("ab", b"c"),
            key("a", b"bc"),
            private_key("ab", "c", &hash),
            private_key("a", "bc", &hash),
            contract("c"),
            function("c"),
            organization("c"),
            code(1),
            code(-1),
            named_code(1, "c"),
        ];
        assert_eq!(facets.iter().collect::<BTreeSet<_>>().len(), facets.len());
    }
}
