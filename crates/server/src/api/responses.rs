use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::problem::ProblemBody;

/// The errors of a route, for its description.
pub(super) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let response = |description: &str| {
            let content = ContentBuilder::new()
                .schema(Some(utoipa::openapi::Ref::from_schema_name(
                    ProblemBody::name(),
                )))
                .build();
            ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", content)
                .build()
                .into()
        };
        BTreeMap::from([
            (
                "4XX".to_owned(),
                response("The request is wrong, or what it asks for is not there"),
            ),
            (
                "5XX".to_owned(),
                response("The server cannot answer now; `retryable` and `code` say what to do"),
            ),
        ])
    }
}
