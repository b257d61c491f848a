//! Adding up what `cargo test` and `go test` say.

use std::fmt;

/// How many tests passed and failed, over all test programs of a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
}

impl Tally {
    /// Adds the counts of one line of output, if it is a test program's last word:
    /// `test result: ok. 12 passed; 0 failed; 1 ignored; ...`.
    pub(crate) fn add_line(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        // "ok. 12 passed" and "FAILED. 11 passed" both end in the count and its name.
        for part in counts.split(';') {
            let mut words = part.split_whitespace().rev();
            let name = words.next();
            let count = words.next().and_then(|word| word.parse::<u64>().ok());
            match (name, count) {
                (Some("passed"), Some(count)) => self.passed += count,
                (Some("failed"), Some(count)) => self.failed += count,
                _ => {}
            }
        }
    }

    /// Adds one line of `go test -v`: `--- PASS: TestName (0.00s)`. Tests within tests are indented and counted with theirs.
    pub(crate) fn add_go_line(&mut self, line: &str) {
        if line.starts_with("--- PASS: ") {
            self.passed += 1;
        } else if line.starts_with("--- FAIL: ") {
            self.failed += 1;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_in_go_count_too() {
        let mut tally = Tally::default();
        for line in [
            "=== RUN   TestOne",
            "--- PASS: TestOne (0.00s)",
            "    --- PASS: TestOne/within (0.00s)",
            "--- FAIL: TestTwo (0.01s)",
            "FAIL",
        ] {
            tally.add_go_line(line);
        }
        assert_eq!(tally.to_string(), "1 passed, 1 failed");
    }

    #[test]
    fn results_of_several_programs_are_added() {
        let mut tally = Tally::default();
        for line in [
            "running 2 tests",
            "test a ... ok",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.10s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "error: 1 target failed:",
        ] {
            tally.add_line(line);
        }
        assert_eq!(
            tally,
            Tally {
                passed: 15,
                failed: 2
            }
        );
        assert_eq!(tally.to_string(), "15 passed, 2 failed");
    }
}
