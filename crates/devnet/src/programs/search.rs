//! Programs that are on the machine already.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::error::ProgramsError;
use super::kit::{Kit, Program, is_executable};
use super::version::{self, Stated};
use crate::options::FabricVersion;

/// Whether a folder has a kit.
#[derive(Debug)]
enum Found {
    /// All of it, in a fitting version.
    All,
    /// No program of it.
    Nothing,
    /// Some of it; these are not there.
    Lacking(Vec<&'static str>),
    /// All of it; these are of another version.
    Unfit(Vec<(&'static str, Stated)>),
}

/// The folder that the user names, as an absolute path, if it has a kit.
///
/// # Errors
/// [`ProgramsError`] when it has some of the kit, but not all of it in a fitting version, and when it has nothing of any kit.
pub(super) fn in_named(
    folder: &Path,
    kit: Kit,
    limit: Duration,
) -> Result<Option<PathBuf>, ProgramsError> {
    let no_folder = || ProgramsError::NoFolder(folder.to_owned());
    if !folder.is_dir() {
        return Err(no_folder());
    }
    let folder = std::path::absolute(folder).map_err(|_| no_folder())?;
    match look(&folder, kit, limit)? {
        Found::All => Ok(Some(folder)),
        Found::Nothing if has_any(&folder) => Ok(None),
        Found::Nothing => Err(ProgramsError::NoPrograms(folder)),
        Found::Lacking(names) => Err(ProgramsError::Incomplete {
            folder,
            kit: kit.to_string(),
            lacking: names.join(", "),
        }),
        Found::Unfit(programs) => Err(ProgramsError::OtherVersion {
            folder,
            kit: kit.to_string(),
            fitting: kit.fitting(),
            versions: in_words(&programs),
        }),
    }
}

/// The first folder of the PATH that has a kit and is not below `but`. What does not fit is passed over.
pub(super) fn on_path(
    path: &OsStr,
    but: Option<&Path>,
    kit: Kit,
    limit: Duration,
    progress: &(dyn Fn(&str) + Sync),
) -> Option<PathBuf> {
    folders(path).find(|folder| {
        if but.is_some_and(|but| folder.starts_with(but)) {
            return false;
        }
        let reason = match look(folder, kit, limit) {
            Ok(Found::All) => return true,
            Ok(Found::Nothing) => return false,
            Ok(Found::Lacking(names)) => format!("{} not there", names.join(", ")),
            Ok(Found::Unfit(programs)) => in_words(&programs),
            Err(error) => error.to_string(),
        };
        progress(&format!(
            "passing over {}, which has not all of {kit}, version {}: {reason}",
            folder.display(),
            kit.fitting()
        ));
        false
    })
}

/// The first program of that name on the PATH.
pub(super) fn program_on_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    folders(path)
        .map(|folder| folder.join(name))
        .find(|program| is_executable(program))
}

/// Whether a folder has any program of Fabric's.
fn has_any(folder: &Path) -> bool {
    [Kit::Fabric(FabricVersion::default()), Kit::Authority]
        .iter()
        .flat_map(|kit| kit.programs())
        .any(|program| is_executable(&folder.join(program.name)))
}

/// The PATH's folders; relative ones depend on where one stands and are left out.
fn folders(path: &OsStr) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(path).filter(|folder| folder.is_absolute())
}

fn in_words(programs: &[(&'static str, Stated)]) -> String {
    let words: Vec<String> = programs
        .iter()
        .map(|(name, stated)| format!("{name} is {}", stated.text))
        .collect();
    words.join(", ")
}

fn look(folder: &Path, kit: Kit, limit: Duration) -> Result<Found, ProgramsError> {
    let (there, lacking): (Vec<&Program>, Vec<_>) = kit
        .programs()
        .iter()
        .partition(|program| is_executable(&folder.join(program.name)));
    if there.is_empty() {
        return Ok(Found::Nothing);
    }
    if !lacking.is_empty() {
        let names = lacking.iter().map(|program| program.name).collect();
        return Ok(Found::Lacking(names));
    }
    let mut unfit = Vec::new();
    for (name, stated) in versions(folder, &there, limit) {
        let stated = stated?;
        if !stated.number.is_some_and(|number| kit.fits(number)) {
            unfit.push((name, stated));
        }
    }
    Ok(match unfit.is_empty() {
        true => Found::All,
        false => Found::Unfit(unfit),
    })
}

/// The versions of those programs that can say it, asked side by side.
fn versions(
    folder: &Path,
    programs: &[&Program],
    limit: Duration,
) -> Vec<(&'static str, Result<Stated, ProgramsError>)> {
    thread::scope(|scope| {
        let asked: Vec<_> = programs
            .iter()
            .filter_map(|program| {
                let (name, argument) = (program.name, program.version_argument?);
                let path = folder.join(name);
                Some((
                    name,
                    scope.spawn(move || version::of(&path, argument, limit)),
                ))
            })
            .collect();
        asked
            .into_iter()
            .map(|(name, thread)| (name, thread.join().expect("asking does not panic")))
            .collect()
    })
}
