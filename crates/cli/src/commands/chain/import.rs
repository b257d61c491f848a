use std::io::Read;
use std::path::Path;

use chainloom_tutorial::{Import, ImportError};
use futures_util::stream;
use serde_json::json;

use super::source::Source;
use super::verify::refusal;
use super::{PIECE_BYTES, open_node};
use crate::error::Error;
use crate::folder::DataFolder;
use crate::output::{Output, count};
use crate::settings::Settings;

/// Takes over the chain of a file if it is valid and longer than the stored one.
///
/// On the data folder of a stopped server, which is locked meanwhile: a running server takes over
/// chains from its peers only, where it can be told whom to believe.
pub(crate) async fn run(file: &Path, settings: &Settings, json: bool) -> Result<(), Error> {
    let folder = DataFolder::of(settings)?;
    let source = Source::open(file, "importing")?;
    let node = open_node(settings, &folder)?;
    let pieces = stream::iter(Pieces(source));
    let outcome = node.import(pieces).await;
    let ours = node.head().length;
    node.shutdown().await;
    let import = outcome.map_err(|error| import_error(file, error))?;

    let mut output = Output::new();
    if json {
        let answer = json!({
            "imported": import.replaced, "blocks": import.length, "height": ours,
            "from": import.from, "generation": import.generation,
        });
        return output.line(&answer.to_string());
    }
    output.line(&sentence(&import, ours))
}

fn sentence(import: &Import, ours: u64) -> String {
    let blocks = count(import.length, "block");
    match import.from {
        Some(from) => format!("Imported: {blocks}, from block {from} on."),
        None => format!(
            "Nothing was taken over: the file has {blocks}, the stored chain {ours}. To take over \
             a chain that is not longer, `chainloom reset` first."
        ),
    }
}

fn import_error(file: &Path, error: ImportError) -> Error {
    let chain = file.display().to_string();
    match error {
        ImportError::Chain(error) => refusal(chain, error),
        error => Error::NotImported { chain, error },
    }
}

/// The source in pieces, to its end or its first error.
struct Pieces(Source);

impl Iterator for Pieces {
    type Item = std::io::Result<bytes::Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = vec![0; PIECE_BYTES];
        match self.0.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some(Ok(piece.into()))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use chainloom_tutorial::verify::ChainError;

    use super::*;

    #[test]
    fn a_chain_that_is_not_longer_says_what_to_do() {
        let mut import = Import {
            replaced: true,
            from: Some(2),
            generation: 1,
            length: 4,
        };
        assert_eq!(sentence(&import, 4), "Imported: 4 blocks, from block 2 on.");
        import.from = None;
        assert!(sentence(&import, 5).contains("has 4 blocks, the stored chain 5"));
    }

    #[test]
    fn a_refusal_names_the_file() {
        let file = Path::new("chain.json");
        let unreadable = ImportError::Unreadable {
            detail: "the disk is gone".to_owned(),
        };
        let error = import_error(file, unreadable);
        assert!(matches!(error, Error::NotImported { .. }));
        assert!(error.to_string().starts_with("chain.json: "), "{error}");
        let error = import_error(file, ImportError::Chain(ChainError::Empty));
        assert!(matches!(error, Error::InvalidChain { .. }), "{error}");
    }
}
