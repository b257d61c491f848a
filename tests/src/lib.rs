//! The harness of the end-to-end tests.
//!
//! Everything runs as it would for a user: the real `chainloom` program in a process of its own, Python nodes of the
//! tutorial, a real browser. Everything listens on 127.0.0.1 on a port that the system picks, keeps its files in a
//! temporary folder, and is killed by its process id when the value that stands for it is dropped. Where something
//! goes wrong the harness panics with a sentence: it is a test's failure.

#![forbid(unsafe_code)]

mod browser;
mod chains;
mod devnet;
mod events;
mod hostile;
mod http;
mod node;
mod orderer;
mod paths;
mod process;
mod python_node;
mod shape;
mod wait;

pub use browser::{Browser, Screen};
pub use chains::{ChainRecipe, Rules, sha256_hex};
pub use devnet::Devnet;
pub use events::{Event, Events};
pub use hostile::{Behaviour, HostilePeer};
pub use http::{RawAnswer, client, raw_request, send_raw, unused_address};
pub use node::{Node, NodeOptions};
pub use orderer::{broadcast, envelope, with_field};
pub use paths::{program, python};
pub use process::{Ended, Process, run_to_end};
pub use python_node::PythonNode;
pub use shape::assert_fields;
pub use wait::{eventually, eventually_within};
