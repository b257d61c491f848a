//! The toolchain's own components.

use crate::error::Error;
use crate::process;
use crate::workspace;

/// Checks that `cargo <subcommand>` is there.
///
/// # Errors
/// [`Error::Missing`] with the command that adds the component.
pub(crate) fn check(component: &'static str, subcommand: &str) -> Result<(), Error> {
    if process::succeeds(&mut workspace::cargo([subcommand, "--version"])) {
        return Ok(());
    }
    Err(Error::Missing {
        what: component,
        advice: format!("add it with `rustup component add {component}`"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_component_says_how_to_add_it() {
        let error = check("clippy", "surely-no-such-subcommand").expect_err("not there");
        assert!(matches!(error, Error::Missing { .. }));
        assert_eq!(
            error.to_string(),
            "clippy is missing: add it with `rustup component add clippy`"
        );
    }
}
