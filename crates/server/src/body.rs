//! Reading a request's body within its limits.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use bytes::BytesMut;
use http_body_util::BodyExt;

use crate::Limits;

/// How much more than the limit is read and thrown away, so that a caller who is still sending
/// gets to see the refusal.
const DISCARDED_BYTES: usize = 8 * 1024 * 1024;

/// How long that is done.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// It is larger than allowed.
    #[error("the request's body is larger than {limit_bytes} bytes, which is the limit")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// It did not arrive in time.
    #[error("the request's body did not arrive within {} s", timeout.as_secs())]
    TooSlow {
        /// The limit.
        timeout: Duration,
    },
    /// The connection broke, or the body's encoding is wrong.
    #[error("the request's body broke off")]
    Broken,
}

/// Reads a whole body.
pub(crate) async fn read(mut body: Body, limits: &Limits) -> Result<Bytes, BodyError> {
    let collecting = collect(&mut body, limits.body_bytes);
    let outcome = tokio::time::timeout(limits.body_timeout, collecting).await;
    let collected = outcome.unwrap_or(Err(BodyError::TooSlow {
        timeout: limits.body_timeout,
    }));
    if matches!(collected, Err(BodyError::TooLarge { .. })) {
        discard(&mut body).await;
    }
    collected
}

async fn collect(body: &mut Body, limit_bytes: usize) -> Result<Bytes, BodyError> {
    let too_large = BodyError::TooLarge { limit_bytes };
    if body.size_hint().lower() > limit_bytes as u64 {
        return Err(too_large);
    }
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
            continue;
        };
        if collected.len() + bytes.len() > limit_bytes {
            return Err(too_large);
        }
        collected.extend_from_slice(&bytes);
    }
    Ok(collected.freeze())
}

async fn discard(body: &mut Body) {
    let mut left_bytes = DISCARDED_BYTES;
    let discarding = async {
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left_bytes.checked_sub(bytes) {
                Some(left) => left_bytes = left,
                None => break,
            }
        }
    };
    // Whoever sends on for longer finds the connection closed.
    let _ = tokio::time::timeout(DISCARD_TIME, discarding).await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::stream;
    use std::io;

    fn limits() -> Limits {
        Limits {
            body_bytes: 4,
            body_timeout: Duration::from_millis(20),
            ..Limits::default()
        }
    }

    #[tokio::test]
    async fn reads_up_to_the_limit() {
        assert_eq!(read(Body::from("1234"), &limits()).await.unwrap(), "1234");
        assert_eq!(
            read(Body::from("12345"), &limits()).await,
            Err(BodyError::TooLarge { limit_bytes: 4 })
        );
    }

    #[tokio::test]
    async fn gives_up_on_a_slow_body() {
        let never = Body::from_stream(stream::pending::<io::Result<Bytes>>());
        let refused = read(never, &limits()).await;
        assert!(matches!(refused, Err(BodyError::TooSlow { .. })));
    }

    #[tokio::test]
    async fn reports_a_broken_one() {
        let broken = Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::other("gone"))]));
        assert_eq!(read(broken, &limits()).await, Err(BodyError::Broken));
    }
}
