use axum::Json;
use axum::extract::State;
use chainloom_index::{KeyHistoryPage, KeyName, Order, PAGE_LIMIT_DEFAULT, TransactionFilter};
use chainloom_ledger::Ledger;

use super::blocks::ORDERS;
use super::catch_up::catch_up;
use super::parameters::{Parameters, cut};
use super::path::PathParts;
use super::responses::Problems;
use crate::ledgers::ServedLedger;
use crate::problem::Problem;
use crate::state::AppState;

/// Whether what took no effect is listed too.
const WITH_INVALID: [(&str, bool); 2] = [("true", true), ("false", false)];

/// What the names begin with of the collections that each organization has without a definition.
const IMPLICIT_COLLECTION: &str = "_implicit_org_";
/// The contracts of peers themselves, which no channel defines.
const SYSTEM_CONTRACTS: [&str; 5] = ["_lifecycle", "lscc", "cscc", "qscc", "vscc"];

/// Lists who wrote what to a key, and when, page by page.
///
/// Of a key in a private collection the ledger has hashes alone; who knows the key finds its history all the same.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/keys/{contract}/history",
    tag = "transactions",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("contract" = String, Path, description = "The contract whose key it is"),
        ("key" = Option<String>, Query, description = "The key, percent-encoded; any byte. This or `key_base64` is needed"),
        ("key_base64" = Option<String>, Query, description = "The key in base64"),
        ("collection" = Option<String>, Query, description = "The private collection in which it is"),
        ("invalid" = Option<bool>, Query, description = "List also what invalid transactions would have written; `false` where absent"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
        ("limit" = Option<usize>, Query, description = "Writes on the page: 1 to 1,000, else 50"),
        ("order" = Option<Order>, Query, description = "`newest_first` where absent"),
        ("min_block" = Option<u64>, Query, description = "Wait until this block is indexed, 10 seconds at most"),
    ),
    responses((status = 200, body = KeyHistoryPage), Problems)
)]
pub(super) async fn key_history(
    State(state): State<AppState>,
    PathParts((name, contract)): PathParts<(String, String)>,
    mut parameters: Parameters,
) -> Result<Json<KeyHistoryPage>, Problem> {
    let key = parameters.key()?;
    let collection = parameters.text("collection")?;
    let with_invalid = parameters.choice("invalid", &WITH_INVALID)?;
    let cursor = parameters.text("cursor")?;
    let limit = parameters.number("limit")?.unwrap_or(PAGE_LIMIT_DEFAULT);
    let order = parameters.choice("order", &ORDERS)?.unwrap_or_default();
    let min_block = parameters.number("min_block")?;
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let key = key.ok_or_else(key_missing)?;
    let key = KeyName {
        contract,
        collection,
        key,
    };
    catch_up(&served, min_block).await?;
    let index = served.ledger.index();
    let with_invalid = with_invalid.unwrap_or(false);
    let page = index.key_history(key.clone(), with_invalid, order, cursor.as_deref(), limit);
    let page = page.await?;
    if page.writes.is_empty() && cursor.is_none() {
        check_names(&served, &key).await?;
    }
    Ok(Json(page))
}

/// Refuses a key of a contract or collection that the ledger does not have. It is asked where nothing was written only: what stands on
/// the ledger is shown, also of a contract of a time before there were definitions.
async fn check_names(served: &ServedLedger, key: &KeyName) -> Result<(), Problem> {
    // A ledger that is away cannot say it; that nothing was written is true all the same.
    let Ok(contracts) = served.ledger.contracts().await else {
        return Ok(());
    };
    let Some(contract) = contracts.iter().find(|known| known.name == key.contract) else {
        if SYSTEM_CONTRACTS.contains(&key.contract.as_str()) || is_called(served, key).await? {
            return Ok(());
        }
        let names = contracts.iter().map(|known| known.name.as_str());
        let detail = format!(
            "no contract of this ledger is named `{}`, and none was ever called; its contracts: {}",
            cut(&key.contract),
            listed(names)
        );
        return Err(Problem::not_found("contract_not_found", detail));
    };
    let Some(collection) = &key.collection else {
        return Ok(());
    };
    let mut names = contract.collections.iter().map(|known| known.name.as_str());
    if collection.starts_with(IMPLICIT_COLLECTION) || names.clone().any(|name| name == collection) {
        return Ok(());
    }
    let detail = format!(
        "the contract `{}` has no collection `{}`; its collections: {}, and {IMPLICIT_COLLECTION}MSPID of each organization",
        key.contract,
        cut(collection),
        listed(&mut names)
    );
    Err(Problem::not_found("collection_not_found", detail))
}

/// Whether a transaction called the key's contract, as one that has no definition any more.
async fn is_called(served: &ServedLedger, key: &KeyName) -> Result<bool, Problem> {
    let filter = TransactionFilter {
        contract: Some(key.contract.clone()),
        ..TransactionFilter::default()
    };
    let index = served.ledger.index();
    let page = index.transactions(&filter, Order::NewestFirst, None, 1);
    Ok(!page.await?.transactions.is_empty())
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

/// A request for the history of no key.
fn key_missing() -> Problem {
    Problem::bad_request(
        "key_missing",
        "give the key as `key`, percent-encoded, or as `key_base64`",
    )
}
