use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many requests wait for their answers to begin.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

/// One of them, until this is dropped.
pub(super) struct One(Waiting);

impl Waiting {
    pub(super) fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::Relaxed);
        One(self.clone())
    }

    pub(super) fn are_several(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_are_counted() {
        let waiting = Waiting::default();
        let first = waiting.one();
        assert!(!waiting.are_several());
        let second = waiting.one();
        assert!(waiting.are_several());
        drop((first, second));
        let _third = waiting.one();
        assert!(!waiting.are_several());
    }
}
