//! A network's directory as it is before the files are written, with text in the place of certificates.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::layout::Layout;
use crate::options::Options;
use crate::topology::{Organization, Topology};

/// The folder of the network: a shell would take it apart if it could.
const DIRECTORY: &str = "it's a \"net\" $HOME `id` \\ *\nof two lines";

pub(super) struct Fixture {
    pub(super) topology: Topology,
    pub(super) layout: Layout,
    pub(super) peer_program: PathBuf,
    _folder: TempDir,
}

impl Fixture {
    /// Two organizations with two peers each.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join(DIRECTORY);
        let mut options = Options::in_directory(&directory);
        options.peers_per_organization = Some(2);
        let mut port = 7000;
        let topology = Topology::plan(&options, || {
            port += 1;
            port
        })
        .unwrap();
        let layout = Layout::new(directory);
        put(&layout.orderer_tls_root(), &pem("tlsca.example.com"));
        for organization in &topology.organizations {
            let domain = &organization.domain;
            let authority = pem(&format!("ca.{domain}"));
            put(
                &layout.tls_root(organization),
                &pem(&format!("tlsca.{domain}")),
            );
            put(&layout.authority_root(organization), &authority);
            let msp = layout.organization_directory(organization).join("msp");
            put(
                &msp.join(format!("cacerts/ca.{domain}-cert.pem")),
                &authority,
            );
            put(&msp.join("config.yaml"), "NodeOUs:\n  Enable: true\n");
        }
        Self {
            topology,
            layout,
            peer_program: folder.path().join("its programs/peer"),
            _folder: folder,
        }
    }
}

/// A text in the shape of a certificate; different for different names.
pub(super) fn pem(name: &str) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{name}\n+/==\n-----END CERTIFICATE-----\n")
}

/// The folder that the CA's client leaves when it has enrolled a user.
pub(super) fn enroll(layout: &Layout, organization: &Organization, user: &str) {
    let msp = layout.user_msp(organization, user);
    put(&msp.join("signcerts/cert.pem"), &pem(user));
    put(
        &msp.join("keystore/0123_sk"),
        &pem(&format!("key of {user}")),
    );
    let authority = pem(&format!("ca.{}", organization.domain));
    put(&msp.join("cacerts/localhost-1-ca.pem"), &authority);
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
