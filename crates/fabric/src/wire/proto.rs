//! Fabric's messages as `build.rs` makes them from `proto/`; a module for each protobuf package.

#![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/proto.rs"));
