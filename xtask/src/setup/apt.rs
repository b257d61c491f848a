//! Debian packages.

use std::process::Command;

use crate::error::Error;
use crate::process;

/// Installs Debian packages, as root or through `sudo` where it asks for no password.
///
/// # Errors
/// [`Error::Missing`] where that cannot be done from here; the sentence names the packages.
pub(crate) fn install(what: &'static str, packages: &[&str]) -> Result<(), Error> {
    let by_hand = || Error::Missing {
        what,
        advice: format!(
            "this is neither root nor a user whose `sudo` asks for no password, so please run \
             `sudo apt-get update && sudo apt-get install {}`",
            packages.join(" ")
        ),
    };
    if process::find("apt-get").is_none() {
        return Err(Error::Missing {
            what,
            advice: format!(
                "there is no apt-get here; install it by your system's own means so that it is on \
                 the PATH (Debian's packages are {})",
                packages.join(", ")
            ),
        });
    }
    let sudo = if is_root() {
        false
    } else if process::succeeds(Command::new("sudo").args(["-n", "true"])) {
        true
    } else {
        return Err(by_hand());
    };
    process::run(&mut apt_get(sudo, &["update"]))?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend_from_slice(packages);
    process::run(&mut apt_get(sudo, &arguments))
}

fn apt_get(sudo: bool, arguments: &[&str]) -> Command {
    let mut command = if sudo {
        let mut command = Command::new("sudo");
        // Through `env`, because sudo drops the caller's variables.
        command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    } else {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    command.args(arguments);
    command
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apt_asks_nothing_with_sudo_and_without() {
        assert_eq!(
            process::shown(&apt_get(false, &["update"])),
            "apt-get update"
        );
        assert_eq!(
            process::shown(&apt_get(true, &["update"])),
            "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update"
        );
    }
}
