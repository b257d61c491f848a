//! Waiting for something to become true, without a guess at how long it takes.

use std::time::{Duration, Instant};

/// How long a thing may take that should take no time at all: a slow machine under load must not fail a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until the answer is `Some`.
///
/// # Panics
/// After a minute, with what was waited for.
pub async fn eventually<T>(what: &str, attempt: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, attempt).await
}

/// Like [`eventually`], with another limit.
///
/// # Panics
/// After the limit, with what was waited for.
pub async fn eventually_within<T>(
    limit: Duration,
    what: &str,
    mut attempt: impl AsyncFnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = attempt().await {
            return answer;
        }
        assert!(
            start.elapsed() < limit,
            "waited {} s in vain for {what}",
            limit.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
