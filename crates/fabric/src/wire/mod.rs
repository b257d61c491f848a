//! Fabric's wire types and their decoding, without I/O.

pub mod proto;
