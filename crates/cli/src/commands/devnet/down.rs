use chainloom_devnet::{end_network, shell_word};
use tokio::task::spawn_blocking;

use super::banner::absolute;
use crate::arguments::DevnetPlace;
use crate::error::Error;
use crate::output::{Output, printable};
use crate::progress::Progress;

/// Ends the network in that folder, whoever runs it.
pub(crate) async fn run(place: &DevnetPlace) -> Result<(), Error> {
    let directory = place.directory()?;
    let shown = printable(&shell_word(&absolute(&directory)));
    let progress = Progress::spinner("ending the network");
    spawn_blocking(move || end_network(&directory))
        .await
        .map_err(Error::Panicked)??;
    drop(progress);
    Output::new().line(&format!(
        "The network in {shown} has ended; `chainloom devnet up --dir {shown}` starts it again."
    ))
}
