//! Fabric's official Go client, as alice of each organization.

use chainloom_devnet::Network;
use serde_json::{Value, json};

use crate::callers::{Contract, alices};
use crate::kinds::{Kind, on_each_kind};

on_each_kind!(Kind::shared => each_contract_answers_the_official_client);

fn each_contract_answers_the_official_client(network: &Network) {
    for alice in alices(network) {
        for contract in Contract::BOTH.map(Contract::name) {
            let answer = alice.official(contract, &["evaluate", "whoami"]).unwrap();
            let found: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(found["msp_id"], json!(alice.organization.msp_id));
            assert_eq!(found["enrollment_id"], "alice");
            let key = format!("official-{}", alice.organization.name);
            // On a network that has just come up: the first call counts.
            let sum = alice.official(contract, &["submit", "add", &key, "7"]);
            assert_eq!(sum.unwrap(), "7");
            let read = alice.official(contract, &["evaluate", "get", &key]);
            assert_eq!(read.unwrap(), "7");
            let failure = alice
                .official(contract, &["submit", "fail", "not today"])
                .unwrap_err();
            assert_eq!(failure["status"], "ABORTED", "{failure}");
            assert!(failure.to_string().contains("not today"), "{failure}");
        }
        let failure = alice
            .official("probe-all", &["submit", "random"])
            .unwrap_err();
        assert!(failure.to_string().contains("do not match"), "{failure}");
    }
}
