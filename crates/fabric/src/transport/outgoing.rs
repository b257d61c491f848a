use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::SendStream;
use http_body::Body as _;
use tonic::body::Body;

use super::Broken;

/// The body of a request on its way. What it gives is in memory already, so nothing is gained by holding it back until the node has room.
pub(super) struct Outgoing {
    /// `None` once all of it was read.
    body: Option<Body>,
    /// `None` while there is none, or once all of it was sent.
    stream: Option<SendStream<Bytes>>,
    /// What was read last: only what comes after it says whether it is the end.
    next: Option<Bytes>,
    /// All that was read, until the node has taken the request.
    kept: Option<Vec<Bytes>>,
}

impl Outgoing {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body: Some(body),
            stream: None,
            next: None,
            kept: Some(Vec::new()),
        }
    }

    /// Goes on this stream, from its beginning where there was another before.
    pub(super) fn begin(&mut self, stream: SendStream<Bytes>) {
        self.stream = Some(stream);
        let mut kept = self.kept.clone().unwrap_or_default();
        self.next = kept.pop();
        for data in kept {
            self.give(data, false);
        }
        if self.body.is_none() {
            self.end();
        }
    }

    /// It is not sent again.
    pub(super) fn is_taken(&mut self) {
        self.kept = None;
    }

    /// Sends while something else is waited for.
    pub(super) async fn send_during<T, E>(
        &mut self,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Broken>
    where
        Broken: From<E>,
    {
        let mut answer = std::pin::pin!(answer);
        poll_fn(|context| {
            self.send(context)?;
            answer.as_mut().poll(context).map_err(Broken::from)
        })
        .await
    }

    /// Sends what there is now.
    pub(super) fn send(&mut self, context: &mut Context<'_>) -> Result<(), Broken> {
        while let Some(body) = &mut self.body {
            let frame = match Pin::new(body).poll_frame(context) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    if let Some(last) = self.next.take() {
                        self.give(last, false);
                    }
                    return Ok(());
                }
            };
            match frame.transpose() {
                // A request has no trailers.
                Ok(Some(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.add(data);
                    }
                }
                Ok(None) => {
                    self.body = None;
                    self.end();
                }
                Err(status) => {
                    (self.body, self.stream) = (None, None);
                    return Err(Broken::Request(Arc::new(status)));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, data: Bytes) {
        if let Some(kept) = &mut self.kept {
            kept.push(data.clone());
        }
        if let Some(last) = self.next.replace(data) {
            self.give(last, false);
        }
    }

    fn end(&mut self) {
        let last = self.next.take().unwrap_or_default();
        self.give(last, true);
        self.stream = None;
    }

    fn give(&mut self, data: Bytes, is_end: bool) {
        if let Some(stream) = &mut self.stream {
            // A node may answer without hearing all of it, and what broke is told by the answer.
            let _ = stream.send_data(data, is_end);
        }
    }
}
