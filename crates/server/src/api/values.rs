use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chainloom_ledger::{Ledger, Transaction, TransactionSelector};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use super::selector;
use crate::problem::Problem;
use crate::state::AppState;
use crate::transaction_value::ValueName;

/// Downloads one value of a transaction whole, as the bytes that it is.
///
/// Its name says where it stands in the transaction's JSON: `result`, `args.0`, `reads.0.key`, `writes.0.key`, `writes.0.value`,
/// `events.0.payload`, or `raw`.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/transactions/{id}/values/{value}",
    tag = "transactions",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("id" = String, Path, description = "The transaction's id"),
        ("value" = String, Path, description = "Which value, such as `writes.0.value`"),
    ),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), Problems)
)]
pub(super) async fn of_id(
    State(state): State<AppState>,
    PathParts((name, id, value)): PathParts<(String, String, String)>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let value = value_name(&value)?;
    let served = state.ledgers.get(&name)?;
    let selector = TransactionSelector::Id(id);
    download(value, served.ledger.transaction(selector).await?)
}

/// Downloads one value of the transaction with this version whole, as the bytes that it is.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/blocks/{number}/transactions/{index}/values/{value}",
    tag = "transactions",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("number" = u64, Path, description = "The block's number"),
        ("index" = u32, Path, description = "The transaction's index in the block, from 0"),
        ("value" = String, Path, description = "Which value, such as `writes.0.value`"),
    ),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), Problems)
)]
pub(super) async fn of_version(
    State(state): State<AppState>,
    PathParts((name, number, index, value)): PathParts<(String, String, String, String)>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let value = value_name(&value)?;
    let version = selector::version(&number, &index)?;
    let served = state.ledgers.get(&name)?;
    let selector = TransactionSelector::Version(version);
    download(value, served.ledger.transaction(selector).await?)
}

fn value_name(text: &str) -> Result<ValueName, Problem> {
    text.parse()
        .map_err(|error| Problem::bad_request("unknown_value", format!("{error}")))
}

/// The bytes as a file. A browser saves it and shows nothing of it as a page, whatever is in it.
fn download(value: ValueName, transaction: Transaction) -> Result<Response, Problem> {
    let place = match transaction.version {
        Some(version) => format!("{}.{}", version.block, version.index),
        None => "pending".to_owned(),
    };
    let payload = value.of(transaction).ok_or_else(|| {
        Problem::not_found(
            "value_not_found",
            format!("the transaction has no `{value}`; its JSON shows what it has"),
        )
    })?;
    let name = format!("attachment; filename=\"transaction-{place}-{value}\"");
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, payload.0).into_response())
}
