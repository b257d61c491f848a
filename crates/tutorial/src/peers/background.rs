use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Peers;

/// Asks the peers at this interval, for ever; a run that takes longer makes the next one wait. A failure is logged and
/// tried again.
pub(crate) async fn resolve_every(peers: &Peers, interval: Duration) {
    let mut ticks = interval_at(Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match peers.resolve().await {
            Ok(resolution) if resolution.replaced => {
                tracing::info!(
                    generation = resolution.generation,
                    from = resolution.from,
                    "a peer's longer chain replaced ours"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "could not ask the peers"),
        }
    }
}
