//! The client of a Fabric CA against the real servers of a development network, and with it Fabric's own programs: whom
//! one enrolls, the other accepts.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::process::Command;

use chainloom_devnet::{Network, Options, Organization};
use chainloom_fabric::identity::authority::{
    Attribute, AttributeRequest, Authority, AuthorityError, EnrollmentOptions, Registration,
    Revoked,
};
use chainloom_fabric::identity::{
    Credentials, Identity, KeyKind, PrivateKey, Secret, normalize_signature,
};
use jiff::Timestamp;

const KINDS: [KeyKind; 3] = [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519];

/// An authority of the network, and who may register there.
struct Office<'a> {
    network: &'a Network,
    organization: &'a Organization,
    authority: Authority,
    registrar: Identity,
}

/// One network for all, since bringing it up is what takes time.
#[test]
fn a_fabric_ca_does_what_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(&Options::in_directory(folder.path()), &|_| ()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let office = Office::open(&network).await;
        office.tells_about_itself().await;
        for kind in KINDS {
            office.registers_enrolls_renews_and_revokes(kind).await;
        }
        office.gives_the_attributes_that_are_asked_for().await;
        office.gives_what_fabrics_own_programs_accept().await;
        office.takes_whom_fabrics_own_client_enrolled().await;
        office.says_why_it_refuses().await;
        office.lists_what_it_knows().await;
        office.is_not_mistaken_for_another().await;
        office.is_missed_when_it_is_away().await;
    });
    network.shut_down().unwrap();
}

fn key(kind: KeyKind) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

fn ready(credentials: &Credentials) -> Identity {
    Identity::new(credentials, Timestamp::now()).unwrap()
}

fn client(enrollment_id: &str) -> Registration {
    Registration {
        enrollment_id: enrollment_id.to_owned(),
        kind: "client".to_owned(),
        affiliation: Some("org1.department1".to_owned()),
        attributes: Vec::new(),
        max_enrollments: None,
        secret: None,
    }
}

fn connect(
    network: &Network,
    organization: &Organization,
    host: &str,
    name: Option<&str>,
    server_name: Option<&str>,
) -> Authority {
    let url = format!("https://{host}:{}", organization.authority.port);
    let roots = fs::read_to_string(network.layout().authority_root(organization)).unwrap();
    Authority::new(&url, name, Some(&roots), server_name).unwrap()
}

impl<'a> Office<'a> {
    async fn open(network: &'a Network) -> Self {
        let organization = &network.topology().organizations[0];
        let name = Some(organization.authority.name.as_str());
        let authority = connect(network, organization, "localhost", name, None);
        let secret = Secret::new("adminpw");
        let options = EnrollmentOptions::default();
        let registrar = authority
            .enroll(
                "admin",
                &secret,
                key(KeyKind::P256),
                &organization.msp_id,
                &options,
            )
            .await
            .unwrap();
        Self {
            network,
            organization,
            authority,
            registrar: ready(&registrar),
        }
    }

    async fn enroll(
        &self,
        enrollment_id: &str,
        secret: &Secret,
        kind: KeyKind,
    ) -> Result<Credentials, AuthorityError> {
        let options = EnrollmentOptions::default();
        self.authority
            .enroll(
                enrollment_id,
                secret,
                key(kind),
                &self.organization.msp_id,
                &options,
            )
            .await
    }

    async fn tells_about_itself(&self) {
        let info = self.authority.info().await.unwrap();
        assert_eq!(info.name, self.organization.authority.name);
        let root = self.network.layout().authority_root(self.organization);
        assert_eq!(info.chain[0].to_pem(), fs::read_to_string(root).unwrap());
        // Without a name it is the server's default one, and by address it is the same server.
        for host in ["localhost", "127.0.0.1"] {
            let authority = connect(self.network, self.organization, host, None, None);
            assert_eq!(authority.info().await.unwrap(), info);
        }
    }

    async fn registers_enrolls_renews_and_revokes(&self, kind: KeyKind) {
        let enrollment_id = format!("of {kind}&?=ü");
        let registration = Registration {
            max_enrollments: Some(1),
            ..client(&enrollment_id)
        };
        let secret = self
            .authority
            .register(&self.registrar, &registration)
            .await
            .unwrap();
        let again = self
            .authority
            .register(&self.registrar, &registration)
            .await
            .unwrap_err();
        assert!(matches!(&again, AuthorityError::AlreadyRegistered(who) if *who == enrollment_id));

        let first = self.enroll(&enrollment_id, &secret, kind).await.unwrap();
        let certificate = first.certificate();
        assert_eq!(certificate.enrollment_id(), Some(enrollment_id.as_str()));
        assert_eq!(certificate.attributes()["hf.Type"], "client");
        assert!(
            certificate
                .organizational_units()
                .contains(&"client".to_owned())
        );
        assert_eq!(first.private_key().kind(), kind);
        // Its secret was for one enrollment.
        let used_up = self
            .enroll(&enrollment_id, &secret, kind)
            .await
            .unwrap_err();
        assert!(
            matches!(used_up, AuthorityError::AuthenticationFailed { .. }),
            "{used_up}"
        );

        let options = EnrollmentOptions::default();
        let renewed = self
            .authority
            .reenroll(&ready(&first), key(kind), &options)
            .await
            .unwrap();
        assert_eq!(
            renewed.certificate().enrollment_id(),
            Some(enrollment_id.as_str())
        );
        assert_ne!(renewed.certificate().serial(), certificate.serial());

        let of_him = self
            .authority
            .certificates(&self.registrar, Some(&enrollment_id));
        let mut serials: Vec<_> = of_him
            .await
            .unwrap()
            .iter()
            .map(|one| one.serial().to_owned())
            .collect();
        serials.sort();
        let mut expected = [certificate.serial(), renewed.certificate().serial()];
        expected.sort_unstable();
        assert_eq!(serials, expected);

        let one = Revoked::Certificate(Box::new(certificate.clone()));
        let reason = "keycompromise";
        let revocation = self
            .authority
            .revoke(&self.registrar, &one, reason)
            .await
            .unwrap();
        assert_eq!(revocation.serials, [certificate.serial()]);
        assert!(in_list(
            &revocation.revocation_list.unwrap(),
            certificate.serial()
        ));
        let twice = self
            .authority
            .revoke(&self.registrar, &one, reason)
            .await
            .unwrap_err();
        assert!(matches!(twice, AuthorityError::AlreadyRevoked), "{twice}");
        let refused = self
            .authority
            .reenroll(&ready(&first), key(kind), &options)
            .await;
        assert!(matches!(
            refused,
            Err(AuthorityError::AuthenticationFailed { .. })
        ));

        let all = Revoked::Identity(enrollment_id);
        let revocation = self
            .authority
            .revoke(&self.registrar, &all, reason)
            .await
            .unwrap();
        assert_eq!(revocation.serials, [renewed.certificate().serial()]);
        let list = self
            .authority
            .revocation_list(&self.registrar)
            .await
            .unwrap();
        assert!(in_list(&list, renewed.certificate().serial()));
        let refused = self
            .authority
            .reenroll(&ready(&renewed), key(kind), &options)
            .await;
        // The authority says "not allowed" of an identity that is revoked, and "unknown" of a certificate.
        assert!(matches!(
            refused,
            Err(AuthorityError::NotAllowed { .. } | AuthorityError::AuthenticationFailed { .. })
        ));
    }

    async fn gives_the_attributes_that_are_asked_for(&self) {
        let attribute = |name: &str, in_certificates| Attribute {
            name: name.to_owned(),
            value: format!("its {name}"),
            in_certificates,
        };
        let registration = Registration {
            attributes: vec![attribute("role", true), attribute("age", false)],
            secret: Some(Secret::new("chosen")),
            max_enrollments: Some(-1),
            ..client("bob")
        };
        let secret = self
            .authority
            .register(&self.registrar, &registration)
            .await
            .unwrap();
        assert_eq!(secret.expose(), "chosen");
        let bob = self.enroll("bob", &secret, KeyKind::P256).await.unwrap();
        assert_eq!(bob.certificate().attributes()["role"], "its role");
        assert!(!bob.certificate().attributes().contains_key("age"));

        let asked = |name: &str, optional| EnrollmentOptions {
            profile: None,
            attributes: vec![AttributeRequest {
                name: name.to_owned(),
                optional,
            }],
        };
        let bob = ready(&bob);
        let renew = async |options| {
            let key = key(KeyKind::P256);
            self.authority.reenroll(&bob, key, &options).await
        };
        let aged = renew(asked("age", false)).await.unwrap();
        assert_eq!(aged.certificate().attributes()["age"], "its age");
        assert!(renew(asked("none", true)).await.is_ok());
        let refused = renew(asked("none", false)).await.unwrap_err();
        assert!(
            matches!(refused, AuthorityError::Refused { .. }),
            "{refused}"
        );
        assert!(refused.to_string().contains("none"), "{refused}");
    }

    /// The folder into which a user's MSP belongs for `env.sh`, and what that says with these words.
    fn run(&self, user: &str, words: &str) -> Result<String, String> {
        let script = format!(". ./env.sh && devnet_as org1 {user} && {words}");
        let ran = Command::new("bash")
            .args(["-c", &script])
            .current_dir(self.network.layout().directory())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&ran.stderr).into_owned();
        if ran.status.success() {
            Ok(said)
        } else {
            Err(complaint)
        }
    }

    async fn gives_what_fabrics_own_programs_accept(&self) {
        let kinds = [(KeyKind::P256, "carol"), (KeyKind::P384, "dave")];
        for (kind, name) in kinds {
            let secret = self
                .authority
                .register(&self.registrar, &client(name))
                .await
                .unwrap();
            let credentials = self.enroll(name, &secret, kind).await.unwrap();
            let msp = self.network.layout().user_msp(self.organization, name);
            fs::create_dir(msp.parent().unwrap()).unwrap();
            credentials.to_msp_folder(&msp).unwrap();
            let told = self
                .run(name, "peer channel getinfo -c \"$CHANNEL_NAME\"")
                .unwrap();
            assert!(told.contains("\"height\":"), "{told}");
        }
        // The same with Fabric's client of the CA, which proves itself with what was enrolled here.
        for (_, name) in kinds {
            self.run(name, "fabric-ca-client reenroll").unwrap();
        }
    }

    async fn takes_whom_fabrics_own_client_enrolled(&self) {
        let user = self.network.user(self.organization, "alice");
        let now = Timestamp::now();
        let from_folder = Identity::from_msp_folder(&user.msp, &user.msp_id, now).unwrap();
        let from_file = Identity::from_id_file(&user.wallet_file, now).unwrap();
        assert_eq!(from_folder.certificate(), from_file.certificate());
        assert_eq!(from_file.certificate().enrollment_id(), Some("alice"));
        let signature = from_file.sign(b"message").unwrap();
        assert_eq!(
            normalize_signature(KeyKind::P256, &signature).unwrap(),
            signature
        );
        from_folder
            .certificate()
            .public_key()
            .verify(b"message", &signature)
            .unwrap();
        let options = EnrollmentOptions::default();
        let renewed = self
            .authority
            .reenroll(&from_file, key(KeyKind::P256), &options)
            .await;
        assert_eq!(
            renewed.unwrap().certificate().enrollment_id(),
            Some("alice")
        );
    }

    async fn says_why_it_refuses(&self) {
        let wrong = self
            .enroll("alice", &Secret::new("wrong"), KeyKind::P256)
            .await
            .unwrap_err();
        assert!(matches!(&wrong, AuthorityError::AuthenticationFailed { who } if who == "alice"));
        let unknown = self
            .enroll("nobody", &Secret::new("x"), KeyKind::P256)
            .await
            .unwrap_err();
        assert!(
            matches!(unknown, AuthorityError::AuthenticationFailed { .. }),
            "{unknown}"
        );
        let too_long = self
            .enroll(&"a".repeat(65), &Secret::new("x"), KeyKind::P256)
            .await;
        assert!(matches!(too_long, Err(AuthorityError::Request(_))));

        let nowhere = Registration {
            affiliation: Some("nowhere".to_owned()),
            ..client("erin")
        };
        let refused = self
            .authority
            .register(&self.registrar, &nowhere)
            .await
            .unwrap_err();
        assert!(matches!(&refused, AuthorityError::NotAllowed { who } if who == "admin"));
        let alice = self.network.user(self.organization, "alice");
        let alice = Identity::from_id_file(&alice.wallet_file, Timestamp::now()).unwrap();
        let refused = self
            .authority
            .register(&alice, &client("erin"))
            .await
            .unwrap_err();
        assert!(matches!(&refused, AuthorityError::NotAllowed { who } if who == "alice"));
        let nobody = Revoked::Identity("nobody".to_owned());
        let missing = self
            .authority
            .revoke(&self.registrar, &nobody, "")
            .await
            .unwrap_err();
        assert!(matches!(&missing, AuthorityError::NoSuchIdentity(who) if who == "nobody"));

        // After ten wrong secrets, which is that server's default, the right one is of no use either.
        let secret = self
            .authority
            .register(&self.registrar, &client("frank"))
            .await
            .unwrap();
        for _ in 0..10 {
            let wrong = self
                .enroll("frank", &Secret::new("wrong"), KeyKind::P256)
                .await;
            assert!(matches!(
                wrong,
                Err(AuthorityError::AuthenticationFailed { .. })
            ));
        }
        let locked = self.enroll("frank", &secret, KeyKind::P256).await;
        let locked = locked.unwrap_err();
        assert!(
            matches!(&locked, AuthorityError::Locked { who } if who == "frank"),
            "{locked}"
        );

        // An identity of the other organization, whom this authority never saw.
        let stranger = &self.network.topology().organizations[1];
        let stranger = self.network.user(stranger, "admin");
        let stranger = Identity::from_id_file(&stranger.wallet_file, Timestamp::now()).unwrap();
        let refused = self.authority.identities(&stranger).await.unwrap_err();
        assert!(
            matches!(refused, AuthorityError::AuthenticationFailed { .. }),
            "{refused}"
        );

        let other = connect(
            self.network,
            self.organization,
            "localhost",
            Some("other"),
            None,
        );
        let missing = other.info().await.unwrap_err();
        assert!(
            matches!(&missing, AuthorityError::NoSuchAuthority { name, .. } if name == "other")
        );
    }

    async fn lists_what_it_knows(&self) {
        let identities = self.authority.identities(&self.registrar).await.unwrap();
        let bob = identities
            .iter()
            .find(|one| one.enrollment_id == "bob")
            .unwrap();
        assert_eq!((bob.kind.as_str(), bob.max_enrollments), ("client", -1));
        assert!(
            bob.attributes
                .iter()
                .any(|one| one.name == "age" && !one.in_certificates)
        );
        let affiliations = self.authority.affiliations(&self.registrar).await.unwrap();
        // Where there is one at the top only, it is the answer itself.
        assert_eq!(affiliations.name, "org1");
        let mut below: Vec<_> = affiliations
            .affiliations
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        below.sort_unstable();
        assert_eq!(below, ["org1.department1", "org1.department2"]);
        assert!(
            self.authority
                .certificates(&self.registrar, None)
                .await
                .unwrap()
                .len()
                > 3
        );
    }

    async fn is_not_mistaken_for_another(&self) {
        let url = format!("https://127.0.0.1:{}", self.organization.authority.port);
        let layout = self.network.layout();
        // The peers' own root does not prove the authority.
        let wrong_root = fs::read_to_string(layout.tls_root(self.organization)).unwrap();
        let right_root = fs::read_to_string(layout.authority_root(self.organization)).unwrap();
        for (root, name) in [
            (&wrong_root, None),
            (&right_root, Some("elsewhere.example.com")),
        ] {
            let authority = Authority::new(&url, None, Some(root), name).unwrap();
            let error = authority.info().await.unwrap_err();
            assert!(matches!(error, AuthorityError::Tls { .. }), "{error}");
        }
        let named = Authority::new(&url, None, Some(&right_root), Some("localhost")).unwrap();
        assert!(named.info().await.is_ok());
        // A peer answers on TLS, but it is no CA.
        let peer = format!("https://127.0.0.1:{}", self.organization.peers[0].port);
        let authority = Authority::new(&peer, None, Some(&wrong_root), None).unwrap();
        let error = authority.info().await.unwrap_err();
        assert!(
            matches!(
                error,
                AuthorityError::Broken { .. } | AuthorityError::NotAnAuthority { .. }
            ),
            "{error}"
        );
    }

    async fn is_missed_when_it_is_away(&self) {
        self.network
            .stop(&self.organization.authority.name)
            .unwrap();
        let error = self.authority.info().await.unwrap_err();
        assert!(
            matches!(error, AuthorityError::Unreachable { .. }),
            "{error}"
        );
    }
}

/// Whether openssl finds that certificate in the list.
fn in_list(list: &str, serial: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("list"), list).unwrap();
    let ran = Command::new("openssl")
        .args(["crl", "-in", "list", "-noout", "-text"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap().to_lowercase();
    text.contains(&format!("serial number: {serial}"))
}

#[test]
fn addresses_that_cannot_be_are_refused() {
    let wrong = |url: &str| Authority::new(url, None, None, None).unwrap_err();
    for (url, reason) in [
        ("", "no URL"),
        ("localhost:7054", "neither https:// nor http://"),
        ("/path", "names no host"),
        ("ftp://localhost", "neither https:// nor http://"),
        ("https://admin:pw@localhost", "holds a user"),
        ("https://localhost/api/v1", "holds a path"),
        ("https://localhost?ca=a", "holds a path"),
    ] {
        let error = wrong(url);
        assert!(matches!(error, AuthorityError::Url { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    let error = wrong("http://ca.example.com");
    assert!(matches!(error, AuthorityError::Insecure(_)), "{error}");
    assert!(matches!(
        wrong("https://localhost"),
        AuthorityError::Roots(_)
    ));
    assert!(Authority::new("http://127.0.0.1:1", None, None, None).is_ok());
}
