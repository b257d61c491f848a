//! `chainloom devnet`: a network of Hyperledger Fabric on this machine.

mod banner;
mod detach;
mod down;
mod status;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use directories::ProjectDirs;

use crate::arguments::{DevnetCommand, DevnetPlace};
use crate::error::Error;
use crate::settings::SettingsError;

/// Carries out one of its commands.
pub(crate) async fn run(command: DevnetCommand) -> Result<ExitCode, Error> {
    match command {
        DevnetCommand::Up(arguments) if arguments.detach => detach::run(&arguments).await?,
        DevnetCommand::Up(arguments) => up::run(&arguments).await?,
        DevnetCommand::Down(place) => down::run(&place).await?,
        DevnetCommand::Status { place, json } => return status::run(&place, json),
    }
    Ok(ExitCode::SUCCESS)
}

impl DevnetPlace {
    /// The network's folder.
    fn directory(&self) -> Result<PathBuf, SettingsError> {
        if let Some(directory) = &self.dir {
            return Ok(directory.clone());
        }
        let user = ProjectDirs::from("", "", "chainloom").ok_or(SettingsError::NoDataDirectory)?;
        Ok(user.data_dir().join("devnet"))
    }
}
