use std::collections::HashMap;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::Placed;

/// The most transactions that are awaited at once.
pub(super) const WAITERS_MAX: usize = 20_000;

/// Who awaits which transaction.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    by_id: HashMap<String, Vec<Waiter>>,
    count: usize,
    next_number: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    since: Instant,
    teller: oneshot::Sender<Placed>,
}

/// As many wait as may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Waiters {
    /// Awaits a transaction. The number is for [`Waiters::remove`].
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn add(&mut self, id: &str) -> Result<(u64, oneshot::Receiver<Placed>), Full> {
        if self.count >= WAITERS_MAX {
            return Err(Full);
        }
        let (teller, told) = oneshot::channel();
        let number = self.next_number;
        self.next_number += 1;
        self.count += 1;
        let since = Instant::now();
        self.by_id.entry(id.to_owned()).or_default().push(Waiter {
            number,
            since,
            teller,
        });
        Ok((number, told))
    }

    /// Takes one away who waits no longer, or has been told already.
    pub(super) fn remove(&mut self, id: &str, number: u64) {
        let Some(waiters) = self.by_id.get_mut(id) else {
            return;
        };
        let before = waiters.len();
        waiters.retain(|waiter| waiter.number != number);
        self.count -= before - waiters.len();
        if waiters.is_empty() {
            self.by_id.remove(id);
        }
    }

    /// Tells all who await this transaction.
    pub(super) fn tell(&mut self, id: &str, placed: Placed) {
        let waiters = self.by_id.remove(id).unwrap_or_default();
        self.count -= waiters.len();
        for waiter in waiters {
            // Who waits no longer need not know.
            let _ = waiter.teller.send(placed);
        }
    }

    /// Tells all that there is nothing more to wait for.
    pub(super) fn clear(&mut self) {
        self.by_id.clear();
        self.count = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Since when the one waits who waits longest.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        let waiters = self.by_id.values().flatten();
        waiters.map(|waiter| waiter.since).min()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chainloom_ledger::Version;
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;
    use crate::wire::ValidationCode;

    fn placed(block: u64) -> Placed {
        Placed {
            version: Version { block, index: 0 },
            code: ValidationCode::VALID,
        }
    }

    #[test]
    fn all_who_await_an_id_are_told_once_and_nobody_else() {
        let mut waiters = Waiters::default();
        let (_, mut first) = waiters.add("a").unwrap();
        let (_, mut second) = waiters.add("a").unwrap();
        let (_, mut other) = waiters.add("b").unwrap();
        waiters.tell("a", placed(1));
        // The same id again, as a duplicate: the first verdict stands.
        waiters.tell("a", placed(2));
        assert_eq!(first.try_recv(), Ok(placed(1)));
        assert_eq!(second.try_recv(), Ok(placed(1)));
        assert_eq!(other.try_recv(), Err(TryRecvError::Empty));
        assert!(!waiters.is_empty());
        waiters.clear();
        assert_eq!(other.try_recv(), Err(TryRecvError::Closed));
        assert!(waiters.is_empty());
    }

    #[test]
    fn who_goes_away_makes_room_and_leaves_the_others() {
        let mut waiters = Waiters::default();
        let (number, _) = waiters.add("a").unwrap();
        let (_, mut stays) = waiters.add("a").unwrap();
        for index in 2..WAITERS_MAX {
            waiters.add(&index.to_string()).unwrap();
        }
        assert_eq!(waiters.add("one too many").unwrap_err(), Full);
        waiters.remove("a", number);
        // A second time, and with somebody else's id: nothing to do.
        waiters.remove("a", number);
        waiters.remove("2", number);
        assert_eq!(waiters.count, WAITERS_MAX - 1);
        waiters.add("fits").unwrap();
        waiters.tell("a", placed(1));
        assert_eq!(stays.try_recv(), Ok(placed(1)));
        assert_eq!(waiters.count, WAITERS_MAX - 1);
    }

    #[test]
    fn the_longest_wait_is_known() {
        let mut waiters = Waiters::default();
        assert_eq!(waiters.waiting_since(), None);
        let (first, _) = waiters.add("a").unwrap();
        let since = waiters.waiting_since().unwrap();
        waiters.add("b").unwrap();
        assert_eq!(waiters.waiting_since(), Some(since));
        waiters.remove("a", first);
        assert!(waiters.waiting_since().is_some_and(|later| later >= since));
        assert!(!waiters.by_id.contains_key("a"));
    }
}
