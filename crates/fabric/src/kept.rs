//! What is read of a channel now and then, and kept meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

/// A value as it was last read. One caller reads at a time; those for whom the kept one is good enough never wait for it.
#[derive(Debug)]
pub(crate) struct Kept<T> {
    /// With the moment at which reading it began.
    last: Mutex<Option<(Instant, Arc<T>)>>,
    reading: AsyncMutex<()>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            last: Mutex::default(),
            reading: AsyncMutex::default(),
        }
    }
}

impl<T> Kept<T> {
    /// What was read last, whenever that was.
    pub(crate) fn last(&self) -> Option<Arc<T>> {
        self.locked().as_ref().map(|(_, value)| value.clone())
    }

    /// What was read last, where that is less than `age_max` ago.
    pub(crate) fn fresh(&self, age_max: Duration) -> Option<Arc<T>> {
        let last = self.locked();
        let (read_at, value) = last.as_ref()?;
        (read_at.elapsed() < age_max).then(|| value.clone())
    }

    /// Reads it anew, unless another caller began to do so since this was called.
    ///
    /// # Errors
    /// Those of `read`.
    pub(crate) async fn read<E>(
        &self,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let called_at = Instant::now();
        let _reading = self.reading.lock().await;
        if let Some((read_at, value)) = &*self.locked()
            && *read_at >= called_at
        {
            return Ok(value.clone());
        }
        let read_at = Instant::now();
        let value = Arc::new(read.await?);
        *self.locked() = Some((read_at, value.clone()));
        Ok(value)
    }

    fn locked(&self) -> MutexGuard<'_, Option<(Instant, Arc<T>)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::pending;

    use tokio::time::{sleep, timeout};

    use super::*;

    const MOMENT: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_gets_no_answer_holds_up_nobody_for_whom_the_last_one_does() {
        let kept = Kept::default();
        assert_eq!(kept.last(), None);
        assert_eq!(kept.read(async { Err::<u8, _>("away") }).await, Err("away"));
        assert_eq!(
            kept.read(async { Ok::<_, Infallible>(1) }).await,
            Ok(Arc::new(1))
        );
        sleep(MOMENT / 2).await;
        let silent = kept.read(pending::<Result<u8, Infallible>>());
        let meanwhile = async {
            assert_eq!(kept.fresh(MOMENT).as_deref(), Some(&1));
            sleep(MOMENT / 2).await;
            assert_eq!(
                (kept.fresh(MOMENT), kept.last().as_deref()),
                (None, Some(&1))
            );
        };
        tokio::select! {
            biased;
            _ = silent => unreachable!("nobody answers"),
            () = meanwhile => {}
        }
        // Who gave up leaves the next one to read.
        assert_eq!(
            kept.read(async { Ok::<_, Infallible>(2) }).await,
            Ok(Arc::new(2))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_at_once_are_answered_by_one_reading() {
        let kept = Kept::default();
        let first = kept.read(async {
            sleep(MOMENT).await;
            Ok::<_, Infallible>(1)
        });
        let second = kept.read(async { panic!("it was read already") });
        let both = timeout(2 * MOMENT, async { tokio::join!(first, second) }).await;
        let (first, second): (Result<Arc<i32>, _>, Result<Arc<i32>, Infallible>) =
            both.expect("both are answered");
        assert_eq!((first, second), (Ok(Arc::new(1)), Ok(Arc::new(1))));
    }
}
