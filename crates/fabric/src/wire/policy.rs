use std::fmt;

use bytes::Bytes;

use super::error::{DecodeError, Fault, decode};
use super::principal::{Principal, decode_principals};
use super::proto::common::implicit_meta_policy::Rule as ImplicitRule;
use super::proto::common::policy::PolicyType;
use super::proto::common::signature_policy::Type;
use super::proto::{common, protos};

/// Rules inside rules that are read. Written by hand, policies have two or three.
pub const RULE_DEPTH_MAX: usize = 32;
/// Rules of one policy that are read.
pub const RULES_MAX: usize = 4096;

/// A policy of the configuration. In text: `MAJORITY of Admins`, or as [`SignaturePolicy`].
#[derive(Debug, Clone, PartialEq)]
pub enum Policy {
    /// Asks for signatures.
    Signature(SignaturePolicy),
    /// Asks for the policies of that name of the groups below.
    ImplicitMeta {
        /// How many of them.
        rule: ImplicitRule,
        /// Their name.
        sub_policy: String,
    },
    /// Anything else, raw.
    Other {
        /// The number of the type.
        kind: i32,
        /// The bytes.
        value: Bytes,
    },
}

/// A policy of signatures. In text `AND(Org1MSP.peer, Org2MSP.peer)`, `OR(…)` or `OutOf(2, …)`.
#[derive(Debug, Clone, PartialEq)]
pub struct SignaturePolicy {
    /// What must be signed by whom.
    pub rule: Rule,
    /// Whom the rule counts.
    pub identities: Vec<Principal>,
}

/// A node of a policy of signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// By one of the policy's identities, as an index that is always within them.
    SignedBy(usize),
    /// By so many of these.
    OutOf {
        /// How many.
        n: i32,
        /// Of these.
        rules: Vec<Rule>,
    },
}

/// The endorsement policy of a chaincode, a collection or a key.
#[derive(Debug, Clone, PartialEq)]
pub enum ApplicationPolicy {
    /// A policy of its own.
    Signature(SignaturePolicy),
    /// The policy of this path in the channel's configuration.
    ChannelReference(String),
}

impl Policy {
    pub(super) fn new(policy: common::Policy) -> Result<Self, DecodeError> {
        let other = |value| Self::Other {
            kind: policy.r#type,
            value,
        };
        match PolicyType::try_from(policy.r#type) {
            Ok(PolicyType::Signature) => SignaturePolicy::decode(policy.value).map(Self::Signature),
            Ok(PolicyType::ImplicitMeta) => {
                let implicit: common::ImplicitMetaPolicy = decode(policy.value.clone())?;
                Ok(match ImplicitRule::try_from(implicit.rule) {
                    Ok(rule) => Self::ImplicitMeta {
                        rule,
                        sub_policy: implicit.sub_policy,
                    },
                    Err(_) => other(policy.value),
                })
            }
            _ => Ok(other(policy.value)),
        }
    }
}

impl SignaturePolicy {
    /// Reads a serialized `common.SignaturePolicyEnvelope`.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        Self::new(decode(bytes)?)
    }

    pub(super) fn new(policy: common::SignaturePolicyEnvelope) -> Result<Self, DecodeError> {
        let rule = policy.rule.ok_or(Fault::Missing("the policy's rule"))?;
        let mut reader = RuleReader {
            identities: policy.identities.len(),
            rules: 0,
        };
        let rule = reader.read(rule, 0)?;
        Ok(Self {
            rule,
            identities: decode_principals(policy.identities, 0)?,
        })
    }
}

struct RuleReader {
    identities: usize,
    rules: usize,
}

impl RuleReader {
    fn read(&mut self, rule: common::SignaturePolicy, depth: usize) -> Result<Rule, DecodeError> {
        if depth > RULE_DEPTH_MAX {
            return Err(Fault::TooDeep {
                limit: RULE_DEPTH_MAX,
            }
            .into());
        }
        self.rules += 1;
        if self.rules > RULES_MAX {
            return Err(Fault::TooMany {
                what: "rules in a policy",
                limit: RULES_MAX,
            }
            .into());
        }
        match rule
            .r#type
            .ok_or(Fault::Missing("what a rule of the policy asks for"))?
        {
            Type::SignedBy(signer) => usize::try_from(signer)
                .ok()
                .filter(|index| *index < self.identities)
                .map(Rule::SignedBy)
                .ok_or_else(|| {
                    Fault::UnknownSigner {
                        signer,
                        identities: self.identities,
                    }
                    .into()
                }),
            Type::NOutOf(inner) => {
                let rules = inner
                    .rules
                    .into_iter()
                    .map(|rule| self.read(rule, depth + 1));
                Ok(Rule::OutOf {
                    n: inner.n,
                    rules: rules.collect::<Result<_, _>>()?,
                })
            }
        }
    }
}

impl ApplicationPolicy {
    /// Reads a serialized `protos.ApplicationPolicy`.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        Self::new(decode(bytes)?)
    }

    pub(super) fn new(policy: protos::ApplicationPolicy) -> Result<Self, DecodeError> {
        use protos::application_policy::Type;
        match policy
            .r#type
            .ok_or(Fault::Missing("the endorsement policy"))?
        {
            Type::SignaturePolicy(policy) => SignaturePolicy::new(policy).map(Self::Signature),
            Type::ChannelConfigPolicyReference(path) => Ok(Self::ChannelReference(path)),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature(policy) => policy.fmt(formatter),
            Self::ImplicitMeta { rule, sub_policy } => {
                write!(formatter, "{} of {sub_policy}", rule.as_str_name())
            }
            Self::Other { kind, value } => {
                write!(formatter, "a policy of type {kind} ({} bytes)", value.len())
            }
        }
    }
}

impl fmt::Display for SignaturePolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(&self.rule, formatter)
    }
}

impl SignaturePolicy {
    fn write(&self, rule: &Rule, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, rules) = match rule {
            Rule::SignedBy(index) => return write!(formatter, "{}", self.identities[*index]),
            Rule::OutOf { n: 1, rules } if rules.len() == 1 => {
                return self.write(&rules[0], formatter);
            }
            Rule::OutOf { n, rules } => (*n, rules),
        };
        match usize::try_from(n) {
            Ok(1) if !rules.is_empty() => formatter.write_str("OR(")?,
            Ok(all) if all > 0 && all == rules.len() => formatter.write_str("AND(")?,
            _ => {
                write!(formatter, "OutOf({n}")?;
                if !rules.is_empty() {
                    formatter.write_str(", ")?;
                }
            }
        }
        for (index, rule) in rules.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            self.write(rule, formatter)?;
        }
        formatter.write_str(")")
    }
}

impl fmt::Display for ApplicationPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature(policy) => policy.fmt(formatter),
            Self::ChannelReference(path) => write!(formatter, "the channel's {path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use common::msp_principal::Classification;
    use common::msp_role::MspRoleType;
    use prost::Message as _;

    use super::*;

    fn signed_by(index: i32) -> common::SignaturePolicy {
        common::SignaturePolicy {
            r#type: Some(Type::SignedBy(index)),
        }
    }

    fn out_of(n: i32, rules: Vec<common::SignaturePolicy>) -> common::SignaturePolicy {
        let inner = common::signature_policy::NOutOf { n, rules };
        common::SignaturePolicy {
            r#type: Some(Type::NOutOf(inner)),
        }
    }

    fn role(organization: &str, role: MspRoleType) -> common::MspPrincipal {
        let role = common::MspRole {
            msp_identifier: organization.to_owned(),
            role: role.into(),
        };
        common::MspPrincipal {
            principal_classification: Classification::Role.into(),
            principal: role.encode_to_vec().into(),
        }
    }

    fn read(rule: common::SignaturePolicy) -> Result<String, String> {
        let identities = vec![
            role("Org1MSP", MspRoleType::Peer),
            role("Org2MSP", MspRoleType::Peer),
            role("Org3MSP", MspRoleType::Admin),
        ];
        let policy = common::SignaturePolicyEnvelope {
            version: 0,
            rule: Some(rule),
            identities,
        };
        match SignaturePolicy::decode(policy.encode_to_vec().into()) {
            Ok(policy) => Ok(policy.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn words(rule: common::SignaturePolicy) -> String {
        read(rule).expect("a good policy")
    }

    #[test]
    fn policies_are_told_in_words() {
        assert_eq!(words(signed_by(0)), "Org1MSP.peer");
        assert_eq!(words(out_of(1, vec![signed_by(2)])), "Org3MSP.admin");
        let both = out_of(2, vec![signed_by(0), signed_by(1)]);
        assert_eq!(words(both.clone()), "AND(Org1MSP.peer, Org2MSP.peer)");
        assert_eq!(
            words(out_of(1, vec![signed_by(0), signed_by(1)])),
            "OR(Org1MSP.peer, Org2MSP.peer)"
        );
        assert_eq!(
            words(out_of(2, vec![signed_by(0), signed_by(1), both])),
            "OutOf(2, Org1MSP.peer, Org2MSP.peer, AND(Org1MSP.peer, Org2MSP.peer))"
        );
        // Nobody can, or need, sign these.
        assert_eq!(words(out_of(0, vec![])), "OutOf(0)");
        assert_eq!(words(out_of(1, vec![])), "OutOf(1)");
        assert_eq!(
            words(out_of(-1, vec![signed_by(0)])),
            "OutOf(-1, Org1MSP.peer)"
        );
        assert_eq!(
            words(out_of(0, vec![signed_by(0), signed_by(1)])),
            "OutOf(0, Org1MSP.peer, Org2MSP.peer)"
        );
    }

    #[test]
    fn policies_that_mean_nothing_are_refused() {
        let lacking = |signer| format!("signer {signer} is asked for, but 3 identities are listed");
        assert_eq!(read(signed_by(3)), Err(lacking(3)));
        assert_eq!(read(out_of(1, vec![signed_by(-1)])), Err(lacking(-1)));
        let empty = common::SignaturePolicy { r#type: None };
        assert_eq!(
            read(empty),
            Err("what a rule of the policy asks for is missing".to_owned())
        );
        let error = SignaturePolicy::decode(Bytes::new()).expect_err("no rule");
        assert_eq!(error.to_string(), "the policy's rule is missing");
        let error = ApplicationPolicy::decode(Bytes::new()).expect_err("no policy");
        assert_eq!(error.to_string(), "the endorsement policy is missing");
    }

    #[test]
    fn depth_and_number_of_rules_are_limited() {
        let nested = |depth| (0..depth).fold(signed_by(0), |rule, _| out_of(1, vec![rule]));
        assert_eq!(words(nested(RULE_DEPTH_MAX)), "Org1MSP.peer");
        assert_eq!(
            read(nested(RULE_DEPTH_MAX + 1)),
            Err("nested deeper than 32 levels".to_owned())
        );
        // So deep that the protobuf reader itself gives up.
        assert!(read(nested(1000)).is_err_and(|error| error.contains("recursion limit")));
        let wide = |count| out_of(1, vec![signed_by(0); count]);
        assert!(read(wide(RULES_MAX - 1)).is_ok());
        assert_eq!(
            read(wide(RULES_MAX)),
            Err("more than 4096 rules in a policy".to_owned())
        );
    }

    #[test]
    fn references_and_unknown_policies_are_told() {
        let implicit = common::ImplicitMetaPolicy {
            sub_policy: "Admins".to_owned(),
            rule: ImplicitRule::Majority.into(),
        };
        let policy = |kind: i32, value: Vec<u8>| {
            Policy::new(common::Policy {
                r#type: kind,
                value: value.into(),
            })
            .map(|policy| policy.to_string())
        };
        assert_eq!(
            policy(3, implicit.encode_to_vec()),
            Ok("MAJORITY of Admins".to_owned())
        );
        let unknown = common::ImplicitMetaPolicy {
            sub_policy: "Admins".to_owned(),
            rule: 9,
        };
        assert_eq!(
            policy(3, unknown.encode_to_vec()),
            Ok("a policy of type 3 (10 bytes)".to_owned())
        );
        assert_eq!(
            policy(2, vec![1, 2]),
            Ok("a policy of type 2 (2 bytes)".to_owned())
        );
        let path = "/Channel/Application/Endorsement".to_owned();
        let reference = protos::application_policy::Type::ChannelConfigPolicyReference(path);
        let reference = protos::ApplicationPolicy {
            r#type: Some(reference),
        };
        let read =
            ApplicationPolicy::decode(reference.encode_to_vec().into()).expect("a reference");
        assert_eq!(
            read.to_string(),
            "the channel's /Channel/Application/Endorsement"
        );
    }
}
