//! `cargo xtask bench`: the benchmarks, in release.

use std::process::ExitCode;

use crate::go;
use crate::process::run as run_program;
use crate::report::Report;
use crate::setup::{self, Requirements};
use crate::workspace;

/// Sets up what is needed, builds the program and runs the bench crate with `arguments`. `fabric` needs Fabric's own programs and clients, all
/// others need Python.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let mut report = Report::default();
    let is_fabric = arguments.first().is_some_and(|first| first == "fabric");
    let needed = Requirements {
        python: !is_fabric,
        go: is_fabric,
        node: is_fabric,
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
    command.args(arguments);
    if is_fabric {
        went_well = went_well
            && report.step("the official Go client", || {
                let program = go::build_bench_client()?;
                command.env("CHAINLOOM_BENCH_GO_CLIENT", program);
                Ok(())
            });
    } else {
        command.env("CHAINLOOM_TEST_PYTHON", setup::python::interpreter());
    }
    match went_well && report.step("benchmarks", || run_program(&mut command)) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
