//! Users that are registered and enrolled with Fabric's own `fabric-ca-client`, as `env.sh` sets it up.

use chainloom_devnet::Network;
use serde_json::{Value, json};

use crate::callers::{Caller, Contract, alice, alices, printed};
use crate::kinds::{Kind, on_each_kind};

on_each_kind!(Kind::shared =>
    a_newly_enrolled_user_can_invoke,
    an_administrator_of_the_authority_is_one_of_the_channel,
    alice_may_register_nobody,
);

/// Registers a user as the organization's administrator and enrolls it into its wallet.
fn enroll<'a>(caller: Caller<'a>, user: &'a str, kind: &str) -> Caller<'a> {
    let admin = Caller {
        user: "admin",
        ..caller
    };
    let wallet = caller
        .network
        .layout()
        .wallet_directory(caller.organization)
        .join(user);
    let line = format!(
        "fabric-ca-client register --id.name {user} --id.secret pass --id.type {kind} && \
         export FABRIC_CA_CLIENT_HOME='{}' && \
         fabric-ca-client enroll --url https://{user}:pass@$CA_ADDRESS",
        wallet.display()
    );
    printed(&admin.shell(&line)).unwrap();
    Caller { user, ..caller }
}

fn a_newly_enrolled_user_can_invoke(network: &Network) {
    for alice in alices(network) {
        let bob = enroll(alice, "bob", "client");
        for contract in Contract::BOTH {
            let key = format!("bob-of-{}", bob.organization.name);
            bob.invoke(contract, &["put", &key, "here"]).unwrap();
            let read = bob.query(contract.name(), &["get", &key]).unwrap();
            assert_eq!(read, "here");
            let found = bob
                .official(contract.name(), &["evaluate", "whoami"])
                .unwrap();
            let found: Value = serde_json::from_str(&found).unwrap();
            assert_eq!(found["enrollment_id"], "bob");
        }
    }
}

fn an_administrator_of_the_authority_is_one_of_the_channel(network: &Network) {
    let carol = enroll(alice(network, 1), "carol", "admin");
    let admin = Caller {
        user: "admin",
        ..carol
    };
    // Only administrators may ask a peer what is installed on it.
    let line = "peer lifecycle chaincode queryinstalled --output json";
    for administrator in [admin, carol] {
        let installed = printed(&administrator.shell(line)).unwrap();
        let installed: Value = serde_json::from_str(&installed).unwrap();
        let label = &installed["installed_chaincodes"][0]["label"];
        assert_eq!(label, &json!("probe"), "{installed}");
    }
    let said = printed(&alice(network, 1).shell(line)).unwrap_err();
    assert!(said.contains("The identity is not an admin"), "{said}");
}

fn alice_may_register_nobody(network: &Network) {
    let line = "fabric-ca-client register --id.name dave --id.secret pass --id.type client";
    let said = printed(&alice(network, 0).shell(line)).unwrap_err();
    assert!(said.contains("Authorization failure"), "{said}");
}
