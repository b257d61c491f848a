//! Certificates of openssl's under the rules that a channel's configuration can hold.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::direct::testing::{TestAuthority, self_signed};

fn unit(name: &str, certifier: Option<&TestAuthority>) -> msp::FabricOuIdentifier {
    let certificate = certifier.map(|certifier| certifier.pem().into());
    msp::FabricOuIdentifier {
        certificate: certificate.unwrap_or_default(),
        organizational_unit_identifier: name.to_owned(),
    }
}

/// An organization with this root, which tells roles apart.
fn config(root: &TestAuthority) -> msp::FabricMspConfig {
    msp::FabricMspConfig {
        name: "Org1MSP".to_owned(),
        root_certs: vec![root.pem().into()],
        fabric_node_ous: Some(msp::FabricNodeOUs {
            enable: true,
            client_ou_identifier: Some(unit("client", None)),
            peer_ou_identifier: Some(unit("peer", None)),
            admin_ou_identifier: Some(unit("admin", None)),
            orderer_ou_identifier: Some(unit("orderer", None)),
        }),
        ..msp::FabricMspConfig::default()
    }
}

fn check(config: &msp::FabricMspConfig, certificate: &str) -> Result<(), NotAnEndorser> {
    let membership = Membership::of([config.clone()].into_iter());
    let creator = Creator {
        organization: "Org1MSP".to_owned(),
        certificate_pem: Bytes::copy_from_slice(certificate.as_bytes()),
    };
    let serialized = Bytes::from_static(b"peer");
    let found = membership.endorser(&serialized, &creator)?;
    // A second time it is known.
    let again = membership.endorser(&serialized, &creator)?;
    assert!(Arc::ptr_eq(&found, &again));
    Ok(())
}

#[test]
fn a_peer_of_the_organizations_ca_is_an_endorser() {
    let root = TestAuthority::root("root");
    let peer = root.issue("/OU=peer/CN=peer0", "");
    assert_eq!(check(&config(&root), &peer), Ok(()));
    // What else the certificate is for is not asked.
    let peer = root.issue("/OU=peer/CN=peer0", "extendedKeyUsage=codeSigning\n");
    assert_eq!(check(&config(&root), &peer), Ok(()));
}

#[test]
fn what_is_remembered_of_an_endorser_keeps_nothing_of_its_answer() {
    let root = TestAuthority::root("root");
    let membership = Membership::of([config(&root)].into_iter());
    let creator = Creator {
        organization: "Org1MSP".to_owned(),
        certificate_pem: root.issue("/OU=peer/CN=peer0", "").into(),
    };
    let answer = Bytes::from(vec![b'a'; 1 << 20]);
    membership.endorser(&answer.slice(..4), &creator).unwrap();
    assert_eq!(membership.found.lock().unwrap().len(), 1);
    assert!(answer.is_unique(), "the answer is kept");
}

#[test]
fn a_certificate_of_another_ca_is_refused() {
    let root = TestAuthority::root("root");
    // The same name with another key.
    let namesake = TestAuthority::root("root");
    for stranger in [
        namesake.issue("/OU=peer/CN=peer0", ""),
        self_signed("/OU=peer/CN=peer0"),
    ] {
        let error = check(&config(&root), &stranger).unwrap_err();
        assert!(matches!(error, NotAnEndorser::Chain { .. }), "{error}");
    }
    let authority = root.issue("/OU=peer/CN=peer0", "basicConstraints=critical,CA:TRUE\n");
    let error = check(&config(&root), &authority).unwrap_err();
    assert!(matches!(error, NotAnEndorser::Chain { .. }), "{error}");
}

#[test]
fn where_there_are_cas_below_the_root_only_they_give_out_peers() {
    let root = TestAuthority::root("root");
    let middle = TestAuthority::below(&root, "middle");
    let low = TestAuthority::below(&middle, "low");
    let mut config = config(&root);
    config.intermediate_certs = vec![middle.pem().into(), low.pem().into()];
    let peer = |authority: &TestAuthority| authority.issue("/OU=peer/CN=peer0", "");
    assert_eq!(check(&config, &peer(&low)), Ok(()));
    for (above, name) in [(&root, "CN=root"), (&middle, "CN=middle")] {
        assert_eq!(
            check(&config, &peer(above)),
            Err(NotAnEndorser::IssuerAboveOthers(name.to_owned()))
        );
    }
}

#[test]
fn a_revoked_certificate_is_refused_and_no_other() {
    let root = TestAuthority::root("root");
    let [peer, revoked] =
        ["/OU=peer/CN=peer0", "/OU=peer/CN=peer1"].map(|name| root.issue(name, ""));
    let mut config = config(&root);
    config.revocation_list = vec![root.revoke(&revoked).into()];
    assert_eq!(check(&config, &peer), Ok(()));
    let organization = "Org1MSP".to_owned();
    assert_eq!(
        check(&config, &revoked),
        Err(NotAnEndorser::Revoked(organization))
    );
}

#[test]
fn only_a_peer_endorses() {
    let root = TestAuthority::root("root");
    for (subject, expected) in [
        ("/OU=client/CN=alice", vec!["a client"]),
        ("/OU=orderer/CN=o", vec!["an orderer"]),
        ("/OU=sales/CN=s", vec![]),
        (
            "/OU=peer/OU=admin/CN=both",
            vec!["a peer", "an administrator"],
        ),
    ] {
        let error = check(&config(&root), &root.issue(subject, "")).unwrap_err();
        assert_eq!(
            error,
            NotAnEndorser::NotAPeer { roles: expected },
            "{subject}"
        );
    }
    // Where roles are not told apart, every member does.
    let mut config = config(&root);
    config.fabric_node_ous = None;
    assert_eq!(
        check(&config, &root.issue("/OU=client/CN=alice", "")),
        Ok(())
    );
}

#[test]
fn a_unit_may_ask_for_its_own_certifier() {
    let root = TestAuthority::root("root");
    let [left, right] = ["left", "right"].map(|name| TestAuthority::below(&root, name));
    let mut config = config(&root);
    config.intermediate_certs = vec![left.pem().into(), right.pem().into()];
    config.fabric_node_ous.as_mut().unwrap().peer_ou_identifier = Some(unit("peer", Some(&left)));
    let peer = |authority: &TestAuthority| authority.issue("/OU=peer/OU=east/CN=peer0", "");
    assert_eq!(check(&config, &peer(&left)), Ok(()));
    let error = check(&config, &peer(&right)).unwrap_err();
    assert!(
        matches!(error, NotAnEndorser::WrongCertifier { role: "a peer", .. }),
        "{error}"
    );

    config.organizational_unit_identifiers = vec![unit("west", None)];
    let organization = "Org1MSP".to_owned();
    assert_eq!(
        check(&config, &peer(&left)),
        Err(NotAnEndorser::NoUnit(organization))
    );
    config
        .organizational_unit_identifiers
        .push(unit("east", Some(&left)));
    assert_eq!(check(&config, &peer(&left)), Ok(()));
}

#[test]
fn what_cannot_be_read_is_said() {
    let root = TestAuthority::root("root");
    let peer = root.issue("/OU=peer/CN=peer0", "");
    let mut other = config(&root);
    other.name = "Org2MSP".to_owned();
    let error = check(&other, &peer).unwrap_err();
    assert_eq!(
        error,
        NotAnEndorser::UnknownOrganization("Org1MSP".to_owned())
    );
    let error = check(&config(&root), "no certificate").unwrap_err();
    assert!(matches!(error, NotAnEndorser::Certificate(_)), "{error}");
    for change in [
        |config: &mut msp::FabricMspConfig| config.root_certs = vec![Bytes::from_static(b"x")],
        |config: &mut msp::FabricMspConfig| config.revocation_list = vec![Bytes::from_static(b"x")],
    ] {
        let mut config = config(&root);
        change(&mut config);
        let error = check(&config, &peer).unwrap_err();
        assert!(matches!(error, NotAnEndorser::Rules { .. }), "{error}");
    }
}
