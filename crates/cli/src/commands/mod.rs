//! What each command does, one file each.

mod balance;
mod block;
mod blocks;

mod chain;
mod completions;
mod config;
mod info;
mod invoke;
mod ledgers;

mod mine;
mod nodes;

mod pending;
mod query;
mod reset;
mod send;
mod stats;
mod transactions;
mod tx;

use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Builder;

use crate::arguments::{ChainCommand, Command, NodesCommand};
use crate::error::Error;
use crate::output::{Details, value};
use crate::up;

/// How long blocking work may go on after the server has ended; nothing that was answered depends
/// on it.
const LAST_WORK_MAX: Duration = Duration::from_secs(2);

/// Carries out a command. A server has a thread for each processor, all else makes do with one.
pub(crate) fn run(command: Command) -> Result<(), Error> {
    let mut builder = match command {
        Command::Up(_) => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build().map_err(Error::Runtime)?;
    let outcome = runtime.block_on(carry_out(command));
    runtime.shutdown_timeout(LAST_WORK_MAX);
    outcome
}

async fn carry_out(command: Command) -> Result<(), Error> {
    match command {
        Command::Up(arguments) => up::run(&arguments).await,
        Command::Ledgers(remote) => ledgers::run(&remote).await,
        Command::Info(remote) => info::run(&remote).await,
        Command::Config(arguments) => config::run(&arguments).await,
        Command::Stats(remote) => stats::run(&remote).await,
        Command::Block(arguments) => block::run(&arguments).await,
        Command::Blocks(arguments) => blocks::run(&arguments).await,
        Command::Tx(arguments) => tx::run(&arguments).await,
        Command::Transactions(arguments) => transactions::run(&arguments).await,
        Command::Mytx(arguments) => transactions::run_mine(&arguments).await,
        Command::Balance(arguments) => balance::run(&arguments).await,
        Command::Query(arguments) => query::run(&arguments).await,
        Command::Invoke(arguments) => invoke::run(&arguments).await,
        Command::Mine(remote) => mine::run(&remote).await,
        Command::Send(arguments) => send::run(&arguments).await,
        Command::Pending(remote) => pending::run(&remote).await,
        Command::Nodes(NodesCommand::List(remote)) => nodes::list(&remote).await,
        Command::Nodes(NodesCommand::Register { addresses, remote }) => {
            nodes::register(&addresses, &remote).await
        }
        Command::Nodes(NodesCommand::Resolve(remote)) => nodes::resolve(&remote).await,
        Command::Chain(ChainCommand::Export {
            file,
            force,
            server,
        }) => chain::export(file.as_deref(), force, &server).await,
        Command::Chain(ChainCommand::Verify { file, place, json }) => {
            chain::verify(file.as_deref(), &place, json).await
        }
        Command::Chain(ChainCommand::Import { file, place, json }) => {
            chain::import(&file, &place, json).await
        }
        Command::Reset(arguments) => reset::run(&arguments),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// Names and values of whatever object the server answers, nested ones with a dot; so what a newer
/// server adds is shown too.
fn details_of(answer: &Value) -> Details {
    let mut details = Details::default();
    add_fields("", answer, &mut details);
    details
}

fn add_fields(prefix: &str, answer: &Value, details: &mut Details) {
    let Value::Object(fields) = answer else {
        details.add(prefix, value(answer));
        return;
    };
    for (name, field) in fields {
        let name = name.replace('_', " ");
        let name = match prefix {
            "" => name,
            _ => format!("{prefix}.{name}"),
        };
        add_fields(&name, field, details);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::Paint;

    #[test]
    fn any_object_can_be_shown() {
        let answer = json!({"height": 5, "by_function": {"transfer": 3}, "kind": "tutorial"});
        assert_eq!(
            details_of(&answer).render(Paint::PLAIN),
            "by function.transfer  3\nheight                5\nkind                  tutorial\n"
        );
    }
}
