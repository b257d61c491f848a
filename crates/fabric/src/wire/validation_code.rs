use std::fmt;

use super::proto::protos::TxValidationCode;

/// A peer's verdict on a transaction: one byte in the metadata of the block.
///
/// Outside the block's hash and signatures, so it is the word of the peer that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValidationCode(pub u8);

impl ValidationCode {
    /// The transaction took effect.
    pub const VALID: Self = Self(0);

    /// The peer has no verdict.
    pub const NOT_VALIDATED: Self = Self(254);

    /// Whether a transaction of the same id came before, which counts.
    pub fn is_duplicate(self) -> bool {
        self.known() == Some(TxValidationCode::DuplicateTxid)
    }

    /// Whether it says what became of the transaction of its id: that of a duplicate says nothing of the first.
    pub(crate) fn is_verdict(self) -> bool {
        !self.is_duplicate() && self != Self::NOT_VALIDATED
    }

    /// Whether the transaction took effect.
    pub fn is_valid(self) -> bool {
        self == Self::VALID
    }

    /// Fabric's name of the code; `UNKNOWN` for one that Fabric 3.1 does not have.
    pub fn name(self) -> &'static str {
        self.known().map_or("UNKNOWN", |code| code.as_str_name())
    }

    /// What the code means, in a sentence.
    pub fn meaning(self) -> &'static str {
        use TxValidationCode as Code;
        let Some(code) = self.known() else {
            return "The peer gave a code that this program does not know.";
        };
        match code {
            Code::Valid => "The transaction is valid and its writes took effect.",
            Code::NilEnvelope => "The block holds nothing where the transaction should be.",
            Code::BadPayload => "The envelope's payload cannot be read.",
            Code::BadCommonHeader => "The transaction's header is missing or wrong.",
            Code::BadCreatorSignature => {
                "The creator's signature does not verify, or the channel does not accept the creator."
            }
            Code::InvalidEndorserTransaction => {
                "The transaction is not put together as an endorser transaction must be."
            }
            Code::InvalidConfigTransaction => {
                "The configuration does not follow from the one that was in force."
            }
            Code::UnsupportedTxPayload => {
                "The transaction is of a type that peers do not take on a channel."
            }
            Code::BadProposalTxid => {
                "The transaction id is not the hash of the creator and the nonce."
            }
            Code::DuplicateTxid => "A transaction of the same id came before; that one counts.",
            Code::EndorsementPolicyFailure => {
                "The endorsements do not satisfy the policy of the chaincode, collection or key."
            }
            Code::MvccReadConflict => {
                "A key that the transaction read was changed after its endorsement; submit it anew."
            }
            Code::PhantomReadConflict => {
                "A range that the transaction read got or lost keys after its endorsement; submit it anew."
            }
            Code::UnknownTxType => "The transaction is of a type that the peer does not know.",
            Code::TargetChainNotFound => "The transaction names another channel.",
            Code::MarshalTxError => "The peer could not write the transaction's message again.",
            Code::NilTxaction => "The transaction holds no action.",
            Code::ExpiredChaincode => {
                "The chaincode was replaced by a newer version after the endorsement."
            }
            Code::ChaincodeVersionConflict => {
                "The transaction was endorsed by another version of the chaincode."
            }
            Code::BadHeaderExtension => "The header does not say which chaincode is called.",
            Code::BadChannelHeader => "The channel header cannot be read.",
            Code::BadResponsePayload => {
                "The endorsers' answer inside the transaction cannot be read."
            }
            Code::BadRwset => "The read and write sets cannot be read.",
            Code::IllegalWriteset => {
                "The transaction writes where the chaincode it calls must not write."
            }
            Code::InvalidWriteset => "The writes hold a key that the peer's database cannot take.",
            Code::InvalidChaincode => {
                "The chaincode that is called, or its namespace, does not fit."
            }
            Code::NotValidated => "The peer has not validated the transaction.",
            Code::InvalidOtherReason => {
                "The transaction is invalid for a reason without a code; the peer's log tells it."
            }
        }
    }

    fn known(self) -> Option<TxValidationCode> {
        TxValidationCode::try_from(i32::from(self.0)).ok()
    }
}

impl fmt::Display for ValidationCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.0, self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_of_fabric_has_a_sentence_of_its_own() {
        let known: Vec<_> = (0..=255)
            .map(ValidationCode)
            .filter(|code| code.known().is_some())
            .collect();
        // 0 to 25 without gaps but 26 and on, 254 and 255.
        assert_eq!(known.len(), 28);
        assert!(
            known
                .iter()
                .all(|code| code.name() != "UNKNOWN" && code.meaning().ends_with('.'))
        );
        let sentences: BTreeSet<_> = known.iter().map(|code| code.meaning()).collect();
        assert_eq!(sentences.len(), known.len());
    }

    #[test]
    fn names_are_fabrics() {
        assert_eq!(ValidationCode(11).to_string(), "11 MVCC_READ_CONFLICT");
        assert_eq!(ValidationCode(99).to_string(), "99 UNKNOWN");
        assert!(ValidationCode(99).meaning().contains("does not know"));
        assert!(ValidationCode::VALID.is_valid() && !ValidationCode(254).is_valid());
        assert_eq!(ValidationCode::NOT_VALIDATED.name(), "NOT_VALIDATED");
        assert_eq!(ValidationCode(9).name(), "DUPLICATE_TXID");
        for (code, is_verdict) in [(0, true), (9, false), (11, true), (99, true), (254, false)] {
            assert_eq!(ValidationCode(code).is_verdict(), is_verdict, "{code}");
        }
        assert!(ValidationCode(9).is_duplicate() && !ValidationCode::VALID.is_duplicate());
    }
}
