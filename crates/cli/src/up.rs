//! `chainloom up`: opens the ledger and its index side by side, and serves them.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use chainloom_index::{Index, IndexedLedger};
use chainloom_ledger::Ledger;
use chainloom_server::{Ledgers, ServedLedger, Server, ServerOptions};
use chainloom_tutorial::Node;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::arguments::UpArguments;
use crate::banner::Banner;
use crate::error::Error;
use crate::folder::DataFolder;
use crate::output::Paint;
use crate::settings::Settings;
use crate::{log, signals};

/// Serves until the program is asked to end.
pub(crate) async fn run(arguments: &UpArguments) -> Result<(), Error> {
    let settings = Settings::for_up(arguments)?;
    log::start(&arguments.log)?;
    let end = signals::end()?;
    let folder = DataFolder::of(&settings)?;

    // The ports first: who starts a second server on the same port is told of the port, and not
    // that the data is locked. Callers wait in the meantime.
    let server = Server::bind(server_options(&settings), Ledgers::default())?;
    let addresses = server.addresses();
    let (name, _) = settings.tutorial()?;
    let (node, index) = open(&settings, &folder).await?;
    node.set_listen_addresses(addresses.clone());

    let ledger: Arc<dyn Ledger> = Arc::new(node.clone());
    let (stop_following, stopped) = oneshot::channel::<()>();
    let following = tokio::spawn(follow(index.clone(), Arc::clone(&ledger), stopped));
    let served = ServedLedger {
        ledger: Arc::new(IndexedLedger::new(ledger, index)),
        node: Some(node.clone()),
    };
    let server = server.with_ledgers([(name.to_owned(), served)].into_iter().collect());

    announce(&Banner {
        addresses: &addresses,
        rules: node.rules().name(),
        difficulty: node.difficulty(),
        node_id: node.id(),
        height: node.head().length,
        folder: &folder.absolute(),
        is_public: addresses.iter().any(is_public),
    });
    let ending = async {
        end.await;
        drop(stop_following);
        // Before the server waits for the requests under way: those that search or wait for a
        // block end with it.
        node.shutdown().await;
    };
    let outcome = server.run(ending).await;

    // Again for a server that broke off before anybody asked it to end.
    node.shutdown().await;
    if let Err(error) = following.await {
        tracing::warn!("the index did not end by itself: {error}");
    }
    outcome.map_err(Error::Serving)
}

fn server_options(settings: &Settings) -> ServerOptions {
    ServerOptions {
        listen: settings.server.listen.clone(),
        allowed_hosts: settings.server.allowed_hosts.clone(),
        insecure_public: settings.server.insecure_public,
        ..ServerOptions::default()
    }
}

/// Opens both files at once, off the async threads.
async fn open(settings: &Settings, folder: &DataFolder) -> Result<(Node, Index), Error> {
    folder.create()?;
    let options = settings.node_options(folder)?;
    let (index_file, cache_bytes) = (folder.index_file(), options.cache_bytes);
    let node = spawn_blocking(move || Node::open(&options));
    let index = spawn_blocking(move || Index::open(index_file, cache_bytes));
    // The chain's error says more: with its file the index's is locked, too.
    let node = node.await.map_err(Error::Panicked)??;
    let index = index.await.map_err(Error::Panicked)??;
    Ok((node, index))
}

/// Keeps the index up to the ledger until the other end of `stopped` is dropped.
async fn follow(index: Index, ledger: Arc<dyn Ledger>, stopped: oneshot::Receiver<()>) {
    let shutdown = async {
        // The error says just that: the other end is gone.
        let _ = stopped.await;
    };
    index.follow(ledger, shutdown).await;
}

/// Prints the banner. A server whose output nobody reads serves all the same.
fn announce(banner: &Banner<'_>) {
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
