//! `chainloom`: serves a ledger, and speaks to a server that does.
//!
//! `up` opens the ledger, its index and the HTTP server. `chain import`, `chain verify` and `reset`
//! work on a stopped server's data folder. Every other command asks a running server over HTTP and
//! prints the answer: a table for people, the server's JSON with `--json`.
//!
//! | where | what |
//! |---|---|
//! | [`arguments`] | the command line and its help |
//! | [`settings`] | configuration: defaults, file, environment, flags |
//! | [`commands`] | what each command does, one file each |
//! | [`client`], [`transport`], [`events`], [`json`], [`problem`] | speaking to a server |
//! | [`views`], [`output`], [`progress`] | what is printed, and how |
//! | [`error`] | everything that can go wrong, a sentence each |

#![forbid(unsafe_code)]

mod arguments;
mod banner;
mod client;
mod commands;
mod error;
mod events;
mod folder;
mod json;
mod log;
mod output;
mod problem;
mod progress;
mod settings;
mod signals;
mod transport;
mod up;
mod views;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use error::Error;

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let is_json = command.is_json();
    match commands::run(command) {
        Ok(code) => code,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(Error::Refused(problem)) if is_json && problem.json().is_some() => {
            let _ = writeln!(std::io::stderr(), "{}", problem.json().unwrap_or_default());
            ExitCode::FAILURE
        }
        Err(error) => {
            // Nobody is left to be told when standard error is closed.
            let _ = writeln!(std::io::stderr(), "chainloom: {error}");
            ExitCode::FAILURE
        }
    }
}
