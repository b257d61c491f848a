use std::collections::BTreeSet;
use std::process;
use std::time::Duration;

use chainloom_devnet::{Condition, DevnetError, Network, Options, ProcessState, Status};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::banner;
use crate::arguments::DevnetUpArguments;
use crate::error::Error;
use crate::output::{Output, printable, warn};
use crate::progress::Progress;
use crate::signals;

/// How often the processes are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Brings the network up and stays until the program is asked to end.
pub(crate) async fn run(arguments: &DevnetUpArguments) -> Result<(), Error> {
    let options = options(arguments)?;
    let mut end = Box::pin(signals::end()?);
    if Status::of(&options.directory)?.is_running && !options.contracts.is_empty() {
        return add_to_running(options).await;
    }
    let starting = spawn_blocking(move || start(&options));
    let mut network = tokio::select! {
        started = starting => started.map_err(Error::Panicked)??,
        () = &mut end => {
            // What has been started ends with this process.
            interrupted()
        }
    };
    let mut output = Output::new();
    let text = banner::render(
        network.topology(),
        network.layout().directory(),
        output.paint(),
    );
    output.write(text.as_bytes())?;
    output
        .line("\nCtrl-C ends it; the next `chainloom devnet up` goes on with the same ledger.")?;
    output.flush()?;

    let mut told = BTreeSet::new();
    let mut last_trouble = None;
    loop {
        tokio::select! {
            () = &mut end => break,
            () = sleep(LOOK_EVERY) => {}
        }
        let look = spawn_blocking(move || {
            let dead = network.look();
            (network, dead)
        });
        let (same, dead) = look.await.map_err(Error::Panicked)?;
        network = same;
        match dead {
            Ok(dead) => tell_of(&dead, &mut told),
            // A full disk, most likely; the network itself may go on. Said once, not twice a second.
            Err(error) => {
                let trouble = Some(error.to_string());
                if trouble != last_trouble {
                    warn(trouble.as_deref().unwrap_or_default());
                    last_trouble = trouble;
                }
            }
        }
    }
    let progress = Progress::spinner("ending the network");
    spawn_blocking(|| network.shut_down())
        .await
        .map_err(Error::Panicked)??;
    drop(progress);
    Ok(())
}

/// Ends this program, which was asked to end before the network was up.
pub(super) fn interrupted() -> ! {
    warn("ended before the network was up; `chainloom devnet up` starts it again");
    process::exit(signals::INTERRUPTED)
}

fn start(options: &Options) -> Result<Network, DevnetError> {
    let progress = Progress::spinner("starting");
    Network::start(options, &|step| progress.say(printable(step)))
}

/// Tells of processes that ended by themselves, once of each.
fn tell_of(dead: &[ProcessState], told: &mut BTreeSet<String>) {
    for process in dead {
        if let Condition::Dead { how, lines } = &process.condition
            && told.insert(process.name.clone())
        {
            let mut sentence = format!("{} ended by itself ({how})", process.name);
            for line in lines {
                sentence.push_str("\n    ");
                sentence.push_str(&printable(line));
            }
            warn(&sentence);
        }
    }
}

/// Adds contracts to a network that runs in the background or in another terminal.
pub(super) async fn add_to_running(options: Options) -> Result<(), Error> {
    let directory = options.directory.clone();
    let contracts = options.contracts.clone();
    let deploying = spawn_blocking(move || {
        let progress = Progress::spinner("deploying");
        Network::deploy_to_running(&options, &|step| progress.say(printable(step)))
    });
    deploying.await.map_err(Error::Panicked)??;
    let mut output = Output::new();
    let shown = directory.display().to_string();
    output.line(&format!(
        "The network in {} runs already; added:",
        printable(&shown)
    ))?;
    output.write(banner::contracts(&contracts).as_bytes())
}

/// What network the command line asks for.
pub(super) fn options(arguments: &DevnetUpArguments) -> Result<Options, Error> {
    Ok(Options {
        bin_directory: arguments.bin_dir.clone(),
        fabric: arguments.fabric,
        consensus: arguments.consensus,
        peers_per_organization: arguments.peers,
        max_message_count: arguments.max_message_count,
        batch_timeout: arguments.batch_timeout,
        contracts: arguments.contract.clone(),
        ..Options::in_directory(arguments.place.directory()?)
    })
}
