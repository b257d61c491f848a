use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode, request};

use crate::access::Refusal;
use crate::explorer;
use crate::problem::Problem;
use crate::safety::{API_POLICY, EXPLORER_POLICY, SWAGGER_POLICY};

/// The parts of the interface, by whom they speak to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// `/api`: programs, in JSON.
    Api,
    /// `/docs`: Swagger UI.
    Documentation,
    /// `/`, `/explorer`, `/sign-in` and `/sign-out`: people.
    Explorer,
    /// `/healthz`, `/readyz`, `/metrics`, `/openapi.json`.
    Operations,
    /// Everything else: the tutorial's routes, in Flask's words.
    Tutorial,
}

impl Area {
    /// The part to which a path belongs.
    pub(crate) fn of(path: &str) -> Area {
        let first = path.trim_start_matches('/').split('/').next();
        match first.unwrap_or_default() {
            "" | "explorer" | "sign-in" | "sign-out" => Area::Explorer,
            "api" => Area::Api,
            "docs" => Area::Documentation,
            "healthz" | "readyz" | "metrics" | "openapi.json" => Area::Operations,
            _ => Area::Tutorial,
        }
    }

    /// The content security policy of its answers. The tutorial's routes have none: their
    /// headers are Flask's.
    pub(crate) fn policy(self) -> Option<&'static str> {
        match self {
            Area::Api | Area::Operations => Some(API_POLICY),
            Area::Documentation => Some(SWAGGER_POLICY),
            Area::Explorer => Some(EXPLORER_POLICY),
            Area::Tutorial => None,
        }
    }

    /// A refusal in the words of this part.
    pub(crate) fn refuse(self, problem: Problem) -> Response {
        if self == Area::Api {
            return problem.into_response();
        }
        let retry_after_s = problem.retry_after_s();
        let mut response = (problem.status(), format!("{}\n", problem.detail())).into_response();
        // Plain text, since it may repeat what the caller sent.
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if let Some(seconds) = retry_after_s {
            let headers = response.headers_mut();
            headers.insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// A refusal of who asks: people are shown where to sign in, programs are told in JSON.
    pub(crate) fn refuse_caller(self, request: &request::Parts, refusal: Refusal) -> Response {
        let challenge = refusal.challenge();
        let mut response = match self {
            Area::Explorer => explorer::refused(request, refusal),
            _ => Problem::from(refusal).into_response(),
        };
        if let Some(challenge) = challenge {
            let challenge = HeaderValue::from_static(challenge);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    /// What is said when an answer does not begin in time.
    pub(crate) fn timed_out(self, limit_s: u64) -> Response {
        self.refuse(Problem::overloaded(
            "request_timeout",
            format!("the answer was not ready within {limit_s} s; the server is busy, try later"),
            1,
        ))
    }

    /// Nothing is found there.
    pub(crate) fn not_found(self, path: &str) -> Response {
        match self {
            Area::Tutorial => crate::tutorial_routes::not_found(),
            _ => self.refuse(Problem::new(
                StatusCode::NOT_FOUND,
                "route_not_found",
                format!(
                    "there is no {}; /openapi.json lists what there is",
                    path.chars().take(200).collect::<String>()
                ),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_one_part() {
        for (path, area) in [
            ("/", Area::Explorer),
            ("/explorer/blocks/1", Area::Explorer),
            ("/api", Area::Api),
            ("/api/v1/ledgers", Area::Api),
            ("/apiary", Area::Tutorial),
            ("/docs/", Area::Documentation),
            ("/metrics", Area::Operations),
            ("/chain", Area::Tutorial),
            ("/nope", Area::Tutorial),
        ] {
            assert_eq!(Area::of(path), area, "{path}");
        }
    }
}
