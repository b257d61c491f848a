//! Our library under load, in a process of its own: `chainloom-bench library-client PROFILE WALLET IDENTITY CHANNEL CONTRACT`.

use std::io::{Write, stdin, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chainloom_fabric::{ConnectionOptions, FabricLedger, Mode};
use chainloom_ledger::{Call, CallOptions, InvokeOptions, Ledger, LedgerError, Payload};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::order::{Answer, Order};

/// Carries out the orders on standard input.
pub(crate) async fn run(words: &[String]) -> ExitCode {
    let [profile, wallet, identity, channel, contract] = words else {
        eprintln!("library-client PROFILE WALLET IDENTITY CHANNEL CONTRACT");
        return ExitCode::from(2);
    };
    let connected = FabricLedger::connect(ConnectionOptions {
        profile: PathBuf::from(profile),
        channel: channel.clone(),
        contract: Some(contract.clone()),
        wallet: PathBuf::from(wallet),
        identity: identity.clone(),
        mode: Mode::Gateway,
    });
    let ledger = match connected.await {
        Ok(ledger) => Arc::new(ledger),
        Err(error) => {
            eprintln!("library-client: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut orders = orders();
    while let Some(order) = orders.recv().await {
        match carry_out(&ledger, order).await {
            Ok(answer) => {
                let answer = serde_json::to_string(&answer).expect("numbers are JSON");
                println!("{answer}");
                stdout().flush().expect("who ordered it reads");
            }
            Err(error) => {
                eprintln!("library-client: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The orders on standard input, read by a thread of their own: between them, too, the connection is to be served.
fn orders() -> mpsc::UnboundedReceiver<Order> {
    let (sender, orders) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in stdin().lines() {
            let line = line.expect("standard input can be read");
            let order = serde_json::from_str(&line).expect("an order");
            // The program ends where nobody takes it.
            let _ = sender.send(order);
        }
    });
    orders
}

async fn carry_out(ledger: &Arc<FabricLedger>, order: Order) -> Result<Answer, LedgerError> {
    let order = Arc::new(order);
    let used_before = used();
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(order.seconds);
    let mut callers: JoinSet<_> = (0..order.callers)
        .map(|number| call(ledger.clone(), order.clone(), number, end))
        .collect();
    let mut times = Vec::new();
    while let Some(outcome) = callers.join_next().await {
        times.extend(outcome.expect("a caller does not panic")?);
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Answer::new(times, seconds, used() - used_before))
}

/// One call after the other until the end, at least one.
async fn call(
    ledger: Arc<FabricLedger>,
    order: Arc<Order>,
    number: usize,
    end: Instant,
) -> Result<Vec<Duration>, LedgerError> {
    let call = Call {
        contract: String::new(),
        function: order.function.clone(),
        args: order
            .arguments_of(number)
            .iter()
            .map(|argument| Payload::from(argument.as_str()))
            .collect(),
    };
    let mut times = Vec::new();
    while times.is_empty() || Instant::now() < end {
        let began = Instant::now();
        match order.submit {
            true => drop(
                ledger
                    .invoke(call.clone(), InvokeOptions::default())
                    .await?,
            ),
            false => drop(ledger.query(call.clone(), CallOptions::default()).await?),
        }
        times.push(began.elapsed());
    }
    Ok(times)
}

/// What this process has used of processors so far, in seconds.
fn used() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}
