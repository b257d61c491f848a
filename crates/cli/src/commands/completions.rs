use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::error::Error;
use crate::output::Output;

/// Prints the script that completes commands in a shell.
pub(crate) fn run(shell: Shell) -> Result<(), Error> {
    let mut script = Vec::new();
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "chainloom", &mut script);
    Output::new().write(&script)
}
