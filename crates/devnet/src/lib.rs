//! A real Hyperledger Fabric network on loopback, without Docker: for users, tests and benches.

#![forbid(unsafe_code)]

mod bring_up;
mod checks;
mod configuration;
mod contract;
mod directory;
mod end;
mod error;
mod files;
mod hexadecimal;
mod layout;
mod lines;
mod lock;
mod network;
mod options;
mod ports;
mod process;
mod programs;
mod record;
mod replace;
mod shell;
mod site;
mod state;
mod status;
mod step;
mod topology;
mod trouble;

pub use end::end_network;
pub use error::{DevnetError, StepError};
pub use layout::Layout;
pub use network::{Network, User};
pub use options::{Consensus, FabricVersion, Options, OptionsError, PEERS_MAX, UserContract};
pub use programs::{Programs, ProgramsError};
pub use shell::shell_word;
pub use state::{Condition, Phase, ProcessState, State};
pub use status::Status;
pub use topology::{
    Authority, CHANNEL, Mismatch, ORDERER_MSP_ID, Orderer, Organization, Peer, Topology,
};
