//! JSON as Python reads and writes it: the form in which the tutorial's blocks are hashed.
//!
//! A block's hash is that of the text which Python's `json.dumps(block, sort_keys=True)` makes of it, so every detail of
//! Python's reader and writer is part of the chain's rules: integers of any size apart from floats, lone surrogates,
//! `NaN` and `Infinity`, the layout of floats. No JSON crate keeps all of these; this module does, and its tests compare
//! it with Python itself.
//!
//! * [`parse`] reads a document into a [`Json`] tree, [`canonical`] and [`compact`] write it.
//! * [`Transcoder`] goes from a document straight to both written forms, for streams of blocks.
//! * [`Fields`] finds the fields of a block in its compact form without a tree.
//! * [`public_value()`] is the same value as JSON that every reader accepts, [`python_str()`] what Python's `str()` prints,
//!   [`decimal()`] the exact number.
//!
//! # Where it differs from Python
//! * A document in UTF-16 or UTF-32 is refused; Python guesses such encodings.
//! * Two halves of a surrogate pair that stand side by side without being one character (`"\ud83d` followed by a raw,
//!   UTF-8 encoded `U+DE00`) are refused: Python keeps them apart, but no JSON text that it writes does.
//! * Nesting, bytes and the number of values are bounded by [`Limits`]; Python's bounds are its stack and its memory.

mod decimal;
mod error;
mod fields;
mod float;
mod integer;
mod lexer;
mod limits;
mod public_value;
mod python_str;
mod reader;
mod string;
mod text;
mod transcoder;
mod tree;
mod writer;

pub use decimal::decimal;
pub use error::{JsonError, JsonProblem};
pub use fields::{Elements, Fields};
pub use integer::{INTEGER_DIGITS_MAX, Integer};
pub(crate) use lexer::after_whitespace;
pub use limits::Limits;
pub use public_value::public_value;
pub(crate) use python_str::python_str_of_compact;
pub use python_str::{PythonStrError, python_str};
pub use reader::parse;
pub(crate) use reader::{BYTE_ORDER_MARK, parse_prefix};
pub use text::Text;
pub use transcoder::Transcoder;
pub use tree::{Json, Object};
pub use writer::{canonical, compact, write_canonical, write_compact};
