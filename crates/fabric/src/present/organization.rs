use std::collections::BTreeMap;

use bytes::Bytes;
use chainloom_ledger as ledger;

use super::config::policies;
use super::creator::certificate;
use crate::identity::{Certificate, RevocationList};
use crate::wire::config::{Msp, Organization};
use crate::wire::proto::msp::{FabricMspConfig, FabricOuIdentifier};

/// The organizations of a group, by the names of their groups.
pub(super) fn organizations(of: &BTreeMap<String, Organization>) -> Vec<ledger::Organization> {
    of.iter()
        .map(|(name, organization)| self::organization(name, organization))
        .collect()
}

fn organization(name: &str, organization: &Organization) -> ledger::Organization {
    let msp = organization.msp.as_ref();
    let anchors = organization.anchor_peers.iter();
    ledger::Organization {
        id: msp.and_then(Msp::id).unwrap_or(name).to_owned(),
        name: name.to_owned(),
        membership: msp.map(membership),
        anchor_peers: anchors
            .map(|peer| format!("{}:{}", peer.host, peer.port))
            .collect(),
        orderer_endpoints: organization.orderer_endpoints.clone(),
        policies: policies(&organization.policies),
    }
}

fn membership(msp: &Msp) -> ledger::Membership {
    let config = match msp {
        Msp::X509(config) => config,
        Msp::Other { kind, config } => {
            return ledger::Membership {
                unreadable: vec![format!(
                    "members are known by an MSP of type {kind} ({} bytes), and not by certificates",
                    config.len()
                )],
                ..ledger::Membership::default()
            };
        }
    };
    let mut reader = Reader::default();
    let nodes = config.fabric_node_ous.as_ref();
    ledger::Membership {
        roots: reader.certificates("a root CA", &config.root_certs),
        intermediates: reader.certificates("an intermediate CA", &config.intermediate_certs),
        administrators: reader.certificates("an administrator", &config.admins),
        tls_roots: reader.certificates("a root CA for connections", &config.tls_root_certs),
        tls_intermediates: reader.certificates(
            "an intermediate CA for connections",
            &config.tls_intermediate_certs,
        ),
        roles_by_unit: nodes.is_some_and(|nodes| nodes.enable),
        units_by_role: units_by_role(config),
        units: config
            .organizational_unit_identifiers
            .iter()
            .map(unit)
            .collect(),
        revocation_lists: reader.revocation_lists(&config.revocation_list),
        hashing: hashing(config),
        unreadable: reader.unreadable,
    }
}

fn units_by_role(config: &FabricMspConfig) -> BTreeMap<String, String> {
    let Some(nodes) = &config.fabric_node_ous else {
        return BTreeMap::new();
    };
    [
        ("client", &nodes.client_ou_identifier),
        ("peer", &nodes.peer_ou_identifier),
        ("admin", &nodes.admin_ou_identifier),
        ("orderer", &nodes.orderer_ou_identifier),
    ]
    .into_iter()
    .filter_map(|(role, identifier)| Some((role.to_owned(), unit(identifier.as_ref()?))))
    .collect()
}

/// The unit, and the CA that has to certify it where one is named.
fn unit(identifier: &FabricOuIdentifier) -> String {
    let name = &identifier.organizational_unit_identifier;
    if identifier.certificate.is_empty() {
        return name.clone();
    }
    match read(&identifier.certificate) {
        Ok(certifier) => format!("{name}, certified by {}", certifier.subject()),
        Err(error) => format!("{name}, certified by a CA that cannot be read: {error}"),
    }
}

fn hashing(config: &FabricMspConfig) -> BTreeMap<String, String> {
    let Some(crypto) = &config.crypto_config else {
        return BTreeMap::new();
    };
    [
        ("signature_hash_family", &crypto.signature_hash_family),
        (
            "identity_identifier_hash_function",
            &crypto.identity_identifier_hash_function,
        ),
    ]
    .into_iter()
    .map(|(name, function)| (name.to_owned(), function.clone()))
    .collect()
}

fn read(pem: &Bytes) -> Result<Certificate, String> {
    Certificate::from_pem(&String::from_utf8_lossy(pem)).map_err(|error| error.to_string())
}

/// A certificate, where it can be read.
pub(super) fn certificate_of(pem: &Bytes) -> Option<ledger::CertificateSummary> {
    read(pem).ok().as_ref().map(certificate)
}

/// Reads what it can, and says what it cannot: peers do not read all of it either.
#[derive(Default)]
struct Reader {
    unreadable: Vec<String>,
}

impl Reader {
    fn certificates(&mut self, whose: &str, texts: &[Bytes]) -> Vec<ledger::CertificateSummary> {
        let read = texts.iter().filter_map(|text| match read(text) {
            Ok(read) => Some(certificate(&read)),
            Err(error) => {
                self.unreadable.push(format!("{whose}: {error}"));
                None
            }
        });
        read.collect()
    }

    fn revocation_lists(&mut self, texts: &[Bytes]) -> Vec<ledger::RevocationListSummary> {
        let read = texts.iter().filter_map(|text| {
            match RevocationList::from_pem(&String::from_utf8_lossy(text)) {
                Ok(list) => Some(ledger::RevocationListSummary {
                    issuer: list.issuer,
                    issued_at: list.issued_at,
                    serials: list.serials,
                }),
                Err(error) => {
                    self.unreadable.push(error.to_string());
                    None
                }
            }
        });
        read.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_said() {
        let broken = FabricMspConfig {
            name: "Org1MSP".to_owned(),
            root_certs: vec![Bytes::from_static(b"x")],
            revocation_list: vec![Bytes::from_static(b"y")],
            ..FabricMspConfig::default()
        };
        let shown = membership(&Msp::X509(Box::new(broken)));
        assert!(shown.roots.is_empty() && shown.revocation_lists.is_empty());
        let [root, list] = &shown.unreadable[..] else {
            panic!("{shown:?}");
        };
        assert!(
            root.starts_with("a root CA: there is no certificate"),
            "{root}"
        );
        assert!(list.starts_with("there is no list"), "{list}");

        let other = Msp::Other {
            kind: 1,
            config: Bytes::from_static(b"idemix"),
        };
        let shown = membership(&other);
        assert!(
            shown.unreadable[0].contains("type 1 (6 bytes)"),
            "{shown:?}"
        );
    }

    #[test]
    fn units_are_told_with_who_certifies_them() {
        let mut identifier = FabricOuIdentifier {
            organizational_unit_identifier: "peer".to_owned(),
            ..FabricOuIdentifier::default()
        };
        assert_eq!(unit(&identifier), "peer");
        identifier.certificate = Bytes::from_static(b"x");
        assert!(unit(&identifier).starts_with("peer, certified by a CA that cannot be read"));
    }
}
