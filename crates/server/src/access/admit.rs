use axum::extract::{FromRequestParts, RawPathParams};
use http::Method;
use http::request::Parts;

use super::caller::Caller;
use super::credentials;
use super::permission::Permission;
use super::refusal::Refusal;
use super::rules::{self, Need};
use super::token::LedgerScope;
use crate::state::AppState;
use crate::tutorial_routes;

/// The variable of a path that names a ledger.
const LEDGER: &str = "ledger";

/// Says who asks, or why that caller is not let in. `template` is that of the route, none where no route was found.
pub(crate) async fn admit(
    state: &AppState,
    parts: &mut Parts,
    template: Option<&str>,
) -> Result<Caller, Refusal> {
    let Some(tokens) = &state.tokens else {
        return Ok(Caller::ANYBODY);
    };
    let need = need(&parts.method, template, parts.uri.path());
    if need == Some(Need::Nothing) {
        return Ok(Caller::ANYBODY);
    }
    let token = tokens.token(credentials::of(&parts.headers)?).await?;
    let caller = Caller::bearer(token);
    match need.ok_or(Refusal::NoRule)? {
        Need::Nothing | Need::Token => {}
        Need::Ledger(permission) => {
            caller.check(permission, &ledger_of(parts).await?)?;
        }
        Need::LedgerEither(one, other) => {
            let ledger = ledger_of(parts).await?;
            if !caller.may(one, &ledger) {
                caller.check(other, &ledger)?;
            }
        }
        Need::Tutorial(permission) => match state.ledgers.tutorial_name() {
            Some(name) => caller.check(permission, &name)?,
            // The route answers that there is no such chain.
            None => caller.check_permission(permission)?,
        },
        Need::EveryLedger(permission) => check_every(&caller, permission)?,
        Need::Server(permission) => check_server(&caller, permission)?,
    }
    Ok(caller)
}

/// What a request needs. Where no route was found it can be one of the tutorial's in another spelling; else it is answered
/// that nothing is there, to everybody with a token.
fn need(method: &Method, template: Option<&str>, path: &str) -> Option<Need> {
    match (template, tutorial_routes::route_path(path)) {
        (_, Some(route)) => rules::tutorial(route),
        (Some(template), None) => rules::need(method, template),
        (None, None) => Some(Need::Token),
    }
}

fn check_every(caller: &Caller, permission: Permission) -> Result<(), Refusal> {
    caller.check_permission(permission)?;
    match caller.token() {
        Some(token) if *token.ledgers() != LedgerScope::Every => {
            Err(Refusal::EveryLedger(token.id()))
        }
        _ => Ok(()),
    }
}

/// What belongs to no ledger, such as the keys of the wallet, is not for a token that is for some ledgers only.
fn check_server(caller: &Caller, permission: Permission) -> Result<(), Refusal> {
    caller.check_permission(permission)?;
    match caller.token().map(|token| (token.id(), token.ledgers())) {
        Some((id, LedgerScope::Named(names))) if !names.is_empty() => Err(Refusal::EveryLedger(id)),
        _ => Ok(()),
    }
}

/// The ledger that the path names; a route whose path names none has the wrong rule.
async fn ledger_of(parts: &mut Parts) -> Result<String, Refusal> {
    let variables = RawPathParams::from_request_parts(parts, &()).await;
    let variables = variables.map_err(|_| Refusal::NoRule)?;
    let mut named = variables.iter().filter(|(name, _)| *name == LEDGER);
    named
        .next()
        .map(|(_, value)| value.to_owned())
        .ok_or(Refusal::NoRule)
}
