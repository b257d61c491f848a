//! Work that many ask for and that is done once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

/// At most one run goes on, and at most one waits. A caller never gets the result of a run that had begun before it
/// called: what it knows may be newer than what that run saw. So it shares the waiting one.
///
/// The work is done by one of its callers. If that one goes away another one begins it anew; if all do, it ends.
#[derive(Debug)]
pub(super) struct Turns<T> {
    waiting: Mutex<Option<Arc<OnceCell<T>>>>,
    running: tokio::sync::Mutex<()>,
}

impl<T> Default for Turns<T> {
    fn default() -> Turns<T> {
        Turns {
            waiting: Mutex::default(),
            running: tokio::sync::Mutex::default(),
        }
    }
}

impl<T: Clone> Turns<T> {
    /// The result of a run that begins after this call.
    pub(super) async fn share<F: Future<Output = T>>(&self, work: impl FnOnce() -> F) -> T {
        let run = self.waiting().get_or_insert_default().clone();
        let result = run
            .get_or_init(async || {
                let _running = self.running.lock().await;
                // From here on callers need another run.
                self.waiting().take_if(|waiting| Arc::ptr_eq(waiting, &run));
                work().await
            })
            .await;
        result.clone()
    }

    /// The waiting run; a panic elsewhere leaves an option whole.
    fn waiting(&self) -> MutexGuard<'_, Option<Arc<OnceCell<T>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;
    use tokio::task::{JoinSet, yield_now};

    struct Work {
        turns: Turns<usize>,
        begun: AtomicUsize,
        gate: Semaphore,
    }

    impl Work {
        fn new() -> Arc<Work> {
            Arc::new(Work {
                turns: Turns::default(),
                begun: AtomicUsize::new(0),
                gate: Semaphore::new(0),
            })
        }

        async fn ask(self: Arc<Self>) -> usize {
            let work = async || {
                let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
                self.gate.acquire().await.unwrap().forget();
                number
            };
            self.turns.share(work).await
        }
    }

    async fn settle() {
        for _ in 0..50 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_runs_and_all_later_callers_share_the_next() {
        let work = Work::new();
        let mut first = tokio::spawn(work.clone().ask());
        settle().await;
        let mut later = JoinSet::new();
        for _ in 0..5 {
            later.spawn(work.clone().ask());
        }
        settle().await;
        assert_eq!(work.begun.load(Ordering::SeqCst), 1);
        work.gate.add_permits(1);
        assert_eq!((&mut first).await.unwrap(), 1);
        work.gate.add_permits(1);
        assert_eq!(later.join_all().await, [2; 5]);
        work.gate.add_permits(1);
        assert_eq!(work.clone().ask().await, 3);
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_leaves_the_work_to_another() {
        let work = Work::new();
        let first = tokio::spawn(work.clone().ask());
        settle().await;
        let second = tokio::spawn(work.clone().ask());
        let third = tokio::spawn(work.clone().ask());
        settle().await;
        first.abort();
        settle().await;
        second.abort();
        settle().await;
        work.gate.add_permits(1);
        assert_eq!(third.await.unwrap(), 3);
        let nobody = tokio::spawn(work.clone().ask());
        settle().await;
        nobody.abort();
        settle().await;
        work.gate.add_permits(1);
        assert_eq!(work.clone().ask().await, 5);
    }
}
