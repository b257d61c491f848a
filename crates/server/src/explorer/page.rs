//! How a page is answered, and what is answered in its place when it cannot be.

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use chainloom_index::IndexError;
use chainloom_ledger::LedgerError;
use http::{StatusCode, Uri, header};

use super::frame::Frame;
use super::served::Place;
use crate::access::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// A page, or the page that says why there is none.
pub(super) type PageResult = Result<Response, PageError>;

/// Answers a page.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, [(header::CACHE_CONTROL, "no-store")], Html(text)).into_response(),
        Err(error) => {
            // Templates are checked at compile time; what is left is a formatter that refuses.
            tracing::error!("a page could not be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// After a form: to a page, so that a reload does not send the form again.
pub(super) fn see(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

/// Why a page cannot be shown.
pub(super) struct PageError {
    problem: Problem,
}

impl PageError {
    pub(super) fn new(problem: Problem) -> PageError {
        PageError { problem }
    }

    /// The sentence, for a page that shows it beside a form.
    pub(super) fn words(&self) -> &str {
        self.problem.detail()
    }

    pub(super) fn status(&self) -> StatusCode {
        self.problem.status()
    }
}

impl From<Problem> for PageError {
    fn from(problem: Problem) -> PageError {
        PageError { problem }
    }
}

impl From<LedgerError> for PageError {
    fn from(error: LedgerError) -> PageError {
        Problem::from(error).into()
    }
}

impl From<IndexError> for PageError {
    fn from(error: IndexError) -> PageError {
        LedgerError::from(error).into()
    }
}

#[derive(Template)]
#[template(path = "explorer/problem.html")]
struct ProblemPage {
    frame: Frame,
    heading: String,
    detail: String,
}

/// Carries the problem to [`with_problem_page`], which knows what is served.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self.problem);
        response
    }
}

/// Puts the page that says what was wrong in the place of a [`PageError`].
pub(super) async fn with_problem_page(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let address = request.uri().clone();
    let caller = request.extensions().get::<Caller>().cloned();
    let caller = caller.unwrap_or(Caller::ANYBODY);
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem_page(&state, &caller, &address, &problem),
        None => response,
    }
}

/// The page that says why a caller is not let in, and nothing of what is served.
pub(super) fn refusal_page(address: &Uri, problem: &Problem) -> Response {
    show_problem(&Place::default(), address, problem)
}

/// The page that says what was wrong.
pub(super) fn problem_page(
    state: &AppState,
    caller: &Caller,
    address: &Uri,
    problem: &Problem,
) -> Response {
    let place = Place::at(state, caller, address.path());
    show_problem(&place, address, problem)
}

fn show_problem(place: &Place, address: &Uri, problem: &Problem) -> Response {
    let heading = match problem.status() {
        StatusCode::NOT_FOUND => "Nothing is there".to_owned(),
        StatusCode::SERVICE_UNAVAILABLE => "Not available now".to_owned(),
        StatusCode::FORBIDDEN => "That is not allowed".to_owned(),
        _ => "That cannot be shown".to_owned(),
    };
    let problem_page = ProblemPage {
        frame: Frame::new(place, heading.clone(), "", address),
        heading,
        detail: problem.detail().to_owned(),
    };
    page(problem.status(), &problem_page)
}
