//! The chain as a file: the JSON that the tutorial's `GET /chain` answers.

mod export;
mod import;
mod source;
mod verify;

use chainloom_tutorial::{Node, NodeOptions, PeerLimits};

use crate::error::Error;
use crate::folder::DataFolder;
use crate::settings::Settings;

pub(crate) use export::run as export;
pub(crate) use import::run as import;
pub(crate) use verify::run as verify;

/// How much of a file is read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Opens the node of a stopped server, with no background work.
fn open_node(settings: &Settings, folder: &DataFolder) -> Result<Node, Error> {
    folder.create()?;
    let options = settings.node_options(folder)?;
    let options = NodeOptions {
        // The person's own file may be as long as it is.
        peer_limits: PeerLimits {
            chain_bytes_max: u64::MAX,
            ..options.peer_limits
        },
        resolve_interval: None,
        mine_every: None,
        mine_on_transaction: false,
        ..options
    };
    Ok(Node::open(&options)?)
}
