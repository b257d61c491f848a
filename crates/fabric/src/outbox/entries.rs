//! What is in the store, as it is known in memory: everything but the envelopes.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

/// The most envelopes that wait to be seen on the chain, and the most bytes of them. Beyond it new calls are refused.
pub(super) const ENTRIES_MAX: usize = 20_000;
pub(super) const ENTRIES_BYTES_MAX: u64 = 256 << 20;
/// How long after it was sent an envelope is sent again that was not seen on the chain; doubles up to the second.
const SEND_AGAIN_AFTER: Duration = Duration::from_secs(10);
const SEND_AGAIN_AFTER_MAX: Duration = Duration::from_secs(120);
/// How long the orderers have to refuse an envelope before it is taken for refused: one of them may have taken it before.
pub(crate) const REFUSED_FOR_GOOD_AFTER: Duration = match cfg!(test) {
    false => Duration::from_secs(300),
    // A test waits for it.
    true => Duration::from_secs(3),
};

/// The envelopes that wait to be seen on the chain.
#[derive(Debug, Default, Clone)]
pub(super) struct Entries {
    by_id: HashMap<String, Entry>,
    /// Those whose callers see after them by themselves.
    held: HashSet<String>,
    bytes: u64,
    /// The newest that was seen on the chain, and when one was seen last.
    seen: Option<(u64, Instant)>,
}

#[derive(Debug, Clone)]
struct Entry {
    number: u64,
    bytes: u64,
    due: Instant,
    pause: Duration,
    refused_since: Option<Instant>,
    /// Whether it is known to stand on the chain, though not where first: to send it again would only add a duplicate.
    stands: bool,
}

impl Entries {
    /// `due` says when it is to be sent again, unless it is held.
    pub(super) fn add(&mut self, id: String, number: u64, bytes: u64, due: Instant) {
        let entry = Entry {
            number,
            bytes,
            due,
            pause: SEND_AGAIN_AFTER,
            refused_since: None,
            stands: false,
        };
        self.bytes += bytes;
        if let Some(old) = self.by_id.insert(id, entry) {
            self.bytes -= old.bytes;
        }
    }

    /// The number under which an id is stored.
    pub(super) fn number(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).map(|entry| entry.number)
    }

    /// Takes an id out; its number, if it was there.
    pub(super) fn remove(&mut self, id: &str) -> Option<u64> {
        let entry = self.by_id.remove(id)?;
        self.bytes -= entry.bytes;
        Some(entry.number)
    }

    /// It is seen on the chain now.
    pub(super) fn saw(&mut self, id: &str, now: Instant) {
        if let Some(number) = self.number(id) {
            let newest = self.seen.map_or(number, |(newest, _)| newest.max(number));
            self.seen = Some((newest, now));
        }
    }

    /// Takes out all that are stored under numbers below this one; their ids.
    pub(super) fn remove_below(&mut self, number: u64) -> Vec<String> {
        let old = self.by_id.iter();
        let old: Vec<_> = old
            .filter(|(_, entry)| entry.number < number)
            .map(|(id, _)| id.clone())
            .collect();
        for id in &old {
            self.remove(id);
        }
        old
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.by_id.len() >= ENTRIES_MAX || self.bytes >= ENTRIES_BYTES_MAX
    }

    pub(super) fn hold(&mut self, id: &str) {
        self.held.insert(id.to_owned());
    }

    /// Nobody sees after it any more; it was sent just now.
    pub(super) fn release(&mut self, id: &str, now: Instant) {
        self.held.remove(id);
        if let Some(entry) = self.by_id.get_mut(id) {
            entry.due = now + entry.pause;
        }
    }

    /// Whether it is only waiting for its turn: a busy channel orders what was sent before it still, and to send more would make that longer.
    fn is_on_its_way(&self, entry: &Entry, now: Instant) -> bool {
        self.seen.is_some_and(|(newest, at)| {
            entry.number > newest && now.duration_since(at) < SEND_AGAIN_AFTER
        })
    }

    /// Those that are to be sent again now, the oldest first.
    pub(super) fn due(&self, now: Instant, count_max: usize) -> Vec<String> {
        let loose = self.by_id.iter().filter(|(id, _)| !self.held.contains(*id));
        let mut due: Vec<_> = loose
            .filter(|(_, entry)| entry.due <= now && !self.is_on_its_way(entry, now))
            .collect();
        due.sort_by_key(|(_, entry)| entry.number);
        due.truncate(count_max);
        due.into_iter().map(|(id, _)| id.clone()).collect()
    }

    /// It was sent once more.
    pub(super) fn sent(&mut self, id: &str, now: Instant) {
        if let Some(entry) = self.by_id.get_mut(id) {
            entry.refused_since = None;
            entry.postpone(now);
        }
    }

    /// The orderers refused it. Whether that is for good, since they have done so for long.
    pub(super) fn refused(&mut self, id: &str, now: Instant) -> bool {
        let Some(entry) = self.by_id.get_mut(id) else {
            return false;
        };
        let since = *entry.refused_since.get_or_insert(now);
        entry.postpone(now);
        now.duration_since(since) >= REFUSED_FOR_GOOD_AFTER
    }

    /// It was looked for, and is neither sent nor settled.
    pub(super) fn postpone(&mut self, id: &str, now: Instant) {
        if let Some(entry) = self.by_id.get_mut(id) {
            entry.postpone(now);
        }
    }

    /// It stands on the chain, and is to be looked for at once; only the first time, since others may follow by the second.
    pub(super) fn stands(&mut self, id: &str, now: Instant) {
        if let Some(entry) = self.by_id.get_mut(id)
            && !entry.stands
        {
            entry.stands = true;
            entry.due = now;
        }
    }

    /// Whether it is known to stand on the chain.
    pub(super) fn is_standing(&self, id: &str) -> bool {
        self.by_id.get(id).is_some_and(|entry| entry.stands)
    }

    /// It is to be looked after at once.
    #[cfg(test)]
    pub(super) fn hurry(&mut self, id: &str, now: Instant) {
        if let Some(entry) = self.by_id.get_mut(id) {
            entry.due = now;
        }
    }
}

impl Entry {
    fn postpone(&mut self, now: Instant) {
        self.pause = (self.pause * 2).min(SEND_AGAIN_AFTER_MAX);
        self.due = now + self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_order_and_then_at_growing_pauses() {
        let start = Instant::now();
        let mut entries = Entries::default();
        for (number, id) in ["a", "b", "c"].into_iter().enumerate() {
            entries.add(id.to_owned(), number as u64, 10, start);
        }
        entries.hold("b");
        assert_eq!(entries.due(start, 9), ["a", "c"]);
        assert_eq!(entries.due(start, 1), ["a"]);
        entries.release("b", start);
        entries.sent("a", start);
        entries.sent("c", start);
        assert_eq!(entries.due(start + SEND_AGAIN_AFTER, 9), ["b"]);
        entries.hurry("c", start);
        assert_eq!(entries.due(start, 9), ["c"]);
        let mut now = start;
        for _ in 0..9 {
            now += SEND_AGAIN_AFTER_MAX;
            entries.sent("a", now);
        }
        let again = now + SEND_AGAIN_AFTER_MAX;
        assert!(entries.due(again, 9).contains(&"a".to_owned()));
        let before = again - Duration::from_secs(1);
        assert!(!entries.due(before, 9).contains(&"a".to_owned()));
    }

    #[test]
    fn what_stands_on_the_chain_is_looked_for_at_once_and_then_at_growing_pauses() {
        let start = Instant::now();
        let mut entries = Entries::default();
        entries.add("a".to_owned(), 0, 10, start);
        entries.sent("a", start);
        assert!(!entries.is_standing("a"));
        entries.stands("a", start);
        assert!(entries.is_standing("a"));
        assert_eq!(entries.due(start, 9), ["a"]);
        let mut now = start;
        for pause_s in [40, 80, 120, 120] {
            entries.postpone("a", now);
            // Another duplicate.
            entries.stands("a", now);
            now += Duration::from_secs(pause_s);
            assert!(entries.due(now - Duration::from_secs(1), 9).is_empty());
            assert_eq!(entries.due(now, 9), ["a"]);
        }
        entries.stands("unknown", now);
        assert!(!entries.is_standing("unknown"));
    }

    #[test]
    fn what_a_busy_channel_has_not_come_to_is_not_sent_again() {
        let start = Instant::now();
        let mut entries = Entries::default();
        for (number, id) in ["a", "b", "c"].into_iter().enumerate() {
            entries.add(id.to_owned(), number as u64, 10, start);
        }
        entries.saw("b", start);
        entries.remove("b");
        // What was sent before one that was seen is missing; what was sent after it may come yet.
        assert_eq!(entries.due(start, 9), ["a"]);
        assert_eq!(entries.due(start + SEND_AGAIN_AFTER, 9), ["a", "c"]);
        entries.saw("a", start + SEND_AGAIN_AFTER);
        assert_eq!(entries.due(start + SEND_AGAIN_AFTER, 9), ["a"]);
    }

    #[test]
    fn only_a_refusal_that_lasts_is_one_for_good() {
        let start = Instant::now();
        let mut entries = Entries::default();
        entries.add("a".to_owned(), 0, 10, start);
        assert!(!entries.refused("a", start));
        let later = start + REFUSED_FOR_GOOD_AFTER;
        assert!(entries.clone().refused("a", later));
        entries.sent("a", start + Duration::from_secs(1));
        assert!(!entries.refused("a", later));
        assert!(!entries.refused("unknown", later));
    }

    #[test]
    fn numbers_and_bytes_are_bounded() {
        let now = Instant::now();
        let mut entries = Entries::default();
        entries.add("a".to_owned(), 0, ENTRIES_BYTES_MAX - 1, now);
        assert!(!entries.is_full());
        entries.add("b".to_owned(), 1, 1, now);
        assert!(entries.is_full());
        assert_eq!(entries.remove("a"), Some(0));
        assert_eq!(entries.remove("a"), None);
        assert!(!entries.is_full());
        for number in 1..ENTRIES_MAX as u64 {
            entries.add(number.to_string(), number, 1, now);
        }
        assert!(entries.is_full());
        assert_eq!(entries.number("b"), Some(1));
    }
}
