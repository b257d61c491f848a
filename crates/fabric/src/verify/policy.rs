//! Policies, asked whether a set of signers satisfies them: as Fabric's own nodes count.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::direct::Membership;
use crate::identity::Certificate;
use crate::wire::config::{Msp, OrdererConfig, Organization};
use crate::wire::proto::common::implicit_meta_policy::Rule as ImplicitRule;
use crate::wire::{Policy, Principal, Role, Rule, SignaturePolicy};

/// Somebody whose signature fits, and who belongs to an organization by its rules.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    pub(super) organization: String,
    pub(super) certificate: Arc<Certificate>,
    /// What the organizational units make it; `None` where the organization does not tell roles apart.
    pub(super) roles: Option<Vec<&'static str>>,
}

/// The groups whose policies count: the orderers' own, and their organizations'.
#[derive(Debug)]
pub(super) struct Groups {
    organizations: BTreeMap<String, Organization>,
}

impl Groups {
    pub(super) fn new(config: &OrdererConfig) -> Self {
        Self {
            organizations: config.organizations.clone(),
        }
    }

    /// The organizations' rules of membership.
    pub(super) fn membership(&self) -> Membership {
        let configs = self.organizations.values();
        Membership::of(configs.filter_map(|organization| match &organization.msp {
            Some(Msp::X509(msp)) => Some((**msp).clone()),
            // Others sign in other ways, and orderers do not.
            _ => None,
        }))
    }

    /// Whether these signers satisfy a policy of the orderers' group.
    pub(super) fn satisfied(&self, policy: &Policy, signers: &[Signer]) -> bool {
        match policy {
            Policy::Signature(policy) => self.signed(policy, signers),
            Policy::ImplicitMeta { rule, sub_policy } => {
                let all = self.organizations.len();
                let satisfied = self.organizations.values().filter(|organization| {
                    // An organization has no groups below it, so that only signatures can satisfy its policy.
                    match organization.policies.get(sub_policy) {
                        Some(Policy::Signature(policy)) => self.signed(policy, signers),
                        _ => false,
                    }
                });
                let needed = match rule {
                    ImplicitRule::Any => 1,
                    ImplicitRule::All => all,
                    ImplicitRule::Majority => all / 2 + 1,
                };
                // Where there is no organization nobody can sign, whatever is asked.
                all > 0 && satisfied.count() >= needed
            }
            Policy::Other { .. } => false,
        }
    }

    fn signed(&self, policy: &SignaturePolicy, signers: &[Signer]) -> bool {
        let mut used = vec![false; signers.len()];
        self.holds(&policy.rule, &policy.identities, signers, &mut used)
    }

    /// Each signer counts once; a rule takes the first that fits, and one that fails gives back whom it took.
    fn holds(
        &self,
        rule: &Rule,
        identities: &[Principal],
        signers: &[Signer],
        used: &mut Vec<bool>,
    ) -> bool {
        match rule {
            Rule::SignedBy(index) => {
                let free = signers
                    .iter()
                    .zip(used.iter())
                    .position(|(signer, used)| !used && self.is(signer, &identities[*index]));
                if let Some(taken) = free {
                    used[taken] = true;
                }
                free.is_some()
            }
            Rule::OutOf { n, rules } => {
                let mut held = 0_i64;
                for rule in rules {
                    let mut tried = used.clone();
                    if self.holds(rule, identities, signers, &mut tried) {
                        *used = tried;
                        held += 1;
                    }
                }
                held >= i64::from(*n)
            }
        }
    }

    fn is(&self, signer: &Signer, principal: &Principal) -> bool {
        match principal {
            Principal::Role { organization, role } => {
                signer.organization == *organization && self.has_role(signer, *role)
            }
            Principal::Identity(identity) => {
                let certificate = identity.certificate_der();
                signer.organization == identity.organization
                    && certificate.is_ok_and(|der| der == signer.certificate.der())
            }
            Principal::Combined(principals) => {
                !principals.is_empty() && principals.iter().all(|other| self.is(signer, other))
            }
            // Bound to a chain of CAs by a hash that no orderer's policy uses: who cannot be told does not count.
            Principal::OrganizationalUnit { .. } | Principal::Other { .. } => false,
        }
    }

    fn has_role(&self, signer: &Signer, role: Role) -> bool {
        let is = |name| {
            signer
                .roles
                .as_ref()
                .is_some_and(|roles| roles[..] == [name])
        };
        match role {
            Role::Member => true,
            Role::Client => is("a client"),
            Role::Peer => is("a peer"),
            Role::Orderer => is("an orderer"),
            Role::Admin => is("an administrator") || self.is_listed_administrator(signer),
            Role::Unknown(_) => false,
        }
    }

    fn is_listed_administrator(&self, signer: &Signer) -> bool {
        self.organizations.values().any(|organization| {
            let Some(Msp::X509(msp)) = &organization.msp else {
                return false;
            };
            let lists = |text: &bytes::Bytes| {
                let read = Certificate::from_pem(&String::from_utf8_lossy(text));
                read.is_ok_and(|admin| admin == *signer.certificate)
            };
            msp.name == signer.organization && msp.admins.iter().any(lists)
        })
    }
}
