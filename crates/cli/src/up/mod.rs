//! `chainloom up`: opens the ledgers, each with its index beside it, and serves them.

mod open;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use chainloom_index::Index;
use chainloom_ledger::Ledger;
use chainloom_server::{Ledgers, Server, ServerOptions};
use chainloom_tutorial::Node;
use tokio::sync::watch;

use crate::arguments::UpArguments;
use crate::banner::{Banner, Chain, Channel};
use crate::error::Error;
use crate::folder::DataFolder;
use crate::output::Paint;
use crate::settings::Settings;
use crate::{log, signals};

use open::{OpenKind, OpenLedger, open};

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
    let ledgers = open(&settings, &folder).await?;
    let node = ledgers.iter().find_map(|ledger| match &ledger.kind {
        OpenKind::Tutorial(node) => Some(node.clone()),
        OpenKind::Fabric(_) => None,
    });
    if let Some(node) = &node {
        node.set_listen_addresses(addresses.clone());
    }

    let (stop_following, stopped) = watch::channel(());
    let following: Vec<_> = ledgers
        .iter()
        .map(|open| {
            follow(
                open.index.clone(),
                Arc::clone(&open.ledger),
                stopped.clone(),
            )
        })
        .map(tokio::spawn)
        .collect();
    let served = ledgers
        .iter()
        .map(|open| (open.name.clone(), open.served()));
    let server = server.with_ledgers(served.collect());

    announce(&banner(&ledgers, &addresses, &folder));
    let ending = async {
        end.await;
        drop(stop_following);
        // Before the server waits for the requests under way: those that search or wait for a
        // block end with it.
        shutdown(node.as_ref()).await;
    };
    let outcome = server.run(ending).await;

    // Again for a server that broke off before anybody asked it to end.
    shutdown(node.as_ref()).await;
    for task in following {
        if let Err(error) = task.await {
            tracing::warn!("an index did not end by itself: {error}");
        }
    }
    outcome.map_err(Error::Serving)
}

async fn shutdown(node: Option<&Node>) {
    if let Some(node) = node {
        node.shutdown().await;
    }
}

fn server_options(settings: &Settings) -> ServerOptions {
    ServerOptions {
        listen: settings.server.listen.clone(),
        allowed_hosts: settings.server.allowed_hosts.clone(),
        insecure_public: settings.server.insecure_public,
        ..ServerOptions::default()
    }
}

/// Keeps an index up to its ledger until the other end of `stopped` is dropped.
async fn follow(index: Index, ledger: Arc<dyn Ledger>, mut stopped: watch::Receiver<()>) {
    let shutdown = async {
        // The error says just that: the other end is gone.
        while stopped.changed().await.is_ok() {}
    };
    index.follow(ledger, shutdown).await;
}

fn banner(ledgers: &[OpenLedger], addresses: &[SocketAddr], folder: &DataFolder) -> Banner {
    let mut banner = Banner {
        addresses: addresses.to_vec(),
        chain: None,
        channels: Vec::new(),
        folder: folder.absolute(),
        is_public: addresses.iter().any(is_public),
    };
    for open in ledgers {
        match &open.kind {
            OpenKind::Tutorial(node) => {
                banner.chain = Some(Chain {
                    ledger: open.name.clone(),
                    rules: node.rules().name(),
                    difficulty: node.difficulty(),
                    node_id: node.id().to_owned(),
                    height: node.head().length,
                });
            }
            OpenKind::Fabric(settings) => banner.channels.push(Channel {
                ledger: open.name.clone(),
                channel: settings.channel.clone(),
                identity: settings.identity.clone(),
            }),
        }
    }
    banner
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
