//! Who made or endorsed something. A channel has few identities and each stands in very many transactions, so what was read of one is
//! remembered, and shared by all of them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::{BuildHasher, DefaultHasher, Hasher, RandomState};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use bytes::Bytes;
use chainloom_ledger as ledger;

use crate::identity::Certificate;
use crate::wire::{Creator, DecodeError};

/// How many identities are remembered.
const REMEMBERED_MAX: usize = 1_024;

/// The largest that is, in bytes: all together stay below 8 MiB.
const REMEMBERED_BYTES_MAX: usize = 4_096;

/// How many bytes at the end of a serialized identity are hashed. There the certificate's signature stands, which differs between any two; to
/// hash all thousand bytes takes longer than all else about a creator.
const HASHED_BYTES: usize = 96;

/// By the serialized `msp.SerializedIdentity` as it stands on the chain.
type Remembered = Mutex<HashMap<Box<[u8]>, Arc<ledger::Creator>, ByEnd>>;

/// Hashes the end of bytes alone. Many whose ends are made alike cost no more than the few that are remembered.
#[derive(Debug, Default)]
struct ByEnd(RandomState);

struct EndHasher(DefaultHasher);

impl BuildHasher for ByEnd {
    type Hasher = EndHasher;

    fn build_hasher(&self) -> EndHasher {
        EndHasher(self.0.build_hasher())
    }
}

impl Hasher for EndHasher {
    fn write(&mut self, bytes: &[u8]) {
        let start = bytes.len().saturating_sub(HASHED_BYTES);
        self.0.write(&bytes[start..]);
    }

    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

static REMEMBERED: LazyLock<Remembered> = LazyLock::new(Remembered::default);

/// Who this serialized identity is.
///
/// # Errors
/// It is no serialized identity.
pub(crate) fn creator(serialized: &Bytes) -> Result<Arc<ledger::Creator>, DecodeError> {
    remembered(&REMEMBERED, serialized, Creator::decode)
}

/// The same of one that was decoded already.
pub(crate) fn decoded_creator(serialized: &Bytes, creator: &Creator) -> Arc<ledger::Creator> {
    let Ok(creator) = remembered(&REMEMBERED, serialized, |_| Ok::<_, Infallible>(creator));
    creator
}

fn remembered<C: Borrow<Creator>, E>(
    remembered: &Remembered,
    serialized: &Bytes,
    decode: impl FnOnce(Bytes) -> Result<C, E>,
) -> Result<Arc<ledger::Creator>, E> {
    let all = || remembered.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all().get(&serialized[..]) {
        return Ok(known.clone());
    }
    let creator = Arc::new(read(decode(serialized.clone())?.borrow()));
    if serialized.len() <= REMEMBERED_BYTES_MAX {
        let mut all = all();
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        // A copy: a slice would keep its whole block in memory.
        all.insert(Box::from(&serialized[..]), creator.clone());
    }
    Ok(creator)
}

fn read(creator: &Creator) -> ledger::Creator {
    let der = creator.certificate_der().ok();
    let certificate = der.and_then(|der| Certificate::from_der(&der).ok());
    ledger::Creator {
        organization: creator.organization.clone(),
        enrollment_id: certificate
            .as_ref()
            .and_then(|certificate| certificate.enrollment_id().map(str::to_owned)),
        certificate: certificate.as_ref().map(self::certificate),
    }
}

pub(super) fn certificate(certificate: &Certificate) -> ledger::CertificateSummary {
    ledger::CertificateSummary {
        subject: certificate.subject().to_owned(),
        issuer: certificate.issuer().to_owned(),
        serial: certificate.serial().to_owned(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        sha256: certificate.fingerprint(),
        attributes: certificate.attributes().clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use prost::Message as _;

    use super::*;
    use crate::wire::Block;
    use crate::wire::proto::msp::SerializedIdentity;

    const BLOCK: &[u8] = include_bytes!("../../tests/data/raft-003-put.block");

    fn alice() -> Bytes {
        let block = Block::decode(Bytes::from_static(BLOCK)).unwrap();
        let envelope = block.transaction(0).unwrap().decode().unwrap();
        envelope.header.creator
    }

    fn serialized(organization: &str, certificate: &[u8]) -> Bytes {
        let identity = SerializedIdentity {
            mspid: organization.to_owned(),
            id_bytes: Bytes::copy_from_slice(certificate),
        };
        identity.encode_to_vec().into()
    }

    fn read_by(remembered: &Remembered, serialized: &Bytes) -> Arc<ledger::Creator> {
        super::remembered(remembered, serialized, Creator::decode).unwrap()
    }

    fn length(remembered: &Remembered) -> usize {
        remembered.lock().unwrap().len()
    }

    #[test]
    fn an_identity_is_read_once() {
        let remembered = Remembered::default();
        let first = read_by(&remembered, &alice());
        let again = read_by(&remembered, &alice());
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(first.enrollment_id.as_deref(), Some("alice"));
        assert!(first.certificate.is_some());
    }

    #[test]
    fn one_certificate_in_two_organizations_is_two_creators() {
        let certificate = Creator::decode(alice()).unwrap().certificate_pem;
        let other = creator(&serialized("Org2MSP", &certificate)).unwrap();
        let alice = creator(&alice()).unwrap();
        assert_eq!(alice.organization, "Org1MSP");
        assert_eq!(other.organization, "Org2MSP");
        assert_eq!(other.certificate, alice.certificate);
    }

    #[test]
    fn identities_that_end_alike_are_told_apart() {
        let remembered = Remembered::default();
        let end = "e".repeat(2 * HASHED_BYTES);
        for organization in ["Org1MSP", "Org2MSP", "Org1MSP"] {
            let identity = serialized(organization, end.as_bytes());
            let creator = read_by(&remembered, &identity);
            assert_eq!(creator.organization, organization);
        }
        assert_eq!(length(&remembered), 2);
    }

    #[test]
    fn bytes_that_are_no_identity_are_an_error_each_time() {
        let remembered = Remembered::default();
        let broken = Bytes::from_static(b"\xff");
        for _ in 0..2 {
            let error = super::remembered(&remembered, &broken, Creator::decode).unwrap_err();
            assert!(
                error.to_string().contains("no SerializedIdentity"),
                "{error}"
            );
        }
        assert_eq!(length(&remembered), 0);
    }

    #[test]
    fn few_are_remembered_and_no_great_ones() {
        let remembered = Remembered::default();
        for number in 0..=REMEMBERED_MAX {
            let identity = serialized("Org1MSP", number.to_string().as_bytes());
            assert!(read_by(&remembered, &identity).certificate.is_none());
        }
        assert_eq!(length(&remembered), 1);
        let great = serialized("Org1MSP", &vec![b'x'; REMEMBERED_BYTES_MAX]);
        read_by(&remembered, &great);
        assert_eq!(length(&remembered), 1);
    }
}
