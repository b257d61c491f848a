//! What each step did and how long it took.

use std::time::{Duration, Instant};

use crate::error::Error;

/// The steps so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    took: Duration,
    failure: Option<Error>,
}

impl Report {
    /// Prints a heading, does the work, and remembers how it went. Answers whether it went well.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), Error>,
    ) -> bool {
        println!("\n=== {name} ===");
        let start = Instant::now();
        let failure = work().err();
        let took = start.elapsed();
        match &failure {
            None => println!("--- {name}: {}", seconds(took)),
            Some(error) => println!("--- {name}: failed after {}: {error}", seconds(took)),
        }
        let went_well = failure.is_none();
        self.lines.push(Line {
            name,
            took,
            failure,
        });
        went_well
    }

    /// Whether every step went well.
    pub(crate) fn all_went_well(&self) -> bool {
        self.lines.iter().all(|line| line.failure.is_none())
    }

    /// Prints a line for each step, and the sum.
    pub(crate) fn print(&self) {
        println!("\n=== summary ===");
        let mut total = Duration::ZERO;
        for line in &self.lines {
            total += line.took;
            let outcome = match &line.failure {
                None => "ok".to_owned(),
                Some(error) => format!("FAILED: {error}"),
            };
            println!("{:<32} {:>9}  {outcome}", line.name, seconds(line.took));
        }
        println!("{:<32} {:>9}", "all steps", seconds(total));
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_whole() {
        let mut report = Report::default();
        assert!(report.step("good", || Ok(())));
        assert!(report.all_went_well());
        assert!(!report.step("bad", || Err(Error::Missing {
            what: "the thing",
            advice: "get it".to_owned(),
        })));
        assert!(report.step("good again", || Ok(())));
        assert!(!report.all_went_well());
    }
}
