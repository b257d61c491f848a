//! `crypto-config.yaml`: which keys and certificates cryptogen makes.

use askama::Template;

use crate::topology::{ORDERER_DOMAIN, ORDERER_MSP_ID, Topology};

#[derive(Template)]
#[template(path = "crypto-config.yaml", escape = "none")]
struct CryptoConfig<'a> {
    topology: &'a Topology,
    orderer_domain: &'static str,
    orderer_msp_id: &'static str,
}

/// The first label of a host's name: cryptogen adds the domain itself.
fn label(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

/// The file `crypto-config.yaml` for cryptogen.
pub(crate) fn crypto_config(topology: &Topology) -> String {
    CryptoConfig {
        topology,
        orderer_domain: ORDERER_DOMAIN,
        orderer_msp_id: ORDERER_MSP_ID,
    }
    .render()
    .expect(super::INFALLIBLE)
}
