//! Who may endorse for an organization, by the rules in the channel's configuration: those that Fabric's own peers check a block's endorsements by.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, CertRevocationList, EndEntityCert, ExpirationPolicy,
    ExtendedKeyUsageValidator, KeyPurposeIdIter, OwnedCertRevocationList, RevocationCheckDepth,
    RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};

use crate::identity::{Certificate, CertificateError};
use crate::wire::Creator;
use crate::wire::config::{ChannelConfig, Msp};
use crate::wire::proto::msp;

/// How many endorsers are remembered; no channel has as many peers.
const REMEMBERED_MAX: usize = 1024;

/// Why somebody does not endorse for an organization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnEndorser {
    /// The channel has no such organization.
    #[error("the channel has no organization with the MSP id {0}")]
    UnknownOrganization(String),
    /// The organization's rules cannot be read.
    #[error("the rules of {organization} in the channel's configuration cannot be used: {reason}")]
    Rules {
        /// The MSP id.
        organization: String,
        /// What is wrong with them.
        reason: String,
    },
    /// It has no certificate that can be read.
    #[error("{0}")]
    Certificate(#[from] CertificateError),
    /// The certificate does not lead to one of the organization's CAs.
    #[error("its certificate does not come from a CA of {organization}: {reason}")]
    Chain {
        /// The MSP id.
        organization: String,
        /// What the search for a chain found.
        reason: String,
    },
    /// A CA gave it out that has CAs below it; these alone may do so then.
    #[error("its certificate comes from {0}, which gives out certificates of CAs only")]
    IssuerAboveOthers(String),
    /// The organization withdrew it.
    #[error("its certificate was revoked by {0}")]
    Revoked(String),
    /// The certificate's organizational units do not make it one of them.
    #[error("its certificate has none of the organizational units that {0} asks for")]
    NoUnit(String),
    /// The organizational units give it another role than a peer's, or several.
    #[error(
        "its certificate is not a peer's: its organizational units make it {}",
        if roles.is_empty() { "nothing".to_owned() } else { roles.join(" and ") }
    )]
    NotAPeer {
        /// What they make it.
        roles: Vec<&'static str>,
    },
    /// The organizational units give it no role that peers know, or several.
    #[error(
        "its organizational units make it {}, and exactly one role is expected",
        if roles.is_empty() { "nothing".to_owned() } else { roles.join(" and ") }
    )]
    NotOneRole {
        /// What they make it.
        roles: Vec<&'static str>,
    },
    /// Another CA than the one that may give out this role.
    #[error("its certificate says {role}, which another CA of {organization} has to certify")]
    WrongCertifier {
        /// The role.
        role: &'static str,
        /// The MSP id.
        organization: String,
    },
}

/// The organizations of a channel, each with its rules.
#[derive(Debug)]
pub(crate) struct Membership {
    organizations: BTreeMap<String, Result<Rules, String>>,
    /// Those who were found to be endorsers, by their serialized identity. A configuration does not change, so neither does this.
    found: Mutex<HashMap<Bytes, Arc<Certificate>>>,
}

#[derive(Debug)]
struct Rules {
    roots: Vec<Certificate>,
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<Certificate>,
    intermediate_certificates: Vec<CertificateDer<'static>>,
    revocation_lists: Vec<CertRevocationList<'static>>,
    units: Vec<Unit>,
    /// The units that tell roles; none where the organization does not tell them apart.
    roles: Option<Vec<(&'static str, Unit)>>,
}

/// An organizational unit, and the CA that has to certify it where one is named.
#[derive(Debug)]
struct Unit {
    name: String,
    certifier: Option<Certificate>,
}

impl Membership {
    pub(crate) fn new(config: &ChannelConfig) -> Self {
        let application = config.application.iter();
        let members = application.flat_map(|application| application.organizations.values());
        let configs = members.filter_map(|organization| match &organization.msp {
            Some(Msp::X509(msp)) => Some((**msp).clone()),
            // Others sign in other ways, and peers do not.
            _ => None,
        });
        Self::of(configs)
    }

    /// Organizations with these rules.
    pub(crate) fn of(configs: impl Iterator<Item = msp::FabricMspConfig>) -> Self {
        let rules = configs.map(|config| {
            let rules = Rules::new(&config);
            (config.name, rules)
        });
        Self {
            organizations: rules.collect(),
            found: Mutex::default(),
        }
    }

    /// The certificate of an endorser, once it is known to be one. Whether it expired is not asked, as peers do not ask it either.
    ///
    /// # Errors
    /// [`NotAnEndorser`].
    pub(crate) fn endorser(
        &self,
        serialized: &Bytes,
        creator: &Creator,
    ) -> Result<Arc<Certificate>, NotAnEndorser> {
        let found = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(certificate) = found().get(serialized) {
            return Ok(certificate.clone());
        }
        let organization = &creator.organization;
        let rules = self.rules(organization)?;
        let text = String::from_utf8_lossy(&creator.certificate_pem);
        let certificate = Arc::new(Certificate::from_pem(&text)?);
        rules.check(organization, &certificate)?;
        let mut found = found();
        if found.len() >= REMEMBERED_MAX {
            found.clear();
        }
        // A copy: the slice would keep the endorser's whole answer in memory.
        found.insert(Bytes::copy_from_slice(serialized), certificate.clone());
        Ok(certificate)
    }

    /// Refuses a certificate that is not of this organization, in whatever role. Whether it expired is not asked.
    ///
    /// # Errors
    /// [`NotAnEndorser`].
    pub(crate) fn check_member(
        &self,
        organization: &str,
        certificate: &Certificate,
    ) -> Result<(), NotAnEndorser> {
        self.roles_of_member(organization, certificate).map(drop)
    }

    /// What the organization makes of a certificate of its own, exactly one role; `None` where it does not tell roles apart. Whether it
    /// expired is not asked.
    ///
    /// # Errors
    /// [`NotAnEndorser`].
    pub(crate) fn roles_of_member(
        &self,
        organization: &str,
        certificate: &Certificate,
    ) -> Result<Option<Vec<&'static str>>, NotAnEndorser> {
        match self.rules(organization)?.roles(organization, certificate)? {
            Some(roles) if roles.len() != 1 => Err(NotAnEndorser::NotOneRole { roles }),
            roles => Ok(roles),
        }
    }

    /// The MSP ids of all organizations.
    pub(crate) fn organizations(&self) -> Vec<String> {
        self.organizations.keys().cloned().collect()
    }

    /// The MSP ids of the organizations that have one of these certificates as a CA's.
    pub(crate) fn organizations_of(&self, authorities: &[Certificate]) -> Vec<String> {
        let organizations = self.organizations.iter().filter(|(_, rules)| {
            let rules = rules.as_ref().ok();
            let own = rules.map(|rules| rules.roots.iter().chain(&rules.intermediates));
            own.is_some_and(|mut own| own.any(|own| authorities.contains(own)))
        });
        organizations.map(|(id, _)| id.clone()).collect()
    }

    fn rules(&self, organization: &str) -> Result<&Rules, NotAnEndorser> {
        let rules = self.organizations.get(organization);
        let rules =
            rules.ok_or_else(|| NotAnEndorser::UnknownOrganization(organization.to_owned()))?;
        rules.as_ref().map_err(|reason| NotAnEndorser::Rules {
            organization: organization.to_owned(),
            reason: reason.clone(),
        })
    }
}

impl Rules {
    fn new(config: &msp::FabricMspConfig) -> Result<Self, String> {
        let authorities = |texts: &[Bytes]| -> Result<Vec<Certificate>, String> {
            texts.iter().map(certificate).collect()
        };
        let roots = authorities(&config.root_certs)?;
        let intermediates = authorities(&config.intermediate_certs)?;
        let anchors = roots
            .iter()
            .map(|root| {
                let der = CertificateDer::from(root.der());
                webpki::anchor_from_trusted_cert(&der)
                    .map(|anchor| anchor.to_owned())
                    .map_err(|error| format!("the CA {}: {error}", root.subject()))
            })
            .collect::<Result<_, _>>()?;
        let lists = config.revocation_list.iter().map(|text| {
            let der = CertificateRevocationListDer::from_pem_slice(text)
                .map_err(|error| format!("a CRL: {error}"))?;
            OwnedCertRevocationList::from_der(&der)
                .map(CertRevocationList::from)
                .map_err(|error| format!("a CRL: {error}"))
        });
        let units = config
            .organizational_unit_identifiers
            .iter()
            .map(Unit::new)
            .collect::<Result<_, _>>()?;
        let roles = config.fabric_node_ous.as_ref().filter(|nodes| nodes.enable);
        let roles = roles.map(|nodes| {
            [
                ("a client", &nodes.client_ou_identifier),
                ("a peer", &nodes.peer_ou_identifier),
                ("an administrator", &nodes.admin_ou_identifier),
                ("an orderer", &nodes.orderer_ou_identifier),
            ]
            .into_iter()
            .filter_map(|(role, unit)| unit.as_ref().map(|unit| Ok((role, Unit::new(unit)?))))
            .collect::<Result<_, String>>()
        });
        Ok(Self {
            intermediate_certificates: intermediates
                .iter()
                .map(|ca| CertificateDer::from(ca.der().to_vec()))
                .collect(),
            revocation_lists: lists.collect::<Result<_, String>>()?,
            roles: roles.transpose()?,
            roots,
            anchors,
            intermediates,
            units,
        })
    }

    fn check(&self, organization: &str, certificate: &Certificate) -> Result<(), NotAnEndorser> {
        match self.roles(organization, certificate)? {
            Some(roles) if roles != ["a peer"] => Err(NotAnEndorser::NotAPeer { roles }),
            _ => Ok(()),
        }
    }

    /// What the organization makes of a certificate that is its own; `None` where it does not tell roles apart.
    fn roles(
        &self,
        organization: &str,
        certificate: &Certificate,
    ) -> Result<Option<Vec<&'static str>>, NotAnEndorser> {
        let issuer = self.issuer(organization, certificate)?;
        let names_issuer =
            |other: &Certificate| other != issuer && other.issuer() == issuer.subject();
        if self.intermediates.iter().any(names_issuer) {
            let issuer = issuer.subject().to_owned();
            return Err(NotAnEndorser::IssuerAboveOthers(issuer));
        }
        let has = |unit: &Unit| certificate.organizational_units().contains(&unit.name);
        let is_asked_for = |unit: &Unit| has(unit) && unit.is_certified_by(issuer);
        if !self.units.is_empty() && !self.units.iter().any(is_asked_for) {
            return Err(NotAnEndorser::NoUnit(organization.to_owned()));
        }
        let Some(roles) = &self.roles else {
            return Ok(None);
        };
        let given: Vec<_> = roles.iter().filter(|(_, unit)| has(unit)).collect();
        if let Some((role, _)) = given.iter().find(|(_, unit)| !unit.is_certified_by(issuer)) {
            return Err(NotAnEndorser::WrongCertifier {
                role,
                organization: organization.to_owned(),
            });
        }
        Ok(Some(given.iter().map(|(role, _)| *role).collect()))
    }

    /// The CA that gave the certificate out, at the end of a chain of signatures to one of the roots.
    fn issuer(
        &self,
        organization: &str,
        certificate: &Certificate,
    ) -> Result<&Certificate, NotAnEndorser> {
        let broken = |error: webpki::Error| match error {
            webpki::Error::CertRevoked => NotAnEndorser::Revoked(organization.to_owned()),
            error => NotAnEndorser::Chain {
                organization: organization.to_owned(),
                reason: error.to_string(),
            },
        };
        let der = CertificateDer::from(certificate.der());
        let end = EndEntityCert::try_from(&der).map_err(broken)?;
        let lists: Vec<&CertRevocationList<'_>> = self.revocation_lists.iter().collect();
        // A CA without a list has revoked nobody, and peers take lists whose time is over.
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::EndEntity)
                .with_status_policy(UnknownStatusPolicy::Allow)
                .with_expiration_policy(ExpirationPolicy::Ignore)
                .build()
        });
        // Peers look at the chain as it was when the certificate began, so that none expires.
        let begun = certificate.not_before().as_second().saturating_add(1);
        let begun = Duration::from_secs(u64::try_from(begun).unwrap_or(0));
        let path = end.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &self.anchors,
            &self.intermediate_certificates,
            UnixTime::since_unix_epoch(begun),
            AnyUsage,
            revocation,
            None,
        );
        let path = path.map_err(broken)?;
        self.last_of(&path).ok_or_else(|| NotAnEndorser::Chain {
            organization: organization.to_owned(),
            reason: "the chain ends at a CA that is not listed".to_owned(),
        })
    }

    fn last_of(&self, path: &VerifiedPath<'_>) -> Option<&Certificate> {
        let found = match path.intermediate_certificates().next() {
            Some(issuer) => self
                .intermediates
                .iter()
                .find(|ca| ca.der() == &*issuer.der())?,
            None => {
                let anchor = path.anchor();
                let index = self.anchors.iter().position(|root| root == anchor)?;
                self.roots.get(index)?
            }
        };
        Some(found)
    }
}

impl Unit {
    fn new(identifier: &msp::FabricOuIdentifier) -> Result<Self, String> {
        let certifier = &identifier.certificate;
        Ok(Self {
            name: identifier.organizational_unit_identifier.clone(),
            certifier: match certifier.is_empty() {
                true => None,
                false => Some(certificate(certifier)?),
            },
        })
    }

    fn is_certified_by(&self, issuer: &Certificate) -> bool {
        self.certifier
            .as_ref()
            .is_none_or(|certifier| certifier == issuer)
    }
}

fn certificate(text: &Bytes) -> Result<Certificate, String> {
    let text = String::from_utf8_lossy(text);
    Certificate::from_pem(&text).map_err(|error| format!("a CA's certificate: {error}"))
}

/// Peers do not ask what else a certificate may be used for.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
