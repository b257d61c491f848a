use axum::Json;
use axum::extract::State;
use chainloom_index::{Order, PAGE_LIMIT_DEFAULT, TransactionFilter, TransactionsPage};
use chainloom_ledger::{Account, Ledger};

use super::account::account_from_json;
use super::blocks::ORDERS;
use super::catch_up::catch_up;
use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::ledgers::ServedLedger;
use crate::problem::Problem;
use crate::state::AppState;

/// The name under which the caller means the account of the node itself.
const ME: &str = "me";

/// Lists transactions, all or those of an account, page by page.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/transactions",
    tag = "transactions",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("account" = Option<String>, Query, description = "Sender or recipient, named by this string; `me` is the node"),
        ("account_json" = Option<String>, Query, description = "Sender or recipient, named by this JSON: `5`, `\"me\"`, `{}`"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
        ("limit" = Option<usize>, Query, description = "Transactions on the page: 1 to 1,000, else 50"),
        ("order" = Option<Order>, Query, description = "`newest_first` where absent"),
        ("min_block" = Option<u64>, Query, description = "Wait for this block, a second at most"),
    ),
    responses((status = 200, body = TransactionsPage), Problems)
)]
pub(super) async fn transactions(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    mut parameters: Parameters,
) -> Result<Json<TransactionsPage>, Problem> {
    let account = parameters.text("account")?;
    let account_json = parameters.text("account_json")?;
    let cursor = parameters.text("cursor")?;
    let limit = parameters.number("limit")?.unwrap_or(PAGE_LIMIT_DEFAULT);
    let order = parameters.choice("order", &ORDERS)?.unwrap_or_default();
    let min_block = parameters.number("min_block")?;
    parameters.finish()?;
    let served = state.ledgers.get(&name)?;
    let account = match (account, account_json) {
        (None, None) => None,
        (Some(name), None) => Some(named(&served, &name).await?),
        (None, Some(text)) => Some(account_from_json(&text)?),
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request(
                "two_accounts",
                "give `account` or `account_json`, not both",
            ));
        }
    };
    catch_up(&served, min_block).await?;
    let filter = TransactionFilter { account };
    let index = served.ledger.index();
    let page = index
        .transactions(&filter, order, cursor.as_deref(), limit)
        .await;
    Ok(Json(page?))
}

async fn named(served: &ServedLedger, name: &str) -> Result<Account, Problem> {
    if name != ME {
        return Ok(Account::named(name));
    }
    let node_id = served.ledger.info().await?.node_id;
    node_id.as_deref().map(Account::named).ok_or_else(|| {
        Problem::not_found(
            "no_own_account",
            "this ledger has no account of its own, so nobody is `me`",
        )
    })
}
