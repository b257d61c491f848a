//! The flags of `token create`, `token list` and `token revoke`.

use std::time::Duration;

use chainloom_server::Permission;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::serving::Place;
use crate::settings::duration;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token. Its secret is printed this once and kept nowhere.
    Create(TokenCreateArguments),
    /// List the tokens, without their secrets.
    #[command(after_help = "Examples:\n  chainloom token list\n  chainloom token list --json")]
    List {
        #[command(flatten)]
        place: Place,
        /// Print JSON instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Take a token back. A running server refuses it from then on, and ends what it still sends.
    #[command(
        after_help = "Examples:\n  chainloom token revoke shop\n  chainloom token revoke 1f0c2a9d5b1e"
    )]
    Revoke {
        /// Its name, or its id as `chainloom token list` shows it.
        #[arg(value_name = "NAME|ID")]
        token: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom token create --may read --ledger '*'\n  \
    chainloom token create --name shop --identity alice@Org1MSP --ledger trade \\\n                         \
    --may read,query,invoke --expires 90d\n\n\
    Run it on the server's machine, with the same --port, --data-dir or --config as the server.\n\
    The server needs not run; one that does knows the token at once. It asks for tokens when it is\n\
    started with --tokens.")]
pub(crate) struct TokenCreateArguments {
    /// What the token is good for.
    #[arg(long, required = true, value_delimiter = ',', value_parser = permission())]
    pub(crate) may: Vec<Permission>,
    /// On which ledger; may be given more than once, `*` is every one.
    #[arg(long, value_name = "NAME")]
    pub(crate) ledger: Vec<String>,
    /// As whom it invokes on a ledger of Fabric: a label of the wallet, such as alice@Org1MSP.
    #[arg(long, value_name = "LABEL")]
    pub(crate) identity: Option<String>,
    /// What to call it.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How long it is good, such as 90d or 12h [default: until it is revoked].
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) expires: Option<Duration>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The words, so that help and completions know them.
fn permission() -> impl TypedValueParser<Value = Permission> {
    PossibleValuesParser::new(Permission::ALL.map(Permission::name))
        .try_map(|name| name.parse::<Permission>())
}
