use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::live::LiveTokens;
use super::token::Token;

/// An answer that breaks off when the token that it was given for is no longer good.
struct Leased {
    body: Body,
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Lets an answer without a known end, such as an event stream, end with its token.
pub(crate) fn until_the_token_ends(
    response: Response,
    tokens: &Arc<LiveTokens>,
    token: Arc<Token>,
) -> Response {
    response.map(|body| {
        if body.size_hint().exact().is_some() {
            return body;
        }
        let end = Box::pin(Arc::clone(tokens).end_of(token));
        Body::new(Leased { body, end })
    })
}

impl HttpBody for Leased {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.end.as_mut().poll(context).is_ready() {
            // An error, so that nobody takes what came for the whole.
            let reason = "the token is no longer good";
            return Poll::Ready(Some(Err(axum::Error::new(io::Error::other(reason)))));
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
