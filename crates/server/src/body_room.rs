//! Room for the bodies of all requests together.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Limits;
use crate::problem::Problem;

/// Room for the bodies of all requests, counted in bytes.
#[derive(Debug, Clone)]
pub(crate) struct BodyRoom {
    free: Arc<Semaphore>,
    body_bytes_max: usize,
}

impl BodyRoom {
    pub(crate) fn new(limits: &Limits) -> BodyRoom {
        BodyRoom {
            free: Arc::new(Semaphore::new(limits.all_bodies_bytes)),
            body_bytes_max: limits.body_bytes,
        }
    }

    /// Takes room for a body, to be held until its answer begins: for as many bytes as its sender announces, else for as many as a body may
    /// have. All of it at once, so that no two bodies wait for each other.
    pub(crate) fn take(&self, body: &Body) -> Result<OwnedSemaphorePermit, Problem> {
        let hint = body.size_hint();
        let announced = hint
            .exact()
            .map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let bytes = announced.map_or(self.body_bytes_max, |bytes| bytes.min(self.body_bytes_max));
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let taken = self.free.clone().try_acquire_many_owned(bytes);
        taken.map_err(|_| {
            Problem::overloaded(
                "bodies_too_many",
                "the bodies of other requests fill the room that there is for them; try again in a second",
                1,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::body::Bytes;
    use futures_util::stream;
    use http::StatusCode;

    #[test]
    fn bodies_share_the_room_until_they_are_answered() {
        let room = BodyRoom::new(&Limits {
            body_bytes: 10,
            all_bodies_bytes: 25,
            ..Limits::default()
        });
        let first = room.take(&Body::from("1234567")).unwrap();
        // Larger than allowed: refused when it is read.
        let second = room.take(&Body::from("123456789012345")).unwrap();
        let silent = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let refused = room.take(&silent()).unwrap_err();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.retry_after_s(), Some(1));
        // What has no body needs no room.
        drop(room.take(&Body::empty()).unwrap());
        drop(first);
        let third = room.take(&silent()).unwrap();
        drop((second, third));
        assert_eq!(room.free.available_permits(), 25);
    }
}
