use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chainloom_index::BlockSummary;
use chainloom_ledger::{
    Block, BlockEvent, BoxStream, Ledger, LedgerError, LedgerInfo, LedgerKind, Position,
};
use futures_util::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::parameters::Parameters;
use super::path::PathParts;
use super::responses::Problems;
use crate::problem::Problem;
use crate::state::AppState;

/// How often a stream without blocks shows that it is alive; also finds readers that are gone.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// After how long a browser is to connect again, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// Tells of each new block as it comes, as server-sent events.
///
/// `block` is a block without its transactions; `replaced` says from which block on the chain was
/// replaced, and the new blocks follow. The id of an event is `{generation}-{number}`; whoever
/// sends the last one as `Last-Event-ID` misses nothing and gets nothing twice. Without it the
/// stream begins with the next block, or with block `from`, which may be one that is still to come.
#[utoipa::path(
    get,
    path = "/ledgers/{ledger}/events",
    tag = "blocks",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
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
    parameters.finish()?;
    let last = last_event_id(&headers)?;
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
    let start = Start::of(last, from, &served.ledger.info().await?);
    let follower = Follower {
        blocks: served.ledger.blocks(start.next, 0),
        first: start.first,
        stopping: state.stopping.clone(),
        ended: served.ended(),
        _place: place,
    };
    let beginning = stream::iter([Some(format!("retry: {RETRY_MS}\n\n")), start.replaced])
        .filter_map(|text| async { text.map(Bytes::from) });
    let events = beginning.chain(follower.events()).map(Ok::<_, Infallible>);
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// Reads the id after which a reader goes on.
fn last_event_id(headers: &HeaderMap) -> Result<Option<Position>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    match text.parse() {
        Ok(position) => Ok(Some(position)),
        Err(error) => Err(Problem::bad_request(
            "invalid_last_event_id",
            format!("Last-Event-ID: {error}; leave it out to begin with the next block"),
        )),
    }
}

/// Where a stream begins.
struct Start {
    next: Position,
    /// The block that was asked for, where the chain is not that high yet.
    first: Option<u64>,
    /// What it says first to a reader whose last block this ledger never had.
    replaced: Option<String>,
}

impl Start {
    fn of(last: Option<Position>, from: Option<u64>, now: &LedgerInfo) -> Start {
        let at = |generation, number| Start {
            next: Position { generation, number },
            first: None,
            replaced: None,
        };
        let coming = now.height.saturating_add(1);
        match last {
            None => Start {
                first: from.filter(|from| *from > coming),
                ..at(now.generation, from.map_or(coming, |from| from.min(coming)))
            },
            // The ledger was begun anew since: nothing that the reader saw holds.
            Some(last) if (last.generation, last.number) > (now.generation, now.height) => {
                let first = first_number(now.kind);
                Start {
                    replaced: Some(replaced_event(now.generation, first)),
                    ..at(now.generation, first)
                }
            }
            Some(last) => at(last.generation, last.number.saturating_add(1)),
        }
    }
}

/// A reader's place in the ledger's blocks.
struct Follower {
    blocks: BoxStream<Result<BlockEvent, LedgerError>>,
    /// The block to begin with, while the chain was not that high yet.
    first: Option<u64>,
    stopping: watch::Receiver<bool>,
    /// Becomes true when the ledger is served no longer.
    ended: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next event that the reader asked for; none when the ledger stops or fails.
    async fn event(&mut self) -> Option<BlockEvent> {
        loop {
            match self.blocks.next().await? {
                Ok(event) if self.is_asked_for(&event) => return Some(event),
                Ok(_) => {}
                Err(LedgerError::ShuttingDown) => return None,
                Err(error) => {
                    tracing::warn!("an event stream ended: {error}");
                    return None;
                }
            }
        }
    }

    /// Whether an event belongs to the stream: all do from the first block on. Before it the
    /// reader has seen nothing that could be replaced.
    fn is_asked_for(&mut self, event: &BlockEvent) -> bool {
        let Some(first) = self.first else {
            return true;
        };
        let is_first = matches!(event, BlockEvent::Block { block, .. } if block.number >= first);
        if is_first {
            self.first = None;
        }
        is_first
    }

    /// The events as text; ends when the server or the ledger stops, fails or is served no longer,
    /// and the reader comes back where it was.
    fn events(self) -> impl Stream<Item = Bytes> {
        stream::unfold(self, |mut follower| async move {
            let mut stopping = follower.stopping.clone();
            let mut ended = follower.ended.clone();
            let text = tokio::select! {
                event = follower.event() => event_text(event?),
                // The error says that the server is gone altogether.
                _ = stopping.wait_for(|is_stopping| *is_stopping) => return None,
                _ = ended.wait_for(|has_ended| *has_ended) => return None,
                () = tokio::time::sleep(HEARTBEAT) => ": alive\n\n".to_owned(),
            };
            Some((Bytes::from(text), follower))
        })
    }
}

fn event_text(event: BlockEvent) -> String {
    match event {
        BlockEvent::Replaced { generation, from } => replaced_event(generation, from),
        BlockEvent::Block { generation, block } => {
            let id = Position {
                generation,
                number: block.number,
            };
            let data = serde_json::to_string(&summary(*block)).expect("a summary is plain JSON");
            format!("id: {id}\nevent: block\ndata: {data}\n\n")
        }
    }
}

/// The number of a ledger's first block.
fn first_number(kind: LedgerKind) -> u64 {
    match kind {
        LedgerKind::Tutorial => 1,
        LedgerKind::Fabric => 0,
    }
}

/// Its id is that of the last block which still holds. Before block 0 there is none: a reader that
/// breaks off there keeps the id that it has, and is told the same again.
fn replaced_event(generation: u64, from: u64) -> String {
    let id = from.checked_sub(1).map(|number| {
        let id = Position { generation, number };
        format!("id: {id}\n")
    });
    let id = id.unwrap_or_default();
    format!("{id}event: replaced\ndata: {{\"from\":{from}}}\n\n")
}

fn summary(block: Block) -> BlockSummary {
    BlockSummary {
        number: block.number,
        hash: block.hash,
        previous_hash: block.previous_hash,
        time: block.time,
        size_bytes: block.size_bytes,
        transaction_count: block.transaction_count,
        valid_count: block.valid_count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainloom_ledger::Hash;

    fn start(last: Option<&str>, from: Option<u64>) -> (String, bool) {
        start_of(LedgerKind::Tutorial, last, from)
    }

    fn start_of(kind: LedgerKind, last: Option<&str>, from: Option<u64>) -> (String, bool) {
        let now = LedgerInfo {
            kind,
            height: 10,
            generation: 2,
            tip_hash: Hash([0; 32]),
            first_block: None,
            pending_count: None,
            node_id: None,
        };
        let last = last.map(|text| text.parse().expect("a position"));
        let start = Start::of(last, from, &now);
        (start.next.to_string(), start.replaced.is_some())
    }

    #[test]
    fn a_stream_begins_where_the_reader_was() {
        assert_eq!(start(None, None), ("2-11".into(), false));
        assert_eq!(start(None, Some(3)), ("2-3".into(), false));
        assert_eq!(start(None, Some(11)), ("2-11".into(), false));
        assert_eq!(start(None, Some(u64::MAX)), ("2-11".into(), false));
        assert_eq!(start(Some("2-7"), None), ("2-8".into(), false));
        assert_eq!(start(Some("2-10"), Some(1)), ("2-11".into(), false));
        assert_eq!(start(Some("1-20"), None), ("1-21".into(), false));
    }

    #[test]
    fn a_reader_of_another_ledger_begins_anew() {
        assert_eq!(start(Some("2-11"), None), ("2-1".into(), true));
        assert_eq!(start(Some("3-1"), None), ("2-1".into(), true));
    }

    #[test]
    fn fabrics_first_block_is_told_too() {
        let start = |last, from| start_of(LedgerKind::Fabric, last, from);
        assert_eq!(start(Some("2-11"), None), ("2-0".into(), true));
        assert_eq!(start(None, Some(0)), ("2-0".into(), false));
        let event = replaced_event(0, 0);
        assert_eq!(event, "event: replaced\ndata: {\"from\":0}\n\n");
    }

    #[test]
    fn a_replacement_is_resumed_before_its_first_block() {
        assert_eq!(
            replaced_event(4, 1),
            "id: 4-0\nevent: replaced\ndata: {\"from\":1}\n\n"
        );
    }
}
