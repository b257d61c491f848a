//! The kinds of networks, and one of each that tests share.

use std::ops::Deref;
use std::path::Path;
use std::sync::OnceLock;

use chainloom_devnet::{Consensus, FabricVersion, Network, Options};

use crate::folder::Folder;

/// A version of Fabric and how its orderers agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Raft2_5,
    Raft3_1,
    Bft3_1,
}

impl Kind {
    /// A network of this kind in that folder.
    pub(crate) fn options(self, directory: &Path) -> Options {
        let (fabric, consensus) = match self {
            Self::Raft2_5 => (FabricVersion::V2_5, Consensus::Raft),
            Self::Raft3_1 => (FabricVersion::V3_1, Consensus::Raft),
            Self::Bft3_1 => (FabricVersion::V3_1, Consensus::Bft),
        };
        Options {
            fabric: Some(fabric),
            consensus: Some(consensus),
            ..Options::in_directory(directory)
        }
    }

    /// The network of this kind that all tests share: none may stop any of its processes.
    pub(crate) fn shared(self) -> &'static Network {
        static NETWORKS: [OnceLock<TestNetwork>; 3] =
            [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        NETWORKS[self as usize].get_or_init(|| TestNetwork::start(self))
    }
}

/// A network in a temporary folder.
#[derive(Debug)]
pub(crate) struct TestNetwork {
    network: Network,
    // Dropped after the network has ended.
    _folder: Folder,
}

impl TestNetwork {
    pub(crate) fn start(kind: Kind) -> Self {
        Self::start_with(kind, |_| ())
    }

    pub(crate) fn start_with(kind: Kind, change: impl FnOnce(&mut Options)) -> Self {
        let folder = Folder::new();
        let mut options = kind.options(&folder.path().join("net"));
        change(&mut options);
        Self {
            network: up(&options),
            _folder: folder,
        }
    }
}

impl Deref for TestNetwork {
    type Target = Network;

    fn deref(&self) -> &Network {
        &self.network
    }
}

/// Brings a network up that can come up.
pub(crate) fn up(options: &Options) -> Network {
    Network::start(options, &|_| ()).unwrap_or_else(|error| panic!("{error}"))
}

/// Makes a test of each function for each kind of network.
macro_rules! on_each_kind {
    ($argument:expr => $($test:ident),+ $(,)?) => {
        on_each_kind!(fabric_2_5_raft: Raft2_5, $argument => $($test),+);
        on_each_kind!(fabric_3_1_raft: Raft3_1, $argument => $($test),+);
        on_each_kind!(fabric_3_1_bft: Bft3_1, $argument => $($test),+);
    };
    ($module:ident: $kind:ident, $argument:expr => $($test:ident),+) => {
        mod $module {
            use super::*;

            $(
                #[test]
                fn $test() {
                    super::$test($argument(crate::kinds::Kind::$kind));
                }
            )+
        }
    };
}
pub(crate) use on_each_kind;
