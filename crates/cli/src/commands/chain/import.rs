use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use chainloom_ledger::Hash;
use chainloom_tutorial::verify::ChainReader;
use chainloom_tutorial::{Import, ImportError};
use futures_util::stream;
use serde_json::json;

use super::source::Source;
use super::verify::{reader, refusal};
use super::{PIECE_BYTES, open_node};
use crate::error::Error;
use crate::folder::DataFolder;
use crate::output::{Output, count};
use crate::settings::Settings;

/// The exit code where a valid chain is not taken over because it is not longer.
const NOT_TAKEN_OVER: u8 = 3;

/// Takes over the chain of a file if it is valid and longer than the stored one.
///
/// On the data folder of a stopped server, which is locked meanwhile: a running server takes over
/// chains from its peers only, where it can be told whom to believe.
pub(crate) async fn run(file: &Path, settings: &Settings, json: bool) -> Result<ExitCode, Error> {
    let folder = DataFolder::of(settings)?;
    let source = Source::open(file, "importing")?;
    let node = open_node(settings, &folder)?;
    let ledger = settings.tutorial()?;
    let mut pieces = Pieces {
        source,
        reader: reader(ledger),
    };
    let outcome = node.import(stream::iter(&mut pieces)).await;
    let head = node.head();
    let ours = head.length;
    node.shutdown().await;
    let import = outcome.map_err(|error| import_error(file, error))?;
    let reader = &mut pieces.reader;
    let is_equal = reader.finish().is_ok()
        && reader
            .tip()
            .is_some_and(|tip| Hash(tip.hash) == head.tip_hash);
    let code = match import.replaced || is_equal {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(NOT_TAKEN_OVER),
    };

    let mut output = Output::new();
    if json {
        let answer = json!({
            "imported": import.replaced, "equal": is_equal, "blocks": import.length, "height": ours,
            "from": import.from, "generation": import.generation,
        });
        output.line(&answer.to_string())?;
        return Ok(code);
    }
    output.line(&sentence(&import, ours, is_equal))?;
    Ok(code)
}

fn sentence(import: &Import, ours: u64, is_equal: bool) -> String {
    let blocks = count(import.length, "block");
    match import.from {
        None if is_equal => format!("The stored chain is the same: {blocks}."),
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
        error => Error::NotImported {
            chain,
            error: Box::new(error),
        },
    }
}

/// The source in pieces, to its end or its first error.
///
/// They are read here too, to know which block is the last: the node does not say of a chain that
/// it does not take over.
struct Pieces {
    source: Source,
    reader: ChainReader,
}

impl Iterator for Pieces {
    type Item = std::io::Result<bytes::Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = vec![0; PIECE_BYTES];
        match self.source.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                // The node says what is wrong with the chain.
                let _ = self.reader.push(&piece);
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
        assert_eq!(
            sentence(&import, 4, true),
            "Imported: 4 blocks, from block 2 on."
        );
        import.from = None;
        assert!(sentence(&import, 5, false).contains("has 4 blocks, the stored chain 5"));
        assert_eq!(
            sentence(&import, 4, true),
            "The stored chain is the same: 4 blocks."
        );
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
