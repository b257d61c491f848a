use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chainloom_index::{EventId, EventSelection, EventStart, LedgerEvent, ToldEvent};
use chainloom_ledger::{BoxStream, LedgerError};
use futures_util::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::parameters::{Parameters, invalid};
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// How often a stream without events shows that it is alive; also finds readers that are gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After how long a browser is to connect again, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// After how long a ledger that cannot be reached is asked again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Tells of what happens as it happens, as server-sent events.
///
/// `kinds` chooses: `block` is a block without its transactions, `transaction` a transaction as lists show it, `contract_event` what a contract
/// told in one; a block comes behind what is told of it. Transactions without effect, and what contracts told in them, come only where
/// `invalid=true` asks for them. `replaced` says from which block on a chain was replaced, and the new blocks follow.
///
/// The id of an event is `{generation}-{block}`, with `-{transaction}` behind a transaction and `-{transaction}-1` behind what a contract told in it,
/// on a channel `.` and a mark of its first block follow, by which a channel that was made anew is noticed: send an id back as it came.
/// An id alone says that a block held nothing of what was asked for. Whoever sends the last one as `Last-Event-ID` misses nothing and gets
/// nothing twice. Without it the stream begins with the next block, or with block `from`, which may be one that is still to come. A
/// stream goes on where a peer is restarted, at another one if there is one. Who reads nothing for 30 seconds is cut off, and can come back.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/events",
    tag = "blocks",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("kinds" = Option<String>, Query, description = "`block`, `transaction`, `contract_event`, or several of them with commas between; `block` where absent"),
        ("contract" = Option<String>, Query, description = "Only transactions and events of this contract; blocks come all the same"),
        ("event" = Option<String>, Query, description = "Only contracts' events of this name"),
        ("invalid" = Option<bool>, Query, description = "`true` for transactions without effect, too"),
        ("from" = Option<u64>, Query, description = "Number of the first block to tell of"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was received"),
    ),
    responses((status = 200, body = String, content_type = "text/event-stream"), Problems)
)]
pub(super) async fn events(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    mut parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let from = parameters.number("from")?;
    let selection = selection(&mut parameters)?;
    parameters.finish()?;
    let start = match (last_event_id(&headers)?, from) {
        (Some(last), _) => EventStart::After(last),
        (None, Some(from)) => EventStart::Block(from),
        (None, None) => EventStart::Now,
    };
    let served = state.ledgers.get(&name)?;
    let place = state
        .event_places
        .clone()
        .try_acquire_owned()
        .map_err(|_| {
            Problem::overloaded(
                "event_streams_full",
                format!(
                    "{} event streams are open already; try again later",
                    state.limits.event_streams
                ),
                5,
            )
        })?;
    let follower = Follower {
        events: served.ledger.events(selection, start).await?,
        stopping: state.stopping.clone(),
        ended: served.ended(),
        _place: place,
    };
    let beginning = stream::iter([Bytes::from(format!("retry: {RETRY_MS}\n\n"))]);
    let events = beginning.chain(follower.events()).map(Ok::<_, Infallible>);
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// Takes the parameters out that say what is told.
fn selection(parameters: &mut Parameters) -> Result<EventSelection, Problem> {
    const KINDS: &str =
        "`block`, `transaction` or `contract_event`, or several of them with commas between";
    let kinds = parameters.text("kinds")?;
    let mut selection = EventSelection {
        blocks: false,
        contract: parameters.text("contract")?,
        event: parameters.text("event")?,
        invalid: parameters
            .choice("invalid", &[("true", true), ("false", false)])?
            .unwrap_or_default(),
        ..EventSelection::default()
    };
    let kinds = kinds.as_deref().unwrap_or("block");
    for kind in kinds.split(',') {
        match kind {
            "block" => selection.blocks = true,
            "transaction" => selection.transactions = true,
            "contract_event" => selection.contract_events = true,
            _ => return Err(invalid("kinds", kinds, KINDS)),
        }
    }
    let looks_into_blocks = selection.transactions || selection.contract_events;
    let idle = match &selection {
        // Whoever filters means to get less, and would get nothing less.
        EventSelection {
            event: Some(_),
            contract_events: false,
            ..
        } => Some("event"),
        EventSelection {
            contract: Some(_), ..
        } if !looks_into_blocks => Some("contract"),
        EventSelection { invalid: true, .. } if !looks_into_blocks => Some("invalid"),
        _ => None,
    };
    match idle {
        None => Ok(selection),
        Some(name) => Err(Problem::bad_request(
            "invalid_parameter",
            format!("`{name}` chooses nothing among `kinds={kinds}`: add `contract_event` to them"),
        )),
    }
}

/// Reads the id after which a reader goes on.
fn last_event_id(headers: &HeaderMap) -> Result<Option<EventId>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    match text.parse() {
        Ok(id) => Ok(Some(id)),
        Err(error) => Err(Problem::bad_request(
            "invalid_last_event_id",
            format!("Last-Event-ID: {error}; leave it out to begin with the next block"),
        )),
    }
}

/// A reader of a ledger's events.
struct Follower {
    events: BoxStream<Result<ToldEvent, LedgerError>>,
    stopping: watch::Receiver<bool>,
    /// Becomes true when the ledger is served no longer.
    ended: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next event; none when the ledger stops or fails. One that cannot be reached is waited for.
    async fn event(&mut self) -> Option<ToldEvent> {
        loop {
            match self.events.next().await? {
                Ok(event) => return Some(event),
                Err(LedgerError::ShuttingDown) => return None,
                Err(
                    error @ (LedgerError::Unavailable { .. } | LedgerError::TooManyRequests { .. }),
                ) => {
                    tracing::debug!("an event stream waits for its ledger: {error}");
                    tokio::time::sleep(ASK_AGAIN_AFTER).await;
                }
                Err(error) => {
                    tracing::warn!("an event stream ended: {error}");
                    return None;
                }
            }
        }
    }

    /// The events as text; ends when the server or the ledger stops, fails or is served no longer,
    /// and the reader comes back where it was.
    fn events(self) -> impl Stream<Item = Bytes> {
        stream::unfold(self, |mut follower| async move {
            let mut stopping = follower.stopping.clone();
            let mut ended = follower.ended.clone();
            let text = tokio::select! {
                event = follower.event() => event_text(&event?),
                // The error says that the server is gone altogether.
                _ = stopping.wait_for(|is_stopping| *is_stopping) => return None,
                _ = ended.wait_for(|has_ended| *has_ended) => return None,
                () = tokio::time::sleep(HEARTBEAT) => ": alive\n\n".to_owned(),
            };
            Some((Bytes::from(text), follower))
        })
    }
}

fn event_text(told: &ToldEvent) -> String {
    let id = told.id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let event = match &told.event {
        LedgerEvent::Replaced { from } => format!("event: replaced\ndata: {{\"from\":{from}}}\n"),
        LedgerEvent::Block(block) => named("block", block),
        // Without data it is no event, and its id counts.
        LedgerEvent::Passed => String::new(),
        LedgerEvent::Transaction(transaction) => named("transaction", transaction),
        LedgerEvent::ContractEvent(event) => named("contract_event", event),
    };
    format!("{id}{event}\n")
}

fn named(name: &str, data: &impl Serialize) -> String {
    let data = serde_json::to_string(data).expect("a summary is plain JSON");
    format!("event: {name}\ndata: {data}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_is_resumed_before_its_first_block() {
        let text = |id: Option<&str>, from| {
            event_text(&ToldEvent {
                id: id.map(|id| id.parse().expect("an id")),
                event: LedgerEvent::Replaced { from },
            })
        };
        assert_eq!(
            text(Some("4-0"), 1),
            "id: 4-0\nevent: replaced\ndata: {\"from\":1}\n\n"
        );
        assert_eq!(text(None, 0), "event: replaced\ndata: {\"from\":0}\n\n");
    }

    #[test]
    fn a_block_that_holds_nothing_moves_the_reader_on() {
        let passed = ToldEvent {
            id: Some("0-7".parse().expect("an id")),
            event: LedgerEvent::Passed,
        };
        assert_eq!(event_text(&passed), "id: 0-7\n\n");
    }
}
