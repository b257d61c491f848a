//! `chainloom up`: opens the ledgers, each with its index beside it, and serves them.

mod connections;
mod open;

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chainloom_index::Index;
use chainloom_ledger::Ledger;
use chainloom_server::{
    Connections, Identities, Ledgers, Limits, OpenWalletError, Server, ServerOptions, TlsFiles,
    TokenFile,
};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use crate::arguments::UpArguments;
use crate::banner::{Banner, Chain, Channel};
use crate::error::Error;
use crate::folder::DataFolder;
use crate::output::Paint;
use crate::progress::Progress;
use crate::settings::{LedgerSettings, Settings};
use crate::{log, signals};

use open::Tutorial;

/// Serves until the program is asked to end.
pub(crate) async fn run(arguments: &UpArguments) -> Result<(), Error> {
    let settings = Settings::for_up(arguments)?;
    log::start(&arguments.log)?;
    let end = signals::end()?;
    let folder = DataFolder::of(&settings)?;

    // The ports first: who starts a second server on the same port is told of the port, and not
    // that the data is locked. Callers wait in the meantime.
    let ledgers = Ledgers::default();
    let options = server_options(&settings, &folder);
    let server = Server::bind(options, ledgers.clone())?;
    let addresses = server.addresses();
    folder.create()?;
    let identities = open_wallet(&settings, &folder).await?;
    let server = server.with_identities(identities.clone());
    let tutorial = open_tutorial(&settings, &folder).await?;
    if let Some(tutorial) = &tutorial {
        tutorial.node.set_listen_addresses(addresses.clone());
        ledgers.insert(&tutorial.name, tutorial.served());
    }
    let connections = open_connections(&folder, ledgers.clone(), identities.clone()).await?;
    connect(&connections, &settings).await?;
    let server = server.with_connections(connections.clone());

    let (stop_following, stopped) = watch::channel(());
    let renewing = {
        let (identities, stopped) = (identities.clone(), stopped.clone());
        tokio::spawn(async move { identities.keep_renewed(until(stopped)).await })
    };
    let following = tutorial
        .as_ref()
        .map(|tutorial| follow(tutorial.index.clone(), tutorial.ledger(), stopped))
        .map(tokio::spawn);

    let showing = tokio::spawn(show_catching_up(ledgers.clone()));
    announce(&banner(&settings, tutorial.as_ref(), &addresses, &folder));
    let ending = async {
        end.await;
        drop(stop_following);
        // Before the server waits for the requests under way: those that search or wait for a
        // block end with it.
        shutdown(tutorial.as_ref()).await;
    };
    let outcome = server.run(ending).await;
    showing.abort();

    // Again for a server that broke off before anybody asked it to end.
    shutdown(tutorial.as_ref()).await;
    connections.end().await;
    if let Err(error) = renewing.await {
        tracing::warn!("the renewal of identities did not end by itself: {error}");
    }
    if let Some(Err(error)) = wait(following).await {
        tracing::warn!("an index did not end by itself: {error}");
    }
    outcome.map_err(Error::Serving)
}

/// Shows on a terminal how far the indexes are with what was there before.
async fn show_catching_up(ledgers: Ledgers) {
    // What is done within it needs no bar.
    const FIRST_LOOK: Duration = Duration::from_millis(500);
    const LOOK_EVERY: Duration = Duration::from_millis(200);
    if !std::io::stderr().is_terminal() {
        return;
    }
    let mut bars: BTreeMap<String, Progress> = BTreeMap::new();
    tokio::time::sleep(FIRST_LOOK).await;
    loop {
        let all = ledgers.catching_up();
        // The bar of one that is done goes with it.
        bars.retain(|name, _| all.iter().any(|(other, _)| other == name));
        // One bar at a time has the line.
        if let Some((name, progress)) = all.into_iter().next() {
            let doing = format!("indexing {name}");
            let bar = bars
                .entry(name)
                .or_insert_with(|| Progress::blocks(doing, progress.total_blocks));
            bar.set(progress.done_blocks);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn wait(following: Option<JoinHandle<()>>) -> Option<Result<(), JoinError>> {
    Some(following?.await)
}

async fn open_tutorial(
    settings: &Settings,
    folder: &DataFolder,
) -> Result<Option<Tutorial>, Error> {
    for (name, ledger) in &settings.ledgers {
        if let LedgerSettings::Tutorial(_) = ledger {
            return Ok(Some(Tutorial::open(name, settings, folder).await?));
        }
    }
    Ok(None)
}

/// Opens the folder of the connections, off the async threads.
async fn open_connections(
    folder: &DataFolder,
    ledgers: Ledgers,
    identities: Identities,
) -> Result<Connections, Error> {
    let folder = folder.path().to_owned();
    let opened = spawn_blocking(move || Connections::open(&folder, ledgers, identities)).await;
    Ok(opened.map_err(Error::Panicked)??)
}

/// Serves the channels of the settings, then those that callers connected before; one that cannot be opened now is tried again.
async fn connect(connections: &Connections, settings: &Settings) -> Result<(), Error> {
    for (name, ledger) in &settings.ledgers {
        if let LedgerSettings::Fabric(fabric) = ledger {
            let cache_bytes = usize::try_from(fabric.cache_bytes).unwrap_or(usize::MAX);
            let options = fabric.channel_options();
            let keep = Duration::from_secs(fabric.idempotency_keep_h * 60 * 60);
            connections.serve(name, options, cache_bytes, keep).await;
        }
    }
    Ok(connections.restore().await?)
}

async fn shutdown(tutorial: Option<&Tutorial>) {
    if let Some(tutorial) = tutorial {
        tutorial.node.shutdown().await;
    }
}

fn server_options(settings: &Settings, folder: &DataFolder) -> ServerOptions {
    let server = &settings.server;
    let files = server.tls_certificate.clone().zip(server.tls_key.clone());
    ServerOptions {
        tokens: server.tokens.then(|| TokenFile::new(folder.tokens_file())),
        tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
        listen: settings.server.listen.clone(),
        allowed_hosts: settings.server.allowed_hosts.clone(),
        insecure_public: settings.server.insecure_public,
        limits: Limits {
            connections: connections::connections(),
            ..Limits::default()
        },
    }
}

/// Keeps an index up to its ledger until the other end of `stopped` is dropped.
async fn follow(index: Index, ledger: Arc<dyn Ledger>, stopped: watch::Receiver<()>) {
    index.follow(ledger, until(stopped)).await;
}

/// Waits until the other end is dropped.
async fn until(mut stopped: watch::Receiver<()>) {
    // The error says just that: the other end is gone.
    while stopped.changed().await.is_ok() {}
}

/// Opens the wallet, off the async threads.
async fn open_wallet(settings: &Settings, folder: &DataFolder) -> Result<Identities, Error> {
    let options = settings
        .wallet
        .options(folder)
        .map_err(OpenWalletError::from)?;
    let opened = spawn_blocking(move || Identities::open(&options)).await;
    Ok(opened.map_err(Error::Panicked)??)
}

fn banner(
    settings: &Settings,
    tutorial: Option<&Tutorial>,
    addresses: &[SocketAddr],
    folder: &DataFolder,
) -> Banner {
    let chain = tutorial.map(|Tutorial { name, node, .. }| Chain {
        ledger: name.clone(),
        rules: node.rules().name(),
        difficulty: node.difficulty(),
        node_id: node.id().to_owned(),
        height: node.head().length,
    });
    let channels = settings.ledgers.iter().filter_map(|(name, ledger)| {
        let LedgerSettings::Fabric(settings) = ledger else {
            return None;
        };
        Some(Channel {
            ledger: name.clone(),
            channel: settings.channel.clone(),
            identity: settings.identity.clone(),
        })
    });
    Banner {
        addresses: addresses.to_vec(),
        chain,
        channels: channels.collect(),
        folder: folder.absolute(),
        is_public: addresses.iter().any(is_public),
        asks_for_tokens: settings.server.tokens,
        is_tls: settings.server.tls_certificate.is_some(),
    }
}

/// Prints the banner. A server whose output nobody reads serves all the same.
fn announce(banner: &Banner) {
    let mut stdout = std::io::stdout();
    let text = banner.render(Paint::for_terminal(stdout.is_terminal()));
    if let Err(error) = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        tracing::debug!("the banner could not be printed: {error}");
    }
}

fn is_public(address: &SocketAddr) -> bool {
    !address.ip().to_canonical().is_loopback()
}
