//! `cargo xtask bench`: the benchmarks, in release.

use std::process::ExitCode;

use crate::go;
use crate::process::run as run_program;
use crate::report::Report;
use crate::setup::{self, Requirements};
use crate::workspace;

/// A program in Go that the bench crate starts.
struct GoProgram {
    /// What building it is called.
    step: &'static str,
    /// Its folder in `bench/go`.
    folder: &'static str,
    /// What tells the bench crate where it is.
    variable: &'static str,
}

/// All of them; calls of a contract need the first alone.
const GO_PROGRAMS: [GoProgram; 2] = [
    GoProgram {
        step: "the official Go client",
        folder: "client",
        variable: "CHAINLOOM_BENCH_GO_CLIENT",
    },
    GoProgram {
        step: "Fabric's Go types",
        folder: "decode",
        variable: "CHAINLOOM_BENCH_GO_DECODE",
    },
];

/// Sets up what is needed, builds the program and runs the bench crate with `arguments`. `fabric` and `index` need Fabric's own programs and
/// clients, all others need Python.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let mut report = Report::default();
    let first = arguments.first().map(String::as_str);
    let go_programs = match first {
        Some("fabric") => &GO_PROGRAMS[..1],
        Some("index") => &GO_PROGRAMS[..],
        _ => &[],
    };
    let needed = Requirements {
        python: go_programs.is_empty(),
        go: !go_programs.is_empty(),
        node: first == Some("fabric"),
        ..Requirements::default()
    };
    let mut went_well = report.step("set-up", || needed.set_up())
        && report.step("release build", || {
            run_program(&mut workspace::cargo([
                "build",
                "--release",
                "--locked",
                "--package",
                "chainloom",
                "--package",
                "chainloom-bench",
            ]))
        });
    let mut command = workspace::cargo([
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "chainloom-bench",
        "--",
    ]);
    command
        .args(arguments)
        .env("CHAINLOOM_TEST_BINARY", workspace::program());
    for program in go_programs {
        went_well = went_well
            && report.step(program.step, || {
                command.env(program.variable, go::build_bench(program.folder)?);
                Ok(())
            });
    }
    if needed.python {
        command.env("CHAINLOOM_TEST_PYTHON", setup::python::interpreter());
    }
    match went_well && report.step("benchmarks", || run_program(&mut command)) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
