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
pub(super) struct Outgoing(Option<Sending>);

struct Sending {
    body: Body,
    stream: SendStream<Bytes>,
    /// What was read last: only what comes after it says whether it is the end.
    next: Option<Bytes>,
}

impl Outgoing {
    pub(super) fn new(body: Body, stream: SendStream<Bytes>) -> Self {
        Self(Some(Sending {
            body,
            stream,
            next: None,
        }))
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
        if let Some(sending) = &mut self.0
            && let Poll::Ready(sent) = sending.poll(context)
        {
            self.0 = None;
            sent?;
        }
        Ok(())
    }
}

impl Sending {
    /// Comes back when all of it is sent.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        loop {
            let frame = match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    if let Some(last) = self.next.take() {
                        self.give(last, false);
                    }
                    return Poll::Pending;
                }
            };
            let frame = frame.transpose();
            let frame = frame.map_err(|status| Broken::Request(Arc::new(status)))?;
            let is_end = frame.is_none();
            let last = match frame {
                // A request has no trailers.
                Some(frame) => match frame.into_data() {
                    Ok(data) => self.next.replace(data),
                    Err(_) => continue,
                },
                None => Some(self.next.take().unwrap_or_default()),
            };
            if let Some(last) = last {
                self.give(last, is_end);
            }
            if is_end {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn give(&mut self, data: Bytes, is_end: bool) {
        // A node may answer without hearing all of it, and what broke is told by the answer.
        let _ = self.stream.send_data(data, is_end);
    }
}
