//! Where built programs are kept, so that each is built once.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::build;
use super::error::ProgramsError;
use super::go::{ARGUMENTS, Go};
use super::kit::Kit;
use super::modules;

/// What the folders of builds that are not finished begin with.
const UNFINISHED: &str = "building-";

/// The folder of built programs: one folder for each kit, pin and kind of machine.
#[derive(Debug)]
pub(super) struct Cache(PathBuf);

impl Cache {
    pub(super) fn new(root: PathBuf) -> Self {
        Self(root)
    }

    /// The folder of a kit, if it has been built.
    pub(super) fn folder(&self, kit: Kit) -> PathBuf {
        self.0.join(modules::key(kit, &ARGUMENTS))
    }

    /// Whether a kit has been built.
    pub(super) fn holds(&self, kit: Kit) -> bool {
        kit.is_built_in(&self.folder(kit))
    }

    /// Builds a kit, unless another process has by now.
    ///
    /// A build becomes visible by one renaming, when all of it is there.
    ///
    /// # Errors
    /// [`ProgramsError::Cache`] and [`ProgramsError::Build`].
    pub(super) fn build(
        &self,
        kit: Kit,
        go: &Go,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<(), ProgramsError> {
        fs::create_dir_all(&self.0).map_err(ProgramsError::cache(&self.0))?;
        let _lock = self.lock(progress)?;
        if self.holds(kit) {
            return Ok(());
        }

        let scratch = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(&self.0)
            .map_err(ProgramsError::cache(&self.0))?;
        let [module, output, temporary] =
            ["module", "bin", "tmp"].map(|name| scratch.path().join(name));
        for folder in [&module, &output, &temporary] {
            fs::create_dir(folder).map_err(ProgramsError::cache(folder))?;
        }
        modules::unpack(kit, &module).map_err(ProgramsError::cache(&module))?;
        let mut command = go.build(kit, &module, &output, &temporary);
        build::run(kit, &mut command, build::TIMEOUT, progress)?;

        let folder = self.folder(kit);
        sync(&output)
            .and_then(|()| remove(&folder))
            .and_then(|()| fs::rename(&output, &folder))
            .map_err(ProgramsError::cache(&folder))
    }

    fn lock_file(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// Waits until nobody else builds. The system takes the lock back when this process ends, however it ends.
    fn lock(&self, progress: &(dyn Fn(&str) + Sync)) -> Result<File, ProgramsError> {
        let path = self.lock_file();
        let locked = || -> io::Result<File> {
            let file = File::create(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    progress("waiting for another process, which builds Fabric's programs");
                    file.lock()?;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            Ok(file)
        };
        locked().map_err(ProgramsError::cache(&path))
    }

    /// Removes what builds have left that were killed, unless somebody builds now.
    ///
    /// What cannot be removed harms nobody and is tried again the next time.
    pub(super) fn remove_unfinished(&self) {
        // Without this file nobody has begun to build here.
        let Ok(lock) = File::open(self.lock_file()) else {
            return;
        };
        if lock.try_lock().is_err() {
            return;
        }
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Has all files of a folder on disk: a machine that loses power must not keep names without contents.
fn sync(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        File::open(entry?.path())?.sync_all()?;
    }
    File::open(folder)?.sync_all()
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
