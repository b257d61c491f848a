//! What was asked on the command line.

use crate::step::Step;

/// The help text.
pub(crate) const USAGE: &str = "\
Usage:
  cargo xtask test                  set up this machine, then run every check
  cargo xtask test --only <step>    run one step (may be given more than once):
                                    format, lint, docs, go, unit, e2e, browser
  cargo xtask bench [names]         run the benchmarks, in release
  cargo xtask bench fabric [--network 2.5|3.1|both] [--seconds S] [--rounds N]
                                    beside Fabric's official clients
  cargo xtask bench index [decoding] [syncing] [lookups] [walk]
                                    the index of a channel, beside Fabric's own in Go";

/// One task.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Print the usage.
    Help,
    /// Run these steps, in order.
    Test {
        /// The steps to run.
        steps: Vec<Step>,
    },
    /// Run the benchmarks with these arguments.
    Bench {
        /// Passed on as they are.
        arguments: Vec<String>,
    },
}

impl Task {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// A sentence that says which word was not understood.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut words = words.into_iter();
        match words.next().as_deref() {
            Some("test") => parse_test(words),
            Some("bench") => Ok(Self::Bench {
                arguments: words.collect(),
            }),
            None | Some("help" | "--help" | "-h") => Ok(Self::Help),
            Some(other) => Err(format!("There is no task `{other}`.")),
        }
    }
}

fn parse_test(mut words: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut steps = Vec::new();
    while let Some(word) = words.next() {
        if word == "--help" || word == "-h" {
            return Ok(Task::Help);
        }
        if word != "--only" {
            return Err(format!("`cargo xtask test` has no argument `{word}`."));
        }
        let Some(name) = words.next() else {
            return Err("After `--only` comes the name of a step.".to_owned());
        };
        match Step::named(&name) {
            Some(found) => steps.extend_from_slice(found),
            None => return Err(format!("There is no step `{name}`.")),
        }
    }
    if steps.is_empty() {
        steps.extend_from_slice(Step::ALL);
    }
    Ok(Task::Test { steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Task, String> {
        Task::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_asks_for_help() {
        assert_eq!(parse(""), Ok(Task::Help));
        assert_eq!(parse("test --help"), Ok(Task::Help));
    }

    #[test]
    fn test_alone_runs_everything() {
        assert_eq!(
            parse("test"),
            Ok(Task::Test {
                steps: Step::ALL.to_vec()
            })
        );
    }

    #[test]
    fn only_may_be_repeated() {
        assert_eq!(
            parse("test --only format --only lint"),
            Ok(Task::Test {
                steps: vec![Step::Format, Step::Lint]
            })
        );
    }

    #[test]
    fn end_to_end_tests_build_the_program_first() {
        assert_eq!(
            parse("test --only e2e"),
            Ok(Task::Test {
                steps: vec![Step::Build, Step::Fabric, Step::EndToEnd]
            })
        );
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, word) in [
            ("dance", "dance"),
            ("test --fast", "--fast"),
            ("test --only nothing", "nothing"),
            ("test --only", "--only"),
        ] {
            let sentence = parse(line).expect_err("refused");
            assert!(sentence.contains(word), "{sentence}");
        }
    }

    #[test]
    fn bench_passes_its_arguments_on() {
        assert_eq!(
            parse("bench mining --quick"),
            Ok(Task::Bench {
                arguments: vec!["mining".to_owned(), "--quick".to_owned()]
            })
        );
    }
}
