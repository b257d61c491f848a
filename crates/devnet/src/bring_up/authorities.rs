//! The organizations' first users, enrolled at their certificate authorities.

use crate::configuration::{ADMINISTRATOR, Account, USER};
use crate::error::DevnetError;
use crate::files::wallet;
use crate::site::Site;
use crate::step::{Step, make_directory, side_by_side};
use crate::topology::Organization;

/// Enrolls the administrator and the user of an organization whose authority listens, and puts them into its wallet.
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
    command
        .arg("--tls.certfiles")
        .arg(site.layout.authority_root(organization));
    // The client keeps its settings in its home.
    command
        .arg("--home")
        .arg(site.layout.wallet_directory(organization).join(name));
    command.arg("--mspdir").arg(&msp);
    step.run(&mut command)?;
    wallet(&site.layout, organization, name)
}
