//! What a CA's answers look like, and what their codes mean.

use bytes::Bytes;
use hyper::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::AuthorityError;

/// The envelope of all answers.
#[derive(Deserialize)]
struct Answer<T> {
    success: bool,
    result: Option<T>,
}

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    code: i64,
    message: String,
}

/// About what a request was, for the words of a refusal.
pub(super) struct Context<'a> {
    pub(super) endpoint: &'a str,
    /// The name of the CA that was asked for.
    pub(super) authority: &'a str,
    /// Who asked.
    pub(super) who: &'a str,
    /// Whom it was about.
    pub(super) whom: &'a str,
}

/// The result in an answer.
pub(super) fn read<T: DeserializeOwned>(
    context: &Context<'_>,
    status: StatusCode,
    body: &Bytes,
) -> Result<T, AuthorityError> {
    if !status.is_success() {
        return Err(refusal(context, status, body));
    }
    let answer: Answer<T> =
        serde_json::from_slice(body).map_err(|error| foreign(context, status, &error))?;
    match answer {
        Answer {
            success: true,
            result: Some(result),
        } => Ok(result),
        _ => Err(refusal(context, status, body)),
    }
}

fn refusal(context: &Context<'_>, status: StatusCode, body: &Bytes) -> AuthorityError {
    let refusal: Refusal = match serde_json::from_slice(body) {
        Ok(refusal) => refusal,
        Err(error) => return foreign(context, status, &error),
    };
    let Some(reason) = refusal.errors.into_iter().next() else {
        return AuthorityError::NotAnAuthority {
            endpoint: context.endpoint.to_owned(),
            status: status.as_u16(),
            reason: "it gives no reason".to_owned(),
        };
    };
    let who = context.who.to_owned();
    match reason.code {
        10 | 63 => AuthorityError::NoSuchIdentity(context.whom.to_owned()),
        19 => AuthorityError::NoSuchAuthority {
            endpoint: context.endpoint.to_owned(),
            name: context.authority.to_owned(),
        },
        20 => AuthorityError::AuthenticationFailed { who },
        66 => AuthorityError::AlreadyRevoked,
        71 => AuthorityError::NotAllowed { who },
        73 => AuthorityError::Locked { who },
        74 => AuthorityError::AlreadyRegistered(context.whom.to_owned()),
        code => AuthorityError::Refused {
            status: status.as_u16(),
            code,
            message: reason.message,
        },
    }
}

fn foreign(context: &Context<'_>, status: StatusCode, error: &serde_json::Error) -> AuthorityError {
    // The place only: what came may hold a secret.
    let reason = format!(
        "no such JSON at line {}, column {}",
        error.line(),
        error.column()
    );
    AuthorityError::NotAnAuthority {
        endpoint: context.endpoint.to_owned(),
        status: status.as_u16(),
        reason,
    }
}
