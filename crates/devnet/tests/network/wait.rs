//! Waiting for something to become true, without a guess at how long it takes.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thing may take on a machine that is busy with much else.
const PATIENCE: Duration = Duration::from_secs(90);

/// Asks again and again until the answer is good; the last one is shown when it never is.
#[track_caller]
pub(crate) fn eventually<T, E: Debug>(what: &str, mut attempt: impl FnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(answer) => return answer,
            Err(error) => assert!(
                start.elapsed() < PATIENCE,
                "waited {} s in vain for {what}: {error:?}",
                PATIENCE.as_secs()
            ),
        }
        thread::sleep(Duration::from_millis(50));
    }
}
