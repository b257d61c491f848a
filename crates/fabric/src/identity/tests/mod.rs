//! Identities against openssl: what one makes, the other must read, and the other way round.

mod certificates;
mod keys;
mod signatures;
mod sources;
