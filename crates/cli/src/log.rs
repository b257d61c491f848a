//! The log of a running server, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::error::Error;

/// Starts the log; `filter` is as in `RUST_LOG`.
pub(crate) fn start(filter: &str) -> Result<(), Error> {
    let filter = parse(filter)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init()
        .map_err(|error| Error::Runtime(std::io::Error::other(error)))
}

fn parse(filter: &str) -> Result<EnvFilter, Error> {
    EnvFilter::builder()
        .parse(filter)
        .map_err(|error| Error::LogFilter {
            filter: filter.to_owned(),
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
            parse(filter).unwrap();
        }
        let error = parse("info,chainloom=loudest").unwrap_err().to_string();
        assert!(error.contains("info,chainloom=loudest"), "{error}");
    }
}
