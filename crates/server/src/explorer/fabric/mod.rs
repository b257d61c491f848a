//! The pages of a channel of Fabric, where they are others than those of the tutorial's chain.

mod block;
mod call;
mod key;
mod overview;
mod parties;
mod peers;
mod rows;
mod shown_bytes;
mod transaction;
mod transactions;

pub(super) use block::block;
pub(super) use call::{invoke, query};
pub(super) use key::key;
pub(super) use overview::overview;
pub(super) use peers::peers;
pub(super) use transaction::transaction;
pub(super) use transactions::transactions;
