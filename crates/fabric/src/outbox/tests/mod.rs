#![allow(clippy::unwrap_used)]

mod channels;
mod files;
mod keys;
mod killed;

use std::path::Path;

use super::*;
use crate::proposal::Invocation;

fn options(path: &Path) -> OutboxOptions {
    OutboxOptions {
        path: path.to_owned(),
        idempotency_keep: IDEMPOTENCY_KEEP,
    }
}

fn open(path: &Path) -> Outbox {
    Outbox::open(&options(path), "devnet").unwrap_or_else(|error| panic!("{error}"))
}

/// An envelope that can be told from others.
fn envelope(id: &str) -> common::Envelope {
    common::Envelope {
        payload: format!("payload of {id}").into_bytes().into(),
        signature: Bytes::from_static(b"signature"),
    }
}

fn entry(id: &str, key: Option<KeyUse>) -> NewEntry {
    NewEntry {
        transaction_id: id.to_owned(),
        envelope: envelope(id),
        result: Bytes::from(format!("result of {id}")),
        key,
    }
}

/// The use of a key by one user for a call with this argument.
fn key_use(outbox: &Outbox, key: &str, argument: &str) -> KeyUse {
    let invocation = Invocation {
        contract: "basic".to_owned(),
        args: vec![
            Bytes::from_static(b"put"),
            Bytes::copy_from_slice(argument.as_bytes()),
        ],
        ..Invocation::default()
    };
    let request = Request {
        invocation: &invocation,
        organizations: &[],
        peers: &[],
    };
    outbox
        .key_use("Org1MSP", "alice", key, &request)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// What a key was used for; the claim is given up.
async fn used(outbox: &Outbox, key: &KeyUse) -> Option<Used> {
    outbox.claim(key).await.unwrap().1
}

fn committed(id: &str) -> Used {
    Used::Committed {
        transaction_id: id.to_owned(),
        version: VERSION,
        result: Bytes::from(format!("result of {id}")),
    }
}

fn sent(id: &str) -> Used {
    Used::Sent {
        transaction_id: id.to_owned(),
        result: Bytes::from(format!("result of {id}")),
    }
}

const VERSION: Version = Version { block: 7, index: 3 };
