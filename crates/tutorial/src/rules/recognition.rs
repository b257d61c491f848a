use super::{Rules, Tip};

/// Tells whether a chain that breaks our rules follows the other ones throughout.
///
/// A proof that is invalid under our rules may be valid under the other ones by chance (one in 65,536 at difficulty 4),
/// and a chain of the other rules may begin with proofs that are valid under ours by chance. So a chain counts as one
/// of the other rules only if every one of its proofs up to the refused one is valid under those. On a chain of our
/// rules that is settled by its second block.
#[derive(Debug, Clone, Copy)]
pub struct Recognition {
    ours: Rules,
    difficulty: u32,
    may_be_others: bool,
}

impl Recognition {
    /// Before the first proof.
    #[must_use]
    pub fn new(ours: Rules, difficulty: u32) -> Self {
        Self {
            ours,
            difficulty,
            may_be_others: true,
        }
    }

    /// Whether all proofs so far were valid under the other rules, so that further ones matter.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.may_be_others
    }

    /// Takes note of a block's proof.
    pub fn observe(&mut self, tip: &Tip, proof: &str) {
        if self.may_be_others {
            let digest = self.ours.other().proof_digest(tip, proof);
            self.may_be_others = chainloom_miner::meets_difficulty(&digest, self.difficulty);
        }
    }

    /// The rules that the chain follows, judged by this proof, which is invalid under ours: none of the known ones
    /// perhaps.
    #[must_use]
    pub fn judge(mut self, tip: &Tip, proof: &str) -> Option<Rules> {
        self.observe(tip, proof);
        self.may_be_others.then(|| self.ours.other())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tip() -> Tip {
        Tip::of(&Rules::Repository.genesis(1506280650.770839)).unwrap()
    }

    #[test]
    fn a_proof_of_the_other_rules_is_recognized() {
        let recognition = Recognition::new(Rules::Article, 4);
        assert_eq!(recognition.judge(&tip(), "63663"), Some(Rules::Repository));
        assert_eq!(recognition.judge(&tip(), "63664"), None);
        let recognition = Recognition::new(Rules::Repository, 4);
        assert_eq!(recognition.judge(&tip(), "35293"), Some(Rules::Article));
    }

    #[test]
    fn one_proof_of_our_rules_only_settles_it() {
        let mut recognition = Recognition::new(Rules::Article, 4);
        recognition.observe(&tip(), "35293");
        assert!(!recognition.is_open());
        assert_eq!(recognition.judge(&tip(), "63663"), None);
    }

    #[test]
    fn proofs_valid_under_both_settle_nothing() {
        let mut recognition = Recognition::new(Rules::Article, 4);
        recognition.observe(&tip(), "63663");
        assert!(recognition.is_open());
        assert_eq!(recognition.judge(&tip(), "63663"), Some(Rules::Repository));
    }
}
