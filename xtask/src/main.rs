//! The project's own tasks, run as `cargo xtask <task>`.
//!
//! `test` is the gate: it sets up what it needs on a new machine and runs every check. `bench` measures.

#![forbid(unsafe_code)]

mod arguments;
mod bench;
mod error;
mod go;
mod process;
mod report;
mod setup;
mod step;
mod tally;
mod test;
mod workspace;

use std::process::ExitCode;

use arguments::Task;

fn main() -> ExitCode {
    let task = match Task::parse(std::env::args().skip(1)) {
        Ok(task) => task,
        Err(sentence) => {
            eprintln!("{sentence}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    match task {
        Task::Help => {
            println!("{}", arguments::USAGE);
            ExitCode::SUCCESS
        }
        Task::Test { steps } => test::run(&steps),
        Task::Bench { arguments } => bench::run(&arguments),
    }
}
