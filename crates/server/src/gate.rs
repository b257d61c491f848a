//! What every request passes on its way in, and every answer on its way out.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use tokio::sync::OwnedSemaphorePermit;

use crate::access;
use crate::area::Area;
use crate::problem::Problem;
use crate::safety;
use crate::state::AppState;

/// The only route that takes a body from everybody.
const SIGN_IN: &str = "/sign-in";
/// A token has less than a hundred bytes, and where to go on some more.
const SIGN_IN_BYTES_MAX: u64 = 4096;
/// How requests that fit no route are counted.
const UNMATCHED: &str = "unmatched";

/// Lets a request in, limits its time, protects its answer and counts it.
pub(crate) async fn gate(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let area = Area::of(parts.uri.path());
    let matched = parts.extensions.get::<MatchedPath>().cloned();
    let template = matched.as_ref().map(MatchedPath::as_str);
    let route = template.unwrap_or(UNMATCHED);
    let method = parts.method.clone();

    let admitted = safety::check(&parts, &state.hosts);
    let refused = admitted.is_err();
    let mut response = match admitted {
        Err(refusal) => area.refuse(Problem::new(
            refusal.status(),
            refusal.code(),
            refusal.to_string(),
        )),
        Ok(()) => match access::admit(&state, &mut parts, template).await {
            Err(refusal) => {
                refusal.log(&method, route);
                area.refuse_caller(&parts, refusal)
            }
            Ok(caller) => {
                parts.extensions.insert(caller.clone());
                let answer = answer(&state, area, route, Request::from_parts(parts, body), next);
                let answer = answer.await;
                match (&state.tokens, caller.token()) {
                    (Some(tokens), Some(token)) => {
                        access::until_the_token_ends(answer, tokens, Arc::clone(token))
                    }
                    _ => answer,
                }
            }
        },
    };

    if let Some(policy) = area.policy() {
        safety::protect(response.headers_mut(), policy);
    } else if refused {
        safety::protect(response.headers_mut(), safety::API_POLICY);
    }
    let (status, duration) = (response.status(), started.elapsed());
    tracing::debug!(%method, route, status = status.as_u16(), ?duration, "answered");
    state
        .metrics
        .count_request(route, &method, status, duration);
    response
}

/// Answers a request that was let in, within its time.
async fn answer(
    state: &AppState,
    area: Area,
    route: &str,
    request: Request,
    next: Next,
) -> Response {
    let room = match room_for(state, route, request.body()) {
        Ok(room) => room,
        Err(problem) => return area.refuse(problem),
    };
    let answer = next.run(request);
    let answer = if is_untimed(route) {
        answer.await
    } else {
        let limit = state.limits.request_timeout;
        tokio::time::timeout(limit, answer)
            .await
            .unwrap_or_else(|_| area.timed_out(limit.as_secs()))
    };
    drop(room);
    answer
}

/// Room for the body. Who is not known yet gets little of it.
fn room_for(state: &AppState, route: &str, body: &Body) -> Result<OwnedSemaphorePermit, Problem> {
    let bytes = body.size_hint().exact();
    if route == SIGN_IN && bytes.is_none_or(|bytes| bytes > SIGN_IN_BYTES_MAX) {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!(
                "a form to sign in has at most {SIGN_IN_BYTES_MAX} bytes, and says so in Content-Length"
            ),
        ));
    }
    state.body_room.take(body)
}

/// Mining and asking peers take as long as they take; a caller who goes away ends them. Calls have a time of their own, after which they
/// say what is known of the outcome.
fn is_untimed(route: &str) -> bool {
    const UNTIMED: [&str; 7] = [
        "/mine",
        "/resolve",
        "/query",
        "/invoke",
        "/endorse",
        "/submit",
        "/evaluate",
    ];
    UNTIMED.iter().any(|end| route.ends_with(end))
}
