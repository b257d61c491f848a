//! Changes of a channel's configuration, made with Fabric's own programs.

use std::process::Command;

use chainloom_devnet::Network;

/// Has administrators of all organizations agree to a change, with Fabric's own programs.
const UPDATE: &str = r#"
set -e
. "$ENV_SH"
devnet_as org1 admin
cd "$WORK"
peer channel fetch config before.block -c devnet -o $ORDERER_ADDRESS --tls --cafile "$ORDERER_CA"
configtxlator proto_decode --type common.Block --input before.block --output before-block.json
python3 - <<'EDIT'
import copy, json, os
config = json.load(open('before-block.json'))['data']['data'][0]['payload']['data']['config']
json.dump(config, open('before.json', 'w'))
after = copy.deepcopy(config)
exec(os.environ['CHANGE'], {'groups': after['channel_group']['groups']})
json.dump(after, open('after.json', 'w'))
EDIT
for side in before after; do configtxlator proto_encode --type common.Config --input $side.json --output $side.pb; done
configtxlator compute_update --channel_id devnet --original before.pb --updated after.pb --output update.pb
configtxlator proto_decode --type common.ConfigUpdate --input update.pb --output update.json
python3 - <<'WRAP'
import json
update = json.load(open('update.json'))
header = {'channel_header': {'channel_id': 'devnet', 'type': 2}}
json.dump({'payload': {'header': header, 'data': {'config_update': update}}}, open('envelope.json', 'w'))
WRAP
configtxlator proto_encode --type common.Envelope --input envelope.json --output envelope.pb
devnet_as org2 admin
peer channel signconfigtx -f envelope.pb
if [ -n "$ORDERER_MSP" ]; then
    CORE_PEER_LOCALMSPID=OrdererMSP CORE_PEER_MSPCONFIGPATH="$ORDERER_MSP" peer channel signconfigtx -f envelope.pb
fi
devnet_as org1 admin
peer channel update -f envelope.pb -c devnet -o $ORDERER_ADDRESS --tls --cafile "$ORDERER_CA"
"#;

/// Changes a network's ACLs once, and who may write: `ALL` organizations together, `ANY` of them as before.
#[allow(dead_code, reason = "not every test program makes this change")]
pub(crate) fn update(network: &Network, writers: &str) {
    let change = format!(
        r"
application = groups['Application']
application['values']['ACLs'] = {{
    'mod_policy': 'Admins',
    'value': {{'acls': {{'qscc/GetBlockByHash': {{'policy_ref': '/Channel/Application/Readers'}}}}}},
}}
application['policies']['Writers']['policy']['value']['rule'] = '{writers}'
"
    );
    change_configuration(network, &change, false);
}

/// Changes a channel's configuration once: Python that is given its `groups`. Where `of_orderers`, their administrator agrees too.
pub(crate) fn change_configuration(network: &Network, change: &str, of_orderers: bool) {
    let orderers = network.layout().orderer_organization_directory();
    let administrator = match of_orderers {
        true => orderers.join("users/Admin@example.com/msp"),
        false => std::path::PathBuf::new(),
    };
    let work = tempfile::tempdir().expect("a temporary folder can be made");
    let ran = Command::new("bash")
        .args(["-c", UPDATE])
        .env("ENV_SH", network.layout().directory().join("env.sh"))
        .env("WORK", work.path())
        .env("CHANGE", change)
        .env("ORDERER_MSP", administrator)
        .output()
        .expect("there is a bash");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
}
