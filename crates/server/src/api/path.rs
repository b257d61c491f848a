use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The variable parts of a request's path.
pub(crate) struct PathParts<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParts<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathParts<T>, Problem> {
        let refused =
            |rejection: PathRejection| Problem::bad_request("invalid_path", rejection.body_text());
        let Path(values) = Path::from_request_parts(parts, state)
            .await
            .map_err(refused)?;
        Ok(PathParts(values))
    }
}
