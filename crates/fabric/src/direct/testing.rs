//! What tests of membership need: certificates that openssl made, which knows nothing of this program.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;

use crate::endpoint::Peer;
use crate::identity::{Certificate, Credentials, Identity, KeyKind, MspContext, PrivateKey};
use crate::profile::NodeEntry;
use crate::target::Target;

/// A peer of that organization, which nobody asks. Has to be called within a runtime.
pub(super) fn target(organization: &str) -> Target {
    let entry = NodeEntry {
        name: "peer0".to_owned(),
        url: "grpc://peer0:7051".to_owned(),
        tls_roots: None,
        server_name: None,
    };
    Target {
        name: entry.name.clone(),
        organization: organization.into(),
        peer: Peer::new(&entry, None).unwrap(),
    }
}

/// Runs openssl in a folder, where it must succeed.
pub(super) fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let ran = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "openssl {arguments:?}: {complaint}");
    String::from_utf8(ran.stdout).unwrap()
}

/// A certificate in PEM that only its own key vouches for.
pub(super) fn self_signed(subject: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    new_key(folder, "key");
    let arguments = ["req", "-x509", "-key", "key", "-subj", subject];
    let leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
    openssl(folder, &[&arguments[..], &leaf].concat())
}

fn new_key(folder: &Path, name: &str) {
    let curve = ["-pkeyopt", "ec_paramgen_curve:P-256"];
    let arguments = ["genpkey", "-algorithm", "EC", "-out", name];
    openssl(folder, &[&arguments[..], &curve].concat());
}

/// A CA of openssl's, in a folder of its own.
pub(super) struct TestAuthority {
    folder: tempfile::TempDir,
}

impl TestAuthority {
    /// A root.
    pub(super) fn root(name: &str) -> Self {
        let authority = Self::empty();
        let subject = format!("/CN={name}");
        let arguments = [
            "req", "-x509", "-key", "ca.key", "-out", "ca.pem", "-subj", &subject,
        ];
        let extensions = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
        openssl(authority.path(), &[&arguments[..], &extensions].concat());
        authority
    }

    /// A CA below another.
    pub(super) fn below(parent: &Self, name: &str) -> Self {
        let authority = Self::empty();
        let extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
                          subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
        let certificate = parent.certify(
            &authority.path().join("ca.key"),
            &format!("/CN={name}"),
            extensions,
        );
        fs::write(authority.path().join("ca.pem"), certificate).unwrap();
        authority
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        new_key(folder.path(), "ca.key");
        fs::write(folder.path().join("index.txt"), "").unwrap();
        fs::write(
            folder.path().join("ca.cnf"),
            "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=1\ncrl_extensions=list\n\
             [list]\nauthorityKeyIdentifier=keyid:always\n",
        )
        .unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Its certificate.
    pub(super) fn pem(&self) -> String {
        fs::read_to_string(self.path().join("ca.pem")).unwrap()
    }

    /// A certificate for a new key, of these extensions.
    pub(super) fn issue(&self, subject: &str, extensions: &str) -> String {
        new_key(self.path(), "leaf.key");
        let extensions =
            format!("subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n{extensions}");
        self.certify(&self.path().join("leaf.key"), subject, &extensions)
    }

    /// Somebody of that organization, who can sign.
    pub(super) fn member(&self, msp_id: &str, subject: &str) -> Identity {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        fs::write(self.path().join("member.key"), &*key.to_pem()).unwrap();
        let extensions = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
        let pem = self.certify(&self.path().join("member.key"), subject, extensions);
        let certificate = Certificate::from_pem(&pem).unwrap();
        let credentials = Credentials::new(msp_id, certificate, key, MspContext::default());
        Identity::new(&credentials.unwrap(), Timestamp::now()).unwrap()
    }

    fn certify(&self, key: &Path, subject: &str, extensions: &str) -> String {
        fs::write(self.path().join("extensions"), extensions).unwrap();
        let key = key.to_str().unwrap();
        openssl(
            self.path(),
            &[
                "req", "-new", "-key", key, "-subj", subject, "-out", "request",
            ],
        );
        let arguments = [
            "x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key",
        ];
        openssl(
            self.path(),
            &[&arguments[..], &["-extfile", "extensions"]].concat(),
        )
    }

    /// Its list of revoked certificates, after this one was put on it.
    pub(super) fn revoke(&self, certificate: &str) -> String {
        fs::write(self.path().join("revoked.pem"), certificate).unwrap();
        let own = ["-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key"];
        openssl(
            self.path(),
            &[&["ca", "-revoke", "revoked.pem"][..], &own].concat(),
        );
        openssl(self.path(), &[&["ca", "-gencrl"][..], &own].concat())
    }
}
