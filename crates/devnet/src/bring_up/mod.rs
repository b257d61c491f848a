//! Bringing a network up, step by step.

mod authorities;
mod contracts;
mod identities;
mod nodes;
mod orderers;
mod peers;

pub(crate) use authorities::enroll;
pub(crate) use contracts::{
    deploy_probe, deploy_users_contract, probe_package, users_package, wait_until_endorsable,
};
pub(crate) use identities::make_identities;
pub(crate) use nodes::write_configurations;
pub(crate) use orderers::{join_orderer, wait_until_led};
pub(crate) use peers::join_peer;
