use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::permission::Permission;
use super::refusal::Refusal;
use super::token::Token;
use crate::problem::Problem;

/// Who asks, as the gate found it out; a handler takes it as an argument.
#[derive(Debug, Clone)]
pub(crate) struct Caller(Option<Arc<Token>>);

impl Caller {
    /// Somebody, where the server asks for no tokens.
    pub(crate) const ANYBODY: Caller = Caller(None);

    /// The bearer of a token.
    pub(super) fn bearer(token: Arc<Token>) -> Caller {
        Caller(Some(token))
    }

    /// The caller's token, where the server asks for tokens and the route needs one.
    pub(crate) fn token(&self) -> Option<&Arc<Token>> {
        self.0.as_ref()
    }

    /// Whether the caller may do this on a ledger.
    pub(crate) fn may(&self, permission: Permission, ledger: &str) -> bool {
        self.check(permission, ledger).is_ok()
    }

    /// The same, with the reason.
    pub(crate) fn check(&self, permission: Permission, ledger: &str) -> Result<(), Refusal> {
        let Some(token) = &self.0 else {
            return Ok(());
        };
        self.check_permission(permission)?;
        if token.ledgers.has(ledger) {
            return Ok(());
        }
        Err(Refusal::Ledger {
            token: token.id(),
            ledger: ledger.chars().take(80).collect(),
        })
    }

    /// Whether the caller may do this somewhere.
    pub(super) fn check_permission(&self, permission: Permission) -> Result<(), Refusal> {
        match &self.0 {
            Some(token) if !token.may.contains(&permission) => Err(Refusal::Permission {
                token: token.id(),
                permission,
            }),
            _ => Ok(()),
        }
    }

    /// As whom the caller invokes on a ledger whose transactions are signed: the label of an identity in the wallet, or
    /// none for the ledger's own, where the server asks for no tokens.
    pub(crate) fn identity(&self) -> Result<Option<&str>, Refusal> {
        match &self.0 {
            None => Ok(None),
            Some(token) => match token.identity() {
                Some(label) => Ok(Some(label)),
                None => Err(Refusal::NoIdentity(token.id())),
            },
        }
    }

    /// Refuses a request that names somebody else than the caller.
    pub(crate) fn check_identity(&self, label: &str) -> Result<(), Refusal> {
        let token = self.0.as_ref().ok_or(Refusal::NoTokens)?;
        match token.identity() {
            Some(own) if own == label => Ok(()),
            Some(own) => Err(Refusal::OtherIdentity {
                token: token.id(),
                own: own.to_owned(),
            }),
            None => Err(Refusal::NoIdentity(token.id())),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Problem> {
        // Whom the gate did not let in has no business here.
        let caller = parts.extensions.get::<Caller>();
        caller.cloned().ok_or_else(|| Refusal::NoRule.into())
    }
}
