use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chainloom_index::{KeyChange, KeyName, KeyVersion, Order};
use chainloom_ledger::{Payload, Version};
use http::StatusCode;

use super::super::format::{encode, moment, printable, size};
use super::super::frame::{Frame, Notice};
use super::super::page::{PageResult, page};
use super::super::pager::Pager;
use super::super::served::Shown;
use super::super::transactions::{EMPTY_PAGES_MAX, UNFINISHED};
use super::rows::Verdict;
use super::shown_bytes::ShownBytes;
use crate::access::Caller;
use crate::api::Parameters;
use crate::problem::Problem;
use crate::state::AppState;

/// How many writes a page lists.
const WRITES: usize = 50;

/// Whether what took no effect is listed too.
const WITH_INVALID: [(&str, bool); 2] = [("true", true), ("false", false)];

#[derive(Template)]
#[template(path = "explorer/fabric_key.html")]
struct KeyPage {
    frame: Frame,
    contract: String,
    collection: Option<String>,
    key: ShownBytes,
    with_invalid: bool,
    /// The same page, with what is invalid where this one is without.
    other_address: String,
    json_address: String,
    writes: Vec<WriteRow>,
    pager: Pager,
}

/// A line of the table of writes.
struct WriteRow {
    version: Version,
    time: String,
    creator: String,
    organization: String,
    /// What was done but write a value.
    change: &'static str,
    value: Option<ShownBytes>,
    value_cut: bool,
    size: String,
    value_hash: Option<String>,
    policy: Option<String>,
    verdict: Verdict,
}

impl WriteRow {
    fn new(write: KeyVersion) -> WriteRow {
        let creator = write.creator.as_ref();
        let name = creator.and_then(|creator| creator.enrollment_id.as_deref());
        WriteRow {
            version: write.version,
            time: moment(write.time),
            creator: printable(name.unwrap_or("?")),
            organization: creator
                .map_or_else(String::new, |creator| printable(&creator.organization)),
            change: match write.change {
                KeyChange::Write => "",
                KeyChange::Delete => "deleted",
                KeyChange::Purge => "purged",
                KeyChange::Policy => "policy",
            },
            value: write.value.as_ref().map(ShownBytes::of),
            value_cut: write.value_cut,
            size: size(write.value_size_bytes.unwrap_or_default()),
            value_hash: write.value_hash,
            policy: write.endorsement_policy.as_deref().map(printable),
            verdict: Verdict::of(&write.validation_code),
        }
    }
}

/// `GET /explorer/{ledger}/keys/{contract}?key=` (or `key_base64=`), with `&collection=`, `&invalid=true`, `&cursor=`.
pub(in super::super) async fn key(
    State(state): State<AppState>,
    caller: Caller,
    Path((name, contract)): Path<(String, String)>,
    OriginalUri(address): OriginalUri,
    mut parameters: Parameters,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    let key = parameters.key()?;
    let collection = parameters.text("collection")?;
    let with_invalid = parameters.choice("invalid", &WITH_INVALID)?;
    let with_invalid = with_invalid.unwrap_or(false);
    let cursor = parameters.text("cursor")?;
    let key = key.ok_or_else(|| {
        let detail = "the page of a key needs `key` or `key_base64`";
        Problem::bad_request("key_missing", detail)
    })?;
    let mut frame = Frame::new(&shown.place, "Key", "Transactions", &address);
    let mut query = match std::str::from_utf8(&key) {
        Ok(text) => format!("key={}", encode(text)),
        Err(_) => format!("key_base64={}", encode(&STANDARD.encode(&key))),
    };
    if let Some(collection) = &collection {
        query.push_str(&format!("&collection={}", encode(collection)));
    }
    let contract_part = encode(&contract);
    let here = format!("{}/keys/{contract_part}?{query}", frame.base);
    let (with_address, json_address) = (
        format!("{here}&invalid=true"),
        format!(
            "/api/v1/ledgers/{name}/keys/{contract_part}/history?{query}&invalid={with_invalid}"
        ),
    );
    shown.ledger().caught_up().await?;
    let named = KeyName {
        contract: contract.clone(),
        collection: collection.clone(),
        key: key.clone(),
    };
    let index = shown.ledger().index();
    let page_behind = async |cursor: Option<&str>| {
        let named = named.clone();
        index
            .key_history(named, with_invalid, Order::NewestFirst, cursor, WRITES)
            .await
    };
    let mut history = page_behind(cursor.as_deref()).await?;
    // Nothing was found yet, and there is more to look at.
    for _ in 1..EMPTY_PAGES_MAX {
        if !history.writes.is_empty() || history.next.is_none() {
            break;
        }
        history = page_behind(history.next.as_deref()).await?;
    }
    if history.writes.is_empty() && history.next.is_some() {
        frame.notice = Some(Notice::plain(UNFINISHED));
    }
    let older = history.next.map(|next| format!("cursor={}", encode(&next)));
    let (this, other_address) = match with_invalid {
        true => (with_address, here),
        false => (here, with_address),
    };
    let key_page = KeyPage {
        contract: printable(&contract),
        collection: collection.as_deref().map(printable),
        key: ShownBytes::of(&Payload(key)),
        with_invalid,
        other_address,
        json_address,
        writes: history.writes.into_iter().map(WriteRow::new).collect(),
        pager: Pager::new(this, cursor.is_some(), older),
        frame,
    };
    Ok(page(StatusCode::OK, &key_page))
}
