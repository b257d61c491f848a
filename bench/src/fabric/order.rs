//! What a contestant is asked to do, and what it answers: a line of JSON each.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Call a function from so many callers at once for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Whether the calls are submitted and waited for until they stand in a block; else they are evaluated.
    pub(crate) submit: bool,
    pub(crate) function: String,
    /// A `{caller}` in an argument becomes the caller's number.
    pub(crate) arguments: Vec<String>,
    pub(crate) callers: usize,
    pub(crate) seconds: f64,
}

/// How it went.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) calls: usize,
    /// From the first call's start to the last one's end.
    pub(crate) seconds: f64,
    /// What the contestant's process used of processors meanwhile.
    pub(crate) cpu_seconds: f64,
    pub(crate) p50_seconds: f64,
    pub(crate) p99_seconds: f64,
}

impl Order {
    /// The arguments of one caller's calls.
    pub(crate) fn arguments_of(&self, caller: usize) -> Vec<String> {
        let caller = caller.to_string();
        let arguments = self.arguments.iter();
        arguments
            .map(|argument| argument.replace("{caller}", &caller))
            .collect()
    }
}

impl Answer {
    /// From how long each call took; there is at least one.
    pub(crate) fn new(mut times: Vec<Duration>, seconds: f64, cpu_seconds: f64) -> Self {
        times.sort_unstable();
        let percentile = |percent: usize| times[times.len() * percent / 100].as_secs_f64();
        Self {
            calls: times.len(),
            seconds,
            cpu_seconds,
            p50_seconds: percentile(50),
            p99_seconds: percentile(99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let times = (1..=200).rev().map(Duration::from_secs).collect();
        let answer = Answer::new(times, 10.0, 1.0);
        assert_eq!(answer.calls, 200);
        assert_eq!((answer.p50_seconds, answer.p99_seconds), (101.0, 199.0));
        let answer = Answer::new(vec![Duration::from_secs(3)], 3.0, 1.0);
        assert_eq!((answer.p50_seconds, answer.p99_seconds), (3.0, 3.0));
    }
}
