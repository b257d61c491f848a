//! What each command does, one file each.

mod balance;
mod behind;
mod block;
mod blocks;
mod call;

mod chain;
mod completions;
mod config;
mod connection;
mod contracts;
#[cfg(unix)]
mod devnet;
mod events;
mod follow;
mod history;
mod identity;
mod info;
mod invoke;
mod ledgers;

mod mine;
mod nodes;
mod page;

mod pending;
mod query;
mod reset;
mod send;
mod showtx_by_ver;
mod stats;
mod token;
mod transactions;
mod tx;

use std::process::ExitCode;
use std::time::Duration;
use std::{panic, thread};

use serde_json::Value;
use tokio::runtime::Builder;

use crate::arguments::{ChainCommand, Command, ConnectionCommand, NodesCommand};
use crate::error::Error;
use crate::json;
use crate::output::{Details, value};
use crate::settings::Settings;
use crate::up;

/// How long blocking work may go on after the server has ended; nothing that was answered depends
/// on it.
const LAST_WORK_MAX: Duration = Duration::from_secs(2);

/// The contract of the tutorial's chain, named by the commands that only it has: another ledger's
/// own contract might have functions of those names.
const COIN: &str = "coin";

/// Carries out a command. A server has a thread for each processor; all else makes do with one,
/// whose stack suffices for the deepest JSON.
pub(crate) fn run(command: Command) -> Result<ExitCode, Error> {
    if matches!(command, Command::Up(_)) {
        return block_on(Builder::new_multi_thread(), command);
    }
    let thread = thread::Builder::new()
        .name("command".to_owned())
        .stack_size(json::STACK_BYTES)
        .spawn(|| block_on(Builder::new_current_thread(), command))
        .map_err(Error::Runtime)?;
    match thread.join() {
        Ok(outcome) => outcome,
        Err(panic) => panic::resume_unwind(panic),
    }
}

fn block_on(mut builder: Builder, command: Command) -> Result<ExitCode, Error> {
    let runtime = builder.enable_all().build().map_err(Error::Runtime)?;
    let outcome = runtime.block_on(carry_out(command));
    runtime.shutdown_timeout(LAST_WORK_MAX);
    outcome
}

async fn carry_out(command: Command) -> Result<ExitCode, Error> {
    match command {
        Command::Chain(ChainCommand::Verify {
            file,
            place,
            rules,
            json,
        }) => {
            let settings = Settings::for_place(&place, &rules)?;
            return chain::verify(file.as_deref(), &settings, json).await;
        }
        Command::Chain(ChainCommand::Import {
            file,
            place,
            rules,
            json,
        }) => {
            let settings = Settings::for_place(&place, &rules)?;
            return chain::import(&file, &settings, json).await;
        }
        #[cfg(unix)]
        Command::Devnet(command) => return devnet::run(command).await,
        Command::Up(arguments) => up::run(&arguments).await,
        Command::Ledgers(remote) => ledgers::run(&remote).await,
        Command::Info(remote) => info::run(&remote).await,
        Command::Config(arguments) => config::run(&arguments).await,
        Command::Contracts(remote) => contracts::run(&remote).await,
        Command::Stats(arguments) => stats::run(&arguments).await,
        Command::Block(arguments) => block::run(&arguments).await,
        Command::Blocks(arguments) => blocks::run(&arguments).await,
        Command::Events(arguments) => events::run(&arguments).await,
        Command::Tx(arguments) => tx::run(&arguments).await,
        Command::ShowtxByVer(arguments) => showtx_by_ver::run(&arguments).await,
        Command::Transactions(arguments) => transactions::run(&arguments).await,
        Command::Mytx(arguments) => transactions::run_mine(&arguments).await,
        Command::History(arguments) => history::run(&arguments).await,
        Command::Balance(arguments) => balance::run(&arguments).await,
        Command::Query(arguments) => query::run(&arguments).await,
        Command::Invoke(arguments) => invoke::run(&arguments).await,
        Command::Mine(remote) => mine::run(&remote).await,
        Command::Send(arguments) => send::run(&arguments).await,
        Command::Pending(remote) => pending::run(&remote).await,
        Command::Connection(ConnectionCommand::Add(arguments)) => connection::add(&arguments).await,
        Command::Connection(ConnectionCommand::List(remote)) => connection::list(&remote).await,
        Command::Connection(ConnectionCommand::Remove { name, remote }) => {
            connection::remove(&name, &remote).await
        }
        Command::Nodes(NodesCommand::List(remote)) => nodes::list(&remote).await,
        Command::Nodes(NodesCommand::Register { addresses, remote }) => {
            nodes::register(&addresses, &remote).await
        }
        Command::Nodes(NodesCommand::Forget { address, remote }) => {
            nodes::forget(&address, &remote).await
        }
        Command::Nodes(NodesCommand::Resolve(remote)) => nodes::resolve(&remote).await,
        Command::Identity(command) => identity::run(command).await,
        Command::Chain(ChainCommand::Export {
            file,
            force,
            address,
        }) => chain::export(file.as_deref(), force, &address).await,
        Command::Token(command) => token::run(&command),
        Command::Reset(arguments) => reset::run(&arguments),
        Command::Completions { shell } => completions::run(shell),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// Names and values of whatever object the server answers, nested ones with a dot; so what a newer
/// server adds is shown too.
fn details_of(answer: &Value) -> Details {
    let mut details = Details::default();
    add_fields("", answer, &mut details);
    details
}

fn add_fields(prefix: &str, answer: &Value, details: &mut Details) {
    match answer {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('_', " ");
                let name = match prefix {
                    "" => name,
                    _ => format!("{prefix}.{name}"),
                };
                add_fields(&name, field, details);
            }
        }
        Value::Array(items) => {
            for item in items {
                details.add(prefix, in_line(item));
            }
        }
        _ => {
            details.add(prefix, in_line(answer));
        }
    }
}

/// A value on one line: `code 0, name VALID`. Fractions are measured values here, and a few digits
/// say enough.
fn in_line(answer: &Value) -> String {
    match answer {
        Value::Object(fields) => {
            let fields = fields.iter();
            let parts: Vec<String> = fields
                .map(|(name, field)| format!("{} {}", name.replace('_', " "), in_line(field)))
                .collect();
            parts.join(", ")
        }
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            format!("{number:.3}")
        }
        _ => value(answer),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::Paint;

    #[test]
    fn any_object_can_be_shown() {
        let answer = json!({
            "height": 5, "health": {"status": "ready"}, "per_s": 2.50049,
            "by_code": [{"code": 0, "name": "VALID"}, {"code": 11, "name": "MVCC"}],
        });
        assert_eq!(
            details_of(&answer).render(Paint::PLAIN),
            "by code        code 0, name VALID\nby code        code 11, name MVCC\n\
             health.status  ready\nheight         5\nper s          2.500\n"
        );
    }
}
