//! The proof-of-work chain of the tutorial "Learn Blockchains by Building One", compatible with it byte for byte.

#![forbid(unsafe_code)]

pub mod json;
pub mod rules;
mod store;
pub mod verify;
