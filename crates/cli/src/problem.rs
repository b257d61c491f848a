//! What the server says when it does not do what it was asked.

use std::fmt;

use serde::Deserialize;

use crate::output::printable;

/// How much of an answer that is no problem is shown.
const TEXT_LENGTH_MAX: usize = 300;

/// `application/problem+json`, or the text with which the tutorial's own routes answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Problem {
    /// What was wrong, and what to do.
    detail: String,
    /// A stable word.
    #[serde(default)]
    code: Option<String>,
    /// The transaction whose outcome is in question.
    #[serde(default)]
    transaction_id: Option<String>,
    /// Whether the same can succeed later.
    #[serde(default)]
    retryable: bool,
    /// What a command needs besides to mean the same ledger.
    #[serde(skip)]
    pub(crate) ledger_flag: Box<str>,
    /// The whole of it as the server sent it, where it is JSON.
    #[serde(skip)]
    json: Option<String>,
}

impl Problem {
    /// From an answer with an error's status.
    pub(crate) fn from_answer(status: http::StatusCode, body: &str) -> Problem {
        match serde_json::from_str(body) {
            Ok(problem) => Problem {
                json: Some(body.trim().to_owned()),
                ..problem
            },
            Err(_) => Problem {
                detail: sentence(status, body),
                code: None,
                transaction_id: None,
                retryable: false,
                ledger_flag: Box::default(),
                json: None,
            },
        }
    }

    /// The whole of it for a program, where the server sent JSON.
    pub(crate) fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }
}

/// The tutorial's routes answer a sentence or one of Flask's pages; of a page the status says more.
fn sentence(status: http::StatusCode, body: &str) -> String {
    let text: String = body.trim().chars().take(TEXT_LENGTH_MAX).collect();
    if text.is_empty() || text.starts_with('<') {
        format!("the server answered {status}")
    } else {
        format!("{text} ({status})")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&printable(&self.detail))?;
        if let Some(code) = &self.code {
            write!(formatter, " [{}]", printable(code))?;
        }
        if let Some(id) = &self.transaction_id {
            let id = printable(id);
            write!(
                formatter,
                "; ask for it with `chainloom tx {id}{}`",
                self.ledger_flag
            )?;
        }
        if self.retryable {
            formatter.write_str("; the same command can succeed later")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_problem_is_a_sentence() {
        let body = r#"{"type": "about:blank", "status": 503, "title": "Service Unavailable",
            "code": "pending_full", "detail": "100000 transactions wait", "retryable": true}"#;
        assert_eq!(
            Problem::from_answer(StatusCode::SERVICE_UNAVAILABLE, body).to_string(),
            "100000 transactions wait [pending_full]; the same command can succeed later"
        );
    }

    #[test]
    fn an_open_outcome_says_how_to_ask() {
        let body = r#"{"detail": "no block within 30 s", "transaction_id": "ab"}"#;
        let mut problem = Problem::from_answer(StatusCode::GATEWAY_TIMEOUT, body);
        assert_eq!(
            problem.to_string(),
            "no block within 30 s; ask for it with `chainloom tx ab`"
        );
        problem.ledger_flag = " --ledger trade".into();
        assert_eq!(
            problem.to_string(),
            "no block within 30 s; ask for it with `chainloom tx ab --ledger trade`"
        );
    }

    #[test]
    fn the_tutorials_texts_and_pages_are_shown_in_short() {
        for (body, sentence) in [
            ("Missing values", "Missing values (400 Bad Request)"),
            ("<!doctype html>\n", "the server answered 400 Bad Request"),
            ("", "the server answered 400 Bad Request"),
        ] {
            assert_eq!(
                Problem::from_answer(StatusCode::BAD_REQUEST, body).to_string(),
                sentence
            );
        }
    }
}
