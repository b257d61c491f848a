//! What tables show of the server's answers. Fields that no table shows are not read; programs
//! have `--json`.

mod block;
mod endorsed;
mod peer;
mod transaction;

pub(crate) use block::{Block, BlockPage, summaries};
pub(crate) use peer::{PeerList, peers};
pub(crate) use transaction::{Transaction, TransactionPage, Transfer, transactions, transfers};

/// How wide an account is shown in a table: the node ids of the tutorial fit.
const ACCOUNT_WIDTH: usize = 36;
/// How wide an amount is shown in a table.
const AMOUNT_WIDTH: usize = 32;
/// How much of a hash is shown in a table.
const HASH_WIDTH: usize = 17;
