//! The channel that is indexed: a real network makes its transactions once, and its blocks are kept as a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chainloom_devnet::{self as devnet, Network};
use chainloom_fabric::{ConnectionOptions, FabricLedger, Mode};
use chainloom_ledger::{Advice, Call, InvokeOptions, Ledger, Payload, Wait};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::laps::MARK;

/// How many calls are under way at once.
pub(crate) const CALLERS: usize = 400;

/// How long a caller waits that was told to come again.
const REFUSED_WAIT: Duration = Duration::from_millis(100);

/// How long no block comes where none will come any more: the orderers wait less for a block to fill.
const QUIET: Duration = Duration::from_secs(5);

/// How often a call is tried that was refused for now.
const TRIES_MAX: usize = 100;

/// A network of the bench's own, with blocks of so many transactions at most.
pub(crate) async fn start(folder: &TempDir, message_count_max: u32, timeout: Duration) -> Network {
    let options = devnet::Options {
        max_message_count: Some(message_count_max),
        batch_timeout: Some(timeout),
        ..devnet::Options::in_directory(folder.path().join("net"))
    };
    let started = tokio::task::spawn_blocking(move || {
        Network::start(&options, &|step| println!("{step}"))
            .unwrap_or_else(|error| panic!("the network did not come up: {error}"))
    });
    started.await.expect("it says why it fails")
}

/// The channel as alice and as the administrator of each organization.
pub(crate) async fn users(network: &Network) -> Vec<Arc<FabricLedger>> {
    let directory = network.layout().directory();
    let mut users = Vec::new();
    for organization in &network.topology().organizations {
        for identity in ["alice", "admin"] {
            let name = &organization.name;
            let connected = FabricLedger::connect(ConnectionOptions {
                profile: directory.join(format!("connection-{name}.yaml")),
                channel: network.topology().channel.clone(),
                contract: Some("probe".to_owned()),
                wallet: directory.join("wallets").join(name),
                identity: identity.to_owned(),
                mode: Mode::Gateway,
            });
            let connected = connected.await;
            users.push(Arc::new(connected.unwrap_or_else(|error| {
                panic!("{identity} of {name} cannot be connected: {error}")
            })));
        }
    }
    users
}

/// Has the users submit so many transactions, and waits until blocks come no more; answers how long the submitting took.
pub(crate) async fn fill(users: &[Arc<FabricLedger>], transactions: usize) -> Duration {
    let start = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers: JoinSet<()> = (0..CALLERS)
        .map(|caller| {
            let user = users[user_of(caller, users.len())].clone();
            submit_all(user, next.clone(), transactions, start)
        })
        .collect();
    while let Some(caller) = callers.join_next().await {
        caller.expect("a caller does not panic");
    }
    let taken = start.elapsed();
    let mut height = None;
    loop {
        let info = users[0].info().await.expect("the peer answers");
        if height.replace(info.height) == Some(info.height) {
            return taken;
        }
        sleep(QUIET).await;
    }
}

async fn submit_all(
    user: Arc<FabricLedger>,
    next: Arc<AtomicUsize>,
    transactions: usize,
    start: Instant,
) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= transactions {
            return;
        }
        if number.is_multiple_of(10_000) {
            println!(
                "{number} transactions after {:.0} s",
                start.elapsed().as_secs_f64()
            );
        }
        submit(&user, number).await;
    }
}

/// Most calls are the first user's, as on a channel that one application uses more than others.
fn user_of(caller: usize, users: usize) -> usize {
    match caller % 10 {
        0..=6 => 0,
        other => 1 + other % (users - 1),
    }
}

async fn submit(user: &FabricLedger, number: usize) {
    let options = InvokeOptions {
        wait: Some(Wait::Ordered),
        ..InvokeOptions::default()
    };
    for _ in 0..TRIES_MAX {
        match user.invoke(call(number), options.clone()).await {
            Ok(_) => return,
            Err(error) if error.advice() == Advice::TryAgain => sleep(REFUSED_WAIT).await,
            Err(error) => panic!("transaction {number}: {error}"),
        }
    }
    panic!("transaction {number} was refused {TRIES_MAX} times");
}

/// What the transaction of this number does: of twenty fifteen put a value, two count up, of which many get in each other's way,
/// and one each deletes a key, sets an event, and has two organizations endorse.
fn call(number: usize) -> Call {
    let key = format!("{MARK}-item-{:05}", number * 7 % 20_000);
    let value = format!("{number:0100}");
    let (contract, function, args) = match number % 20 {
        0 | 10 => (
            "probe",
            "add",
            vec![
                format!("{MARK}-counter-{}", number / 20 % 50),
                "1".to_owned(),
            ],
        ),
        5 => ("probe", "delete", vec![key]),
        12 => ("probe", "emit", vec!["moved".to_owned(), value]),
        17 => ("probe-all", "put", vec![key, value]),
        _ => ("probe", "put", vec![key, value]),
    };
    Call {
        contract: contract.to_owned(),
        function: function.to_owned(),
        args: args
            .iter()
            .map(|argument| Payload::from(argument.as_str()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_calls_are_of_several_kinds_and_those_that_write_have_the_mark() {
        let calls: Vec<Call> = (0..40).map(call).collect();
        let kinds: BTreeSet<(&str, &str)> = calls
            .iter()
            .map(|call| (call.contract.as_str(), call.function.as_str()))
            .collect();
        let expected = [
            ("probe", "add"),
            ("probe", "delete"),
            ("probe", "emit"),
            ("probe", "put"),
            ("probe-all", "put"),
        ];
        assert_eq!(kinds, expected.into());
        for call in calls.iter().filter(|call| call.function != "emit") {
            assert!(call.args[0].0.starts_with(MARK.as_bytes()), "{call:?}");
        }
    }

    #[test]
    fn every_user_calls_and_the_first_most() {
        let mut calls = [0; 4];
        for caller in 0..CALLERS {
            calls[user_of(caller, 4)] += 1;
        }
        assert!(calls.iter().all(|calls| *calls > 0), "{calls:?}");
        assert!(calls[0] > CALLERS / 2, "{calls:?}");
    }
}
