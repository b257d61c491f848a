//! What a network prints when it is up: where its nodes are, and what to try.

use std::path::{Path, PathBuf, absolute as from_the_root};

use chainloom_devnet::{Network, Topology, UserContract, shell_word};

use crate::output::{Details, Paint, count, printable};

/// The lines for a network in `directory`.
pub(super) fn render(topology: &Topology, directory: &Path, paint: Paint) -> String {
    // Whoever copies a line from here may stand elsewhere.
    let directory = &absolute(directory);
    let shown = printable(&directory.display().to_string());
    let mut details = Details::default();
    details.add("channel", topology.channel.clone());
    for organization in &topology.organizations {
        let peers = organization.peers.iter();
        let mut nodes: Vec<String> = peers
            .map(|peer| format!("{} 127.0.0.1:{}", peer.name, peer.port))
            .collect();
        let authority = &organization.authority;
        nodes.push(format!(
            "{} https://127.0.0.1:{}",
            authority.name, authority.port
        ));
        details.add(&organization.msp_id, nodes.join(", "));
    }
    let orderers = topology.orderers.iter();
    let orderers: Vec<String> = orderers
        .map(|orderer| format!("127.0.0.1:{}", orderer.port))
        .collect();
    details
        .add("orderers", orderers.join(", "))
        .add(
            "users",
            "admin and alice of each organization, in wallets/".to_owned(),
        )
        .add(
            "contracts",
            "probe (either organization endorses), probe-all (both do)".to_owned(),
        )
        .add("files", shown.clone());
    let mut text = format!(
        "{} is up: {} by {}, {}\n\n{}",
        paint.strong(&format!("Fabric {}", topology.fabric)),
        count(topology.orderers.len() as u64, "orderer"),
        topology.consensus,
        count(topology.peers().count() as u64, "peer"),
        details.render(paint)
    );
    if !topology.contracts.is_empty() {
        text.push('\n');
        text.push_str(&contracts(&topology.contracts));
    }
    text.push_str(&format!(
        "\nTry, in another terminal:\n  \
         . {environment}\n  \
         peer chaincode query -C {channel} -n probe -c '{{\"Args\":[\"whoami\"]}}'\n  \
         peer chaincode invoke -C {channel} -n probe -c '{{\"Args\":[\"put\",\"color\",\"blue\"]}}' \
         -o $ORDERER_ADDRESS --tls --cafile \"$ORDERER_CA\" --waitForEvent\n\
         \nServe it with its explorer, HTTP interface and commands:\n  \
         chainloom up --config {configuration}\n",
        environment = shell_word(&directory.join("env.sh")),
        configuration = shell_word(&directory.join("chainloom.toml")),
        channel = topology.channel,
    ));
    text
}

/// What the services of users' contracts need to know.
pub(super) fn contracts(contracts: &[UserContract]) -> String {
    let mut text = String::new();
    for contract in contracts {
        text.push_str(&format!(
            "The service of the contract `{}` is to listen at {} with\n  CHAINCODE_ID={}\n",
            contract.name,
            contract.address,
            Network::package_id(contract)
        ));
    }
    text
}

/// A path from the root.
pub(super) fn absolute(path: &Path) -> PathBuf {
    // The error says that the folder we stand in is gone; then the path as it was given is the best there is.
    from_the_root(path).unwrap_or_else(|_| path.to_owned())
}
