//! Which programs belong together: those of one kit come from one folder.

use std::fmt;
use std::path::Path;

use super::version::Number;
use crate::options::FabricVersion;

/// Programs that are found, built and kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kit {
    /// Fabric itself.
    Fabric(FabricVersion),
    /// Fabric CA.
    Authority,
    /// The network's own contract.
    Probe,
}

/// One program of a kit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// Its file's name.
    pub(super) name: &'static str,
    /// The argument on which it prints its version; none where it has no such argument.
    pub(super) version_argument: Option<&'static str>,
}

const fn program(name: &'static str, version_argument: &'static str) -> Program {
    Program {
        name,
        version_argument: Some(version_argument),
    }
}

const FABRIC: &[Program] = &[
    program("peer", "version"),
    program("orderer", "version"),
    program("configtxgen", "-version"),
    program("cryptogen", "version"),
    Program {
        name: "osnadmin",
        version_argument: None,
    },
];
const AUTHORITY: &[Program] = &[
    program("fabric-ca-server", "version"),
    program("fabric-ca-client", "version"),
];
const PROBE: &[Program] = &[Program {
    name: PROBE_NAME,
    version_argument: None,
}];

/// The file of the network's own contract.
pub(super) const PROBE_NAME: &str = "chainloom-probe";

impl Kit {
    /// What the kit cannot do without.
    pub(super) fn programs(self) -> &'static [Program] {
        match self {
            Self::Fabric(_) => FABRIC,
            Self::Authority => AUTHORITY,
            Self::Probe => PROBE,
        }
    }

    /// The folder of its Go module.
    pub(super) fn module(self) -> &'static str {
        match self {
            Self::Fabric(FabricVersion::V2_5) => "fabric-2.5",
            Self::Fabric(FabricVersion::V3_1) => "fabric-3.1",
            Self::Authority => "fabric-ca",
            Self::Probe => "probe",
        }
    }

    /// Whether programs of that version do.
    pub(super) fn fits(self, version: Number) -> bool {
        match self {
            Self::Fabric(FabricVersion::V2_5) => version.is(2, 5),
            Self::Fabric(FabricVersion::V3_1) => version.major == 3 && version.minor >= 1,
            Self::Authority => version.is(1, 5),
            Self::Probe => false,
        }
    }

    /// The versions that fit, in words.
    pub(super) fn fitting(self) -> &'static str {
        match self {
            Self::Fabric(FabricVersion::V2_5) => "2.5.x",
            Self::Fabric(FabricVersion::V3_1) => "3.1.x or a later 3.x",
            Self::Authority => "1.5.x",
            Self::Probe => "this program's own",
        }
    }

    /// How long a build takes that has to fetch and compile all, on two cores.
    pub(super) fn usual_build_time(self) -> &'static str {
        match self {
            Self::Fabric(_) => "two to five minutes",
            Self::Authority => "one to three minutes",
            Self::Probe => "up to two minutes",
        }
    }

    /// Whether parts of it are written in C.
    pub(super) fn needs_c(self) -> bool {
        self != Self::Probe
    }

    /// What a build makes beside them: folders of the user's own may lack it.
    pub(super) fn helpers(self) -> &'static [&'static str] {
        match self {
            Self::Fabric(_) => &["configtxlator", "discover"],
            Self::Authority | Self::Probe => &[],
        }
    }

    /// Whether a folder has all that a build makes.
    pub(super) fn is_built_in(self, folder: &Path) -> bool {
        self.programs()
            .iter()
            .map(|program| program.name)
            .chain(self.helpers().iter().copied())
            .all(|name| is_executable(&folder.join(name)))
    }
}

impl fmt::Display for Kit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fabric(version) => write!(formatter, "the programs of Fabric {version}"),
            Self::Authority => formatter.write_str("the programs of Fabric CA"),
            Self::Probe => formatter.write_str("the network's own contract"),
        }
    }
}

/// Whether it is a file that somebody may run.
pub(super) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_behave_alike_fit() {
        let number = |major, minor| Number { major, minor };
        for (kit, version, fits) in [
            (Kit::Fabric(FabricVersion::V2_5), number(2, 5), true),
            (Kit::Fabric(FabricVersion::V2_5), number(2, 4), false),
            (Kit::Fabric(FabricVersion::V2_5), number(3, 1), false),
            (Kit::Fabric(FabricVersion::V3_1), number(3, 1), true),
            (Kit::Fabric(FabricVersion::V3_1), number(3, 2), true),
            (Kit::Fabric(FabricVersion::V3_1), number(3, 0), false),
            (Kit::Fabric(FabricVersion::V3_1), number(4, 1), false),
            (Kit::Authority, number(1, 5), true),
            (Kit::Authority, number(1, 4), false),
        ] {
            assert_eq!(kit.fits(version), fits, "{kit} {version:?}");
        }
    }
}
