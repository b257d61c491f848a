//! Every function of the network's own contract through Fabric's own `peer` command, as alice of each organization.

use std::time::{Duration, Instant};

use chainloom_devnet::Network;
use serde_json::{Value, json};

use crate::callers::{Caller, Contract, alice, alices};
use crate::kinds::{Kind, on_each_kind};
use crate::wait::eventually;

on_each_kind!(Kind::shared =>
    values_are_put_read_added_to_listed_and_deleted,
    private_data_is_its_collections_members_alone,
    events_stand_in_the_block,
    trouble_is_told_as_it_is,
    endorsers_that_disagree_make_no_transaction,
    callers_are_known,
    keys_have_policies_of_their_own,
);

/// Each caller with each contract, and a prefix for keys that no other has.
fn each(network: &Network) -> impl Iterator<Item = (Caller<'_>, Contract, String)> {
    alices(network).flat_map(|alice| {
        Contract::BOTH.map(|contract| {
            let prefix = format!("{}-{}", alice.organization.name, contract.name());
            (alice, contract, prefix)
        })
    })
}

/// The JSON that a query answers.
fn json_of(caller: Caller<'_>, contract: Contract, words: &[&str]) -> Value {
    serde_json::from_str(&caller.query(contract.name(), words).unwrap()).unwrap()
}

fn values_are_put_read_added_to_listed_and_deleted(network: &Network) {
    for (alice, contract, prefix) in each(network) {
        let (a, b) = (&*format!("{prefix}-a"), &*format!("{prefix}-b"));
        let name = contract.name();
        alice.invoke(contract, &["put", a, "blüe \"1\""]).unwrap();
        assert_eq!(alice.query(name, &["get", a]).unwrap(), "blüe \"1\"");
        let said = alice.invoke(contract, &["add", b, "-5"]).unwrap();
        assert!(said.contains(r#"payload:"-5""#), "{said}");
        let said = alice.invoke(contract, &["add", b, "12"]).unwrap();
        assert!(said.contains(r#"payload:"7""#), "{said}");
        let listed = json_of(alice, contract, &["range", a, &format!("{prefix}-c")]);
        let expected = json!([{"key": a, "value": "blüe \"1\""}, {"key": b, "value": "7"}]);
        assert_eq!(listed, expected);
        alice.invoke(contract, &["delete", a]).unwrap();
        let said = alice.query(name, &["get", a]).unwrap_err();
        assert!(said.contains("does not exist"), "{said}");
        let history = json_of(alice, contract, &["history", a]);
        let deletes: Vec<&Value> = history
            .as_array()
            .unwrap()
            .iter()
            .map(|made| &made["is_delete"])
            .collect();
        assert_eq!(deletes, [&json!(true), &json!(false)], "{history}");
        assert_eq!(history[1]["value"], "blüe \"1\"");
    }
}

/// `secret` in base64.
const SECRET: &str = r#"--transient '{"value":"c2VjcmV0"}'"#;

fn private_data_is_its_collections_members_alone(network: &Network) {
    for (alice_, contract, prefix) in each(network) {
        let name = contract.name();
        let all = contract == Contract::ProbeAll;
        let (both, first) = (&*format!("{prefix}-both"), &*format!("{prefix}-first"));
        for words in [&["putPrivate", both][..], &["putPrivate", first, "first"]] {
            // The collection `first` is on the peers of the first organization only; who writes does not have to be of it.
            alice_.invoke_at(name, words, all, SECRET).unwrap();
        }
        for reader in alices(network) {
            let read = eventually("private data to reach the other organization", || {
                reader.query(name, &["getPrivate", both])
            });
            assert_eq!(read, "secret");
        }
        let read = eventually("private data to reach the first organization", || {
            alice(network, 0).query(name, &["getPrivate", first, "first"])
        });
        assert_eq!(read, "secret");
        let said = alice(network, 1)
            .query(name, &["getPrivate", first, "first"])
            .unwrap_err();
        assert!(
            said.contains("does not have read access permission"),
            "{said}"
        );
        let said = alice_.invoke(contract, &["putPrivate", both]).unwrap_err();
        assert!(said.contains("none named `value`"), "{said}");
    }
}

fn events_stand_in_the_block(network: &Network) {
    for (alice, contract, prefix) in each(network) {
        let event = format!("{prefix}-sold");
        let said = alice
            .invoke(contract, &["emit", &event, "to the lady in blue"])
            .unwrap();
        let (_, rest) = said.split_once("txid [").unwrap();
        let (transaction, _) = rest.split_once(']').unwrap();
        let words = [
            "GetTransactionByID",
            &network.topology().channel,
            transaction,
        ];
        // The answer is Fabric's own message; the event's name and payload stand in it as they are.
        let stored = alice.query("qscc", &words).unwrap();
        assert!(stored.contains(&event), "{stored}");
        assert!(stored.contains("to the lady in blue"), "{stored}");
    }
}

fn trouble_is_told_as_it_is(network: &Network) {
    for (alice, contract, prefix) in each(network) {
        let name = contract.name();
        let message = format!("no, {prefix}");
        for said in [
            alice.query(name, &["fail", &message]).unwrap_err(),
            alice.invoke(contract, &["fail", &message]).unwrap_err(),
        ] {
            assert!(said.contains(&message), "{said}");
        }
        let blob = alice.query(name, &["blob", "1000000"]).unwrap();
        assert!(blob.len() == 1_000_000 && blob.bytes().all(|byte| byte == b'x'));
        let start = Instant::now();
        assert_eq!(alice.query(name, &["sleep", "300"]).unwrap(), "");
        assert!(start.elapsed() >= Duration::from_millis(300));
        let said = alice.query(name, &["nothing"]).unwrap_err();
        assert!(said.contains("nothing"), "{said}");
    }
}

fn endorsers_that_disagree_make_no_transaction(network: &Network) {
    for alice in alices(network) {
        let said = alice.invoke(Contract::ProbeAll, &["random"]).unwrap_err();
        assert!(
            said.contains("ProposalResponsePayloads do not match"),
            "{said}"
        );
        // One endorser agrees with itself.
        alice.invoke(Contract::Probe, &["random"]).unwrap();
    }
}

fn callers_are_known(network: &Network) {
    for (alice, contract, _) in each(network) {
        let found = json_of(alice, contract, &["whoami"]);
        assert_eq!(found["msp_id"], json!(alice.organization.msp_id));
        assert_eq!(found["enrollment_id"], "alice");
        let units = found["organizational_units"].as_array().unwrap();
        assert!(units.contains(&json!("client")), "{found}");
    }
    let admin = Caller {
        user: "admin",
        ..alice(network, 1)
    };
    let found = json_of(admin, Contract::Probe, &["whoami"]);
    let units = found["organizational_units"].as_array().unwrap();
    assert!(units.contains(&json!("admin")), "{found}");
}

fn keys_have_policies_of_their_own(network: &Network) {
    for (alice, contract, prefix) in each(network) {
        let name = contract.name();
        let key = &*format!("{prefix}-policy");
        let all = contract == Contract::ProbeAll;
        alice.invoke(contract, &["put", key, "1"]).unwrap();
        let words = ["setPolicy", key, "Org1MSP", "Org2MSP"];
        alice.invoke(contract, &words).unwrap();
        let policy = json_of(alice, contract, &["getPolicy", key]);
        assert_eq!(policy, json!(["Org1MSP", "Org2MSP"]));
        let said = alice
            .invoke_at(name, &["put", key, "2"], false, "")
            .unwrap_err();
        assert!(said.contains("ENDORSEMENT_POLICY_FAILURE"), "{said}");
        assert_eq!(alice.query(name, &["get", key]).unwrap(), "1");
        alice.invoke_at(name, &["put", key, "3"], true, "").unwrap();
        assert_eq!(alice.query(name, &["get", key]).unwrap(), "3");
        // Without organizations the contract's own policy holds again.
        alice
            .invoke_at(name, &["setPolicy", key], true, "")
            .unwrap();
        let alone = alice.invoke_at(name, &["put", key, "4"], false, "");
        assert_eq!(alone.is_err(), all, "{alone:?}");
    }
}
