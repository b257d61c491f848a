use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::arguments::ServerAddress;
use crate::client::{Client, Request};
use crate::error::Error;
use crate::output::Output;
use crate::progress::Progress;

/// Writes the running server's chain to a file or to standard output, piece by piece.
pub(crate) async fn run(
    file: Option<&Path>,
    force: bool,
    server: &ServerAddress,
) -> Result<(), Error> {
    let mut target = match file {
        Some(path) => Target::File(Partial::create(path, force)?),
        None => Target::Stdout(Output::new()),
    };
    let client = Client::at(server)?;
    let mut answer = client.open(Request::get(&["chain"])).await?;
    let progress = Progress::bytes("exporting", answer.content_length());
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| client.failed(&error))?
    {
        target.write(&chunk)?;
        progress.add(chunk.len());
    }
    drop(progress);
    target.finish()
}

/// Where the chain goes.
enum Target {
    File(Partial),
    Stdout(Output),
}

impl Target {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Target::File(partial) => partial.write(bytes),
            Target::Stdout(output) => output.write(bytes),
        }
    }

    fn finish(self) -> Result<(), Error> {
        match self {
            Target::File(partial) => partial.finish(),
            Target::Stdout(mut output) => output.flush(),
        }
    }
}

/// A file under a name of its own until it is whole: a broken export leaves nothing that looks
/// like a chain.
struct Partial {
    file: File,
    partial_path: PathBuf,
    path: PathBuf,
    force: bool,
    is_whole: bool,
}

impl Partial {
    fn create(path: &Path, force: bool) -> Result<Partial, Error> {
        if !force && path.exists() {
            return Err(Error::FileExists(path.to_owned()));
        }
        let mut name = OsString::from(path);
        name.push(format!(".{}.partial", std::process::id()));
        let partial_path = PathBuf::from(name);
        Ok(Partial {
            file: File::create(&partial_path).map_err(file_error(path))?,
            partial_path,
            path: path.to_owned(),
            force,
            is_whole: false,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(file_error(&self.path))
    }

    fn finish(mut self) -> Result<(), Error> {
        self.file.sync_all().map_err(file_error(&self.path))?;
        // Looked at again: the file may have come while the chain did.
        if !self.force && self.path.exists() {
            return Err(Error::FileExists(self.path.clone()));
        }
        fs::rename(&self.partial_path, &self.path).map_err(file_error(&self.path))?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_whole {
            // A file that cannot be removed is named as what it is.
            let _ = fs::remove_file(&self.partial_path);
        }
    }
}

fn file_error(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.json");
        let mut partial = Partial::create(&path, false).unwrap();
        partial.write(b"{}").unwrap();
        assert!(!path.exists());
        drop(partial);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        let mut partial = Partial::create(&path, false).unwrap();
        partial.write(b"{}").unwrap();
        partial.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{}");

        let refused = Partial::create(&path, false).err().unwrap();
        assert!(matches!(refused, Error::FileExists(_)), "{refused}");
        Partial::create(&path, true).unwrap().finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none").join("chain.json");
        let error = Partial::create(&path, false).err().unwrap();
        let shown = path.display();
        assert!(
            error.to_string().starts_with(&format!("{shown}: ")),
            "{error}"
        );
    }
}
