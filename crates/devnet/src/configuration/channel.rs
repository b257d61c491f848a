//! `configtx.yaml`: the channel's members and rules, for configtxgen.

use askama::Template;

use super::quoted::Quoted;
use crate::layout::Layout;
use crate::options::Consensus;
use crate::topology::{ORDERER_MSP_ID, Organization, Topology};

/// The profile that configtxgen is told to take.
pub(crate) const PROFILE: &str = "Devnet";

#[derive(Template)]
#[template(path = "configtx.yaml", escape = "none")]
struct Configtx<'a> {
    profile: &'static str,
    topology: &'a Topology,
    bft: bool,
    orderer_msp_id: &'static str,
    orderer_msp: Quoted,
    consenters: Vec<Consenter>,
    members: Vec<Member<'a>>,
}

struct Consenter {
    port: u16,
    identity: Quoted,
    tls_certificate: Quoted,
}

struct Member<'a> {
    organization: &'a Organization,
    msp: Quoted,
}

/// The file `configtx.yaml` for configtxgen.
pub(crate) fn configtx(topology: &Topology, layout: &Layout) -> String {
    let consenters = topology.orderers.iter().map(|orderer| {
        let identity = layout.orderer_identity(orderer);
        Consenter {
            port: orderer.port,
            identity: identity
                .join("msp/signcerts")
                .join(format!("{}-cert.pem", orderer.host))
                .into(),
            tls_certificate: identity.join("tls/server.crt").into(),
        }
    });
    let members = topology.organizations.iter().map(|organization| Member {
        organization,
        msp: layout
            .organization_directory(organization)
            .join("msp")
            .into(),
    });
    Configtx {
        profile: PROFILE,
        topology,
        bft: topology.consensus == Consensus::Bft,
        orderer_msp_id: ORDERER_MSP_ID,
        orderer_msp: layout.orderer_organization_directory().join("msp").into(),
        consenters: consenters.collect(),
        members: members.collect(),
    }
    .render()
    .expect(super::INFALLIBLE)
}
