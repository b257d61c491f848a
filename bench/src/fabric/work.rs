//! What is measured: the works, and what came of each.

use super::order::{Answer, Order};
use crate::report::median;

/// A call of so many callers at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) submit: bool,
    pub(crate) callers: usize,
}

impl Work {
    pub(crate) const ALL: [Self; 5] = [
        Self::new(false, 1),
        Self::new(false, 32),
        Self::new(true, 1),
        Self::new(true, 32),
        Self::new(true, 100),
    ];

    const fn new(submit: bool, callers: usize) -> Self {
        Self { submit, callers }
    }

    pub(crate) fn name(self) -> String {
        match self.submit {
            true => format!("submit and see the commit, {} at once", self.callers),
            false => format!("evaluate, {} at once", self.callers),
        }
    }

    /// What a contestant is told. Keys are the contestant's and the caller's own, so that no two write the same.
    pub(crate) fn order(self, contestant: &str, seconds: f64) -> Order {
        let key = format!("bench-{}-{{caller}}", contestant.replace(' ', "-"));
        let value = "x".repeat(100);
        let (function, arguments) = match self.submit {
            true => ("put", vec![key, value]),
            false => ("get", vec![KEY.to_owned()]),
        };
        Order {
            submit: self.submit,
            function: function.to_owned(),
            arguments,
            callers: self.callers,
            seconds,
        }
    }
}

/// The key that is read.
pub(crate) const KEY: &str = "bench";

/// What came of a contestant's turns at one work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) calls_per_second: f64,
    pub(crate) p50_seconds: f64,
    pub(crate) p99_seconds: f64,
    pub(crate) cpu_seconds_per_call: f64,
}

impl Figures {
    /// The medians over the turns; the processor's time over all of them.
    pub(crate) fn of(turns: &[Answer]) -> Self {
        let middle = |figure: fn(&Answer) -> f64| median(turns.iter().map(figure).collect());
        let calls: usize = turns.iter().map(|turn| turn.calls).sum();
        let cpu: f64 = turns.iter().map(|turn| turn.cpu_seconds).sum();
        Self {
            calls_per_second: middle(|turn| turn.calls as f64 / turn.seconds),
            p50_seconds: middle(|turn| turn.p50_seconds),
            p99_seconds: middle(|turn| turn.p99_seconds),
            cpu_seconds_per_call: cpu / calls as f64,
        }
    }
}
