use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use chainloom_index::{Order, TransactionFilter};
use chainloom_ledger::Account;
use http::StatusCode;

use super::format::{encode, printable};
use super::frame::Frame;
use super::page::{PageResult, page};
use super::pager::Pager;
use super::rows::TransactionRow;
use super::served::chain;
use super::transactions::TRANSACTIONS;
use crate::access::Caller;
use crate::api::{Parameters, account_from_json};
use crate::problem::Problem;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "explorer/account.html")]
struct AccountPage {
    frame: Frame,
    name: String,
    own: bool,
    balance: String,
    transaction_count: u64,
    indexed_height: u64,
    transactions: Vec<TransactionRow>,
    pager: Pager,
}

/// `GET /explorer/{ledger}/account?name=` (a string) or `?json=` (any JSON), with `&cursor=`.
pub(super) async fn account(
    State(state): State<AppState>,
    caller: Caller,
    Path(ledger): Path<String>,
    OriginalUri(address): OriginalUri,
    mut parameters: Parameters,
) -> PageResult {
    let chain = chain(&state, &caller, &ledger)?;
    let (name, json) = (parameters.text("name")?, parameters.text("json")?);
    let cursor = parameters.text("cursor")?;
    let (account, query) = match (name, json) {
        (Some(name), None) => (Account::named(&name), format!("name={}", encode(&name))),
        (None, Some(json)) => (account_from_json(&json)?, format!("json={}", encode(&json))),
        _ => {
            let detail = "an account's page needs `name` or `json`, and not both";
            return Err(Problem::bad_request("no_account", detail).into());
        }
    };
    chain.ledger.caught_up().await?;
    let index = chain.ledger.index();
    let balance = index.balance(&account).await?;
    let filter = TransactionFilter {
        account: Some(account.clone()),
        ..TransactionFilter::default()
    };
    let listed = index
        .transactions(&filter, Order::NewestFirst, cursor.as_deref(), TRANSACTIONS)
        .await?;
    let frame = Frame::new(&chain.place, account.to_string(), "", &address);
    let here = format!("{}/account?{query}", frame.base);
    let older = listed.next.map(|next| format!("cursor={}", encode(&next)));
    let rows = listed.transactions.iter();
    let account_page = AccountPage {
        own: account.value() == chain.node.id(),
        name: printable(&account.to_string()),
        balance: balance.balance,
        transaction_count: balance.transaction_count,
        indexed_height: balance.indexed_height,
        transactions: rows
            .map(|row| TransactionRow::listed(row, &frame.base))
            .collect(),
        pager: Pager::new(here, cursor.is_some(), older),
        frame,
    };
    Ok(page(StatusCode::OK, &account_page))
}
