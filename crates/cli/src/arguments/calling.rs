//! Commands that call a contract.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Remote;
use super::parse::named_value;
use crate::settings::duration;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom query balance alice\n  \
    chainloom query pending\n  \
    chainloom query get key --contract probe\n  \
    chainloom query getPrivate key --organization Org1MSP")]
pub(crate) struct QueryArguments {
    /// The function.
    pub(crate) function: String,
    /// Its arguments.
    #[arg(allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,
    /// The contract [default: the one that is configured for the ledger; `coin` on the tutorial's chain].
    #[arg(long, value_name = "NAME")]
    pub(crate) contract: Option<String>,
    #[command(flatten)]
    pub(crate) how: CallFlags,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom invoke transfer alice bob 5\n  \
    chainloom invoke transfer alice bob 5 --wait committed\n  \
    chainloom invoke transfer alice bob 5 --idempotency-key order-17\n  \
    chainloom invoke add counter 1 --retry 3\n  \
    chainloom invoke putPrivate key --transient value=secret")]
pub(crate) struct InvokeArguments {
    /// The function.
    pub(crate) function: String,
    /// Its arguments.
    #[arg(allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,
    /// The contract [default: the one that is configured for the ledger; `coin` on the tutorial's chain].
    #[arg(long, value_name = "NAME")]
    pub(crate) contract: Option<String>,
    #[command(flatten)]
    pub(crate) how: CallFlags,
    /// What to wait for before the command ends.
    #[arg(long, value_enum)]
    pub(crate) wait: Option<WaitFor>,
    /// The same key submits nothing again and gives the first answer: for 24 hours, or what the ledger's configuration says.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// How often to submit the call anew where others changed what it had read: at most 10 times.
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(..=10))]
    pub(crate) retry: Option<u32>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

/// How a call is to be carried out.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "On Fabric")]
pub(crate) struct CallFlags {
    /// Data for those peers only that run the call; they never stand on the ledger. May come several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = named_value)]
    pub(crate) transient: Vec<(String, String)>,
    /// An organization (its MSP id) whose peers are to run the call. May come several times.
    #[arg(long, alias = "organizations", value_name = "MSP-ID")]
    pub(crate) organization: Vec<String>,
    /// A peer that is asked, by address or by its name in the connection profile. May come several times.
    #[arg(long, alias = "peers", value_name = "PEER")]
    pub(crate) peer: Vec<String>,
    /// It is the call with which a contract begins whose definition asks for one.
    #[arg(long)]
    pub(crate) init: bool,
    /// How long the call may take, such as 5s or 2m [default: 60s].
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,
}

/// What `invoke` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitFor {
    /// Until the transaction is accepted and stored.
    Ordered,
    /// Until it stands in a block.
    Committed,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom send alice bob 5\n  \
    chainloom send alice bob 0.1\n  \
    chainloom send alice bob 123456789012345678901234567890")]
pub(crate) struct SendArguments {
    /// Who pays.
    pub(crate) sender: String,
    /// Who is paid.
    pub(crate) recipient: String,
    /// How much: a number as in JSON, kept digit by digit.
    #[arg(allow_hyphen_values = true)]
    pub(crate) amount: String,
    #[command(flatten)]
    pub(crate) remote: Remote,
}
