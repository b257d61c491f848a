use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;
use crate::progress::Progress;

/// The name that stands for standard input.
const STDIN: &str = "-";

/// Where a chain is read from; shows how far it is.
pub(super) struct Source {
    reader: Box<dyn Read + Send>,
    progress: Progress,
}

impl Source {
    /// A file, or standard input where its name is `-`.
    pub(super) fn open(path: &Path, doing: &'static str) -> Result<Source, Error> {
        if path == Path::new(STDIN) {
            return Ok(Source {
                reader: Box::new(io::stdin()),
                progress: Progress::bytes(doing, None),
            });
        }
        let failed = |source| Error::File {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        // A pipe with a name has no length.
        let length = Some(metadata.len()).filter(|_| metadata.is_file());
        Ok(Source {
            reader: Box::new(file),
            progress: Progress::bytes(doing, length),
        })
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.progress.add(length);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_read_and_what_is_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.json");
        std::fs::write(&path, "{}").unwrap();
        let mut text = String::new();
        let mut source = Source::open(&path, "reading").unwrap();
        source.read_to_string(&mut text).unwrap();
        assert_eq!(text, "{}");
        for path in [folder.path(), &folder.path().join("none")] {
            let error = Source::open(path, "reading").err().unwrap();
            let shown = path.display().to_string();
            assert!(error.to_string().starts_with(&shown), "{error}");
        }
    }
}
