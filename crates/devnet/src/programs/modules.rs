//! The Go modules that programs are built from: pinned in the repository, embedded in this program.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::kit::Kit;
use super::version::Number;
use crate::hexadecimal::hexadecimal;
use crate::options::FabricVersion;

#[derive(RustEmbed)]
#[folder = "go/"]
struct Sources;

/// How much of the hash names a build: enough that two never meet.
const KEY_BYTES: usize = 8;

/// The files of a kit's module that a build reads, by name and in order.
fn files(kit: Kit) -> Vec<(String, Cow<'static, [u8]>)> {
    let folder = format!("{}/", kit.module());
    let mut files: Vec<_> = Sources::iter()
        .filter_map(|path| {
            let name = path.strip_prefix(&folder)?;
            let is_source = [".mod", ".sum", ".go", ".json"]
                .iter()
                .any(|ending| name.ends_with(ending));
            (is_source && !name.ends_with("_test.go")).then(|| {
                let file = Sources::get(&path).expect("it was listed just now");
                (name.to_owned(), file.data)
            })
        })
        .collect();
    files.sort_by(|(left, _), (right, _)| left.cmp(right));
    files
}

/// Writes a kit's module into a folder.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn unpack(kit: Kit, folder: &Path) -> io::Result<()> {
    for (name, content) in files(kit) {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(())
}

/// A name for what a kit's module builds: another one when a pin, a source, an argument or the machine's kind changes.
pub(super) fn key(kit: Kit, arguments: &[&str]) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    };
    for argument in arguments {
        add(argument.as_bytes());
    }
    for (name, content) in files(kit) {
        add(name.as_bytes());
        add(&content);
    }
    let hash = hexadecimal(&hash.finalize()[..KEY_BYTES]);
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{}-{hash}-{system}-{machine}", kit.module())
}

fn go_mod(kit: Kit) -> String {
    let path = format!("{}/go.mod", kit.module());
    let file = Sources::get(&path).expect("every kit has a module: there is a test");
    String::from_utf8_lossy(&file.data).into_owned()
}

/// The oldest Go that builds a kit, as its go.mod has it.
pub(super) fn oldest_go(kit: Kit) -> Number {
    go_mod(kit)
        .lines()
        .find_map(|line| Number::parse(line.strip_prefix("go ")?))
        .expect("every go.mod names its Go: there is a test")
}

/// What Go writes about Fabric itself into every program that is built from the pinned module.
pub(super) fn pin(version: FabricVersion) -> String {
    const FABRIC: &str = "github.com/hyperledger/fabric";
    let go_mod = go_mod(Kit::Fabric(version));
    let pinned = go_mod
        .lines()
        .find_map(|line| line.trim().strip_prefix(FABRIC)?.strip_prefix(' '))
        .and_then(|rest| rest.split(' ').next())
        .expect("Fabric is pinned: there is a test");
    format!("\t{FABRIC}\t{pinned}\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KITS: [Kit; 4] = [
        Kit::Fabric(FabricVersion::V2_5),
        Kit::Fabric(FabricVersion::V3_1),
        Kit::Authority,
        Kit::Probe,
    ];

    #[test]
    fn every_module_is_pinned_exactly_and_has_its_sum() {
        for kit in KITS {
            assert!(
                oldest_go(kit)
                    >= Number {
                        major: 1,
                        minor: 24
                    },
                "{kit}"
            );
            let names: Vec<String> = files(kit).into_iter().map(|(name, _)| name).collect();
            assert!(names.iter().any(|name| name == "go.sum"), "{kit}");
            let sums = Sources::get(&format!("{}/go.sum", kit.module())).map(|file| file.data);
            let sums = String::from_utf8_lossy(&sums.unwrap_or_default()).into_owned();
            let go_mod = go_mod(kit);
            assert!(!go_mod.contains("replace"), "{kit}");
            let required: Vec<&str> = go_mod
                .lines()
                .map(|line| line.trim().trim_start_matches("require "))
                .filter(|line| line.contains(" v"))
                .collect();
            assert!(!required.is_empty(), "{kit}");
            for line in required {
                let words: Vec<&str> = line.split(' ').collect();
                let version = words[1].trim_start_matches('v');
                assert_eq!(version.split('.').count().min(3), 3, "{kit}: {line}");
                let sum = format!("{} {}", words[0], words[1]);
                assert!(sums.contains(&sum), "{kit}: {line}");
            }
        }
    }

    #[test]
    fn each_kits_module_builds_its_programs() {
        for kit in KITS.into_iter().filter(|kit| *kit != Kit::Probe) {
            let go_mod = go_mod(kit);
            let mut tools: Vec<&str> = go_mod
                .lines()
                .filter_map(|line| Some(line.trim().split_once("/cmd/")?.1))
                .collect();
            let mut programs: Vec<&str> =
                kit.programs().iter().map(|program| program.name).collect();
            programs.extend(kit.helpers());
            tools.sort_unstable();
            programs.sort_unstable();
            assert_eq!(tools, programs, "{kit}");
        }
        for version in [FabricVersion::V2_5, FabricVersion::V3_1] {
            assert!(pin(version).contains("\tv1.4.0-rc1.0.20"));
        }
    }

    #[test]
    fn a_key_names_a_kit_and_what_it_is_made_with() {
        let with_s = key(Kit::Authority, &["-s"]);
        assert!(with_s.starts_with("fabric-ca-"), "{with_s}");
        assert_eq!(with_s, key(Kit::Authority, &["-s"]));
        assert_ne!(with_s, key(Kit::Authority, &["-w"]));
        assert_ne!(
            key(Kit::Fabric(FabricVersion::V2_5), &[]),
            key(Kit::Fabric(FabricVersion::V3_1), &[])
        );
    }
}
