//! The whole chain as an answer: read block by block while it is sent, its length known before.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use chainloom_ledger::LedgerError;
use chainloom_tutorial::{ChainSnapshot, Node};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, StatusCode};
use http_body::{Frame as BodyFrame, SizeHint};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::pages;
use crate::state::AppState;

/// A chain smaller than this is read at once and sent whole.
const WHOLE_BYTES: u64 = 256 * 1024;

/// Chunks that wait to be sent, besides the one being read and the one being written.
const CHUNKS_WAITING: usize = 2;

/// What stands around the blocks in one of the three answers that hold the chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    before: &'static str,
    after: &'static str,
    says_length: bool,
}

impl Frame {
    /// `GET /chain`.
    pub(super) const CHAIN: Frame = Frame {
        before: "{\"chain\":[",
        after: "],\"length\":",
        says_length: true,
    };
    /// `GET /nodes/resolve` where ours stays.
    pub(super) const AUTHORITATIVE: Frame = Frame {
        before: "{\"chain\":[",
        after: "],\"message\":\"Our chain is authoritative\"}\n",
        says_length: false,
    };
    /// `GET /nodes/resolve` where a longer one was adopted.
    pub(super) const REPLACED: Frame = Frame {
        before: "{\"message\":\"Our chain was replaced\",\"new_chain\":[",
        after: "]}\n",
        says_length: false,
    };

    fn after(self, length: u64) -> String {
        if self.says_length {
            format!("{}{length}}}\n", self.after)
        } else {
            self.after.to_owned()
        }
    }

    fn body_bytes(self, length: u64, blocks_bytes: u64) -> u64 {
        (self.before.len() + self.after(length).len()) as u64 + blocks_bytes
    }
}

/// `HEAD /chain`: the headers of the answer to `GET`.
pub(super) async fn head(node: &Node) -> Response {
    let head = node.head();
    let bytes = Frame::CHAIN.body_bytes(head.length, head.chain_body_bytes);
    let mut response = pages::answer(StatusCode::OK, pages::JSON, Body::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    response
}

/// Sends the chain as it is now.
pub(super) async fn answer(state: &AppState, node: &Node, frame: Frame) -> Response {
    let place = match take_place(state).await {
        Ok(place) => place,
        Err(error) => return pages::refusal(error),
    };
    match open(node.clone(), frame, place, state.limits.stall_timeout).await {
        Ok((body, bytes)) => {
            let mut response = pages::answer(StatusCode::OK, pages::JSON, body);
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
            response
        }
        Err(error) => pages::refusal(error),
    }
}

async fn take_place(state: &AppState) -> Result<OwnedSemaphorePermit, LedgerError> {
    let places = state.chain_places.clone();
    match tokio::time::timeout(state.limits.chain_stream_wait, places.acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(LedgerError::Overloaded {
            code: "chain_streams_full",
            detail: format!(
                "{} whole chains are being sent already; try again in a few seconds",
                state.limits.chain_streams
            ),
            retry_after_s: 5,
        }),
    }
}

/// Opens a snapshot off the async threads; a large one goes on there, chunk by chunk.
async fn open(
    node: Node,
    frame: Frame,
    place: OwnedSemaphorePermit,
    stall_timeout: Duration,
) -> Result<(Body, u64), LedgerError> {
    let (opened, opening) = oneshot::channel();
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        let snapshot = match node.chain() {
            Ok(snapshot) => snapshot,
            Err(error) => return drop(opened.send(Err(error))),
        };
        let bytes = frame.body_bytes(snapshot.length(), snapshot.body_bytes());
        if snapshot.body_bytes() <= WHOLE_BYTES {
            let whole = read_whole(snapshot, frame, bytes);
            return drop(opened.send(whole.map(|whole| (Body::from(whole), bytes))));
        }
        let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
        let body = Body::new(ChainBody {
            receiver,
            left_bytes: bytes,
        });
        if opened.send(Ok((body, bytes))).is_ok() {
            send_chunks(snapshot, frame, &sender, &handle, stall_timeout);
        }
        drop(place);
    });
    opening.await.unwrap_or(Err(LedgerError::ShuttingDown))
}

fn read_whole(snapshot: ChainSnapshot, frame: Frame, bytes: u64) -> Result<Vec<u8>, LedgerError> {
    let after = frame.after(snapshot.length());
    let mut whole = Vec::with_capacity(bytes as usize);
    whole.extend_from_slice(frame.before.as_bytes());
    for chunk in snapshot {
        whole.extend_from_slice(&chunk?);
    }
    whole.extend_from_slice(after.as_bytes());
    Ok(whole)
}

/// Reads chunk after chunk as the reader takes them. Ends, and lets the snapshot go, when the
/// reader is gone, takes nothing for `stall_timeout`, or the store fails.
fn send_chunks(
    snapshot: ChainSnapshot,
    frame: Frame,
    sender: &mpsc::Sender<Result<Bytes, ChainCut>>,
    handle: &Handle,
    stall_timeout: Duration,
) {
    let send = |chunk: Bytes| {
        let sending = sender.send_timeout(Ok(chunk), stall_timeout);
        handle.block_on(sending).is_ok()
    };
    let after = frame.after(snapshot.length());
    if !send(Bytes::from_static(frame.before.as_bytes())) {
        return;
    }
    for chunk in snapshot {
        match chunk {
            Ok(chunk) => {
                if !send(chunk) {
                    return;
                }
            }
            Err(error) => {
                tracing::error!("a chain that was being sent was cut: {error}");
                let cut = sender.send_timeout(Err(ChainCut), stall_timeout);
                // Whether or not the reader takes that: the answer ends short of its length.
                let _ = handle.block_on(cut);
                return;
            }
        }
    }
    send(Bytes::from(after));
}

/// The chain's answer ended before its end.
#[derive(Debug, thiserror::Error)]
#[error("the chain was cut")]
struct ChainCut;

/// A body that another thread fills.
struct ChainBody {
    receiver: mpsc::Receiver<Result<Bytes, ChainCut>>,
    left_bytes: u64,
}

impl HttpBody for ChainBody {
    type Data = Bytes;
    type Error = ChainCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, ChainCut>>> {
        let next = match ready!(self.receiver.poll_recv(context)) {
            Some(Ok(chunk)) => {
                self.left_bytes = self.left_bytes.saturating_sub(chunk.len() as u64);
                Some(Ok(BodyFrame::data(chunk)))
            }
            Some(Err(cut)) => Some(Err(cut)),
            // The other end gave up: the reader must not take this for the whole chain.
            None if self.left_bytes > 0 => Some(Err(ChainCut)),
            None => None,
        };
        Poll::Ready(next)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left_bytes)
    }

    fn is_end_stream(&self) -> bool {
        self.left_bytes == 0
    }
}
