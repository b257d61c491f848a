//! Signing in: the token is kept in a cookie that no script can read and that no other site can send.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode, request};
use serde::Deserialize;

use super::form::Form;
use super::page::{PageResult, page as answer, see};
use crate::access::{Refusal, cookie_name};
use crate::problem::Problem;
use crate::state::AppState;

/// How long the address can be to which signing in leads back, in bytes.
const NEXT_BYTES_MAX: usize = 2_000;

#[derive(Template)]
#[template(path = "explorer/sign_in.html")]
struct SignInPage {
    refusal: Option<String>,
    next: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct SignInForm {
    token: String,
    #[serde(default)]
    next: String,
}

/// In place of a page that asks for a token.
pub(super) fn instead_of(request: &request::Parts, refusal: &Refusal) -> Response {
    // What was sent with a form is gone; the page that it stood on is a good place to go on.
    let next = match request.method {
        http::Method::GET => request
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str()),
        _ => "/",
    };
    let refusal = match refusal {
        Refusal::Missing => None,
        other => Some(other.to_string()),
    };
    show(StatusCode::UNAUTHORIZED, refusal, next)
}

/// `GET /sign-in`
pub(super) async fn page(State(state): State<AppState>) -> Response {
    match state.tokens {
        Some(_) => show(StatusCode::OK, None, "/"),
        None => see("/"),
    }
}

/// `POST /sign-in`: to the page that was asked for.
pub(super) async fn sign_in(
    State(state): State<AppState>,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> PageResult {
    let Some(tokens) = &state.tokens else {
        return Ok(see("/"));
    };
    let secret = form.token.trim();
    if let Err(refusal) = tokens.token(secret).await {
        refusal.log(&http::Method::POST, "/sign-in");
        return Ok(show(
            refusal.status(),
            Some(refusal.to_string()),
            &form.next,
        ));
    }
    let mut response = see(own_address(&form.next));
    set_cookie(&mut response, &state, &headers, secret, "")?;
    Ok(response)
}

/// `POST /sign-out`
pub(super) async fn sign_out(State(state): State<AppState>, request: Request) -> PageResult {
    let mut response = see("/");
    set_cookie(&mut response, &state, request.headers(), "", "; Max-Age=0")?;
    Ok(response)
}

fn show(status: StatusCode, refusal: Option<String>, next: &str) -> Response {
    let next = own_address(next).to_owned();
    answer(status, &SignInPage { refusal, next }).into_response()
}

/// An address of this server, for nobody is to be led elsewhere by a form.
fn own_address(next: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_own = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= NEXT_BYTES_MAX
        && next.bytes().all(is_plain);
    if is_own { next } else { "/" }
}

/// The cookie ends with the browser's session at the latest.
fn set_cookie(
    response: &mut Response,
    state: &AppState,
    headers: &HeaderMap,
    secret: &str,
    more: &str,
) -> Result<(), Problem> {
    let name = cookie_name(headers);
    let secure = if state.is_tls { "; Secure" } else { "" };
    let text = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
    let cookie = HeaderValue::from_str(&text).map_err(|_| Problem::from(Refusal::Malformed))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn signing_in_leads_to_this_server_only() {
        for own in ["/", "/explorer/trade/blocks?from=3"] {
            assert_eq!(own_address(own), own);
        }
        let long = format!("/{}", "a".repeat(2_000));
        for foreign in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\r\nSet-Cookie: a=b",
            "/a b",
            &long,
        ] {
            assert_eq!(own_address(foreign), "/", "{foreign}");
        }
    }
}
