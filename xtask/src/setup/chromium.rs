//! The browser and its driver.

use crate::error::Error;
use crate::process;
use crate::setup::apt;

/// Gets Debian's Chromium and its driver, unless both are on the PATH.
///
/// # Errors
/// See [`apt::install`].
pub(crate) fn set_up() -> Result<(), Error> {
    if process::find("chromium").is_some() && process::find("chromedriver").is_some() {
        println!("Chromium and its driver are here");
        return Ok(());
    }
    apt::install("Chromium or its driver", &["chromium", "chromium-driver"])
}
