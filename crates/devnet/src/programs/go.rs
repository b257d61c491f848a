//! The machine's Go, which builds what is not there.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ProgramsError;
use super::kit::Kit;
use super::modules;
use super::search::program_on_path;
use super::version::{ANSWER_TIMEOUT, Number, answer};
use crate::process::guarded;

/// A Go that is new enough, with a C compiler where one is needed.
#[derive(Debug)]
pub(super) struct Go {
    program: PathBuf,
    /// The machine's own system, as Go names it.
    system: String,
    /// The same for its processor.
    processor: String,
}

impl Go {
    /// Finds on the PATH what builds those kits.
    ///
    /// # Errors
    /// [`ProgramsError`] when there is no Go, or one that is too old, or no C compiler.
    pub(super) fn find(path: &OsStr, kits: &[Kit]) -> Result<Self, ProgramsError> {
        let oldest = kits.iter().map(|kit| modules::oldest_go(*kit)).max();
        let needed = oldest.map_or_else(String::new, |Number { major, minor }| {
            format!("{major}.{minor}")
        });
        let names: Vec<String> = kits.iter().map(Kit::to_string).collect();
        let missing = format!("{} must be built with Go", names.join(" and "));

        let Some(go) = program_on_path(path, "go") else {
            return Err(ProgramsError::NoGo { missing, needed });
        };
        let asked = ["env", "GOVERSION", "GOHOSTOS", "GOHOSTARCH", "CC"];
        let told = answer(&go, &asked, ANSWER_TIMEOUT)?;
        let mut lines = told.lines();
        let [found, system, processor, compiler] =
            [(); 4].map(|()| lines.next().unwrap_or_default());
        // `go1.26.8`, or `devel go1.27-…`.
        let number = found
            .split(' ')
            .find_map(|word| Number::parse(word.strip_prefix("go")?));
        if number < oldest {
            return Err(ProgramsError::GoTooOld {
                missing,
                go,
                found: found.trim_start_matches("go").to_owned(),
                needed,
            });
        }
        // It may have arguments: `gcc -m64`.
        let compiler = compiler
            .split(' ')
            .next()
            .filter(|word| !word.is_empty())
            .unwrap_or("gcc");
        let is_there = match compiler.contains('/') {
            true => Path::new(compiler).exists(),
            false => program_on_path(path, compiler).is_some(),
        };
        if kits.iter().any(|kit| kit.needs_c()) && !is_there {
            return Err(ProgramsError::NoCompiler {
                missing,
                compiler: compiler.to_owned(),
            });
        }
        Ok(Self {
            program: go,
            system: system.to_owned(),
            processor: processor.to_owned(),
        })
    }

    /// The command that builds all programs of the module in `module` into `output`.
    pub(super) fn build(&self, kit: Kit, module: &Path, output: &Path, scratch: &Path) -> Command {
        let mut command = guarded(&self.program);
        command
            .args(ARGUMENTS)
            .arg("-o")
            .arg(match kit {
                Kit::Probe => output.join(kit.programs()[0].name),
                // A folder, into which each program goes under its own name: Go knows it by the slash.
                _ => output.join(""),
            })
            .arg(match kit {
                Kit::Probe => ".",
                _ => "tool",
            })
            .current_dir(module)
            // What is pinned is built, whatever the user's own settings are for other work. Proxies and caches stay theirs.
            .env("GOFLAGS", "-mod=readonly")
            .env("GOTOOLCHAIN", "local")
            .env("GOWORK", "off")
            .env("GO111MODULE", "on")
            .env("CGO_ENABLED", if kit.needs_c() { "1" } else { "0" })
            // Named, not only left out: `go env -w` may have written another one down.
            .env("GOOS", &self.system)
            .env("GOARCH", &self.processor)
            // What an interrupted build leaves goes away with the rest.
            .env("GOTMPDIR", scratch);
        command
    }
}

/// The arguments that are the same for all. Programs without symbols for a debugger are a third smaller.
pub(super) const ARGUMENTS: [&str; 4] = ["build", "-v", "-buildvcs=false", "-ldflags=-s -w"];
