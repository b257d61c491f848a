use std::io::{self, BufRead, IsTerminal, Write};

use crate::arguments::{ChainRules, ResetArguments};
use crate::error::Error;
use crate::folder::DataFolder;
use crate::output::Output;
use crate::settings::Settings;

/// Deletes the stored chain, after having asked.
pub(crate) fn run(arguments: &ResetArguments) -> Result<(), Error> {
    let settings = Settings::for_place(&arguments.place, &ChainRules::default())?;
    let folder = DataFolder::of(&settings)?;
    let shown = folder.absolute().display().to_string();
    let mut output = Output::new();
    if folder.files()?.is_empty() {
        return output.line(&format!("There is no chain in {shown}."));
    }
    if !arguments.yes && !is_agreed(&shown)? {
        return output.line("Nothing was deleted.");
    }
    folder.delete_files()?;
    output.line(&format!("The chain in {shown} was deleted."))
}

/// Asks on standard error, so that the output stays clean. Only a person can agree: whoever calls
/// from a program says --yes.
fn is_agreed(folder: &str) -> Result<bool, Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::NobodyToAsk);
    }
    let mut stderr = io::stderr();
    write!(
        stderr,
        "Delete the chain in {folder}, with all that waits and all registered nodes? \
         This cannot be undone. [y/N] "
    )
    .and_then(|()| stderr.flush())
    .map_err(Error::Output)?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(Error::Input)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
