//! A form's fields, read within the limits of every body.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::page::PageError;
use crate::body;
use crate::problem::Problem;
use crate::state::AppState;

/// The fields of a form.
pub(super) struct Form<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &AppState) -> Result<Form<T>, PageError> {
        let bytes = body::read(request.into_body(), &state.limits)
            .await
            .map_err(Problem::from)?;
        let fields = form_urlencoded::parse(&bytes).into_owned();
        let fields = serde::de::value::MapDeserializer::new(fields);
        T::deserialize(fields)
            .map(Form)
            .map_err(|error: serde::de::value::Error| {
                let detail = format!("the form is not as the page sends it: {error}");
                PageError::new(Problem::bad_request("invalid_form", detail))
            })
    }
}
