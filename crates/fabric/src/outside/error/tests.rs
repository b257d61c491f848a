#![allow(clippy::unwrap_used)]
use jiff::Timestamp;

use super::*;
use crate::identity::{KeyKind, PublicKeyKind, SignatureError};

#[test]
fn every_error_has_its_word_and_kind() {
    let subject = || "CN=alice".to_owned();
    let not_after = Timestamp::UNIX_EPOCH;
    let unreadable = SignatureError::Malformed {
        kind: KeyKind::P256,
        length: 3,
        raw_length: 64,
    };
    let cases = [
        (
            OutsideError::Certificate(CertificateError::None),
            "certificate_unreadable",
        ),
        (
            IdentityError::Expired {
                subject: subject(),
                not_after,
            }
            .into(),
            "certificate_expired",
        ),
        (
            IdentityError::NotYetValid {
                subject: subject(),
                not_before: not_after,
            }
            .into(),
            "certificate_not_yet_valid",
        ),
        (
            IdentityError::NoMspId { subject: subject() }.into(),
            "organization_missing",
        ),
        (
            IdentityError::UnsupportedKey {
                subject: subject(),
                kind: PublicKeyKind::Other("1.2.3".to_owned()),
            }
            .into(),
            "key_unsupported",
        ),
        (
            OutsideError::UnknownOrganization {
                organization: "Org9MSP".to_owned(),
                known: vec!["Org1MSP".to_owned()],
            },
            "unknown_organization",
        ),
        (
            OutsideError::NotAMember {
                subject: subject(),
                reason: "its certificate was revoked".to_owned(),
            },
            "certificate_not_accepted",
        ),
        (
            OutsideError::Ed25519NotTaken {
                subject: subject(),
                capabilities: vec!["V2_0".to_owned()],
            },
            "ed25519_unsupported",
        ),
        (OutsideError::Unknown("1f".to_owned()), "prepared_not_found"),
        (
            OutsideError::WrongStep {
                asked: "submit",
                due: "endorse",
            },
            "wrong_step",
        ),
        (OutsideError::Running, "step_running"),
        (OutsideError::Submitted, "already_submitted"),
        (
            OutsideError::Signature(unreadable.into()),
            "signature_unreadable",
        ),
        (
            OutsideError::Signature(SignatureFault::HashedTwice),
            "signature_mismatch",
        ),
        (OutsideError::Full, "prepared_full"),
        (OutsideError::TooLarge(7), "call_too_large"),
        (LedgerError::ShuttingDown.into(), "shutting_down"),
    ];
    for (error, code) in cases {
        let (words, told) = (error.to_string(), LedgerError::from(error));
        assert_eq!(told.code(), code);
        assert_eq!(told.to_string(), words);
        let kind = match told {
            LedgerError::InvalidCall { .. } => 422,
            LedgerError::NotFound { .. } => 404,
            LedgerError::Conflict { .. } => 409,
            _ => 503,
        };
        let expected = match code {
            "prepared_not_found" => 404,
            "wrong_step" | "step_running" | "already_submitted" => 409,
            "prepared_full" | "shutting_down" => 503,
            _ => 422,
        };
        assert_eq!(kind, expected, "{words}");
    }
}
