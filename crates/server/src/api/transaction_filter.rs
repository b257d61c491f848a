//! Which transactions a request means, for the list of the API and the explorer's.

use chainloom_fabric::wire::ValidationCode;
use chainloom_index::{CodeName, KeyName, TransactionFilter};
use chainloom_ledger::{Account, CreatorName, Ledger};
use jiff::Timestamp;

use super::account::account_from_json;
use super::parameters::{Parameters, invalid, number};
use crate::access::Caller;
use crate::ledgers::ServedLedger;
use crate::problem::Problem;

/// The word by which the caller means themselves.
const ME: &str = "me";

/// Where a range of transactions begins or ends.
enum Bound {
    Block(u64),
    Time(Timestamp),
}

/// Takes the parameters out that say which transactions are meant.
pub(crate) async fn transaction_filter(
    parameters: &mut Parameters,
    served: &ServedLedger,
    caller: &Caller,
) -> Result<TransactionFilter, Problem> {
    let account = parameters.text("account")?;
    let account_json = parameters.text("account_json")?;
    let creator = parameters.text("creator")?;
    let contract = parameters.text("contract")?;
    let collection = parameters.text("collection")?;
    let key = parameters.key()?;
    let code = parameters.text("code")?;
    let from = bound(parameters, "from")?;
    let to = bound(parameters, "to")?;
    let mut filter = TransactionFilter {
        certificate: parameters.parsed("certificate")?,
        function: parameters.text("function")?,
        code: code.as_deref().map(verdict).transpose()?,
        ..TransactionFilter::default()
    };
    match from {
        Some(Bound::Block(number)) => filter.from_block = Some(number),
        Some(Bound::Time(time)) => filter.from_time = Some(time),
        None => {}
    }
    match to {
        Some(Bound::Block(number)) => filter.to_block = Some(number),
        Some(Bound::Time(time)) => filter.to_time = Some(time),
        None => {}
    }
    check_order(&filter)?;
    if served.node.is_none() && (account.is_some() || account_json.is_some()) {
        return Err(Problem::bad_request(
            "no_accounts",
            "a channel of Fabric has no accounts, so no transaction is an account's: `creator` (`MSP/name` or `me`), `contract`, `function`, `key` and \
             `certificate` say which are meant",
        ));
    }
    filter.account = match (account, account_json) {
        (None, None) => None,
        (Some(name), None) if name == ME => Some(own_account(served).await?),
        (Some(name), None) => Some(Account::named(&name)),
        (None, Some(text)) => Some(account_from_json(&text)?),
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request(
                "two_accounts",
                "give `account` or `account_json`, not both",
            ));
        }
    };
    match creator.as_deref() {
        None => {}
        Some(ME) => match served.identity(caller).await? {
            Some(identity) => filter.creator = Some(identity),
            None => filter.account = Some(own_account(served).await?),
        },
        Some(text) => {
            let creator = text.parse::<CreatorName>();
            filter.creator = Some(creator.map_err(|error| {
                Problem::bad_request("invalid_parameter", format!("`creator`: {error}; or `me`"))
            })?);
        }
    }
    match key {
        None if collection.is_some() => {
            return Err(Problem::bad_request(
                "key_missing",
                "`collection` says in which private collection a `key` is; give both",
            ));
        }
        None => filter.contract = contract,
        Some(key) => {
            let contract = contract.or_else(|| served.default_contract.clone());
            let contract = contract.ok_or_else(|| {
                Problem::bad_request(
                    "contract_missing",
                    "`key` needs `contract`, whose key it is; this ledger has none configured",
                )
            })?;
            filter.key = Some(KeyName {
                contract,
                collection,
                key,
            });
        }
    }
    Ok(filter)
}

/// A verdict by its number or name. A name that no verdict has would find nothing, as if there were none.
fn verdict(text: &str) -> Result<CodeName, Problem> {
    let code = CodeName::from(text);
    let mut names: Vec<&str> = (0..=u8::MAX)
        .map(|number| ValidationCode(number).name())
        .collect();
    names.sort_unstable();
    names.dedup();
    match &code {
        CodeName::Name(name) if !names.contains(&name.as_str()) => {
            let expected = format!("a number, such as 11, or one of {}", names.join(", "));
            Err(invalid("code", text, &expected))
        }
        _ => Ok(code),
    }
}

/// Refuses a range that ends before it begins.
fn check_order(filter: &TransactionFilter) -> Result<(), Problem> {
    let said = match (filter.from_block, filter.to_block) {
        (Some(from), Some(to)) if from > to => format!("`from` is block {from} and `to` is {to}"),
        _ => match (filter.from_time, filter.to_time) {
            (Some(from), Some(to)) if from > to => format!("`from` is {from} and `to` is {to}"),
            _ => return Ok(()),
        },
    };
    let detail = format!("{said}: the first comes behind the last, so nothing can be between them");
    Err(Problem::bad_request("invalid_range", detail))
}

/// A block's number, or a time.
fn bound(parameters: &mut Parameters, name: &'static str) -> Result<Option<Bound>, Problem> {
    let Some(text) = parameters.text(name)? else {
        return Ok(None);
    };
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(Bound::Block(number(name, &text)?)));
    }
    let expected = "a block's number or a time, such as 17 or 2026-01-31T12:00:00Z";
    let time = text.parse().map_err(|_| invalid(name, &text, expected))?;
    Ok(Some(Bound::Time(time)))
}

async fn own_account(served: &ServedLedger) -> Result<Account, Problem> {
    let node_id = served.ledger.info().await?.node_id;
    node_id.as_deref().map(Account::named).ok_or_else(|| {
        Problem::not_found(
            "no_own_account",
            "this ledger has no account of its own, so no account is `me`",
        )
    })
}
