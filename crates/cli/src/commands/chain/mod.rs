//! The chain as a file: the JSON that the tutorial's `GET /chain` answers.

mod export;
mod source;
mod verify;

use chainloom_tutorial::{Node, NodeOptions};

use crate::error::Error;
use crate::folder::DataFolder;
use crate::settings::Settings;

pub(crate) use export::run as export;
pub(crate) use verify::run as verify;

/// Opens the node of a stopped server, with no background work.
fn open_node(settings: &Settings, folder: &DataFolder) -> Result<Node, Error> {
    folder.create()?;
    let options = NodeOptions {
        resolve_interval: None,
        mine_every: None,
        mine_on_transaction: false,
        ..settings.node_options(folder)?
    };
    Ok(Node::open(&options)?)
}
