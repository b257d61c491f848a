//! `core.yaml`: a peer, and the command `peer` that speaks to it.

use askama::Template;

use super::quoted::Quoted;
use crate::layout::Layout;
use crate::options::FabricVersion;
use crate::topology::{Organization, Peer, Topology};

#[derive(Template)]
#[template(path = "core.yaml", escape = "none")]
struct Core<'a> {
    organization: &'a Organization,
    peer: &'a Peer,
    version_3: bool,
    gateway_enabled: bool,
    bootstrap: String,
    data: Quoted,
    snapshots: Quoted,
    builder: Quoted,
    msp: Quoted,
    tls_certificate: Quoted,
    tls_key: Quoted,
    tls_root: Quoted,
}

/// The file `core.yaml` of `peer`, which belongs to `organization`.
pub(crate) fn core(
    topology: &Topology,
    layout: &Layout,
    organization: &Organization,
    peer: &Peer,
    gateway_enabled: bool,
) -> String {
    let directory = layout.node_directory(&peer.name);
    let identity = layout.peer_identity(organization, peer);
    let others: Vec<String> = organization
        .peers
        .iter()
        .filter(|other| other.name != peer.name)
        .map(|other| format!("127.0.0.1:{}", other.port))
        .collect();
    Core {
        organization,
        peer,
        version_3: topology.fabric == FabricVersion::V3_1,
        gateway_enabled,
        bootstrap: others.join(", "),
        data: directory.join("data").into(),
        snapshots: directory.join("snapshots").into(),
        builder: layout.builder_directory().into(),
        msp: identity.join("msp").into(),
        tls_certificate: identity.join("tls/server.crt").into(),
        tls_key: identity.join("tls/server.key").into(),
        tls_root: identity.join("tls/ca.crt").into(),
    }
    .render()
    .expect(super::INFALLIBLE)
}
