//! What an Idempotency-Key stands for: whose it is, and which request.

use ring::hmac;

use super::tables::Digest;
use crate::proposal::Invocation;

/// A key as it is remembered: nothing of the request can be read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyUse {
    /// Of the key and whose it is.
    pub(super) key: Digest,
    /// Of the request.
    pub(super) request: Digest,
}

/// The parts of a call that make two calls the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) organizations: &'a [String],
    pub(crate) peers: &'a [String],
}

impl KeyUse {
    /// Keyed hashes, since transient data may be easily guessed.
    pub(super) fn new(
        salt: &Digest,
        msp_id: &str,
        user: &str,
        key: &str,
        request: &Request<'_>,
    ) -> Self {
        let mut whose = Parts::new(salt, "key");
        for part in [msp_id, user, key] {
            whose.add(part.as_bytes());
        }
        let mut what = Parts::new(salt, "request");
        let invocation = request.invocation;
        what.add(invocation.contract.as_bytes());
        what.add_all(invocation.args.iter().map(|argument| &argument[..]));
        let transient = invocation.transient.iter();
        what.add_all(transient.flat_map(|(name, value)| [name.as_bytes(), value]));
        what.add_all(request.organizations.iter().map(String::as_bytes));
        what.add_all(request.peers.iter().map(String::as_bytes));
        what.add(&[u8::from(invocation.is_init)]);
        Self {
            key: whose.finish(),
            request: what.finish(),
        }
    }
}

/// A keyed hash of parts, each with its length in front.
struct Parts(hmac::Context);

impl Parts {
    fn new(salt: &Digest, purpose: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, salt);
        let mut parts = Self(hmac::Context::with_key(&key));
        parts.add(purpose.as_bytes());
        parts
    }

    fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    fn add_all<'a>(&mut self, parts: impl Iterator<Item = &'a [u8]> + Clone) {
        let count = parts.clone().count() as u64;
        self.0.update(&count.to_be_bytes());
        for part in parts {
            self.add(part);
        }
    }

    fn finish(self) -> Digest {
        let tag = self.0.sign();
        tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;

    use super::*;

    #[test]
    fn what_differs_in_any_part_is_another_request_and_another_user_has_other_keys() {
        let base = Invocation {
            contract: "basic".to_owned(),
            args: ["put", "a", "b"].map(Bytes::from).to_vec(),
            ..Invocation::default()
        };
        let secret = |price: &'static str| BTreeMap::from([("price".to_owned(), price.into())]);
        let invocations = [
            base.clone(),
            Invocation {
                contract: "other".to_owned(),
                ..base.clone()
            },
            Invocation {
                args: ["put", "a"].map(Bytes::from).to_vec(),
                ..base.clone()
            },
            Invocation {
                args: ["put", "ab", ""].map(Bytes::from).to_vec(),
                ..base.clone()
            },
            Invocation {
                transient: secret("5"),
                ..base.clone()
            },
            Invocation {
                transient: secret("6"),
                ..base.clone()
            },
            Invocation {
                is_init: true,
                ..base.clone()
            },
        ];
        let names = ["Org1MSP".to_owned()];
        let requests = invocations.iter().map(|invocation| Request {
            invocation,
            organizations: &[],
            peers: &[],
        });
        let base = Request {
            invocation: &base,
            organizations: &[],
            peers: &[],
        };
        let to_some = [
            Request {
                organizations: &names,
                ..base
            },
            Request {
                peers: &names,
                ..base
            },
        ];
        let requests: Vec<_> = requests.chain(to_some).collect();
        let of = |user: &str, request| KeyUse::new(&[7; 32], "Org1MSP", user, "k", request);
        for (index, first) in requests.iter().enumerate() {
            for (other, second) in requests.iter().enumerate() {
                let (first, second) = (of("alice", first), of("alice", second));
                assert_eq!(first.key, second.key);
                let is_same = first.request == second.request;
                assert_eq!(is_same, index == other, "{index} and {other}");
            }
        }
        assert_ne!(of("alice", &base).key, of("bob", &base).key);
        let elsewhere = KeyUse::new(&[8; 32], "Org1MSP", "alice", "k", &base);
        assert_ne!(elsewhere.request, of("alice", &base).request);
    }
}
