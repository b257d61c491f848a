//! Learning of which organization a peer is that was away when its ledger was connected.

use std::time::Duration;

use tokio::time::sleep;

use super::ask::ask_peers;
use crate::endpoint::Peer;
use crate::identity::WeakIdentity;
use crate::target::Target;

/// How long after a peer did not answer it is asked again; doubles up to the second.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// Asks these peers until each has said of which organization it is, or nobody needs to know any more.
pub(super) async fn learn(identity: WeakIdentity, channel: String, mut unknown: Vec<Target>) {
    let mut pause = AGAIN_AFTER;
    while !unknown.is_empty() {
        sleep(pause).await;
        pause = (pause * 2).min(AGAIN_AFTER_MAX);
        unknown.retain(|target| target.organization.is_shared());
        let Some(identity) = identity.upgrade() else {
            return;
        };
        // It may come back.
        let Ok(identity) = identity.get() else {
            continue;
        };
        let peers: Vec<Peer> = unknown.iter().map(|target| target.peer.clone()).collect();
        let told = ask_peers(&identity, &channel, &peers).await;
        for (target, told) in unknown.iter().zip(told) {
            if let Some(organization) = told.organization {
                target.organization.learn(organization);
            }
        }
        unknown.retain(|target| !target.organization.is_known());
    }
}
