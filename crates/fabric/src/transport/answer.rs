use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::RecvStream;
use http_body::{Body, Frame};

use super::Broken;
use super::outgoing::Outgoing;

/// The body of an answer. It may come while the request is still being sent, and ends both where it is dropped.
pub(crate) struct Answer {
    incoming: RecvStream,
    outgoing: Outgoing,
    has_data: bool,
}

impl Answer {
    pub(super) fn new(incoming: RecvStream, outgoing: Outgoing) -> Self {
        Self {
            incoming,
            outgoing,
            has_data: true,
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Err(error) = self.outgoing.send(context) {
            return Poll::Ready(Some(Err(error)));
        }
        if self.has_data {
            if let Some(data) = ready!(self.incoming.poll_data(context)) {
                let data = data.and_then(|data| {
                    // It is taken, so the node may send more.
                    let flow = self.incoming.flow_control();
                    flow.release_capacity(data.len()).map(|()| data)
                });
                return Poll::Ready(Some(data.map(Frame::data).map_err(Broken::from)));
            }
            self.has_data = false;
        }
        let trailers = ready!(self.incoming.poll_trailers(context));
        let trailers = trailers.transpose();
        Poll::Ready(trailers.map(|trailers| trailers.map(Frame::trailers).map_err(Broken::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }
}
