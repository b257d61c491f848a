//! Contracts that run as services: their packages, and their definitions on the channel.

mod definition;
mod package;

pub(crate) use definition::Definition;
pub(crate) use package::Package;
