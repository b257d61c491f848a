//! The commands of `docs/devnet.md` do what it says, as they stand there.

use std::process::Command;

use chainloom_devnet::Options;

use crate::folder::Folder;
use crate::kinds::up;

const DOCUMENT: &str = include_str!("../../../../docs/devnet.md");
/// Where the document has its network.
const ENVIRONMENT: &str = "~/.local/share/chainloom/devnet/env.sh";

/// The commands of the document's section that sets a shell up, in their order: what is indented.
fn commands() -> String {
    let (_, section) = DOCUMENT.split_once("\n## What is in the folder\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let lines = section
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .collect::<Vec<_>>();
    lines.join("\n")
}

#[test]
fn the_documents_commands_for_a_shell_work() {
    let commands = commands();
    assert!(
        commands.starts_with(&format!(". {ENVIRONMENT}\n")),
        "{commands}"
    );
    for what in [
        "probe-all",
        "fabric-ca-client register",
        "devnet_as org1 bob",
    ] {
        assert!(commands.contains(what), "{what}: {commands}");
    }
    // A name that a shell, and the CA's client with its lists, would take apart.
    let folder = Folder::new();
    let network = up(&Options::in_directory(
        folder.path().join("it's mine, \"all\" of it"),
    ));
    let script = commands.replace(ENVIRONMENT, "\"$NETWORK/env.sh\"");
    let ran = Command::new("bash")
        .args(["-c", &format!("set -e\n{script}"), "deploy.sh", "v1.2"])
        .env("NETWORK", network.layout().directory())
        .output()
        .unwrap();
    let (printed, said) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "{said}");
    for user in ["alice", "bob"] {
        let who = format!(r#""enrollment_id":"{user}""#);
        assert!(printed.contains(&who), "{user}: {printed}");
    }
    assert_eq!(said.matches("status (VALID)").count(), 1 + 2, "{said}");
}
