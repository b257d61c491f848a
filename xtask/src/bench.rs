//! `cargo xtask bench`: the benchmarks, in release.

use std::process::ExitCode;

use crate::process::run as run_program;
use crate::report::Report;
use crate::setup::{self, Requirements};
use crate::workspace;

/// Sets up Python, builds the program and runs the bench crate with `arguments`.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let mut report = Report::default();
    let needed = Requirements {
        python: true,
        ..Requirements::default()
    };
    let went_well = report.step("set-up", || needed.set_up())
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
        })
        && report.step("benchmarks", || {
            run_program(
                workspace::cargo([
                    "run",
                    "--quiet",
                    "--release",
                    "--locked",
                    "--package",
                    "chainloom-bench",
                    "--",
                ])
                .args(arguments)
                .env("CHAINLOOM_TEST_PYTHON", setup::python::interpreter()),
            )
        });
    if went_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
