//! Getting a new machine ready. Everything that is already there is left alone.

mod apt;
mod chromium;
mod components;
mod go;
mod node;
pub(crate) mod python;

use crate::error::Error;

/// What the chosen steps need.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Requirements {
    /// The formatter.
    pub(crate) rustfmt: bool,
    /// The linter.
    pub(crate) clippy: bool,
    /// Python with Flask and requests, in an environment of the project's own.
    pub(crate) python: bool,
    /// Chromium and its driver.
    pub(crate) chromium: bool,
    /// Go.
    pub(crate) go: bool,
    /// Node with the packages of the benchmarks' Node client.
    pub(crate) node: bool,
}

impl Requirements {
    /// What both need.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            rustfmt: self.rustfmt || other.rustfmt,
            clippy: self.clippy || other.clippy,
            python: self.python || other.python,
            chromium: self.chromium || other.chromium,
            go: self.go || other.go,
            node: self.node || other.node,
        }
    }

    /// Gets what is missing.
    ///
    /// # Errors
    /// A sentence on what is missing and how to get it, where it cannot be had from here.
    pub(crate) fn set_up(self) -> Result<(), Error> {
        if self.rustfmt {
            components::check("rustfmt", "fmt")?;
        }
        if self.clippy {
            components::check("clippy", "clippy")?;
        }
        if self.go {
            go::check()?;
        }
        if self.python {
            python::set_up()?;
        }
        if self.chromium {
            chromium::set_up()?;
        }
        if self.node {
            node::set_up()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_add_up() {
        let python = Requirements {
            python: true,
            ..Requirements::default()
        };
        let clippy = Requirements {
            clippy: true,
            ..Requirements::default()
        };
        let both = python.and(clippy);
        assert!(both.python && both.clippy && !both.chromium && !both.rustfmt);
    }
}
