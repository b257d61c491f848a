//! A file of a channel's blocks as Fabric has them, so that a channel is made once and read as often as wanted: each block is a
//! serialized `common.Block` behind its length, four bytes with the greatest first.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;

/// The bytes of a length.
const LENGTH_BYTES: u64 = 4;

/// An open file of blocks. Which block lies where is found once.
#[derive(Debug)]
pub(crate) struct BlockFile {
    file: File,
    /// Where each block begins, and its length in bytes.
    places: Vec<(u64, u32)>,
}

impl BlockFile {
    /// Opens the file and finds the blocks in it.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::UnexpectedEof`] where the file ends within a block.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let end = file.metadata()?.len();
        let mut places = Vec::new();
        let mut at = 0;
        while at < end {
            let mut length = [0; LENGTH_BYTES as usize];
            file.read_exact_at(&mut length, at)?;
            let length = u32::from_be_bytes(length);
            at += LENGTH_BYTES;
            places.push((at, length));
            at += u64::from(length);
        }
        match at == end {
            true => Ok(Self { file, places }),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> u64 {
        self.places.len() as u64
    }

    /// How many bytes of blocks there are.
    pub(crate) fn bytes(&self) -> u64 {
        self.places
            .iter()
            .map(|(_, length)| u64::from(*length))
            .sum()
    }

    /// A block by where it stands in the file, from 0.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Panics
    /// Where there is no such block.
    pub(crate) fn block(&self, index: u64) -> io::Result<Bytes> {
        let place = usize::try_from(index).expect("the file has fewer blocks");
        let (at, length) = self.places[place];
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn blocks_are_found_behind_their_lengths() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocks");
        fs::write(&path, b"\0\0\0\x03abc\0\0\0\0\0\0\0\x01d").unwrap();
        let file = BlockFile::open(&path).unwrap();
        assert_eq!((file.blocks(), file.bytes()), (3, 4));
        let blocks: Vec<Bytes> = (0..3).map(|index| file.block(index).unwrap()).collect();
        assert_eq!(blocks, [&b"abc"[..], b"", b"d"]);
    }

    #[test]
    fn a_file_that_was_cut_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocks");
        for cut in [&b"\0\0\0\x03ab"[..], b"\0\0"] {
            fs::write(&path, cut).unwrap();
            let error = BlockFile::open(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
