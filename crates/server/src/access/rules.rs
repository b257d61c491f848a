//! What each route needs. A route that is not here is refused to everybody.

use http::Method;

use super::permission::Permission::{self, Invoke, Manage, Query, Read};

/// What a caller needs for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: nobody is asked for a token.
    Nothing,
    /// A good token, whatever it is for. The handler shows each caller what that caller may read.
    Token,
    /// This permission on the ledger that the path names.
    Ledger(Permission),
    /// One of these on the ledger that the path names. The handler asks for the one that the request turns out to need.
    LedgerEither(Permission, Permission),
    /// This permission on the chain of the tutorial, whose routes name no ledger.
    Tutorial(Permission),
    /// This permission on every ledger.
    EveryLedger(Permission),
    /// This permission; it is about no ledger.
    Server(Permission),
}

/// Routes by method and template. `HEAD` is as `GET`.
const RULES: &[(Method, &str, Need)] = &[
    // For operators.
    (Method::GET, "/healthz", Need::Nothing),
    (Method::GET, "/readyz", Need::Nothing),
    (Method::GET, "/metrics", Need::EveryLedger(Read)),
    (Method::GET, "/openapi.json", Need::Token),
    (Method::GET, "/docs", Need::Token),
    (Method::GET, "/docs/", Need::Token),
    (Method::GET, "/docs/{*file}", Need::Token),
    // The ledgers.
    (Method::GET, "/api/v1/ledgers", Need::Token),
    (Method::GET, "/api/v1/ledgers/{ledger}", Need::Ledger(Read)),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/config",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/config/history",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/contracts",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/stats",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/blocks",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/blocks/{block}",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/blocks/{block}/hash-input",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/blocks/{block}/transactions/{index}",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/transactions",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/transactions/{id}",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/events",
        Need::Ledger(Read),
    ),
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/query",
        Need::Ledger(Query),
    ),
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/invoke",
        Need::Ledger(Invoke),
    ),
    // By what is prepared. Who calls is proven by the signatures that follow.
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/transactions/prepare",
        Need::LedgerEither(Query, Invoke),
    ),
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/transactions/{id}/evaluate",
        Need::Ledger(Query),
    ),
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/transactions/{id}/endorse",
        Need::Ledger(Invoke),
    ),
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/transactions/{id}/submit",
        Need::Ledger(Invoke),
    ),
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/mine",
        Need::Ledger(Invoke),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/mining",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/peers",
        Need::Ledger(Read),
    ),
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/peers",
        Need::Ledger(Manage),
    ),
    (
        Method::POST,
        "/api/v1/ledgers/{ledger}/peers/resolve",
        Need::Ledger(Manage),
    ),
    (
        Method::DELETE,
        "/api/v1/ledgers/{ledger}/peers/{address}",
        Need::Ledger(Manage),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/keys/{contract}/history",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/transactions/{id}/values/{value}",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/api/v1/ledgers/{ledger}/blocks/{block}/transactions/{index}/values/{value}",
        Need::Ledger(Read),
    ),
    // What the whole server has.
    (Method::GET, "/api/v1/connections", Need::Server(Manage)),
    (Method::POST, "/api/v1/connections", Need::Server(Manage)),
    (
        Method::GET,
        "/api/v1/connections/{name}",
        Need::Server(Manage),
    ),
    (
        Method::DELETE,
        "/api/v1/connections/{name}",
        Need::Server(Manage),
    ),
    (Method::GET, "/api/v1/identities", Need::Server(Manage)),
    (Method::POST, "/api/v1/identities", Need::Server(Manage)),
    (
        Method::DELETE,
        "/api/v1/identities/{label}",
        Need::Server(Manage),
    ),
    (
        Method::GET,
        "/api/v1/identities/{label}",
        Need::Server(Manage),
    ),
    (
        Method::GET,
        "/api/v1/identities/{label}/crl",
        Need::Server(Manage),
    ),
    (
        Method::GET,
        "/api/v1/identities/{label}/ca",
        Need::Server(Manage),
    ),
    (
        Method::GET,
        "/api/v1/identities/{label}/ca/identities",
        Need::Server(Manage),
    ),
    (
        Method::POST,
        "/api/v1/identities/{label}/export",
        Need::Server(Manage),
    ),
    (
        Method::POST,
        "/api/v1/identities/{label}/reenroll",
        Need::Server(Manage),
    ),
    (
        Method::POST,
        "/api/v1/identities/{label}/revoke",
        Need::Server(Manage),
    ),
    // The explorer.
    (Method::GET, "/", Need::Token),
    (Method::GET, "/sign-in", Need::Nothing),
    (Method::POST, "/sign-in", Need::Nothing),
    (Method::POST, "/sign-out", Need::Nothing),
    (Method::GET, "/explorer", Need::Token),
    (Method::GET, "/explorer/", Need::Token),
    (Method::GET, "/explorer/assets/{name}", Need::Nothing),
    (Method::GET, "/explorer/{ledger}", Need::Ledger(Read)),
    (Method::GET, "/explorer/{ledger}/blocks", Need::Ledger(Read)),
    (
        Method::GET,
        "/explorer/{ledger}/blocks/{block}",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/explorer/{ledger}/blocks/{block}/transactions/{index}",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/explorer/{ledger}/transactions",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/explorer/{ledger}/transactions/{id}",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/explorer/{ledger}/keys/{contract}",
        Need::Ledger(Read),
    ),
    (Method::GET, "/explorer/{ledger}/stats", Need::Ledger(Read)),
    (
        Method::GET,
        "/explorer/{ledger}/pending",
        Need::Ledger(Read),
    ),
    (
        Method::GET,
        "/explorer/{ledger}/account",
        Need::Ledger(Read),
    ),
    (Method::GET, "/explorer/{ledger}/search", Need::Ledger(Read)),
    (Method::GET, "/explorer/{ledger}/config", Need::Ledger(Read)),
    (Method::GET, "/explorer/{ledger}/peers", Need::Ledger(Read)),
    (
        Method::GET,
        "/explorer/{ledger}/peers/why",
        Need::Ledger(Read),
    ),
    (
        Method::POST,
        "/explorer/{ledger}/peers/register",
        Need::Ledger(Manage),
    ),
    (
        Method::GET,
        "/explorer/{ledger}/peers/register",
        Need::Token,
    ),
    (
        Method::POST,
        "/explorer/{ledger}/peers/forget",
        Need::Ledger(Manage),
    ),
    (Method::GET, "/explorer/{ledger}/peers/forget", Need::Token),
    (
        Method::POST,
        "/explorer/{ledger}/peers/resolve",
        Need::Ledger(Manage),
    ),
    (Method::GET, "/explorer/{ledger}/peers/resolve", Need::Token),
    (
        Method::POST,
        "/explorer/{ledger}/send",
        Need::Ledger(Invoke),
    ),
    (Method::GET, "/explorer/{ledger}/send", Need::Token),
    (
        Method::POST,
        "/explorer/{ledger}/mine",
        Need::Ledger(Invoke),
    ),
    (Method::GET, "/explorer/{ledger}/mine", Need::Token),
    (
        Method::POST,
        "/explorer/{ledger}/query",
        Need::Ledger(Query),
    ),
    (Method::GET, "/explorer/{ledger}/query", Need::Token),
    (
        Method::POST,
        "/explorer/{ledger}/invoke",
        Need::Ledger(Invoke),
    ),
    (Method::GET, "/explorer/{ledger}/invoke", Need::Token),
];

/// What the rules of one of the tutorial's routes are, in any spelling and with any method: the route itself answers those
/// that it does not take.
const TUTORIAL_RULES: &[(&str, Need)] = &[
    ("/chain", Need::Tutorial(Read)),
    ("/transactions/new", Need::Tutorial(Invoke)),
    ("/mine", Need::Tutorial(Invoke)),
    ("/nodes/register", Need::Tutorial(Manage)),
    ("/nodes/resolve", Need::Tutorial(Manage)),
];

/// What a route needs; none where no rule says so.
pub(super) fn need(method: &Method, template: &str) -> Option<Need> {
    if let Some(need) = tutorial(template) {
        return Some(need);
    }
    let method = match *method {
        Method::HEAD => &Method::GET,
        _ => method,
    };
    RULES
        .iter()
        .find(|(ruled, path, _)| ruled == method && is_same(path, template))
        .map(|(_, _, need)| *need)
}

/// What one of the tutorial's routes needs.
pub(super) fn tutorial(path: &str) -> Option<Need> {
    let mut rules = TUTORIAL_RULES.iter();
    rules
        .find(|(ruled, _)| *ruled == path)
        .map(|(_, need)| *need)
}

/// Whether two templates are of the same addresses, whatever their variables are called.
fn is_same(ruled: &str, template: &str) -> bool {
    let is_variable = |segment: &str| segment.starts_with('{');
    let (mut ruled, mut template) = (ruled.split('/'), template.split('/'));
    loop {
        match (ruled.next(), template.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || (is_variable(a) && is_variable(b)) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_rule_needs_what_nobody_has() {
        let ledger = "/api/v1/ledgers/{ledger}";
        assert_eq!(need(&Method::GET, ledger), Some(Need::Ledger(Read)));
        assert_eq!(need(&Method::HEAD, ledger), Some(Need::Ledger(Read)));
        for method in [Method::POST, Method::DELETE, Method::OPTIONS] {
            assert_eq!(need(&method, ledger), None, "{method}");
        }
        assert_eq!(need(&Method::GET, "/api/v1/secrets"), None);
        assert_eq!(need(&Method::GET, "/api/v1/ledgers/{ledger}/{more}"), None);
    }

    #[test]
    fn a_variable_has_any_name() {
        let route = "/api/v1/ledgers/{ledger}/blocks/{number}";
        assert_eq!(need(&Method::GET, route), Some(Need::Ledger(Read)));
    }

    #[test]
    fn the_tutorials_routes_need_the_same_with_any_method() {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            assert_eq!(need(&method, "/mine"), Some(Need::Tutorial(Invoke)));
        }
    }

    #[test]
    fn no_route_has_two_rules() {
        for (index, (method, path, _)) in RULES.iter().enumerate() {
            let mut before = RULES[..index].iter();
            assert!(
                !before.any(|(m, p, _)| m == method && is_same(p, path)),
                "{method} {path}"
            );
        }
    }
}
