//! What a configuration says about who signs blocks, and whether a block is signed so.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use prost::Message as _;

use super::error::Unverified;
use super::policy::{Groups, Signer};
use crate::direct::Membership;
use crate::identity::Certificate;
use crate::wire::config::{ChannelConfig, Consensus};
use crate::wire::proto::msp;
use crate::wire::{Block, BlockSignature, BlockSigner, Creator, Policy};

/// The policy of the orderers' group by which blocks are signed.
const POLICY: &str = "BlockValidation";
/// Signatures of one block that are looked at; no channel has as many orderers.
const SIGNATURES_MAX: usize = 256;
/// Signers that are remembered.
const REMEMBERED_MAX: usize = 256;

/// Who has to sign the blocks after a configuration, up to and with the next one.
#[derive(Debug)]
pub struct BlockRules {
    number: u64,
    policy: Policy,
    groups: Groups,
    membership: Membership,
    /// The serialized identities of the consenters by their number, on a channel with BFT.
    consenters: BTreeMap<u32, Bytes>,
    /// Those who were found to belong, or not, by their serialized identity: a configuration does not change.
    known: Mutex<HashMap<Bytes, Result<Signer, String>>>,
}

impl BlockRules {
    /// The rules of the configuration in block `number`.
    ///
    /// # Errors
    /// [`Unverified::NoRules`].
    pub fn new(number: u64, config: &ChannelConfig) -> Result<Self, Unverified> {
        let lacks = |reason: &str| Unverified::NoRules {
            number,
            reason: reason.to_owned(),
        };
        let orderer = config.orderer.as_ref();
        let orderer = orderer.ok_or_else(|| lacks("it has no group Orderer"))?;
        let policy = orderer.policies.get(POLICY);
        let policy = policy.ok_or_else(|| lacks("its orderers have no policy BlockValidation"))?;
        let groups = Groups::new(orderer);
        let consenters = match &orderer.consensus {
            Some(Consensus::Bft { consenters, .. }) => {
                let identities = consenters.iter().filter_map(|consenter| {
                    let identity = msp::SerializedIdentity {
                        mspid: consenter.organization.clone()?,
                        id_bytes: consenter.identity.clone()?,
                    };
                    Some((consenter.id?, identity.encode_to_vec().into()))
                });
                identities.collect()
            }
            _ => BTreeMap::new(),
        };
        Ok(Self {
            number,
            policy: policy.clone(),
            membership: groups.membership(),
            groups,
            consenters,
            known: Mutex::default(),
        })
    }

    /// The block with the configuration that these rules come from.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Refuses a block that is not signed as these rules ask. That its data are those of its header is to be checked besides.
    ///
    /// # Errors
    /// [`Unverified::Metadata`] and [`Unverified::NotSigned`].
    pub fn check_signatures(&self, block: &Block) -> Result<(), Unverified> {
        let number = block.number;
        let metadata = block.metadata.orderer();
        let metadata = metadata.map_err(|error| Unverified::Metadata { number, error })?;
        let mut signers: Vec<Signer> = Vec::new();
        let mut faults = Vec::new();
        for signature in metadata.signatures.iter().take(SIGNATURES_MAX) {
            let signed = || metadata.signed_bytes(signature, block);
            match self.signer(signature, signed) {
                // Whoever signs twice counts once.
                Ok(signer) if signers.iter().any(|other| is_same(other, &signer)) => {}
                Ok(signer) => signers.push(signer),
                Err(fault) => faults.push(fault),
            }
        }
        if self.groups.satisfied(&self.policy, &signers) {
            return Ok(());
        }
        let good = signers.iter().map(|signer| {
            let Signer {
                organization,
                certificate,
                ..
            } = signer;
            format!("{} of {organization} signed it", certificate.subject())
        });
        Err(Unverified::NotSigned {
            number,
            policy: self.policy.to_string(),
            faults: good.collect::<Vec<_>>().into_iter().chain(faults).collect(),
        })
    }

    /// Who signed, once the signature is known to fit.
    fn signer(
        &self,
        signature: &BlockSignature,
        signed: impl FnOnce() -> Vec<u8>,
    ) -> Result<Signer, String> {
        let serialized = match &signature.signer {
            BlockSigner::Creator { creator, .. } => creator.clone(),
            BlockSigner::Consenter { id, .. } => {
                let identity = self.consenters.get(id);
                let unknown = || format!("the configuration has no consenter {id}");
                identity.ok_or_else(unknown)?.clone()
            }
        };
        let signer = self.known(&serialized)?;
        let key = signer.certificate.public_key();
        match key.verify(&signed(), &signature.signature) {
            Ok(()) => Ok(signer),
            Err(error) => Err(format!(
                "the signature of {} of {} does not count: {error}",
                signer.certificate.subject(),
                signer.organization
            )),
        }
    }

    fn known(&self, serialized: &Bytes) -> Result<Signer, String> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = known().get(serialized) {
            return signer.clone();
        }
        let signer = self.read(serialized.clone());
        let mut known = known();
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        // A copy: the slice would keep its whole block in memory.
        known.insert(Bytes::copy_from_slice(serialized), signer.clone());
        signer
    }

    fn read(&self, serialized: Bytes) -> Result<Signer, String> {
        let creator = Creator::decode(serialized);
        let creator = creator.map_err(|error| format!("a signer cannot be read: {error}"))?;
        let organization = creator.organization;
        let text = String::from_utf8_lossy(&creator.certificate_pem);
        let certificate = Certificate::from_pem(&text)
            .map_err(|error| format!("a signer of {organization}: {error}"))?;
        let roles = self.membership.roles_of_member(&organization, &certificate);
        let roles = roles.map_err(|error| format!("{}: {error}", certificate.subject()))?;
        Ok(Signer {
            organization,
            certificate: Arc::new(certificate),
            roles,
        })
    }
}

/// By the key: a certificate has a twin that reads otherwise and is signed as well, since (r, s) and (r, n - s) prove the same.
fn is_same(one: &Signer, other: &Signer) -> bool {
    let key = |signer: &Signer| signer.certificate.public_key().raw().to_vec();
    one.organization == other.organization && key(one) == key(other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use p256::ecdsa::Signature;

    use super::*;

    /// The certificate with n - s in place of s in its signature.
    fn twin(certificate: &Certificate) -> Certificate {
        let der = certificate.der();
        let starts = |length: &usize| {
            let at = der.len() - length;
            der[at] == 0x30 && der[at - 3..at] == [0x03, *length as u8 + 1, 0]
        };
        let length = (66..=72).find(starts).unwrap();
        let (rest, signature) = der.split_at(der.len() - length);
        let (r, s) = Signature::from_der(signature).unwrap().split_scalars();
        let other = Signature::from_scalars(r, -s).unwrap().to_der();
        let other = other.as_bytes();
        // What is signed and by which algorithm, between the outer header and the signature's.
        let mut content = rest[4..rest.len() - 3].to_vec();
        content.extend([0x03, other.len() as u8 + 1, 0]);
        content.extend_from_slice(other);
        let mut twin = vec![0x30, 0x82];
        twin.extend((content.len() as u16).to_be_bytes());
        twin.extend(content);
        Certificate::from_der(&twin).unwrap()
    }

    #[test]
    fn an_orderer_with_two_forms_of_its_certificate_is_one() {
        let message = |name: &str| {
            let path = format!("{}/tests/data/{name}.block", env!("CARGO_MANIFEST_DIR"));
            let read = std::fs::read(path).unwrap();
            let message = crate::wire::proto::common::Block::decode(&read[..]).unwrap();
            Block::from_message(message).unwrap()
        };
        let configuration = message("raft-129-config");
        let envelope = configuration.transaction(0).unwrap().decode().unwrap();
        let crate::wire::Body::Config(transaction) = envelope.body().unwrap() else {
            panic!("it holds a configuration");
        };
        let rules = BlockRules::new(129, &transaction.config).unwrap();
        let metadata = message("raft-003-put").metadata.orderer().unwrap();
        let BlockSigner::Creator { creator, .. } = &metadata.signatures[0].signer else {
            panic!("by its certificate");
        };
        let orderer = rules.known(creator).unwrap();
        let twin = twin(&orderer.certificate);
        assert_ne!(twin, *orderer.certificate);
        let serialized = msp::SerializedIdentity {
            mspid: orderer.organization.clone(),
            id_bytes: twin.to_pem().into(),
        };
        // It is a member in this form, too.
        let twin = rules.known(&serialized.encode_to_vec().into()).unwrap();
        assert_eq!(twin.roles, orderer.roles);
        assert!(is_same(&orderer, &twin));
        let elsewhere = Signer {
            organization: "OtherMSP".to_owned(),
            ..twin
        };
        assert!(!is_same(&orderer, &elsewhere));
    }
}
