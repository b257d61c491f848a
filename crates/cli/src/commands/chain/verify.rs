use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use chainloom_ledger::Hash;
use chainloom_tutorial::ChainSnapshot;
use chainloom_tutorial::verify::{ChainError, ChainLimits, ChainReader};
use serde_json::json;

use super::PIECE_BYTES;
use super::source::Source;
use crate::error::Error;
use crate::folder::DataFolder;
use crate::output::{Output, count};
use crate::progress::Progress;
use crate::settings::{Settings, TutorialSettings};

/// What is known of a chain when all of it is valid.
#[derive(Debug)]
struct Verified {
    blocks: u64,
    tip_hash: Hash,
}

/// Checks every block of a file, or of the stored chain, against the rules.
///
/// With `json` a chain that is not valid is an answer too; the exit code says it is not.
pub(crate) async fn run(
    file: Option<&Path>,
    settings: &Settings,
    json: bool,
) -> Result<ExitCode, Error> {
    let ledger = settings.tutorial()?;
    let (rules, difficulty) = (ledger.rules, ledger.difficulty);
    let outcome = match file {
        Some(path) => verify_file(path, ledger),
        None => verify_stored(settings, ledger).await,
    };
    let mut output = Output::new();
    let Verified { blocks, tip_hash } = match outcome {
        Ok(verified) => verified,
        Err(
            error @ (Error::InvalidChain { .. }
            | Error::OtherRules { .. }
            | Error::NoChainFile { .. }),
        ) if json => {
            let answer = json!({
                "valid": false, "reason": error.to_string(), "block": block_of(&error),
                "rules": rules.name(), "difficulty": difficulty,
            });
            output.line(&answer.to_string())?;
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(error),
    };
    if json {
        let answer = json!({
            "valid": true, "blocks": blocks, "tip_hash": tip_hash, "rules": rules.name(),
            "difficulty": difficulty,
        });
        output.line(&answer.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    output.line(&format!(
        "Valid: {} under the rules `{rules}` at difficulty {difficulty}.\nThe last one is {tip_hash}.",
        count(blocks, "block")
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The number of the block that is not valid, where one is to blame.
fn block_of(error: &Error) -> Option<u64> {
    let Error::InvalidChain { error, .. } = error else {
        return None;
    };
    match **error {
        ChainError::BlockRefused { number, .. } | ChainError::BlockTooLong { number, .. } => {
            Some(number)
        }
        _ => None,
    }
}

fn verify_file(path: &Path, ledger: &TutorialSettings) -> Result<Verified, Error> {
    let mut source = Source::open(path, "verifying")?;
    let mut reader = reader(ledger);
    let refused = |error| refusal(path.display().to_string(), error);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let length = source.read(&mut piece).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        if length == 0 {
            reader.finish().map_err(refused)?;
            return Ok(verified(&reader));
        }
        reader.push(&piece[..length]).map_err(refused)?;
    }
}

/// The stored chain goes through the same reader as a stranger's, as `GET /chain` would send it.
async fn verify_stored(settings: &Settings, ledger: &TutorialSettings) -> Result<Verified, Error> {
    let folder = DataFolder::of(settings)?;
    if !folder.has_chain() {
        return Err(Error::NoChain(folder.absolute()));
    }
    let node = super::open_node(settings, &folder)?;
    let outcome = verify_snapshot(node.chain()?, ledger, &folder);
    node.shutdown().await;
    outcome
}

fn verify_snapshot(
    chain: ChainSnapshot,
    ledger: &TutorialSettings,
    folder: &DataFolder,
) -> Result<Verified, Error> {
    let progress = Progress::bytes("verifying", Some(chain.body_bytes()));
    let mut reader = reader(ledger);
    let refused = |error| refusal(folder.absolute().display().to_string(), error);
    reader.push(b"{\"chain\":[").map_err(refused)?;
    for piece in chain {
        let piece = piece?;
        reader.push(&piece).map_err(refused)?;
        progress.add(piece.len());
    }
    reader.push(b"]}").map_err(refused)?;
    reader.finish().map_err(refused)?;
    Ok(verified(&reader))
}

/// The person's own file may be as long as it is; its blocks are measured as a stranger's.
pub(super) fn reader(ledger: &TutorialSettings) -> ChainReader {
    let mut limits = ChainLimits {
        bytes_total: u64::MAX,
        ..ChainLimits::default()
    };
    limits.block.bytes = usize::try_from(ledger.block_bytes_max).unwrap_or(usize::MAX);
    limits.block.depth = ledger.json_depth_max;
    ChainReader::new(ledger.rules, ledger.difficulty, limits)
}

/// What there is to say once the reader has read it all.
fn verified(reader: &ChainReader) -> Verified {
    let tip = reader
        .tip()
        .expect("a chain that is read to its end has a block");
    Verified {
        blocks: reader.blocks(),
        tip_hash: Hash(tip.hash),
    }
}

/// Why a chain is not valid; what a reader of a peer's chain calls the peer is here a file.
pub(super) fn refusal(chain: String, error: ChainError) -> Error {
    match error {
        ChainError::OtherRules { peer, ours, .. } => Error::OtherRules {
            chain,
            theirs: peer,
            ours,
        },
        ChainError::NotAnObject => Error::NoChainFile {
            chain,
            reason: "it is no JSON object",
        },
        ChainError::ChainMissing => Error::NoChainFile {
            chain,
            reason: "it has no member `chain`",
        },
        ChainError::ChainTwice => Error::NoChainFile {
            chain,
            reason: "it has the member `chain` twice, and it is not clear which one counts",
        },
        error => Error::InvalidChain {
            chain,
            error: Box::new(error),
        },
    }
}
