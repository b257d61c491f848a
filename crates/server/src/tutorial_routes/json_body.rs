use axum::body::Bytes;
use axum::extract::Request;
use axum::response::Response;
use chainloom_tutorial::json::{self, Json};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

use super::pages;
use crate::body::{self, BodyError};
use crate::state::AppState;

/// A document larger than this is read off the async threads.
const INLINE_BYTES: usize = 32 * 1024;

/// Reads a request's body as Flask's `request.get_json()` does; the error is its answer.
pub(super) async fn read(state: &AppState, request: Request) -> Result<Json, Response> {
    if !is_json(request.headers()) {
        return Err(pages::unsupported_media_type());
    }
    let bytes = body::read(request.into_body(), &state.limits)
        .await
        .map_err(|error| pages::text(status(&error), error.to_string()))?;
    parse(bytes).await.ok_or_else(pages::bad_request)
}

async fn parse(bytes: Bytes) -> Option<Json> {
    let inline = bytes.len() <= INLINE_BYTES;
    let parse = move || json::parse(&bytes, &json::Limits::default()).ok();
    if inline {
        return parse();
    }
    tokio::task::spawn_blocking(parse).await.ok().flatten()
}

fn status(error: &BodyError) -> StatusCode {
    match error {
        BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        BodyError::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        BodyError::Broken => StatusCode::BAD_REQUEST,
    }
}

/// Whether Werkzeug would call the body JSON: `application/json` or `application/*+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    let kind = text.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn tells_json_by_its_type() {
        for (value, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            (" application/vnd.chain+json ;x", true),
            ("application/+json", true),
            ("text/json", false),
            ("application/jsonp", false),
            ("text/x+json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
