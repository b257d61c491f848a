//! The log of a running server, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::error::Error;

/// The variable that says what is logged where the flag does not.
const VARIABLE: &str = "RUST_LOG";
/// What is logged where neither says it.
const DEFAULT: &str = "info";

/// Starts the log as the flag says, else `RUST_LOG`.
pub(crate) fn start(flag: &Option<String>) -> Result<(), Error> {
    let variable = std::env::var(VARIABLE).ok();
    let filter = match (flag, variable.as_deref()) {
        (Some(filter), _) => parse("--log ", filter)?,
        // An empty variable is as good as none.
        (None, None | Some("")) => parse("--log ", DEFAULT)?,
        (None, Some(filter)) => parse("RUST_LOG=", filter)?,
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init()
        .map_err(|error| Error::Runtime(std::io::Error::other(error)))
}

fn parse(source: &str, filter: &str) -> Result<EnvFilter, Error> {
    EnvFilter::builder()
        .parse(filter)
        .map_err(|error| Error::LogFilter {
            filter: format!("{source}{filter}"),
            reason: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_one_for_each_part() {
        for filter in ["info", "warn,chainloom_tutorial=debug", "off"] {
            parse("--log ", filter).unwrap();
        }
        let error = parse("RUST_LOG=", "info,chainloom=loudest").unwrap_err();
        let expected = "RUST_LOG=info,chainloom=loudest: ";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
