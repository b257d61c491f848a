//! `orderer.yaml`: an orderer.

use askama::Template;

use super::quoted::Quoted;
use crate::layout::Layout;
use crate::options::FabricVersion;
use crate::topology::{ORDERER_MSP_ID, Orderer, Topology};

#[derive(Template)]
#[template(path = "orderer.yaml", escape = "none")]
struct OrdererFile<'a> {
    orderer: &'a Orderer,
    version_3: bool,
    orderer_msp_id: &'static str,
    msp: Quoted,
    tls_certificate: Quoted,
    tls_key: Quoted,
    tls_root: Quoted,
    ledger: Quoted,
    write_ahead_log: Quoted,
    snapshots: Quoted,
}

/// The file `orderer.yaml` of `orderer`.
pub(crate) fn orderer(topology: &Topology, layout: &Layout, orderer: &Orderer) -> String {
    let directory = layout.node_directory(&orderer.name);
    let identity = layout.orderer_identity(orderer);
    OrdererFile {
        orderer,
        version_3: topology.fabric == FabricVersion::V3_1,
        orderer_msp_id: ORDERER_MSP_ID,
        msp: identity.join("msp").into(),
        tls_certificate: identity.join("tls/server.crt").into(),
        tls_key: identity.join("tls/server.key").into(),
        tls_root: identity.join("tls/ca.crt").into(),
        ledger: directory.join("ledger").into(),
        write_ahead_log: directory.join("consensus/wal").into(),
        snapshots: directory.join("consensus/snapshots").into(),
    }
    .render()
    .expect(super::INFALLIBLE)
}
