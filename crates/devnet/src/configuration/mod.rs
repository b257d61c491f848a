//! What the files say by which Fabric's programs are told what to do: texts made of the topology and the layout.
//!
//! The files are complete, so that programs work which come without their own samples of them.

mod authority;
mod builder;
mod channel;
mod identities;
mod orderer;
mod peer;
mod quoted;
#[cfg(test)]
mod tests;

pub(crate) use authority::{ADMINISTRATOR, Account, USER, fabric_ca_server_config};
pub(crate) use builder::BUILDER_PROGRAMS;
pub(crate) use channel::{PROFILE, configtx};
pub(crate) use identities::crypto_config;
pub(crate) use orderer::orderer;
pub(crate) use peer::core;

/// For the variable `FABRIC_LOGGING_SPEC` of peers and orderers, which have no key for it: without what an orderer says,
/// in colours, while it still reads its configuration, without each connection's end in Fabric 3, and without lines for
/// each call, which would fill the disk.
pub(crate) const LOGGING_SPEC: &str =
    "info:localconfig=warn:grpc=error:comm.grpc.server=warn:endorser=warn";

/// For the variable `FABRIC_LOGGING_FORMAT` of peers and orderers, which have no key for it: a line without colours.
pub(crate) const LOGGING_FORMAT: &str =
    "%{time:2006-01-02T15:04:05.000Z07:00} %{level} [%{module}] %{message}";

/// Why rendering cannot fail.
const INFALLIBLE: &str = "a string takes all that is written to it";
