//! The steps of `cargo xtask test`.

use std::process::Command;

use crate::error::Error;
use crate::process::{run, run_watched, shown};
use crate::setup::Requirements;
use crate::tally::Tally;
use crate::workspace;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// `cargo fmt --check`.
    Format,
    /// Clippy over everything, warnings refused.
    Lint,
    /// The API documentation, warnings refused.
    Docs,
    /// The program as users build it: the end-to-end tests run this one.
    Build,
    /// Fabric's programs, built by Go where the machine has none that fit.
    Fabric,
    /// The Go modules of the project: format, vet, tests.
    Go,
    /// Every test of the workspace in one run, so that nothing is compiled twice.
    AllTests,
    /// The tests of the crates.
    Unit,
    /// The end-to-end tests but for the browser's.
    EndToEnd,
    /// The tests in a real browser.
    Browser,
}

impl Step {
    /// What `cargo xtask test` alone runs.
    pub(crate) const ALL: &[Self] = &[
        Self::Format,
        Self::Lint,
        Self::Docs,
        Self::Build,
        Self::Fabric,
        Self::Go,
        Self::AllTests,
    ];

    /// What `--only name` runs.
    pub(crate) fn named(name: &str) -> Option<&'static [Self]> {
        Some(match name {
            "format" => &[Self::Format],
            "lint" => &[Self::Lint],
            "docs" => &[Self::Docs],
            "go" => &[Self::Go],
            "unit" => &[Self::Fabric, Self::Unit],
            "e2e" => &[Self::Build, Self::Fabric, Self::EndToEnd],
            "browser" => &[Self::Build, Self::Browser],
            _ => return None,
        })
    }

    /// The heading it runs under.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Lint => "lints",
            Self::Docs => "documentation",
            Self::Build => "release build",
            Self::Fabric => "Fabric's programs",
            Self::Go => "Go modules",
            Self::AllTests => "unit, end-to-end, browser tests",
            Self::Unit => "unit tests",
            Self::EndToEnd => "end-to-end tests",
            Self::Browser => "browser tests",
        }
    }

    /// What the machine needs for it.
    pub(crate) fn requirements(self) -> Requirements {
        let tests = matches!(
            self,
            Self::AllTests | Self::Unit | Self::EndToEnd | Self::Browser
        );
        Requirements {
            rustfmt: self == Self::Format,
            clippy: self == Self::Lint,
            python: tests,
            chromium: matches!(self, Self::AllTests | Self::Browser),
            go: matches!(self, Self::Fabric | Self::Go),
            node: false,
        }
    }

    /// Runs it; tests are added to the tally.
    ///
    /// # Errors
    /// What the program that does the work could not do.
    pub(crate) fn run(self, tally: &mut Tally) -> Result<(), Error> {
        match self {
            Self::Format => run(&mut workspace::cargo(["fmt", "--all", "--check"])),
            Self::Lint => run(&mut workspace::cargo([
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ])),
            Self::Docs => run(workspace::cargo([
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
                "--locked",
            ])
            .env("RUSTDOCFLAGS", "-D warnings")),
            Self::Build => run(&mut workspace::cargo([
                "build",
                "--release",
                "--locked",
                "--package",
                "chainloom",
            ])),
            Self::Fabric => run(&mut workspace::cargo([
                "run",
                "--quiet",
                "--locked",
                "--package",
                "chainloom-devnet",
                "--example",
                "programs",
            ])),
            Self::Go => crate::go::check(tally),
            Self::AllTests => cargo_test(["--workspace"], tally),
            Self::Unit => cargo_test(["--workspace", "--exclude", "chainloom-tests"], tally),
            Self::EndToEnd => cargo_test(
                // Every test of tests/tests/browser.rs has a name that begins so.
                ["--package", "chainloom-tests", "--", "--skip", "browser_"],
                tally,
            ),
            Self::Browser => {
                cargo_test(["--package", "chainloom-tests", "--test", "browser"], tally)
            }
        }
    }
}

fn cargo_test<const COUNT: usize>(
    selection: [&str; COUNT],
    tally: &mut Tally,
) -> Result<(), Error> {
    let mut command = workspace::cargo(["test", "--locked", "--no-fail-fast"]);
    command
        .args(selection)
        .env("CHAINLOOM_TEST_PYTHON", crate::setup::python::interpreter())
        .env("CHAINLOOM_TEST_BINARY", workspace::program());
    let before = *tally;
    run_watched(&mut command, |line| tally.add_line(line))?;
    ran_some(&command, before, *tally)
}

/// Refuses a run without a single test: a selection that matches nothing must not look like success.
fn ran_some(command: &Command, before: Tally, after: Tally) -> Result<(), Error> {
    if after == before {
        return Err(Error::NoTests {
            command: shown(command),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_browser_needs_chromium() {
        assert!(!Step::EndToEnd.requirements().chromium);
        assert!(Step::Browser.requirements().chromium);
        assert!(Step::AllTests.requirements().chromium);
    }

    #[test]
    fn a_run_without_tests_is_no_success() {
        let command = Command::new("cargo");
        let none = Tally::default();
        let one = Tally {
            passed: 1,
            failed: 0,
        };
        let error = ran_some(&command, none, none).expect_err("nothing ran");
        assert!(matches!(error, Error::NoTests { .. }), "{error}");
        assert!(ran_some(&command, none, one).is_ok());
    }

    #[test]
    fn checks_that_run_no_test_need_no_python() {
        for step in [Step::Format, Step::Lint, Step::Docs, Step::Build] {
            assert!(!step.requirements().python, "{step:?}");
        }
    }
}
