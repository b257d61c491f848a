//! Who may do what, where the server asks for tokens.
//!
//! Every request passes [`admit()`] in the gate, and nothing else decides: which token it carries
//! ([`credentials`]), whether that token is good ([`LiveTokens`]), what the route needs ([`rules`]).
//! A route that has no rule is refused. What the handler learns is the [`Caller`].
//!
//! The tokens stand in one file that the program's command `token` writes and a running server
//! looks at ([`TokenFile`]); there is no route that makes a token, so that a stolen one cannot make
//! others which outlive it.

mod admit;
mod caller;
mod credentials;
mod lease;
mod live;
mod permission;
mod refusal;
mod rules;
mod secret;
mod store;
mod token;

pub(crate) use admit::admit;
pub(crate) use caller::Caller;
pub(crate) use credentials::cookie_name;
pub(crate) use lease::until_the_token_ends;
pub(crate) use live::LiveTokens;
pub use permission::{Permission, UnknownPermission};
pub(crate) use refusal::Refusal;
pub use secret::Secret;
pub use store::{TokenFile, TokenFileError};
pub use token::{InvalidToken, LedgerScope, NewToken, Token, TokenState};
