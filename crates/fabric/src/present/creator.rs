//! Who made or endorsed something. A channel has few identities and each stands in very many transactions, so what was read of a
//! certificate is remembered.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chainloom_ledger as ledger;

use crate::identity::Certificate;
use crate::wire::Creator;

/// How many certificates are remembered.
const REMEMBERED_MAX: usize = 1_024;

/// The largest that is, in bytes of its PEM: all together stay below 8 MiB.
const REMEMBERED_BYTES_MAX: usize = 4_096;

/// What the certificate says of its owner; nothing where it cannot be read.
#[derive(Debug, Clone, Default)]
struct Owner {
    enrollment_id: Option<String>,
    certificate: Option<ledger::CertificateSummary>,
}

/// By the certificate's PEM as it stands on the chain.
type Remembered = Mutex<HashMap<Box<[u8]>, Arc<Owner>>>;

static REMEMBERED: LazyLock<Remembered> = LazyLock::new(Remembered::default);

pub(crate) fn creator(creator: &Creator) -> ledger::Creator {
    let owner = owner(&REMEMBERED, creator);
    ledger::Creator {
        organization: creator.organization.clone(),
        enrollment_id: owner.enrollment_id.clone(),
        certificate: owner.certificate.clone(),
    }
}

fn owner(remembered: &Remembered, creator: &Creator) -> Arc<Owner> {
    let pem = &creator.certificate_pem;
    let all = || remembered.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(owner) = all().get(&pem[..]) {
        return owner.clone();
    }
    let owner = Arc::new(read(creator));
    if pem.len() <= REMEMBERED_BYTES_MAX {
        let mut all = all();
        if all.len() >= REMEMBERED_MAX {
            all.clear();
        }
        // A copy: a slice would keep its whole block in memory.
        all.insert(Box::from(&pem[..]), owner.clone());
    }
    owner
}

fn read(creator: &Creator) -> Owner {
    let der = creator.certificate_der().ok();
    let Some(certificate) = der.and_then(|der| Certificate::from_der(&der).ok()) else {
        return Owner::default();
    };
    Owner {
        enrollment_id: certificate.enrollment_id().map(str::to_owned),
        certificate: Some(self::certificate(&certificate)),
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
    use bytes::Bytes;

    use super::*;
    use crate::wire::Block;

    const BLOCK: &[u8] = include_bytes!("../../tests/data/raft-003-put.block");

    fn alice() -> Creator {
        let block = Block::decode(Bytes::from_static(BLOCK)).unwrap();
        let envelope = block.transaction(0).unwrap().decode().unwrap();
        envelope.header.creator().unwrap().unwrap()
    }

    fn length(remembered: &Remembered) -> usize {
        remembered.lock().unwrap().len()
    }

    #[test]
    fn a_certificate_is_read_once() {
        let remembered = Remembered::default();
        let (first, again) = (owner(&remembered, &alice()), owner(&remembered, &alice()));
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(first.enrollment_id.as_deref(), Some("alice"));
        assert!(first.certificate.is_some());
    }

    #[test]
    fn one_certificate_in_two_organizations_is_two_creators() {
        let mut other = alice();
        other.organization = "Org2MSP".to_owned();
        assert_eq!(creator(&alice()).organization, "Org1MSP");
        assert_eq!(creator(&other).organization, "Org2MSP");
        assert_eq!(creator(&other).certificate, creator(&alice()).certificate);
    }

    #[test]
    fn few_are_remembered_and_no_great_ones() {
        let remembered = Remembered::default();
        for number in 0..=REMEMBERED_MAX {
            let creator = Creator {
                certificate_pem: number.to_string().into(),
                ..alice()
            };
            assert!(owner(&remembered, &creator).certificate.is_none());
        }
        assert_eq!(length(&remembered), 1);
        let great = Creator {
            certificate_pem: vec![b'x'; REMEMBERED_BYTES_MAX + 1].into(),
            ..alice()
        };
        owner(&remembered, &great);
        assert_eq!(length(&remembered), 1);
    }
}
