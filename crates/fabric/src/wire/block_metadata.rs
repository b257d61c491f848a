use bytes::Bytes;

use super::block::Block;
use super::error::{DecodeError, Within, decode};
use super::proto::common::{self, BlockMetadataIndex};
use super::validation_code::ValidationCode;

/// What stands beside a block, outside its hash: the orderers' signatures and the peer's verdicts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BlockMetadata {
    entries: Vec<Bytes>,
}

/// What the orderers signed beside the block's header.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrdererMetadata {
    /// The signed bytes.
    pub value: Bytes,
    /// Number of the last configuration block up to here.
    pub last_config: u64,
    /// The consenters' own notes.
    pub consenter_metadata: Bytes,
    /// One or several orderers' signatures.
    pub signatures: Vec<BlockSignature>,
}

/// One orderer's signature over a block.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockSignature {
    /// Who signed.
    pub signer: BlockSigner,
    /// The header that names the signer; part of what is signed.
    pub header: Bytes,
    /// The signature.
    pub signature: Bytes,
}

/// How a signature over a block names its signer.
#[derive(Debug, Clone, PartialEq)]
pub enum BlockSigner {
    /// By a serialized identity.
    Creator {
        /// A `msp.SerializedIdentity`.
        creator: Bytes,
        /// Random bytes.
        nonce: Bytes,
    },
    /// By number in the configuration's consenter mapping (BFT).
    Consenter {
        /// The number.
        id: u32,
        /// Random bytes.
        nonce: Bytes,
    },
}

impl BlockMetadata {
    pub(crate) fn new(metadata: common::BlockMetadata) -> Self {
        Self {
            entries: metadata.metadata,
        }
    }

    /// The peer's verdict on the transaction at this index. `None` where no peer gave one, as in a
    /// block that comes from an orderer.
    pub fn validation_code(&self, index: usize) -> Option<ValidationCode> {
        self.validation_codes()
            .get(index)
            .copied()
            .map(ValidationCode)
    }

    /// The peer's verdicts, one byte for each transaction.
    pub fn validation_codes(&self) -> Bytes {
        self.entry(BlockMetadataIndex::TransactionsFilter)
    }

    /// The peer's own running hash over what was committed; empty where there is none.
    pub fn commit_hash(&self) -> Result<Bytes, DecodeError> {
        let metadata: common::Metadata = decode(self.entry(BlockMetadataIndex::CommitHash))
            .within(|| "metadata COMMIT_HASH".to_owned())?;
        Ok(metadata.value)
    }

    /// What the orderers signed, and their signatures.
    pub fn orderer(&self) -> Result<OrdererMetadata, DecodeError> {
        self.read_orderer()
            .within(|| "metadata SIGNATURES".to_owned())
    }

    fn read_orderer(&self) -> Result<OrdererMetadata, DecodeError> {
        let metadata: common::Metadata = decode(self.entry(BlockMetadataIndex::Signatures))?;
        let signed: common::OrdererBlockMetadata = decode(metadata.value.clone())?;
        let signatures = metadata
            .signatures
            .into_iter()
            .enumerate()
            .map(|(index, signature)| {
                BlockSignature::new(signature).within(|| format!("signature {index}"))
            });
        let last_config = match signed.last_config {
            Some(last_config) => last_config,
            // Where Fabric before 1.4.1 wrote it.
            #[allow(deprecated)]
            None => {
                let entry = self.entry(BlockMetadataIndex::LastConfig);
                decode(decode::<common::Metadata>(entry)?.value)?
            }
        };
        Ok(OrdererMetadata {
            value: metadata.value,
            last_config: last_config.index,
            consenter_metadata: signed.consenter_metadata,
            signatures: signatures.collect::<Result<_, _>>()?,
        })
    }

    fn entry(&self, index: BlockMetadataIndex) -> Bytes {
        self.entries
            .get(index as usize)
            .cloned()
            .unwrap_or_default()
    }
}

impl OrdererMetadata {
    /// The bytes under this signature.
    pub fn signed_bytes(&self, signature: &BlockSignature, block: &Block) -> Vec<u8> {
        [&self.value[..], &signature.header, &block.header_der()].concat()
    }
}

impl BlockSignature {
    fn new(signature: common::MetadataSignature) -> Result<Self, DecodeError> {
        let by_number =
            signature.signature_header.is_empty() && !signature.identifier_header.is_empty();
        let (signer, header) = if by_number {
            let header: common::IdentifierHeader = decode(signature.identifier_header.clone())?;
            (
                BlockSigner::Consenter {
                    id: header.identifier,
                    nonce: header.nonce,
                },
                signature.identifier_header,
            )
        } else {
            let header: common::SignatureHeader = decode(signature.signature_header.clone())?;
            (
                BlockSigner::Creator {
                    creator: header.creator,
                    nonce: header.nonce,
                },
                signature.signature_header,
            )
        };
        Ok(Self {
            signer,
            header,
            signature: signature.signature,
        })
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn the_last_configuration_is_found_where_old_orderers_wrote_it() {
        let old = common::Metadata {
            value: common::LastConfig { index: 5 }.encode_to_vec().into(),
            signatures: Vec::new(),
        };
        let metadata = BlockMetadata {
            entries: vec![Bytes::new(), old.encode_to_vec().into()],
        };
        assert_eq!(metadata.orderer().map(|orderer| orderer.last_config), Ok(5));
    }

    #[test]
    fn signers_are_named_in_two_ways() {
        let by_number = common::MetadataSignature {
            identifier_header: common::IdentifierHeader {
                identifier: 3,
                nonce: Bytes::from_static(b"n"),
            }
            .encode_to_vec()
            .into(),
            signature: Bytes::from_static(b"s"),
            ..Default::default()
        };
        let by_identity = common::MetadataSignature {
            signature_header: common::SignatureHeader {
                creator: Bytes::from_static(b"c"),
                nonce: Bytes::from_static(b"n"),
            }
            .encode_to_vec()
            .into(),
            ..Default::default()
        };
        let signatures = common::Metadata {
            value: Bytes::new(),
            signatures: vec![by_number.clone(), by_identity],
        };
        let metadata = BlockMetadata {
            entries: vec![signatures.encode_to_vec().into()],
        };
        let orderer = metadata.orderer().expect("it was just encoded");
        let nonce = Bytes::from_static(b"n");
        assert_eq!(
            orderer.signatures[0].signer,
            BlockSigner::Consenter {
                id: 3,
                nonce: nonce.clone()
            }
        );
        assert_eq!(orderer.signatures[0].header, by_number.identifier_header);
        let creator = Bytes::from_static(b"c");
        assert_eq!(
            orderer.signatures[1].signer,
            BlockSigner::Creator { creator, nonce }
        );
    }

    #[test]
    fn damaged_metadata_say_which() {
        let bad = Bytes::from_static(b"\xff");
        let metadata = BlockMetadata {
            entries: vec![bad.clone(), bad.clone(), bad.clone(), bad.clone(), bad],
        };
        let error = metadata.orderer().expect_err("no message");
        assert!(
            error
                .to_string()
                .starts_with("metadata SIGNATURES: the bytes are no Metadata"),
            "{error}"
        );
        let error = metadata.commit_hash().expect_err("no message");
        assert!(
            error.to_string().starts_with("metadata COMMIT_HASH: "),
            "{error}"
        );
        assert_eq!(metadata.validation_code(0), Some(ValidationCode(255)));
        assert_eq!(metadata.validation_code(1), None);
    }
}
