//! The answers that Flask gives by itself: error pages, plain texts, and what it calls a status.

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use hyper::ext::ReasonPhrase;

use crate::problem::Problem;

/// Flask's type of every answer that is no JSON.
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Flask's type of JSON answers.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a route of the tutorial takes, as Flask lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// `GET /chain`.
    GetAndHead,
    /// `GET /mine` and `GET /nodes/resolve`: Flask's HEAD would change the chain, so ours has none.
    Get,
    /// `POST`.
    Post,
}

impl Allowed {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Allowed::GetAndHead => "GET, OPTIONS, HEAD",
            Allowed::Get => "GET, OPTIONS",
            Allowed::Post => "POST, OPTIONS",
        })
    }
}

/// An answer in Flask's words: a status line in capitals, a body of one of its two types.
pub(super) fn answer(status: StatusCode, content_type: HeaderValue, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    if let Some(phrase) = phrase(status) {
        response
            .extensions_mut()
            .insert(ReasonPhrase::from_static(phrase.as_bytes()));
    }
    response
}

/// The status in words as Werkzeug writes it.
fn phrase(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::CREATED => "CREATED",
        StatusCode::BAD_REQUEST => "BAD REQUEST",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::NOT_FOUND => "NOT FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD NOT ALLOWED",
        StatusCode::REQUEST_TIMEOUT => "REQUEST TIMEOUT",
        StatusCode::PAYLOAD_TOO_LARGE => "REQUEST ENTITY TOO LARGE",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UNSUPPORTED MEDIA TYPE",
        StatusCode::SERVICE_UNAVAILABLE => "SERVICE UNAVAILABLE",
        _ => return None,
    })
}

/// A sentence, as a Flask view returns one. It must not repeat what the caller sent: it is HTML.
pub(super) fn text(status: StatusCode, sentence: impl Into<String>) -> Response {
    answer(status, HTML, Body::from(sentence.into()))
}

/// A JSON text that is ready to be sent.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    answer(status, JSON, Body::from(body))
}

/// The page for a body that is no JSON.
pub(super) fn bad_request() -> Response {
    page(
        StatusCode::BAD_REQUEST,
        "400 Bad Request",
        "Bad Request",
        "The browser (or proxy) sent a request that this server could not understand.",
    )
}

/// The page for an unknown address.
pub(crate) fn not_found() -> Response {
    page(
        StatusCode::NOT_FOUND,
        "404 Not Found",
        "Not Found",
        "The requested URL was not found on the server. If you entered the URL manually please \
         check your spelling and try again.",
    )
}

/// The page for another method.
pub(super) fn method_not_allowed(allowed: Allowed) -> Response {
    let mut response = page(
        StatusCode::METHOD_NOT_ALLOWED,
        "405 Method Not Allowed",
        "Method Not Allowed",
        "The method is not allowed for the requested URL.",
    );
    response.headers_mut().insert(ALLOW, allowed.header());
    response
}

/// The page for a body that is not called JSON.
pub(super) fn unsupported_media_type() -> Response {
    page(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "415 Unsupported Media Type",
        "Unsupported Media Type",
        "Did not attempt to load JSON data because the request Content-Type was not \
         &#39;application/json&#39;.",
    )
}

/// What Flask answers to OPTIONS by itself.
pub(super) fn options(allowed: Allowed) -> Response {
    let mut response = text(StatusCode::OK, "");
    response.headers_mut().insert(ALLOW, allowed.header());
    response
}

fn page(status: StatusCode, title: &str, heading: &str, sentence: &str) -> Response {
    text(
        status,
        format!(
            "<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{heading}</h1>\n\
             <p>{sentence}</p>\n"
        ),
    )
}

/// A refusal by the node, as a sentence. What is wrong with the request itself is 400 here.
pub(super) fn refusal(error: impl Into<Problem>) -> Response {
    let problem = error.into();
    let status = match problem.status() {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        status => status,
    };
    let mut response = text(status, escape(problem.detail()));
    if let Some(seconds) = problem.retry_after_s() {
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A sentence that may repeat what the caller sent, safe in a page.
pub(super) fn escape(sentence: &str) -> String {
    let mut escaped = String::with_capacity(sentence.len());
    for character in sentence.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A JSON text as Flask ends it.
pub(super) fn line(json: String) -> Vec<u8> {
    let mut json = json.into_bytes();
    json.push(b'\n');
    json
}
