//! `fabric-ca-server-config.yaml`: a certificate authority, and who is registered with it from the start.

use askama::Template;

use super::quoted::Quoted;
use crate::layout::Layout;
use crate::topology::Organization;

/// Who is registered with every organization's authority from the start.
#[derive(Debug)]
pub(crate) struct Account {
    /// The enrollment id.
    pub(crate) name: &'static str,
    /// The enrollment secret. The authority listens on this machine only, and its network is for tests.
    pub(crate) password: &'static str,
}

/// An administrator of the organization: of type `admin`, and one who may register and revoke everyone.
pub(crate) const ADMINISTRATOR: Account = Account {
    name: "admin",
    password: "adminpw",
};
/// A user: of type `client`.
pub(crate) const USER: Account = Account {
    name: "alice",
    password: "alicepw",
};

#[derive(Template)]
#[template(path = "fabric-ca-server-config.yaml", escape = "none")]
struct FabricCaServerConfig<'a> {
    organization: &'a Organization,
    administrator: Account,
    user: Account,
    root: Quoted,
    key: Quoted,
    database: Quoted,
    keystore: Quoted,
}

/// The file `fabric-ca-server-config.yaml` of the organization's authority.
pub(crate) fn fabric_ca_server_config(layout: &Layout, organization: &Organization) -> String {
    let directory = layout.node_directory(&organization.authority.name);
    FabricCaServerConfig {
        organization,
        administrator: ADMINISTRATOR,
        user: USER,
        root: layout.authority_root(organization).into(),
        key: layout.authority_key(organization).into(),
        database: directory.join("fabric-ca-server.db").into(),
        keystore: directory.join("msp/keystore").into(),
    }
    .render()
    .expect(super::INFALLIBLE)
}
