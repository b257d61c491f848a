//! Errors as `application/problem+json` (RFC 9457).

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use chainloom_index::IndexError;
use chainloom_ledger::{Advice, Endorser, LedgerError, ValidationCode, Version};
use chainloom_tutorial::RegisterError;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// After how many seconds to come back to a server that is restarting.
const RESTART_S: u32 = 5;

/// Why a request was not carried out, and what to do about it.
///
/// Behind a pointer, since it is the error of most functions here and large.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<ProblemBody>);

/// Why a request was not carried out, and what to do about it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Always `about:blank`: `code` tells the kinds apart.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A stable word for programs.
    code: &'static str,
    /// What was wrong, where, and what to do.
    detail: String,
    /// The transaction whose outcome is in question, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// Where that transaction stands, where it stands in a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    /// The verdict on it, where it stands in a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_code: Option<ValidationCode>,
    /// What each peer said that was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    endorsers: Vec<Endorser>,
    /// Whether the same request can succeed later.
    retryable: bool,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem that the same request meets again.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        Problem(Box::new(ProblemBody {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            transaction_id: None,
            version: None,
            validation_code: None,
            endorsers: Vec::new(),
            retryable: false,
            retry_after_s: None,
        }))
    }

    /// A request that is wrong in itself.
    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// Something that is not there.
    pub(crate) fn not_found(code: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// A problem that the same request may not meet later.
    pub(crate) fn retryable(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        let mut problem = Problem::new(status, code, detail);
        problem.0.retryable = true;
        problem
    }

    /// Too much at once; to be tried again after so many seconds.
    pub(crate) fn overloaded(
        code: &'static str,
        detail: impl Into<String>,
        retry_after_s: u32,
    ) -> Problem {
        Problem::retryable(StatusCode::SERVICE_UNAVAILABLE, code, detail).after(retry_after_s)
    }

    /// The same, to be tried again after so many seconds.
    pub(crate) fn after(mut self, retry_after_s: u32) -> Problem {
        self.0.retry_after_s = Some(retry_after_s);
        self
    }

    /// The sentence.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).expect("it was made from one")
    }

    /// After how many seconds to try again, where that helps.
    pub(crate) fn retry_after_s(&self) -> Option<u32> {
        self.0.retry_after_s
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Problem {
        let status = match &error {
            LedgerError::InvalidCall { .. }
            | LedgerError::Refused { .. }
            | LedgerError::Invalid {
                is_conflict: false, ..
            } => StatusCode::UNPROCESSABLE_ENTITY,
            LedgerError::AccessDenied { .. } => StatusCode::FORBIDDEN,
            LedgerError::NotFound { .. } => StatusCode::NOT_FOUND,
            LedgerError::Conflict { .. } | LedgerError::Invalid { .. } => StatusCode::CONFLICT,
            LedgerError::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            LedgerError::Unconfirmed { .. } => StatusCode::GATEWAY_TIMEOUT,
            LedgerError::Overloaded { .. }
            | LedgerError::Unavailable { .. }
            | LedgerError::ShuttingDown
            | LedgerError::Storage { .. } => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut answer = Problem::new(status, error.code(), error.to_string());
        let problem = answer.0.as_mut();
        problem.retryable = error.advice() == Advice::TryAgain;
        match error {
            LedgerError::Overloaded { retry_after_s, .. }
            | LedgerError::TooManyRequests { retry_after_s, .. } => {
                problem.retry_after_s = Some(retry_after_s);
            }
            LedgerError::Conflict { retry_after_s, .. } => problem.retry_after_s = retry_after_s,
            LedgerError::ShuttingDown => problem.retry_after_s = Some(RESTART_S),
            LedgerError::Unconfirmed { transaction_id, .. } => {
                problem.transaction_id = Some(transaction_id);
            }
            LedgerError::Refused {
                transaction_id,
                endorsers,
                ..
            } => {
                problem.transaction_id = transaction_id;
                problem.endorsers = endorsers;
            }
            LedgerError::Unavailable { endorsers, .. } => problem.endorsers = endorsers,
            LedgerError::Invalid {
                transaction_id,
                version,
                validation_code,
                ..
            } => {
                problem.transaction_id = Some(transaction_id);
                problem.version = version;
                problem.validation_code = Some(*validation_code);
            }
            LedgerError::Storage { detail } => {
                tracing::error!("a ledger's store failed: {detail}");
            }
            _ => {}
        }
        answer
    }
}

impl From<IndexError> for Problem {
    fn from(error: IndexError) -> Problem {
        match LedgerError::from(error) {
            // Such as a page's limit: a parameter of the request, not a call of a contract.
            LedgerError::InvalidCall { code, detail } => Problem::bad_request(code, detail),
            error => error.into(),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Problem {
        LedgerError::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).expect("a problem is plain JSON");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(error: LedgerError) -> (u16, bool, Option<u32>) {
        let problem = Problem::from(error).0;
        (problem.status, problem.retryable, problem.retry_after_s)
    }

    #[test]
    fn every_ledger_error_has_its_answer() {
        let detail = || "a sentence".to_owned();
        let code = "a_word";
        assert_eq!(
            answer(LedgerError::InvalidCall {
                code,
                detail: detail()
            }),
            (422, false, None)
        );
        assert_eq!(
            answer(LedgerError::NotFound {
                code,
                detail: detail()
            }),
            (404, false, None)
        );
        assert_eq!(
            answer(LedgerError::Conflict {
                code,
                detail: detail(),
                retry_after_s: None,
            }),
            (409, false, None)
        );
        assert_eq!(
            answer(LedgerError::Conflict {
                code,
                detail: detail(),
                retry_after_s: Some(2),
            }),
            (409, true, Some(2))
        );
        assert_eq!(
            answer(LedgerError::Overloaded {
                code,
                detail: detail(),
                retry_after_s: 7
            }),
            (503, true, Some(7))
        );
        assert_eq!(
            answer(LedgerError::TooManyRequests {
                code,
                detail: detail(),
                retry_after_s: 1
            }),
            (429, true, Some(1))
        );
        assert_eq!(
            answer(LedgerError::ShuttingDown),
            (503, true, Some(RESTART_S))
        );
        assert_eq!(
            answer(LedgerError::Storage { detail: detail() }),
            (503, false, None)
        );
    }

    #[test]
    fn what_the_read_model_refuses_is_a_wrong_parameter() {
        let problem = Problem::from(IndexError::InvalidLimit(0)).0;
        assert_eq!((problem.status, problem.code), (400, "invalid_limit"));
        let problem = Problem::from(IndexError::Storage {
            path: "index.redb".into(),
            detail: "the disk is full".into(),
        })
        .0;
        assert_eq!((problem.status, problem.code), (503, "storage_failed"));
    }

    #[test]
    fn an_outcome_in_question_is_named_and_not_to_be_repeated() {
        let problem = Problem::from(LedgerError::Unconfirmed {
            transaction_id: "abc".into(),
            detail: "not in a block after 30 s".into(),
        })
        .0;
        assert_eq!(problem.status, 504);
        assert!(!problem.retryable);
        assert_eq!(problem.transaction_id.as_deref(), Some("abc"));
    }
    fn endorser() -> Endorser {
        Endorser {
            address: "peer0.example:7051".to_owned(),
            organization: "Org1MSP".to_owned(),
            message: "no".to_owned(),
        }
    }

    fn json(error: LedgerError) -> serde_json::Value {
        serde_json::to_value(&Problem::from(error).0).expect("a problem is plain JSON")
    }

    #[test]
    fn a_transaction_without_effect_is_named_with_place_and_verdict() {
        let invalid = |is_conflict| {
            json(LedgerError::Invalid {
                code: "mvcc_read_conflict",
                detail: "others were first".to_owned(),
                transaction_id: "abc".to_owned(),
                version: Some(Version { block: 7, index: 2 }),
                validation_code: Box::new(ValidationCode {
                    code: 11,
                    name: "MVCC_READ_CONFLICT".to_owned(),
                    meaning: None,
                }),
                is_conflict,
            })
        };
        let problem = invalid(true);
        assert_eq!(problem["status"], 409);
        assert_eq!(problem["retryable"], true);
        assert_eq!(problem["transaction_id"], "abc");
        assert_eq!(
            problem["version"],
            serde_json::json!({"block": 7, "index": 2})
        );
        assert_eq!(problem["validation_code"]["name"], "MVCC_READ_CONFLICT");
        assert_eq!(problem["endorsers"], serde_json::Value::Null);
        let problem = invalid(false);
        assert_eq!(
            (&problem["status"], &problem["retryable"]),
            (&422.into(), &false.into())
        );
    }

    #[test]
    fn what_peers_said_is_told_word_for_word() {
        let refused = json(LedgerError::Refused {
            code: "contract_refused",
            detail: "no".to_owned(),
            transaction_id: Some("abc".to_owned()),
            endorsers: vec![endorser()],
        });
        assert_eq!(
            (&refused["status"], &refused["retryable"]),
            (&422.into(), &false.into())
        );
        assert_eq!(refused["transaction_id"], "abc");
        let away = json(LedgerError::Unavailable {
            code: "peer_unavailable",
            detail: "nobody answers".to_owned(),
            endorsers: vec![endorser()],
        });
        assert_eq!(
            (&away["status"], &away["retryable"]),
            (&503.into(), &true.into())
        );
        for problem in [refused, away] {
            let expected = serde_json::json!([{
                "address": "peer0.example:7051", "organization": "Org1MSP", "message": "no",
            }]);
            assert_eq!(problem["endorsers"], expected);
        }
    }

    #[test]
    fn whoever_is_denied_access_is_told_so() {
        let detail = "the channel does not know this certificate".to_owned();
        let problem = json(LedgerError::AccessDenied { detail });
        assert_eq!(
            (&problem["status"], &problem["retryable"]),
            (&403.into(), &false.into())
        );
        assert_eq!(problem["code"], "access_denied");
    }
}
