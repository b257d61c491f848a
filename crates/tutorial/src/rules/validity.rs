//! The rulebook: what makes a block valid, one function a rule.
//!
//! The tutorial's `valid_chain` does not check the first block and checks of each later one that it names the hash of
//! the block before it and that its proof is valid. Where Python fails with an exception (no such field, no object),
//! these refuse the block. [`block_is_an_object`] and [`proof_is_usable`] hold for the first block too: without them it
//! would have no successor.

use super::error::excerpt;
use super::hash::hex_digits;
use super::{BlockFields, RuleError, Rules, Tip};
use crate::json::python_str_of_compact;
use chainloom_ledger::Hash;
use std::borrow::Cow;

/// A block is an object.
///
/// # Errors
/// [`RuleError::NotAnObject`].
pub fn block_is_an_object(compact: &[u8]) -> Result<(), RuleError> {
    let found = match compact.first() {
        Some(b'{') => return Ok(()),
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    };
    Err(RuleError::NotAnObject { found })
}

/// A block has a proof that Python could print into the string that is hashed; the printed text is the answer.
///
/// # Errors
/// [`RuleError::ProofMissing`], [`RuleError::ProofUnusable`].
pub fn proof_is_usable(proof: Option<&[u8]>) -> Result<Cow<'_, str>, RuleError> {
    let proof = proof.ok_or(RuleError::ProofMissing)?;
    python_str_of_compact(proof).map_err(|reason| RuleError::ProofUnusable {
        found: quoted(proof),
        reason,
    })
}

/// A block names the hash of the block before it, in lower-case hex.
///
/// # Errors
/// [`RuleError::PreviousHashMissing`], [`RuleError::PreviousHashDiffers`].
pub fn previous_hash_equals_hash_of_block_before(
    previous_hash: Option<&[u8]>,
    expected: &[u8; 32],
) -> Result<(), RuleError> {
    let found = previous_hash.ok_or(RuleError::PreviousHashMissing)?;
    if let [b'"', digits @ .., b'"'] = found
        && digits == hex_digits(expected)
    {
        return Ok(());
    }
    Err(RuleError::PreviousHashDiffers {
        found: quoted(found),
        expected: Hash(*expected),
    })
}

/// The digest of a proof's string begins with enough zeros.
///
/// # Errors
/// [`RuleError::ProofInvalid`].
pub fn proof_is_valid(
    rules: Rules,
    difficulty: u32,
    message: &[u8],
    digest: &[u8; 32],
) -> Result<(), RuleError> {
    if chainloom_miner::meets_difficulty(digest, difficulty) {
        return Ok(());
    }
    Err(RuleError::ProofInvalid {
        rules,
        difficulty,
        message: quoted(message),
        digest: Hash(*digest),
    })
}

/// A block may follow a tip: all the rules for a block that is not the first, in the order in which Python checks them.
///
/// # Errors
/// [`RuleError`], of the first rule that is broken.
pub fn block_follows(
    rules: Rules,
    difficulty: u32,
    tip: &Tip,
    compact: &[u8],
) -> Result<(), RuleError> {
    block_is_an_object(compact)?;
    let fields = BlockFields::of(compact);
    previous_hash_equals_hash_of_block_before(fields.previous_hash, &tip.hash)?;
    let proof = proof_is_usable(fields.proof)?;
    let message = rules.message(tip, &proof);
    let digest = chainloom_miner::sha256(message.as_bytes());
    proof_is_valid(rules, difficulty, message.as_bytes(), &digest)
}

/// The beginning of a foreign text, for an error.
fn quoted(bytes: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::PythonStrError;
    use crate::rules::{hex, new_block};

    fn tip() -> Tip {
        Tip::of(&Rules::Article.genesis(1506280650.770839)).unwrap()
    }

    fn follows(compact: &str) -> Result<(), RuleError> {
        block_follows(Rules::Article, 4, &tip(), compact.as_bytes())
    }

    #[test]
    fn a_mined_block_follows() {
        let block = new_block(2, 0.5, Vec::new(), 35293, &tip().hash);
        assert_eq!(follows(&crate::json::compact(&block)), Ok(()));
    }

    #[test]
    fn a_proof_may_be_a_string_of_digits() {
        let hash = hex(&tip().hash);
        let block = format!(r#"{{"previous_hash":"{hash}","proof":"35293"}}"#);
        assert_eq!(follows(&block), Ok(()));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let kinds = [
            ("[]", "an array"),
            ("\"\"", "a string"),
            ("true", "a boolean"),
            ("false", "a boolean"),
            ("null", "null"),
            ("5", "a number"),
            ("NaN", "a number"),
        ];
        for (block, found) in kinds {
            assert_eq!(follows(block), Err(RuleError::NotAnObject { found }));
            let tip = Tip::of_compact([0; 32], block.as_bytes());
            assert_eq!(tip, Err(RuleError::NotAnObject { found }));
        }
    }

    #[test]
    fn the_hash_of_the_block_before_must_be_named_exactly() {
        assert_eq!(
            follows(r#"{"proof":35293}"#),
            Err(RuleError::PreviousHashMissing)
        );
        let expected = tip().hash;
        let upper = format!("\"{}\"", hex(&expected).to_uppercase());
        for found in ["1", "\"1\"", "\"", "null", upper.as_str()] {
            let block = format!(r#"{{"previous_hash":{found},"proof":35293}}"#);
            if found == "\"" {
                continue;
            }
            let error = RuleError::PreviousHashDiffers {
                found: found.to_owned(),
                expected: Hash(expected),
            };
            assert_eq!(follows(&block), Err(error));
        }
        assert!(previous_hash_equals_hash_of_block_before(Some(b"\""), &expected).is_err());
    }

    #[test]
    fn a_proof_must_be_there_and_printable() {
        let hash = hex(&tip().hash);
        let block = format!(r#"{{"previous_hash":"{hash}"}}"#);
        assert_eq!(follows(&block), Err(RuleError::ProofMissing));
        assert_eq!(
            Tip::of_compact([0; 32], b"{}"),
            Err(RuleError::ProofMissing)
        );
        let unusable = [
            ("[1]", PythonStrError::Array),
            ("{}", PythonStrError::Object),
            (r#""\ud800""#, PythonStrError::LoneSurrogate),
        ];
        for (proof, reason) in unusable {
            let block = format!(r#"{{"previous_hash":"{hash}","proof":{proof}}}"#);
            let error = RuleError::ProofUnusable {
                found: proof.to_owned(),
                reason,
            };
            assert_eq!(follows(&block), Err(error));
        }
    }

    #[test]
    fn an_invalid_proof_shows_what_was_hashed() {
        let block = crate::json::compact(&new_block(2, 0.5, Vec::new(), 35294, &tip().hash));
        let error = follows(&block).unwrap_err();
        let digest = Hash(chainloom_miner::sha256(b"10035294"));
        let expected = RuleError::ProofInvalid {
            rules: Rules::Article,
            difficulty: 4,
            message: "10035294".to_owned(),
            digest,
        };
        assert_eq!(error, expected);
        assert_eq!(
            error.to_string(),
            format!(
                "its proof is invalid under the rules `article` at difficulty 4: the SHA-256 of `10035294` is {digest}"
            )
        );
        assert_eq!(
            block_follows(Rules::Article, 0, &tip(), block.as_bytes()),
            Ok(())
        );
    }
}
