use axum::extract::{Path, State};
use chainloom_index::{KeyName, Order};
use chainloom_ledger::{
    Account, BlockSelector, Hash, Ledger, TransactionRange, TransactionSelector,
};

use super::format::{cut, encode};
use super::page::{PageResult, see};
use super::served::Shown;
use crate::access::Caller;
use crate::api::Parameters;
use crate::problem::Problem;
use crate::state::AppState;

/// `GET /explorer/{ledger}/search?q=`: to the page of what was named.
///
/// A block's number or hash, a transaction's id, else the name of an account that has transactions; on a channel a key that was written to, as
/// `CONTRACT/KEY`, or alone where it is one of the contract that is meant by itself.
pub(super) async fn search(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    mut parameters: Parameters,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    let ledger = shown.ledger();
    let text = parameters.text("q")?.unwrap_or_default();
    let text = text.trim();
    let base = format!("/explorer/{name}");
    if text.is_empty() {
        return Ok(see(&shown.place.home()));
    }
    if text == "latest" {
        return Ok(see(&format!("{base}/blocks/latest")));
    }
    // The tutorial counts its blocks from 1, Fabric from 0.
    let first = u64::from(shown.place.is_tutorial);
    if let Ok(number) = text.parse::<u64>()
        && (first..=ledger.info().await?.height).contains(&number)
    {
        return Ok(see(&format!("{base}/blocks/{number}")));
    }
    if let Ok(hash) = text.parse::<Hash>()
        && let Ok(block) = ledger
            .block(BlockSelector::Hash(hash), TransactionRange::NONE)
            .await
    {
        return Ok(see(&format!("{base}/blocks/{}", block.number)));
    }
    if ledger
        .transaction(TransactionSelector::Id(text.to_owned()))
        .await
        .is_ok()
    {
        return Ok(see(&format!("{base}/transactions/{}", encode(text))));
    }
    if !shown.place.is_tutorial {
        if let Some((contract, key)) = written_key(&shown, text).await? {
            let (contract, key) = (encode(&contract), encode(&key));
            return Ok(see(&format!("{base}/keys/{contract}?key={key}")));
        }
        let detail = format!(
            "No block, no transaction and no key of this channel is named `{}`; a key is found as CONTRACT/KEY.",
            cut(text.to_owned(), 200).0
        );
        return Err(Problem::not_found("nothing_found", detail).into());
    }
    ledger.caught_up().await?;
    let account = ledger.index().balance(&Account::named(text)).await?;
    if account.transaction_count == 0 {
        let detail = format!(
            "No block, no transaction and no account of this chain is named `{}`.",
            cut(text.to_owned(), 200).0
        );
        return Err(Problem::not_found("nothing_found", detail).into());
    }
    Ok(see(&format!("{base}/account?name={}", encode(text))))
}

/// The contract and key that a text names, where it was written to.
async fn written_key(shown: &Shown, text: &str) -> Result<Option<(String, String)>, Problem> {
    let ledger = shown.ledger();
    ledger.caught_up().await?;
    let default = shown.served.default_contract.as_deref();
    let default = default.map(|own| (own, text));
    for (contract, key) in text.split_once('/').into_iter().chain(default) {
        let named = KeyName {
            contract: contract.to_owned(),
            collection: None,
            key: key.as_bytes().to_vec(),
        };
        let index = ledger.index();
        let history = index.key_history(named, true, Order::NewestFirst, None, 1);
        let history = history.await?;
        if !history.writes.is_empty() || history.next.is_some() {
            return Ok(Some((contract.to_owned(), key.to_owned())));
        }
    }
    Ok(None)
}
