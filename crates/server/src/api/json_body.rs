use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::body::{self, BodyError};
use crate::problem::Problem;
use crate::state::AppState;

/// A request's JSON body.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<JsonBody<T>, Problem> {
        check_type(&request)?;
        let bytes = body::read(request.into_body(), &state.limits).await?;
        parse(&bytes).map(JsonBody)
    }
}

fn check_type(request: &Request) -> Result<(), Problem> {
    let value = request.headers().get(CONTENT_TYPE);
    let kind = value
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .map(|kind| kind.trim().to_ascii_lowercase())
        .unwrap_or_default();
    if kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "the body must be JSON, and say so: Content-Type: application/json",
    ))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Every body here is an object; serde would read a struct from an array too.
    if !is_object(bytes) && serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        return Err(Problem::bad_request(
            "invalid_body",
            "the body must be a JSON object",
        ));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_syntax() || inner.is_eof() {
            return Problem::bad_request("malformed_json", format!("the body is no JSON: {inner}"));
        }
        let place = match path.as_str() {
            "." => "the body".to_owned(),
            path => format!("`{path}`"),
        };
        Problem::bad_request("invalid_body", format!("{place}: {inner}"))
    })?;
    reader.end().map_err(|error| {
        Problem::bad_request("malformed_json", format!("the body is no JSON: {error}"))
    })?;
    Ok(value)
}

fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{')
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Problem {
        let (status, code) = match error {
            BodyError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            BodyError::TooSlow { .. } => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            BodyError::Broken => (StatusCode::BAD_REQUEST, "body_broken"),
        };
        Problem::new(status, code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainloom_ledger::Payload;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(rename = "args")]
        _args: Vec<Payload>,
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        for (text, detail) in [
            (
                r#"{"args":["a",5]}"#,
                "`args[1]`: invalid type: integer `5`",
            ),
            (r#"{"args":[],"arg":1}"#, "`arg`: unknown field `arg`"),
            ("{}", "missing field `args`"),
            ("[]", "must be a JSON object"),
            ("5", "must be a JSON object"),
            ("{", "the body is no JSON"),
            (
                "{\"args\":[]} x",
                "the body is no JSON: trailing characters",
            ),
            ("", "the body is no JSON"),
        ] {
            let problem = parse::<Body>(text.as_bytes()).expect_err(text);
            assert!(
                problem.detail().contains(detail),
                "{text}: {}",
                problem.detail()
            );
        }
        assert!(parse::<Body>(br#"{"args":["a"]}"#).is_ok());
    }
}
