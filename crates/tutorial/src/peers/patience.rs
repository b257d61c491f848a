use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How long we go on waiting for one peer. Only time spent in [`Patience::wait`] is counted.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    step: Duration,
    whole: Duration,
    left: Duration,
}

/// Which limit a peer has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Impatience {
    /// This one, for one step.
    Step(Duration),
    /// This one, for everything.
    Whole(Duration),
}

impl Impatience {
    /// The limit.
    pub(super) fn limit(self) -> Duration {
        match self {
            Impatience::Step(limit) | Impatience::Whole(limit) => limit,
        }
    }
}

impl Patience {
    /// For steps of this length at most, and this long in all.
    pub(super) fn new(step: Duration, whole: Duration) -> Patience {
        Patience {
            step,
            whole,
            left: whole,
        }
    }

    /// Waits for the peer to do one step.
    pub(super) async fn wait<T>(&mut self, step: impl Future<Output = T>) -> Result<T, Impatience> {
        let began = Instant::now();
        let (time, reached) = if self.left < self.step {
            (self.left, Impatience::Whole(self.whole))
        } else {
            (self.step, Impatience::Step(self.step))
        };
        let result = timeout(time, step).await;
        self.left = self.left.saturating_sub(began.elapsed());
        result.map_err(|_| reached)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn a_step_and_the_whole_have_limits() {
        let seconds = Duration::from_secs;
        let mut patience = Patience::new(seconds(10), seconds(25));
        assert_eq!(patience.wait(sleep(seconds(9))).await, Ok(()));
        assert_eq!(
            patience.wait(sleep(seconds(11))).await,
            Err(Impatience::Step(seconds(10)))
        );
        // Our own work costs the peer nothing.
        sleep(seconds(100)).await;
        assert_eq!(patience.wait(sleep(seconds(5))).await, Ok(()));
        assert_eq!(
            patience.wait(sleep(seconds(9))).await,
            Err(Impatience::Whole(seconds(25)))
        );
        // What is there already is taken.
        assert_eq!(patience.wait(std::future::ready(5)).await, Ok(5));
    }
}
