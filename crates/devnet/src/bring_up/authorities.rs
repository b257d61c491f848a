//! The organizations' first users, enrolled at their certificate authorities.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::configuration::{ADMINISTRATOR, Account, USER};
use crate::error::DevnetError;
use crate::files::wallet;
use crate::site::Site;
use crate::step::{Step, make_directory, side_by_side};
use crate::topology::Organization;

/// Enrolls the administrator and the user of an organization whose authority listens, and puts them into its wallet. Who is there
/// already stays as they are.
///
/// # Errors
/// [`DevnetError`] with what the authority said.
pub(crate) fn enroll(site: &Site, organization: &Organization) -> Result<(), DevnetError> {
    side_by_side([ADMINISTRATOR, USER], |account| {
        enroll_one(site, organization, account)
    })?;
    Ok(())
}

fn enroll_one(
    site: &Site,
    organization: &Organization,
    account: Account,
) -> Result<(), DevnetError> {
    let Account { name, password } = account;
    let home = site.layout.wallet_directory(organization).join(name);
    if home.with_extension("id").exists() && home.exists() {
        return Ok(());
    }
    // Half of an enrollment is none.
    match fs::remove_dir_all(&home) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(DevnetError::file(home)(error));
        }
        _ => (),
    }
    let msp = site.layout.user_msp(organization, name);
    make_directory(&msp)?;
    let authority = &organization.authority;
    let what = format!("enroll {name}");
    let step = Step {
        process: &authority.name,
        what: &what,
    };
    let mut command = site.tool(&site.programs.ca_client);
    command.arg("enroll");
    let url = format!("https://{name}:{password}@127.0.0.1:{}", authority.port);
    command.args(["--url", &url, "--caname", &authority.name]);
    // The client keeps its settings in its home. It reads the path of the certificate as a list with commas, which the network's
    // directory may have in its name; from its home on there are none.
    let root = site.layout.authority_root(organization);
    let root = root.strip_prefix(site.layout.directory()).unwrap_or(&root);
    command
        .arg("--tls.certfiles")
        .arg(Path::new("../../..").join(root));
    command.arg("--home").arg(home);
    command.arg("--mspdir").arg(&msp);
    step.run(&mut command)?;
    wallet(&site.layout, organization, name)
}
