use std::time::Duration;

use tokio::time::Instant;

/// How many calls may be under way before anything is known of the peer.
const PLACES_FIRST: usize = 32;
/// How long a peer's refusal is remembered. Then more is tried again, since the peer may be less busy or have another limit by now.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// How many calls may be under way at a peer at once.
///
/// It grows while more are wanted: twofold each round of calls until the peer refuses for the first time, then by one a round, and not again
/// to where the peer refused. A refusal takes three tenths away. How long calls take does not count: that says as much of the contract as
/// of the peer.
#[derive(Debug)]
pub(super) struct Pace {
    places: usize,
    /// The most that the peer is known, or trusted, to take.
    ceiling: usize,
    places_max: usize,
    /// When the peer refused last.
    refused_at: Option<Instant>,
    /// How many calls came back while the places were full, since the last change.
    answered: usize,
    /// Counts the refusals that changed something: the others of calls that began before are about the same overload.
    epoch: u64,
}

impl Pace {
    pub(super) fn new(places_max: usize) -> Self {
        Self {
            places: PLACES_FIRST.min(places_max),
            ceiling: places_max,
            places_max,
            refused_at: None,
            answered: 0,
            epoch: 0,
        }
    }

    pub(super) fn places(&self) -> usize {
        self.places
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// A call came back, while others waited for its place.
    pub(super) fn answered(&mut self, now: Instant) {
        if self
            .refused_at
            .is_some_and(|refused_at| now.duration_since(refused_at) >= REMEMBERED_FOR)
        {
            self.refused_at = None;
            self.ceiling = self.places_max;
        }
        if self.places >= self.ceiling {
            return;
        }
        self.answered += 1;
        let is_starting = self.epoch == 0;
        if is_starting || self.answered >= self.places {
            self.places += 1;
            self.answered = 0;
        }
    }

    /// The peer refused a call that began in `epoch`, since too many were under way.
    pub(super) fn refused(&mut self, epoch: u64, now: Instant) {
        if epoch != self.epoch {
            return;
        }
        self.epoch += 1;
        self.answered = 0;
        self.refused_at = Some(now);
        self.ceiling = (self.places * 9 / 10).max(1);
        self.places = (self.places * 7 / 10).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A round of calls at a peer that takes `limit` at once; answers how many it refused.
    fn round(pace: &mut Pace, limit: usize, now: Instant) -> usize {
        let (places, epoch) = (pace.places(), pace.epoch());
        for _ in 0..places.min(limit) {
            pace.answered(now);
        }
        let refused = places.saturating_sub(limit);
        for _ in 0..refused {
            pace.refused(epoch, now);
        }
        refused
    }

    #[test]
    fn it_doubles_until_the_most_that_is_trusted() {
        let mut pace = Pace::new(400);
        let now = Instant::now();
        let places: Vec<usize> = (0..6)
            .map(|_| {
                round(&mut pace, usize::MAX, now);
                pace.places()
            })
            .collect();
        assert_eq!(places, [64, 128, 256, 400, 400, 400]);
    }

    #[test]
    fn it_finds_what_a_peer_takes_and_then_never_asks_for_more() {
        for limit in [1, 2, 5, 20, 33, 100, 399] {
            let mut pace = Pace::new(400);
            let now = Instant::now();
            for _ in 0..2000 {
                round(&mut pace, limit, now);
            }
            assert!(pace.places() <= limit, "{limit}: {pace:?}");
            assert!(pace.places() * 2 > limit, "{limit}: {pace:?}");
            let later = now + REMEMBERED_FOR - Duration::from_secs(1);
            let refused: usize = (0..2000).map(|_| round(&mut pace, limit, later)).sum();
            assert_eq!(refused, 0, "{limit}");
        }
    }

    #[test]
    fn one_overload_counts_once() {
        let mut pace = Pace::new(400);
        let now = Instant::now();
        pace.refused(0, now);
        let places = pace.places();
        assert_eq!(places, 22);
        pace.refused(0, now);
        assert_eq!(pace.places(), places);
        pace.refused(pace.epoch(), now);
        assert!(pace.places() < places);
    }

    #[test]
    fn in_time_more_is_tried_again() {
        let mut pace = Pace::new(400);
        let now = Instant::now();
        for _ in 0..100 {
            round(&mut pace, 5, now);
        }
        let later = now + REMEMBERED_FOR;
        for _ in 0..100 {
            round(&mut pace, usize::MAX, later);
        }
        assert!(pace.places() > 50, "{pace:?}");
    }
}
