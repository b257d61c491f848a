//! Networks of Fabric's own programs: what works on them, and what happens when something fails.
//!
//! Every test runs on real peers, orderers and certificate authorities. Tests that stop nothing share a network for each
//! kind, under keys of their own; the others bring up their own.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod callers;
mod contracts;
mod documentation;
mod failures;
mod faults;
mod folder;
mod functions;
mod kinds;
mod ledger;
mod official_client;
mod side_by_side;
mod users;
mod wait;
