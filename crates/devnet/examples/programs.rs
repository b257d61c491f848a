//! Has Fabric's programs of all versions at hand, so that networks come up without building anything:
//!
//!     cargo run -p chainloom-devnet --example programs
//!
//! The tests of this project do it first, since a build takes minutes.

use std::process::ExitCode;

use chainloom_devnet::{FabricVersion, Programs};

fn main() -> ExitCode {
    for version in [FabricVersion::V2_5, FabricVersion::V3_1] {
        match Programs::provide(version, None, &|step| println!("{step}")) {
            Ok(programs) => println!("Fabric {version}: {}", programs.peer.display()),
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
