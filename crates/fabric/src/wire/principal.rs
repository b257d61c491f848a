use std::fmt;

use bytes::Bytes;
use chainloom_ledger::Hash;

use super::creator::Creator;
use super::error::{DecodeError, Fault, decode};
use super::proto::common;
use super::proto::common::msp_principal::Classification;
use super::proto::common::msp_role::MspRoleType;

/// Combined principals inside each other that are read.
pub const PRINCIPAL_DEPTH_MAX: usize = 8;
/// Principals in one list that are read.
pub const PRINCIPALS_MAX: usize = 1024;
/// Characters of a name that are printed.
const NAME_CHARACTERS_MAX: usize = 256;

/// Whom a policy asks for. In text `Org1MSP.peer`.
#[derive(Debug, Clone, PartialEq)]
pub enum Principal {
    /// Whoever has this role in the organization; by the certificate's organizational unit, where the
    /// organization uses those.
    Role {
        /// MSP id.
        organization: String,
        /// The role.
        role: Role,
    },
    /// Whoever's certificate names this organizational unit.
    OrganizationalUnit {
        /// MSP id.
        organization: String,
        /// The unit.
        unit: String,
        /// Hash of the certificate chain that must have issued it.
        certifiers: Bytes,
    },
    /// This identity.
    Identity(Creator),
    /// All of these at once.
    Combined(Vec<Principal>),
    /// Anything else, raw.
    Other {
        /// The number of the classification.
        classification: i32,
        /// The bytes.
        principal: Bytes,
    },
}

/// A role in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Anyone.
    Member,
    /// An administrator.
    Admin,
    /// A client.
    Client,
    /// A peer.
    Peer,
    /// An orderer.
    Orderer,
    /// A number that Fabric 3.1 has no name for.
    Unknown(i32),
}

pub(super) fn decode_principals(
    principals: Vec<common::MspPrincipal>,
    depth: usize,
) -> Result<Vec<Principal>, DecodeError> {
    if principals.len() > PRINCIPALS_MAX {
        return Err(Fault::TooMany {
            what: "identities in a policy",
            limit: PRINCIPALS_MAX,
        }
        .into());
    }
    principals
        .into_iter()
        .map(|principal| Principal::new(principal, depth))
        .collect()
}

impl Principal {
    fn new(principal: common::MspPrincipal, depth: usize) -> Result<Self, DecodeError> {
        if depth > PRINCIPAL_DEPTH_MAX {
            return Err(Fault::TooDeep {
                limit: PRINCIPAL_DEPTH_MAX,
            }
            .into());
        }
        let bytes = principal.principal;
        match Classification::try_from(principal.principal_classification) {
            Ok(Classification::Role) => {
                let role: common::MspRole = decode(bytes)?;
                Ok(Self::Role {
                    organization: role.msp_identifier,
                    role: role.role.into(),
                })
            }
            Ok(Classification::OrganizationUnit) => {
                let unit: common::OrganizationUnit = decode(bytes)?;
                Ok(Self::OrganizationalUnit {
                    organization: unit.msp_identifier,
                    unit: unit.organizational_unit_identifier,
                    certifiers: unit.certifiers_identifier,
                })
            }
            Ok(Classification::Identity) => Creator::decode(bytes).map(Self::Identity),
            Ok(Classification::Combined) => {
                let combined: common::CombinedPrincipal = decode(bytes)?;
                decode_principals(combined.principals, depth + 1).map(Self::Combined)
            }
            Ok(Classification::Anonymity) | Err(_) => Ok(Self::Other {
                classification: principal.principal_classification,
                principal: bytes,
            }),
        }
    }
}

impl From<i32> for Role {
    fn from(number: i32) -> Self {
        match MspRoleType::try_from(number) {
            Ok(MspRoleType::Member) => Self::Member,
            Ok(MspRoleType::Admin) => Self::Admin,
            Ok(MspRoleType::Client) => Self::Client,
            Ok(MspRoleType::Peer) => Self::Peer,
            Ok(MspRoleType::Orderer) => Self::Orderer,
            Err(_) => Self::Unknown(number),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Orderer => "orderer",
            Self::Unknown(number) => return write!(formatter, "role{number}"),
        })
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { organization, role } => write!(formatter, "{}.{role}", cut(organization)),
            Self::OrganizationalUnit {
                organization, unit, ..
            } => {
                write!(formatter, "{}.OU={}", cut(organization), cut(unit))
            }
            Self::Identity(identity) => {
                // As people compare certificates: the beginning of their SHA-256.
                let hash = match identity.certificate_der() {
                    Ok(certificate) => Hash::of(&certificate),
                    Err(_) => Hash::of(&identity.certificate_pem),
                };
                write!(
                    formatter,
                    "{}.identity {hash:.8}",
                    cut(&identity.organization)
                )
            }
            Self::Combined(principals) => {
                for (index, principal) in principals.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str("+")?;
                    }
                    principal.fmt(formatter)?;
                }
                Ok(())
            }
            Self::Other { classification, .. } => write!(formatter, "principal{classification}"),
        }
    }
}

/// Whoever writes a policy chooses how often a name is printed, so each is short.
fn cut(name: &str) -> &str {
    name.char_indices()
        .nth(NAME_CHARACTERS_MAX)
        .map_or(name, |(end, _)| &name[..end])
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::wire::proto::msp;

    fn principal(
        classification: Classification,
        message: &impl prost::Message,
    ) -> common::MspPrincipal {
        common::MspPrincipal {
            principal_classification: classification.into(),
            principal: message.encode_to_vec().into(),
        }
    }

    fn role(number: i32) -> common::MspPrincipal {
        let role = common::MspRole {
            msp_identifier: "Org1MSP".to_owned(),
            role: number,
        };
        principal(Classification::Role, &role)
    }

    fn words(principal: common::MspPrincipal) -> String {
        Principal::new(principal, 0)
            .expect("a good principal")
            .to_string()
    }

    #[test]
    fn principals_are_told_in_words() {
        let roles = ["member", "admin", "client", "peer", "orderer", "role5"];
        for (number, name) in (0..).zip(roles) {
            assert_eq!(words(role(number)), format!("Org1MSP.{name}"));
        }
        let unit = common::OrganizationUnit {
            msp_identifier: "Org1MSP".to_owned(),
            organizational_unit_identifier: "sales".to_owned(),
            ..Default::default()
        };
        assert_eq!(
            words(principal(Classification::OrganizationUnit, &unit)),
            "Org1MSP.OU=sales"
        );
        let identity = msp::SerializedIdentity {
            mspid: "Org1MSP".to_owned(),
            ..Default::default()
        };
        assert_eq!(
            words(principal(Classification::Identity, &identity)),
            "Org1MSP.identity e3b0c442"
        );
        let both = common::CombinedPrincipal {
            principals: vec![role(0), role(1)],
        };
        assert_eq!(
            words(principal(Classification::Combined, &both)),
            "Org1MSP.member+Org1MSP.admin"
        );
        let anonymous = common::MspIdentityAnonymity::default();
        assert_eq!(
            words(principal(Classification::Anonymity, &anonymous)),
            "principal3"
        );
        let long = common::MspRole {
            msp_identifier: "é".repeat(9999),
            role: 0,
        };
        assert_eq!(
            words(principal(Classification::Role, &long))
                .chars()
                .count(),
            256 + ".member".len()
        );
    }

    #[test]
    fn depth_and_number_are_limited() {
        let nested = |depth| {
            (0..depth).fold(role(0), |inner, _| {
                principal(
                    Classification::Combined,
                    &common::CombinedPrincipal {
                        principals: vec![inner],
                    },
                )
            })
        };
        assert!(Principal::new(nested(PRINCIPAL_DEPTH_MAX), 0).is_ok());
        let error = Principal::new(nested(PRINCIPAL_DEPTH_MAX + 1), 0).expect_err("too deep");
        assert_eq!(error.to_string(), "nested deeper than 8 levels");
        let error = decode_principals(vec![role(0); PRINCIPALS_MAX + 1], 0).expect_err("too many");
        assert_eq!(error.to_string(), "more than 1024 identities in a policy");
    }
}
