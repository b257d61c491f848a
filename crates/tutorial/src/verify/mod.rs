//! Validation of a whole chain while it streams in: bytes go in, verified blocks come out.
//!
//! A [`ChainReader`] takes the body that `GET /chain` answers, `{"chain": [...], "length": N}`, in pieces of any size.
//! It never holds more than a window of the body (a mebibyte, or one block if that is longer) and the blocks of one
//! window, so that memory does not grow with the chain. The claimed length is not looked at, nor are other members;
//! they only have to be JSON.
//!
//! A block's hash depends on nothing but the block, so a window is cut into sections, one for each processor
//! ([`section`]); the links between sections are checked when they are put together ([`window`]). Where a section
//! begins is guessed from what the blocks look like. A wrong guess costs time and changes no answer.
//!
//! # Where it differs from Python
//! * A body with two members `chain` is refused; Python takes the last one.
//! * A chain of no blocks is refused; Python fails with an exception.

#![allow(rustdoc::private_intra_doc_links)]

mod batch;
mod error;
mod limits;
mod reader;
mod section;
mod window;

pub use batch::{VerifiedBatch, VerifiedBlock};
pub use error::ChainError;
pub use limits::ChainLimits;
pub use reader::ChainReader;

#[cfg(test)]
mod tests;
